//! The simulated outside. State machines that keep state and take time, reached over TLS sockets or in-memory
//! streams, with fault rules that are set while it runs.

pub mod bmc;
pub mod carrier;
pub mod demo;
pub mod faults;
pub mod front;
pub mod host;
pub mod life;
pub mod maas;
pub mod machine;
pub mod market;
pub mod netbox;
pub mod outside;
pub mod sockets;
pub mod supplier;
