//! Cancelling and retiring: what was done is undone in reverse order, once each, on both lanes, and the way back is open.

use crate::scene::{Scene, address, device, failed, report, token};
use rackhand_core::decide::Answer;
use rackhand_core::event::{Event, LifeEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::rules::rule;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::evidence::{Evidence, Proof};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::text::Text;

/// Takes the undo steps as they become due; gives them in the order they were taken.
fn undone(scene: &mut Scene, id: UnitId) -> Vec<Step> {
    let mut taken = Vec::new();
    while let Some(due) = scene.due(id).into_iter().find(|d| d.step != Step::WriteNotes) {
        let at_once = scene.due(id).iter().filter(|d| d.step != Step::WriteNotes).count();
        assert_eq!(at_once, 1, "one at a time, whatever the lane");
        assert!(!taken.contains(&due.step), "{} twice", due.step);
        taken.push(due.step);
        scene.attempt(id, due.step, Outcome::Observed(Observation::Undone));
    }
    taken
}

/// The steps of the way, each with what must be undone when it is cancelled as it becomes due.
const WAY: &[(Step, &[Step])] = &[
    (Step::AssignBmcAddress, &[]),
    (Step::SyncStatus, &[Step::ReleaseBmcAddress]),
    (Step::ReadCablingPlan, &[Step::ReleaseBmcAddress]),
    (Step::ReachBmc, &[]),
    (Step::ResetForBoot, &[Step::DisarmNetworkBoot, Step::ReleaseBmcAddress]),
    (Step::WriteInterfaces, &[Step::ReleaseBmcAddress]),
    (Step::WriteCables, &[Step::ReleaseBmcAddress]),
    (Step::EnterStaging, &[Step::ReleaseBmcAddress]),
];

#[test]
fn a_cancellation_at_each_point_of_the_way_undoes_what_stands_in_reverse() {
    for (at, undo) in WAY {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to(1, id, *at);
        scene.cancel(id).unwrap();
        assert_eq!(undone(&mut scene, id), *undo, "cancelled before {at}");
        assert!(scene.unit(id).steps.undo().is_empty() && scene.unit(id).steps.progress().next().is_none());
        assert_eq!(scene.waits(id).last().unwrap().resolve.len(), 1, "only a release is left");
    }
}

#[test]
fn a_server_that_is_led_back_behind_staging_has_it_written_again() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to_stage(1, id, Stage::Staged);
    scene.settle(1, id);
    let (from, to) = (Stage::Staged, Stage::PhysicalValidated);
    let evidence = Evidence::new(Proof::InventoryReadBack, "its cables were changed");
    scene.record(Subject::Unit(id), Event::Life(LifeEvent::StageEntered { from, to, evidence }));
    assert!(!scene.unit(id).staging_written);
    scene.lead_to(1, id, Step::EnterStaging);
    assert_eq!(scene.unit(id).stage, Stage::PhysicalValidated, "it is not staged before NetBox says so again");
}

#[test]
fn a_cancellation_after_staging_leaves_staging_first() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to_stage(1, id, Stage::Staged);
    scene.cancel(id).unwrap();
    assert_eq!(undone(&mut scene, id), [Step::LeaveStaging, Step::ReleaseBmcAddress]);
    let unit = scene.unit(id);
    assert_eq!((unit.address_written, unit.status_written, unit.staging_written), (None, None, false));
}

#[test]
fn what_was_on_its_way_is_undone_too_since_it_may_have_arrived() {
    for outcome in [None, Some(Outcome::Accepted { receipt: "ok".into() }), Some(failed(Kind::Unknown))] {
        for step in [Step::AssignBmcAddress, Step::ArmNetworkBoot, Step::EnterStaging] {
            let mut scene = Scene::default();
            let id = scene.discovered(1);
            scene.lead_to(1, id, step);
            let due = scene.due(id).into_iter().find(|d| d.step == step).unwrap();
            scene.begin(id, due).unwrap();
            if let Some(outcome) = outcome.clone() {
                scene.ended(id, step, outcome);
            }
            scene.cancel(id).unwrap();
            let undo = rule(step).undo.unwrap();
            assert_eq!(undone(&mut scene, id).first(), Some(&undo), "{step} {outcome:?}");
            // Its answer comes late: nobody asks any more.
            assert_eq!(scene.ended(id, step, failed(Kind::Transient)), Answer::Already);
        }
    }
}

#[test]
fn an_address_that_a_lease_shows_before_its_writing_was_seen_is_released_all_the_same() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    let receipt = "10.0.0.1 written".into();
    scene.attempt(id, Step::AssignBmcAddress, Outcome::Accepted { receipt });
    // The daemon is started anew, and NetBox is asked again: it shows what was written.
    let shown = Device { oob_address: Some(address(1)), ..device(1, "offline") };
    scene.renewed(1, Lookup::One(shown));
    assert_eq!(scene.unit(id).address_written, Some(address(1)));
    scene.attempt(id, Step::SyncStatus, Outcome::Observed(Observation::Status(Stage::Discovered)));
    scene.cancel(id).unwrap();
    assert_eq!(undone(&mut scene, id), [Step::ReleaseBmcAddress]);
}

#[test]
fn the_network_boot_is_disarmed_until_the_machine_has_used_it_up() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.attempt(id, Step::ResetForBoot, Outcome::Accepted { receipt: "ok".into() });
    let mut reset_only = Scene { world: scene.world.clone(), ..Scene::default() };
    reset_only.now = scene.now;
    reset_only.cancel(id).unwrap();
    assert!(undone(&mut reset_only, id).contains(&Step::DisarmNetworkBoot));
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
    scene.cancel(id).unwrap();
    assert!(!undone(&mut scene, id).contains(&Step::DisarmNetworkBoot));
    assert!(scene.final_report(token(1), report(1)).is_err(), "a cancelled unit's token is dead");
    assert!(matches!(scene.boot_request(1, token(2)), Answer::BootLocal(_)));
}

#[test]
fn a_boot_armed_while_the_unit_was_moved_back_is_disarmed_when_it_is_cancelled_later() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ArmNetworkBoot);
    let due = scene.due(id).into_iter().find(|d| d.step == Step::ArmNetworkBoot).unwrap();
    scene.begin(id, due).unwrap();
    scene.go(id, Stage::Cabled).unwrap();
    scene.ended(id, Step::ArmNetworkBoot, Outcome::Observed(Observation::Armed));
    assert!(!scene.unit(id).boot.armed, "the answer is to a question of before");
    scene.cancel(id).unwrap();
    assert!(undone(&mut scene, id).contains(&Step::DisarmNetworkBoot));
}

#[test]
fn an_undo_that_fails_is_tried_again_then_parked_and_can_be_skipped() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.cancel(id).unwrap();
    let refusal = scene.release(id).unwrap_err();
    assert!(refusal.text.contains("undo steps are not finished"));
    for attempt in 1..=8 {
        assert!(scene.unit(id).steps.parked().next().is_none());
        scene.later(600);
        assert_eq!(scene.due(id)[0].attempt, attempt);
        scene.attempt(id, Step::DisarmNetworkBoot, failed(Kind::Transient));
    }
    let wait = scene.wait_of(id, Step::DisarmNetworkBoot);
    assert_eq!(wait.resolve.iter().map(Text::as_str).collect::<Vec<_>>(), ["retry", "skip"], "it is cancelled already");
    assert!(scene.moves(id).is_empty(), "the next one waits its turn");
    scene.skip(id, Step::DisarmNetworkBoot).unwrap();
    assert_eq!(undone(&mut scene, id), [Step::ReleaseBmcAddress]);
    scene.release(id).unwrap();
}

#[test]
fn a_parked_undo_that_is_retried_has_a_fresh_budget_and_runs_once() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::SyncStatus);
    scene.cancel(id).unwrap();
    scene.attempt(id, Step::ReleaseBmcAddress, failed(Kind::Rejected));
    assert_eq!(scene.unit(id).steps.parked().count(), 1);
    scene.retry(id).unwrap();
    assert_eq!(scene.due(id)[0].attempt, 1);
    assert_eq!(undone(&mut scene, id), [Step::ReleaseBmcAddress]);
}

#[test]
fn a_release_after_the_cancellation_leads_back_to_cabled_and_the_way_is_gone_again() {
    for at in WAY.iter().map(|(step, _)| *step) {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to(1, id, at);
        scene.cancel(id).unwrap();
        undone(&mut scene, id);
        let mark = scene.mark();
        scene.release(id).unwrap();
        let unit = scene.unit(id);
        assert_eq!((unit.stage, unit.disposition), (Stage::Cabled, Disposition::Normal));
        let entered = scene.since(mark).into_iter().find_map(|e| match e {
            Event::Life(LifeEvent::StageEntered { evidence, .. }) => Some(evidence.proof),
            _ => None,
        });
        assert_eq!(entered, Some(Proof::EvidenceLost));
        assert!(!scene.touching(id).contains(&Step::AssignBmcAddress), "its address is not written before a lease");
        // The same lease, seen again, is enough.
        scene.renewed(1, rackhand_core::inventory::Lookup::One(device(1, "offline")));
        assert_eq!(scene.unit(id).stage, Stage::Discovered);
        scene.lead_to_stage(1, id, Stage::Staged);
    }
}

#[test]
fn a_unit_cancelled_before_anything_was_done_keeps_its_stage_when_released() {
    for stage in [Stage::Ordered, Stage::ShipmentTracking, Stage::Received, Stage::Cabled] {
        let mut scene = Scene::default();
        let id = scene.import(1, stage);
        scene.cancel(id).unwrap();
        assert!(undone(&mut scene, id).is_empty());
        scene.release(id).unwrap();
        assert_eq!(scene.unit(id).stage, stage);
    }
}

#[test]
fn a_tenants_server_cannot_be_cancelled_and_no_key_says_it_could() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::InService);
    assert!(scene.cancel(id).unwrap_err().text.contains("cannot become cancelled"));
    scene.lease(1, address(1));
    scene.answer(1, rackhand_core::inventory::Lookup::One(device(1, "active")));
    scene.attempt(id, Step::AssignBmcAddress, failed(Kind::Conflict));
    let keys = scene.wait_of(id, Step::AssignBmcAddress).resolve;
    assert_eq!(keys.iter().map(Text::as_str).collect::<Vec<_>>(), ["retry", "skip"]);
}

#[test]
fn a_second_cancellation_does_not_begin_the_undo_again() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to_stage(1, id, Stage::Staged);
    scene.cancel(id).unwrap();
    scene.attempt(id, Step::LeaveStaging, Outcome::Observed(Observation::Undone));
    assert_eq!(scene.cancel(id), Ok(Answer::Already));
    assert_eq!(undone(&mut scene, id), [Step::ReleaseBmcAddress]);
}

#[test]
fn retiring_undoes_what_cancelling_undoes_and_a_release_leads_back_the_same_way() {
    for (at, undo) in WAY {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to(1, id, *at);
        scene.retire(id).unwrap();
        assert!(undo.is_empty() || scene.release(id).is_err(), "half undone");
        assert_eq!(undone(&mut scene, id), *undo, "retired before {at}");
        assert_eq!(scene.waits(id).last().unwrap().resolve.len(), 1, "only a release is left");
        scene.release(id).unwrap();
        assert_eq!((scene.unit(id).stage, scene.unit(id).disposition), (Stage::Cabled, Disposition::Normal));
    }
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to_stage(1, id, Stage::Staged);
    scene.retire(id).unwrap();
    scene.attempt(id, Step::LeaveStaging, failed(Kind::Rejected));
    let keys = scene.wait_of(id, Step::LeaveStaging).resolve;
    assert_eq!(keys.iter().map(Text::as_str).collect::<Vec<_>>(), ["retry", "skip"]);
}
