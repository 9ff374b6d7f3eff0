//! Row 3: what the journal takes and gives back, next to the disk's own rate and to Redis.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rackhand_core::event::Draft;
use rackhand_daemon::journal::{Journal, Store, restore};

use crate::board::{Goal, Line, number, rate as per_second};
use crate::fleet::{entry, fill, site};
use crate::gauge::{Measured, Place, Probe, median, rate};
use crate::redis::Redis;

/// Many short rounds: a shared disk changes from one second to the next.
const ROUNDS: usize = 24;
const ROUND: Duration = Duration::from_millis(400);
const WRITERS: u64 = 64;
const REPLAYED: u64 = 1_000_000;

#[derive(Default)]
struct Rates {
    probe: Vec<f64>,
    single: Vec<f64>,
    batch: Vec<f64>,
    group: Vec<f64>,
    redis_one: Vec<f64>,
    redis_many: Vec<f64>,
}

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    let mut lines = appends(place.path())?;
    lines.extend(replay(&place.at("replay"))?);
    Ok(lines)
}

fn appends(dir: &Path) -> Measured<Vec<Line>> {
    let mut probe = Probe::new(dir)?;
    let mut store = Store::open(&dir.join("single"), &site())?;
    let journal = Journal::thread(Store::open(&dir.join("group"), &site())?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let redis = Redis::start(dir).ok_or("the peer cannot run: Redis is not installed, or does not start")?;
    let mut of = Rates::default();
    for _ in 0..ROUNDS {
        of.probe.push(rate(ROUND, || Ok(probe.sync().map(|_| 1)?))?);
        of.single.push(rate(ROUND, || {
            store.append(&[entry(store.head())])?;
            Ok(1)
        })?);
        of.batch.push(rate(ROUND, || {
            let head = store.head();
            store.append(&(head..head + WRITERS).map(entry).collect::<Vec<Draft>>())?;
            Ok(WRITERS)
        })?);
        of.group.push(runtime.block_on(writers(&journal))?);
        let count = |of: &[f64]| (of.last().copied().unwrap_or(100.0) * ROUND.as_secs_f64()) as u32 + 1;
        let told = "redis-benchmark tells no rate";
        of.redis_one.push(redis.lpush(1, count(&of.single)).ok_or(told)?);
        of.redis_many.push(redis.lpush(WRITERS as u32, count(&of.group) / 3 + 64).ok_or(told)?);
    }
    let ratio = |a: &[f64], b: &[f64]| median(&a.iter().zip(b).map(|(a, b)| a / b).collect::<Vec<f64>>());
    let redis = |of: &[f64]| per_second(median(of));
    Ok(vec![
        Line::told("single commits", per_second(median(&of.single)))
            .beside(format!("fdatasync {}", per_second(median(&of.probe))))
            .ratio(ratio(&of.single, &of.probe), Goal::Least(0.5)),
        Line::told("64 writers, one event each, grouped", per_second(median(&of.group)))
            .beside(redis(&of.redis_many))
            .ratio(ratio(&of.group, &of.redis_many), Goal::Least(3.0)),
        Line::told("64 events in one commit", per_second(median(&of.batch)))
            .beside(redis(&of.redis_many))
            .ratio(ratio(&of.batch, &of.redis_many), Goal::None),
        Line::told("one writer", per_second(median(&of.single)))
            .beside(redis(&of.redis_one))
            .ratio(ratio(&of.single, &of.redis_one), Goal::None),
    ])
}

/// Events a second of tasks that each wait for their own acknowledgement.
async fn writers(journal: &Journal) -> Measured<f64> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while start.elapsed() < ROUND {
                    journal.append(vec![entry(writer * 10_000 + count)]).await?;
                    count += 1;
                }
                Measured::Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

fn replay(dir: &Path) -> Measured<Vec<Line>> {
    fill(dir, REPLAYED)?;
    let store = Store::open(dir, &site())?;
    let mut rates = Vec::new();
    for _ in 0..3 {
        let (start, mut last) = (Instant::now(), 0);
        store.replay(0, &mut |e| last = std::hint::black_box(e).seq)?;
        rates.push(last as f64 / start.elapsed().as_secs_f64() / 1e6);
    }
    let python = reads(dir, REPLAYED)?;
    let timed = |what: &dyn Fn() -> Measured<()>| -> Measured<String> {
        let start = Instant::now();
        what()?;
        Ok(format!("{} s", number(start.elapsed().as_secs_f64())))
    };
    let copy = dir.join("backup.db");
    let verified = timed(&|| Ok(store.verify().map(drop)?))?;
    let copied = timed(&|| Ok(store.backup(&copy).map(drop)?))?;
    let size = std::fs::metadata(&copy)?.len() >> 20;
    let restored = timed(&|| Ok(restore(&copy, &dir.join("restored")).map(drop)?))?;
    let rate = median(&rates);
    Ok(vec![
        Line::told("replay, JSON decoded", format!("{} M/s", number(rate)))
            .beside(format!("Python {} M/s", number(python)))
            .ratio(rate / python, Goal::Least(2.0)),
        Line::told("verify 1 M events and every page", verified),
        Line::told(format!("backup of {size} MiB, checked and synced"), copied),
        Line::told("restore, verified to the last event", restored),
    ])
}

/// Million events a second that Python's own SQLite and JSON give of the same journal.
fn reads(dir: &Path, count: u64) -> Measured<f64> {
    const READ: &str = "import json, sqlite3, sys, time
rows = sqlite3.connect(sys.argv[1]).execute('SELECT data FROM event ORDER BY seq')
start, count = time.monotonic(), 0
for (body,) in rows:
    json.loads(body)
    count += 1
print(count, time.monotonic() - start)";
    let out = Command::new("python3").arg("-c").arg(READ).arg(dir.join("journal.db")).output()?;
    let said = String::from_utf8_lossy(&out.stdout);
    let told =
        said.trim().split_once(' ').and_then(|(n, secs)| Some((n.parse::<u64>().ok()?, secs.parse::<f64>().ok()?)));
    match told {
        Some((n, secs)) if n == count => Ok(n as f64 / secs / 1e6),
        _ => Err(format!("the peer cannot run: {said}{}", String::from_utf8_lossy(&out.stderr)).into()),
    }
}
