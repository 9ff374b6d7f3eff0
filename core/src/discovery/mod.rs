//! BMCs that are seen on the wire, and whose they are.

pub mod event;
mod state;

pub use state::Sighting;
