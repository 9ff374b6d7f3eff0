//! Racks for consoles: NetBox's by our copy, else what the journal remembers, with how our servers in them do.

use std::sync::{Arc, PoisonError};

use rackhand_core::event::Seq;
use rackhand_core::placement::questions::{self as rack, RackView};
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

use super::Desk;

/// All racks as last worked out, and from what.
#[derive(Default)]
pub struct Racks(Option<(Seq, Option<Timestamp>, Arc<Vec<RackView>>)>);

impl Desk {
    /// All racks. A console that shows five asks five times; they are worked out once for each state of the world.
    pub(super) fn racks(&self, world: &World, now: Timestamp) -> Arc<Vec<RackView>> {
        let held = self.projection.as_ref().and_then(|p| p.state().held);
        let reading = held.as_ref().and_then(|h| h.elevations.as_ref());
        let read_at = reading.map(|(_, at)| *at);
        let mut kept = self.racks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((head, at, views)) = &kept.0
            && (*head, *at) == (world.head, read_at)
        {
            return views.clone();
        }
        let views = Arc::new(rack::racks(world, &self.rows(world, now), reading.map(|(e, at)| (e, *at))));
        kept.0 = Some((world.head, read_at, views.clone()));
        views
    }
}
