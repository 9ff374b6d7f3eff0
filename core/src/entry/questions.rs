//! How a manifest's row stands.

use super::registration::{Registered, Standing};
use crate::flow::attempt::Phase;
use crate::flow::step::Step;
use crate::lifecycle::unit::Unit;

/// Characters of a reason that are told of one row: a page of rows must fit a frame.
const TOLD: usize = 400;

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
