//! Journals that an earlier Rackhand wrote: each line is written today as it was, and each event means what it meant.
//!
//! `witness/*.jsonl` are journals, one after the other, each from event 1 on: sequences that the property tests drew, and
//! simulated lives. Together they have every kind of event. `witness/*.facts` says what each event changed. Journals are
//! added and never altered; `RACKHAND_WITNESS=write` writes the facts anew, for new journals and new facts: what is told
//! of the old ones must stay as it is.
#![allow(clippy::unwrap_used)]

#[path = "witness/facts.rs"]
mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use facts::{Facts, facts};
use rackhand_core::event::{Event, Recorded};
use rackhand_core::id::Subject;
use rackhand_core::world::World;

const JOURNALS: [(&str, &str, &str); 4] = [
    ("units", include_str!("witness/units.jsonl"), include_str!("witness/units.facts")),
    ("trade", include_str!("witness/trade.jsonl"), include_str!("witness/trade.facts")),
    ("life", include_str!("witness/life.jsonl"), include_str!("witness/life.facts")),
    ("rest", include_str!("witness/rest.jsonl"), include_str!("witness/rest.facts")),
];

/// Each event with what it changed of its subject.
fn told(journal: &str) -> String {
    let mut out = String::new();
    let (mut world, mut known) = (World::default(), BTreeMap::<Subject, Facts>::new());
    for line in journal.lines() {
        let event: Recorded = serde_json::from_str(line).unwrap();
        if event.seq == 1 {
            (world, known) = (World::default(), BTreeMap::new());
        }
        world.apply(&event);
        let subject = event.draft.subject;
        let now = facts(&world, subject, event.draft.at);
        let before = known.remove(&subject).unwrap_or_default();
        write!(out, "{} {subject} {}", event.seq, event.draft.event.kind()).unwrap();
        for name in now.keys().chain(before.keys()).collect::<BTreeSet<_>>() {
            let is = |facts: &Facts| facts.get(name).cloned().unwrap_or_else(|| "-".to_owned());
            if is(&now) != is(&before) {
                write!(out, "; {name}: {}", is(&now)).unwrap();
            }
        }
        out.push('\n');
        known.insert(subject, now);
    }
    out
}

#[test]
fn every_line_is_written_today_as_it_was_written_then() {
    for (name, journal, _) in JOURNALS {
        for line in journal.lines() {
            let event: Recorded = serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}: {line}"));
            assert_eq!(serde_json::to_string(&event).unwrap(), line, "{name}");
        }
    }
}

#[test]
fn every_event_means_what_it_meant() {
    #[allow(clippy::disallowed_methods)] // a test may be told by its environment; core may not
    let write = std::env::var_os("RACKHAND_WITNESS").is_some_and(|word| word == "write");
    for (name, journal, then) in JOURNALS {
        let now = told(journal);
        if write {
            std::fs::write(format!("{}/tests/witness/{name}.facts", env!("CARGO_MANIFEST_DIR")), &now).unwrap();
            continue;
        }
        for (now, then) in now.lines().zip(then.lines()) {
            assert_eq!(now, then, "{name}");
        }
        assert_eq!(now.lines().count(), then.lines().count(), "{name}");
    }
}

#[test]
fn there_is_an_event_of_every_kind() {
    let lines = JOURNALS.iter().flat_map(|(_, journal, _)| journal.lines());
    let kinds: BTreeSet<&str> =
        lines.map(|line| serde_json::from_str::<Recorded>(line).unwrap().draft.event.kind()).collect();
    let missing: Vec<_> = Event::KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
