//! Peers that answer wrongly on purpose, against every call: each ends by its deadline with a fault that says whether to
//! try again, and *unknown* is said of what may have been done and of nothing else.

use futures::future::BoxFuture;
use rackhand_adapters::port::dial::{Connected, DialError};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::calls::Call;
use super::*;

/// A token, a list and an answer, each to its deadline, and a little.
const PATIENCE: Duration = Duration::from_secs(200);

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

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

fn raw() -> Vec<(&'static str, Raw)> {
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
        ("nothing", of("", b"", Some(5_000))),
        ("one byte a second", of(&long, b" ", Some(1_000))),
        ("a body without end", of(&long, &[b' '; 16_384], Some(1))),
        ("chunks without end", of(&chunked, &chunk, Some(1))),
        ("headers without end", of("HTTP/1.1 200 OK\r\n", b"X: y\r\n", Some(1))),
        ("a length that is not kept", of(&format!("{JSON}Content-Length: 500\r\n\r\n{{}}"), b"", None)),
        ("another protocol", of("SSH-2.0-OpenSSH_9.6\r\n", b"", Some(5_000))),
        ("a closed door", of("", b"", None)),
    ]
}

on_each_house! {
    a_peer_that_speaks_no_proper_http_ends_each_call_in_time,
    a_peer_that_turns_bad_at_any_request_of_a_call_ends_it_in_time,
    a_list_without_end_is_left,
    rows_of_other_numbers_are_a_filter_that_was_ignored,
    a_vendor_that_is_away_is_waited_for,
}

async fn a_peer_that_speaks_no_proper_http_ends_each_call_in_time(house: House) {
    let quote = bench(house).quoted().await;
    for call in Call::ALL {
        for (what, dial) in raw() {
            let seller = seller(house, Arc::new(dial), clock());
            let done = tokio::time::timeout(PATIENCE, call.make(&seller, &order("PO-000012", &quote))).await;
            let fault = done.unwrap_or_else(|_| panic!("{call:?}: {what}: no end")).unwrap_err();
            // It does not even get a token, so nothing of ours can have arrived.
            assert!(matches!(fault.kind, Kind::Transient | Kind::Malformed), "{call:?}: {what}: {fault:?}");
            assert!(fault.what.starts_with(seller.id.as_str()), "{fault}");
        }
    }
}

/// Answers as the vendor does, and from the n-th request on as it should not.
struct Turncoat {
    vendor: Arc<Vendor>,
    from: u64,
    /// How many it has had, and whether the last was a write.
    seen: Mutex<(u64, bool)>,
    reply: Reply,
}

impl Host for Turncoat {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut seen = self.seen.lock().unwrap();
        *seen = (seen.0 + 1, request.method == Method::POST && !request.path.contains("oauth"));
        if seen.0 >= self.from { self.reply.clone() } else { self.vendor.answer(request, now) }
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
    let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    vec![
        ("no answer", fate(Fate::Hang)),
        ("reset", fate(Fate::Lost)),
        ("reset in the middle", fate(Fate::Cut)),
        ("deep", json(&deep("[", "]", 50_000))),
        ("deep objects", json(&deep("{\"items\":", "}", 5_000))),
        ("deep rows", json(&format!("{{\"total\":1,\"items\":[{}]}}", deep("[", "]", 900)))),
        ("huge", with(StatusCode::OK, vec![b' '; 9 << 20])),
        ("many", json(&format!("{{\"total\":1,\"items\":[{}0]}}", "0,".repeat(150_000)))),
        ("a page", page),
        ("redirected elsewhere", moved("http://elsewhere.example/api/")),
        ("nothing", json("")),
        ("half a document", json("{\"total\": 1, \"ite")),
        ("a text", json("\"x\"")),
        ("a number", json("7")),
        ("null", json("null")),
        ("wrong types", json("{\"total\":\"many\",\"items\":7,\"access_token\":4,\"ref\":5}")),
        ("strange rows", json("{\"total\":2,\"items\":[{\"ref\":{}},4],\"access_token\":\"a b\\n\"}")),
        ("not text", with(StatusCode::OK, vec![0xFF, 0xFE, 0x00])),
        ("server error", with(StatusCode::INTERNAL_SERVER_ERROR, b"{\"error\":\"boom\"}".to_vec())),
        ("tea", with(StatusCode::IM_A_TEAPOT, b"{}".to_vec())),
    ]
}

/// What is told as done although the answer was strange: the status said so, and there is nothing more to learn of it.
fn content_with_a_status(call: Call) -> bool {
    matches!(call, Call::withdraw | Call::cancel_order)
}

async fn a_peer_that_turns_bad_at_any_request_of_a_call_ends_it_in_time(house: House) {
    let mut runs = 0;
    for call in Call::ALL {
        for (what, reply) in replies() {
            for from in 1.. {
                let b = bench(house);
                let order = b.ordered().await;
                let turncoat =
                    Turncoat { vendor: b.vendor.clone(), from, seen: Mutex::default(), reply: reply.clone() };
                let turncoat = Arc::new(turncoat);
                let (seller, _, _, _) = attach_by(turncoat.clone(), house, b.clock.clone());
                let done = tokio::time::timeout(PATIENCE, call.make(&seller, &order)).await;
                let done = done.unwrap_or_else(|_| panic!("{call:?}: {what} from {from}: no end"));
                runs += 1;
                let (seen, wrote) = *turncoat.seen.lock().unwrap();
                if seen < from {
                    assert_eq!(done, Ok(()), "{call:?}");
                    break;
                }
                if done.is_ok() && content_with_a_status(*call) && reply.status.is_success() && wrote {
                    continue;
                }
                let fault = done.err().unwrap_or_else(|| panic!("{call:?}: {what} from {from}: taken for good"));
                assert!(!fault.what.is_empty() && fault.what.chars().count() < 1_000, "{call:?}: {what}: {fault}");
                assert!(fault.kind != Kind::Unknown || wrote && call.writes(), "{call:?}: {what} from {from}: {fault}");
                let lost = reply.fate != Fate::Whole || reply.status.is_server_error();
                assert!(!(wrote && lost) || fault.kind == Kind::Unknown, "{call:?}: {what} from {from}: {fault}");
            }
        }
    }
    assert!(runs > 300, "{runs}");
}

async fn a_list_without_end_is_left(house: House) {
    let row = json!({ "ref": "a", "buyer_ref": "RFQ-7", "status": "withdrawn" });
    let b = bench(house);
    let body = json!({ "total": 1_000_000, "items": [row] }).to_string();
    let effect = Effect::Refuse(StatusCode::OK, body.into());
    b.faults.add(Rule { method: Some(Method::GET), path: "quote".into(), effect, times: u32::MAX });
    assert_eq!(kind(b.seller.find_request(&text("RFQ-7")).await), Kind::Malformed);
    b.faults.clear();
    let body = json!({ "total": 5, "items": [] }).to_string();
    b.once(Method::GET, "quote", Effect::Refuse(StatusCode::OK, body.into()));
    assert_eq!(kind(b.seller.find_request(&text("RFQ-7")).await), Kind::Transient);
}

async fn rows_of_other_numbers_are_a_filter_that_was_ignored(house: House) {
    let b = bench(house);
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    let row = json!({ "ref": "a", "buyer_ref": "RFQ-6", "status": "open" });
    let body = json!({ "total": 1, "items": [row] }).to_string();
    b.once(Method::GET, "quote", Effect::Refuse(StatusCode::OK, body.into()));
    let fault = b.seller.find_request(&text("RFQ-7")).await.unwrap_err();
    assert!(fault.kind == Kind::Malformed && fault.what.contains("RFQ-6"), "{fault}");
}

async fn a_vendor_that_is_away_is_waited_for(house: House) {
    let b = bench(house);
    let order = order("PO-000012", &b.quoted().await);
    b.network.detach("vendor.lab:443");
    for call in Call::ALL {
        assert_eq!(kind(call.make(&b.seller, &order).await), Kind::Transient, "{call:?}");
    }
}
