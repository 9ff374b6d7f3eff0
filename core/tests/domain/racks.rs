//! Rack elevations: NetBox's picture, the journal's health in it, and what cannot be right.

use crate::scene::{Scene, serial};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::rack::{Elevations, Face, Mounted, Rack};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::placement::questions::{RackQuery, RackView, Slot, page, rack_of, racks};
use rackhand_core::text::Text;
use rackhand_core::view::{Cut, Rows, State};

fn rack(id: u64, name: &str) -> Rack {
    let (name, site) = (Text::new(name), Text::new("fra1"));
    Rack { id, name, site, location: None, height: 84, first: 2, descending: false }
}

fn mounted(device: u64, serial: Option<Text>, rack: u64, unit: u16, units: u16) -> Mounted {
    Mounted {
        device,
        name: Some(Text::from(format!("dev-{device}"))),
        serial,
        model: Text::new("ProLiant DL360 Gen11"),
        rack,
        position: Some(2 * unit),
        height: 2 * units,
        face: Some(Face::Front),
        full_depth: true,
    }
}

fn views(scene: &Scene, reading: Option<&Elevations>) -> Vec<RackView> {
    let mut rows = Rows::default();
    rows.refresh(&scene.world, scene.now);
    racks(&scene.world, &rows, reading.map(|e| (e, scene.now)))
}

#[test]
fn a_rack_shows_all_that_netbox_has_there_and_how_our_servers_do() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let elevations = Elevations {
        racks: vec![rack(1, "A10"), rack(2, "A2")],
        mounted: vec![
            mounted(11, None, 1, 42, 1),
            mounted(12, Some(serial(1)), 1, 10, 2),
            mounted(13, None, 7, 10, 2),
            Mounted { position: None, ..mounted(14, None, 1, 0, 0) },
        ],
    };
    let found = views(&scene, Some(&elevations));
    let names: Vec<&str> = found.iter().map(|v| v.row.name.as_str()).collect();
    assert_eq!(names, ["A2", "A10"], "counted as a person does");
    let a10 = &found[1];
    let lines: Vec<_> = a10.slots.iter().map(|s| (s.label.to_string(), s.position, s.height)).collect();
    assert_eq!(
        lines,
        [("dev-11".into(), Some(84), 2), (serial(1).to_string(), Some(20), 4), ("dev-14".into(), None, 1)]
    );
    assert_eq!((a10.slots[1].unit(), a10.slots[1].row.as_ref().map(|r| r.state)), (Some(id), Some(State::Person)));
    assert_eq!(a10.slots[0].row, None, "a switch is not ours to judge");
    assert_eq!(
        a10.slots.iter().map(Slot::place).collect::<Vec<_>>(),
        [Some("U42".into()), Some("U10-11".into()), None]
    );
    assert_eq!((a10.row.used, a10.row.states.clone()), (Some(6), [(State::Person, 1)].into()));
    assert!(found.iter().all(|v| v.slots.iter().all(|s| s.doubt.is_none())));
}

#[test]
fn what_cannot_be_is_said_and_not_smoothed_over() {
    let scene = Scene::default();
    let elevations = Elevations {
        racks: vec![rack(1, "A1")],
        mounted: vec![mounted(1, None, 1, 10, 2), mounted(2, None, 1, 11, 1), mounted(3, None, 1, 42, 2)],
    };
    let found = views(&scene, Some(&elevations));
    let doubts: Vec<_> = found[0].slots.iter().map(|s| (s.label.as_str(), s.doubt.as_deref())).collect();
    assert_eq!(
        doubts,
        [
            ("dev-3", Some("outside the rack, by NetBox's heights")),
            ("dev-2", None),
            ("dev-1", Some("in the same place as dev-2"))
        ]
    );
}

#[test]
fn two_halves_of_a_rack_unit_front_and_rear_hold_two_devices() {
    let scene = Scene::default();
    let shallow = |device, face| Mounted { face: Some(face), full_depth: false, ..mounted(device, None, 1, 5, 1) };
    let elevations =
        Elevations { racks: vec![rack(1, "A1")], mounted: vec![shallow(1, Face::Front), shallow(2, Face::Rear)] };
    let found = views(&scene, Some(&elevations));
    assert!(found[0].slots.iter().all(|s| s.doubt.is_none()));
    assert_eq!(found[0].row.used, Some(2));
}

#[test]
fn before_netbox_was_read_the_journal_shows_what_it_remembers_and_no_heights() {
    let mut scene = Scene::default();
    scene.discovered(1);
    let found = views(&scene, None);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].row.height, found[0].row.used, found[0].row.read_at), (None, None, None));
    assert_eq!(found[0].slots[0].label, serial(1));
}

#[test]
fn a_rack_counted_from_the_top_has_its_lowest_number_there() {
    let scene = Scene::default();
    let down = Rack { descending: true, ..rack(1, "A1") };
    let beside = Mounted { position: None, ..mounted(9, None, 1, 0, 0) };
    let elevations =
        Elevations { racks: vec![down], mounted: vec![mounted(1, None, 1, 40, 1), beside, mounted(2, None, 1, 3, 2)] };
    let found = views(&scene, Some(&elevations));
    let labels: Vec<&str> = found[0].slots.iter().map(|s| s.label.as_str()).collect();
    assert_eq!(labels, ["dev-2", "dev-1", "dev-9"]);
}

fn query(site: Option<&str>, filter: &str, offset: usize) -> RackQuery {
    RackQuery { site: site.map(SiteId::new), filter: filter.into(), cut: Cut { offset, limit: 10 } }
}

#[test]
fn racks_are_filtered_by_words_and_a_server_leads_to_its_own() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let cold = Rack { location: Some(Text::new("Cold row")), ..rack(2, "A2") };
    let elevations =
        Elevations { racks: vec![rack(1, "A1"), cold], mounted: vec![mounted(1, Some(serial(1)), 2, 5, 1)] };
    let found = views(&scene, Some(&elevations));
    let names = |site: Option<&str>, filter: &str| -> Vec<String> {
        let shown = page(&found, &query(site, filter, 0), (0, scene.now));
        assert_eq!(shown.total, shown.rows.len());
        shown.rows.iter().map(|r| r.name.to_string()).collect()
    };
    assert_eq!(names(None, ""), ["A1", "A2"]);
    assert_eq!(names(Some("fra1"), "COLD a"), ["A2"]);
    assert_eq!(names(None, "!cold"), ["A1"]);
    assert_eq!(names(Some("ams2"), ""), Vec::<String>::new());
    assert_eq!(page(&found, &query(None, "", 1), (0, scene.now)).rows[0].name.as_str(), "A2");
    assert_eq!(rack_of(&found, id), Some((SiteId::new("fra1"), Text::new("A2"))));
}

#[test]
fn a_kept_place_is_drawn_where_it_is_kept_and_is_nobodys_state_until_somebody_stands_there() {
    let mut scene = Scene::default();
    let id = scene.placed(1);
    let elevations = Elevations { racks: vec![rack(1, "A1"), rack(2, "A2")], mounted: Vec::new() };
    let found = views(&scene, Some(&elevations));
    let slot = &found[0].slots[0];
    assert_eq!((slot.position, slot.height, slot.reserved, slot.unit()), (Some(4), 2, true, Some(id)));
    assert!(found[0].row.states.is_empty() && found[1].slots.is_empty());
    // NetBox has been told, and its reading shows it: still nobody stands there.
    let there = Elevations { mounted: vec![mounted(101, Some(serial(1)), 1, 2, 1)], ..elevations.clone() };
    let found = views(&scene, Some(&there));
    assert_eq!(found[0].slots.iter().map(|s| s.reserved).collect::<Vec<_>>(), [true]);
    // NetBox has it elsewhere: both are drawn.
    let elsewhere = Elevations { mounted: vec![mounted(101, Some(serial(1)), 2, 9, 1)], ..elevations.clone() };
    let found = views(&scene, Some(&elsewhere));
    let drawn: Vec<bool> = found.iter().map(|v| v.slots[0].reserved).collect();
    assert_eq!(drawn, [true, false]);
    let scan = rackhand_core::decide::command::Command::ScanRack { unit: id, rack: "A1".into(), position: None };
    scene.command(rackhand_core::id::Role::Technician, scan).unwrap();
    let found = views(&scene, Some(&elevations));
    assert!(!found[0].slots[0].reserved && found[0].row.states.values().sum::<u32>() == 1);
}
