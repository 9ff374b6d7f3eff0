//! How servers come to be known: ordered, in a manifest, in NetBox, running already; and what they are said to be.

pub mod event;
mod state;
