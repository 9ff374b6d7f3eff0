//! `extras/journal-entries/`.

use std::collections::BTreeSet;

use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Shape, assignment, choice, iso, mention, text};
use super::query::{Query, Want};
use super::state::{Entry, State};

pub(super) const PATH: &str = "extras/journal-entries";

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    if query.all("assigned_object_type").is_some_and(|all| !all.contains(&"dcim.device")) {
        return Ok(Vec::new());
    }
    let ids = query.ids("id")?;
    let search = query.one("q").map(str::trim).filter(|q| !q.is_empty()).map(str::to_lowercase);
    let kinds = query.all("kind");
    let passes = |id: &u64| {
        let Some(entry) = state.entries.get(id) else { return false };
        ids.as_ref().is_none_or(|all| all.contains(id))
            && kinds.as_ref().is_none_or(|all| all.contains(&entry.kind.as_str()))
            && search.as_ref().is_none_or(|q| entry.comments.to_lowercase().contains(q))
    };
    Ok(match query.ids("assigned_object_id")? {
        Some(devices) => {
            let of = devices.iter().filter_map(|id| state.devices.get(id)).flat_map(|d| &d.journal).copied();
            let of: BTreeSet<u64> = of.collect();
            of.into_iter().filter(passes).collect()
        }
        None => state.entries.keys().copied().filter(passes).collect(),
    })
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(entry) = state.entries.get(&id) else { return Value::Null };
    let mut shape = Shape::new(want);
    shape
        .common(PATH, id, &format!("{} ({})", iso(entry.stamps.created), entry.kind), entry.stamps)
        .put("assigned_object_type", || "dcim.device".into())
        .put("assigned_object_id", || entry.device.into())
        .put("assigned_object", || {
            let name = state.devices.get(&entry.device).map_or("", |d| d.name.as_str());
            mention(super::device::PATH, entry.device, name)
        })
        .put("created_by", || 1.into())
        .put("kind", || choice(&entry.kind))
        .put("comments", || entry.comments.as_str().into())
        .put("custom_fields", || json!({}));
    shape.done()
}

pub(super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
    let comments = text(body, "comments")?;
    if comments.as_deref() == Some("") {
        return Err(Problem::field("comments", "This field may not be blank."));
    }
    if comments.is_none() && id.is_none() {
        return Err(Problem::field("comments", "This field is required."));
    }
    if let Some(kind) = text(body, "kind")?
        && !matches!(kind.as_str(), "info" | "success" | "warning" | "danger")
    {
        return Err(Problem::field("kind", format!("{kind} is not a valid choice.")));
    }
    match assignment(body)?.flatten() {
        Some((kind, device)) if kind != "dcim.device" || !state.devices.contains_key(&device) => {
            Err(Problem::field("non_field_errors", format!("Invalid assigned_object: {kind} ID {device}")))
        }
        None if id.is_none() => Err(Problem::field("assigned_object_type", "This field is required.")),
        _ => Ok(()),
    }
}

/// Makes or changes an entry; `check` has passed. Nothing keeps the same entry from being made twice.
pub(super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
    let stamps = state.stamps(now);
    let word = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(entry) = id.and_then(|id| state.entries.get_mut(&id)) {
        entry.comments = word("comments").unwrap_or_else(|| std::mem::take(&mut entry.comments));
        entry.kind = word("kind").unwrap_or_else(|| std::mem::take(&mut entry.kind));
        entry.stamps.updated = stamps.updated;
        return id.unwrap_or_default();
    }
    let device = assignment(body).ok().flatten().flatten().map_or(0, |(_, device)| device);
    let id = state.next(PATH);
    let comments = word("comments").unwrap_or_default();
    let kind = word("kind").unwrap_or_else(|| "info".to_owned());
    state.entries.insert(id, Entry { device, kind, comments, stamps });
    if let Some(device) = state.devices.get_mut(&device) {
        device.journal.push(id);
    }
    id
}
