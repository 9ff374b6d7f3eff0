//! The real `rackhandd` as a process of its own, and an outside it reaches over real sockets.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod console;
pub mod daemon;
pub mod lab;
