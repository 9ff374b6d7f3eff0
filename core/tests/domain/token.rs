//! A boot's token opens nothing any more once its final report is in, but for the very same report again.

use crate::scene::{Scene, report, step_report, token};
use rackhand_core::boot::commands::{TOKEN_LIFE, opens};
use rackhand_core::boot::report::{StepReport, ValidationStep};
use rackhand_core::decide::{Answer, Input, Why};
use rackhand_core::flow::step::{Outcome, Step};
use rackhand_core::id::Actor;
use rackhand_core::lifecycle::stage::Stage;

#[test]
fn after_the_final_report_its_token_takes_no_step_and_no_other_report() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.attempt(id, Step::ResetForBoot, Outcome::Accepted { receipt: "ok".into() });
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootValidation);
    // Another server's: it does not match, so the unit stays where the token was given.
    assert_eq!(scene.final_report(token(1), report(2)), Ok(Answer::Done));
    assert_eq!(scene.unit(id).stage, Stage::Discovered);
    let mark = scene.mark();
    for step in ValidationStep::ALL {
        let input = Input::StepReported(token(1), step_report(step));
        assert_eq!(scene.put(Actor::Wire, &input).unwrap_err().why, Why::NotAllowed, "{step}");
    }
    assert_eq!(scene.final_report(token(1), report(1)).unwrap_err().why, Why::NotAllowed, "another report");
    assert_eq!(scene.final_report(token(1), report(2)), Ok(Answer::Already), "the machine did not hear the answer");
    assert!(opens(&scene.world, &token(1), scene.now));
    scene.later(TOKEN_LIFE.as_secs());
    assert!(!opens(&scene.world, &token(1), scene.now), "it would have died by now");
    assert_eq!(scene.final_report(token(1), report(2)).unwrap_err().why, Why::NotAllowed);
    assert!(scene.since(mark).is_empty());
}

#[test]
fn a_step_is_told_once_and_who_tells_it_otherwise_is_refused() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.attempt(id, Step::ResetForBoot, Outcome::Accepted { receipt: "ok".into() });
    scene.boot_request(1, token(1));
    let mut told = |report: StepReport| scene.put(Actor::Wire, &Input::StepReported(token(1), report));
    let [first, second, ..] = ValidationStep::ALL;
    assert_eq!(told(step_report(first)), Ok(Answer::Done));
    assert_eq!(told(step_report(first)), Ok(Answer::Already), "it did not hear the answer");
    assert_eq!(told(step_report(second)), Ok(Answer::Done));
    assert_eq!(told(step_report(second)), Ok(Answer::Already));
    let otherwise = StepReport { took_ms: 2_000, ..step_report(first) };
    assert_eq!(told(otherwise).unwrap_err().why, Why::Conflict);
}

#[test]
fn a_server_that_is_held_boots_what_it_has_and_is_told_why() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ResetForBoot);
    scene.attempt(id, Step::ResetForBoot, Outcome::Accepted { receipt: "ok".into() });
    scene.hold(id).unwrap();
    assert_eq!(scene.boot_request(1, token(1)), Answer::BootLocal("it is discovered and on_hold".into()));
    assert_eq!(scene.unit(id).boot.token, None);
}
