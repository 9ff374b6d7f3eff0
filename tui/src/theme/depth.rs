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
    /// The depth: the flag, `NO_COLOR`, `COLORTERM`, `TERM`, else 16 colours.
    pub fn choose(flag: Option<Self>, var: impl Fn(&str) -> Option<String>) -> Self {
        let var = |name| var(name).filter(|v| !v.is_empty());
        if let Some(depth) = flag {
            return depth;
        }
        if var("NO_COLOR").is_some() {
            return Self::Mono;
        }
        if var("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") {
            return Self::True;
        }
        match var("TERM") {
            None => Self::Ansi16,
            Some(term) if term == "dumb" || term.ends_with("-m") || term.starts_with("vt1") => Self::Mono,
            Some(term) if term.contains("direct") => Self::True,
            Some(term) if term.contains("256") => Self::X256,
            Some(_) => Self::Ansi16,
        }
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mono => "none",
            Self::Ansi16 => "16",
            Self::X256 => "256",
            Self::True => "true",
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
            "true" | "24bit" => Self::True,
            _ => return Err("not a colour depth: none, 16, 256 or true"),
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
    }
}
