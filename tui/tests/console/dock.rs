//! The dock: what keys, scans and a lost link do to the queue of serials.

use std::time::Duration;

use rackhand_core::bmc::Vendor;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::event::{EntryEvent, StepEvent};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::{Actor, Role, Subject};
use rackhand_core::inventory::BmcPort;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::mac::Mac;
use rackhand_core::receiving::commands::Finding;
use rackhand_core::text::Text;
use rackhand_tui::app::effect::Effect;
use rackhand_tui::app::model::Link;
use rackhand_tui::app::update::update;
use rackhand_tui::event::{CallEnd, CallId, Event, News, Timer};
use rackhand_tui::screen::Place;
use rackhand_tui::screen::receiving::State;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, hostile, plain, text};

/// At the dock of fra1, with these serials on their way.
fn dock(serials: &[&str]) -> Bench {
    let mut bench = Bench::at((100, 30), Place::Receiving);
    for (n, serial) in serials.iter().enumerate() {
        bench.fake.add(900 + n as u64, "fra1", serial, Vendor::Dell, "PowerEdge R660", Stage::ShipmentTracking);
    }
    bench.heard();
    bench
}

/// A scanner's burst with its end mark.
fn scan(bench: &mut Bench, serial: &str) {
    bench.event(Event::Scan(Text::new(serial)));
    bench.event(Event::EndMark);
}

/// The words on screen behind the serials, newest first.
fn words(bench: &Bench) -> Vec<(String, String)> {
    let word = |state: &State| match state {
        State::Waiting => "QUEUED".to_owned(),
        State::Sent(_) => "sent".to_owned(),
        State::Refused(_) => "REFUSED".to_owned(),
        State::Judged(scan) => scan.finding.word().to_owned(),
        State::Undoing(..) => "UNDOING".to_owned(),
        State::Undone(_) => "UNDONE".to_owned(),
    };
    bench.model.screens.receiving.scans.iter().rev().map(|e| (e.serial.to_string(), word(&e.state))).collect()
}

fn told(bench: &Bench, serial: &str) -> Vec<String> {
    words(bench).into_iter().filter(|(s, _)| s == serial).map(|(_, w)| w).collect()
}

fn down(bench: &mut Bench) {
    bench.event(Event::Link(News::Down { why: "nobody listens".into(), again_in: 3 }));
}

fn stage(bench: &Bench, serial: &str) -> (Stage, Disposition) {
    let unit = bench.fake.unit(serial);
    let inside = bench.fake.inside.lock().unwrap();
    let unit = inside.world.unit(unit).unwrap();
    (unit.stage, unit.disposition)
}

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

/// One scan of every kind, for the screens.
pub fn scan_all_kinds(bench: &mut Bench) {
    let add = |bench: &Bench, n: u64, site: &str, serial: &str, stage| {
        let (vendor, model) =
            if n.is_multiple_of(3) { (Vendor::Hpe, "ProLiant DL360 Gen11") } else { (Vendor::Dell, "PowerEdge R660") };
        bench.fake.add(900 + n, site, serial, vendor, model, stage)
    };
    for n in 0..14 {
        add(bench, n, "fra1", &format!("9QR2{n:03}"), Stage::ShipmentTracking);
    }
    add(bench, 20, "ams2", "9QR2A01", Stage::ShipmentTracking);
    let held = add(bench, 21, "fra1", "9QR2A02", Stage::ShipmentTracking);
    add(bench, 22, "fra1", "9QR2A03", Stage::Ordered);
    bench.fake.carry_out("held".into(), Command::Hold { unit: held, reason: "wrong CPU".into() }).unwrap();
    bench.heard();
    for serial in ["9QR2000", "9QR2001", "9QR2000", "9QR2A01", "9QR2A02", "9QR2A03", "NOBODYS1", "9QR2002"] {
        scan(bench, serial);
    }
    bench.key("F2");
    bench.type_in("corner dented");
    bench.key("Enter");
    scan(bench, "9QR2003");
    bench.key("F4");
    scan(bench, "9QR2004");
    bench.answers = false;
    scan(bench, "9QR2005");
    scan(bench, "9QR2006");
}

#[test]
fn letters_and_digits_are_the_fields_and_enter_receives() {
    let mut bench = dock(&["QXHRD16"]);
    // Each of these is a command elsewhere: quit, cancel, hold, retry, done, a screen.
    bench.type_in("qxhrd16");
    assert!(bench.model.layer.is_none() && bench.called.is_empty() && bench.model.place == Place::Receiving);
    assert!(shown(&bench).contains("SCAN qxhrd16"), "{}", shown(&bench));
    bench.key("Enter");
    assert_eq!(words(&bench), [("QXHRD16".into(), "ok".into())]);
    assert_eq!(stage(&bench, "QXHRD16").0, Stage::Received);
    assert!(bench.model.screens.receiving.line.text().is_empty());
    bench.key("Enter");
    assert_eq!(bench.called.len(), 1, "an empty field receives nothing");
    bench.type_in("ABC");
    bench.key("Esc");
    assert!(bench.model.screens.receiving.line.text().is_empty() && bench.model.place == Place::Receiving);
    bench.key("F10");
    assert_eq!(bench.model.place, Place::Fleet);
}

#[test]
fn a_burst_is_received_and_so_is_one_that_a_stalled_line_has_torn_apart() {
    let mut bench = dock(&["CZ2301A8", "CZ2301A9"]);
    scan(&mut bench, "]C1cz2301a8");
    bench.event(Event::Scan("CZ2301".into()));
    bench.type_in("A");
    bench.type_in("9");
    bench.key("Enter");
    assert_eq!(words(&bench), [("CZ2301A9".into(), "ok".into()), ("CZ2301A8".into(), "ok".into())]);
    bench.event(Event::Burst("X1".into()));
    bench.event(Event::EndMark);
    assert_eq!(told(&bench, "X1"), ["UNKNOWN"]);
    bench.event(Event::Paste("CZ2301A8 CZ2301A9 ".into()));
    assert_eq!(bench.called.len(), 3, "a paste waits for Enter");
    bench.key("Enter");
    assert_eq!(told(&bench, "CZ2301A8"), ["DUP", "ok"]);
}

#[test]
fn every_kind_of_serial_is_told_apart_on_screen() {
    let mut bench = Bench::at((120, 40), Place::Receiving);
    scan_all_kinds(&mut bench);
    let told: Vec<String> = words(&bench).into_iter().map(|(_, word)| word).collect();
    let wanted = [
        "QUEUED",
        "sent",
        "ok",
        "UNDONE",
        "DAMAGED",
        "ok",
        "UNKNOWN",
        "NOT SENT",
        "HELD",
        "WRONG SITE",
        "DUP",
        "ok",
        "ok",
    ];
    assert_eq!(told, wanted);
    let shown = shown(&bench);
    for part in ["9QR2002", "belongs to ams2", "is on_hold: wrong CPU", "now received", "nobody knows", "queue 2"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    assert_eq!(stage(&bench, "9QR2002"), (Stage::Received, Disposition::OnHold));
    assert_eq!(stage(&bench, "9QR2003").0, Stage::ShipmentTracking);
}

#[test]
fn scans_while_the_link_is_down_wait_in_sight_and_are_sent_once_in_their_order() {
    let serials = ["9QR2001", "9QR2002", "9QR2003"];
    let mut bench = dock(&serials);
    scan(&mut bench, "9QR2001");
    down(&mut bench);
    for serial in ["9QR2002", "9QR2003", "9QR2002"] {
        scan(&mut bench, serial);
    }
    assert_eq!(bench.called.len(), 1);
    assert!(shown(&bench).contains("queue 3: kept here, sent when the link is back"), "{}", shown(&bench));
    bench.up();
    assert_eq!(told(&bench, "9QR2002"), ["DUP", "ok"]);
    let sent: Vec<String> = bench
        .called
        .iter()
        .map(|(_, command)| match command {
            Command::Receive { scan, .. } => scan.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sent, ["9QR2001", "9QR2002", "9QR2003", "9QR2002"]);
    assert!(shown(&bench).contains("queue 0"));
}

/// Has a scan under way whose answer is lost; gives its call.
fn lose_the_answer(bench: &mut Bench, serial: &str, done: bool) -> (CallId, String) {
    bench.answers = false;
    scan(bench, serial);
    let (request, command) = bench.called.last().unwrap().clone();
    let State::Sent(id) = bench.model.screens.receiving.scans.last().unwrap().state else { panic!("not sent") };
    if done {
        bench.fake.carry_out(request.clone(), command).unwrap();
    }
    bench.event(Event::Called(id, CallEnd::Lost("the daemon closed the connection".into())));
    bench.answers = true;
    (id, request)
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_number() {
    for done in [false, true] {
        let mut bench = dock(&["9QR2001"]);
        let (_, request) = lose_the_answer(&mut bench, "9QR2001", done);
        assert_eq!(words(&bench)[0].1, "QUEUED");
        assert!(shown(&bench).contains("sent, not answered; sent again"));
        down(&mut bench);
        if done {
            // The same daemon gives the first answer again; this one's memory is what the fake lacks.
            bench.fake.inside.lock().unwrap().requests.retain(|r| *r != request);
            let undo = Command::UndoReceipt { unit: bench.fake.unit("9QR2001") };
            bench.fake.carry_out("as it was".into(), undo).unwrap();
        }
        bench.up();
        assert_eq!(bench.called.iter().filter(|(r, _)| *r == request).count(), 2);
        assert_eq!(words(&bench), [("9QR2001".into(), "ok".into())]);
        assert_eq!(bench.model.screens.receiving.open(), 0);
    }
}

#[test]
fn behind_a_restart_a_scan_that_had_arrived_is_known_as_our_own_and_a_real_double_is_not() {
    let mut bench = dock(&["9QR2001", "9QR2002"]);
    let (_, request) = lose_the_answer(&mut bench, "9QR2001", true);
    down(&mut bench);
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        inside.epoch += 1;
        inside.requests.retain(|r| *r != request);
    }
    bench.up();
    assert_eq!(words(&bench), [("9QR2001".into(), "ok".into())]);
    // Received by somebody else while ours was on its way: that is a double.
    let mut bench = dock(&["9QR2001"]);
    lose_the_answer(&mut bench, "9QR2001", false);
    down(&mut bench);
    let unit = bench.fake.unit("9QR2001");
    let moment = rackhand_core::decide::Moment {
        actor: rackhand_core::id::Actor::Person { name: "ivo".into(), role: Role::Technician },
        ..bench.fake.moment()
    };
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        let command = Command::Move { unit, to: Stage::Received, reason: "by hand".into() };
        let policy = rackhand_core::policy::Policy::standard(rackhand_core::id::SiteId::new("fra1"));
        let input = rackhand_core::decide::Input::Command(command);
        inside.world = rackhand_core::decide::decide(&inside.world, &policy, &moment, &input).unwrap().world;
        inside.epoch += 1;
        inside.requests.clear();
    }
    bench.up();
    assert_eq!(told(&bench, "9QR2001"), ["DUP"]);
}

#[test]
fn a_full_disk_keeps_the_scan_and_a_refusal_says_why() {
    let mut bench = dock(&["9QR2001"]);
    bench.answers = false;
    scan(&mut bench, "9QR2001");
    let State::Sent(id) = bench.model.screens.receiving.scans[0].state else { panic!() };
    let full = Refusal::new(Why::Unavailable, "the disk is full");
    bench.event(Event::Called(id, CallEnd::Refused(full)));
    assert_eq!(words(&bench)[0].1, "QUEUED");
    bench.answers = true;
    bench.fake.inside.lock().unwrap().requests.clear();
    bench.heard();
    assert_eq!(words(&bench)[0].1, "ok");
    bench.fake.inside.lock().unwrap().role = Role::ReadOnly;
    scan(&mut bench, "9QR2002");
    assert_eq!(words(&bench)[0].1, "REFUSED");
    assert!(shown(&bench).contains("this takes the role technician"));
    scan(&mut bench, "\u{1b}[2J9QR2002");
    assert_eq!(words(&bench)[0].1, "REFUSED");
    assert_eq!(bench.called.iter().filter(|(_, c)| matches!(c, Command::Receive { .. })).count(), 3);
}

#[test]
fn f4_takes_back_the_last_while_its_seconds_last() {
    let mut bench = dock(&["9QR2001", "9QR2002"]);
    scan(&mut bench, "9QR2001");
    scan(&mut bench, "9QR2002");
    let seconds =
        |bench: &Bench| bench.other.iter().filter(|e| matches!(e, Effect::After(1_000, Timer::Second))).count();
    assert_eq!(seconds(&bench), 1, "one clock for all of them");
    assert!(shown(&bench).contains("F4 takes back 9QR2002 (10 s left)"), "{}", shown(&bench));
    for _ in 0..3 {
        bench.event(Event::Timer(Timer::Second));
    }
    assert!(shown(&bench).contains("(7 s left)"));
    bench.key("F4");
    assert_eq!(stage(&bench, "9QR2002").0, Stage::ShipmentTracking);
    assert_eq!(told(&bench, "9QR2002"), ["UNDONE"]);
    for _ in 0..7 {
        bench.event(Event::Timer(Timer::Second));
    }
    let asked = seconds(&bench);
    bench.key("F4");
    assert!(bench.toast().contains("its time is over"), "{}", bench.toast());
    assert_eq!((stage(&bench, "9QR2001").0, seconds(&bench)), (Stage::Received, asked));
    scan(&mut bench, "9QR2002");
    assert_eq!(told(&bench, "9QR2002"), ["ok", "UNDONE"]);
    // What waits is dropped unsent; what went on is told.
    down(&mut bench);
    scan(&mut bench, "9QR2001");
    bench.key("F4");
    bench.up();
    assert_eq!(told(&bench, "9QR2001"), ["UNDONE", "ok"]);
    let rack = Command::Move { unit: bench.fake.unit("9QR2002"), to: Stage::Racked, reason: "racked".into() };
    bench.fake.carry_out("racked".into(), rack).unwrap();
    bench.key("F4");
    assert!(bench.toast().contains("is racked and went on since"), "{}", bench.toast());
    assert_eq!(told(&bench, "9QR2002"), ["ok", "UNDONE"]);
}

#[test]
fn damage_needs_words_and_goes_through_the_queue_as_well() {
    let mut bench = dock(&["9QR2001", "9QR2002"]);
    bench.key("F2");
    assert!(bench.toast().contains("scan or type a serial first"));
    bench.type_in("9qr2001");
    bench.key("F2");
    bench.key("Enter");
    assert!(bench.model.layer.is_some() && bench.called.is_empty(), "Enter alone does not");
    bench.type_in("dented");
    bench.key("Tab");
    bench.event(Event::Scan("9QR2002".into()));
    bench.event(Event::EndMark);
    assert!(bench.called.is_empty(), "a scan confirms nothing");
    assert!(bench.toast().contains("it pressed nothing: press it again"), "{}", bench.toast());
    bench.event(Event::Paste("nas/dock/17.jpg".into()));
    down(&mut bench);
    bench.key("Enter");
    assert_eq!(told(&bench, "9QR2001"), ["QUEUED"]);
    bench.up();
    assert_eq!(told(&bench, "9QR2001"), ["DAMAGED"]);
    assert_eq!(stage(&bench, "9QR2001"), (Stage::Received, Disposition::OnHold));
    let note = bench.model.screens.receiving.scans[0].state.clone();
    let damaged = Finding::Damaged { note: "dented".into(), photo: Some("nas/dock/17.jpg".into()) };
    assert!(matches!(note, State::Judged(s) if s.finding == damaged));
    assert!(shown(&bench).contains("received and held: dented; photo nas/dock/17.jpg"), "{}", shown(&bench));
    // Without a photo too.
    bench.key("F2");
    bench.type_in("no rails");
    bench.key("Enter");
    assert!(shown(&bench).contains("9QR2001") && bench.model.layer.is_none());
}

#[test]
fn f3_goes_from_dock_to_dock_and_each_scan_keeps_its_own() {
    let mut bench = dock(&["9QR2001"]);
    assert!(shown(&bench).contains("dock fra1"));
    bench.key("F3");
    assert!(shown(&bench).contains("dock ams2"));
    scan(&mut bench, "9QR2001");
    assert_eq!(told(&bench, "9QR2001"), ["WRONG SITE"]);
    down(&mut bench);
    scan(&mut bench, "9QR2001");
    bench.key("F3");
    bench.up();
    assert_eq!(told(&bench, "9QR2001"), ["WRONG SITE", "WRONG SITE"]);
    scan(&mut bench, "9QR2001");
    assert_eq!(told(&bench, "9QR2001")[0], "ok");
}

#[test]
fn nobody_quits_over_scans_that_wait_without_being_told_and_the_next_session_sends_them() {
    let mut bench = dock(&["9QR2001"]);
    down(&mut bench);
    scan(&mut bench, "9QR2001");
    bench.key("F10");
    bench.key("q");
    assert!(bench.toast().contains("1 scans are not sent yet"), "{}", bench.toast());
    assert!(!bench.other.contains(&Effect::Quit));
    bench.key("q");
    assert!(bench.other.contains(&Effect::Quit));
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("last.json");
    rackhand_tui::persist::keep(&bench.model, &path, "host").unwrap();
    let mut next = Bench::new(bench.fake.clone(), (80, 24));
    next.model.session = "another".into();
    rackhand_tui::persist::take_up(&mut next.model, &path, "host");
    next.up();
    assert_eq!(told(&next, "9QR2001"), ["ok"]);
    assert_eq!(next.called[0].0, bench.model.screens.receiving.scans[0].request, "under the number it had");
}

#[test]
fn hostile_labels_and_notes_stay_in_their_cells() {
    let mut bench = dock(&[]);
    for n in 0..40 {
        bench.event(Event::Paste(hostile()));
        bench.type_in(&format!("{n}服"));
        bench.key("Enter");
    }
    bench.type_in("9QR1");
    bench.key("F2");
    bench.event(Event::Paste(hostile()));
    bench.key("Enter");
    for (width, height) in [(80, 24), (200, 60), (21, 5)] {
        update(&mut bench.model, Event::Resize(width, height));
        let buffer = crate::fixture::buffer(&bench.model, &plain(GlyphSet::Unicode));
        assert!(buffer.content.iter().all(|c| !c.symbol().contains(char::is_control)));
    }
    assert!(bench.model.link == Link::Live && bench.model.screens.receiving.open() == 0);
}

#[test]
fn beside_each_receipt_stands_what_netbox_was_not_told_yet() {
    for size in [(80, 24), (120, 40)] {
        let mut bench = dock(&["9QR2001", "9QR2002"]);
        update(&mut bench.model, Event::Resize(size.0, size.1));
        let unit = bench.fake.unit("9QR2001");
        let (subject, bmc_mac) = (Subject::Unit(unit), Mac([0x94, 0x40, 0xC9, 1, 3, 0x84]));
        let row = EntryEvent::ManifestRowTaken { serial: "9QR2001".into(), bmc_mac, create: None };
        bench.fake.emit(subject, Actor::Rackhand, row);
        scan(&mut bench, "9QR2001");
        scan(&mut bench, "9QR2002");
        assert!(shown(&bench).contains("NetBox is behind with 1"), "{}", shown(&bench));
        let line = |bench: &Bench, serial: &str| {
            let shown = shown(bench);
            shown
                .lines()
                .find(|l| l.contains(" ok ") && l.contains(serial))
                .unwrap_or_else(|| panic!("{shown}"))
                .to_owned()
        };
        assert!(line(&bench, "9QR2001").contains("NetBox is behind"), "{}", shown(&bench));
        assert!(line(&bench, "9QR2002").contains("not in NetBox"), "{}", shown(&bench));
        bench.fake.advance(Duration::from_mins(61));
        bench.event(Event::Link(News::Heard(0)));
        bench.heard();
        assert!(shown(&bench).contains("behind with 1, 1 for over an hour"), "{}", shown(&bench));
        let port = BmcPort { device: 7, interface: 8, name: "iLO".into(), mac: bmc_mac };
        let (step, saw) = (Step::RegisterBmc, Observation::Registered(port));
        bench.fake.emit(
            subject,
            Actor::Rackhand,
            StepEvent::StepObserved { step, generation: 1, saw, until: None, terms: None },
        );
        // The note on it is written as well.
        let owed = bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().notes.owed.last().map(|n| n.seq);
        if let Some(up_to) = owed {
            let (step, saw) = (Step::WriteNotes, Observation::Notes(up_to));
            bench.fake.emit(
                subject,
                Actor::Rackhand,
                StepEvent::StepObserved { step, generation: 1, saw, until: None, terms: None },
            );
        }
        bench.heard();
        assert!(
            line(&bench, "9QR2001").contains("in NetBox") && !shown(&bench).contains("behind"),
            "{}",
            shown(&bench)
        );
    }
}
