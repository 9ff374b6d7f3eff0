//! How the rows of a manifest stand, as who imported them asks.

use serde::{Deserialize, Serialize};

use super::registration::{Registered, Standing};
use crate::flow::attempt::Phase;
use crate::flow::step::Step;
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::world::World;

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

/// Rows of a manifest in one call at the most.
pub const MAX_IMPORT: usize = 500;

/// How the rows with these serials stand; at most [`MAX_IMPORT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported(pub Vec<Text>);

/// How they stand; `None` for a serial nobody has. `away` is why NetBox does not answer.
pub fn imported(world: &World, Imported(serials): &Imported, away: Option<&Text>) -> Vec<Option<Standing>> {
    let standing = |serial: &Text| {
        let mut standing = world.by_serial(serial)?.registration_standing();
        if let (Registered::Waiting, Some(away)) = (standing.result, away) {
            standing.text = format!("NetBox does not answer {away}").into();
        }
        Some(standing)
    };
    serials.iter().take(MAX_IMPORT).map(standing).collect()
}
