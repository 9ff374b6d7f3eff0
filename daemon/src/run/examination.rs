//! `rackhandd doctor`: looks at the daemon's surroundings from beside it.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use rackhand_rpc::doctor::Report;

use super::tools::say;
use super::{Stop, ended};
use crate::doctor::Doctor;

pub(super) fn doctor(config: &Path, json: bool) -> ExitCode {
    match examine(config) {
        Err(stop) => ended(Err(stop)),
        Ok(report) => match ended(show(&report, json)) {
            ExitCode::SUCCESS if report.is_wrong() => ExitCode::FAILURE,
            code => code,
        },
    }
}

fn examine(config: &Path) -> Result<Report, Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|e| Stop::failed(format!("the system gives no threads: {e}")))?;
    let report = runtime.block_on(Doctor::beside(config).examine());
    // A check that hangs in the system must not keep the process.
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(report)
}

fn show(report: &Report, json: bool) -> Result<(), Stop> {
    if json {
        let document = serde_json::to_string(report).map_err(|e| Stop::failed(e.to_string()))?;
        return say(format_args!("{document}"));
    }
    let wide = report.checks.iter().map(|c| c.name.chars().count()).max().unwrap_or_default();
    for check in &report.checks {
        say(format_args!("{:<11}  {:<wide$}  {}", check.state, check.name, check.sentence()))?;
    }
    Ok(())
}
