//! Row 4: two hundred servers at once. What each stage takes, how much of it is our own doing, and what it costs.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_core::event::{Event, LifeEvent, Recorded, StepEvent};
use rackhand_core::flow::rules::{Lane, rule};
use rackhand_core::flow::step::Step;
use rackhand_core::id::Subject;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::time::Timestamp;

use crate::board::{Goal, Line, ms, number};
use crate::gauge::{Measured, Place, median, millis, quantile};
use crate::walk::{Course, Walk, walk};

const SERVERS: usize = 200;
/// What NetBox takes for a GET on a machine of this size, measured once.
const NETBOX: Duration = Duration::from_millis(160);

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    let course = Course { servers: SERVERS, ..Course::default() };
    let quick = walk(&course)?;
    let slow = walk(&Course { netbox: NETBOX, ..course.clone() })?;
    let alone = walk(&Course { servers: 1, netbox: NETBOX, ..course.clone() })?;
    let disk = walk(&Course { journal: Some(place.at("walk")), ..course })?;
    let mut lines = Vec::new();
    for (walk, how) in [(&quick, "NetBox at once"), (&alone, "160 ms, alone"), (&slow, "160 ms, all")] {
        journey(walk, how, &mut lines);
    }
    let each = |span: Duration| millis(span) / SERVERS as f64;
    for (walk, how) in [(&disk, "journal on disk"), (&quick, "journal in memory")] {
        let ours = each(walk.cpu.saturating_sub(walk.lab));
        lines.push(Line::told(format!("CPU per life with its machine, {how}"), ms(ours)));
        lines.push(Line::told("  and NetBox and BMC of the lab beside it", ms(each(walk.lab))));
    }
    let per = |n: u64| number(n as f64 / SERVERS as f64);
    lines.push(Line::told("events per life", per(disk.events.len() as u64)));
    lines.push(Line::told("commits per life, with those of others in them", per(disk.commits)));
    lines.push(Line::told("requests to NetBox per life", per(disk.requests)));
    lines.push(Line::told("real time of all lives, journal on disk", ms(millis(disk.wall))));
    Ok(lines)
}

/// One server's time, in milliseconds. In virtual time our own computing takes none; what is before an intention is the
/// look that each step begins with, the queue for NetBox, and pauses.
#[derive(Default)]
struct Own {
    whole: f64,
    /// From a fact to the next intention, its look included.
    thinking: f64,
    /// From a failure to the next attempt.
    pausing: f64,
}

fn journey(walk: &Walk, how: &str, lines: &mut Vec<Line>) {
    let mut stages: BTreeMap<(Stage, Stage), Vec<f64>> = BTreeMap::new();
    let mut own = Vec::new();
    let mut gaps = Vec::new();
    for server in &walk.servers {
        let unit = walk.world.by_serial(&server.serial).map(|u| Subject::Unit(u.id));
        let about = |s: Subject| s == Subject::Bmc(server.bmc_mac) || Some(s) == unit;
        let events: Vec<&Recorded> = walk.events.iter().filter(|e| about(e.draft.subject)).collect();
        own.push(share(&events, &mut gaps));
        let mut since = events.first().map(|e| e.draft.at);
        for event in &events {
            if let Event::Life(LifeEvent::StageEntered { from, to, .. }) = &event.draft.event
                && *to >= Stage::Discovered
            {
                let took = since.map_or(Duration::ZERO, |s| event.draft.at.since(s));
                stages.entry((*from, *to)).or_default().push(millis(took));
                since = Some(event.draft.at);
            }
        }
    }
    let pair = |of: &[f64]| format!("{} / {} s", number(median(of) / 1e3), number(quantile(of, 0.99) / 1e3));
    for ((from, to), times) in &stages {
        let from = if *to == Stage::Discovered { "lease" } else { from.word() };
        lines.push(Line::told(format!("{how}: {from} -> {to}, p50 / p99"), pair(times)));
    }
    let of = |f: &dyn Fn(&Own) -> f64| own.iter().map(f).collect::<Vec<f64>>();
    let ours = of(&|o| o.thinking + o.pausing);
    let part = of(&|o| 100.0 * (o.thinking + o.pausing) / o.whole);
    lines.push(Line::told(format!("{how}: whole journey, p50 / p99"), pair(&of(&|o| o.whole))));
    let p99 = quantile(&ours, 0.99) / 1e3;
    // Where NetBox is slow, the looks and the queue for it are what is measured; the goal is about us.
    let judged = how == "NetBox at once";
    let goal = |most: f64| if judged { Goal::Most(most) } else { Goal::None };
    lines.push(Line::told(format!("{how}: before our next intention, p50 / p99"), pair(&ours)).count(
        p99,
        " s",
        goal(2.0),
    ));
    let p99 = quantile(&part, 0.99);
    lines.push(Line::told(format!("{how}: its share of the journey, p99"), number(p99) + " %").count(
        p99,
        " %",
        goal(1.0),
    ));
    lines.push(Line::told(format!("{how}: pauses after failures in it, p99"), ms(quantile(&of(&|o| o.pausing), 0.99))));
    lines.push(Line::told(format!("{how}: one fact to its intention, p50"), ms(median(&gaps))));
    lines.push(Line::told(format!("{how}: one fact to its intention, p99"), ms(quantile(&gaps, 0.99))));
}

/// Adds up a server's waits for us: each ends with an intention and began with what made the step due, which is the
/// last fact in its lane or about the server as a whole.
fn share(events: &[&Recorded], gaps: &mut Vec<f64>) -> Own {
    let (mut own, mut facts) = (Own::default(), BTreeMap::<Lane, (Timestamp, bool)>::new());
    for event in events {
        let (at, event) = (event.draft.at, &event.draft.event);
        let lane = step_of(event).map(|step| rule(step).lane);
        if let (Event::Step(StepEvent::StepIntended { .. }), Some(lane)) = (event, lane)
            // A note is beside the server's way: late or not, nothing waits for it.
            && lane != Lane::Notes
            && let Some((since, failed)) = facts.get(&lane)
        {
            let gap = millis(at.since(*since));
            gaps.push(gap);
            *if *failed { &mut own.pausing } else { &mut own.thinking } += gap;
        }
        let failed = matches!(event, Event::Step(StepEvent::StepFailed { .. } | StepEvent::StepUnknown { .. }));
        match lane {
            Some(lane) => drop(facts.insert(lane, (at, failed))),
            None => facts.extend(Lane::ALL.map(|lane| (lane, (at, false)))),
        }
    }
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        own.whole = millis(last.draft.at.since(first.draft.at));
    }
    own
}

fn step_of(event: &Event) -> Option<Step> {
    match event {
        Event::Step(
            StepEvent::StepIntended { step, .. }
            | StepEvent::StepAccepted { step, .. }
            | StepEvent::StepObserved { step, .. }
            | StepEvent::StepUnknown { step, .. }
            | StepEvent::StepFailed { step, .. },
        ) => Some(*step),
        _ => None,
    }
}
