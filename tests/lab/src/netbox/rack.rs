//! `dcim/racks/`, and `dcim/racks/ID/elevation/`: half units, from the top.

use rackhand_core::inventory::ObjectId;
use serde_json::{Value, json};

use super::NetBox;
use super::intake::TYPES;
use super::object::{Problem, Shape, choice, mention, mention_slug};
use super::query::{Query, Want, site};
use super::setup::{DeviceSpec, START};
use super::state::{Rack, State};
use crate::faults::lock;

pub(super) const PATH: &str = "dcim/racks";
const LOCATIONS: &str = "dcim/locations";

/// A rack to set up.
#[derive(Clone, Debug)]
pub struct RackSpec {
    /// Name, unique in its site.
    pub name: String,
    /// Site slug; made where missing.
    pub site: String,
    /// Room or row; made where missing.
    pub location: Option<String>,
    /// Height in units.
    pub height: u16,
    /// The lowest unit's number.
    pub first: u16,
    /// Whether units are counted from the top.
    pub descending: bool,
}

impl RackSpec {
    /// A rack of 42 units, counted from 1 at the bottom.
    pub fn standard(site: &str, name: &str) -> Self {
        Self { name: name.to_owned(), site: site.to_owned(), location: None, height: 42, first: 1, descending: false }
    }
}

impl State {
    /// The rack of this name in its site, made as told where it is missing.
    pub(super) fn rack(&mut self, spec: &RackSpec) -> u64 {
        let site = self.named(|s| &mut s.sites, "dcim/sites", &spec.site);
        if let Some((id, _)) = self.racks.iter().find(|(_, r)| r.site == site && r.name == spec.name) {
            return *id;
        }
        let location = spec.location.as_ref().map(|name| self.named(|s| &mut s.locations, LOCATIONS, name));
        let (id, stamps) = (self.next(PATH), self.stamps(START));
        let RackSpec { name, height, first, descending, .. } = spec.clone();
        self.racks.insert(id, Rack { name, site, location, height, first, descending, max_weight: None, stamps });
        id
    }
}

/// Setting up.
impl NetBox {
    /// A rack; what is there already stays as it is.
    pub fn add_rack(&self, spec: &RackSpec) -> ObjectId {
        lock(&self.0).rack(spec)
    }

    /// Height in units, and whether devices of this type take both sides of a rack.
    pub fn shape_type(&self, model: &str, height: f64, full_depth: bool) -> ObjectId {
        let mut state = lock(&self.0);
        let id = state.named(|s| &mut s.types, TYPES, model);
        state.shapes.insert(id, (height, full_depth));
        id
    }

    /// A device without interfaces.
    pub fn mount(&self, spec: &DeviceSpec) -> ObjectId {
        lock(&self.0).add_device(spec)
    }
}

pub(super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
    let (ids, names, site) = (query.ids("id")?, query.all("name"), site(state, query)?);
    let passes = |(id, rack): &(&u64, &Rack)| {
        ids.as_ref().is_none_or(|all| all.contains(id))
            && names.as_ref().is_none_or(|all| all.contains(&rack.name.as_str()))
            && site.as_ref().is_none_or(|all| all.contains(&rack.site))
    };
    Ok(state.racks.iter().filter(passes).map(|(id, _)| *id).collect())
}

pub(super) fn show(state: &State, id: u64, want: &Want) -> Value {
    let Some(rack) = state.racks.get(&id) else { return Value::Null };
    let mut shape = Shape::new(want);
    shape
        .common(PATH, id, &rack.name, rack.stamps)
        .put("name", || rack.name.as_str().into())
        .put("site", || {
            let site = state.sites.get(&rack.site);
            site.map_or(Value::Null, |s| mention_slug("dcim/sites", rack.site, &s.name, &s.slug))
        })
        .put("location", || {
            let location = rack.location.and_then(|id| Some((id, state.locations.get(&id)?)));
            location.map_or(Value::Null, |(id, l)| mention_slug(LOCATIONS, id, &l.name, &l.slug))
        })
        .put("u_height", || rack.height.into())
        .put("starting_unit", || rack.first.into())
        .put("max_weight", || json!(rack.max_weight))
        .put("weight_unit", || rack.max_weight.map_or(Value::Null, |_| json!({ "value": "kg", "label": "Kilograms" })))
        .put("desc_units", || rack.descending.into())
        .put("description", || "".into())
        .put("custom_fields", || json!({}));
    shape.done()
}

/// The page of an elevation: each unit twice, at its half too.
pub(super) fn elevation(state: &State, id: u64, query: &Query) -> Value {
    let face = query.one("face").unwrap_or("front");
    let Some(rack) = state.racks.get(&id) else { return Value::Null };
    let halves = 2 * rack.first..2 * (rack.first + rack.height);
    let at = |unit: f64| {
        let mut in_rack = state.devices.iter().filter(|(_, d)| d.rack == Some(id));
        in_rack.find(|(_, d)| {
            let (height, full_depth) = state.shape(d.model);
            (full_depth || d.face == face) && d.position.is_some_and(|p| p <= unit && unit < p + height)
        })
    };
    let show = |half: u16| {
        let unit = f64::from(half) / 2.0;
        let there = at(unit);
        let name = format!("U{unit}");
        json!({ "id": unit, "name": name, "face": choice(face), "occupied": there.is_some(), "display": name,
            "device": there.map(|(id, d)| mention(super::device::PATH, *id, &d.name)),
            "description": there.map(|(_, d)| d.name.clone()) })
    };
    let all: Vec<Value> = if rack.descending { halves.map(show).collect() } else { halves.rev().map(show).collect() };
    let (limit, offset) = query.page(state.max_page);
    let count = all.len();
    let results: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    json!({ "count": count, "next": null, "previous": null, "results": results })
}
