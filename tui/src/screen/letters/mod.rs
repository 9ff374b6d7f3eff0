//! Dead letters: what automation gave up on, with what it saw and who decides.

use rackhand_core::flow::step::Step;
use rackhand_core::id::Subject;
use rackhand_core::view::DeadLetter;
use serde::{Deserialize, Serialize};

use super::face::{Face, list_of};
use super::list::{Keyed, List};
use super::{Place, hidden};
use crate::app::fetch::{Question, Slot, clock};
use crate::app::model::{Model, Target};
use crate::command::registry::{Act, ON_SERVERS, Spec};
use crate::event::{Ask, Data};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::age;
use crate::widget::wrap::hang;

/// The page of dead letters.
pub const LETTERS: Slot = Slot("letters");

/// The screen.
pub const FACE: Face = Face {
    title: "Dead letters",
    about: "Steps at which automation is at its end: a person decides. Oldest first. Retry gives a fresh budget; skip \
            goes on without the step and keeps your reason; cancel undoes what was done, in reverse.",
    twin: "rackhand dead-letters",
    go: Spec::go(Place::Letters, "dead-letters", "screen: dead letters", &["6"]),
    takes: &[ON_SERVERS, &[Act::Open, Act::ToRack]],
    questions: &[Question {
        slot: LETTERS,
        ask: |model| {
            let (offset, limit) = model.screens.letters.list.window(usize::from(layout(model).1));
            Some(Ask::Letters { offset, limit })
        },
        take: |model, _, data, _| {
            let Data::Letters(page) = data else { return };
            clock(model, page.now);
            let height = usize::from(layout(model).1);
            model.screens.letters.list.take(page, height);
        },
    }],
    acts_on: Some(LETTERS),
    wants: &[LETTERS],
    list: Some(list_of!(Some(LETTERS), letters.list, |model| (layout(model).0, layout(model).1))),
    lists_servers: true,
    view,
    target: |model| {
        model.screens.letters.list.current().map(|letter| Target {
            located: letter.row.as_ref().is_some_and(|row| row.located),
            row: letter.row.clone(),
            step: Some((letter.step.step, letter.step.generation, letter.step.skip.clone())),
            ..Target::new(letter.subject, label(letter))
        })
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Letters {
    /// The window.
    pub list: List<DeadLetter>,
}

impl Keyed for DeadLetter {
    type Key = (Subject, Step);
    fn key(&self) -> (Subject, Step) {
        (self.subject, self.step.step)
    }
}

/// The row of the heads, rows of the table below, and rows of the foot.
fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let foot = match rows {
        0..=6 => 0,
        7..=14 => 4,
        15..=30 => 7,
        _ => 10,
    };
    // A short list leaves its room to the words about the selected one.
    let few = u16::try_from(model.screens.letters.list.total.unwrap_or(0)).unwrap_or(u16::MAX).saturating_add(1);
    let foot = if foot > 0 { foot.max(rows.saturating_sub(few).min(12)) } else { 0 };
    (first, (rows - foot).saturating_sub(1), foot)
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
    let list = &model.screens.letters.list;
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
    let Some(letter) = model.screens.letters.list.current() else {
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
