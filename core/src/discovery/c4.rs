//! Rule C4: what a lease means for a device, by NetBox status, behind the journal's own gates.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::inventory::{Device, Lookup};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::policy::{DeviceState, Policy};
use crate::text::Text;

/// What C4 says of one sighting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Promote to discovered and assign the address.
    Promote,
    /// Refresh the address.
    Refresh,
    /// Assign the address; the device had none.
    Assign,
    /// Nothing to do: all is as it should be.
    Nothing,
    /// Change nothing, note why.
    Warn(Text),
    /// Change nothing; the inventory is wrong (a MAC on two devices).
    Error(Text),
    /// Change nothing; a person must settle a disagreement.
    Settle(Text),
}

/// Said of a MAC that NetBox does not know.
const NOBODY: &str = "NetBox knows no device with this BMC MAC";

impl Verdict {
    /// Whether NetBox does not know the MAC.
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::Warn(text) if text.as_str() == NOBODY)
    }

    /// In words, for a person.
    pub fn sentence(&self) -> Text {
        match self {
            Self::Promote => "promoted to discovered".into(),
            Self::Refresh => "address refreshed".into(),
            Self::Assign => "address assigned".into(),
            Self::Nothing => "nothing to do".into(),
            Self::Warn(why) | Self::Error(why) | Self::Settle(why) => why.clone(),
        }
    }
}

/// Applies C4. `unit` is what the journal holds for this BMC or this serial. The journal's gates come first: because
/// of a lease, only a unit before `discovered` is ever acted upon.
pub fn judge(unit: Option<&Unit>, lookup: &Lookup, address: IpAddr, policy: &Policy) -> Verdict {
    let device = match lookup {
        Lookup::Nobody => return Verdict::Warn(NOBODY.into()),
        Lookup::Several(ids) => {
            return Verdict::Error(format!("NetBox has this BMC MAC on {} devices: {ids:?}", ids.len()).into());
        }
        Lookup::One(device) => device,
    };
    let (status, state) = (&device.status, policy.device_state(&device.status, device.lifecycle_state.as_deref()));
    let Some(unit) = unit else { return unknown_to_us(device, state, policy) };
    if let (Some(ours), Some(theirs)) = (&unit.serial, &device.serial)
        && !ours.eq_ignore_ascii_case(theirs)
    {
        return Verdict::Settle(format!("serial {ours} here, {theirs} on NetBox device {}", device.id).into());
    }
    if device.site.as_str() != unit.site.as_str() || !policy.runs(&device.site) {
        let (id, site) = (device.id, &device.site);
        let text = format!("NetBox has device {id} at site {site}, it is of {} here: nothing was touched", unit.site);
        return Verdict::Settle(text.into());
    }
    if unit.disposition != Disposition::Normal && unit.disposition != Disposition::OnHold {
        return Verdict::Warn(format!("{} is {}: left alone", unit.label(), unit.disposition).into());
    }
    let stage = unit.stage;
    use DeviceState::{Active, Discovered, Offline, Other};
    match state {
        Offline | Discovered if stage.is_before_discovery() => Verdict::Promote,
        Offline | Discovered if stage == Stage::Discovered => Verdict::Refresh,
        Discovered if stage == Stage::PhysicalValidated => Verdict::Refresh,
        Offline | Discovered => {
            Verdict::Settle(format!("NetBox says {status}, the journal says {stage}: nothing was touched").into())
        }
        Active if stage.is_tenants() => match device.oob_address {
            None => Verdict::Assign,
            Some(held) if held == address => Verdict::Nothing,
            Some(held) => Verdict::Warn(format!("NetBox holds {held}, its BMC leased {address}").into()),
        },
        Active => {
            Verdict::Settle(format!("NetBox says {status}, the journal says {stage}: nothing was touched").into())
        }
        // All is as we wrote it.
        _ if *status == policy.status(stage) && device.oob_address == Some(address) => Verdict::Nothing,
        Other => Verdict::Warn(format!("status {status}: a lease changes nothing").into()),
    }
}

/// A device NetBox knows and the journal does not: adopted where it is nobody's and not yet in use.
fn unknown_to_us(device: &Device, state: DeviceState, policy: &Policy) -> Verdict {
    let status = &device.status;
    if !policy.runs(&device.site) {
        return Verdict::Warn(format!("device {} is of site {}: recorded only", device.id, device.site).into());
    }
    let nobodys = device.tenant.as_ref().is_none_or(|t| *t == policy.staging_tenant);
    match state {
        DeviceState::Offline | DeviceState::Discovered if nobodys => Verdict::Promote,
        DeviceState::Offline | DeviceState::Discovered => {
            let tenant = device.tenant.as_deref().unwrap_or_default();
            Verdict::Warn(
                format!("device {} is {status} but belongs to tenant {tenant}: recorded only", device.id).into(),
            )
        }
        _ => Verdict::Warn(format!("device {} is {status} and unknown here: recorded only", device.id).into()),
    }
}
