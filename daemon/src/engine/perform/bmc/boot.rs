//! One-time network boot, and the reset into it.

use std::time::Duration;

use rackhand_adapters::redfish::Reset;
use rackhand_core::bmc::{Power, Rung};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::text::Text;

use super::Ports;
use crate::keeper::Session;

/// How long a server may take to go off, and how often it is asked.
const OFF: Duration = Duration::from_secs(60);
const ASK: Duration = Duration::from_secs(3);

pub async fn look(ports: &Ports, unit: &Unit, step: Step) -> Result<Option<Observation>, Fault> {
    let armed = ports.keepers.session(unit)?.armed().await?;
    Ok(match (step, armed) {
        (Step::DisarmNetworkBoot, false) => Some(Observation::Undone),
        (Step::ArmNetworkBoot, true) => Some(Observation::Armed),
        _ => None,
    })
}

pub async fn arm(ports: &Ports, unit: &Unit, step: Step) -> Result<Text, Fault> {
    let bmc = ports.keepers.session(unit)?;
    if step == Step::DisarmNetworkBoot { bmc.disarm().await } else { bmc.arm().await }
}

/// Resets by the rung, looking at power and override first. What was certainly not sent is a fault that may be tried
/// again; from the first request that may have reached the server on, every doubt is [`Kind::Unknown`].
pub async fn reset(ports: &Ports, unit: &Unit, rung: Option<Rung>) -> Result<Text, Fault> {
    let bmc = ports.keepers.session(unit)?;
    if !bmc.armed().await? {
        bmc.arm().await?;
    }
    let power = bmc.power().await?;
    let kind = match (power, rung) {
        (Power::Off, _) => Reset::On,
        (Power::On, Some(Rung::PowerCycle)) => {
            bmc.reset(Reset::ForceOff).await?;
            wait_off(ports, &bmc).await.map_err(doubt)?;
            return bmc.reset(Reset::On).await.map_err(doubt);
        }
        (Power::On, _) => Reset::ForceRestart,
        (Power::PoweringOn | Power::PoweringOff | Power::Unknown, _) => {
            let what = format!("its power state is {power:?}; neither on nor off, so it is not reset");
            return Err(Fault::new(System::Bmc, Kind::Transient, what));
        }
    };
    bmc.reset(kind).await
}

async fn wait_off(ports: &Ports, bmc: &Session) -> Result<(), Fault> {
    let deadline = ports.clock.now() + OFF;
    loop {
        if bmc.power().await? == Power::Off {
            return Ok(());
        }
        if ports.clock.now() >= deadline {
            let what = format!("it did not go off within {} s", OFF.as_secs());
            return Err(Fault::new(System::Bmc, Kind::Unknown, what));
        }
        ports.clock.sleep(ASK).await;
    }
}

fn doubt(mut fault: Fault) -> Fault {
    fault.kind = Kind::Unknown;
    fault
}
