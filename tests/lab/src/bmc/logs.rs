//! Logs: iLO's come whole, oldest entry first; iDRAC's come in pages, newest first, with an error behind the last.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Personality;
use super::answers::refused;
use super::bodies::{Paths, listing};
use super::tree::{Tree, collection, put};
use crate::host::{Reply, Request};

/// Entries of iDRAC's `Lclog`.
const LIFECYCLE_ENTRIES: u64 = 180;

/// Entries on one of its pages.
const PAGE: u64 = 50;

/// Log services, and the entries of those that come whole.
pub(super) fn services(tree: &mut Tree, personality: Personality, paths: &Paths) {
    let (system, manager) = (format!("{}/LogServices", paths.system), format!("{}/LogServices", paths.manager));
    let logs: Vec<(&String, &str, Vec<Value>)> = if personality.is_ilo() {
        vec![
            (
                &system,
                "IML",
                vec![written(1, 7_403, "17.10", "Critical", false), written(2, 7_404, "17.10", "Repaired", true)],
            ),
            (
                &system,
                "Event",
                vec![json!({ "@odata.type": "#LogEntry.v1_11_0.LogEntry", "Id": "1",
                "Created": "2026-11-20T06:00:00Z", "MessageId": "iLOEvents.3.15.iLORestServicesStarted", "Severity": "OK" })],
            ),
            (&manager, "IEL", vec![written(1, 52_606, "35.1018", "Informational", false)]),
        ]
    } else {
        let fault = json!({ "@odata.type": "#LogEntry.v1_15_0.LogEntry", "Id": "Fault_03200002_1",
            "Created": "2026-11-20T06:00:00-06:00", "Message": "The chassis is open while the power is off.",
            "MessageId": "IDRAC.2.9.SEC0033", "Severity": "Critical" });
        vec![(&manager, "Sel", vec![]), (&manager, "Lclog", vec![]), (&manager, "FaultList", vec![fault])]
    };
    for home in [&system, &manager] {
        let of_home: Vec<String> =
            logs.iter().filter(|(at, ..)| *at == home).map(|(_, name, _)| format!("{home}/{name}")).collect();
        if !of_home.is_empty() {
            collection(tree, home, of_home);
        }
    }
    for (home, name, entries) in &logs {
        let at = format!("{home}/{name}");
        let link = json!({ "@odata.id": format!("{at}/Entries") });
        put(tree, &at, json!({ "@odata.type": "#LogService.v1_0_0.LogService", "Name": name, "Entries": link }));
        let at = format!("{at}/Entries");
        let entries: Vec<Value> = entries.iter().map(|entry| placed(&at, entry.clone())).collect();
        let listed = listing(&at, &entries);
        let own = |entry: &Value| (entry["@odata.id"].as_str().unwrap_or_default().to_owned(), entry.clone());
        tree.extend(entries.iter().map(own));
        tree.insert(at, listed);
    }
}

/// The entry with its place and what every entry has.
fn placed(at: &str, mut entry: Value) -> Value {
    entry["@odata.id"] = json!(format!("{at}/{}", entry["Id"].as_str().unwrap_or_default()));
    entry["Name"] = json!("Log Entry");
    let format = if at.contains("/IML/") {
        Some("Hpe-IML")
    } else if at.contains("/IEL/") {
        Some("Hpe-iLOEventLog")
    } else if at.contains("/Event/") {
        Some("Hpe-Event")
    } else {
        at.contains("/Lclog/").then_some("Dell")
    };
    entry["EntryType"] = json!(if format.is_some() { "Oem" } else { "SEL" });
    if let Some(format) = format {
        entry["OemRecordFormat"] = json!(format);
    }
    entry
}

/// An entry of iLO's.
fn written(id: u64, number: u64, message: &str, severity: &str, repaired: bool) -> Value {
    let mut hpe = json!({ "EventNumber": number, "Severity": severity });
    if message == "17.10" {
        hpe["Repaired"] = json!(repaired);
    }
    let standard = if severity == "Critical" { "Critical" } else { "OK" };
    json!({ "@odata.type": "#LogEntry.v1_11_0.LogEntry", "Id": id.to_string(), "Created": "2026-11-20T06:00:00Z",
        "Message": "Connectivity status changed", "MessageId": message, "Oem": { "Hpe": hpe }, "Severity": standard })
}

fn lifecycle_entry(at: &str, n: u64) -> Value {
    // Each tenth says that the one before it came again.
    let (id, args) = if n.is_multiple_of(10) { ("LOG007", vec!["3"]) } else { ("USR0030", vec!["root"]) };
    let entry = json!({ "@odata.type": "#LogEntry.v1_15_0.LogEntry", "Id": n.to_string(), "Severity": "OK",
        "Created": "2026-11-20T06:00:00-06:00", "Message": "Done.", "MessageArgs": args,
        "MessageId": format!("IDRAC.2.9.{id}") });
    placed(at, entry)
}

/// A page of iDRAC's lifecycle log, or one of its entries; `None` for another path.
pub(super) fn lifecycle(personality: Personality, manager: &str, request: &Request) -> Option<Reply> {
    let at = format!("{manager}/LogServices/Lclog/Entries");
    let rest = request.path.trim_end_matches('/').strip_prefix(&at).filter(|_| !personality.is_ilo())?;
    if let Some(number) = rest.strip_prefix('/').and_then(|n| n.parse().ok()) {
        let there = (1..=LIFECYCLE_ENTRIES).contains(&number);
        return there.then(|| Reply::json(StatusCode::OK, &lifecycle_entry(&at, number)));
    }
    if !rest.is_empty() {
        return None;
    }
    let skip = request.query.split('&').find_map(|q| q.strip_prefix("$skip=")?.parse().ok()).unwrap_or(0_u64);
    if skip >= LIFECYCLE_ENTRIES {
        return Some(refused(personality, StatusCode::BAD_REQUEST, &["Base.1.18.QueryParameterOutOfRange"]));
    }
    let numbers = (1..=LIFECYCLE_ENTRIES - skip).rev().take(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let members: Vec<Value> = numbers.map(|n| lifecycle_entry(&at, n)).collect();
    // As iDRAC does, there is a next page behind the last.
    let next = format!("{at}?$skip={}", skip + PAGE);
    Some(Reply::json(
        StatusCode::OK,
        &json!({ "@odata.id": at, "@odata.type": "#LogEntryCollection.LogEntryCollection", "Name": "Entries",
            "Members": members, "Members@odata.count": LIFECYCLE_ENTRIES, "Members@odata.nextLink": next }),
    ))
}
