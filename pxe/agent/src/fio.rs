//! fio: what is measured on a disk, how it is called, what it prints.

use serde_json::Value;

use crate::catalogue::Bench;
use crate::trouble::{About, Tried, Trouble};
use crate::words::Measured;

/// One run of fio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// 1 MiB after the other, all of the disk within the time.
    ReadSequential,
    /// 4 KiB anywhere.
    ReadRandom,
    /// 1 MiB after the other, then read back and compared.
    WriteSequential,
    /// 4 KiB anywhere within the span.
    WriteRandom,
    /// Zeros over the span, so that the disk is blank again.
    Clear,
}

impl Job {
    /// On a disk that must not be written.
    pub const READS: [Self; 2] = [Self::ReadSequential, Self::ReadRandom];
    /// On a blank disk. What was written is cleared; the reads come last.
    pub const ALL: [Self; 5] =
        [Self::WriteSequential, Self::WriteRandom, Self::Clear, Self::ReadSequential, Self::ReadRandom];

    /// Whether it writes.
    pub const fn writes(self) -> bool {
        matches!(self, Self::WriteSequential | Self::WriteRandom | Self::Clear)
    }

    /// What reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadSequential => "sequential read",
            Self::ReadRandom => "random read",
            Self::WriteSequential => "sequential write",
            Self::WriteRandom => "random write",
            Self::Clear => "clearing",
        }
    }

    /// fio's arguments. `bytes` is the disk's size. A job that only reads tells fio so.
    pub fn arguments(self, device: &str, bytes: u64, bench: &Bench) -> Vec<String> {
        let span = (bench.span_mib << 20).min(bytes) >> 20 << 20;
        let span = if span == 0 { bytes } else { span };
        let (rw, block, depth, size) = match self {
            Self::ReadSequential => ("read", "1M", 8, bytes),
            Self::ReadRandom => ("randread", "4k", 32, bytes),
            Self::WriteSequential | Self::Clear => ("write", "1M", 8, span),
            Self::WriteRandom => ("randwrite", "4k", 32, span),
        };
        let mut all = vec![
            "--output-format=json".to_owned(),
            "--name=rackhand".to_owned(),
            format!("--filename={device}"),
            format!("--rw={rw}"),
            format!("--bs={block}"),
            format!("--iodepth={depth}"),
            format!("--size={size}"),
            "--ioengine=libaio".to_owned(),
            "--direct=1".to_owned(),
            "--allow_mounted_write=0".to_owned(),
            // Incompressible, or a controller that compresses is measured in place of its disks.
            "--refill_buffers=1".to_owned(),
        ];
        let timed = |all: &mut Vec<String>| all.push(format!("--runtime={}", bench.seconds));
        match self {
            Self::ReadSequential | Self::ReadRandom => {
                all.push("--readonly".to_owned());
                timed(&mut all);
            }
            Self::WriteSequential => {
                all.extend(["--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0"].map(str::to_owned));
            }
            Self::WriteRandom => {
                timed(&mut all);
                all.push("--randrepeat=1".to_owned());
            }
            Self::Clear => {
                all.retain(|a| a != "--refill_buffers=1");
                all.extend(["--zero_buffers=1", "--end_fsync=1"].map(str::to_owned));
            }
        }
        all
    }

    /// Its result held against the limit; clearing has none.
    pub fn measured(self, label: &str, run: &Run, bench: &Bench) -> Option<Measured> {
        let name = format!("{label} {}", self.name());
        let rate = |side: Side| Some(side.bytes_per_second / 1_000_000);
        Some(match self {
            Self::ReadSequential => Measured::at_least(name, rate(run.read), bench.read_mb_s, " MB/s"),
            Self::WriteSequential => Measured::at_least(name, rate(run.write), bench.write_mb_s, " MB/s"),
            Self::ReadRandom => Measured::at_least(name, Some(run.read.iops), bench.read_iops, " IOPS"),
            Self::WriteRandom => Measured::at_least(name, Some(run.write.iops), bench.write_iops, " IOPS"),
            Self::Clear => return None,
        })
    }
}

/// One direction of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Bytes a second.
    pub bytes_per_second: u64,
    /// Requests a second.
    pub iops: u64,
}

/// What a run measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Reading.
    pub read: Side,
    /// Writing.
    pub write: Side,
}

/// Reads fio's JSON.
///
/// # Errors
/// It is none, it holds no job, or the job met an error.
pub fn parse(text: &str) -> Tried<Run> {
    // Warnings may stand before it.
    let begin = text.find('{').ok_or_else(|| Trouble::new("fio printed no result"))?;
    let all: Value = serde_json::Deserializer::from_str(&text[begin..])
        .into_iter()
        .next()
        .unwrap_or(Ok(Value::Null))
        .about("fio")?;
    let job = &all["jobs"][0];
    match job["error"].as_u64() {
        Some(0) => {}
        Some(error) => {
            return Err(Trouble(format!("fio met error {error}: {}", std::io::Error::from_raw_os_error(error as i32))));
        }
        None => return Err(Trouble::new("fio printed no result")),
    }
    let side = |name: &str| {
        let (bytes_per_second, iops) = (job[name]["bw_bytes"].as_u64(), job[name]["iops"].as_f64());
        Side { bytes_per_second: bytes_per_second.unwrap_or_default(), iops: iops.unwrap_or_default().round() as u64 }
    };
    Ok(Run { read: side("read"), write: side("write") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, SHIPPED};
    use crate::disk::Kind;

    fn bench() -> Bench {
        Catalogue::of(SHIPPED, "").unwrap().bench(Kind::Hdd)
    }

    #[test]
    fn a_job_that_reads_cannot_write() {
        for job in Job::READS {
            assert!(!job.writes());
            let line = job.arguments("/dev/sda", 1 << 40, &bench());
            assert!(line.contains(&"--readonly".to_owned()), "{job:?}");
            assert!(!line.iter().any(|a| a.contains("write") && a != "--allow_mounted_write=0"), "{line:?}");
        }
    }

    #[test]
    fn what_was_written_is_cleared_to_the_same_end() {
        let size =
            |job: Job, bytes| job.arguments("/dev/sda", bytes, &bench()).into_iter().find(|a| a.starts_with("--size"));
        for bytes in [100 << 20, 1 << 40, (64 << 20) + 512] {
            assert_eq!(size(Job::WriteSequential, bytes), size(Job::Clear, bytes));
            assert_eq!(size(Job::WriteRandom, bytes), size(Job::Clear, bytes));
        }
        assert_eq!(size(Job::Clear, 1 << 40).as_deref(), Some("--size=2147483648"));
        let order: Vec<bool> = Job::ALL.iter().map(|j| *j == Job::Clear).collect();
        assert_eq!(order, [false, false, true, false, false], "nothing writes after the clearing");
        assert!(Job::ALL[3..].iter().all(|j| !j.writes()));
    }

    #[test]
    fn a_result_is_held_against_its_limit() {
        let text = r#"fio: a warning
            {"jobs":[{"error":0,"read":{"bw_bytes":59999999,"iops":57.2},"write":{"bw_bytes":0,"iops":0}}]}
            "#;
        let run = parse(text).unwrap();
        assert_eq!(run.read, Side { bytes_per_second: 59_999_999, iops: 57 });
        let slow = Job::ReadSequential.measured("sda", &run, &bench()).unwrap();
        assert_eq!((slow.measurement.value.as_str(), slow.within), ("59 MB/s", false));
        assert!(Job::ReadRandom.measured("sda", &run, &bench()).unwrap().within);
    }

    #[test]
    fn an_error_of_the_disk_is_no_result() {
        let failed = parse(r#"{"jobs":[{"error":5,"read":{"bw_bytes":1,"iops":1}}]}"#).unwrap_err();
        assert!(failed.to_string().contains("error 5"), "{failed}");
        assert!(parse("").is_err() && parse("{}").is_err() && parse("{").is_err());
    }
}
