//! A run of events, one a row.

use rackhand_core::view::EventRow;

use super::canvas::Canvas;
use super::table::{Column, fit, row};
use super::words::{clock, date};
use crate::screen::log::Log;
use crate::theme::token::Token;

/// Draws the heads and the events in `rows` rows from `y`. Returns the titles there was no room for.
pub fn view(log: &Log, canvas: &mut Canvas, y: u16, rows: u16, focus: bool, with_label: bool) -> Vec<&'static str> {
    let room = canvas.area().width.saturating_sub(3);
    let shown: Vec<&EventRow> = log.rows.iter().skip(log.top).take(usize::from(rows.saturating_sub(1))).collect();
    let wide = canvas.area().width >= 100;
    let dim = |text: String| (text, Token::UiDim);
    let mut columns = vec![
        Column::new("TIME UTC", 255, shown.iter().map(|e| dim(if wide { date(e.at) } else { clock(e.at) }))),
        Column::new("SEQ", 1, shown.iter().map(|e| dim(e.seq.to_string()))),
    ];
    if with_label {
        columns.push(Column::new("ABOUT", 4, shown.iter().map(|e| (e.label.to_string(), Token::UiText))));
    }
    columns.push(Column::new("WHO", 2, shown.iter().map(|e| (e.actor.to_string(), Token::UiText))));
    columns.push(Column::new("KIND", 3, shown.iter().map(|e| (e.kind.to_string(), token(&e.kind)))));
    columns.push(Column::new("WHAT", 5, shown.iter().map(|e| (e.text.to_string(), Token::UiText))).rest(24));
    let (widths, hidden) = fit(&columns, room);
    row(canvas, 2, y, room, &columns, &widths, None);
    for n in 0..shown.len() {
        let y = y + 1 + u16::try_from(n).unwrap_or(0);
        row(canvas, 2, y, room, &columns, &widths, Some(n));
        if focus && log.top + n == log.cursor {
            canvas.put(0, y, 1, canvas.look().glyphs.cursor, Token::UiMark);
            canvas.paint(2, y, widths.first().copied().flatten().unwrap_or(0), Token::UiSelection);
        }
    }
    hidden
}

fn token(kind: &str) -> Token {
    match kind {
        "step_parked" | "validation_refused" => Token::StateCrit,
        "step_failed" | "step_unknown" | "warning_noted" | "task_opened" | "boot_missed" => Token::StateWarn,
        "stage_entered" | "task_closed" => Token::StateOk,
        "disposition_changed" | "step_skipped" | "step_retried" => Token::StateContradicting,
        _ => Token::UiDim,
    }
}
