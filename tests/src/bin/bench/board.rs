//! What a measurement says: ours, the peer's, the ratio, the goal, and whether it is met.

use std::fmt::{self, Display};

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
    /// Nothing: the figure is information.
    None,
}

/// One measured line.
pub struct Line {
    what: String,
    ours: String,
    peer: String,
    figure: f64,
    unit: &'static str,
    goal: Goal,
}

impl Line {
    /// A line for information.
    pub fn told(what: impl Display, ours: impl Display) -> Self {
        let (what, ours) = (what.to_string(), ours.to_string());
        Self { what, ours, peer: "-".into(), figure: f64::NAN, unit: "", goal: Goal::None }
    }

    /// The same beside a peer or a probe of the same run.
    pub fn beside(mut self, peer: impl Display) -> Self {
        self.peer = peer.to_string();
        self
    }

    /// The same with the ratio that is judged.
    pub fn ratio(mut self, ratio: f64, goal: Goal) -> Self {
        (self.figure, self.unit, self.goal) = (ratio, "x", goal);
        self
    }

    /// The same with a count, or a time of the virtual clock, that is judged: what no machine makes greater or less.
    pub fn count(mut self, figure: f64, unit: &'static str, goal: Goal) -> Self {
        (self.figure, self.unit, self.goal) = (figure, unit, goal);
        self
    }

    /// Whether its goal is met; one that could not be measured, for want of a peer, is not.
    pub fn is_met(&self) -> bool {
        self.goal.is_met(self.figure)
    }
}

impl Goal {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::None => true,
            Self::Least(goal) => figure >= goal,
            Self::Most(goal) => figure <= goal,
        }
    }

    fn verdict(self, figure: f64) -> String {
        let short = |by: f64| format!("SHORT by {}", number(by));
        match self {
            Self::None => "-".into(),
            _ if figure.is_nan() => "NOT MEASURED".into(),
            _ if self.is_met(figure) => "met".into(),
            Self::Least(goal) => short(goal / figure) + "x",
            Self::Most(goal) => short(figure / goal) + "x",
        }
    }

    fn words(self, unit: &str) -> String {
        match self {
            Self::None => "-".into(),
            Self::Least(goal) => format!(">= {}{unit}", number(goal)),
            Self::Most(goal) => format!("<= {}{unit}", number(goal)),
        }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = if self.figure.is_nan() { "-".into() } else { format!("{}{}", number(self.figure), self.unit) };
        let (goal, verdict) = (self.goal.words(self.unit), self.goal.verdict(self.figure));
        write!(f, "  {:<60} {:>19} {:>27} {figure:>12} {goal:>14}  {verdict}", self.what, self.ours, self.peer)
    }
}

/// The head of the table.
pub fn head() -> String {
    format!("  {:<60} {:>19} {:>27} {:>12} {:>14}  {}", "what", "ours", "peer or probe", "judged", "goal", "verdict")
}

/// Three digits that mean something, with thousands apart.
pub fn number(n: f64) -> String {
    let digits = match n.abs() {
        n if n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{n:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (n, c) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

/// Milliseconds.
pub fn ms(n: f64) -> String {
    number(n) + " ms"
}

/// So many a second.
pub fn rate(n: f64) -> String {
    number(n) + "/s"
}
