//! What a person may want of a BMC itself.

use super::restart::RestartEvent;
use crate::decide::{Answer, Deciding, Refusal, Why, need_reason};
use crate::event::StepEvent;
use crate::flow::next::wanted;
use crate::flow::rules::{Lane, rule};
use crate::flow::step::Step;
use crate::id::{Subject, UnitId};
use crate::lifecycle::stage::Disposition;
use crate::text::Text;

impl Deciding<'_> {
    /// Has a BMC restart itself. What has stopped there is begun anew afterwards, as by a retry; a network boot that is on
    /// its way would be lost with it, so that is waited for.
    pub(crate) fn reset_bmc(&mut self, id: UnitId, reason: &Text) -> Result<Answer, Refusal> {
        self.not_held()?;
        need_reason(reason)?;
        let unit = self.known(id)?;
        let no = |what: &str| Err(Refusal::new(Why::Conflict, format!("{}: {what}", unit.label())));
        if unit.restart.is_some() {
            return Ok(Answer::Already);
        }
        if unit.bmc_address.is_none() || unit.identity.is_none() {
            return no("its BMC was not reached here yet; restart it at the server itself, or by its power cords");
        }
        match unit.disposition {
            Disposition::OnHold => return no("it is on hold; release it first"),
            // Its address may be another's by now.
            Disposition::Rejected | Disposition::ReturnedToVendor | Disposition::Lost => {
                return Err(Refusal::new(Why::Conflict, format!("{} is {}", unit.label(), unit.disposition)));
            }
            Disposition::Normal | Disposition::Cancelled | Disposition::Quarantined | Disposition::Retired => {}
        }
        let parked: Vec<(Step, u32)> = unit
            .steps
            .parked()
            .filter(|(p, _)| rule(p.step).lane == Lane::Bmc)
            .map(|(p, _)| (p.step, p.generation + 1))
            .collect();
        let boots = wanted(unit, Lane::Bmc).filter(|step| matches!(step, Step::ResetForBoot | Step::Validate));
        if boots.is_some_and(|step| unit.steps.at(step).is_some()) && parked.is_empty() {
            return no("its network boot is on its way and would be lost; wait for its end");
        }
        let subject = Subject::Unit(id);
        self.emit(subject, RestartEvent::BmcRestartAsked { reason: reason.clone() });
        for (step, generation) in parked {
            self.emit(subject, StepEvent::StepRetried { step, generation });
        }
        Ok(Answer::Done)
    }
}
