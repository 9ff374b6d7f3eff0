//! A site as placement looks at it: racks with their limits, feeds and reservations, devices with what they draw, and, for
//! the racks that come into question, free switch ports and outlets. Trimmed lists over REST.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::listed::is_bmc_name;
use rackhand_core::inventory::rack::Rack;
use rackhand_core::placement::room::{
    Cabinet, Ends, Equipment, FeedRecord, FreeOutlet, FreePort, Inlet, Nic, Room, Shape, Sockets, draw,
};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use self::rows::{
    DeviceRow, FeedRow, InletRow, InletTemplate, OutletRow, PortRow, PortTemplate, RackRow, ReservationRow, TypeRow,
};
use super::cabling::INTERFACES;
use super::client::NetBox;
use super::device::DEVICES;
use super::racks::{MOST_DEVICES, MOST_RACKS, RACKS, TYPES, face};
use super::wire::Choice;

pub(super) const FEEDS: &str = "dcim/power-feeds/";
pub(super) const RESERVATIONS: &str = "dcim/rack-reservations/";
pub(super) const POWER_PORTS: &str = "dcim/power-ports/";
pub(super) const OUTLETS: &str = "dcim/power-outlets/";
pub(super) const PORT_TEMPLATES: &str = "dcim/interface-templates/";
pub(super) const INLET_TEMPLATES: &str = "dcim/power-port-templates/";
/// Power inlets of one site.
const MOST_INLETS: usize = 400_000;
/// Interfaces or outlets of the racks of one question.
const MOST_SOCKETS: usize = 100_000;
/// Interfaces or inlets of one server or device type.
const OF_A_SERVER: usize = 500;
/// Ids in one query: `&rack_id=123456` each, far below the 8 KiB servers take.
const IDS: usize = 100;
/// What has so many ports that take a cable, and no management controller, is a switch.
const SWITCH_PORTS: usize = 8;
/// Types of interfaces that take no cable.
const NO_CABLE: [&str; 3] = ["virtual", "bridge", "lag"];

impl NetBox {
    /// The site without ports and outlets. Some requests of 1,000 objects each: racks, devices, their types, feeds,
    /// reservations, inlets.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] where the token may not see one of them.
    pub async fn room(&self, site: &SiteId, now: Timestamp) -> Result<Room, Fault> {
        let mut room = Room {
            site: site.clone(),
            read_at: now,
            racks: self.cabinets(site).await?,
            devices: self.equipment(site).await?,
            shapes: BTreeMap::new(),
            sockets: BTreeMap::new(),
        };
        let kinds: BTreeSet<ObjectId> = room.devices.values().map(|d| d.kind).collect();
        room.shapes = self.shapes(kinds).await?;
        // What is on a rack or device of another site was asked for by nobody; what is on none concerns nobody.
        let query = [("site", site.as_str()), ("fields", FeedRow::FIELDS)];
        self.each(FEEDS, &query, MOST_RACKS, |row: FeedRow| {
            let Some(rack) = &row.rack else { return Ok(()) };
            let cabinet = room.racks.get_mut(&rack.id).ok_or_else(|| ignored(FEEDS))?;
            if row.status.0.as_str() == "active" {
                cabinet.feeds.push(row.record());
            }
            Ok(())
        })
        .await?;
        let query = [("site", site.as_str()), ("fields", ReservationRow::FIELDS)];
        self.each(RESERVATIONS, &query, MOST_RACKS, |row: ReservationRow| {
            let cabinet = room.racks.get_mut(&row.rack.id).ok_or_else(|| ignored(RESERVATIONS))?;
            cabinet.reserved.extend(row.units.iter().flat_map(|unit| [unit.0, unit.0.saturating_add(1)]));
            Ok(())
        })
        .await?;
        let mut inlets: BTreeMap<ObjectId, Vec<Inlet>> = BTreeMap::new();
        let query = [("site", site.as_str()), ("fields", InletRow::FIELDS)];
        self.each(POWER_PORTS, &query, MOST_INLETS, |row: InletRow| {
            if !room.devices.contains_key(&row.device.id) {
                return Err(ignored(POWER_PORTS));
            }
            inlets.entry(row.device.id).or_default().push(row.inlet());
            Ok(())
        })
        .await?;
        for (device, inlets) in inlets {
            if let Some(device) = room.devices.get_mut(&device) {
                device.watts = draw(inlets.iter());
            }
        }
        Ok(room)
    }

    /// The shapes of these device types. NetBox holds thousands of them; a site uses a few.
    pub(super) async fn shapes(&self, kinds: BTreeSet<ObjectId>) -> Result<BTreeMap<ObjectId, Shape>, Fault> {
        let mut shapes = BTreeMap::new();
        for some in ids(&kinds).chunks(IDS) {
            let mut query: Vec<(&str, &str)> = some.iter().map(|id| ("id", id.as_str())).collect();
            query.push(("fields", TypeRow::FIELDS));
            self.each(TYPES, &query, IDS, |row: TypeRow| {
                if !kinds.contains(&row.id) {
                    return Err(ignored(TYPES));
                }
                shapes.insert(row.id, row.shape());
                Ok(())
            })
            .await?;
        }
        Ok(shapes)
    }

    pub(super) async fn cabinets(&self, site: &SiteId) -> Result<BTreeMap<ObjectId, Cabinet>, Fault> {
        let mut racks = BTreeMap::new();
        let query = [("site", site.as_str()), ("fields", RackRow::FIELDS)];
        self.each(RACKS, &query, MOST_RACKS, |row: RackRow| {
            if SiteId::new(&row.site.slug) != *site {
                return Err(ignored(RACKS));
            }
            let carries = grams(row.max_weight, row.weight_unit.as_ref());
            let rack = Rack {
                id: row.id,
                name: row.name,
                site: row.site.slug,
                location: row.location.and_then(|l| l.name).filter(|l| !l.is_empty()),
                height: row.u_height.0,
                first: row.starting_unit.0,
                descending: row.desc_units,
            };
            racks.insert(row.id, Cabinet { rack, carries, feeds: Vec::new(), reserved: BTreeSet::new() });
            Ok(())
        })
        .await?;
        Ok(racks)
    }

    pub(super) async fn equipment(&self, site: &SiteId) -> Result<BTreeMap<ObjectId, Equipment>, Fault> {
        let mut devices = BTreeMap::new();
        let query = [("site", site.as_str()), ("fields", DeviceRow::FIELDS)];
        self.each(DEVICES, &query, MOST_DEVICES, |row: DeviceRow| {
            if SiteId::new(&row.site.slug) != *site {
                return Err(ignored(DEVICES));
            }
            let device = Equipment {
                name: row.name.filter(|n| !n.is_empty()),
                serial: Some(row.serial).filter(|s| !s.is_empty()),
                kind: row.device_type.id,
                tenant: row.tenant.map(|t| t.slug),
                rack: row.rack.map(|r| r.id),
                position: row.position.map(|p| p.0),
                face: face(row.face.as_ref()),
                watts: None,
            };
            devices.insert(row.id, device);
            Ok(())
        })
        .await?;
        Ok(devices)
    }

    /// What is free to plug into in these racks, for each of them.
    pub async fn sockets(&self, room: &Room, racks: &BTreeSet<ObjectId>) -> Result<BTreeMap<ObjectId, Sockets>, Fault> {
        let mut found: BTreeMap<ObjectId, Sockets> = racks.iter().map(|rack| (*rack, Sockets::default())).collect();
        let mut ports: BTreeMap<ObjectId, Vec<PortRow>> = BTreeMap::new();
        let mut strips: BTreeMap<ObjectId, Vec<OutletRow>> = BTreeMap::new();
        for some in ids(racks).chunks(IDS) {
            let query = |fields| {
                let racks = some.iter().map(|id| ("rack_id", id.as_str()));
                racks.chain([("fields", fields)]).collect::<Vec<(&str, &str)>>()
            };
            // A device that is new in a rack since the room was read is left for the next time.
            let known = |path: &str, device: ObjectId| match room.devices.get(&device) {
                Some(d) if d.rack.is_some_and(|rack| racks.contains(&rack)) => Ok(true),
                Some(_) => Err(ignored(path)),
                None => Ok(false),
            };
            self.each(INTERFACES, &query(PortRow::FIELDS), MOST_SOCKETS, |row: PortRow| {
                if known(INTERFACES, row.device.id)? {
                    ports.entry(row.device.id).or_default().push(row);
                }
                Ok(())
            })
            .await?;
            self.each(OUTLETS, &query(OutletRow::FIELDS), MOST_SOCKETS, |row: OutletRow| {
                if known(OUTLETS, row.device.id)? {
                    strips.entry(row.device.id).or_default().push(row);
                }
                Ok(())
            })
            .await?;
        }
        for (device, ports) in ports {
            let Some(name) = ports.first().and_then(|p| p.device.name.clone()).filter(|n| !n.is_empty()) else {
                continue;
            };
            let cabled: Vec<&PortRow> = ports.iter().filter(|p| !p.mgmt_only && takes_cable(&p.kind)).collect();
            let server = ports.iter().any(|p| p.mgmt_only && is_bmc_name(&p.name));
            let rack = room.devices.get(&device).and_then(|d| d.rack);
            let Some(sockets) = rack.and_then(|rack| found.get_mut(&rack)) else { continue };
            if server || cabled.len() < SWITCH_PORTS {
                continue;
            }
            let management = is_for_management(&name);
            sockets.switches += usize::from(!management);
            let free = cabled.into_iter().filter(|p| p.cable.is_none() && !p.mark_connected);
            sockets.ports.extend(free.map(|p| FreePort {
                switch: name.clone(),
                port: p.name.clone(),
                kind: p.kind.0.clone(),
                management,
            }));
        }
        for (device, outlets) in strips {
            let Some(rack) = room.devices.get(&device).and_then(|d| d.rack) else { continue };
            let Some(sockets) = found.get_mut(&rack) else { continue };
            sockets.strips += 1;
            let feeds = room.racks.get(&rack).map(|c| c.feeds.as_slice()).unwrap_or_default();
            let feed = feeds.iter().find(|f| f.strips.contains(&device)).map(|f| f.name.clone());
            let free = outlets.into_iter().filter(|o| o.cable.is_none() && !o.mark_connected);
            sockets.outlets.extend(free.filter_map(|o| {
                Some(FreeOutlet { strip: o.device.name.filter(|n| !n.is_empty())?, outlet: o.name, feed: feed.clone() })
            }));
        }
        Ok(found)
    }

    /// What a device has to be plugged in by.
    pub async fn ends_of(&self, device: ObjectId) -> Result<Ends, Fault> {
        let id = device.to_string();
        let query = [("device_id", id.as_str()), ("fields", PortRow::FIELDS)];
        let ports: Vec<PortRow> = self.list(INTERFACES, &query, OF_A_SERVER).await?;
        let query = [("device_id", id.as_str()), ("fields", InletRow::FIELDS)];
        let inlets: Vec<InletRow> = self.list(POWER_PORTS, &query, OF_A_SERVER).await?;
        if ports.iter().any(|p| p.device.id != device) {
            return Err(ignored(INTERFACES));
        }
        if inlets.iter().any(|p| p.device.id != device) {
            return Err(ignored(POWER_PORTS));
        }
        let nics = ports.into_iter().filter(|p| takes_cable(&p.kind)).map(|p| Nic {
            management: p.mgmt_only,
            taken: p.cable.is_some() || p.mark_connected,
            name: p.name,
            kind: p.kind.0,
        });
        Ok(Ends { nics: nics.collect(), inlets: inlets.iter().map(InletRow::inlet).collect() })
    }

    /// The device type of this model, where exactly one has it: its shape, and what its devices come with. For what
    /// NetBox has no device of yet.
    pub async fn type_of(&self, model: &str) -> Result<Option<(Shape, Ends)>, Fault> {
        self.type_by(("model", model), |row| &row.model).await
    }

    /// The same of the device type with this slug, as orders name it.
    pub async fn type_called(&self, slug: &str) -> Result<Option<(Shape, Ends)>, Fault> {
        self.type_by(("slug", slug), |row| &row.slug).await
    }

    async fn type_by(
        &self,
        (field, value): (&str, &str),
        has: fn(&TypeRow) -> &Text,
    ) -> Result<Option<(Shape, Ends)>, Fault> {
        let query = [(field, value), ("fields", TypeRow::FIELDS)];
        let mut found: Vec<TypeRow> = self.list(TYPES, &query, OF_A_SERVER).await?;
        if found.iter().any(|row| has(row).as_str() != value) {
            return Err(ignored(TYPES));
        }
        let (Some(row), true) = (found.pop(), found.is_empty()) else { return Ok(None) };
        let id = row.id.to_string();
        let query = [("device_type_id", id.as_str()), ("fields", PortTemplate::FIELDS)];
        let ports: Vec<PortTemplate> = self.list(PORT_TEMPLATES, &query, OF_A_SERVER).await?;
        let query = [("device_type_id", id.as_str()), ("fields", InletTemplate::FIELDS)];
        let inlets: Vec<InletTemplate> = self.list(INLET_TEMPLATES, &query, OF_A_SERVER).await?;
        if ports.iter().any(|p| p.device_type.id != row.id) {
            return Err(ignored(PORT_TEMPLATES));
        }
        if inlets.iter().any(|p| p.device_type.id != row.id) {
            return Err(ignored(INLET_TEMPLATES));
        }
        let nics = ports.into_iter().filter(|p| takes_cable(&p.kind)).map(|p| Nic {
            management: p.mgmt_only,
            taken: false,
            name: p.name,
            kind: p.kind.0,
        });
        let inlets = inlets.into_iter().map(|p| Inlet {
            name: p.name,
            maximum: p.maximum_draw,
            allocated: p.allocated_draw,
            taken: false,
        });
        Ok(Some((row.shape(), Ends { nics: nics.collect(), inlets: inlets.collect() })))
    }
}

impl TypeRow {
    fn shape(&self) -> Shape {
        Shape {
            model: self.model.clone(),
            height: self.u_height.0,
            full_depth: self.is_full_depth,
            grams: grams(self.weight, self.weight_unit.as_ref()),
        }
    }
}

impl FeedRow {
    fn record(self) -> FeedRecord {
        // As NetBox counts a feed's available power: voltage is between two conductors where there are three phases.
        let phases = if self.phase.0.as_str() == "three-phase" { 1.732 } else { 1.0 };
        let watts = self.voltage.abs() * self.amperage * self.max_utilization / 100.0 * phases;
        let strips = self.connected_endpoints.unwrap_or_default();
        FeedRecord {
            name: self.name,
            watts: whole(watts),
            redundant: self.kind.0.as_str() == "redundant",
            strips: strips.into_iter().filter_map(|e| e.device).map(|d| d.id).collect(),
        }
    }
}

impl InletRow {
    fn inlet(&self) -> Inlet {
        Inlet {
            name: self.name.clone(),
            maximum: self.maximum_draw,
            allocated: self.allocated_draw,
            taken: self.cable.is_some() || self.mark_connected,
        }
    }
}

fn ids(ids: &BTreeSet<ObjectId>) -> Vec<String> {
    ids.iter().map(ObjectId::to_string).collect()
}

fn ignored(path: &str) -> Fault {
    NetBox::fault(Kind::Malformed, format!("{path}: the filter was ignored"))
}

fn takes_cable(kind: &Choice) -> bool {
    let kind = kind.0.as_str();
    !NO_CABLE.contains(&kind) && !kind.starts_with("ieee802.11") && !kind.starts_with("ieee802.15")
}

/// Switches for management controllers are known by their name; NetBox has no better word for it.
fn is_for_management(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        ["mgmt", "oob", "bmc", "ipmi", "management"].iter().any(|word| part.trim_end_matches(char::is_numeric) == *word)
    })
}

/// A weight in grams; `None` where there is none, or its unit is not one of NetBox's.
fn grams(weight: Option<f64>, unit: Option<&Choice>) -> Option<u64> {
    let each = match unit?.0.as_str() {
        "kg" => 1_000.0,
        "g" => 1.0,
        "lb" => 453.592_37,
        "oz" => 28.349_523_125,
        _ => return None,
    };
    weight.filter(|w| *w >= 0.0).map(|w| u64::from(whole((w * each).min(4e9))))
}

/// The whole part of a number that is not negative.
fn whole(number: f64) -> u32 {
    // Saturates: from 1.45 on, `as` does not wrap.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
    let whole = number.clamp(0.0, f64::from(u32::MAX)) as u32;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_in_each_of_netboxs_units_and_in_no_other() {
        let grams = |weight, unit: &str| grams(Some(weight), Some(&Choice(unit.into())));
        assert_eq!(grams(16.3, "kg"), Some(16_300));
        assert_eq!(grams(2.0, "lb"), Some(907));
        assert_eq!(grams(16.0, "oz"), Some(453));
        assert_eq!((grams(7.0, "stone"), grams(-1.0, "kg")), (None, None));
        assert_eq!(super::grams(Some(7.0), None), None);
    }

    #[test]
    fn a_management_switch_is_known_by_a_word_of_its_name() {
        for (name, is) in [("sw-a07-mgmt", true), ("oob1.fra1", true), ("sw-A07-a", false), ("mgmtless", false)] {
            assert_eq!(is_for_management(name), is, "{name}");
        }
    }
}
