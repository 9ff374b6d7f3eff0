//! Carriers that answer wrongly on purpose: each question ends in time with a fault that says whether to ask again.

use std::sync::Mutex;

use futures::future::BoxFuture;
use rackhand_adapters::port::dial::{Connected, DialError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Deadlines of a token and of two questions, and a little.
const PATIENCE: Duration = Duration::from_secs(4 * 36);

/// Sends this once a request is there, then this piece again and again; or closes.
struct Raw {
    head: String,
    piece: Vec<u8>,
    pause: Option<Duration>,
}

impl Dial for Raw {
    fn dial<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let (ours, mut theirs) = tokio::io::duplex(64 << 10);
        let (head, piece, pause) = (self.head.clone(), self.piece.clone(), self.pause);
        tokio::spawn(async move {
            let mut request = [0; 4_096];
            if theirs.read(&mut request).await.is_err() || theirs.write_all(head.as_bytes()).await.is_err() {
                return;
            }
            let Some(pause) = pause else { return };
            while theirs.write_all(&piece).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
        Box::pin(async move { Ok(Connected { stream: Box::pin(ours), certificate: None }) })
    }
}

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

#[tokio::test(start_paused = true)]
async fn a_peer_that_speaks_no_proper_http_ends_each_question_in_time() {
    let long = format!("{JSON}Content-Length: 1000000000\r\n\r\n");
    let cut = format!("{JSON}Content-Length: 500\r\n\r\n{{}}");
    for (what, head, piece, pause, expected) in [
        ("nothing", "", &b""[..], Some(5_000), Kind::Transient),
        ("one byte a second", &long, b" ", Some(1_000), Kind::Transient),
        ("a body without end", &long, &[b' '; 16_384], Some(1), Kind::Malformed),
        ("headers without end", "HTTP/1.1 200 OK\r\n", b"X: y\r\n", Some(1), Kind::Transient),
        ("a length that is not kept", &cut, b"", None, Kind::Transient),
        ("another protocol", "SSH-2.0-OpenSSH_9.6\r\n", b"", Some(5_000), Kind::Transient),
        ("a closed door", "", b"", None, Kind::Transient),
    ] {
        for carrier in ALL {
            let pause = pause.map(Duration::from_millis);
            let dial = Raw { head: head.to_owned(), piece: piece.to_vec(), pause };
            let carriers = Carriers::new(Arc::new(dial), Clock::scaled(EPOCH, 1.0), settings(SECRET, KEY, 250));
            let done = tokio::time::timeout(PATIENCE, kind(&carriers, carrier)).await;
            assert_eq!(
                done.unwrap_or_else(|_| panic!("{carrier}: {what}: no end")),
                Err(expected),
                "{carrier}: {what}"
            );
        }
    }
}

/// Answers as the carrier does, and from the n-th request on as it should not.
struct Turncoat {
    lab: Arc<dyn Host>,
    from: u64,
    seen: Mutex<u64>,
    reply: Reply,
}

impl Host for Turncoat {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut seen = self.seen.lock().unwrap();
        *seen += 1;
        if *seen >= self.from { self.reply.clone() } else { self.lab.answer(request, now) }
    }
}

fn replies() -> Vec<(&'static str, Reply, &'static [Kind])> {
    let with = |status: StatusCode, body: Vec<u8>| {
        let mut reply = Reply::json(status, &Value::Null);
        reply.body = body.into();
        reply
    };
    let json = |body: &str| with(StatusCode::OK, body.as_bytes().to_vec());
    let fate = |fate| Reply { fate, ..Reply::json(StatusCode::OK, &json!({ "id": 1 })) };
    let moved = |to: &str| Reply::status(StatusCode::FOUND).header("location", to);
    let status = |status: u16, body: &str| with(StatusCode::from_u16(status).unwrap(), body.as_bytes().to_vec());
    let wrong = json!({
        "access_token": 7, "trackResponse": {"shipment": [{"package": [{"activity": "all"}]}]}, "shipments": "some",
        "output": {"completeTrackResults": [{"trackingNumber": number(Carrier::Fedex), "trackResults": 7}]},
    });
    let other = json!({
        "access_token": "", "trackResponse": {}, "shipments": {},
        "output": {"completeTrackResults": [{"trackingNumber": "794608999999", "trackResults": []}]},
    });
    vec![
        ("no answer", fate(Fate::Hang), &[Kind::Transient]),
        ("reset", fate(Fate::Lost), &[Kind::Transient]),
        ("reset in the middle", fate(Fate::Cut), &[Kind::Transient]),
        ("deep", json(&format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000))), &[Kind::Malformed]),
        (
            "deep objects",
            json(&format!("{}1{}", "{\"shipments\":".repeat(5_000), "}".repeat(5_000))),
            &[Kind::Malformed],
        ),
        ("many values", json(&format!("[{}1]", "1,".repeat(300_000))), &[Kind::Malformed]),
        ("huge", with(StatusCode::OK, vec![b' '; 5 << 20]), &[Kind::Malformed]),
        ("a page", json("<h1>Log in</h1>"), &[Kind::Malformed]),
        ("redirected elsewhere", moved("http://elsewhere.example/api/"), &[Kind::Rejected]),
        ("nothing", json(""), &[Kind::Malformed]),
        ("half a document", json("{\"trackRes"), &[Kind::Malformed]),
        ("null", json("null"), &[Kind::Malformed]),
        ("a list", json("[1, 2]"), &[Kind::Malformed]),
        ("wrong types", json(&wrong.to_string()), &[Kind::Malformed]),
        ("another's answer", json(&other.to_string()), &[Kind::Malformed]),
        ("not text", with(StatusCode::OK, vec![0xFF, 0xFE, 0x00]), &[Kind::Malformed]),
        ("server error", status(500, "{\"error\":\"boom\"}"), &[Kind::Transient]),
        ("no such page", status(404, "<h1>Not found</h1>"), &[Kind::Rejected]),
        ("no such thing", status(404, "{\"message\":\"no Route matched\"}"), &[Kind::Rejected]),
        ("blocked", status(403, "{}"), &[Kind::Unauthorised]),
        ("tea", status(418, "{}"), &[Kind::Rejected]),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_turns_bad_at_any_request_ends_the_question_in_time() {
    let mut runs = 0;
    for carrier in ALL {
        for (what, reply, kinds) in replies() {
            for from in 1.. {
                let b = Bench::new();
                let lab: Arc<dyn Host> = match carrier {
                    Carrier::Ups => b.ups.clone(),
                    Carrier::Fedex => b.fedex.clone(),
                    Carrier::Dhl => b.dhl.clone(),
                };
                let turncoat = Arc::new(Turncoat { lab, from, seen: Mutex::new(0), reply: reply.clone() });
                let network = Network::default();
                let (host, faults) = (turncoat.clone(), Arc::new(Faults::default()));
                let station = Station { host, faults, clock: b.clock.clone(), certificate: None };
                for name in ["ups.lab:443", "fedex.lab:443", "dhl.lab:443"] {
                    network.attach(name, station.clone());
                }
                let carriers = Carriers::new(Arc::new(network), b.clock.clone(), settings(SECRET, KEY, 250));
                let done = tokio::time::timeout(PATIENCE, one(&carriers, carrier, number(carrier))).await;
                let done = done.unwrap_or_else(|_| panic!("{carrier}: {what} from {from}: no end"));
                runs += 1;
                if *turncoat.seen.lock().unwrap() < from {
                    assert_eq!(done.map(|t| t.status), Ok(Transit::Unknown), "{carrier}");
                    break;
                }
                let fault = done.err().unwrap_or_else(|| panic!("{carrier}: {what} from {from}: taken for good"));
                assert!(kinds.contains(&fault.kind), "{carrier}: {what} from {from}: {fault:?}");
                assert!(!fault.what.is_empty() && fault.what.chars().count() < 400, "{carrier}: {what}: {fault}");
            }
        }
    }
    assert!(runs > 100, "{runs}");
}

#[tokio::test(start_paused = true)]
async fn one_number_that_is_refused_holds_up_no_other_and_a_carrier_that_is_down_is_asked_once() {
    let b = Bench::new();
    let carriers = b.carriers();
    let numbers: Vec<Text> = (0..3).map(|n| format!("1Z999AA1012345678{n}").into()).collect();
    b.refuse(QUESTION, 400, &json!({"response": {"errors": [{"code": "151018", "message": "Invalid"}]}}).to_string());
    let kinds = |all: Vec<Result<Tracked, Fault>>| -> Vec<Result<Transit, Kind>> {
        all.into_iter().map(|a| a.map(|t| t.status).map_err(|f| f.kind)).collect()
    };
    let all = kinds(carriers.track(Carrier::Ups, &numbers).await);
    assert_eq!(all, [Err(Kind::Rejected), Ok(Transit::Unknown), Ok(Transit::Unknown)]);
    assert_eq!(b.ups.desk.questions().len(), 2);
    b.faults.add(Rule { method: None, path: QUESTION.into(), effect: Effect::Answer(Fate::Hang), times: u32::MAX });
    let begun = b.clock.now();
    assert_eq!(kinds(carriers.track(Carrier::Ups, &numbers).await), [Err(Kind::Transient); 3]);
    assert!(b.clock.now().since(begun) < Duration::from_secs(36), "each number waited for its own deadline");
    b.network.detach("ups.lab:443");
    assert_eq!(kind(&carriers, Carrier::Ups).await, Err(Kind::Transient));
}
