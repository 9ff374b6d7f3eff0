//! How a machine boots the validation image, and what it finds.

use serde::{Deserialize, Serialize};

use crate::boot::report::StepReport;
use crate::boot::report::ValidationReport;
use crate::fault::Fault;
use crate::flow::step::Step;
use crate::mac::Mac;
use crate::spine::event::{TokenHash, events};
use crate::time::Timestamp;

events! {
    /// How a machine boots the validation image, and what it finds.
    BootEvent:

    /// The boot script was handed out, with a token of its own.
    BootScriptServed {
        /// The token's hash.
        token: TokenHash,
        /// When it dies.
        expires: Timestamp,
        /// The MAC that asked.
        nic: Option<Mac>,
    } = "boot_script_served",
    /// The machine stayed silent: no script fetched, or no report sent, by its deadline.
    BootMissed {
        /// `reset_for_boot` or `validate`.
        step: Step,
        /// What was awaited.
        fault: Fault,
    } = "boot_missed",
    /// A step of the validation image ended.
    MachineReported {
        /// Its report.
        report: StepReport,
    } = "machine_reported",
    /// The report does not match what was expected; the tasks say where.
    ValidationRefused {
        /// How many points.
        points: u32,
    } = "validation_refused",
    /// The validation image's final report.
    ValidationReported {
        /// The report.
        report: Box<ValidationReport>,
    } = "validation_reported",
}

impl BootEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::BootScriptServed { nic, expires, .. } => {
                format!(
                    "boot script fetched by {}; token dies {expires}",
                    nic.map_or("?".to_owned(), |m| m.to_string())
                )
            }
            Self::BootMissed { step, fault } => format!("{step}: {fault}"),
            Self::MachineReported { report } => format!("{} {:?}", report.step, report.verdict).to_lowercase(),
            Self::ValidationRefused { points } => format!("report does not match in {points} points"),
            Self::ValidationReported { report } => format!("final report of {} {}", report.model, report.serial),
        }
    }
}
