//! The NetBox adapter against the lab's NetBox, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

/// Each of these tests, on each release of NetBox.
macro_rules! on_each_release {
    ($($test:ident),* $(,)?) => {
        on_each_release! { @of v4_2 V4_2: $($test)* }
        on_each_release! { @of v4_6 V4_6: $($test)* }
        on_each_release! { @of v4_7 V4_7: $($test)* }
    };
    (@of $module:ident $release:ident: $($test:ident)*) => {
        mod $module {
            $(#[tokio::test(start_paused = true)]
            async fn $test() {
                super::$test(rackhand_lab::netbox::Profile::$release).await;
            })*
        }
    };
}

#[path = "netbox/bulk.rs"]
mod bulk;
#[path = "netbox/cabling.rs"]
mod cabling;
#[path = "netbox/calls.rs"]
mod calls;
#[path = "netbox/check.rs"]
mod check;
#[path = "netbox/contract.rs"]
mod contract;
#[path = "netbox/device.rs"]
mod device;
#[path = "netbox/faults.rs"]
mod faults;
#[path = "netbox/granted.rs"]
mod granted;
#[path = "netbox/hostile.rs"]
mod hostile;
#[path = "netbox/inventory.rs"]
mod inventory;
#[path = "netbox/lab.rs"]
mod lab;
#[path = "netbox/place.rs"]
mod place;
#[path = "netbox/projection.rs"]
mod projection;
#[path = "netbox/racks.rs"]
mod racks;
#[path = "netbox/setup.rs"]
mod setup;

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::netbox::{Note, NoteKind, Settings, StatusWrite, TenantWrite, Token};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::{Lookup, Port};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::faults::{Effect, Faults, Rule};
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Fate, Host, Reply, Request};
use rackhand_lab::netbox::{DeviceSpec, NetBox as Lab, Profile as Release};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const STAGING_TENANT: &str = "baremetal-staging";

type Adapter = rackhand_adapters::netbox::NetBox;

/// Before 4.5 the only kind.
const V1: &str = "0123456789abcdef0123456789abcdef01234567";
const TOKEN: &str = "nbt_abcdefghijkl.0123456789012345678901234567890123456789";
const BMC: Mac = Mac([0x94, 0x40, 0xC9, 0, 0, 1]);
const NIC: Mac = Mac([0x94, 0x40, 0xC9, 0, 1, 1]);

struct Bench {
    lab: Arc<Lab>,
    faults: Arc<Faults>,
    netbox: Adapter,
    network: Network,
    device: u64,
    bmc: u64,
}

/// A token this release takes.
fn token(release: Release) -> Token {
    if release == Release::V4_2 { Token::V1(Secret::new(V1)) } else { Token::V2(Secret::new(TOKEN)) }
}

fn settings(token: Token) -> Settings {
    let target = Target { host: "netbox.lab".into(), port: 8000, trust: Trust::Plain };
    Settings { target, base: String::new(), token }
}

fn clock() -> Clock {
    Clock::scaled(Timestamp::from_secs(1_795_000_000), 1.0)
}

fn adapter(host: Arc<dyn Host>, token: Token) -> (Adapter, Arc<Faults>, Network) {
    let (network, faults) = (Network::default(), Arc::new(Faults::default()));
    let station = Station { host, faults: faults.clone(), clock: clock(), certificate: None };
    network.attach("netbox.lab:8000", station);
    (Adapter::new(Arc::new(network.clone()), clock(), settings(token), policy()), faults, network)
}

/// One device with two NICs: `eth0` planned to sw1 Eth1, `eth1` free; switch sw1 has Eth1 to Eth4.
fn bench(release: Release) -> Bench {
    let lab = Arc::new(Lab::of(release));
    lab.add_token(TOKEN, true);
    lab.add_token(V1, true);
    lab.add_switch("sw1", &["Eth1", "Eth2", "Eth3", "Eth4"]);
    let device = lab.add_device(&DeviceSpec {
        rack: Some("R01".into()),
        position: Some(10.0),
        nics: vec![("eth0".into(), Some(port("Eth1"))), ("eth1".into(), None)],
        ..DeviceSpec::offline("srv1", "CZ1", BMC)
    });
    let bmc = lab.interface_id(device, "bmc").unwrap();
    let (netbox, faults, network) = adapter(lab.clone(), token(release));
    Bench { lab, faults, netbox, network, device, bmc }
}

impl Bench {
    fn nic(&self, name: &str) -> u64 {
        self.lab.interface_id(self.device, name).unwrap()
    }

    fn once(&self, method: Method, path: &str, effect: Effect) {
        self.faults.add(Rule { method: Some(method), path: path.to_owned(), effect, times: 1 });
    }

    fn with_fields(self) -> Self {
        let stages: Vec<&str> = Stage::ALL.iter().map(|s| s.word()).collect();
        self.lab.add_custom_field("lifecycle_state", "select", &stages);
        self.lab.add_custom_field("discovered_at", "datetime", &[]);
        self.lab.add_tenant(STAGING_TENANT);
        self
    }
}

fn port(name: &str) -> Port {
    Port { switch: Text::new("sw1"), port: Text::new(name) }
}

fn site() -> SiteId {
    SiteId::new("fra1")
}

fn policy() -> Policy {
    Policy::standard(site())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn kind<T: std::fmt::Debug>(result: Result<T, Fault>) -> Kind {
    result.unwrap_err().kind
}

fn staged() -> StatusWrite {
    StatusWrite {
        status: Text::new("staged"),
        lifecycle_state: Some("staged"),
        stamps: vec![("discovered_at", Timestamp::from_secs(1_795_000_000))],
        tenant: TenantWrite::Slug(Text::new(STAGING_TENANT)),
    }
}

fn note(n: u32, text: &str) -> Note {
    Note { key: Text::from(format!("[rackhand fra1/{n}]")), kind: NoteKind::Info, text: Text::new(text) }
}
