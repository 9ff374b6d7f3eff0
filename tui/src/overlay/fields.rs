//! Forms of many fields: one line each, what is understood of them below, and a button that sends.

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::{Did, Origin};
use crate::app::model::Model;
use crate::input::key::Key;
use crate::input::line::Line;
use crate::theme::token::Token;
use crate::widget::canvas::{Canvas, width};
use crate::widget::wrap::wrap;

/// Columns of a form at the most.
const WIDE: u16 = 96;
/// Rows of a form at the most.
const TALL: u16 = 34;
/// Rows that a complaint may take.
const COMPLAINT: usize = 4;

/// What every form holds beside its fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Why it did not go on.
    pub complaint: Option<Text>,
    /// Whether Esc was pressed once: the next one leaves it.
    pub leaving: bool,
    /// Whether anything was typed.
    pub touched: bool,
}

/// A row of a form.
pub enum Shown<'a, I> {
    /// A field: its item, what it is called, and what is typed in it.
    Field(I, &'a str, &'a Line),
    /// Something that is on or off.
    Switch(I, &'a str, bool),
    /// Something to press.
    Button(I, String),
    /// Words between.
    Said(String, Token),
}

/// A form of many fields.
pub trait Sheet {
    /// What can have the keys.
    type Item: Copy + PartialEq;
    /// Its title.
    fn title(&self) -> String;
    /// All that can have the keys, in order.
    fn items(&self) -> Vec<Self::Item>;
    /// What has them.
    fn at(&self) -> Self::Item;
    /// Gives them to another.
    fn focus(&mut self, item: Self::Item);
    /// The field of an item, where it is one.
    fn line(&mut self, item: Self::Item) -> Option<&mut Line>;
    /// Turns a switch. Returns whether it is one.
    fn turn(&mut self, item: Self::Item) -> bool;
    /// Whether an item is a button.
    fn is_button(&self, item: Self::Item) -> bool;
    /// Presses a button.
    fn press(&mut self, item: Self::Item, model: &Model) -> Did;
    /// Its rows, in a room of so many columns.
    fn rows<'a>(&'a self, model: &Model, room: usize) -> Vec<Shown<'a, Self::Item>>;
    /// What it holds beside its fields.
    fn state(&self) -> &State;
    /// The same, to be changed.
    fn state_mut(&mut self) -> &mut State;
}

/// Takes a key.
pub fn key<S: Sheet>(sheet: &mut S, key: Key, model: &Model) -> Did {
    let at = sheet.at();
    if key == Key::Esc {
        let state = sheet.state_mut();
        if state.touched && !state.leaving {
            state.leaving = true;
            state.complaint = Some(Text::new("Esc again leaves it, and what was typed is lost"));
            return Did::Stays;
        }
        return Did::Closes;
    }
    sheet.state_mut().leaving = false;
    match key {
        Key::Enter if sheet.is_button(at) => return sheet.press(at, model),
        Key::Tab | Key::Down | Key::Enter => step(sheet, true),
        Key::BackTab | Key::Up => step(sheet, false),
        key => {
            sheet.state_mut().complaint = None;
            let took = match sheet.line(at) {
                Some(line) => line.key(key),
                None => matches!(key, Key::Char(' ') | Key::Left | Key::Right) && sheet.turn(at),
            };
            sheet.state_mut().touched |= took;
        }
    }
    Did::Stays
}

/// To the next item, or the one before; around the ends.
fn step<S: Sheet>(sheet: &mut S, forth: bool) {
    let items = sheet.items();
    let at = items.iter().position(|i| *i == sheet.at()).unwrap_or(0);
    let next = if forth { (at + 1) % items.len() } else { (at + items.len() - 1) % items.len() };
    if let Some(item) = items.get(next) {
        sheet.focus(*item);
    }
}

/// Takes text that came at once. A scan has no place in a form.
pub fn insert<S: Sheet>(sheet: &mut S, text: &str, from: Origin) -> bool {
    let at = sheet.at();
    if from == Origin::Scanner {
        sheet.state_mut().complaint = Some(Text::new("a scan goes nowhere here"));
        return true;
    }
    let Some(line) = sheet.line(at) else { return false };
    line.insert(text);
    sheet.state_mut().touched = true;
    true
}

/// Draws it. It is as tall as it may be at once, so that what is said between its fields moves nothing else.
pub fn view<S: Sheet>(sheet: &S, model: &Model, canvas: &mut Canvas) {
    let full = canvas.area();
    let (wide, tall) = (full.width.saturating_sub(2).min(WIDE), full.height.min(TALL));
    let area = canvas.boxed(wide, tall, &sheet.title(), Token::UiBorderFocus);
    let inner = usize::from(area.width);
    let complaint: Vec<String> = sheet.state().complaint.iter().flat_map(|c| wrap(c, inner)).take(COMPLAINT).collect();
    let room = usize::from(area.height).saturating_sub(1 + complaint.len().max(1));
    let rows = sheet.rows(model, inner);
    let labels = rows.iter().map(label_width).max().unwrap_or(0).min(area.width / 2);
    let at = sheet.at();
    let place = rows.iter().position(|r| item(r) == Some(at)).unwrap_or(0);
    // What is said of a field is seen with it.
    let end = rows[(place + 1).min(rows.len())..].iter().position(|r| item(r).is_some());
    let end = end.map_or(rows.len(), |n| place + 1 + n);
    let top = end.saturating_sub(room).min(place).min(rows.len().saturating_sub(room));
    for (n, row) in rows.iter().enumerate().skip(top).take(room) {
        let y = area.y + u16::try_from(n - top).unwrap_or(0);
        let here = item(row) == Some(at);
        let label = if here { Token::UiPrompt } else { Token::UiText };
        let x = area.x + labels + 1;
        let rest = area.width.saturating_sub(labels + 1);
        match row {
            Shown::Field(_, name, line) => {
                canvas.put(area.x, y, labels, name, label);
                canvas.input(x, y, rest, line, here);
            }
            Shown::Switch(_, name, on) => {
                canvas.put(area.x, y, labels, name, label);
                let word = if *on { "yes" } else { "no" };
                let used = canvas.put(x, y, rest, word, if here { Token::UiSelection } else { Token::UiText });
                if here {
                    canvas.put(x + used + 2, y, rest.saturating_sub(used + 2), "Space changes it", Token::UiDim);
                }
            }
            Shown::Button(_, name) => {
                let token = if here { Token::UiSelection } else { Token::UiKey };
                canvas.put(area.x, y, area.width, &format!("[ {name} ]"), token);
            }
            Shown::Said(text, token) => {
                canvas.put(area.x, y, area.width, text, *token);
            }
        }
    }
    let foot = area.bottom().saturating_sub(1);
    let lines = u16::try_from(complaint.len()).unwrap_or(0);
    for (n, line) in complaint.iter().enumerate() {
        let y = foot.saturating_sub(lines) + u16::try_from(n).unwrap_or(0);
        canvas.put(area.x, y, area.width, line, Token::StateWarn);
    }
    let more = rows.len().saturating_sub(top + room);
    let more = if more > 0 { format!("{more} more below   ") } else { String::new() };
    let keys = format!("{more}Enter, Tab next   S-Tab before   Esc leaves it");
    canvas.put(area.x, foot, area.width, &keys, Token::UiDim);
}

fn item<I: Copy>(row: &Shown<'_, I>) -> Option<I> {
    match row {
        Shown::Field(item, ..) | Shown::Switch(item, ..) | Shown::Button(item, _) => Some(*item),
        Shown::Said(..) => None,
    }
}

fn label_width<I>(row: &Shown<'_, I>) -> u16 {
    match row {
        Shown::Field(_, name, _) | Shown::Switch(_, name, _) => width(name),
        Shown::Button(..) | Shown::Said(..) => 0,
    }
}
