//! Every way to end gives the terminal back; only the one nobody can catch does not.

use std::time::Duration;

use rackhand_tui::app::{self, Options};
use rackhand_tui::link::Connection;
use rackhand_tui::record::Replay;

use crate::Site;
use crate::terminal::{Terminal, program};

#[test]
fn quitting_and_every_signal_that_can_be_caught_gives_the_terminal_back() {
    let site = Site::start();
    for signal in [None, Some("TERM"), Some("HUP"), Some("INT")] {
        let mut terminal = site.console(&[]);
        assert!(!terminal.is_given_back());
        match signal {
            None => terminal.key("q"),
            Some(signal) => terminal.signal(signal),
        }
        let status = terminal.ended();
        assert!(status.success(), "{signal:?}: {status:?}");
        assert!(terminal.is_given_back(), "{signal:?}");
    }
}

#[test]
fn a_kill_that_cannot_be_caught_leaves_the_terminal_and_no_half_file() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.signal("KILL");
    terminal.ended();
    assert!(!terminal.is_given_back());
    let state = site.home().join(".local/state/rackhand");
    assert!(!state.exists() || std::fs::read_dir(state).unwrap().next().is_none());
}

/// What the next test runs in a terminal: a console whose way to the daemon panics, in a task of its own.
#[test]
fn child_whose_task_panics() {
    if std::env::var_os("RACKHAND_TEST_CHILD").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ended = runtime.block_on(app::run(
        || async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(std::env::var_os("RACKHAND_TEST_CHILD").is_none(), "the test asked for it");
            Err::<Connection, _>(String::new())
        },
        Options::default(),
    ));
    eprintln!("{}", ended.unwrap_err());
    std::process::exit(7);
}

#[test]
fn a_panic_in_any_task_ends_it_gives_the_terminal_back_and_keeps_the_last_events() {
    let home = tempfile::tempdir().unwrap();
    let exe = std::env::current_exe().unwrap().display().to_string();
    let args = ["--exact", "ends::child_whose_task_panics", "--nocapture"];
    let mut command = program(&exe, home.path(), &args);
    command.env("RACKHAND_TEST_CHILD", "1");
    let mut terminal = Terminal::start(command, 120, 24);
    let status = terminal.ended();
    assert_eq!(status.exit_code(), 7, "{}", terminal.shows());
    assert!(terminal.is_given_back());
    let shown = terminal.shows();
    assert!(shown.contains("the test asked for it") && shown.contains("rackhand replay"), "{shown}");
    let dir = home.path().join(".local/state/rackhand");
    let kept: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kept[0]).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(std::fs::read_to_string(&kept[0]).unwrap().contains("# panicked at"));
    Replay::read(&kept[0]).unwrap();
}
