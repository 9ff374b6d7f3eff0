//! The journal: everything that happened, newest first.

use super::{Face, hidden};
use crate::app::fetch;
use crate::app::model::{Model, Slot, Target};
use crate::app::moves::anew;
use crate::command::registry::{Act, Kind};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::hang;
use crate::widget::{chrome, log};

/// The screen.
pub const FACE: Face = Face {
    kind: Kind::Journal,
    title: "Journal",
    about: "Everything that happened, newest first; it is the audit trail. The filter takes subject:unit/ID, kind:WORD, \
            actor:NAME and text. `v` checks the whole journal for tampering.",
    twin: "rackhand journal",
    acts_on: None,
    wants: &[Slot::Journal],
    view,
    settle: |model| {
        let height = height(model);
        model.journal.log.settle(height);
    },
    step: |model, motion, out| {
        let height = height(model);
        let log = &mut model.journal.log;
        log.go(motion.from(log.cursor, height), height);
        anew(model, motion, Slot::Journal, out);
    },
    fill: |model, out| {
        let query = fetch::journal_query(&model.journal.filter);
        let older = fetch::older(&model.journal.log, height(model), Some(query));
        fetch::ask_on(model, Slot::Journal, older, out);
    },
    target: |model| {
        model.journal.log.current().map(|event| Target {
            subject: event.subject,
            label: event.label.clone(),
            row: None,
            step: None,
        })
    },
    row: |model| serde_json::to_string(model.journal.log.current()?).ok(),
    press: |model, y| {
        let (top, rows, _) = layout(model);
        let place = model.journal.log.top + usize::from(y.saturating_sub(top + 1));
        if y > top && y < top + rows && place < model.journal.log.rows.len() {
            model.journal.log.go(place, usize::from(rows.saturating_sub(1)));
        }
    },
};

fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let foot = if rows >= 12 { 4 } else { 0 };
    (first, rows - foot, foot)
}

/// Events on screen.
pub fn height(model: &Model) -> usize {
    usize::from(layout(model).1.saturating_sub(1))
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let j = &model.journal;
    let filter = if j.filter.is_empty() { "newest first".to_owned() } else { format!("filter: {}", j.filter) };
    chrome::header(model, canvas, &filter);
    let (y, rows, foot) = layout(model);
    let room = canvas.area().width.saturating_sub(2);
    let mut said = match &j.verified {
        Some((told, _)) => told.to_string(),
        None => format!("not checked in this session; {} checks the whole journal", model.keys.name(Act::Verify)),
    };
    if j.log.newer {
        said = format!("newer events are not shown; Home shows them   {said}");
    }
    if j.log.rows.is_empty() {
        let told = match (j.log.loaded, j.filter.is_empty()) {
            (false, _) => "nothing is known yet",
            (true, true) => "nothing has happened yet",
            (true, false) => "nothing matches; / changes the filter",
        };
        canvas.put(2, y, room, told, Token::UiDim);
    } else {
        let hid = log::view(&j.log, canvas, y, rows, true, true);
        if !hid.is_empty() {
            said = format!("{}   {said}", hidden(&hid));
        }
    }
    if foot > 0 {
        canvas.rule(y + rows, "", Token::UiTitle);
        if let Some(event) = j.log.current() {
            let told = format!("{} {} {} {}: {}", event.seq, event.at, event.subject, event.kind, event.text);
            for (n, line) in hang(&told, usize::from(room), 2).iter().take(usize::from(foot - 1)).enumerate() {
                canvas.put(1, y + rows + 1 + u16::try_from(n).unwrap_or(0), room, line, Token::UiText);
            }
        }
    }
    chrome::status(model, canvas, &said);
}
