//! The daemon is killed at every point of a server's path, and each time takes it up again: nothing that was
//! acknowledged is lost, nothing outside is lost or done twice, and nobody has to help.
#![allow(clippy::unwrap_used, clippy::expect_used)]

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
const PATIENCE: Duration = Duration::from_secs(60);
/// Each so many points are killed again while they recover.
const AGAIN: usize = 5;

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
enum Ended {
    /// Killed at its point, having told a console of this head.
    Killed { told: Seq },
    /// The path came to its end first.
    Staged(Daemon),
}

/// Follows the daemon until it is killed, or the server is staged and all notes are in NetBox.
async fn follow(lab: &Lab, mut daemon: Daemon) -> Ended {
    let mut told = 0;
    let end = tokio::time::timeout(PATIENCE, async {
        let Ok((console, hello)) = connect(&lab.place.socket()).await else { return };
        told = hello.head;
        loop {
            if daemon.ready.is_some() && is_settled(&folded(&lab.place.events())) {
                return;
            }
            match console.watch(within(Duration::from_secs(20)), told, 10_000).await {
                Ok(head) => told = told.max(head),
                Err(_) => return,
            }
        }
    });
    let late = end.await.is_err();
    assert!(!late, "no end within {PATIENCE:?}:\n{}\n{}", story(&lab.place.events()), lab.place.log());
    if lab.place.data().join("journal.db").exists() && is_settled(&folded(&lab.place.events())) {
        return Ended::Staged(daemon);
    }
    let status = daemon.child.wait().await.unwrap();
    assert_eq!(status.signal(), Some(9), "it ended by itself: {status}\n{}", lab.place.log());
    Ended::Killed { told }
}

fn is_settled(world: &World) -> bool {
    world.units.len() == 1 && world.units.values().all(|u| u.stage == Stage::Staged && u.notes.owed.is_empty())
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

/// One path: killed at these points one after the other, then left alone.
struct Told {
    /// Points the process died at.
    kills: usize,
    /// The last event on the disk at each kill.
    last: Vec<String>,
    events: Vec<Recorded>,
    wrong: Vec<String>,
    took: Duration,
}

async fn live(n: usize, points: &[Point], tempo: Tempo, issuer: &Issuer) -> Told {
    let begun = Instant::now();
    let lab = Lab::new(n, tempo, issuer).await;
    let mut told = Told { kills: 0, last: Vec::new(), events: Vec::new(), wrong: Vec::new(), took: Duration::ZERO };
    let mut before: Vec<Recorded> = Vec::new();
    for point in points.iter().map(|p| Some(p.to_string())).chain([None]) {
        let daemon = lab.place.start(point.as_deref()).await;
        match follow(&lab, daemon).await {
            Ended::Killed { told: head } => {
                let events = lab.place.events();
                if (events.len() as Seq) < head {
                    told.wrong.push(format!("a console was told of event {head}, {} are left", events.len()));
                }
                if !events.starts_with(&before) {
                    told.wrong.push("an event from before the kill is gone or altered".to_owned());
                }
                told.last.push(events.last().map_or_else(|| "nothing".to_owned(), label));
                told.kills += 1;
                before = events;
            }
            Ended::Staged(daemon) => {
                if !daemon.terminate().await.success() {
                    told.wrong.push("it did not stop in order".to_owned());
                }
                break;
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
    told
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_it_takes_up_again_and_does_nothing_twice() {
    let begun = Instant::now();
    let tempo = Tempo::from_now(SPEED);
    let issuer = Arc::new(Issuer::new().unwrap());
    let mut path = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for n in 0..3 {
        let told = live(n, &[], tempo, &issuer).await;
        assert!(told.wrong.is_empty(), "unharmed: {:?}\n{}", told.wrong, story(&told.events));
        println!("unharmed path {n}: {} events in {:?}", told.events.len(), told.took);
        seen.extend(told.events.iter().map(label));
        if told.events.len() > path.len() {
            path = told.events;
        }
    }
    println!("{}", story(&path));
    let points: Vec<Point> =
        (1..=path.len() as Seq).flat_map(|seq| [false, true].map(|after| Point { seq, after })).collect();
    let next = Arc::new(AtomicUsize::new(0));
    let points = Arc::new(points);
    let lanes: Vec<_> = (0..LANES)
        .map(|_| {
            let (next, points, issuer) = (next.clone(), points.clone(), issuer.clone());
            tokio::spawn(async move {
                let mut done = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(point) = points.get(at).copied() else { return done };
                    let mut kills = vec![point];
                    if at % AGAIN == 0 {
                        kills.push(Point { seq: point.seq + 3, after: !point.after });
                    }
                    done.push((point, live(3 + at, &kills, tempo, &issuer).await));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for lane in lanes {
        all.extend(lane.await.unwrap());
    }
    all.sort_by_key(|(point, _)| *point);
    let mut failed = 0;
    for (point, told) in &all {
        println!("{point:>10} killed {} {:>6.2?} last {:?} wrong {:?}", told.kills, told.took, told.last, told.wrong);
        if !told.wrong.is_empty() {
            failed += 1;
            if failed < 4 {
                println!("{}", story(&told.events));
            }
        }
    }
    let kills: usize = all.iter().map(|(_, t)| t.kills).sum();
    println!("{} points, {kills} kills, {failed} with something wrong, {:?}", all.len(), begun.elapsed());
    assert_eq!(failed, 0);
}
