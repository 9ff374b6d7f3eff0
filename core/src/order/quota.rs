//! How much a tenant may have on order by its own word alone.

use crate::decide::{Deciding, Refusal, Why};
use crate::id::Actor;
use crate::order::{Line, OrderRequest};
use crate::policy::Quota;
use crate::text::Text;

impl Deciding<'_> {
    /// Refuses a tenant's order that is larger than one may be, or with which it would have more on order than it may.
    /// Persons order as much as is approved.
    pub(crate) fn within_quota(&self, request: &OrderRequest) -> Result<(), Refusal> {
        let Actor::Tenant { name } = &self.moment.actor else { return Ok(()) };
        let Quota { order, open } = self.policy.quota;
        let asked = request.lines.iter().fold(0_u32, |sum, line| sum.saturating_add(line.quantity));
        if asked > order {
            let text =
                format!("{asked} servers; a tenant orders at most {order} at once: order fewer, or ask the operators");
            return Err(Refusal::new(Why::Invalid, text));
        }
        let held = self.on_order(name);
        if asked > open.saturating_sub(held) {
            let text = format!(
                "{name} has {held} servers on order and may have {open}: wait for some of them, or ask the operators"
            );
            return Err(Refusal::new(Why::Conflict, text));
        }
        Ok(())
    }

    /// Servers that a tenant waits for.
    fn on_order(&self, tenant: &Text) -> u32 {
        let open = self.world.orders.values().filter(|o| o.tenant == *tenant && o.end.is_none());
        let coming = |line: &Line| {
            let bought =
                line.units.iter().filter_map(|id| self.world.unit(*id)).filter(|u| u.stage.is_on_order()).count();
            bought + line.stock.iter().filter(|r| !r.assigned).count()
        };
        let all: usize = open.flat_map(|o| &o.lines).map(coming).sum();
        u32::try_from(all).unwrap_or(u32::MAX)
    }
}
