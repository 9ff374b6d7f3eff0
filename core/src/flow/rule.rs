//! What a step's rule says: its lane, how it may be repeated, its budget, its deadline, who decides when it is parked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::StepEvent;
use super::step::{Observation, Step};
use crate::fault::Fault;
use crate::id::Role;

/// What a subject's steps queue for. One step at a time in each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// NetBox: what the server's way rests on.
    Dcim,
    /// The unit's BMC, and the machine it boots. Nothing else talks to that BMC meanwhile.
    Bmc,
    /// NetBox's journal. Beside the others: a note that is late holds nothing up, and nothing holds a note up.
    Notes,
    /// A vendor: what goes on with it about one order.
    Vendor,
}

impl Lane {
    /// All that a unit has.
    pub const ALL: [Self; 3] = [Self::Dcim, Self::Bmc, Self::Notes];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dcim => "dcim",
            Self::Bmc => "bmc",
            Self::Notes => "notes",
            Self::Vendor => "vendor",
        }
    }
}

/// What a step's rule was when an event about it was recorded, as far as the fold rests on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it queues for.
    pub lane: Lane,
    /// The step that undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Step>,
}

/// How a step may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Changes nothing; not journaled before it is done.
    Read,
    /// Brings the other side to a state, looked for first; repeating does no harm.
    Sync,
    /// Touches power, or restarts a controller. Never repeated because an answer is missing; only the next rung does more.
    Force,
    /// Nothing is sent; the other side speaks.
    Await,
}

impl Class {
    /// Whether such a step changes anything outside.
    pub const fn has_effect(self) -> bool {
        matches!(self, Self::Sync | Self::Force)
    }
}

/// One step's rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The step.
    pub step: Step,
    /// Its lane.
    pub lane: Lane,
    /// How it may be repeated.
    pub class: Class,
    /// Attempts before a person is asked; `None` is patience without end.
    pub attempts: Option<u32>,
    /// Pause after the first failure; doubled each time.
    pub first: Duration,
    /// The longest pause.
    pub cap: Duration,
    /// From intention to observation.
    pub deadline: Option<Duration>,
    /// Who decides when it is parked.
    pub role: Role,
    /// What a person takes on by skipping it; `None` where nothing can stand in for it.
    pub skip: Option<&'static str>,
    /// The step that undoes it.
    pub undo: Option<Step>,
    /// How often its effect is looked for while it is awaited; `None` where the other side tells of it by itself.
    pub watched: Option<Duration>,
    /// What is awaited once it has gone out.
    pub awaits: &'static str,
    /// What a person does where the other side stays silent; empty where trying again is all there is.
    pub silent: &'static str,
}

/// So many seconds.
pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// No cause is waited out for longer, whoever says so, seconds.
const LONGEST_CAUSE: u32 = 3_600;

impl Rule {
    /// What is NetBox's: brought to a state, with patience without end.
    pub(crate) const fn of(step: Step) -> Self {
        Self {
            step,
            lane: Lane::Dcim,
            class: Class::Sync,
            attempts: None,
            first: secs(2),
            cap: secs(300),
            deadline: None,
            role: Role::Operator,
            skip: None,
            undo: None,
            watched: None,
            awaits: "waiting for its effect",
            silent: "",
        }
    }

    /// What events about the step say of its rule.
    pub fn terms(&self) -> Terms {
        Terms { lane: self.lane, undo: self.undo }
    }

    /// That its effect was seen.
    pub fn observed(&self, generation: u32, saw: Observation) -> StepEvent {
        StepEvent::StepObserved { step: self.step, generation, saw, until: None, terms: Some(self.terms()) }
    }

    /// Attempts before a person is asked about this fault: a cause that ends by itself is waited out.
    pub fn most(&self, fault: &Fault) -> Option<u32> {
        let lasts = Duration::from_secs(u64::from(fault.lasts.unwrap_or(0).min(LONGEST_CAUSE)));
        let (mut needed, mut waited) = (1, Duration::ZERO);
        while waited < lasts {
            waited += self.pause(needed);
            needed += 1;
        }
        self.attempts.map(|budget| budget.max(needed))
    }

    /// Pause before attempt `attempts + 1`, without jitter.
    pub fn pause(&self, attempts: u32) -> Duration {
        self.first.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(self.cap)
    }
}
