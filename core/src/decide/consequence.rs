//! What follows from the state as it now is, whatever event brought it there.

use super::Deciding;
use crate::boot::check::{check, told};
use crate::boot::ordered::hold;
use crate::boot::parts::Parts;
use crate::event::BootEvent;
use crate::id::{Actor, Subject};
use crate::lifecycle::evidence::Proof;
use crate::lifecycle::stage::Stage;
use crate::purchase::tender::expected;

impl Deciding<'_> {
    /// Judges a report once report, plan and the BMC's list of parts are there; stages a unit once NetBox shows all of it.
    pub(crate) fn consequences(&mut self, subject: Subject) {
        let Subject::Unit(id) = subject else { return };
        // A person's word may have led here, but it is the evidence that moves the unit.
        self.actor = Actor::Rackhand;
        let Some(unit) = self.world.unit(id) else { return };
        if unit.stage == Stage::Discovered
            && unit.disposition.may_move()
            && !unit.validation.refused
            && let (Some(report), Some(plan), Some(parts)) = (&unit.validation.report, &unit.plan, &unit.parts)
        {
            let parts = hold(&expected(&self.world, unit), parts, &Parts::reported(report));
            let points = check(report, unit, plan, &parts);
            if points.is_empty() {
                let note = told(report, unit, plan, &parts);
                self.enter(id, Stage::PhysicalValidated, Proof::ReportMatches, &note);
            } else {
                let count = u32::try_from(points.len()).unwrap_or(u32::MAX);
                self.emit(subject, BootEvent::ValidationRefused { points: count });
                for task in points {
                    self.open_task(id, task.kind, task.role, &task.text);
                }
            }
        }
        let Some(unit) = self.world.unit(id) else { return };
        if unit.stage == Stage::PhysicalValidated
            && unit.disposition.may_move()
            && unit.interfaces_written
            && unit.cables_written
            && unit.staging_written
        {
            let note = format!("tenant {}", self.policy.staging_tenant);
            self.enter(id, Stage::Staged, Proof::InventoryReadBack, &note);
        }
    }
}
