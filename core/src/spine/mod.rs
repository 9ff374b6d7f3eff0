//! What all rooms stand on, and what knows none of them: names, times, words, faults.

pub mod event;
pub mod fault;
pub mod fingerprint;
pub mod id;
pub mod mac;
pub mod natural;
pub mod near;
pub mod secret;
pub(crate) mod tagged;
pub mod text;
pub mod time;
