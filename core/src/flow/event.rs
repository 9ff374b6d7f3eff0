//! What becomes of a step.

use serde::{Deserialize, Serialize};

use crate::bmc::Rung;
use crate::fault::Fault;
use crate::flow::rule::Terms;
use crate::flow::step::Observation;
use crate::flow::step::Step;
use crate::spine::event::events;
use crate::text::Text;
use crate::time::Timestamp;

events! {
    /// What becomes of a step.
    StepEvent:

    /// A step is about to be taken. Written before anything is sent.
    StepIntended {
        /// Which.
        step: Step,
        /// How often it was begun anew for another cause.
        generation: u32,
        /// Attempt within the generation, from 1.
        attempt: u32,
        /// How hard, for a reset.
        rung: Option<Rung>,
        /// When it must have been observed.
        until: Option<Timestamp>,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_intended",
    /// The other side took it.
    StepAccepted {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// The receipt.
        receipt: Text,
    } = "step_accepted",
    /// Its effect was seen.
    StepObserved {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// What was seen.
        saw: Observation,
        /// By when what begins with it must be observed: the machine's report, once its boot script was fetched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_observed",
    /// Nobody knows whether it happened; looking will tell.
    StepUnknown {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why not.
        fault: Fault,
        /// When it is looked at, or tried, again.
        again_at: Timestamp,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_unknown",
    /// An attempt failed, and will be made again.
    StepFailed {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why.
        fault: Fault,
        /// When it is tried again.
        again_at: Timestamp,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_failed",
    /// Automation is at its end; a person decides. A dead letter.
    StepParked {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why.
        fault: Fault,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_parked",
    /// A person asked for a parked step to be tried again, with a fresh budget.
    StepRetried {
        /// Which.
        step: Step,
        /// The new generation.
        generation: u32,
    } = "step_retried",
    /// A person said to go on without it.
    StepSkipped {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why.
        reason: Text,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_skipped",
}

impl StepEvent {
    /// Which step it is about.
    pub const fn step(&self) -> Step {
        match self {
            Self::StepIntended { step, .. }
            | Self::StepAccepted { step, .. }
            | Self::StepObserved { step, .. }
            | Self::StepUnknown { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepParked { step, .. }
            | Self::StepRetried { step, .. }
            | Self::StepSkipped { step, .. } => *step,
        }
    }

    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::StepIntended { step, attempt, rung, .. } => match rung {
                Some(rung) => format!("{step} intended ({rung}, attempt {attempt})"),
                None => format!("{step} intended (attempt {attempt})"),
            },
            Self::StepAccepted { step, receipt, .. } => format!("{step} accepted: {receipt}"),
            Self::StepObserved { step, saw: Observation::Registered(port), .. } => format!("{step} observed: {port}"),
            Self::StepObserved { step, .. } => format!("{step} observed"),
            Self::StepUnknown { step, fault, again_at, .. } => {
                format!("{step} unknown: {fault}; looked at again {again_at}")
            }
            Self::StepFailed { step, fault, again_at, .. } => format!("{step} failed: {fault}; again {again_at}"),
            Self::StepParked { step, fault, .. } => format!("{step} needs a person: {fault}"),
            Self::StepRetried { step, generation } => format!("{step} retried (generation {generation})"),
            Self::StepSkipped { step, reason, .. } => format!("{step} skipped: {reason}"),
        }
    }
}
