//! Rows of a manifest through the daemon's own door, while NetBox is away.

use std::collections::BTreeMap;

use rackhand_core::decide::Why;
use rackhand_core::entry::commands::Entry;
use rackhand_core::entry::manifest::Row;
use rackhand_core::entry::questions::Imported;
use rackhand_core::entry::registration::Registered;
use rackhand_core::event::{EntryEvent, Event};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_rpc::{Import, MAX_IMPORT};

use crate::support::console::{connect, soon};
use crate::support::daemon::Place;

fn rows(from: usize, count: usize) -> Vec<Row> {
    let mac = |n: usize| Mac([0x94, 0x40, 0xC9, 0, (n >> 8) as u8, n as u8]);
    (from..from + count).map(|n| Row { serial: format!("S{n:05}").into(), bmc_mac: mac(n) }).collect()
}

fn import(rows: Vec<Row>, check: bool) -> Import {
    Import { rows, site: SiteId::new("fra1"), stage: Stage::Received, create: None, check, accounts: BTreeMap::new() }
}

#[tokio::test]
async fn each_row_is_whole_on_the_disk_and_known_when_it_comes_again() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    let all = rows(0, 3 * MAX_IMPORT);

    let judged = console.import(soon(), import(all[..2].to_vec(), true)).await.unwrap().unwrap();
    assert_eq!(judged, [Ok(Entry::Imported), Ok(Entry::Imported)]);
    assert!(place.told().is_empty(), "a check changes nothing");
    let too_many = console.import(soon(), import(rows(0, MAX_IMPORT + 1), false)).await.unwrap().unwrap_err();
    assert_eq!(too_many.why, Why::Invalid);

    for part in all.chunks(MAX_IMPORT) {
        let entries = console.import(soon(), import(part.to_vec(), false)).await.unwrap().unwrap();
        assert_eq!(entries, vec![Ok(Entry::Imported); MAX_IMPORT]);
    }
    let again = console.import(soon(), import(all[..MAX_IMPORT].to_vec(), false)).await.unwrap().unwrap();
    assert_eq!(again, vec![Ok(Entry::Already); MAX_IMPORT]);

    // One good row, one whose MAC is another's, one known by another MAC, one that is no serial.
    let mut mixed = rows(9_000, 4);
    (mixed[1].bmc_mac, mixed[2].serial, mixed[3].serial) = (all[1].bmc_mac, all[2].serial.clone(), "a b".into());
    let entries = console.import(soon(), import(mixed.clone(), false)).await.unwrap().unwrap();
    let whys: Vec<Option<Why>> = entries.iter().map(|e| e.as_ref().err().map(|r| r.why)).collect();
    assert_eq!(whys, [None, Some(Why::Conflict), Some(Why::Conflict), Some(Why::Invalid)]);

    let serials: Vec<Text> = [&all[0].serial, &mixed[0].serial, &"NOBODY".into()].map(Clone::clone).to_vec();
    let told = console.ask(soon(), Imported(serials)).await.unwrap().answer;
    let results: Vec<Option<Registered>> = told.into_iter().map(|s| s.map(|s| s.result)).collect();
    assert_eq!(results, [Some(Registered::Waiting), Some(Registered::Waiting), None]);
    assert!(daemon.terminate().await.success());

    let count = |of: fn(&Event) -> bool| place.events().iter().filter(|e| of(&e.draft.event)).count();
    let units = count(|e| matches!(e, Event::Entry(EntryEvent::UnitImported { .. })));
    assert_eq!(
        (units, count(|e| matches!(e, Event::Entry(EntryEvent::ManifestRowTaken { .. })))),
        (all.len() + 1, units)
    );
}
