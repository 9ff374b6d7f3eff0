//! Racks and what is mounted in them, as the inventory (NetBox) holds it. Heights and positions are in half units:
//! NetBox counts those, and 1 U is 44.45 mm (EIA-310).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ObjectId;
use super::listed::Delta;
use crate::id::SiteId;
use crate::text::Text;

/// A height or a position in a rack, in half units: U1 is 2.
pub type HalfUnits = u16;

/// One rack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rack {
    /// Its id.
    pub id: ObjectId,
    /// Its name, unique in its site for us.
    pub name: Text,
    /// Site slug.
    pub site: Text,
    /// The room or row it stands in, where NetBox says.
    pub location: Option<Text>,
    /// Its height.
    pub height: HalfUnits,
    /// The lowest unit's number; usually U1.
    pub first: HalfUnits,
    /// Whether units are counted from the top.
    pub descending: bool,
}

/// Which side of a rack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Where servers' drives are.
    Front,
    /// Where their power supplies are.
    Rear,
}

/// A device that has a place in a rack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mounted {
    /// Its id.
    pub device: ObjectId,
    /// Its name; may be missing in NetBox.
    pub name: Option<Text>,
    /// Its serial, where NetBox has one.
    pub serial: Option<Text>,
    /// Its model.
    pub model: Text,
    /// Its rack.
    pub rack: ObjectId,
    /// The lowest unit it takes; `None` where it only stands in the rack (a power strip, a shelf's blade).
    pub position: Option<HalfUnits>,
    /// How much it takes.
    pub height: HalfUnits,
    /// The side it is mounted on; `None` where NetBox does not say.
    pub face: Option<Face>,
    /// Whether it takes the other side too.
    pub full_depth: bool,
}

/// All racks of a site with what is in them, as of one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elevations {
    /// The racks, by id.
    pub racks: Vec<Rack>,
    /// What is mounted, by device id.
    pub mounted: Vec<Mounted>,
}

impl Elevations {
    /// How it is after these changes of a site's devices; `None` where one is in a rack or of a model that cannot be told
    /// from what is known here.
    pub fn follow(&self, site: &SiteId, delta: &Delta) -> Option<Self> {
        let touched: BTreeSet<ObjectId> =
            delta.changed.iter().map(|d| d.id).chain(delta.gone.iter().copied()).collect();
        let mut mounted = self.mounted.clone();
        mounted.retain(|m| !touched.contains(&m.device));
        for device in &delta.changed {
            let Some(name) = &device.rack else { continue };
            let mut racks = self.racks.iter().filter(|r| r.name == *name && r.site.as_str() == site.as_str());
            let (Some(rack), None) = (racks.next(), racks.next()) else { return None };
            let of_its_model = self.mounted.iter().filter(|m| m.model == device.model);
            let shapes: BTreeSet<(HalfUnits, bool)> = of_its_model.map(|m| (m.height, m.full_depth)).collect();
            let (height, full_depth) = shapes.first().copied().filter(|_| shapes.len() == 1)?;
            mounted.push(Mounted {
                device: device.id,
                name: device.name.clone(),
                serial: device.serial.clone(),
                model: device.model.clone(),
                rack: rack.id,
                position: device.half_units,
                height,
                face: match device.face.as_deref() {
                    Some("front") => Some(Face::Front),
                    Some("rear") => Some(Face::Rear),
                    _ => None,
                },
                full_depth,
            });
        }
        mounted.sort_by_key(|m| m.device);
        Some(Self { racks: self.racks.clone(), mounted })
    }
}
