//! Rackhand's console, as a library: `main` only chooses between it and the command line.

pub mod app;
pub mod command;
pub mod event;
pub mod input;
pub mod link;
pub mod overlay;
pub mod record;
pub mod screen;
pub mod term;
pub mod theme;
pub mod widget;
