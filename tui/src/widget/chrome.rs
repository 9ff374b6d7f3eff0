//! The rows around every screen: header above, status and hints below.

use rackhand_core::view::State;

use super::canvas::{Canvas, width};
use super::words::short;
use crate::app::bulk::progress;
use crate::app::model::{Link, Model, Mood};
use crate::command::possible::possible;
use crate::command::registry::{COMMANDS, Spec};
use crate::theme::token::Token;

/// Where a screen's body is: first row and rows.
pub fn body(size: (u16, u16)) -> (u16, u16) {
    match size.1 {
        0..=2 => (0, size.1),
        3..=5 => (1, size.1 - 2),
        rows => (1, rows - 3),
    }
}

/// The link as a word.
pub fn link(model: &Model) -> (String, Token) {
    match &model.link {
        Link::Connecting if model.kept => (format!("STALE from {}, connecting", short(model.now)), Token::LinkStale),
        Link::Connecting => ("CONNECTING".to_owned(), Token::LinkStale),
        Link::Live if model.frozen => ("FROZEN".to_owned(), Token::LinkStale),
        Link::Live => ("LIVE".to_owned(), Token::LinkLive),
        Link::Stale(secs) => (format!("STALE {secs} s"), Token::LinkStale),
        Link::Down { again_in: 0, .. } => ("DOWN, trying".to_owned(), Token::LinkDown),
        Link::Down { again_in, .. } => (format!("DOWN, again in {again_in} s"), Token::LinkDown),
    }
}

/// The header: where this is, what is wrong, whether it is true now.
pub fn header(model: &Model, canvas: &mut Canvas, about: &str) {
    let room = canvas.area().width;
    let y = canvas.area().y;
    let blank = " ".repeat(usize::from(room));
    canvas.put(0, y, room, &blank, Token::UiBar);
    let (link, link_token) = link(model);
    let at = room.saturating_sub(width(&link) + 1);
    canvas.put(at, y, room - at, &link, link_token);
    let mut right = at;
    // What is wrong comes before what is nice to know.
    let mut notes: Vec<(String, Token)> =
        model.warnings().into_iter().map(|(short, _)| (format!("!{short}"), Token::LinkDown)).collect();
    let warned = notes.len();
    if let Some(overview) = &model.overview {
        let count = |s| overview.states.get(&s).copied().unwrap_or(0);
        notes.push((format!("dead {}", overview.dead_letters), some(overview.dead_letters, Token::StateCrit)));
        for state in [State::Stuck, State::Retrying] {
            notes.push((format!("{} {}", state.word(), count(state)), some(count(state), Token::of_state(state))));
        }
    }
    let site = model
        .overview
        .as_ref()
        .map(|o| o.site.to_string())
        .or_else(|| model.greeting.as_ref().map(|g| g.site.to_string()))
        .unwrap_or_default();
    let demo = if model.is_demo() { "DEMO " } else { "" };
    let title = model.place.kind().title();
    let least = width(&site) + width(demo) + width(title) + 4;
    let wished = least + 10 + width(about);
    for (n, (note, token)) in notes.into_iter().enumerate() {
        let keep = if n < warned { least } else { wished };
        let Some(next) = right.checked_sub(width(&note) + 2).filter(|x| *x > keep) else { continue };
        canvas.put(next, y, right - next, &note, token);
        right = next;
    }
    let brand = if right > least + 9 { "Rackhand " } else { "" };
    let site = format!("{site}  ");
    let pieces = [
        (" ", Token::UiBar),
        (brand, Token::UiBar),
        (site.as_str(), Token::UiTitle),
        (demo, Token::StateContradicting),
        (title, Token::UiTitle),
        ("  ", Token::UiBar),
        (about, Token::UiKeyLabel),
    ];
    canvas.pieces(0, y, right.saturating_sub(1), &pieces);
}

fn some(count: u32, token: Token) -> Token {
    if count > 0 { token } else { Token::UiDim }
}

/// The status line: what is typed, else the last result, else what is wrong, else what the screen has to say.
pub fn status(model: &Model, canvas: &mut Canvas, said: &str) {
    let area = canvas.area();
    if area.height < 6 {
        return;
    }
    let (y, room) = (area.bottom() - 2, area.width.saturating_sub(1));
    if let Some(line) = &model.filter {
        let used = canvas.put(1, y, room, "filter: ", Token::UiPrompt);
        canvas.input(1 + used, y, room.saturating_sub(used + 1), line, true);
        return;
    }
    if let Some(toast) = &model.toast {
        let token = match toast.mood {
            Mood::Good => Token::StateOk,
            Mood::Plain => Token::UiText,
            Mood::Bad => Token::StateCrit,
        };
        canvas.put(1, y, room, &toast.text, token);
        return;
    }
    if let Link::Down { why, .. } = &model.link {
        let then = if model.overview.is_some() { format!("as of {}; ", short(model.now)) } else { String::new() };
        canvas.put(1, y, room, &format!("{then}no connection: {why}"), Token::StateCrit);
        return;
    }
    if let Some(told) = progress(model) {
        canvas.put(1, y, room, &told, Token::StateInfo);
        return;
    }
    if !model.calls.is_empty() {
        let told: Vec<&str> = model.calls.values().map(|c| &*c.told).collect();
        canvas.put(1, y, room, &format!("sent: {}", told.join("; ")), Token::StateInfo);
        return;
    }
    let warnings = model.warnings();
    if !warnings.is_empty() {
        let told: Vec<&str> = warnings.iter().map(|(_, sentence)| &**sentence).collect();
        canvas.put(1, y, room, &told.join("; "), Token::StateWarn);
        return;
    }
    canvas.put(1, y, room, said, Token::UiDim);
}

/// The hint bar: the keys of this screen, as many as there is room for. Those that do nothing now are dim and keep
/// their place, so that a cursor key does not rewrite the row.
pub fn hints(model: &Model, canvas: &mut Canvas) {
    let area = canvas.area();
    if area.height < 3 {
        return;
    }
    let y = area.bottom() - 1;
    if let Some(banner) = &model.banner {
        canvas.put(1, y, area.width.saturating_sub(1), banner, Token::UiSelection);
        return;
    }
    let mut x = 1;
    for spec in shown(model) {
        let keys = model.keys.on(spec.act, model.place.kind());
        let Some(key) = keys.first().map(ToString::to_string) else { continue };
        let needed = width(&key) + 1 + width(spec.hint);
        if x + needed > area.width {
            break;
        }
        let label = format!(" {}", spec.hint);
        let token = if possible(spec.act, model).is_ok() { Token::UiKey } else { Token::UiDim };
        x += canvas.pieces(x, y, needed, &[(&key, token), (&label, Token::UiKeyLabel)]) + 2;
    }
}

/// The commands of the hint bar.
pub fn shown(model: &Model) -> impl Iterator<Item = &'static Spec> {
    let kind = model.place.kind();
    COMMANDS.iter().filter(move |s| !s.hint.is_empty() && s.works_on(kind))
}
