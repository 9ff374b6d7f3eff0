//! Peers that answer wrongly on purpose, against every call of the adapter: each ends by its deadline with a fault that
//! says whether to try again.

use futures::future::BoxFuture;
use rackhand_adapters::port::dial::{Connected, Dial, DialError};
use rackhand_core::bmc::Fingerprint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::calls::Call;
use super::*;

/// An answer's deadline, a connection's, and a little.
const PATIENCE: Duration = Duration::from_secs(36);

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

fn raw() -> Vec<(&'static str, Raw, &'static [Kind])> {
    let of = |head: &str, piece: &[u8], pause: Option<u64>| Raw {
        head: head.to_owned(),
        piece: piece.to_vec(),
        pause: pause.map(Duration::from_millis),
    };
    let long = format!("{JSON}Content-Length: 1000000000\r\n\r\n");
    let chunked = format!("{JSON}Transfer-Encoding: chunked\r\n\r\n");
    let mut chunk = b"4000\r\n".to_vec();
    chunk.extend([b' '; 16_384]);
    chunk.extend(b"\r\n");
    vec![
        ("nothing", of("", b"", Some(5_000)), &[Kind::Transient]),
        ("one byte a second", of(&long, b" ", Some(1_000)), &[Kind::Transient]),
        ("a body without end", of(&long, &[b' '; 16_384], Some(1)), &[Kind::Malformed]),
        ("chunks without end", of(&chunked, &chunk, Some(1)), &[Kind::Malformed]),
        ("headers without end", of("HTTP/1.1 200 OK\r\n", b"X: y\r\n", Some(1)), &[Kind::Transient]),
        (
            "a length that is not kept",
            of(&format!("{JSON}Content-Length: 500\r\n\r\n{{}}"), b"", None),
            &[Kind::Transient],
        ),
        ("a length that lies", of(&format!("{JSON}Content-Length: 1\r\n\r\n{{}}"), b"", None), &[Kind::Malformed]),
        (
            "two lengths",
            of(&format!("{JSON}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"), b"", None),
            &[Kind::Transient, Kind::Malformed],
        ),
        ("another protocol", of("SSH-2.0-OpenSSH_9.6\r\n", b"", Some(5_000)), &[Kind::Transient]),
        ("a closed door", of("", b"", None), &[Kind::Transient]),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_speaks_no_proper_http_ends_each_call_in_time() {
    let on = bench(Release::V4_6).on();
    for call in Call::ALL {
        for (what, dial, kinds) in raw() {
            let netbox = Adapter::new(Arc::new(dial), clock(), settings(token(Release::V4_6)), policy());
            let done = tokio::time::timeout(PATIENCE, call.make(&netbox, &on)).await;
            let fault = done.unwrap_or_else(|_| panic!("{call:?}: {what}: no end")).unwrap_err();
            assert!(kinds.contains(&fault.kind), "{call:?}: {what}: {fault:?}");
            assert!(!fault.what.is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_with_another_certificate_is_sent_nothing() {
    let b = bench(Release::V4_6);
    for call in Call::ALL {
        let (network, faults) = (Network::default(), Arc::new(Faults::default()));
        let host: Arc<dyn Host> = b.lab.clone();
        let station = Station { host, faults, clock: clock(), certificate: Some(Fingerprint([1; 32])) };
        network.attach("netbox.lab:8000", station);
        let mut settings = settings(token(Release::V4_6));
        settings.target.trust = Trust::Pin(Some(Fingerprint([2; 32])));
        let before = b.lab.requests();
        let done = call.make(&Adapter::new(Arc::new(network), clock(), settings, policy()), &b.on()).await;
        assert_eq!(done.unwrap_err().kind, Kind::Conflict, "{call:?}");
        assert_eq!(b.lab.requests(), before);
    }
}

/// Answers as NetBox does, and from the n-th request on as it should not.
struct Turncoat {
    lab: Arc<Lab>,
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

fn replies() -> Vec<(&'static str, Reply)> {
    let with = |status: StatusCode, body: Vec<u8>| {
        let mut reply = Reply::json(status, &Value::Null);
        reply.body = body.into();
        reply
    };
    let json = |body: &str| with(StatusCode::OK, body.as_bytes().to_vec());
    let mut page = Reply::status(StatusCode::OK);
    page.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    page.body = "<h1>Log in</h1>".into();
    let fate = |fate| Reply { fate, ..Reply::json(StatusCode::OK, &json!({ "id": 1 })) };
    let moved = |to: &str| Reply::status(StatusCode::FOUND).header("location", to);
    vec![
        ("no answer", fate(Fate::Hang)),
        ("reset", fate(Fate::Lost)),
        ("reset in the middle", fate(Fate::Cut)),
        ("deep", json(&format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000)))),
        ("deep objects", json(&format!("{}1{}", "{\"results\":".repeat(5_000), "}".repeat(5_000)))),
        ("huge", with(StatusCode::OK, vec![b' '; 9 << 20])),
        ("a page", page),
        ("redirected elsewhere", moved("http://elsewhere.example/api/")),
        ("redirected to another scheme", moved("https://netbox.lab/api/")),
        ("nothing", json("")),
        ("half a document", json("{\"count\": 1, \"resul")),
        ("a text", json("\"x\"")),
        ("a number", json("7")),
        ("null", json("null")),
        (
            "words where numbers are due",
            json("{\"count\":\"many\",\"id\":\"x\",\"results\":7,\"data\":3,\"actions\":4}"),
        ),
        (
            "a list of strange things",
            json("{\"count\":1,\"next\":null,\"results\":[{\"id\":{}}],\"data\":{\"device_list\":[4]}}"),
        ),
        ("not text", with(StatusCode::OK, vec![0xFF, 0xFE, 0x00])),
        ("server error", with(StatusCode::INTERNAL_SERVER_ERROR, b"{\"error\":\"boom\"}".to_vec())),
        ("tea", with(StatusCode::IM_A_TEAPOT, b"{}".to_vec())),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_turns_bad_at_any_request_of_a_call_ends_it_in_time() {
    let mut runs = 0;
    for call in Call::ALL {
        for (what, reply) in replies() {
            // From the first request on, then from the second, until the call no longer gets that far.
            for from in 1.. {
                let b = bench(Release::V4_6).with_fields();
                let turncoat = Turncoat { lab: b.lab.clone(), from, seen: Mutex::new(0), reply: reply.clone() };
                let turncoat = Arc::new(turncoat);
                let (netbox, _, _) = adapter(turncoat.clone(), token(Release::V4_6));
                let done = tokio::time::timeout(3 * PATIENCE, call.make(&netbox, &b.on())).await;
                let done = done.unwrap_or_else(|_| panic!("{call:?}: {what} from {from}: no end"));
                runs += 1;
                if *turncoat.seen.lock().unwrap() < from {
                    assert_eq!(done, Ok(()), "{call:?}");
                    break;
                }
                let fault = done.err().unwrap_or_else(|| panic!("{call:?}: {what} from {from}: taken for good"));
                assert!(!fault.what.is_empty() && fault.what.chars().count() < 1_000, "{call:?}: {what}: {fault}");
            }
        }
    }
    assert!(runs > 1_000, "{runs}");
}
