//! `core/object-changes/`: what was changed, by whom. A write that changes nothing has no row here.

use rackhand_core::time::Timestamp;
use serde_json::{Map, Value, json};

use super::object::{Problem, Shape, choice, iso};
use super::query::{Query, Want};
use super::state::{Change, State};

pub(super) const PATH: &str = "core/object-changes";
/// Rows kept; NetBox keeps 90 days.
const KEPT: usize = 20_000;

/// NetBox's word for the kind of object.
fn kind(path: &str) -> &'static str {
    match path {
        super::device::PATH => "dcim.device",
        super::interface::PATH => "dcim.interface",
        super::interface::MACS => "dcim.macaddress",
        super::address::PATH => "ipam.ipaddress",
        super::address::PREFIXES => "ipam.prefix",
        super::cable::PATH => "dcim.cable",
        super::journal::PATH => "extras.journalentry",
        super::customisation::FIELDS => "extras.customfield",
        super::customisation::SETS => "extras.customfieldchoiceset",
        "tenancy/tenants" => "tenancy.tenant",
        "dcim/racks" => "dcim.rack",
        _ => "dcim.site",
    }
}

/// An object as the log keeps it: related objects by id, choices by value.
fn flat(shown: &Value) -> Value {
    let Value::Object(map) = shown else { return json!({}) };
    let flat = |value: &Value| match value {
        Value::Object(inner) if inner.contains_key("value") => inner["value"].clone(),
        Value::Object(inner) if inner.contains_key("id") => inner["id"].clone(),
        other => other.clone(),
    };
    let kept =
        map.iter().filter(|(key, _)| !matches!(key.as_str(), "url" | "display_url" | "display" | "last_updated"));
    Value::Object(kept.map(|(key, value)| (key.clone(), flat(value))).collect::<Map<_, _>>())
}

/// Keeps a row where something is different. `before` and `after` are the object as it is shown; null where it was not
/// or is no more.
pub(super) fn record(state: &mut State, path: &str, id: u64, before: &Value, after: &Value, now: Timestamp) {
    let (pre, post) = (flat(before), flat(after));
    let action = match (before, after) {
        (Value::Null, _) => "create",
        (_, Value::Null) => "delete",
        _ if pre == post => return,
        _ => "update",
    };
    let stamps = state.stamps(now);
    let row = state.next(PATH);
    if state.changes.len() >= KEPT {
        state.changes.pop_first();
    }
    state.changes.insert(row, Change { action, kind: kind(path), object: id, pre, post, stamps });
}

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let kinds = query.all("changed_object_type");
    let after = match query.one("time_after") {
        None => None,
        Some(text) => Some(text.parse::<Timestamp>().map_err(|_| Problem::field("time", "Enter a valid date/time."))?),
    };
    let passes = |(_, change): &(&u64, &Change)| {
        kinds.as_ref().is_none_or(|all| all.contains(&change.kind))
            && after.is_none_or(|after| change.stamps.created >= after)
    };
    Ok(state.changes.iter().filter(passes).map(|(id, _)| *id).collect())
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(change) = state.changes.get(&id) else { return Value::Null };
    let mut shape = Shape::new(want);
    shape
        .put("id", || id.into())
        .put("url", || super::object::url(PATH, id).into())
        .put("display_url", || format!("http://netbox.lab/core/changelog/{id}/").into())
        .put("display", || format!("{} {}", change.kind, change.action).into())
        .put("time", || iso(change.stamps.created).into())
        .put("user_name", || "rackhand".into())
        .put("request_id", || "00000000-0000-0000-0000-000000000000".into())
        .put("action", || choice(change.action))
        .put("changed_object_type", || change.kind.into())
        .put("changed_object_id", || change.object.into())
        .put("message", || "".into())
        .put("prechange_data", || change.pre.clone())
        .put("postchange_data", || change.post.clone());
    shape.done()
}
