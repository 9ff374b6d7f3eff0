//! Rack elevations: what is mounted where, by NetBox, and how the servers among it do, by the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::work::{by_number, rack_and_unit};
use super::{Rows, State};
use crate::dcim::rack::{Elevations, Face, HalfUnits, Mounted, Rack};
use crate::id::{SiteId, UnitId};
use crate::lifecycle::stage::Stage;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// The tallest rack that is drawn; EIA-310 cabinets end far below.
pub const MAX_HEIGHT: HalfUnits = 2 * 100;

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
}

/// Something in a rack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The lowest half unit it takes; `None` where it only stands in the rack.
    pub position: Option<HalfUnits>,
    /// How much it takes; at least one half unit.
    pub height: HalfUnits,
    /// The sides it takes.
    pub faces: Vec<Face>,
    /// What a person calls it.
    pub label: Text,
    /// Its model, where known.
    pub model: Option<Text>,
    /// The unit, where it is one of our servers.
    pub unit: Option<UnitId>,
    /// Its stage.
    pub stage: Option<Stage>,
    /// How it does; `None` is not ours to know.
    pub state: Option<State>,
    /// Why this picture cannot be right, where it cannot.
    pub doubt: Option<Text>,
}

/// A rack, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RackView {
    /// As in the list.
    pub row: RackRow,
    /// The lowest unit's number, in half units.
    pub first: HalfUnits,
    /// Whether units are counted from the top.
    pub descending: bool,
    /// What is in it, from the top down, then what has no position.
    pub slots: Vec<Slot>,
    /// When NetBox was read; `None` where it has not been, and this is only what the journal remembers.
    pub read_at: Option<Timestamp>,
}

/// NetBox's racks as last read, and when.
pub type Reading<'a> = Option<(&'a Elevations, Timestamp)>;

/// All racks with what is in them, by site and in the order a person counts them.
pub fn racks(world: &World, rows: &Rows, reading: Reading<'_>) -> Vec<RackView> {
    let by_device: BTreeMap<u64, UnitId> =
        world.units.values().filter_map(|u| u.device.as_ref().map(|d| (d.id, u.id))).collect();
    let mut views: BTreeMap<(SiteId, Text), RackView> = BTreeMap::new();
    let mut placed: std::collections::BTreeSet<UnitId> = std::collections::BTreeSet::new();
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
            if let Some(view) = views.get_mut(&(SiteId::new(&rack.site), rack.name.clone())) {
                view.slots.push(Slot::mounted(mounted, unit, rows));
            }
        }
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

impl RackView {
    fn of(rack: &Rack, at: Timestamp) -> Self {
        let row = RackRow {
            site: SiteId::new(&rack.site),
            name: rack.name.clone(),
            location: rack.location.clone(),
            height: Some(rack.height.min(MAX_HEIGHT)),
            used: None,
            states: BTreeMap::new(),
        };
        Self { row, first: rack.first, descending: rack.descending, slots: Vec::new(), read_at: Some(at) }
    }

    fn remembered(site: SiteId, name: &str) -> Self {
        let row =
            RackRow { site, name: Text::new(name), location: None, height: None, used: None, states: BTreeMap::new() };
        Self { row, first: 2, descending: false, slots: Vec::new(), read_at: None }
    }

    /// Orders the slots, counts, and finds what cannot be.
    fn settle(&mut self) {
        self.slots.sort_by(|a, b| b.position.cmp(&a.position).then_with(|| a.label.cmp(&b.label)));
        let end = self.row.height.map(|h| self.first.saturating_add(h));
        let mut taken: BTreeMap<(Face, HalfUnits), usize> = BTreeMap::new();
        for n in 0..self.slots.len() {
            let slot = &self.slots[n];
            if let Some(state) = slot.state {
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
            model: Some(mounted.model.clone()).filter(|m| !m.is_empty()),
            unit,
            stage: row.map(|r| r.stage),
            state: row.map(|r| r.state),
            doubt: None,
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
            model: row.and_then(|r| r.model.clone()),
            unit: Some(unit),
            stage: row.map(|r| r.stage),
            state: row.map(|r| r.state),
            doubt: None,
        }
    }
}
