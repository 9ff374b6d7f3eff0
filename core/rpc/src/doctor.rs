//! What a look at a daemon's surroundings found: one line for each check, with what to do.

use std::fmt;

use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

/// How a check ended, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Something does not work, or is not safe.
    Wrong,
    /// It works, and something may go wrong, or is not as it should be.
    Warning,
    /// It could not be looked at. Never taken for good.
    NotChecked,
    /// As it should be.
    Ok,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wrong => "WRONG",
            Self::Warning => "warning",
            Self::NotChecked => "not checked",
            Self::Ok => "ok",
        })
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How it ended.
    pub state: State,
    /// What was looked at.
    pub name: Text,
    /// What was found; where it was not looked at, why.
    pub found: Text,
    /// What a person does about it; empty where nothing is to be done.
    pub advice: Text,
}

impl Check {
    /// As it should be.
    pub fn ok(name: &str, found: impl Into<Text>) -> Self {
        Self { state: State::Ok, name: name.into(), found: found.into(), advice: "".into() }
    }

    /// It could not be looked at, and why.
    pub fn not_checked(name: &str, why: impl Into<Text>) -> Self {
        Self { state: State::NotChecked, ..Self::ok(name, why) }
    }

    /// Something may go wrong.
    pub fn warning(name: &str, found: impl Into<Text>, advice: impl Into<Text>) -> Self {
        Self { state: State::Warning, advice: advice.into(), ..Self::ok(name, found) }
    }

    /// Something does not work.
    pub fn wrong(name: &str, found: impl Into<Text>, advice: impl Into<Text>) -> Self {
        Self { state: State::Wrong, advice: advice.into(), ..Self::ok(name, found) }
    }

    /// What was found, and what to do, in one line.
    pub fn sentence(&self) -> String {
        if self.advice.is_empty() { self.found.to_string() } else { format!("{}: {}", self.found, self.advice) }
    }
}

/// All checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The checks, the worst first; those that ended alike in the order they matter.
    pub checks: Vec<Check>,
}

impl Report {
    /// A report of checks that are given in the order they matter.
    pub fn new(mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|c| c.state);
        Self { checks }
    }

    /// Whether anything is wrong.
    pub fn is_wrong(&self) -> bool {
        self.checks.iter().any(|c| c.state == State::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_comes_first_and_the_rest_keeps_its_order() {
        let report = Report::new(vec![
            Check::ok("a", "x"),
            Check::warning("b", "x", "do"),
            Check::not_checked("c", "x"),
            Check::wrong("d", "x", "do"),
            Check::ok("e", "x"),
        ]);
        let names: Vec<&str> = report.checks.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["d", "b", "c", "a", "e"]);
        assert!(report.is_wrong() && !Report::default().is_wrong());
        assert_eq!(report.checks[0].sentence(), "x: do");
    }
}
