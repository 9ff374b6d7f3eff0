//! Whether a theme can be read, and whether its states differ, for every eye.

use ratatui::style::{Color, Modifier};

use super::colour::{Rgb, Sight, contrast, distance, indexed};
use super::depth::Depth;
use super::file::{Kind, Theme};
use super::token::Token;

/// Least contrast of text (WCAG 2.2, level AA); a theme may ask more of itself.
pub const TEXT: f64 = 4.5;
/// Least distance of two states to normal sight.
pub const APART: f64 = 15.0;
/// The same to eyes for which a theme says it is made.
pub const MADE_FOR: f64 = 10.0;
/// The same to all other eyes.
pub const AT_ALL: f64 = 5.0;

/// Lines and empty places; nobody reads them.
const NOT_TEXT: &[Token] = &[Token::UiBorder, Token::UiScroll, Token::RackEmpty];

/// Tokens that stand beside each other and must differ.
const GROUPS: &[&[Token]] = &[
    &[
        Token::StateOk,
        Token::StateInfo,
        Token::StateWarn,
        Token::StateCrit,
        Token::StateUnknown,
        Token::StateContradicting,
        Token::StateStale,
    ],
    &[Token::LinkLive, Token::LinkStale, Token::LinkDown],
    &[Token::ChangeAdded, Token::ChangeChanged, Token::ChangeRemoved],
    &[Token::JobRunning, Token::JobDone, Token::JobFailed, Token::JobPaused],
    &[Token::QuoteBest, Token::QuoteWorse, Token::QuoteDiffers, Token::QuoteMissing],
];

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What is not as it must be, as sentences.
    pub faults: Vec<String>,
    /// The least contrast of text.
    pub contrast: Option<f64>,
    /// The least distance of two states that no modifier tells apart: to normal sight, and to any.
    pub apart: Option<(f64, f64)>,
}

impl Found {
    /// The whole, in a sentence.
    pub fn sentence(&self) -> String {
        let figure = |f: Option<f64>| f.map_or_else(|| "no colours".to_owned(), |f| format!("{f:.1}"));
        let good = if self.faults.is_empty() { "good" } else { "NOT GOOD" };
        format!(
            "{good}; least contrast of text {}, least distance of states {} to normal sight and {} to any",
            figure(self.contrast),
            figure(self.apart.map(|a| a.0)),
            figure(self.apart.map(|a| a.1)),
        )
    }
}

/// Checks a theme at the depths whose colours are known.
pub fn check(theme: &Theme) -> Found {
    let mut found = Found::default();
    for depth in [Depth::True, Depth::X256] {
        texts(theme, depth, &mut found);
        groups(theme, depth, &mut found);
    }
    without_colour(theme, &mut found);
    found
}

fn rgb(colour: Option<Color>) -> Option<Rgb> {
    match colour? {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(n) => indexed(n),
        _ => None,
    }
}

fn texts(theme: &Theme, depth: Depth, found: &mut Found) {
    // The header's background lies under whatever stands in it.
    let bar = rgb(theme.style(Token::UiBar, depth).bg);
    let under: Vec<Rgb> = theme.backgrounds().into_iter().chain(bar).collect();
    for token in Token::ALL.iter().filter(|t| !NOT_TEXT.contains(t)) {
        let style = theme.style(*token, depth);
        let Some(fg) = rgb(style.fg) else { continue };
        let behind = rgb(style.bg).map_or_else(|| under.clone(), |bg| vec![bg]);
        let least = behind.into_iter().map(|bg| contrast(fg, bg)).fold(f64::INFINITY, f64::min);
        found.contrast = Some(found.contrast.map_or(least, |c| c.min(least)));
        if least < theme.least {
            let wanted = theme.least;
            found.faults.push(format!("{} at {depth}: contrast {least:.2}, at least {wanted:.1}", token.name()));
        }
    }
}

fn groups(theme: &Theme, depth: Depth, found: &mut Found) {
    for group in GROUPS {
        for (n, one) in group.iter().enumerate() {
            for two in &group[n + 1..] {
                let (a, b) = (theme.style(*one, depth), theme.style(*two, depth));
                let (Some(x), Some(y)) = (rgb(a.fg), rgb(b.fg)) else { continue };
                if a.add_modifier != b.add_modifier || a.bg != b.bg {
                    continue;
                }
                for sight in Sight::ALL {
                    let apart = distance(x, y, sight);
                    let wanted = match sight {
                        Sight::Normal => APART,
                        sight if theme.made_for.contains(&sight) => MADE_FOR,
                        _ => AT_ALL,
                    };
                    let (normal, any) = found.apart.unwrap_or((f64::INFINITY, f64::INFINITY));
                    let normal = if sight == Sight::Normal { normal.min(apart) } else { normal };
                    found.apart = Some((normal, any.min(apart)));
                    if apart < wanted {
                        found.faults.push(format!(
                            "{} and {} at {depth}, {}: distance {apart:.1}, at least {wanted:.0} or another modifier",
                            one.name(),
                            two.name(),
                            sight.word()
                        ));
                    }
                }
            }
        }
    }
}

/// Where there are no colours, what is wrong and what is selected must still stand out. Every state also has its
/// letter and its word, which no theme can take away.
fn without_colour(theme: &Theme, found: &mut Found) {
    let of = |token| theme.style(token, Depth::Mono).add_modifier;
    for token in [Token::StateCrit, Token::LinkDown, Token::UiSelection, Token::JobFailed] {
        if of(token) == Modifier::empty() {
            found.faults.push(format!("{} without colours: it looks like plain text", token.name()));
        }
    }
}

impl Theme {
    /// What lies under text without a background of its own: what the theme names, else the usual ones of its kind.
    fn backgrounds(&self) -> Vec<Rgb> {
        if !self.background.is_empty() {
            return self.background.clone();
        }
        match self.kind {
            Kind::Dark => vec![[0; 3], [0x26; 3]],
            Kind::Light => vec![[0xff; 3], [0xee; 3]],
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::theme::file::SHIPPED;

    #[test]
    fn every_shipped_theme_passes() {
        for (name, text) in SHIPPED {
            let found = check(&Theme::parse(name, text).unwrap());
            assert!(found.faults.is_empty(), "{name}:\n{}", found.faults.join("\n"));
        }
    }

    #[test]
    fn what_cannot_be_read_or_told_apart_is_found() {
        let theme = "name = \"x\"\nkind = \"dark\"\ninherits = \"dark\"\n[palette]\n\
                     dim = { rgb = \"#444444\", x256 = 238, ansi = \"gray\" }\n\
                     yellow = { rgb = \"#87d78f\", x256 = 114, ansi = \"green\" }\n";
        let told = check(&Theme::parse("x", theme).unwrap()).faults.join("\n");
        assert!(told.contains("ui.dim at truecolor: contrast 1."), "{told}");
        assert!(told.contains("state.ok and state.warn at 256, normal sight: distance 0.0"), "{told}");
    }
}
