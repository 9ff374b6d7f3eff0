//! Orders: what each waits for and who must act.

use rackhand_core::id::{OrderId, Role, Subject};
use rackhand_core::order::OrderState;
use rackhand_core::order::questions::{OrderQuery, OrderRow};
use rackhand_core::view::filter::check_orders;
use serde::{Deserialize, Serialize};

use super::face::{Face, Words, list_of};
use super::list::{Keyed, List};
use super::{Place, hidden, listing};
use crate::app::fetch::{Question, Slot, clock};
use crate::app::model::{Model, Target};
use crate::command::registry::{Act, Spec};
use crate::event::{Ask, Data};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::{age, day, until};
use crate::widget::wrap::hang;

/// The page of orders.
pub const ORDERS: Slot = Slot("orders");

/// The screen.
pub const FACE: Face = Face {
    title: "Orders",
    about: "Orders, those first that a person must act on (`!`), then the newest. STOCK is how many of its servers the \
            pool serves, HERE how many of the bought ones have arrived. A total with `~` is the cheapest complete offer, \
            not yet bought. The filter takes words, state:WORD, tenant:, site:; o shows also what is over. Enter opens \
            one; O orders servers.",
    twin: "rackhand order list",
    go: Spec::go(Place::Orders, "orders", "screen: orders", &["8"]),
    takes: &[&[Act::Filter, Act::Open, Act::Actions, Act::NewOrder, Act::Roles]],
    questions: &[Question {
        slot: ORDERS,
        ask: |model| {
            let o = &model.screens.orders;
            let (offset, limit) = o.list.window(usize::from(layout(model).1));
            Some(Ask::Orders(OrderQuery { filter: o.filter.clone(), all: o.all, tenant: None, offset, limit }))
        },
        take: |model, _, data, _| {
            let Data::Orders(page) = data else { return };
            clock(model, page.now);
            let height = usize::from(layout(model).1);
            model.screens.orders.list.take(page, height);
        },
    }],
    acts_on: Some(ORDERS),
    wants: &[ORDERS],
    list: Some(list_of!(Some(ORDERS), orders.list, |model| (layout(model).0, layout(model).1))),
    words: Some(Words { of: |screens| &mut screens.orders.filter, check: check_orders, look: None, stage: None }),
    view,
    target: |model| {
        let row = model.screens.orders.list.current()?;
        Some(Target::new(Subject::Order(row.id), format!("order {}", row.id)))
    },
    act: |model, act, out| {
        let is_ours = act == Act::Roles;
        if is_ours {
            model.screens.orders.all = !model.screens.orders.all;
            listing::requery(model, out);
        }
        is_ours
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// The window.
    pub list: List<OrderRow>,
    /// Its filter.
    pub filter: String,
    /// Whether also what is over.
    pub all: bool,
}

impl Keyed for OrderRow {
    type Key = OrderId;
    fn key(&self) -> OrderId {
        self.id
    }
}

/// Who it is, in a word.
pub fn who(role: Option<Role>) -> String {
    role.map_or_else(|| "-".to_owned(), |r| r.to_string())
}

/// The row of the heads, rows of the table below, and rows of the foot.
fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let foot = match rows {
        0..=6 => 0,
        7..=14 => 4,
        _ => 7,
    };
    (first, (rows - foot).saturating_sub(1), foot)
}

/// A state's letter and token.
pub const fn sign(state: OrderState) -> (&'static str, Token) {
    match state {
        OrderState::Quoting => ("Q", Token::StateInfo),
        OrderState::Deciding => ("D", Token::StateWarn),
        OrderState::Buying => ("B", Token::JobRunning),
        OrderState::Shipping => ("S", Token::StateInfo),
        OrderState::Delivered => (".", Token::StateOk),
        OrderState::Assigned => ("A", Token::StateOk),
        OrderState::Reserved => ("R", Token::StateWarn),
        OrderState::Cancelled => ("-", Token::StateStale),
        OrderState::Rejected => ("x", Token::StateStale),
    }
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let o = &model.screens.orders;
    let total = o.list.total.map_or_else(|| "?".to_owned(), |t| t.to_string());
    let filter = if o.filter.is_empty() { String::new() } else { format!("  filter: {}", o.filter) };
    let which = if o.all { "in all" } else { "open" };
    chrome::header(model, canvas, &format!("{total} {which}{filter}"));
    let (y, rows, foot_rows) = layout(model);
    let room = canvas.area().width.saturating_sub(3);
    if o.list.total.unwrap_or(0) == 0 {
        let key = |act| model.keys.name(act);
        let told = match (o.list.total, o.filter.is_empty(), o.all) {
            (None, ..) => "nothing is known yet".to_owned(),
            (_, false, _) => "nothing matches; Esc shows more".to_owned(),
            (_, true, false) => {
                format!(
                    "no order is open; {} orders servers, {} shows what is over",
                    key(Act::NewOrder),
                    key(Act::Roles)
                )
            }
            (_, true, true) => format!("nothing was ordered yet; {} orders servers", key(Act::NewOrder)),
        };
        canvas.put(2, y, room, &told, Token::UiDim);
        chrome::status(model, canvas, "");
        return;
    }
    let columns = columns(&o.list.rows, model);
    let mark = |row: &OrderRow| row.who.is_some().then_some(("!", Token::StateWarn));
    let hid = window(canvas, &o.list, (3, y, room, rows), &columns, Some(&mark), true);
    if foot_rows > 0 {
        foot(model, canvas, y + 1 + rows, foot_rows);
    }
    let below = o.list.total.unwrap_or(0).saturating_sub(o.list.top + usize::from(rows));
    let more = if below > 0 { format!("{below} more below   ") } else { String::new() };
    let hid: Vec<&str> = hid.into_iter().map(str::trim).collect();
    chrome::status(model, canvas, &format!("{more}{}", hidden(&hid)));
}

/// What an order costs: with `~` where that is the cheapest offer only.
pub fn total(row: &OrderRow) -> (String, Token) {
    match (&row.total, &row.purchase) {
        (Some(total), Some(_)) => (total.to_string(), Token::UiText),
        (Some(total), None) => (format!("~{total}"), Token::UiText),
        // The pool costs nothing, and what ended before it was bought did not either.
        (None, None) if row.from_stock >= row.quantity || row.state.is_over() => ("-".to_owned(), Token::UiDim),
        (None, _) => ("not known".to_owned(), Token::StateUnknown),
    }
}

fn columns(rows: &[OrderRow], model: &Model) -> Vec<Column> {
    let now = model.now;
    let state = |r: &OrderRow| {
        let (letter, token) = sign(r.state);
        (format!("{letter} {}", r.state), token)
    };
    let some = |n: u32| (format!("{n:>5}"), if n == 0 { Token::UiDim } else { Token::UiText });
    let eta = |r: &OrderRow| match r.eta {
        Some(when) => (format!("{} {}", day(when), until(when, now)), Token::UiText),
        None => ("-".to_owned(), Token::UiDim),
    };
    let waits = |r: &OrderRow| {
        let token = if r.who.is_some() { Token::StateWarn } else { Token::UiText };
        (if r.waits_for.is_empty() { "-".to_owned() } else { r.waits_for.to_string() }, token)
    };
    let text = |t: String| (t, Token::UiText);
    vec![
        Column::new("NO", 255, rows.iter().map(|r| text(r.id.to_string()))).least(3),
        Column::new("STATE", 254, rows.iter().map(state)).least(11),
        Column::new("TENANT", 12, rows.iter().map(|r| text(r.tenant.to_string()))),
        Column::new("SITE", 4, rows.iter().map(|r| text(r.site.to_string()))),
        Column::new("  QTY", 9, rows.iter().map(|r| some(r.quantity))),
        Column::new("STOCK", 5, rows.iter().map(|r| some(r.from_stock))),
        Column::new(" HERE", 5, rows.iter().map(|r| some(r.here))),
        Column::new("WHO", 11, rows.iter().map(|r| (who(r.who), Token::UiDim))).least(8),
        Column::new("AGE", 6, rows.iter().map(|r| text(age(now.since(r.since))))).least(5),
        Column::new("TOTAL", 7, rows.iter().map(total)),
        Column::new(
            "PO",
            3,
            rows.iter().map(|r| match &r.purchase {
                Some(number) => text(number.to_string()),
                None => ("-".to_owned(), Token::UiDim),
            }),
        )
        .least(9),
        Column::new("ETA", 2, rows.iter().map(eta)),
        Column::new("WHAT", 1, rows.iter().map(|r| text(r.what.to_string()))),
        Column::new("WAITS FOR", 10, rows.iter().map(waits)).rest(16),
    ]
}

fn foot(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let room = usize::from(canvas.area().width.saturating_sub(2));
    let Some(row) = model.screens.orders.list.current() else {
        canvas.rule(y, "", Token::UiTitle);
        canvas.put(1, y + 1, canvas.area().width.saturating_sub(2), "nothing is selected", Token::UiDim);
        return;
    };
    canvas.rule(y, &format!("order {}: {} for {} at {}", row.id, row.state, row.tenant, row.site), Token::UiTitle);
    let mut lines: Vec<(String, Token)> = Vec::new();
    let mut say = |text: String, token| lines.extend(hang(&text, room, 2).into_iter().map(|l| (l, token)));
    say(row.what.to_string(), Token::UiText);
    let waits = if row.waits_for.is_empty() { "nothing".to_owned() } else { row.waits_for.to_string() };
    let acts = row.who.map_or_else(|| "nobody need act".to_owned(), |r| format!("who must act: {r}"));
    let token = if row.who.is_some() { Token::StateWarn } else { Token::UiText };
    say(format!("waits for {waits}; {acts}"), token);
    let needed =
        row.needed_by.map_or_else(String::new, |by| format!("   needed by {} ({})", day(by), until(by, model.now)));
    let eta = row.eta.map_or_else(String::new, |eta| format!("   next delivery {}", day(eta)));
    say(
        format!("{} from stock, {} here   total {}{needed}{eta}", row.from_stock, row.here, total(row).0),
        Token::UiDim,
    );
    let space = usize::from(rows.saturating_sub(1));
    let cut = lines.len() > space;
    for (n, (line, token)) in lines.iter().take(space).enumerate() {
        let last = cut && n + 1 == space;
        let line = if last { format!("{} lines more: Enter shows all", lines.len() + 1 - space) } else { line.clone() };
        canvas.put(
            1,
            y + 1 + u16::try_from(n).unwrap_or(0),
            canvas.area().width.saturating_sub(2),
            &line,
            if last { Token::UiDim } else { *token },
        );
    }
}
