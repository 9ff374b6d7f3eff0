//! Background work: a job that is not to be seen at first, runs, and ends.

use std::time::Duration;

use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

/// Where the job is.
pub(super) const PATH: &str = "/redfish/v1/TaskService/Tasks/JID_229700026199";

/// From its creation until it can be seen.
const UNBORN: Duration = Duration::from_secs(10);

/// From its creation until it ends.
const RUNS: Duration = Duration::from_secs(60);

/// One job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    since: Timestamp,
    fails: bool,
}

impl Job {
    pub(super) fn new(fails: bool, since: Timestamp) -> Self {
        Self { since, fails }
    }

    /// The job as it is now; `None` while it cannot be seen.
    pub(super) fn body(self, now: Timestamp) -> Option<Value> {
        let age = now.since(self.since);
        if age < UNBORN {
            return None;
        }
        let (state, id, message) = match (age < RUNS, self.fails) {
            (true, _) => ("Running", "IDRAC.2.9.PR20", "Job in progress."),
            (false, false) => ("Completed", "IDRAC.2.9.PR19", "Job completed successfully."),
            // The state alone does not tell.
            (false, true) => ("Completed", "IDRAC.2.9.RED007", "Failed: the package could not be verified."),
        };
        let percent = (100 * age.as_secs() / RUNS.as_secs()).min(100);
        Some(json!({ "@odata.id": PATH, "@odata.type": "#Task.v1_7_0.Task", "Id": "JID_229700026199", "Name": "Job",
            "TaskState": state, "PercentComplete": percent,
            "Messages": [{ "MessageId": id, "Message": message, "MessageArgs": [] }] }))
    }
}
