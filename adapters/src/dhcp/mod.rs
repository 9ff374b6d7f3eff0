//! DHCP as it is heard on the management network: which controller was given which address. We listen, never answer.

pub mod compose;
pub mod frame;
pub mod join;
pub mod lease_file;
mod options;
pub mod pcap;
pub mod tap;
