//! `dcim/power-ports/`, `dcim/power-outlets/`, `dcim/power-feeds/`, `dcim/power-port-templates/` and
//! `dcim/rack-reservations/`: read only, cables apart.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::inventory::ObjectId;
use rackhand_core::mac::Mac;
use serde_json::{Value, json};

use super::cable::{self, End, Kind};
use super::object::{Problem, Shape, Stamps, choice, mention, mention_slug, url};
use super::query::{Query, Want, site};
use super::setup::{DeviceSpec, START};
use super::state::State;
use super::{NetBox, device, rack};
use crate::faults::lock;

pub(super) const INLETS: &str = "dcim/power-ports";
pub(super) const OUTLETS: &str = "dcim/power-outlets";
pub(super) const FEEDS: &str = "dcim/power-feeds";
pub(super) const TEMPLATES: &str = "dcim/power-port-templates";
pub(super) const RESERVATIONS: &str = "dcim/rack-reservations";

/// A power port or outlet.
pub(super) struct Socket {
    pub device: u64,
    pub name: String,
    pub maximum: Option<u32>,
    pub allocated: Option<u32>,
    pub mark_connected: bool,
    pub cable: Option<u64>,
    pub stamps: Stamps,
}

/// A power feed.
pub(super) struct Feed {
    pub name: String,
    pub rack: u64,
    pub spec: FeedSpec,
    pub cable: Option<u64>,
    pub stamps: Stamps,
}

/// A power feed to set up.
#[derive(Clone, Copy, Debug)]
pub struct FeedSpec {
    /// `active`, `offline`, `planned` or `failed`.
    pub status: &'static str,
    /// `primary` or `redundant`.
    pub kind: &'static str,
    /// `single-phase` or `three-phase`.
    pub phase: &'static str,
    /// Volts.
    pub voltage: u16,
    /// Amperes.
    pub amperage: u16,
    /// Percent of it that may be drawn for good.
    pub most: u8,
}

impl Default for FeedSpec {
    fn default() -> Self {
        Self { status: "active", kind: "primary", phase: "single-phase", voltage: 230, amperage: 32, most: 80 }
    }
}

/// A power port that devices of a type come with.
pub(super) struct Template {
    pub device_type: u64,
    pub name: String,
    pub maximum: Option<u32>,
    pub stamps: Stamps,
}

/// Units of a rack that somebody reserved.
pub(super) struct Reserved {
    pub rack: u64,
    pub units: Vec<u16>,
    pub stamps: Stamps,
}

fn of_devices(state: &State, query: &Query, table: &BTreeMap<u64, Socket>) -> Result<Vec<u64>, Problem> {
    let (ids, devices, racks) = (query.ids("id")?, query.ids("device_id")?, query.ids("rack_id")?);
    let (site, names) = (site(state, query)?, query.all("name"));
    let passes = |(id, socket): &(&u64, &Socket)| {
        let Some(device) = state.devices.get(&socket.device) else { return false };
        ids.as_ref().is_none_or(|all| all.contains(id))
            && devices.as_ref().is_none_or(|all| all.contains(&socket.device))
            && racks.as_ref().is_none_or(|all| device.rack.is_some_and(|r| all.contains(&r)))
            && site.as_ref().is_none_or(|all| all.contains(&device.site))
            && names.as_ref().is_none_or(|all| all.contains(&socket.name.as_str()))
    };
    Ok(table.iter().filter(passes).map(|(id, _)| *id).collect())
}

/// A socket as its cable mentions it.
pub(super) fn mention_socket(state: &State, (kind, id): End) -> Value {
    let (path, table) = if kind == Kind::Inlet { (INLETS, &state.inlets) } else { (OUTLETS, &state.outlets) };
    let Some(socket) = table.get(&id) else { return Value::Null };
    let device = state.devices.get(&socket.device).map_or("", |d| d.name.as_str());
    json!({
        "id": id, "url": url(path, id), "display": socket.name, "name": socket.name, "description": "",
        "device": mention(device::PATH, socket.device, device),
        "cable": socket.cable.map_or(Value::Null, cable::mention), "_occupied": socket.cable.is_some(),
    })
}

/// A feed as its cable mentions it.
pub(super) fn mention_feed(state: &State, id: u64) -> Value {
    let Some(feed) = state.feeds.get(&id) else { return Value::Null };
    json!({ "id": id, "url": url(FEEDS, id), "display": feed.name, "name": feed.name, "description": "",
        "cable": feed.cable.map_or(Value::Null, cable::mention), "_occupied": feed.cable.is_some() })
}

/// What all ends of a cable tell of it.
fn linked(shape: &mut Shape, state: &State, end: End, cable: Option<u64>) {
    let peers = cable::far(state, end);
    let shown: Value = peers.iter().map(|p| cable::mention_end(state, *p)).collect();
    let kind = peers.first().map_or(Value::Null, |(kind, _)| kind.word().into());
    shape
        .put("cable", || cable.map_or(Value::Null, cable::mention))
        .put("cable_end", || cable.map_or(Value::Null, |_| "A".into()))
        .put("link_peers", || shown.clone())
        .put("link_peers_type", || kind.clone())
        .put("connected_endpoints", || if peers.is_empty() { Value::Null } else { shown.clone() })
        .put("connected_endpoints_type", || kind.clone())
        .put("connected_endpoints_reachable", || (!peers.is_empty()).into());
}

fn show_socket(state: &State, kind: Kind, id: u64, want: &Want) -> Value {
    let (path, table) = if kind == Kind::Inlet { (INLETS, &state.inlets) } else { (OUTLETS, &state.outlets) };
    let Some(socket) = table.get(&id) else { return Value::Null };
    let mut shape = Shape::new(want);
    shape
        .common(path, id, &socket.name, socket.stamps)
        .put("device", || {
            let name = state.devices.get(&socket.device).map_or("", |d| d.name.as_str());
            mention(device::PATH, socket.device, name)
        })
        .put("name", || socket.name.as_str().into())
        .put("mark_connected", || socket.mark_connected.into())
        .put("description", || "".into())
        .put("label", || "".into())
        .put("custom_fields", || json!({}))
        .fixed(&["module", "owner", "type"], &Value::Null);
    if kind == Kind::Inlet {
        shape.put("maximum_draw", || json!(socket.maximum)).put("allocated_draw", || json!(socket.allocated));
    }
    linked(&mut shape, state, (kind, id), socket.cable);
    shape.done()
}

pub(super) mod inlets {
    use super::{Kind, Problem, Query, State, Value, Want, of_devices, show_socket};

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        of_devices(state, query, &state.inlets)
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        show_socket(state, Kind::Inlet, id, want)
    }
}

pub(super) mod outlets {
    use super::{Kind, Problem, Query, State, Value, Want, of_devices, show_socket};

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        of_devices(state, query, &state.outlets)
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        show_socket(state, Kind::Outlet, id, want)
    }
}

pub(super) mod feeds {
    use super::{
        FEEDS, Feed, Kind, Problem, Query, Shape, State, Value, Want, choice, json, linked, mention, rack, site,
    };

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let (ids, site) = (query.ids("id")?, site(state, query)?);
        let passes = |(id, feed): &(&u64, &Feed)| {
            ids.as_ref().is_none_or(|all| all.contains(id))
                && site.as_ref().is_none_or(|all| state.racks.get(&feed.rack).is_some_and(|r| all.contains(&r.site)))
        };
        Ok(state.feeds.iter().filter(passes).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some(feed) = state.feeds.get(&id) else { return Value::Null };
        let spec = feed.spec;
        let mut shape = Shape::new(want);
        shape
            .common(FEEDS, id, &feed.name, feed.stamps)
            .put("power_panel", || mention("dcim/power-panels", 1, "PP1"))
            .put("rack", || mention(rack::PATH, feed.rack, state.racks.get(&feed.rack).map_or("", |r| &r.name)))
            .put("name", || feed.name.as_str().into())
            .put("status", || choice(spec.status))
            .put("type", || choice(spec.kind))
            .put("supply", || json!({ "value": "ac", "label": "AC" }))
            .put("phase", || choice(spec.phase))
            .put("voltage", || spec.voltage.into())
            .put("amperage", || spec.amperage.into())
            .put("max_utilization", || spec.most.into())
            .put("mark_connected", || false.into())
            .put("_occupied", || feed.cable.is_some().into())
            .put("description", || "".into())
            .put("comments", || "".into())
            .put("custom_fields", || json!({}))
            .fixed(&["tenant", "owner"], &Value::Null);
        linked(&mut shape, state, (Kind::Feed, id), feed.cable);
        shape.done()
    }
}

pub(super) mod templates {
    use super::{Problem, Query, Shape, State, TEMPLATES, Template, Value, Want, json, mention_slug, url};

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let types = query.ids("device_type_id")?;
        let passes = |t: &Template| types.as_ref().is_none_or(|ids| ids.contains(&t.device_type));
        Ok(state.inlet_templates.iter().filter(|(_, t)| passes(t)).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let found = state.inlet_templates.get(&id).and_then(|t| Some((t, state.types.get(&t.device_type)?)));
        let Some((template, of)) = found else { return Value::Null };
        let mut shape = Shape::new(want);
        shape
            .put("id", || id.into())
            .put("url", || url(TEMPLATES, id).into())
            .put("name", || template.name.as_str().into())
            .put("device_type", || mention_slug(super::super::intake::TYPES, template.device_type, &of.name, &of.slug))
            .put("maximum_draw", || json!(template.maximum))
            .put("allocated_draw", || Value::Null);
        shape.done()
    }
}

pub(super) mod reservations {
    use super::{Problem, Query, RESERVATIONS, Reserved, Shape, State, Value, Want, json, mention, rack, site};

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let site = site(state, query)?;
        let passes = |r: &Reserved| {
            let rack = state.racks.get(&r.rack);
            site.as_ref().is_none_or(|all| rack.is_some_and(|rack| all.contains(&rack.site)))
        };
        Ok(state.reserved.iter().filter(|(_, r)| passes(r)).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some(reserved) = state.reserved.get(&id) else { return Value::Null };
        let mut shape = Shape::new(want);
        shape
            .common(RESERVATIONS, id, "reservation", reserved.stamps)
            .put("rack", || mention(rack::PATH, reserved.rack, state.racks.get(&reserved.rack).map_or("", |r| &r.name)))
            .put("units", || json!(reserved.units))
            .put("description", || "for the storage team".into())
            .put("custom_fields", || json!({}))
            .fixed(&["tenant", "owner"], &Value::Null);
        shape.done()
    }
}

impl State {
    pub(super) fn add_socket(&mut self, kind: Kind, device: u64, name: &str, maximum: Option<u32>) -> u64 {
        let path = if kind == Kind::Inlet { INLETS } else { OUTLETS };
        let (id, stamps) = (self.next(path), self.stamps(START));
        let (name, allocated, mark_connected, cable) = (name.to_owned(), None, false, None);
        let socket = Socket { device, name, maximum, allocated, mark_connected, cable, stamps };
        if kind == Kind::Inlet { &mut self.inlets } else { &mut self.outlets }.insert(id, socket);
        id
    }

    fn socket(&self, kind: Kind, device: &str, name: &str) -> Option<u64> {
        let devices: &BTreeSet<u64> = self.device_names.get(&device.to_lowercase())?;
        let table = if kind == Kind::Inlet { &self.inlets } else { &self.outlets };
        table.iter().find(|(_, s)| devices.contains(&s.device) && s.name == name).map(|(id, _)| *id)
    }
}

/// Setting up.
impl NetBox {
    /// A power feed of a rack.
    pub fn add_feed(&self, rack: ObjectId, name: &str, spec: FeedSpec) -> ObjectId {
        let mut state = lock(&self.0);
        let (id, stamps) = (state.next(FEEDS), state.stamps(START));
        state.feeds.insert(id, Feed { name: name.to_owned(), rack, spec, cable: None, stamps });
        id
    }

    /// A power strip with so many outlets, `1` and on, whose inlet hangs on a feed.
    pub fn add_strip(&self, spec: &DeviceSpec, outlets: u16, feed: Option<ObjectId>) -> ObjectId {
        let mut state = lock(&self.0);
        let device = state.add_device(spec);
        for n in 1..=outlets {
            state.add_socket(Kind::Outlet, device, &n.to_string(), None);
        }
        let inlet = state.add_socket(Kind::Inlet, device, "inlet", None);
        if let Some(feed) = feed {
            state.add_cable((Kind::Inlet, inlet), (Kind::Feed, feed), "connected");
        }
        device
    }

    /// Power ports of a device, each of which may have to carry so many watts alone.
    pub fn add_inlets(&self, device: ObjectId, names: &[&str], maximum: Option<u32>) {
        let mut state = lock(&self.0);
        for name in names {
            state.add_socket(Kind::Inlet, device, name, maximum);
        }
    }

    /// Power ports that devices of a type come with.
    pub fn add_inlet_templates(&self, slug: &str, names: &[&str], maximum: Option<u32>) {
        let mut state = lock(&self.0);
        let device_type = state.named(|s| &mut s.types, super::intake::TYPES, slug);
        for name in names {
            let (id, stamps) = (state.next(TEMPLATES), state.stamps(START));
            state.inlet_templates.insert(id, Template { device_type, name: (*name).to_owned(), maximum, stamps });
        }
    }

    /// A device type of servers, with two NICs, a BMC and two power ports; its slug.
    pub fn add_server_type(&self, model: &str) -> String {
        let slug = model.to_lowercase().replace(' ', "-");
        if lock(&self.0).types.values().all(|t| t.slug != slug) {
            self.add_role("server");
            self.add_device_type(&slug, &["bmc", "eno1", "eno2"]);
            self.add_inlet_templates(&slug, &["PSU1", "PSU2"], Some(500));
        }
        slug
    }

    /// Units of a rack that somebody reserves.
    pub fn reserve_units(&self, rack: ObjectId, units: &[u16]) {
        let mut state = lock(&self.0);
        let (id, stamps) = (state.next(RESERVATIONS), state.stamps(START));
        state.reserved.insert(id, Reserved { rack, units: units.to_vec(), stamps });
    }

    /// What a rack may carry, and what each device of a type weighs, in kilograms.
    pub fn set_weights(&self, rack: Option<(ObjectId, u32)>, kind: Option<(&str, f64)>) {
        let mut state = lock(&self.0);
        if let Some((rack, most)) = rack.and_then(|(id, most)| Some((state.racks.get_mut(&id)?, most))) {
            rack.max_weight = Some(most);
        }
        if let Some((slug, weight)) = kind {
            let id = state.named(|s| &mut s.types, super::intake::TYPES, slug);
            state.weights.insert(id, weight);
        }
    }

    /// A server's power cord, planned or connected; 0 where an end is taken.
    pub fn add_cord(&self, device: &str, inlet: &str, strip: &str, outlet: &str, status: &str) -> ObjectId {
        let mut state = lock(&self.0);
        let ends = state.socket(Kind::Inlet, device, inlet).zip(state.socket(Kind::Outlet, strip, outlet));
        ends.map_or(0, |(a, b)| state.add_cable((Kind::Inlet, a), (Kind::Outlet, b), status))
    }
}

/// Looking in.
impl NetBox {
    /// The device's power cords: inlet, strip, outlet, status.
    pub fn cords_of(&self, device: ObjectId) -> Vec<(String, String, String, String)> {
        let state = lock(&self.0);
        let inlets = state.inlets.iter().filter(|(_, s)| s.device == device);
        let cords = inlets.filter_map(|(id, inlet)| {
            let (_, far) = *cable::far(&state, (Kind::Inlet, *id)).first()?;
            let outlet = state.outlets.get(&far)?;
            let strip = state.devices.get(&outlet.device)?.name.clone();
            Some((inlet.name.clone(), strip, outlet.name.clone(), state.cables.get(&inlet.cable?)?.status.clone()))
        });
        cords.collect()
    }

    /// The device's rack by name, its lowest unit and side.
    pub fn place_of(&self, device: ObjectId) -> Option<(String, Option<f64>)> {
        let state = lock(&self.0);
        let device = state.devices.get(&device)?;
        Some((state.racks.get(&device.rack?)?.name.clone(), device.position))
    }

    /// A device without rack, with its BMC's interface, its NICs and two power ports.
    pub fn add_unplaced(&self, spec: &DeviceSpec) -> ObjectId {
        let device = self.add_device(&DeviceSpec { rack: None, position: None, ..spec.clone() });
        self.add_inlets(device, &["PSU1", "PSU2"], Some(500));
        device
    }

    /// A rack with two feeds, two switches and two power strips, as placement wants one: `sw-NAME-a`, `pdu-NAME-a`.
    pub fn furnish_rack(&self, site: &str, name: &str, ports: u16, outlets: u16) -> ObjectId {
        let rack = self.add_rack(&rack::RackSpec::standard(site, name));
        let device = |name: String, model: &str, position: Option<f64>| DeviceSpec {
            model: model.to_owned(),
            site: site.to_owned(),
            rack: None,
            position,
            status: "active".to_owned(),
            bmc: None,
            ..DeviceSpec::offline(&name, "", Mac([0; 6]))
        };
        self.shape_type("PDU 32A", 0.0, false);
        for (n, half) in ["a", "b"].iter().enumerate() {
            let feed = self.add_feed(rack, &format!("{name}-{half}"), FeedSpec::default());
            let in_rack = |spec: DeviceSpec| DeviceSpec { rack: Some(name.to_owned()), ..spec };
            self.add_strip(&in_rack(device(format!("pdu-{name}-{half}"), "PDU 32A", None)), outlets, Some(feed));
            let switch = in_rack(device(format!("sw-{name}-{half}"), "QFX5120-48Y", Some(42.0 - n as f64)));
            let id = match self.device_id(&switch.name) {
                Some(there) => there,
                None => self.mount(&switch),
            };
            self.add_ports(id, (1..=ports).map(|n| format!("Ethernet{n}")));
        }
        rack
    }

    /// Interfaces of a switch; those that are there stay.
    pub fn add_ports(&self, switch: ObjectId, names: impl Iterator<Item = String>) {
        let mut state = lock(&self.0);
        for name in names {
            if state.interface_named(switch, &name).is_none() {
                super::interface::add(&mut state, switch, &name, false, START);
            }
        }
    }
}
