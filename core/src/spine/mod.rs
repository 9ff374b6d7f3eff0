//! What all rooms stand on, and what knows none of them: names, times, words, faults.

pub mod fault;
pub mod id;
pub mod mac;
pub mod near;
pub mod secret;
pub mod text;
pub mod time;
