//! Measures Rackhand against its goals, each beside a peer or a probe of the same run. A row whose goal is missed, or
//! whose peer is not installed, fails, and with it the run.
//!
//! `cargo run --release -p rackhand-tests --bin bench [row ...]`. Without rows, all of them. Files go to
//! `RACKHAND_BENCH_DIR`, which should be on the disk in question; else to the directory for temporary files.
//! Pass marks are ratios within one run: absolute times differ from machine to machine and from hour to hour.
#![allow(clippy::print_stdout)]

mod board;
mod boot;
mod commits;
mod fleet;
mod gauge;
mod history;
mod hold;
mod leases;
mod netbox;
mod redis;
mod rpc;
mod servers;
mod standin;
mod start;
mod stock;
mod stub;
mod walk;
mod wire;

use std::process::ExitCode;

use board::Line;
use gauge::{Measured, Place};

/// A row: its word, what it measures, and how.
type Row = (&'static str, &'static str, fn(&Place) -> Measured<Vec<Line>>);

const ROWS: &[Row] = &[
    ("leases", "1: DHCP ACK on the wire -> durable -> call to NetBox", leases::run),
    ("journal", "3: durable append and replay", commits::run),
    ("servers", "4: two hundred servers at once, from lease to staged", servers::run),
    ("netbox", "6: reading and writing NetBox, 5,000 devices and 15,000 interfaces", netbox::run),
    ("start", "9: cold start and memory", start::run),
    ("history", "10: audit queries over two million events", history::run),
    ("boot", "kernel and image for two hundred machines at once", boot::run),
    ("stock", "stock match and placement: 10,000 servers, 500 racks", stock::run),
    ("rpc", "11: console calls with 100 consoles attached", rpc::run),
];

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let done = match given.as_slice() {
        ["--stub"] => stub::serve().map(|()| true),
        // The daemon reads the arguments by itself.
        ["--config", _] => return rackhand_daemon::run::main(),
        ["--hold", dir] => hold::serve(dir.as_ref()).map(|()| true),
        rows => measure(rows),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one row; whether it met its goals.
fn one(run: fn(&Place) -> Measured<Vec<Line>>) -> Measured<bool> {
    let lines = run(&Place::new()?)?;
    for line in &lines {
        println!("{line}");
    }
    Ok(lines.iter().all(Line::is_met))
}

/// Measures these rows, or all; whether each was measured and met its goals.
fn measure(rows: &[&str]) -> Measured<bool> {
    if let Some(unknown) = rows.iter().find(|r| !ROWS.iter().any(|(word, ..)| word == *r)) {
        let words: Vec<&str> = ROWS.iter().map(|(word, ..)| *word).collect();
        return Err(format!("`{unknown}` is no row; there are: {}", words.join(", ")).into());
    }
    println!("{}", board::head());
    let mut failed = Vec::new();
    for (word, title, run) in ROWS {
        if !rows.is_empty() && !rows.contains(word) {
            continue;
        }
        println!("{word} - {title}");
        let met = one(*run).unwrap_or_else(|error| {
            println!("  NOT MEASURED: {error}");
            false
        });
        if !met {
            failed.push(*word);
        }
    }
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}
