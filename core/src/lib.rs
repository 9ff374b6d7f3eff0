//! Rackhand's domain, pure. Nothing here does I/O, reads a clock, draws randomness or awaits: time and fresh ids come
//! in as values, decisions go out as events.
//!
//! A capability is a room: what can happen (`event`), what is known by it (`state`), what may be asked of it (`commands`)
//! and what readers see (`questions`).

pub mod spine;

// The rooms, in the order of a server's life: wanted and bought, come in, found.
pub mod order;
pub mod purchase;
pub mod shipment;
pub mod stock;

pub mod entry;
pub mod placement;
pub mod receiving;

pub mod boot;
pub mod discovery;
pub mod inventory;
pub mod takeover;

// What brings them together.
pub mod bmc;
pub mod decide;
pub mod document;
pub mod event;
pub mod flow;
pub mod lifecycle;
pub mod policy;
pub mod question;
pub mod sentence;
pub mod stream;
pub mod view;
pub mod world;

pub use spine::{fault, id, mac, near, secret, text, time};
