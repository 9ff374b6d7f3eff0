//! Asking where servers could go.

use rackhand_core::decide::Refusal;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::placement::propose::Proposals;
use rackhand_core::placement::questions::RackView;
use rackhand_core::placement::reservation::MAX_TOGETHER;

use super::effect::Effect;
use super::fetch::{self, Question, Slot};
use super::model::{Model, Mood};
use super::update::toast;
use crate::event::{Ask, Data};
use crate::overlay::Layer;
use crate::overlay::places::Places;
use crate::screen::Place;

/// The proposals.
pub const PLACES: Question = Question {
    slot: Slot("places"),
    ask: |_| None,
    take: |model, ask, data, out| {
        if let (Ask::Places(_, from), Data::Places(found)) = (ask, data) {
            take(model, *from, found, out);
        }
    },
};

/// Asks for proposals for the marked servers, or the selected one.
pub fn ask(model: &mut Model, out: &mut Vec<Effect>) {
    let units: Vec<UnitId> = if model.acts_on_marks() {
        model.marks.keys().copied().collect()
    } else {
        match model.target().map(|t| t.subject) {
            Some(Subject::Unit(id)) => vec![id],
            _ => return,
        }
    };
    if units.len() > MAX_TOGETHER {
        let told = format!("place: {} are marked; at most {MAX_TOGETHER} go together", units.len());
        return toast(model, told, Mood::Plain, out);
    }
    toast(model, "asking where they could go", Mood::Plain, out);
    fetch::put(model, PLACES.slot, Ask::Places(units, model.place), out);
}

/// Opens the proposals, unless the user has gone on to something else meanwhile.
fn take(model: &mut Model, from: Place, found: Result<(Proposals, Vec<RackView>), Refusal>, out: &mut Vec<Effect>) {
    match found {
        Err(refusal) => toast(model, format!("place: {}", refusal.text), Mood::Bad, out),
        Ok((proposals, racks)) => {
            if model.place == from && model.layer.is_none() && model.filter.is_none() {
                model.toast = None;
                model.layer = Some(Layer::Places(Box::new(Places::new(proposals, racks))));
            }
        }
    }
}
