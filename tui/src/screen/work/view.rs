//! How the work at hand is drawn.

use rackhand_core::view::guide::{Job, told};
use rackhand_core::view::work::{Ends, WorkRow};

use crate::app::model::Model;
use crate::command::registry::Act;
use crate::screen::hidden;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::age;
use crate::widget::wrap::{hang, wrap};

/// Columns before the words about the selected work.
const GUIDE_INDENT: u16 = 8;

/// The row of the heads, rows of the table below, and rows of the foot.
pub(super) fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let foot = match rows {
        0..=6 => 0,
        // The words get what they need, and the list the rest of it: at the least its head and what fits.
        _ if model.screens.work.guide => {
            let needed = guide_lines(model).saturating_add(2);
            needed.max(6).min(rows - if rows < 15 { 3 } else { 5 })
        }
        7..=14 => 4,
        _ => 6,
    };
    (first, (rows - foot).saturating_sub(1), foot)
}

/// Rows that the words about the selected work take.
fn guide_lines(model: &Model) -> u16 {
    let Some(work) = model.screens.work.list.current() else { return 0 };
    let room = usize::from(model.size.0.saturating_sub(3 + GUIDE_INDENT));
    let lines: usize = told(work).iter().map(|(_, sentence)| wrap(sentence, room).len()).sum();
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let w = &model.screens.work;
    let list = &w.list;
    let total = list.total.map_or_else(|| "?".to_owned(), |t| t.to_string());
    let site = w.site.as_ref().map_or_else(String::new, |s| format!(" site: {s}"));
    let filter = if w.filter.is_empty() { String::new() } else { format!(" filter: {}", w.filter) };
    let roles = if w.all_roles { "all roles" } else { "yours" };
    chrome::header(model, canvas, &format!("{total} {roles}, as walked{site}{filter}"));
    let (y, rows, foot_rows) = layout(model);
    let room = canvas.area().width.saturating_sub(3);
    if list.total.unwrap_or(0) == 0 {
        let narrowed = w.site.is_some() || !w.filter.is_empty();
        let told = match (list.total, narrowed) {
            (None, _) => "nothing is known yet",
            (_, true) => "nothing matches; Esc shows more",
            (_, false) => "nothing is to be done; o shows what other roles have",
        };
        canvas.put(2, y, room, told, Token::UiDim);
        chrome::status(model, canvas, "");
        return;
    }
    let columns = columns(&list.rows, model);
    let mark = |work: &WorkRow| presses(work).then_some(("!", Token::StateCrit));
    let hid = window(canvas, list, (3, y, room, rows), &columns, Some(&mark), true);
    if foot_rows > 0 {
        foot(model, canvas, y + 1 + rows, foot_rows);
    }
    let below = list.total.unwrap_or(0).saturating_sub(list.top + usize::from(rows));
    let more = if below > 0 { format!("{below} more below   ") } else { String::new() };
    chrome::status(model, canvas, &format!("{more}{}", hidden(&hid)));
}

/// Whether it is more than the next ordinary thing to do: the server stands still for it.
fn blocks(work: &WorkRow) -> bool {
    work.blocks && matches!(work.ends, Ends::Close(_))
}

/// Whether others wait for it.
fn presses(work: &WorkRow) -> bool {
    blocks(work) || work.job == Job::LateDelivery
}

fn columns(rows: &[WorkRow], model: &Model) -> Vec<Column> {
    let now = model.now;
    let title = |r: &WorkRow| (r.title.to_string(), if presses(r) { Token::StateCrit } else { Token::StateWarn });
    let place = |r: &WorkRow| match &r.place {
        Some(place) if r.located => (format!("{place} LED"), Token::StateInfo),
        Some(place) => (place.to_string(), Token::UiText),
        None if r.unit.is_none() => ("dock".to_owned(), Token::UiText),
        None => ("no place yet".to_owned(), Token::UiDim),
    };
    let model = |r: &WorkRow| match &r.model {
        Some(model) => (model.to_string(), Token::UiText),
        None if r.unit.is_none() => ("-".to_owned(), Token::UiDim),
        None => ("unknown".to_owned(), Token::StateUnknown),
    };
    vec![
        Column::new("SERIAL", 255, rows.iter().map(|r| (r.label.to_string(), Token::UiText))),
        Column::new("SITE", 5, rows.iter().map(|r| (r.site.to_string(), Token::UiText))),
        Column::new("PLACE", 9, rows.iter().map(place)),
        Column::new("WORK", 10, rows.iter().map(title)).least(8),
        Column::new("DUE", 6, rows.iter().map(|r| (age(now.since(r.since)), Token::UiText))).least(5),
        Column::new("ROLE", 3, rows.iter().map(|r| (r.role.to_string(), Token::UiDim))).least(10),
        Column::new("MODEL", 2, rows.iter().map(model)),
        Column::new("WHAT TO DO", 4, rows.iter().map(|r| (r.text.to_string(), Token::UiText))).rest(20),
    ]
}

/// How the work is done, in so many rows.
fn guide(canvas: &mut Canvas, work: &WorkRow, ends: &str, (y, rows): (u16, u16)) {
    const INDENT: u16 = GUIDE_INDENT;
    let room = canvas.area().width.saturating_sub(2);
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (word, sentence) in told(work) {
        let broken = wrap(&sentence, usize::from(room.saturating_sub(INDENT)));
        let words = std::iter::once(word).chain(std::iter::repeat(""));
        lines.extend(words.zip(broken));
    }
    let space = usize::from(rows.saturating_sub(1));
    let all = lines.len() <= space;
    let mut at = y;
    for (word, line) in lines.iter().take(space) {
        canvas.put(1, at, INDENT, word, Token::UiPrompt);
        canvas.put(1 + INDENT, at, room.saturating_sub(INDENT), line, Token::UiText);
        at += 1;
    }
    let told =
        if all { ends.to_owned() } else { format!("{} more lines: a taller window. {ends}", lines.len() - space) };
    canvas.put(1, at, room, &told, Token::UiDim);
}

fn foot(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let room = canvas.area().width.saturating_sub(2);
    let Some(work) = model.screens.work.list.current() else {
        canvas.rule(y, "", Token::UiTitle);
        canvas.put(1, y + 1, room, "nothing is selected", Token::UiDim);
        return;
    };
    let led = if work.located { ", its locator LED is on" } else { "" };
    canvas.rule(y, &format!("{}: {}{led}", work.label, work.title), Token::UiTitle);
    let key = model.keys.name(Act::TaskDone);
    let ends = match work.ends {
        Ends::Close(task) => format!("{key} closes task {task}, with words on what was done"),
        Ends::Receipts => format!("{key} goes to the dock"),
        Ends::Move(to) => format!("{key} moves it to {to}; {} takes that back within 10 s", model.keys.name(Act::Undo)),
    };
    if model.screens.work.guide {
        return guide(canvas, work, &ends, (y + 1, rows.saturating_sub(1)));
    }
    let still = if blocks(work) { "it stands still until then; " } else { "" };
    let space = usize::from(rows.saturating_sub(2)).max(1);
    let lines = hang(&work.text, usize::from(room), 2);
    for (n, line) in lines.iter().take(space).enumerate() {
        canvas.put(1, y + 1 + u16::try_from(n).unwrap_or(0), room, line, Token::UiText);
    }
    let at = y + 1 + u16::try_from(lines.len().min(space)).unwrap_or(0);
    if at < y + rows {
        let cut = if lines.len() > space && work.unit.is_some() { "   (Enter shows its server)" } else { "" };
        canvas.put(1, at, room, &format!("for a {}; {still}{ends}{cut}", work.role), Token::UiDim);
    }
    if at + 1 < y + rows {
        let (how, led) = (model.keys.name(Act::NextPane), model.keys.name(Act::Locate));
        let told = format!("{how} tells how, and what to do where it does not work; {led} locator LED");
        canvas.put(1, at + 1, room, &told, Token::UiDim);
    }
}
