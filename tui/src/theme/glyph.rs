//! Glyphs beside letters: one set for terminals with Unicode, one for plain ASCII.

use std::str::FromStr;

/// Which set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlyphSet {
    /// Line drawing and a few signs of one cell each.
    Unicode,
    /// ASCII only; other characters in names are shown as `?`.
    Ascii,
}

/// The glyphs of a set. Each is one cell wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Which set this is.
    pub set: GlyphSet,
    /// Before the selected row.
    pub cursor: &'static str,
    /// On a marked row.
    pub mark: &'static str,
    /// Where text is cut.
    pub cut: &'static str,
    /// Horizontal rule.
    pub rule: &'static str,
    /// Vertical rule.
    pub bar: &'static str,
    /// Corners of a box: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Sorted upwards and downwards.
    pub sorts: [&'static str; 2],
    /// From one stage to the next.
    pub then: &'static str,
    /// An offer's point: the best, the worst, more than asked for, something else, missing.
    pub quote: [&'static str; 5],
}

impl Glyphs {
    /// The glyphs of this set.
    pub const fn of(set: GlyphSet) -> Self {
        match set {
            GlyphSet::Unicode => Self {
                set,
                cursor: "❯",
                mark: "•",
                cut: "…",
                rule: "─",
                bar: "│",
                corners: ["╭", "╮", "╰", "╯"],
                sorts: ["↑", "↓"],
                then: "›",
                quote: ["▲", "▼", "+", "≠", "?"],
            },
            GlyphSet::Ascii => Self {
                set,
                cursor: ">",
                mark: "*",
                cut: "~",
                rule: "-",
                bar: "|",
                corners: ["+", "+", "+", "+"],
                sorts: ["^", "v"],
                then: ">",
                quote: ["*", "-", "+", "!", "?"],
            },
        }
    }
}

impl GlyphSet {
    /// The set: the flag, else Unicode where the locale says UTF-8 and the terminal is not the Linux console.
    pub fn choose(flag: Option<Self>, var: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(set) = flag {
            return set;
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| var(name).filter(|v| !v.is_empty()));
        let utf8 = locale.is_some_and(|l| {
            let l = l.to_ascii_lowercase();
            l.contains("utf-8") || l.contains("utf8")
        });
        let plain = var("TERM").is_some_and(|t| t == "linux" || t == "dumb" || t.starts_with("vt"));
        if utf8 && !plain { Self::Unicode } else { Self::Ascii }
    }
}

impl FromStr for GlyphSet {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "unicode" => Ok(Self::Unicode),
            "ascii" => Ok(Self::Ascii),
            _ => Err("not a glyph set: unicode or ascii"),
        }
    }
}
