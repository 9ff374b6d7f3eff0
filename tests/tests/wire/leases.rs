//! Beside each real server the tap gives exactly the leases the server gave, and what their clients said.

use std::net::Ipv4Addr;

use rackhand_adapters::dhcp::frame::MessageType;
use rackhand_adapters::dhcp::join::LeaseAck;
use rackhand_core::discovery::c3::is_bmc_candidate;
use rackhand_core::view::TapState;

use crate::client::{CLASS, Client, NAME};
use crate::namespace::alone;
use crate::segment::{self, Ear, INTERFACE};
use crate::server::{Kind, Server};

const FIRST: &str = "94:40:c9:11:22:33";
const SECOND: &str = "94:40:c9:01:02:03";

fn is_whole(lease: &LeaseAck, mac: &str) {
    assert_eq!(lease.mac, mac.parse().unwrap());
    let pool = Ipv4Addr::new(10, 77, 0, 100)..=Ipv4Addr::new(10, 77, 0, 200);
    assert!(pool.contains(&lease.address), "{lease:?}");
    assert_eq!((lease.hostname.as_deref(), lease.vendor_class.as_deref()), (Some(NAME), Some(CLASS)), "{lease:?}");
    assert!(lease.lease_secs.is_some_and(|secs| (1..=600).contains(&secs)), "{lease:?}");
    assert_eq!((lease.vlan, lease.relay), (None, None));
    assert!(is_bmc_candidate(lease.mac, lease.vendor_class.as_deref(), false));
}

async fn a_lease_its_renewal_and_a_refusal(kind: Kind) {
    segment::lay();
    segment::plug("first", FIRST);
    segment::plug("second", SECOND);
    let mut ear = Ear::on(INTERFACE);
    ear.until(TapState::Listening).await;
    let _server = Server::start(kind, "");

    let client = Client::udhcpc("first");
    let (ack, lease) = ear.lease().await;
    is_whole(&lease, FIRST);
    assert_eq!((ack.client, ack.server), (Ipv4Addr::UNSPECIFIED, Some([10, 77, 0, 1].into())));

    client.renew("first").await;
    let (ack, again) = ear.lease().await;
    is_whole(&again, FIRST);
    assert_eq!((again.address, ack.client), (lease.address, lease.address), "a renewal of the same lease");

    // It asks for an address of another network first, and is refused.
    let _second = Client::dhclient("second", "10.99.0.5");
    let (_, other) = ear.lease().await;
    is_whole(&other, SECOND);
    assert_ne!(other.address, lease.address);
    assert!(ear.kinds.get(&MessageType::Nak).is_some_and(|&n| n > 0), "{:?}", ear.kinds);
    assert_eq!(ear.leases.len(), 3, "{:?}", ear.leases);

    let status = ear.tap.status();
    assert_eq!((status.state, status.dropped, status.missed), (TapState::Listening, 0, 0));
    let heard: usize = ear.kinds.values().sum::<usize>() + ear.pending();
    assert_eq!(status.frames, heard as u64);
}

#[test]
fn dnsmasqs_leases_and_renewals_are_heard_and_its_refusals_are_no_leases() {
    alone(&["dnsmasq", "udhcpc", "dhclient"], || a_lease_its_renewal_and_a_refusal(Kind::Dnsmasq));
}

#[test]
fn keas_leases_and_renewals_are_heard_and_its_refusals_are_no_leases() {
    alone(&["kea-dhcp4", "udhcpc", "dhclient"], || a_lease_its_renewal_and_a_refusal(Kind::Kea));
}

#[test]
fn isc_dhcpds_leases_and_renewals_are_heard_and_its_refusals_are_no_leases() {
    alone(&["dhcpd", "udhcpc", "dhclient"], || a_lease_its_renewal_and_a_refusal(Kind::Isc));
}
