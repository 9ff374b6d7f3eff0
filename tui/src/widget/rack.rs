//! One side of a rack, unit by unit from the top: what is in each, and which rows are one device.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::id::UnitId;
use rackhand_core::inventory::rack::{Face, HalfUnits};
use rackhand_core::placement::questions::{RackView, Slot};
use rackhand_core::text::Text;

use super::canvas::{Canvas, width};
use super::words::letter;
use crate::theme::token::Token;

/// Columns before a row's text: cursor, unit, bar.
pub const LEAD: u16 = 4;
/// From this width of the text on, states are told by word too.
const WORDY: u16 = 30;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What stands before the bar: the unit's number, `+` for the upper half of one that is shared, `-` where there is
    /// no unit.
    pub number: String,
    /// Places in [`RackView::slots`] of what is here; several are in each other's way.
    pub slots: Vec<usize>,
    /// Whether a device begins here; else it is the rest of the one above.
    pub begins: bool,
}

/// The rows of one side, and behind them what stands in the rack without a unit, or outside of its units.
pub fn lines(view: &RackView, face: Face) -> Vec<Line> {
    let (first, height) = (view.first, view.row.height.unwrap_or(0));
    let end = first.saturating_add(height);
    let mut there: BTreeMap<HalfUnits, Vec<usize>> = BTreeMap::new();
    for (n, slot) in view.slots.iter().enumerate().filter(|(_, s)| s.faces.contains(&face)) {
        let Some(position) = slot.position else { continue };
        for half in position.max(first)..position.saturating_add(slot.height).min(end) {
            there.entry(half).or_default().push(n);
        }
    }
    let at = |half: HalfUnits| there.get(&half).cloned().unwrap_or_default();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut out = Vec::new();
    let mut add = |number: String, slots: Vec<usize>| {
        // What begins here is named first.
        let (mut new, old): (Vec<usize>, Vec<usize>) = slots.into_iter().partition(|n| seen.insert(*n));
        let begins = !new.is_empty();
        new.extend(old);
        out.push(Line { number, slots: new, begins });
    };
    let units: Vec<HalfUnits> = (first / 2..end / 2).collect();
    let from_the_top: Vec<HalfUnits> = if view.descending { units } else { units.into_iter().rev().collect() };
    for unit in from_the_top {
        let (upper, lower) = if view.descending { (2 * unit, 2 * unit + 1) } else { (2 * unit + 1, 2 * unit) };
        let (upper, lower) = (at(upper), at(lower));
        if upper != lower {
            add("+".to_owned(), upper);
        }
        add(unit.to_string(), lower);
    }
    let beside = view.slots.iter().enumerate().filter(|(_, s)| s.faces.contains(&face));
    let beside: Vec<usize> = beside.map(|(n, _)| n).filter(|n| !seen.contains(n)).collect();
    out.extend(beside.into_iter().map(|n| Line { number: "-".to_owned(), slots: vec![n], begins: true }));
    out
}

/// Only what is there, for a screen too low for a whole rack, or a rack whose height is unknown.
pub fn occupied(view: &RackView, faces: &[Face]) -> Vec<Line> {
    let shown = view.slots.iter().enumerate().filter(|(_, s)| s.faces.iter().any(|f| faces.contains(f)));
    let number = |s: &Slot| s.position.map_or_else(|| "-".to_owned(), |p| (f64::from(p) / 2.0).to_string());
    shown.map(|(n, s)| Line { number: number(s), slots: vec![n], begins: true }).collect()
}

/// The model without its family, as people at the rack say it: `R660`, `DL360`.
pub fn short_model(model: &str) -> &str {
    let named = |word: &&str| word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic());
    model.split(' ').find(named).unwrap_or(model)
}

/// How a row is drawn.
pub struct Ink<'a> {
    /// The chosen slot of this rack.
    pub chosen: Option<usize>,
    /// Whether a unit is marked.
    pub marked: &'a dyn Fn(UnitId) -> bool,
    /// Whether stages are laid over, and not health.
    pub by_stage: bool,
    /// The words looked for, in lower case; empty is none.
    pub search: &'a str,
    /// Columns of the unit's number.
    pub digits: u16,
}

/// Draws a row in `room` columns.
pub fn draw(canvas: &mut Canvas, (x, y): (u16, u16), room: u16, view: &RackView, line: &Line, ink: &Ink<'_>) {
    let chosen = line.slots.iter().copied().find(|n| ink.chosen == Some(*n));
    let g = canvas.look().glyphs;
    if chosen.is_some() && line.begins {
        canvas.put(x, y, room.min(1), g.cursor, Token::UiMark);
    }
    let digits = usize::from(ink.digits);
    canvas.put(x + 1, y, room.saturating_sub(1).min(ink.digits), &format!("{:>digits$}", line.number), Token::UiDim);
    let at = x + 1 + ink.digits;
    let Some(left) = room.checked_sub(ink.digits + 2).filter(|left| *left > 0) else { return };
    canvas.put(at, y, 1, g.bar, Token::UiBorder);
    let Some(slot) = chosen.or_else(|| line.slots.first().copied()).and_then(|n| view.slots.get(n)) else {
        canvas.put(at + 1, y, left, ".", Token::RackEmpty);
        return;
    };
    if !line.begins {
        let (rest, token) = match &slot.row {
            _ if slot.reserved => (" =", Token::RackReserved),
            Some(_) => (" :", Token::RackDevice),
            None => (" :", Token::UiDim),
        };
        canvas.put(at + 1, y, left, rest, token);
        if chosen.is_some() {
            canvas.paint(at + 1, y, left, Token::UiSelection);
        }
        return;
    }
    if slot.unit().is_some_and(ink.marked) {
        canvas.put(at, y, 1, g.mark, Token::UiMark);
    }
    let (over, token) = overlay(slot, ink.by_stage, left);
    let doubt = if slot.doubt.is_some() { "?" } else { "" };
    let right = width(&over) + width(doubt);
    let own = left.saturating_sub(right + u16::from(right > 0));
    let several = if line.slots.len() > 1 { format!(" +{}", line.slots.len() - 1) } else { String::new() };
    let matches = !ink.search.is_empty() && slot.label.to_lowercase().contains(ink.search);
    let label = match (&slot.row, matches) {
        (_, true) => Token::UiMatch,
        _ if slot.reserved => Token::RackReserved,
        (Some(_), false) => Token::UiText,
        (None, false) => Token::UiDim,
    };
    let mut used = canvas.put(at + 1, y, own.saturating_sub(width(&several)), &slot.label, label);
    used += canvas.put(at + 1 + used, y, own.saturating_sub(used), &several, Token::StateContradicting);
    if let Some(model) = &slot.model {
        let space = own.saturating_sub(used + 1);
        let whole: &Text = model;
        let fits = [whole.as_str(), short_model(whole)].into_iter().find(|m| width(m) <= space);
        if let Some(model) = fits {
            canvas.put(at + 2 + used, y, space, model, Token::UiDim);
        }
    }
    if chosen.is_some() {
        canvas.paint(at + 1, y, own, Token::UiSelection);
    }
    let end = at + 1 + left;
    canvas.pieces(end.saturating_sub(right), y, right.min(left), &[(doubt, Token::StateContradicting), (&over, token)]);
}

/// What is laid over a server: its state or its stage, in letters.
fn overlay(slot: &Slot, by_stage: bool, room: u16) -> (String, Token) {
    if slot.reserved {
        let word = if room >= WORDY { "= reserved" } else { "=" };
        return (word.to_owned(), Token::RackReserved);
    }
    let Some(row) = &slot.row else { return (String::new(), Token::UiDim) };
    if by_stage {
        return (row.stage.short().to_owned(), Token::of_stage(row.stage));
    }
    let word = if room >= WORDY {
        format!("{} {:<8}", letter(row.state), row.state.word())
    } else {
        letter(row.state).to_owned()
    };
    (word, Token::of_state(row.state))
}
