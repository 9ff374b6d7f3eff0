//! How racks are drawn unit by unit, and how many fit.

use std::ops::Range;

use rackhand_core::inventory::rack::Face as Side;
use rackhand_core::placement::questions::{RackRow, RackView};

use super::{Sides, pane};
use crate::app::model::Model;
use crate::command::registry::Act;
use crate::screen::list::Keyed;
use crate::screen::racks::{fill, source, states, worst};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::rack::{Ink, Line, draw, lines, occupied};

/// Below so many rows of the terminal only what is there is listed.
const LOW: u16 = 24;
/// Columns of a rack that has to share the screen, and of a piece of one that does not fit upright.
const NARROW: (u16, u16) = (31, 25);
/// Wider it would only be emptier.
const WIDEST: u16 = 52;

/// How the screen is divided.
struct Plan {
    /// Whether only what is there is listed.
    listed: bool,
    /// Racks side by side.
    racks: u16,
    /// Sides drawn of each.
    sides: Sides,
    /// Columns of text each side is folded into.
    folds: u16,
    /// Width of one of them.
    column: u16,
    /// Width of the pane at the right.
    pane: u16,
    /// First row of the units, and rows.
    top: u16,
    rows: u16,
    /// Whether each rack has a title above.
    titled: bool,
}

fn plan(model: &Model, wished: Sides) -> Plan {
    let (top, rows) = chrome::body(model.size);
    let wide = model.size.0;
    let pane = match wide {
        0..58 => 0,
        58..80 => 24,
        80..110 => 28,
        110..170 => 34,
        _ => 44,
    };
    let room = wide.saturating_sub(pane + u16::from(pane > 0));
    let row = model.screens.racks.list.current();
    let tall = row.and_then(|r| r.height).map(|h| h.div_ceil(2));
    let one_side = if wished == Sides::Both { Sides::Front } else { wished };
    let Some(tall) = tall.filter(|_| model.size.1 >= LOW) else {
        let column = room.min(2 * WIDEST);
        return Plan { listed: true, racks: 1, sides: wished, folds: 1, column, pane, top, rows, titled: false };
    };
    let upright = rows > tall;
    let fits = room / if upright { NARROW.0 } else { NARROW.1 };
    let sides = if fits >= 2 { wished } else { one_side };
    let each = u16::try_from(sides.faces().len()).unwrap_or(1);
    let total = u16::try_from(model.screens.racks.list.total.unwrap_or(1)).unwrap_or(u16::MAX);
    let (racks, folds) = if upright {
        ((fits / each).clamp(1, total.max(1)), 1)
    } else {
        (1, (fits / each).clamp(1, tall.div_ceil(rows.max(1)).max(1)))
    };
    let column = (room / (racks * each * folds)).min(WIDEST);
    let (top, rows) = if upright { (top + 1, rows - 1) } else { (top, rows) };
    Plan { listed: false, racks, sides, folds, column, pane, top, rows, titled: upright }
}

/// The sides as drawn: both only where there is room.
pub fn sides(model: &Model) -> Sides {
    plan(model, model.screens.elevation.sides).sides
}

/// Whether both sides would fit beside each other.
pub fn has_room_for_both(model: &Model) -> bool {
    plan(model, Sides::Both).sides == Sides::Both
}

/// The row above those that the mouse hits, and the rows by which a page moves.
pub fn area(model: &Model) -> (u16, u16) {
    let plan = plan(model, model.screens.elevation.sides);
    // A row tells nothing of the column it was hit in: only a list is hit.
    (if plan.listed { plan.top.saturating_sub(1) } else { u16::MAX }, plan.rows)
}

/// Rows by which a page moves.
pub fn height(model: &Model) -> usize {
    usize::from(plan(model, model.screens.elevation.sides).rows)
}

/// Places in the list of the racks on screen: pages of as many as fit, the last one filled from before.
pub fn shown(model: &Model) -> Range<usize> {
    let list = &model.screens.racks.list;
    let (total, fit) = (list.total.unwrap_or(0), usize::from(plan(model, model.screens.elevation.sides).racks));
    let first = (list.cursor / fit * fit).min(total.saturating_sub(fit));
    first..(first + fit).min(total)
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let (r, e) = (&model.screens.racks, &model.screens.elevation);
    let plan = plan(model, e.sides);
    let over = if e.by_stage { "stages" } else { "health" };
    let g = canvas.look().glyphs;
    let about = r.list.current().map_or_else(String::new, |row| {
        let read = source(row.read_at, model.now);
        let drawn = match row.height {
            Some(_) => format!("{} {}, ", fill(row), plan.sides.word()),
            None => String::new(),
        };
        format!("{}  {drawn}{read}, {over}", called(row, g.then))
    });
    chrome::header(model, canvas, &about);
    let mut below = 0;
    for (n, place) in shown(model).enumerate() {
        let x = u16::try_from(n).unwrap_or(0) * plan.column * plan.folds * plan.sides.faces().len() as u16;
        below = below.max(elevation(model, canvas, &plan, place, x));
    }
    if r.list.total.unwrap_or(0) == 0 {
        let told = if r.list.total.is_some() { "there is no rack" } else { "nothing is known yet" };
        canvas.put(2, plan.top, canvas.area().width.saturating_sub(2), told, Token::UiDim);
    } else if plan.pane > 0 {
        pane::view(model, canvas, plan.pane);
    }
    let key = |act| model.keys.name(act);
    let marks = match model.marks.len() {
        0 => String::new(),
        n => format!("{n} marked: {} and {} act on all of them   ", key(Act::Retry), key(Act::Hold)),
    };
    let more = if below > 0 { format!("{below} more rows below   ") } else { String::new() };
    let search = match e.search.as_str() {
        "" => String::new(),
        words => format!("looking for {words}: {} next, {} before   ", key(Act::FindNext), key(Act::FindPrevious)),
    };
    let at = r.list.total.map_or_else(String::new, |t| format!("rack {} of {t}", (r.list.cursor + 1).min(t)));
    chrome::status(model, canvas, &format!("{marks}{search}{more}{at}"));
}

/// Draws the rack at a place of the list; gives the rows that had no room.
fn elevation(model: &Model, canvas: &mut Canvas, plan: &Plan, place: usize, x: u16) -> usize {
    let (r, e) = (&model.screens.racks, &model.screens.elevation);
    let Some(row) = r.list.at(place) else { return 0 };
    let own = place == r.list.cursor;
    let Some(view) = e.views.iter().find(|v| v.row.key() == row.key()) else {
        canvas.put(
            x + 1,
            plan.top,
            plan.column.saturating_sub(2),
            &format!("{}: being asked for", row.name),
            Token::UiDim,
        );
        return 0;
    };
    let chosen = e.slots.current().filter(|_| own).map(Keyed::key);
    let ink = Ink {
        chosen: chosen.and_then(|key| view.slots.iter().position(|s| s.key() == key)),
        marked: &|unit| model.marks.contains_key(&unit),
        by_stage: e.by_stage,
        search: &e.search.to_lowercase(),
        digits: digits(view, plan.listed),
    };
    let faces: &[Side] = if plan.listed { &[Side::Front] } else { plan.sides.faces() };
    let mut below = 0;
    for (n, face) in faces.iter().enumerate() {
        let x = x + u16::try_from(n).unwrap_or(0) * plan.column * plan.folds;
        let all = if plan.listed { occupied(view, plan.sides.faces()) } else { lines(view, *face) };
        if plan.titled {
            title(model, canvas, plan, view, *face, own, x);
        }
        if all.is_empty() {
            canvas.put(x + 1, plan.top, plan.column.saturating_sub(1), "nothing is in it", Token::UiDim);
        }
        below = below.max(side(canvas, plan, view, &all, &ink, x));
    }
    below
}

/// The rack with its site, unless its name tells that.
fn called(rack: &RackRow, then: &str) -> String {
    if rack.name.starts_with(rack.site.as_str()) {
        return rack.name.to_string();
    }
    let then = if then.is_empty() { String::new() } else { format!("{then} ") };
    format!("{} {then}{}", rack.site, rack.name)
}

fn digits(view: &RackView, listed: bool) -> u16 {
    let top = view.first.saturating_add(view.row.height.unwrap_or(0));
    // A listed device may begin at a half.
    if listed {
        4
    } else if top > 200 {
        3
    } else {
        2
    }
}

fn title(model: &Model, canvas: &mut Canvas, plan: &Plan, view: &RackView, face: Side, own: bool, x: u16) {
    let room = plan.column.saturating_sub(2);
    let side = match face {
        Side::Front => "front",
        Side::Rear => "rear",
    };
    let side = if plan.sides == Sides::Both { format!(" {side}") } else { String::new() };
    let several = model.screens.racks.site.is_none() && plan.racks > 1;
    let rack = if several { called(&view.row, "") } else { view.row.name.to_string() };
    let name = format!("{rack}{side}");
    let token = if own { Token::UiBorderFocus } else { Token::UiTitle };
    let servers = if view.row.states.is_empty() { String::new() } else { states(&view.row) };
    let told = (format!("  {} ", fill(&view.row)), servers);
    canvas.pieces(x + 1, plan.top - 1, room, &[(&name, token), (&told.0, Token::UiDim), (&told.1, worst(&view.row))]);
}

/// Draws one side, folded; gives the rows that had no room.
fn side(canvas: &mut Canvas, plan: &Plan, view: &RackView, all: &[Line], ink: &Ink<'_>, x: u16) -> usize {
    let room = usize::from(plan.rows) * usize::from(plan.folds);
    let at = all.iter().position(|l| l.begins && ink.chosen.is_some_and(|n| l.slots.contains(&n))).unwrap_or(0);
    let top = (at + 1).saturating_sub(room);
    for (n, line) in all.iter().skip(top).take(room).enumerate() {
        let n = u16::try_from(n).unwrap_or(0);
        let at = (x + n / plan.rows * plan.column, plan.top + n % plan.rows);
        draw(canvas, at, plan.column.saturating_sub(1), view, line, ink);
    }
    all.len().saturating_sub(top + room)
}
