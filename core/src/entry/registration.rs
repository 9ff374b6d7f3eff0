//! The MAC of a BMC on its way from a manifest into the inventory.

use serde::{Deserialize, Serialize};

use crate::inventory::{BmcPort, NewDevice};
use crate::mac::Mac;
use crate::text::Text;

/// What a manifest asked for, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The MAC the manifest names. A lease that NetBox confirms may show that the BMC has another.
    pub bmc_mac: Mac,
    /// What the device is, where NetBox may lack it.
    pub create: Option<NewDevice>,
    /// Whether anything was sent to bring it about.
    pub begun: bool,
    /// What NetBox was seen to hold; `None` until it was looked at.
    pub seen: Option<BmcPort>,
    /// What was seen and noted last, so that the same is not noted again.
    pub told: Option<BmcPort>,
}

/// How far a manifest's row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registered {
    /// NetBox has not been seen to hold it yet.
    Waiting,
    /// NetBox had no MAC there and has this one now.
    MacSet,
    /// NetBox had this MAC already.
    MacThere,
    /// NetBox has another MAC there; it was left alone.
    MacKept,
    /// It cannot be done as things are; a person mends the cause and tries again.
    Failed,
}

/// How a manifest's row stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How far it is.
    pub result: Registered,
    /// Why, or what stands in NetBox. May be empty.
    pub text: Text,
}
