//! The daemon is killed at every point of a server's path, and each time takes it up again: nothing that was
//! acknowledged is lost, nothing outside is lost or done twice, and nobody has to help.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "kill/judge.rs"]
mod judge;
#[path = "kill/path.rs"]
mod path;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use judge::{is_settled, label, story};
use path::{Point, Told, Torn, live};
use rackhand_core::event::{Recorded, Seq};
use rackhand_lab::sockets::Issuer;
use support::lab::Tempo;

/// Lab seconds in a second. The longest wait of a path, for a boot that never came, is 900 lab seconds.
const SPEED: f64 = 400.0;
/// Paths lived at the same time.
const LANES: usize = 2;
/// Each so many points are killed again while they recover.
const AGAIN: usize = 5;
/// So many paths with something wrong are enough to look at.
const ENOUGH: usize = 3;
/// The controllers the lab plays in turn: iLO 5, iLO 6, iDRAC9.
const CONTROLLERS: usize = 3;

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
    println!("  not reached, the path was shorter {}", lived.iter().filter(|(_, t)| t.last.is_empty()).count());
    println!("kills of the real daemon           {}", lived.iter().map(|(_, t)| t.last.len()).sum::<usize>());
    println!("  while it recovered from a kill   {}", lived.iter().filter(|(_, t)| t.last.len() > 1).count());
    println!("kinds of event right before a kill {}", kinds.len());
    let resumed = lived.iter().filter(|(_, t)| is_settled(&t.events)).count();
    println!("resumed to staged without a person {resumed} of {}", lived.len());
    println!("paths with anything lost or doubled {}", wrong.len());
    println!("longest path {longest:.2?}, all in {took:.1?}");
}
