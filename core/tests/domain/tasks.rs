//! Tasks and identity: what stops a server until a person has seen to it, and what goes on afterwards.

use crate::scene;
use crate::scene::{Scene, address, bmc_mac, device, good, nic_mac, report, serial, token};
use rackhand_core::bmc::SystemReading;
use rackhand_core::boot::commands::bootable;
use rackhand_core::boot::report::StepVerdict;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Why};
use rackhand_core::event::{Event, StepEvent};
use rackhand_core::flow::attempt::Phase;
use rackhand_core::flow::next::Wait;
use rackhand_core::flow::rules::{Class, LADDER, Lane, rule};
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject, UnitId};
use rackhand_core::inventory::{CablingPlan, Lookup};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;

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

#[test]
fn a_report_that_does_not_match_is_tasks_and_when_they_are_done_the_machine_shows_it_anew() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, accepted());
    scene.boot_request(1, token(1));
    let mut wrong = report(1);
    wrong.nics[0].neighbour = Some(scene::port(9));
    wrong.steps[1].verdict = StepVerdict::Stopped;
    scene.later(50);
    scene.final_report(token(1), wrong).unwrap();
    assert!(scene.unit(id).tasks.is_empty(), "its BMC's list of parts is not read yet");
    let parts = good(1, scene.unit(id), Step::ReadParts).unwrap();
    scene.attempt(id, Step::ReadParts, Outcome::Observed(parts));
    let tasks: Vec<_> = scene.unit(id).tasks.iter().map(|(n, t)| (*n, t.kind)).collect();
    assert_eq!(tasks.iter().map(|t| t.1).collect::<Vec<_>>(), [TaskKind::CheckHardware, TaskKind::FixCable]);
    assert!(scene.waits(id).iter().all(|w| w.since == scene.now && keys(w) == ["done"]));
    assert!(scene.touching(id).is_empty());
    scene.later(50);
    for (n, (task, _)) in tasks.into_iter().enumerate() {
        assert_eq!(scene.touching(id).is_empty(), n < 2, "it stands still until the last one is done");
        scene.command(Role::Technician, Command::CloseTask { unit: id, task, note: "moved".into() }).unwrap();
    }
    assert_eq!(scene.touching(id), [Step::ReadCablingPlan, Step::LogInToBmc]);
    scene.lead_to_stage(1, id, Stage::Staged);
}

#[test]
fn a_validated_unit_that_inventory_contradicts_is_not_staged_before_it_is_settled() {
    let (mut scene, id) = armed();
    scene.lead_to(1, id, Step::WriteInterfaces);
    scene.renewed(1, Lookup::One(device(1, "offline")));
    assert!(scene.touching(id).is_empty(), "{:?}", scene.next(id));
    let (task, found) = scene.unit(id).tasks[0].clone();
    assert_eq!(found.kind, TaskKind::SettleInventory);
    scene.command(Role::Operator, Command::CloseTask { unit: id, task, note: "was a slip".into() }).unwrap();
    // What it showed of itself still stands.
    assert_eq!(scene.touching(id), [Step::WriteInterfaces]);
    scene.lead_to_stage(1, id, Stage::Staged);
}

#[test]
fn an_adopted_server_without_a_serial_takes_the_one_its_bmc_tells() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    let mut found = device(1, "offline");
    found.serial = None;
    scene.answer(1, Lookup::One(found));
    let id = scene.world.by_bmc(bmc_mac(1)).unwrap().id;
    assert_eq!(scene.unit(id).serial, None);
    scene.lead_to_stage(1, id, Stage::Staged);
    assert_eq!(scene.unit(id).serial, Some(serial(1)));
}

#[test]
fn a_serial_on_a_bmc_that_is_another_units_is_for_a_person() {
    let mut scene = Scene::default();
    let other = scene.import(7, Stage::Staged);
    scene.lease(1, address(1));
    let mut found = device(1, "offline");
    found.serial = None;
    scene.answer(1, Lookup::One(found));
    let id = scene.world.by_bmc(bmc_mac(1)).unwrap().id;
    scene.lead_to(1, id, Step::LogInToBmc);
    let saw = good(7, scene.unit(id), Step::LogInToBmc).unwrap();
    scene.attempt(id, Step::LogInToBmc, Outcome::Observed(saw));
    assert_eq!(scene.world.by_serial(&serial(7)).map(|u| u.id), Some(other));
    assert_eq!(scene.unit(id).tasks[0].1.kind, TaskKind::CheckIdentity);
    assert!(!scene.due(id).iter().any(|d| d.lane == Lane::Bmc));
}

#[test]
fn only_its_own_nic_is_given_the_validation_image() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, accepted());
    let ask = |nic| Input::BootRequest { serial: serial(1), nic, token: token(1) };
    let mark = scene.mark();
    for (nic, said) in [(Some(nic_mac(99)), "not known to be its own"), (None, "is missing")] {
        let answer = scene.put(Actor::Wire, &ask(nic)).unwrap();
        assert!(matches!(&answer, Answer::BootLocal(why) if why.contains(said)), "{answer:?}");
    }
    assert!(scene.since(mark).is_empty(), "a stranger's asking leaves nothing");
    assert_eq!(scene.put(Actor::Wire, &ask(Some(nic_mac(1)))), Ok(Answer::BootValidation));
    let mark = scene.mark();
    assert_eq!(scene.put(Actor::Wire, &ask(Some(nic_mac(1)))), Ok(Answer::BootValidation));
    assert!(scene.since(mark).is_empty(), "nor does the machine's own, the second time");
    assert!(matches!(scene.unit(id).steps.lane(Lane::Bmc).unwrap().phase, Phase::Accepted { .. }));
    assert_eq!(rule(Step::Validate).class, Class::Await);
    assert!(scene.ended(id, Step::Validate, Outcome::Observed(Observation::Reported)) == Answer::Already);
}

#[test]
fn each_boot_has_its_number_and_keeps_it_until_the_next_one() {
    let (mut scene, id) = armed();
    scene.attempt(id, Step::ResetForBoot, accepted());
    let boot = |scene: &Scene| bootable(&scene.world, &serial(1), Some(nic_mac(1))).unwrap();
    assert_eq!((boot(&scene).unit, boot(&scene).number, boot(&scene).token), (id, 1, None));
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
    assert_eq!((boot(&scene).number, boot(&scene).token), (1, Some(token(1))));
    scene.later(5 * 3_600);
    scene.put(Actor::Rackhand, &Input::Expired(Subject::Unit(id), Lane::Bmc, Step::Validate)).unwrap();
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.attempt(id, Step::ResetForBoot, accepted());
    assert_eq!((boot(&scene).number, boot(&scene).token), (2, None), "its token will be another");
}

#[test]
fn a_server_whose_nics_nobody_knows_gets_no_script_until_its_bmc_or_netbox_tells_them() {
    let told_by = |bmc: bool| {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        let Some(Observation::System(known)) = good(1, scene.unit(id), Step::LogInToBmc) else { panic!() };
        let untold = SystemReading { nics: Vec::new(), ..known.clone() };
        scene.lead_to(1, id, Step::LogInToBmc);
        scene.attempt(id, Step::LogInToBmc, Outcome::Observed(Observation::System(untold.clone())));
        scene.record(
            Subject::Unit(id),
            Event::Step(StepEvent::StepObserved {
                step: Step::ReadCablingPlan,
                generation: 1,
                saw: Observation::Plan(CablingPlan::default()),
                until: None,
                terms: None,
            }),
        );
        let again = |scene: &mut Scene, reading: &SystemReading| {
            scene.put(Actor::Rackhand, &Input::ReadAgain(id, reading.clone())).unwrap()
        };
        for rung in LADDER {
            scene.lead_to(1, id, Step::ResetForBoot);
            scene.attempt(id, Step::ResetForBoot, accepted());
            let mark = scene.mark();
            let not = bootable(&scene.world, &serial(1), Some(nic_mac(1))).unwrap_err();
            assert_eq!(not.untold, Some(id), "{}", not.why);
            assert!(matches!(scene.boot_request(1, token(9)), Answer::BootLocal(_)));
            assert_eq!(again(&mut scene, &untold), Answer::Already, "its POST is not over");
            assert!(scene.since(mark).is_empty(), "{rung:?}: nobody's asking leaves a trace");
            if bmc {
                assert_eq!(again(&mut scene, &known), Answer::Done);
                assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
                assert_eq!(again(&mut scene, &known), Answer::Already);
                return;
            }
            scene.later(3_600);
            scene.put(Actor::Rackhand, &Input::Expired(Subject::Unit(id), Lane::Bmc, Step::ResetForBoot)).unwrap();
        }
        let wait = scene.wait_of(id, Step::ResetForBoot);
        assert!(
            wait.what.contains("no MAC of its NICs is known") && wait.what.contains("into NetBox"),
            "{}",
            wait.what
        );
        // It is written into NetBox; the retry reads it.
        scene.retry(id).unwrap();
        scene.lead_to_stage(1, id, Stage::Staged);
    };
    told_by(true);
    told_by(false);
}

#[test]
fn the_work_at_hand_is_what_the_stages_wait_for_and_what_tasks_ask_and_ends_as_it_says() {
    use rackhand_core::view::work::{Ends, WorkQuery, work};
    let mut scene = Scene::default();
    let new = scene.import(7, Stage::Received);
    let query = WorkQuery { limit: 10, ..WorkQuery::default() };
    let list = |scene: &Scene| -> Vec<(String, Ends)> {
        let rows = work(&scene.world, &query, scene.now).rows;
        rows.into_iter().map(|r| (format!("{} {}", r.label, r.title), r.ends)).collect()
    };
    let racked = Ends::Move(Stage::Racked);
    assert_eq!(list(&scene), [(format!("{} rack", serial(7)), racked)]);
    let reason = Text::new("scanned");
    scene.command(Role::Technician, Command::Move { unit: new, to: Stage::Racked, reason: reason.clone() }).unwrap();
    assert_eq!(list(&scene), [(format!("{} cable", serial(7)), Ends::Move(Stage::Cabled))]);

    // A lease implies what nobody confirmed: that is a task, and no ordinary work any more.
    scene.lease(7, address(7));
    scene.answer(7, Lookup::One(device(7, "offline")));
    assert_eq!(scene.unit(new).stage, Stage::Discovered);
    let rows = list(&scene);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, format!("{} confirm placement", serial(7)));
    let Ends::Close(task) = rows[0].1 else { panic!("a task is closed") };
    scene.command(Role::Technician, Command::CloseTask { unit: new, task, note: reason.clone() }).unwrap();
    assert_eq!(list(&scene), []);

    let held = scene.import(8, Stage::Received);
    scene.command(Role::Technician, Command::Hold { unit: held, reason }).unwrap();
    assert_eq!(list(&scene), [], "what is held asks for no work");
}

#[test]
fn each_disagreement_about_what_a_server_is_is_a_task_and_the_same_one_is_no_second() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::LogInToBmc);
    let tells = |scene: &mut Scene, n: u8, nics: Vec<Mac>| {
        let Some(Observation::System(reading)) = good(n, scene.unit(id), Step::LogInToBmc) else { unreachable!() };
        let reading = SystemReading { nics, ..reading };
        if scene.unit(id).system.is_none() {
            scene.attempt(id, Step::LogInToBmc, Outcome::Observed(Observation::System(reading)));
        } else {
            scene.put(Actor::Wire, &Input::ReadAgain(id, reading)).unwrap();
        }
        scene.unit(id).tasks.iter().map(|(_, t)| (t.kind, t.text.to_string())).collect::<Vec<_>>()
    };
    let task = |n: u8| (TaskKind::CheckIdentity, format!("serial: SN0001 here, SN000{n} on its BMC"));
    assert_eq!(tells(&mut scene, 7, vec![nic_mac(1)]), [task(7)]);
    assert_eq!(tells(&mut scene, 7, vec![nic_mac(1), nic_mac(2)]), [task(7)]);
    assert_eq!(tells(&mut scene, 8, vec![nic_mac(1)]), [task(7), task(8)]);
}

#[test]
fn a_locator_led_that_cannot_be_switched_is_refused_with_where_to_look_instead() {
    let mut scene = Scene::default();
    let (unknown, unreached) = (scene.import(2, Stage::Received), scene.discovered(1));
    for (unit, advice) in [
        (unknown, "Its place is not known here either: look for the label SN0002, at the dock first"),
        (unreached, "Walk to rack A1 unit 7 by rack and unit, and hold its label against SN0001"),
    ] {
        let refused = scene.command(Role::Technician, Command::Locate { unit, on: true }).unwrap_err();
        assert!(refused.why == Why::Conflict && refused.text.ends_with(advice), "{refused}");
    }
    scene.lead_to(1, unreached, Step::LogInToBmc);
    assert_eq!(scene.command(Role::Technician, Command::Locate { unit: unreached, on: true }), Ok(Answer::Done));
}

#[test]
fn a_locator_led_is_told_as_it_was_asked_for_and_as_it_was_seen_until_it_is_off() {
    let mut scene = Scene::default();
    let unit = scene.discovered(1);
    scene.lead_to(1, unit, Step::LogInToBmc);
    let mut told = |on: bool, seen: bool| {
        scene.command(Role::Technician, Command::Locate { unit, on }).unwrap();
        let asked = scene.unit(unit).locator.as_ref().map(ToString::to_string);
        assert!(asked.is_some_and(|t| t.ends_with(", not seen yet")));
        scene.put(Actor::Rackhand, &Input::LocatorSeen(unit, seen)).unwrap();
        scene.unit(unit).locator.as_ref().map(|l| (l.seen, l.to_string().contains(", but seen ")))
    };
    assert_eq!(told(true, true), Some((Some(true), false)));
    assert_eq!(told(true, false), Some((Some(false), true)));
    assert_eq!(told(false, true), Some((Some(true), true)), "somebody finds it blinking");
    assert_eq!(told(false, false), None, "off as asked: nothing is left to tell");
}
