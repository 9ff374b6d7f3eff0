//! `dcim/interfaces/` and `dcim/mac-addresses/`.

use std::collections::BTreeSet;

use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Shape, assignment, mention, reference, required, text, url};
use super::query::{Query, Want};
use super::state::{Interface, MacObject, State};

pub(super) const PATH: &str = "dcim/interfaces";
pub(super) const MACS: &str = "dcim/mac-addresses";

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let mut base: Option<BTreeSet<u64>> = query.ids("id")?;
    let mut narrow = |set: BTreeSet<u64>| {
        base = Some(match base.take() {
            Some(old) => old.intersection(&set).copied().collect(),
            None => set,
        });
    };
    let of = |id: &u64| state.devices.get(id).into_iter().flat_map(|d| d.interfaces.iter().copied());
    if let Some(devices) = query.ids("device_id")? {
        narrow(devices.iter().flat_map(of).collect());
    }
    if let Some(names) = query.all("device") {
        let devices = names.iter().flat_map(|n| state.device_names.get(&n.to_lowercase()).into_iter().flatten());
        narrow(devices.flat_map(of).collect());
    }
    if let Some(macs) = query.all("mac_address") {
        let macs = macs.iter().filter_map(|m| m.parse::<Mac>().ok());
        let objects = macs.flat_map(|m| state.by_mac.get(&m).into_iter().flatten());
        narrow(objects.filter_map(|id| state.macs.get(id)?.interface).collect());
    }
    if let Some(racks) = query.ids("rack_id")? {
        let devices = state.devices.values().filter(|d| d.rack.is_some_and(|rack| racks.contains(&rack)));
        narrow(devices.flat_map(|d| d.interfaces.iter().copied()).collect());
    }
    let site = super::query::site(state, query)?;
    let names = query.all("name");
    let mgmt_only = query.one("mgmt_only").map(|v| v.eq_ignore_ascii_case("true"));
    let cabled = query.one("cabled").map(|v| v.eq_ignore_ascii_case("true"));
    let passes = |id: &u64| {
        let Some(i) = state.interfaces.get(id) else { return false };
        site.as_ref().is_none_or(|all| state.devices.get(&i.device).is_some_and(|d| all.contains(&d.site)))
            && names.as_ref().is_none_or(|all| all.contains(&i.name.as_str()))
            && mgmt_only.is_none_or(|wanted| wanted == i.mgmt_only)
            && cabled.is_none_or(|wanted| wanted == i.cable.is_some())
    };
    Ok(match base {
        Some(ids) => ids.into_iter().filter(passes).collect(),
        None => state.interfaces.keys().copied().filter(passes).collect(),
    })
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(i) = state.interfaces.get(&id) else { return Value::Null };
    let mac = |id: &u64| {
        let text = state.macs.get(id).map_or_else(String::new, |m| m.mac.to_string());
        json!({ "id": id, "url": url(MACS, *id), "display": text, "mac_address": text, "description": "" })
    };
    let peers = || super::cable::peers(state, id);
    let peer_type = || if peers().is_empty() { Value::Null } else { "dcim.interface".into() };
    let connected = || i.cable.and_then(|c| state.cables.get(&c)).is_some_and(|c| c.status == "connected");
    let mut shape = Shape::new(want);
    shape
        .common(PATH, id, &i.name, i.stamps)
        .put("device", || {
            let name = state.devices.get(&i.device).map_or("", |d| d.name.as_str());
            mention(super::device::PATH, i.device, name)
        })
        .put("name", || i.name.as_str().into())
        .put("type", || json!({ "value": "other", "label": "Other" }))
        .put("enabled", || true.into())
        .put("mgmt_only", || i.mgmt_only.into())
        .put("mark_connected", || i.mark_connected.into())
        .put("mac_address", || i.primary.map_or(Value::Null, |id| mac(&id)["mac_address"].clone()))
        .put("primary_mac_address", || i.primary.map_or(Value::Null, |id| mac(&id)))
        .put("mac_addresses", || i.macs.iter().map(mac).collect())
        .put("cable", || i.cable.map_or(Value::Null, super::cable::mention))
        .put("cable_end", || super::cable::end(state, id))
        .put("link_peers", || peers().iter().map(|p| mention_interface(state, *p)).collect())
        .put("link_peers_type", peer_type)
        .put("connected_endpoints", || match peers() {
            none if none.is_empty() => Value::Null,
            some => some.iter().map(|p| mention_interface(state, *p)).collect(),
        })
        .put("connected_endpoints_type", peer_type)
        .put("connected_endpoints_reachable", || connected().into())
        .put("count_ipaddresses", || i.ips.len().into())
        .put("_occupied", || (i.cable.is_some() || i.mark_connected).into())
        .put("custom_fields", || json!({}))
        .put("description", || "".into())
        .put("label", || "".into())
        .fixed(&["module", "parent", "bridge", "lag", "mtu", "speed", "duplex", "mode", "vrf", "owner"], &Value::Null);
    shape.done()
}

/// An interface as its MAC, its address or its cable mentions it.
pub(super) fn mention_interface(state: &State, id: u64) -> Value {
    let (device, device_name, name) = state.interface_name(id);
    let cable = state.interfaces.get(&id).and_then(|i| i.cable);
    json!({
        "id": id,
        "url": url(PATH, id),
        "display": name,
        "device": mention(super::device::PATH, device, device_name),
        "name": name,
        "description": "",
        "cable": cable.map_or(Value::Null, super::cable::mention),
        "_occupied": cable.is_some(),
    })
}

pub(super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
    text(body, "name")?;
    if id.is_none() {
        let device = body.get("device").map_or(Ok(None), |v| reference("device", v))?;
        let device = device.ok_or_else(|| Problem::field("device", "This field is required."))?;
        if !state.devices.contains_key(&device) {
            let what = format!("Related object not found using the provided numeric ID: {device}");
            return Err(Problem::field("device", what));
        }
        let name = required(body, "name")?;
        required(body, "type")?;
        let of = state.devices.get(&device).into_iter().flat_map(|d| &d.interfaces);
        if of.filter_map(|i| state.interfaces.get(i)).any(|i| i.name == name) {
            let what = "The fields device, name must make a unique set.";
            return Err(Problem::field("non_field_errors", what));
        }
    }
    let Some(primary) = body.get("primary_mac_address") else { return Ok(()) };
    let Some(mac) = reference("primary_mac_address", primary)? else { return Ok(()) };
    let Some(found) = state.macs.get(&mac) else {
        let what = format!("Related object not found using the provided numeric ID: {mac}");
        return Err(Problem::field("primary_mac_address", what));
    };
    if found.interface.is_some_and(|there| Some(there) != id) {
        let (_, _, other) = state.interface_name(found.interface.unwrap_or_default());
        let what = format!("MAC address {} is assigned to a different interface ({other}).", found.mac);
        return Err(Problem::field("primary_mac_address", what));
    }
    if found.interface.is_none() {
        let what = format!("MAC address {} is not assigned to an interface.", found.mac);
        return Err(Problem::field("primary_mac_address", what));
    }
    Ok(())
}

/// Makes or changes an interface; `check` has passed. Before 4.7 `mac_address` is taken and forgotten; from then on it
/// makes or finds the object and makes it the primary one.
pub(super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
    let flag = |key: &str| body.get(key).and_then(Value::as_bool);
    let id = match id {
        Some(id) => id,
        None => {
            let device = body.get("device").and_then(|v| reference("device", v).ok().flatten()).unwrap_or_default();
            add(state, device, &required(body, "name").unwrap_or_default(), false, now)
        }
    };
    let at = state.tick(now);
    let Some(interface) = state.interfaces.get_mut(&id) else { return 0 };
    interface.stamps.updated = at;
    interface.mgmt_only = flag("mgmt_only").unwrap_or(interface.mgmt_only);
    interface.mark_connected = flag("mark_connected").unwrap_or(interface.mark_connected);
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut interface.name);
    }
    if let Some(primary) = body.get("primary_mac_address") {
        interface.primary = reference("primary_mac_address", primary).ok().flatten();
    }
    let mac = body.get("mac_address").and_then(Value::as_str).filter(|_| state.profile.is_newest());
    if let Some(mac) = mac.and_then(|text| text.parse::<Mac>().ok()) {
        let here = state.interfaces.get(&id).into_iter().flat_map(|i| i.macs.iter().copied());
        let there = here.into_iter().find(|m| state.macs.get(m).is_some_and(|m| m.mac == mac));
        let object = there.unwrap_or_else(|| {
            let body =
                json!({ "mac_address": mac, "assigned_object_type": "dcim.interface", "assigned_object_id": id });
            macs::save(state, None, &body, now)
        });
        if let Some(interface) = state.interfaces.get_mut(&id) {
            interface.primary = Some(object);
        }
    }
    id
}

/// Makes an interface.
pub(super) fn add(state: &mut State, device: u64, name: &str, mgmt_only: bool, now: Timestamp) -> u64 {
    let (id, stamps) = (state.next(PATH), state.stamps(now));
    let interface = Interface {
        device,
        name: name.to_owned(),
        mgmt_only,
        mark_connected: false,
        primary: None,
        macs: BTreeSet::new(),
        ips: BTreeSet::new(),
        cable: None,
        stamps,
    };
    state.interfaces.insert(id, interface);
    if let Some(device) = state.devices.get_mut(&device) {
        device.interfaces.insert(id);
    }
    id
}

/// MAC address objects.
pub(super) mod macs {
    use super::{
        BTreeSet, MACS, Mac, MacObject, Problem, Query, Shape, State, Timestamp, Value, Want, assignment, json,
        mention_interface, required,
    };

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let mut sets: Vec<BTreeSet<u64>> = query.ids("id")?.into_iter().collect();
        if let Some(macs) = query.all("mac_address") {
            // A malformed value is no error; it only finds nothing.
            let macs = macs.iter().filter_map(|m| m.parse::<Mac>().ok());
            sets.push(macs.flat_map(|m| state.by_mac.get(&m).into_iter().flatten()).copied().collect());
        }
        let on = |id: &u64| state.interfaces.get(id).into_iter().flat_map(|i| i.macs.iter().copied());
        if let Some(ids) = query.ids("interface_id")? {
            sets.push(ids.iter().flat_map(on).collect());
        }
        if let Some(ids) = query.ids("device_id")? {
            let interfaces = ids.iter().filter_map(|id| state.devices.get(id)).flat_map(|d| &d.interfaces);
            sets.push(interfaces.flat_map(on).collect());
        }
        let both = sets.into_iter().reduce(|a, b| a.intersection(&b).copied().collect());
        Ok(match both {
            Some(ids) => ids.into_iter().filter(|id| state.macs.contains_key(id)).collect(),
            None => state.macs.keys().copied().collect(),
        })
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some(m) = state.macs.get(&id) else { return Value::Null };
        let text = m.mac.to_string();
        let mut shape = Shape::new(want);
        shape
            .common(MACS, id, &text, m.stamps)
            .put("mac_address", || text.as_str().into())
            .put("assigned_object_type", || m.interface.map_or(Value::Null, |_| "dcim.interface".into()))
            .put("assigned_object_id", || m.interface.map_or(Value::Null, Into::into))
            .put("assigned_object", || m.interface.map_or(Value::Null, |i| mention_interface(state, i)))
            .put("description", || "".into())
            .put("comments", || "".into())
            .put("owner", || Value::Null)
            .put("custom_fields", || json!({}));
        if state.profile.is_newest() {
            let holder = m.interface.and_then(|i| state.interfaces.get(&i));
            shape.put("is_primary", || holder.is_some_and(|i| i.primary == Some(id)).into());
        }
        shape.done()
    }

    pub(in super::super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
        if id.is_none() || body.get("mac_address").is_some() {
            let text = required(body, "mac_address")?;
            if text.parse::<Mac>().is_err() {
                return Err(Problem::field("mac_address", format!("Invalid MAC address format: {text}")));
            }
        }
        let Some(target) = assignment(body)? else { return Ok(()) };
        if let Some((kind, interface)) = &target
            && (kind != "dcim.interface" || !state.interfaces.contains_key(interface))
        {
            return Err(Problem::field("assigned_object_id", format!("Invalid {kind} {interface}")));
        }
        let old = id.and_then(|id| state.macs.get(&id)).and_then(|m| m.interface);
        let primary = old.and_then(|i| state.interfaces.get(&i)).is_some_and(|i| i.primary == id);
        if primary && target.map(|(_, interface)| interface) != old {
            let what = "Cannot reassign MAC Address while it is designated as the primary MAC for an object";
            return Err(Problem::field("__all__", what));
        }
        Ok(())
    }

    pub(in super::super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
        let stamps = state.stamps(now);
        let mac = body.get("mac_address").and_then(Value::as_str).and_then(|t| t.parse().ok());
        let id = id.unwrap_or_else(|| {
            let id = state.next(MACS);
            state.macs.insert(id, MacObject { mac: mac.unwrap_or(Mac([0; 6])), interface: None, stamps });
            id
        });
        let Some(object) = state.macs.get_mut(&id) else { return 0 };
        object.stamps.updated = stamps.updated;
        if let Some(mac) = mac {
            if let Some(ids) = state.by_mac.get_mut(&object.mac) {
                ids.remove(&id);
            }
            object.mac = mac;
            state.by_mac.entry(mac).or_default().insert(id);
        }
        if let Ok(Some(target)) = assignment(body) {
            let target = target.map(|(_, interface)| interface);
            if let Some(old) = object.interface.and_then(|i| state.interfaces.get_mut(&i)) {
                old.macs.remove(&id);
            }
            object.interface = target;
            if let Some(new) = target.and_then(|i| state.interfaces.get_mut(&i)) {
                new.macs.insert(id);
            }
        }
        id
    }

    pub(in super::super) fn delete(state: &mut State, id: u64) {
        let Some(object) = state.macs.remove(&id) else { return };
        if let Some(ids) = state.by_mac.get_mut(&object.mac) {
            ids.remove(&id);
        }
        if let Some(interface) = object.interface.and_then(|i| state.interfaces.get_mut(&i)) {
            interface.macs.remove(&id);
            interface.primary = interface.primary.filter(|p| *p != id);
        }
    }
}
