//! How long a BMC is waited for, and what takes up again what was given up.

use crate::scene::{Scene, failed, fault, person};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Why};
use rackhand_core::event::{DiscoveryEvent, Event};
use rackhand_core::fault::Kind;
use rackhand_core::flow::attempt::Phase;
use rackhand_core::flow::rules::{Lane, rule};
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject};
use rackhand_core::text::Text;

#[test]
fn a_bmc_that_does_not_answer_is_tried_for_half_an_hour_and_then_somebody_looks_at_its_cable() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    let mut patience = 0;
    for attempt in 1..=30 {
        let due = scene.due(id).into_iter().find(|d| d.step == Step::ReachBmc);
        assert_eq!(due.map(|d| d.attempt), Some(attempt));
        scene.attempt(id, Step::ReachBmc, failed(Kind::Transient));
        let pause = rule(Step::ReachBmc).pause(attempt).as_secs();
        patience += if attempt < 30 { pause } else { 0 };
        scene.later(pause + pause / 4 + 1);
    }
    assert!((25 * 60..30 * 60).contains(&patience), "{patience} s of pauses");
    let wait = scene.wait_of(id, Step::ReachBmc);
    assert_eq!((wait.attempt, wait.of, wait.who), (Some(30), Some(30), Some(Role::Technician)));
    assert!(wait.what.contains("tried 30 times; check its management cable and power"), "{}", wait.what);
    assert!(!scene.due(id).iter().any(|d| d.step == Step::ReachBmc));

    scene.put(Actor::Wire, &Input::Alive(id)).unwrap();
    let due = scene.due(id).into_iter().find(|d| d.step == Step::ReachBmc);
    assert_eq!(due.map(|d| (d.generation, d.attempt)), Some((2, 1)), "its silence has ended");
}

#[test]
fn a_sign_of_life_wakes_silence_alone() {
    for (kind, wakes) in [
        (Kind::Transient, true),
        (Kind::Malformed, true),
        (Kind::Unauthorised, false),
        (Kind::Conflict, false),
        (Kind::Rejected, false),
    ] {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to(1, id, Step::LogInToBmc);
        while scene.unit(id).steps.parked().next().is_none() {
            scene.attempt(id, Step::LogInToBmc, failed(kind));
            scene.later(90);
        }
        scene.put(Actor::Wire, &Input::Alive(id)).unwrap();
        assert_eq!(scene.unit(id).steps.parked().next().is_none(), wakes, "{kind:?}");
    }
}

#[test]
fn sessions_that_are_full_are_waited_out_where_the_budget_alone_would_have_given_up() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ArmNetworkBoot);
    let full = fault(Kind::Transient).lasting(1_800);
    let mut waited = 0;
    while scene.unit(id).steps.parked().next().is_none() {
        scene.attempt(id, Step::ArmNetworkBoot, Outcome::Failed(full.clone()));
        scene.later(150);
        waited += 1;
    }
    assert_eq!(waited, 20, "eight without the cause's own word");
}

#[test]
fn a_login_that_gets_no_answer_has_the_same_budget_and_no_more() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::LogInToBmc);
    for attempt in 1..=30 {
        let due = scene.due(id).into_iter().find(|d| d.step == Step::LogInToBmc);
        assert_eq!(due.map(|d| d.attempt), Some(attempt));
        scene.attempt(id, Step::LogInToBmc, failed(Kind::Transient));
        scene.later(90);
    }
    assert!(scene.unit(id).steps.parked().any(|(p, _)| p.step == Step::LogInToBmc));
    scene.later(86_400);
    assert!(!scene.due(id).iter().any(|d| d.step == Step::LogInToBmc));
}

#[test]
fn a_new_password_takes_up_what_the_old_one_was_refused_for_and_nothing_else() {
    for (kind, wakes) in [(Kind::Unauthorised, true), (Kind::Conflict, false), (Kind::Rejected, false)] {
        let mut scene = Scene::default();
        let unit = scene.discovered(1);
        scene.lead_to(1, unit, Step::LogInToBmc);
        scene.attempt(unit, Step::LogInToBmc, failed(kind));
        assert!(scene.unit(unit).steps.parked().next().is_some(), "{kind:?}");
        let given = Input::PasswordGiven { unit, user: None, from: "a command".into() };
        scene.put(person(Role::Operator), &given).unwrap();
        assert_eq!(scene.unit(unit).steps.parked().next().is_none(), wakes, "{kind:?}");
    }
}

#[test]
fn what_is_refused_for_good_is_to_be_corrected_and_not_waited_for() {
    for kind in [Kind::Rejected, Kind::Gone] {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.lead_to(1, id, Step::ArmNetworkBoot);
        scene.attempt(id, Step::ArmNetworkBoot, failed(kind));
        let wait = scene.wait_of(id, Step::ArmNetworkBoot);
        assert!(wait.what.contains("correct what it names, then retry"), "{}", wait.what);
    }
}

#[test]
fn a_servers_notes_are_gathered_for_two_minutes_and_then_go_together() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    assert!(!scene.unit(id).notes.owed.is_empty());
    let due = |scene: &Scene| scene.due(id).iter().any(|d| d.step == Step::WriteNotes);
    assert!(!due(&scene));
    scene.later(119);
    assert!(!due(&scene));
    assert!(scene.next(id).wake.is_some_and(|wake| wake <= scene.now + std::time::Duration::from_secs(1)));
    scene.later(1);
    assert!(due(&scene));
    // What came while they were written is owed still.
    let written = scene.unit(id).notes.owed.last().unwrap().seq;
    let by_whom =
        Event::Discovery(DiscoveryEvent::WarningNoted { key: "k".into(), device: None, text: "one more".into() });
    scene.record(Subject::Unit(id), by_whom);
    scene.attempt(id, Step::WriteNotes, Outcome::Observed(Observation::Notes(written)));
    let owed: Vec<String> = scene.unit(id).notes.owed.iter().map(|n| n.text.to_string()).collect();
    assert_eq!(owed, ["one more"]);
}

#[test]
fn a_changed_certificate_is_trusted_by_an_operator_only_and_what_stood_because_of_it_goes_on() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ArmNetworkBoot);
    let before = scene.unit(id).certificate;
    assert!(before.is_some());
    scene.attempt(id, Step::ArmNetworkBoot, failed(Kind::Conflict));
    assert!(matches!(scene.unit(id).steps.lane(Lane::Bmc).unwrap().phase, Phase::Parked { .. }));
    let trust = |n: u8, reason: &str| Command::TrustCertificate {
        unit: id,
        certificate: Fingerprint([n; 32]),
        reason: Text::new(reason),
    };
    assert_eq!(scene.command(Role::Technician, trust(9, "mainboard")).unwrap_err().why, Why::NotAllowed);
    assert_eq!(scene.command(Role::Operator, trust(9, " ")).unwrap_err().why, Why::Invalid);
    scene.command(Role::Operator, trust(9, "mainboard")).unwrap();
    assert_eq!(scene.unit(id).certificate, Some(Fingerprint([9; 32])));
    assert!(scene.due(id).iter().any(|d| (d.step, d.generation) == (Step::ArmNetworkBoot, 2)), "{:?}", scene.due(id));
    assert_eq!(scene.command(Role::Operator, trust(9, "again")), Ok(Answer::Already));
}
