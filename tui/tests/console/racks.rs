//! Racks: what the keys do, and what is never claimed.

use rackhand_core::lifecycle::stage::Disposition;
use rackhand_core::text::Text;
use rackhand_tui::command::possible::possible;
use rackhand_tui::command::registry::Act;
use rackhand_tui::event::{Ask, Event};
use rackhand_tui::screen::Place;
use rackhand_tui::screen::elevation::Sides;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, hostile, plain, text};

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

fn label(bench: &Bench) -> String {
    bench.model.screens.elevation.slots.current().map_or_else(String::new, |s| s.label.to_string())
}

fn rack(bench: &Bench) -> String {
    bench.model.screens.racks.list.current().map_or_else(String::new, |r| r.name.to_string())
}

#[test]
fn enter_draws_a_rack_then_opens_its_server_and_escape_leads_back() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter"]);
    assert_eq!((bench.model.place, rack(&bench).as_str()), (Place::Elevation, "A05"));
    assert_eq!(label(&bench), "sw-A05-a");
    assert!(possible(Act::Open, &bench.model).is_err_and(|why| why.contains("not one of our servers")));
    bench.keys(&["Down", "Down"]);
    let unit = bench.model.screens.elevation.slots.current().unwrap().unit().unwrap();
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Server(unit));
    bench.key("Esc");
    assert_eq!(
        (bench.model.place, bench.model.screens.elevation.slots.current().unwrap().unit()),
        (Place::Elevation, Some(unit))
    );
    bench.key("Esc");
    assert_eq!(bench.model.place, Place::Racks);
}

#[test]
fn tab_goes_from_rack_to_rack_at_the_same_height_and_asks_for_those_on_screen_only() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter", "Down", "Down", "Down"]);
    let at = bench.model.screens.elevation.slots.current().unwrap().position;
    let asked = bench.asked.len();
    bench.key("Tab");
    assert_eq!(rack(&bench), "A06");
    assert_eq!(bench.model.screens.elevation.slots.current().unwrap().position, at);
    let Some(Ask::Elevations(keys)) = bench.asked.get(asked) else { panic!("{:?}", &bench.asked[asked..]) };
    assert_eq!((bench.asked.len() - asked, keys.len()), (1, 1));
    bench.key("S-Tab");
    assert_eq!(rack(&bench), "A05");
    let mut wide = Bench::furnished((200, 60));
    wide.keys(&["3", "Down", "Enter"]);
    let Some(Ask::Elevations(keys)) = wide.asked.last() else { panic!() };
    assert_eq!(keys.len(), 5);
    let asked = wide.asked.len();
    wide.key("Tab");
    assert_eq!(wide.asked.len(), asked, "it is on screen already");
}

#[test]
fn sides_turn_and_both_only_where_they_fit() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter"]);
    assert!(shown(&bench).contains("sw-A05-a") && !shown(&bench).contains("|panel"));
    bench.key("r");
    assert!(!shown(&bench).contains("|sw-A05-a") && shown(&bench).contains("|panel"));
    bench.key("r");
    assert_eq!(bench.model.screens.elevation.sides, Sides::Both);
    assert!(shown(&bench).contains("|sw-A05-a") && shown(&bench).contains("|panel"));
    bench.event(Event::Resize(45, 24));
    assert!(shown(&bench).contains("|sw-A05-a") && !shown(&bench).contains("|panel"), "{}", shown(&bench));
    bench.key("r");
    assert_eq!(bench.model.screens.elevation.sides, Sides::Rear);
    bench.key("r");
    assert_eq!(bench.model.screens.elevation.sides, Sides::Front);
}

#[test]
fn every_unit_of_a_rack_is_on_one_screen_and_a_device_of_two_is_one_block() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter"]);
    let all = shown(&bench);
    for unit in 1..=42 {
        assert!(all.contains(&format!("{unit:>2}|")), "{unit} in {all}");
    }
    let view = &bench.model.screens.elevation.views[0];
    let tall = view.slots.iter().find(|s| s.height == 4).unwrap();
    let lines: Vec<&str> = all.lines().collect();
    let at = lines.iter().position(|l| l.contains(tall.label.as_str())).unwrap();
    assert!(lines[at + 1].contains("| :"), "{}", lines[at + 1]);
}

#[test]
fn a_low_screen_lists_what_is_there_and_nothing_else() {
    let mut bench = Bench::furnished((80, 20));
    bench.keys(&["3", "Down", "Enter"]);
    let all = shown(&bench);
    assert!(all.contains("  42|sw-A05-a") && all.contains("   -|pdu") && !all.contains("|."), "{all}");
}

#[test]
fn a_serial_is_found_in_any_rack_and_words_in_those_shown() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter", "/"]);
    let view = bench.fake.rack_views().into_iter().find(|v| v.row.name.as_str() == "A10").unwrap();
    let serial = view.slots.iter().find(|s| s.row.is_some()).unwrap().label.to_string();
    bench.type_in(&serial.to_lowercase());
    bench.key("Enter");
    assert_eq!((rack(&bench), label(&bench)), ("A10".to_owned(), serial));
    bench.keys(&["/", "Ctrl-U"]);
    bench.type_in("sw-a10");
    bench.key("Enter");
    assert_eq!(label(&bench), "sw-A10-a");
    bench.key("n");
    assert_eq!(label(&bench), "sw-A10-b");
    bench.keys(&["n", "N"]);
    assert_eq!(label(&bench), "sw-A10-b");
    bench.keys(&["/", "Ctrl-U"]);
    bench.type_in("NOSUCH1");
    bench.key("Enter");
    assert!(bench.toast().contains("no server NOSUCH1"), "{}", bench.toast());
    assert_eq!(label(&bench), "sw-A10-b");
}

#[test]
fn a_server_leads_to_its_place_in_its_rack() {
    let mut bench = Bench::furnished((120, 40));
    bench.key("/");
    bench.type_in("stage:ready");
    bench.key("Enter");
    let unit = bench.selected().unwrap();
    bench.key("e");
    assert_eq!(
        (bench.model.place, bench.model.screens.elevation.slots.current().unwrap().unit()),
        (Place::Elevation, Some(unit))
    );
    bench.key("[");
    assert_eq!(bench.model.place, Place::Pipeline);
    bench.keys(&["/", "Ctrl-U"]);
    bench.type_in("stage:received");
    bench.keys(&["Enter", "e"]);
    assert!(bench.toast().contains("unknown"), "{}", bench.toast());
}

#[test]
fn commands_act_on_the_server_under_the_cursor_or_on_those_marked_here() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter", "H"]);
    assert!(bench.toast().contains("not one of our servers"), "{}", bench.toast());
    bench.keys(&["Down", "Down"]);
    let unit = bench.model.screens.elevation.slots.current().unwrap().unit().unwrap();
    bench.key("H");
    bench.type_in("dust");
    bench.key("Enter");
    let held = bench.fake.inside.lock().unwrap().world.unit(unit).unwrap().disposition;
    assert_eq!(held, Disposition::OnHold);
    assert_eq!(bench.model.screens.elevation.slots.current().unwrap().unit(), Some(unit));
    bench.keys(&["Space", "Space"]);
    assert_eq!(bench.model.marks.len(), 2);
    assert!(bench.model.marks.contains_key(&unit));
    bench.model.toast = None;
    assert!(shown(&bench).contains("2 marked"), "{}", shown(&bench));
}

#[test]
fn what_left_the_rack_is_told_before_anything_is_done_to_its_neighbour() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "Down", "Enter", "Down", "Down"]);
    let device = bench.model.screens.elevation.slots.current().unwrap().device.unwrap();
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        let (all, _) = inside.elevations.as_mut().unwrap();
        all.mounted.iter_mut().filter(|m| m.device == device).for_each(|m| m.rack = 7);
        inside.world.head += 1;
    }
    bench.heard();
    assert_ne!(bench.model.screens.elevation.slots.current().unwrap().device, Some(device));
    assert!(possible(Act::Hold, &bench.model).is_err_and(|why| why.contains("has left this list")));
}

#[test]
fn doubts_are_shown_and_told_and_what_is_in_the_way_stays_reachable() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", "/"]);
    bench.type_in("s1");
    bench.keys(&["Enter", "Enter"]);
    let mut said = String::new();
    for _ in 0..8 {
        said.push_str(&label(&bench));
        if bench.model.screens.elevation.slots.current().is_some_and(|s| s.doubt.is_some()) {
            assert!(shown(&bench).contains('?'));
            assert!(shown(&bench).contains("? "), "{}", shown(&bench));
        }
        bench.key("Down");
    }
    for name in ["half-a", "half-b", "tall", "first", "second", "too-low"] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert!(shown(&bench).contains("outside the rack"), "{}", shown(&bench));
}

#[test]
fn without_netbox_it_says_that_only_the_journal_speaks_and_claims_no_height() {
    let mut bench = Bench::live((80, 24));
    bench.key("3");
    assert!(shown(&bench).contains("journal only") && !shown(&bench).contains("42U"), "{}", shown(&bench));
    bench.key("Enter");
    let all = shown(&bench);
    assert!(all.contains("journal only") && all.contains("height unknown") && !all.contains("|."), "{all}");
    assert!(possible(Act::Flip, &bench.model).is_err());
}

#[test]
fn before_the_first_answer_no_rack_is_claimed() {
    let mut bench = Bench::furnished((80, 24));
    bench.answers = false;
    bench.key("3");
    assert!(shown(&bench).contains("nothing is known yet"));
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Racks, "there is none to open");
    bench.answers = true;
    bench.heard();
}

#[test]
fn sites_and_words_narrow_the_list_and_escape_widens_it() {
    let mut bench = Bench::furnished((80, 24));
    bench.keys(&["3", ">"]);
    assert_eq!((rack(&bench).as_str(), bench.model.screens.racks.list.total), ("A10", Some(1)));
    bench.key("Esc");
    assert_eq!(bench.model.screens.racks.list.total, Some(8));
    bench.key("/");
    bench.type_in("hall");
    bench.key("Enter");
    assert_eq!(bench.model.screens.racks.list.total, Some(4));
    bench.key("Esc");
    assert_eq!((bench.model.place, bench.model.screens.racks.list.total), (Place::Racks, Some(8)));
}

#[test]
fn hostile_names_stay_in_their_cells() {
    let mut bench = Bench::furnished((200, 60));
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        let (all, _) = inside.elevations.as_mut().unwrap();
        for mounted in &mut all.mounted {
            mounted.name = Some(hostile());
            mounted.model = Text::new(&"\u{670d}".repeat(200));
        }
        all.racks.iter_mut().for_each(|r| r.location = Some(hostile()));
    }
    bench.keys(&["3", "Down", "Enter", "Down"]);
    for set in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let buffer = crate::fixture::buffer(&bench.model, &plain(set));
        assert!(buffer.content.iter().all(|c| !c.symbol().contains(char::is_control)));
    }
}
