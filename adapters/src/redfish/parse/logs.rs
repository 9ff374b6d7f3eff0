//! Log entries (LogEntry, DSP0268).

use rackhand_core::bmc::reading::{Health, LogEntry};
use serde_json::Value;

use super::super::driver::Driver;
use super::super::wire::{at, flag, health_word, text};

/// One entry; `None` for a place that holds none.
pub(in super::super) fn entry(driver: &Driver, body: &Value) -> Option<LogEntry> {
    let message_id = text(body, &["MessageId"]);
    let message = text(body, &["Message"]);
    if is_placeholder(body) || (message_id.is_none() && message.is_none()) {
        return None;
    }
    Some(LogEntry {
        number: (driver.entry_number)(body),
        at: text(body, &["Created"]).filter(|t| !t.starts_with("0000")),
        severity: severity(body),
        repaired: repaired(body),
        message_id,
        message,
        repeats: None,
    })
}

/// iLO 6's event log holds entries with the id `NULL` of the year 0 where nothing was written (recorded 1.66).
fn is_placeholder(body: &Value) -> bool {
    body.get("MessageId").and_then(Value::as_str) == Some("NULL")
}

/// `Severity`, or iLO's own word for it (Informational, Caution, Critical, Repaired).
fn severity(body: &Value) -> Option<Health> {
    let word = |path: &[&str]| at(body, path)?.as_str().and_then(health_word);
    word(&["Severity"]).or_else(|| word(&["Oem", "Hpe", "Severity"]))
}

/// `Oem.Hpe.Repaired`, or iLO's severity `Repaired` where the flag is missing (its event log), or the standard's
/// `Resolved`.
fn repaired(body: &Value) -> Option<bool> {
    flag(body, &["Oem", "Hpe", "Repaired"])
        .or_else(|| flag(body, &["Resolved"]))
        .or_else(|| (at(body, &["Oem", "Hpe", "Severity"])?.as_str() == Some("Repaired")).then_some(true))
}

/// Takes Dell's `LOG007` ("The previous log entry was repeated N times") out and counts it at the entry it speaks of,
/// which is the next older one. `entries` are newest first; one whose older entry is not among them stays.
pub(in super::super) fn fold_repeats(entries: Vec<(LogEntry, Option<u32>)>) -> Vec<LogEntry> {
    let mut folded: Vec<LogEntry> = Vec::with_capacity(entries.len());
    let mut pending: Option<(LogEntry, u32)> = None;
    for (mut entry, times) in entries {
        if let Some((told, count)) = pending.take() {
            if times.is_none() {
                entry.repeats = Some(count);
            } else {
                folded.push(told);
            }
        }
        match times {
            Some(count) => pending = Some((entry, count)),
            None => folded.push(entry),
        }
    }
    folded.extend(pending.map(|(told, _)| told));
    folded
}

/// How often the entry before was repeated, if that is what this one says.
pub(in super::super) fn repeated(body: &Value) -> Option<u32> {
    let id = body.get("MessageId")?.as_str()?;
    if id.rsplit('.').next() != Some("LOG007") {
        return None;
    }
    body.get("MessageArgs")?.get(0)?.as_str()?.parse().ok()
}
