//! Taking over servers that run already: what NetBox shows of them, a plan that a person confirms, and the units they
//! become. Nothing is written to NetBox or to a BMC; a login proves a password, once.

pub mod commands;
pub(crate) mod event;
pub mod plan;
pub mod questions;
mod unit;

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::bmc::{Fingerprint, Identity};
use crate::id::{PlanId, SiteId};
use crate::inventory::Device;
use crate::lifecycle::stage::Stage;
use crate::mac::Mac;
use crate::text::Text;
use crate::time::Timestamp;

/// Servers in one plan at the most; what is beyond is told, and planned once these are in.
pub const MAX_PLANNED: usize = 2_000;
/// Servers confirmed at once at the most: each may be logged in to, while a person waits.
pub const MAX_CONFIRMED: usize = 50;
/// Plans that are kept. An older one is confirmed no more; planning again is cheap.
pub const MAX_PLANS: usize = 4;

impl From<Fingerprint> for PlanId {
    fn from(hash: Fingerprint) -> Self {
        let [a, b, c, d, ..] = hash.0;
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

/// A server as NetBox shows it: what a plan rests on. Whatever of it is another when the plan is confirmed is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The device. Its serial is upper case.
    pub device: Device,
    /// The MAC of its BMC's interface, where NetBox has one.
    pub bmc_mac: Option<Mac>,
}

impl Seen {
    /// What it is called: its serial, else its name in NetBox.
    pub fn label(&self) -> &Text {
        self.device.serial.as_ref().unwrap_or(&self.device.name)
    }
}

/// A server that NetBox says is in use or ready, and whether it can be taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What NetBox shows.
    pub seen: Seen,
    /// The stage it would enter.
    pub enters: Stage,
    /// Why it cannot be taken over, and what to do; `None` where it can.
    pub obstacle: Option<Text>,
}

/// A plan as it was journaled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The site.
    pub site: SiteId,
    /// SHA-256 of its rows.
    pub hash: Fingerprint,
    /// The servers that could be taken over.
    pub rows: Vec<Seen>,
    /// When it was made.
    pub at: Timestamp,
    /// By whom.
    pub by: Text,
}

impl Plan {
    /// What was seen of the server with this serial, in upper case.
    pub fn row(&self, serial: &str) -> Option<&Seen> {
        self.rows.iter().find(|seen| seen.device.serial.as_deref() == Some(serial))
    }
}

/// What came of the one login to a BMC that proves a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// The BMC took it, and is that of the server with the expected serial.
    Proven {
        /// The address it was reached at.
        address: IpAddr,
        /// What it is.
        identity: Identity,
        /// The certificate it showed, pinned from now on.
        certificate: Option<Fingerprint>,
        /// Whose account that was, such as `own account root`; never a password.
        account: Text,
    },
    /// The BMC refused it. It is not sent again until a person gives another one or retries.
    Refused {
        /// The address it was reached at.
        address: IpAddr,
        /// What the BMC is.
        identity: Identity,
        /// The certificate it showed.
        certificate: Option<Fingerprint>,
        /// What it said.
        why: Text,
    },
    /// It was not tried, or did not come to an answer: nothing is proven either way.
    Open {
        /// Why.
        why: Text,
    },
    /// The BMC at that address is another server's. The server is not taken over.
    Other {
        /// What is there.
        why: Text,
    },
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven { address, identity, account, .. } => {
                write!(f, "{account} logs in to its {} at {address}", identity.controller)
            }
            Self::Refused { address, why, .. } => write!(f, "its BMC at {address} refused the password: {why}"),
            Self::Open { why } => write!(f, "no login: {why}"),
            Self::Other { why } => f.write_str(why),
        }
    }
}

/// A row of a plan as it is when it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// The serial that was confirmed, upper case.
    pub serial: Text,
    /// What NetBox shows of it now; `None` where it lists it no more.
    pub now: Option<Candidate>,
    /// What the login came to; `None` where it needed none.
    pub login: Option<Login>,
}

/// What became of a row that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It is a unit now, in this stage. With it what the login came to.
    Entered(Stage, Login),
    /// It is a unit in this stage, kept out of everything until a second person confirms the same plan.
    HalfWay(Stage, Login),
    /// It was half way, and a second person has confirmed it: it is in the pool.
    Second,
    /// It was taken over before; nothing was to be done.
    Already,
    /// It is not taken over: why.
    Refused(Text),
}
