//! What comes from the keyboard, before it means anything.

pub mod burst;
pub mod key;
pub mod line;
pub mod reader;
