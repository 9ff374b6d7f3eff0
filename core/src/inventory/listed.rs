//! A site's inventory as a whole, as NetBox holds it at one moment: devices with their interfaces and MACs. Plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{ObjectId, Port};
use crate::id::SiteId;
use crate::mac::Mac;
use crate::text::Text;
use crate::time::Timestamp;

/// Names of interfaces that belong to a management controller, as they begin, in lower case.
const BMC_NAMES: [&str; 5] = ["bmc", "ilo", "idrac", "ipmi", "drac"];

/// Whether an interface of this name belongs to a management controller.
pub fn is_bmc_name(name: &str) -> bool {
    let name = name.to_lowercase();
    BMC_NAMES.iter().any(|known| name.starts_with(known))
}

/// All devices of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The site.
    pub site: SiteId,
    /// Every change up to this moment is in it, by NetBox's clock; `None` where the change log could not be read.
    pub as_of: Option<Timestamp>,
    /// Rows at the end of the change log that are in it. What is read twice for safety is told by them.
    #[serde(default)]
    pub seen: BTreeSet<ObjectId>,
    /// The devices.
    pub devices: BTreeMap<ObjectId, DeviceRecord>,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Its id.
    pub id: ObjectId,
    /// Its name, where it has one.
    pub name: Option<Text>,
    /// Its serial; empty in NetBox is `None`.
    pub serial: Option<Text>,
    /// Its model, as the device type names it.
    pub model: Text,
    /// The status value.
    pub status: Text,
    /// Tenant slug.
    pub tenant: Option<Text>,
    /// Rack name.
    pub rack: Option<Text>,
    /// Twice the lowest unit, since NetBox knows half units.
    pub half_units: Option<u16>,
    /// `front` or `rear`.
    pub face: Option<Text>,
    /// Custom field `lifecycle_state`.
    pub lifecycle_state: Option<Text>,
    /// Our datetime custom fields that are set, as NetBox writes them.
    pub stamps: BTreeMap<Text, Text>,
    /// Its out-of-band address.
    pub oob_address: Option<IpAddr>,
    /// Its interfaces, by id.
    pub interfaces: Vec<InterfaceRecord>,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceRecord {
    /// Its id.
    pub id: ObjectId,
    /// Its name.
    pub name: Text,
    /// Whether it carries management traffic only.
    pub mgmt_only: bool,
    /// Its primary MAC.
    pub primary: Option<Mac>,
    /// All its MACs.
    pub macs: Vec<Mac>,
}

/// One device with the cables of its interfaces: all that a unit's steps look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The device.
    pub device: DeviceRecord,
    /// The cables, by the interface they are plugged into.
    pub cables: BTreeMap<ObjectId, CableRecord>,
}

/// A cable as one of its ends sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CableRecord {
    /// Its id.
    pub id: ObjectId,
    /// Whether it is connected; else it is planned or on its way out.
    pub connected: bool,
    /// The far end, where it is one switch port.
    pub peer: Option<Port>,
}

/// What changed since a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// These devices, as they are now.
    Some(Delta),
    /// More than is worth telling one by one, or something many devices have in common, such as a rack's name: read
    /// everything.
    Read(Text),
}

/// A few devices that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Every change up to this moment is in it, by NetBox's clock.
    pub until: Timestamp,
    /// Rows of the change log it was made from, and those before it that were read again.
    pub seen: BTreeSet<ObjectId>,
    /// Made or changed.
    pub changed: Vec<DeviceRecord>,
    /// Deleted, or moved to another site.
    pub gone: Vec<ObjectId>,
}

impl Inventory {
    /// An inventory without devices.
    pub fn new(site: SiteId) -> Self {
        Self { site, as_of: None, seen: BTreeSet::new(), devices: BTreeMap::new() }
    }

    /// Takes in what changed.
    pub fn apply(&mut self, delta: Delta) {
        for id in delta.gone {
            self.devices.remove(&id);
        }
        self.devices.extend(delta.changed.into_iter().map(|device| (device.id, device)));
        self.as_of = Some(delta.until);
        self.seen = delta.seen;
    }

    /// How many interfaces the devices have.
    pub fn interfaces(&self) -> usize {
        self.devices.values().map(|d| d.interfaces.len()).sum()
    }

    /// The devices with this MAC on an interface. More than one is an error in the inventory.
    pub fn with_mac(&self, mac: Mac) -> impl Iterator<Item = &DeviceRecord> {
        self.devices.values().filter(move |d| d.macs().any(|m| m == mac))
    }

    /// The device that has this interface.
    pub fn with_interface(&self, interface: ObjectId) -> Option<&DeviceRecord> {
        self.devices.values().find(|d| d.interfaces.iter().any(|i| i.id == interface))
    }
}

impl DeviceRecord {
    /// What a person calls it: its name, else its serial, else its number.
    pub fn label(&self) -> Text {
        self.name.clone().or_else(|| self.serial.clone()).unwrap_or_else(|| format!("device {}", self.id).into())
    }

    /// Rack and lowest unit, for a person to walk to.
    pub fn place(&self) -> Option<Text> {
        let rack = self.rack.as_ref()?;
        Some(self.half_units.map_or_else(|| rack.clone(), |n| format!("{rack} U{}", f64::from(n) / 2.0).into()))
    }

    /// All MACs of all interfaces.
    pub fn macs(&self) -> impl Iterator<Item = Mac> {
        self.interfaces.iter().flat_map(|i| i.macs.iter().copied())
    }

    /// The management controller's interface: a management-only one that is named like one. What has none is no server
    /// as far as Rackhand is concerned, but a switch, a panel or a power strip.
    pub fn bmc(&self) -> Option<&InterfaceRecord> {
        self.interfaces.iter().find(|i| i.mgmt_only && is_bmc_name(&i.name))
    }
}
