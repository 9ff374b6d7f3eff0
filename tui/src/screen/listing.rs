//! What all lists on screen do alike: cursor keys, mouse, pages asked for ahead, and becoming another list.

use super::{FACES, of};
use crate::app::effect::Effect;
use crate::app::fetch;
use crate::app::model::Model;
use crate::app::moves::Motion;
use crate::screen::face::{Face, Listing};

fn face(model: &Model) -> &'static Face {
    of(model.place.kind())
}

fn height(list: &Listing, model: &Model) -> usize {
    usize::from((list.area)(model).1)
}

/// Moves the cursor of the screen.
pub fn step(model: &mut Model, motion: Motion, out: &mut Vec<Effect>) {
    let face = face(model);
    match &face.list {
        Some(list) if !(face.aside)(&model.screens) => {
            let height = height(list, model);
            let rows = (list.of_mut)(&mut model.screens);
            rows.go(motion.from(rows.cursor(), height), height);
            // The newest, where what is held does not join on to them.
            if motion == Motion::First
                && rows.lacks_newer()
                && let Some(slot) = list.slot
            {
                rows.restart();
                fetch::replace(model, slot, out);
            }
        }
        _ => (face.step)(model, motion, out),
    }
    fill(model, out);
}

/// Asks on where what is held does not fill the screen, and nothing under way will.
pub fn fill(model: &mut Model, out: &mut Vec<Effect>) {
    let face = face(model);
    if let Some(list) = &face.list
        && let Some(slot) = list.slot
    {
        let (height, rows) = (height(list, model), (list.of)(&model.screens));
        if rows.lacks(height) && !fetch::covers(model, slot, rows.top(), height) {
            fetch::replace(model, slot, out);
        }
    }
    (face.fill)(model, out);
}

/// Keeps the cursors of all screens on screen.
pub fn settle(model: &mut Model) {
    for face in FACES {
        if let Some(list) = &face.list {
            let height = height(list, model);
            (list.of_mut)(&mut model.screens).settle(height);
        }
        (face.settle)(model);
    }
}

/// The place in the list that stands in this row of the terminal.
pub fn hit(model: &Model, y: u16) -> Option<usize> {
    let list = face(model).list.as_ref()?;
    let ((heads, height), rows) = ((list.area)(model), (list.of)(&model.screens));
    let line = y.checked_sub(heads)?.checked_sub(1).filter(|line| *line < height)?;
    Some(rows.top() + usize::from(line)).filter(|place| *place < rows.total().unwrap_or(0))
}

/// Selects what stands in this row of the terminal.
pub fn press(model: &mut Model, y: u16, out: &mut Vec<Effect>) {
    let (face, place) = (face(model), hit(model, y));
    (face.press)(model, y);
    if let (Some(list), Some(place)) = (&face.list, place) {
        let height = height(list, model);
        (list.of_mut)(&mut model.screens).go(place, height);
    }
    fill(model, out);
}

/// The selected row as JSON.
pub fn row(model: &Model) -> Option<String> {
    (face(model).list.as_ref()?.of)(&model.screens).json()
}

/// Whether another row is under the cursor than the one that was meant, which has left the list.
pub fn has_slipped(model: &Model) -> bool {
    let face = face(model);
    face.list.as_ref().is_some_and(|list| (list.of)(&model.screens).has_slipped()) && !(face.aside)(&model.screens)
}

/// The row under the cursor is the one that is meant from now on: the person has been told.
pub fn take_what_slipped(model: &mut Model) {
    if let Some(list) = &face(model).list {
        (list.of_mut)(&mut model.screens).take_what_slipped();
    }
}

/// What was acted on stays chosen: the same key again must not hit whatever came up in its place.
pub fn stay(model: &mut Model) {
    if let Some(list) = &face(model).list {
        (list.of_mut)(&mut model.screens).stay();
    }
}

/// The list is another one now: from its top.
pub fn restart(model: &mut Model) {
    let face = face(model);
    if let Some(list) = &face.list {
        (list.of_mut)(&mut model.screens).restart();
    }
    (face.restarted)(&mut model.screens);
}

/// Asks for another list.
pub fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    restart(model);
    if let Some(slot) = face(model).list.as_ref().and_then(|list| list.slot) {
        model.fresh.remove(&slot);
        fetch::replace(model, slot, out);
    }
}
