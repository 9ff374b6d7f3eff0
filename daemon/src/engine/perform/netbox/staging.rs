//! Status, lifecycle fields and tenant in NetBox.

use rackhand_adapters::netbox::{NetBox, StatusWrite, TenantWrite};
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;

use super::missing;

/// The stage whose status the step writes.
fn stage(unit: &Unit, step: Step) -> Stage {
    match step {
        Step::EnterStaging => Stage::Staged,
        Step::LeaveStaging => Stage::PoweredOn,
        _ => unit.stage,
    }
}

fn device(unit: &Unit) -> Result<ObjectId, Fault> {
    unit.netbox_device().ok_or_else(|| missing("its NetBox device"))
}

pub async fn look(netbox: &NetBox, policy: &Policy, unit: &Unit, step: Step) -> Result<Option<Observation>, Fault> {
    let stage = stage(unit, step);
    let held = netbox.status(device(unit)?).await?;
    let status = held.status == policy.status(stage) && held.lifecycle_state.as_deref() == Some(stage.word());
    let tenant = held.tenant.as_ref();
    Ok(match step {
        Step::EnterStaging => (status && tenant == Some(&policy.staging_tenant)).then_some(Observation::Staging),
        Step::LeaveStaging => (status && tenant.is_none()).then_some(Observation::Undone),
        _ => status.then_some(Observation::Status(stage)),
    })
}

pub async fn act(netbox: &NetBox, policy: &Policy, unit: &Unit, step: Step) -> Result<Text, Fault> {
    let stage = stage(unit, step);
    let stamps = [("discovered_at", unit.discovered_at), ("pxe_boot_initiated_at", unit.boot_initiated_at)];
    let write = StatusWrite {
        status: policy.status(stage),
        lifecycle_state: Some(stage.word()),
        stamps: stamps.into_iter().filter_map(|(field, at)| at.map(|at| (field, at))).collect(),
        tenant: match step {
            Step::EnterStaging => TenantWrite::Slug(policy.staging_tenant.clone()),
            Step::LeaveStaging => TenantWrite::Clear,
            _ => TenantWrite::Keep,
        },
    };
    netbox.write_status(device(unit)?, &write).await?;
    Ok(format!("status {} written", write.status).into())
}
