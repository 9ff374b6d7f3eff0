//! Something to be read: what became of an order, or why it was refused.

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::Did;
use crate::app::model::Model;
use crate::input::key::Key;
use crate::overlay::help::{scroll, window};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::hang;

/// A note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// What it is about.
    pub title: Text,
    /// What it says.
    pub said: Vec<Text>,
    /// Its first line on screen.
    pub top: usize,
}

impl Note {
    /// A note, from its top.
    pub fn new(title: impl Into<Text>, said: Vec<Text>) -> Self {
        Self { title: title.into(), said, top: 0 }
    }

    fn lines(&self, width: usize) -> Vec<(String, Token)> {
        let hung = self.said.iter().flat_map(|text| hang(text, width, 4));
        hung.map(|line| (line, Token::UiText)).collect()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, model: &Model) -> Did {
        let mut top = self.top;
        let did = scroll(&mut top, key, model, |width| self.lines(width).len());
        self.top = top;
        did
    }

    /// Draws it.
    pub fn view(&self, model: &Model, canvas: &mut Canvas) {
        window(self.top, model, canvas, &self.title, |width| self.lines(width));
    }
}
