//! The real `rackhandd` from its start to its end: one directory, one process, and doors that hold.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

#[path = "daemon/bad_manifest.rs"]
mod bad_manifest;
#[path = "daemon/doctor.rs"]
mod doctor;
#[path = "daemon/doors.rs"]
mod doors;
#[path = "daemon/hostile.rs"]
mod hostile;
#[path = "daemon/import.rs"]
mod import;
#[path = "daemon/machines.rs"]
mod machines;
#[path = "daemon/passwords.rs"]
mod passwords;
#[path = "daemon/process.rs"]
mod process;
#[path = "daemon/service.rs"]
mod service;
#[path = "daemon/units.rs"]
mod units;
