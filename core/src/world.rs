//! Everything at one moment: a pure fold over the events. A reader's copy costs one pointer.

#![deny(clippy::wildcard_enum_match_arm)]

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::discovery::Sighting;
use crate::event::{
    DealEvent, DiscoveryEvent, Draft, EntryEvent, Event, OrderEvent, Recorded, StepEvent, TakeOverEvent,
};
use crate::flow::attempt::Attempts;
use crate::flow::step::Observation;
use crate::id::{DealId, OrderId, PlanId, Subject, UnitId};
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::order::Order;
use crate::purchase::deal::Deal;
use crate::spine::event::{Seq, TokenHash};
use crate::stream::Stream;
use crate::takeover::{MAX_PLANS, Plan};
use crate::text::Text;
use crate::time::Timestamp;

/// Changes when the fold does; a snapshot of another fold is not used.
pub const FOLD: u32 = 18;

/// The state of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// The last event in it.
    pub head: Seq,
    /// The journal's own state.
    pub stream: Stream,
    /// All units.
    pub units: OrdMap<UnitId, Arc<Unit>>,
    /// BMCs that were seen, by MAC.
    pub sightings: OrdMap<Mac, Arc<Sighting>>,
    /// All orders.
    pub orders: OrdMap<OrderId, Arc<Order>>,
    /// What goes on with each vendor about each order.
    pub deals: OrdMap<DealId, Arc<Deal>>,
    /// The last plans to take servers over, [`MAX_PLANS`] at the most.
    #[serde(default)]
    pub plans: OrdMap<PlanId, Arc<Plan>>,
    /// The number of the last purchase order.
    pub last_purchase: u32,
    /// Servers of the pool that are kept for an order.
    reserved: OrdMap<UnitId, OrderId>,
    /// Orders by tenant and key.
    by_key: OrdMap<Text, OrderId>,
    /// Orders by tenant and what the tenant calls them.
    by_reference: OrdMap<Text, OrderId>,
    /// How many orders each tenant has placed.
    placed_by: OrdMap<Text, u32>,
    by_bmc: OrdMap<Mac, UnitId>,
    by_serial: OrdMap<Text, UnitId>,
    by_token: OrdMap<TokenHash, UnitId>,
}

impl World {
    /// Applies one event. Events come in order, without gaps.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.apply_draft(recorded.seq, &recorded.draft);
    }

    /// Applies an event that will have this place.
    pub fn apply_draft(&mut self, seq: Seq, draft: &Draft) {
        self.head = seq;
        match (draft.subject, &draft.event) {
            (Subject::Unit(id), _) => self.apply_to_unit(id, seq, draft),
            (Subject::Bmc(mac), _) => self.apply_to_sighting(mac, seq, draft),
            (Subject::Deal(id), _) => self.apply_to_deal(id, seq, draft),
            (Subject::Order(id), Event::Order(event)) => self.apply_to_order(id, seq, draft, event),
            (Subject::Plan(id), Event::TakeOver(event)) => self.apply_to_plan(id, draft, event),
            (Subject::Journal, Event::Journal(event)) => self.stream.apply(seq, draft.at, event),
            // Nothing else is recorded of these.
            (Subject::Order(_) | Subject::Plan(_) | Subject::Journal, _) => {}
        }
    }

    fn apply_to_unit(&mut self, id: UnitId, seq: Seq, draft: &Draft) {
        if let Event::Entry(event) = &draft.event {
            self.begin_unit(id, draft.at, event);
        }
        let told = serial_told(&draft.event);
        // A unit without a serial takes the first that is told of it, unless it is another's.
        let free = told.map(|s| Text::from(s.to_uppercase())).filter(|s| !s.is_empty());
        let free = free.filter(|s| !self.by_serial.contains_key(s));
        let Some(slot) = self.units.get_mut(&id) else { return };
        let unit = Arc::make_mut(slot);
        let (mac, token) = (unit.bmc_mac, unit.boot.last_token());
        unit.apply(seq, draft);
        if unit.serial.is_none() {
            unit.serial = free;
        }
        if let Some(serial) = &unit.serial {
            self.by_serial.entry(serial.clone()).or_insert(id);
        }
        if mac != unit.bmc_mac
            && let Some(old) = mac
            && self.by_bmc.get(&old) == Some(&id)
        {
            self.by_bmc.remove(&old);
        }
        if let Some(mac) = unit.bmc_mac {
            self.by_bmc.insert(mac, id);
        }
        if token != unit.boot.last_token() {
            if let Some(old) = token {
                self.by_token.remove(&old);
            }
            if let Some(new) = unit.boot.last_token() {
                self.by_token.insert(new, id);
            }
        }
    }

    /// A unit begins with the event that says how it came.
    fn begin_unit(&mut self, id: UnitId, at: Timestamp, event: &EntryEvent) {
        match event {
            EntryEvent::UnitImported { site, .. }
            | EntryEvent::UnitAdopted { site, .. }
            | EntryEvent::UnitTakenOver { site, .. } => {
                self.units.insert(id, Arc::new(Unit::new(id, site.clone(), Stage::Received, at)));
            }
            EntryEvent::UnitOrdered { order, line, site, .. } => {
                self.units.insert(id, Arc::new(Unit::new(id, site.clone(), Stage::Ordered, at)));
                let order = self.orders.get_mut(order).map(Arc::make_mut);
                if let Some(line) = order.and_then(|o| o.line_mut(*line)) {
                    line.units.push(id);
                }
            }
            EntryEvent::ManifestRowTaken { .. } | EntryEvent::SpecTold { .. } | EntryEvent::SerialBound { .. } => {}
        }
    }

    fn apply_to_plan(&mut self, id: PlanId, draft: &Draft, event: &TakeOverEvent) {
        let TakeOverEvent::TakeOverPlanned { site, hash, rows } = event;
        let (site, rows, by) = (site.clone(), rows.clone(), draft.actor.to_string().into());
        self.plans.insert(id, Arc::new(Plan { site, hash: *hash, rows, at: draft.at, by }));
        while self.plans.len() > MAX_PLANS {
            let Some(oldest) = self.plans.iter().min_by_key(|(id, plan)| (plan.at, **id)).map(|(id, _)| *id) else {
                return;
            };
            self.plans.remove(&oldest);
        }
    }

    fn apply_to_order(&mut self, id: OrderId, seq: Seq, draft: &Draft, event: &OrderEvent) {
        match event {
            OrderEvent::OrderPlaced { placed } => {
                let order = Order::new(id, placed, draft.stamp(seq));
                self.by_reference.insert(keyed(&order.tenant, &order.reference), id);
                *self.placed_by.entry(order.tenant.clone()).or_default() += 1;
                self.orders.insert(id, Arc::new(order));
                if let Some(key) = &placed.key {
                    self.by_key.insert(keyed(&placed.tenant, &key.word), id);
                }
            }
            OrderEvent::StockReserved { unit, .. } => {
                self.reserved.insert(*unit, id);
            }
            OrderEvent::StockReleased { unit, .. } => {
                self.reserved.remove(unit);
            }
            OrderEvent::PurchaseDecided { number, .. } => self.last_purchase = self.last_purchase.max(*number),
            OrderEvent::StockAssigned { .. }
            | OrderEvent::ApprovalGiven { .. }
            | OrderEvent::PurchaseFailed { .. }
            | OrderEvent::OrderEnded { .. } => {}
        }
        if let Some(order) = self.orders.get_mut(&id) {
            Arc::make_mut(order).apply(draft.stamp(seq), event);
        }
    }

    fn apply_to_deal(&mut self, id: DealId, seq: Seq, draft: &Draft) {
        if let Event::Deal(DealEvent::DealOpened { title, vendor, by_hand, patience, request }) = &draft.event {
            let mut deal = Deal::new(id, title.clone(), *vendor, *by_hand, *patience, draft.at);
            if let Some(request) = request {
                deal.request = request.clone();
            }
            self.deals.insert(id, Arc::new(deal));
            if let Some(order) = self.orders.get_mut(&id.order) {
                Arc::make_mut(order).sellers.push(id.seller);
            }
        }
        let Some(deal) = self.deals.get_mut(&id).map(Arc::make_mut) else { return };
        match &draft.event {
            Event::Deal(event) => deal.turn(draft.stamp(seq), event),
            Event::Step(event) => deal.step(draft.stamp(seq), event),
            // About others.
            Event::Life(_)
            | Event::Entry(_)
            | Event::Receiving(_)
            | Event::Placement(_)
            | Event::Discovery(_)
            | Event::Boot(_)
            | Event::Credential(_)
            | Event::Locator(_)
            | Event::Restart(_)
            | Event::TakeOver(_)
            | Event::Order(_)
            | Event::Journal(_) => {}
        }
    }

    fn apply_to_sighting(&mut self, mac: Mac, seq: Seq, draft: &Draft) {
        match &draft.event {
            Event::Discovery(DiscoveryEvent::BmcSighted { address, hostname, vendor_class }) => {
                let before = self.sightings.get(&mac).map(|s| &**s);
                let seen = Sighting::new(before, draft.at, *address, hostname.as_ref(), vendor_class.as_ref());
                self.sightings.insert(mac, Arc::new(seen));
            }
            Event::Discovery(DiscoveryEvent::SightingForgotten {}) => drop(self.sightings.remove(&mac)),
            Event::Discovery(event) => {
                if let Some(sighting) = self.sightings.get_mut(&mac) {
                    Arc::make_mut(sighting).hear(seq, draft.at, event);
                }
            }
            Event::Step(event) => {
                if let Some(sighting) = self.sightings.get_mut(&mac) {
                    Arc::make_mut(sighting).step(draft.at, event);
                }
            }
            // About others.
            Event::Life(_)
            | Event::Entry(_)
            | Event::Receiving(_)
            | Event::Placement(_)
            | Event::Boot(_)
            | Event::Credential(_)
            | Event::Locator(_)
            | Event::Restart(_)
            | Event::TakeOver(_)
            | Event::Order(_)
            | Event::Deal(_)
            | Event::Journal(_) => {}
        }
    }

    /// Where a subject is with its steps; `None` for one that has none.
    pub fn steps(&self, subject: Subject) -> Option<&Attempts> {
        match subject {
            Subject::Unit(id) => self.unit(id).map(|u| &u.steps),
            Subject::Bmc(mac) => self.sightings.get(&mac).map(|s| &s.steps),
            Subject::Deal(id) => self.deal(id).map(|d| &d.steps),
            Subject::Order(_) | Subject::Plan(_) | Subject::Journal => None,
        }
    }

    /// All subjects that have steps, units first.
    pub fn all_steps(&self) -> impl Iterator<Item = (Subject, &Attempts)> {
        let units = self.units.iter().map(|(id, u)| (Subject::Unit(*id), &u.steps));
        let seen = self.sightings.iter().map(|(mac, s)| (Subject::Bmc(*mac), &s.steps));
        units.chain(seen).chain(self.deals.iter().map(|(id, d)| (Subject::Deal(*id), &d.steps)))
    }

    /// The unit with this id.
    pub fn unit(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(&id).map(|u| &**u)
    }

    /// The order with this number.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id).map(|o| &**o)
    }

    /// The plan to take servers over with this name, as long as it is kept.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.get(&id).map(|p| &**p)
    }

    /// The order that this tenant placed under this key.
    pub fn by_key(&self, tenant: &str, word: &str) -> Option<&Order> {
        self.by_key.get(&keyed(tenant, word)).and_then(|id| self.order(*id))
    }

    /// The order that this tenant calls so.
    pub fn by_reference(&self, tenant: &str, reference: &str) -> Option<&Order> {
        self.by_reference.get(&keyed(tenant, reference)).and_then(|id| self.order(*id))
    }

    /// How many orders the tenant has placed, those included that are over.
    pub fn placed_by(&self, tenant: &str) -> u32 {
        self.placed_by.get(&Text::new(tenant)).copied().unwrap_or_default()
    }

    /// What goes on with a vendor about an order.
    pub fn deal(&self, id: DealId) -> Option<&Deal> {
        self.deals.get(&id).map(|d| &**d)
    }

    /// The deals of an order, in the order its vendors were asked.
    pub fn deals_of<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = &'a Deal> {
        order.sellers.iter().filter_map(|s| self.deal(DealId { order: order.id, seller: *s }))
    }

    /// The order a server of the pool is kept for.
    pub fn reserved_for(&self, unit: UnitId) -> Option<OrderId> {
        self.reserved.get(&unit).copied()
    }

    /// The unit whose BMC has this MAC.
    pub fn by_bmc(&self, mac: Mac) -> Option<&Unit> {
        self.by_bmc.get(&mac).and_then(|id| self.unit(*id))
    }

    /// The unit with this serial, in upper case.
    pub fn by_serial(&self, serial: &str) -> Option<&Unit> {
        self.by_serial.get(&Text::from(serial.to_uppercase())).and_then(|id| self.unit(*id))
    }

    /// The unit whose boot has this token, or had it until its report was in.
    pub fn by_token(&self, token: &TokenHash) -> Option<&Unit> {
        self.by_token.get(token).and_then(|id| self.unit(*id))
    }
}

/// A tenant's key among all. A slug has no slash.
fn keyed(tenant: &str, word: &str) -> Text {
    format!("{tenant}/{word}").into()
}

/// The serial that an event tells of a unit.
fn serial_told(event: &Event) -> Option<&Text> {
    if let Event::Step(StepEvent::StepObserved { saw: Observation::System(reading), .. }) = event {
        Some(&reading.serial)
    } else if let Event::Discovery(DiscoveryEvent::LeaseAccepted { device, .. }) = event {
        device.serial.as_ref()
    } else if let Event::Entry(EntryEvent::ManifestRowTaken { serial, .. } | EntryEvent::SerialBound { serial, .. }) =
        event
    {
        Some(serial)
    } else {
        None
    }
}
