//! The clock: held against NetBox's, and whether anything keeps it right. Times in the journal, the lives of tokens and
//! certificates go by it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::header::DATE;
use rackhand_adapters::http::{Call, Client, Limits};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::System;
use rackhand_rpc::doctor::Check;

use crate::config::Config;

const NAME: &str = "clock";
/// Off by more than this is told.
const SKEW: Duration = Duration::from_secs(2);
/// Off by more than this, certificates and tokens may be refused.
const FAR: Duration = Duration::from_secs(60);

/// Compares with the `Date` of an answer of NetBox's (RFC 9110 6.6.1). No token is sent: any answer will do.
pub(super) async fn check(config: Arc<Result<Config, String>>, lab: bool) -> Vec<Check> {
    if lab {
        return vec![Check::not_checked(NAME, "the lab's clock runs faster than time")];
    }
    let Ok(config) = &*config else {
        return vec![Check::not_checked(NAME, "NetBox cannot be asked without a configuration")];
    };
    let limits = Limits { body: 64 << 10, ..Limits::STANDARD };
    let client = Client { dial: Arc::new(config.dial.clone()), clock: Clock::wall(), limits, system: System::Netbox };
    let path = format!("{}/api/", config.netbox.base);
    let answer = async {
        let mut connection = client.connect(&config.netbox.target).await?;
        let sent = SystemTime::now();
        let answer = connection.send(Call::get(&path)).await?;
        Ok::<_, rackhand_core::fault::Fault>((sent, SystemTime::now(), answer))
    };
    vec![match answer.await {
        Err(fault) => Check::not_checked(NAME, format!("NetBox cannot be asked: {}", fault.what)),
        Ok((sent, came, answer)) => match answer.headers.get(DATE).and_then(|d| http_date(d.to_str().ok()?)) {
            None => Check::not_checked(NAME, "NetBox's answer has no date"),
            Some(theirs) => judge(skew(sent, came, theirs)),
        },
    }]
}

/// How far off for certain, in either direction: they wrote the date between our sending and its coming, and it counts
/// whole seconds.
fn skew(sent: SystemTime, came: SystemTime, theirs: SystemTime) -> Duration {
    let behind = theirs.duration_since(came).unwrap_or_default();
    let ahead = sent.duration_since(theirs + Duration::from_secs(1)).unwrap_or_default();
    behind.max(ahead)
}

fn judge(off: Duration) -> Check {
    let found = format!("off by {} s from NetBox's", off.as_secs());
    let advice = "set the clocks of both right: a time service on each";
    if off > FAR {
        Check::wrong(NAME, found, advice)
    } else if off > SKEW {
        Check::warning(NAME, found, advice)
    } else {
        Check::ok(NAME, "agrees with NetBox's")
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form servers send (RFC 9110 5.6.7).
fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, time, "GMT"] = words[..] else { return None };
    let month = MONTHS.iter().position(|m| *m == month)? as u64 + 1;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let parts: Vec<u64> = time.split(':').map_while(|n| n.parse().ok()).collect();
    let [hour, minute, second] = parts[..] else { return None };
    if !(1..=31).contains(&day) || !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since the epoch; years begin in March here, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let since = (days.checked_sub(719_468)? * 24 + hour) * 3_600 + minute * 60 + second;
    Some(UNIX_EPOCH + Duration::from_secs(since))
}

/// Whether a time service runs, by the files it leaves under `run`.
pub(super) fn synchronised(run: &Path) -> Check {
    let name = "time service";
    let there = |file: &str| run.join(file).exists();
    if there("systemd/timesync/synchronized") {
        return Check::ok(name, "systemd-timesyncd keeps the clock");
    }
    if there("chrony/chronyd.pid") || there("chronyd.pid") {
        return Check::ok(name, "chronyd runs; `chronyc tracking` tells how well");
    }
    if there("ntpd.pid") || there("ntpsec/ntpd.pid") {
        return Check::ok(name, "ntpd runs; `ntpq -p` tells how well");
    }
    if there("systemd/timesync") {
        let advice = "`timedatectl timesync-status` tells why";
        return Check::warning(name, "systemd-timesyncd has not set the clock yet", advice);
    }
    let found = "none is seen (systemd-timesyncd, chronyd, ntpd)";
    Check::warning(name, found, "run one, unless this machine's host keeps its clock")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    fn at(secs: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(secs)
    }

    #[test]
    fn dates_are_read_as_servers_write_them() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(at(784_111_777)));
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(at(1_709_164_800)));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(at(0)));
        for bad in ["", "now", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 99 Nov 1994 08:49:37 GMT", "a b c d e GMT"] {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_is_certain_counts_as_skew() {
        // Sent at 100, the answer came at 103: a date of 99 to 103 may be right.
        for right in 99..=103 {
            assert_eq!(skew(at(100), at(103), at(right)), Duration::ZERO, "{right}");
        }
        assert_eq!(skew(at(100), at(103), at(108)), Duration::from_secs(5));
        assert_eq!(skew(at(100), at(103), at(90)), Duration::from_secs(9));
        let state = |secs| judge(Duration::from_secs(secs)).state;
        assert_eq!([state(0), state(2), state(3), state(60), state(61)], {
            use State::{Ok, Warning, Wrong};
            [Ok, Ok, Warning, Warning, Wrong]
        });
    }

    #[test]
    fn a_time_service_is_known_by_what_it_leaves() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(synchronised(run.path()).state, State::Warning);
        std::fs::create_dir_all(run.path().join("systemd/timesync")).unwrap();
        assert_eq!(synchronised(run.path()).state, State::Warning);
        std::fs::write(run.path().join("systemd/timesync/synchronized"), "").unwrap();
        assert_eq!(synchronised(run.path()).state, State::Ok);
    }
}
