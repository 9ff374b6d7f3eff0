//! Readers of arguments: what a word must be, and the sentence where it is not.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use rackhand_core::id::SiteId;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

/// A number of rows, up to the most one page has.
pub(super) fn rows(most: usize) -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u64).range(1..=most as u64).map(|n| n as usize)
}

/// One of the words of a type. clap suggests the nearest.
pub(super) fn words<T>(all: impl Iterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(all).try_map(|word| word.parse::<T>())
}

pub(super) fn speed(text: &str) -> Result<f64, &'static str> {
    let speed: Option<f64> = text.parse().ok().filter(|s| (0.01..=1_024.0).contains(s));
    speed.ok_or("a speed is a number from 0.01 to 1024")
}

pub(super) fn site(slug: &str) -> Result<SiteId, &'static str> {
    let site = SiteId::new(slug);
    let same = site.as_str() == slug && !slug.is_empty();
    same.then_some(site).ok_or("a site's slug has 1 to 32 lower-case letters, digits and dashes")
}

/// A slug as NetBox has them.
pub(super) fn slug(text: &str) -> Result<Text, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let sound = (1..=100).contains(&text.len()) && text.chars().all(fits);
    sound.then(|| Text::new(text)).ok_or("a slug has 1 to 100 letters, digits, dashes and underscores")
}

/// A span such as `90s`, `5m` or `2h`, up to a day.
pub(super) fn span(text: &str) -> Result<Duration, &'static str> {
    const BAD: &str = "give seconds, minutes or hours, such as 90s, 5m or 2h; a day at most";
    let unit = text.char_indices().last().ok_or(BAD)?;
    let seconds: u64 = match unit.1 {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        _ => return Err(BAD),
    };
    let count: u64 = text[..unit.0].parse().map_err(|_| BAD)?;
    let span = count.checked_mul(seconds).filter(|s| *s <= 86_400).ok_or(BAD)?;
    Ok(Duration::from_secs(span))
}

/// An instant as RFC 3339 has it, or a day, which is its first instant in UTC.
pub(super) fn from_day(text: &str) -> Result<Timestamp, &'static str> {
    instant(text, "T00:00:00Z")
}

/// An instant as RFC 3339 has it, or a day, which is its last second in UTC.
pub(super) fn to_day(text: &str) -> Result<Timestamp, &'static str> {
    instant(text, "T23:59:59Z")
}

fn instant(text: &str, of_day: &str) -> Result<Timestamp, &'static str> {
    let read = text.parse().or_else(|_| format!("{text}{of_day}").parse());
    read.map_err(|_| "give a day such as 2026-12-01, or a time such as 2026-12-01T09:00:00Z")
}
