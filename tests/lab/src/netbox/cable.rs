//! `dcim/cables/`: between interfaces, power ports, outlets and feeds.

use std::collections::BTreeSet;

use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::interface::mention_interface;
use super::object::{Problem, Shape, choice, url};
use super::power::{mention_feed, mention_socket};
use super::query::{Query, Want};
use super::state::{Cable, State};

pub(super) const PATH: &str = "dcim/cables";

/// What a cable ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Interface,
    Inlet,
    Outlet,
    Feed,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Interface, Self::Inlet, Self::Outlet, Self::Feed];

    /// NetBox's name of the type.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interface => "dcim.interface",
            Self::Inlet => "dcim.powerport",
            Self::Outlet => "dcim.poweroutlet",
            Self::Feed => "dcim.powerfeed",
        }
    }

    const fn model(self) -> &'static str {
        match self {
            Self::Interface => "Interface",
            Self::Inlet => "PowerPort",
            Self::Outlet => "PowerOutlet",
            Self::Feed => "PowerFeed",
        }
    }
}

/// One end of a cable.
pub(super) type End = (Kind, u64);

/// The cable in an end; `None` where there is no such end.
#[expect(clippy::option_option, reason = "no such end is not a free one")]
fn plugged(state: &State, (kind, id): End) -> Option<Option<u64>> {
    match kind {
        Kind::Interface => state.interfaces.get(&id).map(|i| i.cable),
        Kind::Inlet => state.inlets.get(&id).map(|s| s.cable),
        Kind::Outlet => state.outlets.get(&id).map(|s| s.cable),
        Kind::Feed => state.feeds.get(&id).map(|f| f.cable),
    }
}

fn plug(state: &mut State, (kind, id): End, cable: Option<u64>, at: Option<Timestamp>) {
    let slot = match kind {
        Kind::Interface => state.interfaces.get_mut(&id).map(|i| (&mut i.cable, &mut i.stamps)),
        Kind::Inlet => state.inlets.get_mut(&id).map(|s| (&mut s.cable, &mut s.stamps)),
        Kind::Outlet => state.outlets.get_mut(&id).map(|s| (&mut s.cable, &mut s.stamps)),
        Kind::Feed => state.feeds.get_mut(&id).map(|f| (&mut f.cable, &mut f.stamps)),
    };
    let Some((slot, stamps)) = slot else { return };
    *slot = cable;
    stamps.updated = at.unwrap_or(stamps.updated);
}

fn is_marked(state: &State, (kind, id): End) -> bool {
    match kind {
        Kind::Interface => state.interfaces.get(&id).is_some_and(|i| i.mark_connected),
        Kind::Inlet => state.inlets.get(&id).is_some_and(|s| s.mark_connected),
        Kind::Outlet => state.outlets.get(&id).is_some_and(|s| s.mark_connected),
        Kind::Feed => false,
    }
}

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let mut sets: Vec<BTreeSet<u64>> = query.ids("id")?.into_iter().collect();
    if let Some(devices) = query.ids("device_id")? {
        let interfaces = devices.iter().filter_map(|id| state.devices.get(id)).flat_map(|d| &d.interfaces);
        let network = interfaces.filter_map(|i| state.interfaces.get(i)?.cable);
        let sockets = state.inlets.values().chain(state.outlets.values());
        let power = sockets.filter(|s| devices.contains(&s.device)).filter_map(|s| s.cable);
        sets.push(network.chain(power).collect());
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

/// An end as its cable or the other end mentions it.
pub(super) fn mention_end(state: &State, end: End) -> Value {
    match end.0 {
        Kind::Interface => mention_interface(state, end.1),
        Kind::Inlet | Kind::Outlet => mention_socket(state, end),
        Kind::Feed => mention_feed(state, end.1),
    }
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(cable) = state.cables.get(&id) else { return Value::Null };
    let ends = |ends: &[End]| -> Value {
        let end =
            |end: &End| json!({ "object_type": end.0.word(), "object_id": end.1, "object": mention_end(state, *end) });
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

/// The other ends of this end's cable.
pub(super) fn far(state: &State, end: End) -> Vec<End> {
    let cable = plugged(state, end).flatten().and_then(|c| state.cables.get(&c));
    match cable {
        Some(cable) if cable.a.contains(&end) => cable.b.clone(),
        Some(cable) => cable.a.clone(),
        None => Vec::new(),
    }
}

/// The interfaces at the other end of this one's cable.
pub(super) fn peers(state: &State, interface: u64) -> Vec<u64> {
    let far = far(state, (Kind::Interface, interface));
    far.into_iter().filter(|(kind, _)| *kind == Kind::Interface).map(|(_, id)| id).collect()
}

/// `A`, `B` or null.
pub(super) fn end(state: &State, interface: u64) -> Value {
    let cable = state.interfaces.get(&interface).and_then(|i| i.cable).and_then(|c| state.cables.get(&c));
    match cable {
        Some(cable) if cable.a.contains(&(Kind::Interface, interface)) => "A".into(),
        Some(_) => "B".into(),
        None => Value::Null,
    }
}

/// The ends a body names; `None` where it does not say.
fn ends(body: &Value, key: &str) -> Result<Option<Vec<End>>, Problem> {
    let Some(list) = body.get(key) else { return Ok(None) };
    let items = list.as_array().ok_or_else(|| Problem::field(key, "Expected a list of items."))?;
    let end = |item: &Value| {
        let word = item.get("object_type").and_then(Value::as_str);
        let kind = Kind::ALL.into_iter().find(|kind| Some(kind.word()) == word)?;
        Some((kind, item.get("object_id").and_then(Value::as_u64)?))
    };
    let ids: Option<Vec<End>> = items.iter().map(end).collect();
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
    let kinds: BTreeSet<Kind> = a.iter().chain(&b).flatten().map(|(kind, _)| *kind).collect();
    if kinds.contains(&Kind::Interface) && kinds.len() > 1 {
        return Err(Problem::field("__all__", "Incompatible termination types: interface and power port"));
    }
    let named: Vec<End> = a.iter().chain(&b).flatten().copied().collect();
    for end in &named {
        let Some(cable) = plugged(state, *end) else {
            let what = format!("{} matching query does not exist.", end.0.model());
            return Err(Problem::exception(&what, "DoesNotExist"));
        };
        if let Some(other) = cable.filter(|c| Some(*c) != id) {
            let what = format!("Duplicate termination found for {} {}: cable {other}", end.0.word(), end.1);
            return Err(Problem::field("__all__", what));
        }
        if is_marked(state, *end) {
            return Err(Problem::field(
                "__all__",
                "Cannot connect a cable to an interface that is marked as connected.",
            ));
        }
    }
    let distinct: BTreeSet<&End> = named.iter().collect();
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
    for key in ["a_terminations", "b_terminations"] {
        let Ok(Some(new)) = ends(body, key) else { continue };
        let Some(cable) = state.cables.get_mut(&id) else { return 0 };
        let side = if key == "a_terminations" { &mut cable.a } else { &mut cable.b };
        let old = std::mem::replace(side, new.clone());
        for end in old.iter().chain(&new) {
            plug(state, *end, new.contains(end).then_some(id), Some(stamps.updated));
        }
    }
    id
}

/// Takes a cable away.
pub(super) fn delete(state: &mut State, id: u64) {
    let Some(cable) = state.cables.remove(&id) else { return };
    for end in cable.a.iter().chain(&cable.b) {
        plug(state, *end, None, None);
    }
}
