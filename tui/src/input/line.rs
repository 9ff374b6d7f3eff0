//! A one-line text field.

use serde::{Deserialize, Serialize};

use rackhand_core::text::Text;

use super::key::Key;

/// Characters a field holds at the most.
pub const MAX_CHARS: usize = 200;

/// Text and a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    text: String,
    /// In characters.
    at: usize,
}

impl Line {
    /// A field that holds this already, with the cursor behind it.
    pub fn holding(text: &str) -> Self {
        let mut line = Self::default();
        line.insert(text);
        line
    }

    /// What it holds.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.byte(self.at)]
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(n, _)| n)
    }

    /// Puts text at the cursor, as far as there is room; what a terminal must not show is replaced.
    pub fn insert(&mut self, text: &str) {
        for c in Text::new(text).chars() {
            if self.text.chars().count() >= MAX_CHARS {
                return;
            }
            let byte = self.byte(self.at);
            self.text.insert(byte, c);
            self.at += 1;
        }
    }

    fn remove(&mut self, at: usize) {
        let byte = self.byte(at);
        if byte < self.text.len() {
            self.text.remove(byte);
        }
    }

    /// Takes a key, if it is one of a field's. Returns whether it was.
    pub fn key(&mut self, key: Key) -> bool {
        let len = self.text.chars().count();
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.remove(self.at);
            }
            Key::Backspace => {}
            Key::Delete => self.remove(self.at),
            Key::Left => self.at = self.at.saturating_sub(1),
            Key::Right => self.at = (self.at + 1).min(len),
            Key::Home => self.at = 0,
            Key::End => self.at = len,
            Key::Ctrl('u') => *self = Self::default(),
            Key::Ctrl('w') => {
                let before = self.before().trim_end();
                let keep = before.rfind(' ').map_or(0, |n| before[..=n].chars().count());
                while self.at > keep {
                    self.at -= 1;
                    self.remove(self.at);
                }
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_edits_in_the_middle_and_by_words() {
        let mut line = Line::holding("fan fäiled again");
        line.key(Key::Ctrl('w'));
        assert_eq!(line.text(), "fan fäiled ");
        for key in [Key::Home, Key::Right, Key::Delete, Key::Char('ü')] {
            assert!(line.key(key));
        }
        assert_eq!((line.text(), line.before()), ("fün fäiled ", "fü"));
        assert!(!line.key(Key::Up));
        line.insert(&"x\u{1b}".repeat(500));
        assert_eq!(line.text().chars().count(), MAX_CHARS);
        assert!(!line.text().contains('\u{1b}'));
    }
}
