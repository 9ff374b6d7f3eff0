//! What became of each server of an action on many.

use super::Did;
use crate::app::bulk::{Outcome, Report};
use crate::app::model::Model;
use crate::input::key::Key;
use crate::overlay::help::{scroll, window};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::hang;

fn lines(model: &Model, width: usize) -> Vec<(String, Token)> {
    let Some(report) = &model.report else { return Vec::new() };
    let label = report.rows.iter().map(|(l, _)| l.chars().count()).max().unwrap_or(0);
    let mut out = Vec::new();
    for (name, outcome) in &report.rows {
        let (token, why) = match outcome {
            Outcome::Done | Outcome::Asked => (Token::StateOk, ""),
            Outcome::Already => (Token::UiText, ""),
            Outcome::Refused(why) => (Token::StateCrit, why.as_str()),
            Outcome::Unknown(why) => (Token::StateUnknown, why.as_str()),
        };
        let gap = if why.is_empty() { "" } else { ": " };
        let line = format!("{name:<label$}  {}{gap}{why}", outcome.word());
        out.extend(hang(&line, width, label + 2).into_iter().map(|l| (l, token)));
    }
    out
}

/// Takes a key.
pub fn key(top: &mut usize, key: Key, model: &Model) -> Did {
    scroll(top, key, model, |width| lines(model, width).len())
}

/// Draws it.
pub fn view(top: usize, model: &Model, canvas: &mut Canvas) {
    let told = model.report.as_ref().map_or_else(String::new, Report::sentence);
    window(top, model, canvas, &told, |width| lines(model, width));
}
