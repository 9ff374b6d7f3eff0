//! The restart of a BMC itself, as a person asked for it. The server is not touched by it.

#![deny(clippy::wildcard_enum_match_arm)]

use serde::{Deserialize, Serialize};

use crate::lifecycle::unit::{Restart, Unit};
use crate::spine::event::{Stamp, events};
use crate::text::Text;

events! {
    /// The restart of a BMC itself.
    RestartEvent:

    /// A person wants the BMC restarted. Written before it is asked.
    BmcRestartAsked {
        /// Why.
        reason: Text,
    } = "bmc_restart_asked",
}

impl RestartEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::BmcRestartAsked { reason } => format!("restart of its BMC asked: {reason}"),
        }
    }
}

impl Unit {
    /// Applies what was asked of its BMC.
    pub(crate) fn restart(&mut self, stamp: Stamp<'_>, event: &RestartEvent) {
        match event {
            RestartEvent::BmcRestartAsked { reason } => {
                let text = format!("{} asked its BMC to restart: {reason}", stamp.by());
                self.note(stamp.seq, stamp.at, false, text);
                self.restart = Some(Restart { at: stamp.at, by: stamp.by(), down: None });
            }
        }
    }
}
