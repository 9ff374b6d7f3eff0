//! The machines' HTTP side, asked by a client that is not ours: tokens, methods, sizes, shapes and slow peers.

use std::time::Duration;

use rackhand_core::event::{BootEvent, Event};
use rackhand_core::flow::step::Step;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_lab::sockets::Issuer;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::console::{connect, within};
use crate::support::daemon::{Daemon, Place, folded};
use crate::support::lab::{Lab, QUICK, Tempo};

/// Lab seconds in a second.
const SPEED: f64 = 200.0;

pub fn client() -> Client {
    // Plain HTTP is all this side has; the provider is asked for all the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().timeout(Duration::from_secs(30)).build().unwrap()
}

/// A daemon whose one server has fetched its boot script and will never report by itself.
pub struct Booted {
    pub lab: Lab,
    pub daemon: Daemon,
    pub client: Client,
}

impl Booted {
    pub async fn new(n: usize) -> Self {
        let lab = Lab::new(n, QUICK, Tempo::from_now(SPEED), &Issuer::new().unwrap()).await;
        lab.twin().flaw(|f| f.never_reports = true);
        let daemon = lab.place.start(None).await;
        let (console, mut head) = connect(&lab.place.socket()).await.map(|(c, h)| (c, h.head)).unwrap();
        let booted = async {
            while !is_booted(&lab.place) {
                head = console.watch(within(Duration::from_secs(20)), head, 10_000).await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), booted).await.unwrap_or_else(|_| panic!("{}", lab.place.log()));
        Self { lab, daemon, client: client() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.lab.place.http)
    }

    /// The boot script for its serial and what else is asked.
    async fn script(&self, more: &str) -> String {
        let path = format!("/boot/ipxe?serial={}{more}", self.lab.server.serial);
        let answer = self.client.get(self.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    }

    /// What the machine's own NIC adds to its question.
    fn own_nic(&self) -> String {
        format!("&mac={}", self.lab.twin().bmc.spec().nics[0]).replace(':', "-")
    }

    /// Its boot's token. Until a step has reported, the same boot may fetch its script again.
    pub async fn token(&self) -> String {
        let script = self.script(&self.own_nic()).await;
        let (_, rest) = script.split_once("rackhand.token=").unwrap_or_else(|| panic!("{script}"));
        rest.split_whitespace().next().unwrap().to_owned()
    }

    async fn post(&self, path: &str, token: Option<&str>, body: impl Into<reqwest::Body>) -> (StatusCode, String) {
        let mut call = self.client.post(self.url(path)).header("content-type", "application/json").body(body);
        if let Some(token) = token {
            call = call.bearer_auth(token);
        }
        told(call.send().await.unwrap()).await
    }

    async fn step(&self, token: Option<&str>, body: &Value) -> (StatusCode, String) {
        self.post("/api/v1/validation/step", token, body.to_string()).await
    }

    async fn report(&self, token: Option<&str>, body: &Value) -> (StatusCode, String) {
        self.post("/api/v1/validation/report", token, body.to_string()).await
    }

    pub fn whole_report(&self) -> Value {
        let (spec, server) = (self.lab.twin().bmc.spec().clone(), &self.lab.server);
        let nics: Vec<Value> = spec.nics.iter().zip(&server.plan).enumerate().map(nic).collect();
        let steps: Vec<Value> = ["01-init", "02-memory", "03-disk", "04-lldp", "05-report"].map(step).to_vec();
        // What its BMC lists, part by part.
        let processor = json!({"model": "Intel(R) Xeon(R) Gold 6430", "cores": 32});
        let drive = |n: u8| {
            let serial = format!("{}-D{n}", spec.serial);
            json!({"serial": serial, "model": "NVMe", "bytes": 3_840_755_982_336_u64, "holds_data": false})
        };
        json!({
            "serial": spec.serial, "model": spec.model, "bmc_mac": spec.bmc_mac, "memory_bytes": 549_755_813_888_u64,
            "processors": [processor, processor], "drives": [drive(0), drive(1)], "nics": nics, "steps": steps,
        })
    }
}

fn nic((n, (mac, port)): (usize, (&rackhand_core::mac::Mac, &rackhand_core::inventory::Port))) -> Value {
    json!({"name": format!("eno{}", n + 1), "mac": mac, "link": true, "neighbour": port})
}

pub fn step(name: &str) -> Value {
    json!({"step": name, "verdict": "passed", "took_ms": 1_000})
}

async fn told(answer: Response) -> (StatusCode, String) {
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

fn is_booted(place: &Place) -> bool {
    let world = folded(&place.events());
    world.units.values().any(|u| u.boot.token.is_some() && u.steps.at(Step::Validate).is_some())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_boot_has_one_token_for_its_own_nic_and_strangers_get_none_and_leave_nothing() {
    let booted = Booted::new(7).await;
    let events = booted.lab.place.events().len();
    let token = booted.token().await;
    for n in 0..500 {
        for more in
            [String::new(), "&mac=".into(), "&mac=zz".into(), format!("&mac=00-50-56-00-{:02x}-{n:02x}", n >> 8)]
        {
            let script = booted.script(&more).await;
            assert!(script.ends_with("\nexit\n") && !script.contains("token="), "{script}");
        }
        assert_eq!(booted.token().await, token);
    }
    let more = booted.lab.place.events().split_off(events);
    let heard = |e: &&rackhand_core::event::Recorded| e.draft.actor == rackhand_core::id::Actor::Wire;
    assert_eq!(more.iter().filter(heard).count(), 0, "2,500 askings: {more:#?}");
    assert_eq!(booted.step(Some(&token), &step("01-init")).await.0, StatusCode::OK, "the machine's token is alive");
    assert!(booted.daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_last_token_of_a_boot_is_taken_and_all_others_get_the_same_answer() {
    let mut booted = Booted::new(0).await;
    let old = booted.token().await;
    // A daemon that was started again makes other tokens.
    assert!(booted.daemon.terminate().await.success());
    booted.daemon = booted.lab.place.start(None).await;
    let token = booted.token().await;
    let refused = (StatusCode::UNAUTHORIZED, "this token is not valid for any boot".to_owned());
    let forged = token.chars().rev().collect::<String>();
    for bad in [None, Some(""), Some("x"), Some(forged.as_str()), Some(old.as_str()), Some(&token[1..])] {
        assert_eq!(booted.step(bad, &step("01-init")).await, refused, "{bad:?}");
        assert_eq!(booted.report(bad, &booted.whole_report()).await, refused, "{bad:?}");
    }
    let basic = booted.client.post(booted.url("/api/v1/validation/step")).basic_auth("root", Some(&token));
    assert_eq!(told(basic.body(step("01-init").to_string()).send().await.unwrap()).await, refused);
    assert_eq!(booted.step(Some(&token), &step("01-init")).await.0, StatusCode::OK);
    assert!(booted.daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_taken_once_and_its_token_dies_with_it() {
    let booted = Booted::new(1).await;
    let token = booted.token().await;
    let same = step("01-init");
    assert_eq!(booted.step(Some(&token), &same).await.0, StatusCode::OK);
    assert_eq!(booted.step(Some(&token), &same).await.0, StatusCode::OK, "the same again is acknowledged");
    let mut other = same.clone();
    other["verdict"] = json!("failed");
    assert_eq!(booted.step(Some(&token), &other).await.0, StatusCode::CONFLICT);
    assert!(booted.script(&booted.own_nic()).await.contains("exit"), "a boot under way is not begun anew");

    let report = booted.whole_report();
    let (first, second) = tokio::join!(booted.report(Some(&token), &report), booted.report(Some(&token), &report));
    assert_eq!(
        [first.0, second.0],
        [StatusCode::OK; 2],
        "an answer may be lost, so the very same report is good twice"
    );
    let events = booted.lab.place.events().len();
    let reported =
        |e: &rackhand_core::event::Recorded| matches!(e.draft.event, Event::Boot(BootEvent::ValidationReported { .. }));
    assert_eq!(booted.lab.place.events().iter().filter(|e| reported(e)).count(), 1);
    let mut other = report.clone();
    other["memory_bytes"] = json!(1);
    assert_eq!(booted.report(Some(&token), &other).await.0, StatusCode::UNAUTHORIZED, "another one is not");
    assert_eq!(booted.report(Some(&token), &report).await.0, StatusCode::OK);
    let more = booted.lab.place.events().split_off(events);
    assert!(!more.iter().any(reported), "{more:?}");
    assert_eq!(booted.step(Some(&token), &step("02-memory")).await.0, StatusCode::UNAUTHORIZED);
    // Its parts are read once the machine has reported.
    let validated = async {
        while !folded(&booted.lab.place.events()).units.values().all(|u| u.stage >= Stage::PhysicalValidated) {
            tokio::task::yield_now().await;
        }
    };
    let world = || folded(&booted.lab.place.events());
    tokio::time::timeout(Duration::from_mins(1), validated).await.unwrap_or_else(|_| panic!("{:?}", world()));
    assert!(booted.daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_dead_after_its_hours() {
    let mut booted = Booted::new(2).await;
    let token = booted.token().await;
    assert!(booted.daemon.terminate().await.success());
    booted.lab.set_daemon_ahead(Duration::from_secs(5 * 3_600));
    booted.daemon = booted.lab.place.start(None).await;
    assert_eq!(booted.step(Some(&token), &step("01-init")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(booted.report(Some(&token), &booted.whole_report()).await.0, StatusCode::UNAUTHORIZED);
    assert!(booted.daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_report_is_refused_with_what_is_wrong_with_it() {
    let booted = Booted::new(3).await;
    let token = booted.token().await;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let wrong = |key: &str, value: Value| {
        let mut report = booted.whole_report();
        report[key] = value;
        report
    };
    for (body, field) in [
        (wrong("memory_bytes", json!("lots")), "memory_bytes: invalid type"),
        (wrong("colour", json!("blue")), "unknown field `colour`"),
        (wrong("nics", json!([{"name": "eno1"}])), "nics[0]: missing field `mac`"),
        (wrong("processors", json!(vec![json!({"model": "x", "cores": 1}); 17])), "processors"),
        (json!({"serial": "x"}), "missing field `model`"),
    ] {
        let (status, error) = booted.report(Some(&token), &body).await;
        assert!(status == unprocessable && error.contains(field), "{field}: {status} {error}");
    }
    let (status, error) =
        booted.step(Some(&token), &json!({"step": "06-lunch", "verdict": "passed", "took_ms": 1})).await;
    assert!(status == unprocessable && error.contains("unknown variant `06-lunch`"), "{status} {error}");
    let plain = booted.client.post(booted.url("/api/v1/validation/report")).bearer_auth(&token);
    let plain = told(plain.body(booted.whole_report().to_string()).send().await.unwrap()).await;
    assert_eq!(plain.0, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{plain:?}");
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    assert_eq!(booted.post("/api/v1/validation/report", Some(&token), deep).await.0, unprocessable);
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(booted.post("/api/v1/validation/report", Some(&token), large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(booted.report(Some(&token), &booted.whole_report()).await.0, StatusCode::OK, "the token is still good");
    assert!(booted.daemon.terminate().await.success());
}

#[tokio::test]
async fn other_paths_methods_and_serials_change_nothing() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (client, base) = (client(), format!("http://{}", place.http));
    let status = async |method: Method, path: &str| {
        client.request(method, format!("{base}{path}")).send().await.unwrap().status()
    };
    assert_eq!(status(Method::GET, "/healthz").await, StatusCode::OK);
    for path in ["/", "/boot", "/boot/", "/boot/ipxe/", "/boot/vmlinuz", "/boot/../x", "/api/v1/validation", "/metrics"]
    {
        assert_eq!(status(Method::GET, path).await, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/boot/ipxe", "/healthz"] {
        assert_eq!(status(Method::POST, path).await, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(status(Method::POST, "/api/v1/dhcp/event").await, StatusCode::NOT_FOUND, "no token is configured");
    for path in ["/api/v1/validation/step", "/api/v1/validation/report", "/api/v1/dhcp/event"] {
        assert_eq!(status(Method::GET, path).await, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(status(Method::DELETE, path).await, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(status(Method::GET, "/boot/ipxe").await, StatusCode::UNPROCESSABLE_ENTITY);
    let stranger = client.get(format!("{base}/boot/ipxe?serial=NOBODY%0Aboot&mac=zz")).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::OK);
    let script = stranger.text().await.unwrap();
    assert!(script.starts_with("#!ipxe\n") && script.ends_with("\nexit\n") && script.lines().count() == 3, "{script}");
    // A BIOS goes on to its disk by itself, UEFI where the loader says that it failed.
    for (query, end) in
        [("platform=pcbios", "\nexit\n"), ("platform=efi", "\nexit 1\n"), ("arch=arm64&platform=efi", "\nexit 1\n")]
    {
        let asked = client.get(format!("{base}/boot/ipxe?serial=NOBODY&{query}")).send().await.unwrap();
        let script = asked.text().await.unwrap();
        assert!(script.starts_with("#!ipxe\n") && script.ends_with(end), "{query}: {script}");
    }
    assert!(place.told().is_empty());
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_peer_that_is_slow_with_headers_or_body_is_let_go_while_others_are_served() {
    let booted = Booted::new(4).await;
    let (place, token) = (&booted.lab.place, booted.token().await);
    let slow_headers = async {
        let mut stream = TcpStream::connect(place.http).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    };
    let slow_body = async {
        let mut stream = TcpStream::connect(place.http).await.unwrap();
        let head = format!(
            "POST /api/v1/validation/step HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: 99\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408");
    };
    let client = client();
    let health = async { client.get(format!("http://{}/healthz", place.http)).send().await.unwrap().status() };
    let all = async { tokio::join!(slow_headers, slow_body, health) };
    let (.., health) = tokio::time::timeout(Duration::from_secs(30), all).await.expect("it holds a slow peer for ever");
    assert_eq!(health, StatusCode::OK);
    assert!(booted.daemon.terminate().await.success());
}
