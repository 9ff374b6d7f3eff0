//! The MAC a manifest names, on the BMC's interface in NetBox.

use rackhand_adapters::netbox::NetBox;
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::Observation;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;

use super::missing;

fn named(unit: &Unit) -> Result<(&Text, Mac), Fault> {
    let serial = unit.serial.as_ref().ok_or_else(|| missing("its serial"))?;
    let registration = unit.registration.as_ref().ok_or_else(|| missing("its BMC's MAC"))?;
    Ok((serial, registration.bmc_mac))
}

pub async fn look(netbox: &NetBox, unit: &Unit) -> Result<Option<Observation>, Fault> {
    let (serial, mac) = named(unit)?;
    let may_make = unit.registration.as_ref().is_some_and(|r| r.create.is_some());
    Ok(netbox.registered_bmc(serial, mac, may_make).await?.map(Observation::Registered))
}

pub async fn act(netbox: &NetBox, policy: &Policy, unit: &Unit) -> Result<Text, Fault> {
    let (serial, mac) = named(unit)?;
    let new = unit.registration.as_ref().and_then(|r| r.create.as_ref());
    let status = policy.status(unit.stage);
    netbox.register_bmc(serial, mac, new.map(|new| (new, &status))).await
}
