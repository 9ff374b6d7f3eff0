//! What comes next for a unit, and for a BMC that was seen: a pure function of it, asked again after every event and every
//! restart.

use super::rule::Lane;
use super::rules::{UNIT, of_unit, rule};
use super::step::Step;
use super::unit::UnitStep;
use super::wait::{advance, person};
use crate::discovery::Sighting;
use crate::id::Role;
use crate::inventory::steps::gathered;
use crate::lifecycle::guard::Guard;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::placement::reservation::Shown;
use crate::time::Timestamp;

pub use super::wait::{Due, Move, Next, Wait};

/// What comes next for a unit.
pub fn for_unit(unit: &Unit, now: Timestamp) -> Next {
    let mut next = Next::default();
    if unit.disposition == Disposition::OnHold {
        let why = unit.disposition_reason.as_deref().unwrap_or("no reason given");
        next.waits.push(person(format!("on hold: {why}"), unit.disposition_since, Role::Technician, &["release"]));
        return next;
    }
    for step in Lane::ALL.into_iter().filter_map(|lane| wanted_step(unit, lane)) {
        let first = unit.steps.at(step.rule.step).is_none() && unit.steps.generation(step.rule.step) == 1;
        if let Some(later) = (step.gathers)(unit).filter(|later| first && now < *later) {
            next.wake_at(later);
            continue;
        }
        let ended = matches!(unit.disposition, Disposition::Cancelled | Disposition::Retired);
        let may_cancel = !ended && unit.stage < Stage::AssignedToTenant;
        advance(&mut next, &unit.steps, &step.rule, (step.rung)(unit), may_cancel, now);
    }
    for (id, task) in &unit.tasks {
        let text = format!("{}: {} (task {id})", task.kind.title(), task.text);
        let since = unit.tasks_since.get(id).copied().unwrap_or(unit.stage_since);
        next.waits.push(person(text, since, task.role, &["done"]));
    }
    let stands_aside = !unit.disposition.may_move() && unit.steps.undo().is_empty();
    if stands_aside || (next.waits.is_empty() && next.moves.is_empty()) {
        next.waits.push(stage_wait(unit));
    }
    if let Some(held) = unit.placement.as_ref().filter(|h| h.shown == Shown::No && unit.netbox_device().is_none()) {
        let what =
            format!("{}: NetBox has no device for it that could be put at {}", Step::PlaceDevice, held.place.spot());
        next.waits.push(Wait::system(what, held.at));
    }
    next
}

/// What comes next for a BMC that was seen.
pub fn for_sighting(sighting: &Sighting, now: Timestamp) -> Next {
    let mut next = Next::default();
    let wanted = if sighting.verdict.is_none() {
        Some(Step::LookUpDevice)
    } else {
        (!sighting.notes.owed.is_empty()).then_some(Step::WriteNotes)
    };
    if let Some(later) = gathered(&sighting.notes).filter(|later| now < *later)
        && wanted == Some(Step::WriteNotes)
        && sighting.steps.at(Step::WriteNotes).is_none()
    {
        next.wake_at(later);
    } else if let Some(step) = wanted {
        advance(&mut next, &sighting.steps, rule(step), None, false, now);
    }
    next
}

/// The step a lane needs now, if any.
pub fn wanted(unit: &Unit, lane: Lane) -> Option<Step> {
    wanted_step(unit, lane).map(|step| step.rule.step)
}

fn wanted_step(unit: &Unit, lane: Lane) -> Option<&'static UnitStep> {
    let first = |which: fn(&UnitStep) -> bool| {
        UNIT.iter().copied().find(|s| s.rule.lane == lane && which(s) && (s.wanted)(unit))
    };
    let undo = unit.steps.undo().last().and_then(|s| of_unit(*s));
    let goes_on = undo.is_none() && unit.disposition.may_move();
    // An undo on the other lane goes first where it is later in the list.
    let undo = undo.filter(|s| s.rule.lane == lane);
    first(|s| s.aside).or(undo).or_else(|| first(|_| true).filter(|_| goes_on))
}

/// What a stage waits for when nothing is under way.
fn stage_wait(unit: &Unit) -> Wait {
    let since = if unit.disposition.may_move() { unit.stage_since } else { unit.disposition_since };
    if !unit.disposition.may_move() {
        let why = unit.disposition_reason.as_deref().unwrap_or("no reason given");
        let more = match &unit.guard {
            Some(Guard { cause, first: Some(word) }) => {
                format!(". {} gave the first word; a second person must release it: {}", word.by, cause.sentence())
            }
            Some(Guard { cause, first: None }) => format!(". Two people release it: {}", cause.sentence()),
            None => String::new(),
        };
        return person(format!("{}: {why}{more}", unit.disposition), since, Role::Operator, &["release"]);
    }
    use Role::{Approver, Operator, Technician};
    let (what, who, keys): (&str, Option<Role>, &[&str]) = match unit.stage {
        Stage::Ordered => ("quotes to be asked for", Some(Operator), &["cancel"]),
        Stage::QuoteRequested => ("a quote from a vendor", None, &["move"]),
        Stage::QuoteReceived => ("the purchase to be approved", Some(Approver), &["move"]),
        Stage::PurchaseApproved => ("the vendor's confirmation", None, &["move"]),
        Stage::ShipmentTracking => ("the delivery; scan it at the dock", Some(Technician), &["receive"]),
        Stage::Received => ("to be racked", Some(Technician), &["scan-rack", "move"]),
        Stage::Racked => ("power and network cables", Some(Technician), &["move"]),
        Stage::Cabled => ("to be powered on: a lease from its BMC", Some(Technician), &["move"]),
        Stage::PoweredOn => ("a lease from its BMC that NetBox confirms", Some(Technician), &["move"]),
        Stage::Discovered | Stage::PhysicalValidated if unit.device.is_none() => {
            ("a lease from its BMC that NetBox confirms", Some(Technician), &["move"])
        }
        Stage::Ready => ("an order", None, &[]),
        Stage::InService => ("nothing: it is in service", None, &[]),
        Stage::Maintenance => ("the end of its maintenance", Some(Operator), &["move"]),
        Stage::DecommissionProposed => ("the proposal to be decided", Some(Approver), &["move"]),
        Stage::Decommissioned => ("nothing: it is gone", None, &[]),
        stage => (unbuilt(stage).unwrap_or("its next step"), None, &[]),
    };
    if let Some((order, _)) = unit.order.filter(|_| unit.stage < Stage::ShipmentTracking) {
        return Wait { who, ..Wait::system(format!("{what} (order {order})"), since) };
    }
    let what = match (unit.stage, unit.goes_to()) {
        (Stage::Received, Some(spot)) => format!("{what} at {spot}"),
        _ => what.to_owned(),
    };
    let mut wait = person(what, since, Operator, keys);
    wait.who = who;
    wait.unbuilt = unbuilt(unit.stage).is_some();
    wait
}

/// What a stage waits for that this version has no step for. Nobody is told that it goes on by itself.
const fn unbuilt(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Staged => Some("enrolment in the vendor's tool"),
        Stage::ProvisionedToVendorTool => Some("its firmware baseline"),
        Stage::FirmwareUpdating => Some("firmware to be read back at its baseline"),
        Stage::Hardened => Some("the last check before the pool"),
        Stage::AssignedToTenant => Some("the handover to its tenant"),
        Stage::Decommissioning => Some("erasure and removal"),
        _ => None,
    }
}
