//! The server's power and self-test as the controller knows them, by time.

use std::time::Duration;

use rackhand_core::time::Timestamp;

/// How long things take, in the lab's time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The controller's own time for an answer.
    pub answer: Duration,
    /// From the request to power on or off.
    pub power: Duration,
    /// The self-test (POST), from power on to the boot.
    pub post: Duration,
}

impl Default for Pace {
    /// 40 ms to answer, 3 s for power, 90 s of POST.
    fn default() -> Self {
        Self { answer: Duration::from_millis(40), power: Duration::from_secs(3), post: Duration::from_secs(90) }
    }
}

/// A boot that has come out of POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Whether it goes to the network; otherwise to the disk.
    pub network: bool,
    /// When POST ended.
    pub at: Timestamp,
    /// Which change of power led to it; it is over once the controller's count has moved on.
    pub generation: u64,
}

/// Where the server is between off and running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No power.
    Off,
    /// Power goes at `off`.
    Stopping {
        /// When.
        off: Timestamp,
    },
    /// Power comes at `on` (it is there already after a restart), POST ends at `booted`.
    Starting {
        /// When power is there.
        on: Timestamp,
        /// When POST ends.
        booted: Timestamp,
    },
    /// Past POST.
    Running,
}

impl Phase {
    /// The `PowerState` word.
    pub(super) fn word(self, now: Timestamp) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Starting { on, .. } if now < on => "PoweringOn",
            Self::Stopping { .. } | Self::Starting { .. } | Self::Running => "On",
        }
    }

    /// Whether POST runs.
    pub(super) const fn in_post(self) -> bool {
        matches!(self, Self::Starting { .. })
    }

    /// When it changes by itself.
    pub(super) const fn due(self) -> Option<Timestamp> {
        match self {
            Self::Stopping { off } => Some(off),
            Self::Starting { booted, .. } => Some(booted),
            Self::Off | Self::Running => None,
        }
    }
}

/// What a reset does, whatever its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    On,
    Off,
    Restart,
    Nothing,
}

impl Action {
    /// The action of a `ResetType` in a phase; `None` for a word the controller does not know.
    pub(super) fn of(word: &str, phase: Phase) -> Option<Self> {
        Some(match word {
            "On" => Self::On,
            "ForceOff" | "GracefulShutdown" => Self::Off,
            "ForceRestart" | "GracefulRestart" | "PowerCycle" => Self::Restart,
            "PushPowerButton" if phase == Phase::Off => Self::On,
            "PushPowerButton" => Self::Off,
            "Nmi" => Self::Nothing,
            _ => return None,
        })
    }
}
