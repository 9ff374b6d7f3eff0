//! Lives simulated lives and prints what they showed. `life --lives 1000`, `life --minutes 5`, `life --seed 7`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rackhand_lab::life::{Outcome, Plan, live};

/// Lives with something wrong that are printed.
const SHOWN: usize = 20;

struct Wish {
    lives: u64,
    minutes: Option<u64>,
    first: u64,
    servers: Option<usize>,
    verbose: bool,
    /// The directory that each life's journal is written into, an event a line.
    journals: Option<std::path::PathBuf>,
}

/// What all lives together showed.
#[derive(Default)]
struct Sum {
    lived: u64,
    events: u64,
    due: u64,
    staged: u64,
    /// Virtual hours.
    hours: u64,
    faults: BTreeMap<&'static str, u64>,
    did: BTreeMap<&'static str, u64>,
    bad: Vec<(u64, String)>,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.events += outcome.events;
        self.due += outcome.due as u64;
        self.staged += outcome.staged as u64;
        self.hours += outcome.settled_after / 3_600;
        for (sums, counts) in [(&mut self.faults, &outcome.faults), (&mut self.did, &outcome.did)] {
            for (what, count) in counts {
                *sums.entry(what).or_default() += u64::from(*count);
            }
        }
    }
}

fn lock(sum: &Mutex<Sum>) -> MutexGuard<'_, Sum> {
    sum.lock().unwrap_or_else(PoisonError::into_inner)
}

#[allow(clippy::print_stdout, clippy::print_stderr)] // a program whose output is its purpose
fn main() -> ExitCode {
    let wish = match wish() {
        Ok(wish) => wish,
        Err(what) => {
            eprintln!(
                "{what}\nusage: life [--lives N] [--minutes M] [--seed ONE | --from FIRST] [--servers N] [--verbose] \
                 [--journals DIR]"
            );
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let sum: Mutex<Sum> = Mutex::default();
    let lanes = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let late = wish.minutes.is_some_and(|m| began.elapsed() > Duration::from_secs(60 * m));
                    if n >= wish.lives || late {
                        return;
                    }
                    one(n, &wish, &sum);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (lived, took) = (sum.lived, began.elapsed());
    let last = wish.first + lived.saturating_sub(1);
    println!("{lived} lives, seeds {} to {last}, in {} s on {lanes} threads", wish.first, took.as_secs());
    let share = if sum.due == 0 { 0.0 } else { 100.0 * sum.staged as f64 / sum.due as f64 };
    println!("  {} events, {} virtual hours", sum.events, sum.hours);
    println!("  {} of {} servers staged that nobody kept from it: {share:.1} %", sum.staged, sum.due);
    for (title, counts) in [("people", &sum.did), ("faults", &sum.faults)] {
        println!("{title}");
        for (what, count) in counts {
            println!("  {what:<28}{count:>10}");
        }
    }
    println!("{} lives with violations", sum.bad.len());
    for (seed, line) in sum.bad.iter().take(SHOWN) {
        let servers = wish.servers.map_or_else(String::new, |n| format!(" --servers {n}"));
        println!("  seed {seed}: {line}\n    again: life --seed {seed}{servers} --verbose");
    }
    if sum.bad.is_empty() && lived > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Lives one life. Every tenth is lived twice: the same seed must leave the same trace.
#[allow(clippy::print_stdout)] // a program whose output is its purpose
fn one(n: u64, wish: &Wish, sum: &Mutex<Sum>) {
    let seed = wish.first + n;
    let standard = Plan::standard(seed);
    let servers = wish.servers.unwrap_or(standard.servers);
    let plan = Plan { servers, story: wish.verbose, journal: wish.journals.is_some(), ..standard };
    let outcome = live(plan);
    let again = n.is_multiple_of(10).then(|| live(plan));
    let mut wrong = Vec::new();
    match &outcome {
        Err(what) => wrong.push(what.clone()),
        Ok(outcome) => {
            wrong.extend(outcome.violations.iter().cloned());
            if let Some(directory) = &wish.journals {
                let text = outcome.journal.join("\n") + "\n";
                let written = std::fs::write(directory.join(format!("{seed}.jsonl")), text);
                wrong.extend(written.err().map(|e| format!("its journal is not written: {e}")));
            }
            lock(sum).add(outcome);
            if wish.verbose {
                println!("seed {seed}: {outcome:#?}");
            }
        }
    }
    if again.is_some_and(|again| again != outcome) {
        wrong.push("a second life from the same seed went otherwise".to_owned());
    }
    let mut sum = lock(sum);
    sum.lived += 1;
    if !wrong.is_empty() {
        sum.bad.push((seed, wrong.join("; ")));
    }
}

fn wish() -> Result<Wish, String> {
    let mut wish = Wish { lives: 1_000, minutes: None, first: 1, servers: None, verbose: false, journals: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--journals" {
            wish.journals = Some(args.next().ok_or("--journals takes a directory")?.into());
            continue;
        }
        let mut number = || args.next().and_then(|n| n.parse::<u64>().ok()).ok_or(format!("{arg} takes a number"));
        match arg.as_str() {
            "--lives" => wish.lives = number()?,
            "--minutes" => (wish.minutes, wish.lives) = (Some(number()?), u64::MAX),
            "--seed" => (wish.first, wish.lives) = (number()?, 1),
            "--from" => wish.first = number()?,
            "--servers" => wish.servers = Some(number()? as usize),
            "--verbose" => wish.verbose = true,
            _ => return Err(format!("{arg} is not known")),
        }
    }
    Ok(wish)
}
