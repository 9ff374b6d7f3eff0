//! memtester: which part of which NUMA node each one tests, and what it prints.

use std::fs;
use std::path::Path;

use crate::catalogue::Memory as Limits;

/// A NUMA node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number; `None` where the kernel knows no nodes.
    pub number: Option<u32>,
    /// Free memory.
    pub free_mib: u64,
    /// Its logical processors.
    pub processors: u64,
}

/// One memtester.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Node.
    pub node: Option<u32>,
    /// How much.
    pub mib: u64,
}

/// All nodes, by sysfs; where it knows none, one by `/proc/meminfo`.
pub fn nodes(sys: &Path, meminfo: &str, processors: u64) -> Vec<Node> {
    let mut found: Vec<Node> = fs::read_dir(sys.join("devices/system/node"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_string_lossy().strip_prefix("node")?.parse().ok()?;
            let free_mib = kib(&fs::read_to_string(entry.path().join("meminfo")).ok()?, "MemFree:")? >> 10;
            let list = fs::read_to_string(entry.path().join("cpulist")).ok()?;
            Some(Node { number: Some(number), free_mib, processors: count(&list) })
        })
        .collect();
    found.sort_by_key(|n| n.number);
    if found.len() < 2 {
        let free_mib = kib(meminfo, "MemFree:").unwrap_or_default() >> 10;
        return vec![Node { number: None, free_mib, processors }];
    }
    found
}

/// A field of meminfo in KiB.
pub fn kib(meminfo: &str, field: &str) -> Option<u64> {
    let line = meminfo.lines().find(|l| l.contains(field))?;
    line.split(field).nth(1)?.split_whitespace().next()?.parse().ok()
}

/// Processors of a list such as `0-15,32-47`.
fn count(list: &str) -> u64 {
    let span = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u64, u64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        Some(to.saturating_sub(from) + 1)
    };
    list.split(',').filter_map(span).sum()
}

/// Who tests what: each node's free memory in as many parts as it has processors. `most_mib` bounds all together.
pub fn plan(nodes: &[Node], limits: &Limits, most_mib: Option<u64>) -> Vec<Part> {
    let usable = |n: &Node| n.free_mib.saturating_sub(limits.reserve_mib) * limits.share_percent.min(100) / 100;
    let total: u64 = nodes.iter().map(usable).sum();
    let most = most_mib.unwrap_or(total).min(total);
    let mut parts = Vec::new();
    for node in nodes {
        let share =
            if total == 0 { 0 } else { (u128::from(usable(node)) * u128::from(most) / u128::from(total)) as u64 };
        if share == 0 {
            continue;
        }
        // A node without processors is tested from another's.
        let testers = node.processors.max(1).min((share / limits.smallest_mib.max(1)).max(1));
        parts.extend((0..testers).map(|_| Part { node: node.number, mib: share / testers }));
    }
    parts
}

/// What memtester found, by its exit status and its output. An empty list is none.
///
/// # Errors
/// It could not test: the memory could not be had, or it ended by a signal.
pub fn judge(status: Option<i32>, output: &str) -> Result<Vec<String>, String> {
    let failures: Vec<String> =
        output.lines().filter_map(|l| l.find("FAILURE").map(|at| crate::words::clean(&l[at..]))).collect();
    match status {
        // Bit 0 is "could not test"; the others are findings (memtester(8)).
        Some(0) if failures.is_empty() => Ok(Vec::new()),
        Some(code) if code & 1 == 1 => Err("memtester could not get or lock its memory".to_owned()),
        Some(code) if failures.is_empty() => Ok(vec![format!("memtester ended with {code}")]),
        Some(_) => Ok(failures),
        None => Err("memtester was killed".to_owned()),
    }
}

/// Errors the memory controllers have counted (EDAC): corrected, uncorrected. `None` where no driver watches them.
pub fn controllers(sys: &Path) -> Option<(u64, u64)> {
    let entries = fs::read_dir(sys.join("devices/system/edac/mc")).ok()?;
    let mut sum: Option<(u64, u64)> = None;
    for entry in entries.flatten() {
        let count = |name: &str| crate::nic::read(&entry.path().join(name)).and_then(|n| n.parse::<u64>().ok());
        if let (Some(corrected), Some(uncorrected)) = (count("ce_count"), count("ue_count")) {
            let (c, u) = sum.unwrap_or_default();
            sum = Some((c + corrected, u + uncorrected));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, SHIPPED};

    fn limits() -> Limits {
        Catalogue::of(SHIPPED, "").unwrap().memory
    }

    fn node(number: u32, free_mib: u64, processors: u64) -> Node {
        Node { number: Some(number), free_mib, processors }
    }

    #[test]
    fn each_node_is_tested_by_its_own_processors_and_nearly_whole() {
        let parts = plan(&[node(0, 257_000, 64), node(1, 250_000, 64)], &limits(), None);
        assert_eq!(parts.len(), 128);
        let tested: u64 = parts.iter().map(|p| p.mib).sum();
        assert!((480_000..507_000).contains(&tested), "{tested}");
        assert!(parts[..64].iter().all(|p| p.node == Some(0)));
    }

    #[test]
    fn a_bound_is_kept_and_a_small_machine_gets_small_parts() {
        let parts = plan(&[node(0, 4_000, 4), node(1, 4_000, 4)], &limits(), Some(32));
        assert_eq!(parts, [Part { node: Some(0), mib: 16 }, Part { node: Some(1), mib: 16 }]);
        assert_eq!(plan(&[node(0, 100, 4)], &limits(), None), []);
        assert_eq!(plan(&[node(0, 700, 1)], &limits(), None), [Part { node: Some(0), mib: 421 }]);
    }

    #[test]
    fn findings_and_what_could_not_be_tested_are_different_things() {
        assert_eq!(judge(Some(0), "Done.\n"), Ok(vec![]));
        let bad =
            "  Stuck Address       : FAILURE: possible bad address line at offset 0x00ab.\nSkipping to next test...\n";
        assert_eq!(judge(Some(2), bad).unwrap(), ["FAILURE: possible bad address line at offset 0x00ab."]);
        assert_eq!(judge(Some(4), "").unwrap(), ["memtester ended with 4"]);
        assert_eq!(judge(Some(0), bad).unwrap().len(), 1);
        assert!(judge(Some(1), "").is_err() && judge(None, "").is_err() && judge(Some(5), bad).is_err());
    }

    #[test]
    fn nodes_and_controllers_are_read_from_sysfs() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(nodes(dir.path(), "MemFree:  2048 kB", 3), [Node { number: None, free_mib: 2, processors: 3 }]);
        assert_eq!(controllers(dir.path()), None);
        for (n, list) in [("node0", "0-15,32-47"), ("node1", "16-31")] {
            let at = dir.path().join("devices/system/node").join(n);
            fs::create_dir_all(&at).unwrap();
            fs::write(at.join("meminfo"), "Node 0 MemTotal: 9999 kB\nNode 0 MemFree:   4194304 kB\n").unwrap();
            fs::write(at.join("cpulist"), list).unwrap();
        }
        assert_eq!(nodes(dir.path(), "", 1), [node(0, 4_096, 32), node(1, 4_096, 16)]);
        let mc = dir.path().join("devices/system/edac/mc/mc0");
        fs::create_dir_all(&mc).unwrap();
        assert_eq!(controllers(dir.path()), None, "a controller that tells nothing is unknown");
        fs::write(mc.join("ce_count"), "3\n").unwrap();
        fs::write(mc.join("ue_count"), "0\n").unwrap();
        assert_eq!(controllers(dir.path()), Some((3, 0)));
    }
}
