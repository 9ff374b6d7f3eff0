//! The BMC: what it is, and what it says of its server.

use rackhand_core::boot::parts::Parts;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::lifecycle::unit::Unit;

use super::Ports;
use crate::keeper::Session;

pub async fn look(ports: &Ports, unit: &Unit, step: Step) -> Result<Observation, Fault> {
    if step == Step::ReachBmc {
        let (identity, certificate) = ports.keepers.line(unit)?.identify().await?;
        return Ok(Observation::Root { identity, certificate });
    }
    let bmc = ports.keepers.session(unit)?;
    if step == Step::ReadParts {
        return Ok(Observation::Parts(Box::new(Parts::listed(&bmc.inventory().await?))));
    }
    match bmc.read_system().await {
        // A factory password is tried once, before the configured one: that is another login, with another password.
        Err(fault) if fault.kind == Kind::Unauthorised && is_another_left(ports, unit, &bmc) => {
            ports.keepers.session(unit)?.read_system().await.map(Observation::System)
        }
        read => read.map(Observation::System),
    }
}

/// Whether another password is known than the given one that was refused just now.
fn is_another_left(ports: &Ports, unit: &Unit, refused: &Session) -> bool {
    let vendor = unit.identity.as_ref().map(|i| i.vendor);
    ports.keys.refused(unit.serial.as_deref().unwrap_or_default(), vendor, refused.credentials())
}
