//! How the console looks and what it keeps, as flags.

use clap::Args;

use crate::theme::depth::Depth;
use crate::theme::glyph::GlyphSet;

/// Flags of the console; each goes before `console.toml`.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The console")]
pub struct LookArgs {
    /// A shipped theme, or a theme file's path: dark, light, ansi16, mono, cb-red-green, cb-blue-yellow, high-contrast
    #[arg(long, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// Colours: truecolor, 256, 16 or mono; default: as the environment says
    #[arg(long, value_name = "DEPTH")]
    pub depth: Option<Depth>,
    /// Signs: unicode or ascii; default: as the locale says
    #[arg(long, value_name = "SET")]
    pub glyphs: Option<GlyphSet>,
    /// Click selects, wheel scrolls; without it the terminal keeps the mouse
    #[arg(long)]
    pub mouse: bool,
    /// Record the whole session in this new file, for `replay`
    #[arg(long, value_name = "FILE")]
    pub record: Option<std::path::PathBuf>,
}

impl LookArgs {
    /// These, and where they say nothing the flags before the verb.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        Self {
            theme: self.theme.or(before.theme),
            depth: self.depth.or(before.depth),
            glyphs: self.glyphs.or(before.glyphs),
            mouse: self.mouse || before.mouse,
            record: self.record.or(before.record),
        }
    }
}
