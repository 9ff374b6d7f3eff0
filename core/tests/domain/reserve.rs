//! Places kept for servers: nobody else gets them, they are given back by whatever ends the server's way, and the label
//! of the rack is held against them.

use crate::scene;
use crate::scene::room::{equipment, mounted, room, wanted};
use crate::scene::{Scene, address, device, failed};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::event::{Event, LifeEvent, PlacementEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Role, Subject, UnitId};
use rackhand_core::inventory::Lookup;
use rackhand_core::lifecycle::evidence::{Evidence, Proof};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::placement::propose::Choice;
use rackhand_core::placement::reservation::{Before, MAX_CABLES, MAX_TOGETHER, Reservation, Shown};
use rackhand_core::placement::room::{Inlet, Room, Sockets, draw};
use rackhand_core::text::Text;

fn spots(choices: &[Choice]) -> Vec<String> {
    choices.iter().map(|c| c.place.spot().to_string()).collect()
}

fn cables(choice: &Choice) -> Vec<String> {
    let place = &choice.place;
    let network = place.network.iter().map(|c| format!("{} {} {}", c.interface, c.port.switch, c.port.port));
    network.chain(place.power.iter().map(|c| format!("{} {} {}", c.inlet, c.strip, c.outlet))).collect()
}

fn release(scene: &mut Scene, id: UnitId) -> Result<Answer, Refusal> {
    let command = Command::ReleasePlacement { units: vec![id], reason: "somewhere else".into() };
    scene.command(Role::Technician, command)
}

fn scan(scene: &mut Scene, id: UnitId, rack: &str, position: Option<u16>) -> Result<Answer, Refusal> {
    scene.command(Role::Technician, Command::ScanRack { unit: id, rack: rack.into(), position })
}

#[test]
fn four_servers_are_spread_over_racks_each_with_two_feeds_and_two_switches() {
    let mut scene = Scene::default();
    let ids: Vec<UnitId> = (1..=4).map(|n| scene.import(n, Stage::Received)).collect();
    let found = scene.propose(&room(), &ids);
    let first = &found.alternatives[0];
    assert_eq!(spots(&first.places), ["A1 U2", "A2 U2", "A1 U3", "A2 U3"], "U1 is reserved in NetBox");
    assert_eq!(
        cables(&first.places[0]),
        ["eth0 sw-A1-a Ethernet1", "eth1 sw-A1-b Ethernet1", "PSU1 pdu-A1-a 1", "PSU2 pdu-A1-b 1"]
    );
    assert_eq!(
        cables(&first.places[2]),
        ["eth0 sw-A1-a Ethernet2", "eth1 sw-A1-b Ethernet2", "PSU1 pdu-A1-a 2", "PSU2 pdu-A1-b 2"]
    );
    let reasons: Vec<&str> = first.places[2].place.reasons.iter().map(rackhand_core::text::Text::as_str).collect();
    assert_eq!(
        reasons,
        [
            "1 of acme's servers here, no rack has fewer and room",
            "1400 of 5000 W when a feed is lost",
            "34 of 800 kg",
            "2 cables to 2 switches",
            "2 cords on 2 feeds"
        ]
    );
    assert!(first.places[2].place.doubts.is_empty() && first.without.is_empty());
    assert_eq!(scene.keep(&room(), &first.places), Ok(Answer::Done));
    assert_eq!(scene.keep(&room(), &first.places), Ok(Answer::Already));
}

#[test]
fn an_alternative_is_in_other_racks_and_who_finds_no_place_is_named() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let found = scene.propose(&room(), &[id]);
    let all: Vec<String> = found.alternatives.iter().flat_map(|a| spots(&a.places)).collect();
    assert_eq!(all, ["A1 U2", "A2 U2"]);
    let mut few = room();
    for sockets in few.sockets.values_mut() {
        sockets.outlets.retain(|o| o.outlet.as_str() == "1");
    }
    let ids: Vec<UnitId> = [id].into_iter().chain((2..=3).map(|n| scene.import(n, Stage::Received))).collect();
    let found = scene.propose(&few, &ids);
    assert_eq!(spots(&found.alternatives[0].places), ["A1 U2", "A2 U2"]);
    assert_eq!(found.alternatives[0].without, [scene.unit(ids[2]).label().into()]);
    assert_eq!(found.refused[0], ("A1".into(), "0 free outlets, it needs 2".into()));
    assert_eq!(found.alternatives.len(), 1, "half a solution is offered once");
}

#[test]
fn what_nobody_knows_is_told_and_never_taken_for_nothing() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let mut dim = room();
    dim.sockets.insert(1, Sockets::default());
    dim.racks.remove(&2);
    dim.devices.insert(7, rackhand_core::placement::room::Equipment { watts: None, ..mounted(9, 1, 60) });
    let found = scene.propose(&dim, &[id]);
    let reasons = &found.alternatives[0].places[0].place.reasons;
    assert!(reasons.contains(&"at least 700 of 5000 W when a feed is lost".into()), "{reasons:?}");
    let mut unknown = wanted(&scene, &dim, id);
    (unknown.watts, unknown.kilograms) = (None, None);
    let told = rackhand_core::placement::propose::propose(&dim.spaces(&scene.world, &[id]), &[unknown], None).unwrap();
    let reasons = &told.alternatives[0].places[0].place.reasons;
    assert!(!reasons.iter().any(|r| r.contains(" W ") || r.contains(" kg")), "{reasons:?}");
    let doubts: Vec<&str> =
        found.alternatives[0].places[0].place.doubts.iter().map(rackhand_core::text::Text::as_str).collect();
    assert_eq!(
        doubts,
        [
            "the draw of 1 thing in it is not known",
            "NetBox has no switch in this rack: no network cable is planned",
            "NetBox has no power strip in this rack: no power cord is planned"
        ]
    );
    let inlet = |maximum, allocated| Inlet { name: "PSU".into(), maximum, allocated, taken: false };
    assert_eq!(draw([inlet(None, None)].iter()), None);
    assert_eq!(draw([inlet(Some(800), None), inlet(Some(800), None)].iter()), Some(800), "either may carry it all");
    assert_eq!(draw([inlet(Some(800), Some(300)), inlet(Some(800), Some(300))].iter()), Some(600));
}

#[test]
fn two_cannot_have_the_same_units_ports_or_outlets() {
    let mut scene = Scene::default();
    let (one, two) = (scene.import(1, Stage::Received), scene.import(2, Stage::Received));
    let room = room();
    let (first, second) = (scene.propose(&room, &[one]), scene.propose(&room, &[two]));
    let (first, second) = (first.alternatives[0].places.clone(), second.alternatives[0].places.clone());
    scene.keep(&room, &first).unwrap();
    let refused = |scene: &mut Scene, choice: Choice| {
        let refusal = scene.keep(&room, &[choice]).unwrap_err();
        assert_eq!(refusal.why, Why::Conflict);
        refusal.text.to_string()
    };
    assert_eq!(refused(&mut scene, second[0].clone()), "SN0002 at A1 U2: U2 is taken");
    let mut higher = second[0].clone();
    higher.place.position = 40;
    let text = refused(&mut scene, higher.clone());
    assert_eq!(text, "SN0002 at A1 U20: port sw-A1-a Ethernet1 is not free any more; ask for proposals again");
    higher.place.network.clear();
    let text = refused(&mut scene, higher.clone());
    assert_eq!(text, "SN0002 at A1 U20: outlet pdu-A1-a 1 is not free any more; ask for proposals again");
    higher.place.power.clear();
    assert_eq!(scene.keep(&room, &[higher]), Ok(Answer::Done));
}

#[test]
fn a_batch_that_contradicts_itself_keeps_nothing() {
    let mut scene = Scene::default();
    let (one, two) = (scene.import(1, Stage::Received), scene.import(2, Stage::Received));
    let first = scene.propose(&room(), &[one]).alternatives[0].places[0].clone();
    let second = Choice { unit: two, ..first.clone() };
    let mark = scene.mark();
    assert!(scene.keep(&room(), &[first, second]).is_err());
    assert_eq!(scene.mark(), mark);
    assert_eq!(scene.unit(one).placement, None);
}

#[test]
fn a_rack_that_is_full_by_power_or_weight_keeps_nobody_whatever_is_asked_for() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let mut tight: Room = room();
    tight.racks.remove(&2);
    let choice = scene.propose(&tight, &[id]).alternatives[0].places.clone();
    tight.racks.get_mut(&1).unwrap().carries = Some(16_000);
    let refusal = scene.keep(&tight, &choice).unwrap_err();
    assert_eq!(refusal.text.as_str(), "SN0001 at A1 U2: weight: 17 kg with one more, 16 kg allowed");
    tight.racks.get_mut(&1).unwrap().carries = None;
    tight.racks.get_mut(&1).unwrap().feeds.truncate(1);
    let refusal = scene.keep(&tight, &choice).unwrap_err();
    assert_eq!(refusal.text.as_str(), "SN0001 at A1 U2: only one power feed, feed-a");
}

#[test]
fn a_reader_keeps_nothing_and_who_stands_already_is_not_placed_again() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let choice = scene.propose(&room(), &[id]).alternatives[0].places.clone();
    let input = rackhand_core::decide::Input::Place(choice.clone(), std::sync::Arc::new(room()));
    assert_eq!(scene.put(scene::person(Role::ReadOnly), &input).unwrap_err().why, Why::NotAllowed);
    let cabled = scene.import(2, Stage::Cabled);
    let refusal = scene.keep(&room(), &[Choice { unit: cabled, ..choice[0].clone() }]).unwrap_err();
    assert!(refusal.text.contains("it stands in its place"), "{refusal}");
}

#[test]
fn netbox_is_told_as_soon_as_it_has_the_device_and_waited_for_until_then() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let choice = scene.propose(&room(), &[id]).alternatives[0].places.clone();
    scene.keep(&room(), &choice).unwrap();
    assert!(scene.due(id).is_empty());
    let waits: Vec<String> = scene.waits(id).iter().map(|w| w.what.to_string()).collect();
    assert_eq!(waits[0], "to be racked at A1 U2");
    assert_eq!(waits[1], "place_device: NetBox has no device for it that could be put at A1 U2");
    scene.import_row(scene::row(1), None).unwrap();
    scene.attempt(id, Step::RegisterBmc, Outcome::Observed(scene::good(1, scene.unit(id), Step::RegisterBmc).unwrap()));
    scene.attempt(id, Step::PlaceDevice, Outcome::Observed(Observation::Placed));
    assert_eq!(scene.unit(id).placement.as_ref().unwrap().shown, Shown::Seen);
    assert_eq!(scene.unit(id).netbox_device(), Some(device(1, "offline").id));
}

#[test]
fn netbox_is_told_of_no_place_for_a_server_that_a_tenant_has() {
    for (tenants, due) in [(false, vec![Step::PlaceDevice]), (true, Vec::new())] {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to_stage(1, id, Stage::Staged);
        scene.settle(1, id);
        if tenants {
            let (from, to) = (Stage::Staged, Stage::AssignedToTenant);
            let evidence = Evidence::new(Proof::Assigned, "a test says so");
            scene.record(Subject::Unit(id), Event::Life(LifeEvent::StageEntered { from, to, evidence }));
            scene.settle(1, id);
        }
        let other = scene.import(2, Stage::Received);
        let place = scene.propose(&room(), &[other]).alternatives[0].places[0].place.clone();
        scene.record(Subject::Unit(id), Event::Placement(PlacementEvent::PlacementReserved { place }));
        assert_eq!(scene.touching(id), due, "a tenant has it: {tenants}");
    }
}

#[test]
fn a_place_is_given_back_by_a_cancellation_and_netbox_is_put_as_it_was() {
    for end in [Scene::cancel, Scene::retire, release] {
        let mut scene = Scene::default();
        let id = scene.placed(1);
        scene.attempt(id, Step::PlaceDevice, Outcome::Observed(Observation::Placed));
        end(&mut scene, id).unwrap();
        assert_eq!(scene.unit(id).placement, None);
        assert_eq!(scene.touching(id), [Step::UnplaceDevice]);
        scene.attempt(id, Step::UnplaceDevice, Outcome::Observed(Observation::Undone));
        let unit = scene.unit(id);
        assert!(unit.steps.undo().is_empty() && unit.steps.done().is_empty() && unit.unplacing.is_none());
        let other = scene.import(2, Stage::Received);
        assert_eq!(spots(&scene.propose(&room(), &[other]).alternatives[0].places), ["A1 U2"]);
    }
}

#[test]
fn a_write_nobody_knows_the_end_of_is_undone_too() {
    let mut scene = Scene::default();
    let id = scene.placed(1);
    scene.attempt(id, Step::PlaceDevice, failed(Kind::Unknown));
    release(&mut scene, id).unwrap();
    assert_eq!(scene.touching(id), [Step::UnplaceDevice]);
    let mut scene = Scene::default();
    let id = scene.placed(1);
    release(&mut scene, id).unwrap();
    assert!(scene.touching(id).is_empty(), "nothing was begun");
}

#[test]
fn another_place_is_written_once_the_first_is_out_of_netbox() {
    let mut scene = Scene::default();
    let id = scene.placed(1);
    scene.attempt(id, Step::PlaceDevice, failed(Kind::Conflict));
    assert_eq!(scene.wait_of(id, Step::PlaceDevice).resolve, ["retry", "skip", "cancel"].map(Text::new));
    let mut room = room();
    room.devices.insert(device(1, "offline").id, equipment(1));
    let other = scene.propose(&room, &[id]).alternatives[1].places.clone();
    scene.keep(&room, &other).unwrap();
    assert_eq!(scene.touching(id), [Step::UnplaceDevice]);
    scene.attempt(id, Step::UnplaceDevice, Outcome::Observed(Observation::Undone));
    scene.attempt(id, Step::PlaceDevice, Outcome::Observed(Observation::Placed));
    assert_eq!(scene.unit(id).placement.as_ref().unwrap().place.spot().as_str(), "A2 U2");
}

#[test]
fn the_racks_label_is_held_against_the_place_and_a_mismatch_names_both() {
    let mut scene = Scene::default();
    let id = scene.placed(1);
    let told = |r: Result<Answer, Refusal>| r.unwrap_err().text.to_string();
    assert_eq!(
        told(scan(&mut scene, id, "A2", Some(2 * 7))),
        "this is A2 U7, but SN0001 goes to A1 U2: take it there, or have this place kept for it first (rackhand place \
         SN0001 --rack A2 --unit 7)"
    );
    assert_eq!(told(scan(&mut scene, id, "ams2/A1", None)), "A1 is at ams2, SN0001 belongs to fra1");
    assert!(told(scan(&mut scene, id, "A1", Some(6))).starts_with("this is A1 U3, but SN0001 goes to A1 U2"));
    assert_eq!(scene.unit(id).stage, Stage::Received);
    assert_eq!(scan(&mut scene, id, "FRA1/a1", Some(4)), Ok(Answer::Done));
    assert_eq!(scene.unit(id).stage, Stage::Racked);
    assert_eq!(scan(&mut scene, id, "A1", None), Ok(Answer::Already));
    let note = scene.log.iter().rev().find_map(|r| match &r.draft.event {
        Event::Life(LifeEvent::StageEntered { evidence, .. }) => Some(evidence.note.to_string()),
        _ => None,
    });
    assert_eq!(note.as_deref(), Some("scanned in A1 U2, as planned"));
}

#[test]
fn who_was_scanned_into_its_place_is_not_asked_again_where_it_stands() {
    for scanned in [true, false] {
        let mut scene = Scene::default();
        let id = scene.placed(1);
        if scanned {
            scan(&mut scene, id, "A1", Some(4)).unwrap();
        }
        scene.lease(1, address(1));
        scene.answer(1, Lookup::One(device(1, "offline")));
        assert_eq!(scene.unit(id).stage, Stage::Discovered);
        let asked = scene.unit(id).tasks.iter().any(|(_, t)| t.kind == TaskKind::ConfirmPlacement);
        assert_eq!(asked, !scanned);
    }
}

#[test]
fn without_a_kept_place_the_label_is_what_the_journal_learns() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    assert_eq!(scan(&mut scene, id, "A2", Some(14)), Ok(Answer::Done));
    assert_eq!(scene.unit(id).stage, Stage::Racked);
}

#[test]
fn who_stands_in_its_place_keeps_it_until_netbox_shows_it_and_is_never_put_back_by_an_undo() {
    let mut scene = Scene::default();
    let (id, other) = (scene.placed(1), scene.import(2, Stage::Received));
    scan(&mut scene, id, "A1", None).unwrap();
    assert_eq!(scene.touching(id), [Step::PlaceDevice], "NetBox is told all the same");
    assert_eq!(release(&mut scene, id).unwrap_err().why, Why::Conflict);
    assert_eq!(spots(&scene.propose(&room(), &[other]).alternatives[0].places), ["A2 U2"]);
    scene.attempt(id, Step::PlaceDevice, Outcome::Observed(Observation::Placed));
    assert_eq!(spots(&scene.propose(&room(), &[other]).alternatives[0].places), ["A2 U2"], "read before it was there");
    let mut seen = Room { read_at: scene.now + std::time::Duration::from_secs(1), ..room() };
    seen.devices.insert(101, mounted(1, 1, 4));
    let spaces = seen.spaces(&scene.world, &[]);
    assert_eq!((spaces[0].watts, spaces[0].weight, spaces[0].undrawn), (700, Some((800, 17)), 0), "counted once");
    scene.cancel(id).unwrap();
    assert!(!scene.unit(id).steps.undo().contains(&Step::UnplaceDevice), "it still stands there");
}

#[test]
fn a_server_that_is_taken_out_of_its_rack_again_has_its_place_as_kept() {
    let mut scene = Scene::default();
    let id = scene.placed(1);
    scene.attempt(id, Step::PlaceDevice, Outcome::Observed(Observation::Placed));
    scan(&mut scene, id, "A1", None).unwrap();
    scene.go(id, Stage::Received).unwrap();
    assert_eq!(scene.unit(id).goes_to().unwrap().as_str(), "A1 U2");
    release(&mut scene, id).unwrap();
    assert_eq!(scene.touching(id), [Step::UnplaceDevice]);
}

#[test]
fn a_device_that_netbox_has_elsewhere_is_said_to_be_moved() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let mut room = room();
    room.devices.insert(101, mounted(1, 2, 60));
    let mut want = wanted(&scene, &room, id);
    want.before = Some(Before { rack: 2, position: Some(60), face: None });
    let spaces = room.spaces(&scene.world, &[id]);
    assert!(spaces[1].taken.len() == 4, "its own units are free to it");
    let found = rackhand_core::placement::propose::propose(&spaces, &[want], None).unwrap();
    let doubts = &found.alternatives[0].places[0].place.doubts;
    assert_eq!(doubts[0].as_str(), "NetBox has it in another place now; that is changed");
}

#[test]
fn ports_are_asked_for_only_of_racks_that_come_into_question() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    let mut blind = room();
    blind.sockets.clear();
    let wanted = [wanted(&scene, &blind, id)];
    let unread = rackhand_core::placement::propose::propose(&blind.spaces(&scene.world, &[id]), &wanted, None);
    assert_eq!(unread.unwrap_err().into_iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_place_is_as_large_as_netbox_says_its_server_is_and_says_no_more_of_itself_than_may_be_kept() {
    let mut room = room();
    room.devices.insert(device(1, "offline").id, equipment(1));
    let keep = |change: fn(&mut Reservation), times: usize| {
        let mut scene = Scene::default();
        let id = scene.import(1, Stage::Received);
        let mut choice = scene.propose(&room, &[id]).alternatives[0].places[0].clone();
        change(&mut choice.place);
        scene.keep(&room, &vec![choice; times]).map_err(|refused| refused.why)
    };
    assert_eq!(keep(|_| (), 1), Ok(Answer::Done));
    assert_eq!(keep(|place| place.height = 4, 1), Ok(Answer::Done), "room above it does no harm");
    assert_eq!(keep(|place| place.height = 1, 1), Err(Why::Conflict), "half of it would stick out");
    assert_eq!(keep(|place| place.full_depth = false, 1), Err(Why::Conflict));
    assert_eq!(keep(|place| place.doubts = vec!["?".into(); MAX_CABLES], 1), Ok(Answer::Done));
    assert_eq!(keep(|place| place.doubts = vec!["?".into(); MAX_CABLES + 1], 1), Err(Why::Invalid));
    assert_eq!(keep(|_| (), MAX_TOGETHER), Ok(Answer::Done));
    assert_eq!(keep(|_| (), MAX_TOGETHER + 1), Err(Why::Invalid));
    assert_eq!(keep(|_| (), 0), Err(Why::Invalid));
}
