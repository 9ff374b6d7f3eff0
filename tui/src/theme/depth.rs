//! How many colours the terminal has, told by a flag and the environment. The terminal itself is never asked: an
//! answer that does not come would hold up the start.

use std::fmt;
use std::str::FromStr;

/// Colour depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// No colour; bold, reverse and underline only.
    Mono,
    /// The terminal's own 16.
    Ansi16,
    /// The 256 of xterm.
    X256,
    /// 24 bits.
    True,
}

impl Depth {
    /// The depth: the flag or setting, `NO_COLOR`, `FORCE_COLOR`, `COLORTERM`, `TERM`, else 16 colours. Inside tmux
    /// and screen 256: what the terminal outside can, they need not pass on.
    pub fn choose(flag: Option<Self>, var: impl Fn(&str) -> Option<String>) -> Self {
        let var = |name| var(name).filter(|v| !v.is_empty());
        if let Some(depth) = flag {
            return depth;
        }
        if var("NO_COLOR").is_some() {
            return Self::Mono;
        }
        match var("FORCE_COLOR").as_deref() {
            Some("0" | "false") => return Self::Mono,
            Some("2") => return Self::X256,
            Some("3") => return Self::True,
            _ => {}
        }
        let term = var("TERM").unwrap_or_default();
        let inside = var("TMUX").is_some() || term.starts_with("tmux") || term.starts_with("screen");
        let direct = var("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") || term.contains("direct");
        match term.as_str() {
            "dumb" => Self::Mono,
            t if t.ends_with("-m") || t.starts_with("vt1") => Self::Mono,
            _ if direct && !inside => Self::True,
            t if direct || t.contains("256") => Self::X256,
            _ => Self::Ansi16,
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mono => "mono",
            Self::Ansi16 => "16",
            Self::X256 => "256",
            Self::True => "truecolor",
        })
    }
}

impl FromStr for Depth {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "none" | "mono" => Self::Mono,
            "16" => Self::Ansi16,
            "256" => Self::X256,
            "truecolor" | "true" | "24bit" => Self::True,
            _ => return Err("not a colour depth: truecolor, 256, 16 or mono"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_follows_flag_then_no_color_then_colorterm_then_term() {
        let with = |flag, vars: &[(&str, &str)]| {
            let vars: Vec<(String, String)> = vars.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            Depth::choose(flag, move |name| vars.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        assert_eq!(with(None, &[]), Depth::Ansi16);
        assert_eq!(with(None, &[("TERM", "tmux-256color")]), Depth::X256);
        assert_eq!(with(None, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(with(None, &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::Mono);
        assert_eq!(with(None, &[("NO_COLOR", ""), ("TERM", "linux")]), Depth::Ansi16);
        assert_eq!(with(Some(Depth::X256), &[("NO_COLOR", "1")]), Depth::X256);
        assert_eq!(with(None, &[("TERM", "dumb")]), Depth::Mono);
        assert_eq!(with(None, &[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")]), Depth::X256);
        assert_eq!(with(None, &[("TMUX", "/tmp/x,1,0"), ("TERM", "xterm-direct")]), Depth::X256);
        assert_eq!(with(None, &[("FORCE_COLOR", "3"), ("TERM", "linux")]), Depth::True);
        assert_eq!(with(None, &[("FORCE_COLOR", "3"), ("NO_COLOR", "1")]), Depth::Mono);
    }
}
