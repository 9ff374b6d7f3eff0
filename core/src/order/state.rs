//! What has become of an order.

#![deny(clippy::wildcard_enum_match_arm)]

use super::event::OrderEvent;
use super::{Approval, End, FailedPurchase, Order, Purchase, Reservation, recorded_number};
use crate::spine::event::Stamp;

impl Order {
    /// Applies one event about this order.
    pub(crate) fn apply(&mut self, stamp: Stamp<'_>, event: &OrderEvent) {
        self.revision = stamp.seq;
        let at = stamp.at;
        match event {
            OrderEvent::StockReserved { line, unit, until, instead_of } => {
                let Some(line) = self.line_mut(*line) else { return };
                if let Some(minted) = instead_of {
                    line.units.retain(|u| u != minted);
                }
                line.stock.retain(|r| r.unit != *unit);
                let reservation = Reservation { unit: *unit, by: stamp.by(), at, until: *until, assigned: false };
                line.stock.push(reservation);
            }
            OrderEvent::StockReleased { line, unit, .. } => {
                if let Some(line) = self.line_mut(*line) {
                    line.stock.retain(|r| r.unit != *unit);
                }
            }
            OrderEvent::StockAssigned { line, unit } => {
                let line = self.line_mut(*line);
                if let Some(kept) = line.and_then(|l| l.stock.iter_mut().find(|r| r.unit == *unit)) {
                    kept.assigned = true;
                }
            }
            OrderEvent::ApprovalGiven { seller, revision, total, saw } => {
                self.approvals.retain(|a| a.seller == *seller && a.revision == *revision);
                let (by, at, seller, revision, saw) = (stamp.by(), at, *seller, *revision, saw.clone());
                self.approvals.push(Approval { by, at, seller, revision, total: *total, saw });
            }
            OrderEvent::PurchaseDecided { number, seller, revision, total, name } => {
                let name = recorded_number(*number, name.as_ref());
                let (number, seller, revision) = (*number, *seller, *revision);
                self.purchase = Some(Purchase { number, name, seller, revision, total: *total, at });
            }
            OrderEvent::PurchaseFailed { number, reason, name } => {
                self.approvals.clear();
                if let Some(Purchase { seller, revision, .. }) = self.purchase.take() {
                    let (number, reason) = (recorded_number(*number, name.as_ref()), reason.clone());
                    self.failed.push(FailedPurchase { number, seller, revision, reason, at });
                }
            }
            OrderEvent::OrderEnded { rejected, reason } => {
                self.end = Some(End { rejected: *rejected, reason: reason.clone(), by: stamp.by(), at });
            }
            // It is the world's to begin one.
            OrderEvent::OrderPlaced { .. } => {}
        }
    }
}
