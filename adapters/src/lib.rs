//! Everything that speaks to the outside: one folder for each system.

pub mod carrier;
pub mod dhcp;
pub mod http;
pub mod maas;
pub mod netbox;
pub mod pdf;
pub mod port;
pub mod redfish;
pub mod supplier;
pub mod tcp;

#[cfg(test)]
#[path = "../../tests/untested.rs"]
mod untested;
