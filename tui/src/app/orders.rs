//! Orders on screen: the list, one order with its offers, and what is in stock for it.

use rackhand_core::decide::Refusal;
use rackhand_core::flow::next::Wait;
use rackhand_core::id::{OrderId, Role, SellerId, SiteId, UnitId};
use rackhand_core::order::questions::{DealView, OrderDetail, OrderLine, OrderQuery, OrderRow};
use rackhand_core::order::spec::Unclear;
use rackhand_core::purchase::compare::{Compared, Comparison};
use rackhand_core::stock::Match;
use rackhand_core::stock::questions::Stock;
use rackhand_core::text::Text;
use rackhand_core::view::Page;
use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::fetch;
use super::list::{Keyed, List};
use super::model::{Model, Place, Slot};
use super::update::settle;
use crate::command::registry::Act;
use crate::event::Ask;
use crate::overlay::Layer;
use crate::screen;

/// Rows that are looked at to count the orders that need a person; those come first in the daemon's order.
pub const DUE: usize = 64;

/// State of the screen of orders.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// The window.
    pub list: List<OrderRow>,
    /// Its filter.
    pub filter: String,
    /// Whether also what is over.
    pub all: bool,
}

/// How many orders need a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Those that need one, as far as they were counted.
    pub people: usize,
    /// Whether there may be more.
    pub more: bool,
    /// All that are open.
    pub open: usize,
}

/// State of an order's page and of its offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderPage {
    /// Which.
    pub id: Option<OrderId>,
    /// What the daemon says of it.
    pub detail: Option<Result<OrderDetail, Refusal>>,
    /// The line under the cursor.
    pub cursor: usize,
    /// First line on screen.
    pub top: usize,
    /// The server under the cursor, which keeps it.
    pub unit: Option<UnitId>,
    /// The vendor whose offer is looked at; `None` is the best.
    pub seller: Option<SellerId>,
    /// First line of the comparison on screen.
    pub scroll: usize,
}

/// A server of the pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spare {
    /// How it serves.
    pub found: Match,
    /// The order it is kept for.
    pub kept: Option<OrderId>,
}

impl Keyed for Spare {
    type Key = UnitId;
    fn key(&self) -> UnitId {
        self.found.unit
    }
}

/// State of the screen of what is in stock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// What serves: free, then kept.
    pub list: List<Spare>,
    /// What was understood of the line, and what was not.
    pub understood: Option<Text>,
    /// What was not understood.
    pub unclear: Vec<Unclear>,
    /// How many serve and are free.
    pub free: usize,
    /// Ready servers of which nobody knows what they are.
    pub unknown: usize,
}

/// The order on screen, when it is there.
pub fn detail(model: &Model) -> Option<&OrderDetail> {
    model.order.detail.as_ref()?.as_ref().ok()
}

/// Whether the screen is about one order.
pub fn is_about_one(model: &Model) -> bool {
    matches!(model.place, Place::Order(_) | Place::Quotes(_) | Place::Stock(..))
}

/// Its offers side by side.
pub fn comparison(model: &Model) -> Option<&Comparison> {
    detail(model)?.comparison.as_ref().filter(|c| !c.offers.is_empty())
}

/// The place of the offer that is looked at; the best where none was chosen.
pub fn looked_at(model: &Model) -> usize {
    let chosen = |c: &Comparison| c.offers.iter().position(|o| Some(o.seller) == model.order.seller);
    comparison(model).and_then(chosen).unwrap_or(0)
}

/// What goes on with the vendor of an offer.
pub fn deal<'a>(order: &'a OrderDetail, offer: &Compared) -> Option<&'a DealView> {
    order.deals.iter().find(|d| d.seller == offer.seller)
}

/// The line of the order that the stock screen is about.
pub fn line(model: &Model) -> Option<&OrderLine> {
    let Place::Stock(_, number) = model.place else { return None };
    detail(model)?.lines.iter().find(|l| l.line == number)
}

/// Called where a screen is entered: another order begins at its top.
pub fn enter(model: &mut Model, place: Place) {
    let (Place::Order(id) | Place::Quotes(id) | Place::Stock(id, _)) = place else { return };
    if model.order.id != Some(id) {
        model.order = OrderPage { id: Some(id), ..OrderPage::default() };
        model.asked.remove(&Slot::Order);
        model.fresh.remove(&Slot::Order);
    }
    if matches!(place, Place::Stock(..)) {
        model.pool = Pool::default();
        model.asked.remove(&Slot::Stock);
        model.fresh.remove(&Slot::Stock);
    }
}

/// The list is another one now: from its top.
pub fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    model.orders.list = List::default();
    model.fresh.remove(&Slot::Orders);
    fetch::replace(model, Slot::Orders, out);
}

/// The question for the window of the list.
pub fn list(model: &Model) -> Ask {
    let (offset, limit) = model.orders.list.window(screen::orders::height(model));
    let (filter, all) = (model.orders.filter.clone(), model.orders.all);
    Ask::Orders(OrderQuery { filter, all, tenant: None, offset, limit })
}

/// The question of what is in stock for the line on screen.
pub fn pool(model: &Model) -> Option<Ask> {
    let site = detail(model)?.row.site.clone();
    Some(Ask::Stock(line(model)?.spec.clone(), Some(site)))
}

/// The question of what is in stock of what is being typed, where it is not known yet.
pub fn typed(model: &Model) -> Option<Ask> {
    let Some(Layer::Order(form)) = &model.layer else { return None };
    let (words, site) = form.wants()?;
    Some(Ask::Stock(words, site))
}

/// Takes a page of orders.
pub fn take(model: &mut Model, slot: Slot, page: Page<OrderRow>) {
    if slot == Slot::Due {
        let people = page.rows.iter().filter(|r| r.who.is_some()).count();
        let more = people == page.rows.len() && page.total > people;
        model.due = Some(Due { people, more, open: page.total });
    } else {
        let height = screen::orders::height(model);
        model.orders.list.take(page, height);
    }
}

/// Takes an order.
pub fn take_order(model: &mut Model, id: OrderId, answer: Result<OrderDetail, Refusal>, out: &mut Vec<Effect>) {
    if model.order.id != Some(id) {
        return;
    }
    if let Ok(detail) = &answer {
        model.now = model.now.max(detail.now);
    }
    model.order.detail = Some(answer);
    screen::order::find(model);
    settle(model);
    if matches!(model.place, Place::Stock(..)) && !model.fresh.contains(&Slot::Stock) {
        fetch::want(model, Slot::Stock, out);
    }
}

/// Takes what is in stock: for the screen, or for what is typed.
pub fn take_stock(
    model: &mut Model,
    slot: Slot,
    (words, site): (&Text, Option<&SiteId>),
    stock: Stock,
    out: &mut Vec<Effect>,
) {
    if slot == Slot::InStock {
        if let Some(Layer::Order(form)) = &mut model.layer {
            form.stocked(words, site, stock);
            fetch::want(model, Slot::InStock, out);
        }
        return;
    }
    let Some(Ask::Stock(now, _)) = pool(model).filter(|_| slot == Slot::Stock) else { return };
    if now != *words {
        return;
    }
    let free = stock.free.into_iter().map(|found| Spare { found, kept: None });
    let kept = stock.kept.into_iter().map(|(found, order)| Spare { found, kept: Some(order) });
    let rows: Vec<Spare> = free.chain(kept).collect();
    let page = Page { head: model.head, now: model.now, total: rows.len(), offset: 0, rows };
    let p = &mut model.pool;
    (p.understood, p.unclear, p.free, p.unknown) =
        (Some(stock.understood), stock.unclear, stock.free_total, stock.unknown);
    let height = screen::stock::height(model);
    model.pool.list.take(page, height);
}

/// The next vendor's offer, or the one before.
pub fn vendor(model: &mut Model, forth: bool) {
    let Some(offers) = comparison(model).map(|c| c.offers.iter().map(|o| o.seller).collect::<Vec<_>>()) else { return };
    let (at, count) = (looked_at(model), offers.len());
    let next = if forth { (at + 1) % count } else { (at + count - 1) % count };
    model.order.seller = offers.get(next).copied();
    settle(model);
}

/// Whether a command on an order is possible; `None` where it is none of those.
pub fn possible(act: Act, model: &Model) -> Option<Result<(), Text>> {
    let no = |why: &str| Some(Err(Text::new(why)));
    let verb = match act {
        Act::Approve => "approve",
        Act::Reject => "reject",
        Act::Quote => "quote",
        Act::Reserve | Act::ReleaseStock => "reserve",
        Act::Assign => "assign",
        Act::Accept => "accept",
        Act::Cancel if is_about_one(model) => "cancel",
        _ => return None,
    };
    let order = match &model.order.detail {
        None => return no("nothing is known of it yet"),
        Some(Err(refusal)) => return Some(Err(refusal.text.clone())),
        Some(Ok(order)) => order,
    };
    // The reasons to refuse a reservation are about new ones: one that stands may be given back.
    let told = order.may.iter().find(|m| m.verb.as_str() == verb).filter(|_| act != Act::ReleaseStock);
    if let Some(why) = told.and_then(|m| m.why_not.clone()) {
        return Some(Err(why));
    }
    match act {
        Act::Approve if comparison(model).is_none() => no("there is no offer yet"),
        Act::ReleaseStock if reserved(order).next().is_none() => no("nothing is reserved that is not assigned"),
        Act::Reserve if matches!(model.place, Place::Stock(..)) => match model.pool.list.current() {
            None => no("nothing is selected"),
            Some(Spare { kept: Some(other), .. }) if *other == order.row.id => no("it is kept for this order already"),
            Some(Spare { kept: Some(other), .. }) => Some(Err(format!("it is kept for order {other}").into())),
            Some(_) => Some(Ok(())),
        },
        _ => Some(Ok(())),
    }
}

/// Servers of the pool that are kept for an order and not assigned: id and what they are called.
pub fn reserved(order: &OrderDetail) -> impl Iterator<Item = (UnitId, Text)> + '_ {
    let kept = order.lines.iter().flat_map(|l| &l.stock).filter(|(_, kept)| !kept.assigned);
    kept.map(|(row, _)| (row.id, row.label.clone()))
}

/// Who must act for an order first, among what it waits for.
pub fn first_wait(order: &OrderDetail) -> Option<&Wait> {
    order.waits.iter().min_by_key(|w| (w.who.is_none(), w.since))
}

/// Who it is, in a word.
pub fn who(role: Option<Role>) -> String {
    role.map_or_else(|| "-".to_owned(), |r| r.to_string())
}
