//! Orders, as a console shows them.

use serde::{Deserialize, Serialize};

use crate::decide::{Refusal, Why};
use crate::flow;
use crate::flow::wait::Wait;
use crate::id::{Actor, OrderId, Role, SellerId, SiteId, Subject};
use crate::order::spec::Unclear;
use crate::order::{Approval, End, Order, OrderState, Purchase, Reservation};
use crate::policy::Policy;
use crate::purchase::compare::Comparison;
use crate::purchase::deal::{Confirmed, Deal, Offer, RefusedPaper, Shipment};
use crate::purchase::money::Money;
use crate::purchase::next::{for_order, state};
use crate::purchase::paper::PurchaseOrder;
use crate::purchase::tender::comparison;
use crate::shipment::questions::deliveries;
use crate::spine::event::Seq;
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::filter::order_state;
use crate::view::guide::Job;
use crate::view::{Cut, OrderCounts, Page, StepRow, UnitRow, row, step_row};
use crate::world::World;

/// Which orders are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderQuery {
    /// Words that must all be in the row; `state:WORD`, `tenant:`, `site:` look at one field.
    pub filter: String,
    /// Also those that nothing is left to be done for.
    pub all: bool,
    /// Only this tenant's.
    pub tenant: Option<Text>,
    /// From this row.
    pub offset: usize,
    /// Rows; at most [`crate::view::MAX_ROWS`].
    pub limit: usize,
}

/// One order, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOrder(pub OrderId);

/// An order in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Its number.
    pub id: OrderId,
    /// For whom.
    pub tenant: Text,
    /// Where to.
    pub site: SiteId,
    /// What, in short.
    pub what: Text,
    /// How many servers.
    pub quantity: u32,
    /// How many of them the pool serves.
    pub from_stock: u32,
    /// How many of the bought ones are here.
    pub here: u32,
    /// Where it is.
    pub state: OrderState,
    /// What it waits for.
    pub waits_for: Text,
    /// Who must act; `None` is Rackhand, or a vendor.
    pub who: Option<Role>,
    /// Since when.
    pub since: Timestamp,
    /// By when it is needed.
    pub needed_by: Option<Timestamp>,
    /// The number of its purchase order.
    pub purchase: Option<Text>,
    /// What it costs, as ordered; else the cheapest complete offer in its own currency.
    pub total: Option<Money>,
    /// When the next delivery is to come.
    pub eta: Option<Timestamp>,
    /// The last event about it.
    pub revision: Seq,
}

/// An order, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderDetail {
    /// The head it was made at.
    pub head: Seq,
    /// When, by the daemon's clock.
    pub now: Timestamp,
    /// The order in a table.
    pub row: OrderRow,
    /// Why there, where any site would do.
    pub routed: Option<Text>,
    /// Who ordered.
    pub requester: Text,
    /// When.
    pub placed: Timestamp,
    /// The orderer's own number or words.
    pub note: Option<Text>,
    /// Its lines.
    pub lines: Vec<OrderLine>,
    /// What goes on with each vendor.
    pub deals: Vec<DealView>,
    /// Approvals of the offer that is being decided, or was bought.
    pub approvals: Vec<Approval>,
    /// The purchase that stands.
    pub purchase: Option<Purchase>,
    /// Purchases that came to nothing: number and why.
    pub failed: Vec<(Text, Text)>,
    /// How it ended, where it did before all was delivered.
    pub end: Option<End>,
    /// What is awaited: the order's own, then its vendors'.
    pub waits: Vec<Wait>,
    /// Its offers side by side; `None` where there is none.
    #[serde(default)]
    pub comparison: Option<Comparison>,
    /// What this caller may do with it, and why not where not.
    pub may: Vec<May>,
}

/// A line with its servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Its number, from 1.
    pub line: u16,
    /// How many servers.
    pub quantity: u32,
    /// As it was understood.
    pub spec: Text,
    /// As it was written.
    pub words: Text,
    /// What was not understood.
    pub unclear: Vec<Unclear>,
    /// The model, where it must be one.
    pub model: Option<Text>,
    /// The servers that are bought.
    pub units: Vec<UnitRow>,
    /// The servers of the pool.
    pub stock: Vec<(UnitRow, Reservation)>,
    /// Servers that come from nowhere.
    pub short: u32,
}

/// What goes on with a vendor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DealView {
    /// Its short name.
    pub seller: SellerId,
    /// What it is called.
    pub title: Text,
    /// Whether a person asks, and enters what it answers.
    pub by_hand: bool,
    /// Our request's number there.
    pub request: Text,
    /// When it was seen to have it.
    pub asked: Option<Timestamp>,
    /// When it was reminded.
    pub chased: Option<Timestamp>,
    /// Its offer as it stands.
    pub offer: Option<Offer>,
    /// How many persons must approve it.
    pub approvers: usize,
    /// The purchase order.
    pub purchase: Option<PurchaseOrder>,
    /// When it was seen to have that.
    pub ordered: Option<Timestamp>,
    /// What it says to that.
    pub confirmation: Option<Confirmed>,
    /// What it has shipped.
    pub shipments: Vec<Shipment>,
    /// Papers that were not taken.
    pub refused: Vec<RefusedPaper>,
    /// The step it is at.
    pub step: Option<StepRow>,
    /// What is awaited.
    pub waits: Vec<Wait>,
    /// Why nothing more is wanted of it.
    pub ended: Option<Text>,
}

/// One thing that may be done with an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct May {
    /// What: `approve`, `reject`, `cancel`, `assign`, `reserve`, `quote`, `accept`.
    pub verb: Text,
    /// Why not; `None` where it may be.
    pub why_not: Option<Text>,
}

/// A page of orders, the newest first, those that a person must act on before the others.
pub fn orders(world: &World, query: &OrderQuery, now: Timestamp) -> Page<OrderRow> {
    let words: Vec<String> = query.filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows: Vec<OrderRow> = world
        .orders
        .values()
        .filter(|o| query.tenant.as_ref().is_none_or(|t| o.tenant == *t))
        .map(|o| order_row(world, o, now))
        .filter(|r| query.all || !r.state.is_over())
        .filter(|r| words.iter().all(|w| r.has(w)))
        .collect();
    rows.sort_by_key(|r| (r.state.is_over(), r.who.is_none(), std::cmp::Reverse(r.id)));
    Cut { offset: query.offset, limit: query.limit.max(1) }.of(rows, (world.head, now))
}

/// What of a query this caller may see: a tenant its own orders, whatever it asks for.
pub fn seen_by(query: &OrderQuery, caller: &Actor) -> OrderQuery {
    match caller {
        Actor::Tenant { name } => OrderQuery { tenant: Some(name.clone()), ..query.clone() },
        _ => query.clone(),
    }
}

/// That there is no such order.
pub fn no_order(id: OrderId) -> Refusal {
    Refusal::new(Why::NotFound, format!("there is no order {id}"))
}

/// How many orders are open, need a person, and are late.
pub fn counts(world: &World, now: Timestamp) -> OrderCounts {
    let mut counts = OrderCounts::default();
    for order in world.orders.values().filter(|o| !state(world, o).is_over()) {
        counts.open += 1;
        counts.people += u32::from(waits(world, order, now).iter().any(|w| w.who.is_some()));
    }
    counts.late = deliveries(world, now).filter(|row| row.job == Job::LateDelivery).count() as u32;
    counts
}

impl OrderRow {
    fn has(&self, word: &str) -> bool {
        let lower = |t: &dyn std::fmt::Display| t.to_string().to_lowercase();
        match word.split_once(':') {
            Some(("state", w)) => order_state(self.state, w),
            Some(("tenant", w)) => lower(&self.tenant).contains(w),
            Some(("site", w)) => self.site.as_str() == w,
            _ => {
                let po = self.purchase.as_ref().map_or("", Text::as_str);
                let all = format!(
                    "{} {} {} {} {po} {} {}",
                    self.id, self.tenant, self.site, self.what, self.state, self.waits_for
                );
                all.to_lowercase().contains(word)
            }
        }
    }
}

fn waits(world: &World, order: &Order, now: Timestamp) -> Vec<Wait> {
    let mut waits = for_order(world, order, now).waits;
    for deal in world.deals_of(order) {
        waits.extend(deal_waits(world, deal, now));
    }
    waits
}

fn deal_waits(world: &World, deal: &Deal, now: Timestamp) -> Vec<Wait> {
    flow::next(world, Subject::Deal(deal.id), now).map(|n| n.waits).unwrap_or_default()
}

/// An order in a table.
pub fn order_row(world: &World, order: &Order, now: Timestamp) -> OrderRow {
    let waits = waits(world, order, now);
    let first = waits.iter().min_by_key(|w| (w.who.is_none(), w.since));
    let what: Vec<String> = order.lines.iter().map(|l| format!("{}x {}", l.quantity, l.spec)).collect();
    let bought = order.bought().filter_map(|u| world.unit(u));
    let chosen = order.purchase.as_ref().map(|p| p.total);
    let cheapest = || {
        let offers = world.deals_of(order).filter_map(|d| order.standing(d)?.quote.payable());
        offers.min_by_key(|m| m.minor)
    };
    let eta = world
        .deals_of(order)
        .filter_map(|d| d.eta().or_else(|| d.confirmation().filter(|_| d.shipments.is_empty())?.paper.promised));
    let state = state(world, order);
    OrderRow {
        id: order.id,
        tenant: order.tenant.clone(),
        site: order.site.clone(),
        what: what.join("; ").into(),
        quantity: order.lines.iter().map(|l| l.quantity).sum(),
        from_stock: order.kept().count() as u32,
        here: bought.filter(|u| !u.stage.is_on_order()).count() as u32,
        state,
        waits_for: first.map_or_else(|| Text::new(""), |w| w.what.clone()),
        who: first.and_then(|w| w.who),
        since: first.map_or(order.placed, |w| w.since),
        needed_by: order.needed_by,
        purchase: order.purchase.as_ref().map(|p| p.name.clone()),
        total: chosen.or_else(cheapest),
        eta: if state.is_over() { None } else { eta.min() },
        revision: order.revision,
    }
}

/// An order, whole, for this caller.
///
/// # Errors
/// There is none of this number.
pub fn order(
    world: &World,
    policy: &Policy,
    id: OrderId,
    caller: &Actor,
    now: Timestamp,
) -> Result<OrderDetail, Refusal> {
    let order = world.order(id).ok_or_else(|| no_order(id))?;
    let unit_row = |id| world.unit(id).map(|u| row(u, now));
    let line = |(n, l): (u16, &crate::order::Line)| OrderLine {
        line: n,
        quantity: l.quantity,
        spec: l.spec.to_string().into(),
        words: l.words.clone(),
        unclear: l.unclear.clone(),
        model: l.model.clone(),
        units: l.units.iter().filter_map(|u| unit_row(*u)).collect(),
        stock: l.stock.iter().filter_map(|r| Some((unit_row(r.unit)?, r.clone()))).collect(),
        short: l.short(),
    };
    Ok(OrderDetail {
        head: world.head,
        now,
        row: order_row(world, order, now),
        routed: order.routed.clone(),
        requester: order.requester.to_string().into(),
        placed: order.placed,
        note: order.note.clone(),
        lines: order.numbered().map(line).collect(),
        deals: world.deals_of(order).map(|d| deal_view(world, policy, d, now)).collect(),
        approvals: order.approvals.clone(),
        purchase: order.purchase.clone(),
        failed: order.failed.iter().map(|f| (f.number.clone(), f.reason.clone())).collect(),
        end: order.end.clone(),
        waits: waits(world, order, now),
        comparison: comparison(world, policy, order, now),
        may: may(world, order, caller),
    })
}

fn deal_view(world: &World, policy: &Policy, deal: &Deal, now: Timestamp) -> DealView {
    let total = deal.offer().and_then(|o| o.quote.payable());
    DealView {
        seller: deal.id.seller,
        title: deal.title.clone(),
        by_hand: deal.by_hand,
        request: deal.request_number(),
        asked: deal.asked,
        chased: deal.chased,
        offer: deal.offer().cloned(),
        approvers: policy.purchase.needed(total).people(),
        purchase: deal.purchase.clone(),
        ordered: deal.ordered,
        confirmation: deal.confirmation().cloned(),
        shipments: deal.shipments.clone(),
        refused: deal.refused.clone(),
        step: deal.steps.progress().next().map(step_row),
        waits: deal_waits(world, deal, now),
        ended: deal.ended.clone(),
    }
}

fn may(world: &World, order: &Order, caller: &Actor) -> Vec<May> {
    let role = match caller {
        Actor::Person { role, .. } => Some(*role),
        _ => None,
    };
    let least = |least: Role| match role {
        Some(r) if r >= least => None,
        _ => Some(format!("this takes the role {least}")),
    };
    let ended = order.end.is_some().then(|| "the order has ended".to_owned());
    let bought = order.purchase.as_ref().map(|p| format!("it is bought: {}", p.name));
    let own =
        (order.requester.to_string() == caller.to_string()).then(|| "you ordered it: another person must".to_owned());
    let offers = world.deals_of(order).any(|d| d.offer().is_some());
    let no_offer = (!offers).then(|| "there is no offer yet".to_owned());
    let kept = order.unassigned().next().is_some();
    let differs = world.deals_of(order).any(|d| d.confirmation().is_some_and(|c| !c.points.is_empty()));
    let verbs: [(&str, Vec<Option<String>>); 7] = [
        ("approve", vec![least(Role::Approver), ended.clone(), bought.clone(), own.clone(), no_offer]),
        ("reject", vec![least(Role::Approver), ended.clone(), bought.clone()]),
        ("cancel", vec![least(Role::Operator), ended.clone()]),
        (
            "assign",
            vec![
                least(Role::Operator),
                ended.clone(),
                (!kept).then(|| "nothing is reserved that is not assigned".to_owned()),
            ],
        ),
        ("reserve", vec![least(Role::Operator), ended.clone(), bought.clone()]),
        ("quote", vec![least(Role::Operator), ended.clone(), bought]),
        (
            "accept",
            vec![
                least(Role::Approver),
                ended,
                own,
                (!differs).then(|| "no confirmation differs from what was ordered".to_owned()),
            ],
        ),
    ];
    let may = |(verb, reasons): (&str, Vec<Option<String>>)| May {
        verb: verb.into(),
        why_not: reasons.into_iter().flatten().next().map(Text::from),
    };
    verbs.into_iter().map(may).collect()
}
