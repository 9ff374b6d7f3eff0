//! The journal: everything that happened, newest first.

use super::hidden;
use crate::app::model::Model;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::hang;
use crate::widget::{chrome, log};

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
        None => "not checked in this session; v checks the whole journal".to_owned(),
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
