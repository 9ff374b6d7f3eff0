//! The offers of one order, as the world has them, held against what is to be bought.

use std::collections::BTreeMap;

use super::compare::{self, Asked, Basis, Comparison, Record, compare};
use super::deal::Shipment;
use super::order::Order;
use super::paper::SellerId;
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::world::World;

/// The offers as they stand; `None` where there is none.
pub fn comparison(world: &World, policy: &Policy, order: &Order, now: Timestamp) -> Option<Comparison> {
    let asked: Vec<Asked> = order
        .numbered()
        .filter(|(_, l)| !l.units.is_empty())
        .map(|(line, l)| Asked { line, quantity: l.units.len() as u32, spec: l.spec.clone() })
        .collect();
    let offers: Vec<compare::Offer> = world
        .deals_of(order)
        .filter_map(|d| {
            let offer = d.offer()?;
            let (title, quote) = (d.title.clone(), offer.quote.clone());
            Some(compare::Offer { seller: d.id.seller, title, quote, received: offer.at })
        })
        .collect();
    if offers.is_empty() {
        return None;
    }
    let records = records(world, now);
    let (rates, policy) = (&policy.purchase.rates, &policy.purchase.worth);
    Some(compare(&Basis { asked: &asked, rates, records: &records, policy, now }, &offers))
}

/// How punctual each vendor has been: what arrived behind the day it was promised for, or is overdue.
fn records(world: &World, now: Timestamp) -> BTreeMap<SellerId, Record> {
    let mut records: BTreeMap<SellerId, Record> = BTreeMap::new();
    for deal in world.orders.values().flat_map(|o| world.deals_of(o)).filter(|d| d.purchase.is_some()) {
        let Some(promised) = deal.confirmation().and_then(|c| c.paper.promised) else { continue };
        let arrived = deal.shipments.iter().flat_map(|s| s.tracked.values()).filter_map(|(t, _)| t.delivered).max();
        let all_here = !deal.shipments.is_empty() && deal.shipments.iter().all(Shipment::is_delivered);
        let end = arrived.filter(|_| all_here);
        let late = end.unwrap_or(now).since(promised).as_secs() / 86_400;
        if end.is_some() || late > 0 {
            let record = records.entry(deal.id.seller).or_default();
            record.orders += 1;
            record.late += u32::from(late > 0);
            record.days_late = record.days_late.saturating_add(u32::try_from(late).unwrap_or(u32::MAX));
        }
    }
    records
}
