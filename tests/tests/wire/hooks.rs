//! Each server's own hook tells the daemon of the same lease where there is no tap.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rackhand_core::event::{DiscoveryEvent, Event};
use rackhand_core::id::Subject;

use crate::client::{CLASS, Client, NAME};
use crate::namespace::{alone, run};
use crate::segment::{self, eventually};
use crate::server::{Kind, Server};
use crate::support::daemon::Place;

const MAC: &str = "94:40:c9:01:02:03";
/// Where the hooks find `rackhand` here.
const RACKHAND: &str = "/dev/shm/rackhand";
/// Where the hooks are here.
const HOOK: &str = "/dev/shm/hook";

fn program(path: &str, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What a server is told besides its pool: the shipped configuration, with this machine's paths.
fn told(kind: Kind) -> String {
    let here = |text: &str| text.replace("/usr/bin/rackhand", RACKHAND);
    match kind {
        Kind::Dnsmasq => {
            program(HOOK, &here(include_str!("../../../daemon/hooks/dnsmasq")));
            include_str!("../../../daemon/hooks/dnsmasq.conf")
                .replace("/usr/lib/rackhand/hooks/dnsmasq", HOOK)
                .replace("dhcp-scriptuser=dnsmasq", "dhcp-scriptuser=root")
        }
        Kind::Kea => {
            program(HOOK, &here(include_str!("../../../daemon/hooks/kea")));
            let library = run("find /usr/lib -name libdhcp_run_script.so");
            let shipped: serde_json::Value =
                serde_json::from_str(include_str!("../../../daemon/hooks/kea.json")).unwrap();
            let mut libraries = shipped["Dhcp4"]["hooks-libraries"].clone();
            libraries[0]["library"] = library.trim().into();
            libraries[0]["parameters"]["name"] = HOOK.into();
            format!("\"hooks-libraries\": {libraries},")
        }
        Kind::Isc => here(include_str!("../../../daemon/hooks/isc.conf")),
    }
}

async fn the_hook_tells(kind: Kind, class: Option<&str>) {
    segment::lay();
    segment::plug("bmc", MAC);
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (real, socket) = (env!("CARGO_BIN_EXE_rackhand-under-test"), place.socket());
    let home = Path::new("/dev/shm");
    program(
        RACKHAND,
        &format!(
            "#!/bin/sh\nexport HOME={} RACKHAND_HOST=unix://{}\nexec {real} \"$@\"\n",
            home.display(),
            socket.display()
        ),
    );
    let server = Server::start(kind, &told(kind));
    let client = Client::udhcpc("bmc");
    eventually("told of", || !place.told().is_empty(), || format!("{}{}", server.log(), place.log())).await;
    client.renew("bmc").await;
    let first = place.told().remove(0).draft;
    assert_eq!(first.subject, Subject::Bmc(MAC.parse().unwrap()));
    let Event::Discovery(DiscoveryEvent::BmcSighted { address, hostname, vendor_class }) = first.event else {
        panic!("{first:?}")
    };
    assert!(address.to_string().starts_with("10.77.0."), "{address}");
    assert!(run("ip -n bmc -4 -o addr show dev eth0").contains(&address.to_string()));
    assert_eq!(hostname.map(|n| n.to_lowercase()), Some(NAME.to_lowercase()));
    assert_eq!(vendor_class.as_deref(), class);
    let sightings = place
        .events()
        .iter()
        .filter(|e| matches!(e.draft.event, Event::Discovery(DiscoveryEvent::BmcSighted { .. })))
        .count();
    assert_eq!(sightings, 1, "the renewal is no news");
    assert!(daemon.terminate().await.success());
}

#[test]
fn dnsmasqs_hook_tells_of_the_same_lease_without_a_tap() {
    alone(&["dnsmasq", "udhcpc"], || the_hook_tells(Kind::Dnsmasq, Some(CLASS)));
}

#[test]
fn keas_hook_tells_of_the_same_lease_without_a_tap() {
    alone(&["kea-dhcp4", "udhcpc"], || the_hook_tells(Kind::Kea, None));
}

#[test]
fn isc_dhcpds_hook_tells_of_the_same_lease_without_a_tap() {
    alone(&["dhcpd", "udhcpc"], || the_hook_tells(Kind::Isc, Some(CLASS)));
}
