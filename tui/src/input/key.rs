//! Keys, in a form that prints, parses and serialises.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde::{Deserialize, Serialize};

/// One key press. A shifted letter is its capital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// Control and a lower-case letter.
    Ctrl(char),
    /// A function key.
    F(u8),
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Page up.
    PgUp,
    /// Page down.
    PgDn,
    /// Home.
    Home,
    /// End.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
}

const NAMED: &[(&str, Key)] = &[
    ("Space", Key::Char(' ')),
    ("Up", Key::Up),
    ("Down", Key::Down),
    ("Left", Key::Left),
    ("Right", Key::Right),
    ("PgUp", Key::PgUp),
    ("PgDn", Key::PgDn),
    ("Home", Key::Home),
    ("End", Key::End),
    ("Enter", Key::Enter),
    ("Esc", Key::Esc),
    ("Tab", Key::Tab),
    ("S-Tab", Key::BackTab),
    ("Bksp", Key::Backspace),
    ("Del", Key::Delete),
];

impl Key {
    /// The key of a terminal event; `None` for releases, chords with Alt and keys that have no meaning here.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release
            || event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META)
        {
            return None;
        }
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        Some(match event.code {
            KeyCode::Char(c) if control => Self::Ctrl(c.to_ascii_lowercase()),
            KeyCode::Char(c) if !c.is_control() => Self::Char(c),
            KeyCode::F(n) => Self::F(n),
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            KeyCode::Left => Self::Left,
            KeyCode::Right => Self::Right,
            KeyCode::PageUp => Self::PgUp,
            KeyCode::PageDown => Self::PgDn,
            KeyCode::Home => Self::Home,
            KeyCode::End => Self::End,
            KeyCode::Enter => Self::Enter,
            KeyCode::Esc => Self::Esc,
            KeyCode::Tab => Self::Tab,
            KeyCode::BackTab => Self::BackTab,
            KeyCode::Backspace => Self::Backspace,
            KeyCode::Delete => Self::Delete,
            _ => return None,
        })
    }

    /// Whether terminals, multiplexers or shells take this key for themselves: Ctrl with A B G N O P Q S T.
    pub fn is_forbidden(self) -> bool {
        matches!(self, Self::Ctrl(c) if "abgnopqst".contains(c))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMED.iter().find(|(_, key)| key == self) {
            return f.pad(name);
        }
        match self {
            Self::Char(c) => f.pad(c.encode_utf8(&mut [0; 4])),
            Self::Ctrl(c) => f.pad(&format!("Ctrl-{}", c.to_ascii_uppercase())),
            Self::F(n) => f.pad(&format!("F{n}")),
            _ => f.pad("?"),
        }
    }
}

impl FromStr for Key {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, key)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(*key);
        }
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => return Ok(Self::Char(c)),
            (Some('F'), Some(_)) => {
                if let Ok(n) = text[1..].parse() {
                    return Ok(Self::F(n));
                }
            }
            _ => {}
        }
        match text.strip_prefix("Ctrl-").map(|rest| (rest.chars().next(), rest.chars().count())) {
            Some((Some(c), 1)) => Ok(Self::Ctrl(c.to_ascii_lowercase())),
            _ => Err(format!("`{text}` is not a key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_they_are_printed() {
        let keys = [Key::Char('R'), Key::Char(' '), Key::Ctrl('l'), Key::F(1), Key::F(12), Key::BackTab, Key::PgDn];
        for key in keys {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert!("Alt-x".parse::<Key>().is_err());
    }

    #[test]
    fn releases_and_alt_chords_are_no_keys() {
        let mut event = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT);
        assert_eq!(Key::from_event(event), None);
        event.modifiers = KeyModifiers::NONE;
        event.kind = KeyEventKind::Release;
        assert_eq!(Key::from_event(event), None);
        event.kind = KeyEventKind::Repeat;
        assert_eq!(Key::from_event(event), Some(Key::Char('x')));
    }
}
