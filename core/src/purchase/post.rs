//! What comes back from vendors: which answers are awaited, to which deal a paper belongs, and what a receipt is worth.

use std::collections::BTreeMap;

use super::deal::Deal;
use super::paper::{Confirmation, Paper, ShipNotice};
use crate::flow::attempt::Phase;
use crate::flow::wait::Due;
use crate::id::{DealId, SellerId};
use crate::text::Text;
use crate::world::World;

/// A number of ours whose answers are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// A quote request's.
    Request(Text),
    /// A purchase order's.
    Order(Text),
}

/// The numbers of ours that each vendor has something to say on.
pub fn open(world: &World) -> BTreeMap<SellerId, Vec<Open>> {
    let mut open: BTreeMap<SellerId, Vec<Open>> = BTreeMap::new();
    for deal in world.deals.values() {
        let Some(order) = world.order(deal.id.order).filter(|o| o.end.is_none()) else { continue };
        let number = match &deal.purchase {
            Some(purchase) => deal.ordered.map(|_| Open::Order(purchase.number.clone())),
            None if order.purchase.is_none() => deal.asked.map(|_| Open::Request(deal.request_number())),
            None => None,
        };
        let here = |u| world.unit(u).is_some_and(|u| !u.stage.is_on_order());
        if deal.ended.is_none() && !(deal.purchase.is_some() && order.bought().all(here)) {
            open.entry(deal.id.seller).or_default().extend(number);
        }
    }
    open
}

/// The deal a paper is about: by our number on it.
pub fn about(world: &World, seller: SellerId, paper: &Paper) -> Option<DealId> {
    let mut deals = world.deals.values().filter(|d| d.id.seller == seller);
    let found = match paper {
        Paper::Quote(quote) => {
            let number = quote.request.as_ref()?;
            deals.find(|d| d.request == *number)
        }
        Paper::Confirmation(Confirmation { purchase, .. }) | Paper::ShipNotice(ShipNotice { purchase, .. }) => {
            deals.find(|d| d.purchase.as_ref().is_some_and(|p| p.number == *purchase))
        }
    };
    found.map(|d| d.id)
}

/// What a vendor's receipt says of a step, where nothing else can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByReceipt {
    /// The receipt is all there is, and counts as seen.
    Seen(Text),
    /// It may have arrived or not: a person has to ask.
    InDoubt,
    /// It was not sent, or certainly did not arrive.
    NotSent,
}

/// Where a step is by its receipt alone. What was begun and has none may have arrived.
pub fn by_receipt(deal: &Deal, due: &Due) -> ByReceipt {
    let progress = deal.steps.at(due.step).filter(|p| p.generation == due.generation);
    match progress.map(|p| &p.phase) {
        Some(Phase::Accepted { receipt }) => ByReceipt::Seen(receipt.clone()),
        Some(Phase::Intended) if due.begun => ByReceipt::InDoubt,
        Some(Phase::Intended | Phase::Waiting { .. } | Phase::Parked { .. }) | None => ByReceipt::NotSent,
    }
}
