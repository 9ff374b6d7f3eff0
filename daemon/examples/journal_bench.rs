//! What the journal reaches, next to the disk's own rate and to what one would use instead.
//!
//! `cargo run --release -p rackhand-daemon --example journal_bench -- [DIRECTORY]`. The directory should be on the disk
//! in question. Sizes: `RACKHAND_BENCH_REPLAY` (1,000,000 events) and `RACKHAND_BENCH_HISTORY` (2,000,000 events).
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rackhand_core::event::{Draft, Event};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, Entropy, SiteId, Subject, UnitId};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_daemon::journal::{Journal, JournalFilter, Store};

const ROUNDS: usize = 8;
const ROUND: Duration = Duration::from_millis(1_500);
const SERVERS: u64 = 500;

fn unit(n: u64) -> Subject {
    let mut entropy = [0; 16];
    entropy[6..14].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    Subject::Unit(UnitId::mint(Timestamp::from_secs(1_795_000_000 + n as i64), Entropy(entropy)))
}

/// The `n`th event of a fleet in which each server takes the steps in turn.
fn draft(n: u64) -> Draft {
    let server = n % SERVERS;
    let at = Timestamp::from_micros(1_795_000_000_000_000 + n as i64 * 31_007);
    let step = Step::ALL[(n / SERVERS / 4) as usize % Step::ALL.len()];
    let event = match n / SERVERS % 4 {
        0 => Event::StepIntended { step, generation: 0, attempt: 1, rung: None, until: Some(at) },
        1 => Event::StepAccepted { step, generation: 0, receipt: Text::new(&format!("/redfish/v1/Tasks/{n}")) },
        2 => Event::StepRetried { step, generation: 1 },
        _ => Event::WarningNoted {
            device: None,
            key: Text::new("lldp"),
            text: Text::new(&format!(
                "port Ethernet1/{} of leaf-{server} saw serial CZJ{n:08}, not the planned one",
                n % 48
            )),
        },
    };
    Draft { at, subject: unit(server), actor: Actor::Rackhand, cause: None, event }
}

fn site() -> SiteId {
    SiteId::new("bench")
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Operations per second of `act`, for one round.
fn rate(mut act: impl FnMut() -> u64) -> f64 {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        count += act();
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// A Redis that syncs each command, ended when dropped.
struct Redis(Child, PathBuf);

impl Redis {
    fn start(dir: &Path) -> Option<Self> {
        let socket = dir.join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(dir)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self(child, socket);
        let deadline = Instant::now() + Duration::from_secs(5);
        while !redis.1.exists() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        redis.lpush(1, 10).map(|_| redis)
    }

    /// Pushes per second of `clients` clients, each waiting for its answer.
    fn lpush(&self, clients: u32, count: u32) -> Option<f64> {
        let out = Command::new("redis-benchmark")
            .arg("-s")
            .arg(&self.1)
            .args([
                "-t",
                "lpush",
                "-P",
                "1",
                "-d",
                "250",
                "--csv",
                "-c",
                &clients.to_string(),
                "-n",
                &count.to_string(),
            ])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.lines().find(|l| l.contains("LPUSH"))?.split(',').nth(1)?.trim_matches('"').parse().ok()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn commits(dir: &Path) {
    let probe = File::create(dir.join("probe")).unwrap();
    probe.write_all_at(&vec![0; 16 << 20], 0).unwrap();
    probe.sync_all().unwrap();
    let mut place = 0;
    let mut store = Store::open(&dir.join("commits"), &site()).unwrap();
    let journal = Journal::thread(Store::open(&dir.join("group"), &site()).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let redis = Redis::start(dir);
    let mut of: [Vec<f64>; 6] = Default::default();
    for _ in 0..ROUNDS {
        of[0].push(rate(|| {
            probe.write_all_at(&[7; 4096], place).unwrap();
            probe.sync_data().unwrap();
            place = (place + 4096) % (16 << 20);
            1
        }));
        of[1].push(rate(|| {
            store.append(&[draft(store.head())]).unwrap();
            1
        }));
        of[2].push(rate(|| {
            let head = store.head();
            store.append(&(head..head + 64).map(draft).collect::<Vec<_>>()).unwrap();
            64
        }));
        of[3].push(runtime.block_on(producers(&journal)));
        let count = |rate: &[f64]| (rate.last().copied().unwrap_or(100.0) * ROUND.as_secs_f64()) as u32 + 1;
        of[4].extend(redis.as_ref().and_then(|r| r.lpush(1, count(&of[1]))));
        of[5].extend(redis.as_ref().and_then(|r| r.lpush(64, count(&of[3]) / 3 + 64)));
    }
    let ratio = |a: usize, b: usize| median(of[a].iter().zip(&of[b]).map(|(a, b)| a / b).collect());
    println!("(a) {ROUNDS} interleaved rounds, medians; ratios are medians of each round's");
    println!("    fdatasync of 4 KiB                  {:>9.0}/s", median(of[0].clone()));
    println!(
        "    single commits                      {:>9.0}/s  {:.2}x the fdatasync rate (goal >= 0.5x)",
        median(of[1].clone()),
        ratio(1, 0)
    );
    println!("(b) 64 events in each commit            {:>9.0}/s", median(of[2].clone()));
    println!("    64 producers, one event each        {:>9.0}/s", median(of[3].clone()));
    if redis.is_none() {
        println!("    Redis: peer not installed");
        return;
    }
    println!(
        "    Redis AOF always, 1 client          {:>9.0}/s  single commits {:.1}x",
        median(of[4].clone()),
        ratio(1, 4)
    );
    println!(
        "    Redis AOF always, 64 clients        {:>9.0}/s  64 producers {:.1}x, 64 in a commit {:.1}x (goal >= 3x)",
        median(of[5].clone()),
        ratio(3, 5),
        ratio(2, 5)
    );
}

/// Events per second of 64 tasks, each waiting for its own acknowledgement.
async fn producers(journal: &Journal) -> f64 {
    let start = Instant::now();
    let tasks: Vec<_> = (0..64)
        .map(|p| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while start.elapsed() < ROUND {
                    journal.append(vec![draft(p * 10_000 + count)]).await.unwrap();
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// A closed journal with `count` events.
fn fill(dir: &Path, count: u64) {
    let start = Instant::now();
    let mut store = Store::open(dir, &site()).unwrap();
    for first in (0..count).step_by(4_096) {
        store.append(&(first..count.min(first + 4_096)).map(draft).collect::<Vec<_>>()).unwrap();
    }
    let written = start.elapsed();
    store.index().unwrap();
    let indexed = start.elapsed().saturating_sub(written);
    store.close().unwrap();
    let size = std::fs::metadata(dir.join("journal.db")).unwrap().len() >> 20;
    println!("    {count} events written in {written:.1?}, search index in {indexed:.1?}, {size} MiB");
}

fn replay(dir: &Path, count: u64) {
    println!("(c) replay");
    fill(dir, count);
    let start = Instant::now();
    let store = Store::open(dir, &site()).unwrap();
    let opened = start.elapsed();
    for _ in 0..3 {
        let (start, mut last) = (Instant::now(), 0);
        store.replay(0, &mut |e| last = std::hint::black_box(e).seq).unwrap();
        let took = start.elapsed();
        println!(
            "    {last} events in {took:.2?}: {:.2} M events/s (goal >= 1)",
            last as f64 / took.as_secs_f64() / 1e6
        );
    }
    println!(
        "(d) opened in {:.1} ms with {count} events (goal < 100 ms with the rest of the start)",
        opened.as_secs_f64() * 1e3
    );
    let start = Instant::now();
    let verified = store.verify().unwrap();
    println!("    verified {} events and every page in {:.2?}", verified.events, start.elapsed());
    let start = Instant::now();
    let to = dir.join("backup.db");
    store.backup(&to).unwrap();
    println!("    backup, checked and synced, in {:.2?}", start.elapsed());
    drop(store);
    let start = Instant::now();
    rackhand_daemon::journal::restore(&to, &dir.join("restored")).unwrap();
    let size = std::fs::metadata(&to).unwrap().len();
    println!("    restore, verified to the last event, in {:.2?} for {} MiB", start.elapsed(), size >> 20);
}

fn history(dir: &Path, count: u64) {
    println!("(e) one server's history among {count} events");
    fill(dir, count);
    let store = Store::open(dir, &site()).unwrap();
    let reader = store.reader().unwrap();
    let mut millis: Vec<f64> = (0..SERVERS)
        .map(|n| {
            let start = Instant::now();
            assert_eq!(reader.history(&unit(n), None, 256).unwrap().len(), 256);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    millis.sort_by(f64::total_cmp);
    let p95 = millis[millis.len() * 95 / 100];
    println!(
        "    last 256 of each of {SERVERS} servers: p50 {:.3} ms, p95 {p95:.3} ms (goal <= 5 ms)",
        millis[millis.len() / 2]
    );
    for text in ["planned one", "leaf-77 ", "CZJ01999", "CZJ00001501", "no such text at all"] {
        let filter = JournalFilter { text: Some(text.into()), ..JournalFilter::default() };
        let times = (0..9).map(|_| {
            let start = Instant::now();
            let found = reader.page(&filter, None, 50).unwrap().len();
            (start.elapsed().as_secs_f64() * 1e3, found)
        });
        let (times, found): (Vec<f64>, Vec<usize>) = times.unzip();
        println!("    newest 50 with {text:?}: {} found, median {:.2} ms (goal <= 50 ms)", found[0], median(times));
    }
    let export = dir.join("export.jsonl");
    let mut out = std::io::BufWriter::new(File::create(&export).unwrap());
    store
        .replay(0, &mut |e| {
            serde_json::to_writer(&mut out, &e).unwrap();
            out.write_all(b"\n").unwrap();
        })
        .unwrap();
    out.flush().unwrap();
    println!("    export: {} MiB", std::fs::metadata(&export).unwrap().len() >> 20);
    let subject = unit(77).to_string();
    peer("jq", &["-c", &format!("select(.subject == \"{subject}\")")], &export, p95);
    peer("grep", &["-F", &subject], &export, p95);
}

fn peer(program: &str, arguments: &[&str], export: &Path, p95: f64) {
    let start = Instant::now();
    match Command::new(program).args(arguments).arg(export).env("LC_ALL", "C").output() {
        Ok(out) => {
            let (millis, lines) = (start.elapsed().as_secs_f64() * 1e3, out.stdout.split(|b| *b == b'\n').count() - 1);
            println!("    {program}: {lines} lines in {millis:.0} ms, {:.0}x our p95", millis / p95);
        }
        Err(_) => println!("    {program}: peer not installed"),
    }
}

fn main() {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = base.join(format!("journal-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let size = |name, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    commits(&dir);
    replay(&dir.join("replay"), size("RACKHAND_BENCH_REPLAY", 1_000_000));
    history(&dir.join("history"), size("RACKHAND_BENCH_HISTORY", 2_000_000));
    std::fs::remove_dir_all(&dir).unwrap();
}
