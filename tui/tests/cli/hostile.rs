//! A daemon, or what it read from elsewhere, that wants the reader's terminal.

use std::path::Path;

use futures::{SinkExt, StreamExt};
use rackhand_core::view::{Page, UnitRow};
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello;
use rackhand_tui::cli;
use serde_json::{Value, json};
use tokio::net::UnixListener;

use crate::fake::{NOW, event, greeting, id, line, units};

const HOSTILE: &str = "\u{1b}]0;PWNED\u{7}\u{1b}[2J\u{9b}1m\u{202e}\u{200b}\r\nrm";

/// Puts it wherever a text can be.
fn poison(value: &mut Value, marks: &[&str]) {
    match value {
        Value::String(text) if marks.iter().any(|mark| text.contains(mark)) => *text = HOSTILE.into(),
        Value::Array(all) => all.iter_mut().for_each(|value| poison(value, marks)),
        Value::Object(all) => all.values_mut().for_each(|value| poison(value, marks)),
        _ => {}
    }
}

fn answer(request: &Value) -> Value {
    let rows: Vec<UnitRow> = units().into_iter().map(|u| u.row).collect();
    let events = vec![event(1, rackhand_core::id::Subject::Unit(id(1)), "CZ2D1X0GB1", "NetBox said")];
    let name = word(request);
    let question = request[name]["question"].clone();
    let reading = |answer: Value| json!({ "Ok": { "as_of": 4, "at": NOW, "answer": { word(&question): answer } } });
    let mut body = match if name == "Answer" { word(&question) } else { name } {
        "units" => reading(json!(Page { head: 4, now: NOW, total: 3, offset: 0, rows })),
        "find" => reading(json!(id(1))),
        "unit" => reading(json!(units()[0])),
        "journal" => reading(json!(Page { head: 4, now: NOW, total: 1, offset: 0, rows: events })),
        "Verify" => json!({ "Ok": { "events": 1, "head": 1, "checkpoints": 0, "broken": "NetBox" } }),
        "Command" => json!({ "Err": { "why": "conflict", "text": "NetBox" } }),
        other => panic!("{other} is not asked for here"),
    };
    poison(&mut body, &["CZ2D", "7XK2", "fra1", "NetBox", "ProLiant", "R12", "NIC 2", "anna", "power"]);
    json!({ name: body })
}

/// The name of what is asked.
fn word(asked: &Value) -> &str {
    asked.as_object().and_then(|asked| asked.keys().next()).unwrap()
}

/// Listens, and answers each request by its words alone.
fn listen(socket: &Path, answer: fn(&Value) -> Value) {
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                hello::answer(&mut stream, greeting(Some(rackhand_core::id::Role::Admin), 1)).await.unwrap();
                let mut frames = transport::<_, Value, Value>(stream);
                while let Some(Ok(frame)) = frames.next().await {
                    let Some(request) = frame.get("Request") else { continue };
                    let reply =
                        json!({ "request_id": request["id"], "message": { "Ok": answer(&request["message"]) } });
                    frames.send(reply).await.unwrap();
                }
            });
        }
    });
}

#[tokio::test]
async fn an_answer_to_another_question_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("d.sock");
    listen(&socket, |_| json!({ "Answer": { "Ok": { "as_of": 4, "at": NOW, "answer": { "find": null } } } }));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = cli::run(line(&socket, &["units"]), &mut out, &mut err).await;
    let err = String::from_utf8(err).unwrap();
    assert_eq!((code, out.len()), (cli::exit::NO_CONNECTION, 0), "{err}");
    assert!(err.contains("answered another question than it was asked"), "{err}");
}

#[tokio::test]
async fn no_text_from_outside_reaches_the_terminal_as_a_command() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("d.sock");
    listen(&socket, answer);
    for args in [
        &["units"][..],
        &["show", "X"],
        &["why", "X"],
        &["history", "X"],
        &["journal"],
        &["verify"],
        &["retry", "X"],
        &["units", "--json"],
        &["show", "X", "--json"],
        &["retry", "X", "--json"],
    ] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        cli::run(line(&socket, args), &mut out, &mut err).await;
        let document = serde_json::from_slice::<Value>(&out);
        let text = String::from_utf8([out, err].concat()).unwrap();
        assert!(text.contains("PWNED"), "{args:?} shows nothing of it: {text}");
        for c in ['\u{1b}', '\u{7}', '\u{9b}', '\r', '\u{202e}', '\u{200b}'] {
            assert!(!text.contains(c), "{args:?}: {text:?}");
        }
        assert!(text.lines().all(|line| !line.starts_with("rm")), "{args:?}: {text}");
        if args.contains(&"--json") {
            assert!(document.is_ok(), "{text}");
        }
        // What could be pasted into a shell names the unit by its id.
        if *args == ["why", "X"] {
            assert!(text.contains(&format!("rackhand retry {}", id(1))), "{text}");
        }
    }
}
