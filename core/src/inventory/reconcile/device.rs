//! One unit held against its device, field by field.

use super::{Difference, Field, Owner};
use crate::id::Role;
use crate::inventory::listed::DeviceRecord;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::Unit;
use crate::policy::{DeviceState, Policy};
use crate::text::Text;

/// Whether something of ours is in NetBox.
#[derive(Clone, Copy)]
enum Written {
    /// A step that is still to come writes it.
    Soon(&'static str),
    /// It was written.
    Before,
    /// We have never written it, and no step will.
    Never,
}

fn written(by: Written) -> (Text, Option<Role>) {
    match by {
        Written::Soon(step) => return (format!("Rackhand writes it: {step}").into(), None),
        Written::Never => {
            let text = "Rackhand has not written it: find out which is right, and correct NetBox or the stage here";
            return (text.into(), Some(Role::Operator));
        }
        Written::Before => {}
    }
    ("somebody changed it in NetBox after Rackhand wrote it: set it back there".into(), Some(Role::Operator))
}

pub(super) fn compare(unit: &Unit, device: &DeviceRecord, policy: &Policy, out: &mut Vec<Difference>) {
    let mut tell = |field, ours: Option<Text>, theirs: Option<Text>, owner, then: (Text, Option<Role>)| {
        out.push(Difference {
            label: unit.label().into(),
            field,
            unit: Some(unit.id),
            device: Some(device.id),
            ours,
            theirs,
            owner,
            then: then.0,
            who: then.1,
        });
    };
    let operator = |text: &str| (Text::new(text), Some(Role::Operator));
    match (&unit.serial, &device.serial) {
        (Some(ours), Some(theirs)) if !ours.eq_ignore_ascii_case(theirs) => {
            let then = operator("its leases are not acted upon: find out which server this is and correct NetBox");
            tell(Field::Serial, Some(ours.clone()), Some(theirs.clone()), Owner::Nobody, then);
        }
        (Some(ours), None) => {
            tell(Field::Serial, Some(ours.clone()), None, Owner::Journal, operator("enter it in NetBox"));
        }
        (None, Some(theirs)) => {
            let then = (Text::new("Rackhand takes it over with the next lease"), None);
            tell(Field::Serial, None, Some(theirs.clone()), Owner::Netbox, then);
        }
        _ => {}
    }
    if let Some(mac) = unit.bmc_mac
        && !device.macs().any(|m| m == mac)
    {
        let held = device.bmc().and_then(|i| i.primary.or(i.macs.first().copied()));
        let then =
            operator("NetBox cannot tell whose lease it is: enter the MAC there, or find out who changed the BMC");
        tell(Field::BmcMac, Some(mac.to_string().into()), held.map(|m| m.to_string().into()), Owner::Netbox, then);
    }
    status(unit, device, policy, &mut tell);
    tenant(unit, device, policy, &mut tell);
    if let Some(address) = unit.bmc_address.filter(|_| unit.stage >= Stage::Discovered)
        && device.oob_address != Some(address)
    {
        let pending = unit.device.is_some() && unit.address_written != unit.bmc_address;
        let theirs = device.oob_address.map(|a| Text::from(a.to_string()));
        let by = match (pending, unit.address_written) {
            (true, _) => Written::Soon("assign_bmc_address"),
            (false, Some(_)) => Written::Before,
            (false, None) => Written::Never,
        };
        let then = written(by);
        tell(Field::OobAddress, Some(address.to_string().into()), theirs, Owner::Journal, then);
    }
    let place = device.place();
    if unit.stage == Stage::Decommissioned {
        if let Some(place) = place {
            let then = operator("it is out of its rack: take it out in NetBox too");
            tell(Field::Place, None, Some(place), Owner::Journal, then);
        }
    } else if let Some(ours) = unit.place()
        && Some(ours) != place.as_ref()
    {
        let then = (Text::new("Rackhand takes it over with the next lease it looks up"), None);
        tell(Field::Place, Some(ours.clone()), place, Owner::Netbox, then);
    }
}

fn status(
    unit: &Unit,
    device: &DeviceRecord,
    policy: &Policy,
    tell: &mut impl FnMut(Field, Option<Text>, Option<Text>, Owner, (Text, Option<Role>)),
) {
    let stage = unit.stage;
    let before = stage.is_before_discovery();
    let expected = policy.status(stage);
    let is_discovered =
        policy.device_state(&device.status, device.lifecycle_state.as_deref()) == DeviceState::Discovered;
    let pending = unit.device.is_some() && stage <= Stage::Ready && unit.status_written != Some(stage);
    let by = match (pending, unit.status_written) {
        (true, _) => Written::Soon("sync_status"),
        (false, Some(_)) => Written::Before,
        (false, None) => Written::Never,
    };
    if device.status != expected {
        let then = if pending {
            written(by)
        } else if before && is_discovered {
            (Text::new("Rackhand takes it along with the first lease of its BMC"), None)
        } else if before {
            let text = format!("its leases are only recorded while NetBox says {}: set it {expected}", device.status);
            (text.into(), Some(Role::Operator))
        } else {
            written(by)
        };
        tell(Field::Status, Some(expected), Some(device.status.clone()), Owner::Journal, then);
    }
    // Before it is discovered nothing is written, nor of what runs already; but what another life of the server left there
    // is wrong.
    let fine = device.lifecycle_state.as_ref();
    if fine.is_none_or(|word| word.as_str() != stage.word()) && !(fine.is_none() && matches!(by, Written::Never)) {
        let then = if before && !pending {
            (Text::new("left from before; Rackhand writes it when the server is discovered"), None)
        } else {
            written(by)
        };
        tell(Field::LifecycleState, Some(stage.word().into()), fine.cloned(), Owner::Journal, then);
    }
}

fn tenant(
    unit: &Unit,
    device: &DeviceRecord,
    policy: &Policy,
    tell: &mut impl FnMut(Field, Option<Text>, Option<Text>, Owner, (Text, Option<Role>)),
) {
    let staging = Some(&policy.staging_tenant);
    let held = device.tenant.as_ref();
    if (Stage::Staged..=Stage::Ready).contains(&unit.stage) && held != staging {
        let by = if unit.staging_written { Written::Before } else { Written::Never };
        let then = written(by);
        tell(Field::Tenant, staging.cloned(), held.cloned(), Owner::Journal, then);
    } else if unit.stage < Stage::Staged && held.is_some() && held != staging {
        let then = (
            Text::new("the journal knows of no tenant: take the tenant off in NetBox, or find out who gave it away"),
            Some(Role::Operator),
        );
        tell(Field::Tenant, None, held.cloned(), Owner::Journal, then);
    }
    // From the assignment on the tenant is the order's; the journal does not hold it yet.
}
