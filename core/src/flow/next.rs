//! What comes next: a pure function of the world, asked again after every event and every restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempt::{Attempts, Phase, Progress};
use super::rules::{Class, LADDER, Lane, Rule, rule};
use super::step::Step;
use crate::bmc::Rung;
use crate::discovery::Sighting;
use crate::fault::Kind;
use crate::id::Role;
use crate::lifecycle::guard::Guard;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::{Notes, Unit};
use crate::placement::reservation::Shown;
use crate::text::Text;
use crate::time::Timestamp;

/// How long notes to NetBox's journal are gathered.
const GATHER: Duration = Duration::from_mins(2);

/// One attempt to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The lane it takes.
    pub lane: Lane,
    /// The step.
    pub step: Step,
    /// Its generation.
    pub generation: u32,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How hard, for a reset.
    pub rung: Option<Rung>,
    /// Whether its intention is in the journal already: it was begun before, and its outcome is not known.
    pub begun: bool,
}

/// What to do in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Make this attempt.
    Begin(Due),
    /// Its deadline has passed without its effect being seen.
    Expire(Lane, Step),
    /// Time has brought something about that is to be journaled.
    Review,
}

/// Why something is not moving, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What is awaited, and why.
    pub what: Text,
    /// Since when.
    pub since: Timestamp,
    /// Until when, at the latest.
    pub until: Option<Timestamp>,
    /// Which attempt this is, where attempts are made.
    pub attempt: Option<u32>,
    /// Of how many.
    pub of: Option<u32>,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// Who must act; `None` is Rackhand itself.
    pub who: Option<Role>,
    /// The step, where it is one.
    pub step: Option<Step>,
    /// Which commands resolve it.
    pub resolve: Vec<Text>,
    /// Whether nothing will end it: this version has no step for what is awaited.
    #[serde(default)]
    pub unbuilt: bool,
}

impl Wait {
    /// A wait for an outside system, about which nobody here need do anything.
    pub fn system(what: impl Into<Text>, since: Timestamp) -> Self {
        Self {
            what: what.into(),
            since,
            until: None,
            attempt: None,
            of: None,
            next_try: None,
            who: None,
            step: None,
            resolve: Vec::new(),
            unbuilt: false,
        }
    }
}

/// What comes next for one subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// What to do now.
    pub moves: Vec<Move>,
    /// When to ask again, at the latest.
    pub wake: Option<Timestamp>,
    /// What is awaited.
    pub waits: Vec<Wait>,
}

impl Next {
    pub(crate) fn wake_at(&mut self, when: Timestamp) {
        self.wake = Some(self.wake.map_or(when, |w| w.min(when)));
    }
}

/// What comes next for a unit.
pub fn for_unit(unit: &Unit, now: Timestamp) -> Next {
    let mut next = Next::default();
    if unit.disposition == Disposition::OnHold {
        let why = unit.disposition_reason.as_deref().unwrap_or("no reason given");
        next.waits.push(person(format!("on hold: {why}"), unit.disposition_since, Role::Technician, &["release"]));
        return next;
    }
    for lane in Lane::ALL {
        if let Some(step) = wanted(unit, lane) {
            let later = gathers(step, &unit.notes, &unit.steps);
            if let Some(later) = later.filter(|later| now < *later && unit.steps.generation(step) == 1) {
                next.wake_at(later);
                continue;
            }
            let rung = (step == Step::ResetForBoot).then(|| LADDER.get(unit.boot.rungs.len()).copied()).flatten();
            let ended = matches!(unit.disposition, Disposition::Cancelled | Disposition::Retired);
            let may_cancel = !ended && unit.stage < Stage::AssignedToTenant;
            advance(&mut next, &unit.steps, step, rung, may_cancel, now);
        }
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
    let gathering = wanted.and_then(|step| gathers(step, &sighting.notes, &sighting.steps));
    if let Some(later) = gathering.filter(|later| now < *later) {
        next.wake_at(later);
        return next;
    }
    if let Some(step) = wanted {
        advance(&mut next, &sighting.steps, step, None, false, now);
    }
    next
}

/// Until when notes are gathered that nothing was tried about yet: what comes soon after goes along in one request.
fn gathers(step: Step, notes: &Notes, steps: &Attempts) -> Option<Timestamp> {
    let oldest = notes.owed.first().filter(|_| step == Step::WriteNotes)?;
    steps.at(step).is_none().then(|| oldest.at + GATHER)
}

/// The step a lane needs now, if any. Order is by what later steps rest on.
pub fn wanted(unit: &Unit, lane: Lane) -> Option<Step> {
    if let Some(undo) = unit.steps.undo().last().filter(|s| rule(**s).lane == lane) {
        // An undo on the other lane goes first where it is later in the list.
        return Some(*undo);
    }
    match lane {
        Lane::Vendor => None,
        Lane::Notes => (!unit.notes.owed.is_empty()).then_some(Step::WriteNotes),
        _ if !unit.steps.undo().is_empty() || !unit.disposition.may_move() => None,
        Lane::Dcim => inventory_step(unit),
        Lane::Bmc => boot_step(unit),
    }
}

fn inventory_step(unit: &Unit) -> Option<Step> {
    // Until a lease was accepted: then NetBox has shown that it knows this BMC.
    if unit.registration.as_ref().is_some_and(|r| r.seen.is_none()) {
        return Some(Step::RegisterBmc);
    }
    // Before the cabling plan is read, which is then this one.
    if unit.placement.as_ref().is_some_and(|held| held.shown == Shown::No)
        && unit.stage < Stage::AssignedToTenant
        && unit.netbox_device().is_some()
    {
        return Some(Step::PlaceDevice);
    }
    let stage = unit.stage;
    // A device made for what was bought is ours from its beginning: NetBox follows it from the dock on. Any other is not
    // touched before a lease was accepted.
    let from = if unit.order.is_some() { Stage::ShipmentTracking } else { Stage::Received };
    if unit.device.is_none() {
        let ours = unit.order.is_some() && unit.netbox_device().is_some();
        let behind = (from..=Stage::PoweredOn).contains(&stage) && unit.status_written != Some(stage);
        return (ours && behind).then_some(Step::SyncStatus);
    }
    // Before it is discovered, or discovered again, no lease speaks for the address.
    if stage >= Stage::Discovered && unit.bmc_address.is_some() && unit.address_written != unit.bmc_address {
        return Some(Step::AssignBmcAddress);
    }
    if (from..=Stage::Ready).contains(&stage) && unit.status_written != Some(stage) {
        return Some(Step::SyncStatus);
    }
    match stage {
        Stage::Discovered if unit.plan.is_none() => Some(Step::ReadCablingPlan),
        Stage::PhysicalValidated if unit.is_blocked() => None,
        Stage::PhysicalValidated if !unit.interfaces_written => Some(Step::WriteInterfaces),
        Stage::PhysicalValidated if !unit.cables_written => Some(Step::WriteCables),
        Stage::PhysicalValidated if !unit.staging_written => Some(Step::EnterStaging),
        _ => None,
    }
}

fn boot_step(unit: &Unit) -> Option<Step> {
    let moves = unit.disposition.may_move() && unit.stage == Stage::Discovered && !unit.is_blocked();
    if !moves || unit.bmc_address.is_none() {
        return None;
    }
    if unit.validation.report.is_some() {
        // Many controllers list their parts only once the server has been through a self-test: that was this boot.
        return (unit.parts.is_none() && unit.identity.is_some()).then_some(Step::ReadParts);
    }
    Some(if unit.identity.is_none() {
        Step::ReachBmc
    } else if unit.system.is_none() {
        Step::LogInToBmc
    } else if unit.boot.token.is_some() {
        Step::Validate
    } else if !unit.boot.armed {
        Step::ArmNetworkBoot
    } else {
        Step::ResetForBoot
    })
}

pub(crate) fn advance(
    next: &mut Next,
    steps: &Attempts,
    step: Step,
    rung: Option<Rung>,
    may_cancel: bool,
    now: Timestamp,
) {
    let (r, generation) = (rule(step), steps.generation(step));
    let begin = |attempt, rung, begun| Move::Begin(Due { lane: r.lane, step, generation, attempt, rung, begun });
    let Some(progress) = steps.at(step) else {
        if r.class != Class::Await {
            next.moves.push(begin(1, rung, false));
        }
        return;
    };
    let rung = progress.rung.or(rung);
    match &progress.phase {
        // It may have gone out. Sending it again because nobody told us would be a second reset for one cause.
        Phase::Intended if r.class == Class::Force => await_effect(next, r, progress, awaited(step), now),
        Phase::Intended => next.moves.push(begin(progress.attempts, rung, true)),
        Phase::Accepted { receipt } => {
            if matches!(r.class, Class::Force | Class::Await) {
                await_effect(next, r, progress, &format!("{receipt}; {}", awaited(step)), now);
            } else {
                next.moves.push(begin(progress.attempts, rung, true));
            }
        }
        Phase::Waiting { fault, .. } if r.class == Class::Force && fault.kind == Kind::Unknown => {
            await_effect(next, r, progress, &format!("{fault}; {}", awaited(step)), now);
        }
        Phase::Waiting { fault, again_at } => {
            next.waits.push(Wait {
                what: format!("{step}: {fault}").into(),
                since: progress.since,
                until: None,
                attempt: Some(progress.attempts),
                of: r.most(fault),
                next_try: Some(*again_at),
                who: None,
                step: Some(step),
                resolve: Vec::new(),
                unbuilt: false,
            });
            if *again_at <= now {
                next.moves.push(begin(progress.attempts + 1, rung, false));
            } else {
                next.wake_at(*again_at);
            }
        }
        Phase::Parked { fault } => {
            let mut keys = vec!["retry"];
            keys.extend(r.skip.map(|_| "skip"));
            keys.extend(may_cancel.then_some("cancel"));
            let mut wait = person(format!("{step}: {fault}"), progress.since, r.role, &keys);
            wait.attempt = Some(progress.attempts);
            wait.of = r.most(fault);
            wait.step = Some(step);
            next.waits.push(wait);
        }
    }
}

fn await_effect(next: &mut Next, r: &Rule, progress: &Progress, what: &str, now: Timestamp) {
    let rung = progress.rung.map_or(String::new(), |rung| format!(" ({rung})"));
    next.waits.push(Wait {
        what: format!("{}{rung}: {what}", r.step).into(),
        since: progress.since,
        until: progress.until,
        attempt: Some(progress.attempts),
        of: r.attempts,
        next_try: None,
        who: None,
        step: Some(r.step),
        resolve: Vec::new(),
        unbuilt: false,
    });
    match progress.until {
        Some(until) if until <= now => next.moves.push(Move::Expire(r.lane, r.step)),
        Some(until) => next.wake_at(until),
        None => {}
    }
}

fn awaited(step: Step) -> &'static str {
    match step {
        Step::ResetForBoot => "waiting for the machine to fetch its boot script",
        Step::Validate => "waiting for the machine's reports",
        _ => "waiting for its effect",
    }
}

pub(crate) fn person(what: String, since: Timestamp, who: Role, resolve: &[&str]) -> Wait {
    let resolve = resolve.iter().map(|k| Text::new(k)).collect();
    Wait { who: Some(who), resolve, ..Wait::system(what, since) }
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
