//! Where a subject is with its steps: one machine for units, for BMCs that were seen, and for deals. It is folded from
//! events alone: what it needs of a step's rule stands in the events that begin, end or put off an attempt.

#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::before_terms;
use super::rule::{Lane, Terms};
use super::step::{Observation, Step};
use crate::bmc::Rung;
use crate::fault::Fault;
use crate::flow::event::StepEvent;
use crate::text::Text;
use crate::time::Timestamp;

/// Where a lane is with its step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The step.
    pub step: Step,
    /// Its generation.
    pub generation: u32,
    /// Attempts begun in this generation.
    pub attempts: u32,
    /// How hard, for a reset.
    pub rung: Option<Rung>,
    /// Since when it is in this phase.
    pub since: Timestamp,
    /// By when its effect must have been observed.
    pub until: Option<Timestamp>,
    /// The step that undoes it.
    pub undo: Option<Step>,
    /// The phase.
    pub phase: Phase,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Journaled. The call may or may not have gone out.
    Intended,
    /// The other side took it; its effect is awaited.
    Accepted {
        /// The receipt.
        receipt: Text,
    },
    /// Not done, or not known; tried or looked at again.
    Waiting {
        /// Why.
        fault: Fault,
        /// When.
        again_at: Timestamp,
    },
    /// A person must decide.
    Parked {
        /// Why.
        fault: Fault,
    },
}

impl Progress {
    /// How many attempts have failed once the present one has. An attempt whose intention was journaled is counted
    /// already; a look that failed before anything was intended is not.
    pub fn failures(now: Option<&Self>) -> u32 {
        now.map_or(1, |p| match p.phase {
            Phase::Intended | Phase::Accepted { .. } => p.attempts,
            Phase::Waiting { .. } | Phase::Parked { .. } => p.attempts + 1,
        })
    }
}

/// An effect that stands, and what undoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Which step's.
    pub step: Step,
    /// What undoes it.
    pub undo: Step,
}

/// A subject's steps: those on their way, one in each lane, and what has come of those before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempts {
    lanes: BTreeMap<Lane, Progress>,
    /// The generation of each step that was begun anew.
    generations: BTreeMap<Step, u32>,
    /// Effects that stand and can be undone, oldest first.
    done: Vec<Done>,
    /// Undo steps still to be taken, the next one last.
    undo: Vec<Step>,
}

impl Attempts {
    /// Applies what an event says of a step; what else it means is its subject's.
    pub fn apply(&mut self, at: Timestamp, event: &StepEvent) {
        match event {
            StepEvent::StepIntended { step, generation, attempt, rung, until, terms } => {
                let Terms { lane, undo } = before_terms::of(*step, terms.as_ref());
                let (step, generation, attempts, rung, until) = (*step, *generation, *attempt, *rung, *until);
                let phase = Phase::Intended;
                self.begin(lane, Progress { step, generation, attempts, rung, since: at, until, undo, phase });
            }
            StepEvent::StepAccepted { step, receipt, .. } => {
                if let Some(progress) = self.at_mut(*step) {
                    progress.phase = Phase::Accepted { receipt: receipt.clone() };
                    progress.since = at;
                }
            }
            StepEvent::StepUnknown { step, generation, fault, again_at, terms }
            | StepEvent::StepFailed { step, generation, fault, again_at, terms } => {
                let phase = Phase::Waiting { fault: fault.clone(), again_at: *again_at };
                self.put_off(*step, *generation, at, terms.as_ref(), phase);
            }
            StepEvent::StepParked { step, generation, fault, terms } => {
                self.put_off(*step, *generation, at, terms.as_ref(), Phase::Parked { fault: fault.clone() });
            }
            StepEvent::StepRetried { step, generation } => {
                self.generations.insert(*step, *generation);
                self.let_go(|s| s == *step);
            }
            // What would have been undone stays as it is, and nobody comes back to it.
            StepEvent::StepSkipped { step, .. } if self.undo.contains(step) => self.undone(*step),
            StepEvent::StepSkipped { step, .. } => self.let_go(|s| s == *step),
            StepEvent::StepObserved { step, saw: Observation::Undone, .. } => self.undone(*step),
            StepEvent::StepObserved { step, terms, .. } => self.observed(*step, terms.as_ref()),
        }
    }

    fn put_off(&mut self, step: Step, generation: u32, at: Timestamp, told: Option<&Terms>, phase: Phase) {
        let Terms { lane, undo } = before_terms::of(step, told);
        let before = self.at(step).filter(|p| p.generation == generation);
        let attempts = Progress::failures(before);
        let (rung, until) = before.map_or((None, None), |p| (p.rung, p.until));
        // What was begun is undone by what was said then.
        let undo = before.and_then(|p| p.undo).or(undo);
        self.begin(lane, Progress { step, generation, attempts, rung, since: at, until, undo, phase });
    }

    /// Its effect stands.
    pub fn observed(&mut self, step: Step, told: Option<&Terms>) {
        self.let_go(|s| s == step);
        if let Some(undo) = before_terms::of(step, told).undo {
            self.stands(Done { step, undo });
        }
    }

    /// This effect is among those to be undone one day.
    pub fn stands(&mut self, done: Done) {
        if !self.done.iter().any(|known| known.step == done.step) {
            self.done.push(done);
        }
    }

    /// The effect of this step does not stand any more, or cannot be undone.
    pub fn is_over(&mut self, step: Step) {
        self.done.retain(|done| done.step != step);
    }

    /// What an undo step is about is undone.
    pub fn undone(&mut self, step: Step) {
        self.let_go(|s| s == step);
        self.undo.retain(|undo| *undo != step);
        self.done.retain(|done| done.undo != step);
    }

    /// A lane is at this. The step is in no other: its rule may have had another lane before. What the lane was at may
    /// have had its effect, though nobody waits for it any more: it counts as done.
    pub fn begin(&mut self, lane: Lane, progress: Progress) {
        self.let_go(|s| s == progress.step);
        let before = self.lanes.insert(lane, progress);
        if let Some((step, undo)) = before.and_then(|before| Some((before.step, before.undo?))) {
            self.stands(Done { step, undo });
        }
    }

    /// The other side is heard of a step on its way.
    pub fn heard(&mut self, step: Step, receipt: Text) {
        if let Some(progress) = self.at_mut(step) {
            progress.phase = Phase::Accepted { receipt };
        }
    }

    /// Drops what is known of steps on their way.
    pub fn let_go(&mut self, which: impl Fn(Step) -> bool) {
        self.lanes.retain(|_, p| !which(p.step));
    }

    /// The same; one that can be undone may have had its effect, so it counts as done: its undo looks before it acts.
    pub fn forget(&mut self, which: impl Fn(Step) -> bool) {
        let gone = self.lanes.values().filter(|p| which(p.step));
        let begun: Vec<Done> = gone.filter_map(|p| p.undo.map(|undo| Done { step: p.step, undo })).collect();
        for done in begun {
            self.stands(done);
        }
        self.let_go(which);
    }

    /// Everything that stands is to be undone, the last first.
    pub fn undo_all(&mut self) {
        self.undo = self.done.iter().map(|done| done.undo).collect();
    }

    /// What this step did is to be undone; whether there is such a thing. What was done after it is undone before it,
    /// where that is to be undone, too.
    pub fn undo_one(&mut self, step: Step) -> bool {
        let Some(n) = self.done.iter().position(|done| done.step == step) else { return false };
        let undo = self.done[n].undo;
        if !self.undo.contains(&undo) {
            // From the end: the next one is the last.
            let before = self.done[..n].iter().filter(|done| self.undo.contains(&done.undo)).count();
            self.undo.insert(before.min(self.undo.len()), undo);
        }
        true
    }

    fn at_mut(&mut self, step: Step) -> Option<&mut Progress> {
        self.lanes.values_mut().find(|p| p.step == step)
    }

    /// Where it is with this step, if that is on its way.
    pub fn at(&self, step: Step) -> Option<&Progress> {
        self.lanes.values().find(|p| p.step == step)
    }

    /// What a lane is at.
    pub fn lane(&self, lane: Lane) -> Option<&Progress> {
        self.lanes.get(&lane)
    }

    /// All that is on its way, one in each lane at the most.
    pub fn progress(&self) -> impl Iterator<Item = &Progress> {
        self.lanes.values()
    }

    /// The generation a step would be begun in.
    pub fn generation(&self, step: Step) -> u32 {
        self.generations.get(&step).copied().unwrap_or(1)
    }

    /// The generations of all steps that were begun anew.
    pub fn generations(&self) -> impl Iterator<Item = (Step, u32)> {
        self.generations.iter().map(|(step, generation)| (*step, *generation))
    }

    /// Effects that stand and can be undone, oldest first.
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    /// Undo steps still to be taken, the next one last.
    pub fn undo(&self) -> &[Step] {
        &self.undo
    }

    /// What a person must decide about, with what is wrong.
    pub fn parked(&self) -> impl Iterator<Item = (&Progress, &Fault)> {
        self.lanes.values().filter_map(|p| match &p.phase {
            Phase::Parked { fault } => Some((p, fault)),
            Phase::Intended | Phase::Accepted { .. } | Phase::Waiting { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn intended(step: Step, terms: Option<Terms>) -> StepEvent {
        StepEvent::StepIntended { step, generation: 1, attempt: 1, rung: None, until: None, terms }
    }

    fn observed(step: Step, terms: Option<Terms>) -> StepEvent {
        let saw = Observation::Reported;
        StepEvent::StepObserved { step, generation: 1, saw, until: None, terms }
    }

    #[test]
    fn an_event_counts_by_the_terms_it_was_recorded_with_whatever_the_rule_is_now() {
        let other = Terms { lane: Lane::Bmc, undo: Some(Step::LeaveStaging) };
        for (terms, lane, undo) in [(Some(other), Lane::Bmc, Some(Step::LeaveStaging)), (None, Lane::Dcim, None)] {
            let mut steps = Attempts::default();
            steps.apply(AT, &intended(Step::SyncStatus, terms));
            assert_eq!(steps.lane(lane).map(|p| (p.step, p.undo)), Some((Step::SyncStatus, undo)));
            steps.apply(AT, &observed(Step::SyncStatus, terms));
            assert_eq!(steps.progress().count(), 0);
            assert_eq!(steps.done().iter().map(|done| done.undo).collect::<Vec<_>>(), Vec::from_iter(undo));
        }
    }

    #[test]
    fn a_step_whose_lane_has_changed_since_is_in_one_lane_with_its_count() {
        let (then, now) =
            (Terms { lane: Lane::Bmc, undo: Some(Step::LeaveStaging) }, Terms { lane: Lane::Dcim, undo: None });
        let mut steps = Attempts::default();
        steps.apply(AT, &intended(Step::SyncStatus, Some(then)));
        let fault = Fault::new(crate::fault::System::Netbox, crate::fault::Kind::Transient, "busy");
        let failed = |fault| StepEvent::StepFailed {
            step: Step::SyncStatus,
            generation: 1,
            fault,
            again_at: AT,
            terms: Some(now),
        };
        steps.apply(AT, &failed(fault.clone()));
        steps.apply(AT, &failed(fault));
        let all: Vec<_> = steps.progress().map(|p| (p.step, p.attempts, p.undo)).collect();
        assert_eq!(all, [(Step::SyncStatus, 2, Some(Step::LeaveStaging))]);
        assert!(steps.lane(Lane::Dcim).is_some());
    }

    #[test]
    fn what_gives_its_lane_to_another_step_before_its_effect_was_seen_counts_as_done() {
        let mut steps = Attempts::default();
        steps.apply(AT, &intended(Step::AssignBmcAddress, None));
        steps.apply(AT, &intended(Step::SyncStatus, None));
        assert_eq!(steps.done(), [Done { step: Step::AssignBmcAddress, undo: Step::ReleaseBmcAddress }]);
        assert_eq!(steps.progress().map(|p| p.step).collect::<Vec<_>>(), [Step::SyncStatus]);
    }

    #[test]
    fn what_is_undone_of_the_middle_goes_between_what_came_before_and_after() {
        let mut steps = Attempts::default();
        for step in [Step::AssignBmcAddress, Step::PlaceDevice, Step::EnterStaging] {
            steps.apply(AT, &observed(step, None));
        }
        assert!(steps.undo_one(Step::PlaceDevice) && !steps.undo_one(Step::ArmNetworkBoot));
        assert_eq!(steps.undo(), [Step::UnplaceDevice]);
        steps.undo_all();
        assert_eq!(steps.undo(), [Step::ReleaseBmcAddress, Step::UnplaceDevice, Step::LeaveStaging]);
        steps.undone(Step::UnplaceDevice);
        assert!(steps.undo_one(Step::AssignBmcAddress), "it is to be undone already, and stays so once");
        assert_eq!(steps.undo(), [Step::ReleaseBmcAddress, Step::LeaveStaging]);
    }

    #[test]
    fn what_was_on_its_way_when_it_is_forgotten_counts_as_done() {
        let mut steps = Attempts::default();
        steps.apply(AT, &intended(Step::ArmNetworkBoot, None));
        steps.apply(AT, &intended(Step::SyncStatus, None));
        steps.forget(|_| true);
        assert_eq!(steps.done(), [Done { step: Step::ArmNetworkBoot, undo: Step::DisarmNetworkBoot }]);
        assert_eq!(steps.progress().count(), 0);
    }
}
