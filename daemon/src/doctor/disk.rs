//! The disk of the data directory: what is free, and how long it takes to keep something.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rackhand_rpc::doctor::Check;

/// Below this, the journal may soon take nothing.
const LITTLE: u64 = 256 << 20;
/// Below this, somebody should look.
const SCARCE: u64 = 4 << 30;
/// Syncs of the probe.
const SYNCS: usize = 20;
/// The probe ends after so long, with as many syncs as there were.
const PROBE: Duration = Duration::from_secs(4);
/// A disk that takes longer holds every change up. 250 ms is what a burst of 200 servers may take.
const SLOW: Duration = Duration::from_millis(50);

/// Free space and the time of a sync.
pub(super) fn check(dir: &Path) -> Vec<Check> {
    // A directory that is not there yet will be on its parent's disk.
    let Some(there) = dir.ancestors().find(|d| d.is_dir()) else {
        return vec![Check::not_checked("disk", format!("{}: nothing of it is there", dir.display()))];
    };
    let space = match rustix::fs::statvfs(there) {
        Ok(disk) => room(disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_favail, disk.f_files),
        Err(e) => Check::not_checked("free space", format!("{}: {e}", there.display())),
    };
    if there != dir {
        return vec![space, Check::not_checked("disk sync", "the data directory is not there yet")];
    }
    vec![space, latency(probe(dir))]
}

fn room(free: u64, inodes: u64, of_inodes: u64) -> Check {
    let (name, found) = ("free space", format!("{} free", megabytes(free)));
    let advice = "make room on the disk of data_dir; a full disk stops all intake, and nothing is lost";
    if free < LITTLE {
        Check::wrong(name, found, advice)
    } else if of_inodes > 0 && inodes < 64 {
        Check::wrong(name, format!("{found}, but room for {inodes} files"), advice)
    } else if free < SCARCE {
        Check::warning(name, found, advice)
    } else {
        Check::ok(name, found)
    }
}

fn megabytes(bytes: u64) -> String {
    if bytes >= 10 << 30 { format!("{} GiB", bytes >> 30) } else { format!("{} MiB", bytes >> 20) }
}

/// The probe's file; removed whatever happens.
struct Probe(PathBuf);

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How long each of some small writes took to be on the disk.
fn probe(dir: &Path) -> std::io::Result<Vec<Duration>> {
    let path = dir.join(format!("doctor-{}.probe", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    let _removed = Probe(path);
    let (began, mut took) = (Instant::now(), Vec::with_capacity(SYNCS));
    while took.len() < SYNCS && began.elapsed() < PROBE {
        let since = Instant::now();
        file.write_all(&[0xA5; 4_096])?;
        file.sync_data()?;
        took.push(since.elapsed());
    }
    Ok(took)
}

fn latency(took: std::io::Result<Vec<Duration>>) -> Check {
    let name = "disk sync";
    let mut took = match took {
        Ok(took) => took,
        Err(e) if e.kind() == ErrorKind::StorageFull => return Check::wrong(name, e.to_string(), "make room"),
        Err(e) => return Check::not_checked(name, format!("no probe could be written: {e}")),
    };
    took.sort();
    let (Some(median), Some(worst)) = (took.get(took.len() / 2), took.last()) else {
        return Check::not_checked(name, "no sync came back");
    };
    let ms = |d: &Duration| format!("{:.1} ms", d.as_secs_f64() * 1_000.0);
    let found = format!("{} syncs of 4 KiB: median {}, longest {}", took.len(), ms(median), ms(worst));
    if *median > SLOW {
        return Check::warning(name, found, "put data_dir on a faster disk: every change waits for one sync");
    }
    Check::ok(name, found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn room_is_judged_by_what_is_free() {
        let state = |free, inodes| room(free, inodes, 1_000_000).state;
        assert_eq!(state(100 << 20, 100_000), State::Wrong);
        assert_eq!(state(1 << 30, 100_000), State::Warning);
        assert_eq!(state(100 << 30, 100_000), State::Ok);
        assert_eq!(state(100 << 30, 3), State::Wrong);
        assert_eq!(room(100 << 30, 0, 0).state, State::Ok, "a file system without a count of files");
    }

    #[test]
    fn the_probe_leaves_nothing_behind_and_a_slow_disk_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(probe(dir.path()).unwrap().len(), SYNCS);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let ms = |n| Duration::from_millis(n);
        let told = latency(Ok(vec![ms(1), ms(90), ms(2), ms(900), ms(80)]));
        assert_eq!(told.state, State::Warning);
        assert_eq!(told.found.as_str(), "5 syncs of 4 KiB: median 80.0 ms, longest 900.0 ms");
        assert_eq!(latency(Ok(vec![ms(1), ms(2), ms(900)])).state, State::Ok, "one slow sync is no slow disk");
        assert_eq!(latency(probe(&dir.path().join("missing"))).state, State::NotChecked);
    }
}
