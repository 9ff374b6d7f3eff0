//! Over real sockets with TLS: pinned at first use, refused when the certificate has changed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target, Trust};
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish, Reset};
use rackhand_adapters::tcp::Tcp;
use rackhand_core::bmc::Power;
use rackhand_core::decide::Input;
use rackhand_core::decide::command::Command;
use rackhand_core::fault::Kind;
use rackhand_core::id::{Actor, Role, SiteId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::view;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::random::Random;
use rackhand_lab::bmc::{LabBmc, Pace, Personality, Spec};
use rackhand_lab::faults::Faults;
use rackhand_lab::front::{Network, Station};
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_lab::sockets::{Issuer, TlsServer};

use crate::bed::{MAC, failed};

#[tokio::test]
async fn a_certificate_is_pinned_at_first_use_and_a_changed_one_is_refused() {
    let clock = Clock::wall();
    let issuer = Issuer::new().unwrap();
    let pace = Pace { answer: Duration::ZERO, power: Duration::ZERO, post: Duration::from_secs(90) };
    let mut port = 0;
    let mut pins = Vec::new();
    for (n, personality) in Personality::RECORDED.into_iter().enumerate() {
        let address = IpAddr::V4(Ipv4Addr::new(127, 77, 0, u8::try_from(n + 1).unwrap()));
        let spec = Spec { pace, ..Spec::new(personality, "CZ2D1X0GK7", MAC) };
        let credentials = Credentials { user: Text::new(&spec.user), password: Secret::new(spec.password.clone()) };
        let bmc = Arc::new(LabBmc::new(spec));
        let host = Arc::clone(&bmc) as Arc<dyn rackhand_lab::host::Host>;
        let station = Station { host, faults: Arc::new(Faults::default()), clock: clock.clone(), certificate: None };
        let first = issuer.issue(&format!("bmc-{n}")).unwrap();
        // The same port at every address, chosen by the system for the first.
        let served = TlsServer::bind(SocketAddr::new(address, port), station.clone(), &first).await.unwrap();
        port = served.address().port();
        let dial = Tcp::new(None, vec!["127.77.0.0/24".parse().unwrap()]).unwrap();
        let redfish = Redfish::new(Arc::new(dial), clock.clone(), port);

        let (identity, pin) = redfish.identify(address, None).await.unwrap();
        assert_eq!(pin, Some(first.fingerprint()));
        assert!(!pins.contains(&pin));
        pins.push(pin);
        let at = Bmc { address, identity, pin };
        assert_eq!(redfish.read_system(&at, &credentials).await.unwrap().serial.as_str(), "CZ2D1X0GK7");
        redfish.arm_network_boot(&at, &credentials).await.unwrap();
        assert!(redfish.network_boot_armed(&at, &credentials).await.unwrap());
        redfish.reset(&at, &credentials, Reset::On).await.unwrap();
        assert_eq!(redfish.power(&at, &credentials).await.unwrap(), Power::On);

        drop(served);
        let second = issuer.issue(&format!("bmc-{n}-again")).unwrap();
        let _served = rebind(SocketAddr::new(address, port), &station, &second).await;
        let before = bmc.counters(clock.now()).logins_ok;
        let fault = failed(redfish.power(&at, &credentials).await, Kind::Conflict);
        assert!(fault.what.contains(&second.fingerprint().to_string()), "{fault}");
        failed(redfish.identify(address, at.pin).await, Kind::Conflict);
        assert_eq!(bmc.counters(clock.now()).logins_ok, before);
        assert_eq!(bmc.counters(clock.now()).sessions_open, 0);
    }
}

/// The port is free once the dropped listener's task has ended.
async fn rebind(
    address: SocketAddr,
    station: &Station,
    certificate: &rackhand_lab::sockets::Certificate,
) -> rackhand_lab::sockets::Listening {
    for _ in 0..1_000 {
        if let Ok(served) = TlsServer::bind(address, station.clone(), certificate).await {
            return served;
        }
        tokio::task::yield_now().await;
    }
    panic!("{address} stays taken");
}

/// BMCs over TLS sockets, everything else in memory.
struct Mixed(Tcp, Network);

impl Dial for Mixed {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        match target.trust {
            Trust::Pin(_) => self.0.dial(target),
            _ => self.1.dial(target),
        }
    }
}

#[tokio::test]
async fn a_changed_certificate_stops_the_work_on_that_bmc_and_asks_for_a_person() {
    let fra1 = SiteId::new("fra1");
    // Fast enough that a rung's deadline passes, slow enough for real handshakes.
    let clock = Clock::scaled(EPOCH, 300.0);
    let mut outside = Outside::new(clock.clone(), Policy::standard(fra1.clone()), LifePace::default());
    let server = outside.add_server(0, "fra1", Pace::default()).clone();
    let twin = outside.fleet.get(&server.serial).unwrap();
    // Its resets have no effect, so that the ladder comes back to the BMC.
    twin.behave(|b| b.never_boots = u32::MAX);
    let issuer = Issuer::new().unwrap();
    let first = issuer.issue("first").unwrap();
    let served = TlsServer::bind(SocketAddr::new(server.address.into(), 0), twin.station(), &first).await.unwrap();
    let tcp = Tcp::new(None, vec!["127.0.0.0/8".parse().unwrap()]).unwrap();
    let dial = Arc::new(Mixed(tcp, outside.network.clone()));
    let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
    let (journal, random) = (Journal::inline(store), Random::from_seed(7));
    let site = outside.start_over(dial, served.address().port(), journal, World::default(), random, false);
    outside.lease(&site, &server).await;
    let mut worlds = site.ledger.worlds();
    let unit = |w: &World| w.by_serial(&server.serial).cloned();

    let pinned = worlds.wait_for(|w| unit(w).is_some_and(|u| u.certificate.is_some())).await.unwrap().clone();
    assert_eq!(unit(&pinned).unwrap().certificate, Some(first.fingerprint()));
    let reset = || twin.counters().resets_total() > 0;
    while !reset() {
        worlds.changed().await.unwrap();
    }
    let at = served.address();
    drop(served);
    let second = issuer.issue("second").unwrap();
    let _served = rebind(at, &twin.station(), &second).await;
    let logins = twin.counters().logins_ok;

    let parked = |w: &Arc<World>| !view::dead_letters(w, clock.now()).is_empty();
    let stopped = tokio::time::timeout(Duration::from_secs(120), worlds.wait_for(parked)).await;
    let stopped = stopped.expect("parked within two minutes").unwrap().clone();
    let letters = view::dead_letters(&stopped, clock.now());
    let told = format!("{letters:?}");
    assert!(told.contains(&second.fingerprint().to_string()) && told.contains("pinned"), "{told}");
    assert_eq!(unit(&stopped).unwrap().certificate, Some(first.fingerprint()), "the pin stays");
    assert_eq!(twin.counters().logins_ok, logins, "nobody logged in to what showed the other certificate");

    // The advice is true: an operator who trusts the new one lets the work go on.
    assert!(told.contains("rackhand trust"), "{told}");
    twin.behave(|b| b.never_boots = 0);
    let id = unit(&stopped).unwrap().id;
    let trust = Command::TrustCertificate {
        unit: id,
        certificate: second.fingerprint(),
        reason: Text::new("the BMC was reset to its factory state"),
    };
    let operator = Actor::Person { name: Text::new("ann"), role: Role::Operator };
    site.ledger.submit(operator, Patience::Refuse, Input::Command(trust)).await.unwrap();
    let staged = |w: &Arc<World>| unit(w).is_some_and(|u| u.stage == Stage::Staged);
    let done = tokio::time::timeout(Duration::from_secs(120), worlds.wait_for(staged)).await;
    let done = done.expect("staged within two minutes").unwrap().clone();
    assert_eq!(unit(&done).unwrap().certificate, Some(second.fingerprint()));
    assert!(twin.counters().logins_ok > logins);
}
