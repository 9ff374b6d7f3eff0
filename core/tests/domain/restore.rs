//! What NetBox was seen to hold and has lost since is written again, at the next look, under the same verdict.

use crate::scene;
use crate::scene::{Scene, address, device};
use rackhand_core::decide::Answer;
use rackhand_core::event::{DiscoveryEvent, Event};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::Step;
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::stage::Stage;

#[test]
fn what_somebody_erased_in_netbox_is_written_again_at_the_next_look() {
    let held = |stage: Stage, status: &str| Device {
        oob_address: Some(address(1)),
        lifecycle_state: Some(stage.word().into()),
        ..device(1, status)
    };
    // Discovered: address, status and stage are ours.
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ReadCablingPlan);
    let good = held(Stage::Discovered, "discovered");
    scene.renewed(1, Lookup::One(good.clone()));
    let mark = scene.mark();
    assert_eq!(scene.renewed(1, Lookup::One(good.clone())), Answer::Already);
    for (erased, step) in [
        (Device { oob_address: None, ..good.clone() }, Step::AssignBmcAddress),
        (Device { lifecycle_state: None, ..good.clone() }, Step::SyncStatus),
        (Device { status: "offline".into(), ..good.clone() }, Step::SyncStatus),
    ] {
        assert_eq!(scene.renewed(1, Lookup::One(erased.clone())), Answer::Done, "{erased:?}");
        assert_eq!(scene.touching(id)[0], step);
        let due = scene.mark();
        assert_eq!(scene.renewed(1, Lookup::One(erased)), Answer::Already, "it is on its way");
        assert_eq!(scene.mark(), due);
        scene.lead_to(1, id, Step::ReadCablingPlan);
    }
    let told = scene.since(mark);
    assert!(
        !told.iter().any(|e| matches!(e, Event::Discovery(DiscoveryEvent::SightingJudged { .. }))),
        "the verdict is the old one"
    );

    // A tenant's: only the address is ours.
    let mut scene = Scene::default();
    let id = scene.in_service(1);
    let bare = device(1, "active");
    scene.renewed(1, Lookup::One(bare.clone()));
    scene.lead_to(1, id, Step::AssignBmcAddress);
    scene.settle(1, id);
    assert_eq!(scene.renewed(1, Lookup::One(bare.clone())), Answer::Done);
    assert_eq!(scene.touching(id), [Step::AssignBmcAddress]);
    scene.settle(1, id);
    assert_eq!(scene.renewed(1, Lookup::One(held(Stage::InService, "active"))), Answer::Done, "nothing to do, once");
    assert_eq!(scene.renewed(1, Lookup::One(bare)), Answer::Done);
    assert_eq!(scene.touching(id), [Step::AssignBmcAddress]);
}

#[test]
fn what_a_person_said_to_go_on_without_is_not_asked_of_netbox_at_every_renewal() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    for step in [Step::AssignBmcAddress, Step::SyncStatus] {
        scene.lead_to(1, id, step);
        scene.attempt(id, step, scene::failed(Kind::Rejected));
        scene.skip(id, step).unwrap();
    }
    let bare = || Lookup::One(device(1, "offline"));
    // It is news once that the promoted unit is discovered.
    scene.renewed(1, bare());
    assert_eq!(scene.touching(id)[0], Step::ReadCablingPlan);
    assert_eq!(scene.renewed(1, bare()), Answer::Already);
    // Another address is another question.
    scene.lease(1, address(2));
    scene.answer(1, bare());
    assert_eq!(scene.touching(id)[0], Step::AssignBmcAddress);
}
