//! Runs in the validation image: as its first process, as the agent that tests the server and reports, and as what the
//! DHCP client calls for a lease.

mod agent;
mod blank;
mod bmc;
mod boot;
mod catalogue;
mod command;
mod deliver;
mod disk;
mod dmi;
mod fio;
mod http;
mod lldp;
mod memory;
mod network;
mod nic;
mod options;
mod smart;
mod step;
mod trouble;
mod words;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let called = arguments.next().unwrap_or_default();
    let first = arguments.next();
    if called.rsplit('/').next() == Some(network::LEASE_ROLE) {
        return told(network::lease(first.as_deref().unwrap_or_default()));
    }
    match first.as_deref() {
        Some("agent") => told(agent::run()),
        _ if std::process::id() == 1 => {
            boot::run();
            ExitCode::FAILURE
        }
        _ => {
            say("this is the first process of the validation image, and of nothing else");
            ExitCode::from(2)
        }
    }
}

fn told(ended: trouble::Tried<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            say(&trouble.to_string());
            ExitCode::FAILURE
        }
    }
}

/// One line on the console. Where there is none, nobody is there to miss it.
fn say(sentence: &str) {
    let _ = writeln!(std::io::stdout(), "rackhand: {}", words::clean(sentence));
}

/// A recording of a real system; `None` says on standard error that it is not there.
#[cfg(test)]
fn reference(file: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let directory = std::env::var("RACKHAND_REFERENCE").unwrap_or_else(|_| beside.to_owned());
    let text = std::fs::read_to_string(std::path::Path::new(&directory).join(file)).ok();
    if text.is_none() {
        eprintln!("NOT TESTED: {file} is not in {directory}; set RACKHAND_REFERENCE");
    }
    text
}
