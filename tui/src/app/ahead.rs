//! Keys pressed before there is anything to press them on: they wait for the page they were meant for.

use super::effect::Effect;
use super::model::{Model, Mood};
use super::update::{press, toast};
use crate::command::registry::{Act, Danger};
use crate::input::key::Key;
use crate::screen;

/// Keys that wait at the most.
const MOST: usize = 64;

/// Whether what is selected on this screen is not known yet, and the answer that brings it is on its way.
fn is_waiting(model: &Model) -> bool {
    let face = screen::of(model.place.kind());
    let Some(slot) = face.acts_on.or(face.wants.first().copied()) else { return false };
    model.asked.contains_key(&slot) && !model.fresh.contains(&slot) && (face.row)(model).is_none()
}

/// Whether a command is about what is on the page, and not about the console.
fn is_about_the_page(act: Act) -> bool {
    use Act::{
        Actions, CopyFact, CopyId, CopyRow, Down, FindNext, FindPrevious, First, Last, Mark, MarkAll, MarkOthers,
        MarkRange, NewOrder, Open, PageDown, PageUp, Quotes, ToRack, Up,
    };
    let looks = [
        Actions,
        CopyFact,
        CopyId,
        CopyRow,
        Down,
        FindNext,
        FindPrevious,
        First,
        Last,
        Mark,
        MarkAll,
        MarkOthers,
        MarkRange,
        Open,
        PageDown,
        PageUp,
        Quotes,
        ToRack,
        Up,
    ];
    looks.contains(&act) || (act.spec().role.is_some() && act != NewOrder)
}

/// Takes a key that has to wait. Behind one that waits all others wait too, so that they keep their order; Esc forgets
/// them, and a console that is to quit does not wait.
pub fn holds(model: &mut Model, key: Key, out: &mut Vec<Effect>) -> bool {
    let act = model.keys.find(key);
    if matches!(act, Some(Act::Back | Act::Quit)) {
        model.ahead.clear();
        return false;
    }
    if model.ahead.is_empty() && !(act.is_some_and(is_about_the_page) && is_waiting(model)) {
        return false;
    }
    if model.ahead.len() < MOST {
        model.ahead.push(key);
    } else {
        toast(model, "too much was typed ahead of the page: wait for it, or Esc", Mood::Plain, out);
    }
    true
}

/// Presses what waited, as far as there is something now to press it on.
pub fn go_on(model: &mut Model, out: &mut Vec<Effect>) {
    while !model.ahead.is_empty() && !is_waiting(model) {
        if model.layer.is_some() {
            // What a form asks is answered by who has read it.
            let count = model.ahead.len();
            model.ahead.clear();
            return toast(model, format!("{count} keys typed ahead are dropped: read this first"), Mood::Plain, out);
        }
        let key = model.ahead.remove(0);
        let typed_in = model.filter.is_some();
        match model.keys.find(key).filter(|_| !typed_in) {
            Some(act) if act.spec().role.is_some() && !asks_first(model, act) => {
                let told = format!("{}: typed before its page was there, so nothing was done", act.spec().id);
                toast(model, format!("{told}; press {key} again"), Mood::Plain, out);
            }
            _ => {
                let waiting = std::mem::take(&mut model.ahead);
                press(model, key, out);
                model.ahead = waiting;
            }
        }
    }
}

/// Whether a command asks before it does anything, on a page that is about the one thing the person opened. In a list
/// nobody has seen what the cursor is on.
fn asks_first(model: &Model, act: Act) -> bool {
    screen::of(model.place.kind()).is_page
        && matches!(act.spec().danger, Danger::Worded | Danger::Typed | Danger::Costly)
}
