//! Boot is answered by policy, reports by token.

use std::time::Duration;

use crate::bmc::SystemReading;
use crate::boot::report::{StepReport, ValidationReport};
use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::{BootEvent, StepEvent};
use crate::flow::attempt::Phase;
use crate::flow::next::wanted;
use crate::flow::rules::{Lane, rule};
use crate::flow::step::{Observation, Step};
use crate::id::{Subject, UnitId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::spine::event::TokenHash;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// How long a boot's token is good: the validation's own deadline.
pub const TOKEN_LIFE: Duration = Duration::from_hours(4);

/// Whether a token opens anything now: a boot on its way, or one whose report is in and may come once more.
pub fn opens(world: &World, token: &TokenHash, now: Timestamp) -> bool {
    world.by_token(token).is_some_and(|unit| is_alive(unit, token, now) || is_used(unit, token, now))
}

/// A boot whose script may be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootable {
    /// Whose.
    pub unit: UnitId,
    /// Which of its boots, from 1. A token that rests on it is the same for whoever asks again within the boot, and
    /// another in the next.
    pub number: u32,
    /// The token's hash, where it was handed out before.
    pub token: Option<TokenHash>,
}

/// Why a machine boots what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbootable {
    /// In a sentence.
    pub why: Text,
    /// The server whose boot is on its way and whose BMC has told no NIC yet, so that it may be one of its own. Some BMCs
    /// know them only once POST has run.
    pub untold: Option<UnitId>,
}

impl From<&str> for Unbootable {
    fn from(why: &str) -> Self {
        Self { why: why.into(), untold: None }
    }
}

/// The boot a machine may have that asks by its serial from this NIC. A stranger changes nothing.
///
/// # Errors
/// Why it boots what it has.
pub fn bootable(world: &World, serial: &Text, nic: Option<Mac>) -> Result<Bootable, Unbootable> {
    if world.stream.held.is_some() {
        return Err("effects are on hold".into());
    }
    let unit = world.by_serial(serial).ok_or("no unit has this serial")?;
    may_boot(unit, nic)?;
    let token = unit.boot.token;
    Ok(Bootable { unit: unit.id, number: unit.boots + u32::from(token.is_none()), token })
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
    /// image; everything else boots what it has, whatever it asks for. Asking again with the token it was given changes
    /// nothing.
    pub(crate) fn boot_request(&mut self, serial: &Text, nic: Option<Mac>, token: TokenHash) -> Answer {
        let boot = match bootable(&self.world, serial, nic) {
            Ok(boot) => boot,
            Err(not) => return Answer::BootLocal(not.why),
        };
        if boot.token == Some(token) {
            return Answer::BootValidation;
        }
        let subject = Subject::Unit(boot.unit);
        let generation = self.world.unit(boot.unit).map_or(1, |u| u.steps.generation(Step::ResetForBoot));
        let expires = self.moment.now + TOKEN_LIFE;
        self.emit(subject, BootEvent::BootScriptServed { token, expires, nic });
        if boot.token.is_none() {
            let (step, saw) = (Step::ResetForBoot, Observation::ScriptFetched);
            let until = rule(Step::Validate).deadline.map(|d| self.moment.now + d);
            let terms = Some(rule(step).terms());
            self.emit(subject, StepEvent::StepObserved { step, generation, saw, until, terms });
        }
        Answer::BootValidation
    }

    /// Takes what a BMC told that was read again because it had told no NICs. A reading that tells none either leaves no
    /// trace.
    pub(crate) fn read_again(&mut self, id: UnitId, reading: &SystemReading) -> Answer {
        let Some(unit) = self.world.unit(id).filter(|u| u.stage == Stage::Discovered && u.system.is_some()) else {
            return Answer::Already;
        };
        if reading.nics.is_empty() || unit.system.as_ref() == Some(reading) {
            return Answer::Already;
        }
        let (step, generation) = (Step::LogInToBmc, unit.steps.generation(Step::LogInToBmc));
        let saw = Observation::System(reading.clone());
        self.emit(Subject::Unit(id), rule(step).observed(generation, saw));
        self.compare_identity(Subject::Unit(id), reading);
        Answer::Done
    }

    /// Takes one step's report. The same report again is acknowledged; another one for the same step is refused.
    pub(crate) fn step_reported(&mut self, token: &TokenHash, report: &StepReport) -> Result<Answer, Refusal> {
        let id = self.by_live_token(token)?;
        let told = self.world.unit(id).and_then(|u| u.validation.steps.iter().find(|s| s.step == report.step));
        match told {
            Some(before) if before == report => Ok(Answer::Already),
            Some(_) => Err(Refusal::new(Why::Conflict, format!("{} was reported before, otherwise", report.step))),
            None => {
                self.emit(Subject::Unit(id), BootEvent::MachineReported { report: report.clone() });
                Ok(Answer::Done)
            }
        }
    }

    /// Takes the final report; the token dies with it, but for the very same report: where the answer was lost, the
    /// machine sends it again.
    pub(crate) fn final_report(&mut self, token: &TokenHash, report: &ValidationReport) -> Result<Answer, Refusal> {
        let now = self.moment.now;
        if let Some(unit) = self.world.by_token(token).filter(|u| is_used(u, token, now)) {
            let same = unit.validation.report.as_deref() == Some(report);
            return if same { Ok(Answer::Already) } else { Err(no_such_token()) };
        }
        let id = self.by_live_token(token)?;
        let subject = Subject::Unit(id);
        let generation = self.world.unit(id).map_or(1, |u| u.steps.generation(Step::Validate));
        self.emit(subject, BootEvent::ValidationReported { report: Box::new(report.clone()) });
        let saw = Observation::Reported;
        self.emit(subject, rule(Step::Validate).observed(generation, saw));
        self.consequences(subject);
        Ok(Answer::Done)
    }

    fn by_live_token(&self, token: &TokenHash) -> Result<UnitId, Refusal> {
        let unit = self.world.by_token(token).filter(|unit| is_alive(unit, token, self.moment.now));
        unit.map(|unit| unit.id).ok_or_else(no_such_token)
    }
}

fn may_boot(unit: &Unit, nic: Option<Mac>) -> Result<(), Unbootable> {
    if unit.stage != Stage::Discovered || !unit.disposition.may_move() {
        let why = format!("it is {} and {}", unit.stage, unit.disposition).into();
        return Err(Unbootable { why, untold: None });
    }
    let wanted = wanted(unit, Lane::Bmc);
    let progress = unit.steps.lane(Lane::Bmc).filter(|p| Some(p.step) == wanted);
    let on_its_way = progress.is_some_and(|p| !matches!(p.phase, Phase::Parked { .. }));
    match wanted {
        Some(Step::ResetForBoot) if on_its_way => {}
        // Firmware fetches a script twice now and then; until a step has reported, the same boot may start again.
        Some(Step::Validate) if on_its_way && unit.validation.steps.is_empty() => {}
        _ => return Err("no network boot is on its way".into()),
    }
    // The serial stands on the chassis. Only the MAC says that it is the machine which asks.
    match nic {
        None => Err("the MAC of the NIC that asks is missing: chain with &mac=${netX/mac:hexhyp}".into()),
        Some(nic) if !unit.has_nic(nic) => {
            let untold = unit.system.as_ref().is_none_or(|s| s.nics.is_empty()).then_some(unit.id);
            Err(Unbootable { why: format!("NIC {nic} is not known to be its own").into(), untold })
        }
        Some(_) => Ok(()),
    }
}
