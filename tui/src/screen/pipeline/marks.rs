//! Marking many servers at once: a range, or what the filter leaves.

use rackhand_core::view::{MAX_ROWS, Page, Query, UnitRow};

use crate::app::bulk::Marking;
use crate::app::effect::Effect;
use crate::app::fetch::{self, Question, Slot};
use crate::app::model::{Model, Mood};
use crate::app::update::toast;
use crate::command::registry::Act;
use crate::event::{Ask, Data};

/// The rows to be marked.
pub const MARKS: Question = Question {
    slot: Slot("marks"),
    ask: |_| None,
    take: |model, ask, data, out| {
        if let (Ask::Marks(_, marking), Data::Units(page)) = (ask, data) {
            marked(model, page, *marking, out);
        }
    },
};

/// Asks for everything the filter leaves, to be marked.
pub fn all(model: &mut Model, marking: Marking, out: &mut Vec<Effect>) {
    let total = model.screens.pipeline.list.total.unwrap_or(0);
    if total > MAX_ROWS {
        let told = format!("{total} match; at most {MAX_ROWS} are marked at once: narrow the filter");
        toast(model, told, Mood::Plain, out);
        return;
    }
    ask(model, 0, MAX_ROWS, marking, out);
}

/// Begins a range at the cursor, or ends it there.
pub fn range(model: &mut Model, out: &mut Vec<Effect>) {
    let cursor = model.screens.pipeline.list.cursor;
    let Some(row) = model.screens.pipeline.list.current() else {
        return toast(model, "nothing is selected", Mood::Plain, out);
    };
    let (id, label) = (row.id, row.label.clone());
    let Some((first, place)) = model.screens.pipeline.anchor.take() else {
        model.screens.pipeline.anchor = Some((id, cursor));
        let key = model.keys.name(Act::MarkRange);
        return toast(model, format!("marking from {label}: {key} again marks up to the cursor"), Mood::Plain, out);
    };
    let (from, count) = (cursor.min(place), cursor.abs_diff(place) + 1);
    if count > MAX_ROWS {
        let told = format!("that is {count} servers; at most {MAX_ROWS} are marked at once");
        return toast(model, told, Mood::Plain, out);
    }
    ask(model, from, count, Marking::Range(first, id), out);
}

fn ask(model: &mut Model, offset: usize, limit: usize, marking: Marking, out: &mut Vec<Effect>) {
    let query = Query { offset, limit, ..super::query(model) };
    fetch::put(model, MARKS.slot, Ask::Marks(query, marking), out);
}

/// Takes the rows to be marked.
fn marked(model: &mut Model, page: Page<UnitRow>, marking: Marking, out: &mut Vec<Effect>) {
    let mut rows = page.rows;
    if let Marking::Range(first, last) = marking {
        let place = |id| rows.iter().position(|r| r.id == id);
        let (Some(a), Some(b)) = (place(first), place(last)) else {
            return toast(model, "the list has changed meanwhile: begin the range again", Mood::Bad, out);
        };
        rows = rows.drain(a.min(b)..=a.max(b)).collect();
    }
    let marks = &mut model.marks;
    for row in rows {
        if marking == Marking::Others && marks.remove(&row.id).is_some() {
            continue;
        }
        marks.insert(row.id, row.label);
    }
    let told = format!("{} marked", marks.len());
    toast(model, told, Mood::Plain, out);
}
