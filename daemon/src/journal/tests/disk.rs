//! A full disk, backups and restores.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::untested::untested;
use super::*;

/// Appends single events until one fails. Gives how many were acknowledged.
fn fill(store: &mut Store) -> (u64, JournalError) {
    for n in store.head()..1_000_000 {
        match store.append(&[draft(n)]) {
            Ok(head) => assert_eq!(head, n + 1),
            Err(error) => return (n, error),
        }
    }
    panic!("the disk never was full")
}

#[test]
fn a_full_disk_loses_nothing_acknowledged_and_the_journal_goes_on_when_there_is_space() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.source().conn.query_row("PRAGMA max_page_count = 60", [], |_| Ok(())).unwrap();
    let (acknowledged, error) = fill(&mut store);
    assert!(matches!(error, JournalError::Full { .. }) && error.try_again(), "{error:?}");
    assert!(matches!(store.append(&drafts(acknowledged..acknowledged + 500)), Err(JournalError::Full { .. })));
    assert!(matches!(store.save_snapshot(acknowledged, 1, &vec![0; 100_000]), Err(JournalError::Full { .. })));
    assert_eq!((store.head(), all(&store).len() as u64), (acknowledged, acknowledged));
    store.source().conn.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
    store.append(&drafts(acknowledged..acknowledged + 500)).unwrap();
    drop(store);
    let store = Store::open(dir.path(), &site()).unwrap();
    let recorded: Vec<_> = all(&store).into_iter().map(|e| e.draft).collect();
    assert_eq!(recorded, drafts(0..acknowledged + 500));
    store.verify().unwrap();
}

/// A small file system of its own, unmounted when dropped.
struct Tmpfs(PathBuf, #[expect(dead_code, reason = "held until it is unmounted")] tempfile::TempDir);

impl Tmpfs {
    fn mount(kib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={kib}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        mount.is_ok_and(|o| o.status.success()).then(|| Self(dir.path().to_owned(), dir))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_file_system_without_space_is_reported_as_full_and_recovers_when_space_returns() {
    let Some(tmpfs) = Tmpfs::mount(1_024) else {
        untested("a full file system", "no tmpfs can be mounted here; the page limit's test stands in");
        return;
    };
    let ballast = tmpfs.0.join("ballast");
    std::fs::write(&ballast, vec![1; 300_000]).unwrap();
    let dir = tmpfs.0.join("journal");
    let mut store = Store::open(&dir, &site()).unwrap();
    let (acknowledged, error) = fill(&mut store);
    assert!(matches!(error, JournalError::Full { .. }), "{error:?}");
    assert_eq!(all(&store).len() as u64, acknowledged);
    // A process that ends now finds all that was acknowledged.
    drop(store);
    let mut store = Store::open(&dir, &site()).unwrap();
    assert_eq!(store.head(), acknowledged);
    let _ = fill(&mut store);
    let head = store.head();
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(store.append(&drafts(head..head + 10)).unwrap(), head + 10);
    assert_eq!(all(&store).into_iter().map(|e| e.draft).collect::<Vec<_>>(), drafts(0..head + 10));
    store.verify().unwrap();
}

#[test]
fn a_backup_taken_while_events_are_written_holds_a_whole_beginning_of_them() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = out.path().join("ams1.db");
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..5_000)).unwrap();
    let reader = store.reader().unwrap();
    let done = AtomicBool::new(false);
    let (backed, written) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let head = store.head();
                store.append(&drafts(head..head + 3)).unwrap();
            }
            store.head()
        });
        let backed = reader.backup(&to).unwrap();
        done.store(true, Ordering::Relaxed);
        (backed, writer.join().unwrap())
    });
    assert!((5_000..=written).contains(&backed.head), "{backed:?} {written}");
    let verified = verify_file(&to).unwrap();
    assert_eq!((verified.head, verified.head_hash), (backed.head, backed.head_hash));
    assert!(matches!(reader.backup(&to), Err(JournalError::Io { .. })), "an older backup is not overwritten");
    let sums = Command::new("sha256sum").arg("--check").arg("ams1.db.sha256").current_dir(out.path()).output();
    assert!(sums.is_ok_and(|o| o.status.success()));
    for name in ["ams1.db", "ams1.db.sha256"] {
        let mode = std::fs::metadata(out.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_restore_brings_back_every_event_and_moves_what_was_there_aside() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = out.path().join("ams1.db");
    let mut store = Store::open(dir.path(), &site()).unwrap();
    store.append(&drafts(0..100)).unwrap();
    store.backup(&to).unwrap();
    store.append(&drafts(100..150)).unwrap();
    assert!(matches!(restore(&to, dir.path()), Err(JournalError::Locked { .. })));
    drop(store);
    let restored = restore(&to, dir.path()).unwrap();
    assert_eq!(restored.verified.head, 100);
    let mut store = Store::open(dir.path(), &site()).unwrap();
    assert_eq!(all(&store).into_iter().map(|e| e.draft).collect::<Vec<_>>(), drafts(0..100));
    store.append(&drafts(100..120)).unwrap();
    store.verify().unwrap();
    drop(store);
    assert_eq!(Store::open(&restored.aside.unwrap(), &site()).unwrap().head(), 150);
    assert_eq!(restore(&to, dir.path()).unwrap().aside, Some(dir.path().join("replaced-2")));
    assert_eq!(restore(&to, &dir.path().join("new")).unwrap().aside, None);
}

#[test]
fn a_damaged_or_shortened_backup_is_refused_before_anything_is_touched() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = out.path().join("ams1.db");
    journal(dir.path(), 100);
    Store::open(dir.path(), &site()).unwrap().backup(&to).unwrap();
    let raw = Connection::open(&to).unwrap();
    raw.execute_batch("DROP TRIGGER event_stays; DELETE FROM event WHERE seq > 90").unwrap();
    drop(raw);
    assert!(matches!(restore(&to, dir.path()), Err(JournalError::Broken { seq: None, .. })));
    std::fs::remove_file(out.path().join("ams1.db.sha256")).unwrap();
    // It knows its own length, too.
    assert!(matches!(restore(&to, dir.path()), Err(JournalError::Broken { seq: Some(91), .. })));
    assert_eq!(Store::open(dir.path(), &site()).unwrap().head(), 100);
}

#[test]
fn a_journal_in_which_a_restore_was_cut_off_is_not_opened() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = out.path().join("ams1.db");
    journal(dir.path(), 10);
    Store::open(dir.path(), &site()).unwrap().backup(&to).unwrap();
    std::fs::write(dir.path().join("restoring"), "").unwrap();
    let Err(error) = Store::open(dir.path(), &site()) else { panic!() };
    assert!(error.to_string().contains("run it again"), "{error}");
    restore(&to, dir.path()).unwrap();
    assert_eq!(Store::open(dir.path(), &site()).unwrap().head(), 10);
}
