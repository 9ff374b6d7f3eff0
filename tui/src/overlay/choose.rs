//! A short list to choose from: things to do, each leading to its form, or texts to copy.

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::form::Form;
use super::{Did, Layer};
use crate::input::key::Key;
use crate::theme::token::Token;
use crate::widget::canvas::{Canvas, width};

/// Where an item leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Leads {
    /// To a form.
    Form(Box<Form>),
    /// To the clipboard.
    Copy(Text),
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choose {
    /// The question.
    pub title: Text,
    /// What there is: label, remark, and where it leads.
    pub items: Vec<(Text, Text, Leads)>,
    /// The cursor.
    pub cursor: usize,
}

impl Choose {
    /// A choice; where a single thing can be done, its form.
    pub fn layer(title: impl Into<Text>, items: Vec<(Text, Text, Leads)>) -> Option<Layer> {
        match items.as_slice() {
            [] => None,
            [(_, _, Leads::Form(form))] => Some(Layer::Form(form.clone())),
            _ => Some(Layer::Choose(Self { title: title.into(), items, cursor: 0 })),
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Did {
        let last = self.items.len().saturating_sub(1);
        match key {
            Key::Esc | Key::Char('q') => return Did::Closes,
            Key::Up | Key::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            Key::Down | Key::Char('j') => self.cursor = (self.cursor + 1).min(last),
            Key::Home | Key::Char('g') => self.cursor = 0,
            Key::End | Key::Char('G') => self.cursor = last,
            Key::Enter => match self.items.get(self.cursor) {
                Some((_, _, Leads::Form(form))) => return Did::Opens(Layer::Form(form.clone())),
                Some((_, _, Leads::Copy(text))) => return Did::Copies(text.clone()),
                None => {}
            },
            _ => {}
        }
        Did::Stays
    }

    /// Draws it.
    pub fn view(&self, canvas: &mut Canvas) {
        let room = canvas.area().width.saturating_sub(2).min(76);
        let height = u16::try_from(self.items.len() + 4).unwrap_or(u16::MAX).min(canvas.area().height);
        let area = canvas.boxed(room, height, &self.title, Token::UiBorderFocus);
        let rows = usize::from(area.height.saturating_sub(2)).max(1);
        let top = (self.cursor + 1).saturating_sub(rows);
        let labels = self.items.iter().map(|(label, _, _)| width(label)).max().unwrap_or(0);
        let labels = labels.min(area.width.saturating_sub(2) / 2);
        for (n, (label, remark, _)) in self.items.iter().enumerate().skip(top).take(rows) {
            let y = area.y + u16::try_from(n - top).unwrap_or(0);
            let chosen = n == self.cursor;
            let mark = if chosen { canvas.look().glyphs.cursor } else { " " };
            canvas.put(area.x, y, 1, mark, Token::UiMark);
            let token = if chosen { Token::UiSelection } else { Token::UiText };
            canvas.put(area.x + 2, y, labels, label, token);
            canvas.put(area.x + 4 + labels, y, area.width.saturating_sub(4 + labels), remark, Token::UiDim);
        }
        let keys = "Enter chooses   Esc leaves it";
        canvas.put(area.x, area.bottom().saturating_sub(1), area.width, keys, Token::UiDim);
    }
}
