//! What is in a server, as its controller lists it. What it did not say is `None`.

use serde::{Deserialize, Serialize};

use super::reading::Health;
use crate::mac::Mac;
use crate::text::Text;

/// One firmware component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FirmwareComponent {
    /// Its id on the controller.
    pub id: Option<Text>,
    /// Its name.
    pub name: Option<Text>,
    /// Its class, in the vendor's words: where it sits on HPE, `BIOS`, `FRMW` or `APAC` on Dell.
    pub class: Option<Text>,
    /// Version.
    pub version: Option<Text>,
    /// Whether it can be updated from here.
    pub updateable: Option<bool>,
    /// Whether this is what runs; Dell lists earlier versions too.
    pub current: Option<bool>,
}

/// One memory module that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryModule {
    /// Its slot.
    pub slot: Option<Text>,
    /// Mebibytes.
    pub mebibytes: Option<u64>,
    /// Speed it runs at, MHz.
    pub megahertz: Option<u32>,
    /// Kind, such as `DDR5`.
    pub kind: Option<Text>,
    /// Maker.
    pub manufacturer: Option<Text>,
    /// Part number.
    pub part: Option<Text>,
    /// Serial.
    pub serial: Option<Text>,
    /// Health.
    pub health: Option<Health>,
}

/// One processor or accelerator that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Processor {
    /// Its socket.
    pub socket: Option<Text>,
    /// `CPU`, `GPU`, ...
    pub kind: Option<Text>,
    /// Model.
    pub model: Option<Text>,
    /// Cores.
    pub cores: Option<u32>,
    /// Threads.
    pub threads: Option<u32>,
    /// Most MHz.
    pub megahertz: Option<u32>,
    /// Health.
    pub health: Option<Health>,
}

/// One drive that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drive {
    /// Its bay.
    pub bay: Option<Text>,
    /// Model.
    pub model: Option<Text>,
    /// Serial.
    pub serial: Option<Text>,
    /// `SSD` or `HDD`.
    pub media: Option<Text>,
    /// `SATA`, `SAS`, `NVMe`, ...
    pub protocol: Option<Text>,
    /// Bytes.
    pub bytes: Option<u64>,
    /// Life left, percent.
    pub life_left_percent: Option<u32>,
    /// Whether it says that it will fail.
    pub failing: Option<bool>,
    /// Firmware.
    pub firmware: Option<Text>,
    /// Health.
    pub health: Option<Health>,
}

/// One network adapter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adapter {
    /// Its id.
    pub id: Option<Text>,
    /// Model.
    pub model: Option<Text>,
    /// Maker.
    pub manufacturer: Option<Text>,
    /// Serial.
    pub serial: Option<Text>,
    /// Firmware.
    pub firmware: Option<Text>,
    /// Health.
    pub health: Option<Health>,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// One port of an adapter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    /// Its id.
    pub id: Option<Text>,
    /// Its number on the adapter.
    pub number: Option<Text>,
    /// Whether there is a link.
    pub up: Option<bool>,
    /// Link speed, Gbit/s; `None` without a link.
    pub gbps: Option<f64>,
    /// Its MACs.
    pub macs: Vec<Mac>,
    /// Who is at the other end.
    pub neighbour: Option<Neighbour>,
}

/// What LLDP (IEEE 802.1AB) told the port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The switch's chassis id.
    pub chassis: Text,
    /// The switch's port id.
    pub port: Option<Text>,
}

/// What is in the server, as its controller knows it. Controllers keep the last inventory while the server is off.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// Memory modules.
    pub memory: Vec<MemoryModule>,
    /// Processors and accelerators.
    pub processors: Vec<Processor>,
    /// Drives.
    pub drives: Vec<Drive>,
    /// Network adapters.
    pub adapters: Vec<Adapter>,
    /// MACs of the host's own interfaces; see [`super::SystemReading::nics`].
    pub interfaces: Vec<Mac>,
    /// What the controller's own port hears by LLDP.
    pub management: Option<Neighbour>,
}
