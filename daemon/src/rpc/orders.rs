//! Orders for consoles.

use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::{Actor, OrderId};
use rackhand_core::view::order::{self, OrderDetail};

use super::Desk;

impl Desk {
    /// An order, whole, with what this caller may do with it.
    pub(super) fn order(&self, id: OrderId, caller: &Actor) -> Result<OrderDetail, Refusal> {
        let (world, now) = (self.ledger.world(), self.clock.now());
        order::order(&world, &self.ports.policy, id, caller, now)
            .ok_or_else(|| Refusal::new(Why::NotFound, format!("there is no order {id}")))
    }
}
