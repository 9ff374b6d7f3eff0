//! Leases from elsewhere than the wire: MAAS, and the files of DHCP servers, up to the journal.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::dhcp::lease_file::Format;
use rackhand_adapters::maas::{Key, Maas, Settings};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_core::discovery::lease::{Change, LeaseEvent};
use rackhand_core::event::{DiscoveryEvent, Event, Recorded};
use rackhand_core::fault::Kind;
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::poll;
use rackhand_daemon::poll::lease_file::{Following, LeaseFile};
use rackhand_daemon::poll::maas::Asking;
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::bmc::Pace;
use rackhand_lab::faults::{Effect, Faults, Rule};
use rackhand_lab::front::Station;
use rackhand_lab::maas::{KEY, Maas as Region};
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use reqwest::StatusCode;

struct Bench {
    outside: Outside,
    site: Site,
    region: Arc<Region>,
    faults: Arc<Faults>,
    store: Arc<Mutex<Store>>,
}

impl Bench {
    fn new() -> Self {
        let fra1 = SiteId::new("fra1");
        let clock = Clock::scaled(EPOCH, 1.0);
        let mut outside = Outside::new(clock.clone(), Policy::standard(fra1.clone()), LifePace::default());
        outside.add_server(0, "fra1", Pace::default());
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let site = outside.start(Journal::inline(store.clone()), World::default(), Random::from_seed(7), false);
        let (region, faults) = (Arc::new(Region::new()), Arc::new(Faults::default()));
        let station = Station { host: region.clone(), faults: faults.clone(), clock, certificate: None };
        outside.network.attach("maas.lab:80".to_owned(), station);
        Self { outside, site, region, faults, store }
    }

    fn maas(&self, key: &str) -> Maas {
        let target = Target { host: "maas.lab".into(), port: 80, trust: Trust::Plain };
        let key = Key::parse(&Secret::new(key)).unwrap();
        let settings = Settings { target, base: "/MAAS".into(), key };
        Maas::new(Arc::new(self.outside.network.clone()), self.outside.clock.clone(), settings)
    }

    async fn discovered(&self) {
        let serial = self.outside.servers[0].serial.clone();
        let mut worlds = self.site.ledger.worlds();
        let is = worlds.wait_for(|w| w.by_serial(&serial).is_some_and(|u| u.stage >= Stage::Discovered));
        assert!(self.outside.clock.timeout(Duration::from_secs(3_600), is).await.is_some(), "it is not discovered");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_maas_gave_leads_to_discovered_and_is_told_once() {
    let b = Bench::new();
    let server = b.outside.servers[0].clone();
    b.region.lease(server.bmc_mac, server.address.into());
    b.region.add(1, Mac([0x94, 0x40, 0xC9, 9, 9, 9]), [10, 0, 4, 99].into());
    let minute = Duration::from_secs(60);
    let clock = b.outside.clock.clone();
    let asking = Asking::new(b.site.intake.clone(), b.maas(KEY), minute, Random::from_seed(1), clock.clone());
    let asking = tokio::spawn(poll::keep(asking, b.site.board.clone(), clock, b.site.stopping()));
    b.discovered().await;
    let world = b.site.ledger.world();
    assert_eq!(world.sightings.len(), 1, "an address of another kind is no lease");
    let asked = b.region.requests();
    b.outside.clock.sleep(minute * 10).await;
    assert!((9..=11).contains(&(b.region.requests() - asked)), "once a minute");
    assert_eq!(b.site.ledger.world().sightings.len(), 1);
    b.site.stop().await.unwrap();
    asking.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_maas_that_refuses_redirects_or_talks_nonsense_is_told_apart() {
    let b = Bench::new();
    let kind = async |maas: &Maas, nonce: &str| maas.leases(nonce).await.map_err(|f| f.kind);
    let maas = b.maas(KEY);
    assert_eq!(kind(&maas, "a1").await, Ok(Vec::new()));
    assert_eq!(kind(&maas, "a1").await, Err(Kind::Unauthorised), "a nonce is good once");
    assert_eq!(kind(&b.maas("LabConsumer1:LabToken2:wrong"), "a2").await, Err(Kind::Unauthorised));
    let refuse = |status: u16, body: &'static str| {
        let effect = Effect::Refuse(StatusCode::from_u16(status).unwrap(), body.into());
        b.faults.add(Rule { method: None, path: "ipaddresses".into(), effect, times: 1 });
    };
    for (n, (status, body, expected)) in [
        (301, "", Kind::Rejected),
        (503, "busy", Kind::Transient),
        (404, "Not Found", Kind::Rejected),
        (403, "Listing all IP addresses requires admin privileges.", Kind::Unauthorised),
        (200, "<html>", Kind::Malformed),
        (200, "{}", Kind::Malformed),
    ]
    .into_iter()
    .enumerate()
    {
        refuse(status, body);
        assert_eq!(kind(&maas, &format!("b{n}")).await, Err(expected), "{status} {body}");
    }
    b.outside.network.detach("maas.lab:80");
    assert_eq!(kind(&maas, "c1").await, Err(Kind::Transient));
}

#[tokio::test(start_paused = true)]
async fn a_lease_file_leads_to_discovered() {
    let b = Bench::new();
    let server = b.outside.servers[0].clone();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dhcpd.leases");
    let (mac, address) = (server.bmc_mac.to_string().to_lowercase(), server.address);
    let block = format!("lease {address} {{\n  ends never;\n  binding state active;\n  hardware ethernet {mac};\n}}\n");
    std::fs::write(&path, block).unwrap();
    let file = LeaseFile { path, format: Format::Isc };
    let clock = b.outside.clock.clone();
    let following = Following::new(b.site.intake.clone(), clock.clone(), file);
    let following = tokio::spawn(poll::keep(following, b.site.board.clone(), clock, b.site.stopping()));
    b.discovered().await;
    b.site.stop().await.unwrap();
    following.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_same_lease_from_the_wire_and_from_a_hook_counts_once() {
    let b = Bench::new();
    let server = b.outside.servers[0].clone();
    let told = LeaseEvent {
        mac: server.bmc_mac,
        address: server.address.into(),
        hostname: None,
        vendor_class: None,
        event: Change::Add,
        source: Some("kea".into()),
    };
    let first = b.site.intake.tell(std::slice::from_ref(&told)).await.unwrap();
    assert_eq!((first.new, first.known), (1, 0));
    b.outside.lease(&b.site, &server).await;
    let ended = LeaseEvent { event: Change::Del, ..told.clone() };
    let again = b.site.intake.tell(&[told, ended]).await.unwrap();
    assert_eq!((again.new, again.known, again.ended), (0, 1, 1));
    assert_eq!(b.site.intake.ended_leases(), 1);
    b.discovered().await;
    let mut sighted = 0;
    let count = &mut |r: Recorded| {
        sighted += u32::from(matches!(r.draft.event, Event::Discovery(DiscoveryEvent::BmcSighted { .. })));
    };
    b.store.lock().unwrap().replay(0, count).unwrap();
    assert_eq!(sighted, 1, "the wire says nothing new");
}
