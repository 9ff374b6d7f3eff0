//! What is asked and told in NetBox. A file for each thing it is about.

mod address;
mod notes;
mod place;
mod register;
mod staging;
mod wiring;

use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::Subject;
use rackhand_core::text::Text;

use super::{Job, device_of, missing};

pub async fn look(job: &Job<'_>) -> Result<Option<Observation>, Fault> {
    let (netbox, policy, step) = (job.netbox, &job.ports.policy, job.due.step);
    match step {
        Step::LookUpDevice => {
            let Subject::Bmc(mac) = job.subject else { return Ok(None) };
            netbox.device_by_bmc_mac(mac).await.map(|l| Some(Observation::Lookup(l)))
        }
        Step::WriteNotes => notes::look(job).await,
        Step::RegisterBmc => register::look(netbox, job.unit()?).await,
        Step::AssignBmcAddress | Step::ReleaseBmcAddress => address::look(netbox, job.unit()?, step).await,
        Step::SyncStatus | Step::EnterStaging | Step::LeaveStaging => {
            staging::look(netbox, policy, job.unit()?, step).await
        }
        Step::PlaceDevice | Step::UnplaceDevice => place::look(netbox, job.unit()?, step).await,
        Step::ReadCablingPlan | Step::WriteInterfaces | Step::WriteCables => {
            wiring::look(netbox, job.unit()?, step).await
        }
        _ => Err(job.not_mine()),
    }
}

pub async fn act(job: &Job<'_>) -> Result<Text, Fault> {
    let (netbox, policy, step) = (job.netbox, &job.ports.policy, job.due.step);
    match step {
        Step::WriteNotes => notes::act(job).await,
        Step::RegisterBmc => register::act(netbox, policy, job.unit()?).await,
        Step::AssignBmcAddress | Step::ReleaseBmcAddress => address::act(netbox, job.unit()?, step).await,
        Step::SyncStatus | Step::EnterStaging | Step::LeaveStaging => {
            staging::act(netbox, policy, job.unit()?, step).await
        }
        Step::PlaceDevice | Step::UnplaceDevice => place::act(netbox, job.unit()?, step).await,
        Step::WriteInterfaces | Step::WriteCables => wiring::act(netbox, job.unit()?, step).await,
        _ => Err(job.not_mine()),
    }
}
