//! `dcim/racks/ID/elevation/`: half units, from the top.

use serde_json::{Value, json};

use super::object::{choice, mention};
use super::query::Query;
use super::state::State;

/// Units of each rack.
const HEIGHT: u32 = 42;

/// The page of an elevation: each unit twice, at its half too. Devices here are one unit high.
pub(super) fn elevation(state: &State, rack: u64, query: &Query) -> Value {
    let face = query.one("face").unwrap_or("front");
    let halves = (2..2 * (HEIGHT + 1)).rev().map(|half| f64::from(half) / 2.0);
    let at = |unit: f64| {
        let mut in_rack = state.devices.iter().filter(|(_, d)| d.rack == Some(rack));
        in_rack.find(|(_, d)| d.position.is_some_and(|p| p <= unit && unit < p + 1.0))
    };
    let show = |unit: f64| {
        let there = at(unit);
        let name = if unit.fract() == 0.0 { format!("U{unit:.0}") } else { format!("U{unit}") };
        json!({ "id": unit, "name": name, "face": choice(face), "occupied": there.is_some(), "display": name,
            "device": there.map(|(id, d)| mention(super::device::PATH, *id, &d.name)),
            "description": there.map(|(_, d)| d.name.clone()) })
    };
    let all: Vec<Value> = halves.map(show).collect();
    let (limit, offset) = query.page(state.max_page);
    let count = all.len();
    let results: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
    json!({ "count": count, "next": null, "previous": null, "results": results })
}
