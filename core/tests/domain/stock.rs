//! Stock held against what is asked for.

use proptest::prelude::*;
use rackhand_core::id::{Entropy, SiteId, UnitId};
use rackhand_core::order::spec::{DriveKind, Drives, Spec, read};
use rackhand_core::stock::{Candidate, Difference, Fit, Sense, deviations, differences, matches};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

const TB: u64 = 1_000_000_000_000;

fn server(n: u8) -> Candidate {
    let since = Timestamp::from_secs(1_790_000_000 + i64::from(n));
    Candidate {
        unit: UnitId::mint(since, Entropy([n; 16])),
        site: SiteId::new("fra1"),
        label: Text::from(format!("CZ{n:06}")),
        since,
        processors: vec![(Text::new("INTEL(R) XEON(R) GOLD 6530"), 32); 2],
        memory: 512 << 30,
        drives: vec![(3_840_755_982_336, Some(DriveKind::Nvme)); 4],
        ports: vec![Some(100); 2],
        height: Some(1),
    }
}

const ASKED: &str = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";

fn said(asked: &str, has: &Candidate) -> Vec<String> {
    differences(&read(asked).spec, has).into_iter().map(line).collect()
}

fn line(d: Difference) -> String {
    format!("{}: {} / {} ({:?})", d.what, d.asked, d.has, d.sense)
}

#[test]
fn a_server_that_is_what_was_asked_for_has_no_differences_though_firmware_keeps_some_memory() {
    assert_eq!(said(ASKED, &server(1)), Vec::<String>::new());
    let short = Candidate { memory: (512 << 30) - (3 << 28), ..server(1) };
    assert_eq!(said(ASKED, &short), Vec::<String>::new());
}

#[test]
fn each_difference_is_said_with_its_direction() {
    let other = Candidate {
        processors: vec![(Text::new("AMD EPYC 9354P 32-Core Processor"), 32)],
        memory: 256 << 30,
        drives: vec![(TB, Some(DriveKind::Nvme)), (8 * TB, Some(DriveKind::Nvme)), (4 * TB, None)],
        ports: vec![Some(25), None, Some(200), Some(1)],
        ..server(1)
    };
    assert_eq!(
        said(ASKED, &other),
        [
            "processors: 2 / 1 (Less)",
            "processor: Xeon Gold 6530 / AMD EPYC 9354P 32-Core Processor (Other)",
            "memory: 512 GB / 256 GB (Less)",
            "drives: 4x 3.84 TB NVMe / 2 missing (Less)",
            "drives: 4x 3.84 TB NVMe / 1 of unknown kind (Unknown)",
            "drives: 4x 3.84 TB NVMe / 2 larger (More)",
            "drives: no more / 1 more: 1.00 TB (More)",
            "ports: 2x 100GbE / 1 of unknown speed (Unknown)",
            "ports: 2x 100GbE / 1 faster (More)",
            "ports: no more / 2 more (More)",
        ]
    );
}

#[test]
fn exact_goes_before_better_before_near_and_the_longest_waiting_first() {
    let spec = read(ASKED).spec;
    let more = Candidate { memory: 1024 << 30, ..server(2) };
    let less = Candidate { memory: 256 << 30, ..server(3) };
    let unfit = Candidate { memory: 64 << 30, drives: vec![], ports: vec![], ..server(4) };
    let found = matches(&spec, &[unfit, less, more, server(9), server(1)]);
    let lines: Vec<_> = found.iter().map(|m| (m.label.as_str(), m.fit)).collect();
    assert_eq!(
        lines,
        [("CZ000001", Fit::Exact), ("CZ000009", Fit::Exact), ("CZ000002", Fit::Better), ("CZ000003", Fit::Near)]
    );
}

#[test]
fn among_equals_the_least_surplus_goes_first_then_the_longest_waiting_then_the_id() {
    let spec = read(ASKED).spec;
    let with = |n: u8, memory: u64| Candidate { memory: memory << 30, ..server(n) };
    let labels =
        |stock: &[Candidate]| -> Vec<String> { matches(&spec, stock).iter().map(|m| m.label.to_string()).collect() };
    // Both have one thing more; the one with less of it goes first, though it came later.
    assert_eq!(labels(&[with(1, 1024), with(2, 768)]), ["CZ000002", "CZ000001"]);
    // One thing more goes before two, however much it is.
    let two = Candidate { height: Some(1), ports: vec![Some(200); 2], ..with(1, 768) };
    assert_eq!(labels(&[two, with(2, 2048)]), ["CZ000002", "CZ000001"]);
    // One lack goes before two, though it waits for less long.
    let lacks = Candidate { drives: Vec::new(), ..with(1, 256) };
    assert_eq!(labels(&[lacks, with(2, 256)]), ["CZ000002", "CZ000001"]);
    // Who waits longest goes first, whatever its id.
    let longest = Candidate { since: server(1).since, ..server(9) };
    assert_eq!(labels(&[server(2), longest]), ["CZ000009", "CZ000002"]);
    // Of the same moment, the same one each time: by id.
    let twin = |n: u8| Candidate { since: server(1).since, ..server(n) };
    assert_eq!(labels(&[twin(3), twin(2)]), ["CZ000002", "CZ000003"]);
    assert_eq!(labels(&[twin(2), twin(3)]), ["CZ000002", "CZ000003"]);
}

#[test]
fn what_nobody_knows_is_never_exact() {
    let spec = read("2x 100GbE").spec;
    let found = matches(&spec, &[Candidate { ports: vec![None; 2], ..server(1) }]);
    assert_eq!((found[0].fit, found[0].differences[0].sense), (Fit::Near, Sense::Unknown));
}

#[test]
fn a_drive_that_only_one_wish_can_use_is_kept_for_it() {
    let drives = vec![(4 * TB, Some(DriveKind::Nvme)), (5 * TB, Some(DriveKind::SataSsd))];
    assert_eq!(
        said("4TB SSD, 2TB NVMe", &Candidate { drives, ..server(1) }),
        ["drives: 1x 2.00 TB NVMe / 1 larger (More)", "drives: 1x 4.00 TB SSD / 1 larger (More)"]
    );
}

#[test]
fn an_offer_is_held_against_what_was_asked_by_the_same_points() {
    let held = |asked, offered| -> Vec<String> {
        deviations(&read(asked).spec, &read(offered).spec).into_iter().map(line).collect()
    };
    assert_eq!(held(ASKED, ASKED), Vec::<String>::new());
    assert_eq!(
        held(ASKED, "2x Xeon Gold 6430, 256GB DDR4, 6x 3.84TB NVMe, 2x 25GbE"),
        [
            "processor: Xeon Gold 6530 / Xeon Gold 6430 (Other)",
            "memory: 512 GB / 256 GB (Less)",
            "memory kind: DDR5 / DDR4 (Other)",
            "drives: no more / 2 more: 2x 3.84 TB (More)",
            "ports: 2x 100GbE / 2 missing (Less)",
            "ports: no more / 2 more (More)",
        ]
    );
    assert_eq!(held("16x 32GB DDR5", "8x 64GB DDR5"), ["memory modules: 16 / 8 (Other)"]);
}

#[test]
fn what_an_offer_does_not_tell_is_unknown_and_never_equal() {
    let unknown: Vec<String> =
        deviations(&read(&format!("{ASKED}, 1U")).spec, &Spec::default()).into_iter().map(line).collect();
    assert_eq!(
        unknown,
        [
            "processors: 2x Xeon Gold 6530 / unknown (Unknown)",
            "memory: 512GB DDR5 / unknown (Unknown)",
            "drives: 4x 3.84 TB NVMe / unknown (Unknown)",
            "ports: 2x 100GbE / unknown (Unknown)",
            "height: 1U / unknown (Unknown)",
        ]
    );
    let bare = deviations(&read("2x Xeon Gold 6530 32 cores, 16x 32GB DDR5").spec, &read("2x CPU, 512GB RAM").spec);
    assert!(bare.iter().all(|d| d.sense == Sense::Unknown), "{bare:?}");
    assert_eq!(bare.len(), 4, "{bare:?}");
}

/// The fewest drives that stay missing, by trying every way to give them.
fn fewest_missing(wishes: &[Drives], free: &mut Vec<(u64, Option<DriveKind>)>) -> usize {
    let Some((first, rest)) = wishes.split_first() else { return 0 };
    let mut best = 1 + fewest_missing(rest, free);
    for n in 0..free.len() {
        let (bytes, kind) = free[n];
        if bytes >= first.bytes - first.bytes / 50 && kind.is_some_and(|k| k.serves_as(first.kind)) {
            free.remove(n);
            best = best.min(fewest_missing(rest, free));
            free.insert(n, (bytes, kind));
        }
    }
    best
}

fn any_server() -> impl Strategy<Value = Candidate> {
    let drive = (prop::sample::select(vec![960_u64, 1_920, 3_840, 7_680]), prop::option::of(Just(DriveKind::Nvme)))
        .prop_map(|(gb, kind)| (gb * 1_000_000_000, kind));
    let ports = prop::collection::vec(prop::option::of(prop::sample::select(vec![1_u16, 25, 100])), 0..5);
    (0_u8..9, 1_usize..3, 1_u64..17, prop::collection::vec(drive, 0..6), ports).prop_map(
        |(n, sockets, modules, drives, ports)| {
            let processors = vec![(Text::new("INTEL(R) XEON(R) GOLD 6530"), 32); sockets];
            Candidate { processors, memory: modules << 36, drives, ports, ..server(n) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_to_a_server_never_makes_it_lack_more(server in any_server(), bigger in any_server()) {
        let spec = read(ASKED).spec;
        let sum = Candidate {
            memory: server.memory + bigger.memory,
            drives: server.drives.iter().chain(&bigger.drives).copied().collect(),
            ports: server.ports.iter().chain(&bigger.ports).copied().collect(),
            ..server.clone()
        };
        let missing = |c: &Candidate| differences(&spec, c).iter().filter(|d| d.sense == Sense::Less).count();
        prop_assert!(missing(&sum) <= missing(&server));
    }

    #[test]
    fn no_way_to_give_the_drives_leaves_fewer_missing(
        wishes in prop::collection::vec((1_u64..6, 0_usize..5), 1..5),
        drives in prop::collection::vec((1_u64..6, 0_usize..5), 0..5),
    ) {
        let kinds = [DriveKind::Nvme, DriveKind::SasSsd, DriveKind::SataSsd, DriveKind::Ssd, DriveKind::Hdd];
        let wishes: Vec<_> = wishes.iter().map(|(tb, k)| Drives { count: 1, bytes: tb * TB, kind: kinds[*k] }).collect();
        let mut free: Vec<_> = drives.iter().map(|(tb, k)| (tb * TB, Some(kinds[*k]))).collect();
        let spec = Spec { drives: wishes.clone(), ..Spec::default() };
        let found = differences(&spec, &Candidate { drives: free.clone(), ..server(1) });
        let missing = found.iter().filter(|d| d.sense == Sense::Less).count();
        prop_assert_eq!(missing, fewest_missing(&wishes, &mut free));
    }

    #[test]
    fn a_match_has_the_differences_that_its_server_has_alone(stock in prop::collection::vec(any_server(), 0..8)) {
        let spec = read(ASKED).spec;
        let stock: Vec<Candidate> = (0..).zip(stock).map(|(n, c)| Candidate { unit: server(n).unit, ..c }).collect();
        let found = matches(&spec, &stock);
        for candidate in &stock {
            let alone = differences(&spec, candidate);
            let lacks = alone.iter().filter(|d| d.sense != Sense::More).count();
            let matched = found.iter().find(|m| m.unit == candidate.unit).map(|m| &m.differences);
            prop_assert_eq!(matched, Some(&alone).filter(|_| lacks <= 2));
        }
    }

    #[test]
    fn the_order_of_the_stock_changes_nothing(mut stock in prop::collection::vec(any_server(), 0..8)) {
        let spec = read(ASKED).spec;
        stock.sort_by_key(|c| c.unit);
        stock.dedup_by_key(|c| c.unit);
        let first = matches(&spec, &stock);
        stock.reverse();
        prop_assert_eq!(first, matches(&spec, &stock));
    }
}
