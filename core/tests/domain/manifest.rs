//! A manifest's rows: what they make known, what NetBox is to hold for them, and how a lease finds them.

use crate::scene::{Scene, address, bmc_mac, bmc_port, device, failed, new_device, row, serial};
use rackhand_core::decide::{Answer, Why};
use rackhand_core::entry::manifest::Row;
use rackhand_core::entry::registration::{Registered, Standing};
use rackhand_core::event::{EntryEvent, Event};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::UnitId;
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Note;

fn imported(scene: &mut Scene, n: u8) -> UnitId {
    assert_eq!(scene.import_row(row(n), None), Ok(Answer::Done));
    scene.world.by_serial(&serial(n)).unwrap().id
}

fn saw(n: u8, mac: u8) -> Outcome {
    Outcome::Observed(Observation::Registered(bmc_port(n, bmc_mac(mac))))
}

/// NetBox's answer to a look that comes before anything is sent.
fn looked(scene: &mut Scene, id: UnitId, outcome: Outcome) {
    assert!(scene.due(id).iter().any(|d| d.step == Step::RegisterBmc), "{:?}", scene.next(id));
    scene.ended(id, Step::RegisterBmc, outcome);
}

fn standing(scene: &Scene, id: UnitId) -> Standing {
    scene.unit(id).registration_standing()
}

fn notes(scene: &Scene, id: UnitId) -> Vec<(bool, String)> {
    scene.unit(id).notes.owed.iter().map(|Note { warning, text, .. }| (*warning, text.to_string())).collect()
}

#[test]
fn a_row_is_a_received_unit_whose_mac_is_looked_for_then_written_then_noted() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    let unit = scene.unit(id);
    assert_eq!((unit.stage, unit.bmc_mac, unit.serial.clone()), (Stage::Received, Some(bmc_mac(1)), Some(serial(1))));
    assert_eq!(scene.touching(id), [Step::RegisterBmc]);
    assert_eq!(standing(&scene, id).result, Registered::Waiting);
    scene.attempt(id, Step::RegisterBmc, saw(1, 1));
    assert_eq!(standing(&scene, id).result, Registered::MacSet);
    assert_eq!(notes(&scene, id), [(false, format!("BMC MAC {} written on iLO from the manifest", bmc_mac(1)))]);
    assert!(scene.touching(id).is_empty(), "NetBox's status waits for the receipt or a lease");
}

#[test]
fn the_same_row_again_does_nothing_and_what_is_there_already_is_only_noted() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    let mark = scene.mark();
    assert_eq!(scene.import_row(row(1), None), Ok(Answer::Already));
    looked(&mut scene, id, saw(1, 1));
    assert_eq!(standing(&scene, id).result, Registered::MacThere);
    assert!(notes(&scene, id)[0].1.contains("confirmed on iLO"));
    assert_eq!(scene.import_row(row(1), None), Ok(Answer::Already));
    assert_eq!(scene.since(mark).len(), 1);
}

#[test]
fn another_mac_in_netbox_is_warned_of_once_and_left_alone_until_somebody_mends_it() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    looked(&mut scene, id, saw(1, 9));
    let told = standing(&scene, id);
    assert_eq!(told.result, Registered::MacKept);
    assert!(told.text.contains(&bmc_mac(9).to_string()), "{}", told.text);
    assert_eq!((notes(&scene, id).len(), notes(&scene, id)[0].0), (1, true));
    assert!(scene.touching(id).is_empty() && scene.unit(id).tasks.is_empty());
    // Nothing was mended: looked at again, and no second note.
    assert_eq!(scene.import_row(row(1), None), Ok(Answer::Done));
    looked(&mut scene, id, saw(1, 9));
    assert_eq!(notes(&scene, id).len(), 1);
    // It was.
    scene.import_row(row(1), None).unwrap();
    scene.attempt(id, Step::RegisterBmc, saw(1, 1));
    assert_eq!((standing(&scene, id).result, notes(&scene, id).len()), (Registered::MacSet, 2));
}

#[test]
fn a_row_netbox_cannot_take_is_a_dead_letter_and_a_retry_or_the_same_row_again_takes_it_up() {
    for again in [false, true] {
        let mut scene = Scene::default();
        let id = imported(&mut scene, 1);
        looked(&mut scene, id, failed(Kind::Rejected));
        let told = standing(&scene, id);
        assert!(told.result == Registered::Failed && told.text.contains("it did not work"), "{told:?}");
        assert_eq!(scene.unit(id).steps.parked().count(), 1);
        if again {
            assert_eq!(scene.import_row(row(1), Some(new_device())), Ok(Answer::Done));
            assert_eq!(scene.unit(id).registration.as_ref().unwrap().create, Some(new_device()));
        } else {
            scene.retry(id).unwrap();
        }
        scene.attempt(id, Step::RegisterBmc, saw(1, 1));
        assert_eq!(standing(&scene, id).result, Registered::MacSet);
    }
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    looked(&mut scene, id, failed(Kind::Rejected));
    scene.skip(id, Step::RegisterBmc).unwrap();
    assert!(scene.touching(id).is_empty());
    assert_eq!(standing(&scene, id).result, Registered::Failed);
    assert_eq!(scene.import_row(row(1), None), Ok(Answer::Done), "somebody thinks better of it");
}

#[test]
fn netbox_is_waited_for_and_a_death_on_the_way_is_looked_into() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    looked(&mut scene, id, failed(Kind::Transient));
    let told = standing(&scene, id);
    assert!(told.result == Registered::Waiting && !told.text.is_empty(), "{told:?}");
    scene.later(600);
    let due = scene.due(id)[0];
    scene.begin(id, due).unwrap();
    // The daemon dies here. The next one looks first, and what it finds was its own doing.
    assert!(scene.due(id)[0].begun);
    looked(&mut scene, id, saw(1, 1));
    assert_eq!(standing(&scene, id).result, Registered::MacSet);
}

#[test]
fn a_row_that_contradicts_what_is_known_is_refused_and_names_the_other() {
    let mut scene = Scene::default();
    imported(&mut scene, 1);
    let mark = scene.mark();
    for (row, other) in [
        (Row { serial: serial(1), bmc_mac: bmc_mac(2) }, bmc_mac(1).to_string()),
        (Row { serial: serial(2), bmc_mac: bmc_mac(1) }, serial(1).to_string()),
    ] {
        let refusal = scene.import_row(row, None).unwrap_err();
        assert!(refusal.why == Why::Conflict && refusal.text.contains(&other), "{refusal}");
    }
    let bad = scene.import_row(Row { serial: "a b".into(), bmc_mac: bmc_mac(3) }, None).unwrap_err();
    assert_eq!(bad.why, Why::Invalid);
    assert_eq!(scene.mark(), mark);
    let id = scene.world.by_serial(&serial(1)).unwrap().id;
    scene.stand(id, Disposition::Retired);
    assert!(scene.import_row(row(1), None).unwrap_err().text.contains("retired"));
}

#[test]
fn a_unit_that_is_known_without_mac_or_without_serial_takes_the_manifests() {
    let mut scene = Scene::default();
    let (site, stage) = (rackhand_core::id::SiteId::new("fra1"), Stage::Racked);
    let import = rackhand_core::decide::command::Command::Import {
        site,
        serial: serial(1),
        bmc_mac: None,
        vendor: None,
        model: None,
        stage,
    };
    scene.command(rackhand_core::id::Role::Operator, import).unwrap();
    let id = imported(&mut scene, 1);
    assert_eq!((scene.unit(id).stage, scene.unit(id).bmc_mac), (Stage::Racked, Some(bmc_mac(1))));
    assert_eq!(scene.world.by_bmc(bmc_mac(1)).map(|u| u.id), Some(id));

    scene.lease(2, address(2));
    scene.answer(2, Lookup::One(Device { serial: None, ..device(2, "offline") }));
    let adopted = scene.world.by_bmc(bmc_mac(2)).unwrap().id;
    assert_eq!(scene.unit(adopted).serial, None);
    scene.import_row(row(2), None).unwrap();
    assert_eq!(scene.world.by_serial(&serial(2)).map(|u| u.id), Some(adopted));
}

#[test]
fn a_lease_after_the_manifest_catches_up_to_discovered() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    scene.attempt(id, Step::RegisterBmc, saw(1, 1));
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(device(1, "offline")));
    assert_eq!(scene.unit(id).stage, Stage::Discovered);
    scene.lead_to_stage(1, id, Stage::Staged);
}

#[test]
fn a_lease_that_came_before_the_manifest_is_judged_again_once_netbox_has_the_mac() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    scene.answer(1, Lookup::Nobody);
    assert!(scene.due_for_sighting(1).is_empty());
    let id = imported(&mut scene, 1);
    assert!(scene.due_for_sighting(1).is_empty(), "NetBox does not have it yet");
    scene.attempt(id, Step::RegisterBmc, saw(1, 1));
    assert_eq!(scene.due_for_sighting(1), [Step::LookUpDevice]);
    scene.answer(1, Lookup::One(device(1, "offline")));
    assert_eq!(scene.unit(id).stage, Stage::Discovered);
}

#[test]
fn a_lookup_that_was_on_its_way_while_the_mac_was_written_is_made_once_more_and_no_more() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    let id = imported(&mut scene, 1);
    scene.attempt(id, Step::RegisterBmc, saw(1, 1));
    // Asked before the MAC was written, answered after.
    scene.answer(1, Lookup::Nobody);
    assert_eq!(scene.due_for_sighting(1), [Step::LookUpDevice]);
    // Somebody has taken it out again: that is the verdict then.
    scene.answer(1, Lookup::Nobody);
    assert!(scene.due_for_sighting(1).is_empty());
    scene.lease(1, address(2));
    scene.answer(1, Lookup::One(device(1, "offline")));
    assert_eq!(scene.unit(id).stage, Stage::Discovered);
}

#[test]
fn a_server_that_came_by_a_lease_is_known_and_its_mac_is_there() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    let mark = scene.mark();
    assert_eq!(scene.import_row(row(1), Some(new_device())), Ok(Answer::Already));
    assert_eq!((scene.mark(), standing(&scene, id).result), (mark, Registered::MacThere));
}

#[test]
fn a_lease_that_netbox_confirms_settles_a_row_that_failed() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    looked(&mut scene, id, failed(Kind::Rejected));
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(device(1, "offline")));
    assert_eq!((scene.unit(id).stage, scene.unit(id).steps.parked().count()), (Stage::Discovered, 0));
    assert_eq!(standing(&scene, id).result, Registered::MacThere);
    scene.lead_to_stage(1, id, Stage::Staged);
}

#[test]
fn a_mac_the_manifest_got_wrong_stays_a_warning_when_the_bmc_shows_its_own() {
    let mut scene = Scene::default();
    let wrong = Row { bmc_mac: bmc_mac(7), ..row(1) };
    scene.import_row(wrong.clone(), None).unwrap();
    let id = scene.world.by_serial(&serial(1)).unwrap().id;
    looked(&mut scene, id, saw(1, 1));
    assert_eq!(standing(&scene, id).result, Registered::MacKept);
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(device(1, "offline")));
    assert_eq!((scene.unit(id).stage, scene.unit(id).bmc_mac), (Stage::Discovered, Some(bmc_mac(1))));
    let mark = scene.mark();
    assert_eq!(scene.import_row(wrong, None), Ok(Answer::Already));
    assert_eq!((scene.mark(), standing(&scene, id).result), (mark, Registered::MacKept));
    scene.lead_to_stage(1, id, Stage::Staged);

    // The same where the lease comes first.
    let mut scene = Scene::default();
    scene.import_row(Row { bmc_mac: bmc_mac(7), ..row(1) }, None).unwrap();
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(device(1, "offline")));
    let id = scene.world.by_bmc(bmc_mac(1)).unwrap().id;
    assert_eq!(standing(&scene, id).result, Registered::MacKept);
}

#[test]
fn a_held_unit_waits_and_a_unit_of_a_tenant_gets_its_mac_and_nothing_else() {
    let mut scene = Scene::default();
    let id = imported(&mut scene, 1);
    scene.hold(id).unwrap();
    assert!(scene.due(id).is_empty());
    assert_eq!(standing(&scene, id), Standing { result: Registered::Waiting, text: "it is on_hold".into() });
    scene.release(id).unwrap();
    assert_eq!(scene.touching(id), [Step::RegisterBmc]);

    let tenants = scene.import(2, Stage::InService);
    scene.import_row(row(2), None).unwrap();
    assert_eq!(scene.touching(tenants), [Step::RegisterBmc]);
    let events = scene.since(0);
    let taken = events.iter().filter(|e| matches!(e, Event::Entry(EntryEvent::ManifestRowTaken { .. }))).count();
    assert_eq!(taken, 2);
}
