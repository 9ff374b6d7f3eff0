//! What is to be done now, what is awaited, and when to ask again: how far an attempt is, as the next move.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempt::{Attempts, Phase, Progress};
use super::rule::{Class, Lane, Rule};
use super::step::Step;
use crate::bmc::Rung;
use crate::fault::Kind;
use crate::id::Role;
use crate::text::Text;
use crate::time::Timestamp;

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
    /// It has gone out: look for its effect this often.
    Watch(Due, Duration),
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

/// Goes on with a step that is wanted.
pub(crate) fn advance(
    next: &mut Next,
    steps: &Attempts,
    r: &Rule,
    rung: Option<Rung>,
    may_cancel: bool,
    now: Timestamp,
) {
    let step = r.step;
    let generation = steps.generation(step);
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
        Phase::Intended if r.class == Class::Force => await_effect(next, r, progress, r.awaits, now),
        Phase::Intended => next.moves.push(begin(progress.attempts, rung, true)),
        Phase::Accepted { receipt } => {
            if matches!(r.class, Class::Force | Class::Await) {
                await_effect(next, r, progress, &format!("{receipt}; {}", r.awaits), now);
            } else {
                next.moves.push(begin(progress.attempts, rung, true));
            }
        }
        Phase::Waiting { fault, .. } if r.class == Class::Force && fault.kind == Kind::Unknown => {
            await_effect(next, r, progress, &format!("{fault}; {}", r.awaits), now);
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
    let due = Due {
        lane: r.lane,
        step: r.step,
        generation: progress.generation,
        attempt: progress.attempts,
        rung: progress.rung,
        begun: true,
    };
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
    if let Some(every) = r.watched.filter(|_| progress.until.is_none_or(|until| now < until)) {
        next.moves.push(Move::Watch(due, every));
    }
}

/// A wait for a person.
pub(crate) fn person(what: String, since: Timestamp, who: Role, resolve: &[&str]) -> Wait {
    let resolve = resolve.iter().map(|k| Text::new(k)).collect();
    Wait { who: Some(who), resolve, ..Wait::system(what, since) }
}
