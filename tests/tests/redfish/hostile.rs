//! Peers that answer wrongly on purpose: each call ends by its deadline and says what it was.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target};
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish};
use rackhand_core::bmc::{Identity, Power, Vendor};
use rackhand_core::fault::Kind;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::bmc::Personality;
use rackhand_lab::faults::Faults;
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Host, Reply, Request};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::bed::{ADDRESS, AUTHORITY, Bed, EPOCH, Job, failed};

/// Answers every GET below the root with one document, and logs anyone in.
struct Odd(Value);

impl Host for Odd {
    fn answer(&self, request: &Request, _now: Timestamp) -> Reply {
        match (&request.method, request.path.trim_end_matches('/')) {
            (&Method::GET, "/redfish/v1") => Reply::json(
                StatusCode::OK,
                &json!({ "RedfishVersion": "1.6.0", "Systems": { "@odata.id": "/redfish/v1/Systems" } }),
            ),
            (&Method::GET, "/redfish/v1/Systems") => {
                Reply::json(StatusCode::OK, &json!({ "Members": [4, null, { "@odata.id": "/redfish/v1/Systems/A" }] }))
            }
            (&Method::GET, _) => Reply::json(StatusCode::OK, &self.0),
            (&Method::POST, _) => Reply::status(StatusCode::CREATED)
                .header("x-auth-token", "t")
                .header("location", "https://elsewhere.example/redfish/v1/SessionService/Sessions/1"),
            _ => Reply::status(StatusCode::NO_CONTENT),
        }
    }
}

fn odd(system: Value) -> (Redfish, Bmc, Credentials) {
    let clock = Clock::scaled(EPOCH, 1.0);
    let network = Network::default();
    let host = Arc::new(Odd(system));
    network.attach(
        AUTHORITY,
        Station { host, faults: Arc::new(Faults::default()), clock: clock.clone(), certificate: None },
    );
    (Redfish::new(Arc::new(network), clock, 443), other(), nobody())
}

fn other() -> Bmc {
    let identity = Identity { vendor: Vendor::Other, controller: Text::new("x"), firmware: None, serial: None };
    Bmc { address: ADDRESS, identity, pin: None }
}

fn nobody() -> Credentials {
    Credentials { user: Text::new("u"), password: Secret::new("p") }
}

#[tokio::test(start_paused = true)]
async fn properties_of_another_type_are_missing_and_nothing_worse() {
    let system = json!({ "SerialNumber": ["a"], "SKU": "SKU1", "Model": "Acme X1", "Manufacturer": "Acme",
        "PowerState": 7, "Boot": "none", "Actions": [], "EthernetInterfaces": "no link" });
    let (redfish, at, credentials) = odd(system);
    let read = redfish.read_system(&at, &credentials).await.unwrap();
    assert_eq!((read.serial.as_str(), read.model.as_str(), read.power), ("SKU1", "X1", Power::Unknown));
    assert!(!redfish.network_boot_armed(&at, &credentials).await.unwrap());
    failed(redfish.reset(&at, &credentials, rackhand_adapters::redfish::Reset::On).await, Kind::Rejected);

    for body in [json!({}), json!([]), json!("text"), json!(null), json!({ "SerialNumber": null, "Model": {} })] {
        let (redfish, at, credentials) = odd(body);
        failed(redfish.read_system(&at, &credentials).await, Kind::Malformed);
        assert_eq!(redfish.power(&at, &credentials).await.unwrap(), Power::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn links_and_actions_that_leave_the_service_are_not_followed() {
    for target in ["https://elsewhere.example/a", "//elsewhere.example/a", "relative", "/a b", "/a\r\nX: y", ""] {
        let system = json!({ "Actions": { "#ComputerSystem.Reset": { "target": target } } });
        let (redfish, at, credentials) = odd(system);
        failed(redfish.reset(&at, &credentials, rackhand_adapters::redfish::Reset::On).await, Kind::Rejected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_or_no_service_root_is_malformed() {
    let deep = "[".repeat(100_000);
    for body in ["", "<html>login</html>", "{", "[]", "{\"a\":1}", "\u{0}\u{1}", deep.as_str()] {
        let bed = Bed::new(Personality::Ilo5).await;
        bed.refuse(Method::GET, "/redfish/v1", 200, body, 1);
        failed(bed.redfish.identify(ADDRESS, None).await, Kind::Malformed);
    }
}

#[tokio::test(start_paused = true)]
async fn deep_or_broken_json_behind_a_login_leaves_no_session() {
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    for body in [deep.as_str(), "not json"] {
        let bed = Bed::new(Personality::Idrac9).await;
        bed.refuse(Method::GET, "/Systems/System.Embedded.1", 200, body, 1);
        failed(bed.run(Job::Read).await, Kind::Malformed);
        assert_eq!(bed.counters().sessions_open, 0);
    }
}

/// Redirects `/redfish/v1/` to where it is told.
struct Redirecting(String, StatusCode);

impl Host for Redirecting {
    fn answer(&self, request: &Request, _now: Timestamp) -> Reply {
        match request.path.as_str() {
            "/moved" => Reply::json(StatusCode::OK, &json!({ "RedfishVersion": "1.6.0" })),
            _ => Reply { status: self.1, ..Reply::status(StatusCode::OK) }.header("location", &self.0),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_to_paths_of_the_same_host_only() {
    let cases = [
        ("/moved", None),
        ("https://127.9.0.1/moved", None),
        ("https://127.9.0.1:443/moved", None),
        ("https://127.9.0.2/moved", Some(Kind::Rejected)),
        ("https://127.9.0.1.example/moved", Some(Kind::Rejected)),
        ("https://127.9.0.1@elsewhere/moved", Some(Kind::Rejected)),
        ("//elsewhere/moved", Some(Kind::Rejected)),
        ("", Some(Kind::Rejected)),
        ("/redfish/v1/", Some(Kind::Rejected)),
    ];
    for status in [StatusCode::MOVED_PERMANENTLY, StatusCode::FOUND, StatusCode::PERMANENT_REDIRECT] {
        for (location, kind) in cases {
            let clock = Clock::scaled(EPOCH, 1.0);
            let network = Network::default();
            let host = Arc::new(Redirecting(location.to_owned(), status));
            let faults = Arc::new(Faults::default());
            network.attach(AUTHORITY, Station { host, faults, clock: clock.clone(), certificate: None });
            let result = Redfish::new(Arc::new(network), clock, 443).identify(ADDRESS, None).await;
            match kind {
                None => assert!(result.is_ok(), "{location}"),
                Some(kind) => drop(failed(result, kind)),
            }
        }
    }
}

/// What a raw peer sends once it has read a request: this head, then this piece again and again.
struct Raw {
    head: &'static str,
    piece: &'static [u8],
    pause: Duration,
}

impl Dial for Raw {
    fn dial<'a>(&'a self, _target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let (ours, mut theirs) = tokio::io::duplex(64 << 10);
        let (head, piece, pause) = (self.head, self.piece, self.pause);
        tokio::spawn(async move {
            let mut request = [0; 1_024];
            if theirs.read(&mut request).await.is_err() || theirs.write_all(head.as_bytes()).await.is_err() {
                return;
            }
            while theirs.write_all(piece).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
        Box::pin(async move { Ok(Connected { stream: Box::pin(ours), certificate: None }) })
    }
}

async fn met(head: &'static str, piece: &'static [u8], pause: Duration) -> (Kind, Duration) {
    let clock = Clock::scaled(EPOCH, 1.0);
    let redfish = Redfish::new(Arc::new(Raw { head, piece, pause }), clock.clone(), 443);
    let began = clock.now();
    let fault = redfish.identify(IpAddr::from([127, 9, 0, 1]), None).await.unwrap_err();
    (fault.kind, clock.now().since(began))
}

#[tokio::test(start_paused = true)]
async fn answers_without_end_are_cut_off() {
    const LENGTHY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
    const PIECE: &[u8] = &[b' '; 16_384];
    // Fast and without end: the size limit. A drop at a time: the deadline.
    assert_eq!(met(LENGTHY, PIECE, Duration::from_millis(1)).await.0, Kind::Malformed);
    let (kind, took) = met(LENGTHY, b" ", Duration::from_secs(1)).await;
    assert_eq!((kind, took.as_secs()), (Kind::Transient, 30));
    // A head without end, and none at all.
    let (kind, took) = met("HTTP/1.1 200 OK\r\n", b"X: y\r\n", Duration::from_millis(1)).await;
    assert!(kind.may_retry() && took <= Duration::from_secs(30), "{kind:?} after {took:?}");
    let (kind, took) = met("", b"", Duration::from_secs(5)).await;
    assert_eq!((kind, took.as_secs()), (Kind::Transient, 30));
    let (kind, _) = met("SSH-2.0-OpenSSH_9.6\r\n", b"", Duration::from_secs(5)).await;
    assert!(kind.may_retry());
}

/// Redirects logins to another path of its own with this status, and takes them there.
struct Moved(Arc<dyn Host>, StatusCode);

impl Host for Moved {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        match request.path.as_str() {
            "/redfish/v1/SessionService/Sessions" => {
                Reply { status: self.1, ..Reply::status(StatusCode::OK) }.header("location", "/logins")
            }
            "/logins" => {
                let path = "/redfish/v1/SessionService/Sessions".to_owned();
                self.0.answer(&Request { path, ..request.clone() }, now)
            }
            _ => self.0.answer(request, now),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_is_sent_on_only_where_the_redirect_keeps_its_method() {
    for (status, followed) in [(308, true), (307, true), (301, false), (302, false), (303, false)] {
        let bed = Bed::new(Personality::Ilo6).await;
        let host = Arc::new(Moved(Arc::clone(&bed.bmc) as Arc<dyn Host>, StatusCode::from_u16(status).unwrap()));
        let station = Station { host, faults: Arc::default(), clock: bed.clock.clone(), certificate: bed.at.pin };
        bed.network.attach(AUTHORITY, station);
        match bed.run(Job::Power).await {
            Ok(_) => assert!(followed, "{status}"),
            refused => {
                failed(refused, Kind::Rejected);
                assert!(!followed, "{status}");
            }
        }
        let counters = bed.counters();
        assert_eq!((counters.logins_ok, counters.sessions_open), (u32::from(followed), 0), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_repeats_the_password_does_not_get_it_into_a_fault() {
    let bed = Bed::new(Personality::Idrac9).await;
    let body =
        r#"{"error":{"@Message.ExtendedInfo":[{"MessageId":"Base.1.18.Odd","Message":"factory-CZ2D1X0GK7 is bad"}]}}"#;
    bed.refuse(Method::POST, "/Sessions", 400, body, 1);
    let fault = failed(bed.run(Job::Power).await, Kind::Rejected);
    assert!(!fault.to_string().contains("factory-"), "{fault}");
    assert!(fault.what.contains("Odd"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn only_a_one_time_network_boot_counts_as_armed() {
    let cases = [
        ("Pxe", "Once", true),
        ("UefiHttp", "Once", true),
        ("Pxe", "Continuous", false),
        ("Pxe", "Disabled", false),
        ("Hdd", "Once", false),
    ];
    for (target, enabled, armed) in cases {
        let boot = json!({ "Boot": { "BootSourceOverrideTarget": target, "BootSourceOverrideEnabled": enabled } });
        let (redfish, at, credentials) = odd(boot);
        assert_eq!(redfish.network_boot_armed(&at, &credentials).await.unwrap(), armed, "{target} {enabled}");
    }
}
