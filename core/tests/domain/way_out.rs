//! From every state a person can get a server out, and back on its way; and is told why where they cannot.

use std::collections::{BTreeSet, VecDeque};

use crate::scene::{Scene, address, bmc_mac, device, due, failed, fault, person};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, decide};
use rackhand_core::event::{DiscoveryEvent, Event, LifeEvent, StepEvent};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::rules::{Lane, rule};
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::{Task, TaskKind};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::world::World;

/// What stands in the way.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    None,
    Parked(Step),
    Task(TaskKind),
}

fn troubles() -> Vec<Trouble> {
    let steps = Step::ALL
        .iter()
        .copied()
        .filter(|s| *s != Step::LookUpDevice && rule(*s).lane != Lane::Vendor)
        .map(Trouble::Parked);
    let kinds = [
        TaskKind::ConfirmPlacement,
        TaskKind::FixCable,
        TaskKind::CheckHardware,
        TaskKind::CheckIdentity,
        TaskKind::SettleInventory,
    ];
    steps.chain(kinds.map(Trouble::Task)).chain([Trouble::None]).collect()
}

/// A unit with a history, in this state.
fn state(stage: Stage, disposition: Disposition, trouble: Trouble) -> (Scene, UnitId) {
    let mut scene = Scene::default();
    let id = scene.import(1, stage);
    let subject = Subject::Unit(id);
    let (bmc_mac, address) = (bmc_mac(1), address(1));
    if !stage.is_on_order() {
        scene.record(
            subject,
            Event::Discovery(DiscoveryEvent::LeaseAccepted {
                device: Box::new(device(1, "offline")),
                bmc_mac,
                address,
            }),
        );
        for (step, saw) in [
            (Step::AssignBmcAddress, Observation::Address(address)),
            (Step::ArmNetworkBoot, Observation::Armed),
            (Step::EnterStaging, Observation::Staging),
        ] {
            scene.record(
                subject,
                Event::Step(StepEvent::StepObserved { step, generation: 1, saw, until: None, terms: None }),
            );
        }
    }
    if disposition != Disposition::Normal {
        scene.stand(id, disposition);
    }
    match trouble {
        Trouble::None => {}
        Trouble::Parked(step) => {
            let fault = fault(Kind::Rejected);
            scene.record(subject, Event::Step(StepEvent::StepParked { step, generation: 1, fault, terms: None }));
        }
        Trouble::Task(kind) => {
            let task = Task { kind, role: Role::Technician, text: "look".into() };
            scene.record(subject, Event::Life(LifeEvent::TaskOpened { task }));
        }
    }
    (scene, id)
}

/// Everything an admin may try with a unit.
fn commands(unit: &Unit) -> Vec<Command> {
    let (id, subject) = (unit.id, Subject::Unit(unit.id));
    let reason = || "because".into();
    let mut all = vec![
        Command::Retry { subject },
        Command::Cancel { unit: id, reason: reason() },
        Command::Hold { unit: id, reason: reason() },
        Command::Release { unit: id, reason: Some(reason()) },
        Command::Quarantine { unit: id, reason: reason() },
        Command::Retire { unit: id, reason: reason() },
    ];
    all.extend(unit.steps.parked().map(|(p, _)| {
        let (step, generation) = (p.step, p.generation);
        Command::Skip { subject, step, generation, reason: reason() }
    }));
    all.extend(unit.tasks.iter().map(|(n, _)| Command::CloseTask { unit: id, task: *n, note: "done".into() }));
    all.extend(Stage::ALL.iter().map(|to| Command::Move { unit: id, to: *to, reason: reason() }));
    all
}

/// Lets automation take the undo steps that are due.
fn undo(scene: &mut Scene, id: UnitId) {
    while !scene.unit(id).steps.undo().is_empty() {
        let Some(step) = due(&scene.moves(id)).first().map(|d| d.step) else { return };
        let event = Event::Step(StepEvent::StepObserved {
            step,
            generation: 1,
            saw: Observation::Undone,
            until: None,
            terms: None,
        });
        scene.record(Subject::Unit(id), event);
    }
}

/// Notes hold nothing up, so a parked one keeps nobody in.
fn is_parked(unit: &Unit) -> bool {
    unit.steps.parked().any(|(p, _)| p.step != Step::WriteNotes)
}

fn is_out(unit: &Unit) -> bool {
    let ended = matches!(unit.disposition, Disposition::Retired | Disposition::Cancelled);
    ended && unit.steps.undo().is_empty() && !is_parked(unit)
}

fn is_on_its_way(unit: &Unit, scene: &Scene) -> bool {
    let next = rackhand_core::flow::next::for_unit(unit, scene.now);
    unit.disposition == Disposition::Normal
        && !is_parked(unit)
        && !unit.is_blocked()
        && (!next.moves.is_empty() || !next.waits.is_empty())
}

/// The fewest commands that lead to such a state.
fn search(start: &Scene, id: UnitId, goal: impl Fn(&Unit, &Scene) -> bool) -> Option<usize> {
    let key = |u: &Unit| {
        let parked: Vec<Step> = u.steps.parked().map(|(p, _)| p.step).collect();
        (u.stage, u.disposition, parked, u.tasks.len(), u.steps.undo().to_vec())
    };
    let mut seen = BTreeSet::new();
    let mut queue: VecDeque<(World, usize)> = VecDeque::from([(start.world.clone(), 0)]);
    while let Some((world, depth)) = queue.pop_front() {
        let mut scene = Scene { world, log: Vec::new(), ..Scene::default() };
        undo(&mut scene, id);
        let unit = scene.unit(id);
        if goal(unit, &scene) {
            return Some(depth);
        }
        if depth == 4 || !seen.insert(key(unit)) {
            continue;
        }
        for command in commands(unit) {
            let input = Input::Command(command);
            match decide(&scene.world, &scene.policy, &scene.moment(person(Role::Admin)), &input) {
                Ok(decided) => queue.push_back((decided.world, depth + 1)),
                Err(refusal) => assert!(refusal.text.split(' ').count() >= 4, "{input:?}: `{refusal}` is no sentence"),
            }
        }
    }
    None
}

/// No command cancels, rejects or returns what a tenant has.
fn can_be(stage: Stage, disposition: Disposition, trouble: Trouble) -> bool {
    let undo = Step::ALL.iter().filter_map(|s| rule(*s).undo).collect::<Vec<_>>();
    let parked_undo = matches!(trouble, Trouble::Parked(step) if undo.contains(&step));
    match disposition {
        Disposition::Cancelled => stage < Stage::AssignedToTenant && (!parked_undo || !stage.is_on_order()),
        _ => !parked_undo,
    }
}

fn every_state(check: impl Fn(&Scene, UnitId, &str)) {
    let mut states = 0;
    for stage in Stage::ALL.iter().copied() {
        for disposition in Disposition::ALL.iter().copied() {
            for trouble in troubles().into_iter().filter(|t| can_be(stage, disposition, *t)) {
                let (scene, id) = state(stage, disposition, trouble);
                check(&scene, id, &format!("{stage}, {disposition}, {trouble:?}"));
                states += 1;
            }
        }
    }
    assert!(states > 3_000, "{states}");
}

#[test]
fn from_every_state_four_commands_lead_out() {
    every_state(|scene, id, name| {
        assert!(search(scene, id, |unit, _| is_out(unit)).is_some(), "no way out of {name}");
    });
}

#[test]
fn from_every_state_four_commands_lead_back_on_the_way() {
    every_state(|scene, id, name| {
        assert!(search(scene, id, is_on_its_way).is_some(), "no way on from {name}");
    });
}

#[test]
fn in_every_state_where_nothing_moves_somebody_is_told_what_it_waits_for() {
    every_state(|scene, id, name| {
        let next = scene.next(id);
        assert!(!next.moves.is_empty() || !next.waits.is_empty(), "{name}");
        for wait in next.waits {
            assert!(!wait.what.trim().is_empty(), "{name}");
            assert!(wait.who.is_none() || !wait.resolve.is_empty(), "{name}: {wait:?} asks a person who has no key");
        }
    });
}

#[test]
fn every_key_a_wait_offers_is_taken() {
    every_state(|scene, id, name| {
        let unit = scene.unit(id);
        for wait in scene.next(id).waits {
            let who = person(wait.who.unwrap_or(Role::Admin).max(Role::Operator));
            for key in &wait.resolve {
                let site = unit.site.clone();
                let scanned = [
                    Command::Receive { site, scan: unit.label().into(), damaged: None, photo: None },
                    Command::ScanRack { unit: id, rack: "A2".into(), position: None },
                ];
                let tries: Vec<Command> = commands(unit)
                    .into_iter()
                    .chain(scanned)
                    .filter(|c| {
                        matches!(
                            (key.as_str(), c),
                            ("retry", Command::Retry { .. })
                                | ("skip", Command::Skip { .. })
                                | ("cancel", Command::Cancel { .. })
                                | ("release", Command::Release { .. })
                                | ("done", Command::CloseTask { .. })
                                | ("move", Command::Move { .. })
                                | ("receive", Command::Receive { .. })
                                | ("scan-rack", Command::ScanRack { .. })
                        )
                    })
                    .collect();
                let taken = tries.into_iter().any(|c| {
                    let input = Input::Command(c);
                    decide(&scene.world, &scene.policy, &scene.moment(who.clone()), &input).is_ok()
                });
                assert!(taken, "{name}: `{key}` is offered and refused");
            }
        }
    });
}

#[test]
fn what_netbox_refused_for_want_of_something_goes_on_once_it_was_set_up_and_nothing_else_does() {
    let refused = |system, kind| Outcome::Failed(Fault::new(system, kind, "no"));
    for (system, kind, goes_on) in [
        (System::Netbox, Kind::Rejected, true),
        (System::Netbox, Kind::Forbidden, true),
        (System::Netbox, Kind::Conflict, false),
        (System::Rules, Kind::Rejected, false),
    ] {
        let mut scene = Scene::default();
        let id = scene.discovered(1);
        scene.attempt(id, Step::AssignBmcAddress, refused(system, kind));
        scene.attempt(id, Step::ReachBmc, failed(Kind::Rejected));
        let answer = scene.put(person(Role::Admin), &Input::NetboxSetUp);
        assert_eq!(answer, Ok(if goes_on { Answer::Done } else { Answer::Already }), "{system} {kind:?}");
        let due: Vec<Step> = scene.touching(id);
        assert_eq!(due, if goes_on { vec![Step::AssignBmcAddress] } else { vec![] }, "{system} {kind:?}");
        assert!(scene.unit(id).steps.parked().any(|(p, _)| p.step == Step::ReachBmc), "a BMC is none of NetBox's");
    }
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    let (subject, step) = (Subject::Bmc(bmc_mac(1)), Step::LookUpDevice);
    let outcome = refused(System::Netbox, Kind::Forbidden);
    scene.put(Actor::Rackhand, &Input::Ended { subject, step, generation: 1, outcome }).unwrap();
    assert_eq!(scene.due_for_sighting(1), []);
    assert_eq!(scene.put(person(Role::Admin), &Input::NetboxSetUp), Ok(Answer::Done));
    assert_eq!(scene.due_for_sighting(1), [Step::LookUpDevice]);
}
