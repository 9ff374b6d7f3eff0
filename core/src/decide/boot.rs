//! Boot is answered by policy, reports by token.

use std::time::Duration;

use super::{Answer, Deciding, Refusal, Why};
use crate::event::{Event, TokenHash};
use crate::flow::next::wanted;
use crate::flow::rules::Lane;
use crate::flow::step::{Observation, Step};
use crate::hardware::report::{StepReport, ValidationReport};
use crate::id::{Subject, UnitId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::{Phase, Unit};
use crate::mac::Mac;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// How long a boot's token is good: the validation's own deadline.
pub const TOKEN_LIFE: Duration = Duration::from_hours(4);

/// Whether a token opens anything now: a boot on its way, or one whose report is in and may come once more.
pub fn opens(world: &World, token: &TokenHash, now: Timestamp) -> bool {
    world.by_token(token).is_some_and(|unit| is_alive(unit, token, now) || is_used(unit, token, now))
}

/// The one answer for unknown, used and expired tokens: nothing is learned by trying.
pub fn no_such_token() -> Refusal {
    Refusal::new(Why::NotAllowed, "this token is not valid for any boot")
}

fn is_alive(unit: &Unit, token: &TokenHash, now: Timestamp) -> bool {
    unit.boot.token == Some(*token)
        && unit.boot.expires.is_some_and(|e| now < e)
        && unit.stage == Stage::Discovered
        && matches!(unit.disposition, Disposition::Normal | Disposition::OnHold)
}

fn is_used(unit: &Unit, token: &TokenHash, now: Timestamp) -> bool {
    unit.boot.used == Some(*token) && unit.boot.expires.is_some_and(|e| now < e)
}

impl Deciding<'_> {
    /// Answers a machine that asks what to boot. Only a server whose network boot is on its way gets the validation
    /// image; everything else boots what it has, whatever it asks for.
    pub(super) fn boot_request(&mut self, serial: &Text, nic: Option<Mac>, token: TokenHash) -> Answer {
        let Some(unit) = self.world.by_serial(serial) else {
            return Answer::BootLocal("no unit has this serial".into());
        };
        if let Err(why) = may_boot(unit, nic) {
            return Answer::BootLocal(why);
        }
        let (subject, generation) = (Subject::Unit(unit.id), unit.generation(Step::ResetForBoot));
        let fresh = unit.boot.token.is_none();
        let expires = self.moment.now + TOKEN_LIFE;
        self.emit(subject, Event::BootScriptServed { token, expires, nic });
        if fresh {
            let saw = Observation::ScriptFetched;
            self.emit(subject, Event::StepObserved { step: Step::ResetForBoot, generation, saw });
        }
        Answer::BootValidation
    }

    /// Takes one step's report. The same report again is acknowledged; another one for the same step is refused.
    pub(super) fn step_reported(&mut self, token: &TokenHash, report: &StepReport) -> Result<Answer, Refusal> {
        let id = self.by_live_token(token)?;
        let told = self.world.unit(id).and_then(|u| u.validation.steps.iter().find(|s| s.step == report.step));
        match told {
            Some(before) if before == report => Ok(Answer::Already),
            Some(_) => Err(Refusal::new(Why::Conflict, format!("{} was reported before, otherwise", report.step))),
            None => {
                self.emit(Subject::Unit(id), Event::MachineReported { report: report.clone() });
                Ok(Answer::Done)
            }
        }
    }

    /// Takes the final report; the token dies with it, but for the very same report: where the answer was lost, the
    /// machine sends it again.
    pub(super) fn final_report(&mut self, token: &TokenHash, report: &ValidationReport) -> Result<Answer, Refusal> {
        let now = self.moment.now;
        if let Some(unit) = self.world.by_token(token).filter(|u| is_used(u, token, now)) {
            let same = unit.validation.report.as_deref() == Some(report);
            return if same { Ok(Answer::Already) } else { Err(no_such_token()) };
        }
        let id = self.by_live_token(token)?;
        let subject = Subject::Unit(id);
        let generation = self.world.unit(id).map_or(1, |u| u.generation(Step::Validate));
        self.emit(subject, Event::ValidationReported { report: Box::new(report.clone()) });
        let saw = Observation::Reported;
        self.emit(subject, Event::StepObserved { step: Step::Validate, generation, saw });
        self.consequences(subject);
        Ok(Answer::Done)
    }

    fn by_live_token(&self, token: &TokenHash) -> Result<UnitId, Refusal> {
        let unit = self.world.by_token(token).filter(|unit| is_alive(unit, token, self.moment.now));
        unit.map(|unit| unit.id).ok_or_else(no_such_token)
    }
}

fn may_boot(unit: &Unit, nic: Option<Mac>) -> Result<(), Text> {
    if unit.stage != Stage::Discovered || !unit.disposition.may_move() {
        return Err(format!("it is {} and {}", unit.stage, unit.disposition).into());
    }
    let nics = unit.system.iter().flat_map(|s| &s.nics).copied();
    let known: Vec<Mac> = nics.chain(unit.plan.iter().flat_map(|p| &p.interfaces).filter_map(|i| i.mac)).collect();
    if let Some(nic) = nic
        && !known.is_empty()
        && !known.contains(&nic)
    {
        return Err(format!("NIC {nic} is none of its own").into());
    }
    let wanted = wanted(unit, Lane::Bmc);
    let progress = unit.progress.get(&Lane::Bmc).filter(|p| Some(p.step) == wanted);
    let on_its_way = progress.is_some_and(|p| !matches!(p.phase, Phase::Parked { .. }));
    match wanted {
        Some(Step::ResetForBoot) if on_its_way => Ok(()),
        // Firmware fetches a script twice now and then; until a step has reported, the same boot may start again.
        Some(Step::Validate) if on_its_way && unit.validation.steps.is_empty() => Ok(()),
        _ => Err("no network boot is on its way".into()),
    }
}
