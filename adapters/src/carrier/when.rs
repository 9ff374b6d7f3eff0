//! Carriers' dates and times, as instants.
//!
//! Where a carrier gives a local time without its offset, or only the day (midnight stands for that), the instant is
//! noon of that day in UTC: at most 14 h off wherever the place is, and the same in each reading.

use rackhand_core::time::Timestamp;

/// Longest wait that a carrier may ask for, in seconds: a day.
const LONGEST: u64 = 86_400;

/// An ISO 8601 date, or date and time with or without offset. `None` where it is no date.
pub(super) fn iso(text: &str) -> Option<Timestamp> {
    let (day, time) = (text.get(..10)?, text.get(10..)?);
    let only_day = time.is_empty() || time.starts_with("T00:00:00") || time == "T00:00";
    let exact = (!only_day).then(|| text.parse().ok()).flatten();
    exact.or_else(|| noon(day))
}

/// `2026-11-22` at noon in UTC.
fn noon(day: &str) -> Option<Timestamp> {
    format!("{day}T12:00:00Z").parse().ok()
}

/// UPS's date (`20261122`) and, where both are there, time (`93000` is half past nine) and offset (`-05:00`, `Z`). A
/// time without an offset is of no use.
pub(super) fn compact(date: &str, time: Option<&str>, offset: Option<&str>) -> Option<Timestamp> {
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if date.len() != 8 || !numeric(date) {
        return None;
    }
    let day = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
    let exact = time.zip(offset).filter(|(time, _)| numeric(time) && time.len() <= 6).and_then(|(time, offset)| {
        let time = format!("{time:0>6}");
        format!("{day}T{}:{}:{}{offset}", &time[..2], &time[2..4], &time[4..]).parse().ok()
    });
    exact.or_else(|| noon(&day))
}

/// What `Retry-After` asks for, in seconds or as a date (RFC 9110, 10.2.3), at most a day from now.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Timestamp> {
    let value = value.trim();
    let until = match value.parse::<u64>() {
        Ok(secs) => now + std::time::Duration::from_secs(secs.min(LONGEST)),
        Err(_) => http_date(value)?,
    };
    Some(until.min(now + std::time::Duration::from_secs(LONGEST)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, time, "GMT"] = words[..] else { return None };
    let month = MONTHS.iter().position(|m| *m == month)? + 1;
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_and_a_day_are_noon_in_utc() {
        let read = |text: &str| iso(text).map(|t| t.to_string());
        for (text, expected) in [
            ("2026-11-22T10:30:00-05:00", Some("2026-11-22T15:30:00Z")),
            ("2026-11-22T10:30:00Z", Some("2026-11-22T10:30:00Z")),
            ("2026-11-22T10:30:00", Some("2026-11-22T12:00:00Z")),
            ("2026-11-22T00:00:00", Some("2026-11-22T12:00:00Z")),
            ("2026-11-22T00:00:00Z", Some("2026-11-22T12:00:00Z")),
            ("2026-11-22T00:00:00+01:00", Some("2026-11-22T12:00:00Z")),
            ("2026-11-22", Some("2026-11-22T12:00:00Z")),
            ("2026-11-22 at noon", Some("2026-11-22T12:00:00Z")),
            ("2026-02-30", None),
            ("tomorrow", None),
            ("ééééé, soon", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_compact_time_counts_with_its_offset_only() {
        let read = |date: &str, time, offset| compact(date, time, offset).map(|t| t.to_string());
        for (date, time, offset, expected) in [
            ("20261122", Some("173000"), Some("-05:00"), Some("2026-11-22T22:30:00Z")),
            ("20261122", Some("74700"), Some("Z"), Some("2026-11-22T07:47:00Z")),
            ("20261122", Some("173000"), None, Some("2026-11-22T12:00:00Z")),
            ("20261122", None, Some("Z"), Some("2026-11-22T12:00:00Z")),
            ("20261122", Some("999999"), Some("Z"), Some("2026-11-22T12:00:00Z")),
            ("20261122", Some("173000"), Some("east"), Some("2026-11-22T12:00:00Z")),
            ("20261322", None, None, None),
            ("2026112", None, None, None),
            ("ééééé", None, None, None),
        ] {
            assert_eq!(read(date, time, offset).as_deref(), expected, "{date} {time:?} {offset:?}");
        }
    }

    #[test]
    fn a_carrier_may_ask_for_a_day_at_most() {
        let now = Timestamp::from_secs(784_111_777);
        let wait = |text: &str| retry_after(text, now).map(|t| t.since(now).as_secs());
        assert_eq!([wait("120"), wait(" 0"), wait("9999999999")], [Some(120), Some(0), Some(LONGEST)]);
        assert_eq!(wait("Sun, 06 Nov 1994 08:51:37 GMT"), Some(120));
        assert_eq!(wait("Sun, 06 Nov 2094 08:51:37 GMT"), Some(LONGEST));
        assert_eq!([wait("Sun, 06 Nov 1984 08:51:37 GMT"), wait("soon"), wait("-1")], [Some(0), None, None]);
    }
}
