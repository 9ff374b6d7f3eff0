//! Every public call, against a peer that turns hostile at any one of its requests: each ends by its deadline, with a
//! fault that says so or with what could be read, and leaves nothing behind.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target, Trust};
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_lab::bmc::{LabBmc, Personality, Spec};
use rackhand_lab::host::{Host, Reply, Request};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::bed::{ADDRESS, EPOCH, MAC, PIN};
use crate::calls::Call;
use crate::recorded::say;

/// The longest call, everything read, and closing its session.
const BOUND: Duration = Duration::from_secs(600 + 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attack {
    Hang,
    Drip,
    Endless,
    EndlessHead,
    ManyHeaders,
    Deep,
    Wide,
    LengthTooLong,
    LengthTooShort,
    CutInBody,
    RedirectElsewhere,
    OtherCertificate,
    OtherTypes,
    OtherTypesInside,
    Html,
    Nothing,
    Status(u16),
}

const ATTACKS: [Attack; 23] = [
    Attack::Hang,
    Attack::Drip,
    Attack::Endless,
    Attack::EndlessHead,
    Attack::ManyHeaders,
    Attack::Deep,
    Attack::Wide,
    Attack::LengthTooLong,
    Attack::LengthTooShort,
    Attack::CutInBody,
    Attack::RedirectElsewhere,
    Attack::OtherCertificate,
    Attack::OtherTypes,
    Attack::OtherTypesInside,
    Attack::Html,
    Attack::Nothing,
    Attack::Status(401),
    Attack::Status(404),
    Attack::Status(412),
    Attack::Status(429),
    Attack::Status(500),
    Attack::Status(503),
    Attack::Status(204),
];

/// A peer over a byte stream: a controller of the lab, except for one request.
#[derive(Clone)]
struct Peer {
    bmc: Arc<LabBmc>,
    clock: Clock,
    turn: Option<(u32, Attack)>,
    seen: Arc<AtomicU32>,
    /// From here on it shows another certificate.
    turned: Arc<Mutex<bool>>,
    dialled: Arc<Mutex<Vec<String>>>,
    requests_after_turning: Arc<AtomicU32>,
}

impl Peer {
    fn new(personality: Personality, clock: &Clock, turn: Option<(u32, Attack)>) -> (Self, Credentials) {
        let mut spec = Spec { running: true, ..Spec::new(personality, "CZ2D1X0GK7", MAC) };
        spec.pace.answer = Duration::from_millis(1);
        let who = Credentials { user: Text::new(&spec.user), password: Secret::new(spec.password.clone()) };
        let bmc = Arc::new(LabBmc::new(spec));
        bmc.start_job(false, EPOCH);
        let peer = Self {
            bmc,
            clock: clock.clone(),
            turn,
            seen: Arc::default(),
            turned: Arc::default(),
            dialled: Arc::default(),
            requests_after_turning: Arc::default(),
        };
        (peer, who)
    }

    async fn serve(self, mut stream: DuplexStream) {
        while let Some(request) = next_request(&mut stream).await {
            if *self.turned.lock().unwrap() {
                self.requests_after_turning.fetch_add(1, Ordering::SeqCst);
            }
            let nth = self.seen.fetch_add(1, Ordering::SeqCst);
            let reply = self.bmc.answer(&request, self.clock.now());
            let done = match self.turn {
                Some((at, attack)) if at == nth => self.attack(&mut stream, attack, reply).await,
                _ => {
                    self.clock.sleep(reply.delay).await;
                    stream.write_all(&whole(&reply)).await.is_ok()
                }
            };
            if !done {
                return;
            }
        }
    }

    /// Answers as an attacker; `false` ends the connection.
    async fn attack(&self, stream: &mut DuplexStream, attack: Attack, mut reply: Reply) -> bool {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        let lengthy = format!("{head}Content-Length: 4000000000\r\n\r\n");
        match attack {
            Attack::Hang => std::future::pending().await,
            Attack::Drip => {
                drop(stream.write_all(lengthy.as_bytes()).await);
                while stream.write_all(b" ").await.is_ok() {
                    self.clock.sleep(Duration::from_secs(1)).await;
                }
                false
            }
            Attack::Endless => {
                drop(stream.write_all(lengthy.as_bytes()).await);
                while stream.write_all(&[b' '; 16_000]).await.is_ok() {
                    self.clock.sleep(Duration::from_micros(1)).await;
                }
                false
            }
            Attack::EndlessHead => {
                drop(stream.write_all(head.as_bytes()).await);
                while stream.write_all(&[b'X'; 4_096]).await.is_ok() {
                    self.clock.sleep(Duration::from_micros(1)).await;
                }
                false
            }
            Attack::ManyHeaders => {
                let many = "X-A: b\r\n".repeat(200);
                stream.write_all(format!("{head}{many}Content-Length: 2\r\n\r\n{{}}").as_bytes()).await.is_ok()
            }
            Attack::Deep => respond(stream, head, "[".repeat(2_000_000).as_bytes(), 2_000_000).await,
            Attack::Wide => {
                let wide = format!("[0{}]", ",0".repeat(1_000_000));
                respond(stream, head, wide.as_bytes(), wide.len()).await
            }
            Attack::LengthTooLong => respond(stream, head, &reply.body, reply.body.len() + 10).await,
            Attack::LengthTooShort => respond(stream, head, &reply.body, reply.body.len() / 2).await,
            Attack::CutInBody => {
                respond(stream, head, &reply.body[..reply.body.len() / 2], reply.body.len().max(1)).await;
                false
            }
            Attack::RedirectElsewhere => {
                let to = "https://127.9.0.99:443/redfish/v1/";
                let answer = format!("HTTP/1.1 307 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.is_ok()
            }
            Attack::OtherCertificate => {
                *self.turned.lock().unwrap() = true;
                false
            }
            Attack::OtherTypes | Attack::OtherTypesInside => {
                let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let inside = attack == Attack::OtherTypesInside;
                reply.body = twisted(&body, inside).to_string().into();
                stream.write_all(&whole(&reply)).await.is_ok()
            }
            Attack::Html => respond(stream, head, b"<html>log in</html>", 19).await,
            Attack::Nothing => respond(stream, head, b"", 0).await,
            Attack::Status(status) => {
                stream.write_all(format!("HTTP/1.1 {status} Odd\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.is_ok()
            }
        }
    }
}

/// The same document with values of other types; `inside` leaves links alone, so that reading goes on.
fn twisted(value: &Value, inside: bool) -> Value {
    match value {
        Value::Object(object) => {
            let each = |(key, value): (&String, &Value)| {
                let keep = inside && (key == "@odata.id" || key == "target" || key == "Members");
                (key.clone(), if keep { value.clone() } else { twisted(value, inside) })
            };
            Value::Object(object.iter().map(each).collect())
        }
        Value::Array(list) if inside => Value::Array(list.iter().map(|v| twisted(v, inside)).collect()),
        Value::Array(_) => json!("list"),
        Value::String(_) => json!({ "@odata.id": 7 }),
        Value::Number(_) => json!("1e999999"),
        Value::Bool(_) => json!([[]]),
        Value::Null => json!(-1e308),
    }
}

async fn respond(stream: &mut DuplexStream, head: &str, body: &[u8], length: usize) -> bool {
    let head = format!("{head}Content-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.is_ok() && stream.write_all(body).await.is_ok()
}

fn whole(reply: &Reply) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", reply.status.as_u16(), reply.body.len());
    for (name, value) in &reply.headers {
        out.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    out.push_str("\r\n");
    [out.as_bytes(), &reply.body].concat()
}

async fn next_request(stream: &mut DuplexStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?, first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|l| l.split_once(": ")) {
        headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let length = headers.get("content-length").and_then(|v| v.to_str().ok()?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (path, query) = (path.to_owned(), query.to_owned());
    Some(Request { method: Method::from_bytes(method.as_bytes()).unwrap(), path, query, headers, body: body.into() })
}

impl Dial for Peer {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        self.dialled.lock().unwrap().push(target.authority());
        let shown = if *self.turned.lock().unwrap() { Fingerprint([9; 32]) } else { PIN };
        let refused = matches!(target.trust, Trust::Pin(Some(pin)) if pin != shown);
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        if !refused {
            tokio::spawn(self.clone().serve(theirs));
        }
        Box::pin(async move {
            if refused {
                return Err(DialError { kind: Kind::Conflict, what: Text::new("another certificate") });
            }
            Ok(Connected { stream: Box::pin(ours), certificate: Some(shown) })
        })
    }
}

/// One call against one attack at one of its requests.
async fn meet(personality: Personality, call: Call, turn: Option<(u32, Attack)>) -> (Result<(), Fault>, u32) {
    let clock = Clock::scaled(EPOCH, 1.0);
    let (peer, who) = Peer::new(personality, &clock, turn);
    let redfish = Redfish::new(Arc::new(peer.clone()), clock.clone(), 443);
    let vendor = if personality.is_ilo() { rackhand_core::bmc::Vendor::Hpe } else { rackhand_core::bmc::Vendor::Dell };
    let identity = rackhand_core::bmc::Identity { vendor, controller: Text::new("x"), firmware: None, serial: None };
    let at = Bmc { address: ADDRESS, identity, pin: Some(PIN) };
    // Past the first seconds of its job's life.
    clock.sleep(Duration::from_secs(30)).await;
    let began = clock.now();
    let done = call.make(&redfish, &at, &who).await;
    let told = format!("{personality:?} {call:?} {turn:?}: {done:?}");
    let took = clock.now().since(began);
    assert!(took <= BOUND, "{told}: took {took:?}");
    redfish.finished().await;
    assert_eq!(redfish.in_use(), 0, "{told}");
    assert!(peer.dialled.lock().unwrap().iter().all(|to| to == "127.9.0.1:443"), "{told}: spoke to someone else");
    assert_eq!(peer.requests_after_turning.load(Ordering::SeqCst), 0, "{told}: spoke to another certificate");
    if let Err(fault) = &done {
        assert!(!fault.what.is_empty() && fault.what.chars().count() <= 2_001, "{told}");
        assert!(!format!("{fault:?}").contains(who.password.reveal()), "{told}");
    }
    // What the controller itself still counts as open, it closes; a session of ours is left only where the login's
    // answer, or both attempts at closing, met the attack.
    clock.sleep(Duration::from_secs(1_801)).await;
    assert_eq!(peer.bmc.counters(clock.now()).sessions_open, 0, "{told}");
    (done, peer.seen.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn every_call_ends_whatever_happens_at_any_of_its_requests() {
    let (mut cases, mut faults, mut read) = (0, 0, 0);
    for personality in [Personality::Ilo5, Personality::Idrac9] {
        for &call in Call::ALL {
            let (done, requests) = meet(personality, call, None).await;
            done.unwrap_or_else(|fault| panic!("{personality:?} {call:?}: {fault}"));
            // The longest calls repeat the same site: their first requests, then every third.
            let sites = (0..requests).filter(|n| *n < 12 || n % 3 == 0);
            for nth in sites {
                for attack in ATTACKS {
                    let heavy = matches!(attack, Attack::Deep | Attack::Wide | Attack::Endless);
                    if heavy && (call == Call::ReadAll || nth > 8) {
                        continue;
                    }
                    cases += 1;
                    let (done, _) = meet(personality, call, Some((nth, attack))).await;
                    match done {
                        Ok(()) => read += 1,
                        Err(fault) => {
                            faults += 1;
                            // Only what may have been done can be in doubt.
                            assert!(
                                call.changes() || fault.kind != Kind::Unknown,
                                "{call:?} {nth} {attack:?}: {fault}"
                            );
                        }
                    }
                }
            }
        }
    }
    say(&format!("{cases} cases: {faults} ended in a fault, {read} read what could be read"));
    assert!(cases > 4_000, "only {cases} cases");
    assert!(faults > cases / 3, "only {faults} of {cases} faults");
}
