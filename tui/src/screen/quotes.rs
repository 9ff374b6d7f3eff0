//! An order's offers side by side, point by point, with what speaks for each and against it.

mod table;

use rackhand_core::id::Subject;

use self::table::{Piece, columns, lines};
use super::Face;
use crate::app::model::{Model, Slot, Target};
use crate::app::orders::{comparison, detail, looked_at};
use crate::command::registry::{Act, Kind};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::words::short;

/// The screen.
pub const FACE: Face = Face {
    kind: Kind::Quotes,
    title: "Quotes",
    about: "The offers for an order side by side, best first, as many as fit; left and right choose the vendor. Each point \
            has a sign: the best, the worst, more than asked for, something else than asked for, missing. What a paper \
            does not tell says `missing` and never counts as nothing. Below stands why the chosen one has its rank. a \
            approves it; the total must be typed.",
    twin: "rackhand order compare NUMBER",
    acts_on: Some(Slot::Order),
    wants: &[Slot::Order],
    view,
    settle,
    step: |model, motion, _| {
        let height = usize::from(layout(model).1);
        model.order.scroll = motion.from(model.order.scroll, height);
        settle(model);
    },
    fill: |_, _| {},
    target: |model| {
        let id = detail(model)?.row.id;
        Some(Target { subject: Subject::Order(id), label: format!("order {id}").into(), row: None, step: None })
    },
    row: |model| serde_json::to_string(comparison(model)?.offers.get(looked_at(model))?).ok(),
    press: |_, _| {},
};

/// First row of the table and its rows; above are the vendors' names.
fn layout(model: &Model) -> (u16, u16) {
    let (first, rows) = chrome::body(model.size);
    (first + 2, rows.saturating_sub(2))
}

fn settle(model: &mut Model) {
    let height = usize::from(layout(model).1);
    let last = lines(model).len().saturating_sub(height);
    model.order.scroll = model.order.scroll.min(last);
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let about = detail(model).map_or_else(String::new, |o| {
        let count = o.comparison.as_ref().map_or(0, |c| c.offers.len());
        format!("order {}  {count} offer{}  {}", o.row.id, if count == 1 { "" } else { "s" }, o.row.state)
    });
    chrome::header(model, canvas, &about);
    let (first, _) = chrome::body(model.size);
    let Some(all) = comparison(model) else {
        let room = canvas.area().width.saturating_sub(2);
        let told = match &model.order.detail {
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
    for (n, line) in lines.iter().skip(model.order.scroll).take(usize::from(rows)).enumerate() {
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
    let below = lines.len().saturating_sub(model.order.scroll + usize::from(rows));
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
