//! The purchase order that stands for an order, as a paper.

use serde::{Deserialize, Serialize};

use crate::decide::{Refusal, Why};
use crate::document::Document;
use crate::document::purchase::purchase_order;
use crate::id::{DealId, OrderId};
use crate::order::questions::no_order;
use crate::world::World;

/// The purchase order that stands for an order, as a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseDocument(pub OrderId);

/// The paper.
///
/// # Errors
/// There is no such order, or nothing was bought for it.
pub fn purchase_document(world: &World, id: OrderId) -> Result<Document, Refusal> {
    let order = world.order(id).ok_or_else(|| no_order(id))?;
    let bought = order.purchase.as_ref().and_then(|p| world.deal(DealId { order: id, seller: p.seller }));
    let none = || Refusal::new(Why::NotFound, format!("order {id} has no purchase order"));
    let (purchase, title) = bought.and_then(|d| Some((d.purchase.as_ref()?, &d.title))).ok_or_else(none)?;
    Ok(purchase_order(purchase, title))
}
