//! The console as a whole: what events do, what is on screen, what goes over the wire and to the terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, dead_code, missing_docs)]

mod bulk;
mod bytes;
mod dock;
mod fake;
mod fixture;
mod frame;
mod furnish;
mod hostile;
mod house;
mod link;
mod orders;
mod places;
mod racks;
mod replay;
mod room;
mod screens;
mod sweep;
mod trade;
#[path = "../unasked.rs"]
mod unasked;
mod updates;
mod working;
