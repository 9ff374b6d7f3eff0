//! One order: why it is not moving, its lines with their servers, and what goes on with each vendor.

mod ends;
mod forms;
mod story;
mod view;

use rackhand_core::decide::Refusal;
use rackhand_core::flow::next::Wait;
use rackhand_core::id::{OrderId, Subject, UnitId};
use rackhand_core::order::questions::{DealView, OrderDetail};
use rackhand_core::purchase::compare::Compared;
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

pub use self::ends::{done, refused, sent};
pub use self::forms::run;
pub use self::story::Entry;
pub use self::view::lines;
use self::view::{height, layout, server};
use super::face::Face;
use super::quotes::{Quotes, comparison};
use super::stock::{self, STOCK};
use super::{Place, listing};
use crate::app::effect::Effect;
use crate::app::fetch::{self, Question, Slot, clock};
use crate::app::model::{Model, Target};
use crate::command::registry::Act;
use crate::event::{Ask, Data};
use crate::overlay::Layer;
use crate::overlay::note::Note;

/// The order's page.
pub const ORDER: Slot = Slot("order");

/// The screen.
pub const FACE: Face = Face {
    title: "Order",
    about: "One order: why it is not moving, its lines with what was understood and their servers, what goes on with each \
            vendor, who approved what, the purchase, shipments, and papers that were not taken. Enter opens the server \
            under the cursor, [ comes back. Q lays the offers side by side.",
    twin: "rackhand order show NUMBER",
    takes: &[
        &[Act::Open, Act::Actions, Act::Quotes, Act::Approve, Act::Reject, Act::NewOrder, Act::Quote],
        &[Act::Reserve, Act::ReleaseStock, Act::Assign, Act::Accept, Act::Cancel],
    ],
    questions: &[Question {
        slot: ORDER,
        ask: |model| model.screens.order.id.map(Ask::Order),
        take: |model, ask, data, out| {
            if let (Ask::Order(id), Data::Order(answer)) = (ask, data) {
                take(model, *id, answer.map(|detail| *detail), out);
            }
        },
    }],
    acts_on: Some(ORDER),
    wants: &[ORDER],
    is_page: true,
    lists_servers: true,
    view: view::view,
    target: |model| {
        let order = detail(model)?;
        if let Some(row) = model.screens.order.unit.and_then(|id| server(model, id)) {
            return Some(Target::new(Subject::Unit(row.id), row.label.clone()));
        }
        Some(Target::new(Subject::Order(order.row.id), format!("order {}", order.row.id)))
    },
    row: |model| serde_json::to_string(detail(model)?).ok(),
    above: |_| Place::Orders,
    enter,
    settle,
    step: |model, motion, _| {
        let (height, count) = (height(model), lines(model).len());
        let to = motion.from(model.screens.order.cursor, height).min(count.saturating_sub(1));
        go(model, to);
    },
    press: |model, y| {
        let (top, rows) = layout(model);
        let place = model.screens.order.top + usize::from(y.saturating_sub(top));
        if y >= top && y < top + rows && place < lines(model).len() {
            go(model, place);
        }
    },
    act: run,
    possible: |model, act| match act {
        Act::Open if matches!(model.target(), Some(Target { subject: Subject::Order(_), .. })) => {
            Some(Err("the cursor is on no server; move it to one".into()))
        }
        Act::Quotes if comparison(model).is_none() => Some(Err("there is no offer yet".into())),
        _ => possible(model, act),
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
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
}

/// The order on screen, when it is there.
pub fn detail(model: &Model) -> Option<&OrderDetail> {
    model.screens.order.detail.as_ref()?.as_ref().ok()
}

/// What goes on with the vendor of an offer.
pub fn deal<'a>(order: &'a OrderDetail, offer: &Compared) -> Option<&'a DealView> {
    order.deals.iter().find(|d| d.seller == offer.seller)
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

/// The order, from what is about a part of it.
pub fn above(model: &Model) -> Place {
    match model.place {
        Place::Order(id) | Place::Quotes(id) | Place::Stock(id, _) => Place::Order(id),
        _ => Place::Orders,
    }
}

/// Called where it, its offers or its stock are entered: another order begins at its top.
pub fn enter(model: &mut Model) {
    let (Place::Order(id) | Place::Quotes(id) | Place::Stock(id, _)) = model.place else { return };
    if model.screens.order.id != Some(id) {
        model.screens.order = Order { id: Some(id), ..Order::default() };
        model.screens.quotes = Quotes::default();
        fetch::forget(model, ORDER);
    }
}

/// Takes an order.
fn take(model: &mut Model, id: OrderId, answer: Result<OrderDetail, Refusal>, out: &mut Vec<Effect>) {
    if model.screens.order.id != Some(id) {
        return;
    }
    if let Ok(detail) = &answer {
        clock(model, detail.now);
    }
    model.screens.order.detail = Some(answer);
    find(model);
    listing::settle(model);
    if matches!(model.place, Place::Stock(..)) && !model.fresh.contains(&STOCK) {
        fetch::want(model, STOCK, out);
    }
}

/// Whether a command on an order is possible; `None` where it is none of those.
pub fn possible(model: &Model, act: Act) -> Option<Result<(), Text>> {
    let no = |why: &str| Some(Err(Text::new(why)));
    let verb = match act {
        Act::Approve => "approve",
        Act::Reject => "reject",
        Act::Quote => "quote",
        Act::Reserve | Act::ReleaseStock => "reserve",
        Act::Assign => "assign",
        Act::Accept => "accept",
        Act::Cancel => "cancel",
        _ => return None,
    };
    let order = match &model.screens.order.detail {
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
        Act::Reserve if matches!(model.place, Place::Stock(..)) => Some(stock::is_free(model, order.row.id)),
        _ => Some(Ok(())),
    }
}

fn note(title: impl Into<Text>, lines: Vec<Text>) -> Layer {
    Layer::Note(Box::new(Note::new(title, lines)))
}

/// Moves the cursor to a line.
fn go(model: &mut Model, to: usize) {
    model.screens.order.cursor = to;
    model.screens.order.unit = lines(model).get(to).and_then(|entry| entry.unit);
    settle(model);
}

/// After news: the cursor stays on its server, wherever that is now.
fn find(model: &mut Model) {
    let Some(unit) = model.screens.order.unit else { return };
    match lines(model).iter().position(|entry| entry.unit == Some(unit)) {
        Some(at) => model.screens.order.cursor = at,
        None => model.screens.order.unit = None,
    }
}

fn settle(model: &mut Model) {
    let (height, all) = (height(model).max(1), lines(model));
    let o = &mut model.screens.order;
    o.cursor = o.cursor.min(all.len().saturating_sub(1));
    // A server of another width stands on another line; the cursor goes with it.
    if let Some(at) = o.unit.and_then(|unit| all.iter().position(|entry| entry.unit == Some(unit))) {
        o.cursor = at;
    }
    o.top = o.top.clamp((o.cursor + 1).saturating_sub(height), o.cursor).min(all.len().saturating_sub(height));
}
