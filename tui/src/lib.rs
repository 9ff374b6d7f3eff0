//! rackhand: the console, and the same verbs as a command line.

pub mod cli;
pub mod link;
