//! An order's offers side by side, point by point, with what speaks for each and against it.

mod table;

use rackhand_core::id::{SellerId, Subject};
use rackhand_core::purchase::compare::Comparison;
use serde::{Deserialize, Serialize};

use self::table::{Piece, columns, lines};
use super::face::Face;
use super::order::{self, ORDER, detail};
use crate::app::model::{Model, Target};
use crate::command::registry::Act;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::words::short;

/// The screen.
pub const FACE: Face = Face {
    title: "Quotes",
    about: "The offers for an order side by side, best first, as many as fit; left and right choose the vendor. Each point \
            has a sign: the best, the worst, more than asked for, something else than asked for, missing. What a paper \
            does not tell says `missing` and never counts as nothing. Below stands why the chosen one has its rank. a \
            approves it; the total must be typed.",
    twin: "rackhand order compare NUMBER",
    takes: &[&[Act::Actions, Act::Approve, Act::Reject, Act::Quote, Act::Cancel, Act::NextPane, Act::PreviousPane]],
    acts_on: Some(ORDER),
    wants: &[ORDER],
    is_page: true,
    view,
    target: |model| {
        let id = detail(model)?.row.id;
        Some(Target::new(Subject::Order(id), format!("order {id}")))
    },
    row: |model| serde_json::to_string(comparison(model)?.offers.get(looked_at(model))?).ok(),
    above: order::above,
    enter: order::enter,
    settle,
    step: |model, motion, _| {
        let height = usize::from(layout(model).1);
        model.screens.quotes.scroll = motion.from(model.screens.quotes.scroll, height);
        settle(model);
    },
    act: |model, act, out| {
        if matches!(act, Act::NextPane | Act::PreviousPane) {
            vendor(model, act == Act::NextPane);
            return true;
        }
        order::run(model, act, out)
    },
    possible: order::possible,
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quotes {
    /// The vendor whose offer is looked at; `None` is the best.
    pub seller: Option<SellerId>,
    /// First line of the comparison on screen.
    pub scroll: usize,
}

/// The order's offers side by side.
pub fn comparison(model: &Model) -> Option<&Comparison> {
    detail(model)?.comparison.as_ref().filter(|c| !c.offers.is_empty())
}

/// The place of the offer that is looked at; the best where none was chosen.
pub fn looked_at(model: &Model) -> usize {
    let chosen = |c: &Comparison| c.offers.iter().position(|o| Some(o.seller) == model.screens.quotes.seller);
    comparison(model).and_then(chosen).unwrap_or(0)
}

/// The next vendor's offer, or the one before.
fn vendor(model: &mut Model, forth: bool) {
    let Some(offers) = comparison(model).map(|c| c.offers.iter().map(|o| o.seller).collect::<Vec<_>>()) else { return };
    let (at, count) = (looked_at(model), offers.len());
    let next = if forth { (at + 1) % count } else { (at + count - 1) % count };
    model.screens.quotes.seller = offers.get(next).copied();
    settle(model);
}

/// First row of the table and its rows; above are the vendors' names.
fn layout(model: &Model) -> (u16, u16) {
    let (first, rows) = chrome::body(model.size);
    (first + 2, rows.saturating_sub(2))
}

fn settle(model: &mut Model) {
    let height = usize::from(layout(model).1);
    let last = lines(model).len().saturating_sub(height);
    model.screens.quotes.scroll = model.screens.quotes.scroll.min(last);
}

fn view(model: &Model, canvas: &mut Canvas) {
    let about = detail(model).map_or_else(String::new, |o| {
        let count = o.comparison.as_ref().map_or(0, |c| c.offers.len());
        format!("order {}  {count} offer{}  {}", o.row.id, if count == 1 { "" } else { "s" }, o.row.state)
    });
    chrome::header(model, canvas, &about);
    let (first, _) = chrome::body(model.size);
    let Some(all) = comparison(model) else {
        let room = canvas.area().width.saturating_sub(2);
        let told = match &model.screens.order.detail {
            None => "nothing is known yet".to_owned(),
            Some(Err(refusal)) => refusal.text.to_string(),
            Some(Ok(_)) => "there is no offer yet".to_owned(),
        };
        canvas.put(1, first, room, &told, Token::UiDim);
        chrome::status(model, canvas, "");
        return;
    };
    let (y, rows) = layout(model);
    for Piece { x, room, text, token, .. } in table::heads(model) {
        canvas.put(x, first, room, &text, token);
    }
    let rule = canvas.look().glyphs.rule.repeat(usize::from(canvas.area().width));
    canvas.put(0, first + 1, canvas.area().width, &rule, Token::UiBorder);
    let lines = lines(model);
    for (n, line) in lines.iter().skip(model.screens.quotes.scroll).take(usize::from(rows)).enumerate() {
        let at = y + u16::try_from(n).unwrap_or(0);
        for Piece { x, room, text, token, sign } in line {
            if let Some(sign) = sign.and_then(|n| canvas.look().glyphs.quote.get(n)) {
                canvas.put(x.saturating_sub(2), at, 1, sign, *token);
            }
            canvas.put(*x, at, *room, text, *token);
        }
    }
    let mut said = Vec::new();
    let shown = columns(model).len();
    if shown < all.offers.len() {
        let key = |act| model.keys.keys(act).into_iter().nth(1).map_or_else(|| model.keys.name(act), |k| k.to_string());
        let (before, next) = (key(Act::PreviousPane), key(Act::NextPane));
        said.push(format!("{shown} of {}: {before}, {next}", all.offers.len()));
    }
    let below = lines.len().saturating_sub(model.screens.quotes.scroll + usize::from(rows));
    if below > 0 {
        said.push(format!("{below} more below"));
    }
    let signs = canvas.look().glyphs.quote;
    let words = ["best", "worst", "more", "differs", "missing"];
    let legend: Vec<String> = signs.iter().zip(words).map(|(sign, word)| format!("{sign}{word}")).collect();
    said.push(legend.join(" "));
    said.push(format!("as of {}", short(all.at)));
    chrome::status(model, canvas, &said.join("   "));
}
