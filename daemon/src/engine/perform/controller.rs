//! The BMC: what it is, and what it says of its server.

use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::lifecycle::unit::Unit;

use super::Ports;

pub async fn look(ports: &Ports, unit: &Unit, step: Step) -> Result<Observation, Fault> {
    if step == Step::ReachBmc {
        let (identity, certificate) = ports.keepers.line(unit)?.identify().await?;
        return Ok(Observation::Root { identity, certificate });
    }
    ports.keepers.session(unit)?.read_system().await.map(Observation::System)
}
