//! The command line as a person and a script meet it, against a daemon of these tests' own.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod changes;
mod dial;
mod dock;
mod doctor;
mod fake;
mod hooks;
mod hostile;
mod import;
mod orders;
mod reading;
mod tail;
#[path = "../unasked.rs"]
mod unasked;
#[path = "../../../tests/untested.rs"]
mod untested;
mod verbs;
