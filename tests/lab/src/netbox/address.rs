//! `ipam/ip-addresses/` and `ipam/prefixes/`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::interface::mention_interface;
use super::object::{Problem, Shape, assignment, choice, required, url};
use super::query::{Query, Want};
use super::state::{Ip, Prefix, State};

pub(super) const PATH: &str = "ipam/ip-addresses";
pub(super) const PREFIXES: &str = "ipam/prefixes";

/// `10.0.0.1/24`; without a mask the address stands alone.
pub(super) fn cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (host, length) = text.split_once('/').map_or((text, None), |(host, length)| (host, Some(length)));
    let host: IpAddr = host.parse().ok()?;
    let most = if host.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(most), |l| l.parse().ok())?;
    (length <= most).then_some((host, length))
}

fn within(host: IpAddr, net: IpAddr, length: u8) -> bool {
    match (host, net) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - u32::from(length)).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - u32::from(length)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let mut sets: Vec<BTreeSet<u64>> = query.ids("id")?.into_iter().collect();
    let on = |id: &u64| state.interfaces.get(id).into_iter().flat_map(|i| i.ips.iter().copied());
    if let Some(ids) = query.ids("interface_id")? {
        sets.push(ids.iter().flat_map(on).collect());
    }
    if let Some(ids) = query.ids("device_id")? {
        let interfaces = ids.iter().filter_map(|id| state.devices.get(id)).flat_map(|d| &d.interfaces);
        sets.push(interfaces.flat_map(on).collect());
    }
    if let Some(addresses) = query.all("address") {
        // With a mask it has to be the same, without one any will do.
        let found = addresses.iter().filter_map(|text| Some((cidr(text)?, text.contains('/')))).flat_map(
            |((host, length), exact)| {
                let ids = state.by_host.get(&host).into_iter().flatten();
                ids.filter(move |id| !exact || state.ips.get(id).is_some_and(|ip| ip.length == length)).copied()
            },
        );
        sets.push(found.collect());
    }
    let both = sets.into_iter().reduce(|a, b| a.intersection(&b).copied().collect());
    Ok(match both {
        Some(ids) => ids.into_iter().filter(|id| state.ips.contains_key(id)).collect(),
        None => state.ips.keys().copied().collect(),
    })
}

fn family(host: IpAddr) -> Value {
    if host.is_ipv4() { json!({ "value": 4, "label": "IPv4" }) } else { json!({ "value": 6, "label": "IPv6" }) }
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(ip) = state.ips.get(&id) else { return Value::Null };
    let text = format!("{}/{}", ip.host, ip.length);
    let mut shape = Shape::new(want);
    shape
        .common(PATH, id, &text, ip.stamps)
        .put("family", || family(ip.host))
        .put("address", || text.as_str().into())
        .put("status", || choice(&ip.status))
        .put("assigned_object_type", || ip.interface.map_or(Value::Null, |_| "dcim.interface".into()))
        .put("assigned_object_id", || ip.interface.map_or(Value::Null, Into::into))
        .put("assigned_object", || ip.interface.map_or(Value::Null, |i| mention_interface(state, i)))
        .put("nat_outside", || json!([]))
        .put("custom_fields", || json!({}))
        .fixed(&["vrf", "tenant", "role", "nat_inside", "owner"], &Value::Null)
        .fixed(&["dns_name", "description", "comments"], &"".into());
    shape.done()
}

/// An address as a device mentions it.
pub(super) fn mention(state: &State, id: u64) -> Value {
    let Some(ip) = state.ips.get(&id) else { return Value::Null };
    let text = format!("{}/{}", ip.host, ip.length);
    json!({ "id": id, "url": url(PATH, id), "display": text, "family": family(ip.host), "address": text,
        "description": "" })
}

pub(super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
    let old = id.and_then(|id| state.ips.get(&id));
    let target = assignment(body)?;
    if let Some(Some((kind, interface))) = &target
        && (kind != "dcim.interface" || !state.interfaces.contains_key(interface))
    {
        return Err(Problem::field("assigned_object_id", format!("Invalid {kind} {interface}")));
    }
    let address = match (body.get("address"), old) {
        (None, Some(old)) => (old.host, old.length),
        _ => {
            let text = required(body, "address")?;
            cidr(&text).ok_or_else(|| Problem::field("address", format!("Invalid IP address format: {text}")))?
        }
    };
    let interface = match &target {
        Some(target) => target.as_ref().map(|(_, interface)| *interface),
        None => old.and_then(|ip| ip.interface),
    };
    if interface.is_some() {
        not_a_network(address)?;
    }
    let others = state.by_host.get(&address.0).into_iter().flatten().filter(|other| Some(**other) != id);
    if let Some(other) = others.min().and_then(|other| state.ips.get(other)) {
        let what = format!("Duplicate IP address found in global table: {}/{}", other.host, other.length);
        return Err(Problem::field("address", what));
    }
    let device = |interface: Option<u64>| interface.and_then(|i| state.interfaces.get(&i)).map(|i| i.device);
    let was = device(old.and_then(|ip| ip.interface));
    if was.and_then(|d| state.devices.get(&d)).is_some_and(|d| id.is_some() && d.oob == id) && device(interface) != was
    {
        let what = "Cannot reassign IP address while it is designated as the OOB IP for the parent object";
        return Err(Problem::field("__all__", what));
    }
    Ok(())
}

/// Network and broadcast addresses are kept, but not on an interface.
fn not_a_network((host, length): (IpAddr, u8)) -> Result<(), Problem> {
    let IpAddr::V4(v4) = host else { return Ok(()) };
    if length >= 31 {
        return Ok(());
    }
    let hosts = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
    let what = match v4.to_bits() & hosts {
        0 => "network ID",
        bits if bits == hosts => "broadcast address",
        _ => return Ok(()),
    };
    Err(Problem::field("__all__", format!("{host} is a {what}, which may not be assigned to an interface.")))
}

/// Makes or changes an address; `check` has passed.
pub(super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
    let stamps = state.stamps(now);
    let address = body.get("address").and_then(Value::as_str).and_then(cidr);
    let id = id.unwrap_or_else(|| {
        let id = state.next(PATH);
        let (host, length) = address.unwrap_or((IpAddr::from([0, 0, 0, 0]), 32));
        state.ips.insert(id, Ip { host, length, status: "active".to_owned(), interface: None, stamps });
        id
    });
    let Some(ip) = state.ips.get_mut(&id) else { return 0 };
    ip.stamps.updated = stamps.updated;
    if let Some((host, length)) = address {
        if let Some(ids) = state.by_host.get_mut(&ip.host) {
            ids.remove(&id);
        }
        (ip.host, ip.length) = (host, length);
        state.by_host.entry(host).or_default().insert(id);
    }
    if let Some(status) = body.get("status").and_then(Value::as_str) {
        status.clone_into(&mut ip.status);
    }
    if let Ok(Some(target)) = assignment(body) {
        if let Some(old) = ip.interface.and_then(|i| state.interfaces.get_mut(&i)) {
            old.ips.remove(&id);
        }
        ip.interface = target.map(|(_, interface)| interface);
        if let Some(new) = ip.interface.and_then(|i| state.interfaces.get_mut(&i)) {
            new.ips.insert(id);
        }
    }
    id
}

/// Deletes an address; the device's out-of-band address goes with it, in silence.
pub(super) fn delete(state: &mut State, id: u64) {
    let Some(ip) = state.ips.remove(&id) else { return };
    if let Some(ids) = state.by_host.get_mut(&ip.host) {
        ids.remove(&id);
    }
    let Some(interface) = ip.interface.and_then(|i| state.interfaces.get_mut(&i)) else { return };
    interface.ips.remove(&id);
    if let Some(device) = state.devices.get_mut(&interface.device) {
        device.oob = device.oob.filter(|oob| *oob != id);
    }
}

/// Prefixes.
pub(super) mod prefixes {
    use super::{
        PREFIXES, Prefix, Problem, Query, Shape, State, Timestamp, Value, Want, choice, cidr, family, json, required,
        within,
    };

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let ids = query.ids("id")?;
        let contains = query.all("contains").map(|all| all.iter().filter_map(|t| cidr(t)).collect::<Vec<_>>());
        let passes = |(id, prefix): &(&u64, &Prefix)| {
            ids.as_ref().is_none_or(|all| all.contains(id))
                && contains.as_ref().is_none_or(|all| {
                    all.iter()
                        .any(|(host, length)| *length >= prefix.length && within(*host, prefix.net, prefix.length))
                })
        };
        Ok(state.prefixes.iter().filter(passes).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some(prefix) = state.prefixes.get(&id) else { return Value::Null };
        let text = format!("{}/{}", prefix.net, prefix.length);
        let mut shape = Shape::new(want);
        shape
            .common(PREFIXES, id, &text, prefix.stamps)
            .put("family", || family(prefix.net))
            .put("prefix", || text.as_str().into())
            .put("status", || choice("active"))
            .put("custom_fields", || json!({}))
            .fixed(&["vrf", "scope_type", "scope_id", "scope", "tenant", "vlan", "role", "owner"], &Value::Null);
        shape.done()
    }

    pub(in super::super) fn check(_: &State, _: Option<u64>, body: &Value) -> Result<(), Problem> {
        let text = required(body, "prefix")?;
        cidr(&text).map(drop).ok_or_else(|| Problem::field("prefix", format!("Invalid IP prefix format: {text}")))
    }

    pub(in super::super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
        let stamps = state.stamps(now);
        let id = id.unwrap_or_else(|| state.next(PREFIXES));
        if let Some((net, length)) = body.get("prefix").and_then(Value::as_str).and_then(cidr) {
            state.prefixes.insert(id, Prefix { net, length, stamps });
        }
        id
    }
}
