//! Captures of real DHCP servers give exactly the leases that are in them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use rackhand_adapters::dhcp::frame::{self, MessageType};
use rackhand_adapters::dhcp::join::{Joiner, LeaseAck};
use rackhand_adapters::dhcp::pcap::Reader;
use rackhand_core::discovery::c3::is_bmc_candidate;
use rackhand_core::text::Text;
use rackhand_tests::untested::untested;

/// Where the captures are, or a loud word that nothing was tested.
fn captures() -> Option<PathBuf> {
    let named = std::env::var_os("RACKHAND_REFERENCE").map(PathBuf::from);
    // Tests run in their package's directory; the default lies beside the repository.
    let dir = named.clone().unwrap_or_else(|| "../../shared".into()).join("pcaps");
    if dir.is_dir() {
        return Some(dir);
    }
    assert!(named.is_none(), "RACKHAND_REFERENCE is set, and {} is not there", dir.display());
    untested("recorded captures", "set RACKHAND_REFERENCE to a directory with pcaps/");
    None
}

/// What a capture must give, for the reader of the test's output.
fn print_row(file: &str, lease: &LeaseAck) {
    let or_none = |text: &Option<Text>| text.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let (mac, address) = (lease.mac.to_string(), lease.address.to_string());
    let (name, class) = (or_none(&lease.hostname), or_none(&lease.vendor_class));
    let line = format!("{file:<52} {mac:<17}  {address:<15} {name:<14} {class}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// One line for each lease: MAC, address, host name, vendor class, seconds, VLAN, relay, whether it may be a BMC.
fn leases(file: &str) -> Option<(Vec<String>, BTreeMap<MessageType, usize>)> {
    let path = captures()?.join(file);
    let mut joiner = Joiner::new();
    let mut kinds = BTreeMap::new();
    let mut lines = Vec::new();
    for record in Reader::new(BufReader::new(File::open(path).unwrap())).unwrap() {
        let (at, bytes) = record.unwrap();
        let message = frame::parse(&bytes).unwrap();
        *kinds.entry(message.kind).or_default() += 1;
        if let Some(lease) = joiner.take(&message, at) {
            assert_eq!(lease.at, at);
            print_row(file, &lease);
            let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
            lines.push(format!(
                "{} {} {} {} {} {} {} {}",
                lease.mac,
                lease.address,
                or_none(lease.hostname.as_deref()),
                or_none(lease.vendor_class.as_deref()),
                lease.lease_secs.unwrap(),
                lease.vlan.map_or("-".into(), |id| id.to_string()),
                lease.relay.map_or("-".into(), |relay| relay.to_string()),
                if is_bmc_candidate(lease.mac, lease.vendor_class.as_deref(), false) { "bmc" } else { "no" },
            ));
        }
    }
    Some((lines, kinds))
}

#[test]
fn a_lease_and_its_renewal_from_dnsmasq_with_unfinished_checksums() {
    let Some((lines, kinds)) = leases("1-hpe-lease-renew-release-dnsmasq-on-server.pcap") else { return };
    // The client keeps its transaction number for the renewal. The server offered twice.
    assert_eq!(
        lines,
        [
            "94:40:C9:11:22:33 10.77.0.145 ILOCZ12345678 CPQRIB3 120 - - bmc",
            "94:40:C9:11:22:33 10.77.0.145 ILOCZ12345678 CPQRIB3 120 - - bmc",
        ]
    );
    use MessageType::{Ack, Discover, Offer, Release, Request};
    assert_eq!(kinds, BTreeMap::from([(Discover, 2), (Offer, 2), (Request, 2), (Ack, 2), (Release, 1)]));
}

#[test]
fn a_lease_and_its_renewal_from_kea() {
    let Some((lines, _)) = leases("3-hpe-lease-renew-kea-on-server.pcap") else { return };
    assert_eq!(
        lines,
        ["94:40:C9:11:22:33 10.77.0.160 - CPQRIB3 60 - - bmc", "94:40:C9:11:22:33 10.77.0.160 - CPQRIB3 60 - - bmc"]
    );
}

#[test]
fn a_controller_and_a_virtual_machine_from_isc_dhcpd() {
    let Some((lines, _)) = leases("5-hpe-and-nonbmc-lease-iscdhcpd-on-server.pcap") else { return };
    assert_eq!(
        lines,
        [
            "94:40:C9:01:02:03 10.77.0.60 - CPQRIB3 120 - - bmc",
            "94:40:C9:01:02:03 10.77.0.60 - CPQRIB3 116 - - bmc",
            "52:54:00:12:34:56 10.77.0.61 vm - 120 - - no",
        ]
    );
}

#[test]
fn tagged_doubly_tagged_and_relayed_leases() {
    let Some((lines, _)) = leases("6-hpe-vlan20-qinq-relay-crafted-on-mirror-port.pcap") else { return };
    assert_eq!(
        lines,
        [
            "94:40:C9:AA:BB:01 10.20.0.50 - CPQRIB3 600 20 - bmc",
            "94:40:C9:AA:BB:01 10.20.0.51 - CPQRIB3 600 20 - bmc",
            "94:40:C9:AA:BB:01 10.30.0.50 - CPQRIB3 600 - 10.30.0.1 bmc",
        ]
    );
}
