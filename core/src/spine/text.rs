//! Text that came from outside, cleaned once, at the door.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// How many characters of one outside text are kept.
pub const MAX_CHARS: usize = 2_000;

/// Outside text that can be shown on a terminal: no control, bidi, zero-width or tag character, no more than two
/// combining marks on a base, and at most [`MAX_CHARS`] characters. There is no other way to make one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Text {
    /// Cleans `raw`. What could move a cursor or hide becomes U+FFFD; what is too long ends in `…`.
    pub fn new(raw: &str) -> Self {
        if raw.len() <= MAX_CHARS && raw.bytes().all(|b| (0x20..0x7F).contains(&b)) {
            return Self(raw.into());
        }
        let mut out = String::with_capacity(raw.len().min(4 * MAX_CHARS));
        let mut marks = 0;
        for (n, c) in raw.chars().enumerate() {
            if n == MAX_CHARS {
                out.push('…');
                break;
            }
            marks = if is_combining(c) { marks + 1 } else { 0 };
            match c {
                '\t' | '\n' | '\r' => out.push(' '),
                _ if is_hostile(c) => out.push('\u{FFFD}'),
                _ if marks > 2 => {}
                _ => out.push(c),
            }
        }
        Self(out.into())
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Control characters, and characters that reorder, hide or tag text (Unicode 16, categories Cc and Cf, and fillers).
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2 | 0x115F..=0x1160
            | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

fn is_combining(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x64B..=0x65F | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xE31 | 0xE34..=0xE3A | 0xE47..=0xE4E | 0xFE20..=0xFE2F)
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::new(&Cow::<'de, str>::deserialize(d)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_hidden_characters_do_not_survive() {
        let hostile = "sw1\u{1b}]0;PWNED\u{7}\u{9b}2J\u{202e}abc\u{200b}\u{e0041}\r\nx";
        let clean = Text::new(hostile);
        assert_eq!(clean.as_str(), "sw1\u{FFFD}]0;PWNED\u{FFFD}\u{FFFD}2J\u{FFFD}abc\u{FFFD}\u{FFFD}  x");
        assert_eq!(Text::new("Zoe\u{308}\u{301}\u{302}\u{303}").as_str(), "Zoe\u{308}\u{301}");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_nothing_hostile_comes_out(raw in any::<String>()) {
            let clean = Text::new(&raw);
            prop_assert!(clean.chars().all(|c| !is_hostile(c)));
            prop_assert!(clean.chars().count() <= MAX_CHARS + 1);
            prop_assert_eq!(Text::new(&clean), clean);
        }
    }
}
