//! What a BMC is asked before anything is done to its server.

use crate::boot::steps::is_to_boot;
use crate::flow::rule::{Class, Lane, Rule, secs};
use crate::flow::step::{Observation, Step};
use crate::flow::unit::UnitStep;
use crate::id::Role;

/// A controller asks for its lease first, and brings up its web server minutes later; until then it refuses, is silent,
/// or answers that it is not ready. So many tries, a minute apart at the end, are 26 to 32 minutes.
const STARTING: u32 = 30;

const READ: Rule = Rule {
    lane: Lane::Bmc,
    class: Class::Read,
    attempts: Some(STARTING),
    first: secs(5),
    cap: secs(60),
    ..Rule::of(Step::ReachBmc)
};

/// What it is, without a login.
pub(crate) const REACH_BMC: UnitStep = UnitStep {
    wanted: |unit| is_to_boot(unit) && unit.identity.is_none(),
    seen: |unit, sight| {
        if let Observation::Root { identity, certificate } = sight.saw {
            unit.vendor = Some(identity.vendor);
            unit.identity = Some(identity.clone());
            unit.certificate = *certificate;
        }
    },
    ..UnitStep::with(Rule {
        role: Role::Technician,
        silent: "check its management cable and power; a new lease, or `retry`, tries again",
        ..READ
    })
};

/// Serial, model and power state.
pub(crate) const LOG_IN_TO_BMC: UnitStep = UnitStep {
    wanted: |unit| is_to_boot(unit) && unit.system.is_none(),
    seen: |unit, sight| {
        if let Observation::System(reading) = sight.saw {
            unit.system = Some(reading.clone());
        }
    },
    ..UnitStep::with(Rule { step: Step::LogInToBmc, ..READ })
};
