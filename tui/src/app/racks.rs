//! Racks: which are shown, what is in the one under the cursor, and how a server is found in them.

use rackhand_core::id::{SiteId, UnitId};
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::rack::{Face, HalfUnits};
use rackhand_core::placement::questions::{RackRow, RackView, Slot as Mount};
use rackhand_core::text::Text;
use rackhand_core::view::{MAX_ROWS, Page};
use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::fetch;
use super::list::{Chosen, Keyed, List};
use super::model::{Model, Mood, Place, Slot};
use super::moves;
use super::update::toast;
use crate::event::Ask;
use crate::screen::{elevation, racks};

/// A rack by its site and name.
pub type RackKey = (SiteId, Text);

impl Keyed for RackRow {
    type Key = RackKey;
    fn key(&self) -> RackKey {
        (self.site.clone(), self.name.clone())
    }
}

impl Keyed for Mount {
    type Key = (Option<ObjectId>, Option<UnitId>);
    fn key(&self) -> Self::Key {
        (self.device, self.unit())
    }
}

/// Which sides are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sides {
    /// Where the drives are.
    #[default]
    Front,
    /// Where the power supplies are.
    Rear,
    /// One beside the other.
    Both,
}

impl Sides {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Rear => "rear",
            Self::Both => "both sides",
        }
    }

    /// The faces, from left to right.
    pub const fn faces(self) -> &'static [Face] {
        match self {
            Self::Front => &[Face::Front],
            Self::Rear => &[Face::Rear],
            Self::Both => &[Face::Front, Face::Rear],
        }
    }
}

/// State of the rack screens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Racks {
    /// The window on all racks; its cursor is the rack whose contents have the keys.
    pub list: List<RackRow>,
    /// Its filter.
    pub filter: String,
    /// Only this site.
    pub site: Option<SiteId>,
    /// The racks on screen, whole, as last told.
    pub views: Vec<RackView>,
    /// The rack `slots` are of.
    pub of: Option<RackKey>,
    /// What is in the rack under the cursor, on the sides drawn.
    pub slots: List<Mount>,
    /// The sides.
    pub sides: Sides,
    /// Whether stages are laid over, and not health.
    pub by_stage: bool,
    /// The words looked for.
    pub search: String,
    /// The server to be chosen when its rack is there.
    pub wanted: Option<UnitId>,
    /// Else what is nearest to this position.
    pub near: Option<HalfUnits>,
}

/// The question for the racks whose contents are on screen; `None` while it is not known which those are.
pub fn elevations(model: &Model) -> Option<Ask> {
    let shown: Vec<RackKey> = elevation::shown(model).filter_map(|n| model.racks.list.at(n)).map(Keyed::key).collect();
    (!shown.is_empty()).then_some(Ask::Elevations(shown))
}

/// The question for the list.
pub fn list(model: &Model) -> Ask {
    let r = &model.racks;
    let (offset, limit) = r.list.window(racks::height(model));
    Ask::Racks { site: r.site.clone(), filter: r.filter.clone(), offset, limit }
}

/// The list is another one now: from its top.
pub fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    model.racks.list = List::default();
    model.fresh.remove(&Slot::Racks);
    fetch::replace(model, Slot::Racks, out);
}

/// The next site, or all behind the last.
pub fn site(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let mut sites = model.overview.iter().flat_map(|o| o.sites.keys());
    let next = match (&model.racks.site, forth) {
        (None, true) => sites.next(),
        (None, false) => sites.next_back(),
        (Some(at), true) => sites.find(|s| *s > at),
        (Some(at), false) => sites.rfind(|s| *s < at),
    };
    model.racks.site = next.cloned();
    requery(model, out);
}

/// Asks for what is on screen and not held.
pub fn fill(model: &mut Model, out: &mut Vec<Effect>) {
    if model.racks.list.lacks(racks::height(model)) && fetch::stale(model, Slot::Racks) {
        fetch::replace(model, Slot::Racks, out);
    }
    if model.place != Place::Elevation {
        return;
    }
    let Some(ask @ Ask::Elevations(_)) = elevations(model) else { return };
    let Ask::Elevations(keys) = &ask else { return };
    let held = keys.iter().all(|key| model.racks.views.iter().any(|v| v.row.key() == *key));
    let asked = model.asked.get(&Slot::Elevations).is_some_and(|asked| asked.ask == ask);
    if !held && !asked {
        fetch::put(model, Slot::Elevations, ask, out);
    }
}

/// Takes the racks whose contents were asked for.
pub fn take(model: &mut Model, views: Vec<RackView>) {
    model.racks.views = views;
    adopt(model);
}

/// Brings what is in the rack under the cursor up to what is held of it.
pub fn adopt(model: &mut Model) {
    let Some(key) = model.racks.list.current().map(Keyed::key) else { return };
    let height = elevation::height(model);
    let shown = elevation::sides(model);
    let r = &mut model.racks;
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
        r.sides = if slot.faces.contains(&Face::Rear) { Sides::Rear } else { Sides::Front };
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
    let list = &mut model.racks.list;
    let next = if forth { list.cursor + 1 } else { list.cursor.saturating_sub(1) };
    list.go(next, height);
    adopt(model);
    fetch::fill(model, out);
}

/// Draws the other side, or both.
pub fn flip(model: &mut Model) {
    model.racks.sides = match elevation::sides(model) {
        Sides::Front => Sides::Rear,
        Sides::Rear if elevation::has_room_for_both(model) => Sides::Both,
        Sides::Rear | Sides::Both => Sides::Front,
    };
    adopt(model);
}

/// Looks for words among the racks held, from the cursor on, and else asks the daemon for a serial.
pub fn search(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    model.racks.search = text;
    if !model.racks.search.is_empty() && !found(model, true) {
        let label = Text::new(&model.racks.search);
        toast(model, format!("looking for {label}"), Mood::Plain, out);
        fetch::put(model, Slot::Find, Ask::Stands(label), out);
    }
}

/// To the next device that holds the words looked for, or the one before.
pub fn again(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    if !found(model, forth) {
        let told = format!("`{}` is not in the racks shown", model.racks.search);
        toast(model, told, Mood::Plain, out);
    }
}

/// Goes to the next device of the racks held that holds the words; around the end to the beginning.
fn found(model: &mut Model, forth: bool) -> bool {
    let words = model.racks.search.to_lowercase();
    let faces = elevation::sides(model).faces();
    let has = |slot: &Mount| {
        let texts = [Some(&slot.label), slot.name.as_ref(), slot.model.as_ref()];
        texts.into_iter().flatten().any(|t| t.to_lowercase().contains(&words))
    };
    let seen = |slot: &&Mount| slot.faces.iter().any(|f| faces.contains(f));
    let all: Vec<(RackKey, Mount)> = elevation::shown(model)
        .filter_map(|n| Some(model.racks.list.at(n)?.key()))
        .filter_map(|key| model.racks.views.iter().find(|v| v.row.key() == key))
        .flat_map(|v| v.slots.iter().filter(seen).map(|s| (v.row.key(), s.clone())))
        .collect();
    let current = model.racks.slots.current().map(|s| (model.racks.of.clone(), s.key()));
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
    let place = elevation::shown(model).find(|n| model.racks.list.at(*n).is_some_and(|r| r.key() == rack));
    if let Some(place) = place.filter(|n| *n != model.racks.list.cursor) {
        model.racks.list.go(place, height);
        adopt(model);
    }
    let height = elevation::height(model);
    if let Some(n) = model.racks.slots.rows.iter().position(|s| s.key() == slot.key()) {
        model.racks.slots.go(n, height);
    }
    true
}

/// Asks where the selected server stands.
pub fn ask_rack(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(super::model::Target { subject: rackhand_core::id::Subject::Unit(unit), .. }) = model.target() else {
        return toast(model, "rack: no server belongs to this BMC yet", Mood::Plain, out);
    };
    fetch::put(model, Slot::Find, Ask::Stands(unit.to_string().into()), out);
}

/// Goes to a server in its rack.
pub fn stands(model: &mut Model, label: &Text, at: Option<(UnitId, Option<RackKey>)>, out: &mut Vec<Effect>) {
    match at {
        None => toast(model, format!("there is no server {label} here"), Mood::Bad, out),
        Some((_, None)) => toast(model, "in which rack it stands is unknown", Mood::Bad, out),
        Some((unit, Some(rack))) => {
            model.toast = None;
            let (site, filter) = (Some(rack.0.clone()), String::new());
            let r = &mut model.racks;
            (r.site, r.filter, r.wanted) = (site.clone(), filter.clone(), Some(unit));
            r.list = List { chosen: Chosen::Row(rack), first: false, ..List::default() };
            moves::go(model, Place::Elevation, out);
            // Whole, since it is not known how far down the rack is.
            fetch::put(model, Slot::Racks, Ask::Racks { site, filter, offset: 0, limit: MAX_ROWS }, out);
        }
    }
}
