//! What the screen shows, its keys, and the short words on it.

use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::State;

use super::Did;
use crate::app::model::Model;
use crate::command::keymap::possible;
use crate::command::registry::{COMMANDS, Kind};
use crate::input::key::Key;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::wrap;

/// Takes a key.
pub fn key(top: &mut usize, key: Key, model: &Model) -> Did {
    let (width, height) = inner(model.size);
    let last = lines(model, width).len().saturating_sub(height);
    match key {
        Key::Esc | Key::Enter | Key::Char('q' | '?') | Key::F(1) => return Did::Closes,
        Key::Up | Key::Char('k') => *top = top.saturating_sub(1),
        Key::Down | Key::Char('j') => *top += 1,
        Key::PgUp => *top = top.saturating_sub(height),
        Key::PgDn | Key::Char(' ') => *top += height,
        Key::Home | Key::Char('g') => *top = 0,
        Key::End | Key::Char('G') => *top = last,
        _ => {}
    }
    *top = (*top).min(last);
    Did::Stays
}

fn outer(size: (u16, u16)) -> (u16, u16) {
    (size.0.saturating_sub(2).min(100), size.1.saturating_sub(2))
}

fn inner(size: (u16, u16)) -> (usize, usize) {
    let (width, height) = outer(size);
    (usize::from(width.saturating_sub(4)), usize::from(height.saturating_sub(3)).max(1))
}

const fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Pipeline => {
            "Every server, what needs a person first. Above the table: how many stand in each stage. `waits for` says \
             why a server is not moving; Enter opens its whole story. A scanned serial opens its server. The filter \
             takes words and field:value pairs that must all match, ! negates; fields: site, stage, state, model, \
             place, disposition, serial."
        }
        Kind::Server => {
            "One server: why it is not moving, its steps and tasks, what is known of it, and below its timeline. What \
             is not known says `unknown`. Tab changes between the parts."
        }
        Kind::Letters => {
            "Steps at which automation is at its end: a person decides. Oldest first. Retry gives a fresh budget; \
             skip goes on without the step and keeps your reason; cancel undoes what was done, in reverse."
        }
        Kind::Journal => {
            "Everything that happened, newest first; it is the audit trail. The filter takes subject:unit/ID, \
             kind:WORD, actor:NAME and text. `v` checks the whole journal for tampering."
        }
    }
}

/// The lines of the help.
pub fn lines(model: &Model, width: usize) -> Vec<(String, Token)> {
    let kind = model.place.kind();
    let mut out: Vec<(String, Token)> =
        wrap(about(kind), width).into_iter().map(|line| (line, Token::UiText)).collect();
    let mut section = |title: &str, rows: Vec<String>| {
        out.push((String::new(), Token::UiText));
        out.push((title.to_owned(), Token::UiTitle));
        out.extend(rows.into_iter().flat_map(|r| wrap(&r, width)).map(|line| (line, Token::UiText)));
    };
    let keys = COMMANDS
        .iter()
        .filter(|s| s.works_on(kind))
        .map(|s| {
            let why = possible(s.act, model).err().map_or_else(String::new, |w| format!(" (not now: {w})"));
            format!("{:<10} {}{why}", s.keys.join(" "), s.title)
        })
        .collect();
    section("KEYS", keys);
    let states = [
        (State::Stuck, "a person must decide: a dead letter, or a task that blocks"),
        (State::Retrying, "something failed and is tried again"),
        (State::Moving, "a step is under way"),
        (State::Person, "waits for a person's ordinary work"),
        (State::Idle, "nothing is to be done now"),
        (State::Aside, "held, quarantined, cancelled or at another end"),
    ];
    let rows = states.map(|(s, what)| format!("{} {:<9} {what}", crate::widget::words::letter(s), s.word()));
    section("STATES", rows.into());
    section("STAGES, short and whole", Stage::ALL.iter().map(|s| format!("{:<8} {}", s.short(), s.word())).collect());
    section(
        "LINK",
        vec![
            "LIVE      what is on screen is true now".into(),
            "STALE n s nothing was heard for so long: look, but nothing is sent".into(),
            "DOWN      no connection; it is tried again by itself, R tries now".into(),
        ],
    );
    out
}

/// Draws it.
pub fn view(top: usize, model: &Model, canvas: &mut Canvas) {
    let (width, height) = outer(model.size);
    let (inner_width, rows) = inner(model.size);
    let lines = lines(model, inner_width);
    let title = format!("help: {}", model.place.kind().title().to_lowercase());
    let area = canvas.boxed(width, height, &title, Token::UiBorderFocus);
    for (n, (text, token)) in lines.iter().skip(top).take(rows).enumerate() {
        canvas.put(area.x, area.y + u16::try_from(n).unwrap_or(0), area.width, text, *token);
    }
    let below = lines.len().saturating_sub(top + rows);
    let told = if below > 0 { format!("{below} more lines below   Esc closes") } else { "Esc closes".to_owned() };
    canvas.put(area.x, area.bottom().saturating_sub(1), area.width, &told, Token::UiDim);
}
