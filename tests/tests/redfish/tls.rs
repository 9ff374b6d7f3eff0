//! Over real sockets with TLS: pinned at first use, refused when the certificate has changed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish, Reset};
use rackhand_adapters::tcp::Tcp;
use rackhand_core::bmc::Power;
use rackhand_core::fault::Kind;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_lab::bmc::{LabBmc, Pace, Personality, Spec};
use rackhand_lab::faults::Faults;
use rackhand_lab::front::Station;
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
