//! What a world says, of each subject and of all: facts alone, no sentence, no budget.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rackhand_core::discovery::Sighting;
use rackhand_core::discovery::c4::Verdict;
use rackhand_core::flow;
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::flow::next::Move;
use rackhand_core::flow::rules::Lane;
use rackhand_core::id::Subject;
use rackhand_core::lifecycle::unit::{Notes, Unit};
use rackhand_core::order::Order;
use rackhand_core::placement::reservation::Reservation;
use rackhand_core::purchase::deal::Deal;
use rackhand_core::purchase::next::state;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

/// Facts by name. What is empty is left out.
pub type Facts = BTreeMap<&'static str, String>;

/// All that the world says, by subject, and what of no subject under `world`.
pub fn all(world: &World, now: Timestamp) -> BTreeMap<String, Facts> {
    let units = world.units.keys().map(|id| Subject::Unit(*id));
    let seen = world.sightings.keys().map(|mac| Subject::Bmc(*mac));
    let orders = world.orders.keys().map(|id| Subject::Order(*id));
    let deals = world.deals.keys().map(|id| Subject::Deal(*id));
    let plans = world.plans.keys().map(|id| Subject::Plan(*id));
    let subjects = units.chain(seen).chain(orders).chain(deals).chain(plans).chain([Subject::Journal]);
    let mut all: BTreeMap<String, Facts> =
        subjects.map(|subject| (subject.to_string(), facts(world, subject, now))).collect();
    let mut others = of_world(world);
    others.retain(|_, fact| !matches!(fact.as_str(), "" | "0"));
    all.insert("world".to_owned(), others);
    all
}

fn of_world(world: &World) -> Facts {
    let known = |u: &Unit| {
        let by_serial = u.serial.as_ref().is_some_and(|s| world.by_serial(s).is_some_and(|found| found.id == u.id));
        let by_bmc = u.bmc_mac.is_some_and(|mac| world.by_bmc(mac).is_some_and(|found| found.id == u.id));
        let by_token = u.boot.last_token().is_some_and(|t| world.by_token(&t).is_some_and(|found| found.id == u.id));
        format!("{} {by_serial} {by_bmc} {by_token} {:?}", u.id, world.reserved_for(u.id).map(|o| o.to_string()))
    };
    let order = |o: &Order| {
        let by_key = o.key.as_ref().is_some_and(|key| world.by_key(&o.tenant, &key.word).is_some());
        let by_name = world.by_reference(&o.tenant, &o.reference).is_some_and(|found| found.id == o.id);
        format!("{} {by_key} {by_name} {}", o.id, world.placed_by(&o.tenant))
    };
    Facts::from([
        ("units", list(world.units.values().map(|u| known(u)))),
        ("orders", list(world.orders.values().map(|o| order(o)))),
        ("last purchase", world.last_purchase.to_string()),
    ])
}

/// All of a subject, with what is to be done about it at this moment.
fn facts(world: &World, subject: Subject, now: Timestamp) -> Facts {
    let mut facts = match subject {
        Subject::Unit(id) => world.unit(id).map(of_unit),
        Subject::Bmc(mac) => world.sightings.get(&mac).map(|s| of_sighting(s)),
        Subject::Order(id) => world.order(id).map(|order| of_order(world, order)),
        Subject::Deal(id) => world.deal(id).map(of_deal),
        Subject::Plan(id) => world.plan(id).map(|plan| Facts::from([("rows", plan.rows.len().to_string())])),
        Subject::Journal => Some(Facts::from([
            ("epoch", world.stream.epoch().to_string()),
            ("held", list(world.stream.held.iter().map(|held| format!("{:?} since {}", held.origin, held.since)))),
            ("vouched", world.stream.vouched.to_string()),
        ])),
    }
    .unwrap_or_default();
    if let Some(next) = flow::next(world, subject, now) {
        facts.insert("next", list(next.moves.iter().map(told)));
    }
    facts.retain(|_, fact| !matches!(fact.as_str(), "" | "false" | "0" | "None"));
    facts
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn told(one: &Move) -> String {
    match one {
        Move::Begin(due) => {
            let rung = due.rung.map_or(String::new(), |rung| format!(" {rung}"));
            let begun = if due.begun { " begun" } else { "" };
            format!("{} {}.{} try {}{rung}{begun}", due.lane.word(), due.step, due.generation, due.attempt)
        }
        Move::Watch(due, _) => format!("{} {}.{} watched", due.lane.word(), due.step, due.generation),
        Move::Expire(lane, step) => format!("{} {step} runs out", lane.word()),
        Move::Review => "review".to_owned(),
    }
}

fn progress(p: &Progress) -> String {
    let rung = p.rung.map_or(String::new(), |rung| format!(" {rung}"));
    let until = p.until.map_or(String::new(), |until| format!(" until {until}"));
    let phase = match &p.phase {
        Phase::Intended => "intended".to_owned(),
        Phase::Accepted { .. } => "accepted".to_owned(),
        Phase::Waiting { fault, again_at } => format!("waiting {:?} {:?} again {again_at}", fault.system, fault.kind),
        Phase::Parked { fault } => format!("parked {:?} {:?}", fault.system, fault.kind),
    };
    let undo = p.undo.map_or(String::new(), |undo| format!(" undone by {undo}"));
    format!("{}.{} tries {}{rung} {phase} since {}{until}{undo}", p.step, p.generation, p.attempts, p.since)
}

fn owed(notes: &Notes) -> String {
    let device = notes.device.map_or_else(|| "no device".to_owned(), |device| device.to_string());
    if notes.owed.is_empty() {
        String::new()
    } else {
        format!("{device}: {}", list(notes.owed.iter().map(|n| n.seq.to_string())))
    }
}

fn place(place: &Reservation) -> String {
    format!("{} {:?} {} cables", place.name, place.position, place.network.len() + place.power.len())
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn of_unit(u: &Unit) -> Facts {
    let held = u.placement.as_ref();
    let lanes = Lane::ALL.iter().filter_map(|lane| Some((lane, u.steps.lane(*lane)?)));
    Facts::from([
        ("stage", format!("{} since {}", u.stage, u.stage_since)),
        ("stands", format!("{} since {}", u.disposition, u.disposition_since)),
        ("what", format!("{:?} {}", u.vendor, u.model.as_deref().unwrap_or_default())),
        ("told", u.told.is_some().to_string()),
        ("serial", u.serial.as_deref().unwrap_or_default().to_owned()),
        ("bmc", u.bmc_mac.map_or(String::new(), |mac| mac.to_string())),
        ("address", list(u.bmc_address.iter().map(ToString::to_string))),
        ("device", list(u.netbox_device().iter().map(ToString::to_string))),
        ("leased", list(u.device.iter().map(|d| d.id.to_string()))),
        ("registration", list(u.registration.iter().map(|r| format!("begun {} seen {}", r.begun, r.seen.is_some())))),
        ("written address", list(u.address_written.iter().map(ToString::to_string))),
        ("written status", list(u.status_written.iter().map(ToString::to_string))),
        ("waived", list(u.waived.iter().map(ToString::to_string))),
        ("discovered", list(u.discovered_at.iter().map(ToString::to_string))),
        ("initiated", list(u.boot_initiated_at.iter().map(ToString::to_string))),
        ("identity", u.identity.is_some().to_string()),
        ("certificate", list(u.certificate.iter().map(ToString::to_string))),
        ("system", u.system.is_some().to_string()),
        ("plan", u.plan.is_some().to_string()),
        ("armed", u.boot.armed.to_string()),
        ("rungs", list(u.boot.rungs.iter().map(ToString::to_string))),
        ("silent", u.boot.silent.to_string()),
        ("token", list(u.boot.token.iter().map(ToString::to_string))),
        ("expires", list(u.boot.expires.iter().map(ToString::to_string))),
        ("used token", list(u.boot.used.iter().map(ToString::to_string))),
        ("boots", u.boots.to_string()),
        ("reports", list(u.validation.steps.iter().map(|s| format!("{} {}", s.step, s.verdict.word())))),
        ("report", u.validation.report.is_some().to_string()),
        ("refused", u.validation.refused.to_string()),
        ("parts", u.parts.is_some().to_string()),
        ("interfaces", u.interfaces_written.to_string()),
        ("cables", u.cables_written.to_string()),
        ("staging", u.staging_written.to_string()),
        ("netbox", list(u.netbox_written_at.iter().map(ToString::to_string))),
        ("lanes", list(lanes.map(|(lane, p)| format!("{}: {}", lane.word(), progress(p))))),
        ("generations", list(u.steps.generations().map(|(step, n)| format!("{step} {n}")))),
        ("done", list(u.steps.done().iter().map(|done| format!("{} by {}", done.step, done.undo)))),
        ("undo", list(u.steps.undo().iter().map(ToString::to_string))),
        ("owed", owed(&u.notes)),
        ("tasks", list(u.tasks.iter().map(|(id, task)| format!("{id} {:?} {:?}", task.kind, task.role)))),
        ("accepted", u.accepted.len().to_string()),
        ("received", list(u.receipt.iter().map(|r| format!("{} damage {}", r.at, r.damage.is_some())))),
        ("restart", list(u.restart.iter().map(|r| format!("by {} down {:?}", r.by, r.down)))),
        ("locator", list(u.locator.iter().map(|l| format!("{} seen {:?}", l.on, l.seen)))),
        ("place", list(held.iter().map(|h| format!("{} {:?} racked {}", place(&h.place), h.shown, h.racked)))),
        ("unplacing", list(u.unplacing.iter().map(place))),
        ("order", list(u.order.iter().map(|(order, line)| format!("{order} line {line}")))),
        ("tenant", u.tenant.as_deref().unwrap_or_default().to_owned()),
        ("taken over", u.taken_over.is_some().to_string()),
        ("guard", list(u.guard.iter().map(|g| format!("first {}", g.first.is_some())))),
    ])
}

fn of_sighting(s: &Sighting) -> Facts {
    let verdict = s.verdict.as_ref().map(|verdict| match verdict {
        Verdict::Warn(_) => "Warn".to_owned(),
        Verdict::Error(_) => "Error".to_owned(),
        Verdict::Settle(_) => "Settle".to_owned(),
        plain => debug(plain),
    });
    Facts::from([
        ("address", format!("{} since {}", s.address, s.at)),
        ("verdict", verdict.unwrap_or_default()),
        ("lane", list(s.steps.progress().map(progress))),
        ("generations", list(s.steps.generations().map(|(step, n)| format!("{step} {n}")))),
        ("reopened", s.reopened.to_string()),
        ("warned", s.warned.len().to_string()),
        ("owed", owed(&s.notes)),
    ])
}

fn of_order(world: &World, o: &Order) -> Facts {
    let stock = o.kept().map(|(line, r)| format!("line {line} until {} assigned {}", r.until, r.assigned));
    let approvals = o.approvals.iter().map(|a| format!("{} {}.{} {}", a.by, a.seller, a.revision, a.total));
    Facts::from([
        ("state", debug(&state(world, o))),
        ("for", format!("{} at {} by {}", o.tenant, o.site, o.requester)),
        ("lines", list(o.lines.iter().map(|l| format!("{} of {}", l.units.len(), l.quantity)))),
        ("stock", list(stock)),
        ("sellers", list(o.sellers.iter().map(ToString::to_string))),
        ("approvals", list(approvals)),
        ("purchase", list(o.purchase.iter().map(|p| format!("{} {}.{} {}", p.name, p.seller, p.revision, p.total)))),
        ("failed", list(o.failed.iter().map(|f| format!("{} {}.{}", f.number, f.seller, f.revision)))),
        ("end", list(o.end.iter().map(|e| format!("{} rejected {}", e.at, e.rejected)))),
    ])
}

fn of_deal(d: &Deal) -> Facts {
    let offers = d.quotes.iter().map(|o| format!("{} {:?}", o.revision, o.quote.payable().map(|m| m.to_string())));
    let words = d.confirmations.iter().map(|c| format!("{:?} {} points", c.paper.verdict, c.points.len()));
    let parcels = |s: &rackhand_core::purchase::deal::Shipment| {
        format!("{} of {} delivered {}", s.notice.number, s.notice.items.len(), s.is_delivered())
    };
    Facts::from([
        ("asked", list(d.asked.iter().map(ToString::to_string))),
        ("chased", list(d.chased.iter().map(ToString::to_string))),
        ("overdue", list(d.overdue.iter().map(ToString::to_string))),
        ("offers", list(offers)),
        ("purchase", list(d.purchase.iter().map(|p| p.number.to_string()))),
        ("ordered", list(d.ordered.iter().map(ToString::to_string))),
        ("confirmed", list(words)),
        ("shipments", list(d.shipments.iter().map(parcels))),
        ("refused", d.refused.len().to_string()),
        ("receipts", list(d.receipts.iter().map(|(step, at)| format!("{step} {at}")))),
        ("may have", list(d.may_have.iter().map(ToString::to_string))),
        ("lane", list(d.steps.progress().map(progress))),
        ("generations", list(d.steps.generations().map(|(step, n)| format!("{step} {n}")))),
        ("done", list(d.steps.done().iter().map(|done| format!("{} by {}", done.step, done.undo)))),
        ("undo", list(d.steps.undo().iter().map(ToString::to_string))),
        ("ended", d.ended.is_some().to_string()),
    ])
}
