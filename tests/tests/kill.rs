//! The daemon is killed at every point of a server's road, from its order to `staged`, and each time takes it up again:
//! nothing that was acknowledged is lost, nothing outside is lost or done twice, and nobody has to help.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "kill/judge.rs"]
mod judge;
#[path = "kill/out.rs"]
mod out;
#[path = "kill/path.rs"]
mod path;
mod support;
#[path = "kill/trade.rs"]
mod trade;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use judge::{label, story};
use out::{Leaving, Running};
use path::{Point, Road, Told, live};
use rackhand_core::event::{Event, JournalEvent, Recorded, Seq, StepEvent};
use rackhand_lab::sockets::Issuer;
use support::lab::{Lab, QUICK, Tempo};
use trade::{Goal, Shop};

/// Lab seconds in a second. The longest wait of a path, for a boot that never came, is 900 lab seconds.
const SPEED: f64 = 400.0;
/// A self-test that outlasts the daemon's restart: a reset sent once more would still find the server in it.
const SLOW: Duration = Duration::from_secs(400);
/// Paths lived at the same time: as many as there are processors, where each computes all the time.
const LANES: usize = 2;
/// The same of orders: most of their time they wait for the next look at a vendor.
const ORDERS: usize = 8;
/// Each so many points are killed again while they recover.
const AGAIN: usize = 5;
/// So many paths with something wrong are enough to look at.
const ENOUGH: usize = 3;
/// The controllers the lab plays in turn: iLO 5, iLO 6, iDRAC9.
const CONTROLLERS: usize = 3;

/// The `n`-th of its kind, with a server whose self-test takes so long.
type Make = fn(usize, Duration, Arc<Bed>) -> BoxFuture<'static, Box<dyn Road>>;

/// What all roads share.
struct Bed {
    tempo: Tempo,
    issuer: Issuer,
    make: Make,
    lanes: usize,
    /// Paths with something wrong so far. After [`ENOUGH`] no new one is begun.
    failures: AtomicUsize,
}

/// Events that end their decision: a transaction can end there, and nowhere else.
fn ends(path: &[Recorded]) -> impl Iterator<Item = &Recorded> {
    let root = |e: &Recorded| e.draft.cause.unwrap_or(e.seq);
    let last = path.last().into_iter();
    path.windows(2).filter(move |pair| root(&pair[0]) != root(&pair[1])).map(|pair| &pair[0]).chain(last)
}

/// What became of one point.
struct Row {
    n: usize,
    points: Vec<Point>,
    told: Told,
}

/// A server and where it is killed first.
#[derive(Clone, Copy)]
struct Work {
    n: usize,
    post: Duration,
    point: Point,
}

/// Kills one path at its point, and for each [`AGAIN`]th once more a little later.
async fn kill(at: usize, Work { n, post, point }: Work, bed: &Arc<Bed>) -> Row {
    let mut points = vec![point];
    if at.is_multiple_of(AGAIN) {
        points.push(Point { seq: point.seq + 2 + (at % 4) as Seq, after: !point.after });
    }
    let road = (bed.make)(n, post, bed.clone()).await;
    let told = live(&*road, &points).await;
    Row { n, points, told }
}

/// Lives all of these roads, some at a time.
async fn enumerate(work: Vec<Work>, bed: &Arc<Bed>) -> Vec<Row> {
    let (next, work) = (Arc::new(AtomicUsize::new(0)), Arc::new(work));
    let lane = || {
        let (next, work, bed) = (next.clone(), work.clone(), bed.clone());
        tokio::spawn(async move {
            let mut rows = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(work) = work.get(at).copied() else { return rows };
                if bed.failures.load(Ordering::Relaxed) >= ENOUGH {
                    return rows;
                }
                let row = kill(at, work, &bed).await;
                bed.failures.fetch_add((!row.told.wrong.is_empty()).into(), Ordering::Relaxed);
                rows.push(row);
            }
        })
    };
    let lanes: Vec<_> = (0..bed.lanes).map(|_| lane()).collect();
    let mut rows = Vec::new();
    for lane in lanes {
        rows.extend(lane.await.unwrap());
    }
    rows
}

/// Which points of a road are killed at, and which events it must have where nobody harms it.
enum Span {
    /// All.
    All(&'static [&'static str]),
    /// Those from the first of these events on.
    From(&'static [&'static str]),
}

/// A person holds it, and lets it go.
const HELD: &[&str] = &["disposition_changed on_hold", "disposition_changed normal"];

/// The same, and later it is cancelled and retired.
const LEAVING: &[&str] = &[
    "disposition_changed on_hold",
    "disposition_changed normal",
    "disposition_changed cancelled",
    "disposition_changed retired",
];

/// Lives this many roads unharmed, then kills at every point of each.
async fn killed_everywhere(roads: usize, lanes: usize, span: Span, make: Make) {
    let begun = Instant::now();
    let (tempo, issuer) = (Tempo::from_now(SPEED), Issuer::new().unwrap());
    let bed = Arc::new(Bed { tempo, issuer, make, lanes, failures: AtomicUsize::new(0) });
    let mut paths: Vec<Vec<Recorded>> = Vec::new();
    for n in 0..roads {
        let told = live(&*make(n, QUICK, bed.clone()).await, &[]).await;
        assert!(told.wrong.is_empty(), "unharmed: {:?}\n{}", told.wrong, story(&told.events));
        paths.push(told.events);
    }
    let find = |path: &[Recorded], what: &str| {
        let found = path.iter().find(|e| label(e) == what).map(|e| e.seq);
        found.unwrap_or_else(|| panic!("unharmed, and no {what}\n{}", story(path)))
    };
    let begin = |path: &Vec<Recorded>| {
        let (Span::All(events) | Span::From(events)) = &span;
        let first = events.iter().map(|what| find(path, what)).min().unwrap_or(0);
        if matches!(span, Span::From(_)) { first } else { 0 }
    };
    let begins: Vec<Seq> = paths.iter().map(begin).collect();
    let mut work = every_point(&paths);
    work.retain(|w| w.point.seq >= begins[w.n % roads]);
    let mut rows = enumerate(work, &bed).await;
    let paths: Vec<Vec<Recorded>> =
        paths.into_iter().zip(begins).map(|(p, begin)| p.into_iter().filter(|e| e.seq >= begin).collect()).collect();
    // Where two events swap places from one path to the next, an enumeration by number can pass one by.
    for round in 0..10 {
        let first = rows.len() + 1;
        let missed = missed(&paths, &rows, round).into_values().enumerate();
        let more = missed.map(|(at, point)| Work { n: round + roads * (first + at), post: QUICK, point });
        rows.extend(enumerate(more.collect(), &bed).await);
    }
    table(&paths, &rows, begun.elapsed());
    assert!(rows.iter().all(|r| r.told.wrong.is_empty()), "see the table");
    let missed = missed(&paths, &rows, 0);
    assert!(missed.is_empty(), "never the last event before a kill: {:?}", missed.keys());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_from_its_lease_to_staged_it_takes_up_again_and_does_nothing_twice() {
    killed_everywhere(CONTROLLERS, LANES, Span::All(&[]), |n, post, bed| {
        Box::pin(async move {
            let mut lab = Lab::new(n, post, bed.tempo, &bed.issuer).await;
            // One of the three comes by a manifest.
            if n.is_multiple_of(CONTROLLERS) {
                lab.by_manifest();
            }
            Box::new(lab) as Box<dyn Road>
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_from_an_order_to_the_rack_it_asks_buys_and_places_once() {
    killed_everywhere(1, ORDERS, Span::All(HELD), |_, _, bed| {
        Box::pin(async move { Shop::open(Goal::Racked, bed.tempo).await })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_of_an_order_that_is_cancelled_it_takes_back_each_thing_once() {
    killed_everywhere(1, ORDERS, Span::All(HELD), |_, _, bed| {
        Box::pin(async move { Shop::open(Goal::Cancelled, bed.tempo).await })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_from_a_hold_to_retirement_it_undoes_each_thing_once() {
    killed_everywhere(1, LANES, Span::From(LEAVING), |n, post, bed| {
        Box::pin(async move {
            Box::new(Leaving::new(Lab::new(n * CONTROLLERS, post, bed.tempo, &bed.issuer).await)) as Box<dyn Road>
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_point_of_taking_over_what_runs_is_taken_once_and_left_alone() {
    killed_everywhere(1, LANES, Span::All(&["disposition_changed quarantined"]), |n, post, bed| {
        Box::pin(
            async move { Box::new(Running::new(Lab::new(n, post, bed.tempo, &bed.issuer).await)) as Box<dyn Road> },
        )
    })
    .await;
}

/// Before each event of each road, and after each that ends its transaction. Servers `n`, `n + 3`, ... have the same
/// controller, and each an address of its own.
fn every_point(paths: &[Vec<Recorded>]) -> Vec<Work> {
    let mut all = Vec::new();
    for (kind, path) in paths.iter().enumerate() {
        let resets: Vec<Seq> = path.iter().filter(|e| label(e).ends_with(" reset_for_boot")).map(|e| e.seq).collect();
        for event in path {
            let post = if resets.iter().any(|r| r.abs_diff(event.seq) <= 3) { SLOW } else { QUICK };
            // After another event of the same transaction is the same place.
            let ways: &[bool] = if ends(path).any(|e| e.seq == event.seq) { &[false, true] } else { &[false] };
            for after in ways.iter().copied() {
                let n = kind + paths.len() * (all.len() + 1);
                all.push(Work { n, post, point: Point { seq: event.seq, after } });
            }
        }
    }
    all
}

/// Kinds of event that no kill has come right after, with a place to try: where it stood on one of the last roads, each
/// round on another. What only a slow machine brings about, a failed attempt or the snapshot of an hour, is on no other
/// road.
fn missed(paths: &[Vec<Recorded>], rows: &[Row], round: usize) -> BTreeMap<String, Point> {
    let hit: BTreeSet<&String> = rows.iter().flat_map(|r| &r.told.last).collect();
    let is_accident = |e: &&Recorded| {
        matches!(
            e.draft.event,
            Event::Step(StepEvent::StepFailed { .. } | StepEvent::StepUnknown { .. })
                | Event::Journal(JournalEvent::SnapshotKept { .. })
        )
    };
    let all = paths.iter().flat_map(|path| ends(path)).filter(|e| !is_accident(e)).map(|e| (label(e), e.seq));
    let mut missed = BTreeMap::new();
    for (what, seq) in all.filter(|(what, _)| !hit.contains(what)) {
        let mut stood = rows.iter().rev().filter_map(|r| r.told.events.iter().find(|e| label(e) == what));
        let seq = stood.nth(round).map_or(seq, |e| e.seq);
        missed.insert(what, Point { seq, after: true });
    }
    missed
}

fn table(paths: &[Vec<Recorded>], rows: &[Row], took: Duration) {
    let lived: Vec<(&Row, &Told)> = rows.iter().map(|r| (r, &r.told)).collect();
    let wrong: Vec<_> = lived.iter().filter(|(_, t)| !t.wrong.is_empty()).collect();
    for (row, told) in &wrong {
        let points: Vec<String> = row.points.iter().map(ToString::to_string).collect();
        println!("server {} killed at {points:?}, last {:?}: {:?}", row.n, told.last, told.wrong);
        println!("{}", story(&told.events));
    }
    let kinds: BTreeSet<&String> = lived.iter().flat_map(|(_, t)| &t.last).collect();
    let longest = lived.iter().map(|(_, t)| t.took).max().unwrap_or_default();
    println!("events of an unharmed path         {:?}", paths.iter().map(Vec::len).collect::<Vec<_>>());
    println!("points, in and after transactions   {}", rows.len());
    println!("  not reached, the path was shorter {}", lived.iter().filter(|(_, t)| t.last.is_empty()).count());
    println!("kills of the real daemon           {}", lived.iter().map(|(_, t)| t.last.len()).sum::<usize>());
    println!("  while it recovered from a kill   {}", lived.iter().filter(|(_, t)| t.last.len() > 1).count());
    println!("kinds of event right before a kill {}", kinds.len());
    println!("paths with anything lost or doubled {}", wrong.len());
    println!("longest path {longest:.2?}, all in {took:.1?}");
}
