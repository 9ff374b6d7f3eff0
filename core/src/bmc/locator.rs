//! What a person wants of a server's locator LED.

#![deny(clippy::wildcard_enum_match_arm)]

use serde::{Deserialize, Serialize};

use crate::lifecycle::unit::{Locator, Unit};
use crate::sentence::on_or_off;
use crate::spine::event::{Stamp, events};

events! {
    /// What a person wants of a server's locator LED.
    LocatorEvent:

    /// A person had the locator LED switched. Written before the BMC is asked.
    LocatorAsked {
        /// On, or off.
        on: bool,
    } = "locator_asked",
    /// The locator LED was read after it was asked for.
    LocatorSeen {
        /// Whether it is on.
        on: bool,
    } = "locator_seen",
}

impl LocatorEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::LocatorAsked { on } => format!("locator LED asked {}", on_or_off(*on)),
            Self::LocatorSeen { on } => format!("locator LED seen {}", on_or_off(*on)),
        }
    }
}

impl Unit {
    /// Applies what was asked of its locator LED, and what was seen.
    pub(crate) fn locate(&mut self, stamp: Stamp<'_>, event: &LocatorEvent) {
        match event {
            LocatorEvent::LocatorAsked { on } => {
                self.locator = Some(Locator { on: *on, by: stamp.by(), at: stamp.at, seen: None });
            }
            LocatorEvent::LocatorSeen { on } => match &mut self.locator {
                Some(locator) if *on => locator.seen = Some(true),
                // Asked to be on and seen off: that is told. Off as asked, there is nothing left to tell.
                Some(locator) if locator.on => locator.seen = Some(false),
                _ => self.locator = None,
            },
        }
    }
}
