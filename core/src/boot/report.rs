//! The validation image's words: one report for each of its five steps, and the final one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::inventory::Port;
use crate::mac::Mac;
use crate::text::Text;

/// The five steps of the validation image, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ValidationStep {
    /// Inventory by dmidecode, identity by serial and MAC.
    #[serde(rename = "01-init")]
    Init,
    /// memtester.
    #[serde(rename = "02-memory")]
    Memory,
    /// fio, on blank disks only.
    #[serde(rename = "03-disk")]
    Disk,
    /// Neighbours by LLDP.
    #[serde(rename = "04-lldp")]
    Lldp,
    /// The final report.
    #[serde(rename = "05-report")]
    Report,
}

impl ValidationStep {
    /// All five, in order.
    pub const ALL: [Self; 5] = [Self::Init, Self::Memory, Self::Disk, Self::Lldp, Self::Report];

    /// The name on the wire and on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "01-init",
            Self::Memory => "02-memory",
            Self::Disk => "03-disk",
            Self::Lldp => "04-lldp",
            Self::Report => "05-report",
        }
    }
}

impl fmt::Display for ValidationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    /// Within its limits.
    Passed,
    /// Outside its limits.
    Failed,
    /// Stopped because it hung. Says nothing of the hardware; never counts as passed.
    Stopped,
}

/// One measured value with its unit and limit, as text so that nothing is lost on the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// What was measured.
    pub name: Text,
    /// The value with its unit, such as `512 GiB`.
    pub value: Text,
    /// The limit it was held against, where there is one.
    #[serde(default)]
    pub limit: Option<Text>,
}

/// `POST /api/v1/validation/step`: one step has ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepReport {
    /// Which.
    pub step: ValidationStep,
    /// How.
    pub verdict: StepVerdict,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What was measured; at most 64.
    #[serde(default)]
    pub measurements: Vec<Measurement>,
    /// What to say beside the verdict.
    #[serde(default)]
    pub message: Option<Text>,
}

impl StepVerdict {
    /// Its word on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl StepReport {
    /// Each measurement as a name and what is told of it, the limit with it.
    pub fn told(&self) -> impl Iterator<Item = (&Text, String)> {
        self.measurements.iter().map(|m| {
            let limit = m.limit.as_ref().map_or(String::new(), |l| format!(" (limit {l})"));
            (&m.name, format!("{}{limit}", m.value))
        })
    }
}

/// A processor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Model string.
    pub model: Text,
    /// Physical cores.
    pub cores: u32,
}

/// A drive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drive {
    /// Serial.
    pub serial: Text,
    /// Model.
    pub model: Text,
    /// Capacity in bytes.
    pub bytes: u64,
    /// Whether data was found on it. Such a drive was not written.
    pub holds_data: bool,
}

/// A NIC port and what it hears.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// The port's name as the image calls it.
    pub name: Text,
    /// Its MAC.
    pub mac: Mac,
    /// Whether it has a link.
    pub link: bool,
    /// The switch port it hears by LLDP; `None` is "heard nothing", never "not cabled".
    #[serde(default)]
    pub neighbour: Option<Port>,
}

/// `POST /api/v1/validation/report`: the final report.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationReport {
    /// DMI system serial (SMBIOS type 1).
    pub serial: Text,
    /// DMI product name.
    pub model: Text,
    /// The BMC's MAC read in-band, where it could be read.
    #[serde(default)]
    pub bmc_mac: Option<Mac>,
    /// Processors; at most 16.
    pub processors: Vec<Processor>,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Drives; at most 128.
    pub drives: Vec<Drive>,
    /// NIC ports; at most 64.
    pub nics: Vec<Nic>,
    /// The steps, as they ended.
    pub steps: Vec<StepReport>,
}

impl ValidationReport {
    /// The first list that is longer than any server's, by its field's name.
    pub fn oversized(&self) -> Option<&'static str> {
        let too_many = |n: usize, cap: usize, field| (n > cap).then_some(field);
        too_many(self.processors.len(), 16, "processors")
            .or_else(|| too_many(self.drives.len(), 128, "drives"))
            .or_else(|| too_many(self.nics.len(), 64, "nics"))
            .or_else(|| too_many(self.steps.len(), 5, "steps"))
            .or_else(|| self.steps.iter().find_map(|s| too_many(s.measurements.len(), 64, "steps.measurements")))
    }
}
