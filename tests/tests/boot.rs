//! The whole way with a real machine at its end: a controller's DHCP exchange, heard by the tap, leads to a reset, which
//! starts a virtual machine (software emulation), which boots the validation image over the network from the real
//! daemon, tests itself, hears real switches, reports, and switches itself off.
//!
//! Takes root, the programs named below, and the image: `RACKHAND_IMAGE` names the directory that `pxe/build` filled.
//! Without them it says what was not tested. With `RACKHAND_WIRE=required` it fails then. Each boot takes about 80 s and a core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

#[path = "wire/client.rs"]
#[allow(dead_code)] // what this test does not need of it
mod client;
#[path = "wire/controller.rs"]
mod controller;
#[path = "boot/dhcp.rs"]
mod dhcp;
#[path = "boot/image.rs"]
mod image;
#[path = "boot/machine.rs"]
mod machine;
#[path = "wire/namespace.rs"]
#[allow(dead_code)] // what this test does not need of it
mod namespace;
#[path = "boot/path.rs"]
mod path;
#[path = "wire/segment.rs"]
#[allow(dead_code)] // what this test does not need of it
mod segment;
#[path = "wire/server.rs"]
#[allow(dead_code)] // what this test does not need of it
mod server;
mod support;
#[path = "boot/switch.rs"]
mod switch;
#[path = "boot/words.rs"]
mod words;
