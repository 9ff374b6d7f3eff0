//! What a tenant is told of its orders: without vendors and prices.

use rackhand_core::id::SiteId;
use rackhand_core::order::questions::order_row;
use rackhand_core::order::spec::Unclear;
use rackhand_core::order::{Line, Order, OrderState};
use rackhand_core::purchase::next::state;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;
use serde::Serialize;

use super::request::Fault;

/// A page of orders.
#[derive(Serialize)]
pub(super) struct Listed {
    pub total: usize,
    pub offset: usize,
    pub orders: Vec<Shown>,
}

/// An order.
#[derive(Serialize)]
pub(super) struct Shown {
    /// What its tenant calls it.
    order: Text,
    tenant: Text,
    site: SiteId,
    /// Why there, where any site would do.
    routed: Option<Text>,
    state: OrderState,
    placed: String,
    needed_by: Option<String>,
    note: Option<Text>,
    lines: Vec<ShownLine>,
    /// When the next delivery is to come.
    eta: Option<String>,
    /// How it ended, where it did before all was delivered.
    end: Option<Ended>,
}

#[derive(Serialize)]
struct ShownLine {
    line: u16,
    quantity: u32,
    spec: Text,
    understood: Text,
    unclear: Vec<Unclear>,
    model: Option<Text>,
    /// Servers of the pool that are kept for it, or were given.
    from_stock: usize,
    /// Those that were given.
    assigned: usize,
    /// Servers that are bought, or to be bought.
    to_buy: usize,
    /// Of those, how many have arrived.
    arrived: usize,
}

#[derive(Serialize)]
struct Ended {
    how: &'static str,
    reason: Text,
    at: String,
}

impl Shown {
    /// An order as its tenant sees it.
    pub fn of(world: &World, order: &Order, now: Timestamp) -> Self {
        let line = |(line, l): (u16, &Line)| ShownLine {
            line,
            quantity: l.quantity,
            spec: l.words.clone(),
            understood: l.spec.to_string().into(),
            unclear: l.unclear.clone(),
            model: l.model.clone(),
            from_stock: l.stock.len(),
            assigned: l.stock.iter().filter(|r| r.assigned).count(),
            to_buy: l.units.len(),
            arrived: l.units.iter().filter_map(|u| world.unit(*u)).filter(|u| !u.stage.is_on_order()).count(),
        };
        let end = order.end.as_ref().map(|end| Ended {
            how: if end.rejected { "rejected" } else { "cancelled" },
            reason: end.reason.clone(),
            at: end.at.to_string(),
        });
        Self {
            order: order.reference.clone(),
            tenant: order.tenant.clone(),
            site: order.site.clone(),
            routed: order.routed.clone(),
            state: state(world, order),
            placed: order.placed.to_string(),
            needed_by: order.needed_by.map(|t| t.to_string()),
            note: order.note.clone(),
            lines: order.numbered().map(line).collect(),
            eta: order_row(world, order, now).eta.map(|t| t.to_string()),
            end,
        }
    }
}

/// Why a request is not taken.
#[derive(Serialize)]
pub(super) struct Faults {
    error: Text,
    fields: Vec<Fault>,
}

/// What is wrong, in a sentence and field by field.
pub(super) fn fields(fields: Vec<Fault>) -> Faults {
    let sentences: Vec<String> = fields.iter().map(Fault::sentence).collect();
    Faults { error: sentences.join("; ").into(), fields }
}
