//! What a site's dock expects, and what came in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::entry::registration::Registered;
use crate::flow::attempt::Phase;
use crate::flow::rules::Lane;
use crate::id::{OrderId, SiteId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::spine::event::Seq;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// How long a receipt counts as of this delivery.
pub const DELIVERY: Duration = Duration::from_hours(24);
/// Serials still expected that are told by name at the most.
pub const NAMED: usize = 256;
/// Models told one by one at the most.
pub const MODELS: usize = 128;

/// Purchases told at one model at the most.
pub const ORDERS: usize = 4;

/// What a site's dock expects, and what came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dock(pub SiteId);

/// A site's dock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiving {
    /// The head it was made at.
    pub head: Seq,
    /// When, by the daemon's clock.
    pub now: Timestamp,
    /// The site.
    pub site: SiteId,
    /// By model, at most [`MODELS`].
    pub lines: Vec<Line>,
    /// Of all models together.
    pub sum: Line,
    /// Serials still expected, in order, at most [`NAMED`].
    pub expected: Vec<Text>,
    /// On their way here, but held, quarantined or at an end: not expected.
    pub aside: u32,
    /// Received within [`DELIVERY`], with their BMC's MAC not seen in NetBox yet.
    pub unregistered: u32,
    /// How NetBox stands to what came in within [`DELIVERY`]: what it lacks first, then the newest, at most [`NAMED`].
    #[serde(default)]
    pub arrived: Vec<Arrived>,
    /// How many of all those it is behind with.
    #[serde(default)]
    pub behind: u32,
    /// How many each site still expects.
    pub sites: BTreeMap<SiteId, u32>,
}

/// How NetBox stands to a server that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The server's serial.
    pub serial: Text,
    /// When it came in.
    pub at: Timestamp,
    /// How NetBox stands to it.
    pub netbox: Told,
    /// What it lacks and why, or what it has. May be empty.
    pub text: Text,
}

/// Whether NetBox has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It cannot be told as things are; a person mends the cause.
    Failed,
    /// It lacks something, which is written as soon as it can be.
    Behind,
    /// Nothing is owed to it yet: no manifest named the server, and its BMC was not heard.
    Nothing,
    /// It was seen to hold what is known.
    There,
}

/// How long NetBox may be behind with what came in, before that is told louder.
pub const LATE: Duration = Duration::from_hours(1);

/// What is expected of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The model, where known.
    pub model: Option<Text>,
    /// Received within [`DELIVERY`] and still expected, together.
    pub wanted: u32,
    /// Received within [`DELIVERY`].
    pub got: u32,
    /// Still expected.
    pub left: u32,
    /// The purchases those are of, as `PO-000012 (order 12)`, in order, at most [`ORDERS`].
    #[serde(default)]
    pub orders: Vec<Text>,
}

/// The dock of a site.
pub fn receiving(world: &World, site: &SiteId, now: Timestamp) -> Receiving {
    let mut lines: BTreeMap<Option<Text>, Line> = BTreeMap::new();
    let mut purchases: BTreeMap<Option<Text>, BTreeSet<OrderId>> = BTreeMap::new();
    let mut dock = Receiving {
        head: world.head,
        now,
        site: site.clone(),
        lines: Vec::new(),
        sum: Line::default(),
        expected: Vec::new(),
        aside: 0,
        unregistered: 0,
        arrived: Vec::new(),
        behind: 0,
        sites: BTreeMap::new(),
    };
    for unit in world.units.values() {
        let coming = unit.stage == Stage::ShipmentTracking;
        let expected = coming && unit.disposition == Disposition::Normal;
        if expected {
            *dock.sites.entry(unit.site.clone()).or_default() += 1;
        }
        if unit.site != *site {
            continue;
        }
        let got = unit.receipt.as_ref().is_some_and(|r| now.since(r.at) < DELIVERY);
        dock.aside += u32::from(coming && !expected);
        if !expected && !got {
            continue;
        }
        dock.unregistered += u32::from(got && is_unregistered(unit));
        if let Some(receipt) = unit.receipt.as_ref().filter(|_| got) {
            let (netbox, text) = told(unit);
            dock.behind += u32::from(netbox <= Told::Behind);
            dock.arrived.push(Arrived { serial: unit.label().into(), at: receipt.at, netbox, text });
        }
        let model = unit.model.clone().or_else(|| ordered_model(world, unit));
        if let Some((order, _)) = unit.order.filter(|_| !got) {
            purchases.entry(model.clone()).or_default().insert(order);
        }
        let line = lines.entry(model).or_default();
        for line in [line, &mut dock.sum] {
            line.wanted += 1;
            line.got += u32::from(got);
            line.left += u32::from(!got);
        }
        if !got && let Some(serial) = &unit.serial {
            dock.expected.push(serial.clone());
        }
    }
    dock.expected.sort_unstable();
    dock.expected.truncate(NAMED);
    dock.arrived.sort_by_key(|a| (a.netbox > Told::Behind, std::cmp::Reverse(a.at)));
    dock.arrived.truncate(NAMED);
    let of = |model: &Option<Text>| {
        let orders = purchases.get(model).into_iter().flatten();
        orders.filter_map(|o| bought_as(world, *o)).take(ORDERS).collect()
    };
    dock.lines = lines.into_iter().map(|(model, l)| Line { orders: of(&model), model, ..l }).take(MODELS).collect();
    // What is still missing first.
    dock.lines.sort_by_key(|line| line.left == 0);
    dock
}

/// The model a unit was ordered as, where its order says one.
fn ordered_model(world: &World, unit: &Unit) -> Option<Text> {
    let (order, line) = unit.order?;
    world.order(order)?.line(line)?.model.clone()
}

/// An order by the number on the delivery note.
fn bought_as(world: &World, id: OrderId) -> Option<Text> {
    let purchase = world.order(id)?.purchase.as_ref()?;
    Some(format!("{} (order {id})", purchase.name).into())
}

fn is_unregistered(unit: &Unit) -> bool {
    let waits = [Registered::Waiting, Registered::Failed];
    unit.registration.is_some() && waits.contains(&unit.registration_standing().result)
}

/// How NetBox stands to a unit, and why.
fn told(unit: &Unit) -> (Told, Text) {
    if unit.registration.is_none() && unit.device.is_none() {
        return (Told::Nothing, Text::new("its BMC's lease brings it there"));
    }
    let standing = unit.registration_standing();
    let owed = unit.notes.owed.len();
    match standing.result {
        Registered::Failed => (Told::Failed, standing.text),
        Registered::Waiting => (Told::Behind, standing.text),
        _ if owed > 0 => {
            let why = unit.steps.lane(Lane::Notes).and_then(|p| match &p.phase {
                Phase::Waiting { fault, .. } | Phase::Parked { fault } => Some(format!(": {fault}")),
                Phase::Intended | Phase::Accepted { .. } => None,
            });
            let what = if owed == 1 { "a note of it".to_owned() } else { format!("{owed} notes of it") };
            (Told::Behind, format!("{what} not written yet{}", why.unwrap_or_default()).into())
        }
        _ => (Told::There, standing.text),
    }
}
