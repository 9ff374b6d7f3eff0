//! The domain from outside: one program for all of its tests, since each costs a link.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_arguments)]

mod approval;
mod c4;
mod compare;
mod delivery;
mod golden;
mod held;
mod kinds;
mod manifest;
mod order;
mod patience;
mod placement;
mod properties;
mod racks;
mod receipt;
mod reserve;
mod restart;
mod restore;
mod route;
mod scene;
mod shop;
mod sightings;
mod spec;
mod stock;
mod takeover;
mod tasks;
mod tenant;
mod token;
mod trade;
mod two_people;
mod undo;
mod waits;
mod way_out;
mod witness;
