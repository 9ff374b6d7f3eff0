//! The steps: each in a thread of its own, ended at its time limit, reported as it ends.

pub mod disk;
pub mod init;
pub mod lldp;
pub mod memory;

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::bmc::Lan;
use crate::catalogue::Catalogue;
use crate::command::{Runner, lock};
use crate::disk::Disk;
use crate::dmi::Identity;
use crate::nic;
use crate::options::Options;
use crate::words::{self, Measured, Processor, Step, StepReport, Verdict, bounded, clean};

/// `O_EXCL`: on a block device, the kernel refuses it while the device is mounted or held.
pub const EXCLUSIVE: i32 = rustix::fs::OFlags::EXCL.bits().cast_signed();

/// What the steps have learned of the server.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Who it is.
    pub identity: Identity,
    /// Processors.
    pub processors: Vec<Processor>,
    /// Memory.
    pub memory_bytes: Option<u64>,
    /// Disks, and whether data can be ruled out on them.
    pub drives: Vec<(Disk, Holds)>,
    /// NIC ports, whether they have a link, and the switch port they hear.
    pub nics: Vec<(nic::Port, bool, Option<words::Port>)>,
    /// The BMC.
    pub bmc: Lan,
}

/// What is known of a disk's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Both witnesses found nothing.
    Nothing,
    /// Something was found, or it was not looked at.
    PerhapsData,
}

/// What a step works with.
#[derive(Clone)]
pub struct Context {
    /// What the boot asks for.
    pub options: Arc<Options>,
    /// What is tested.
    pub catalogue: Arc<Catalogue>,
    /// What has been learned so far; kept from step to step.
    pub facts: Arc<Mutex<Facts>>,
    /// Starts this step's programs.
    pub runner: Runner,
    notes: Arc<Mutex<Notes>>,
}

#[derive(Default)]
struct Notes {
    measured: Vec<Measured>,
    wrong: Vec<String>,
    remarks: Vec<String>,
}

impl Context {
    /// A context before the first step.
    pub fn new(options: Arc<Options>, catalogue: Arc<Catalogue>) -> Self {
        let facts = Arc::default();
        Self { options, catalogue, facts, runner: Runner::default(), notes: Arc::default() }
    }

    /// Adds a measurement; one outside its limit fails the step.
    pub fn measure(&self, measured: Measured) {
        lock(&self.notes).measured.push(measured);
    }

    /// Fails the step, and says why.
    pub fn wrong(&self, sentence: impl Into<String>) {
        lock(&self.notes).wrong.push(sentence.into());
    }

    /// Says something that is neither good nor bad.
    pub fn remark(&self, sentence: impl Into<String>) {
        lock(&self.notes).remarks.push(sentence.into());
    }
}

/// Runs one step to its end or to its limit.
pub fn run(step: Step, before: &Context, work: impl FnOnce(&Context) + Send + 'static) -> StepReport {
    let limit = Duration::from_secs(before.catalogue.limit(step));
    let context = Context { runner: Runner::default(), notes: Arc::default(), ..before.clone() };
    let begun = Instant::now();
    let (told, ended) = mpsc::channel();
    let inside = context.clone();
    thread::spawn(move || {
        work(&inside);
        // Nobody listens any more where the limit was reached.
        let _ = told.send(());
    });
    let ended = ended.recv_timeout(limit);
    // Nothing of a step outlives it. A thread that hangs in the kernel is left behind; its notes go nowhere.
    let running = context.runner.stop();
    let notes = std::mem::take(&mut *lock(&context.notes));
    let (verdict, stopped) = match ended {
        Ok(()) if notes.wrong.is_empty() && notes.measured.iter().all(|m| m.within) => (Verdict::Passed, None),
        Ok(()) => (Verdict::Failed, None),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            let what = if running.is_empty() { "the system itself".to_owned() } else { running.join(", ") };
            (Verdict::Stopped, Some(format!("stopped after {} s; what did not end: {what}", limit.as_secs())))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            (Verdict::Stopped, Some("the agent broke off; its console says where".to_owned()))
        }
    };
    let outside = notes.measured.iter().filter(|m| !m.within).map(|m| {
        let m = &m.measurement;
        format!("{} is {}, not {}", m.name, m.value, m.limit.as_deref().unwrap_or_default())
    });
    let said: Vec<String> = stopped.into_iter().chain(notes.wrong).chain(outside).chain(notes.remarks).collect();
    StepReport {
        step,
        verdict,
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        measurements: bounded(notes.measured),
        message: (!said.is_empty()).then(|| clean(&said.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SHIPPED;

    fn context() -> Context {
        let line = "rackhand.url=http://10.0.0.5 rackhand.token=t";
        let quick = SHIPPED.replace("memory = 7200", "memory = 1");
        let catalogue = Catalogue::of(&quick, "").unwrap();
        Context::new(Arc::new(crate::options::parse(line).unwrap()), Arc::new(catalogue))
    }

    #[test]
    fn a_step_that_hangs_is_stopped_with_its_programs_and_says_what_hung() {
        let report = run(Step::Memory, &context(), |c| {
            c.measure(Measured::of("tested", "3 MiB"));
            let _ = c.runner.run("memtester on node 0", "sleep", &["100"], Duration::from_secs(100));
            c.wrong("this comes too late");
        });
        assert_eq!(report.verdict, Verdict::Stopped);
        assert_eq!(report.message.as_deref(), Some("stopped after 1 s; what did not end: memtester on node 0"));
        assert_eq!(report.measurements.len(), 1, "what was measured until then is told");
        assert!(report.took_ms >= 1_000);
    }

    #[test]
    fn a_value_outside_its_limit_fails_the_step_and_is_named() {
        let report = run(Step::Disk, &context(), |c| {
            c.measure(Measured::at_least("sda sequential read", Some(41), 60, " MB/s"));
            c.remark("sdb holds data");
        });
        let said = "sda sequential read is 41 MB/s, not at least 60 MB/s; sdb holds data";
        assert_eq!((report.verdict, report.message.as_deref()), (Verdict::Failed, Some(said)));
    }

    #[test]
    fn a_fault_of_the_agent_says_nothing_of_the_hardware() {
        let report = run(Step::Init, &context(), |_| panic!("planted"));
        assert_eq!(report.verdict, Verdict::Stopped);
    }

    #[test]
    fn a_step_without_a_word_against_it_has_passed() {
        let report = run(Step::Lldp, &context(), |c| c.measure(Measured::of("neighbours", "2")));
        assert_eq!((report.verdict, report.message), (Verdict::Passed, None));
    }
}
