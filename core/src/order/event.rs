//! What becomes of an order.

use serde::{Deserialize, Serialize};

use crate::id::{SellerId, UnitId};
use crate::order::Placed;
use crate::order::recorded_number;
use crate::purchase::money::Money;
use crate::spine::event::events;
use crate::text::Text;
use crate::time::Timestamp;

events! {
    /// What becomes of an order.
    OrderEvent:

    /// Somebody wants servers.
    OrderPlaced {
        /// What.
        placed: Box<Placed>,
    } = "order_placed",
    /// A server of the pool is kept for an order.
    StockReserved {
        /// For which line.
        line: u16,
        /// Which.
        unit: UnitId,
        /// Until when.
        until: Timestamp,
        /// The server that need not be bought then.
        instead_of: Option<UnitId>,
    } = "stock_reserved",
    /// It is free again.
    StockReleased {
        /// Of which line.
        line: u16,
        /// Which.
        unit: UnitId,
        /// Why.
        reason: Text,
    } = "stock_released",
    /// It was given to the order's tenant.
    StockAssigned {
        /// Of which line.
        line: u16,
        /// Which.
        unit: UnitId,
    } = "stock_assigned",
    /// A person, or the rules, approved an offer.
    ApprovalGiven {
        /// Whose.
        seller: SellerId,
        /// Which revision.
        revision: u32,
        /// What it costs.
        total: Money,
        /// What was seen when it was approved.
        saw: Text,
    } = "approval_given",
    /// There are approvals enough: it is bought.
    PurchaseDecided {
        /// The purchase order's number.
        number: u32,
        /// From whom.
        seller: SellerId,
        /// Which revision of the offer.
        revision: u32,
        /// What it costs.
        total: Money,
        /// The number as papers have it; `None` in events from before it held site and epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Text>,
    } = "purchase_decided",
    /// The vendor does not take the order; another offer may be chosen.
    PurchaseFailed {
        /// The purchase order's number.
        number: u32,
        /// Why.
        reason: Text,
        /// The number as papers have it; `None` in events from before it held site and epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Text>,
    } = "purchase_failed",
    /// The order ends before all is delivered.
    OrderEnded {
        /// Whether an approver said no; else it was cancelled.
        rejected: bool,
        /// Why.
        reason: Text,
    } = "order_ended",
}

impl OrderEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::OrderPlaced { placed } => {
                let lines: Vec<_> = placed.lines.iter().map(|l| format!("{}x {}", l.quantity, l.spec)).collect();
                format!("ordered for {} in {}: {}", placed.tenant, placed.site, lines.join(" and "))
            }
            Self::StockReserved { line, unit, until, .. } => format!("{unit} is kept for line {line} until {until}"),
            Self::StockReleased { unit, reason, .. } => format!("{unit} is free again: {reason}"),
            Self::StockAssigned { line, unit } => format!("{unit} is assigned for line {line}"),
            Self::ApprovalGiven { seller, revision, total, saw } => {
                format!("{seller}'s offer, revision {revision}, approved for {total}; seen: {saw}")
            }
            Self::PurchaseDecided { number, seller, total, name, .. } => {
                format!("{} to {seller} for {total}", recorded_number(*number, name.as_ref()))
            }
            Self::PurchaseFailed { number, reason, name } => {
                format!("{} is void: {reason}", recorded_number(*number, name.as_ref()))
            }
            Self::OrderEnded { rejected: true, reason } => format!("rejected: {reason}"),
            Self::OrderEnded { reason, .. } => format!("cancelled: {reason}"),
        }
    }
}
