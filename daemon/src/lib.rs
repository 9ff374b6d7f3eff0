//! rackhandd: journal, engine, intake, HTTP and RPC.

pub mod journal;
