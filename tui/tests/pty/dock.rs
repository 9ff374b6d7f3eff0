//! A delivery, scanned in at the dock by a person with a scanner and one free hand, and by a script.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use crate::Site;
use crate::terminal::{Terminal, console};

/// What a wedge scanner sends: all at once, Enter behind it.
fn burst(terminal: &mut Terminal, serial: &str) {
    terminal.write(&format!("{serial}\r"));
    terminal.until_shows(serial);
}

/// `rackhand` with this on its standard input: its exit code, and what it printed.
fn run(host: &str, args: &[&str], input: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rackhand"))
        .args(["--host", host])
        .args(args)
        .env_clear()
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where it reads nothing, it may be gone already.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[cfg(feature = "demo")]
#[test]
fn twelve_servers_are_scanned_in_with_a_double_and_another_sites_before_a_real_daemon() {
    let home = tempfile::tempdir().unwrap();
    let command = console(home.path(), &["demo", "--speed", "60", "--servers", "70", "--seed", "7"]);
    let mut terminal = Terminal::start(command, 100, 30);
    terminal.until_shows("LIVE");
    terminal.until_shows("sin1");
    terminal.key("5");
    terminal.until_shows("dock ams2");
    terminal.until_shows("0/12");
    for n in 1..=12 {
        burst(&mut terminal, &format!("BOX1{n:02}"));
        match n {
            4 => burst(&mut terminal, "BOX102"),
            7 => burst(&mut terminal, "BOX201"),
            _ => {}
        }
    }
    terminal.until_shows("ok 12  DUP 1  WRONG SITE 1");
    terminal.until_shows("12/12");
    terminal.until_shows("belongs to ash1");
    // The hand is on the F-keys: the last one was not meant.
    terminal.write("\x1bOS");
    terminal.until_shows("11/12");
    terminal.until_shows("UNDONE 1");
    let host = format!("unix:///tmp/rackhand-demo-{}/rackhandd.sock", terminal.pid());
    let (code, told) = run(&host, &["receive", "--site", "ams2", "box112", "BOX100", "BOX113"], "");
    assert_eq!(code, 1, "{told}");
    for line in ["BOX112               ok", "BOX100               HELD", "BOX113               NOT SENT"] {
        assert!(told.contains(line), "{line} in {told}");
    }
    terminal.until_shows("12/12");
    terminal.write("\x1b[21~");
    terminal.until_shows("Fleet");
    terminal.key("q");
    assert!(terminal.ended().success() && terminal.is_given_back(), "{}", terminal.shows());
}

#[test]
fn scans_while_the_daemon_is_away_wait_in_sight_and_each_goes_once() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.key("5");
    terminal.until_shows("dock fra1");
    burst(&mut terminal, "7XK2114D");
    terminal.until_shows("ok 1");
    site.fake.open.store(false, Ordering::SeqCst);
    site.fake.drop_connections();
    terminal.until_shows("DOWN");
    burst(&mut terminal, "9QR112BF");
    burst(&mut terminal, "7XK21431");
    terminal.until_shows("queue 2: kept here, sent when the link is back");
    assert_eq!(site.fake.inside.lock().unwrap().requests.len(), 1);
    site.fake.open.store(true, Ordering::SeqCst);
    terminal.until_shows("ok 3");
    terminal.until_shows("queue 0");
    assert_eq!(site.fake.inside.lock().unwrap().requests.len(), 3);
}

#[test]
fn a_script_receives_from_standard_input_and_the_same_again_does_nothing() {
    let site = Site::start();
    let host = site.args(&[])[1].to_owned();
    let list = "7XK2114D\n]C19qr112bf\n\nCZ231128 NOBODYS1\n";
    let (code, told) = run(&host, &["receive", "-"], list);
    assert_eq!(code, 1);
    for line in [
        "7XK2114D             ok         PowerEdge R660",
        "9QR112BF             ok         PowerEdge R760",
        "CZ231128             WRONG SITE ProLiant DL360 Gen11   belongs to ams2",
        "NOBODYS1             UNKNOWN    -                      nobody knows",
        "4 serials at fra1: 2 received, 0 already, 2 not",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
    let (code, told) = run(&host, &["--json", "receive", "7XK2114D"], "");
    let document: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(code, 0);
    assert_eq!((&document["rows"][0]["result"], &document["summary"]["already"]), (&"DUP".into(), &1.into()));
    assert_eq!(document["rows"][0]["scan"]["finding"]["already"]["by"], "anna");
    let damaged = run(&host, &["receive", "7XK2114D", "--damaged", "dented\u{1b}[2J"], "");
    assert!(damaged.0 == 0 && damaged.1.contains("DAMAGED") && !damaged.1.contains('\u{1b}'), "{damaged:?}");
    let (code, told) = run(&host, &["receive", "--undo", "7XK2114D", "CZ231128"], "");
    assert_eq!(code, 1);
    assert!(told.contains("7XK2114D             undone"), "{told}");
    assert!(told.contains("CZ231128             refused") && told.contains("was not received by a scan"), "{told}");
    assert_eq!(run(&host, &["receive"], "").0, 2);
    assert_eq!(run(&host, &["receive", "X", "--undo", "--damaged", "y"], "").0, 2);
}

#[test]
fn the_work_at_hand_is_printed_as_it_is_walked() {
    let site = Site::start();
    let host = site.args(&[])[1].to_owned();
    let (code, told) = run(&host, &["work", "--site", "fra1", "cable"], "");
    assert_eq!(code, 0);
    assert!(told.starts_with("SITE"), "{told}");
    assert!(told.contains("fix cable (blocks)") && told.contains("move cabled"), "{told}");
    let (_, told) = run(&host, &["--json", "work", "--role", "technician", "--limit", "2"], "");
    // Behind the document stands, on standard error, that it holds a part.
    let page = serde_json::Deserializer::from_str(&told).into_iter::<serde_json::Value>().next().unwrap().unwrap();
    assert_eq!(page["rows"].as_array().unwrap().len(), 2);
    assert_eq!(run(&host, &["work", "--role", "king"], "").0, 2);
}
