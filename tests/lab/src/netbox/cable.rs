//! `dcim/cables/`.

use std::collections::BTreeSet;

use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::interface::mention_interface;
use super::object::{Problem, Shape, choice, url};
use super::query::{Query, Want};
use super::state::{Cable, State};

pub(super) const PATH: &str = "dcim/cables";

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let mut sets: Vec<BTreeSet<u64>> = query.ids("id")?.into_iter().collect();
    if let Some(devices) = query.ids("device_id")? {
        let interfaces = devices.iter().filter_map(|id| state.devices.get(id)).flat_map(|d| &d.interfaces);
        sets.push(interfaces.filter_map(|i| state.interfaces.get(i)?.cable).collect());
    }
    if let Some(interfaces) = query.ids("interface_id")? {
        sets.push(interfaces.iter().filter_map(|i| state.interfaces.get(i)?.cable).collect());
    }
    let statuses = query.all("status");
    let passes = |id: &u64| {
        let cable = state.cables.get(id);
        cable.is_some_and(|c| statuses.as_ref().is_none_or(|all| all.contains(&c.status.as_str())))
    };
    let both = sets.into_iter().reduce(|a, b| a.intersection(&b).copied().collect());
    Ok(match both {
        Some(ids) => ids.into_iter().filter(passes).collect(),
        None => state.cables.keys().copied().filter(passes).collect(),
    })
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(cable) = state.cables.get(&id) else { return Value::Null };
    let ends = |ends: &[u64]| -> Value {
        let end = |i: &u64| json!({ "object_type": "dcim.interface", "object_id": i, "object": mention_interface(state, *i) });
        ends.iter().map(end).collect()
    };
    let mut shape = Shape::new(want);
    shape
        .common(PATH, id, &format!("#{id}"), cable.stamps)
        .put("a_terminations", || ends(&cable.a))
        .put("b_terminations", || ends(&cable.b))
        .put("status", || choice(&cable.status))
        .put("custom_fields", || json!({}))
        .fixed(&["type", "profile", "tenant", "bundle", "length", "length_unit", "owner"], &Value::Null)
        .fixed(&["label", "color", "description", "comments"], &"".into());
    shape.done()
}

/// A cable as an interface mentions it.
pub(super) fn mention(id: u64) -> Value {
    json!({ "id": id, "url": url(PATH, id), "display": format!("#{id}"), "label": "", "description": "" })
}

/// The interfaces at the other end of this one's cable.
pub(super) fn peers(state: &State, interface: u64) -> Vec<u64> {
    let cable = state.interfaces.get(&interface).and_then(|i| i.cable).and_then(|c| state.cables.get(&c));
    match cable {
        Some(cable) if cable.a.contains(&interface) => cable.b.clone(),
        Some(cable) => cable.a.clone(),
        None => Vec::new(),
    }
}

/// `A`, `B` or null.
pub(super) fn end(state: &State, interface: u64) -> Value {
    let cable = state.interfaces.get(&interface).and_then(|i| i.cable).and_then(|c| state.cables.get(&c));
    match cable {
        Some(cable) if cable.a.contains(&interface) => "A".into(),
        Some(_) => "B".into(),
        None => Value::Null,
    }
}

/// The interfaces a body names as one end; `None` where it does not say.
fn ends(body: &Value, key: &str) -> Result<Option<Vec<u64>>, Problem> {
    let Some(list) = body.get(key) else { return Ok(None) };
    let items = list.as_array().ok_or_else(|| Problem::field(key, "Expected a list of items."))?;
    let end = |item: &Value| {
        let interface = item.get("object_type").and_then(Value::as_str) == Some("dcim.interface");
        item.get("object_id").and_then(Value::as_u64).filter(|_| interface)
    };
    let ids: Option<Vec<u64>> = items.iter().map(end).collect();
    ids.map(Some).ok_or_else(|| Problem::field(key, "Invalid termination."))
}

pub(super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
    if let Some(status) = body.get("status")
        && !matches!(status.as_str(), Some("connected" | "planned" | "decommissioning"))
    {
        let shown = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
        return Err(Problem::field("status", format!("{shown} is not a valid choice.")));
    }
    let (a, b) = (ends(body, "a_terminations")?, ends(body, "b_terminations")?);
    if id.is_none() && [&a, &b].iter().any(|end| end.as_ref().is_none_or(Vec::is_empty)) {
        return Err(Problem::field("__all__", "Must define A and B terminations when creating a new cable."));
    }
    let named: Vec<u64> = a.iter().chain(&b).flatten().copied().collect();
    for end in &named {
        let Some(interface) = state.interfaces.get(end) else {
            return Err(Problem::exception("Interface matching query does not exist.", "DoesNotExist"));
        };
        if let Some(other) = interface.cable.filter(|c| Some(*c) != id) {
            let what = format!("Duplicate termination found for dcim.interface {end}: cable {other}");
            return Err(Problem::field("__all__", what));
        }
        if interface.mark_connected {
            return Err(Problem::field(
                "__all__",
                "Cannot connect a cable to an interface that is marked as connected.",
            ));
        }
    }
    let distinct: BTreeSet<&u64> = named.iter().collect();
    if distinct.len() != named.len() {
        return Err(Problem::field("__all__", "A and B terminations cannot connect to the same object."));
    }
    Ok(())
}

/// A port that two items of one request use: both pass their checks, and the database refuses.
pub(super) fn check_together(items: &[Value]) -> Result<(), Problem> {
    let mut used = BTreeSet::new();
    for item in items {
        for key in ["a_terminations", "b_terminations"] {
            for end in ends(item, key)?.into_iter().flatten() {
                if !used.insert(end) {
                    let error =
                        "duplicate key value violates unique constraint \"dcim_cabletermination_unique_termination\"";
                    return Err(Problem::exception(error, "IntegrityError"));
                }
            }
        }
    }
    Ok(())
}

/// Makes or changes a cable; `check` has passed.
pub(super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
    let stamps = state.stamps(now);
    let id = id.unwrap_or_else(|| {
        let id = state.next(PATH);
        state.cables.insert(id, Cable { a: Vec::new(), b: Vec::new(), status: "connected".to_owned(), stamps });
        id
    });
    let Some(cable) = state.cables.get_mut(&id) else { return 0 };
    cable.stamps.updated = stamps.updated;
    if let Some(status) = body.get("status").and_then(Value::as_str) {
        status.clone_into(&mut cable.status);
    }
    for (key, end) in [("a_terminations", &mut cable.a), ("b_terminations", &mut cable.b)] {
        let Ok(Some(new)) = ends(body, key) else { continue };
        for interface in end.iter().chain(&new) {
            let plugged = new.contains(interface).then_some(id);
            if let Some(interface) = state.interfaces.get_mut(interface) {
                interface.cable = plugged;
                interface.stamps.updated = stamps.updated;
            }
        }
        *end = new;
    }
    id
}

/// Takes a cable away.
pub(super) fn delete(state: &mut State, id: u64) {
    let Some(cable) = state.cables.remove(&id) else { return };
    for interface in cable.a.iter().chain(&cable.b) {
        if let Some(interface) = state.interfaces.get_mut(interface) {
            interface.cable = None;
        }
    }
}
