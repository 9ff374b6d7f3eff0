//! What the inventory (NetBox) holds, in our words: devices, interfaces, planned cables. Nothing of its JSON.

pub mod listed;
pub mod questions;
pub mod rack;
pub mod reconcile;
pub(crate) mod steps;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::text::Text;

/// NetBox's numeric id of an object.
pub type ObjectId = u64;

/// A device as the lookup by BMC MAC finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id.
    pub id: ObjectId,
    /// Its name; may be missing in NetBox.
    pub name: Text,
    /// Its serial; empty in NetBox is `None`.
    pub serial: Option<Text>,
    /// Its model, as the device type names it.
    pub model: Text,
    /// Site slug.
    pub site: Text,
    /// Rack name and lowest unit, for a person to walk to.
    pub place: Option<Text>,
    /// The status value (`offline`, `active`, ...), as it is written, not its label.
    pub status: Text,
    /// Custom field `lifecycle_state`, where it is set.
    pub lifecycle_state: Option<Text>,
    /// Tenant slug.
    pub tenant: Option<Text>,
    /// The interface that carries the BMC's MAC.
    pub bmc_interface: ObjectId,
    /// The out-of-band address NetBox holds for the device.
    pub oob_address: Option<IpAddr>,
}

/// The answer to "whose BMC is this MAC?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup {
    /// No device has it.
    Nobody,
    /// One device has it.
    One(Device),
    /// More than one has it: an error in the inventory.
    Several(Vec<ObjectId>),
}

/// One of the server's interfaces, and where its cable should go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: ObjectId,
    /// Its name in NetBox.
    pub name: Text,
    /// The MAC NetBox holds for it.
    pub mac: Option<Mac>,
    /// The far end of its cable, planned or connected.
    pub peer: Option<Port>,
}

/// A switch port, by names as LLDP tells them too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Port {
    /// The switch's name.
    pub switch: Text,
    /// The port's name.
    pub port: Text,
}

impl Port {
    /// Whether both name one port. Switches are compared as NetBox compares devices' names, without regard to case; and
    /// by LLDP a switch may tell its full domain name where NetBox has the short one, or the other way round.
    pub fn is(&self, other: &Self) -> bool {
        is_same_host(&self.switch, &other.switch) && self.port == other.port
    }
}

/// Whether two names are one host's: equal without regard to case, or one of them the other without its domain.
pub fn is_same_host(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end_matches('.').to_lowercase(), b.trim_end_matches('.').to_lowercase());
    a == b || host(&a) == b || host(&b) == a
}

/// A host's name without its domain.
pub fn host(name: &str) -> &str {
    name.split_once('.').map_or(name, |(host, _)| host)
}

/// A server's interfaces with the cables that are planned for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CablingPlan {
    /// All but management-only interfaces, by id.
    pub interfaces: Vec<Interface>,
    /// The interface of its management controller, where it has one of a name we know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bmc: Option<Interface>,
}

/// What has to be told of a device so that it can be made, as slugs of NetBox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    /// Its device type.
    pub device_type: Text,
    /// Its role.
    pub role: Text,
    /// Its site.
    pub site: Text,
}

/// A device's BMC interface and the MAC it has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BmcPort {
    /// The device.
    pub device: ObjectId,
    /// The interface.
    pub interface: ObjectId,
    /// Its name.
    pub name: Text,
    /// The MAC.
    pub mac: Mac,
}

impl BmcPort {
    /// The sentence for a MAC that is not the one the manifest names.
    pub fn other_mac(&self) -> String {
        format!("another MAC is there and was left alone: {self}")
    }
}

impl std::fmt::Display for BmcPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NetBox device {} has {} on {}", self.device, self.mac, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_known_in_other_letters_and_with_or_without_its_domain() {
        for (a, b, same) in [
            ("sw-a7-a", "SW-A7-A", true),
            ("sw-a7-a", "Sw-A7-a.fra1.example.net", true),
            ("sw-a7-a.fra1.example.net.", "sw-a7-a", true),
            ("sw-a7-a.fra1.example.net", "sw-a7-a.waw1.example.net", false),
            ("sw-a7-a", "sw-a7-b.fra1.example.net", false),
            ("sw-a7-a", "sw-a7-ab", false),
        ] {
            assert_eq!((is_same_host(a, b), is_same_host(b, a)), (same, same), "{a} {b}");
        }
        let port = |switch: &str, port: &str| Port { switch: switch.into(), port: port.into() };
        assert!(port("sw1", "Eth1").is(&port("SW1", "Eth1")) && !port("sw1", "Eth1").is(&port("sw1", "Eth2")));
    }
}
