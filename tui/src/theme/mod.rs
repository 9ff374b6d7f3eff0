//! How things look: tokens with styles from a theme file, and a glyph set. Screens name tokens, never colours.

pub mod check;
pub mod colour;
pub mod depth;
pub mod file;
pub mod glyph;
pub mod token;

use ratatui::style::Style;

use self::depth::Depth;
use self::glyph::Glyphs;
use self::token::Token;

/// Everything a view needs to know about looks.
#[derive(Clone, Debug)]
pub struct Look {
    styles: Vec<Style>,
    /// The glyphs.
    pub glyphs: Glyphs,
}

impl Look {
    /// A theme at a colour depth with a glyph set.
    pub fn new(theme: &file::Theme, depth: Depth, glyphs: Glyphs) -> Self {
        Self { styles: Token::ALL.iter().map(|t| theme.style(*t, depth)).collect(), glyphs }
    }

    /// The style of a token.
    pub fn style(&self, token: Token) -> Style {
        self.styles.get(token as usize).copied().unwrap_or_default()
    }
}
