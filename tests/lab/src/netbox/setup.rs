//! Setting the lab's NetBox up, changing it as a person would, and looking into it without its API.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::inventory::{ObjectId, Port};
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::cable::{End, Kind};
use super::query::Want;
use super::rack::RackSpec;
use super::state::{Access, Device, Named, State};
use super::{NetBox, address, cable, changelog, customisation, device, interface};
use crate::faults::lock;

/// A device to set up.
#[derive(Clone, Debug)]
pub struct DeviceSpec {
    /// Name.
    pub name: String,
    /// Serial.
    pub serial: String,
    /// Device type.
    pub model: String,
    /// Site slug; made where missing.
    pub site: String,
    /// Rack; made where missing.
    pub rack: Option<String>,
    /// Lowest unit.
    pub position: Option<f64>,
    /// The side it is mounted on: `front` or `rear`.
    pub face: &'static str,
    /// Status.
    pub status: String,
    /// Tenant slug; made where missing.
    pub tenant: Option<String>,
    /// MAC of the management-only interface `bmc`; without one the interface has none.
    pub bmc: Option<Mac>,
    /// NICs, and where their planned cables go.
    pub nics: Vec<(String, Option<Port>)>,
}

impl DeviceSpec {
    /// An offline device at site `fra1`, without rack, tenant or NICs.
    pub fn offline(name: &str, serial: &str, bmc: Mac) -> Self {
        Self {
            name: name.to_owned(),
            serial: serial.to_owned(),
            model: "ProLiant DL360 Gen11".to_owned(),
            site: "fra1".to_owned(),
            rack: None,
            position: None,
            face: "front",
            status: "offline".to_owned(),
            tenant: None,
            bmc: Some(bmc),
            nics: Vec::new(),
        }
    }
}

pub(super) const START: Timestamp = Timestamp::from_secs(1_790_000_000);

impl State {
    pub(super) fn named(
        &mut self,
        table: fn(&mut Self) -> &mut BTreeMap<u64, Named>,
        path: &'static str,
        slug: &str,
    ) -> u64 {
        if let Some((id, _)) = table(self).iter().find(|(_, n)| n.slug == slug) {
            return *id;
        }
        let (id, stamps) = (self.next(path), self.stamps(START));
        table(self).insert(id, Named { name: slug.to_owned(), slug: slug.to_owned(), stamps });
        id
    }

    fn device_named(&self, name: &str) -> Option<u64> {
        self.device_names.get(&name.to_lowercase())?.first().copied()
    }

    pub(super) fn interface_named(&self, device: u64, name: &str) -> Option<u64> {
        let of = &self.devices.get(&device)?.interfaces;
        of.iter().copied().find(|id| self.interfaces.get(id).is_some_and(|i| i.name == name))
    }

    pub(super) fn add_device(&mut self, spec: &DeviceSpec) -> u64 {
        let site = self.named(|s| &mut s.sites, "dcim/sites", &spec.site);
        let rack = spec.rack.as_ref().map(|name| self.rack(&RackSpec::standard(&spec.site, name)));
        let tenant = spec.tenant.as_ref().map(|slug| self.named(|s| &mut s.tenants, "tenancy/tenants", slug));
        let model = self.named(|s| &mut s.types, "dcim/device-types", &spec.model);
        let (id, stamps) = (self.next(device::PATH), self.stamps(START));
        let device = Device {
            name: spec.name.clone(),
            serial: spec.serial.clone(),
            model,
            site,
            rack,
            position: spec.position,
            face: spec.face,
            status: spec.status.clone(),
            tenant,
            oob: None,
            fields: BTreeMap::new(),
            interfaces: BTreeSet::new(),
            journal: Vec::new(),
            stamps,
        };
        self.devices.insert(id, device);
        self.device_names.entry(spec.name.to_lowercase()).or_default().insert(id);
        id
    }

    fn port(&mut self, port: &Port) -> u64 {
        let device = self.device_named(&port.switch).unwrap_or_else(|| self.add_switch(&port.switch));
        let there = self.interface_named(device, &port.port);
        there.unwrap_or_else(|| interface::add(self, device, &port.port, false, START))
    }

    fn add_switch(&mut self, name: &str) -> u64 {
        let spec = DeviceSpec {
            model: "switch".to_owned(),
            status: "active".to_owned(),
            bmc: None,
            ..DeviceSpec::offline(name, "", Mac([0; 6]))
        };
        self.add_device(&spec)
    }

    pub(super) fn add_cable(&mut self, a: End, b: End, status: &str) -> u64 {
        let end = |(kind, id): End| json!([{ "object_type": kind.word(), "object_id": id }]);
        let body = json!({ "a_terminations": end(a), "b_terminations": end(b), "status": status });
        match cable::check(self, None, &body) {
            Ok(()) => cable::save(self, None, &body, START),
            Err(_) => 0,
        }
    }
}

/// Setting up.
impl NetBox {
    /// A token, v1 or v2 (`nbt_key.secret`), that may read, and write where `may_write`.
    pub fn add_token(&self, token: &str, may_write: bool) {
        let access = Access { may_write, ..Access::default() };
        lock(&self.0).tokens.insert(token.to_owned(), access);
    }

    /// Leaves a token's user these permissions and no others: `view`, `add`, `change` or `delete`, and the collection,
    /// such as `dcim/cables`.
    pub fn grant<'a>(&self, token: &str, permissions: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let all = permissions.into_iter().map(|(verb, collection)| (verb.to_owned(), collection.to_owned()));
        if let Some(access) = lock(&self.0).tokens.get_mut(token) {
            access.granted = Some(all.collect());
        }
    }

    /// The permissions that requests were allowed by so far.
    pub fn exercised(&self) -> BTreeSet<(String, String)> {
        lock(&self.0).exercised.clone()
    }

    /// Gives a permission back that was taken by [`Self::deny`].
    pub fn permit(&self, token: &str, verb: &str, collection: &str) {
        if let Some(access) = lock(&self.0).tokens.get_mut(token) {
            access.denied.remove(&(verb.to_owned(), collection.to_owned()));
        }
    }

    /// Takes a permission from a token's user: `view`, `add`, `change` or `delete`, and the collection, such as `dcim/cables`.
    pub fn deny(&self, token: &str, verb: &str, collection: &str) {
        if let Some(access) = lock(&self.0).tokens.get_mut(token) {
            access.denied.insert((verb.to_owned(), collection.to_owned()));
        }
    }

    /// Lets a token's user see and write only devices with these statuses, as a permission with constraints does.
    pub fn constrain(&self, token: &str, statuses: &[&str]) {
        if let Some(access) = lock(&self.0).tokens.get_mut(token) {
            access.statuses = Some(statuses.iter().map(|s| (*s).to_owned()).collect());
        }
    }

    /// A device status beyond the stock ones, as server configuration adds them.
    pub fn add_status(&self, value: &str, label: &str) {
        lock(&self.0).extra_statuses.push((value.to_owned(), label.to_owned()));
    }

    /// Takes such a status away again; devices that have it keep it.
    pub fn remove_status(&self, value: &str) {
        lock(&self.0).extra_statuses.retain(|(v, _)| v != value);
    }

    /// A custom field on devices; `choices` is for a select field.
    pub fn add_custom_field(&self, name: &str, kind: &str, choices: &[&str]) {
        let mut state = lock(&self.0);
        let mut body = json!({ "name": name, "type": kind, "object_types": ["dcim.device"] });
        if kind == "select" {
            let pairs: Vec<Value> = choices.iter().map(|c| json!([c, c])).collect();
            let set = json!({ "name": format!("{name} choices"), "extra_choices": pairs });
            body["choice_set"] = customisation::sets::save(&mut state, None, &set, START).into();
        }
        customisation::fields::save(&mut state, None, &body, START);
    }

    /// Takes a custom field away.
    pub fn remove_custom_field(&self, name: &str) {
        lock(&self.0).fields.retain(|_, field| field.name != name);
    }

    /// A site.
    pub fn add_site(&self, slug: &str) -> ObjectId {
        lock(&self.0).named(|s| &mut s.sites, "dcim/sites", slug)
    }

    /// A tenant.
    pub fn add_tenant(&self, slug: &str) -> ObjectId {
        lock(&self.0).named(|s| &mut s.tenants, "tenancy/tenants", slug)
    }

    /// A prefix such as `10.20.0.0/22`.
    pub fn add_prefix(&self, prefix: &str) -> ObjectId {
        address::prefixes::save(&mut lock(&self.0), None, &json!({ "prefix": prefix }), START)
    }

    /// A device with its interfaces and planned cables. Switches and ports that these name are made where missing.
    pub fn add_device(&self, spec: &DeviceSpec) -> ObjectId {
        let mut state = lock(&self.0);
        let device = state.add_device(spec);
        let bmc = interface::add(&mut state, device, "bmc", true, START);
        for (name, peer) in &spec.nics {
            let near = interface::add(&mut state, device, name, false, START);
            if let Some(peer) = peer {
                let far = state.port(peer);
                state.add_cable((Kind::Interface, near), (Kind::Interface, far), "planned");
            }
        }
        drop(state);
        if let Some(mac) = spec.bmc {
            let object = self.add_mac(mac, Some(bmc));
            let body = json!({ "primary_mac_address": object });
            interface::save(&mut lock(&self.0), Some(bmc), &body, START);
        }
        device
    }

    /// A switch with these ports.
    pub fn add_switch(&self, name: &str, ports: &[&str]) -> ObjectId {
        let mut state = lock(&self.0);
        let device = state.add_switch(name);
        for port in ports {
            interface::add(&mut state, device, port, false, START);
        }
        device
    }

    /// A planned cable from a device's interface to a port; 0 where an end is taken.
    pub fn add_planned_cable(&self, interface: ObjectId, port: &Port) -> ObjectId {
        let mut state = lock(&self.0);
        let far = state.port(port);
        state.add_cable((Kind::Interface, interface), (Kind::Interface, far), "planned")
    }

    /// A MAC object, on an interface or unassigned. The same MAC may be added again.
    pub fn add_mac(&self, mac: Mac, on: Option<ObjectId>) -> ObjectId {
        let assigned = on.map(|_| "dcim.interface");
        let body = json!({ "mac_address": mac, "assigned_object_type": assigned, "assigned_object_id": on });
        interface::macs::save(&mut lock(&self.0), None, &body, START)
    }

    /// An address such as `10.20.0.5/22`, on an interface or unassigned.
    pub fn add_ip(&self, text: &str, on: Option<ObjectId>) -> ObjectId {
        let assigned = on.map(|_| "dcim.interface");
        let body = json!({ "address": text, "assigned_object_type": assigned, "assigned_object_id": on });
        address::save(&mut lock(&self.0), None, &body, START)
    }

    /// Changes a device as a person does in the web form, whether the status is a known one or not.
    pub fn set_status(&self, device: ObjectId, status: &str) {
        self.edit(device, &json!({ "status": status }), START);
    }

    /// Makes an address the device's out-of-band one.
    pub fn set_oob(&self, device: ObjectId, ip: ObjectId) {
        self.edit(device, &json!({ "oob_ip": ip }), START);
    }

    /// Changes any property of a device as a person does in the web form, at this moment.
    pub fn edit(&self, device: ObjectId, body: &Value, now: Timestamp) {
        let mut state = lock(&self.0);
        let before = device::show(&state, device, &Want::all());
        device::save(&mut state, Some(device), body, now);
        let after = device::show(&state, device, &Want::all());
        changelog::record(&mut state, device::PATH, device, &before, &after, now);
    }

    /// Moves a device to another site, out of its rack, as a person does, at this moment.
    pub fn move_device(&self, device: ObjectId, site: &str, now: Timestamp) {
        let mut state = lock(&self.0);
        let site = state.named(|s| &mut s.sites, "dcim/sites", site);
        let before = device::show(&state, device, &Want::all());
        let updated = state.tick(now);
        let Some(found) = state.devices.get_mut(&device) else { return };
        (found.site, found.rack, found.position, found.stamps.updated) = (site, None, None, updated);
        let after = device::show(&state, device, &Want::all());
        changelog::record(&mut state, device::PATH, device, &before, &after, now);
    }

    /// Takes a custom field off devices; it stays on racks.
    pub fn take_field_off_devices(&self, name: &str) {
        let mut state = lock(&self.0);
        if let Some(field) = state.fields.values_mut().find(|f| f.name == name) {
            field.object_types = vec!["dcim.rack".to_owned()];
        }
    }

    /// How many changes were made.
    pub fn change_count(&self) -> usize {
        lock(&self.0).changes.len()
    }

    /// Deletes a device with its interfaces, as a person does, at this moment.
    pub fn remove_device(&self, id: ObjectId, now: Timestamp) {
        let mut state = lock(&self.0);
        let before = device::show(&state, id, &Want::all());
        let Some(device) = state.devices.remove(&id) else { return };
        state.device_names.entry(device.name.to_lowercase()).or_default().remove(&id);
        for interface in device.interfaces {
            let Some(gone) = state.interfaces.remove(&interface) else { continue };
            gone.macs.iter().for_each(|mac| interface::macs::delete(&mut state, *mac));
            gone.ips.iter().for_each(|ip| address::delete(&mut state, *ip));
        }
        changelog::record(&mut state, device::PATH, id, &before, &Value::Null, now);
    }
}

/// Looking in.
impl NetBox {
    /// The device with this name.
    pub fn device_id(&self, name: &str) -> Option<ObjectId> {
        lock(&self.0).device_named(name)
    }

    /// The device's interface with this name.
    pub fn interface_id(&self, device: ObjectId, name: &str) -> Option<ObjectId> {
        lock(&self.0).interface_named(device, name)
    }

    /// The device's status.
    pub fn status_of(&self, device: ObjectId) -> Option<String> {
        lock(&self.0).devices.get(&device).map(|d| d.status.clone())
    }

    /// The slug of the device's tenant.
    pub fn tenant_of(&self, device: ObjectId) -> Option<String> {
        let state = lock(&self.0);
        let tenant = state.devices.get(&device)?.tenant?;
        state.tenants.get(&tenant).map(|t| t.slug.clone())
    }

    /// A custom field of the device.
    pub fn field_of(&self, device: ObjectId, name: &str) -> Option<Value> {
        lock(&self.0).devices.get(&device)?.fields.get(name).cloned()
    }

    /// The device's out-of-band address, with its prefix length.
    pub fn oob_of(&self, device: ObjectId) -> Option<String> {
        let state = lock(&self.0);
        let ip = state.ips.get(&state.devices.get(&device)?.oob?)?;
        Some(format!("{}/{}", ip.host, ip.length))
    }

    /// The addresses on an interface, with their prefix lengths.
    pub fn addresses_on(&self, interface: ObjectId) -> Vec<String> {
        let state = lock(&self.0);
        let ids = state.interfaces.get(&interface).into_iter().flat_map(|i| &i.ips);
        ids.filter_map(|id| state.ips.get(id)).map(|ip| format!("{}/{}", ip.host, ip.length)).collect()
    }

    /// How many address objects there are.
    pub fn address_count(&self) -> usize {
        lock(&self.0).ips.len()
    }

    /// How many MAC objects have this MAC.
    pub fn mac_count(&self, mac: Mac) -> usize {
        lock(&self.0).by_mac.get(&mac).map_or(0, BTreeSet::len)
    }

    /// The interface's primary MAC.
    pub fn primary_mac(&self, interface: ObjectId) -> Option<Mac> {
        let state = lock(&self.0);
        state.macs.get(&state.interfaces.get(&interface)?.primary?).map(|m| m.mac)
    }

    /// The device's journal, oldest first: kind and comment.
    pub fn notes_of(&self, device: ObjectId) -> Vec<(String, String)> {
        let state = lock(&self.0);
        let ids = state.devices.get(&device).into_iter().flat_map(|d| &d.journal);
        ids.filter_map(|id| state.entries.get(id)).map(|e| (e.kind.clone(), e.comments.clone())).collect()
    }

    /// The cable in an interface, and its status.
    pub fn cable_of(&self, interface: ObjectId) -> Option<(ObjectId, String)> {
        let state = lock(&self.0);
        let id = state.interfaces.get(&interface)?.cable?;
        state.cables.get(&id).map(|c| (id, c.status.clone()))
    }

    /// How many cables there are.
    pub fn cable_count(&self) -> usize {
        lock(&self.0).cables.len()
    }
}
