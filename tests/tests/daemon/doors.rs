//! The consoles' socket: who is let in, what a stranger can do, and what a repeated request does.

use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::questions::Counts;
use rackhand_rpc::hello::{HelloError, greet};
use rackhand_rpc::{JournalQuery, Receipt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::console::{connect, context_json, soon, within};
use crate::support::daemon::Place;

/// A frame of the protocol with this body.
fn frame(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// Everything that comes until the other side closes.
async fn until_closed(stream: &mut UnixStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let read = stream.read_to_end(&mut rest);
    // A reset closes it too.
    drop(tokio::time::timeout(Duration::from_secs(20), read).await.expect("it stays open"));
    rest
}

fn overview() -> serde_json::Value {
    serde_json::json!({"Answer": {"question": {"overview": null}}})
}

#[tokio::test]
async fn a_user_without_a_role_is_told_so_and_gets_nothing() {
    let mut place = Place::alone();
    place.top = "own_role = \"none\"".to_owned();
    let daemon = place.start(None).await;
    assert!(matches!(connect(&place.socket()).await, Err(HelloError::NoRole(_))));
    let mut stream = UnixStream::connect(place.socket()).await.unwrap();
    assert!(greet(&mut stream).await.is_err());
    let call = serde_json::json!({"Request": {"context": context_json(10), "id": 1, "message": overview()}});
    // It may be closed before this is written.
    drop(stream.write_all(&frame(call.to_string().as_bytes())).await);
    assert!(until_closed(&mut stream).await.is_empty(), "it was answered");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn garbage_and_absurd_deadlines_end_their_own_connection_and_no_other() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, hello) = connect(&place.socket()).await.unwrap();
    let absurd = |secs: u64| {
        let call = serde_json::json!({"Request": {"context": context_json(secs), "id": 1, "message": overview()}});
        frame(call.to_string().as_bytes())
    };
    let hostile: [Vec<u8>; 7] = [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xFF; 64 << 10],
        frame(b"not json"),
        frame("[".repeat(200_000).as_bytes()),
        u32::MAX.to_be_bytes().to_vec(),
        absurd(u64::MAX),
        absurd(u64::MAX / 4),
    ];
    for (n, bytes) in hostile.iter().enumerate() {
        // Once as the first thing said, once after a proper greeting.
        for greeted in [false, true] {
            let mut stream = UnixStream::connect(place.socket()).await.unwrap();
            if greeted {
                greet(&mut stream).await.unwrap();
            }
            drop(stream.write_all(bytes).await);
            drop(stream.shutdown().await);
            until_closed(&mut stream).await;
            let health = console.ask(soon(), Counts).await;
            assert!(health.is_ok(), "{n} {greeted}: {health:?}\n{}", place.log());
        }
    }
    let (_, again) = connect(&place.socket()).await.unwrap();
    assert_eq!(again.epoch, hello.epoch, "it is still the same process");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_let_go() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let mut stream = UnixStream::connect(place.socket()).await.unwrap();
    assert!(until_closed(&mut stream).await.is_empty());
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn half_frames_are_bounded_in_what_they_hold_let_go_in_time_and_keep_no_console_waiting() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    let half = [&(4_u32 << 20).to_be_bytes()[..], &vec![b' '; 2 << 20]].concat();
    let mut streams = Vec::new();
    for _ in 0..12 {
        let mut stream = UnixStream::connect(place.socket()).await.unwrap();
        greet(&mut stream).await.unwrap();
        // What has no room is closed before all of this is written.
        let written = stream.write_all(&half).await.is_ok();
        streams.push((stream, written));
    }
    let held = streams.iter().filter(|(_, written)| *written).count();
    assert_eq!(held, 3, "one user's frames hold 12 MiB");
    console.ask(soon(), Counts).await.unwrap();
    for (mut stream, _) in streams {
        until_closed(&mut stream).await;
    }
    console.ask(soon(), Counts).await.unwrap();
    let mut stream = UnixStream::connect(place.socket()).await.unwrap();
    greet(&mut stream).await.unwrap();
    stream.write_all(&half).await.expect("there is room again");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_user_has_so_many_consoles_and_no_more() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let mut held = Vec::new();
    for _ in 0..128 {
        held.push(connect(&place.socket()).await.unwrap());
    }
    assert!(connect(&place.socket()).await.is_err(), "the places that are left are for others");
    held[127].0.ask(soon(), Counts).await.unwrap();
    drop(held);
    let free = async {
        while connect(&place.socket()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), free).await.expect("they are given back");
    assert!(daemon.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_searches_and_verifications_at_once_take_no_threads_of_their_own() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (first, _) = connect(&place.socket()).await.unwrap();
    super::process::import(&first, 50).await;
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..32 {
        let (console, _) = connect(&place.socket()).await.unwrap();
        for m in 0..32 {
            let console = console.clone();
            calls.spawn(async move {
                if (n + m) % 2 == 0 {
                    return console.verify(soon()).await.unwrap().map(drop).map_err(|refusal| refusal.to_string());
                }
                let query = JournalQuery { text: Some("SER".into()), limit: 256, ..JournalQuery::default() };
                console.ask(soon(), query).await.map(drop).map_err(|error| error.to_string())
            });
        }
    }
    let threads = || std::fs::read_dir(format!("/proc/{}/task", daemon.child.id().unwrap())).unwrap().count();
    let mut most = 0;
    while let Some(answer) = calls.join_next().await {
        answer.unwrap().unwrap();
        most = most.max(threads());
    }
    assert!(most < 32, "{most} threads");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_repeated_request_gives_the_first_answer_and_does_nothing_more() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    let import = |serial: &str| Command::Import {
        site: SiteId::new("fra1"),
        serial: serial.into(),
        bmc_mac: None,
        vendor: None,
        model: None,
        stage: Stage::Ordered,
    };
    let first = console.command(soon(), "one".into(), import("SER1")).await.unwrap().unwrap();
    // The same request over another connection, as a console does that lost its answer.
    let (other, _) = connect(&place.socket()).await.unwrap();
    let again = other.command(soon(), "one".into(), import("SER1")).await.unwrap().unwrap();
    assert_eq!((&again, again.head), (&first, 2));
    assert_eq!(first.answer, Answer::Done);
    let anew = console.command(soon(), "two".into(), import("SER1")).await.unwrap().unwrap();
    assert_eq!(anew.answer, Answer::Already, "another request is another question");
    let nameless = console.command(soon(), String::new(), import("SER2")).await.unwrap().unwrap_err();
    assert_eq!(nameless.why, Why::Invalid, "{nameless}");
    assert_eq!(place.told().len(), 1);
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn the_same_request_sent_twice_at_once_is_done_once() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (console, _) = connect(&place.socket()).await.unwrap();
        calls.spawn(async move {
            let command = Command::Import {
                site: SiteId::new("fra1"),
                serial: "SER1".into(),
                bmc_mac: None,
                vendor: None,
                model: None,
                stage: Stage::Ordered,
            };
            console.command(soon(), "one".into(), command).await.unwrap()
        });
    }
    let answers = calls.join_all().await;
    let first = |a: &Result<Receipt, Refusal>| a.as_ref().is_ok_and(|r| r.answer == Answer::Done && r.head == 2);
    assert!(answers.iter().all(first), "{answers:?}");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_watch_ends_at_its_time_and_at_the_next_event() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    assert_eq!(console.watch(within(Duration::from_secs(20)), 1, 1).await.unwrap(), 1);
    let watching = console.clone();
    let watch = tokio::spawn(async move { watching.watch(within(Duration::from_secs(20)), 1, 15_000).await.unwrap() });
    super::process::import(&console, 1).await;
    assert_eq!(watch.await.unwrap(), 2);
    assert!(daemon.terminate().await.success());
}
