//! `dcim/device-types/`, `dcim/device-roles/` and `dcim/interface-templates/`, and devices made over the API.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::listed::is_bmc_name;
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Shape, mention_slug, reference, required, url};
use super::query::{Query, Want};
use super::setup::DeviceSpec;
use super::state::{Device, Named, State};
use super::{NetBox, device, interface};
use crate::faults::lock;

pub(super) const TYPES: &str = "dcim/device-types";
pub(super) const ROLES: &str = "dcim/device-roles";
pub(super) const TEMPLATES: &str = "dcim/interface-templates";

/// An interface that devices of a type come with.
pub(super) struct Template {
    pub device_type: u64,
    pub name: String,
}

/// What is made: required references, then what every change is held to.
pub(super) fn check(state: &State, body: &Value) -> Result<(), Problem> {
    let known = |field: &str, there: &dyn Fn(u64) -> bool| {
        let given = body.get(field).map_or(Ok(None), |v| reference(field, v))?;
        match given {
            None => Err(Problem::field(field, "This field is required.")),
            Some(id) if there(id) => Ok(()),
            Some(id) => {
                Err(Problem::field(field, format!("Related object not found using the provided numeric ID: {id}")))
            }
        }
    };
    known("device_type", &|id| state.types.contains_key(&id))?;
    known("role", &|id| state.roles.contains_key(&id))?;
    known("site", &|id| state.sites.contains_key(&id))?;
    let site = body.get("site").and_then(|v| reference("site", v).ok().flatten());
    let name = required(body, "name")?;
    let namesakes = state.device_names.get(&name.to_lowercase()).into_iter().flatten();
    if namesakes.filter_map(|id| state.devices.get(id)).any(|d| Some(d.site) == site) {
        return Err(Problem::field("__all__", "Device name must be unique per site."));
    }
    Ok(())
}

/// Makes a device with the interfaces of its type; `check` has passed.
pub(super) fn make(state: &mut State, body: &Value, now: Timestamp) -> u64 {
    let given = |field: &str| body.get(field).and_then(|v| reference(field, v).ok().flatten()).unwrap_or_default();
    let name = required(body, "name").unwrap_or_default();
    let (id, stamps) = (state.next(device::PATH), state.stamps(now));
    let model = given("device_type");
    let made = Device {
        name: name.clone(),
        serial: String::new(),
        model,
        site: given("site"),
        rack: None,
        position: None,
        face: "front",
        status: "active".to_owned(),
        tenant: None,
        oob: None,
        fields: BTreeMap::new(),
        interfaces: BTreeSet::new(),
        journal: Vec::new(),
        stamps,
    };
    state.devices.insert(id, made);
    state.device_names.entry(name.to_lowercase()).or_default().insert(id);
    let of = state.templates.values().filter(|t| t.device_type == model);
    let names: Vec<String> = of.map(|t| t.name.clone()).collect();
    for name in names {
        interface::add(state, id, &name, is_bmc_name(&name), now);
    }
    let inlets = state.inlet_templates.values().filter(|t| t.device_type == model);
    for (name, maximum) in inlets.map(|t| (t.name.clone(), t.maximum)).collect::<Vec<_>>() {
        state.add_socket(super::cable::Kind::Inlet, id, &name, maximum);
    }
    id
}

/// Types and roles: read only.
pub(super) fn matching(of: &BTreeMap<u64, Named>, query: &Query) -> Result<Vec<u64>, Problem> {
    let (ids, slugs, models) = (query.ids("id")?, query.all("slug"), query.all("model"));
    let passes = |(id, named): &(&u64, &Named)| {
        ids.as_ref().is_none_or(|all| all.contains(id))
            && slugs.as_ref().is_none_or(|all| all.contains(&named.slug.as_str()))
            && models.as_ref().is_none_or(|all| all.contains(&named.name.as_str()))
    };
    Ok(of.iter().filter(passes).map(|(id, _)| *id).collect())
}

pub(super) fn show(of: &BTreeMap<u64, Named>, path: &'static str, id: u64, want: &Want) -> Value {
    let Some(named) = of.get(&id) else { return Value::Null };
    let mut shape = Shape::new(want);
    shape
        .common(path, id, &named.name, named.stamps)
        .put(if path == TYPES { "model" } else { "name" }, || named.name.as_str().into())
        .put("slug", || named.slug.as_str().into())
        .put("description", || "".into());
    shape.done()
}

pub(super) fn show_type(state: &State, id: u64, want: &Want) -> Value {
    let mut shown = show(&state.types, TYPES, id, want);
    let (height, full_depth) = state.shape(id);
    let weight = state.weights.get(&id);
    let unit = weight.map_or(Value::Null, |_| json!({ "value": "kg", "label": "Kilograms" }));
    for (key, value) in [
        ("u_height", json!(height)),
        ("is_full_depth", json!(full_depth)),
        ("weight", json!(weight)),
        ("weight_unit", unit),
    ] {
        if want.has(key) && shown.is_object() {
            shown[key] = value;
        }
    }
    shown
}

pub(super) mod templates {
    use super::{Problem, Query, Shape, State, TEMPLATES, TYPES, Value, Want, is_bmc_name, json, mention_slug, url};

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let types = query.ids("device_type_id")?;
        let all = state.templates.iter();
        Ok(all
            .filter(|(_, t)| types.as_ref().is_none_or(|ids| ids.contains(&t.device_type)))
            .map(|(id, _)| *id)
            .collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some((template, of)) = state.templates.get(&id).and_then(|t| Some((t, state.types.get(&t.device_type)?)))
        else {
            return Value::Null;
        };
        let mut shape = Shape::new(want);
        shape
            .put("id", || id.into())
            .put("url", || url(TEMPLATES, id).into())
            .put("name", || template.name.as_str().into())
            .put("device_type", || mention_slug(TYPES, template.device_type, &of.name, &of.slug))
            .put("type", || json!({ "value": "other", "label": "Other" }))
            .put("mgmt_only", || json!(is_bmc_name(&template.name)));
        shape.done()
    }
}

/// Setting up.
impl NetBox {
    /// A device role.
    pub fn add_role(&self, slug: &str) -> ObjectId {
        lock(&self.0).named(|s| &mut s.roles, ROLES, slug)
    }

    /// A device type whose devices come with these management-only interfaces.
    pub fn add_device_type(&self, slug: &str, interfaces: &[&str]) -> ObjectId {
        let mut state = lock(&self.0);
        let id = state.named(|s| &mut s.types, TYPES, slug);
        for name in interfaces {
            let template = state.next(TEMPLATES);
            state.templates.insert(template, Template { device_type: id, name: (*name).to_owned() });
        }
        id
    }

    /// An offline device with this serial and only these interfaces, none of which has a MAC.
    pub fn add_bare_device(&self, name: &str, serial: &str, interfaces: &[&str]) -> ObjectId {
        let spec = DeviceSpec { bmc: None, ..DeviceSpec::offline(name, serial, Mac([0; 6])) };
        let mut state = lock(&self.0);
        let device = state.add_device(&spec);
        for name in interfaces {
            interface::add(&mut state, device, name, true, super::setup::START);
        }
        device
    }

    /// A further interface of a device.
    pub fn add_interface(&self, device: ObjectId, name: &str) -> ObjectId {
        interface::add(&mut lock(&self.0), device, name, true, super::setup::START)
    }

    /// Makes a MAC object the primary one of its interface; `None` takes the interface's away.
    pub fn set_primary_mac(&self, interface: ObjectId, mac: Option<ObjectId>) {
        let body = json!({ "primary_mac_address": mac });
        interface::save(&mut lock(&self.0), Some(interface), &body, super::setup::START);
    }

    /// Takes all MACs of an interface away.
    pub fn remove_macs(&self, interface: ObjectId) {
        let mut state = lock(&self.0);
        let macs: Vec<u64> = state.interfaces.get(&interface).into_iter().flat_map(|i| i.macs.clone()).collect();
        for mac in macs {
            interface::macs::delete(&mut state, mac);
        }
    }

    /// Corrects a device's serial, as a person does.
    pub fn set_serial(&self, device: ObjectId, serial: &str) {
        device::save(&mut lock(&self.0), Some(device), &json!({ "serial": serial }), super::setup::START);
    }

    /// Takes the device's out-of-band address away, as a person does.
    pub fn clear_oob(&self, device: ObjectId) {
        device::save(&mut lock(&self.0), Some(device), &json!({ "oob_ip": Value::Null }), super::setup::START);
    }

    /// The devices with this serial.
    pub fn devices_with_serial(&self, serial: &str) -> Vec<ObjectId> {
        lock(&self.0).devices.iter().filter(|(_, d)| d.serial == serial).map(|(id, _)| *id).collect()
    }
}
