//! Management controllers: what one says of itself and of its server, by what we know each other, its locator LED.

mod commands;
pub(crate) mod credential;
pub mod inventory;
pub mod locate;
pub(crate) mod locator;
mod questions;
pub mod reading;
pub(crate) mod restart;
pub(crate) mod steps;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::text::Text;

pub use crate::spine::fingerprint::Fingerprint;

/// Who made it. Drivers are chosen in `adapters/redfish`; nothing else asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Hewlett Packard Enterprise.
    Hpe,
    /// Dell.
    Dell,
    /// Anyone else.
    Other,
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Hpe => "HPE",
            Self::Dell => "Dell",
            Self::Other => "other",
        })
    }
}

/// What the service root tells without a login (DSP0266 6.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The vendor.
    pub vendor: Vendor,
    /// The controller, such as `iLO 6` or `iDRAC9`.
    pub controller: Text,
    /// Its firmware version, where the root tells it.
    pub firmware: Option<Text>,
    /// The serial people call the server by, where the root tells it (Dell's service tag).
    pub serial: Option<Text>,
}

/// Whether the server runs. Unknown is not off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Running.
    On,
    /// Not running.
    Off,
    /// On its way to running.
    PoweringOn,
    /// On its way to off.
    PoweringOff,
    /// Not told, or told in a word we do not know.
    Unknown,
}

/// What a logged-in reading of the system tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemReading {
    /// The serial people call the server by: HPE `SerialNumber`, Dell `SKU` (the service tag).
    pub serial: Text,
    /// The model, without the vendor's name.
    pub model: Text,
    /// Power state at the reading.
    pub power: Power,
    /// Host NIC MACs the controller knows. Empty on many controllers until the first POST.
    pub nics: Vec<Mac>,
}

/// How hard the server is pushed into its network boot. Each rung re-checks its precondition and is used once per cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Power on where it is off, restart where it runs.
    Restart,
    /// Off, seen off, on again.
    PowerCycle,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Restart => "restart",
            Self::PowerCycle => "power cycle",
        })
    }
}
