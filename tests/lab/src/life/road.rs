//! Holds what vendors were sent, what was bought, received and placed against the journal, the rules and NetBox.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rackhand_core::event::{DealEvent, Event, OrderEvent, Recorded, StepEvent};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{DealId, OrderId, Subject};
use rackhand_core::lifecycle::stage::Disposition;
use rackhand_core::purchase::money::Money;
use rackhand_core::purchase::next::state;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

use super::Life;
use crate::supplier::{Ordered, Vendor};

/// What was in the air when an order ended may still arrive so much later.
const IN_THE_AIR: Duration = Duration::from_secs(300);

impl Life {
    /// Judges the road from the orders to the racks.
    pub(super) fn judge_road(&mut self, world: &World, events: &[Recorded]) {
        let mut wrong = Vec::new();
        for (name, vendor) in [("hpe", &self.market.hpe), ("dell", &self.market.dell)] {
            let doubts = doubts(events, name);
            counts(name, vendor, world, doubts + self.starts as u32, &mut wrong);
            taken_back(name, &vendor.standing_orders(self.now()), world, events, &mut wrong);
        }
        purchases(world, events, &mut wrong);
        after_their_end(events, &mut wrong);
        quantities(world, &mut wrong);
        places(world, &mut wrong);
        self.judge_racks(&mut wrong);
        self.judge_orders(world, &mut wrong);
        self.outcome.violations.extend(wrong);
    }

    /// No unit of a rack holds two servers, by NetBox's word.
    fn judge_racks(&self, wrong: &mut Vec<String>) {
        let mut taken: BTreeMap<(String, String), String> = BTreeMap::new();
        for serial in self.market.boxes.keys() {
            for device in self.outside.netbox.devices_with_serial(serial) {
                let Some((rack, Some(position))) = self.outside.netbox.place_of(device) else { continue };
                let spot = (rack, position.to_string());
                if let Some(other) = taken.insert(spot.clone(), serial.clone()) {
                    wrong.push(format!("{} U{} holds {other} and {serial}", spot.0, spot.1));
                }
            }
        }
    }

    /// What is not at its end says why and who must act.
    fn judge_orders(&self, world: &World, wrong: &mut Vec<String>) {
        let now = self.now();
        for order in world.orders.values().filter(|o| !state(world, o).is_over()) {
            let row = rackhand_core::order::questions::order_row(world, order, now);
            if row.who.is_none() || row.waits_for.is_empty() {
                wrong.push(format!(
                    "order {} is {} and does not say who must act: {}",
                    row.id, row.state, row.waits_for
                ));
            }
        }
    }
}

/// How often an answer of this vendor's was missing, so that what was sent may have arrived.
fn doubts(events: &[Recorded], name: &str) -> u32 {
    let of = |e: &&Recorded| matches!(e.draft.subject, Subject::Deal(deal) if deal.seller.as_str() == name);
    let missing = |e: &&Recorded| {
        matches!(e.draft.event, Event::Step(StepEvent::StepUnknown { .. } | StepEvent::StepParked { .. }))
    };
    events.iter().filter(of).filter(missing).count() as u32
}

/// What an order that has ended had at its vendor is cancelled there, unless it cannot be, which a person was asked about.
fn taken_back(name: &str, stands: &[Ordered], world: &World, events: &[Recorded], wrong: &mut Vec<String>) {
    for ordered in stands {
        let ended = |o: &&std::sync::Arc<rackhand_core::order::Order>| {
            o.end.is_some() && o.purchase.as_ref().is_some_and(|p| p.name.as_str() == ordered.ours)
        };
        let Some(order) = world.orders.values().find(ended) else { continue };
        let asked = events.iter().any(|e| {
            matches!(e.draft.subject, Subject::Deal(deal) if deal.order == order.id && deal.seller.as_str() == name)
                && matches!(e.draft.event, Event::Step(StepEvent::StepParked { step: Step::CancelPurchase, .. }))
        });
        if !asked {
            wrong.push(format!("{name}: order {} has ended, {} stands there", order.id, ordered.ours));
        }
    }
}

/// Each of our papers arrived at a vendor once; where its list lags behind, once more for each answer that was missing,
/// since nobody could see that it was there. And no purchase order that the journal does not have; none arrives long
/// after its order ended.
fn counts(name: &str, vendor: &Vendor, world: &World, doubts: u32, wrong: &mut Vec<String>) {
    let arrivals = vendor.arrivals();
    let most = if vendor.lags() { 1 + doubts } else { 1 };
    let kinds = [
        ("request", &arrivals.requests),
        ("reminder", &arrivals.chases),
        ("withdrawal", &arrivals.withdrawals),
        ("purchase order", &arrivals.orders),
    ];
    for (kind, counts) in kinds {
        for (number, count) in counts.iter().filter(|(_, count)| **count > most) {
            wrong.push(format!("{name}: {kind} {number} arrived {count} times"));
        }
    }
    let deals: Vec<_> = world.deals.values().filter(|d| d.id.seller.as_str() == name).collect();
    for number in arrivals.requests.keys() {
        if deals.iter().filter(|d| d.request_number().as_str() == number).count() != 1 {
            wrong.push(format!("{name}: request {number} is no deal's"));
        }
    }
    for ordered in vendor.orders() {
        let of = |o: &&std::sync::Arc<rackhand_core::order::Order>| {
            let stands = o.purchase.iter().any(|p| p.name.as_str() == ordered.ours);
            stands || o.failed.iter().any(|f| f.number.as_str() == ordered.ours)
        };
        let Some(order) = world.orders.values().find(of) else {
            wrong.push(format!("{name}: purchase order {} is no order's", ordered.ours));
            continue;
        };
        if let Some(end) = order.end.as_ref().filter(|end| end.at + IN_THE_AIR < ordered.at) {
            wrong.push(format!("{name}: {} was sent {}, its order ended {}", ordered.ours, ordered.at, end.at));
        }
        let stands = order.purchase.as_ref().filter(|p| p.name.as_str() == ordered.ours);
        if let Some(bought) = stands.filter(|p| p.total.minor != ordered.total) {
            wrong.push(format!("{name}: {} is for {} there, {} here", ordered.ours, ordered.total, bought.total));
        }
    }
    let theirs: BTreeSet<String> = vendor.orders().into_iter().map(|o| o.ours).collect();
    for deal in deals.iter().filter(|d| d.ordered.is_some()) {
        let Some(purchase) = &deal.purchase else { continue };
        let waived = !theirs.contains(purchase.number.as_str());
        if waived {
            wrong.push(format!("{name}: {} counts as sent and never arrived", purchase.number));
        }
    }
}

/// Each purchase has its own number, and was approved by as many as the rules ask for, none of whom ordered it.
fn purchases(world: &World, events: &[Recorded], wrong: &mut Vec<String>) {
    let mut approved: BTreeMap<OrderId, Vec<(String, String, u32, Money)>> = BTreeMap::new();
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    let mut bought: BTreeSet<OrderId> = BTreeSet::new();
    for event in events {
        let Subject::Order(id) = event.draft.subject else { continue };
        match &event.draft.event {
            Event::Order(OrderEvent::ApprovalGiven { seller, revision, total, .. }) => {
                let by = event.draft.actor.to_string();
                approved.entry(id).or_default().push((by, seller.to_string(), *revision, *total));
            }
            Event::Order(OrderEvent::PurchaseFailed { .. }) => {
                approved.remove(&id);
                bought.remove(&id);
            }
            Event::Order(OrderEvent::PurchaseDecided { seller, revision, total, name, .. }) => {
                let requester = world.order(id).map(|o| o.requester.to_string()).unwrap_or_default();
                let given = approved.remove(&id).unwrap_or_default();
                let who: BTreeSet<&str> = given
                    .iter()
                    .filter(|(by, s, r, t)| *by != requester && *s == seller.to_string() && r == revision && t == total)
                    .map(|(by, ..)| by.as_str())
                    .collect();
                // By the lab's rules: two above 50,000 EUR, and one below. A dollar is worth less than a euro.
                let needed = if total.minor > 5_000_000 { 2 } else { 1 };
                if who.len() < needed {
                    wrong.push(format!("order {id} was bought for {total} on the word of {who:?}"));
                }
                if !numbers.insert(name.as_ref().map(ToString::to_string).unwrap_or_default()) {
                    wrong.push(format!("order {id}: the purchase order's number {name:?} was used before"));
                }
                if !bought.insert(id) {
                    wrong.push(format!("order {id} was bought twice"));
                }
            }
            _ => {}
        }
    }
}

/// After the end of an order nothing is approved or bought for it, and its deals are only taken back.
fn after_their_end(events: &[Recorded], wrong: &mut Vec<String>) {
    let mut ended: BTreeMap<OrderId, Timestamp> = BTreeMap::new();
    for event in events {
        let (order, deal) = match event.draft.subject {
            Subject::Order(id) => (id, false),
            Subject::Deal(DealId { order, .. }) => (order, true),
            _ => continue,
        };
        if matches!(event.draft.event, Event::Order(OrderEvent::OrderEnded { .. })) {
            ended.insert(order, event.draft.at);
            continue;
        }
        let Some(at) = ended.get(&order) else { continue };
        let goes_on = match &event.draft.event {
            Event::Order(OrderEvent::ApprovalGiven { .. } | OrderEvent::PurchaseDecided { .. })
            | Event::Deal(DealEvent::PurchaseMade { .. }) => true,
            Event::Step(StepEvent::StepIntended { step, .. }) => {
                deal && !matches!(step, Step::WithdrawRequest | Step::CancelPurchase)
            }
            _ => false,
        };
        if goes_on {
            let kind = event.draft.event.kind();
            wrong.push(format!("order {order} ended {at}, and event {} is {kind}", event.seq));
        }
    }
}

/// No serial is two servers', and no line got more than it ordered.
fn quantities(world: &World, wrong: &mut Vec<String>) {
    let mut serials = BTreeSet::new();
    for unit in world.units.values() {
        if let Some(serial) = unit.serial.as_ref().filter(|s| !serials.insert(s.to_uppercase())) {
            wrong.push(format!("{serial} is two servers"));
        }
    }
    for order in world.orders.values() {
        for (number, line) in order.numbered() {
            let all = line.units.len() + line.stock.len();
            if all > line.quantity as usize {
                wrong.push(format!("order {} line {number}: {all} servers for {}", order.id, line.quantity));
            }
            let here = line.units.iter().filter_map(|u| world.unit(*u)).filter(|u| !u.stage.is_on_order()).count();
            if here + line.stock.len() > line.quantity as usize {
                wrong.push(format!("order {} line {number}: {here} received of {}", order.id, line.quantity));
            }
        }
    }
}

/// No half unit of a rack is kept for two servers.
fn places(world: &World, wrong: &mut Vec<String>) {
    let mut taken = BTreeMap::new();
    let stands = |d: Disposition| !matches!(d, Disposition::Cancelled | Disposition::Retired);
    for unit in world.units.values().filter(|u| stands(u.disposition)) {
        let Some(held) = &unit.placement else { continue };
        for half in held.place.halves() {
            if let Some(other) = taken.insert((held.place.rack, half), unit.id) {
                wrong.push(format!("{} is kept for {other} and {}", held.place.spot(), unit.id));
            }
        }
    }
}
