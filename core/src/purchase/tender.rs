//! The offers of one order, as the world has them, held against what is to be bought.

use std::collections::BTreeMap;

use crate::boot::ordered::{Confirmed, Expected};
use crate::id::{DealId, SellerId};
use crate::lifecycle::unit::Unit;
use crate::order::Order;
use crate::policy::Policy;
use crate::purchase::compare::{self, Asked, Basis, Comparison, Record, compare};
use crate::purchase::deal::{Deal, Offer, Shipment};
use crate::purchase::paper::QuoteLine;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// The offers as they stand; `None` where there is none.
pub fn comparison(world: &World, policy: &Policy, order: &Order, now: Timestamp) -> Option<Comparison> {
    let asked = asked(order);
    let offers: Vec<compare::Offer> = world
        .deals_of(order)
        .filter_map(|d| {
            let offer = d.offer()?;
            let (title, quote) = (d.title.clone(), offer.quote.clone());
            let (seller, refused) = (d.id.seller, order.refused(d.id.seller, offer.revision).cloned());
            Some(compare::Offer { seller, title, quote, received: offer.at, refused })
        })
        .collect();
    if offers.is_empty() {
        return None;
    }
    let records = records(world, now);
    let (rates, policy) = (&policy.purchase.rates, &policy.purchase.worth);
    Some(compare(&Basis { asked: &asked, rates, records: &records, policy, now }, &offers))
}

/// What is to be bought.
fn asked(order: &Order) -> Vec<Asked> {
    let bought = order.numbered().filter(|(_, l)| !l.units.is_empty());
    bought.map(|(line, l)| Asked { line, quantity: l.units.len() as u32, spec: l.spec.clone() }).collect()
}

/// The lines of the offer that an order was bought by, each with the line of the order that it is about. A line's place
/// here is its number in the purchase order, from 1.
pub fn bought<'a>(world: &'a World, order: &Order) -> Vec<(Option<u16>, &'a QuoteLine)> {
    let offer = order.purchase.as_ref().and_then(|p| {
        let deal = world.deal(DealId { order: order.id, seller: p.seller })?;
        deal.quotes.iter().find(|o| o.revision == p.revision)
    });
    let lines = offer.map_or(&[][..], |o| &o.quote.lines);
    compare::answers(&asked(order), lines).into_iter().zip(lines).collect()
}

/// What a server is expected to be: as its order has it, and as its seller has confirmed it.
pub fn expected(world: &World, unit: &Unit) -> Expected {
    let Some((order, number)) = unit.order.and_then(|(id, line)| Some((world.order(id)?, line))) else {
        return Expected::default();
    };
    let ordered = order.line(number).map(|l| l.spec.clone());
    let confirmed = order.purchase.as_ref().and_then(|p| {
        let deal = world.deal(DealId { order: order.id, seller: p.seller })?;
        let says = &deal.confirmation()?.paper;
        // Where several lines answer one of ours, the first is the server and the rest goes with it.
        let (place, line) =
            bought(world, order).into_iter().enumerate().find(|(_, (answers, _))| *answers == Some(number))?;
        let place = place + 1;
        let other = says.lines.iter().any(|c| c.line.map(usize::from) == Some(place) && c.part != line.1.part);
        // Another part was confirmed, and a person took it: nobody has told what it is.
        let spec = (!other).then(|| compare::spec_of(line.1)).filter(|s| !s.is_empty());
        Some(Confirmed { by: deal.title.clone(), spec })
    });
    Expected { ordered, confirmed }
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

/// An offer as everybody is shown it who may approve it, in one line for the audit trail.
pub fn shown(world: &World, policy: &Policy, order: &Order, deal: &Deal, offer: &Offer, now: Timestamp) -> Text {
    let all = comparison(world, policy, order, now);
    let of = all.as_ref().map_or(0, |all| all.offers.len());
    let place = all.iter().flat_map(|all| &all.offers).find(|o| o.seller == deal.id.seller);
    let rank = place.map_or_else(String::new, |o| {
        let first = o.reasons.first().map_or_else(String::new, |why| format!(", {why}"));
        format!(", rank {} of {of}{first}", o.rank)
    });
    let base = place.and_then(|o| o.total_in_base.filter(|b| Some(b.currency) != o.total.map(|t| t.currency)));
    let base = base.map_or_else(String::new, |b| format!(" = {b}"));
    let total = offer.quote.payable().map_or_else(|| "no complete price".to_owned(), |t| t.to_string());
    format!("{} quote {} revision {}, {total}{base}{rank}", deal.title, offer.quote.number, offer.revision).into()
}
