//! The work at hand is pointed at by cursor or scan, and ended by a key.

use rackhand_core::decide::command::Command;
use rackhand_core::id::{SiteId, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::placement::questions::RackRow;
use rackhand_core::placement::reservation::rack_label;
use rackhand_core::text::Text;
use rackhand_core::view::work::{Ends, WorkRow, rack_and_unit};
use rackhand_core::view::{MAX_ROWS, Page};
use serde::{Deserialize, Serialize};

use super::height;
use crate::app::bulk::{Part, Wish, send};
use crate::app::effect::Effect;
use crate::app::fetch;
use crate::app::find::FIND;
use crate::app::model::{Link, Model, Mood};
use crate::app::moves::go;
use crate::app::update::toast;
use crate::command::possible::possible;
use crate::command::registry::Act;
use crate::event::{Ask, Timer};
use crate::overlay::Layer;
use crate::overlay::form::{Deed, Form};
use crate::screen::{Place, listing};

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

/// A server whose rack's label may have been scanned: whether it is a rack's, the daemon is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mounting {
    unit: UnitId,
    label: Text,
    scan: Text,
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

/// Only the next site's, or all behind the last.
pub fn site(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let sites: Vec<SiteId> = model.overview.iter().flat_map(|o| o.sites.keys().cloned()).collect();
    let at = model.screens.work.site.as_ref().and_then(|site| sites.iter().position(|s| s == site));
    model.screens.work.site = match (at, forth) {
        (None, true) => sites.first(),
        (None, false) => sites.last(),
        (Some(at), true) => sites.get(at + 1),
        (Some(at), false) => at.checked_sub(1).and_then(|at| sites.get(at)),
    }
    .cloned();
    listing::requery(model, out);
}

/// A scanned label: its server's work is shown; the same label once more ends it.
pub fn scanned(model: &mut Model, serial: &Text, out: &mut Vec<Effect>) {
    if model.link != Link::Live {
        return toast(model, format!("scanned {serial}, but the link is not live"), Mood::Bad, out);
    }
    let known = model.screens.work.scanned.as_ref().filter(|s| is_label(serial, &s.serial)).map(|s| s.state);
    let list = &model.screens.work.list;
    let pointed = list.current().filter(|row| list.lost.is_none() && is_label(serial, &row.label)).cloned();
    match (known, pointed) {
        (Some(Sought::Ready), Some(row)) => return end_by_scan(model, &row, out),
        (Some(Sought::Pointed), Some(row)) => {
            let told = format!("{serial} was read twice at once; scan it again to end: {}", row.title);
            return toast(model, told, Mood::Plain, out);
        }
        _ => {}
    }
    if let Some(row) = to_be_racked(model) {
        return in_rack(model, &row, serial, out);
    }
    point(model, serial, out);
}

/// Shows the work of a server by its label.
fn point(model: &mut Model, serial: &Text, out: &mut Vec<Effect>) {
    model.screens.work.filter = serial.to_string();
    let n = model.mint();
    model.screens.work.scanned = Some(Scanned { serial: serial.clone(), n, state: Sought::Asked });
    listing::requery(model, out);
}

/// The server that was scanned last, where it is to be mounted: the next label is its rack's.
fn to_be_racked(model: &Model) -> Option<WorkRow> {
    let scanned = model.screens.work.scanned.as_ref().filter(|s| s.state != Sought::Asked)?;
    let list = &model.screens.work.list;
    let row = list.current().filter(|row| list.lost.is_none() && is_label(&scanned.serial, &row.label))?;
    (row.ends == Ends::Move(Stage::Racked)).then(|| row.clone())
}

/// A label behind that of a server to be mounted: its rack's, or another server's.
fn in_rack(model: &mut Model, row: &WorkRow, scan: &Text, out: &mut Vec<Effect>) {
    let Some(unit) = row.unit else { return };
    let (site, rack) = rack_label(scan);
    let mounting = Mounting { unit, label: row.label.clone(), scan: scan.clone() };
    let kept = row.place.as_deref().map(|place| rack_and_unit(place).0);
    if kept.is_some_and(|kept| kept.eq_ignore_ascii_case(&rack)) {
        return mounted(model, mounting, out);
    }
    let ask = Ask::Racks {
        site: Some(site.unwrap_or_else(|| row.site.clone())),
        filter: rack.to_string(),
        offset: 0,
        limit: MAX_ROWS,
    };
    model.screens.work.mounting = Some(mounting);
    fetch::put(model, FIND.slot, ask, out);
    toast(model, format!("scanned {scan}: looking for a rack of that name"), Mood::Plain, out);
}

/// Takes the racks that a scanned label may name.
pub fn take_racks(model: &mut Model, racks: &[RackRow], out: &mut Vec<Effect>) {
    let Some(mounting) = model.screens.work.mounting.take() else { return };
    let (_, rack) = rack_label(&mounting.scan);
    model.toast = None;
    if racks.iter().any(|row| row.name.eq_ignore_ascii_case(&rack)) {
        mounted(model, mounting, out);
    } else {
        point(model, &mounting.scan, out);
    }
}

/// Tells the daemon in which rack the server was mounted; whether that is right, it judges.
fn mounted(model: &mut Model, mounting: Mounting, out: &mut Vec<Effect>) {
    let Mounting { unit, label, scan } = mounting;
    if let Err(why) = possible(Act::TaskDone, model) {
        return toast(model, format!("{label}: {why}"), Mood::Bad, out);
    }
    model.screens.work.list.first = false;
    let told = Text::from(format!("rack {label} in {scan}"));
    let reason = Text::new("taken back at once: it was not meant");
    let undo = Some(Command::Move { unit, to: Stage::Received, reason });
    let command = Command::ScanRack { unit, rack: scan, position: None };
    send(model, Wish { parts: vec![Part { label, command, undo }], told }, out);
}

fn is_label(scanned: &str, label: &str) -> bool {
    scanned.eq_ignore_ascii_case(label)
}

/// From now on the label that was scanned under this number ends its work.
pub fn ready(model: &mut Model, n: u64) {
    if let Some(scanned) = model.screens.work.scanned.as_mut().filter(|s| s.n == n && s.state == Sought::Pointed) {
        scanned.state = Sought::Ready;
    }
}

/// The label is in the person's hand: what that proves is ended, anything else is asked for in words.
fn end_by_scan(model: &mut Model, row: &WorkRow, out: &mut Vec<Effect>) {
    if let Err(why) = possible(Act::TaskDone, model) {
        return toast(model, format!("{}: {why}", row.label), Mood::Bad, out);
    }
    if row.ends == Ends::Move(Stage::Racked) {
        let (done, place) = (model.keys.name(Act::TaskDone), model.keys.name(Act::Place));
        let place =
            if row.place.is_none() { format!("; it has no place: {place} proposes one") } else { String::new() };
        let told = format!("{}: scan the label of its rack, or {done} where it has none{place}", row.label);
        return toast(model, told, Mood::Plain, out);
    }
    let (Some(unit), Ends::Close(task), true) = (row.unit, row.ends, row.job.ends_by_scan()) else {
        return end(model, out);
    };
    model.screens.work.list.first = false;
    let command = Command::CloseTask { unit, task, note: Text::new("seen, by scan of its label") };
    let (label, told) = (row.label.clone(), Text::from(format!("{} {}", row.title, row.label)));
    send(model, Wish { parts: vec![Part { label, command, undo: None }], told }, out);
}

/// Takes a page.
pub fn take(model: &mut Model, page: Page<WorkRow>, out: &mut Vec<Effect>) {
    fetch::clock(model, page.now);
    let height = height(model);
    model.screens.work.list.take(page, height);
    let Some(scanned) = model.screens.work.scanned.as_mut().filter(|s| s.state == Sought::Asked) else { return };
    let (serial, n) = (scanned.serial.clone(), scanned.n);
    scanned.state = Sought::Pointed;
    let list = &mut model.screens.work.list;
    // The filter also finds serials that only hold this one.
    let Some(at) = list.rows.iter().position(|row| is_label(&serial, &row.label)) else {
        model.screens.work.scanned = None;
        let told = format!("scanned {serial}: there is no work on it here; Esc shows all again");
        return toast(model, told, Mood::Bad, out);
    };
    list.go(list.offset + at, height);
    let done = model.keys.name(Act::TaskDone);
    let row = &list.rows[at];
    let ends = if row.ends == Ends::Move(Stage::Racked) { "scan its rack's label" } else { "scan it again" };
    let told = format!("scanned {serial}: {}; {ends}, or {done}, to end it", row.title);
    toast(model, told, Mood::Good, out);
    out.push(Effect::After(SAME_PULL, Timer::Scanned(n)));
}

/// Ends what is selected: a task with words, ordinary work at once, to be taken back within the grace.
pub fn end(model: &mut Model, out: &mut Vec<Effect>) {
    model.screens.work.list.first = false;
    let Some(row) = model.screens.work.list.current().cloned() else { return };
    let label = row.label;
    let Some(unit) = row.unit else { return go(model, Place::Receiving, out) };
    match row.ends {
        Ends::Receipts => go(model, Place::Receiving, out),
        Ends::Close(task) => {
            let title = format!("{} of {label} is done", row.title);
            let form = Form::new(Deed::Close(unit, task), &label, title, "what was done", vec![row.text]);
            model.layer = Some(Layer::Form(Box::new(form)));
        }
        Ends::Move(to) => {
            let by_scan = model.screens.work.scanned.as_ref().is_some_and(|s| is_label(&s.serial, &label));
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
