//! At the dock: a scan is a receipt, which can be taken back as long as nothing else has happened to the server.

pub mod commands;
pub(crate) mod event;
pub mod questions;
pub mod scan;
mod state;
