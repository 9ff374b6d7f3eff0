//! A site's racks and what is mounted in them: three trimmed lists over REST, since a device mentions its type without
//! the height.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::rack::{Elevations, Face, HalfUnits, Mounted, Rack};
use rackhand_core::text::Text;
use serde::{Deserialize, Deserializer};

use super::client::NetBox;
use super::device::DEVICES;
use super::wire::{Choice, Id, Named, Numbered, Slug};

pub(super) const RACKS: &str = "dcim/racks/";
pub(super) const TYPES: &str = "dcim/device-types/";
/// Racks of one site, more than any has.
pub(super) const MOST_RACKS: usize = 10_000;
/// Devices of one site.
pub(super) const MOST_DEVICES: usize = 100_000;
/// Types in one query: `&id=123456` each, far below the 8 KiB servers take.
const IDS: usize = 100;

#[derive(Deserialize)]
struct RackRow {
    id: ObjectId,
    name: Text,
    site: Slug,
    location: Option<Named>,
    u_height: Halves,
    starting_unit: Halves,
    desc_units: bool,
}

#[derive(Deserialize)]
struct DeviceRow {
    id: ObjectId,
    name: Option<Text>,
    serial: Text,
    site: Slug,
    rack: Option<Id>,
    position: Option<Halves>,
    face: Option<Choice>,
    device_type: TypeRef,
}

#[derive(Deserialize)]
struct TypeRef {
    id: ObjectId,
    model: Text,
}

#[derive(Deserialize)]
struct TypeRow {
    id: ObjectId,
    u_height: Halves,
    is_full_depth: bool,
}

macro_rules! numbered {
    ($($name:ident: $fields:literal),*) => { $(
        impl Numbered for $name { fn id(&self) -> ObjectId { self.id } }
        impl $name { const FIELDS: &str = $fields; }
    )* };
}

numbered! {
    RackRow: "id,name,site,location,u_height,starting_unit,desc_units",
    DeviceRow: "id,name,serial,site,rack,position,face,device_type",
    TypeRow: "id,u_height,is_full_depth"
}

/// Units as NetBox counts them, whole or halves.
pub(super) struct Halves(pub HalfUnits);

impl<'de> Deserialize<'de> for Halves {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let units = f64::deserialize(d)?;
        super::inventory::half_units(units)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("{units} is neither whole nor half a rack unit")))
    }
}

/// The side of a rack, where NetBox says one.
pub(super) fn face(choice: Option<&Choice>) -> Option<Face> {
    match choice?.0.as_str() {
        "front" => Some(Face::Front),
        "rear" => Some(Face::Rear),
        _ => None,
    }
}

impl NetBox {
    /// The racks of a site and the devices that have one. Some requests of 1,000 objects each.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] where the token may not see racks, devices or their types.
    pub async fn elevations(&self, site: &SiteId) -> Result<Elevations, Fault> {
        let stranger = |path: &str| Self::fault(Kind::Malformed, format!("{path}: the filter was ignored"));
        let mut racks = Vec::new();
        let query = [("site", site.as_str()), ("fields", RackRow::FIELDS)];
        self.each(RACKS, &query, MOST_RACKS, |row: RackRow| {
            if SiteId::new(&row.site.slug) != *site {
                return Err(stranger(RACKS));
            }
            racks.push(Rack {
                id: row.id,
                name: row.name,
                site: row.site.slug,
                location: row.location.and_then(|l| l.name).filter(|l| !l.is_empty()),
                height: row.u_height.0,
                first: row.starting_unit.0,
                descending: row.desc_units,
            });
            Ok(())
        })
        .await?;
        let mut devices = Vec::new();
        let query = [("site", site.as_str()), ("fields", DeviceRow::FIELDS)];
        self.each(DEVICES, &query, MOST_DEVICES, |row: DeviceRow| {
            if SiteId::new(&row.site.slug) != *site {
                return Err(stranger(DEVICES));
            }
            if let Some(rack) = &row.rack {
                devices.push((rack.id, row));
            }
            Ok(())
        })
        .await?;
        let shapes = self.shapes(devices.iter().map(|(_, d)| d.device_type.id).collect()).await?;
        let mounted = devices.into_iter().filter_map(|(rack, device)| {
            // A type that went away between the lists took its devices along.
            let (height, full_depth) = shapes.get(&device.device_type.id).copied()?;
            Some(Mounted {
                device: device.id,
                name: device.name.filter(|n| !n.is_empty()),
                serial: Some(device.serial).filter(|s| !s.is_empty()),
                model: device.device_type.model,
                rack,
                position: device.position.map(|p| p.0),
                height,
                face: face(device.face.as_ref()),
                full_depth,
            })
        });
        Ok(Elevations { racks, mounted: mounted.collect() })
    }

    /// Height and depth of these device types. NetBox holds thousands of them; a site uses a few.
    async fn shapes(&self, types: BTreeSet<ObjectId>) -> Result<BTreeMap<ObjectId, (HalfUnits, bool)>, Fault> {
        let mut shapes = BTreeMap::new();
        let ids: Vec<String> = types.iter().map(ObjectId::to_string).collect();
        for some in ids.chunks(IDS) {
            let mut query: Vec<(&str, &str)> = some.iter().map(|id| ("id", id.as_str())).collect();
            query.push(("fields", TypeRow::FIELDS));
            self.each(TYPES, &query, IDS, |row: TypeRow| {
                if !types.contains(&row.id) {
                    return Err(Self::fault(Kind::Malformed, format!("{TYPES}: the filter was ignored")));
                }
                shapes.insert(row.id, (row.u_height.0, row.is_full_depth));
                Ok(())
            })
            .await?;
        }
        Ok(shapes)
    }
}
