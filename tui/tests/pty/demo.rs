//! The demo: the real daemon before simulated machines, and a person at the console.

use crate::terminal::{Terminal, console};

#[test]
fn in_the_demo_a_stuck_server_is_found_understood_and_retried() {
    let home = tempfile::tempdir().unwrap();
    let command = console(home.path(), &["demo", "--speed", "240", "--servers", "70", "--seed", "7"]);
    let mut terminal = Terminal::start(command, 100, 30);
    terminal.until_shows("DEMO");
    terminal.until_shows("LIVE");
    terminal.key("2");
    terminal.until_shows("Pipeline");
    terminal.key("/");
    terminal.typed("state:stuck reach_bmc");
    terminal.key("\r");
    terminal.until_shows("filter: state:stuck reach_bmc");
    // The machine that does not answer takes its four attempts first.
    let stuck = |terminal: &Terminal| {
        let shown = terminal.shows();
        shown.contains("1 by attention") && shown.contains("S stuck") && shown.contains("waits for: reach_bmc")
    };
    let end = std::time::Instant::now() + 4 * crate::terminal::PATIENCE;
    while !stuck(&terminal) && std::time::Instant::now() < end {
        terminal.next(std::time::Duration::from_millis(200));
    }
    terminal.key("\r");
    terminal.until_shows("WHY IT IS NOT MOVING");
    terminal.until_shows("reach_bmc: BMC:");
    terminal.until_shows("R retry");
    terminal.key("R");
    terminal.until_shows("retry CZ");
    terminal.until_shows("step_retried");
    terminal.key("q");
    assert!(terminal.ended().success() && terminal.is_given_back(), "{}", terminal.shows());
}
