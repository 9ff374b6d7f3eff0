//! Which release of NetBox answers, and what follows from it.

use std::fmt;
use std::str::FromStr;

/// A minor release, such as 4.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    major: u16,
    minor: u16,
}

impl Release {
    /// The oldest we work with: from it on MACs are objects.
    pub const OLDEST: Self = Self { major: 4, minor: 2 };
    /// The newest we have tried.
    pub const NEWEST: Self = Self { major: 4, minor: 7 };

    /// Whether it is one of those we work with.
    pub fn is_supported(self) -> bool {
        (Self::OLDEST..=Self::NEWEST).contains(&self)
    }

    /// Whether lists have cursors and single objects ETags (4.6).
    pub(super) fn has_cursors(self) -> bool {
        self >= Self { major: 4, minor: 6 }
    }

    /// Whether v2 tokens and `authentication-check/` exist (4.5).
    pub(super) fn has_v2_tokens(self) -> bool {
        self >= Self { major: 4, minor: 5 }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// `4.6`, `4.6.8`, `4.7.3-Docker-5.1.1`.
impl FromStr for Release {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = text.trim().split(['.', '-']);
        let mut number = || numbers.next().and_then(|n| n.parse().ok()).ok_or(());
        Ok(Self { major: number()?, minor: number()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_every_form_netbox_writes_them() {
        for (text, release) in [("4.6", (4, 6)), ("4.2.2", (4, 2)), ("4.7.3-Docker-5.1.1", (4, 7)), ("4.10.0", (4, 10))]
        {
            let (major, minor) = release;
            assert_eq!(text.parse(), Ok(Release { major, minor }), "{text}");
        }
        for bad in ["", "4", "v4.6", "four.six", "70000.1"] {
            assert_eq!(bad.parse::<Release>(), Err(()), "{bad}");
        }
        assert!("4.2".parse::<Release>().is_ok_and(Release::is_supported));
        assert!("4.1.9".parse::<Release>().is_ok_and(|r| !r.is_supported()));
        assert!("4.10".parse::<Release>().is_ok_and(|r| !r.is_supported() && r.has_cursors()));
    }
}
