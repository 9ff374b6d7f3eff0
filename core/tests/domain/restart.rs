//! A BMC's own restart: asked by a person, seen down, seen up; what was going on there is neither lost nor doubled.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::fault::Kind;
use rackhand_core::flow::next::Move;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject, UnitId};
use rackhand_core::inventory::Lookup;
use rackhand_core::lifecycle::stage::{Disposition, Stage};

use crate::scene::{Scene, address, device, failed, token};

fn restart(scene: &mut Scene, unit: UnitId) -> Result<Answer, Refusal> {
    scene.command(Role::Technician, Command::ResetBmc { unit, reason: "its sessions are stuck".into() })
}

/// The BMC takes its restart.
fn taken(scene: &mut Scene, id: UnitId) {
    let due = scene.due(id).into_iter().find(|due| due.step == Step::ResetBmc).expect("it is due");
    scene.begin(id, due).unwrap();
    scene.ended(id, Step::ResetBmc, Outcome::Accepted { receipt: "204".into() });
}

fn watches(scene: &Scene, id: UnitId) -> bool {
    scene.moves(id).iter().any(|step| matches!(step, Move::Watch(due, _) if due.step == Step::ResetBmc))
}

#[test]
fn it_is_restarted_once_watched_until_it_is_down_and_then_awaited_until_it_is_up() {
    let mut scene = Scene::default();
    let id = scene.in_service(1);
    assert_eq!(restart(&mut scene, id), Ok(Answer::Done));
    assert_eq!(restart(&mut scene, id), Ok(Answer::Already), "it is on its way");
    taken(&mut scene, id);
    assert!(watches(&scene, id) && scene.due(id).iter().all(|due| due.step != Step::ResetBmc), "never sent twice");
    let wait = scene.wait_of(id, Step::ResetBmc);
    assert!(wait.what.contains("waiting for its BMC to go down") && wait.who.is_none(), "{}", wait.what);

    assert_eq!(scene.ended(id, Step::ResetBmc, Outcome::Observed(Observation::Down)), Answer::Done);
    assert!(scene.due(id).iter().any(|due| due.step == Step::AwaitBmc));
    scene.ended(id, Step::AwaitBmc, failed(Kind::Transient));
    assert!(scene.unit(id).restart.is_some(), "nothing is told of it before it is seen");
    scene.later(60);
    scene.ended(id, Step::AwaitBmc, Outcome::Observed(Observation::Up));
    assert!(scene.unit(id).restart.is_none());
    assert!(scene.due(id).iter().all(|due| !matches!(due.step, Step::ResetBmc | Step::AwaitBmc)));
}

#[test]
fn an_answer_that_is_lost_is_watched_for_its_effect_and_not_sent_again() {
    let mut scene = Scene::default();
    let id = scene.in_service(1);
    restart(&mut scene, id).unwrap();
    let due = scene.due(id).into_iter().find(|due| due.step == Step::ResetBmc).unwrap();
    scene.begin(id, due).unwrap();
    scene.ended(id, Step::ResetBmc, failed(Kind::Unknown));
    assert!(watches(&scene, id));
    assert_eq!(scene.ended(id, Step::ResetBmc, Outcome::Observed(Observation::Down)), Answer::Done);
    assert!(scene.unit(id).restart.as_ref().is_some_and(|r| r.down.is_some()));
}

#[test]
fn a_bmc_that_goes_on_answering_is_a_persons_who_is_told_what_to_do() {
    let mut scene = Scene::default();
    let id = scene.in_service(1);
    restart(&mut scene, id).unwrap();
    taken(&mut scene, id);
    scene.later(181);
    let expire = scene.moves(id).into_iter().find(|step| matches!(step, Move::Expire(..))).expect("its time is over");
    let Move::Expire(lane, step) = expire else { unreachable!() };
    scene.put(Actor::Rackhand, &Input::Expired(Subject::Unit(id), lane, step)).unwrap();
    let wait = scene.wait_of(id, Step::ResetBmc);
    assert!(wait.what.contains("not seen to go down") && wait.what.contains("UID button"), "{}", wait.what);
    assert!(!watches(&scene, id), "nobody looks any more");
    assert_eq!(scene.ended(id, Step::ResetBmc, Outcome::Observed(Observation::Down)), Answer::Already);
    scene.retry(id).unwrap();
    assert!(scene.due(id).iter().any(|due| due.step == Step::ResetBmc), "a person's word sends it again");
}

#[test]
fn what_has_stopped_at_the_bmc_is_begun_anew_afterwards() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::LogInToBmc);
    scene.attempt(id, Step::LogInToBmc, failed(Kind::Rejected));
    assert!(scene.unit(id).steps.parked().next().is_some());
    restart(&mut scene, id).unwrap();
    assert!(scene.unit(id).steps.parked().next().is_none());
    taken(&mut scene, id);
    scene.ended(id, Step::ResetBmc, Outcome::Observed(Observation::Down));
    assert!(scene.due(id).iter().all(|due| due.step != Step::LogInToBmc), "not before it is back");
    scene.ended(id, Step::AwaitBmc, Outcome::Observed(Observation::Up));
    assert!(scene.due(id).iter().any(|due| due.step == Step::LogInToBmc && due.generation == 2));
}

#[test]
fn a_network_boot_on_its_way_is_not_lost_to_it() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    let due = scene.due(id).into_iter().find(|due| due.step == Step::ResetForBoot).unwrap();
    scene.begin(id, due).unwrap();
    scene.ended(id, Step::ResetForBoot, Outcome::Accepted { receipt: "204".into() });
    let refusal = restart(&mut scene, id).unwrap_err();
    assert_eq!(refusal.why, Why::Conflict);
    assert!(refusal.text.contains("network boot is on its way"), "{}", refusal.text);
    scene.boot_request(1, token(1));
    assert!(restart(&mut scene, id).is_err(), "nor while its reports are awaited");
}

#[test]
fn a_server_that_is_led_back_is_found_anew_and_nobody_waits_for_its_bmc() {
    for down in [false, true] {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to_stage(1, id, Stage::Staged);
        scene.settle(1, id);
        restart(&mut scene, id).unwrap();
        taken(&mut scene, id);
        if down {
            scene.ended(id, Step::ResetBmc, Outcome::Observed(Observation::Down));
        }
        scene.go(id, Stage::Racked).unwrap();
        assert!(scene.unit(id).restart.is_none());
        scene.lease(1, address(9));
        scene.answer(1, Lookup::One(device(1, "offline")));
        scene.lead_to(1, id, Step::LogInToBmc);
        assert!(scene.due(id).iter().all(|due| !matches!(due.step, Step::ResetBmc | Step::AwaitBmc)), "{down}");
    }
}

#[test]
fn a_bmc_that_is_stuck_is_restarted_before_what_is_to_be_undone_at_it() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.cancel(id).unwrap();
    scene.attempt(id, Step::DisarmNetworkBoot, failed(Kind::Rejected));
    restart(&mut scene, id).unwrap();
    taken(&mut scene, id);
    scene.ended(id, Step::ResetBmc, Outcome::Observed(Observation::Down));
    scene.ended(id, Step::AwaitBmc, Outcome::Observed(Observation::Up));
    scene.attempt(id, Step::DisarmNetworkBoot, Outcome::Observed(Observation::Undone));
    assert!(scene.unit(id).steps.undo().iter().all(|step| *step != Step::DisarmNetworkBoot));
}

#[test]
fn what_a_quarantine_has_left_of_a_boot_does_not_keep_its_bmc_from_a_restart() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    let due = scene.due(id).into_iter().find(|due| due.step == Step::ResetForBoot).unwrap();
    scene.begin(id, due).unwrap();
    scene.ended(id, Step::ResetForBoot, Outcome::Accepted { receipt: "204".into() });
    scene.stand(id, Disposition::Quarantined);
    assert_eq!(restart(&mut scene, id), Ok(Answer::Done));
    assert!(scene.due(id).iter().any(|due| due.step == Step::ResetBmc));
    for gone in [Disposition::Lost, Disposition::ReturnedToVendor] {
        let mut scene = Scene::default();
        let id = scene.in_service(1);
        scene.stand(id, gone);
        assert_eq!(restart(&mut scene, id).unwrap_err().why, Why::Conflict, "{gone}");
    }
}

#[test]
fn who_may_not_and_what_cannot_be_reached_is_refused_and_a_retired_server_lets_go_of_it() {
    let mut scene = Scene::default();
    let unknown = scene.import(2, Stage::Received);
    assert!(restart(&mut scene, unknown).unwrap_err().text.contains("not reached here yet"));
    let id = scene.in_service(1);
    let wish = Command::ResetBmc { unit: id, reason: "stuck".into() };
    assert_eq!(scene.command(Role::ReadOnly, wish).unwrap_err().why, Why::NotAllowed);
    let without = Command::ResetBmc { unit: id, reason: " ".into() };
    assert_eq!(scene.command(Role::Operator, without).unwrap_err().why, Why::Invalid);
    let id = scene.discovered(3);
    scene.lead_to(3, id, Step::LogInToBmc);
    restart(&mut scene, id).unwrap();
    scene.stand(id, Disposition::Retired);
    assert!(scene.unit(id).restart.is_none());
}
