//! Rackhand's domain, pure. Nothing here does I/O, reads a clock, draws randomness or awaits: time and fresh ids come
//! in as values, decisions go out as events.

pub mod bmc;
pub mod boot;
pub mod dcim;
pub mod decide;
pub mod discovery;
pub mod document;
pub mod entry;
pub mod event;
pub mod facility;
pub mod fault;
pub mod flow;
pub mod hardware;
pub mod id;
pub mod lease;
pub mod lifecycle;
pub mod mac;
pub mod manifest;
pub mod near;
pub mod policy;
pub mod procurement;
pub mod receiving;
pub mod reconcile;
pub mod secret;
pub mod sentence;
pub mod stream;
pub mod takeover;
pub mod text;
pub mod time;
pub mod view;
pub mod world;
