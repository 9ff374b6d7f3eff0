//! The tap on a real wire: DHCP servers and clients that others wrote, on a segment in network namespaces.
//!
//! Each test runs in a machine of its own (`wire/namespace.rs`). That takes root and the programs named by each test;
//! without them it says what was not tested. With `RACKHAND_WIRE=required` it fails then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

#[path = "wire/chain.rs"]
mod chain;
#[path = "wire/client.rs"]
mod client;
#[path = "wire/controller.rs"]
mod controller;
#[path = "wire/frames.rs"]
mod frames;
#[path = "wire/hooks.rs"]
mod hooks;
#[path = "wire/leases.rs"]
mod leases;
#[path = "wire/namespace.rs"]
mod namespace;
#[path = "wire/privilege.rs"]
mod privilege;
#[path = "wire/rogue.rs"]
mod rogue;
#[path = "wire/segment.rs"]
mod segment;
#[path = "wire/server.rs"]
mod server;
mod support;
