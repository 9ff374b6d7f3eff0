//! What lies under every adapter: time and byte streams. Both can be simulated; nothing above them knows.

pub mod clock;
pub mod dial;
