//! After a restore, or where a journal was lost, nothing that has an effect is begun until an operator says so. What
//! leaves the house holds the site and the journal's epoch.

use crate::scene;
use crate::scene::{Scene, address, due, token};
use crate::shop::{Shop, by};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::event::{Event, JournalEvent};
use rackhand_core::flow;
use rackhand_core::flow::next::{Due, Next};
use rackhand_core::flow::rules::{all, rule};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, Role, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::stream::Origin;

fn begin(scene: &mut Scene, epoch: u32, origin: Origin) {
    scene.record(Subject::Journal, Event::Journal(JournalEvent::EpochBegun { epoch, origin }));
}

fn next(scene: &Scene, id: UnitId) -> Next {
    flow::next(&scene.world, Subject::Unit(id), scene.now).unwrap()
}

fn resume(scene: &mut Scene, role: Role) -> Result<Answer, Refusal> {
    scene.command(role, Command::Resume { reason: "nothing was ordered since the backup".into() })
}

/// Leads a server to this step, holds effects back, and says what is due then.
fn held_at(step: Step) -> (Scene, UnitId, Vec<Due>) {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, step);
    begin(&mut scene, 2, Origin::Restored);
    let due = due(&next(&scene, id).moves);
    (scene, id, due)
}

#[test]
fn no_step_with_an_effect_is_due_or_begun_and_each_is_again_once_an_operator_resumes() {
    let steps = [
        Step::AssignBmcAddress,
        Step::SyncStatus,
        Step::ArmNetworkBoot,
        Step::ResetForBoot,
        Step::WriteInterfaces,
        Step::WriteCables,
        Step::EnterStaging,
        Step::WriteNotes,
    ];
    for step in steps {
        let (mut scene, id, left) = held_at(step);
        assert!(left.iter().all(|d| !rule(d.step).class.has_effect()), "{step}: {left:?}");
        let waits = next(&scene, id).waits;
        assert!(waits[0].what.contains("restored from a backup") && waits[0].who == Some(Role::Operator), "{step}");
        // Whoever saw it due before is refused as well: its intention is never journaled, so nothing is sent.
        let due = scene.due(id).into_iter().find(|d| d.step == step).unwrap();
        let mark = scene.mark();
        assert_eq!(scene.begin(id, due).unwrap_err().why, Why::Conflict, "{step}");
        assert!(scene.since(mark).is_empty(), "{step}");
        assert_eq!(resume(&mut scene, Role::Technician).unwrap_err().why, Why::NotAllowed);
        assert_eq!(resume(&mut scene, Role::Operator), Ok(Answer::Done));
        assert_eq!(resume(&mut scene, Role::Operator), Ok(Answer::Already));
        assert_eq!(scene.begin(id, due), Ok(Answer::Done), "{step}");
    }
}

#[test]
fn reading_and_receiving_go_on_while_effects_are_on_hold() {
    for step in [Step::ReadCablingPlan, Step::ReachBmc] {
        let (mut scene, id, left) = held_at(step);
        let due = left.into_iter().find(|d| d.step == step).unwrap();
        assert_eq!(scene.begin(id, due), Ok(Answer::Already), "a reading needs no intention");
    }
    let mut scene = Scene::default();
    begin(&mut scene, 2, Origin::Lost);
    assert_eq!(scene.lease(9, address(9)), Answer::Done);
    let id = scene.import(1, Stage::ShipmentTracking);
    let scan = Command::Receive { site: SiteId::new("fra1"), scan: scene::serial(1), damaged: None, photo: None };
    scene.command(Role::Technician, scan).unwrap();
    assert_eq!(scene.unit(id).stage, Stage::Received);
}

#[test]
fn no_machine_is_given_the_validation_image_and_no_led_is_switched_while_effects_are_on_hold() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.attempt(id, Step::ResetForBoot, rackhand_core::flow::step::Outcome::Accepted { receipt: "ok".into() });
    begin(&mut scene, 2, Origin::Restored);
    assert!(matches!(scene.boot_request(1, token(1)), Answer::BootLocal(_)));
    let locate = Command::Locate { unit: id, on: true };
    assert!(scene.command(Role::Technician, locate).unwrap_err().text.contains("rackhand resume"));
    resume(&mut scene, Role::Operator).unwrap();
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
}

#[test]
fn every_step_either_reads_or_is_held_back() {
    let reads: Vec<Step> = all().filter(|r| !r.class.has_effect()).map(|r| r.step).collect();
    assert_eq!(
        reads,
        [
            Step::LookUpDevice,
            Step::ReadCablingPlan,
            Step::AwaitBmc,
            Step::ReachBmc,
            Step::LogInToBmc,
            Step::Validate,
            Step::ReadParts
        ],
        "whoever adds a step here says that it changes nothing outside"
    );
}

#[test]
fn numbers_that_leave_the_house_hold_site_and_epoch_and_old_ones_stay_as_they_were() {
    let mut shop = Shop::new();
    shop.order(1);
    let deal = |shop: &Shop| {
        shop.world()
            .deals
            .values()
            .find(|d| d.id.seller.as_str() == "hpe" && d.id.order == shop.last())
            .unwrap()
            .clone()
    };
    assert_eq!(deal(&shop).request_number().as_str(), "RFQ-1-hpe", "a journal from before there were epochs");
    begin(&mut shop.scene, 2, Origin::Restored);
    let steps = |shop: &Shop| {
        shop.world()
            .deals
            .keys()
            .filter_map(|d| flow::next(shop.world(), Subject::Deal(*d), shop.scene.now))
            .flat_map(|n| n.moves)
            .count()
    };
    assert_eq!(steps(&shop), 0, "no vendor is asked while effects are on hold");
    resume(&mut shop.scene, Role::Operator).unwrap();
    assert_eq!(steps(&shop), 2);
    assert_eq!(
        deal(&shop).request_number().as_str(),
        "RFQ-1-hpe",
        "it goes on being found by the number it was sent with"
    );
    shop.quoted(4, 5_500_000);
    assert_eq!(deal(&shop).request_number().as_str(), "RFQ-FRA1-2-2-hpe");
    shop.approve("berta", "hpe", 1, "220000").unwrap();
    shop.approve("carl", "hpe", 1, "220000").unwrap();
    let purchase = deal(&shop).purchase.clone().unwrap();
    assert_eq!(purchase.number.as_str(), "PO-FRA1-2-000001");
    let order = shop.world().order(shop.last()).unwrap();
    assert_eq!(order.purchase.as_ref().map(|p| p.name.as_str()), Some("PO-FRA1-2-000001"));
    shop.carry_out("hpe");
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    let log: Vec<String> = shop.scene.log.iter().map(|r| r.draft.event.sentence().to_string()).collect();
    assert!(log.iter().any(|line| line.starts_with("PO-FRA1-2-000001 to hpe for")), "{log:#?}");
}

#[test]
fn an_events_name_outside_holds_the_epoch_it_was_recorded_in() {
    let mut scene = Scene::default();
    scene.discovered(1);
    let old = scene.world.head;
    begin(&mut scene, 7, Origin::First);
    let site = SiteId::new("fra1");
    let name = |scene: &Scene, seq| scene.world.stream.event_name(&site, seq);
    assert_eq!(name(&scene, old), format!("fra1/{old}"));
    assert_eq!(name(&scene, old + 1), format!("fra1/7/{}", old + 1));
    begin(&mut scene, 8, Origin::Restored);
    assert_eq!(name(&scene, old + 1), format!("fra1/7/{}", old + 1));
    assert_eq!(name(&scene, old + 2), format!("fra1/8/{}", old + 2));
}

#[test]
fn a_person_who_resumes_gives_a_reason_and_stands_in_the_journal() {
    let mut scene = Scene::default();
    begin(&mut scene, 2, Origin::Lost);
    let anna = by("anna", Role::Operator);
    let bare = Input::Command(Command::Resume { reason: " ".into() });
    assert_eq!(scene.put(anna.clone(), &bare).unwrap_err().why, Why::Invalid);
    let told = Input::Command(Command::Resume { reason: "NetBox and both vendors were looked at".into() });
    scene.put(anna.clone(), &told).unwrap();
    let last = &scene.log.last().unwrap().draft;
    assert_eq!((last.subject, &last.actor), (Subject::Journal, &anna));
    assert_eq!(scene.world.stream.held, None);
    assert_ne!(last.actor, Actor::Rackhand);
}
