//! Rackhand's console, and the same verbs as a command line, as a library: `main` only hands over the process's streams.

pub mod app;
pub mod cli;
pub mod command;
#[cfg(feature = "demo")]
pub mod demo;
pub mod event;
pub mod input;
pub mod link;
pub mod overlay;
pub mod persist;
pub mod record;
pub mod replay;
pub mod screen;
pub mod settings;
pub mod term;
pub mod theme;
pub mod widget;
