//! What a user has set: `console.toml` in the configuration directory, and flags, which go before it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::command::keymap::Keymap;
use crate::input::key::Key;
use crate::theme::depth::Depth;
use crate::theme::glyph::GlyphSet;

/// What is set. `None` is not set here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// A shipped theme's name, or a file's path.
    pub theme: Option<String>,
    /// Colour depth.
    pub depth: Option<Depth>,
    /// Glyphs.
    pub glyphs: Option<GlyphSet>,
    /// Whether the mouse is ours.
    pub mouse: Option<bool>,
    /// The keys.
    pub keys: Keymap,
    /// The key that a scanner sends before each scan.
    pub prefix: Option<Key>,
}

/// What is wrong with the file: every mistake, each with where it is.
#[derive(Debug, thiserror::Error)]
#[error("{path}:\n{told}")]
pub struct SettingsError {
    /// The file.
    pub path: String,
    /// The mistakes, a line each or more.
    pub told: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    theme: Option<String>,
    depth: Option<String>,
    glyphs: Option<String>,
    mouse: Option<bool>,
    keys: BTreeMap<String, Names>,
    scanner: Scanner,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Scanner {
    prefix: Option<String>,
}

/// One key, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    /// Reads a file; what is not there sets nothing.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let wrong = |told: String| SettingsError { path: path.display().to_string(), told };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path.parent()).map_err(|told| wrong(told.join("\n"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(wrong(format!("  it cannot be read: {error}"))),
        }
    }

    /// Reads a file's text. A theme's path is relative to `dir`. Gives every mistake at once.
    pub fn parse(text: &str, dir: Option<&Path>) -> Result<Self, Vec<String>> {
        let file: File = toml::from_str(text).map_err(|e| vec![format!("  {}", e.to_string().trim_end())])?;
        let mut wrong = Vec::new();
        let depth = file.depth.and_then(|d| d.parse().map_err(|e| wrong.push(format!("  depth: {d} is {e}"))).ok());
        let glyphs = file.glyphs.and_then(|g| g.parse().map_err(|e| wrong.push(format!("  glyphs: {g} is {e}"))).ok());
        let names = file.keys.into_iter().map(|(id, names)| match names {
            Names::One(name) => (id, vec![name]),
            Names::Several(names) => (id, names),
        });
        let keys = Keymap::new(&names.collect()).unwrap_or_else(|told| {
            wrong.extend(told.into_iter().map(|t| format!("  keys: {t}")));
            Keymap::default()
        });
        let prefix = file.scanner.prefix.and_then(|name| match name.parse::<Key>() {
            Ok(key @ (Key::Ctrl(_) | Key::F(_))) if keys.find(key).is_none() => Some(key),
            Ok(key) => {
                wrong.push(format!(
                    "  scanner: {key} is typed by people; a prefix is a Ctrl or F key without a command"
                ));
                None
            }
            Err(told) => {
                wrong.push(format!("  scanner: {told}"));
                None
            }
        });
        let theme = file.theme.map(|theme| match dir {
            Some(dir) if theme.contains(['/', '.']) => dir.join(theme).display().to_string(),
            _ => theme,
        });
        if wrong.is_empty() { Ok(Self { theme, depth, glyphs, mouse: file.mouse, keys, prefix }) } else { Err(wrong) }
    }
}

/// The user's file; `None` without a home.
pub fn path(var: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    crate::persist::config_dir(var).map(|dir| dir.join("console.toml"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::command::registry::Act;

    #[test]
    fn a_file_sets_looks_keys_and_the_scanners_prefix() {
        let text = "theme = \"themes/mine.toml\"\ndepth = \"256\"\nglyphs = \"ascii\"\nmouse = true\n\
                    [keys]\nretry = \"T\"\nhelp = [\"?\", \"F1\"]\n[scanner]\nprefix = \"Ctrl-B\"\n";
        let set = Settings::parse(text, Some(Path::new("/c"))).unwrap();
        assert_eq!(set.theme.as_deref(), Some("/c/themes/mine.toml"));
        assert_eq!((set.depth, set.glyphs, set.mouse), (Some(Depth::X256), Some(GlyphSet::Ascii), Some(true)));
        assert_eq!((set.keys.name(Act::Retry).as_str(), set.prefix), ("T", Some(Key::Ctrl('b'))));
        assert_eq!(Settings::parse("", None).unwrap(), Settings::default());
    }

    #[test]
    fn mistakes_are_told_together_and_by_name() {
        let text =
            "depth = \"17\"\nglyphs = \"emoji\"\n[keys]\nretry = \"q\"\nfly = \"f\"\n[scanner]\nprefix = \"x\"\n";
        let told = Settings::parse(text, None).unwrap_err().join("\n");
        for part in ["depth: 17", "glyphs: emoji", "q is both retry and quit", "fly is not a command", "scanner: x"] {
            assert!(told.contains(part), "{part} in\n{told}");
        }
        let told = Settings::parse("mous = true\n", None).unwrap_err().join("\n");
        assert!(told.contains("mous") && told.contains("line 1"), "{told}");
    }
}
