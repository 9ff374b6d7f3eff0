//! What a hostile controller can cost us in memory: measured over real sockets, alone in its process.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target};
use rackhand_adapters::redfish::{Bmc, Credentials, EVERYTHING, Redfish};
use rackhand_core::bmc::reading::Section;
use rackhand_core::bmc::{Identity, Vendor};
use rackhand_core::fault::Kind;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What peers reached under the same attack: 3 to 4 GB.
const GROWTH: u64 = 32 << 20;

/// Real sockets without TLS: the attack is on what is read.
struct Plain(u16);

impl Dial for Plain {
    fn dial<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        Box::pin(async move {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, self.0)).await {
                Ok(stream) => Ok(Connected { stream: Box::pin(stream), certificate: None }),
                Err(e) => Err(DialError { kind: Kind::Transient, what: Text::from(e.to_string()) }),
            }
        })
    }
}

/// What an answer is made of: its head, what comes once, and what comes again and again.
#[derive(Clone, Copy)]
struct Flood {
    name: &'static str,
    head: &'static str,
    once: &'static str,
    again: &'static str,
}

const LENGTHY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const FLOODS: [Flood; 5] = [
    Flood { name: "spaces without end", head: LENGTHY, once: "", again: " " },
    Flood { name: "brackets without end", head: LENGTHY, once: "", again: "[" },
    Flood { name: "values without end", head: LENGTHY, once: "[0", again: ",0" },
    Flood { name: "chunks without end", head: CHUNKED, once: "", again: "8\r\n\"a\":\"b\",\r\n" },
    Flood { name: "a head without end", head: "HTTP/1.1 200 OK\r\n", once: "", again: "X-A: b\r\n" },
];

/// A controller that answers the first requests well and floods from the `good`-th on.
async fn serve(listener: TcpListener, flood: Flood, good: usize, sent: Arc<AtomicU64>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let sent = Arc::clone(&sent);
        tokio::spawn(async move {
            let mut request = vec![0; 8_192];
            for n in 0.. {
                if stream.read(&mut request).await.unwrap_or(0) == 0 {
                    return;
                }
                if n < good {
                    let body =
                        r#"{"RedfishVersion":"1.6.0","Systems":{"@odata.id":"/s"},"Members":[{"@odata.id":"/s/1"}]}"#;
                    let extra = "X-Auth-Token: t\r\nLocation: /sessions/1\r\n";
                    let answer = format!("HTTP/1.1 200 OK\r\n{extra}Content-Length: {}\r\n\r\n{body}", body.len());
                    drop(stream.write_all(answer.as_bytes()).await);
                    continue;
                }
                let piece = flood.again.repeat(65_536 / flood.again.len());
                drop(stream.write_all(flood.head.as_bytes()).await);
                drop(stream.write_all(flood.once.as_bytes()).await);
                while stream.write_all(piece.as_bytes()).await.is_ok() {
                    sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
                }
                return;
            }
        });
    }
}

/// Kilobytes from a line of `/proc/self/status`, in bytes.
fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

/// One reading of everything from a peer that floods from the `good`-th request on; tells the bytes it got rid of.
async fn one(flood: Flood, good: usize) -> u64 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicU64::new(0));
    let server = tokio::spawn(serve(listener, flood, good, sent.clone()));
    let redfish = Redfish::new(Arc::new(Plain(port)), Clock::wall(), port);
    let identity = Identity { vendor: Vendor::Other, controller: Text::new("x"), firmware: None, serial: None };
    let at = Bmc { address: IpAddr::V4(Ipv4Addr::LOCALHOST), identity, pin: None };
    let who = Credentials { user: Text::new("u"), password: Secret::new("p") };
    let began = std::time::Instant::now();
    drop(redfish.read_all(&at, &who, &Section::ALL, EVERYTHING).await);
    redfish.finished().await;
    assert!(began.elapsed() < Duration::from_secs(60), "{}", flood.name);
    server.abort();
    sent.load(Ordering::Relaxed)
}

#[tokio::test]
async fn answers_without_end_cost_little_memory_at_every_request() {
    // What the first conversation costs is no growth: threads, buffers, code.
    one(FLOODS[0], 1_000).await;
    let base = status("VmRSS");
    // Resets the high-water mark.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (mut cases, mut offered) = (0, 0);
    for flood in FLOODS {
        for good in 0..6 {
            offered += one(flood, good).await;
            cases += 1;
        }
    }
    let grown = status("VmHWM").saturating_sub(base);
    let megabytes = |bytes: u64| bytes / 1_000_000;
    let said = format!(
        "{cases} floods, {} MB taken off the wire, memory grew by {} MB\n",
        megabytes(offered),
        megabytes(grown)
    );
    std::io::stderr().write_all(said.as_bytes()).unwrap();
    assert!(grown <= GROWTH, "memory grew by {} MB", megabytes(grown));
}
