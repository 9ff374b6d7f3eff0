//! The BMC: what it is, and what it says of its server.

use rackhand_adapters::redfish::{Bmc, Credentials};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::hardware::parts::Parts;
use rackhand_core::lifecycle::unit::Unit;

use super::{Ports, bmc_of, missing};

pub async fn look(ports: &Ports, unit: &Unit, step: Step) -> Result<Observation, Fault> {
    if step == Step::ReachBmc {
        let address = unit.bmc_address.ok_or_else(|| missing("its BMC address"))?;
        let (identity, certificate) = ports.redfish.identify(address, unit.certificate).await?;
        return Ok(Observation::Root { identity, certificate });
    }
    let (bmc, credentials) = bmc_of(ports, unit)?;
    if step == Step::ReadParts {
        let inventory = ports.redfish.read_inventory(&bmc, &credentials).await?;
        return Ok(Observation::Parts(Box::new(Parts::listed(&inventory))));
    }
    match ports.redfish.read_system(&bmc, &credentials).await {
        // A factory password is tried once, before the configured one: that is another login, with another password.
        Err(fault) if fault.kind == Kind::Unauthorised && is_another_left(ports, unit, &bmc, &credentials) => {
            let (bmc, credentials) = bmc_of(ports, unit)?;
            ports.redfish.read_system(&bmc, &credentials).await.map(Observation::System)
        }
        read => read.map(Observation::System),
    }
}

/// Whether another password is known than the given one that was refused just now.
fn is_another_left(ports: &Ports, unit: &Unit, bmc: &Bmc, refused: &Credentials) -> bool {
    ports.keys.refused(unit.serial.as_deref().unwrap_or_default(), Some(bmc.identity.vendor), refused)
}
