//! The fleet and the work at hand: what keys and scans do there.

use rackhand_core::bmc::{Identity, Vendor};
use rackhand_core::decide::command::Command;
use rackhand_core::event::{LifeEvent, StepEvent};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::{Actor, Role, SiteId, Subject};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::{Task, TaskKind};
use rackhand_core::text::Text;
use rackhand_core::view::work::Ends;
use rackhand_core::view::{Doing, State};
use rackhand_tui::event::{Ask, Event, News, Timer};
use rackhand_tui::screen::Place;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fake::Fake;
use crate::fixture::{Bench, plain, text};

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

fn chosen(bench: &Bench) -> String {
    bench.model.screens.work.list.current().map_or_else(String::new, |r| format!("{} {}", r.title, r.label))
}

/// Moves the cursor to the first row that ends so.
fn choose(bench: &mut Bench, ends: impl Fn(&Ends) -> bool) -> Text {
    bench.key("Home");
    for _ in 0..bench.model.screens.work.list.total.unwrap() {
        if let Some(row) = bench.model.screens.work.list.current().filter(|r| ends(&r.ends)) {
            return row.label.clone();
        }
        bench.key("Down");
    }
    panic!("no such work");
}

#[test]
fn the_console_begins_at_the_fleet_where_enter_opens_what_is_stuck() {
    let mut bench = Bench::at((100, 30), Place::Fleet);
    assert_eq!(Bench::new(bench.fake.clone(), (80, 24)).model.place, Place::Fleet);
    let first = bench.model.screens.fleet.stuck.rows[0].clone();
    assert!(bench.model.screens.fleet.stuck.rows.iter().all(|r| r.state == State::Stuck));
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Server(first.id));
    bench.key("Esc");
    assert_eq!(bench.model.place, Place::Fleet);
    bench.key("Esc");
    assert!(bench.toast().contains("this is the top"), "{}", bench.toast());
    bench.keys(&["Tab", "Down", "Enter"]);
    assert_eq!((bench.model.place, bench.model.screens.pipeline.filter.as_str()), (Place::Pipeline, "site:fra1"));
    assert!(bench.model.screens.pipeline.list.rows.iter().all(|r| r.site == SiteId::new("fra1")));
    bench.keys(&["[", "2", "["]);
    assert_eq!(bench.model.place, Place::Fleet);
}

#[test]
fn the_sites_counts_are_the_overviews_and_an_older_daemons_missing_ones_are_unknown() {
    let mut bench = Bench::at((120, 30), Place::Fleet);
    let o = bench.model.overview.clone().unwrap();
    for (state, n) in &o.states {
        assert_eq!(o.site_states.values().filter_map(|s| s.get(state)).sum::<u32>(), *n);
    }
    let line = |bench: &Bench, name: &str| {
        let shown = shown(bench);
        let line =
            shown.lines().find(|l| l.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{shown}")).to_owned();
        line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let all = line(&bench, "all");
    assert_eq!(all[1], o.states.values().sum::<u32>().to_string());
    bench.model.overview.as_mut().unwrap().site_states.clear();
    assert!(line(&bench, "ams2")[7..].iter().all(|cell| cell == "?"), "unknown is not 0");
}

const SINCE: &str = "2026-11-18T14:00:00Z";

#[test]
fn what_is_wrong_around_comes_first_and_is_told_in_words() {
    let mut bench = Bench::at((120, 40), Place::Fleet);
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        inside.health.systems[0].doing = Doing::Bad { since: SINCE.parse().unwrap(), why: "503".into() };
        inside.health.intake_stopped = Some("the disk is full".into());
        inside.health.held = Some("effects are on hold: the journal was restored".into());
    }
    bench.heard();
    let shown = shown(&bench);
    let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text} in\n{shown}"));
    assert!(at("NOT WRITABLE, nothing new is accepted: the disk is full") < at("of MACs nobody knows"));
    assert!(at("ON HOLD effects are on hold: the journal was restored") < at("of MACs nobody knows"));
    assert!(at("NOT WELL since 2026-11-18T14:00:00Z: 503") < at("LIVE to fra1 as anna, operator"));
}

#[test]
fn an_outside_system_that_nothing_is_told_of_is_unknown_and_none_is_good_over_a_lost_link() {
    let mut bench = Bench::at((120, 40), Place::Outside);
    let line = |bench: &Bench, name: &str| {
        let shown = shown(bench);
        shown
            .lines()
            .find(|l| l.trim_start().starts_with(name))
            .unwrap_or_else(|| panic!("{name} in\n{shown}"))
            .to_owned()
    };
    assert!(line(&bench, "NetBox").contains(" ok"));
    assert!(line(&bench, "carrier").contains("unknown"));
    // What another connection told is not what is so now.
    let fresh = std::mem::take(&mut bench.model.fresh);
    assert!(line(&bench, "NetBox").contains("unknown") && shown(&bench).contains(" 0 ok"));
    bench.model.fresh = fresh;
    bench.fake.inside.lock().unwrap().health.systems[0].doing =
        Doing::Bad { since: SINCE.parse().unwrap(), why: "HTTP 503; next try 2026-11-18T14:30:00Z".into() };
    bench.heard();
    let first = line(&bench, "NetBox");
    assert!(first.contains("NOT WELL  since 11-18 14:00 UTC"), "{first}");
    assert!(shown(&bench).contains("HTTP 503; next try") && shown(&bench).contains("`rackhand netbox check`"));
    bench.event(Event::Link(News::Down { why: "gone".into(), again_in: 3 }));
    assert!(line(&bench, "journal").contains("unknown") && shown(&bench).contains("was ok when it was last told"));
    assert!(shown(&bench).contains("1 not well") && shown(&bench).contains(" 0 ok"), "{}", shown(&bench));
}

#[test]
fn ordinary_work_ends_at_once_and_z_takes_it_back() {
    let mut bench = Bench::at((100, 30), Place::Work);
    for (to, from) in [
        (Stage::Received, Stage::ShipmentTracking),
        (Stage::Racked, Stage::Received),
        (Stage::Cabled, Stage::Racked),
        (Stage::PoweredOn, Stage::Cabled),
    ] {
        let label = choose(&mut bench, |e| *e == Ends::Move(to));
        let unit = bench.fake.unit(&label);
        let stage = |bench: &Bench| bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().stage;
        bench.key("D");
        assert_eq!(stage(&bench), to);
        let Some((_, Command::Move { reason, .. })) = bench.called.last() else { panic!() };
        assert_eq!(reason.as_str(), "done");
        assert!(bench.toast().contains("z takes it back"), "{}", bench.toast());
        assert!(shown(&bench).contains("takes it back"));
        let called = bench.called.len();
        bench.key("D");
        assert_eq!((stage(&bench), bench.called.len()), (to, called), "the same key again hits nothing else");
        bench.key("z");
        assert_eq!(stage(&bench), from, "{}", bench.toast());
    }
}

#[test]
fn a_task_ends_with_words_and_enter_opens_its_server() {
    let mut bench = Bench::at((100, 30), Place::Work);
    let label = choose(&mut bench, |e| matches!(e, Ends::Close(_)));
    assert!(shown(&bench).contains("it stands still until then"), "{}", shown(&bench));
    bench.keys(&["D", "Enter"]);
    assert!(bench.called.is_empty() && bench.model.layer.is_some());
    bench.type_in("moved to port 14");
    bench.key("Enter");
    assert!(matches!(&bench.called[0].1, Command::CloseTask { note, .. } if note.as_str() == "moved to port 14"));
    assert!(
        bench.model.screens.work.list.current().is_none_or(|r| r.label != label || !matches!(r.ends, Ends::Close(_)))
    );
    choose(&mut bench, |e| matches!(e, Ends::Move(_)));
    bench.key("Enter");
    assert!(matches!(bench.model.place, Place::Server(_)));
}

#[test]
fn a_scanned_serial_shows_its_work_and_offers_to_end_it() {
    let mut bench = Bench::at((100, 30), Place::Work);
    let label = choose(&mut bench, |e| *e == Ends::Move(Stage::Cabled));
    bench.key("Home");
    bench.event(Event::Scan(Text::from(label.to_lowercase())));
    bench.event(Event::EndMark);
    assert_eq!(chosen(&bench), format!("cable {label}"));
    assert!(bench.toast().contains("cable; scan it again, or D, to end it"), "{}", bench.toast());
    assert!(bench.called.is_empty(), "a scan alone ends nothing");
    bench.event(Event::Scan(label.clone()));
    bench.event(Event::EndMark);
    assert!(bench.called.is_empty() && bench.toast().contains("read twice at once"), "one pull of the trigger");
    bench.key("D");
    assert!(
        matches!(&bench.called[0].1, Command::Move { to: Stage::Cabled, reason, .. } if &**reason == "done by scan")
    );
    bench.event(Event::Scan("NOBODYS1".into()));
    assert!(bench.toast().contains("there is no work on it here"), "{}", bench.toast());
    bench.key("Esc");
    assert!(bench.model.screens.work.filter.is_empty() && bench.model.screens.work.list.total.unwrap() > 5);
}

/// The scanner's pause between two pulls of its trigger.
fn pause(bench: &mut Bench) {
    let n = bench.model.screens.work.scanned.as_ref().map_or(0, |s| s.n);
    bench.event(Event::Timer(Timer::Scanned(n)));
}

fn scan(bench: &mut Bench, label: &Text) {
    bench.event(Event::Scan(label.clone()));
    bench.event(Event::EndMark);
}

#[test]
fn the_same_label_scanned_again_ends_ordinary_work_and_z_takes_it_back() {
    let mut bench = Bench::at((100, 30), Place::Work);
    for to in [Stage::Received, Stage::Cabled, Stage::PoweredOn] {
        let label = choose(&mut bench, |e| *e == Ends::Move(to));
        let before = bench.called.len();
        scan(&mut bench, &label);
        pause(&mut bench);
        scan(&mut bench, &label);
        let Some((_, Command::Move { to: moved, reason, .. })) = bench.called.get(before) else {
            panic!("{to}: {}", bench.toast())
        };
        assert_eq!((*moved, reason.as_str(), bench.called.len()), (to, "done by scan", before + 1));
        assert!(bench.toast().contains("z takes it back"), "{}", bench.toast());
        // Once more it is about what comes next, and points only.
        scan(&mut bench, &label);
        assert_eq!(bench.called.len(), before + 1);
        bench.key("z");
        assert_eq!(bench.called.len(), before + 2, "{}", bench.toast());
        bench.key("Esc");
    }
}

#[test]
fn a_server_is_racked_by_the_label_of_its_rack_and_never_by_its_own_alone() {
    let fake = Fake::seeded();
    fake.furnish();
    let mut bench = Bench::new(fake, (100, 30));
    bench.model.place = Place::Work;
    bench.up();
    let rack = bench.fake.rack_views().iter().find(|v| v.row.site == SiteId::new("fra1")).unwrap().row.name.clone();
    let label = choose(&mut bench, |e| *e == Ends::Move(Stage::Racked));
    let unit = bench.fake.unit(&label);
    scan(&mut bench, &label);
    assert!(bench.toast().contains("scan its rack's label"), "{}", bench.toast());
    pause(&mut bench);
    scan(&mut bench, &label);
    assert!(bench.called.is_empty() && bench.toast().contains("P proposes one"), "{}", bench.toast());
    // Another server's label is no rack: its work is shown.
    let other = bench.fake.unit("7XK21025");
    let other = bench.fake.inside.lock().unwrap().world.unit(other).unwrap().label().clone();
    scan(&mut bench, &other.as_str().into());
    assert!(bench.called.is_empty() && bench.model.screens.work.filter == other, "{}", bench.toast());
    bench.key("Esc");
    scan(&mut bench, &label);
    scan(&mut bench, &Text::from(rack.to_lowercase()));
    let Some((_, Command::ScanRack { unit: mounted, rack: told, .. })) = bench.called.last() else {
        panic!("{}", bench.toast())
    };
    assert!(*mounted == unit && told.eq_ignore_ascii_case(&rack));
    let stage = |bench: &Bench| bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().stage;
    assert_eq!(stage(&bench), Stage::Racked, "{}", bench.toast());
    bench.key("z");
    assert_eq!(stage(&bench), Stage::Received, "{}", bench.toast());
}

#[test]
fn where_it_could_go_is_shown_for_work_that_has_no_place_and_refused_where_it_stands() {
    let fake = Fake::seeded();
    fake.furnish();
    let mut bench = Bench::new(fake, (100, 30));
    bench.model.place = Place::Work;
    bench.up();
    choose(&mut bench, |e| *e == Ends::Move(Stage::Racked));
    bench.key("P");
    assert!(bench.asked.iter().any(|ask| matches!(ask, Ask::Places(units, Place::Work) if units.len() == 1)));
    bench.key("Esc");
    choose(&mut bench, |e| *e == Ends::Move(Stage::Cabled));
    bench.key("P");
    assert!(bench.toast().contains("it stands in its place already"), "{}", bench.toast());
}

#[test]
fn the_words_about_a_work_leave_the_rest_of_a_tall_screen_to_the_list() {
    let mut bench = Bench::at((200, 60), Place::Work);
    choose(&mut bench, |e| matches!(e, Ends::Move(_)));
    bench.key("Tab");
    let shown = shown(&bench);
    let blank = shown.lines().rev().skip(2).take_while(|l| l.trim().is_empty()).count();
    let rows = shown.lines().filter(|l| l.contains(" fra1 ") || l.contains(" ams2 ")).count();
    let total = bench.model.screens.work.list.total.unwrap();
    assert!(blank <= 2, "{blank} blank rows above the status\n{shown}");
    assert!(rows >= total.min(30), "{rows} of {total} rows\n{shown}");
}

#[test]
fn a_scan_is_proof_of_the_place_and_of_nothing_that_takes_words() {
    let mut bench = Bench::at((100, 30), Place::Work);
    let open = |bench: &Bench, kind| {
        let (n, label) = (77, Text::new("CZ2301TASK"));
        let unit = bench.fake.add(n, "fra1", &label, Vendor::Hpe, "ProLiant DL360 Gen11", Stage::Discovered);
        let task = Task { kind, role: Role::Technician, text: "it is said to be in A07 U29".into() };
        bench.fake.emit(Subject::Unit(unit), Actor::Rackhand, LifeEvent::TaskOpened { task });
        label
    };
    let label = open(&bench, TaskKind::ConfirmPlacement);
    bench.heard();
    scan(&mut bench, &label);
    assert_eq!(chosen(&bench), format!("confirm placement {label}"));
    pause(&mut bench);
    scan(&mut bench, &label);
    let Some((_, Command::CloseTask { note, .. })) = bench.called.last() else { panic!("{}", bench.toast()) };
    assert_eq!(note.as_str(), "seen, by scan of its label");

    let mut bench = Bench::at((100, 30), Place::Work);
    let label = open(&bench, TaskKind::FixCable);
    bench.heard();
    scan(&mut bench, &label);
    pause(&mut bench);
    scan(&mut bench, &label);
    assert!(bench.called.is_empty() && bench.model.layer.is_some(), "it asks for words");
}

#[test]
fn a_second_scan_ends_nothing_over_a_lost_link_on_another_row_or_for_another_role() {
    let mut bench = Bench::at((100, 30), Place::Work);
    let label = choose(&mut bench, |e| *e == Ends::Move(Stage::Cabled));
    scan(&mut bench, &label);
    pause(&mut bench);
    bench.event(Event::Link(News::Down { why: "nobody listens".into(), again_in: 3 }));
    scan(&mut bench, &label);
    assert!(bench.called.is_empty() && bench.toast().contains("not live"), "{}", bench.toast());
    bench.fake.inside.lock().unwrap().role = Role::ReadOnly;
    bench.up();
    bench.heard();
    bench.key("o");
    scan(&mut bench, &label);
    pause(&mut bench);
    scan(&mut bench, &label);
    assert!(bench.called.is_empty() && bench.toast().contains("role technician"), "{}", bench.toast());
}

#[test]
fn a_bmc_is_restarted_with_a_reason_from_any_screen_that_points_at_its_server() {
    let mut bench = Bench::at((80, 24), Place::Pipeline);
    bench.key("B");
    assert!(shown(&bench).contains("restart the BMC of"), "{}", shown(&bench));
    bench.key("Enter");
    assert!(bench.called.is_empty(), "not without a reason");
    bench.type_in("its sessions are stuck");
    bench.key("Enter");
    let Some((_, Command::ResetBmc { reason, .. })) = bench.called.last() else { panic!("{:?}", bench.called) };
    assert_eq!(&**reason, "its sessions are stuck");
}

#[test]
fn the_locator_of_a_dead_letters_server_goes_off_by_the_key_that_had_it_on() {
    let mut bench = Bench::at((120, 40), Place::Letters);
    let rows = &mut bench.model.screens.letters.list.rows;
    let row = rows.iter_mut().find_map(|letter| letter.row.as_mut()).unwrap();
    row.located = true;
    let unit = row.id;
    let at = bench.model.screens.letters.list.rows.iter().position(|l| l.row.as_ref().is_some_and(|r| r.id == unit));
    for _ in 0..at.unwrap() {
        bench.key("Down");
    }
    bench.key("L");
    assert!(matches!(bench.called.last(), Some((_, Command::Locate { on: false, .. }))), "{:?}", bench.called);
}

#[test]
fn tab_tells_how_the_work_is_done_and_what_if_not() {
    for size in [(80, 24), (120, 40)] {
        let mut bench = Bench::at(size, Place::Work);
        for to in [Stage::Received, Stage::Racked, Stage::Cabled, Stage::PoweredOn] {
            choose(&mut bench, |e| *e == Ends::Move(to));
            bench.key("Tab");
            let shown = shown(&bench);
            for word in [" do ", " where ", " ends ", " if not "] {
                assert!(shown.contains(word), "{word} in\n{shown}");
            }
            assert!(!shown.contains("more lines"), "{shown}");
            assert!(shown.lines().filter(|l| l.contains(" fra1 ") || l.contains(" ams2 ")).count() >= 3, "{shown}");
            bench.key("Tab");
            assert!(!shown.is_empty() && !self::shown(&bench).contains(" if not "));
        }
    }
}

#[test]
fn the_locator_led_goes_on_and_off_by_one_key_and_shows_wherever_its_server_does() {
    let mut bench = Bench::at((120, 40), Place::Work);
    choose(&mut bench, |e| *e == Ends::Move(Stage::Racked));
    bench.key("L");
    assert!(bench.toast().contains("its BMC was not reached here yet"), "{}", bench.toast());
    // One whose BMC was reached.
    let unit = bench.fake.add(90, "fra1", "CZ2301LED", Vendor::Hpe, "ProLiant DL360 Gen11", Stage::Discovered);
    bench.fake.lease(unit, 90, "fra1", "CZ2301LED", "ProLiant DL360 Gen11");
    let identity = Identity { vendor: Vendor::Hpe, controller: "iLO 6".into(), serial: None, firmware: None };
    let (step, generation) = (Step::ReachBmc, 1);
    let saw = Observation::Root { identity, certificate: None };
    bench.fake.emit(
        Subject::Unit(unit),
        Actor::Rackhand,
        StepEvent::StepObserved { step, generation, saw, until: None, terms: None },
    );
    let task = Task { kind: TaskKind::FixCable, role: Role::Technician, text: "move it".into() };
    bench.fake.emit(Subject::Unit(unit), Actor::Rackhand, LifeEvent::TaskOpened { task });
    bench.heard();
    scan(&mut bench, &"CZ2301LED".into());
    bench.key("L");
    assert!(bench.toast().contains("LED of CZ2301LED on: done; z takes it back"), "{}", bench.toast());
    assert!(shown(&bench).contains("its locator LED is on"), "{}", shown(&bench));
    bench.key("Enter");
    assert!(shown(&bench).contains("LED on") && shown(&bench).contains("on by anna"), "{}", shown(&bench));
    bench.key("L");
    assert!(!shown(&bench).contains("LED on") && !shown(&bench).contains("on by anna"), "{}", shown(&bench));
    bench.key("z");
    assert!(shown(&bench).contains("LED on"), "{}", shown(&bench));
    assert!(bench.called.iter().filter(|(_, c)| matches!(c, Command::Locate { .. })).count() == 4);
}

#[test]
fn work_is_shown_by_site_filter_and_role() {
    let mut bench = Bench::at((100, 30), Place::Work);
    let all = bench.model.screens.work.list.total.unwrap();
    bench.key(">");
    let ams2 = bench.model.screens.work.list.total.unwrap();
    assert!(bench.model.screens.work.list.rows.iter().all(|r| r.site == SiteId::new("ams2")));
    bench.key(">");
    assert_eq!(bench.model.screens.work.list.total.unwrap() + ams2, all);
    bench.keys(&[">", "/"]);
    bench.type_in("cable");
    bench.key("Enter");
    let about = |r: &rackhand_core::view::work::WorkRow| format!("{} {}", r.title, r.text).to_lowercase();
    assert!(bench.model.screens.work.list.rows.iter().all(|r| about(r).contains("cable")));
    bench.keys(&["Esc", "o"]);
    assert_eq!(bench.model.screens.work.list.total, Some(all), "an operator ends all of it");
    bench.fake.inside.lock().unwrap().role = Role::ReadOnly;
    bench.up();
    bench.heard();
    choose(&mut bench, |e| matches!(e, Ends::Move(_)));
    bench.key("D");
    assert!(bench.toast().contains("this takes the role technician"), "{}", bench.toast());
    bench.key("o");
    assert_eq!(bench.model.screens.work.list.total, Some(0), "a reader ends nothing");
}
