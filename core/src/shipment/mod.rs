//! On its way: what carriers say of parcels, and when what was bought comes.

pub mod questions;
pub mod transit;
