//! The MAC of a BMC on its way from a manifest into the inventory.

use serde::{Deserialize, Serialize};

use crate::flow::attempt::Phase;
use crate::flow::step::Step;
use crate::inventory::{BmcPort, NewDevice};
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::text::Text;

/// Characters of a reason that are told of one row: a page of rows must fit a frame.
const TOLD: usize = 400;

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

impl Unit {
    /// How the row of a manifest that named this unit stands.
    pub fn registration_standing(&self) -> Standing {
        let told = |result, text: String| {
            let short: String = text.chars().take(TOLD).collect();
            Standing { result, text: short.into() }
        };
        let Some(registration) = &self.registration else {
            return match &self.device {
                // A lease was accepted: NetBox found the device by this MAC.
                Some(device) => told(Registered::MacThere, format!("NetBox device {}", device.id)),
                None => told(Registered::Failed, "a person went on without it".to_owned()),
            };
        };
        if let Some(port) = &registration.seen {
            return if port.mac != registration.bmc_mac {
                told(Registered::MacKept, port.other_mac())
            } else if registration.begun {
                told(Registered::MacSet, port.to_string())
            } else {
                told(Registered::MacThere, port.to_string())
            };
        }
        let at = self.steps.at(Step::RegisterBmc);
        match at.map(|p| &p.phase) {
            Some(Phase::Parked { fault }) => told(Registered::Failed, fault.to_string()),
            Some(Phase::Waiting { fault, .. }) => told(Registered::Waiting, fault.to_string()),
            _ if !self.disposition.may_move() => told(Registered::Waiting, format!("it is {}", self.disposition)),
            _ => told(Registered::Waiting, String::new()),
        }
    }
}
