//! The fleet and the work at hand: what keys and scans do there.

use rackhand_core::decide::command::Command;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::view::State;
use rackhand_core::view::work::Ends;
use rackhand_tui::app::model::Place;
use rackhand_tui::event::Event;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, plain, text};

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

fn chosen(bench: &Bench) -> String {
    bench.model.work.list.current().map_or_else(String::new, |r| format!("{} {}", r.title, r.label))
}

/// Moves the cursor to the first row that ends so.
fn choose(bench: &mut Bench, ends: impl Fn(&Ends) -> bool) -> Text {
    bench.key("Home");
    for _ in 0..bench.model.work.list.total.unwrap() {
        if let Some(row) = bench.model.work.list.current().filter(|r| ends(&r.ends)) {
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
    let first = bench.model.fleet.stuck.rows[0].clone();
    assert!(bench.model.fleet.stuck.rows.iter().all(|r| r.state == State::Stuck));
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Server(first.id));
    bench.key("Esc");
    assert_eq!(bench.model.place, Place::Fleet);
    bench.key("Esc");
    assert!(bench.toast().contains("this is the top"), "{}", bench.toast());
    bench.keys(&["Tab", "Down", "Enter"]);
    assert_eq!((bench.model.place, bench.model.pipeline.filter.as_str()), (Place::Pipeline, "site:fra1"));
    assert!(bench.model.pipeline.list.rows.iter().all(|r| r.site == SiteId::new("fra1")));
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

#[test]
fn what_is_wrong_around_comes_first_and_is_told_in_words() {
    let mut bench = Bench::at((120, 40), Place::Fleet);
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        inside.health.systems[0].1 = Some("since 2026-11-18T14:00:00Z: 503".into());
        inside.health.intake_stopped = Some("the disk is full".into());
    }
    bench.heard();
    let shown = shown(&bench);
    let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text} in\n{shown}"));
    assert!(at("NOT WRITABLE, nothing new is accepted: the disk is full") < at("of MACs nobody knows"));
    assert!(at("NOT WELL since 2026-11-18T14:00:00Z: 503") < at("LIVE to fra1 as anna, operator"));
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
        bench.key("D");
        assert_eq!(stage(&bench), to, "the same key again hits nothing else");
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
    assert!(bench.model.work.list.current().is_none_or(|r| r.label != label || !matches!(r.ends, Ends::Close(_))));
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
    assert!(bench.toast().contains("cable; D ends it"), "{}", bench.toast());
    assert!(bench.called.is_empty(), "a scan alone ends nothing");
    bench.event(Event::Scan(label.clone()));
    bench.event(Event::EndMark);
    assert!(bench.called.is_empty(), "nor does the same scan again");
    bench.key("D");
    assert!(
        matches!(&bench.called[0].1, Command::Move { to: Stage::Cabled, reason, .. } if &**reason == "done by scan")
    );
    bench.event(Event::Scan("NOBODYS1".into()));
    assert!(bench.toast().contains("there is no work on it here"), "{}", bench.toast());
    bench.key("Esc");
    assert!(bench.model.work.filter.is_empty() && bench.model.work.list.total.unwrap() > 5);
}

#[test]
fn work_is_shown_by_site_filter_and_role() {
    let mut bench = Bench::at((100, 30), Place::Work);
    let all = bench.model.work.list.total.unwrap();
    bench.key(">");
    let ams2 = bench.model.work.list.total.unwrap();
    assert!(bench.model.work.list.rows.iter().all(|r| r.site == SiteId::new("ams2")));
    bench.key(">");
    assert_eq!(bench.model.work.list.total.unwrap() + ams2, all);
    bench.keys(&[">", "/"]);
    bench.type_in("cable");
    bench.key("Enter");
    let about = |r: &rackhand_core::view::work::WorkRow| format!("{} {}", r.title, r.text).to_lowercase();
    assert!(bench.model.work.list.rows.iter().all(|r| about(r).contains("cable")));
    bench.keys(&["Esc", "o"]);
    assert_eq!(bench.model.work.list.total, Some(all), "an operator ends all of it");
    bench.fake.inside.lock().unwrap().role = Role::ReadOnly;
    bench.up();
    bench.heard();
    choose(&mut bench, |e| matches!(e, Ends::Move(_)));
    bench.key("D");
    assert!(bench.toast().contains("this takes the role technician"), "{}", bench.toast());
    bench.key("o");
    assert_eq!(bench.model.work.list.total, Some(0), "a reader ends nothing");
}
