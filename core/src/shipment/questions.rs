//! What is to arrive at a dock: told a day ahead, until the last server of it was scanned in. A carrier's word that it has
//! delivered ends nothing.

use std::collections::BTreeMap;

use crate::id::Role;
use crate::lifecycle::unit::Unit;
use crate::order::Order;
use crate::purchase::deal::{Deal, Shipment};
use crate::purchase::next::{LATE, NOTICE};
use crate::purchase::paper::{Tracked, Transit};
use crate::text::Text;
use crate::time::{Timestamp, human};
use crate::view::guide::Job;
use crate::view::work::{Ends, WorkRow};
use crate::world::World;

/// Parcels of one delivery that are told one by one.
const PARCELS: usize = 3;
/// Half a day, in seconds: where only the day is known, its beginning or its noon stands for it.
const HALF_DAY: i64 = 43_200;

/// The deliveries that are to be told of at `now`, of all sites.
pub fn deliveries(world: &World, now: Timestamp) -> impl Iterator<Item = WorkRow> + '_ {
    world.orders.values().flat_map(move |order| of_order(world, order, now))
}

/// Whether a row of work is a delivery.
pub fn is_delivery(row: &WorkRow) -> bool {
    row.ends == Ends::Receipts
}

fn of_order(world: &World, order: &Order, now: Timestamp) -> Vec<WorkRow> {
    let purchase = order.purchase.as_ref().filter(|_| order.end.is_none());
    let deal = purchase.and_then(|p| world.deals_of(order).find(|d| d.id.seller == p.seller));
    let Some(deal) = deal.filter(|d| d.ended.is_none() && d.is_confirmed()) else { return Vec::new() };
    // Whose serial a shipment names is in it; the others come with what names nothing, or by the vendor's promise.
    let named =
        |(n, s): (usize, &'_ Shipment)| s.notice.items.iter().map(move |i| (i.serial.clone(), n)).collect::<Vec<_>>();
    let at: BTreeMap<Text, usize> = deal.shipments.iter().enumerate().flat_map(named).collect();
    let mut awaited: Vec<Vec<&Unit>> = vec![Vec::new(); deal.shipments.len() + 1];
    let coming = |u: &&Unit| u.stage.is_on_order() && u.disposition.may_move();
    for unit in order.bought().filter_map(|u| world.unit(u)).filter(coming) {
        let shipment = unit.serial.as_ref().and_then(|s| at.get(s)).copied().unwrap_or(deal.shipments.len());
        awaited[shipment].push(unit);
    }
    let unnamed = deal.shipments.iter().filter(|s| s.notice.items.is_empty());
    let next = unnamed.min_by_key(|s| (s.is_delivered(), s.eta().is_none(), s.eta()));
    let shipments = deal.shipments.iter().map(Some).chain([next]);
    shipments.zip(awaited).filter_map(|(shipment, units)| row(order, deal, shipment, &units, now)).collect()
}

fn row(order: &Order, deal: &Deal, shipment: Option<&Shipment>, units: &[&Unit], now: Timestamp) -> Option<WorkRow> {
    let (first, purchase) = (units.first()?, deal.purchase.as_ref()?);
    let promised = deal.confirmation().and_then(|c| c.paper.promised);
    let eta = shipment.and_then(Shipment::eta).or(promised)?;
    if now + NOTICE < eta {
        return None;
    }
    let servers = if units.len() == 1 { "1 server".to_owned() } else { format!("{} servers", units.len()) };
    let what = format!("{servers} ({}, {}{})", purchase.number, deal.title, shipment.map(carried).unwrap_or_default());
    let (came, late) = (shipment.is_some_and(Shipment::is_delivered), eta + LATE <= now);
    let (title, job, text) = if came {
        let text = format!("Find {what}: the carrier says it has delivered. Scan what you find at the dock.");
        ("delivered?", Job::Delivery, text)
    } else if late {
        let text = format!("LATE by {}: {what} should have come {}.", human(now.since(eta)), day(eta, now));
        ("late delivery", Job::LateDelivery, text)
    } else {
        ("delivery", Job::Delivery, format!("Expect {what} {}: scan them at the dock.", day(eta, now)))
    };
    let label = match shipment.filter(|_| deal.shipments.len() > 1) {
        Some(shipment) => format!("{} {}", purchase.number, shipment.notice.number).into(),
        None => purchase.number.clone(),
    };
    let model = first.model.clone().filter(|m| units.iter().all(|u| u.model.as_ref() == Some(m)));
    Some(WorkRow {
        unit: None,
        label,
        model,
        site: order.site.clone(),
        place: None,
        title: title.into(),
        text: text.into(),
        role: Role::Technician,
        since: eta - NOTICE,
        blocks: false,
        ends: Ends::Receipts,
        job,
        located: false,
        about: about(order, deal, shipment, now),
    })
}

/// Who carries it, and under which number.
fn carried(shipment: &Shipment) -> String {
    let carrier = shipment.notice.carrier.map(|c| format!(", {c}")).unwrap_or_default();
    match shipment.notice.tracking.as_slice() {
        [] => carrier,
        [one] => format!("{carrier} {one}"),
        [first, more @ ..] => format!("{carrier} {first} and {} more", more.len()),
    }
}

/// What a person who looks for it needs to know.
fn about(order: &Order, deal: &Deal, shipment: Option<&Shipment>, now: Timestamp) -> Vec<Text> {
    let purchase = order.purchase.as_ref().map_or_else(|| "".into(), |p| p.name.clone());
    let mut told = vec![format!("Order {} for {}, bought from {} as {purchase}.", order.id, order.tenant, deal.title)];
    let Some(shipment) = shipment else {
        told.push(format!("{} has not said yet that it is on its way.", deal.title));
        return told.into_iter().map(Text::from).collect();
    };
    let carrier = shipment.notice.carrier.map_or_else(|| "Carrier unknown".to_owned(), |c| c.to_string());
    for number in shipment.notice.tracking.iter().take(PARCELS) {
        let said = shipment.tracked.get(number).map(|(reading, at)| said(reading, *at, now));
        told.push(format!("{carrier} {number}: {}.", said.unwrap_or_else(|| "not tracked yet".to_owned())));
    }
    match shipment.notice.tracking.len() {
        0 => told.push(format!("{carrier}, no number to track it by; shipment {}.", shipment.notice.number)),
        n if n > PARCELS => told.push(format!("{} more parcels.", n - PARCELS)),
        _ => {}
    }
    told.into_iter().map(Text::from).collect()
}

fn said(reading: &Tracked, at: Timestamp, now: Timestamp) -> String {
    let status = match reading.status {
        Transit::Announced => "announced",
        Transit::Moving => "on its way",
        Transit::Delivered => "delivered, the carrier says",
        Transit::Trouble => "in trouble",
        Transit::Unknown => "status unknown",
    };
    let last = reading.last.trim_end_matches('.');
    let last = if last.is_empty() { String::new() } else { format!(": {last}") };
    format!("{status}{last} (read {} ago)", human(now.since(at)))
}

/// A moment as it is said to a person who waits for it. Times are UTC, since nobody knows the site's.
fn day(at: Timestamp, now: Timestamp) -> String {
    let (secs, written) = (at.as_micros().div_euclid(1_000_000), at.to_string());
    let number = |t: Timestamp| t.as_micros().div_euclid(86_400_000_000);
    let day = match number(at) - number(now) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        _ => format!("on {}", written.get(..10).unwrap_or_default()),
    };
    let time = written.get(11..16).filter(|_| secs % HALF_DAY != 0);
    time.map_or(day.clone(), |time| format!("{day} {time} UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_as_a_day_and_with_a_time_only_where_one_is_known() {
        let now = Timestamp::from_secs(1_795_000_000); // 2026-11-18T11:06:40Z
        let told = |secs: i64| day(Timestamp::from_secs(1_795_000_000 + secs), now);
        assert_eq!(told(3_600), "today 12:06 UTC");
        assert_eq!(told(-3_600), "today 10:06 UTC");
        assert_eq!(told(3_200), "today", "noon stands for the day");
        assert_eq!(told(46_400), "tomorrow", "so does its beginning");
        assert_eq!(told(86_400), "tomorrow 11:06 UTC");
        assert_eq!(told(-86_400), "yesterday 11:06 UTC");
        assert_eq!(told(-3 * 86_400), "on 2026-11-15 11:06 UTC");
    }
}
