//! Hostile clients of the machines' HTTP side: tokens that open nothing, and peers that only want to cost something.

#![allow(clippy::print_stdout)] // what was tried and what it cost is told

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rackhand_core::event::{DiscoveryEvent, Event};
use rackhand_core::id::Actor;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::machines::{Booted, client, step};
use crate::support::daemon::{Daemon, Place};

/// Resident memory of the daemon in MiB.
fn resident(daemon: &Daemon) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

/// A connection from the `n`-th of many addresses of this host.
async fn from_elsewhere(n: usize, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(Ipv4Addr::new(127, 80, (n / 250) as u8, (n % 250 + 1) as u8).into(), 0))?;
    socket.connect(to).await
}

/// Sends a request over a kept connection, or a new one where that was closed. Gives status line and body.
async fn ask(kept: &mut Option<BufReader<TcpStream>>, to: SocketAddr, request: &[u8]) -> (String, Vec<u8>) {
    for _ in 0..10 {
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(to).await.unwrap()),
        };
        if let Ok(answer) = exchange(&mut stream, request).await {
            *kept = Some(stream);
            return answer;
        }
    }
    panic!("it does not answer");
}

async fn exchange(stream: &mut BufReader<TcpStream>, request: &[u8]) -> std::io::Result<(String, Vec<u8>)> {
    stream.get_mut().write_all(request).await?;
    let (mut status, mut length) = (String::new(), 0);
    stream.read_line(&mut status).await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((status.trim().to_owned(), body))
}

/// A small generator: the same seed, the same forgeries.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn hex(&mut self) -> String {
        (0..64).map(|_| char::from_digit((self.next() % 16) as u32, 16).unwrap()).collect()
    }
}

/// One of the ways to come by a token that is not the live one.
fn forge(kind: u64, dice: &mut Dice, live: &str, dead: &[String], others: &[String]) -> String {
    match kind {
        0 => dice.hex(),
        1 => {
            let at = (dice.next() % 64) as usize;
            let was = live.as_bytes()[at];
            let is = b"0123456789abcdef".iter().copied().find(|b| *b != was && dice.next().is_multiple_of(4));
            let mut bytes = live.as_bytes().to_vec();
            bytes[at] = is.unwrap_or(if was == b'0' { b'1' } else { b'0' });
            String::from_utf8(bytes).unwrap()
        }
        2 => dead[(dice.next() as usize) % dead.len()].clone(),
        3 => others[(dice.next() as usize) % others.len()].clone(),
        4 => live[..(dice.next() % 64) as usize].to_owned(),
        _ => live.to_uppercase().replace(char::is_numeric, "A"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_wrong_tokens_open_nothing_and_get_one_answer() {
    const EACH: usize = 12_500;
    let (mut booted, other) = tokio::join!(Booted::new(5), Booted::new(6));
    let mut dead = Vec::new();
    for _ in 0..2 {
        dead.push(booted.token().await);
        assert!(booted.daemon.terminate().await.success());
        booted.daemon = booted.lab.place.start(None).await;
    }
    let live = booted.token().await;
    // Another server's boot.
    let others = [other.token().await];
    let mark = booted.lab.place.events().len();
    let (to, report) = (booted.lab.place.http, booted.whole_report().to_string());
    let mut workers = JoinSet::new();
    for worker in 0..8_u64 {
        let (live, dead, others, report) = (live.clone(), dead.clone(), others.to_vec(), report.clone());
        workers.spawn(async move {
            let (mut dice, mut kept, mut kinds) = (Dice(worker), None, [0_usize; 6]);
            let step = step("01-init").to_string();
            for n in 0..EACH {
                let kind = dice.next() % 6;
                let token = forge(kind, &mut dice, &live, &dead, &others);
                let (path, body) = if n % 2 == 0 { ("step", &step) } else { ("report", &report) };
                let request = format!(
                    "POST /api/v1/validation/{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                     content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let (status, told) = ask(&mut kept, to, request.as_bytes()).await;
                assert_eq!(status, "HTTP/1.1 401 Unauthorized", "{kind} {token}");
                assert_eq!(told, br#"{"error":"this token is not valid for any boot"}"#);
                kinds[kind as usize] += 1;
            }
            kinds
        });
    }
    let kinds = workers.join_all().await.into_iter().fold([0; 6], |mut sum, kinds| {
        sum.iter_mut().zip(kinds).for_each(|(s, k)| *s += k);
        sum
    });
    let events = booted.lab.place.events();
    let heard: Vec<_> = events[mark..].iter().filter(|e| e.draft.actor == Actor::Wire).collect();
    println!(
        "{} tokens, 0 accepted: forged {}, mutated {}, replayed of earlier boots {}, of another server {}, cut {}, \
         rewritten {}",
        8 * EACH,
        kinds[0],
        kinds[1],
        kinds[2],
        kinds[3],
        kinds[4],
        kinds[5]
    );
    assert!(heard.is_empty(), "{heard:?}");
    assert!(booted.daemon.terminate().await.success() && other.daemon.terminate().await.success());
}

/// What a hostile peer sends, and whether it then waits for an answer.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let mut headers = String::from("GET /healthz HTTP/1.1\r\n");
    for n in 0..5_000 {
        let _ = write!(headers, "x-{n}: y\r\n");
    }
    let huge = format!("GET /healthz HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let chunked =
        "POST /api/v1/validation/step HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\n";
    let smuggled =
        "POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / ";
    vec![
        ("half a header", b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ".to_vec()),
        ("nothing at all", Vec::new()),
        ("5,000 headers", headers.into_bytes()),
        ("a header of 1 MiB", huge.into_bytes()),
        ("a chunk of 2^68", chunked.as_bytes().to_vec()),
        ("two lengths", smuggled.as_bytes().to_vec()),
        ("10,000 requests at once, no answer read", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(10_000)),
        ("TLS", [&[0x16, 0x03, 0x01, 0xFF, 0xFF][..], &[0xAA; 70_000]].concat()),
        ("zeros", vec![0; 1 << 20]),
    ]
}

#[tokio::test]
async fn a_request_that_names_no_host_or_two_is_refused() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    for (hosts, status) in
        [("host: a\r\n", "200 OK"), ("host: a\r\nHost: b\r\n", "400 Bad Request"), ("", "400 Bad Request")]
    {
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n");
        let (told, _) = ask(&mut None, place.http, request.as_bytes()).await;
        assert_eq!(told, format!("HTTP/1.1 {status}"), "{hosts:?}");
    }
    assert!(daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_clients_cost_bounded_memory_and_hold_nobody_up() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let client = client();
    let health = async || {
        let asked = Instant::now();
        let answer = client.get(format!("http://{}/healthz", place.http)).send().await.unwrap();
        assert!(answer.status().is_success());
        asked.elapsed()
    };
    health().await;
    let calm = resident(&daemon);
    println!("| client | connections | memory MiB (calm {calm:.1}) | another's answer |");
    for (name, bytes) in hostile() {
        let mut held = JoinSet::new();
        for n in 0..200 {
            let (bytes, to) = (bytes.clone(), place.http);
            held.spawn(async move {
                let mut stream = from_elsewhere(n, to).await.unwrap();
                // It may be closed before all is written.
                let sent = tokio::time::timeout(Duration::from_secs(2), stream.write_all(&bytes)).await;
                (stream, sent.is_ok())
            });
        }
        let held = held.join_all().await;
        let (memory, took) = (resident(&daemon), health().await);
        println!("| {name} | {} | {memory:.1} | {} ms |", held.len(), took.as_millis());
        assert!(memory - calm < 60.0, "{name}: {memory}");
        assert!(took < Duration::from_secs(5), "{name}: {took:?}");
    }
    assert!(daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_half_open_connections_cost_what_the_caps_allow() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let client = client();
    let health = || client.get(format!("http://{}/healthz", place.http)).send();
    health().await.unwrap();
    let calm = resident(&daemon);
    // From one address first: it gets its share, and others theirs.
    let mut held = Vec::new();
    for n in 0..10_000 {
        let from = if n < 2_000 { 0 } else { n };
        let Ok(mut stream) = from_elsewhere(from, place.http).await else { continue };
        drop(stream.write_all(b"GET /healthz HTTP/1.1\r\nx-slow: ").await);
        held.push(stream);
        if n == 2_000 {
            assert!(health().await.is_ok_and(|a| a.status().is_success()), "one address holds everybody up");
        }
    }
    let memory = resident(&daemon);
    println!("{} half-open: {memory:.1} MiB, {calm:.1} MiB before", held.len());
    assert!(memory - calm < 80.0, "{memory}");
    // They are let go when they have not sent their headers in time.
    let served = async {
        while !health().await.is_ok_and(|a| a.status().is_success()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("half-open connections are held for ever");
    assert!(daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boot_files_are_served_in_parts_and_to_many_at_once_in_bounded_memory() {
    const LENGTH: usize = 32 << 20;
    let mut place = Place::alone();
    place.more += "[boot]\nfiles = \"pxe\"\n";
    std::fs::create_dir(place.path("pxe")).unwrap();
    let image: Vec<u8> = (0..LENGTH).map(|n| (n / 4_096) as u8 ^ n as u8).collect();
    std::fs::write(place.path("pxe/image"), &image).unwrap();
    std::fs::write(place.path("secret"), "no").unwrap();
    std::os::unix::fs::symlink(place.path("secret"), place.path("pxe/link")).unwrap();
    std::os::unix::fs::symlink("image", place.path("pxe/image-1")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(place.path("pxe/pipe")).status();
    assert!(pipe.is_ok_and(|made| made.success()));
    let daemon = place.start(None).await;
    let (client, base) = (client(), format!("http://{}/boot", place.http));
    let get = async |path: &str, headers: &[(&'static str, &str)]| {
        let call = client.get(format!("{base}/{path}"));
        headers.iter().fold(call, |call, (name, value)| call.header(*name, *value)).send().await.unwrap()
    };
    let whole = client.head(format!("{base}/image")).send().await.unwrap();
    let header = |name: &str| whole.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-length"), header("accept-ranges")), (LENGTH.to_string(), "bytes".to_owned()));
    let part = get("image", &[("range", "bytes=4094-4098")]).await;
    assert_eq!(part.status().as_u16(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 4094-4098/{LENGTH}").as_str());
    assert_eq!(part.bytes().await.unwrap()[..], image[4_094..4_099]);
    let other = get("image", &[("range", "bytes=0-4"), ("if-range", "\"another version\"")]).await;
    assert_eq!((other.status().as_u16(), other.content_length()), (200, Some(LENGTH as u64)));
    assert_eq!(get("image", &[("range", "bytes=99999999-")]).await.status().as_u16(), 416);
    assert_eq!(get("image", &[("if-none-match", &header("etag"))]).await.status().as_u16(), 304);
    let missing = get("vmlinuz", &[]).await;
    assert_eq!(missing.status().as_u16(), 404);
    assert!(missing.text().await.unwrap().contains("vmlinuz is not in the directory"));
    let script = get("autoexec.ipxe", &[]).await.text().await.unwrap();
    assert!(script.starts_with("#!ipxe\n") && script.contains("/boot/ipxe?serial=${serial:uristring}"), "{script}");
    for way_out in [
        "link",
        "image-1",
        "pipe",
        "../secret",
        "%2e%2e/secret",
        "..%2fsecret",
        "/etc/passwd",
        ".hidden",
        "a/../../secret",
    ] {
        let mut kept = None;
        let request = format!("GET /boot/{way_out} HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(ask(&mut kept, place.http, request.as_bytes()).await.0.contains("404"), "{way_out}");
    }

    let calm = resident(&daemon);
    let mut downloads = JoinSet::new();
    for n in 0..200 {
        let to = place.http;
        downloads.spawn(async move {
            let mut stream = from_elsewhere(n, to).await.unwrap();
            stream.write_all(b"GET /boot/image HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            let mut first = vec![0; 4_096];
            stream.read_exact(&mut first).await.unwrap();
            (first, stream)
        });
    }
    // All are under way, and each waits for its reader.
    let held = downloads.join_all().await;
    let memory = resident(&daemon);
    println!("200 downloads of {} MiB under way: {memory:.1} MiB, {calm:.1} MiB before", LENGTH >> 20);
    assert!(memory - calm < 60.0, "{memory} {calm}");
    let (first, mut one) = held.into_iter().next().unwrap();
    let head = first.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let mut rest = vec![0; LENGTH - (first.len() - head)];
    one.read_exact(&mut rest).await.unwrap();
    assert!([&first[head..], &rest].concat() == image, "another file came");
    assert!(daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_posted_with_a_token_and_without_one_nobody_is_heard() {
    let mut place = Place::alone();
    let token = "3b1f".repeat(16);
    place.secret("event.token", &token);
    place.more += "[intake]\nevent_token_file = \"event.token\"\n";
    let daemon = place.start(None).await;
    let (client, url) = (client(), format!("http://{}/api/v1/dhcp/event", place.http));
    let post = async |token: Option<&str>, body: serde_json::Value| {
        let call = client.post(&url).json(&body);
        let answer = token.map_or(call.try_clone().unwrap(), |t| call.bearer_auth(t)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let lease = json!({"mac": "94:40:c9:1:2:3", "address": "127.0.4.23", "event": "add", "source": "isc"});
    for wrong in [None, Some("x"), Some(&token[1..])] {
        assert_eq!(post(wrong, lease.clone()).await.0, 401, "{wrong:?}");
    }
    let told = |new, known, strangers, ended| {
        (200, json!({"new": new, "known": known, "strangers": strangers, "ended": ended}).to_string())
    };
    let sorted = |(status, body): (u16, String)| {
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        (status, body.to_string())
    };
    assert_eq!(sorted(post(Some(&token), lease.clone()).await), told(1, 0, 0, 0));
    let more = json!([
        lease,
        {"mac": "52:54:00:12:34:56", "address": "127.0.4.24"},
        {"mac": "94:40:c9:1:2:3", "address": "127.0.4.23", "event": "expiry"},
    ]);
    assert_eq!(sorted(post(Some(&token), more).await), told(0, 1, 1, 1));
    let sighted = || {
        place
            .events()
            .iter()
            .filter(|e| matches!(e.draft.event, Event::Discovery(DiscoveryEvent::BmcSighted { .. })))
            .count()
    };
    assert_eq!(sighted(), 1, "{:?}", place.events());
    let (status, error) = post(Some(&token), json!([{"mac": "94:40:c9:1:2", "address": "127.0.4.23"}])).await;
    assert!(status == 422 && error.contains("[0].mac: not a MAC"), "{status} {error}");
    let (status, error) = post(Some(&token), json!({"mac": "94:40:c9:1:2:3", "address": "0.0.0.0"})).await;
    assert!(status == 422 && error.contains("not the address of a host"), "{status} {error}");
    let many = vec![json!({"mac": "94:40:c9:1:2:3", "address": "127.0.4.23"}); 1_001];
    assert_eq!(post(Some(&token), json!(many)).await.0, 422);
    assert_eq!(sighted(), 1);
    assert!(daemon.terminate().await.success());
}
