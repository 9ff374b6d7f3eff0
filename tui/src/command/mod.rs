//! What a user can do, as data.

pub mod keymap;
pub mod possible;
pub mod registry;
