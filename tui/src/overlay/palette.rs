//! Any command by name; also the actions for a selection, with the reason where one is not possible.

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::Did;
use crate::app::model::Model;
use crate::command::keymap::Keymap;
use crate::command::possible::possible;
use crate::command::registry::{Act, COMMANDS, Danger, Spec};
use crate::input::key::Key;
use crate::input::line::Line;
use crate::screen::Kind;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;

/// The palette.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Palette {
    /// What is typed.
    pub line: Line,
    /// The cursor in what matches.
    pub cursor: usize,
    /// Whether only what changes something is listed.
    pub actions: bool,
    /// Why the last choice was not possible.
    pub complaint: Option<Text>,
}

impl Palette {
    /// An empty palette.
    pub fn new(actions: bool) -> Self {
        Self { line: Line::default(), cursor: 0, actions, complaint: None }
    }

    /// What matches, best first.
    pub fn matches(&self, keys: &Keymap, kind: Kind) -> Vec<&'static Spec> {
        let mut found: Vec<(u32, &Spec)> = COMMANDS
            .iter()
            .filter(|s| !self.actions || (s.danger != Danger::Harmless && s.works_on(kind)))
            .filter_map(|s| Some((score(self.line.text(), s, keys)?, s)))
            .collect();
        found.sort_by_key(|(score, _)| *score);
        found.into_iter().map(|(_, s)| s).collect()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, model: &Model) -> Did {
        let found = self.matches(&model.keys, model.place.kind());
        let last = found.len().saturating_sub(1);
        self.complaint = None;
        match key {
            Key::Esc => return Did::Closes,
            Key::Up | Key::BackTab => self.cursor = self.cursor.saturating_sub(1),
            Key::Down | Key::Tab => self.cursor = (self.cursor + 1).min(last),
            Key::PgUp => self.cursor = self.cursor.saturating_sub(10),
            Key::PgDn => self.cursor = (self.cursor + 10).min(last),
            Key::Enter => {
                if let Some(spec) = found.get(self.cursor) {
                    match possible(spec.act, model) {
                        Ok(()) => return Did::Runs(spec.act),
                        Err(why) => self.complaint = Some(why),
                    }
                }
            }
            // In the list of actions a key is that action's own, so that `.` teaches the keys.
            Key::Char(_) if self.actions => {
                if let Some(spec) = found.iter().find(|s| model.keys.keys(s.act).contains(&key)) {
                    match possible(spec.act, model) {
                        Ok(()) => return Did::Runs(spec.act),
                        Err(why) => self.complaint = Some(why),
                    }
                }
            }
            key => {
                if self.line.key(key) {
                    self.cursor = 0;
                }
            }
        }
        Did::Stays
    }

    /// Takes pasted text, where there is a field. Returns whether there is.
    pub fn insert(&mut self, text: &str) -> bool {
        if !self.actions {
            self.line.insert(text);
            self.cursor = 0;
        }
        !self.actions
    }

    /// Draws it.
    pub fn view(&self, model: &Model, canvas: &mut Canvas) {
        let full = canvas.area();
        let width = full.width.saturating_sub(2).min(90);
        let found = self.matches(&model.keys, model.place.kind());
        let rows = u16::try_from(found.len()).unwrap_or(u16::MAX);
        let height = rows
            .saturating_add(3 + 2 * u16::from(!self.actions))
            .min(full.height.saturating_sub(2))
            .max(5.min(full.height));
        let title = match (self.actions, model.target()) {
            (true, Some(target)) => format!("actions for {}", target.label),
            (true, None) => "actions".to_owned(),
            (false, _) => "commands".to_owned(),
        };
        let area = canvas.boxed(width, height, &title, Token::UiBorderFocus);
        if !self.actions {
            canvas.put(area.x, area.y, 2, ":", Token::UiPrompt);
            canvas.input(area.x + 2, area.y, area.width.saturating_sub(2), &self.line, true);
        }
        let first = area.y + u16::from(!self.actions);
        let rows = usize::from(area.bottom().saturating_sub(first + 1)).max(1);
        let top = (self.cursor + 1).saturating_sub(rows);
        for (n, spec) in found.iter().enumerate().skip(top).take(rows) {
            let y = first + u16::try_from(n - top).unwrap_or(0);
            let chosen = n == self.cursor;
            let why = possible(spec.act, model).err();
            let mark = if chosen { canvas.look().glyphs.cursor } else { " " };
            canvas.put(area.x, y, 1, mark, Token::UiMark);
            canvas.put(
                area.x + 2,
                y,
                9.min(area.width.saturating_sub(2)),
                &model.keys.of(spec.act).join(" "),
                Token::UiKey,
            );
            let token = match (&why, chosen) {
                (Some(_), _) => Token::UiDim,
                (None, true) => Token::UiSelection,
                (None, false) => Token::UiText,
            };
            let text = match &why {
                Some(why) => format!("{}: not now, {why}", spec.id),
                None => format!("{}: {}", spec.id, spec.title),
            };
            canvas.put(area.x + 12, y, area.width.saturating_sub(12), &text, token);
        }
        let last = match &self.complaint {
            Some(why) => (why.to_string(), Token::StateWarn),
            None if self.actions => ("Enter does it   Esc leaves it".to_owned(), Token::UiDim),
            None => (format!("{} of {}   Enter does it   Esc leaves it", found.len(), COMMANDS.len()), Token::UiDim),
        };
        canvas.put(area.x, area.bottom().saturating_sub(1), area.width, &last.0, last.1);
    }
}

/// How well a command matches: the lower the better; `None` is not at all. All words must be found, in the id, the
/// title or as a key; a subsequence of the id is the weakest match.
fn score(typed: &str, spec: &Spec, keys: &Keymap) -> Option<u32> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return Some(0);
    }
    if spec.id == typed || keys.of(spec.act).iter().any(|k| k.eq_ignore_ascii_case(&typed)) {
        return Some(1);
    }
    if spec.id.starts_with(&typed) {
        return Some(2);
    }
    if typed.split_whitespace().all(|w| spec.id.contains(w) || spec.title.contains(w)) {
        return Some(3);
    }
    let mut rest = spec.id.chars();
    typed.chars().all(|c| rest.any(|r| r == c)).then_some(4)
}

/// Whether a command can be found by its id: every one must.
pub fn finds(act: Act) -> bool {
    let palette = Palette { line: Line::holding(act.spec().id), ..Palette::new(false) };
    palette.matches(&Keymap::default(), Kind::Pipeline).first().is_some_and(|s| s.act == act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Place;

    #[test]
    fn every_command_is_first_under_its_own_name() {
        for spec in COMMANDS.iter() {
            assert!(finds(spec.act), "{}", spec.id);
        }
    }

    #[test]
    fn words_of_the_title_and_letters_of_the_name_find_too() {
        let first = |text: &str| {
            let found = Palette { line: Line::holding(text), ..Palette::new(false) }
                .matches(&Keymap::default(), Kind::Pipeline);
            found.first().map(|s| s.act)
        };
        assert_eq!(first("undone reverse"), Some(Act::Cancel));
        assert_eq!(first("dlt"), Some(Act::To(Place::Letters)));
        assert_eq!(first("zzz"), None);
    }
}
