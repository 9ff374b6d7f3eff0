//! What NetBox is told of a server, and what it is asked.

use std::time::Duration;

use super::CablingPlan;
use crate::flow::rule::{Class, Lane, Rule};
use crate::flow::step::{Observation, Step};
use crate::flow::unit::UnitStep;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::{Notes, Unit};
use crate::time::Timestamp;

/// How long notes to NetBox's journal are gathered: what comes soon after goes along in one request.
const GATHER: Duration = Duration::from_mins(2);

/// The BMC's address, as the lease has it.
pub(crate) const ASSIGN_BMC_ADDRESS: UnitStep = UnitStep {
    // Before it is discovered, or discovered again, no lease speaks for the address.
    wanted: |unit| {
        unit.device.is_some()
            && unit.stage >= Stage::Discovered
            && unit.bmc_address.is_some()
            && unit.address_written != unit.bmc_address
    },
    seen: |unit, sight| {
        if let Observation::Address(address) = sight.saw {
            unit.address_written = Some(*address);
        }
    },
    skipped: |unit| {
        unit.waived.insert(Step::AssignBmcAddress);
        unit.address_written = unit.bmc_address;
    },
    ..UnitStep::with(Rule {
        skip: Some("NetBox keeps another BMC address than the server has"),
        undo: Some(Step::ReleaseBmcAddress),
        ..Rule::of(Step::AssignBmcAddress)
    })
};

/// The way back.
pub(crate) const RELEASE_BMC_ADDRESS: UnitStep = UnitStep {
    seen: |unit, _| unit.address_written = None,
    skipped: |unit| unit.address_written = None,
    ..UnitStep::with(Rule { skip: Some("NetBox keeps the BMC's address"), ..Rule::of(Step::ReleaseBmcAddress) })
};

/// Status and lifecycle fields of the stage.
pub(crate) const SYNC_STATUS: UnitStep = UnitStep {
    wanted: status_is_behind,
    seen: |unit, sight| {
        if let Observation::Status(stage) = sight.saw {
            unit.status_written = Some(*stage);
        }
    },
    skipped: |unit| {
        unit.waived.insert(Step::SyncStatus);
        unit.status_written = Some(unit.stage);
    },
    ..UnitStep::with(Rule { skip: Some("NetBox keeps an older status"), ..Rule::of(Step::SyncStatus) })
};

fn status_is_behind(unit: &Unit) -> bool {
    // A device made for what was bought is ours from its beginning: NetBox follows it from the dock on. Any other is not
    // touched before a lease was accepted.
    let from = if unit.order.is_some() { Stage::ShipmentTracking } else { Stage::Received };
    let to = match &unit.device {
        Some(_) => Stage::Ready,
        None if unit.order.is_some() && unit.netbox_device().is_some() => Stage::PoweredOn,
        None => return false,
    };
    (from..=to).contains(&unit.stage) && unit.status_written != Some(unit.stage)
}

/// Interfaces and planned cables.
pub(crate) const READ_CABLING_PLAN: UnitStep = UnitStep {
    wanted: |unit| unit.device.is_some() && unit.stage == Stage::Discovered && unit.plan.is_none(),
    seen: |unit, sight| {
        if let Observation::Plan(plan) = sight.saw {
            unit.plan = Some(plan.clone());
        }
    },
    skipped: |unit| unit.plan = Some(CablingPlan::default()),
    ..UnitStep::with(Rule {
        class: Class::Read,
        skip: Some("cables are not checked against a plan"),
        ..Rule::of(Step::ReadCablingPlan)
    })
};

/// Whether what was proven is to be written.
fn is_proven(unit: &Unit) -> bool {
    unit.device.is_some() && unit.stage == Stage::PhysicalValidated && !unit.is_blocked()
}

/// The NICs' MACs.
pub(crate) const WRITE_INTERFACES: UnitStep = UnitStep {
    wanted: |unit| is_proven(unit) && !unit.interfaces_written,
    seen: |unit, _| unit.interfaces_written = true,
    skipped: |unit| unit.interfaces_written = true,
    ..UnitStep::with(Rule { skip: Some("NetBox misses the NICs' MACs"), ..Rule::of(Step::WriteInterfaces) })
};

/// The cables that LLDP proved.
pub(crate) const WRITE_CABLES: UnitStep = UnitStep {
    wanted: |unit| is_proven(unit) && !unit.cables_written,
    seen: |unit, _| unit.cables_written = true,
    skipped: |unit| unit.cables_written = true,
    ..UnitStep::with(Rule { skip: Some("NetBox misses cables that LLDP proved"), ..Rule::of(Step::WriteCables) })
};

/// Status `staged` and the staging tenant.
pub(crate) const ENTER_STAGING: UnitStep = UnitStep {
    wanted: |unit| is_proven(unit) && !unit.staging_written,
    seen: |unit, _| {
        unit.staging_written = true;
        unit.status_written = Some(Stage::Staged);
    },
    ..UnitStep::with(Rule { undo: Some(Step::LeaveStaging), ..Rule::of(Step::EnterStaging) })
};

/// The way back.
pub(crate) const LEAVE_STAGING: UnitStep = UnitStep {
    seen: |unit, _| leave_staging(unit),
    skipped: leave_staging,
    ..UnitStep::with(Rule { skip: Some("NetBox keeps status and tenant"), ..Rule::of(Step::LeaveStaging) })
};

fn leave_staging(unit: &mut Unit) {
    unit.staging_written = false;
    unit.status_written = None;
}

/// Notes to NetBox's journal.
pub(crate) const WRITE_NOTES: UnitStep = UnitStep {
    wanted: |unit| !unit.notes.owed.is_empty(),
    aside: true,
    gathers: |unit| gathered(&unit.notes),
    seen: |unit, sight| {
        if let Observation::Notes(up_to) = sight.saw {
            unit.notes.owed.retain(|n| n.seq > *up_to);
        }
    },
    skipped: |unit| unit.notes.owed.clear(),
    ..UnitStep::with(Rule {
        lane: Lane::Notes,
        skip: Some("NetBox's journal misses notes; ours has them"),
        ..Rule::of(Step::WriteNotes)
    })
};

/// Until when the oldest note waits for more.
pub(crate) fn gathered(notes: &Notes) -> Option<Timestamp> {
    Some(notes.owed.first()?.at + GATHER)
}
