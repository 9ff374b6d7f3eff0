//! How servers come to be known: ordered, in a manifest, in NetBox, running already; and what they are said to be.

mod bind;
pub mod commands;
pub(crate) mod event;
pub mod manifest;
pub mod questions;
pub mod registration;
mod state;
pub(crate) mod steps;
