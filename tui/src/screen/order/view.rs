//! How an order's page is drawn, and the lines of its story.

use rackhand_core::id::UnitId;
use rackhand_core::view::UnitRow;

use super::detail;
use super::story::{self, Entry};
use crate::app::model::Model;
use crate::screen::orders::{sign, total};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::words::{age, day, until};
use crate::widget::wrap::hang;

/// From this width facts stand beside the story.
const WIDE: u16 = 120;
/// Columns of the facts then.
const FACTS: u16 = 44;

/// First row and rows of the story; above it is the order itself.
pub fn layout(model: &Model) -> (u16, u16) {
    let (first, rows) = chrome::body(model.size);
    (first + 1, rows.saturating_sub(1))
}

/// Lines on screen.
pub fn height(model: &Model) -> usize {
    usize::from(layout(model).1)
}

fn story_width(size: (u16, u16)) -> usize {
    usize::from(if size.0 >= WIDE { size.0 - FACTS - 5 } else { size.0.saturating_sub(4) })
}

/// A server of the order.
pub fn server(model: &Model, id: UnitId) -> Option<&UnitRow> {
    let lines = &detail(model)?.lines;
    let all = lines.iter().flat_map(|l| l.units.iter().chain(l.stock.iter().map(|(row, _)| row)));
    all.into_iter().find(|row| row.id == id)
}

/// All lines of the story.
pub fn lines(model: &Model) -> Vec<Entry> {
    let room = story_width(model.size);
    match &model.screens.order.detail {
        None => vec![Entry::new("nothing is known yet", Token::UiDim)],
        Some(Err(refusal)) => {
            hang(&refusal.text, room, 2).into_iter().map(|l| Entry::new(l, Token::StateCrit)).collect()
        }
        Some(Ok(order)) => {
            let mut out = story::story(order, model, room);
            if model.size.0 < WIDE {
                out.push(Entry::new("FACTS", Token::UiTitle));
                out.extend(facts(model, room).into_iter().map(|(line, token)| Entry::new(line, token)));
            }
            out
        }
    }
}

fn facts(model: &Model, room: usize) -> Vec<(String, Token)> {
    let Some(order) = detail(model) else { return Vec::new() };
    let row = &order.row;
    let dated = |when| format!("{} ({})", day(when), until(when, model.now));
    let mut facts: Vec<(&str, String, Token)> = vec![
        ("tenant", row.tenant.to_string(), Token::UiText),
        ("site", row.site.to_string(), Token::UiText),
        ("ordered by", order.requester.to_string(), Token::UiText),
        ("placed", format!("{}, {} ago", day(order.placed), age(model.now.since(order.placed))), Token::UiText),
        ("needed by", row.needed_by.map_or_else(|| "not told".to_owned(), dated), Token::UiText),
        ("servers", row.quantity.to_string(), Token::UiText),
        ("from stock", row.from_stock.to_string(), Token::UiText),
        ("here", row.here.to_string(), Token::UiText),
    ];
    let (costs, token) = total(row);
    facts.push(("total", costs, token));
    if let Some(number) = &row.purchase {
        facts.push(("purchase order", number.to_string(), Token::UiText));
    }
    if let Some(eta) = row.eta {
        facts.push(("next delivery", dated(eta), Token::UiText));
    }
    if let Some(routed) = &order.routed {
        facts.push(("why there", routed.to_string(), Token::UiText));
    }
    if let Some(note) = &order.note {
        facts.push(("note", note.to_string(), Token::UiText));
    }
    let label = facts.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let line = |(name, value, token): &(&str, String, Token)| {
        let told = hang(&format!("{name:<label$}  {value}"), room, label + 2);
        told.into_iter().map(|l| (l, *token)).collect::<Vec<_>>()
    };
    facts.iter().flat_map(line).collect()
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    chrome::header(model, canvas, &model.screens.order.id.map_or_else(String::new, |id| id.to_string()));
    let (y, rows) = layout(model);
    let full = canvas.area().width;
    if let Some(order) = detail(model) {
        let row = &order.row;
        let (letter, token) = sign(row.state);
        let name = format!("order {}", row.id);
        let state = format!("  {letter} {}", row.state);
        let servers = match row.quantity {
            _ if full < 72 => "",
            1 => "server ",
            _ => "servers ",
        };
        let what = format!("   {} {servers}for {} at {}   ", row.quantity, row.tenant, row.site);
        let placed = format!("   placed {} ago", age(model.now.since(order.placed)));
        let placed = if full < 100 { "" } else { &placed };
        let (costs, costs_token) = total(row);
        let pieces = [
            (name.as_str(), Token::UiSelection),
            (state.as_str(), token),
            (what.as_str(), Token::UiText),
            (costs.as_str(), costs_token),
            (placed, Token::UiDim),
        ];
        canvas.pieces(1, y - 1, full.saturating_sub(2), &pieces);
        if full >= WIDE {
            let x = full - FACTS;
            for n in 0..rows {
                canvas.put(x - 2, y + n, 1, canvas.look().glyphs.bar, Token::UiBorder);
            }
            canvas.put(x, y, FACTS, "FACTS", Token::UiTitle);
            for (n, (line, token)) in (1..rows).zip(facts(model, usize::from(FACTS - 1))) {
                canvas.put(x, y + n, FACTS - 1, &line, token);
            }
        }
    }
    let all = lines(model);
    let room = u16::try_from(story_width(model.size)).unwrap_or(0);
    for (n, entry) in all.iter().enumerate().skip(model.screens.order.top).take(usize::from(rows)) {
        let at = y + u16::try_from(n - model.screens.order.top).unwrap_or(0);
        let used = canvas.put(3, at, room, &entry.text, entry.token);
        if n == model.screens.order.cursor {
            canvas.put(1, at, 1, canvas.look().glyphs.cursor, Token::UiMark);
            if entry.unit.is_some() {
                canvas.paint(3, at, used, Token::UiSelection);
            }
        }
    }
    let below = all.len().saturating_sub(model.screens.order.top + usize::from(rows));
    let more = if below > 0 { format!("{below} more below") } else { String::new() };
    chrome::status(model, canvas, &more);
}
