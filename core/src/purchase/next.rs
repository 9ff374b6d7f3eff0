//! What comes next for an order and for a deal with a vendor.

use crate::flow::rules::rule;
use crate::flow::wait::{Move, Next, Wait, advance, person};
use crate::id::Role;
use crate::order::{Order, OrderState};
use crate::purchase::deal::{Deal, RefusedPaper};
use crate::purchase::paper::Transit;
use crate::time::{Timestamp, human};
use crate::world::World;

/// How long ahead a delivery is announced to the site's technician.
pub const NOTICE: std::time::Duration = std::time::Duration::from_hours(24);
/// How long after the promised time a delivery is late.
pub const LATE: std::time::Duration = std::time::Duration::from_hours(24);

/// What comes next for a deal.
pub fn for_deal(world: &World, order: &Order, deal: &Deal, now: Timestamp) -> Next {
    let mut next = Next::default();
    if let Some(step) = deal.wanted(order, now) {
        advance(&mut next, &deal.steps, rule(step), None, false, now);
        return next;
    }
    if deal.ended.is_some() || order.end.is_some() {
        return next;
    }
    left_aside(&mut next, world, order, deal);
    if deal.purchase.is_none() {
        quoting(&mut next, order, deal, now);
    } else if let Some(confirmed) = deal.confirmation() {
        if !confirmed.points.is_empty() {
            let points = confirmed.points.iter().map(crate::text::Text::as_str).collect::<Vec<_>>().join("; ");
            let what = format!("{} confirms something else: {points}", deal.title);
            next.waits.push(person(what, confirmed.at, Role::Approver, &["accept", "cancel"]));
        } else {
            shipping(&mut next, deal, confirmed.at, confirmed.paper.promised, now);
        }
    } else if let Some(sent) = deal.ordered {
        next.waits.push(Wait::system(format!("{}'s confirmation of the purchase order", deal.title), sent));
    }
    next
}

/// Papers that were not taken and are missing: an offer, as long as no later one is there; what follows a purchase order,
/// as long as a server is awaited of which nobody has told the serial.
fn left_aside(next: &mut Next, world: &World, order: &Order, deal: &Deal) {
    let offered = deal.offer().map(|offer| offer.at);
    let since = match (&order.purchase, &deal.purchase) {
        (None, None) => offered,
        (Some(bought), Some(_)) => Some(bought.at),
        _ => return,
    };
    let is_bought = deal.purchase.is_some();
    let unbound = || order.bought().filter_map(|u| world.unit(u)).any(|u| u.serial.is_none());
    if is_bought && !unbound() {
        return;
    }
    let missing = |r: &&RefusedPaper| since.is_none_or(|at| at < r.at) && !(is_bought && deal.took(&r.what));
    let mut missing = deal.refused.iter().filter(missing);
    let Some(refused) = missing.next_back() else { return };
    let told = match refused.flaws.first() {
        // It says itself which paper it is about.
        Some(flaw) if flaw.field == refused.what => flaw.why.to_string(),
        Some(flaw) => format!("{} of {} is not taken: {}: {}", refused.what, deal.title, flaw.field, flaw.why),
        None => format!("{} of {} is not taken", refused.what, deal.title),
    };
    let more = match missing.count() {
        0 => String::new(),
        n => format!(" ({n} more like it)"),
    };
    let (how, word) = if is_bought {
        ("Have it put right, enter it from a file, or bind its serials", "bind")
    } else {
        ("Have it put right, or enter it", "quote")
    };
    next.waits.push(person(format!("{told}{more}. {how}"), refused.at, Role::Operator, &[word]));
}

fn quoting(next: &mut Next, order: &Order, deal: &Deal, now: Timestamp) {
    if let Some(offer) = deal.offer() {
        if let Some(until) = offer.quote.valid_until.filter(|_| order.purchase.is_none()) {
            if until <= now {
                let what = format!("{}'s quote {} ran out {until}", deal.title, offer.quote.number);
                next.waits.push(person(what, until, Role::Operator, &["ask for another"]));
            } else {
                next.wake_at(until);
            }
        }
        return;
    }
    if order.purchase.is_some() {
        return;
    }
    if deal.by_hand {
        let what = format!("{}'s quote: ask, and enter what it answers", deal.title);
        next.waits.push(person(what, deal.since, Role::Operator, &["quote"]));
        return;
    }
    let Some(due) = deal.due() else { return };
    let since = deal.asked.unwrap_or(deal.since);
    if deal.overdue.is_some() {
        let what = format!("{} has not answered, though reminded: enter its quote, or go on without", deal.title);
        next.waits.push(person(what, since, Role::Operator, &["quote"]));
    } else if due <= now {
        // Reminded, and late again: that it is given up is journaled once.
        next.moves.push(Move::Review);
    } else {
        let reminded = if deal.chased.is_some() { ", reminded" } else { "" };
        let mut wait = Wait::system(format!("{}'s quote{reminded}", deal.title), since);
        wait.until = Some(due);
        next.waits.push(wait);
        next.wake_at(due);
    }
}

fn shipping(next: &mut Next, deal: &Deal, since: Timestamp, promised: Option<Timestamp>, now: Timestamp) {
    for shipment in deal.shipments.iter().filter(|s| !s.is_delivered()) {
        let trouble = shipment.tracked.values().find(|(t, _)| t.status == Transit::Trouble);
        if let Some((reading, at)) = trouble {
            let what = format!("shipment {}: {}", shipment.notice.number, reading.last);
            next.waits.push(person(what, *at, Role::Operator, &["call the carrier"]));
        }
    }
    if deal.is_all_delivered() {
        // The carrier says so of all that was ordered; what is not scanned yet is the dock's.
        return;
    }
    let Some(expected) = deal.eta().or(promised) else {
        next.waits.push(Wait::system(format!("{}'s delivery; no date is told", deal.title), since));
        return;
    };
    if expected + LATE <= now {
        let late = human(now.since(expected));
        let what = format!("{}'s delivery is late by {late}: it was to come {expected}", deal.title);
        next.waits.push(person(what, expected, Role::Operator, &["call the vendor"]));
    } else {
        let mut wait = Wait::system(format!("{}'s delivery", deal.title), since);
        wait.until = Some(expected);
        next.waits.push(wait);
        next.wake_at(if expected <= now + NOTICE { expected + LATE } else { expected - NOTICE });
    }
}

/// What comes next for an order itself; its deals have their own.
pub fn for_order(world: &World, order: &Order, now: Timestamp) -> Next {
    let mut next = Next::default();
    if order.end.is_some() {
        return next;
    }
    if let Some(until) = order.runs_out() {
        if until <= now {
            next.moves.push(Move::Review);
        } else {
            next.wake_at(until);
        }
    }
    let short: u32 = order.lines.iter().map(crate::order::Line::short).sum();
    if short > 0 {
        let what = format!("{short} of its servers come from nowhere: reserve others, or cancel");
        next.waits.push(person(what, order.placed, Role::Operator, &["reserve", "cancel"]));
    }
    if order.unassigned().next().is_some() {
        let since = order.kept().map(|(_, r)| r.at).min().unwrap_or(order.placed);
        let mut wait = person("reserved servers to be assigned".into(), since, Role::Operator, &["assign"]);
        wait.until = order.runs_out();
        next.waits.push(wait);
    }
    match state(world, order) {
        OrderState::Deciding => {
            let given = order.approvals.len();
            if !world.deals_of(order).any(|d| order.standing(d).is_some()) {
                if world.deals_of(order).all(Deal::is_settled) {
                    let what = "no vendor takes the order by its offer: enter another offer, or cancel".to_owned();
                    let since = order.failed.last().map_or(order.placed, |f| f.at);
                    next.waits.push(person(what, since, Role::Operator, &["quote", "cancel"]));
                }
                return next;
            }
            let what = match given {
                0 => "an offer to be approved".to_owned(),
                n => format!("one more approval; {n} given"),
            };
            let since = world.deals_of(order).filter_map(|d| Some(d.offer()?.at)).max().unwrap_or(order.placed);
            next.waits.push(person(what, since, Role::Approver, &["approve", "reject"]));
        }
        OrderState::Shipping => {
            let all_there = world.deals_of(order).any(Deal::is_all_delivered);
            let on_order = |u: &crate::lifecycle::unit::Unit| u.stage.is_on_order();
            let left = order.bought().filter_map(|u| world.unit(u)).filter(|u| on_order(u)).count();
            if all_there && left > 0 {
                let what = format!("{left} servers that the carrier has delivered to be scanned at the dock");
                let told = world.deals_of(order).flat_map(|d| &d.shipments).flat_map(|s| s.tracked.values());
                let since = told.map(|(_, at)| *at).max().unwrap_or(order.placed);
                next.waits.push(person(what, since, Role::Technician, &["receive"]));
            }
        }
        OrderState::Quoting if order.sellers.is_empty() => {
            let what = "quotes: no vendor is configured; enter one by hand".to_owned();
            next.waits.push(person(what, order.placed, Role::Operator, &["quote"]));
        }
        _ => {}
    }
    next
}

/// Where an order is.
pub fn state(world: &World, order: &Order) -> OrderState {
    if let Some(end) = &order.end {
        return if end.rejected { OrderState::Rejected } else { OrderState::Cancelled };
    }
    if order.bought().next().is_none() {
        let waits = order.unassigned().next().is_some() || order.lines.iter().any(|l| l.short() > 0);
        return if waits { OrderState::Reserved } else { OrderState::Assigned };
    }
    if let Some(purchase) = &order.purchase {
        let deal = world.deals_of(order).find(|d| d.id.seller == purchase.seller);
        if !deal.is_some_and(Deal::is_confirmed) {
            return OrderState::Buying;
        }
        let all_here = order.bought().filter_map(|u| world.unit(u)).all(|u| !u.stage.is_on_order());
        return match (all_here, order.unassigned().next()) {
            (false, _) => OrderState::Shipping,
            (true, Some(_)) => OrderState::Reserved,
            (true, None) => OrderState::Delivered,
        };
    }
    if world.deals_of(order).any(|d| d.offer().is_some()) { OrderState::Deciding } else { OrderState::Quoting }
}
