//! Lives simulated lives and prints what they showed. `life --lives 1000`, `life --minutes 5`, `life --seed 7`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rackhand_lab::life::{Plan, live};

struct Wish {
    lives: u64,
    minutes: Option<u64>,
    first: u64,
    servers: usize,
    verbose: bool,
}

#[allow(clippy::print_stdout, clippy::print_stderr)] // a program whose output is its purpose
fn main() -> ExitCode {
    let wish = match wish() {
        Ok(wish) => wish,
        Err(what) => {
            eprintln!("{what}\nusage: life [--lives N] [--minutes M] [--seed FIRST] [--servers N] [--verbose]");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let (next, lived) = (AtomicU64::new(0), AtomicU64::new(0));
    let sums: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let bad: Mutex<Vec<String>> = Mutex::default();
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
                    let seed = wish.first + n;
                    let plan = Plan { servers: wish.servers, ..Plan::standard(seed) };
                    let outcome = live(plan);
                    // Every tenth life is lived twice: the same seed must leave the same trace.
                    let again = (n % 10 == 0).then(|| live(plan));
                    lived.fetch_add(1, Ordering::Relaxed);
                    let mut wrong = Vec::new();
                    match &outcome {
                        Err(what) => wrong.push(what.clone()),
                        Ok(o) => {
                            wrong.extend(o.violations.iter().cloned());
                            let mut sums = sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            *sums.entry("staged").or_default() += o.staged as u64;
                            *sums.entry("explained").or_default() += o.explained.len() as u64;
                            *sums.entry("events").or_default() += o.events;
                            for (fault, count) in &o.faults {
                                *sums.entry(fault).or_default() += u64::from(*count);
                            }
                            if wish.verbose {
                                println!("seed {seed}: {o:#?}");
                            }
                        }
                    }
                    if again.is_some_and(|again| again != outcome) {
                        wrong.push("a second life from the same seed went otherwise".to_owned());
                    }
                    if !wrong.is_empty() {
                        let mut bad = bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        bad.push(format!("seed {seed}: {}", wrong.join("; ")));
                    }
                }
            });
        }
    });
    let lived = lived.load(Ordering::Relaxed);
    println!("{lived} lives of {} servers in {} s, seeds from {}", wish.servers, began.elapsed().as_secs(), wish.first);
    for (what, count) in sums.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
        println!("  {what:<24}{count:>10}");
    }
    let bad = bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("  {:<24}{:>10}", "lives with violations", bad.len());
    for line in bad.iter().take(20) {
        println!("  {line}");
    }
    if bad.is_empty() && lived > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wish() -> Result<Wish, String> {
    let mut wish = Wish { lives: 1_000, minutes: None, first: 1, servers: 100, verbose: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse::<u64>().ok()).ok_or(format!("{arg} takes a number"));
        match arg.as_str() {
            "--lives" => wish.lives = number()?,
            "--minutes" => (wish.minutes, wish.lives) = (Some(number()?), u64::MAX),
            "--seed" => (wish.first, wish.lives) = (number()?, 1),
            "--servers" => wish.servers = number()? as usize,
            "--verbose" => wish.verbose = true,
            _ => return Err(format!("{arg} is not known")),
        }
    }
    Ok(wish)
}
