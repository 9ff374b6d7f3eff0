//! rackhandd
fn main() {}
