//! What a plan to take servers over is about.

use serde::{Deserialize, Serialize};

use crate::decide::Refusal;
use crate::id::PlanId;
use crate::takeover::commands::no_such_plan;
use crate::text::Text;
use crate::world::World;

/// The serials of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedServers(pub PlanId);

/// The serials of a plan.
///
/// # Errors
/// There is no such plan.
pub fn planned_servers(world: &World, plan: PlanId) -> Result<Vec<Text>, Refusal> {
    let plan = world.plan(plan).ok_or_else(|| no_such_plan(plan))?;
    Ok(plan.rows.iter().map(|seen| seen.label().clone()).collect())
}
