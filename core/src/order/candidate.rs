//! What is known of each site for an order that may go to any: its stock, its racks as NetBox shows them with what is on
//! its way to them, and how long the last delivery took.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::id::{SiteId, UnitId};
use crate::inventory::rack::HalfUnits;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::order::route::SiteFacts;
use crate::order::{Order, PlacedLine};
use crate::placement::room::{Ends, Room, Shape, draw, kilograms};
use crate::placement::spots::{Need, place};
use crate::policy::Planned;
use crate::stock::questions::pool;
use crate::stock::{Fit, matches};
use crate::text::Text;
use crate::world::World;

/// What NetBox shows when something is decided that rests on it. What could not be read is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The sites, or why one could not be read.
    pub rooms: BTreeMap<SiteId, Result<Arc<Room>, Text>>,
    /// Models that NetBox knows, by the name they were asked for by.
    pub models: BTreeMap<Text, (Shape, Ends)>,
    /// The slugs of its tenants, or the wanted one alone where it is there; `None` where they could not be read.
    pub tenants: Option<BTreeSet<Text>>,
}

/// What each of an order's servers is counted as: the most that any line takes, so that no line finds less than it needs.
pub fn need(lines: &[PlacedLine], shown: &Shown, planned: Planned) -> Need {
    let (mut height, mut watts, mut weight): (HalfUnits, u32, u32) = (0, 0, 0);
    let units = |units: u8| HalfUnits::from(units) * 2;
    for line in lines {
        let model = line.model.as_ref().and_then(|m| shown.models.get(m));
        let told = line.spec.height.map(units);
        height = height.max(model.map(|(shape, _)| shape.height).or(told).unwrap_or(units(planned.units)));
        watts = watts.max(model.and_then(|(_, ends)| draw(ends.inlets.iter())).unwrap_or(planned.watts));
        weight = weight.max(model.and_then(|(shape, _)| shape.grams).map_or(0, kilograms));
    }
    let count = lines.iter().fold(0, |sum: usize, line| sum.saturating_add(line.quantity as usize));
    Need { count, height, full_depth: true, watts, kilograms: weight, tenant: None, spread: None, any_power: false }
}

/// What is known of a site of ours. Servers in stock stand already; only the others need room.
pub fn facts(
    world: &World,
    site: &SiteId,
    lines: &[PlacedLine],
    all_new: bool,
    need: &Need,
    shown: &Shown,
) -> SiteFacts {
    let count = u32::try_from(need.count).unwrap_or(u32::MAX);
    let stock = if all_new { 0 } else { in_stock(world, site, lines) };
    let room = shown.rooms.get(site).and_then(|room| room.as_ref().ok());
    let free = room.map(|room| free(world, room, need));
    let with_stock = |free: Option<u32>| match free {
        Some(free) => Some(free.saturating_add(stock)),
        None => (stock >= count).then_some(stock),
    };
    SiteFacts {
        site: site.clone(),
        stock: Some(stock),
        units: with_stock(free.and_then(|(units, _)| units)),
        power: with_stock(free.and_then(|(_, power)| power)),
        lead_days: lead_days(world, site),
    }
}

/// How many of these servers the site's pool serves.
fn in_stock(world: &World, site: &SiteId, lines: &[PlacedLine]) -> u32 {
    let pool = pool(world, Some(site));
    let mut used: BTreeSet<UnitId> = BTreeSet::new();
    for line in lines {
        let serving = matches(&line.spec, &pool.free).into_iter().filter(|m| m.fit != Fit::Near).map(|m| m.unit);
        let fresh: Vec<UnitId> = serving.filter(|unit| !used.contains(unit)).take(line.quantity as usize).collect();
        used.extend(fresh);
    }
    u32::try_from(used.len()).unwrap_or(u32::MAX)
}

/// For how many more such servers there are units, and units with power, once those have a place that are on their way.
/// `None` where NetBox shows no rack, or no rack whose feeds are known.
fn free(world: &World, room: &Room, need: &Need) -> (Option<u32>, Option<u32>) {
    if room.racks.is_empty() {
        return (None, None);
    }
    let spaces = room.spaces(world, &[]);
    let coming = coming(world, room);
    let fits = |need: Need| {
        let placed = place(&spaces, &Need { count: need.count.saturating_add(coming), ..need }).placed.len();
        u32::try_from(placed.saturating_sub(coming)).unwrap_or(u32::MAX)
    };
    let units = fits(Need { watts: 0, kilograms: 0, any_power: true, ..need.clone() });
    let fed = spaces.iter().any(|s| s.capacity().is_some());
    (Some(units), fed.then(|| fits(need.clone())))
}

/// Servers that are on their way to this site, or there, and neither have a place kept nor stand in one.
fn coming(world: &World, room: &Room) -> usize {
    let racked: BTreeSet<String> = room
        .devices
        .values()
        .filter(|d| d.rack.is_some())
        .filter_map(|d| Some(d.serial.as_ref()?.to_lowercase()))
        .collect();
    let waits = |stage: Stage| stage <= Stage::Received;
    let here = world.units.values().filter(|u| u.site == room.site && waits(u.stage) && u.placement.is_none());
    let wanted = here.filter(|u| matches!(u.disposition, Disposition::Normal | Disposition::OnHold));
    wanted.filter(|u| u.serial.as_ref().is_none_or(|s| !racked.contains(&s.to_lowercase()))).count()
}

/// Days from the order to the door, of the last purchase that came to this site.
fn lead_days(world: &World, site: &SiteId) -> Option<u16> {
    let came = |order: &Order| {
        let days = world.deals_of(order).filter_map(|deal| {
            let ordered = deal.ordered?;
            let here = deal.shipments.iter().flat_map(|s| s.tracked.values()).filter_map(|(t, _)| t.delivered).max()?;
            Some((here, here.since(ordered).as_secs().div_ceil(86_400)))
        });
        days.max()
    };
    let last = world.orders.values().filter(|o| o.site == *site).filter_map(|o| came(o)).max()?;
    u16::try_from(last.1).ok()
}
