//! A server's place: what is read of a site to propose one, and writing it.

use rackhand_core::inventory::rack::Face;
use rackhand_core::placement::reservation::{Before, NetworkCable, PowerCord, Reservation};
use rackhand_core::placement::room::{Room, Sockets};
use rackhand_lab::netbox::FeedSpec;

use super::*;

on_each_release! {
    a_site_is_read_with_its_limits_and_what_is_not_known_stays_so,
    only_what_is_free_in_a_rack_is_offered,
    a_model_that_has_no_device_yet_tells_what_its_devices_come_with,
    a_device_is_put_in_its_place_with_planned_cables_once,
    a_lost_answer_leaves_what_is_missing_to_the_next_attempt,
    a_place_that_somebody_took_is_a_conflict_and_nothing_is_written,
    a_device_that_somebody_put_elsewhere_is_left_there,
    a_place_is_taken_out_again_but_what_is_connected_stays,
    a_device_goes_back_to_where_it_was,
}

/// U20 in `R01`, where srv1 is at U10; `eth1` to Eth4 and nothing for its power.
pub fn place(rack: u64) -> Reservation {
    Reservation {
        rack,
        name: "R01".into(),
        position: 40,
        face: Face::Front,
        height: 2,
        full_depth: true,
        watts: None,
        kilograms: None,
        tenant: None,
        any_power: false,
        power: Vec::new(),
        network: vec![NetworkCable { interface: "eth1".into(), port: port("Eth4") }],
        reasons: Vec::new(),
        doubts: Vec::new(),
        device: None,
        before: Some(Before { rack, position: Some(20), face: Some(Face::Front) }),
    }
}

/// A rack `A7` of two feeds, switches and strips, and a server without a place.
fn furnished(release: Release) -> (Bench, u64, u64) {
    let b = bench(release);
    let rack = b.lab.furnish_rack("fra1", "A7", 12, 6);
    let spec = DeviceSpec {
        nics: vec![("eth0".into(), None), ("eth1".into(), None)],
        ..DeviceSpec::offline("srv2", "CZ2", Mac([0x94, 0x40, 0xC9, 0, 0, 2]))
    };
    let device = b.lab.add_unplaced(&spec);
    (b, rack, device)
}

fn planned(rack: u64) -> Reservation {
    let cable = |interface: &str, half: &str| NetworkCable {
        interface: interface.into(),
        port: Port { switch: format!("sw-A7-{half}").into(), port: "Ethernet3".into() },
    };
    let cord = |inlet: &str, half: &str| PowerCord {
        inlet: inlet.into(),
        strip: format!("pdu-A7-{half}").into(),
        outlet: "2".into(),
        feed: None,
    };
    Reservation {
        name: "A7".into(),
        network: vec![cable("eth0", "a"), cable("eth1", "b")],
        power: vec![cord("PSU1", "a"), cord("PSU2", "b")],
        before: None,
        ..place(rack)
    }
}

async fn read(b: &Bench) -> Room {
    b.netbox.room(&site(), clock().now()).await.unwrap()
}

async fn a_site_is_read_with_its_limits_and_what_is_not_known_stays_so(release: Release) {
    let (b, rack, device) = furnished(release);
    b.lab.set_weights(Some((rack, 900)), Some(("ProLiant DL360 Gen11", 16.3)));
    b.lab.reserve_units(rack, &[1, 2]);
    b.lab.add_feed(rack, "spare", FeedSpec { status: "planned", ..FeedSpec::default() });
    let three = FeedSpec { phase: "three-phase", kind: "redundant", ..FeedSpec::default() };
    b.lab.add_feed(rack, "big", three);
    let far = b.lab.add_rack(&rackhand_lab::netbox::RackSpec::standard("ams2", "A7"));
    b.lab.add_feed(far, "far", FeedSpec::default());
    let room = read(&b).await;
    let cabinet = &room.racks[&rack];
    assert_eq!((cabinet.carries, cabinet.rack.height), (Some(900_000), 84));
    assert_eq!(cabinet.reserved.iter().copied().collect::<Vec<_>>(), [2, 3, 4, 5]);
    let feeds: Vec<_> = cabinet.feeds.iter().map(|f| (f.name.as_str(), f.watts, f.redundant)).collect();
    assert_eq!(feeds, [("A7-a", 5_888, false), ("A7-b", 5_888, false), ("big", 10_198, true)]);
    assert_eq!(cabinet.feeds[0].strips, [b.lab.device_id("pdu-A7-a").unwrap()]);
    let server = &room.devices[&device];
    assert_eq!((server.rack, server.watts, server.serial.as_deref()), (None, Some(500), Some("CZ2")));
    assert_eq!(room.devices[&b.device].watts, None, "NetBox has no power port of it");
    let shape = &room.shapes[&server.kind];
    assert_eq!((shape.height, shape.grams), (2, Some(16_300)));
    let other = room.racks.values().find(|c| c.rack.name.as_str() == "R01").unwrap();
    assert!(other.feeds.is_empty() && other.carries.is_none());
    assert!(!room.racks.contains_key(&far));
}

async fn only_what_is_free_in_a_rack_is_offered(release: Release) {
    let (b, rack, device) = furnished(release);
    let port =
        |half: &str, n: u16| Port { switch: format!("sw-A7-{half}").into(), port: format!("Ethernet{n}").into() };
    let eth0 = b.lab.interface_id(device, "eth0").unwrap();
    b.lab.add_planned_cable(eth0, &port("a", 1));
    assert_ne!(b.lab.add_cord("srv2", "PSU1", "pdu-A7-a", "1", "planned"), 0);
    let room = read(&b).await;
    let found = b.netbox.sockets(&room, &[rack].into()).await.unwrap();
    let Sockets { switches, strips, ports, outlets } = &found[&rack];
    assert_eq!((*switches, *strips, ports.len(), outlets.len()), (2, 2, 23, 11));
    assert!(!ports.iter().any(|p| p.switch.as_str() == "sw-A7-a" && p.port.as_str() == "Ethernet1"));
    assert_eq!(outlets[0].feed.as_deref(), Some("A7-a"));
    let ends = b.netbox.ends_of(device).await.unwrap();
    let nics: Vec<_> = ends.nics.iter().map(|n| (n.name.as_str(), n.management, n.taken)).collect();
    assert_eq!(nics, [("bmc", true, false), ("eth0", false, true), ("eth1", false, false)]);
    assert_eq!(ends.inlets.iter().map(|i| i.taken).collect::<Vec<_>>(), [true, false]);
}

async fn a_model_that_has_no_device_yet_tells_what_its_devices_come_with(release: Release) {
    let b = bench(release);
    b.lab.add_device_type("PowerEdge R760", &["idrac", "nic1"]);
    b.lab.shape_type("PowerEdge R760", 2.0, true);
    b.lab.add_inlet_templates("PowerEdge R760", &["PSU1", "PSU2"], Some(800));
    let (shape, ends) = b.netbox.type_of("PowerEdge R760").await.unwrap().unwrap();
    assert_eq!((shape.height, shape.grams), (4, None));
    assert_eq!(
        ends.nics.iter().map(|n| (n.name.as_str(), n.management)).collect::<Vec<_>>(),
        [("idrac", true), ("nic1", false)]
    );
    assert_eq!(ends.inlets.iter().filter(|i| i.maximum == Some(800)).count(), 2);
    assert!(b.netbox.type_of("nobody's").await.unwrap().is_none());
}

async fn a_device_is_put_in_its_place_with_planned_cables_once(release: Release) {
    let (b, rack, device) = furnished(release);
    let place = planned(rack);
    assert!(!b.netbox.is_placed(device, &place).await.unwrap());
    b.netbox.place_device(device, &place).await.unwrap();
    assert!(b.netbox.is_placed(device, &place).await.unwrap());
    assert_eq!(b.lab.place_of(device), Some(("A7".into(), Some(20.0))));
    let eth1 = b.lab.interface_id(device, "eth1").unwrap();
    assert_eq!(b.lab.cable_of(eth1).unwrap().1, "planned");
    let cord = |n: u8, half: &str| (format!("PSU{n}"), format!("pdu-A7-{half}"), "2".into(), "planned".into());
    assert_eq!(b.lab.cords_of(device), [cord(1, "a"), cord(2, "b")]);
    let plan = b.netbox.cabling_plan(device).await.unwrap();
    assert_eq!(plan.interfaces[0].peer, Some(place.network[0].port.clone()), "what the check is held against");
    let before = b.lab.cable_count();
    b.netbox.place_device(device, &place).await.unwrap();
    assert_eq!(b.lab.cable_count(), before);
}

async fn a_lost_answer_leaves_what_is_missing_to_the_next_attempt(release: Release) {
    let (b, rack, device) = furnished(release);
    let place = planned(rack);
    b.once(Method::POST, "dcim/cables", Effect::Answer(Fate::Lost));
    assert_eq!(kind(b.netbox.place_device(device, &place).await), Kind::Unknown);
    assert!(b.netbox.is_placed(device, &place).await.unwrap(), "it had been made");
    let (b, rack, device) = furnished(release);
    b.once(Method::PATCH, "dcim/devices", Effect::Answer(Fate::Lost));
    assert_eq!(kind(b.netbox.place_device(device, &planned(rack)).await), Kind::Unknown);
    assert!(!b.netbox.is_placed(device, &planned(rack)).await.unwrap());
    b.netbox.place_device(device, &planned(rack)).await.unwrap();
    assert!(b.netbox.is_placed(device, &planned(rack)).await.unwrap());
}

async fn a_place_that_somebody_took_is_a_conflict_and_nothing_is_written(release: Release) {
    let (b, rack, device) = furnished(release);
    let other = b.nic("eth1");
    b.lab.add_planned_cable(other, &planned(rack).network[1].port);
    let cables = b.lab.cable_count();
    let fault = b.netbox.place_device(device, &planned(rack)).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.what.contains("eth1 is planned to sw-A7-b Ethernet3, but cable #"), "{fault}");
    assert!(fault.what.contains("goes from there to srv1 eth1"), "{fault}");
    assert_eq!((b.lab.cable_count(), b.lab.place_of(device)), (cables, None));

    let (b, rack, device) = furnished(release);
    b.lab.add_inlets(b.device, &["PSU1"], None);
    assert_ne!(b.lab.add_cord("srv1", "PSU1", "pdu-A7-a", "2", "connected"), 0);
    let fault = b.netbox.place_device(device, &planned(rack)).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.what.contains("PSU1 is planned to pdu-A7-a outlet 2, but cable #"), "{fault}");
    assert_eq!(b.lab.place_of(device), None);

    let (b, rack, device) = furnished(release);
    let there = DeviceSpec { rack: Some("A7".into()), position: Some(20.0), ..DeviceSpec::offline("x", "X", BMC) };
    b.lab.mount(&there);
    let cables = b.lab.cable_count();
    let fault = b.netbox.place_device(device, &planned(rack)).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.what.contains("NetBox does not take it at A7 U20") && fault.what.contains("occupied"), "{fault}");
    assert!(fault.advice.contains("rackhand place"), "{fault}");
    assert_eq!(b.lab.cable_count(), cables, "the place is written before the cables");
}

async fn a_device_that_somebody_put_elsewhere_is_left_there(release: Release) {
    let (b, rack, device) = furnished(release);
    b.lab.edit(device, &json!({ "rack": rack, "position": 5.0, "face": "front" }), clock().now());
    let fault = b.netbox.is_placed(device, &planned(rack)).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.what.contains("A7 U20 is kept for it, but NetBox has it at A7 U5 meanwhile"), "{fault}");
    assert!(b.netbox.is_displaced(device, &planned(rack)).await.unwrap(), "nothing of ours is there");
}

async fn a_place_is_taken_out_again_but_what_is_connected_stays(release: Release) {
    let (b, rack, device) = furnished(release);
    let place = planned(rack);
    b.netbox.place_device(device, &place).await.unwrap();
    let eth0 = b.lab.interface_id(device, "eth0").unwrap();
    b.netbox.connect_cables(device, &[(eth0, place.network[0].port.clone())]).await.unwrap();
    assert!(!b.netbox.is_displaced(device, &place).await.unwrap());
    b.netbox.displace_device(device, &place).await.unwrap();
    assert!(b.netbox.is_displaced(device, &place).await.unwrap());
    assert_eq!(b.lab.place_of(device), None);
    assert!(b.lab.cords_of(device).is_empty());
    assert_eq!(b.lab.cable_of(eth0).unwrap().1, "connected", "LLDP showed it");
}

async fn a_device_goes_back_to_where_it_was(release: Release) {
    let b = bench(release);
    let place = place(b.on().rack);
    b.netbox.place_device(b.device, &place).await.unwrap();
    assert_eq!(b.lab.place_of(b.device), Some(("R01".into(), Some(20.0))));
    b.netbox.displace_device(b.device, &place).await.unwrap();
    assert_eq!(b.lab.place_of(b.device), Some(("R01".into(), Some(10.0))));
}
