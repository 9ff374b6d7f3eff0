//! What went wrong, as one sentence for the person who reads the report or the console.

use std::fmt;

/// One sentence: what and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble(pub String);

/// A value, or why there is none.
pub type Tried<T> = Result<T, Trouble>;

impl Trouble {
    /// From a sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

/// Names the thing an error of the system is about.
pub trait About<T> {
    /// `thing: what the system said`.
    fn about(self, thing: impl fmt::Display) -> Tried<T>;
}

impl<T, E: fmt::Display> About<T> for Result<T, E> {
    fn about(self, thing: impl fmt::Display) -> Tried<T> {
        self.map_err(|e| Trouble(format!("{thing}: {e}")))
    }
}
