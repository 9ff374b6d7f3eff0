//! End to end, contract, bench and soak. What is shared lives beside the tests that share it; this is only their home.

#[path = "../untested.rs"]
pub mod untested;
