//! Journals that an earlier Rackhand wrote: each line is written today as it was, and each event means what it meant.
//!
//! `witness/*.jsonl` are journals, one after the other, each from event 1 on: what the tests of this crate drew or wrote
//! (in `terms` since events hold the terms of their steps), in `steps` each step begun, put off, retried, skipped, seen and
//! left, and a simulated life. Together they have every kind of event. `witness/*.facts` says what each event changed. Journals are
//! added and never altered; `RACKHAND_WITNESS=write` writes the facts anew, for new journals and new facts: what is told
//! of the old ones must stay as it is.
mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use facts::{Facts, all};
use rackhand_core::event::{Event, Recorded};
use rackhand_core::world::World;

const JOURNALS: [(&str, &str, &str); 7] = [
    ("units", include_str!("witness/units.jsonl"), include_str!("witness/units.facts")),
    ("trade", include_str!("witness/trade.jsonl"), include_str!("witness/trade.facts")),
    ("terms", include_str!("witness/terms.jsonl"), include_str!("witness/terms.facts")),
    ("steps", include_str!("witness/steps.jsonl"), include_str!("witness/steps.facts")),
    ("life", include_str!("witness/life.jsonl"), include_str!("witness/life.facts")),
    ("restart", include_str!("witness/restart.jsonl"), include_str!("witness/restart.facts")),
    ("rest", include_str!("witness/rest.jsonl"), include_str!("witness/rest.facts")),
];

/// Each event with all that it changed: of its subject, of others, of the world.
fn told(journal: &str) -> String {
    let mut out = String::new();
    let (mut world, mut known) = (World::default(), BTreeMap::new());
    for line in journal.lines() {
        let event: Recorded = serde_json::from_str(line).unwrap();
        if event.seq == 1 {
            (world, known) = (World::default(), BTreeMap::new());
        }
        world.apply(&event);
        write!(out, "{} {} {}", event.seq, event.draft.subject, event.draft.event.kind()).unwrap();
        let now = all(&world, event.draft.at);
        let subjects: BTreeSet<&String> = now.keys().chain(known.keys()).collect();
        for subject in subjects {
            let (now, before) = (now.get(subject).cloned().unwrap_or_default(), known.get(subject));
            let before: Facts = before.cloned().unwrap_or_default();
            let names: BTreeSet<&'static str> = now.keys().chain(before.keys()).copied().collect();
            let is = |facts: &Facts, name: &str| facts.get(name).cloned().unwrap_or_else(|| "-".to_owned());
            let changed = names.into_iter().filter(|name| is(&now, name) != is(&before, name));
            let changed: Vec<String> = changed.map(|name| format!("{name}: {}", is(&now, name))).collect();
            if !changed.is_empty() {
                let whose = if *subject == event.draft.subject.to_string() { "" } else { subject.as_str() };
                write!(out, "; {whose} {}", changed.join("; ")).unwrap();
            }
        }
        out.push('\n');
        known = now;
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
            std::fs::write(format!("{}/tests/domain/witness/{name}.facts", env!("CARGO_MANIFEST_DIR")), &now).unwrap();
            continue;
        }
        assert!(now.lines().count() > 10, "{name} is hardly a journal");
        for (now, then) in now.lines().zip(then.lines()) {
            assert_eq!(now, then, "{name}");
        }
        assert_eq!(now.lines().count(), then.lines().count(), "{name}");
    }
    assert!(!write, "the facts are written anew: look at what of the old ones has changed");
}

#[test]
fn there_is_an_event_of_every_kind() {
    let lines = JOURNALS.iter().flat_map(|(_, journal, _)| journal.lines());
    let kinds: BTreeSet<&str> =
        lines.map(|line| serde_json::from_str::<Recorded>(line).unwrap().draft.event.kind()).collect();
    let missing: Vec<_> = Event::KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
