//! What is sent to vendors.

use rackhand_core::fault::Fault;
use rackhand_core::flow::next::Due;
use rackhand_core::flow::step::Observation;
use rackhand_core::id::DealId;
use rackhand_core::text::Text;
use rackhand_core::world::World;

use super::{Ports, missing};

pub async fn look(_: &Ports, _: &World, _: DealId, _: &Due) -> Result<Option<Observation>, Fault> {
    Err(missing("a channel to this vendor"))
}

pub async fn act(_: &Ports, _: &World, _: DealId, _: &Due) -> Result<Text, Fault> {
    Err(missing("a channel to this vendor"))
}
