//! What the screen shows, its keys, and the short words on it.

use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::State;

use super::Did;
use crate::app::model::Model;
use crate::command::possible::possible;
use crate::command::registry::COMMANDS;
use crate::input::key::Key;
use crate::screen;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::{hang, wrap};

/// Takes a key.
pub fn key(top: &mut usize, key: Key, model: &Model) -> Did {
    scroll(top, key, model, |width| lines(model, width).len())
}

/// Scrolls lines in a window, as many as `count` gives for a width.
pub fn scroll(top: &mut usize, key: Key, model: &Model, count: impl Fn(usize) -> usize) -> Did {
    let (width, height) = inner(model.size);
    let last = count(width).saturating_sub(height);
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

/// The lines of the help.
pub fn lines(model: &Model, width: usize) -> Vec<(String, Token)> {
    let kind = model.place.kind();
    let face = screen::of(kind);
    let mut out: Vec<(String, Token)> = wrap(face.about, width).into_iter().map(|line| (line, Token::UiText)).collect();
    // Later lines of a row stand under its text, not under its key.
    let mut section = |title: &str, indent: usize, rows: Vec<String>| {
        out.push((String::new(), Token::UiText));
        out.push((title.to_owned(), Token::UiTitle));
        out.extend(rows.into_iter().flat_map(|r| hang(&r, width, indent)).map(|line| (line, Token::UiText)));
    };
    let keys = COMMANDS
        .iter()
        .filter(|s| s.works_on(kind) && !model.keys.on(s.act, kind).is_empty())
        .map(|s| {
            let why = possible(s.act, model).err().map_or_else(String::new, |w| format!(" (not now: {w})"));
            let keys: Vec<String> = model.keys.on(s.act, kind).iter().map(ToString::to_string).collect();
            format!("{:<10} {}{why}", keys.join(" "), s.title)
        })
        .collect();
    section("KEYS", 11, keys);
    let states = [
        (State::Stuck, "a person must decide: a dead letter, or a task that blocks"),
        (State::Retrying, "something failed and is tried again"),
        (State::Moving, "a step is under way"),
        (State::Person, "waits for a person's ordinary work"),
        (State::Idle, "nothing is to be done now"),
        (State::Aside, "held, quarantined, cancelled or at another end"),
    ];
    let rows = states.map(|(s, what)| format!("{} {:<9} {what}", crate::widget::words::letter(s), s.word()));
    section("STATES", 12, rows.into());
    section(
        "STAGES, short and whole",
        9,
        Stage::ALL.iter().map(|s| format!("{:<8} {}", s.short(), s.word())).collect(),
    );
    section(
        "LINK",
        10,
        vec![
            "LIVE      what is on screen is true now".into(),
            "STALE n s nothing was heard for so long: look, but nothing is sent".into(),
            "DOWN      no connection; it is tried again by itself, R tries now".into(),
            "FROZEN    you stopped it: what has happened since is not shown".into(),
        ],
    );
    section("AS TEXT, for pipes and screen readers", 2, vec![face.twin.to_owned()]);
    out
}

/// Draws it.
pub fn view(top: usize, model: &Model, canvas: &mut Canvas) {
    let title = format!("help: {}", model.place.kind().title().to_lowercase());
    window(top, model, canvas, &title, |width| lines(model, width));
}

/// Draws lines in a window, and how many more there are.
pub fn window(
    top: usize,
    model: &Model,
    canvas: &mut Canvas,
    title: &str,
    lines: impl Fn(usize) -> Vec<(String, Token)>,
) {
    let (width, height) = outer(model.size);
    let (inner_width, rows) = inner(model.size);
    let lines = lines(inner_width);
    let area = canvas.boxed(width, height, title, Token::UiBorderFocus);
    for (n, (text, token)) in lines.iter().skip(top).take(rows).enumerate() {
        canvas.put(area.x, area.y + u16::try_from(n).unwrap_or(0), area.width, text, *token);
    }
    let below = lines.len().saturating_sub(top + rows);
    let told = if below > 0 { format!("{below} more lines below   Esc closes") } else { "Esc closes".to_owned() };
    canvas.put(area.x, area.bottom().saturating_sub(1), area.width, &told, Token::UiDim);
}
