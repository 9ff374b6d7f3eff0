//! The work at hand: pointed at by cursor or scan, ended by a key.

use rackhand_core::decide::command::Command;
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::view::Page;
use rackhand_core::view::work::{Ends, WorkRow};
use serde::{Deserialize, Serialize};

use super::bulk::{Part, Wish, send};
use super::effect::Effect;
use super::fetch;
use super::list::{Chosen, List};
use super::model::{Link, Model, Mood, Place, Slot};
use super::update::toast;
use crate::command::possible::possible;
use crate::command::registry::Act;
use crate::event::Timer;
use crate::overlay::Layer;
use crate::overlay::form::{Deed, Form};
use crate::screen;

/// How long a label is not taken for scanned again, in milliseconds: one pull of a trigger may read it twice.
pub const SAME_PULL: u64 = 1_500;

/// A label that was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// Its serial.
    pub serial: Text,
    /// The number of the scan.
    pub n: u64,
    /// How far it is.
    pub state: Sought,
}

/// How far a scanned label is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sought {
    /// Its work is being asked for.
    Asked,
    /// Its work is pointed at.
    Pointed,
    /// The same label again ends it.
    Ready,
}

/// The list is another one now: from its top.
pub fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    model.work.list = List::default();
    if model.work.scanned.as_ref().is_some_and(|s| s.serial.as_str() != model.work.filter) {
        model.work.scanned = None;
    }
    model.fresh.remove(&Slot::Work);
    fetch::replace(model, Slot::Work, out);
}

/// Only the next site's, or all behind the last.
pub fn site(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let sites: Vec<SiteId> = model.overview.iter().flat_map(|o| o.sites.keys().cloned()).collect();
    let at = model.work.site.as_ref().and_then(|site| sites.iter().position(|s| s == site));
    model.work.site = match (at, forth) {
        (None, true) => sites.first(),
        (None, false) => sites.last(),
        (Some(at), true) => sites.get(at + 1),
        (Some(at), false) => at.checked_sub(1).and_then(|at| sites.get(at)),
    }
    .cloned();
    requery(model, out);
}

/// A scanned label: its server's work is shown; the same label once more ends it.
pub fn scanned(model: &mut Model, serial: &Text, out: &mut Vec<Effect>) {
    if model.link != Link::Live {
        return toast(model, format!("scanned {serial}, but the link is not live"), Mood::Bad, out);
    }
    let known = model.work.scanned.as_ref().filter(|s| is_label(serial, &s.serial)).map(|s| s.state);
    let pointed = model.work.list.current().filter(|row| is_label(serial, &row.label)).cloned();
    match (known, pointed) {
        (Some(Sought::Ready), Some(row)) => return end_by_scan(model, &row, out),
        (Some(Sought::Pointed), Some(row)) => {
            let told = format!("{serial} was read twice at once; scan it again to end: {}", row.title);
            return toast(model, told, Mood::Plain, out);
        }
        _ => {}
    }
    model.work.filter = serial.to_string();
    let n = model.mint();
    model.work.scanned = Some(Scanned { serial: serial.clone(), n, state: Sought::Asked });
    requery(model, out);
}

fn is_label(scanned: &str, label: &str) -> bool {
    scanned.eq_ignore_ascii_case(label)
}

/// From now on the label that was scanned under this number ends its work.
pub fn ready(model: &mut Model, n: u64) {
    if let Some(scanned) = model.work.scanned.as_mut().filter(|s| s.n == n && s.state == Sought::Pointed) {
        scanned.state = Sought::Ready;
    }
}

/// The label is in the person's hand: what that proves is ended, anything else is asked for in words.
fn end_by_scan(model: &mut Model, row: &WorkRow, out: &mut Vec<Effect>) {
    if let Err(why) = possible(Act::TaskDone, model) {
        return toast(model, format!("{}: {why}", row.label), Mood::Bad, out);
    }
    let (Some(unit), Ends::Close(task), true) = (row.unit, row.ends, row.job.ends_by_scan()) else {
        return end(model, out);
    };
    model.work.list.first = false;
    let command = Command::CloseTask { unit, task, note: Text::new("seen, by scan of its label") };
    let (label, told) = (row.label.clone(), Text::from(format!("{} {}", row.title, row.label)));
    send(model, Wish { parts: vec![Part { label, command, undo: None }], told }, out);
}

/// Takes a page.
pub fn take(model: &mut Model, page: Page<WorkRow>, out: &mut Vec<Effect>) {
    let height = screen::work::height(model);
    model.work.list.take(page, height);
    let Some(scanned) = model.work.scanned.as_mut().filter(|s| s.state == Sought::Asked) else { return };
    let (serial, n) = (scanned.serial.clone(), scanned.n);
    scanned.state = Sought::Pointed;
    let list = &mut model.work.list;
    // The filter also finds serials that only hold this one.
    let Some(at) = list.rows.iter().position(|row| is_label(&serial, &row.label)) else {
        model.work.scanned = None;
        let told = format!("scanned {serial}: there is no work on it here; Esc shows all again");
        return toast(model, told, Mood::Bad, out);
    };
    list.go(list.offset + at, height);
    let done = model.keys.name(Act::TaskDone);
    let told = format!("scanned {serial}: {}; scan it again, or {done}, ends it", list.rows[at].title);
    toast(model, told, Mood::Good, out);
    out.push(Effect::After(SAME_PULL, Timer::Scanned(n)));
}

/// Ends what is selected: a task with words, ordinary work at once, to be taken back within the grace.
pub fn end(model: &mut Model, out: &mut Vec<Effect>) {
    model.work.list.first = false;
    let Some(row) = model.work.list.current().cloned() else { return };
    let label = row.label;
    let Some(unit) = row.unit else { return super::moves::go(model, Place::Receiving, out) };
    match row.ends {
        Ends::Receipts => super::moves::go(model, Place::Receiving, out),
        Ends::Close(task) => {
            let title = format!("{} of {label} is done", row.title);
            let form = Form::new(Deed::Close(unit, task), &label, title, "what was done", vec![row.text]);
            model.layer = Some(Layer::Form(Box::new(form)));
        }
        Ends::Move(to) => {
            let by_scan = model.work.scanned.as_ref().is_some_and(|s| is_label(&s.serial, &label));
            let reason = Text::new(if by_scan { "done by scan" } else { "done" });
            let told = Text::from(format!("{} {label}", row.title));
            let undo = back(to).map(|before| match before {
                Stage::ShipmentTracking => Command::UndoReceipt { unit },
                to => Command::Move { unit, to, reason: Text::new("taken back at once: it was not meant") },
            });
            let command = Command::Move { unit, to, reason };
            send(model, Wish { parts: vec![Part { label, command, undo }], told }, out);
        }
    }
}

/// The stage that ordinary work came from.
fn back(to: Stage) -> Option<Stage> {
    let at = Stage::ALL.iter().position(|s| *s == to)?;
    Stage::ALL.get(at.checked_sub(1)?).copied()
}

/// Whether the selected row has left the list.
pub fn is_lost(model: &Model) -> bool {
    matches!(model.work.list.chosen, Chosen::Lost(_))
}
