//! `tail`: each event once, in order, whatever pages the daemon gives.

use rackhand_core::id::Subject;
use rackhand_tui::cli;

use crate::fake::{BMC, Closing, Fake, event, id};

/// Follows until so many lines are printed; gives the exit code and the sequence numbers.
async fn follow(fake: &Fake, args: &[&str], lines: usize) -> (u8, Vec<u64>) {
    let (mut out, mut err) = (Closing { lines, text: Vec::new() }, Vec::new());
    let code = cli::run(fake.line(args), &mut out, &mut err).await;
    let text = String::from_utf8(out.text).unwrap();
    let seq = |line: &str| match serde_json::from_str::<serde_json::Value>(line) {
        Ok(row) if row.is_object() => row["seq"].as_u64().unwrap(),
        _ => line.split_whitespace().next().unwrap().parse().unwrap(),
    };
    (code, text.lines().map(seq).collect())
}

/// A journal of so many events, about a unit and a BMC in turn; one more than `lines` ends the following.
fn fill(fake: &Fake, now: u64, coming: u64) {
    let about = |seq: u64| if seq.is_multiple_of(2) { Subject::Unit(id(1)) } else { Subject::Bmc(BMC) };
    let mut held = fake.held();
    held.events = (1..=now).map(|seq| event(seq, about(seq), "x", "y")).collect();
    held.coming = (now + 1..=now + coming).map(|seq| event(seq, about(seq), "x", "y")).collect();
}

#[tokio::test]
async fn events_that_come_while_it_follows_are_printed_after_the_last_ten() {
    let fake = Fake::start();
    for form in [&["tail"][..], &["tail", "--json"]] {
        fill(&fake, 30, 6);
        let (code, seen) = follow(&fake, form, 15).await;
        assert_eq!((code, seen), (0, (21..=35).collect()));
    }
}

#[tokio::test]
async fn a_long_journal_is_caught_up_with_page_by_page() {
    let fake = Fake::start();
    for cap in [256, 100, 7] {
        fill(&fake, 700, 2);
        fake.held().cap = cap;
        let (code, seen) = follow(&fake, &["tail", "--since", "0"], 701).await;
        assert_eq!((code, seen), (0, (1..=701).collect()), "{cap}");
    }
}

#[tokio::test]
async fn one_units_events_alone_are_followed() {
    let fake = Fake::start();
    for cap in [256, 7] {
        fill(&fake, 100, 8);
        fake.held().cap = cap;
        let (code, seen) = follow(&fake, &["tail", "CZ2D1X0GB1", "--since", "40"], 33).await;
        assert_eq!((code, seen), (0, (21..=53).map(|n| n * 2).collect()), "{cap}");
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_no_event_is_missed_or_told_twice() {
    let fake = Fake::start();
    fill(&fake, 30, 6);
    fake.held().watch_breaks = 2;
    let (mut out, mut err) = (Closing { lines: 15, text: Vec::new() }, Vec::new());
    let code = cli::run(fake.line(&["tail", "--json"]), &mut out, &mut err).await;
    let seen: Vec<u64> = String::from_utf8(out.text)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert_eq!((code, seen), (0, (21..=35).collect()));
    let told = String::from_utf8(err).unwrap();
    assert_eq!(told.matches("connecting again").count(), 2, "{told}");
    assert!(told.contains("connected again"), "{told}");
}
