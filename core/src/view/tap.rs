//! How the taps do, and which DHCP servers they heard that are none of ours.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::time::Timestamp;

/// What a tap is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapState {
    /// It has not looked for its interface yet.
    Opening,
    /// It hears what passes.
    Listening,
    /// No interface has this name.
    NoSuchInterface,
    /// The interface is set down, or its cable leads nowhere.
    LinkDown,
    /// The daemon may not listen on interfaces.
    NotPermitted,
    /// The system refuses for another reason.
    Failed,
    /// It has ended.
    Stopped,
}

impl TapState {
    /// A few words for every table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Listening => "listening",
            Self::NoSuchInterface => "no such interface",
            Self::LinkDown => "link down",
            Self::NotPermitted => "not permitted",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// One tap. Counts are since the daemon started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapStatus {
    /// The interface's name.
    pub interface: Text,
    /// What it is at.
    pub state: TapState,
    /// Since when, by the daemon's clock.
    pub since: Timestamp,
    /// What is wrong and what to do, where the state alone does not tell.
    pub trouble: Option<Text>,
    /// DHCP frames heard.
    pub frames: u64,
    /// Of these, dropped because the daemon did not come after.
    pub dropped: u64,
    /// Frames that the kernel had no room for, so that they were not heard at all.
    pub missed: u64,
}

/// A DHCP server that gives addresses and is not on the list of those that may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RogueServer {
    /// What it calls itself (option 54); `None` where it does not say.
    pub address: Option<Ipv4Addr>,
    /// Leases it gave that were not taken in.
    pub leases: u64,
    /// When it gave the last.
    pub last: Timestamp,
}
