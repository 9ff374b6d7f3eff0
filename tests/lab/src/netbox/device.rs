//! `dcim/devices/`, and the small tables beside it: sites, tenants.

use std::collections::BTreeSet;

use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Shape, choice, mention, mention_slug, reference, required, text, url};
use super::query::{Query, Want};
use super::state::{Named, State};

pub(super) const PATH: &str = "dcim/devices";

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let mut sets: Vec<BTreeSet<u64>> = Vec::new();
    if let Some(ids) = query.ids("id")? {
        sets.push(ids);
    }
    for (key, exact) in [("name", true), ("name__ie", false)] {
        let Some(names) = query.all(key) else { continue };
        let named = names.iter().flat_map(|name| {
            let ids = state.device_names.get(&name.to_lowercase()).into_iter().flatten();
            ids.filter(|id| !exact || state.devices.get(id).is_some_and(|d| d.name == *name)).copied()
        });
        sets.push(named.collect());
    }
    if let Some(starts) = query.all("name__isw") {
        let starts: Vec<String> = starts.iter().map(|s| s.to_lowercase()).collect();
        let named = state.device_names.iter().filter(|(name, _)| starts.iter().any(|s| name.starts_with(s)));
        sets.push(named.flat_map(|(_, ids)| ids).copied().collect());
    }
    if let Some(macs) = query.all("mac_address") {
        let macs = macs.iter().filter_map(|m| m.parse::<Mac>().ok());
        let objects = macs.flat_map(|m| state.by_mac.get(&m).into_iter().flatten());
        let interfaces = objects.filter_map(|id| state.macs.get(id)?.interface);
        sets.push(interfaces.filter_map(|id| Some(state.interfaces.get(&id)?.device)).collect());
    }
    let statuses = query.all("status");
    if let Some(bad) = statuses.iter().flatten().find(|s| !state.knows_status(s)) {
        let what = format!("Select a valid choice. {bad} is not one of the available choices.");
        return Err(Problem::field("status", what));
    }
    let site = super::query::site(state, query)?;
    let serials: Option<Vec<String>> = query.all("serial").map(|all| all.iter().map(|s| s.to_lowercase()).collect());
    let lifecycle = query.all("cf_lifecycle_state");
    let passes = |id: &u64| {
        let Some(device) = state.devices.get(id) else { return false };
        site.as_ref().is_none_or(|all| all.contains(&device.site))
            && statuses.as_ref().is_none_or(|all| all.contains(&device.status.as_str()))
            && serials.as_ref().is_none_or(|all| all.contains(&device.serial.to_lowercase()))
            && lifecycle.as_ref().is_none_or(|all| {
                device.fields.get("lifecycle_state").and_then(Value::as_str).is_some_and(|v| all.contains(&v))
            })
    };
    let mut sets = sets.into_iter();
    Ok(match sets.next() {
        Some(first) => {
            let both = sets.fold(first, |a, b| a.intersection(&b).copied().collect());
            both.into_iter().filter(passes).collect()
        }
        None => state.devices.keys().copied().filter(passes).collect(),
    })
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(d) = state.devices.get(&id) else { return Value::Null };
    let named = |path: &'static str, id: u64, found: Option<&Named>| {
        found.map_or(Value::Null, |n| mention_slug(path, id, &n.name, &n.slug))
    };
    let mut shape = Shape::new(want);
    shape
        .common(PATH, id, &d.name, d.stamps)
        .put("name", || d.name.as_str().into())
        .put("serial", || d.serial.as_str().into())
        .put("device_type", || {
            let model = state.types.get(&d.model).map_or("", |t| t.name.as_str());
            let slug = state.types.get(&d.model).map_or("", |t| t.slug.as_str());
            json!({ "id": d.model, "url": url("dcim/device-types", d.model), "display": model, "model": model,
                "slug": slug, "description": "" })
        })
        .put("role", || mention_slug("dcim/device-roles", 1, "Server", "server"))
        .put("tenant", || d.tenant.map_or(Value::Null, |id| named("tenancy/tenants", id, state.tenants.get(&id))))
        .put("site", || named("dcim/sites", d.site, state.sites.get(&d.site)))
        .put("rack", || {
            let rack = d.rack.and_then(|id| Some((id, state.racks.get(&id)?)));
            rack.map_or(Value::Null, |(id, rack)| mention("dcim/racks", id, &rack.name))
        })
        .put("position", || json!(d.position))
        .put("face", || if d.position.is_some() { choice(d.face) } else { Value::Null })
        .put("status", || {
            let known = state.knows_status(&d.status);
            // A choice that was taken out of the configuration has no label any more.
            if known { choice(&d.status) } else { json!({ "value": d.status, "label": "" }) }
        })
        .put("oob_ip", || d.oob.map_or(Value::Null, |id| super::address::mention(state, id)))
        .put("custom_fields", || {
            let ours = state.fields.values().filter(|f| f.object_types.iter().any(|t| t == "dcim.device"));
            let read = |f: &super::state::Field| match d.fields.get(&f.name) {
                Some(Value::String(word)) if f.kind == "select" && state.profile.is_newest() => choice(word),
                other => other.cloned().unwrap_or(Value::Null),
            };
            ours.map(|f| (f.name.clone(), read(f))).collect()
        })
        .put("description", || "".into())
        .put("comments", || "".into())
        .put("config_context", || json!({}))
        .put("interface_count", || d.interfaces.len().into())
        .fixed(
            &[
                "platform",
                "asset_tag",
                "location",
                "parent_device",
                "airflow",
                "primary_ip",
                "primary_ip4",
                "primary_ip6",
                "cluster",
                "virtual_chassis",
                "vc_position",
                "vc_priority",
                "owner",
            ],
            &Value::Null,
        );
    shape.done()
}

pub(super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
    if id.is_none() {
        super::intake::check(state, body)?;
    }
    if let Some(status) = body.get("status") {
        let known = status.as_str().is_some_and(|s| state.knows_status(s));
        if !known {
            let shown = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
            return Err(Problem::field("status", format!("{shown} is not a valid choice.")));
        }
    } else if let Some(device) = id.and_then(|id| state.devices.get(&id))
        && !state.knows_status(&device.status)
    {
        // A choice that was taken out of the configuration blocks every other change of the device.
        return Err(Problem::field("status", format!("Value '{}' is not a valid choice.", device.status)));
    }
    if let Some(oob) = body.get("oob_ip")
        && let Some(ip) = reference("oob_ip", oob)?
    {
        let Some(found) = state.ips.get(&ip) else {
            return Err(Problem::field(
                "oob_ip",
                format!("Related object not found using the provided numeric ID: {ip}"),
            ));
        };
        let device = found.interface.and_then(|i| state.interfaces.get(&i)).map(|i| i.device);
        if device != id {
            let what =
                format!("The specified IP address ({}/{}) is not assigned to this device.", found.host, found.length);
            return Err(Problem::field("oob_ip", what));
        }
    }
    if let Some(value) = body.get("tenant") {
        tenant(state, value)?;
    }
    text(body, "name")?;
    text(body, "serial")?;
    if let Some(device) = id.and_then(|id| state.devices.get(&id)) {
        seat(state, id, device, body)?;
    }
    match body.get("custom_fields") {
        None => Ok(()),
        Some(Value::Object(fields)) => {
            fields.iter().try_for_each(|(name, value)| super::customisation::accepts(state, name, value))
        }
        Some(_) => Err(Problem::field("custom_fields", "Value must be a dictionary.")),
    }
}

/// A place in a rack is one nobody else has.
fn seat(state: &State, id: Option<u64>, device: &super::state::Device, body: &Value) -> Result<(), Problem> {
    if ["rack", "position", "face"].iter().all(|key| body.get(key).is_none()) {
        return Ok(());
    }
    let rack = body.get("rack").map_or(Ok(device.rack), |value| reference("rack", value))?;
    let position = body.get("position").map_or(device.position, Value::as_f64);
    let face = body.get("face").map_or(Some(device.face), Value::as_str);
    let Some(id_of_rack) = rack else {
        if position.is_some() {
            return Err(Problem::field("position", "Cannot select a rack position without assigning a rack."));
        }
        return Ok(());
    };
    let Some(rack) = state.racks.get(&id_of_rack) else {
        let what = format!("Related object not found using the provided numeric ID: {id_of_rack}");
        return Err(Problem::field("rack", what));
    };
    if rack.site != device.site {
        return Err(Problem::field("rack", "Rack does not belong to site."));
    }
    let Some(low) = position else { return Ok(()) };
    if !matches!(face, Some("front" | "rear")) {
        return Err(Problem::field("face", "Must specify rack face when defining rack position."));
    }
    let (height, deep) = state.shape(device.model);
    let meets = |other: &super::state::Device| {
        let (tall, other_deep) = state.shape(other.model);
        let sides = deep || other_deep || Some(other.face) == face;
        sides && other.position.is_some_and(|p| p < low + height && low < p + tall)
    };
    let mut others = state.devices.iter().filter(|(other, d)| Some(**other) != id && d.rack == Some(id_of_rack));
    let (first, end) = (f64::from(rack.first), f64::from(rack.first + rack.height));
    if low < first || low + height > end || others.any(|(_, d)| meets(d)) {
        let model = state.types.get(&device.model).map_or("", |t| t.name.as_str());
        let what = format!(
            "U{low} is already occupied or does not have sufficient space to accommodate this device type: {model} \
             ({height}U)"
        );
        return Err(Problem::field("position", what));
    }
    Ok(())
}

fn tenant(state: &State, value: &Value) -> Result<Option<u64>, Problem> {
    if let Some(slug) = value.get("slug") {
        let found = state.tenants.iter().find(|(_, t)| slug.as_str() == Some(&t.slug));
        return found.map(|(id, _)| Some(*id)).ok_or_else(|| {
            let what = format!(
                "Related object not found using the provided attributes: {{'slug': '{}'}}",
                slug.as_str().unwrap_or_default()
            );
            Problem::field("tenant", what)
        });
    }
    match reference("tenant", value)? {
        Some(id) if !state.tenants.contains_key(&id) => {
            Err(Problem::field("tenant", format!("Related object not found using the provided numeric ID: {id}")))
        }
        other => Ok(other),
    }
}

/// Changes a device; `check` has passed.
pub(super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
    let id = id.unwrap_or_else(|| super::intake::make(state, body, now));
    let at = state.tick(now);
    let tenant = body.get("tenant").and_then(|value| tenant(state, value).ok());
    let Some(device) = state.devices.get_mut(&id) else { return 0 };
    device.stamps.updated = at;
    if let Some(status) = body.get("status").and_then(Value::as_str) {
        status.clone_into(&mut device.status);
    }
    if let Some(tenant) = tenant {
        device.tenant = tenant;
    }
    if let Some(oob) = body.get("oob_ip") {
        device.oob = reference("oob_ip", oob).ok().flatten();
    }
    if let Some(serial) = body.get("serial").and_then(Value::as_str) {
        serial.clone_into(&mut device.serial);
    }
    if let Some(rack) = body.get("rack") {
        device.rack = reference("rack", rack).ok().flatten();
    }
    match body.get("face").and_then(Value::as_str) {
        Some("front") => device.face = "front",
        Some("rear") => device.face = "rear",
        _ => {}
    }
    if let Some(position) = body.get("position") {
        device.position = position.as_f64();
    }
    for (name, value) in body.get("custom_fields").and_then(Value::as_object).into_iter().flatten() {
        // Keys that are not named stay; null clears.
        device.fields.insert(name.clone(), value.clone());
    }
    id
}

/// Tables of named things: `tenancy/tenants/`, `dcim/sites/`.
pub(super) mod named {
    use super::{Named, Problem, Query, Shape, State, Timestamp, Value, Want, json, required};

    pub(in super::super) fn table<'a>(state: &'a State, path: &str) -> &'a std::collections::BTreeMap<u64, Named> {
        match path {
            "tenancy/tenants" => &state.tenants,
            _ => &state.sites,
        }
    }

    pub(in super::super) fn matching(state: &State, path: &str, query: &Query) -> Result<Vec<u64>, Problem> {
        let (ids, names, slugs) = (query.ids("id")?, query.all("name"), query.all("slug"));
        let passes = |(id, named): &(&u64, &Named)| {
            ids.as_ref().is_none_or(|all| all.contains(id))
                && names.as_ref().is_none_or(|all| all.contains(&named.name.as_str()))
                && slugs.as_ref().is_none_or(|all| all.contains(&named.slug.as_str()))
        };
        Ok(table(state, path).iter().filter(passes).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, path: &str, id: u64, want: &Want) -> Value {
        let Some(named) = table(state, path).get(&id) else { return Value::Null };
        let mut shape = Shape::new(want);
        shape
            .common(path, id, &named.name, named.stamps)
            .put("name", || named.name.as_str().into())
            .put("description", || "".into())
            .put("custom_fields", || json!({}))
            .put("slug", || named.slug.as_str().into());
        shape.done()
    }

    /// Only tenants are made over the API.
    pub(in super::super) fn check_tenant(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
        if id.is_some() {
            return Ok(());
        }
        let (name, slug) = (required(body, "name")?, required(body, "slug")?);
        match state.tenants.values().find(|t| t.name == name || t.slug == slug) {
            Some(t) if t.slug == slug => Err(Problem::field("slug", "tenant with this slug already exists.")),
            Some(_) => Err(Problem::field("name", "tenant with this name already exists.")),
            None => Ok(()),
        }
    }

    pub(in super::super) fn save_tenant(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
        if let Some(id) = id {
            return id;
        }
        let stamps = state.stamps(now);
        let take = |key| required(body, key).unwrap_or_default();
        let id = state.next("tenancy/tenants");
        state.tenants.insert(id, Named { name: take("name"), slug: take("slug"), stamps });
        id
    }
}
