//! Management controllers: what one says of itself and of its server, by what we know each other, its locator LED.

pub(crate) mod credential;
pub mod inventory;
pub mod locate;
pub(crate) mod locator;
pub mod reading;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::text::Text;

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

/// SHA-256 of a controller's leaf certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "not a SHA-256 fingerprint: give 64 hexadecimal digits";
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(BAD);
        }
        let mut out = [0; 32];
        for (octet, at) in out.iter_mut().zip((0..64).step_by(2)) {
            *octet = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| BAD)?;
        }
        Ok(Self(out))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
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
