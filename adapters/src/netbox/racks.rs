//! A site's racks and what is mounted in them: three trimmed lists over REST, since a device mentions its type without
//! the height.

use rackhand_core::fault::Fault;
use rackhand_core::id::SiteId;
use rackhand_core::inventory::rack::{Elevations, Face, HalfUnits, Mounted};
use serde::{Deserialize, Deserializer};

use super::client::NetBox;
use super::wire::Choice;

pub(super) const RACKS: &str = "dcim/racks/";
pub(super) const TYPES: &str = "dcim/device-types/";
/// Racks of one site, more than any has.
pub(super) const MOST_RACKS: usize = 10_000;
/// Devices of one site.
pub(super) const MOST_DEVICES: usize = 100_000;

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
    /// [`rackhand_core::fault::Kind::Forbidden`] where the token may not see racks, devices or their types.
    pub async fn elevations(&self, site: &SiteId) -> Result<Elevations, Fault> {
        let racks = self.cabinets(site).await?.into_values().map(|cabinet| cabinet.rack).collect();
        let mut devices = self.equipment(site).await?;
        devices.retain(|_, device| device.rack.is_some());
        let shapes = self.shapes(devices.values().map(|d| d.kind).collect()).await?;
        let mounted = devices.into_iter().filter_map(|(device, of)| {
            // A type that went away between the lists took its devices along.
            let shape = shapes.get(&of.kind)?;
            Some(Mounted {
                device,
                name: of.name,
                serial: of.serial,
                model: shape.model.clone(),
                rack: of.rack?,
                position: of.position,
                height: shape.height,
                face: of.face,
                full_depth: shape.full_depth,
            })
        });
        Ok(Elevations { racks, mounted: mounted.collect() })
    }
}
