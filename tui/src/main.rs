//! rackhand
fn main() {}
