//! Whatever is done to the file behind the journal's back is found, and named.

use rackhand_core::event::JournalEvent;
use std::path::PathBuf;
use std::sync::OnceLock;

use proptest::prelude::*;
use rusqlite::types::Value;

use super::*;

const EVENTS: u64 = 300;

/// What somebody with the file and a SQLite shell can do to it.
#[derive(Clone, Debug)]
enum Tampering {
    Set(u64, &'static str),
    SetAndRehash(u64),
    Delete(u64),
    DeleteAndCloseTheGap(u64),
    Swap(u64, u64),
    CutOff(u64),
    Forge,
    DropCheckpoint,
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let seq = 1..=EVENTS;
    let change = prop::sample::select(vec![
        "at = at + 1",
        "subject = 'bmc/94:40:C9:00:00:FF'",
        "kind = 'step_parked'",
        "actor = 'person:admin:mallory'",
        "cause = CASE WHEN cause IS NULL THEN 1 END",
        "hash = randomblob(32)",
        "data = replace(data, '{', '{ ')",
        "data = json_set(data, '$.x', 1)",
    ]);
    prop_oneof![
        4 => (seq.clone(), change).prop_map(|(n, c)| Tampering::Set(n, c)),
        1 => seq.clone().prop_map(Tampering::SetAndRehash),
        1 => seq.clone().prop_map(Tampering::Delete),
        1 => seq.clone().prop_map(Tampering::DeleteAndCloseTheGap),
        1 => (seq.clone(), seq.clone()).prop_map(|(a, b)| Tampering::Swap(a, b)),
        1 => seq.prop_map(Tampering::CutOff),
        1 => Just(Tampering::Forge),
        1 => Just(Tampering::DropCheckpoint),
    ]
}

/// Does it, and gives the places verification may name; none if there is nothing to find.
fn tamper(raw: &Connection, what: &Tampering) -> Vec<Option<u64>> {
    raw.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
         DROP TRIGGER event_follows; DROP TRIGGER event_stays; DROP TRIGGER event_is_not_changed;",
    )
    .unwrap();
    let run = |sql: String| raw.execute_batch(&sql).unwrap();
    // One sequence number past all others, to move rows by.
    let far = 1_000_000;
    match what {
        Tampering::Set(n, change) => {
            run(format!("UPDATE event SET {change} WHERE seq = {n}"));
            vec![Some(*n)]
        }
        Tampering::SetAndRehash(n) => {
            run(format!("UPDATE event SET at = at + 1 WHERE seq = {n}"));
            rehash(raw, *n);
            // Which of the two neighbours was altered can't be told; at the end it is the note that tells.
            vec![Some(n + 1), Some(*n)]
        }
        Tampering::Delete(n) => {
            run(format!("DELETE FROM event WHERE seq = {n}"));
            vec![Some(*n)]
        }
        Tampering::DeleteAndCloseTheGap(n) => {
            run(format!(
                "DELETE FROM event WHERE seq = {n};
                 UPDATE event SET seq = seq + {far} WHERE seq > {n}; UPDATE event SET seq = seq - {far} - 1 WHERE seq > {far};"
            ));
            vec![Some(*n)]
        }
        Tampering::Swap(a, b) if a == b => vec![None],
        Tampering::Swap(a, b) => {
            run(format!(
                "UPDATE event SET seq = {far} WHERE seq = {a}; UPDATE event SET seq = {a} WHERE seq = {b};
                 UPDATE event SET seq = {b} WHERE seq = {far};"
            ));
            vec![Some(*a.min(b))]
        }
        Tampering::CutOff(n) => {
            run(format!("DELETE FROM event WHERE seq >= {n}"));
            vec![Some(*n)]
        }
        Tampering::Forge => {
            run(format!(
                "INSERT INTO event SELECT {EVENTS} + 1, at, subject, kind, actor, NULL, hash, data FROM event WHERE seq = 7"
            ));
            vec![Some(EVENTS + 1)]
        }
        Tampering::DropCheckpoint => {
            run("UPDATE checkpoint SET hash = randomblob(32)".into());
            vec![Some(EVENTS)]
        }
    }
}

/// Gives event `n` the hash its altered content should have.
fn rehash(raw: &Connection, n: u64) {
    let previous = chain::hash_at(raw, &site(), n - 1).unwrap().unwrap();
    let hash = raw
        .query_row("SELECT at, subject, kind, actor, cause, data FROM event WHERE seq = ?1", [n as i64], |r| {
            let text = |n| r.get::<_, String>(n).map(String::into_bytes);
            let (subject, kind, actor, data) = (text(1)?, text(2)?, text(3)?, text(5)?);
            let cause = r.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned);
            let (subject, kind, actor, data) = (&subject[..], &kind[..], &actor[..], &data[..]);
            Ok(chain::Entry { seq: n, at: r.get(0)?, subject, kind, actor, cause, data }.hash(&previous))
        })
        .unwrap();
    raw.execute("UPDATE event SET hash = ?1 WHERE seq = ?2", rusqlite::params![hash, n as i64]).unwrap();
}

/// A closed journal to copy from.
fn original() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), EVENTS);
        Store::open(dir.path(), &site()).unwrap().close().unwrap();
        dir
    })
    .path()
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_altered_deleted_reordered_forged_or_cut_off_event_is_found_and_named(what in tampering()) {
        let dir = tempfile::tempdir().unwrap();
        copy(original(), dir.path());
        let raw = Connection::open(dir.path().join(FILE)).unwrap();
        let expected = tamper(&raw, &what);
        drop(raw);
        let Err(JournalError::Broken { seq, what: found }) = Reader::new(dir.path()).verify() else {
            panic!("not found: {what:?}");
        };
        prop_assert!(expected.contains(&seq), "{:?}: {:?} {}", what, seq, found);
        // What lies in the tail is found when the journal is opened, too.
        let opened = Store::open(dir.path(), &site());
        if seq.is_some_and(|s| s > EVENTS - 200) || matches!(what, Tampering::CutOff(_)) {
            prop_assert!(matches!(opened, Err(JournalError::Broken { .. })), "{:?}", what);
        }
    }
}

#[test]
fn a_lifted_guard_is_found() {
    for sql in
        ["DROP TRIGGER event_stays", "DROP INDEX event_subject", "CREATE TABLE extra (x)", "DELETE FROM checkpoint"]
    {
        let dir = tempfile::tempdir().unwrap();
        copy(original(), dir.path());
        let raw = Connection::open(dir.path().join(FILE)).unwrap();
        raw.execute_batch(sql).unwrap();
        drop(raw);
        let found = Reader::new(dir.path()).verify();
        // The checkpoint made by closing may be missing: only those at every 4,096th event must be there.
        assert_eq!(found.is_ok(), sql.starts_with("DELETE"), "{sql}: {found:?}");
    }
}

#[test]
fn a_lost_end_of_the_write_ahead_log_is_noticed_when_the_journal_is_opened() {
    let (live, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = Store::open(live.path(), &site()).unwrap();
    for n in 0..20 {
        store.append(&drafts(n..n + 1)).unwrap();
    }
    copy(live.path(), dir.path());
    let wal = dir.path().join("journal.db-wal");
    let length = std::fs::metadata(&wal).unwrap().len();
    assert!(length > 0);
    std::fs::File::options().write(true).open(&wal).unwrap().set_len(length - 5_000).unwrap();
    let Err(JournalError::Broken { seq: Some(seq), what }) = Store::open(dir.path(), &site()) else { panic!() };
    assert!(seq <= 20 && what.contains("to 20 are missing"), "{seq} {what}");
}

#[test]
fn a_damaged_note_of_the_head_is_told_and_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), &site()).unwrap());
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..3)).unwrap();
    assert_eq!(store.verify().unwrap().beside, Vec::<String>::new());
    for damaged in ["", "no note", "00000000000000000002 aa bb"] {
        std::fs::write(dir.path().join("head"), damaged).unwrap();
        let beside = store.verify().unwrap().beside;
        assert!(
            beside.len() == 1 && beside[0].contains("it can't tell whether the journal has lost its end"),
            "{beside:?}"
        );
    }
    drop(store);
    assert_eq!(Store::open(dir.path(), &site()).unwrap().verify().unwrap().beside, Vec::<String>::new());
}

/// All that the file says, in all tables.
fn content(file: &Path) -> Option<Vec<Value>> {
    let conn = Connection::open(file).ok()?;
    let mut values = Vec::new();
    for table in ["event", "checkpoint", "snapshot", "search", "meta", "schema_migration", "sqlite_schema"] {
        let mut all = conn.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).ok()?;
        let columns = all.column_count();
        let mut rows = all.query([]).ok()?;
        while let Some(row) = rows.next().ok()? {
            for n in 0..columns {
                values.push(row.get(n).ok()?);
            }
        }
    }
    Some(values)
}

#[derive(Default, Debug)]
struct Tally {
    noticed: u32,
    without_effect: u32,
    missed: Vec<(u64, u8)>,
}

/// Flips `trials` random bits of `file`, one at a time, in a copy of `from`.
fn flip(from: &Path, file: &str, trials: u64) -> Tally {
    let untouched = tempfile::tempdir().unwrap();
    copy(from, untouched.path());
    let before = content(&untouched.path().join(FILE)).unwrap();
    let bytes = std::fs::read(from.join(file)).unwrap();
    let mut tally = Tally::default();
    let mut random = 0x2026_1120_u64;
    for _ in 0..trials {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (place, bit) = ((random >> 24) % bytes.len() as u64, (random >> 60) as u8 % 8);
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        copy(from, dir.path());
        let mut bytes = bytes.clone();
        bytes[place as usize] ^= 1 << bit;
        std::fs::write(dir.path().join(file), bytes).unwrap();
        let sound = Store::open(dir.path(), &site()).and_then(|s| s.verify());
        match sound {
            Ok(verified) if verified.beside.is_empty() => {
                if content(&dir.path().join(FILE)).as_ref() == Some(&before) {
                    tally.without_effect += 1;
                } else {
                    tally.missed.push((place, bit));
                }
            }
            _ => tally.noticed += 1,
        }
    }
    let harmful = f64::from(tally.noticed) + tally.missed.len() as f64;
    println!(
        "{file}: {trials} single bits flipped: {} noticed, {} without any effect on content, {} missed; {:.2} % of the harmful ones noticed",
        tally.noticed,
        tally.without_effect,
        tally.missed.len(),
        100.0 * f64::from(tally.noticed) / harmful.max(1.0),
    );
    tally
}

/// Trials of the random tests: a thousand, or what `RACKHAND_FLIPS` says.
fn trials() -> u64 {
    std::env::var("RACKHAND_FLIPS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000)
}

#[test]
fn a_flipped_bit_in_the_file_is_noticed_or_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), 800);
    let mut store = Store::open(dir.path(), &site()).unwrap();
    keep(&mut store, 700, 1, &vec![7; 20_000]);
    store.close().unwrap();
    drop(store);
    let tally = flip(dir.path(), FILE, trials());
    assert!(tally.missed.is_empty(), "{tally:?}");
}

#[test]
fn a_flipped_bit_in_the_write_ahead_log_is_noticed_or_changes_nothing() {
    let (live, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = Store::open(live.path(), &site()).unwrap();
    for n in 0..40 {
        store.append(&drafts(n * 5..n * 5 + 5)).unwrap();
    }
    copy(live.path(), dir.path());
    let tally = flip(dir.path(), "journal.db-wal", trials() / 4);
    assert!(tally.missed.is_empty(), "{tally:?}");
}

#[test]
fn every_flipped_bit_in_a_backup_is_noticed() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    journal(dir.path(), 200);
    let to: PathBuf = out.path().join("ams1.db");
    Store::open(dir.path(), &site()).unwrap().backup(&to).unwrap();
    let bytes = std::fs::read(&to).unwrap();
    verify_file(&to).unwrap();
    for n in 0..200 {
        let mut bytes = bytes.clone();
        let place = n * 7_919 % bytes.len();
        bytes[place] ^= 1 << (n % 8);
        std::fs::write(&to, bytes).unwrap();
        assert!(matches!(verify_file(&to), Err(JournalError::Broken { .. })), "byte {place}");
    }
}

#[test]
fn a_forged_snapshot_is_neither_believed_at_a_start_nor_passed_by_verify() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..50)).unwrap();
    let mut world = fold(&store).unwrap();
    keep(&mut store, 50, FOLD, &serde_json::to_vec(&world).unwrap());
    assert_eq!(store.load_snapshot(FOLD).unwrap().map(|(at, _)| at), Some(50));
    assert_eq!(store.verify().unwrap().beside, Vec::<String>::new());
    // Whoever can write the file can compute its sum, too.
    world.last_purchase = 7;
    let forged = serde_json::to_vec(&world).unwrap();
    let sum = store.sum_snapshot(50, FOLD, &forged).unwrap();
    let raw = Connection::open(dir.path().join(FILE)).unwrap();
    raw.execute("UPDATE snapshot SET body = ?1, sum = ?2", (&forged, &sum.0)).unwrap();
    assert_eq!(store.load_snapshot(FOLD).unwrap(), None);
    assert_eq!(fold(&store).unwrap().last_purchase, 0, "the events say what is so");
    assert_eq!(store.verify().err(), Some(JournalError::Forged { at: 50 }));
    // With an event that vouches for it, it is still not what the events give.
    store.append(&[about_itself(Event::Journal(JournalEvent::SnapshotKept { at: 50, fold: FOLD, sum }))]).unwrap();
    let Err(JournalError::Broken { seq: Some(50), what }) = store.verify() else { panic!() };
    assert!(what.contains("is not what the events up to it give"), "{what}");
}

#[test]
fn a_forged_snapshot_is_dropped_with_the_next_that_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..50)).unwrap();
    let body = serde_json::to_vec(&fold(&store).unwrap()).unwrap();
    let sum = store.sum_snapshot(50, FOLD, &body).unwrap();
    let raw = Connection::open(dir.path().join(FILE)).unwrap();
    for seq in [50, 60, 1_i64 << 40] {
        raw.execute("INSERT INTO snapshot VALUES (?1, ?2, ?3, ?4)", (seq, FOLD, &sum.0, &body)).unwrap();
    }
    assert!(store.verify().is_err());
    keep(&mut store, 50, FOLD, &body);
    assert_eq!(store.verify().unwrap().beside, Vec::<String>::new());
    assert_eq!(store.load_snapshot(FOLD).unwrap().map(|(at, _)| at), Some(50));
}

#[test]
fn a_start_from_a_snapshot_verifies_each_event_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..50)).unwrap();
    let body = serde_json::to_vec(&fold(&store).unwrap()).unwrap();
    keep(&mut store, 50, FOLD, &body);
    store.append(&drafts(50..900)).unwrap();
    store.close().unwrap();
    let raw = Connection::open(dir.path().join(FILE)).unwrap();
    raw.execute_batch("DROP TRIGGER event_is_not_changed; UPDATE event SET at = at + 1 WHERE seq = 100").unwrap();
    drop(store);
    let store = Store::open(dir.path(), &site()).unwrap();
    assert!(matches!(fold(&store), Err(JournalError::Broken { seq: Some(100), .. })));
}
