//! Tests of the journal: what it keeps, what it refuses, what it finds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod damage;
mod disk;
mod epoch;
mod handle;
mod reading;
#[path = "../../../tests/untested.rs"]
mod untested;

use std::path::Path;

use rackhand_core::event::{DiscoveryEvent, Draft, Event, JournalEvent, Recorded, Seq, StepEvent};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, Entropy, Role, SiteId, Subject, UnitId};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::FOLD;

use super::*;
use crate::site::fold;

fn site() -> SiteId {
    SiteId::new("ams1")
}

fn unit(n: u64) -> Subject {
    let mut entropy = [0; 16];
    entropy[8..].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    Subject::Unit(UnitId::mint(Timestamp::from_secs(1_795_000_000 + n as i64), Entropy(entropy)))
}

fn mac(n: u64) -> Mac {
    let b = n.to_be_bytes();
    Mac([0x94, 0x40, 0xC9, b[5], b[6], b[7]])
}

/// The `n`th of a mixed lot of events about 50 servers.
fn draft(n: u64) -> Draft {
    let server = n % 50;
    let at = Timestamp::from_micros(1_795_000_000_000_000 + n as i64 * 1_234_567);
    let step = Step::ALL[(n / 50) as usize % Step::ALL.len()];
    let (subject, actor, event) = match n % 5 {
        0 => {
            let address = std::net::Ipv4Addr::from(0x0A00_0000 + server as u32).into();
            let hostname = Some(Text::new(&format!("ILOCZJ{server:07}")));
            (
                Subject::Bmc(mac(server)),
                Actor::Wire,
                Event::Discovery(DiscoveryEvent::BmcSighted { address, hostname, vendor_class: None }),
            )
        }
        1 => (
            unit(server),
            Actor::Rackhand,
            Event::Step(StepEvent::StepIntended {
                step,
                generation: 0,
                attempt: 1,
                rung: None,
                until: Some(at),
                terms: None,
            }),
        ),
        2 => {
            let receipt = Text::new(&format!("/redfish/v1/TaskService/Tasks/{n}"));
            (unit(server), Actor::Rackhand, Event::Step(StepEvent::StepAccepted { step, generation: 0, receipt }))
        }
        3 => (
            unit(server),
            Actor::Person { name: Text::new("zoë: night shift"), role: Role::Operator },
            Event::Step(StepEvent::StepSkipped {
                step,
                generation: 0,
                reason: Text::new("the \"cable\" is not there"),
                terms: None,
            }),
        ),
        _ => {
            let text = Text::new(&format!("warning number {n} about server {server}"));
            (
                unit(server),
                Actor::Rackhand,
                Event::Discovery(DiscoveryEvent::WarningNoted { key: Text::new("lldp"), text, device: None }),
            )
        }
    };
    let cause = (n > 0 && n.is_multiple_of(3)).then_some(n);
    Draft { at, subject, actor, cause, event }
}

fn drafts(range: std::ops::Range<u64>) -> Vec<Draft> {
    range.map(draft).collect()
}

fn all(store: &Store) -> Vec<Recorded> {
    let mut events = Vec::new();
    store.replay(0, &mut |e| events.push(e)).unwrap();
    events
}

/// A journal on disk with `count` events, closed.
fn journal(dir: &Path, count: u64) {
    let mut store = Store::open(dir, &site()).unwrap();
    for start in (0..count).step_by(64) {
        store.append(&drafts(start..count.min(start + 64))).unwrap();
    }
}

#[test]
fn a_reopened_journal_gives_the_same_events_in_the_same_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &site()).unwrap();
    assert_eq!((store.head(), all(&store)), (0, vec![]));
    assert_eq!(store.append(&[]).unwrap(), 0);
    assert_eq!(store.append(&drafts(0..3)).unwrap(), 3);
    assert_eq!(store.append(&drafts(3..5_000)).unwrap(), 5_000);
    let (before, hash) = (all(&store), store.head_hash());
    let recorded: Vec<Draft> = before.iter().map(|e| e.draft.clone()).collect();
    assert_eq!(recorded, drafts(0..5_000));
    assert!(before.iter().map(|e| e.seq).eq(1..=5_000));
    store.close().unwrap();
    drop(store);
    let store = Store::open(dir.path(), &site()).unwrap();
    assert_eq!((all(&store), store.head(), store.head_hash()), (before, 5_000, hash));
    let verified = store.verify().unwrap();
    assert_eq!((verified.events, verified.checkpoints, verified.beside), (5_000, 2, vec![]));
    let mut later = Vec::new();
    assert_eq!(store.replay(4_998, &mut |e| later.push(e.seq)).unwrap(), 5_000);
    assert_eq!(later, [4_999, 5_000]);
    assert_eq!(store.replay(5_000, &mut |_| ()).unwrap(), 5_000);
}

#[test]
fn a_batch_is_recorded_whole_or_not_at_all() {
    let mut store = Store::open_in_memory(&site()).unwrap();
    store.append(&drafts(0..10)).unwrap();
    let (events, hash) = (all(&store), store.head_hash());
    let mut batch = drafts(10..20);
    batch[9].cause = Some(20);
    let refused = store.append(&batch);
    assert!(matches!(refused, Err(JournalError::Refused { .. })), "{refused:?}");
    assert_eq!((store.head(), store.head_hash(), all(&store)), (10, hash, events));
    batch[9].cause = Some(19);
    assert_eq!(store.append(&batch).unwrap(), 20);
    store.verify().unwrap();
}

#[test]
fn the_file_itself_refuses_to_change_delete_replace_or_leave_out_an_event() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), 10);
    let raw = Connection::open(dir.path().join(FILE)).unwrap();
    let row = |seq: i64| format!("({seq}, 0, 'bmc/94:40:C9:00:00:00', 'x', 'wire', NULL, zeroblob(32), '{{}}')");
    for sql in [
        "UPDATE event SET at = 0 WHERE seq = 3".to_owned(),
        "DELETE FROM event WHERE seq = 10".to_owned(),
        format!("INSERT OR REPLACE INTO event VALUES {}", row(3)),
        format!("REPLACE INTO event VALUES {}", row(10)),
        format!("INSERT INTO event VALUES {}", row(12)),
        format!("INSERT INTO event VALUES {}", row(0)),
        format!("INSERT INTO event VALUES {}", row(11).replace("{}", "not json")),
        format!("INSERT INTO event VALUES {}", row(11).replace("zeroblob(32)", "zeroblob(31)")),
    ] {
        let refused = raw.execute_batch(&sql).unwrap_err().to_string();
        assert!(refused.contains("append-only") || refused.contains("constraint"), "{sql}: {refused}");
    }
    drop(raw);
    Store::open(dir.path(), &site()).unwrap().verify().unwrap();
}

/// Computed with another program from the description in `chain.rs`.
#[test]
fn the_chain_is_computed_the_same_in_every_version() {
    let hex = |hash: Hash| rackhand_core::bmc::Fingerprint(hash).to_string();
    let genesis = chain::genesis(&site());
    let first = chain::Entry {
        seq: 1,
        at: 1_795_000_000_000_000,
        subject: b"bmc/94:40:C9:00:00:01",
        kind: b"bmc_sighted",
        actor: b"wire",
        cause: None,
        data: br#"{"bmc_sighted":{"address":"10.0.0.1"}}"#,
    };
    let second = chain::Entry {
        seq: 2,
        at: -5,
        subject: b"unit/X",
        kind: b"step_retried",
        actor: "person:operator:zoë".as_bytes(),
        cause: Some(1),
        data: b"{}",
    };
    let [first, second] = [first.hash(&genesis), second.hash(&first.hash(&genesis))];
    assert_eq!(hex(genesis), "c52d733a75366a734510ee065a82df70d47e6b83ab5554d5e9139f7ed617aca3");
    assert_eq!(hex(first), "bc36124cba84e7a59c2f7d3e88fce0ff49ade52ca678b4c0a80c6efcf5d24a5f");
    assert_eq!(hex(second), "30960071ddbd289f4ea7c5c99c38208d6579bafea8f04def118cc2a338f51ae0");
}

#[test]
fn a_second_opener_is_refused_while_the_first_lives() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &site()).unwrap();
    let refused = Store::open(dir.path(), &site()).err();
    assert_eq!(refused, Some(JournalError::Locked { dir: dir.path().to_owned() }));
    drop(store);
    Store::open(dir.path(), &site()).unwrap();
}

#[test]
fn a_second_opener_is_refused_though_the_lock_file_was_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &site()).unwrap();
    std::fs::remove_file(dir.path().join("lock")).unwrap();
    let refused = Store::open(dir.path(), &site()).err();
    assert_eq!(refused, Some(JournalError::Locked { dir: dir.path().to_owned() }));
    drop(store);
    Store::open(dir.path(), &site()).unwrap();
}

#[test]
fn nothing_is_recorded_in_a_file_that_was_removed_or_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..1)).unwrap();
    let (file, aside) = (dir.path().join(FILE), dir.path().join("aside.db"));
    let gone = Err(JournalError::Gone { file: file.clone() });
    std::fs::rename(&file, &aside).unwrap();
    assert_eq!(store.append(&drafts(1..2)), gone);
    std::fs::write(&file, "another").unwrap();
    assert_eq!(store.append(&drafts(1..2)), gone);
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(store.append(&drafts(1..2)), Ok(2), "it is the same file again");
}

#[test]
fn a_journal_of_a_later_version_or_of_another_site_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), 3);
    let refused = Store::open(dir.path(), &SiteId::new("fra1")).err();
    assert_eq!(refused, Some(JournalError::OtherSite { found: "ams1".into(), wanted: "fra1".into() }));
    let raw = Connection::open(dir.path().join(FILE)).unwrap();
    raw.execute_batch("PRAGMA user_version = 99").unwrap();
    let refused = Store::open(dir.path(), &site()).err();
    assert_eq!(refused, Some(JournalError::Newer { found: 99, known: 1 }));
    raw.execute_batch("PRAGMA user_version = 1; UPDATE schema_migration SET sha256 = zeroblob(32)").unwrap();
    assert!(matches!(Store::open(dir.path(), &site()), Err(JournalError::Broken { seq: None, .. })));
}

#[test]
fn only_the_owner_can_enter_the_journals_directory() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("var/journal");
    let mut store = Store::open(&journal, &site()).unwrap();
    store.append(&drafts(0..1)).unwrap();
    let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&journal), 0o700);
    for entry in std::fs::read_dir(&journal).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

/// An event about the journal itself.
fn about_itself(event: Event) -> Draft {
    Draft {
        at: Timestamp::from_secs(1_795_000_000),
        subject: Subject::Journal,
        actor: Actor::Rackhand,
        cause: None,
        event,
    }
}

/// Keeps a snapshot as a site does: the chain vouches for it first.
fn keep(store: &mut Store, at: Seq, fold: u32, body: &[u8]) {
    let sum = store.sum_snapshot(at, fold, body).unwrap();
    store.append(&[about_itself(Event::Journal(JournalEvent::SnapshotKept { at, fold, sum }))]).unwrap();
    store.save_snapshot(at, fold, body).unwrap();
}

#[test]
fn the_newest_two_snapshots_are_kept_and_a_bad_or_foreign_one_is_passed_over() {
    let mut store = Store::open_in_memory(&site()).unwrap();
    store.append(&drafts(0..30)).unwrap();
    assert!(matches!(store.save_snapshot(31, 1, b"x"), Err(JournalError::Refused { .. })));
    for at in [10, 20, 30] {
        keep(&mut store, at, 1, format!("after {at}").as_bytes());
    }
    assert_eq!(store.load_snapshot(1).unwrap(), Some((30, b"after 30".to_vec())));
    assert_eq!(store.load_snapshot(2).unwrap(), None);
    let conn = store.source().conn;
    assert_eq!(conn.query_row("SELECT count(*) FROM snapshot", [], |r| r.get::<_, i64>(0)).unwrap(), 2);
    conn.execute("UPDATE snapshot SET body = CAST('after 3X' AS BLOB) WHERE seq = 30", []).unwrap();
    assert_eq!(store.load_snapshot(1).unwrap(), Some((20, b"after 20".to_vec())));
    assert_eq!(store.verify().unwrap().beside, ["the snapshot after event 30 is damaged and is not used"]);
    keep(&mut store, 0, 1, b"nothing");
}
