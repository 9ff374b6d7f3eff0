//! What is in stock for a line of an order, each server with how it is not what was asked for.

use rackhand_core::id::{OrderId, Subject, UnitId};
use rackhand_core::order::questions::OrderLine;
use rackhand_core::order::spec::Unclear;
use rackhand_core::stock::questions::Stock as InStock;
use rackhand_core::stock::{Fit, Match};
use rackhand_core::text::Text;
use rackhand_core::view::Page;
use serde::{Deserialize, Serialize};

use super::face::{Face, list_of};
use super::list::{Keyed, List};
use super::order::{self, ORDER, detail};
use super::{Place, hidden};
use crate::app::fetch::{self, Question, Slot};
use crate::app::model::{Model, Target};
use crate::command::registry::Act;
use crate::event::{Ask, Data};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::difference;
use crate::widget::wrap::hang;

/// What is in stock for the line.
pub const STOCK: Slot = Slot("stock");

/// The screen.
pub const FACE: Face = Face {
    title: "Stock",
    about: "Ready servers that serve for a line of an order: exact, then better, then near with what they lack, then \
            those that are kept for an order. Near ones are a person's choice: I keeps the selected one for the order, \
            in place of one that would be bought. Enter opens the server.",
    twin: "rackhand order stock SPEC",
    takes: &[&[Act::Open, Act::Actions, Act::Reserve]],
    questions: &[Question {
        slot: STOCK,
        ask: |model| Some(Ask::Stock(line(model)?.spec.clone(), Some(detail(model)?.row.site.clone()))),
        take: |model, ask, data, _| {
            if let (Ask::Stock(words, _), Data::Stock(stock)) = (ask, data)
                && line(model).is_some_and(|line| line.spec == *words)
            {
                take(model, stock);
            }
        },
    }],
    acts_on: Some(STOCK),
    wants: &[ORDER, STOCK],
    list: Some(list_of!(None, stock.list, |model| (layout(model).0, layout(model).1))),
    view,
    target: |model| {
        let found = &model.screens.stock.list.current()?.found;
        Some(Target::new(Subject::Unit(found.unit), found.label.clone()))
    },
    row: |model| serde_json::to_string(&model.screens.stock.list.current()?.found).ok(),
    above: order::above,
    enter: |model| {
        order::enter(model);
        model.screens.stock = Stock::default();
        fetch::forget(model, STOCK);
    },
    act: order::run,
    possible: order::possible,
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stock {
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

/// The line of the order that it is about.
pub fn line(model: &Model) -> Option<&OrderLine> {
    let Place::Stock(_, number) = model.place else { return None };
    detail(model)?.lines.iter().find(|l| l.line == number)
}

/// Whether the selected server may be kept for an order; else why not.
pub fn is_free(model: &Model, order: OrderId) -> Result<(), Text> {
    match model.screens.stock.list.current() {
        None => Err("nothing is selected".into()),
        Some(Spare { kept: Some(other), .. }) if *other == order => Err("it is kept for this order already".into()),
        Some(Spare { kept: Some(other), .. }) => Err(format!("it is kept for order {other}").into()),
        Some(_) => Ok(()),
    }
}

fn take(model: &mut Model, stock: InStock) {
    let free = stock.free.into_iter().map(|found| Spare { found, kept: None });
    let kept = stock.kept.into_iter().map(|(found, order)| Spare { found, kept: Some(order) });
    let rows: Vec<Spare> = free.chain(kept).collect();
    let page = Page { head: model.head, now: model.now, total: rows.len(), offset: 0, rows };
    let p = &mut model.screens.stock;
    (p.understood, p.unclear, p.free, p.unknown) =
        (Some(stock.understood), stock.unclear, stock.free_total, stock.unknown);
    let height = usize::from(layout(model).1);
    model.screens.stock.list.take(page, height);
}

/// First row of the table's heads, its rows, rows of the foot. Above is what is asked for.
fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let head = if rows > 5 { 2 } else { 0 };
    let foot = match rows {
        0..=8 => 0,
        9..=14 => 4,
        _ => 7,
    };
    (first + head, rows.saturating_sub(head + foot + 1), foot)
}

const fn word(fit: Fit) -> (&'static str, Token) {
    match fit {
        Fit::Exact => ("= exact", Token::StateOk),
        Fit::Better => ("+ better", Token::StateInfo),
        Fit::Near => ("~ near", Token::StateWarn),
    }
}

fn draw_head(model: &Model, canvas: &mut Canvas) {
    let (first, _) = chrome::body(model.size);
    let room = canvas.area().width.saturating_sub(2);
    match line(model) {
        Some(line) => {
            canvas.put(1, first, room, &format!("line {}: {}x {}", line.line, line.quantity, line.spec), Token::UiText)
        }
        None => canvas.put(1, first, room, "the order is not known yet", Token::UiDim),
    };
    let p = &model.screens.stock;
    let not_told = p.list.total.unwrap_or(0) - p.list.rows.iter().filter(|r| r.kept.is_some()).count();
    let more = if p.free > not_told { format!(", {not_told} of them shown") } else { String::new() };
    let unknown =
        if p.unknown > 0 { format!("; of {} ready ones nobody knows what they are", p.unknown) } else { String::new() };
    let told = match p.list.total {
        None => "what is in stock is not known yet".to_owned(),
        Some(_) => format!("{} free{more}{unknown}", p.free),
    };
    canvas.put(1, first + 1, room, &told, Token::UiDim);
}

fn view(model: &Model, canvas: &mut Canvas) {
    let order = model.screens.order.id.map_or_else(String::new, |id| format!("for order {id}"));
    chrome::header(model, canvas, &order);
    let (y, rows, foot_rows) = layout(model);
    let room = canvas.area().width.saturating_sub(3);
    if y > chrome::body(model.size).0 {
        draw_head(model, canvas);
    }
    let list = &model.screens.stock.list;
    if list.total.unwrap_or(0) == 0 {
        let told =
            if list.total.is_some() { "nothing in stock serves, not even nearly" } else { "nothing is known yet" };
        canvas.put(2, y, room, told, Token::UiDim);
        chrome::status(model, canvas, "");
        return;
    }
    let columns = columns(&list.rows);
    let hid = window(canvas, list, (3, y, room, rows), &columns, None, true);
    if foot_rows > 0 {
        foot(model, canvas, y + 1 + rows, foot_rows);
    }
    let below = list.total.unwrap_or(0).saturating_sub(list.top + usize::from(rows));
    let more = if below > 0 { format!("{below} more below   ") } else { String::new() };
    chrome::status(model, canvas, &format!("{more}{}", hidden(&hid)));
}

fn columns(rows: &[Spare]) -> Vec<Column> {
    let fit = |r: &Spare| {
        let (word, token) = word(r.found.fit);
        (word.to_owned(), token)
    };
    let kept = |r: &Spare| match r.kept {
        Some(order) => (format!("order {order}"), Token::RackReserved),
        None => ("free".to_owned(), Token::UiText),
    };
    let points = |r: &Spare| {
        let all: Vec<String> = r.found.differences.iter().map(difference).collect();
        if all.is_empty() { ("as asked".to_owned(), Token::UiDim) } else { (all.join("; "), Token::UiText) }
    };
    vec![
        Column::new("SERIAL", 255, rows.iter().map(|r| (r.found.label.to_string(), Token::UiText))),
        Column::new("SITE", 3, rows.iter().map(|r| (r.found.site.to_string(), Token::UiText))),
        Column::new("FIT", 254, rows.iter().map(fit)).least(8),
        Column::new("KEPT FOR", 8, rows.iter().map(kept)),
        Column::new("DIFFERENCES", 7, rows.iter().map(points)).rest(16),
    ]
}

fn foot(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let room = canvas.area().width.saturating_sub(2);
    let Some(spare) = model.screens.stock.list.current() else {
        canvas.rule(y, "", Token::UiTitle);
        canvas.put(1, y + 1, room, "nothing is selected", Token::UiDim);
        return;
    };
    canvas.rule(y, &spare.found.label, Token::UiTitle);
    let mut lines: Vec<(String, Token)> = Vec::new();
    let key = model.keys.name(Act::Reserve);
    lines.push(match spare.kept {
        Some(order) => (format!("kept for order {order}"), Token::RackReserved),
        None => (format!("{key} keeps it for this order"), Token::UiDim),
    });
    for d in &spare.found.differences {
        lines.extend(hang(&difference(d), usize::from(room), 4).into_iter().map(|l| (l, Token::UiText)));
    }
    if spare.found.differences.is_empty() {
        lines.push(("as asked in every point".to_owned(), Token::StateOk));
    }
    for (n, (line, token)) in lines.iter().take(usize::from(rows.saturating_sub(1))).enumerate() {
        canvas.put(1, y + 1 + u16::try_from(n).unwrap_or(0), room, line, *token);
    }
}
