//! Hostile clients before the tenants' door.
#![allow(clippy::print_stdout)] // what it cost is told

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::shop::{ACME, BETA, SPEC, Shop, wish};

/// Resident memory of the daemon in MiB.
fn resident(shop: &Shop) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", shop.daemon.child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

/// One of the ways to come by a token that is no tenant's.
fn forged(n: usize) -> String {
    let own = if n.is_multiple_of(2) { ACME } else { BETA };
    match n % 5 {
        0 => format!("{n:064x}"),
        1 => own[..n % own.len()].to_owned(),
        2 => own.to_uppercase(),
        3 => format!("{own}{n}"),
        _ => {
            let at = n / 5 % own.len();
            let mut bytes = own.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'z' { b'y' } else { b'z' };
            String::from_utf8(bytes).unwrap()
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_wrong_tokens_open_nothing_and_leave_nothing() {
    const ALL: usize = 100_000;
    const WORKERS: usize = 8;
    const BATCH: usize = 50;
    let shop = Shop::open(0).await;
    let before = resident(&shop);
    let (to, events) = (shop.place.http, shop.place.events().len());
    let begun = std::time::Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        workers.spawn(async move {
            let mut stream = TcpStream::connect(to).await.unwrap();
            let mut refused = 0;
            for batch in 0..ALL / WORKERS / BATCH {
                let mut requests = String::new();
                for n in 0..BATCH {
                    let token = forged((batch * BATCH + n) * WORKERS + worker);
                    let (method, path) =
                        [("GET", "orders"), ("GET", "orders/1"), ("DELETE", "orders/1"), ("GET", "stock?spec=x")]
                            [n % 4];
                    requests += &format!(
                        "{method} /api/v1/{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"
                    );
                }
                stream.write_all(requests.as_bytes()).await.unwrap();
                let (mut answers, mut read) = (Vec::new(), vec![0; 64 << 10]);
                while count(&answers, b"\"this is not the token of any tenant\"}") < BATCH {
                    let n = stream.read(&mut read).await.unwrap();
                    assert!(n > 0, "it hung up: {}", String::from_utf8_lossy(&answers));
                    answers.extend_from_slice(&read[..n]);
                }
                assert_eq!(count(&answers, b"HTTP/1.1 401 Unauthorized"), BATCH);
                assert_eq!(count(&answers, b"HTTP/1.1 "), BATCH);
                refused += BATCH;
            }
            refused
        });
    }
    assert_eq!(workers.join_all().await.into_iter().sum::<usize>(), ALL);
    let after = resident(&shop);
    println!("{ALL} wrong tokens in {:.1?}, resident {before:.1} -> {after:.1} MiB", begun.elapsed());
    assert!(after - before < 24.0, "{before} -> {after} MiB");
    assert_eq!(shop.place.events().len(), events);
    assert!(shop.daemon.terminate().await.success());
}

fn count(text: &[u8], word: &[u8]) -> usize {
    text.windows(word.len()).filter(|w| *w == word).count()
}

#[tokio::test]
async fn methods_sizes_and_shapes_that_are_no_orders_are_refused_one_by_one() {
    let mut shop = Shop::open(0).await;
    let post = |kind: &str, body: Vec<u8>| {
        shop.client.post(shop.url("/api/v1/orders")).bearer_auth(ACME).header("content-type", kind).body(body)
    };
    for (kind, body, status) in [
        ("text/plain", b"{}".to_vec(), 415),
        ("application/json", b"{".to_vec(), 422),
        ("application/json", [b"[".repeat(200_000), b"]".repeat(200_000)].concat(), 422),
        ("application/json", vec![b' '; (1 << 20) + 1], 413),
        ("application/json", b"\xFF\xFE".to_vec(), 422),
    ] {
        let answer = post(kind, body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{kind}");
    }
    for (method, path) in [
        (Method::PUT, "/api/v1/orders"),
        (Method::DELETE, "/api/v1/orders"),
        (Method::POST, "/api/v1/orders/1"),
        (Method::POST, "/api/v1/stock"),
        (Method::POST, "/api/v1/openapi.json"),
    ] {
        let answer = shop.client.request(method.clone(), shop.url(path)).bearer_auth(ACME).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 405, "{method} {path}");
    }
    // Text that would move a cursor is cleaned at the door.
    let evil = json!({ "note": "\u{1b}[2J\u{202e}evil", "lines": [{ "quantity": 1, "spec": SPEC }] });
    let (status, order) = shop.order(ACME, None, evil).await;
    assert!(status == 201 && !order.to_string().contains(['\u{1b}', '\u{202e}']), "{order}");
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn a_body_that_does_not_come_holds_nobody_up() {
    let mut shop = Shop::open(0).await;
    let mut slow = TcpStream::connect(shop.place.http).await.unwrap();
    let head = format!(
        "POST /api/v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ACME}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(shop.order(ACME, None, wish(1, SPEC)).await.0, 201);
    let mut told = Vec::new();
    drop(slow.read_to_end(&mut told).await);
    let told = String::from_utf8_lossy(&told);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 408 "), "{told}");
    assert_eq!(shop.get(ACME, "/api/v1/orders").await.1["total"], json!(1));
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test]
async fn two_who_send_the_same_at_once_get_one_order() {
    let shop = Shop::open(0).await;
    let mut all = JoinSet::new();
    // As many as a token may ask in one burst.
    for _ in 0..30 {
        let request = shop.client.post(shop.url("/api/v1/orders")).bearer_auth(ACME);
        let request = request.header("Idempotency-Key", "one").json(&wish(1, SPEC));
        all.spawn(
            async move { request.send().await.unwrap().json::<serde_json::Value>().await.unwrap()["order"].clone() },
        );
    }
    let all = all.join_all().await;
    assert!(all[0].is_string() && all.iter().all(|order| *order == all[0]), "{all:?}");
    assert_eq!(shop.place.events().iter().filter(|e| e.draft.event.kind() == "order_placed").count(), 1);
    assert!(shop.daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_no_more_on_order_than_its_quota_however_often_it_asks() {
    let mut shop = Shop::open(0).await;
    let body = |quantity: u32| json!({"lines": [{"quantity": quantity, "spec": SPEC}]});
    let (status, told) = shop.ask(ACME, Method::POST, "/api/v1/orders", (None, Some(body(201)))).await;
    assert!(status == 422 && told["error"].as_str().unwrap().contains("at most 200"), "{status} {told}");
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(shop.ask(ACME, Method::POST, "/api/v1/orders", (None, Some(body(200)))).await.0);
    }
    assert_eq!((statuses[..5].to_vec(), &statuses[5..]), (vec![201; 5], &[409; 15][..]), "1,000 servers and no more");
    let (status, told) = shop.ask(BETA, Method::POST, "/api/v1/orders", (None, Some(body(1)))).await;
    assert_eq!(status, 201, "another's quota is its own: {told}");
    let health = shop.client.get(shop.url("/healthz")).send().await.unwrap();
    assert!(health.status().is_success());
    assert!(shop.daemon.terminate().await.success());
}
