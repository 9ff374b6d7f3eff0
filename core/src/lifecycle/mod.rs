//! The life of a unit: its stages, what each transition demands, and how events change it.

pub mod c4;
pub mod evidence;
pub mod evolve;
pub mod guard;
mod receipt;
pub mod registration;
pub mod stage;
pub mod table;
pub mod task;
pub mod unit;
