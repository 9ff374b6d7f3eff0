//! What is in the rack under the cursor, and how a server is found in the racks.

use rackhand_core::id::{Subject, UnitId};
use rackhand_core::inventory::rack::{Face as Side, HalfUnits};
use rackhand_core::placement::questions::Slot as Mount;
use rackhand_core::text::Text;
use rackhand_core::view::{MAX_ROWS, Page};

use super::{ELEVATIONS, RACKS, RackKey, Sides, view};
use crate::app::effect::Effect;
use crate::app::fetch;
use crate::app::find::FIND;
use crate::app::model::{Model, Mood, Target};
use crate::app::moves::go;
use crate::app::update::toast;
use crate::event::Ask;
use crate::screen::list::{Chosen, Keyed, List};
use crate::screen::{Place, listing, racks};

/// The question for the racks whose contents are on screen; `None` while it is not known which those are.
pub fn question(model: &Model) -> Option<Ask> {
    let racks = &model.screens.racks.list;
    let shown: Vec<RackKey> = view::shown(model).filter_map(|n| racks.at(n)).map(Keyed::key).collect();
    (!shown.is_empty()).then_some(Ask::Elevations(shown))
}

/// Asks for what is on screen and not held.
pub fn fill(model: &mut Model, out: &mut Vec<Effect>) {
    let (racks, height) = (&model.screens.racks.list, racks::height(model));
    if racks.lacks(height) && !fetch::covers(model, RACKS, racks.top, height) {
        fetch::replace(model, RACKS, out);
    }
    let Some(ask @ Ask::Elevations(_)) = question(model) else { return };
    let Ask::Elevations(keys) = &ask else { return };
    let held = keys.iter().all(|key| model.screens.elevation.views.iter().any(|v| v.row.key() == *key));
    let asked = model.asked.get(&ELEVATIONS).is_some_and(|asked| asked.ask == ask);
    if !held && !asked {
        fetch::put(model, ELEVATIONS, ask, out);
    }
}

/// Brings what is in the rack under the cursor up to what is held of it.
pub fn adopt(model: &mut Model) {
    let Some(key) = model.screens.racks.list.current().map(Keyed::key) else { return };
    let height = view::height(model);
    let shown = view::sides(model);
    let r = &mut model.screens.elevation;
    if r.of.as_ref() != Some(&key) {
        r.near = r.slots.current().and_then(|s| s.position).or(r.near);
        r.slots = List::default();
        r.of = Some(key.clone());
    }
    let Some(view) = r.views.iter().find(|v| v.row.key() == key) else { return };
    if let Some(unit) = r.wanted
        && let Some(slot) = view.slots.iter().find(|s| s.unit() == Some(unit))
        && !slot.faces.iter().any(|f| shown.faces().contains(f))
    {
        r.sides = if slot.faces.contains(&Side::Rear) { Sides::Rear } else { Sides::Front };
    }
    let faces = if r.sides == Sides::Both { shown.faces() } else { r.sides.faces() };
    let rows: Vec<Mount> = view.slots.iter().filter(|s| s.faces.iter().any(|f| faces.contains(f))).cloned().collect();
    let total = rows.len();
    r.slots.take(Page { head: 0, now: model.now, total, offset: 0, rows }, height);
    let place = match (r.wanted.take(), r.near.take()) {
        (Some(unit), _) => r.slots.rows.iter().position(|s| s.unit() == Some(unit)),
        (None, Some(near)) => nearest(&r.slots.rows, near),
        (None, None) => None,
    };
    if let Some(place) = place {
        r.slots.go(place, height);
    }
}

fn nearest(slots: &[Mount], at: HalfUnits) -> Option<usize> {
    let away = |slot: &Mount| slot.position.map(|p| p.abs_diff(at));
    (0..slots.len()).filter(|n| slots[*n].position.is_some()).min_by_key(|n| away(&slots[*n]))
}

/// To the next rack, or the one before.
pub fn turn(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let height = racks::height(model);
    let list = &mut model.screens.racks.list;
    let next = if forth { list.cursor + 1 } else { list.cursor.saturating_sub(1) };
    list.go(next, height);
    adopt(model);
    listing::fill(model, out);
}

/// Draws the other side, or both.
pub fn flip(model: &mut Model) {
    model.screens.elevation.sides = match view::sides(model) {
        Sides::Front => Sides::Rear,
        Sides::Rear if view::has_room_for_both(model) => Sides::Both,
        Sides::Rear | Sides::Both => Sides::Front,
    };
    adopt(model);
}

/// Looks for words among the racks held, from the cursor on, and else asks the daemon for a serial.
pub fn search(model: &mut Model, out: &mut Vec<Effect>) {
    if !model.screens.elevation.search.is_empty() && !found(model, true) {
        let label = Text::new(&model.screens.elevation.search);
        toast(model, format!("looking for {label}"), Mood::Plain, out);
        fetch::put(model, FIND.slot, Ask::Stands(label), out);
    }
}

/// To the next device that holds the words looked for, or the one before.
pub fn again(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    if !found(model, forth) {
        let told = format!("`{}` is not in the racks shown", model.screens.elevation.search);
        toast(model, told, Mood::Plain, out);
    }
}

/// Goes to the next device of the racks held that holds the words; around the end to the beginning.
fn found(model: &mut Model, forth: bool) -> bool {
    let words = model.screens.elevation.search.to_lowercase();
    let faces = view::sides(model).faces();
    let has = |slot: &Mount| {
        let texts = [Some(&slot.label), slot.name.as_ref(), slot.model.as_ref()];
        texts.into_iter().flatten().any(|t| t.to_lowercase().contains(&words))
    };
    let seen = |slot: &&Mount| slot.faces.iter().any(|f| faces.contains(f));
    let all: Vec<(RackKey, Mount)> = view::shown(model)
        .filter_map(|n| Some(model.screens.racks.list.at(n)?.key()))
        .filter_map(|key| model.screens.elevation.views.iter().find(|v| v.row.key() == key))
        .flat_map(|v| v.slots.iter().filter(seen).map(|s| (v.row.key(), s.clone())))
        .collect();
    let current = model.screens.elevation.slots.current().map(|s| (model.screens.elevation.of.clone(), s.key()));
    let from = all.iter().position(|(rack, s)| current == Some((Some(rack.clone()), s.key())));
    let way = |n: usize| match (from, forth) {
        (Some(at), true) => (at + n) % all.len(),
        (Some(at), false) => (at + all.len() - n % all.len()) % all.len(),
        (None, true) => n - 1,
        (None, false) => all.len() - n,
    };
    let Some(at) = (1..=all.len()).map(way).find(|at| has(&all[*at].1)) else { return false };
    let (rack, slot) = all[at].clone();
    let height = racks::height(model);
    let place = view::shown(model).find(|n| model.screens.racks.list.at(*n).is_some_and(|r| r.key() == rack));
    if let Some(place) = place.filter(|n| *n != model.screens.racks.list.cursor) {
        model.screens.racks.list.go(place, height);
        adopt(model);
    }
    let height = view::height(model);
    if let Some(n) = model.screens.elevation.slots.rows.iter().position(|s| s.key() == slot.key()) {
        model.screens.elevation.slots.go(n, height);
    }
    true
}

/// Asks where the selected server stands.
pub fn ask_rack(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(Target { subject: Subject::Unit(unit), .. }) = model.target() else {
        return toast(model, "rack: no server belongs to this BMC yet", Mood::Plain, out);
    };
    fetch::put(model, FIND.slot, Ask::Stands(unit.to_string().into()), out);
}

/// Goes to a server in its rack.
pub fn stands(model: &mut Model, label: &Text, at: Option<(UnitId, Option<RackKey>)>, out: &mut Vec<Effect>) {
    match at {
        None => toast(model, format!("there is no server {label} here"), Mood::Bad, out),
        Some((_, None)) => toast(model, "in which rack it stands is unknown", Mood::Bad, out),
        Some((unit, Some(rack))) => {
            model.toast = None;
            let (site, filter) = (Some(rack.0.clone()), String::new());
            model.screens.elevation.wanted = Some(unit);
            let r = &mut model.screens.racks;
            (r.site, r.filter) = (site.clone(), filter.clone());
            r.list = List { chosen: Chosen::Row(rack), first: false, ..List::default() };
            go(model, Place::Elevation, out);
            // Whole, since it is not known how far down the rack is.
            fetch::put(model, RACKS, Ask::Racks { site, filter, offset: 0, limit: MAX_ROWS }, out);
        }
    }
}
