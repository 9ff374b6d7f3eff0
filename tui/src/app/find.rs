//! Looking for one thing by what stands on it: one at a time, whoever wants to know.

use rackhand_core::text::Text;

use super::effect::Effect;
use super::fetch::{self, Question, Slot};
use super::model::{Link, Model, Mood};
use super::moves::go;
use super::update::toast;
use crate::event::{Ask, Data};
use crate::screen::{Place, elevation, of, work};

/// What is looked for.
pub const FIND: Question = Question {
    slot: Slot("find"),
    ask: |_| None,
    take: |model, ask, data, out| match (ask, data) {
        (_, Data::Found(Some(unit))) => {
            model.toast = None;
            go(model, Place::Server(unit), out);
        }
        (Ask::Find(label), Data::Found(None)) => {
            toast(model, format!("there is no server {label} here"), Mood::Bad, out);
        }
        (_, Data::Racks(page)) => work::take_racks(model, &page.rows, out),
        (Ask::Stands(label), Data::Stands(at)) => elevation::stands(model, label, at, out),
        _ => {}
    },
};

/// A scanned label: what the screen does with it, else its server is looked for.
pub fn scanned(model: &mut Model, text: &Text, out: &mut Vec<Effect>) {
    if (of(model.place.kind()).scanned)(model, text, out) {
        return;
    }
    if model.link == Link::Live {
        fetch::put(model, FIND.slot, Ask::Find(text.clone()), out);
        toast(model, format!("scanned {text}: looking for it"), Mood::Plain, out);
    } else {
        toast(model, format!("scanned {text}, but the link is not live"), Mood::Bad, out);
    }
}
