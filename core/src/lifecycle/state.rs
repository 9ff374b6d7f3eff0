//! Where a unit is in its life, and how it stands.

#![deny(clippy::wildcard_enum_match_arm)]

use super::event::LifeEvent;
use super::evidence::Proof;
use super::guard::{Cause, Guard, Word};
use super::stage::{Disposition, Stage};
use super::unit::{Boot, Unit, Validation};
use crate::flow::step::Step;
use crate::spine::event::Stamp;
use crate::text::Text;
use crate::time::Timestamp;

impl Unit {
    /// Applies what became of its life.
    pub(crate) fn live(&mut self, stamp: Stamp<'_>, event: &LifeEvent) {
        let (seq, at) = (stamp.seq, stamp.at);
        self.guarded(stamp, event);
        match event {
            LifeEvent::StageEntered { from, to, evidence } => {
                self.enter(*to, at);
                self.note(seq, at, false, format!("{from} -> {to}: {} ({})", evidence.proof.meaning(), evidence.note));
            }
            LifeEvent::DispositionChanged { to, reason, .. } => self.stand(*to, reason.clone(), at),
            LifeEvent::TaskOpened { task } => {
                self.note(seq, at, true, format!("{}: {}", task.kind.title(), task.text));
                self.tasks.push((seq, task.clone()));
                self.tasks_since.insert(seq, at);
            }
            LifeEvent::TaskClosed { task, note, accepted } => {
                let blocked = self.is_blocked();
                if *accepted && let Some((_, found)) = self.tasks.iter().find(|(id, _)| id == task) {
                    self.accepted.push(found.text.clone());
                }
                self.tasks.retain(|(id, _)| id != task);
                self.tasks_since.remove(task);
                self.note(seq, at, false, format!("task {task} closed: {note}"));
                if blocked && !self.is_blocked() && self.stage <= Stage::Discovered {
                    // What the person changed must be shown by the machine and by NetBox anew.
                    self.validate_again();
                    self.plan = None;
                    self.system = None;
                }
            }
            // Its guard's.
            LifeEvent::FirstWordGiven { .. } => {}
        }
    }

    /// Applies what an event about this unit means for its guard.
    fn guarded(&mut self, stamp: Stamp<'_>, event: &LifeEvent) {
        match event {
            LifeEvent::StageEntered { evidence, .. } if evidence.proof == Proof::Unassigned => {
                self.guard = Some(Guard { cause: Cause::AfterTenant, first: None });
            }
            LifeEvent::FirstWordGiven { cause, reason } => {
                let first = Word { by: stamp.by(), at: stamp.at, reason: reason.clone() };
                self.guard = Some(Guard { cause: *cause, first: Some(first) });
            }
            LifeEvent::DispositionChanged { to: Disposition::Normal, .. } => self.guard = None,
            // Said of how it stood then.
            LifeEvent::DispositionChanged { .. } => {
                if let Some(guard) = &mut self.guard {
                    guard.first = None;
                }
            }
            LifeEvent::StageEntered { .. } | LifeEvent::TaskOpened { .. } | LifeEvent::TaskClosed { .. } => {}
        }
    }

    fn enter(&mut self, to: Stage, at: Timestamp) {
        if to < self.stage && to < Stage::PhysicalValidated {
            self.validate_again();
            self.plan = None;
            self.identity = None;
            self.system = None;
            // Whose BMC it is is found out anew, so nobody waits for this one.
            self.restart = None;
            self.steps.forget(|s| s != Step::WriteNotes);
        }
        if to < Stage::Staged {
            self.staging_written = false;
        }
        if to == Stage::Discovered {
            self.discovered_at = Some(at);
        }
        self.stands(to, at);
        self.waived.remove(&Step::SyncStatus);
        self.stage = to;
        self.stage_since = at;
    }

    /// What it was found to be is found out anew.
    pub(crate) fn validate_again(&mut self) {
        self.boot = Boot::default();
        self.validation = Validation::default();
        self.parts = None;
        self.interfaces_written = false;
        self.cables_written = false;
        self.staging_written = false;
        self.steps.forget(|s| {
            matches!(s, Step::ArmNetworkBoot | Step::ResetForBoot | Step::Validate | Step::ReadParts)
                || matches!(s, Step::WriteInterfaces | Step::WriteCables | Step::EnterStaging)
        });
    }

    fn stand(&mut self, to: Disposition, reason: Text, at: Timestamp) {
        match to {
            Disposition::Normal | Disposition::OnHold | Disposition::Quarantined => {}
            // Both leave outside nothing that says it is still on its way: no armed boot, no address, no staging.
            Disposition::Cancelled | Disposition::Retired => {
                self.steps.forget(|s| s != Step::WriteNotes);
                self.steps.undo_all();
                self.boot = Boot::default();
                self.restart = None;
            }
            // Nothing of it goes on, so nobody is asked about it either.
            Disposition::Rejected | Disposition::ReturnedToVendor | Disposition::Lost => {
                self.steps.forget(|s| s != Step::WriteNotes);
                self.boot = Boot::default();
                self.restart = None;
            }
        }
        self.disposition = to;
        self.disposition_since = at;
        self.disposition_reason = (to != Disposition::Normal).then_some(reason);
    }
}
