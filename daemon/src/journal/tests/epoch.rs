//! Epochs: a new journal has one, a restored or a lost one begins another and holds effects back.

use rackhand_core::event::JournalEvent;
use rackhand_core::stream::Origin;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

use super::*;

/// 321 days after the first of January 2026.
const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

/// Opens the journal as a start does.
fn started(dir: &Path) -> (Store, World) {
    let mut store = Store::open(dir, &site()).unwrap();
    let mut world = fold(&store).unwrap();
    store.begin_epoch(&mut world, NOW).unwrap();
    assert_eq!(fold(&store).unwrap(), world, "what a start goes on with is what is on disk");
    (store, world)
}

fn epochs(world: &World) -> Vec<u32> {
    world.stream.epochs.iter().map(|e| e.number).collect()
}

fn origin(world: &World) -> Option<Origin> {
    world.stream.held.map(|h| h.origin)
}

#[test]
fn a_new_journal_begins_with_its_epoch_and_each_start_goes_on_in_it() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (store, world) = started(dir.path());
        assert_eq!((epochs(&world), origin(&world), store.head()), (vec![321], None, 1));
    }
    let mut store = Store::open_in_memory(&site()).unwrap();
    let mut world = World::default();
    store.begin_epoch(&mut world, NOW).unwrap();
    assert_eq!(epochs(&world), [321]);
}

#[test]
fn a_journal_from_before_epochs_goes_on_in_its_first() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path(), 20);
    let (store, world) = started(dir.path());
    assert_eq!((epochs(&world), origin(&world), store.head()), (vec![321], None, 21));
    assert_eq!((world.stream.epoch_of(20), world.stream.epoch_of(21)), (0, 321));
}

#[test]
fn a_restored_journal_begins_another_epoch_each_time_and_holds_effects_back_over_restarts() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = out.path().join("ams1.db");
    let (mut store, _) = started(dir.path());
    store.append(&drafts(1..50)).unwrap();
    store.backup(&to).unwrap();
    store.append(&drafts(50..90)).unwrap();
    drop(store);
    for last in [322, 323] {
        restore(&to, dir.path()).unwrap();
        for _ in 0..2 {
            let (store, world) = started(dir.path());
            assert_eq!((epochs(&world), origin(&world)), (vec![321, last], Some(Origin::Restored)));
            assert_eq!(store.head(), 51);
        }
    }
    let resumed = about_itself(Event::Journal(JournalEvent::EffectsResumed { reason: "all was looked at".into() }));
    let (mut store, _) = started(dir.path());
    store.append(&[resumed]).unwrap();
    drop(store);
    assert_eq!(origin(&started(dir.path()).1), None);
}

#[test]
fn a_backup_that_somebody_copied_into_place_counts_as_restored() {
    let (dir, out, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = out.path().join("ams1.db");
    journal(dir.path(), 20);
    for epochs_before in [vec![], vec![321]] {
        let _ = std::fs::remove_file(&to);
        Store::open(dir.path(), &site()).unwrap().backup(&to).unwrap();
        std::fs::copy(&to, other.path().join(FILE)).unwrap();
        for end in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(other.path().join(format!("{FILE}{end}")));
        }
        let _ = std::fs::remove_file(other.path().join("head"));
        let (_, world) = started(other.path());
        assert_eq!(origin(&world), Some(Origin::Restored));
        assert_eq!(epochs(&world).len(), epochs_before.len() + 1);
        started(dir.path());
    }
}

#[test]
fn an_empty_journal_where_there_was_one_holds_effects_back_in_an_epoch_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = started(dir.path());
    store.append(&drafts(1..50)).unwrap();
    drop(store);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() != "epoch" {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (_, world) = started(dir.path());
    assert_eq!((epochs(&world), origin(&world)), (vec![322], Some(Origin::Lost)));
    // A journal that was moved aside tells as much.
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(dir.path().join("replaced-1")).unwrap();
    assert_eq!(origin(&started(dir.path()).1), Some(Origin::Lost));
    assert_eq!(origin(&started(out.path()).1), None);
}
