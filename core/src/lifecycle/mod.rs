//! The life of a unit: its stages, what each transition demands, and how events change it.

pub mod c4;
pub mod evidence;
pub mod stage;
pub mod task;
