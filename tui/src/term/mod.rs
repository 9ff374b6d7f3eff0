//! The terminal. Nothing else writes to it.

pub mod clipboard;
pub mod encode;
pub mod guard;
pub mod job;
pub mod screen;
pub mod shift;
