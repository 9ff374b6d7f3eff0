//! The BMC's address in NetBox.

use rackhand_adapters::netbox::NetBox;
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::text::Text;

use super::{device_of, missing};

pub async fn look(netbox: &NetBox, unit: &Unit, step: Step) -> Result<Option<Observation>, Fault> {
    let device = device_of(unit)?;
    let held = netbox.bmc_address(device.id, device.bmc_interface).await?;
    Ok(match step {
        Step::ReleaseBmcAddress => held.is_none().then_some(Observation::Undone),
        _ => held.filter(|a| Some(*a) == unit.bmc_address).map(Observation::Address),
    })
}

pub async fn act(netbox: &NetBox, unit: &Unit, step: Step) -> Result<Text, Fault> {
    let device = device_of(unit)?;
    if step == Step::ReleaseBmcAddress {
        netbox.release_bmc_address(device.id, device.bmc_interface).await?;
        return Ok("address released".into());
    }
    let address = unit.bmc_address.ok_or_else(|| missing("its BMC address"))?;
    netbox.assign_bmc_address(device.id, device.bmc_interface, address).await?;
    Ok(format!("{address} written").into())
}
