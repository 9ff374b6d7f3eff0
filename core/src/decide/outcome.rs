//! An attempt has ended, or a deadline has passed.

use std::time::Duration;

use super::{Answer, Deciding, Refusal, Why};
use crate::bmc::SystemReading;
use crate::event::{BootEvent, Event, StepEvent};
use crate::fault::{Fault, Kind};
use crate::flow::attempt::{Phase, Progress};
use crate::flow::rules::{Class, Lane, Rule, of_unit, rule};
use crate::flow::step::{Observation, Outcome, Step};
use crate::flow::unit::Expired;
use crate::flow::{
    self,
    next::{Due, Move, wanted},
};
use crate::id::{Role, Subject};
use crate::lifecycle::task::TaskKind;
use crate::time::Timestamp;

impl Deciding<'_> {
    pub(crate) fn next_moves(&self, subject: Subject) -> Vec<Move> {
        flow::next(&self.world, subject, self.moment.now).map(|n| n.moves).unwrap_or_default()
    }

    /// Journals the intention of an attempt, if it is still due. Reads change nothing and need none.
    pub(crate) fn begin(&mut self, subject: Subject, due: Due) -> Result<Answer, Refusal> {
        if !self.next_moves(subject).contains(&Move::Begin(due)) {
            return Err(Refusal::new(Why::Conflict, format!("{} is not due any more", due.step)));
        }
        let r = rule(due.step);
        if r.class == Class::Read || due.begun {
            return Ok(Answer::Already);
        }
        let event = StepEvent::StepIntended {
            step: due.step,
            generation: due.generation,
            attempt: due.attempt,
            rung: due.rung,
            until: r.deadline.map(|d| self.moment.now + d),
            terms: Some(r.terms()),
        };
        self.emit(subject, event);
        Ok(Answer::Done)
    }

    pub(crate) fn ended(&mut self, subject: Subject, step: Step, generation: u32, outcome: &Outcome) -> Answer {
        if !self.is_current(subject, step, generation, outcome) {
            // A person retried, skipped or cancelled meanwhile, or the world moved on: the answer is to a question
            // nobody asks any more.
            return Answer::Already;
        }
        match outcome {
            Outcome::Accepted { receipt } => {
                let receipt = receipt.clone();
                self.emit(subject, StepEvent::StepAccepted { step, generation, receipt });
            }
            Outcome::Observed(Observation::Lookup(lookup)) => {
                if let Subject::Bmc(mac) = subject {
                    return self.looked_up(mac, lookup);
                }
            }
            Outcome::Observed(saw) => {
                let told = self.unit(subject).and_then(|u| u.registration.as_ref()?.told.clone());
                self.emit(subject, rule(step).observed(generation, saw.clone()));
                if let (Observation::System(reading), Subject::Unit(_)) = (saw, subject) {
                    self.compare_identity(subject, reading);
                }
                if let (Observation::Registered(port), Subject::Unit(id)) = (saw, subject) {
                    self.registered(id, port, told.as_ref());
                }
                if let (Step::RequestQuote, Subject::Deal(id)) = (step, subject) {
                    self.asked(id);
                }
                self.consequences(subject);
            }
            Outcome::Failed(fault) => self.failed(subject, step, generation, fault),
        }
        Answer::Done
    }

    /// Whether this is asked still. Only a failure may come before anything was intended.
    fn is_current(&self, subject: Subject, step: Step, generation: u32, outcome: &Outcome) -> bool {
        let unsent = matches!(outcome, Outcome::Failed(_));
        match subject {
            Subject::Unit(id) => self.world.unit(id).is_some_and(|u| {
                let r = rule(step);
                let now = u.steps.at(step).filter(|p| p.generation == generation);
                // What was sent is answered, even where a hold or a task came between.
                let sent = now.is_some_and(|p| p.phase == Phase::Intended);
                match r.class {
                    Class::Await => false,
                    // It is looked for as long as it is awaited.
                    Class::Force if r.watched.is_some() && matches!(outcome, Outcome::Observed(_)) => {
                        now.is_some_and(may_have_gone_out)
                    }
                    // What was accepted, or may have arrived, has had its outcome.
                    Class::Force if !unsent || now.is_some_and(may_have_gone_out) => sent,
                    Class::Force | Class::Read | Class::Sync => {
                        sent || (wanted(u, r.lane) == Some(step) && u.steps.generation(step) == generation)
                    }
                }
            }),
            Subject::Bmc(mac) => self.world.sightings.get(&mac).is_some_and(|s| {
                let wanted = if step == Step::LookUpDevice { s.verdict.is_none() } else { !s.notes.owed.is_empty() };
                wanted && s.steps.generation(step) == generation
            }),
            Subject::Deal(id) => self.world.order(id.order).zip(self.world.deal(id)).is_some_and(|(order, deal)| {
                let at = deal.steps.at(step).filter(|p| p.generation == generation);
                let wanted = deal.wanted(order, self.moment.now) == Some(step);
                at.is_some_and(|p| p.phase == Phase::Intended) || (wanted && deal.steps.generation(step) == generation)
            }),
            Subject::Order(_) | Subject::Plan(_) | Subject::Journal => false,
        }
    }

    fn failed(&mut self, subject: Subject, step: Step, generation: u32, fault: &Fault) {
        let r = rule(step);
        let progress = self.world.steps(subject).and_then(|steps| steps.at(step));
        let failures = Progress::failures(progress);
        let until = progress.and_then(|p| p.until);
        let (now, terms) = (self.moment.now, Some(r.terms()));
        let mut fault = fault.clone();
        if fault.kind == Kind::Unknown && !progress.is_some_and(may_have_gone_out) {
            // What was never intended was never sent: no effect of ours is in doubt.
            fault.kind = Kind::Transient;
        }
        let event = match (r.class, fault.kind) {
            // Sent, and nobody knows whether it worked. The only safe proof is its effect, or the next rung.
            (Class::Force, Kind::Unknown) => {
                Event::Step(StepEvent::StepUnknown { step, generation, fault, again_at: until.unwrap_or(now), terms })
            }
            (_, kind) if !may_retry(r, kind) || r.most(&fault).is_some_and(|most| failures >= most) => {
                let fault = give_up(r, fault, failures);
                Event::Step(StepEvent::StepParked { step, generation, fault, terms })
            }
            (_, Kind::Unknown) => Event::Step(StepEvent::StepUnknown {
                step,
                generation,
                fault,
                again_at: self.after(r, failures),
                terms,
            }),
            _ => {
                Event::Step(StepEvent::StepFailed { step, generation, fault, again_at: self.after(r, failures), terms })
            }
        };
        self.emit(subject, event);
    }

    /// The next try: the rule's pause, and up to a quarter of it more, so that a rack does not knock in step.
    fn after(&self, r: &Rule, failures: u32) -> Timestamp {
        let pause = r.pause(failures.max(1));
        let most = u64::try_from(pause.as_micros() / 4).unwrap_or(u64::MAX).max(1);
        self.moment.now + pause + Duration::from_micros(self.moment.entropy.below(most))
    }

    pub(crate) fn expired(&mut self, subject: Subject, lane: Lane, step: Step) -> Result<Answer, Refusal> {
        if !self.next_moves(subject).contains(&Move::Expire(lane, step)) {
            return Err(Refusal::new(Why::Conflict, format!("{step} has not run out")));
        }
        let Some(unit) = self.unit(subject) else { return Ok(Answer::Already) };
        let generation = unit.steps.generation(step);
        let Some(known) = of_unit(step) else { return Ok(Answer::Already) };
        let Expired { system, what, advice } = (known.expired)(unit);
        let fault = Fault::new(system, Kind::Transient, what);
        if let Some(advice) = advice {
            let (fault, terms) = (fault.advise(advice), Some(known.rule.terms()));
            self.emit(subject, StepEvent::StepParked { step, generation, fault, terms });
        } else {
            self.emit(subject, BootEvent::BootMissed { step, fault });
        }
        Ok(Answer::Done)
    }

    /// The serial the BMC tells must be the one everybody else tells.
    pub(crate) fn compare_identity(&mut self, subject: Subject, reading: &SystemReading) {
        let Some(unit) = self.unit(subject) else { return };
        let (id, theirs) = (unit.id, &reading.serial);
        let text = match &unit.serial {
            Some(ours) if ours.eq_ignore_ascii_case(theirs) => return,
            Some(ours) => format!("serial: {ours} here, {theirs} on its BMC"),
            None => format!("serial: {theirs} on its BMC is that of another unit"),
        };
        self.open_task(id, TaskKind::CheckIdentity, Role::Technician, &text);
    }
}

/// Whether an attempt may have had its effect.
fn may_have_gone_out(progress: &Progress) -> bool {
    match &progress.phase {
        Phase::Intended | Phase::Accepted { .. } => true,
        Phase::Waiting { fault, .. } | Phase::Parked { fault } => fault.kind == Kind::Unknown,
    }
}

/// A BMC locks an account that knocks too often; NetBox and vendors do not.
fn may_retry(r: &Rule, kind: Kind) -> bool {
    if r.lane == Lane::Bmc { kind.may_retry() } else { kind.is_waited_out() }
}

fn give_up(r: &Rule, fault: Fault, failures: u32) -> Fault {
    if !fault.advice.is_empty() {
        return fault;
    }
    let tried = if failures == 1 { "tried once".to_owned() } else { format!("tried {failures} times") };
    let advice = match (r.silent, fault.kind) {
        (_, Kind::Unauthorised) => {
            "set the right BMC password for this server, then retry; it was tried once".to_owned()
        }
        (silent, Kind::Transient | Kind::Unknown) if !silent.is_empty() => format!("{tried}; {silent}"),
        (_, Kind::Malformed) if r.lane == Lane::Bmc => {
            format!("{tried}; something answers, so its cable is right: check what is at that address, then retry")
        }
        (_, Kind::Conflict) => "settle which of the two is right, then retry".to_owned(),
        (_, Kind::Rejected | Kind::Gone) => "correct what it names, then retry".to_owned(),
        _ => format!("{tried}; retry when the cause is gone"),
    };
    fault.advise(advice)
}
