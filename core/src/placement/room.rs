//! A site as placement looks at it: racks, what stands in them, their feeds, outlets and switch ports, by NetBox. Plain
//! data, and what is free of it once the journal's reservations are taken off.

use std::collections::{BTreeMap, BTreeSet};

use super::reservation::Reservation;
use super::spots::{Feed, Space};
use crate::id::{SiteId, UnitId};
use crate::inventory::ObjectId;
use crate::inventory::rack::{Face, HalfUnits, Rack};
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// A site, as of one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The site.
    pub site: SiteId,
    /// When NetBox was read.
    pub read_at: Timestamp,
    /// Its racks.
    pub racks: BTreeMap<ObjectId, Cabinet>,
    /// Its devices, in a rack or not.
    pub devices: BTreeMap<ObjectId, Equipment>,
    /// Shapes of the device types its devices have.
    pub shapes: BTreeMap<ObjectId, Shape>,
    /// Ports and outlets of the racks for which they were read.
    pub sockets: BTreeMap<ObjectId, Sockets>,
}

/// A rack with its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cabinet {
    /// The rack.
    pub rack: Rack,
    /// What it may carry, in grams, where NetBox says.
    pub carries: Option<u64>,
    /// Its power feeds that are active.
    pub feeds: Vec<FeedRecord>,
    /// Units that somebody reserved in NetBox, in half units.
    pub reserved: BTreeSet<HalfUnits>,
}

/// A power feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRecord {
    /// Its name.
    pub name: Text,
    /// What may be drawn from it for good, in watts (volt-amperes at a power factor of 1, as NetBox counts).
    pub watts: u32,
    /// Whether NetBox calls it redundant; else it is primary.
    pub redundant: bool,
    /// The power strips that hang on it, by their device's id.
    pub strips: Vec<ObjectId>,
}

/// A device of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equipment {
    /// Its name, where it has one.
    pub name: Option<Text>,
    /// Its serial, where NetBox has one.
    pub serial: Option<Text>,
    /// Its device type.
    pub kind: ObjectId,
    /// Its tenant's slug.
    pub tenant: Option<Text>,
    /// Its rack.
    pub rack: Option<ObjectId>,
    /// The lowest half unit it takes.
    pub position: Option<HalfUnits>,
    /// The side it is mounted on.
    pub face: Option<Face>,
    /// What it draws at the most, in watts, where NetBox says.
    pub watts: Option<u32>,
}

/// What devices of a type have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The model.
    pub model: Text,
    /// Height.
    pub height: HalfUnits,
    /// Whether both sides are taken.
    pub full_depth: bool,
    /// Weight in grams, where NetBox says.
    pub grams: Option<u64>,
}

/// What can be plugged into in a rack. Only what is free is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// How many switches stand in it, those for management apart.
    pub switches: usize,
    /// How many power strips stand in it.
    pub strips: usize,
    /// Free switch ports, in the order a person counts them.
    pub ports: Vec<FreePort>,
    /// Free outlets, in that order too.
    pub outlets: Vec<FreeOutlet>,
}

/// A free switch port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreePort {
    /// The switch.
    pub switch: Text,
    /// The port.
    pub port: Text,
    /// Its type, as NetBox words it.
    pub kind: Text,
    /// Whether the switch is there for management controllers.
    pub management: bool,
}

/// A free outlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeOutlet {
    /// The power strip.
    pub strip: Text,
    /// The outlet.
    pub outlet: Text,
    /// The feed it hangs on, where NetBox says.
    pub feed: Option<Text>,
}

/// What a server has to be plugged in by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Interfaces that take a cable.
    pub nics: Vec<Nic>,
    /// Power inlets.
    pub inlets: Vec<Inlet>,
}

/// An interface that takes a cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its name.
    pub name: Text,
    /// Its type, as NetBox words it.
    pub kind: Text,
    /// Whether it is the management controller's.
    pub management: bool,
    /// Whether it has a cable, or is marked as connected.
    pub taken: bool,
}

/// A power inlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inlet {
    /// Its name.
    pub name: Text,
    /// What is drawn by it at the most, in watts.
    pub maximum: Option<u32>,
    /// What is set aside for it, in watts.
    pub allocated: Option<u32>,
    /// Whether it has a cable, or is marked as connected.
    pub taken: bool,
}

/// What a device with these inlets draws, in watts: what is set aside for them together, else the most that one of them
/// may have to carry alone. `None` where NetBox says neither.
pub fn draw<'a>(inlets: impl Iterator<Item = &'a Inlet>) -> Option<u32> {
    let (mut allocated, mut maximum) = (None::<u32>, None::<u32>);
    for inlet in inlets {
        if let Some(watts) = inlet.allocated {
            allocated = Some(allocated.unwrap_or(0).saturating_add(watts));
        }
        maximum = maximum.max(inlet.maximum);
    }
    allocated.or(maximum)
}

impl Room {
    /// The device with this serial, where exactly one has it.
    pub fn by_serial(&self, serial: &str) -> Option<(ObjectId, &Equipment)> {
        let has = |d: &Equipment| d.serial.as_ref().is_some_and(|s| s.eq_ignore_ascii_case(serial));
        let mut found = self.devices.iter().filter(|(_, d)| has(d));
        let first = found.next()?;
        found.next().is_none().then_some((*first.0, first.1))
    }

    /// All racks with what is free in them for these units: what they hold themselves is free to them.
    pub fn spaces(&self, world: &World, units: &[UnitId]) -> Vec<Space> {
        self.free(self.racks.keys().copied(), world, units).into_values().collect()
    }

    /// One rack with what is free in it for this unit.
    pub fn space(&self, rack: ObjectId, world: &World, unit: UnitId) -> Option<Space> {
        self.free(std::iter::once(rack), world, &[unit]).remove(&rack)
    }

    fn free(
        &self,
        racks: impl Iterator<Item = ObjectId>,
        world: &World,
        units: &[UnitId],
    ) -> BTreeMap<ObjectId, Space> {
        let mut spaces: BTreeMap<ObjectId, Space> =
            racks.filter_map(|id| Some((id, self.empty(id, self.racks.get(&id)?)))).collect();
        let serials = units.iter().filter_map(|id| world.unit(*id)?.serial.as_ref());
        let own: BTreeSet<ObjectId> = serials.filter_map(|s| self.by_serial(s)).map(|(id, _)| id).collect();
        for (id, device) in self.devices.iter().filter(|(id, _)| !own.contains(id)) {
            if let Some(space) = device.rack.and_then(|rack| spaces.get_mut(&rack)) {
                self.stand(space, *id, device);
            }
        }
        self.keep(&mut spaces, world, units);
        spaces
    }

    fn empty(&self, id: ObjectId, cabinet: &Cabinet) -> Space {
        let sides = cabinet.reserved.iter().flat_map(|half| [(Face::Front, *half), (Face::Rear, *half)]);
        Space {
            rack: id,
            name: cabinet.rack.name.clone(),
            first: cabinet.rack.first,
            height: cabinet.rack.height,
            taken: sides.collect(),
            feeds: sides_of(&cabinet.feeds),
            watts: 0,
            undrawn: 0,
            weight: cabinet.carries.map(|grams| (kilograms_down(grams), 0)),
            unweighed: 0,
            tenants: BTreeMap::new(),
            sockets: self.sockets.get(&id).cloned(),
        }
    }

    fn stand(&self, space: &mut Space, id: ObjectId, device: &Equipment) {
        let shape = self.shapes.get(&device.kind);
        let height = shape.map_or(2, |s| s.height);
        if let Some(low) = device.position {
            let both = device.face.is_none() || shape.is_none_or(|s| s.full_depth);
            let faces = [Face::Front, Face::Rear].into_iter().filter(|f| both || device.face == Some(*f));
            for face in faces {
                space.taken.extend((low..low.saturating_add(height)).map(|half| (face, half)));
            }
        }
        // Power strips hand on what others draw.
        let hands_on = self.racks.get(&space.rack).is_some_and(|c| c.feeds.iter().any(|f| f.strips.contains(&id)));
        match device.watts {
            Some(watts) if !hands_on => space.watts = space.watts.saturating_add(watts),
            None if !hands_on && height > 0 => space.undrawn += 1,
            _ => {}
        }
        match (shape.and_then(|s| s.grams), &mut space.weight) {
            (Some(grams), Some((_, now))) => *now = now.saturating_add(kilograms(grams)),
            (None, Some(_)) => space.unweighed += 1,
            _ => {}
        }
        if let Some(tenant) = &device.tenant {
            *space.tenants.entry(tenant.clone()).or_default() += 1;
        }
    }

    /// Takes off what the journal holds for others.
    fn keep(&self, spaces: &mut BTreeMap<ObjectId, Space>, world: &World, except: &[UnitId]) {
        for (unit, place) in kept(world, (&self.site, self.read_at), except) {
            for space in spaces.values_mut() {
                space.unplug(&place.network, &place.power);
            }
            let Some(space) = spaces.get_mut(&place.rack) else { continue };
            space.taken.extend(place.halves());
            // Where NetBox has it in this rack already, its draw, weight and tenant were counted there.
            let there = unit.serial.as_ref().and_then(|s| self.by_serial(s));
            if there.is_none_or(|(_, d)| d.rack != Some(place.rack)) {
                space.burden(&place.need());
                space.undrawn += u32::from(place.watts.is_none());
                space.unweighed += u32::from(place.kilograms.is_none() && space.weight.is_some());
            }
        }
    }
}

/// The feeds of which any one may be lost. Where NetBox calls some primary and some redundant, those are the two sides;
/// else each stands alone.
fn sides_of(feeds: &[FeedRecord]) -> Vec<Feed> {
    let alone = |f: &FeedRecord| Feed { name: f.name.clone(), watts: f.watts };
    if feeds.iter().any(|f| f.redundant) && feeds.iter().any(|f| !f.redundant) {
        return [false, true]
            .map(|redundant| {
                let side: Vec<&FeedRecord> = feeds.iter().filter(|f| f.redundant == redundant).collect();
                let names: Vec<&str> = side.iter().map(|f| f.name.as_str()).collect();
                let watts = side.iter().fold(0_u32, |sum, f| sum.saturating_add(f.watts));
                Feed { name: names.join("+").into(), watts }
            })
            .to_vec();
    }
    feeds.iter().map(alone).collect()
}

/// Rounded up: a load is never told smaller than it is.
pub fn kilograms(grams: u64) -> u32 {
    u32::try_from(grams.div_ceil(1_000)).unwrap_or(u32::MAX)
}

fn kilograms_down(grams: u64) -> u32 {
    u32::try_from(grams / 1_000).unwrap_or(u32::MAX)
}

/// The reservations of a site's other units that a reading of NetBox does not make good for.
fn kept<'a>(
    world: &'a World,
    (site, read_at): (&'a SiteId, Timestamp),
    except: &'a [UnitId],
) -> impl Iterator<Item = (&'a Unit, &'a Reservation)> {
    world
        .units
        .values()
        .filter(move |u| u.site == *site && !except.contains(&u.id))
        .filter_map(move |u| u.placement.as_ref().filter(|h| h.is_ours_to_keep(read_at)).map(|h| (&**u, &h.place)))
}
