//! `rackhand doctor`: the daemon's view of its surroundings, and ours of the way to it.

use rackhand_rpc::doctor::{Check, Report, State};
use rackhand_tui::cli::{self, Streams};

use crate::fake::{Fake, line};

fn report(text: &str) -> Report {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[tokio::test]
async fn it_shows_the_daemons_view_and_the_way_to_it_with_the_worst_first() {
    let fake = Fake::start();
    fake.held().report = Report::new(vec![
        Check::ok("journal", "its end is as it was written"),
        Check::wrong("NetBox", "netbox:443: \u{1b}[31mInvalid token", "make a new token"),
    ]);
    let (code, out, err) = fake.run(&["doctor"]).await;
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(
        lines[0].starts_with("WRONG        NetBox") && lines[0].ends_with("Invalid token: make a new token"),
        "{out}"
    );
    assert!(lines.iter().any(|l| l.starts_with("ok           your way to the daemon")), "{out}");
    assert!(lines.iter().any(|l| l.starts_with("not checked  terminal")), "{out}");
    assert!(!out.contains('\u{1b}'), "what comes from outside moves no cursor: {out}");

    let (code, out, _) = fake.run(&["--json", "doctor"]).await;
    let told = report(&out);
    assert_eq!((code, told.checks.len(), told.checks[0].state), (1, 4, State::Wrong));
    fake.held().report = Report::default();
    assert_eq!(fake.run(&["doctor"]).await.0, 0, "nothing is wrong");
}

#[tokio::test]
async fn without_a_daemon_it_says_why_and_looks_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("rackhandd.sock");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = line(&socket, &["--json", "doctor", "--config", "/nonexistent.toml"]);
    let streams = Streams { out: &mut out, err: &mut err, answers: None, width: None };
    let code = cli::run_with(args, streams).await;
    let told = report(&String::from_utf8(out).unwrap());
    assert_eq!((code, err.len()), (1, 0));
    let way = told.checks.iter().find(|c| c.name.as_str() == "your way to the daemon").unwrap();
    assert_eq!(way.state, State::Wrong);
    assert!(way.found.contains("there is no") && way.advice.contains("systemctl status rackhandd"), "{way:?}");
    // Where a rackhandd is to be found it has told of the configuration, else that there is none is told.
    let theirs = |c: &&Check| c.name.as_str() == "the daemon's surroundings" || c.found.contains("/nonexistent.toml");
    assert!(told.checks.iter().any(|c| theirs(&c)), "{told:#?}");
}

#[tokio::test]
async fn a_daemon_that_is_elsewhere_is_not_looked_for_here() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["rackhand", "--json", "--host", "ssh://127.0.0.1:1", "doctor"].map(Into::into);
    let code = cli::run_with(args, Streams { out: &mut out, err: &mut err, answers: None, width: None }).await;
    let told = report(&String::from_utf8(out).unwrap());
    assert_eq!(code, 1);
    assert!(told.checks.iter().any(|c| c.found.as_str() == "they are on another machine"), "{told:#?}");
}
