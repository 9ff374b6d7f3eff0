//! The daemon is killed at every point of a server's path, and each time takes it up again: nothing that was
//! acknowledged is lost, nothing outside is lost or done twice, and nobody has to help.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::print_stdout)] // its table is part of what it shows

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rackhand_core::bmc::Rung;
use rackhand_core::event::{Event, Recorded, Seq};
use rackhand_core::flow::step::Step;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::world::World;
use rackhand_lab::sockets::Issuer;
use support::console::{connect, within};
use support::daemon::{Daemon, folded, tool};
use support::lab::{Lab, Tempo};

/// Lab seconds in a second. The longest wait of a path, for a boot that never came, is 900 lab seconds.
const SPEED: f64 = 400.0;
/// Paths lived at the same time.
const LANES: usize = 2;
/// By then a path has ended, in real time; a machine with other load gets its time.
const PATIENCE: Duration = Duration::from_secs(30);
/// Each so many points are killed again while they recover.
const AGAIN: usize = 5;
/// So many paths with something wrong are enough to look at.
const ENOUGH: usize = 3;
/// The controllers the lab plays in turn: iLO 5, iLO 6, iDRAC9.
const CONTROLLERS: usize = 3;

/// Where the process ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    seq: Seq,
    after: bool,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", if self.after { "after" } else { "before" }, self.seq)
    }
}

/// How a daemon's life ended.
#[allow(clippy::large_enum_variant)] // a few live at once
enum Ended {
    /// Killed at its point, having told a console of this head.
    Killed { told: Seq },
    /// The path came to its end first.
    Staged(Daemon),
    /// It came to no end: it waits for something that never happens.
    Stuck,
}

/// Follows the daemon until it is killed, or the server is staged and all notes are in NetBox.
async fn follow(lab: &Lab, mut daemon: Daemon, point: Option<Point>) -> Ended {
    let mut told = 0;
    // Its point may be in the very event that settles the path: then it is about to die.
    let is_done = |events: &[Recorded]| {
        let dying = point.is_some_and(|p| p.after && p.seq <= events.len() as Seq);
        !dying && is_settled(&folded(events))
    };
    let end = tokio::time::timeout(PATIENCE, async {
        let Ok((console, hello)) = connect(&lab.place.socket()).await else { return false };
        told = hello.head;
        while !is_done(&lab.place.events()) {
            match console.watch(within(Duration::from_secs(20)), told, 10_000).await {
                Ok(head) => told = told.max(head),
                Err(_) => return false,
            }
        }
        true
    });
    match end.await {
        Err(_) => return Ended::Stuck,
        Ok(true) => return Ended::Staged(daemon),
        Ok(false) => {}
    }
    let status = daemon.child.wait().await.unwrap();
    assert_eq!(status.signal(), Some(9), "it ended by itself: {status}\n{}", lab.place.log());
    Ended::Killed { told }
}

fn is_settled(world: &World) -> bool {
    let silent = world.sightings.values().all(|s| s.notes.owed.is_empty());
    let staged = world.units.values().all(|u| u.stage == Stage::Staged && u.notes.owed.is_empty());
    world.units.len() == 1 && staged && silent
}

fn story(events: &[Recorded]) -> String {
    let line = |e: &Recorded| {
        format!(
            "{:>4} {} {} cause {:?} {}",
            e.seq,
            e.draft.at,
            e.draft.subject,
            e.draft.cause,
            e.draft.event.sentence()
        )
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One path: killed at some points one after the other, then left alone.
#[derive(Default)]
struct Told {
    /// Points the process died at.
    kills: usize,
    /// The last event on the disk at each kill.
    last: Vec<String>,
    events: Vec<Recorded>,
    wrong: Vec<String>,
    took: Duration,
}

/// The kill cut a decision's events in two. They are one transaction on the disk, so this cannot happen to a daemon;
/// only the failpoint can make it. What can happen, none or all of them, are points of their own.
struct Torn;

async fn live(n: usize, points: &[Point], bed: &Bed) -> Result<Told, Torn> {
    let begun = Instant::now();
    let lab = Lab::new(n, bed.tempo, &bed.issuer).await;
    let mut told = Told::default();
    let mut before: Vec<Recorded> = Vec::new();
    let mut points = points.iter().copied();
    loop {
        let point = points.next();
        let daemon = lab.place.start(point.map(|p| p.to_string()).as_deref()).await;
        match follow(&lab, daemon, point).await {
            Ended::Killed { told: head } => {
                let events = lab.place.events();
                if (events.len() as Seq) < head {
                    told.wrong.push(format!("a console was told of event {head}, {} are left", events.len()));
                }
                if !events.starts_with(&before) {
                    told.wrong.push("an event from before the kill is gone or altered".to_owned());
                }
                let last = events.last().map_or_else(|| "nothing".to_owned(), label);
                if bed.inner.contains(&last) {
                    return Err(Torn);
                }
                told.last.push(last);
                told.kills += 1;
                before = events;
            }
            Ended::Stuck => {
                told.wrong.push(format!("no end within {PATIENCE:?}:\n{}", lab.place.log()));
                break;
            }
            Ended::Staged(daemon) => {
                if !daemon.terminate().await.success() {
                    told.wrong.push("it did not stop in order".to_owned());
                }
                // A renewal that was looked up at the last moment may have left a note for the next start.
                if is_settled(&folded(&lab.place.events())) {
                    break;
                }
            }
        }
    }
    told.events = lab.place.events();
    if !told.events.starts_with(&before) {
        told.wrong.push("an event from before the kill is gone or altered".to_owned());
    }
    let verified = tool(&["verify", "--data-dir", lab.place.data().to_str().unwrap()]).await;
    if !verified.status.success() {
        told.wrong.push(format!("verify: {}", String::from_utf8_lossy(&verified.stderr)));
    }
    judge(&lab, &told.events, &mut told.wrong);
    told.took = begun.elapsed();
    Ok(told)
}

/// What an event is, for the table of points.
fn label(event: &Recorded) -> String {
    match &event.draft.event {
        Event::StepIntended { step, .. }
        | Event::StepAccepted { step, .. }
        | Event::StepObserved { step, .. }
        | Event::StepUnknown { step, .. }
        | Event::StepFailed { step, .. }
        | Event::BootMissed { step, .. } => format!("{} {step}", event.draft.event.kind()),
        Event::StageEntered { to, .. } => format!("stage_entered {to}"),
        Event::MachineReported { report } => format!("machine_reported {}", report.step),
        Event::SightingJudged { verdict } => {
            format!("sighting_judged {}", format!("{verdict:?}").split('(').next().unwrap_or_default())
        }
        other => other.kind().to_owned(),
    }
}

/// Holds every effect the outside has seen against the journal.
fn judge(lab: &Lab, events: &[Recorded], wrong: &mut Vec<String>) {
    let (netbox, server) = (&lab.outside.netbox, &lab.server);
    let mut check = |good: bool, what: String| {
        if !good {
            wrong.push(what);
        }
    };
    let interface = netbox.interface_id(server.device, "bmc").unwrap();
    let addresses = netbox.addresses_on(interface);
    check(addresses.len() == 1, format!("addresses on its BMC: {addresses:?}"));
    let oob = netbox.oob_of(server.device);
    check(oob.as_ref() == addresses.first(), format!("out-of-band address {oob:?}"));
    check(netbox.address_count() == 1, format!("{} addresses in NetBox", netbox.address_count()));
    check(netbox.cable_count() == 2, format!("{} cables", netbox.cable_count()));
    let twin = lab.twin();
    for (name, mac) in ["eno1", "eno2"].into_iter().zip(&twin.bmc.spec().nics) {
        let port = netbox.interface_id(server.device, name).unwrap();
        let cable = netbox.cable_of(port);
        check(cable.as_ref().is_some_and(|c| c.1 == "connected"), format!("cable of {name}: {cable:?}"));
        check(netbox.mac_count(*mac) == 1, format!("MAC of {name}: {} times", netbox.mac_count(*mac)));
        check(netbox.primary_mac(port) == Some(*mac), format!("{name} has another MAC"));
    }
    let status = (netbox.status_of(server.device), netbox.tenant_of(server.device));
    check(
        status.0.as_deref() == Some("staged") && status.1.as_deref() == Some("baremetal-staging"),
        format!("status and tenant {status:?}"),
    );
    let stage = netbox.field_of(server.device, "lifecycle_state");
    check(stage.as_ref().and_then(|s| s.as_str()) == Some("staged"), format!("lifecycle_state {stage:?}"));
    notes(lab, events, &mut check);
    let counters = twin.counters();
    let (resets, allowed) = (counters.resets_total(), resets_allowed(events));
    check(resets <= allowed, format!("{resets} resets where the journal allows {allowed}"));
    check(counters.network_boots == 1, format!("{} network boots", counters.network_boots));
    check(counters.logins_bad == 0, format!("{} wrong passwords", counters.logins_bad));
    let mut once: BTreeMap<String, u32> = BTreeMap::new();
    for event in events.iter().filter(|e| {
        matches!(
            e.draft.event,
            Event::StageEntered { .. } | Event::MachineReported { .. } | Event::ValidationReported { .. }
        )
    }) {
        *once.entry(label(event)).or_default() += 1;
    }
    check(once.values().all(|n| *n == 1) && once.len() == 12, format!("transitions and reports: {once:?}"));
    check(
        folded(events).units.values().all(|u| u.parked().next().is_none()),
        "something waits for a person".to_owned(),
    );
}

/// NetBox's journal has one note for each that the events ever owed, and no other.
fn notes(lab: &Lab, events: &[Recorded], check: &mut impl FnMut(bool, String)) {
    let mut world = World::default();
    let mut owed: BTreeSet<Seq> = BTreeSet::new();
    for event in events {
        world.apply(event);
        owed.extend(world.units.values().flat_map(|u| &u.notes.owed).map(|n| n.seq));
        owed.extend(world.sightings.values().flat_map(|s| &s.notes.owed).map(|n| n.seq));
    }
    let there = lab.outside.netbox.notes_of(lab.server.device);
    for seq in &owed {
        let key = format!("[rackhand fra1/{seq}]");
        let count = there.iter().filter(|(_, text)| text.contains(&key)).count();
        check(count == 1, format!("note of event {seq}: {count} times"));
    }
    check(there.len() == owed.len(), format!("{} notes where {} are owed", there.len(), owed.len()));
}

/// One reset for each rung the journal intended; a power cycle is two.
fn resets_allowed(events: &[Recorded]) -> u32 {
    let rungs: BTreeSet<String> = events
        .iter()
        .filter_map(|e| match &e.draft.event {
            Event::StepIntended { step: Step::ResetForBoot, rung: Some(rung), .. } => Some(rung.to_string()),
            _ => None,
        })
        .collect();
    rungs.iter().map(|r| if *r == Rung::PowerCycle.to_string() { 2 } else { 1 }).sum()
}

/// What all paths share.
struct Bed {
    tempo: Tempo,
    issuer: Issuer,
    /// Events that are never the last of their decision.
    inner: BTreeSet<String>,
    /// Paths with something wrong so far. After [`ENOUGH`] no new one is begun.
    failures: AtomicUsize,
}

/// Events that the same decision's next event always follows.
fn inner(path: &[Recorded]) -> impl Iterator<Item = String> {
    let root = |e: &Recorded| e.draft.cause.unwrap_or(e.seq);
    path.windows(2).filter(move |pair| root(&pair[1]) == root(&pair[0])).map(|pair| label(&pair[0]))
}

/// What became of one point.
struct Row {
    n: usize,
    points: Vec<Point>,
    /// `None` for a point inside a transaction.
    told: Option<Told>,
}

/// Kills one path at `point`, and for each [`AGAIN`]th once more a little later.
async fn kill(at: usize, n: usize, point: Point, bed: &Bed) -> Row {
    let mut points = vec![point];
    if at.is_multiple_of(AGAIN) {
        points.push(Point { seq: point.seq + 2 + (at % 4) as Seq, after: !point.after });
    }
    loop {
        match live(n, &points, bed).await {
            Ok(told) => return Row { n, points, told: Some(told) },
            // The second one fell into a transaction; the next event is as good.
            Err(Torn) if points.len() > 1 && live(n, &points[..1], bed).await.is_ok() => points[1].seq += 1,
            Err(Torn) => return Row { n, points, told: None },
        }
    }
}

/// Lives all of these paths, [`LANES`] at a time.
async fn enumerate(work: Vec<(usize, Point)>, bed: &Arc<Bed>) -> Vec<Row> {
    let (next, work) = (Arc::new(AtomicUsize::new(0)), Arc::new(work));
    let lane = || {
        let (next, work, bed) = (next.clone(), work.clone(), bed.clone());
        tokio::spawn(async move {
            let mut rows = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((n, point)) = work.get(at).copied() else { return rows };
                if bed.failures.load(Ordering::Relaxed) >= ENOUGH {
                    return rows;
                }
                let row = kill(at, n, point, &bed).await;
                let failed = row.told.as_ref().is_some_and(|t| !t.wrong.is_empty());
                bed.failures.fetch_add(failed.into(), Ordering::Relaxed);
                rows.push(row);
            }
        })
    };
    let lanes: Vec<_> = (0..LANES).map(|_| lane()).collect();
    let mut rows = Vec::new();
    for lane in lanes {
        rows.extend(lane.await.unwrap());
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_it_takes_up_again_and_does_nothing_twice() {
    let begun = Instant::now();
    let mut bed = Bed {
        tempo: Tempo::from_now(SPEED),
        issuer: Issuer::new().unwrap(),
        inner: BTreeSet::new(),
        failures: AtomicUsize::new(0),
    };
    let mut paths: Vec<Vec<Recorded>> = Vec::new();
    for n in 0..CONTROLLERS {
        let Ok(told) = live(n, &[], &bed).await else { panic!("torn without a kill") };
        assert!(told.wrong.is_empty(), "unharmed: {:?}\n{}", told.wrong, story(&told.events));
        paths.push(told.events);
    }
    bed.inner = paths.iter().flat_map(|path| inner(path)).collect();
    let bed = Arc::new(bed);
    let mut work = Vec::new();
    for (n, path) in paths.iter().enumerate() {
        let points = (1..=path.len() as Seq).flat_map(|seq| [false, true].map(|after| Point { seq, after }));
        work.extend(points.map(|point| (n, point)));
    }
    // Servers `n`, `n + 3`, ... have the same controller, and each an address of its own.
    let apart = work.into_iter().enumerate().map(|(at, (n, point))| (n + CONTROLLERS * (at + 1), point)).collect();
    let mut rows = enumerate(apart, &bed).await;
    // Where two events swap places from one path to the next, an enumeration by number can pass one by.
    for round in 0..10 {
        let missed: Vec<Point> = missed(&paths, &rows, &bed).into_values().collect();
        let first = rows.len() + 1;
        let more = missed.into_iter().enumerate().map(|(at, point)| (round + CONTROLLERS * (first + at), point));
        rows.extend(enumerate(more.collect(), &bed).await);
    }
    table(&paths, &rows, begun.elapsed());
    assert!(rows.iter().all(|r| r.told.as_ref().is_none_or(|t| t.wrong.is_empty())), "see the table");
    let missed = missed(&paths, &rows, &bed);
    assert!(missed.is_empty(), "never the last event before a kill: {:?}", missed.keys());
    let torn = rows.iter().filter(|r| r.told.is_none()).count();
    let expected = 2 * paths.iter().flat_map(|path| inner(path)).count();
    assert!(torn * 10 <= expected * 12, "{torn} points inside a transaction, about {expected} expected");
}

/// Kinds of event that no kill has come right after, with a place to try.
fn missed(paths: &[Vec<Recorded>], rows: &[Row], bed: &Bed) -> BTreeMap<String, Point> {
    let hit: BTreeSet<&String> = rows.iter().filter_map(|r| r.told.as_ref()).flat_map(|t| &t.last).collect();
    let all = paths.iter().flatten().map(|e| (label(e), Point { seq: e.seq, after: true }));
    all.filter(|(label, _)| !hit.contains(label) && !bed.inner.contains(label)).collect()
}

fn table(paths: &[Vec<Recorded>], rows: &[Row], took: Duration) {
    let lived: Vec<(&Row, &Told)> = rows.iter().filter_map(|r| r.told.as_ref().map(|t| (r, t))).collect();
    let wrong: Vec<_> = lived.iter().filter(|(_, t)| !t.wrong.is_empty()).collect();
    for (row, told) in &wrong {
        let points: Vec<String> = row.points.iter().map(ToString::to_string).collect();
        println!("server {} killed at {points:?}, last {:?}: {:?}", row.n, told.last, told.wrong);
        println!("{}", story(&told.events));
    }
    let kinds: BTreeSet<&String> = lived.iter().flat_map(|(_, t)| &t.last).collect();
    let longest = lived.iter().map(|(_, t)| t.took).max().unwrap_or_default();
    println!("events of an unharmed path         {:?}", paths.iter().map(Vec::len).collect::<Vec<_>>());
    println!("points, before and after           {}", rows.len());
    println!("  inside a transaction             {}", rows.len() - lived.len());
    println!("  not reached, the path was shorter {}", lived.iter().filter(|(_, t)| t.kills == 0).count());
    println!("kills of the real daemon           {}", lived.iter().map(|(_, t)| t.kills).sum::<usize>());
    println!("  while it recovered from a kill   {}", lived.iter().filter(|(_, t)| t.kills > 1).count());
    println!("kinds of event right before a kill {}", kinds.len());
    let resumed = lived.iter().filter(|(_, t)| is_settled(&folded(&t.events))).count();
    println!("resumed to staged without a person {resumed} of {}", lived.len());
    println!("paths with anything lost or doubled {}", wrong.len());
    println!("longest path {longest:.2?}, all in {took:.1?}");
}
