//! What is asked and done at a BMC.

mod boot;
mod reading;
mod restart;

use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::text::Text;

use super::{Job, Ports};

pub async fn look(job: &Job<'_>) -> Result<Option<Observation>, Fault> {
    let step = job.due.step;
    match step {
        Step::ReachBmc | Step::LogInToBmc | Step::ReadParts => {
            reading::look(job.ports, job.unit()?, step).await.map(Some)
        }
        Step::ArmNetworkBoot | Step::DisarmNetworkBoot => boot::look(job.ports, job.unit()?, step).await,
        Step::ResetBmc => restart::is_down(job.ports, job.unit()?).await,
        Step::AwaitBmc => restart::is_up(job.ports, job.unit()?).await,
        // Shown by the machine itself, never by looking.
        Step::ResetForBoot | Step::Validate => Ok(None),
        _ => Err(job.not_mine()),
    }
}

pub async fn act(job: &Job<'_>) -> Result<Text, Fault> {
    let step = job.due.step;
    match step {
        Step::ArmNetworkBoot | Step::DisarmNetworkBoot => boot::arm(job.ports, job.unit()?, step).await,
        Step::ResetBmc => restart::ask(job.ports, job.unit()?).await,
        Step::ResetForBoot => boot::reset(job.ports, job.unit()?, job.due.rung).await,
        _ => Err(job.not_mine()),
    }
}
