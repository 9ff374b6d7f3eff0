//! `02-memory`: memtester on every node at once, and what the memory controllers saw meanwhile.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::Context;
use crate::memory::{self, Part, controllers, judge, nodes, plan};
use crate::words::Measured;

/// Longer than any step: the step's own limit comes first.
const LIMIT: Duration = Duration::from_secs(86_400);
/// Findings told by name.
const MOST_TOLD: usize = 8;

/// The step.
pub fn run(context: &Context) {
    let sys = Path::new("/sys");
    let limits = context.catalogue.memory;
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let processors = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let parts = plan(&nodes(sys, &meminfo, processors), &limits, context.options.memory_mib);
    if parts.is_empty() {
        return context.wrong("no memory is free to be tested");
    }
    let before = controllers(sys);
    let testers: Vec<_> = parts
        .iter()
        .map(|part| {
            let (context, part) = (context.clone(), part.clone());
            thread::spawn(move || test(&context, &part))
        })
        .collect();
    let (mut findings, mut tested) = (Vec::new(), 0);
    for (tester, part) in testers.into_iter().zip(&parts) {
        match tester.join().unwrap_or_else(|_| Err("the agent broke off".to_owned())) {
            Ok(found) => {
                tested += part.mib;
                findings.extend(found);
            }
            Err(why) => context.wrong(why),
        }
    }
    let total = memory::kib(&meminfo, "MemTotal:").map(|kib| kib >> 10);
    let of = total.map_or_else(|| "unknown".to_owned(), |mib| mib.to_string());
    context.measure(Measured::of("tested", format!("{tested} MiB of {of} MiB")));
    context.measure(Measured::of("testers", parts.len().to_string()));
    context.measure(Measured::at_most("errors", Some(findings.len() as u64), 0, ""));
    findings.into_iter().take(MOST_TOLD).for_each(|f| context.wrong(f));
    match (before, controllers(sys)) {
        (Some((c0, u0)), Some((c1, u1))) => {
            let since = |before: u64, now: u64| Some(now.saturating_sub(before));
            context.measure(Measured::at_most("corrected errors", since(c0, c1), limits.corrected_errors, ""));
            context.measure(Measured::at_most("uncorrected errors", since(u0, u1), 0, ""));
        }
        _ => context.measure(Measured::known("corrected errors", None::<String>)),
    }
}

fn test(context: &Context, part: &Part) -> Result<Vec<String>, String> {
    let (size, loops) = (format!("{}M", part.mib), context.catalogue.memory.loops.to_string());
    let label = part.node.map_or_else(|| "memtester".to_owned(), |n| format!("memtester on node {n}"));
    let done = match part.node {
        None => context.runner.run(&label, "memtester", &[&size, &loops], LIMIT),
        Some(node) => {
            let (cpus, memory) = (format!("--cpunodebind={node}"), format!("--membind={node}"));
            let line = [cpus.as_str(), memory.as_str(), "memtester", size.as_str(), loops.as_str()];
            context.runner.run(&label, "numactl", &line, LIMIT)
        }
    };
    let done = done.map_err(|e| e.to_string())?;
    judge(done.status.code(), &format!("{}\n{}", done.out, done.err)).map_err(|e| format!("{label}: {e}"))
}
