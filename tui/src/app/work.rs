//! The work at hand: pointed at by cursor or scan, ended by a key.

use rackhand_core::decide::command::Command;
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::view::Page;
use rackhand_core::view::work::{Ends, WorkRow};

use super::bulk::{Part, Wish, send};
use super::effect::Effect;
use super::fetch;
use super::list::{Chosen, List};
use super::model::{Link, Model, Mood, Slot};
use super::update::toast;
use crate::command::registry::Act;
use crate::overlay::Layer;
use crate::overlay::form::{Deed, Form};
use crate::screen;

/// The list is another one now: from its top.
pub fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    model.work.list = List::default();
    if model.work.scanned.as_ref().is_some_and(|(serial, _)| serial.as_str() != model.work.filter) {
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

/// A scanned label: its server's work is shown, and its ending offered.
pub fn scanned(model: &mut Model, serial: &Text, out: &mut Vec<Effect>) {
    if model.link != Link::Live {
        return toast(model, format!("scanned {serial}, but the link is not live"), Mood::Bad, out);
    }
    model.work.filter = serial.to_string();
    model.work.scanned = Some((serial.clone(), false));
    requery(model, out);
}

/// Takes a page.
pub fn take(model: &mut Model, page: Page<WorkRow>, out: &mut Vec<Effect>) {
    let height = screen::work::height(model);
    model.work.list.take(page, height);
    let Some((serial, false)) = model.work.scanned.clone() else { return };
    model.work.scanned = Some((serial.clone(), true));
    let list = &mut model.work.list;
    // The filter also finds serials that only hold this one.
    let Some(n) = list.rows.iter().position(|row| row.label == serial) else {
        let told = format!("scanned {serial}: there is no work on it here; Esc shows all again");
        return toast(model, told, Mood::Bad, out);
    };
    list.go(list.offset + n, height);
    let told = format!("scanned {serial}: {}; {} ends it", list.rows[n].title, model.keys.name(Act::TaskDone));
    toast(model, told, Mood::Good, out);
}

/// Ends what is selected: a task with words, ordinary work at once, to be taken back within the grace.
pub fn end(model: &mut Model, out: &mut Vec<Effect>) {
    model.work.list.first = false;
    let Some(row) = model.work.list.current().cloned() else { return };
    let (unit, label) = (row.unit, row.label);
    match row.ends {
        Ends::Close(task) => {
            let title = format!("{} of {label} is done", row.title);
            let form = Form::new(Deed::Close(unit, task), &label, title, "what was done", vec![row.text]);
            model.layer = Some(Layer::Form(Box::new(form)));
        }
        Ends::Move(to) => {
            let by_scan = model.work.scanned.as_ref().is_some_and(|(serial, _)| *serial == label);
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
