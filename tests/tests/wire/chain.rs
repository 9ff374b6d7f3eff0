//! From a controller's DHCP exchange to `staged`, with nothing else to start it: a real client asks a real server, the
//! daemon hears it, and finds the controller at the address it was given.

use std::time::Duration;

use rackhand_core::lifecycle::stage::Stage;
use rackhand_lab::sockets::Issuer;

use crate::client::Client;
use crate::controller::serve_bmc;
use crate::namespace::alone;
use crate::segment::{self, INTERFACE};
use crate::server::{Kind, Server};
use crate::support::console::{connect, within as soon_within};
use crate::support::daemon::folded;
use crate::support::lab::{Lab, QUICK, Tempo};

/// Lab seconds in a second.
const SPEED: f64 = 100.0;

async fn from_lease_to_staged(kind: Kind) {
    segment::lay();
    let issuer = Issuer::new().unwrap();
    let mut lab = Lab::new(0, QUICK, Tempo::from_now(SPEED), &issuer).await;
    segment::plug("bmc", &lab.server.bmc_mac.to_string());
    serve_bmc(&lab, &issuer);
    let more = lab.place.more.replace("[\"127.0.0.0/8\"]", "[\"10.77.0.0/24\"]");
    let heard = format!("interfaces = [\"{INTERFACE}\"]\nservers = [\"10.77.0.1\"]");
    lab.place.more = more.replace("pcap = [\"leases.pcap\"]", &heard);

    let daemon = lab.place.start(None).await;
    let (console, mut head) = connect(&lab.place.socket()).await.map(|(c, h)| (c, h.head)).unwrap();
    assert!(lab.place.told().is_empty());
    let _server = Server::start(kind, "");
    let _client = Client::udhcpc("bmc");

    let is_staged = || folded(&lab.place.events()).units.values().any(|u| u.stage == Stage::Staged);
    let staged = async {
        while !is_staged() {
            head = console.watch(soon_within(Duration::from_secs(20)), head, 10_000).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(120), staged)
        .await
        .unwrap_or_else(|_| panic!("{}\n{:#?}", lab.place.log(), lab.place.events()));
    let world = folded(&lab.place.events());
    let address = world.units.values().next().unwrap().bmc_address.unwrap().to_string();
    assert!(address.starts_with("10.77.0."), "{address}");
    assert_eq!(world.units.len(), 1);
    assert!(daemon.terminate().await.success());
}

#[test]
fn a_controller_that_asks_dnsmasq_for_an_address_reaches_staged() {
    alone(&["dnsmasq", "udhcpc"], || from_lease_to_staged(Kind::Dnsmasq));
}

#[test]
fn a_controller_that_asks_kea_for_an_address_reaches_staged() {
    alone(&["kea-dhcp4", "udhcpc"], || from_lease_to_staged(Kind::Kea));
}

#[test]
fn a_controller_that_asks_isc_dhcpd_for_an_address_reaches_staged() {
    alone(&["dhcpd", "udhcpc"], || from_lease_to_staged(Kind::Isc));
}
