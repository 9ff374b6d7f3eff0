//! BMCs that are seen on the wire: their leases, and by rule C4 whose they are.

pub mod c3;
pub mod c4;
pub(crate) mod commands;
pub(crate) mod event;
pub mod lease;
mod state;
pub(crate) mod steps;

pub use state::Sighting;
