//! The network boot: armed, begun, waited for, and what the BMC lists afterwards.

use super::parts::Parts;
use crate::bmc::Rung;
use crate::fault::System;
use crate::flow::attempt::{Phase, Progress};
use crate::flow::rule::{Class, Lane, Rule, secs};
use crate::flow::step::{Observation, Step};
use crate::flow::unit::{Expired, Sight, UnitStep};
use crate::id::Role;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::time::human;

/// The rungs of a network boot, each used once for a cause. Behind the last stands a person.
pub const LADDER: &[Rung] = &[Rung::Restart, Rung::PowerCycle];

/// How long a machine may take to fetch its script, and then to report.
const FETCH: std::time::Duration = secs(900);
const REPORT: std::time::Duration = secs(4 * 3_600);
/// Boots without a report before a person is asked.
const BOOTS: u32 = 2;

const ARM: Rule =
    Rule { lane: Lane::Bmc, attempts: Some(8), first: secs(5), cap: secs(120), ..Rule::of(Step::ArmNetworkBoot) };

/// Whether its BMC may be asked, and its machine is to be started and heard.
pub(crate) fn is_to_boot(unit: &Unit) -> bool {
    may_boot(unit) && unit.validation.report.is_none()
}

fn may_boot(unit: &Unit) -> bool {
    unit.stage == Stage::Discovered && !unit.is_blocked() && unit.bmc_address.is_some()
}

/// The machine's own reports.
pub(crate) const VALIDATE: UnitStep = UnitStep {
    wanted: |unit| is_to_boot(unit) && unit.boot.token.is_some(),
    expired: |unit| {
        let said = unit.validation.steps.last().map_or("nothing".to_owned(), |s| format!("{}", s.step));
        let what = format!("no final report within {}; last heard: {said}", human(REPORT));
        missed(what, unit.boot.silent + 1 < BOOTS)
    },
    retried: begin_anew,
    ..UnitStep::with(Rule {
        lane: Lane::Bmc,
        class: Class::Await,
        attempts: Some(BOOTS),
        deadline: Some(REPORT),
        role: Role::Technician,
        awaits: "waiting for the machine's reports",
        ..Rule::of(Step::Validate)
    })
};

/// Armed for one network boot.
pub(crate) const ARM_NETWORK_BOOT: UnitStep = UnitStep {
    wanted: |unit| is_to_boot(unit) && !unit.boot.armed,
    seen: |unit, _| unit.boot.armed = true,
    retried: begin_anew,
    ..UnitStep::with(Rule { undo: Some(Step::DisarmNetworkBoot), ..ARM })
};

/// The way back.
pub(crate) const DISARM_NETWORK_BOOT: UnitStep = UnitStep::with(Rule {
    step: Step::DisarmNetworkBoot,
    skip: Some("the BMC may still be armed for one network boot"),
    ..ARM
});

/// Powered on or restarted into the network boot. That the script was fetched is what shows it.
pub(crate) const RESET_FOR_BOOT: UnitStep = UnitStep {
    wanted: is_to_boot,
    rung: |unit| LADDER.get(unit.boot.rungs.len()).copied(),
    expired: |unit| {
        let rung = unit.boot.rungs.last().map_or("reset".to_owned(), ToString::to_string);
        let what = format!("no boot script fetched within {} of the {rung}", human(FETCH));
        let more = unit.boot.rungs.len() < LADDER.len();
        if more || unit.nics().next().is_some() {
            return missed(what, more);
        }
        // Whoever asks for the script can't be told from a stranger.
        let what = format!("{what}; no MAC of its NICs is known, so none would be given");
        let advice = "look at its console, write the MAC of the NIC it boots from into NetBox, then retry";
        Expired { system: System::Machine, what: what.into(), advice: Some(advice.into()) }
    },
    begun: |unit, rung| {
        if let Some(rung) = rung
            && !unit.boot.rungs.contains(&rung)
        {
            unit.boot.rungs.push(rung);
        }
    },
    seen: fetched,
    retried: begin_anew,
    ..UnitStep::with(Rule {
        lane: Lane::Bmc,
        class: Class::Force,
        attempts: Some(8),
        first: secs(10),
        cap: secs(120),
        deadline: Some(FETCH),
        role: Role::Technician,
        awaits: "waiting for the machine to fetch its boot script",
        ..Rule::of(Step::ResetForBoot)
    })
};

/// What the BMC lists. Many controllers list their parts only once the server has been through a self-test: that was this
/// boot.
pub(crate) const READ_PARTS: UnitStep = UnitStep {
    wanted: |unit| {
        may_boot(unit) && unit.validation.report.is_some() && unit.parts.is_none() && unit.identity.is_some()
    },
    seen: |unit, sight| {
        if let Observation::Parts(parts) = sight.saw {
            unit.parts = Some((**parts).clone());
        }
    },
    skipped: |unit| unit.parts = Some(Parts::default()),
    ..UnitStep::with(Rule {
        lane: Lane::Bmc,
        class: Class::Read,
        attempts: Some(6),
        first: secs(10),
        cap: secs(300),
        skip: Some("parts are held against the order by the machine's word alone"),
        ..Rule::of(Step::ReadParts)
    })
};

fn missed(what: String, more: bool) -> Expired {
    let advice: Option<Text> =
        (!more).then(|| "look at its console and at the PXE setting of its NICs, then retry".into());
    Expired { system: System::Machine, what: what.into(), advice }
}

/// The script was handed out: from here on the machine is awaited.
fn fetched(unit: &mut Unit, sight: &Sight<'_>) {
    if !matches!(sight.saw, Observation::ScriptFetched) {
        return;
    }
    let step = Step::Validate;
    let progress = Progress {
        step,
        generation: unit.steps.generation(step),
        attempts: unit.boot.silent + 1,
        rung: None,
        since: sight.stamp.at,
        until: sight.until,
        undo: None,
        phase: Phase::Accepted { receipt: "boot script fetched".into() },
    };
    unit.steps.begin(Lane::Bmc, progress);
    // The one-time override was used up by this boot.
    unit.steps.is_over(Step::ArmNetworkBoot);
}

fn begin_anew(unit: &mut Unit) {
    unit.validate_again();
    if unit.nics().next().is_none() {
        // Nobody has told its NICs; they are asked for anew.
        unit.plan = None;
        unit.system = None;
    }
}
