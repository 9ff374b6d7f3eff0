//! Waits explain themselves, and budgets are kept: who is tried how often, who must act, and what they can do.

use crate::scene;
use std::time::Duration;

use crate::scene::{Scene, address, bmc_mac, device, failed, person, report, step_report, token};
use rackhand_core::bmc::Rung;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input};
use rackhand_core::event::{Event, StepEvent};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::next::{Move, Wait};
use rackhand_core::flow::rules::{LADDER, Lane, all};
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject, UnitId};
use rackhand_core::inventory::Lookup;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::table;
use rackhand_core::text::Text;
use rackhand_core::view;

fn keys(wait: &Wait) -> Vec<&str> {
    wait.resolve.iter().map(Text::as_str).collect()
}

fn accepted() -> Outcome {
    Outcome::Accepted { receipt: "task 42".into() }
}

/// A unit whose reset is due.
fn armed() -> (Scene, UnitId) {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    (scene, id)
}

fn expire(scene: &mut Scene, id: UnitId, step: Step) {
    let until = scene.wait_of(id, step).until.expect("it has its hour");
    scene.now = until;
    assert_eq!(scene.moves(id), [Move::Expire(Lane::Bmc, step)]);
    scene.put(Actor::Rackhand, &Input::Expired(Subject::Unit(id), Lane::Bmc, step)).unwrap();
}

fn intended(scene: &Scene) -> Vec<Rung> {
    let rungs = scene.log.iter().filter_map(|r| match &r.draft.event {
        Event::Step(StepEvent::StepIntended { step: Step::ResetForBoot, rung, .. }) => *rung,
        _ => None,
    });
    rungs.collect()
}

#[test]
fn a_step_that_waits_says_which_attempt_it_was_of_how_many_and_when_the_next_comes() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.attempt(id, Step::ReachBmc, failed(Kind::Transient));
    let wait = scene.wait_of(id, Step::ReachBmc);
    assert_eq!((wait.attempt, wait.of, wait.who), (Some(1), Some(30), None));
    let pause = wait.next_try.unwrap().since(scene.now);
    assert!((5.0..=6.25).contains(&pause.as_secs_f64()), "5 s and up to a quarter more: {pause:?}");
    assert!(wait.what.contains("reach_bmc") && wait.what.contains("it did not work"), "{}", wait.what);
    assert_eq!((wait.since, keys(&wait)), (scene.now, vec![]));
    let row = view::row(scene.unit(id), scene.now);
    assert_eq!((row.state, row.next_try), (view::State::Retrying, wait.next_try));
    assert_eq!(scene.next(id).wake, wait.next_try);
}

#[test]
fn a_reset_that_was_taken_says_what_it_waits_for_and_until_when() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, accepted());
    let wait = scene.wait_of(id, Step::ResetForBoot);
    assert_eq!(wait.until, Some(scene.now + Duration::from_mins(15)));
    for part in ["restart", "task 42", "fetch its boot script"] {
        assert!(wait.what.contains(part), "{}", wait.what);
    }
    assert_eq!((wait.who, wait.next_try), (None, None));
}

#[test]
fn a_step_that_is_parked_says_who_decides_and_by_which_keys() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.attempt(id, Step::AssignBmcAddress, failed(Kind::Conflict));
    let wait = scene.wait_of(id, Step::AssignBmcAddress);
    assert_eq!((wait.who, keys(&wait)), (Some(Role::Operator), vec!["retry", "skip", "cancel"]));
    assert!(wait.what.contains("settle which of the two is right"), "it says what to do: {}", wait.what);
    scene.attempt(id, Step::ReachBmc, failed(Kind::Rejected));
    let wait = scene.wait_of(id, Step::ReachBmc);
    assert_eq!((wait.who, keys(&wait)), (Some(Role::Technician), vec!["retry", "cancel"]), "nothing stands in for it");
    assert_eq!(view::row(scene.unit(id), scene.now).state, view::State::Stuck);
    assert_eq!(view::dead_letters(&scene.world, scene.now).len(), 2);
}

#[test]
fn an_attempt_under_way_is_a_move_to_be_taken_up_again() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    let due = scene.due(id)[0];
    assert_eq!((due.step, due.begun), (Step::AssignBmcAddress, false));
    scene.begin(id, due).unwrap();
    let again = scene.due(id)[0];
    assert_eq!((again.step, again.attempt, again.begun), (due.step, 1, true), "it looks first, so it may");
    assert_eq!(scene.begin(id, again), Ok(Answer::Already), "its intention is on disk already");
}

#[test]
fn a_refused_password_is_never_tried_twice() {
    for step in [Step::LogInToBmc, Step::ArmNetworkBoot, Step::ResetForBoot] {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to(1, id, step);
        scene.attempt(id, step, failed(Kind::Unauthorised));
        scene.later(86_400);
        assert!(!scene.due(id).iter().any(|d| d.lane == Lane::Bmc), "{step}");
        let wait = scene.wait_of(id, step);
        assert!(wait.who.is_some() && wait.what.contains("set the right BMC password"), "{}", wait.what);
    }
}

/// A unit on the way that has this step on it.
fn begun(scene: &mut Scene, step: Step) -> UnitId {
    if step == Step::PlaceDevice {
        return scene.placed(1);
    }
    if step != Step::RegisterBmc {
        return scene.discovered(1);
    }
    scene.import_row(scene::row(1), None).unwrap();
    scene.world.by_bmc(scene::bmc_mac(1)).unwrap().id
}

#[test]
fn netbox_is_waited_for_without_end_and_parks_only_what_it_refuses() {
    let dcim = all().filter(|r| r.lane == Lane::Dcim && r.step != Step::LookUpDevice).map(|r| r.step);
    let led = dcim.filter(|s| !matches!(s, Step::ReleaseBmcAddress | Step::LeaveStaging | Step::UnplaceDevice));
    for step in led {
        for kind in [Kind::Transient, Kind::Unknown, Kind::Malformed, Kind::Unauthorised] {
            let mut scene = Scene::default();
            let id = begun(&mut scene, step);
            scene.lead_to(1, id, step);
            for _ in 0..40 {
                scene.attempt(id, step, failed(kind));
                let wait = scene.wait_of(id, step);
                assert_eq!((wait.of, wait.who), (None, None), "{step} {kind:?}");
                let pause = wait.next_try.unwrap().since(scene.now);
                assert!(pause <= Duration::from_secs(375), "{pause:?}");
                scene.now = wait.next_try.unwrap();
            }
        }
        for kind in [Kind::Rejected, Kind::Conflict, Kind::Gone, Kind::Forbidden] {
            let mut scene = Scene::default();
            let id = begun(&mut scene, step);
            scene.lead_to(1, id, step);
            scene.attempt(id, step, failed(kind));
            assert_eq!(scene.unit(id).steps.parked().map(|(p, _)| p.step).collect::<Vec<_>>(), [step], "{kind:?}");
        }
    }
}

#[test]
fn a_lookup_that_fails_waits_and_one_that_is_refused_is_a_dead_letter_of_its_bmc() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    let (subject, step) = (Subject::Bmc(bmc_mac(1)), Step::LookUpDevice);
    let end = |scene: &mut Scene, kind| {
        let outcome = failed(kind);
        scene.put(Actor::Rackhand, &Input::Ended { subject, step, generation: 1, outcome }).unwrap();
    };
    for _ in 0..20 {
        end(&mut scene, Kind::Transient);
        assert!(scene.due_for_sighting(1).is_empty());
        scene.later(400);
        assert_eq!(scene.due_for_sighting(1), [Step::LookUpDevice], "nothing is lost");
    }
    end(&mut scene, Kind::Rejected);
    let letters = view::dead_letters(&scene.world, scene.now);
    assert_eq!(letters.iter().map(|l| l.subject).collect::<Vec<_>>(), [subject]);
    let waits = rackhand_core::flow::next::for_sighting(&scene.world.sightings[&bmc_mac(1)], scene.now).waits;
    assert_eq!(keys(&waits[0]), ["retry"], "a sighting cannot be cancelled");
    scene.command(Role::Technician, Command::Retry { subject }).unwrap();
    assert_eq!(scene.due_for_sighting(1), [Step::LookUpDevice]);
}

#[test]
fn notes_of_a_sighting_that_netbox_refuses_can_be_skipped() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(device(1, "active")));
    assert!(scene.due_for_sighting(1).is_empty(), "what comes soon after goes along");
    scene.later(120);
    assert_eq!(scene.due_for_sighting(1), [Step::WriteNotes]);
    let (subject, step) = (Subject::Bmc(bmc_mac(1)), Step::WriteNotes);
    let outcome = failed(Kind::Rejected);
    scene.put(Actor::Rackhand, &Input::Ended { subject, step, generation: 1, outcome }).unwrap();
    let skip = Command::Skip { subject, step, generation: 1, reason: "the device is gone".into() };
    scene.command(Role::Operator, skip).unwrap();
    assert!(scene.due_for_sighting(1).is_empty() && view::dead_letters(&scene.world, scene.now).is_empty());
}

#[test]
fn a_reset_whose_answer_is_lost_is_not_sent_again_only_its_effect_or_the_next_rung_tells() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, failed(Kind::Unknown));
    let until = scene.wait_of(id, Step::ResetForBoot).until.unwrap();
    while scene.now < until {
        assert!(scene.moves(id).is_empty(), "{:?}", scene.next(id));
        assert!(scene.next(id).wake.is_some_and(|wake| wake <= until));
        scene.later(60);
    }
    expire(&mut scene, id, Step::ResetForBoot);
    assert_eq!(intended(&scene), [Rung::Restart]);
    scene.lead_to(1, id, Step::ResetForBoot);
    assert_eq!(scene.due(id)[0].rung, Some(Rung::PowerCycle));
}

#[test]
fn a_reset_in_the_air_when_the_daemon_died_is_not_sent_again() {
    let (mut scene, id) = armed();
    let due = scene.due(id)[0];
    scene.begin(id, due).unwrap();
    assert!(scene.moves(id).is_empty(), "{:?}", scene.next(id));
    assert!(scene.begin(id, due).is_err());
    assert!(scene.wait_of(id, Step::ResetForBoot).until.is_some());
    // It did arrive: the machine says so.
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
}

#[test]
fn a_hold_or_a_quarantine_between_a_reset_and_its_answer_does_not_send_it_twice() {
    for quarantine in [false, true] {
        for outcome in [Some(failed(Kind::Unknown)), Some(accepted()), None] {
            let (mut scene, id) = armed();
            let due = scene.due(id)[0];
            scene.begin(id, due).unwrap();
            if quarantine {
                let reason = "let me see".into();
                scene.command(Role::Technician, Command::Quarantine { unit: id, reason }).unwrap();
            } else {
                scene.hold(id).unwrap();
            }
            assert!(scene.touching(id).is_empty());
            if let Some(outcome) = outcome.clone() {
                assert_eq!(scene.ended(id, Step::ResetForBoot, outcome), Answer::Done, "the answer is kept");
            }
            scene.release(id).unwrap();
            assert!(scene.touching(id).is_empty(), "{outcome:?} {:?}", scene.next(id));
            assert_eq!(intended(&scene), [Rung::Restart]);
        }
    }
}

#[test]
fn a_reset_that_netbox_forbids_is_parked_before_anything_was_sent() {
    let (mut scene, id) = armed();
    let elsewhere = Fault::new(System::Netbox, Kind::Conflict, "another site has it");
    assert_eq!(scene.ended(id, Step::ResetForBoot, Outcome::Failed(elsewhere)), Answer::Done);
    assert_eq!(intended(&scene), []);
    assert!(scene.touching(id).is_empty() && scene.wait_of(id, Step::ResetForBoot).who.is_some());
    scene.retry(id).unwrap();
    assert_eq!(scene.touching(id), [Step::ArmNetworkBoot]);
}

#[test]
fn one_intention_of_a_reset_has_one_outcome() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, accepted());
    assert_eq!(scene.ended(id, Step::ResetForBoot, failed(Kind::Transient)), Answer::Already);
    scene.later(60);
    assert!(scene.moves(id).is_empty());
}

#[test]
fn a_reset_that_is_known_not_to_have_arrived_may_be_sent_again_on_its_rung() {
    let (mut scene, id) = armed();
    for attempt in 1..=8 {
        let due = scene.due(id)[0];
        assert_eq!((due.attempt, due.rung), (attempt, Some(Rung::Restart)));
        scene.attempt(id, Step::ResetForBoot, failed(Kind::Transient));
        scene.later(600);
    }
    assert_eq!(scene.wait_of(id, Step::ResetForBoot).who, Some(Role::Technician));
}

#[test]
fn a_machine_that_stays_silent_climbs_the_ladder_and_then_a_person_is_asked() {
    let (mut scene, id) = armed();
    for rung in LADDER {
        scene.lead_to(1, id, Step::ResetForBoot);
        assert_eq!(scene.due(id)[0].rung, Some(*rung));
        scene.attempt(id, Step::ResetForBoot, accepted());
        expire(&mut scene, id, Step::ResetForBoot);
    }
    assert_eq!(intended(&scene), LADDER);
    let wait = scene.wait_of(id, Step::ResetForBoot);
    assert_eq!(wait.who, Some(Role::Technician));
    assert!(wait.what.contains("no boot script fetched") && wait.what.contains("PXE setting"), "{}", wait.what);
    assert!(matches!(scene.boot_request(1, token(1)), Answer::BootLocal(_)), "and it boots what it has");
    scene.later(86_400);
    assert!(scene.touching(id).is_empty());
    // A person grants the ladder anew.
    scene.retry(id).unwrap();
    scene.lead_to(1, id, Step::ResetForBoot);
    assert_eq!((scene.due(id)[0].rung, scene.due(id)[0].attempt), (Some(Rung::Restart), 1));
}

#[test]
fn a_validation_that_never_reports_is_booted_once_more_and_then_a_person_is_asked() {
    let (mut scene, id) = armed();
    for n in 1..=2 {
        scene.lead_to(1, id, Step::ResetForBoot);
        assert_eq!(scene.due(id)[0].rung, Some(Rung::Restart), "a silent validation is no silent boot");
        scene.attempt(id, Step::ResetForBoot, accepted());
        assert_eq!(scene.boot_request(1, token(n)), Answer::BootValidation);
        let wait = scene.wait_of(id, Step::Validate);
        assert_eq!((wait.attempt, wait.of), (Some(n.into()), Some(2)));
        expire(&mut scene, id, Step::Validate);
        assert!(scene.final_report(token(n), report(1)).is_err(), "the token died with the deadline");
    }
    let wait = scene.wait_of(id, Step::Validate);
    assert!(wait.what.contains("no final report") && wait.what.contains("last heard: nothing"), "{}", wait.what);
    assert_eq!((wait.who, keys(&wait)), (Some(Role::Technician), vec!["retry", "cancel"]));
    assert!(matches!(scene.boot_request(1, token(9)), Answer::BootLocal(_)), "a parked boot hands out no script");
    scene.retry(id).unwrap();
    scene.lead_to_stage(1, id, Stage::Staged);
}

#[test]
fn a_persons_retry_grants_a_fresh_budget_and_leaves_the_other_lane_alone() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, accepted());
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
    // A note that NetBox refuses, while the machine validates.
    let report_of = rackhand_core::boot::report::ValidationStep::Init;
    scene.put(Actor::Wire, &Input::StepReported(token(1), step_report(report_of))).unwrap();
    scene.later(120);
    scene.attempt(id, Step::WriteNotes, failed(Kind::Rejected));
    let before = (scene.unit(id).boot.clone(), scene.unit(id).validation.clone());
    scene.retry(id).unwrap();
    assert_eq!((scene.unit(id).boot.clone(), scene.unit(id).validation.clone()), before);
    assert_eq!(scene.due(id)[0].step, Step::WriteNotes);
    assert_eq!((scene.due(id)[0].generation, scene.due(id)[0].attempt), (2, 1));
    scene.final_report(token(1), report(1)).unwrap();
    scene.lead_to_stage(1, id, Stage::PhysicalValidated);
}

#[test]
fn an_answer_of_an_older_generation_changes_nothing() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.attempt(id, Step::AssignBmcAddress, failed(Kind::Rejected));
    scene.retry(id).unwrap();
    let mark = scene.mark();
    let (subject, step) = (Subject::Unit(id), Step::AssignBmcAddress);
    let outcome = failed(Kind::Rejected);
    let old = Input::Ended { subject, step, generation: 1, outcome };
    assert_eq!(scene.put(Actor::Rackhand, &old), Ok(Answer::Already));
    assert_eq!(scene.mark(), mark);
}

#[test]
fn a_retry_where_nothing_is_parked_says_so() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    let refusal = scene.retry(id).unwrap_err();
    assert!(refusal.text.contains("tried again by itself"), "{refusal}");
}

#[test]
fn another_lease_frees_a_step_that_was_parked_against_the_old_address() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.attempt(id, Step::ReachBmc, failed(Kind::Rejected));
    scene.attempt(id, Step::AssignBmcAddress, failed(Kind::Conflict));
    scene.lease(1, address(2));
    scene.answer(1, Lookup::One(device(1, "offline")));
    assert_eq!(scene.touching(id), [Step::AssignBmcAddress, Step::ReachBmc]);
}

#[test]
fn every_stage_that_waits_says_for_what_and_its_keys_open_a_way() {
    for stage in Stage::ALL.iter().copied() {
        let mut scene = Scene::default();
        let id = scene.import(1, stage);
        let waits = scene.waits(id);
        assert_eq!(waits.len(), 1, "{stage}");
        assert!(!waits[0].what.is_empty());
        if keys(&waits[0]).contains(&"move") {
            let who = person(waits[0].who.unwrap_or(Role::Operator));
            assert!(table::open_ways(stage, &who).next().is_some(), "{stage} offers a move that {who} has not");
        }
        if waits[0].who.is_some() {
            assert!(!keys(&waits[0]).is_empty(), "{stage}: somebody must act, and cannot");
        }
    }
}

#[test]
fn a_stage_without_its_next_step_says_so_and_one_with_it_goes_on() {
    for (stage, built) in [
        (Stage::Received, true),
        (Stage::Cabled, true),
        (Stage::Staged, false),
        (Stage::ProvisionedToVendorTool, false),
        (Stage::FirmwareUpdating, false),
        (Stage::Hardened, false),
        (Stage::Ready, true),
        (Stage::AssignedToTenant, false),
        (Stage::InService, true),
        (Stage::Decommissioning, false),
    ] {
        let mut scene = Scene::default();
        let id = scene.import(1, stage);
        let wait = scene.waits(id).remove(0);
        assert_eq!(wait.unbuilt, !built, "{stage}");
        assert!(built || wait.who.is_none(), "{stage}: nobody can end it");
        let row = view::row(scene.unit(id), scene.now);
        assert_eq!(row.waits_for.starts_with("no step yet"), !built, "{stage}: {}", row.waits_for);
    }
}

#[test]
fn a_reset_that_fell_before_it_was_intended_was_not_sent_and_is_tried_again() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.ended(id, Step::ResetForBoot, failed(Kind::Unknown));
    let wait = scene.wait_of(id, Step::ResetForBoot);
    let again = wait.next_try.expect("nothing is in doubt, so it is tried again");
    scene.later(again.since(scene.now).as_secs() + 1);
    assert_eq!(scene.due(id).iter().map(|d| d.step).collect::<Vec<_>>(), [Step::ResetForBoot]);
}

#[test]
fn a_server_on_order_is_received_and_one_at_the_dock_is_scanned_into_its_rack() {
    for (stage, key) in [(Stage::ShipmentTracking, "receive"), (Stage::Received, "scan-rack")] {
        let mut scene = Scene::default();
        let id = scene.import(1, stage);
        assert_eq!(keys(&scene.waits(id)[0])[0], key);
    }
}

#[test]
fn a_unit_that_stands_aside_says_why_since_when_and_how_it_comes_back() {
    for to in Disposition::ALL.iter().copied().filter(|d| *d != Disposition::Normal) {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.later(5_000);
        scene.stand(id, to);
        let wait = scene.waits(id).into_iter().last().unwrap();
        assert!(wait.what.contains("a test says so"), "{}", wait.what);
        assert_eq!((wait.since, keys(&wait)), (scene.now, vec!["release"]), "{to}");
        assert_eq!(view::row(scene.unit(id), scene.now).state, view::State::Aside, "{to}");
    }
}

#[test]
fn a_quarantined_unit_with_a_task_tells_of_both() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Received);
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(device(1, "offline")));
    scene.command(Role::Technician, Command::Quarantine { unit: id, reason: "smoke".into() }).unwrap();
    let all: Vec<Vec<Wait>> = vec![scene.waits(id)];
    let told: Vec<_> = all[0].iter().flat_map(keys).collect();
    assert_eq!(told, ["done", "release"]);
}

#[test]
fn a_unit_at_its_end_leaves_no_dead_letter_behind() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.attempt(id, Step::ReachBmc, failed(Kind::Rejected));
    scene.attempt(id, Step::AssignBmcAddress, failed(Kind::Rejected));
    assert_eq!(view::dead_letters(&scene.world, scene.now).len(), 2);
    scene.command(Role::Operator, Command::Retire { unit: id, reason: "burnt".into() }).unwrap();
    assert!(view::dead_letters(&scene.world, scene.now).is_empty());
    // The address may have arrived all the same.
    scene.attempt(id, Step::ReleaseBmcAddress, Outcome::Observed(Observation::Undone));
    assert_eq!(view::row(scene.unit(id), scene.now).state, view::State::Aside);
}
