//! How the daemon itself does, and the systems around it.

use serde::{Deserialize, Serialize};

use super::tap::{RogueServer, TapStatus};
use crate::fault::System;
use crate::text::Text;
use crate::time::Timestamp;

/// An outside system, and how it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemHealth {
    /// Which kind of system.
    pub system: System,
    /// What this one is called.
    pub name: Text,
    /// How it does.
    pub doing: Doing,
}

/// How an outside system does, by what was last heard of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Nothing was heard of it yet.
    #[default]
    Unknown,
    /// It answered, the last time then.
    Good {
        /// When.
        at: Timestamp,
    },
    /// It does not.
    Bad {
        /// Since when.
        since: Timestamp,
        /// Why, and when it is tried again.
        why: Text,
    },
}

impl Doing {
    /// What is wrong, and since when; `None` where nothing is known to be.
    pub fn wrong(&self) -> Option<Text> {
        match self {
            Self::Unknown | Self::Good { .. } => None,
            Self::Bad { since, why } => Some(format!("since {since}: {why}").into()),
        }
    }

    /// What is heard next: an answer, or what went wrong. Since when it goes wrong stays as it was.
    #[must_use]
    pub fn heard(&self, how: Result<(), &str>, now: Timestamp) -> Self {
        match (how, self) {
            (Ok(()), _) => Self::Good { at: now },
            (Err(why), Self::Bad { since, .. }) => Self::Bad { since: *since, why: Text::new(why) },
            (Err(why), Self::Unknown | Self::Good { .. }) => Self::Bad { since: now, why: Text::new(why) },
        }
    }
}

/// How the daemon itself does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// `None` while events can be written; else why not.
    pub intake_stopped: Option<Text>,
    /// Why effects are on hold, and what lifts it; `None` while they go out.
    #[serde(default)]
    pub held: Option<Text>,
    /// Outside systems that are asked again and again, or through a gate.
    pub systems: Vec<SystemHealth>,
    /// Leases from MACs nobody knows, since the daemon started.
    pub unknown_leases: u64,
    /// The taps, as configured.
    #[serde(default)]
    pub taps: Vec<TapStatus>,
    /// DHCP servers that are not on the list of those that may give addresses, those heard last.
    #[serde(default)]
    pub rogue_servers: Vec<RogueServer>,
}
