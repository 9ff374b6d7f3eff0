//! Times and states as the screens write them.

use std::time::Duration;

use rackhand_core::stock::{Difference, Sense};
use rackhand_core::time::Timestamp;
use rackhand_core::view::State;

/// The letter of a state.
pub const fn letter(state: State) -> &'static str {
    match state {
        State::Stuck => "S",
        State::Retrying => "R",
        State::Moving => "M",
        State::Person => "P",
        State::Idle => "I",
        State::Aside => "A",
    }
}

/// A span in whole minutes, so that a screen at rest stays as it is: `<1m`, `7m`, `2h05m`, `4d3h`.
pub fn age(span: Duration) -> String {
    let m = span.as_secs() / 60;
    match m {
        0 => "<1m".to_owned(),
        1..60 => format!("{m}m"),
        60..1_440 => format!("{}h{:02}m", m / 60, m % 60),
        _ => format!("{}d{}h", m / 1_440, m % 1_440 / 60),
    }
}

/// When something is, seen from now: `in 7m`, `due`.
pub fn until(when: Timestamp, now: Timestamp) -> String {
    if when <= now { "due".to_owned() } else { format!("in {}", age(when.since(now))) }
}

/// The time of day in UTC, to the second.
pub fn clock(when: Timestamp) -> String {
    when.to_string().get(11..19).unwrap_or("?").to_owned()
}

/// Month, day, hour and minute in UTC.
pub fn short(when: Timestamp) -> String {
    format!("{} UTC", when.to_string().get(5..16).unwrap_or("?").replace('T', " "))
}

/// Month, day and time of day in UTC, to the second.
pub fn date(when: Timestamp) -> String {
    when.to_string().get(5..19).unwrap_or("?").replace('T', " ")
}

/// The day in UTC: `2026-11-18`.
pub fn day(when: Timestamp) -> String {
    when.to_string().get(..10).unwrap_or("?").to_owned()
}

/// The beginning of a day that is written as `2026-11-18`, in UTC.
pub fn start_of_day(text: &str) -> Option<Timestamp> {
    at(text, "T00:00:00Z")
}

/// The end of a day that is written as `2026-11-18`, in UTC.
pub fn end_of_day(text: &str) -> Option<Timestamp> {
    at(text, "T23:59:59Z")
}

fn at(day: &str, time: &str) -> Option<Timestamp> {
    let day = day.trim();
    // Anything longer brings a time of its own.
    (day.len() == 10).then(|| format!("{day}{time}").parse().ok()).flatten()
}

/// A difference from what was asked for, with the way it goes as a word.
pub fn difference(d: &Difference) -> String {
    let way = match d.sense {
        Sense::More => "more",
        Sense::Less => "LESS",
        Sense::Other => "OTHER",
        Sense::Unknown => "UNKNOWN",
    };
    format!("{way}: {} {}, asked {}", d.what, d.has, d.asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_move_once_a_minute_at_the_most() {
        let ages = [0, 59, 60, 3_599, 3_600, 90_061, 400_000].map(|s| age(Duration::from_secs(s)));
        assert_eq!(ages, ["<1m", "<1m", "1m", "59m", "1h00m", "1d1h", "4d15h"]);
        let now = Timestamp::from_secs(1_795_000_000);
        assert_eq!((clock(now).as_str(), date(now).as_str()), ("11:06:40", "11-18 11:06:40"));
        assert_eq!(until(now, now), "due");
        assert_eq!(end_of_day(" 2026-11-18 ").map(day).as_deref(), Some("2026-11-18"));
        assert_eq!(start_of_day("2026-11-18").map(|t| now.since(t).as_secs()), Some(40_000));
        assert!(["2026-11-31", "18.11.2026", "", "2026-11-1"].iter().all(|bad| end_of_day(bad).is_none()));
    }
}
