//! `[lab]`: a clock that runs faster than time.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};

/// For labs only, and taken only with the argument `--lab`: a clock that runs faster than time. Everything waits by it: pauses, deadlines, token lives.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lab {
    /// How many times as fast as time.
    #[schemars(range(min = 1, max = 100_000))]
    pub speed: f64,
    /// When its time and the machine's agree, in Unix seconds. Fixed, so that a restart does not set it back.
    pub since: i64,
}

pub(super) fn check(source: &Source<'_>, lab: &Spanned<Lab>) -> Result<(), ConfigError> {
    let speed = lab.get_ref().speed;
    if speed.is_finite() && (1.0..=100_000.0).contains(&speed) {
        return Ok(());
    }
    Err(source.at(lab, "speed must be from 1 to 100000"))
}
