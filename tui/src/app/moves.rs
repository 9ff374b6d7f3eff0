//! Where the user is: screens, their history, and filters.

use rackhand_core::id::Subject;

use super::effect::Effect;
use super::fetch;
use super::model::{Model, Mood, Visit};
use super::update::toast;
use crate::command::registry::Act;
use crate::input::line::Line;
use crate::screen::face::{Face, Words};
use crate::screen::{Place, listing, of};

/// Places that can be gone back to.
const HISTORY: usize = 64;
/// Filters that can be taken up again.
const FILTERS: usize = 32;

/// A movement of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// So many rows.
    By(isize),
    /// So many screens.
    Pages(isize),
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Motion {
    /// Where it leads from `at`, with `height` rows on screen.
    pub fn from(self, at: usize, height: usize) -> usize {
        match self {
            Self::By(n) => at.saturating_add_signed(n),
            Self::Pages(n) => at.saturating_add_signed(n * isize::try_from(height.max(1)).unwrap_or(1)),
            Self::First => 0,
            Self::Last => usize::MAX,
        }
    }
}

fn face(model: &Model) -> &'static Face {
    of(model.place.kind())
}

/// What narrows the list of the screen.
fn narrows(model: &Model) -> Option<&'static Words> {
    face(model).words.as_ref().filter(|words| words.look.is_none())
}

/// What is shown now, to come back to.
fn visit(model: &mut Model) -> Visit {
    let words = narrows(model);
    let filter = words.map_or_else(String::new, |words| (words.of)(&mut model.screens).clone());
    let stage = words.and_then(|words| words.stage).and_then(|stage| *stage(&mut model.screens));
    Visit { place: model.place, filter, stage }
}

/// Notes where we are, before going on.
pub fn note(model: &mut Model) {
    let here = visit(model);
    if model.back.last() != Some(&here) {
        model.back.push(here);
    }
    if model.back.len() > HISTORY {
        model.back.remove(0);
    }
    model.forward.clear();
}

/// Goes to a screen; what was shown before can be gone back to.
pub fn go(model: &mut Model, place: Place, out: &mut Vec<Effect>) {
    if model.place != place {
        note(model);
        enter(model, place, out);
    }
}

fn enter(model: &mut Model, place: Place, out: &mut Vec<Effect>) {
    model.place = place;
    model.frozen = false;
    (face(model).enter)(model);
    listing::settle(model);
    fetch::refresh(model, out);
}

/// Opens what is selected.
pub fn open(model: &mut Model, out: &mut Vec<Effect>) {
    match model.target().map(|t| t.subject) {
        Some(Subject::Unit(id)) => go(model, Place::Server(id), out),
        Some(Subject::Order(id)) => go(model, Place::Order(id), out),
        _ => {}
    }
}

/// Whether there is no level above.
pub fn is_top(model: &Model) -> bool {
    model.place == Place::Fleet && !model.frozen
}

/// One level up: out of a range, a search or a filter, then to the screen above. Never quits.
pub fn back(model: &mut Model, out: &mut Vec<Effect>) {
    model.then = None;
    if model.frozen {
        return follow(model, out);
    }
    if (face(model).act)(model, Act::Back, out) {
        return;
    }
    if narrows(model).is_some_and(|words| !(words.of)(&mut model.screens).is_empty()) {
        return filter(model, String::new(), out);
    }
    // It follows from where one is, never from where one has been.
    let above = (face(model).above)(model);
    go(model, above, out);
}

/// To what was shown before, or after.
pub fn history(model: &mut Model, forward: bool, out: &mut Vec<Effect>) {
    let here = visit(model);
    let next = if forward { model.forward.pop() } else { model.back.pop() };
    let Some(next) = next else { return };
    if forward {
        model.back.push(here);
    } else {
        model.forward.push(here);
    }
    restore(model, next, out);
}

/// To a screen, narrowed so.
pub fn restore(model: &mut Model, to: Visit, out: &mut Vec<Effect>) {
    model.place = to.place;
    if let Some(words) = narrows(model) {
        let was = visit(model);
        (words.of)(&mut model.screens).clone_from(&to.filter);
        if let Some(stage) = words.stage {
            *stage(&mut model.screens) = to.stage;
        }
        if was != to {
            listing::restart(model);
            if let Some(slot) = face(model).list.as_ref().and_then(|list| list.slot) {
                model.asked.remove(&slot);
            }
        }
    }
    enter(model, to.place, out);
}

/// Opens the field for the filter, or for the words to be found.
pub fn open_filter(model: &mut Model) {
    if let Some(words) = &face(model).words {
        model.filter = Some(Line::holding((words.of)(&mut model.screens)));
    }
}

/// Sets the filter of the screen.
pub fn filter(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    if !text.is_empty() {
        model.filters.retain(|old| *old != text);
        model.filters.push(text.clone());
        if model.filters.len() > FILTERS {
            model.filters.remove(0);
        }
    }
    let Some(words) = &face(model).words else { return };
    if let Err(why) = (words.check)(&text) {
        let key = model.keys.name(Act::Filter);
        return toast(model, format!("{why} ({key} Up takes it up again)"), Mood::Bad, out);
    }
    if words.look.is_none() {
        note(model);
    }
    *(words.of)(&mut model.screens) = text;
    match words.look {
        Some(look) => look(model, out),
        None => listing::requery(model, out),
    }
}

/// The filter typed before this one, or after it.
pub fn recall(model: &mut Model, before: bool) {
    let Some(line) = &model.filter else { return };
    let at = model.filters.iter().position(|f| f == line.text());
    let next = match (at, before) {
        (None, true) => model.filters.len().checked_sub(1),
        (None, false) => None,
        (Some(at), true) => at.checked_sub(1),
        (Some(at), false) => Some(at + 1),
    };
    if let Some(text) = next.and_then(|at| model.filters.get(at)) {
        model.filter = Some(Line::holding(text));
    }
}

/// Freezes the screen, or lets it follow again.
pub fn follow(model: &mut Model, out: &mut Vec<Effect>) {
    model.frozen = !model.frozen;
    if !model.frozen {
        fetch::refresh(model, out);
    }
}
