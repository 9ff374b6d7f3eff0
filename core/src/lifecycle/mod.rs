//! The life of a unit: its stages, what each transition demands, and how events change it.

pub(crate) mod event;
pub mod evidence;
mod evolve;
pub mod guard;
pub mod stage;
mod state;
pub mod table;
pub mod task;
pub mod unit;
