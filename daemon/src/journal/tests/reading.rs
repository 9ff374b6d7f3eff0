//! Pages of history, and finding text.

use super::*;

const EVENTS: u64 = 2 * 16_384 + 1_000;

fn store() -> Store {
    let mut store = Store::open_in_memory(&site()).unwrap();
    store.append(&drafts(0..EVENTS)).unwrap();
    store
}

#[test]
fn a_servers_history_comes_newest_first_in_pages() {
    let store = store();
    let expected: Vec<_> = all(&store).into_iter().filter(|e| e.draft.subject == unit(7)).rev().collect();
    let mut found = Vec::new();
    loop {
        let before = found.last().map(|e: &Recorded| e.seq);
        let page = store.history(&unit(7), before, 100).unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, expected);
    assert_eq!(store.event(expected[3].seq).unwrap().as_ref(), Some(&expected[3]));
    assert_eq!(store.event(EVENTS + 1).unwrap(), None);
    assert_eq!(store.history(&unit(9_999), None, 10).unwrap(), []);
    assert_eq!(store.history(&unit(7), None, 0).unwrap(), []);
}

#[test]
fn the_search_index_finds_what_reading_everything_finds() {
    let plain = store();
    let mut indexed = store();
    indexed.index().unwrap();
    assert!(indexed.verify().unwrap().beside.is_empty());
    let text = |t: &str| JournalFilter { text: Some(t.into()), ..JournalFilter::default() };
    let kind = |k: &str| JournalFilter { kind: Some(k.into()), ..JournalFilter::default() };
    let actor = |a: &str| JournalFilter { actor: Some(a.into()), ..JournalFilter::default() };
    let filters = [
        text("warning number 16389 "),
        text("WARNING NUMBER 33"),
        text("the \"cable\""),
        text("tasks/12342"),
        text("94:40:c9:00:00:05"),
        text("iloczj0000045"),
        text("no such text"),
        text("4"),
        text(""),
        kind("step_skipped"),
        kind("step_parked"),
        actor("zoë: night shift"),
        actor("wire"),
        actor("night shift"),
        JournalFilter { subject: Some(unit(8)), text: Some("33".into()), ..kind("step_skipped") },
        JournalFilter { kind: Some("warning_noted".into()), ..text("number 2") },
    ];
    let mut total = 0;
    for filter in filters {
        for before in [None, Some(1), Some(16_385), Some(16_640), Some(20_000), Some(EVENTS)] {
            for limit in [3, 10_000] {
                let found = indexed.page(&filter, before, limit).unwrap();
                assert_eq!(found, plain.page(&filter, before, limit).unwrap(), "{filter:?} {before:?}");
                total += found.len();
            }
        }
    }
    assert!(total > 10_000);
    let one = indexed.page(&text("warning number 16389 "), None, 50).unwrap();
    assert_eq!(one.iter().map(|e| e.seq).collect::<Vec<_>>(), [16_390]);
    let nobody = indexed.page(&actor("night shift"), None, 50).unwrap();
    assert_eq!(nobody, []);
}

#[test]
fn a_damaged_search_index_hides_nothing() {
    let mut store = store();
    store.index().unwrap();
    store.source().conn.execute_batch("UPDATE search SET bits = zeroblob(length(bits)) WHERE part = 0").unwrap();
    let filter = JournalFilter { text: Some("warning number 4 ".into()), ..JournalFilter::default() };
    assert_eq!(store.page(&filter, None, 50).unwrap().len(), 1);
    assert_eq!(store.verify().unwrap().beside.len(), 8);
}
