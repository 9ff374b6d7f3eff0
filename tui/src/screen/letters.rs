//! Dead letters: what automation gave up on, with what it saw and who decides.

use rackhand_core::id::Subject;
use rackhand_core::view::DeadLetter;

use super::{Face, hidden};
use crate::app::fetch;
use crate::app::model::{Model, Slot, Target};
use crate::command::registry::{Act, Kind};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::age;
use crate::widget::wrap::hang;

/// The screen.
pub const FACE: Face = Face {
    kind: Kind::Letters,
    title: "Dead letters",
    about: "Steps at which automation is at its end: a person decides. Oldest first. Retry gives a fresh budget; skip \
            goes on without the step and keeps your reason; cancel undoes what was done, in reverse.",
    twin: "rackhand dead-letters",
    acts_on: Some(Slot::Letters),
    wants: &[Slot::Letters],
    view,
    settle: |model| {
        let height = height(model);
        model.letters.settle(height);
    },
    step: |model, motion, _| {
        let height = height(model);
        model.letters.go(motion.from(model.letters.cursor, height), height);
    },
    fill: |model, out| {
        if model.letters.lacks(height(model)) && fetch::stale(model, Slot::Letters) {
            fetch::replace(model, Slot::Letters, out);
        }
    },
    target: |model| {
        model.letters.current().map(|letter| Target {
            subject: letter.subject,
            label: letter.row.as_ref().map_or_else(|| letter.subject.to_string().into(), |r| r.label.clone()),
            row: letter.row.clone(),
            step: Some((letter.step.step, letter.step.generation, letter.step.skip.clone())),
        })
    },
    row: |model| serde_json::to_string(model.letters.current()?).ok(),
    press: |model, y| {
        let (top, rows, _) = layout(model);
        let place = model.letters.top + usize::from(y.saturating_sub(top + 1));
        if y > top && y <= top + rows && place < model.letters.total.unwrap_or(0) {
            model.letters.go(place, usize::from(rows));
        }
    },
};

fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let foot = match rows {
        0..=6 => 0,
        7..=14 => 4,
        15..=30 => 7,
        _ => 10,
    };
    // A short list leaves its room to the words about the selected one.
    let few = u16::try_from(model.letters.total.unwrap_or(0)).unwrap_or(u16::MAX).saturating_add(1);
    let foot = if foot > 0 { foot.max(rows.saturating_sub(few).min(12)) } else { 0 };
    (first, (rows - foot).saturating_sub(1), foot)
}

/// Rows of the table on screen.
pub fn height(model: &Model) -> usize {
    usize::from(layout(model).1)
}

fn label(letter: &DeadLetter) -> String {
    match (&letter.row, letter.subject) {
        (Some(row), _) => row.label.to_string(),
        (None, Subject::Bmc(mac)) => mac.to_string(),
        (None, subject) => subject.to_string(),
    }
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let list = &model.letters;
    let total = list.total.map_or_else(|| "?".to_owned(), |t| t.to_string());
    chrome::header(model, canvas, &format!("{total}, oldest first"));
    let (y, rows, foot_rows) = layout(model);
    let room = canvas.area().width.saturating_sub(3);
    if list.total.unwrap_or(0) == 0 {
        let told =
            if list.total.is_some() { "no dead letters: automation gets on by itself" } else { "nothing is known yet" };
        canvas.put(2, y, room, told, Token::UiDim);
        chrome::status(model, canvas, "");
        return;
    }
    let shown = || list.rows.iter();
    let attempts = |l: &DeadLetter| (l.step.attempts.to_string(), Token::UiText);
    let columns = vec![
        Column::new("ABOUT", 255, shown().map(|l| (label(l), Token::UiText))),
        Column::new(
            "SITE",
            2,
            shown().map(|l| (l.row.as_ref().map_or("-".into(), |r| r.site.to_string()), Token::UiText)),
        ),
        Column::new("STEP", 9, shown().map(|l| (l.step.step.to_string(), Token::StateCrit))),
        Column::new("TRIES", 1, shown().map(attempts)),
        Column::new("SINCE", 7, shown().map(|l| (age(model.now.since(l.since)), Token::UiText))),
        Column::new("WHO", 5, shown().map(|l| (l.who.to_string(), Token::UiText))),
        Column::new("FAULT AND ADVICE", 8, shown().map(|l| (l.step.detail.to_string(), Token::UiText))).rest(24),
    ];
    let hid = window(canvas, list, (2, y, room, rows), &columns, None, true);
    if foot_rows > 0 {
        foot(model, canvas, y + 1 + rows, foot_rows);
    }
    chrome::status(model, canvas, &hidden(&hid));
}

fn foot(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let room = canvas.area().width.saturating_sub(2);
    let Some(letter) = model.letters.current() else {
        canvas.rule(y, "", Token::UiTitle);
        canvas.put(1, y + 1, room, "nothing is selected", Token::UiDim);
        return;
    };
    canvas.rule(y, &format!("{} {}", label(letter), letter.step.step), Token::UiTitle);
    let mut lines: Vec<(String, Token)> = Vec::new();
    let fault = format!("fault: {}", letter.step.detail);
    lines.extend(hang(&fault, usize::from(room), 7).into_iter().map(|l| (l, Token::UiText)));
    let key = |act: Act| format!("{} {}", model.keys.name(act), act.spec().id);
    let (retry, skip, cancel) = (key(Act::Retry), key(Act::Skip), key(Act::Cancel));
    let keys = match (&letter.row, &letter.step.skip) {
        (None, _) => retry,
        (Some(_), Some(means)) => format!("{retry}   {skip}: {means}   {cancel}"),
        (Some(_), None) => format!("{retry}   {cancel}   (it cannot be skipped: nothing else shows what it shows)"),
    };
    let tries =
        if letter.step.attempts == 1 { "1 attempt".into() } else { format!("{} attempts", letter.step.attempts) };
    let who = format!("who decides: {}   {tries}, generation {}   {keys}", letter.who, letter.step.generation);
    let last: Vec<(String, Token)> = hang(&who, usize::from(room), 7).into_iter().map(|l| (l, Token::UiDim)).collect();
    let space = usize::from(rows.saturating_sub(1));
    let fits = space.saturating_sub(last.len()).max(1);
    if lines.len() > fits {
        lines.truncate(fits);
        if let Some((line, _)) = lines.last_mut() {
            line.push_str(canvas.look().glyphs.cut);
        }
    }
    lines.extend(last);
    for (n, (line, token)) in lines.iter().take(space).enumerate() {
        canvas.put(1, y + 1 + u16::try_from(n).unwrap_or(0), room, line, *token);
    }
}
