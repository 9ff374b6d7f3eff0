//! `[intake]`: where leases are taken from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Where leases are taken from.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Intake")]
pub(super) struct RawIntake {
    /// Capture files (classic pcap, Ethernet) whose leases are taken in at the start. `--pcap` adds more.
    #[serde(default)]
    pub pcap: Vec<PathBuf>,
}
