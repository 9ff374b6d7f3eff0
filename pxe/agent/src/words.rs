//! The words on the wire. They are the daemon's (`core/src/boot/report.rs`); `tests/report.json` is read by both.

use serde::Serialize;

/// Measurements a report may carry.
pub const MOST_MEASUREMENTS: usize = 64;
/// Drives a report may carry.
pub const MOST_DRIVES: usize = 128;
/// NIC ports a report may carry.
pub const MOST_NICS: usize = 64;
/// Processors a report may carry.
pub const MOST_PROCESSORS: usize = 16;
/// Characters of one text.
const MOST_CHARACTERS: usize = 400;

/// The five steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Step {
    /// Inventory and identity.
    #[serde(rename = "01-init")]
    Init,
    /// memtester.
    #[serde(rename = "02-memory")]
    Memory,
    /// SMART and fio.
    #[serde(rename = "03-disk")]
    Disk,
    /// Neighbours.
    #[serde(rename = "04-lldp")]
    Lldp,
    /// The final report.
    #[serde(rename = "05-report")]
    Report,
}

impl Step {
    /// The name on the wire and on the console.
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

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within its limits.
    Passed,
    /// Outside its limits.
    Failed,
    /// Stopped because it hung, or because this program broke off. Says nothing of the hardware.
    Stopped,
}

/// A value with its unit, and the limit it was held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measurement {
    /// What was measured.
    pub name: String,
    /// Value and unit; `unknown` where there is none.
    pub value: String,
    /// The limit, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// `POST /api/v1/validation/step`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// How.
    pub verdict: Verdict,
    /// Milliseconds.
    pub took_ms: u64,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// What to say beside the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Processor {
    /// Model.
    pub model: String,
    /// Physical cores.
    pub cores: u32,
}

/// A drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drive {
    /// Serial.
    pub serial: String,
    /// Model.
    pub model: String,
    /// Capacity in bytes.
    pub bytes: u64,
    /// Whether data was found, or could not be ruled out.
    pub holds_data: bool,
}

/// A switch port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// The switch's name.
    pub switch: String,
    /// The port's name.
    pub port: String,
}

/// A NIC port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nic {
    /// Name.
    pub name: String,
    /// MAC.
    pub mac: String,
    /// Whether it has a link.
    pub link: bool,
    /// The switch port it hears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neighbour: Option<Port>,
}

/// `POST /api/v1/validation/report`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// DMI system serial.
    pub serial: String,
    /// DMI product name.
    pub model: String,
    /// The BMC's MAC, read in-band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bmc_mac: Option<String>,
    /// Processors.
    pub processors: Vec<Processor>,
    /// Bytes.
    pub memory_bytes: u64,
    /// Drives.
    pub drives: Vec<Drive>,
    /// NIC ports.
    pub nics: Vec<Nic>,
    /// The steps as they ended.
    pub steps: Vec<StepReport>,
}

/// A text as it may go out: one line, without control characters, bounded.
pub fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MOST_CHARACTERS).collect()
}

/// At most `most` measurements, those outside their limits first; the last one says how many are left out.
pub fn bounded(measured: Vec<Measured>) -> Vec<Measurement> {
    let total = measured.len();
    let mut kept = measured;
    if total > MOST_MEASUREMENTS {
        // Stable: within both groups the order stays.
        kept.sort_by_key(|m| m.within);
        kept.truncate(MOST_MEASUREMENTS - 1);
        let left = total - kept.len();
        kept.push(Measured::of("left out of this list", format!("{left} measurements within their limits")));
    }
    kept.into_iter().map(|m| m.measurement).collect()
}

/// A measurement and whether it is within its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// As it goes out.
    pub measurement: Measurement,
    /// `true` where there is no limit.
    pub within: bool,
}

impl Measured {
    /// A value without a limit.
    pub fn of(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (clean(&name.into()), clean(&value.into()));
        Self { measurement: Measurement { name, value, limit: None }, within: true }
    }

    /// A value that may be unknown, without a limit.
    pub fn known(name: impl Into<String>, value: Option<impl Into<String>>) -> Self {
        Self::of(name, value.map_or_else(|| "unknown".to_owned(), Into::into))
    }

    /// At least so much. Unknown is not within.
    pub fn at_least(name: impl Into<String>, value: Option<u64>, limit: u64, unit: &str) -> Self {
        Self::held(name, value, format!("at least {limit}{unit}"), unit, |v| v >= limit)
    }

    /// At most so much. Unknown is not within.
    pub fn at_most(name: impl Into<String>, value: Option<u64>, limit: u64, unit: &str) -> Self {
        Self::held(name, value, format!("at most {limit}{unit}"), unit, |v| v <= limit)
    }

    fn held(
        name: impl Into<String>,
        value: Option<u64>,
        limit: String,
        unit: &str,
        good: impl FnOnce(u64) -> bool,
    ) -> Self {
        let mut measured = Self::known(name, value.map(|v| format!("{v}{unit}")));
        measured.measurement.limit = Some(limit);
        measured.within = value.is_some_and(good);
        measured
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_measurements_lose_those_within_their_limits_and_say_so() {
        let mut many: Vec<Measured> = (0..80).map(|n| Measured::of(format!("m{n}"), "1")).collect();
        many.push(Measured::at_most("errors", Some(3), 0, ""));
        let kept = bounded(many);
        assert_eq!(kept.len(), MOST_MEASUREMENTS);
        assert_eq!(kept[0].name, "errors");
        assert_eq!(kept[63].value, "18 measurements within their limits");
    }

    #[test]
    fn unknown_is_never_within_a_limit() {
        let unknown = Measured::at_most("errors", None, 0, "");
        assert_eq!((unknown.measurement.value.as_str(), unknown.within), ("unknown", false));
    }

    #[test]
    fn text_goes_out_as_one_bounded_line() {
        assert_eq!(clean(" a\n\tb\x1b[31m "), "a b [31m");
        assert_eq!(clean(&"x".repeat(9_000)).len(), MOST_CHARACTERS);
    }

    #[test]
    fn a_report_is_written_as_the_daemon_reads_it() {
        let errors = Measured::at_most("errors", Some(0), 0, "").measurement;
        let step = StepReport {
            step: Step::Memory,
            verdict: Verdict::Passed,
            took_ms: 61_000,
            measurements: vec![errors, Measured::of("tested", "512 MiB").measurement],
            message: None,
        };
        let neighbour = Some(Port { switch: "tor-r01-a".into(), port: "Ethernet1/1/7".into() });
        let nic = |name: &str, mac: &str, neighbour| Nic { name: name.into(), mac: mac.into(), link: true, neighbour };
        let report = Report {
            serial: "CZ12345678".into(),
            model: "ProLiant DL360 Gen11".into(),
            bmc_mac: Some("94:40:C9:01:02:03".into()),
            processors: vec![Processor { model: "Intel(R) Xeon(R) Gold 6430".into(), cores: 32 }],
            memory_bytes: 512 << 30,
            drives: vec![Drive { serial: "S1".into(), model: "M".into(), bytes: 1 << 40, holds_data: true }],
            nics: vec![nic("eno1", "94:40:C9:AA:00:01", neighbour), nic("eno2", "94:40:C9:AA:00:02", None)],
            steps: vec![step],
        };
        let written = serde_json::to_value(&report).unwrap();
        let golden: serde_json::Value = serde_json::from_str(include_str!("../tests/report.json")).unwrap();
        assert_eq!(written, golden, "{written:#}");
    }
}
