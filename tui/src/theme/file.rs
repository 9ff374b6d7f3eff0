//! Theme files: a palette, each colour in three depths, and a style for each token.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::colour::{Rgb, Sight, hex};
use super::depth::Depth;
use super::glyph::GlyphSet;
use super::token::Token;

/// The themes inside the program: name and file.
pub const SHIPPED: &[(&str, &str)] = &[
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("ansi16", include_str!("../../../themes/ansi16.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("cb-red-green", include_str!("../../../themes/cb-red-green.toml")),
    ("cb-blue-yellow", include_str!("../../../themes/cb-blue-yellow.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
];

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// The file cannot be read.
    #[error("the theme file {path} cannot be read: {error}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Not a theme.
    #[error("the theme {name} is not a theme file: {error}")]
    Malformed {
        /// Which.
        name: String,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// Something in it means nothing.
    #[error("the theme {name}: {what}")]
    Wrong {
        /// Which.
        name: String,
        /// What.
        what: String,
    },
}

/// Light text on dark, or dark on light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    kind: Kind,
    inherits: Option<String>,
    /// What terminals it is for have behind text.
    #[serde(default)]
    background: Vec<String>,
    /// The least contrast of text it promises.
    contrast: Option<f64>,
    /// The eyes it is made for: `protan`, `deutan`, `tritan`.
    #[serde(default)]
    made_for: Vec<String>,
    #[serde(default)]
    palette: BTreeMap<String, Tone>,
    #[serde(default)]
    style: BTreeMap<String, Wear>,
    glyphs: Option<Set>,
}

/// One colour, in each depth that has colours.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tone {
    rgb: String,
    x256: u8,
    ansi: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wear {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    mods: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    set: String,
}

/// A theme whose every token has a style.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Light or dark.
    pub kind: Kind,
    /// The glyph set it asks for.
    pub glyphs: Option<GlyphSet>,
    /// What lies behind text; empty is the usual of its kind.
    pub background: Vec<Rgb>,
    /// The least contrast of text it promises.
    pub least: f64,
    /// The eyes it is made for.
    pub made_for: Vec<Sight>,
    styles: Vec<Worn>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Worn {
    fg: Option<[Color; 3]>,
    bg: Option<[Color; 3]>,
    mods: Modifier,
}

impl Theme {
    /// A shipped theme by name, or a file by path.
    pub fn load(name_or_path: &str) -> Result<Self, ThemeError> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(name, text);
        }
        if !name_or_path.contains(['/', '.']) {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let what = format!("there is no such theme; give {} or the path of a file", names.join(", "));
            return Err(ThemeError::Wrong { name: name_or_path.to_owned(), what });
        }
        let text = std::fs::read_to_string(Path::new(name_or_path))
            .map_err(|error| ThemeError::Unreadable { path: name_or_path.to_owned(), error })?;
        Self::parse(name_or_path, &text)
    }

    /// A theme from a file's text.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let file = read(name, text)?;
        let wrong = |what: String| ThemeError::Wrong { name: name.to_owned(), what };
        let (mut palette, mut style) = (BTreeMap::new(), BTreeMap::new());
        if let Some(parent) = &file.inherits {
            let (_, text) = SHIPPED
                .iter()
                .find(|(shipped, _)| shipped == parent)
                .ok_or_else(|| wrong(format!("it inherits {parent}, which is not shipped")))?;
            let parent = read(parent, text)?;
            palette.extend(parent.palette);
            style.extend(parent.style);
        }
        palette.extend(file.palette);
        style.extend(file.style);
        if let Some(stranger) = style.keys().find(|key| !Token::ALL.iter().any(|t| t.name() == key.as_str())) {
            return Err(wrong(format!("{stranger} is not a token")));
        }
        let mut tones = BTreeMap::new();
        for (key, tone) in &palette {
            tones.insert(key.as_str(), tone.colours().ok_or_else(|| wrong(format!("colour {key} is not understood")))?);
        }
        let mut styles = Vec::with_capacity(Token::ALL.len());
        for token in Token::ALL {
            let wear = style.get(token.name()).or_else(|| style.get(token.falls_back_to()?.name()));
            let wear = wear.ok_or_else(|| wrong(format!("{} has no style", token.name())))?;
            styles.push(wear.worn(&tones).map_err(|what| wrong(format!("{}: {what}", token.name())))?);
        }
        let glyphs = match file.glyphs {
            Some(set) => Some(set.set.parse().map_err(|e: &str| wrong(e.to_owned()))?),
            None => None,
        };
        let mut background = Vec::new();
        for colour in &file.background {
            background.push(hex(colour).ok_or_else(|| wrong(format!("background {colour} is not #rrggbb")))?);
        }
        let mut made_for = Vec::new();
        for word in &file.made_for {
            let sight = Sight::ALL.into_iter().find(|s| s.word() == word);
            made_for.push(sight.ok_or_else(|| wrong(format!("made_for {word}: protan, deutan or tritan")))?);
        }
        let least = file.contrast.unwrap_or(super::check::TEXT);
        Ok(Self { name: file.name, kind: file.kind, glyphs, background, least, made_for, styles })
    }

    /// The style of a token at a depth.
    pub fn style(&self, token: Token, depth: Depth) -> Style {
        let worn = self.styles.get(token as usize).copied().unwrap_or_default();
        let at = match depth {
            Depth::Mono => None,
            Depth::Ansi16 => Some(2),
            Depth::X256 => Some(1),
            Depth::True => Some(0),
        };
        let pick = |tones: Option<[Color; 3]>| tones.zip(at).map(|(tones, at)| tones[at]);
        Style { fg: pick(worn.fg), bg: pick(worn.bg), ..Style::default() }.add_modifier(worn.mods)
    }
}

fn read(name: &str, text: &str) -> Result<File, ThemeError> {
    toml::from_str(text).map_err(|error| ThemeError::Malformed { name: name.to_owned(), error: Box::new(error) })
}

impl Tone {
    fn colours(&self) -> Option<[Color; 3]> {
        let [r, g, b] = hex(&self.rgb)?;
        Some([Color::Rgb(r, g, b), Color::Indexed(self.x256), self.ansi.parse().ok()?])
    }
}

impl Wear {
    fn worn(&self, tones: &BTreeMap<&str, [Color; 3]>) -> Result<Worn, String> {
        let tone = |name: &Option<String>| match name {
            Some(name) => {
                tones.get(name.as_str()).copied().map(Some).ok_or_else(|| format!("no colour {name} in the palette"))
            }
            None => Ok(None),
        };
        let mut mods = Modifier::empty();
        for word in &self.mods {
            mods |= match word.as_str() {
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "italic" => Modifier::ITALIC,
                "underline" => Modifier::UNDERLINED,
                "reverse" => Modifier::REVERSED,
                other => return Err(format!("no modifier {other}: bold, dim, italic, underline, reverse")),
            };
        }
        Ok(Worn { fg: tone(&self.fg)?, bg: tone(&self.bg)?, mods })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_theme_has_a_style_for_every_token() {
        for (name, text) in SHIPPED {
            let theme = Theme::parse(name, text).unwrap();
            assert_eq!(theme.name, *name);
        }
    }

    #[test]
    fn without_colours_the_states_still_differ_and_nothing_has_a_colour() {
        for (name, text) in SHIPPED {
            let theme = Theme::parse(name, text).unwrap();
            for token in Token::ALL {
                let style = theme.style(*token, Depth::Mono);
                assert_eq!((style.fg, style.bg), (None, None), "{name} {}", token.name());
            }
        }
        let mono = Theme::load("mono").unwrap();
        let of = |t| mono.style(t, Depth::Mono);
        assert_ne!(of(Token::StateCrit), of(Token::StateOk));
        assert_ne!(of(Token::StateCrit), of(Token::StateWarn));
        assert_ne!(of(Token::UiSelection), of(Token::UiText));
    }

    #[test]
    fn a_wrong_theme_is_told_by_what_is_wrong() {
        let bad = "name = \"x\"\nkind = \"dark\"\ninherits = \"dark\"\n[style]\n\"ui.text\" = { fg = \"nope\" }\n";
        let told = Theme::parse("x", bad).unwrap_err().to_string();
        assert!(told.contains("ui.text") && told.contains("nope"), "{told}");
        let bad = "name = \"x\"\nkind = \"dark\"\ninherits = \"dark\"\n[style]\n\"ui.colour\" = {}\n";
        assert!(Theme::parse("x", bad).unwrap_err().to_string().contains("ui.colour"));
        assert!(Theme::load("nosuch").unwrap_err().to_string().contains("dark, light"));
    }
}
