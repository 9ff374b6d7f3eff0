//! rackhandd: journal, engine, intake, HTTP and RPC.

pub mod config;
pub mod doctor;
mod door;
pub mod engine;
pub mod gate;
pub mod http;
pub mod intake;
pub mod journal;
pub mod keeper;
pub mod keys;
pub mod ledger;
pub mod outside;
pub mod poll;
pub mod post;
pub mod projection;
pub mod pulse;
pub mod random;
pub mod rpc;
pub mod run;
pub mod secret_file;
pub mod site;
mod stall;
pub mod tap;
