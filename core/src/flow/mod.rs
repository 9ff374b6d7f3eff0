//! What comes next for each unit, as a pure function of its state and the time.

pub mod next;
pub mod rules;
pub mod step;
pub mod trade;
