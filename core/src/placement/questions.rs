//! Rack elevations: what is mounted where, by NetBox, and how the servers among it do, by the journal.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::decide::{Refusal, Why};
use crate::document::Document;
use crate::document::work::work_order as paper;
use crate::id::{SiteId, UnitId};
use crate::inventory::ObjectId;
use crate::inventory::rack::{Elevations, Face, HalfUnits, Mounted, Rack};
use crate::placement::reservation::{MAX_TOGETHER, Reservation};
use crate::placement::work;
use crate::spine::event::Seq;
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::questions::no_unit;
use crate::view::work::{by_number, rack_and_unit};
use crate::view::{Cut, Page, Rows, State, UnitRow};
use crate::world::World;

/// The tallest rack that is drawn; EIA-310 cabinets end far below.
pub const MAX_HEIGHT: HalfUnits = 2 * 100;

/// Which racks: those of a site, or of all, whose site, name or room hold all words of the filter; `!` in front negates
/// a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RackQuery {
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Words.
    pub filter: String,
    /// Which part of the list.
    pub cut: Cut,
}

/// One rack with what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneRack {
    /// Its site.
    pub site: SiteId,
    /// Its name.
    pub name: Text,
}

/// The rack a unit stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RackOf(pub UnitId);

/// The work order for servers of one site that have a place kept for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder(pub Vec<UnitId>);

/// One rack in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RackRow {
    /// Its site.
    pub site: SiteId,
    /// Its name.
    pub name: Text,
    /// The room or row it stands in.
    pub location: Option<Text>,
    /// Its height; `None` where NetBox has not been read.
    pub height: Option<HalfUnits>,
    /// Half units taken on the fuller side; `None` as above.
    pub used: Option<HalfUnits>,
    /// Our servers in it, by how they do.
    pub states: BTreeMap<State, u32>,
    /// When NetBox was read; `None` where it does not tell of this rack, which is then only what the journal remembers.
    pub read_at: Option<Timestamp>,
}

/// Something in a rack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The lowest half unit it takes; `None` where it only stands in the rack.
    pub position: Option<HalfUnits>,
    /// How much it takes; at least one half unit.
    pub height: HalfUnits,
    /// The sides it takes.
    pub faces: Vec<Face>,
    /// What a person calls it: a server by its serial, all else by its name.
    pub label: Text,
    /// Its device in NetBox; `None` where only the journal knows it here.
    pub device: Option<ObjectId>,
    /// That device's name.
    pub name: Option<Text>,
    /// Its model, where known.
    pub model: Option<Text>,
    /// Its row, where it is one of our servers; how anything else does is not ours to know.
    pub row: Option<UnitRow>,
    /// Why this picture cannot be right, where it cannot.
    pub doubt: Option<Text>,
    /// Whether the place is only kept for it: nobody stands there yet.
    #[serde(default)]
    pub reserved: bool,
}

/// A rack, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RackView {
    /// As in the list.
    pub row: RackRow,
    /// The lowest unit's number, in half units.
    pub first: HalfUnits,
    /// Whether units are counted from the top.
    pub descending: bool,
    /// What is in it, from the top down, then what has no position.
    pub slots: Vec<Slot>,
}

/// NetBox's racks as last read, and when.
pub type Reading<'a> = Option<(&'a Elevations, Timestamp)>;

/// All racks with what is in them, by site and in the order a person counts them.
pub fn racks(world: &World, rows: &Rows, reading: Reading<'_>) -> Vec<RackView> {
    let by_device: BTreeMap<u64, UnitId> =
        world.units.values().filter_map(|u| u.device.as_ref().map(|d| (d.id, u.id))).collect();
    let mut views: BTreeMap<(SiteId, Text), RackView> = BTreeMap::new();
    let (mut placed, mut shown) = (BTreeSet::new(), BTreeSet::new());
    if let Some((elevations, at)) = reading {
        let names: BTreeMap<u64, &Rack> = elevations.racks.iter().map(|r| (r.id, r)).collect();
        for rack in &elevations.racks {
            let key = (SiteId::new(&rack.site), rack.name.clone());
            views.entry(key).or_insert_with(|| RackView::of(rack, at));
        }
        for mounted in &elevations.mounted {
            let Some(rack) = names.get(&mounted.rack) else { continue };
            let serial = mounted.serial.as_ref().and_then(|s| world.by_serial(s)).map(|u| u.id);
            let unit = serial.or_else(|| by_device.get(&mounted.device).copied());
            placed.extend(unit);
            let kept = unit.and_then(|id| world.unit(id)).and_then(|u| u.placement.as_ref()).filter(|h| !h.racked);
            let here = |p: &Reservation| (p.rack, Some(p.position)) == (mounted.rack, mounted.position);
            let reserved = kept.is_some_and(|held| here(&held.place));
            shown.extend(unit.filter(|_| reserved));
            if let Some(view) = views.get_mut(&(SiteId::new(&rack.site), rack.name.clone())) {
                view.slots.push(Slot { reserved, ..Slot::mounted(mounted, unit, rows) });
            }
        }
    }
    // What is kept for a server stands beside what is there, until NetBox's reading has it.
    for unit in world.units.values().filter(|u| !shown.contains(&u.id)) {
        let Some(held) = unit.placement.as_ref().filter(|held| !held.racked || !placed.contains(&unit.id)) else {
            continue;
        };
        placed.insert(unit.id);
        let (site, name) = (unit.site.clone(), &held.place.name);
        let view = views.entry((site.clone(), name.clone()));
        let view = view.or_insert_with(|| RackView::remembered(site, name));
        view.slots.push(Slot::kept(unit.id, &held.place, !held.racked, rows));
    }
    // What NetBox's reading does not show yet stands where the journal last knew it.
    for unit in world.units.values().filter(|u| !placed.contains(&u.id)) {
        let Some(place) = unit.place() else { continue };
        let (rack, position) = rack_and_unit(place);
        let key = (unit.site.clone(), Text::new(rack));
        let view = views.entry(key).or_insert_with(|| RackView::remembered(unit.site.clone(), rack));
        view.slots.push(Slot::remembered(unit.id, position, rows));
    }
    let mut views: Vec<RackView> = views.into_values().collect();
    for view in &mut views {
        view.settle();
    }
    views.sort_by(|a, b| a.row.site.cmp(&b.row.site).then_with(|| by_number(&a.row.name, &b.row.name)));
    views
}

/// A page of the racks that a query asks for.
pub fn page(views: &[RackView], query: &RackQuery, at: (Seq, Timestamp)) -> Page<RackRow> {
    let words: Vec<String> = query.filter.split_whitespace().map(str::to_lowercase).collect();
    let matches = |row: &RackRow| {
        let location = row.location.as_deref().unwrap_or_default();
        let text = format!("{} {} {location}", row.site, row.name).to_lowercase();
        words.iter().all(|word| match word.strip_prefix('!') {
            Some(word) => !text.contains(word),
            None => text.contains(word.as_str()),
        })
    };
    let all = views.iter().map(|view| &view.row);
    let found = all.filter(|row| query.site.as_ref().is_none_or(|s| row.site == *s) && matches(row)).collect();
    query.cut.of(found, at).map(RackRow::clone)
}

/// The rack of this name.
pub fn rack(views: &[RackView], OneRack { site, name }: &OneRack) -> Option<RackView> {
    views.iter().find(|view| view.row.site == *site && view.row.name == *name).cloned()
}

/// The rack a unit stands in: its site and name.
pub fn rack_of(views: &[RackView], unit: UnitId) -> Option<(SiteId, Text)> {
    let found = views.iter().find(|view| view.slots.iter().any(|slot| slot.unit() == Some(unit)))?;
    Some((found.row.site.clone(), found.row.name.clone()))
}

/// The work order for these units, all of one site and with a place.
///
/// # Errors
/// They are not, or one of them has none.
pub fn work_order(world: &World, units: &[UnitId], now: Timestamp) -> Result<Document, Refusal> {
    let site = site_of(world, units)?;
    let units = units.iter().filter_map(|id| world.unit(*id)).collect();
    let order = work::work_order(&site, units, now).map_err(|why| Refusal::new(Why::Conflict, why))?;
    Ok(paper(&order))
}

/// The one site of these units.
///
/// # Errors
/// They are none, too many, unknown, named twice, or of several sites.
pub fn site_of(world: &World, units: &[UnitId]) -> Result<SiteId, Refusal> {
    if units.is_empty() || units.len() > MAX_TOGETHER {
        return Err(Refusal::new(Why::Invalid, format!("1 to {MAX_TOGETHER} servers are placed at once")));
    }
    let mut site: Option<&SiteId> = None;
    let mut seen = BTreeSet::new();
    for id in units {
        let unit = world.unit(*id).ok_or_else(|| no_unit(*id))?;
        if !seen.insert(id) {
            return Err(Refusal::new(Why::Invalid, format!("{} is named twice", unit.label())));
        }
        if site.is_some_and(|site| *site != unit.site) {
            return Err(Refusal::new(Why::Invalid, "they are at several sites; place those of one site at a time"));
        }
        site = Some(&unit.site);
    }
    site.cloned().ok_or_else(|| Refusal::new(Why::Invalid, "no server is named"))
}

impl RackView {
    fn of(rack: &Rack, at: Timestamp) -> Self {
        let row = RackRow {
            site: SiteId::new(&rack.site),
            name: rack.name.clone(),
            location: rack.location.clone(),
            height: Some(rack.height.min(MAX_HEIGHT)),
            used: None,
            states: BTreeMap::new(),
            read_at: Some(at),
        };
        Self { row, first: rack.first, descending: rack.descending, slots: Vec::new() }
    }

    fn remembered(site: SiteId, name: &str) -> Self {
        let row = RackRow {
            site,
            name: Text::new(name),
            location: None,
            height: None,
            used: None,
            states: BTreeMap::new(),
            read_at: None,
        };
        Self { row, first: 2, descending: false, slots: Vec::new() }
    }

    /// Orders the slots, counts, and finds what cannot be.
    fn settle(&mut self) {
        let down = self.descending;
        self.slots.sort_by(|a, b| {
            // What has no position comes last either way.
            let places = match (a.position, b.position) {
                (Some(x), Some(y)) if down => x.cmp(&y),
                (x, y) => y.cmp(&x),
            };
            places.then_with(|| a.label.cmp(&b.label))
        });
        let end = self.row.height.map(|h| self.first.saturating_add(h));
        let mut taken: BTreeMap<(Face, HalfUnits), usize> = BTreeMap::new();
        for n in 0..self.slots.len() {
            let slot = &self.slots[n];
            if let Some(state) = slot.row.as_ref().filter(|_| !slot.reserved).map(|r| r.state) {
                *self.row.states.entry(state).or_default() += 1;
            }
            let Some(position) = slot.position else { continue };
            let top = position.saturating_add(slot.height.min(MAX_HEIGHT));
            let mut doubt = end
                .filter(|end| position < self.first || top > *end)
                .map(|_| Text::new("outside the rack, by NetBox's heights"));
            for face in slot.faces.clone() {
                for half in position..top {
                    if let Some(other) = taken.insert((face, half), n).filter(|other| *other != n) {
                        doubt.get_or_insert_with(|| {
                            Text::from(format!("in the same place as {}", self.slots[other].label))
                        });
                    }
                }
            }
            if let Some(doubt) = doubt {
                self.slots[n].doubt.get_or_insert(doubt);
            }
        }
        self.row.used = self.row.height.map(|_| {
            let on = |face| taken.keys().filter(|(f, _)| *f == face).count();
            HalfUnits::try_from(on(Face::Front).max(on(Face::Rear))).unwrap_or(HalfUnits::MAX)
        });
    }
}

impl Slot {
    /// The unit, where it is one of our servers.
    pub fn unit(&self) -> Option<UnitId> {
        self.row.as_ref().map(|row| row.id)
    }

    /// Where it is, as it is said: `U38`, `U38-39`, `U7.5`; `None` where it has no position.
    pub fn place(&self) -> Option<String> {
        let position = self.position?;
        let lowest = f64::from(position) / 2.0;
        // The last unit it reaches into, whole or half.
        let last = f64::from(position.saturating_add(self.height.max(1)).saturating_sub(1) / 2);
        Some(if last > lowest { format!("U{lowest}-{last}") } else { format!("U{lowest}") })
    }

    fn mounted(mounted: &Mounted, unit: Option<UnitId>, rows: &Rows) -> Self {
        let row = unit.and_then(|id| rows.row(id));
        let named = mounted.name.clone().or_else(|| mounted.serial.clone());
        let faces = match (mounted.face, mounted.full_depth) {
            (Some(face), false) => vec![face],
            (None, _) | (_, true) => vec![Face::Front, Face::Rear],
        };
        Self {
            position: mounted.position,
            height: mounted.height.max(1),
            faces,
            label: row
                .map(|r| r.label.clone())
                .or(named)
                .unwrap_or_else(|| Text::from(format!("device {}", mounted.device))),
            device: Some(mounted.device),
            name: mounted.name.clone(),
            model: Some(mounted.model.clone()).filter(|m| !m.is_empty()),
            row: row.cloned(),
            doubt: None,
            reserved: false,
        }
    }

    /// A place that is proposed for what has this label.
    pub fn proposed(label: Text, place: &Reservation) -> Self {
        let faces = [Face::Front, Face::Rear].into_iter().filter(|f| place.full_depth || *f == place.face);
        Self {
            position: Some(place.position),
            height: place.height.max(1),
            faces: faces.collect(),
            label,
            device: place.device,
            name: None,
            model: None,
            row: None,
            doubt: None,
            reserved: true,
        }
    }

    /// A place as it is kept, or taken on the journal's word.
    pub fn kept(unit: UnitId, place: &Reservation, reserved: bool, rows: &Rows) -> Self {
        let faces = [Face::Front, Face::Rear].into_iter().filter(|f| place.full_depth || *f == place.face);
        Self {
            position: Some(place.position),
            height: place.height.max(1),
            faces: faces.collect(),
            reserved,
            ..Self::remembered(unit, None, rows)
        }
    }

    fn remembered(unit: UnitId, position: Option<HalfUnits>, rows: &Rows) -> Self {
        let row = rows.row(unit);
        Self {
            position,
            // How tall it is only NetBox says.
            height: 2,
            faces: vec![Face::Front, Face::Rear],
            label: row.map_or_else(|| Text::from(unit.to_string()), |r| r.label.clone()),
            device: None,
            name: None,
            model: row.and_then(|r| r.model.clone()),
            row: row.cloned(),
            doubt: None,
            reserved: false,
        }
    }
}
