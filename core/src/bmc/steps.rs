//! What a BMC is asked before anything is done to its server, and its own restart.

use std::time::Duration;

use crate::boot::steps::is_to_boot;
use crate::fault::System;
use crate::flow::rule::{Class, Lane, Rule, secs};
use crate::flow::step::{Observation, Step};
use crate::flow::unit::{Expired, UnitStep};
use crate::id::Role;
use crate::time::human;

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

/// Restarted, as a person asked. It goes before all else that is to be done at this BMC, the undoing too.
pub(crate) const RESET_BMC: UnitStep = UnitStep {
    wanted: |unit| unit.restart.as_ref().is_some_and(|restart| restart.down.is_none()),
    aside: true,
    expired: |_| Expired {
        system: System::Bmc,
        what: format!("its BMC was not seen to go down within {} of its restart", human(DOWN)).into(),
        advice: Some(
            "look whether it has restarted: then skip; else retry, or restart it by its UID button or power cords"
                .into(),
        ),
    },
    seen: |unit, sight| {
        if let Some(restart) = &mut unit.restart {
            restart.down = Some(sight.stamp.at);
        }
    },
    skipped: |unit| unit.restart = None,
    ..UnitStep::with(Rule {
        lane: Lane::Bmc,
        class: Class::Force,
        attempts: Some(4),
        first: secs(10),
        cap: secs(60),
        deadline: Some(DOWN),
        role: Role::Technician,
        watched: Some(secs(5)),
        skip: Some("its BMC is not restarted"),
        awaits: "waiting for its BMC to go down",
        ..Rule::of(Step::ResetBmc)
    })
};

/// A BMC goes down within seconds of taking its restart, and is back after one to five minutes.
const DOWN: Duration = secs(180);

/// Back, by our own login.
pub(crate) const AWAIT_BMC: UnitStep = UnitStep {
    wanted: |unit| unit.restart.as_ref().is_some_and(|restart| restart.down.is_some()),
    aside: true,
    seen: |unit, _| unit.restart = None,
    skipped: |unit| unit.restart = None,
    ..UnitStep::with(Rule {
        step: Step::AwaitBmc,
        role: Role::Technician,
        skip: Some("nobody has seen its BMC come back"),
        silent: "it has not come back from its restart: check its management cable and power, then retry",
        ..READ
    })
};
