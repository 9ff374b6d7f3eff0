//! Who sells us servers: the papers that go to and fro.

pub mod format;
