//! Clocks, counters and places to measure with.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

/// What may go wrong in a measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// A measurement's result.
pub type Measured<T> = Result<T, Failure>;

/// Bytes of the probe's file and of one write into it.
const PROBE: (u64, usize) = (16 << 20, 4_096);

/// Microseconds since the Unix epoch: the one clock all processes of a run share.
pub fn micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}

fn cpu(of: ClockId) -> Duration {
    let t = clock_gettime(of);
    Duration::new(t.tv_sec.unsigned_abs(), t.tv_nsec.unsigned_abs() as u32)
}

/// CPU time this process has used.
pub fn process_cpu() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

/// CPU time this thread has used.
pub fn thread_cpu() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

/// Milliseconds.
pub fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// The value below which this share of them lies; NaN of none.
pub fn quantile(of: &[f64], share: f64) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// The middle one.
pub fn median(of: &[f64]) -> f64 {
    quantile(of, 0.5)
}

/// Operations a second of `act` for `span`; `act` says how many it made.
pub fn rate(span: Duration, mut act: impl FnMut() -> Measured<u64>) -> Measured<f64> {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < span {
        count += act()?;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Resident memory of a process, in MiB.
pub fn resident(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1_024.0)
}

/// Whether a program is installed.
pub fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|dir| dir.join(program).is_file())
}

/// Where a run keeps its files: on the disk that is to be measured, gone when it is dropped.
pub struct Place(TempDir);

impl Place {
    /// In `RACKHAND_BENCH_DIR`, else in the system's directory for temporary files.
    pub fn new() -> io::Result<Self> {
        let base = std::env::var_os("RACKHAND_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        tempfile::Builder::new().prefix("rackhand-bench-").tempdir_in(base).map(Self)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file or directory in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// What the disk itself does: one write of 4 KiB into a file of fixed length, then `fdatasync`.
pub struct Probe {
    file: File,
    place: u64,
}

impl Probe {
    /// A probe in this directory.
    pub fn new(dir: &Path) -> io::Result<Self> {
        let file = File::create(dir.join("probe"))?;
        file.write_all_at(&vec![0; PROBE.0 as usize], 0)?;
        file.sync_all()?;
        Ok(Self { file, place: 0 })
    }

    /// One write and its sync.
    pub fn sync(&mut self) -> io::Result<Duration> {
        let start = Instant::now();
        self.file.write_all_at(&[7; PROBE.1], self.place)?;
        self.file.sync_data()?;
        self.place = (self.place + PROBE.1 as u64) % PROBE.0;
        Ok(start.elapsed())
    }
}
