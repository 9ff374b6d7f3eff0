//! A unit as readers see it: how it does at a glance, in a row, in detail; counts over all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::boot::report::StepReport;
use crate::flow::attempt::Phase;
use crate::flow::next::{self, Wait};
use crate::flow::step::Step;
use crate::id::{Role, SiteId, Subject, UnitId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::table;
use crate::lifecycle::task::{Task, TaskId};
use crate::lifecycle::unit::Unit;
use crate::spine::event::Seq;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

use super::health::Health;

/// How a unit does, at a glance. Never guessed: what is not known is `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A person must decide: a dead letter, or a task that blocks.
    Stuck,
    /// Something failed and is tried again.
    Retrying,
    /// A step is under way.
    Moving,
    /// Waits for a person's ordinary work.
    Person,
    /// Nothing is to be done by us now.
    Idle,
    /// Held, quarantined, cancelled or at another end.
    Aside,
}

impl State {
    /// All of them, what needs a person first.
    pub const ALL: [Self; 6] = [Self::Stuck, Self::Retrying, Self::Moving, Self::Person, Self::Idle, Self::Aside];

    /// One word for every table and `--json`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Retrying => "retrying",
            Self::Moving => "moving",
            Self::Person => "person",
            Self::Idle => "idle",
            Self::Aside => "aside",
        }
    }
}

/// One unit in a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Its id.
    pub id: UnitId,
    /// Serial, or the id while it has none.
    pub label: Text,
    /// Site.
    pub site: SiteId,
    /// Model, where known.
    pub model: Option<Text>,
    /// Rack and unit, where known.
    pub place: Option<Text>,
    /// Stage.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
    /// Beside the stage.
    pub disposition: Disposition,
    /// At a glance.
    pub state: State,
    /// The first thing it waits for.
    pub waits_for: Text,
    /// When that is tried again.
    pub next_try: Option<Timestamp>,
    /// Who must act; `None` is Rackhand.
    pub who: Option<Role>,
    /// Whether its locator LED was seen on.
    #[serde(default)]
    pub located: bool,
    /// The last event about it.
    pub revision: Seq,
}

/// One unit, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitDetail {
    /// As in the table.
    pub row: UnitRow,
    /// Facts as label and value, in the order to show them.
    pub facts: Vec<(Text, Text)>,
    /// Why it is not moving.
    pub waits: Vec<Wait>,
    /// The steps under way or parked, as words: step, generation, attempts, phase.
    pub steps: Vec<StepRow>,
    /// Tasks.
    pub tasks: Vec<(TaskId, Task)>,
    /// What the machine has tested of itself in its last boot, with what it measured and the limits.
    #[serde(default)]
    pub tests: Vec<StepReport>,
    /// Where a person may move it, with the proof their word stands for and the role it takes.
    pub ways: Vec<(Stage, Text, Role)>,
}

/// A step under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    /// Which.
    pub step: Step,
    /// Its generation.
    pub generation: u32,
    /// Attempts so far.
    pub attempts: u32,
    /// `intended`, `accepted`, `waiting` or `parked`.
    pub phase: Text,
    /// The fault or receipt.
    pub detail: Text,
    /// What skipping it means; `None` where it cannot be skipped.
    pub skip: Option<Text>,
}

/// A step a person must decide about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Whose.
    pub subject: Subject,
    /// The unit in a table, where it is a unit's.
    pub row: Option<UnitRow>,
    /// The step.
    pub step: StepRow,
    /// Since when.
    pub since: Timestamp,
    /// Who decides.
    pub who: Role,
}

/// Counts for the header and the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The head it was made at.
    pub head: Seq,
    /// Its site's name.
    pub site: SiteId,
    /// When it was made, by the daemon's clock.
    pub now: Timestamp,
    /// Whether this is a demo.
    pub demo: bool,
    /// How many are in each stage, whatever their disposition.
    pub stages: BTreeMap<Stage, u32>,
    /// The same for each site.
    pub sites: BTreeMap<SiteId, BTreeMap<Stage, u32>>,
    /// How often each state.
    pub states: BTreeMap<State, u32>,
    /// The same for each site. Empty where the daemon is older than this field.
    #[serde(default)]
    pub site_states: BTreeMap<SiteId, BTreeMap<State, u32>>,
    /// Dead letters, sightings' included.
    pub dead_letters: u32,
    /// Orders. `None` where the daemon is older than this field.
    #[serde(default)]
    pub orders: Option<OrderCounts>,
    /// The daemon itself.
    pub health: Health,
}

/// How many orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCounts {
    /// Those that something is left to be done for.
    pub open: u32,
    /// Those of them that a person must act on.
    pub people: u32,
    /// Deliveries that should have come a day ago or longer.
    pub late: u32,
}

/// The row of a unit.
pub fn row(unit: &Unit, now: Timestamp) -> UnitRow {
    let next = next::for_unit(unit, now);
    let state = state(unit, &next);
    let first = next.waits.iter().max_by_key(|w| (w.who.is_some() && w.step.is_some(), w.who.is_some()));
    let waits_for = match (first, next.moves.first()) {
        (Some(wait), _) if wait.unbuilt => format!("no step yet for {}", wait.what).into(),
        (Some(wait), _) => wait.what.clone(),
        (None, Some(next::Move::Begin(due) | next::Move::Watch(due, _))) => due.step.word().into(),
        (None, Some(next::Move::Expire(_, step))) => step.word().into(),
        (None, Some(next::Move::Review) | None) => Text::new(""),
    };
    UnitRow {
        id: unit.id,
        label: unit.label().into(),
        site: unit.site.clone(),
        model: unit.model.clone(),
        place: unit.place().cloned(),
        stage: unit.stage,
        since: unit.stage_since,
        disposition: unit.disposition,
        state,
        waits_for,
        next_try: first.and_then(|w| w.next_try.or(w.until)),
        who: first.and_then(|w| w.who),
        located: unit.is_located(),
        revision: unit.revision,
    }
}

fn state(unit: &Unit, next: &next::Next) -> State {
    let asked = next.waits.iter().any(|w| w.who.is_some() && w.step.is_some());
    if asked || (unit.is_blocked() && unit.disposition.may_move()) {
        State::Stuck
    } else if !unit.disposition.may_move() && unit.steps.undo().is_empty() {
        State::Aside
    } else if unit.steps.progress().any(|p| matches!(p.phase, Phase::Waiting { .. })) {
        State::Retrying
    } else if !next.moves.is_empty() || unit.steps.progress().next().is_some() {
        State::Moving
    } else if next.waits.iter().any(|w| w.who.is_some()) {
        State::Person
    } else {
        State::Idle
    }
}

/// Everything about a unit.
pub fn detail(world: &World, unit: &Unit, now: Timestamp, actor: &crate::id::Actor) -> UnitDetail {
    let next = next::for_unit(unit, now);
    let mut facts: Vec<(Text, Text)> = Vec::new();
    let mut fact = |name: &str, value: Option<String>| {
        facts.push((Text::new(name), value.map_or_else(|| Text::new("unknown"), Text::from)));
    };
    fact("unit", Some(unit.id.to_string()));
    fact("serial", unit.serial.as_ref().map(ToString::to_string));
    fact("model", unit.model.as_ref().map(ToString::to_string));
    fact("site", Some(unit.site.to_string()));
    fact("place", unit.place().map(ToString::to_string));
    if let Some(held) = &unit.placement {
        let place = &held.place;
        let word = if held.racked { "placed as kept" } else { "goes to" };
        fact(word, Some(place.span().to_string()));
        let network = place.network.iter().map(|c| format!("{} to {} {}", c.interface, c.port.switch, c.port.port));
        let power = place.power.iter().map(|c| format!("{} to {} {}", c.inlet, c.strip, c.outlet));
        let cables: Vec<String> = network.chain(power).collect();
        fact("its cables", Some(if cables.is_empty() { "none planned".to_owned() } else { cables.join(", ") }));
    }
    if let Some(plan) = unit.taken_over {
        fact(
            "taken over",
            Some(format!("by plan {plan}; power, boot, firmware and passwords move on a person's word")),
        );
    }
    fact("netbox device", unit.device.as_ref().map(|d| format!("{} (id {})", d.name, d.id)));
    fact("bmc mac", unit.bmc_mac.map(|m| m.to_string()));
    fact("bmc address", unit.bmc_address.map(|a| a.to_string()));
    fact(
        "bmc",
        unit.identity
            .as_ref()
            .map(|i| i.firmware.as_ref().map_or_else(|| i.controller.to_string(), |f| format!("{} {f}", i.controller))),
    );
    fact("bmc certificate", unit.certificate.map(|c| format!("{:.16}...", c.to_string())));
    fact("power", unit.system.as_ref().map(|s| format!("{:?} when last read", s.power).to_lowercase()));
    if let Some(led) = &unit.locator {
        fact("locator led", Some(led.to_string()));
    }
    let planned = unit.plan.as_ref().map(|p| p.interfaces.iter().filter(|i| i.peer.is_some()).count());
    let told = |n: usize| if n == 0 { "no plan: they are not checked".into() } else { n.to_string() };
    fact("cables planned", planned.map(told));
    facts.extend(super::parts::facts(world, unit));
    let ways = table::open_ways(unit.stage, actor)
        .filter(|(to, _)| !unit.stage.is_on_order() || *to > unit.stage)
        .filter_map(|(to, way)| way.role().map(|role| (to, Text::new(way.proof.meaning()), role)))
        .collect();
    UnitDetail {
        row: row(unit, now),
        facts,
        waits: next.waits,
        steps: unit.steps.progress().map(step_row).collect(),
        tasks: unit.tasks.clone(),
        tests: unit.validation.steps.clone(),
        ways,
    }
}

pub(crate) fn step_row(p: &crate::flow::attempt::Progress) -> StepRow {
    let (phase, detail) = match &p.phase {
        Phase::Intended => ("intended", Text::new("")),
        Phase::Accepted { receipt } => ("accepted", receipt.clone()),
        Phase::Waiting { fault, .. } => ("waiting", Text::from(fault.to_string())),
        Phase::Parked { fault } => ("parked", Text::from(fault.to_string())),
    };
    StepRow {
        step: p.step,
        generation: p.generation,
        attempts: p.attempts,
        phase: phase.into(),
        detail,
        skip: crate::flow::rules::rule(p.step).skip.map(Text::new),
    }
}
