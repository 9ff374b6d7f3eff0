//! The dock: what a scanned serial is, what of it is journaled, and how far a receipt can be taken back.

use crate::scene::{Scene, address, bmc_mac, bmc_port, failed, row, serial};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Why};
use rackhand_core::event::{Event, ReceivingEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::{Role, SiteId, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::receiving::commands::{Finding, MAX_PHOTO, Scan};
use rackhand_core::receiving::questions::receiving;
use rackhand_core::text::Text;

fn fra1() -> SiteId {
    SiteId::new("fra1")
}

fn scanned(scene: &mut Scene, scan: &str, damaged: Option<&str>) -> Scan {
    let command = Command::Receive { site: fra1(), scan: scan.into(), damaged: damaged.map(Text::new), photo: None };
    match scene.command(Role::Technician, command) {
        Ok(Answer::Scanned(scan)) => *scan,
        other => panic!("{other:?}"),
    }
}

fn undo(scene: &mut Scene, unit: UnitId) -> Result<Answer, String> {
    scene.command(Role::Technician, Command::UndoReceipt { unit }).map_err(|r| r.text.to_string())
}

/// A server on its way.
fn sent(scene: &mut Scene, n: u8) -> UnitId {
    scene.import(n, Stage::ShipmentTracking)
}

#[test]
fn an_expected_serial_is_received_once_and_then_told_when_and_by_whom() {
    let mut scene = Scene::default();
    let id = sent(&mut scene, 1);
    let first = scanned(&mut scene, " ]C1sn0001 ", None);
    assert_eq!((first.finding.clone(), first.unit, first.stage), (Finding::Received, Some(id), Some(Stage::Received)));
    assert_eq!((&first.serial, scene.unit(id).stage), (&serial(1), Stage::Received));
    let at = scene.now;
    scene.later(60);
    let mark = scene.mark();
    let again = scanned(&mut scene, "SN0001", None);
    assert_eq!(again.finding, Finding::Already { at: Some(at), by: Some("anna".into()) });
    assert!(again.told().contains("by anna, now received"), "{}", again.told());
    scene.go(id, Stage::Racked).unwrap();
    assert!(scanned(&mut scene, "SN0001", None).told().contains("now racked"));
    assert_eq!(scene.mark(), mark + 1, "a scan that receives nothing is not journaled");
}

#[test]
fn what_is_not_expected_here_is_told_apart_and_changes_nothing() {
    let mut scene = Scene::default();
    let elsewhere = Command::Import {
        site: SiteId::new("ams2"),
        serial: serial(2),
        bmc_mac: None,
        vendor: None,
        model: None,
        stage: Stage::ShipmentTracking,
    };
    scene.command(Role::Admin, elsewhere).unwrap();
    scene.import(3, Stage::PurchaseApproved);
    let cancelled = sent(&mut scene, 4);
    scene.cancel(cancelled).unwrap();
    let quarantined = sent(&mut scene, 5);
    scene.lease(5, address(5));
    assert_eq!(scene.unit(quarantined).disposition, Disposition::Quarantined);
    let held = sent(&mut scene, 6);
    scene.hold(held).unwrap();
    scene.import(7, Stage::InService);
    let mark = scene.mark();
    for damaged in [None, Some("dented")] {
        for (scan, word, told) in [
            ("SN0099", "UNKNOWN", "nobody knows"),
            ("SN0002", "WRONG SITE", "belongs to ams2"),
            ("SN0003", "NOT SENT", "is purchase_approved by the book"),
            ("SN0004", "HELD", "is cancelled: not wanted"),
            ("SN0005", "HELD", "its BMC holds a lease"),
            ("SN0006", "HELD", "is on_hold: wait"),
            ("SN0007", "DUP", "is in_service already"),
        ] {
            let scan = scanned(&mut scene, scan, damaged);
            assert_eq!(scan.finding.word(), word);
            assert!(scan.told().contains(told), "{}", scan.told());
        }
    }
    assert_eq!(scene.mark(), mark);
}

#[test]
fn what_is_no_serial_is_refused_and_so_is_damage_without_words_and_whoever_may_only_look() {
    let mut scene = Scene::default();
    sent(&mut scene, 1);
    let receive = |scan: &str, damaged: Option<&str>| Command::Receive {
        site: fra1(),
        scan: scan.into(),
        damaged: damaged.map(Text::new),
        photo: None,
    };
    let long = "X".repeat(65);
    for scan in ["", "  ", "SN 0001", "\u{1b}[2JSN0001", "SN0001\u{202e}", "]C1", &long] {
        assert_eq!(scene.command(Role::Technician, receive(scan, None)).unwrap_err().why, Why::Invalid, "{scan:?}");
    }
    assert_eq!(scene.command(Role::Technician, receive("SN0001", Some(" "))).unwrap_err().why, Why::Invalid);
    assert_eq!(scene.command(Role::ReadOnly, receive("SN0001", None)).unwrap_err().why, Why::NotAllowed);
}

#[test]
fn a_damaged_server_is_received_and_held_with_the_note_and_damage_seen_later_at_the_dock_too() {
    let mut scene = Scene::default();
    let (at_once, later) = (sent(&mut scene, 1), sent(&mut scene, 2));
    let scan = scanned(&mut scene, "SN0001", Some("corner dented, photo 17.jpg"));
    assert_eq!(scan.finding.word(), "DAMAGED");
    scanned(&mut scene, "SN0002", None);
    scanned(&mut scene, "SN0002", Some("no rails"));
    for (id, note) in [(at_once, "damaged: corner dented, photo 17.jpg"), (later, "damaged: no rails")] {
        let unit = scene.unit(id);
        assert_eq!((unit.stage, unit.disposition), (Stage::Received, Disposition::OnHold));
        assert_eq!(unit.disposition_reason.as_deref(), Some(note));
    }
    let mark = scene.mark();
    assert_eq!(scanned(&mut scene, "SN0001", Some("again")).finding.word(), "DUP");
    assert_eq!(scene.mark(), mark);
    for id in [at_once, later] {
        assert_eq!(undo(&mut scene, id), Ok(Answer::Done));
        let unit = scene.unit(id);
        assert_eq!((unit.stage, unit.disposition), (Stage::ShipmentTracking, Disposition::Normal));
        assert_eq!(undo(&mut scene, id), Ok(Answer::Already));
    }
    assert_eq!(scanned(&mut scene, "SN0001", None).finding, Finding::Received);
}

/// Something done to a received unit, and what the refusal to take its receipt back says then.
type Since = (fn(&mut Scene, UnitId), &'static str);

#[test]
fn a_receipt_is_taken_back_only_while_nothing_else_has_happened() {
    const CASES: &[Since] = &[
        (|s, id| drop(s.go(id, Stage::Racked).unwrap()), "is racked and went on since"),
        (|s, id| drop(s.hold(id).unwrap()), "since then: normal -> on_hold: wait"),
        (
            |s, id| {
                s.hold(id).unwrap();
                s.release(id).unwrap();
            },
            "since then: normal -> on_hold",
        ),
        (|s, id| drop(s.cancel(id).unwrap()), "since then: normal -> cancelled"),
        (|s, _| drop(s.import_row(row(1), None).unwrap()), "since then: manifest"),
        (|s, _| drop(s.lease(1, address(1))), "holds a lease"),
    ];
    for (since, told) in CASES {
        let mut scene = Scene::default();
        let id = sent(&mut scene, 1);
        scanned(&mut scene, "SN0001", None);
        since(&mut scene, id);
        let mark = scene.mark();
        let refusal = undo(&mut scene, id).unwrap_err();
        assert!(refusal.contains(told), "{told}: {refusal}");
        assert_eq!(scene.mark(), mark);
    }
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    assert!(undo(&mut scene, id).unwrap_err().contains("was not received by a scan"));
    let unit = scene.import(2, Stage::InService);
    assert!(undo(&mut scene, unit).is_err());
    let may_not = scene.command(Role::ReadOnly, Command::UndoReceipt { unit }).unwrap_err();
    assert_eq!(may_not.why, Why::NotAllowed);
}

#[test]
fn netbox_being_away_hinders_neither_a_receipt_nor_its_undo_and_what_is_owed_shows() {
    let mut scene = Scene::default();
    let command = Command::ImportRow { row: row(1), site: fra1(), stage: Stage::ShipmentTracking, create: None };
    scene.command(Role::Operator, command).unwrap();
    let id = scene.world.by_bmc(bmc_mac(1)).unwrap().id;
    assert_eq!(scanned(&mut scene, "SN0001", None).finding, Finding::Received);
    scene.attempt(id, Step::RegisterBmc, failed(Kind::Transient));
    assert_eq!(receiving(&scene.world, &fra1(), scene.now).unregistered, 1);
    assert_eq!(undo(&mut scene, id), Ok(Answer::Done));
    scanned(&mut scene, "SN0001", None);
    scene.later(3_600);
    let registered = Observation::Registered(bmc_port(1, bmc_mac(1)));
    scene.attempt(id, Step::RegisterBmc, rackhand_core::flow::step::Outcome::Observed(registered));
    assert_eq!(receiving(&scene.world, &fra1(), scene.now).unregistered, 0);
    assert_eq!(undo(&mut scene, id), Ok(Answer::Done));
}

#[test]
fn no_move_leads_from_the_dock_back_onto_the_lorry() {
    let mut scene = Scene::default();
    let id = sent(&mut scene, 1);
    scanned(&mut scene, "SN0001", None);
    assert!(scene.go(id, Stage::ShipmentTracking).unwrap_err().text.contains("no way leads"));
    // A move to `received` is a receipt as well.
    undo(&mut scene, id).unwrap();
    scene.go(id, Stage::Received).unwrap();
    assert_eq!(undo(&mut scene, id), Ok(Answer::Done));
}

#[test]
fn the_dock_counts_by_model_what_is_wanted_got_and_left() {
    let mut scene = Scene::default();
    for n in 1..=5 {
        sent(&mut scene, n);
    }
    let dell = Command::Import {
        site: fra1(),
        serial: "7XK1".into(),
        bmc_mac: None,
        vendor: None,
        model: Some("PowerEdge R660".into()),
        stage: Stage::ShipmentTracking,
    };
    scene.command(Role::Admin, dell).unwrap();
    let held = sent(&mut scene, 6);
    scene.hold(held).unwrap();
    for scan in ["SN0001", "SN0002", "7XK1"] {
        scanned(&mut scene, scan, None);
    }
    let dock = receiving(&scene.world, &fra1(), scene.now);
    let lines: Vec<_> = dock.lines.iter().map(|l| (l.model.as_deref().unwrap(), l.wanted, l.got, l.left)).collect();
    assert_eq!(lines, [("ProLiant DL360 Gen11", 5, 2, 3), ("PowerEdge R660", 1, 1, 0)]);
    assert_eq!((dock.sum.wanted, dock.sum.got, dock.sum.left, dock.aside), (6, 3, 3, 1));
    assert_eq!(dock.expected, [serial(3), serial(4), serial(5)]);
    assert_eq!(dock.sites.get(&fra1()), Some(&3));
    scene.later(25 * 3_600);
    let dock = receiving(&scene.world, &fra1(), scene.now);
    assert_eq!((dock.sum.wanted, dock.sum.got), (3, 0), "yesterday's delivery is over");
}

#[test]
fn a_photo_is_of_damage_and_its_path_is_kept_with_the_note() {
    let mut scene = Scene::default();
    sent(&mut scene, 1);
    let mut receive = |damaged: Option<&str>, photo: String| {
        let (damaged, photo) = (damaged.map(Text::new), Some(photo.into()));
        let command = Command::Receive { site: fra1(), scan: "SN0001".into(), damaged, photo };
        scene.command(Role::Technician, command).map_err(|refused| refused.why)
    };
    let long = |n: usize| "p".repeat(n);
    assert_eq!(receive(None, "dock/17.jpg".into()), Err(Why::Invalid), "of what?");
    assert_eq!(receive(Some("dented"), " ".into()), Err(Why::Invalid));
    assert_eq!(receive(Some("dented"), long(MAX_PHOTO + 1)), Err(Why::Invalid));
    assert!(receive(Some("dented"), long(MAX_PHOTO)).is_ok());
    let kept = scene.since(0).into_iter().find_map(|e| match e {
        Event::Receiving(ReceivingEvent::DamageNoted { note, photo }) => {
            Some((note.to_string(), photo.as_ref().map(ToString::to_string)))
        }
        _ => None,
    });
    assert_eq!(kept, Some(("dented".to_owned(), Some(long(MAX_PHOTO)))));
}
