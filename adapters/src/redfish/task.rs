//! What a controller does in the background: tasks (DSP0266 12.2), jobs, Dell's jobs.

use std::time::Duration;

use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde_json::Value;

use super::message::Message;
use super::wire::{local_path, small, text};

/// iDRAC answers 404 to a job it has just named, for about ten seconds (sushy, `fix-dell-bmc-404`).
pub(super) const UNBORN: Duration = Duration::from_secs(10);

/// Where a background task is asked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskMonitor {
    /// Its path on the controller.
    pub(super) path: String,
    /// When it was created.
    pub(super) since: Timestamp,
}

impl TaskMonitor {
    /// The task at this path, created at `since`; `None` where it is no path of the controller's own.
    pub fn new(location: &str, since: Timestamp) -> Option<Self> {
        Some(Self { path: local_path(location)?, since })
    }

    /// Its path.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// How far a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskState {
    /// Not begun, or not to be seen yet.
    #[default]
    Waiting,
    /// On its way.
    Running,
    /// Done.
    Done,
    /// Ended without having done all it should.
    Failed,
    /// In a state we do not know.
    Unknown,
}

/// A look at a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskReading {
    /// How far it is.
    pub state: TaskState,
    /// Percent, where told.
    pub percent: Option<u32>,
    /// What it says, newest last.
    pub said: Vec<Text>,
}

/// A Task, a Job, or a DellJob. A failure may show in a message while the state says otherwise, so both are looked at.
pub(super) fn task(body: &Value) -> TaskReading {
    let word = text(body, &["TaskState"]).or_else(|| text(body, &["JobState"]));
    let messages: Vec<Message> = match body.get("Messages").and_then(Value::as_array) {
        Some(list) => list.iter().take(16).filter_map(Message::read).collect(),
        None => Message::read(body).into_iter().collect(),
    };
    let told_failed = messages.iter().any(failed);
    let state = match state(word.as_deref()) {
        TaskState::Done if told_failed => TaskState::Failed,
        state => state,
    };
    let said = messages.into_iter().map(|m| m.said.unwrap_or_else(|| Text::from(m.id))).collect();
    TaskReading { state, percent: small(body, &["PercentComplete"]).filter(|p| *p <= 100), said }
}

/// States of Task and Job (DSP0268) and of Dell's jobs.
fn state(word: Option<&str>) -> TaskState {
    match word {
        Some("New" | "Pending" | "Scheduled" | "ReadyForExecution" | "Downloaded" | "UserIntervention") => {
            TaskState::Waiting
        }
        Some(
            "Starting" | "Running" | "Downloading" | "Service" | "Validating" | "Continue" | "Stopping" | "Suspended"
            | "Interrupted" | "Cancelling" | "Rebooting" | "RebootPending" | "Waiting",
        ) => TaskState::Running,
        Some("Completed" | "RebootCompleted") => TaskState::Done,
        Some("Exception" | "Killed" | "Cancelled" | "Invalid" | "Failed" | "CompletedWithErrors" | "RebootFailed") => {
            TaskState::Failed
        }
        _ => TaskState::Unknown,
    }
}

fn failed(message: &Message) -> bool {
    message.said.as_deref().is_some_and(|s| s.contains("Failed") || s.contains("failed"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_that_completed_and_says_that_it_failed_has_failed() {
        let job = json!({ "JobState": "Completed", "PercentComplete": 100, "MessageId": "RED007",
            "Message": "Failed: Unable to verify Update Package signature." });
        let read = task(&job);
        assert_eq!((read.state, read.percent), (TaskState::Failed, Some(100)));
        assert_eq!(task(&json!({ "TaskState": "Completed", "Messages": [] })).state, TaskState::Done);
        assert_eq!(task(&json!({ "TaskState": "Dreaming" })).state, TaskState::Unknown);
        assert_eq!(
            task(&json!({ "JobState": 7, "PercentComplete": 4000 })),
            TaskReading { state: TaskState::Unknown, percent: None, said: Vec::new() }
        );
    }

    #[test]
    fn a_monitor_is_a_path_of_the_controller() {
        let now = Timestamp::from_secs(1);
        assert!(TaskMonitor::new("/redfish/v1/TaskService/Tasks/JID_1", now).is_some());
        assert!(TaskMonitor::new("https://elsewhere.example/redfish/v1/TaskService/Tasks/1", now).is_none());
        assert!(TaskMonitor::new("//elsewhere/1", now).is_none());
    }
}
