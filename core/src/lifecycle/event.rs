//! How a unit goes through its life, and stands in it.

use serde::{Deserialize, Serialize};

use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::stage::Disposition;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::task::Task;
use crate::lifecycle::task::TaskId;
use crate::spine::event::events;
use crate::text::Text;

events! {
    /// How a unit goes through its life, and stands in it.
    LifeEvent:

    /// The unit entered a stage.
    StageEntered {
        /// From where.
        from: Stage,
        /// To where.
        to: Stage,
        /// On what evidence.
        evidence: Evidence,
    } = "stage_entered",
    /// How the unit stands has changed.
    DispositionChanged {
        /// From.
        from: Disposition,
        /// To.
        to: Disposition,
        /// Why.
        reason: Text,
    } = "disposition_changed",
    /// One person's word that it may be released, where that takes two.
    FirstWordGiven {
        /// Why it takes two.
        cause: crate::lifecycle::guard::Cause,
        /// The reason they gave.
        reason: Text,
    } = "first_word_given",
    /// Something is for a person to do.
    TaskOpened {
        /// The task.
        task: Task,
    } = "task_opened",
    /// A task was done, or is not needed any more.
    TaskClosed {
        /// Which.
        task: TaskId,
        /// What was done or said.
        note: Text,
        /// Whether an operator takes the server as it is: a part that is less than ordered, and stays so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accepted: bool,
    } = "task_closed",
}

impl LifeEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::StageEntered { from, to, evidence } => {
                format!("{from} -> {to}: {} ({})", evidence.proof, evidence.note)
            }
            Self::DispositionChanged { from, to, reason } => format!("{from} -> {to}: {reason}"),
            Self::FirstWordGiven { reason, .. } => {
                format!("first word to release it: {reason}; a second person's is needed")
            }
            Self::TaskOpened { task } => format!("task: {}: {}", task.kind.title(), task.text),
            Self::TaskClosed { task, note, accepted: true } => format!("task {task} closed, taken as it is: {note}"),
            Self::TaskClosed { task, note, .. } => format!("task {task} closed: {note}"),
        }
    }
}
