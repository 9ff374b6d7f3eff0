//! Running the tools: by argument vector, in process groups of their own, with a time limit and bounded output.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::trouble::{About, Tried, Trouble};

/// Bytes kept of each output; the rest is read and dropped.
const MOST_OUTPUT: u64 = 8 << 20;
/// How often a running tool is looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// After a kill: a process that hangs in the kernel does not end, and is left behind.
const GRACE: Duration = Duration::from_secs(5);

/// Starts tools, and ends all that still run.
#[derive(Clone, Default)]
pub struct Runner(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stopped: bool,
    running: BTreeMap<u32, String>,
}

/// A tool that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Finished {
    /// Its output where it ended well.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn good(self, program: &str) -> Tried<String> {
        if self.status.success() {
            return Ok(self.out);
        }
        let said = self.err.lines().next().unwrap_or_default();
        Err(Trouble(format!("{program} ended with {}: {said}", self.status)))
    }
}

impl Runner {
    /// Runs a program to its end. `label` is what a report calls it where it hangs.
    ///
    /// # Errors
    /// It cannot be started, or did not end in time and was killed.
    pub fn run(&self, label: &str, program: &str, arguments: &[&str], limit: Duration) -> Tried<Finished> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.start(label, &mut command)?;
        let (out, err) = (gather(child.stdout.take()), gather(child.stderr.take()));
        let ended = wait(&mut child, limit);
        if ended.is_none() {
            kill(child.id());
            wait(&mut child, GRACE);
        }
        lock(&self.0).running.remove(&child.id());
        let status = ended.ok_or_else(|| Trouble(format!("{label} did not end within {} s", limit.as_secs())))?;
        let text = |from: mpsc::Receiver<Vec<u8>>| {
            String::from_utf8_lossy(&from.recv_timeout(GRACE).unwrap_or_default()).into_owned()
        };
        Ok(Finished { status, out: text(out), err: text(err) })
    }

    /// Starts a program that goes on until [`Runner::stop`], or until it is reaped by its owner.
    ///
    /// # Errors
    /// It cannot be started, or everything was told to stop.
    pub fn start(&self, label: &str, command: &mut Command) -> Tried<Child> {
        // Under the lock: nothing is started once all was told to stop.
        let mut state = lock(&self.0);
        if state.stopped {
            return Err(Trouble::new("stopped"));
        }
        let program = command.get_program().to_string_lossy().into_owned();
        // A clean environment: the tools' output must not follow a locale, nor a kernel option become a variable.
        command.env_clear().env("PATH", PATH).env("LC_ALL", "C").process_group(0);
        let child = command.spawn().about(program)?;
        state.running.insert(child.id(), label.to_owned());
        Ok(child)
    }

    /// Kills everything that runs, and lets nothing start any more. Gives what ran.
    pub fn stop(&self) -> Vec<String> {
        let mut state = lock(&self.0);
        state.stopped = true;
        let running = std::mem::take(&mut state.running);
        running.keys().copied().for_each(kill);
        running.into_values().collect()
    }
}

/// Where the image's programs are.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

fn kill(id: u32) {
    if let Some(group) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // It may be gone already.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(GLANCE),
            _ => return None,
        }
    }
}

fn gather(from: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (told, gathered) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut from) = from {
            // A pipe that breaks is one that ends.
            let _ = from.by_ref().take(MOST_OUTPUT).read_to_end(&mut kept);
            let _ = std::io::copy(&mut from, &mut std::io::sink());
        }
        let _ = told.send(kept);
    });
    gathered
}

/// The lock, whoever panicked with it in hand: what is behind our locks is whole after each statement.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_hangs_is_killed_with_its_children_and_named() {
        let runner = Runner::default();
        let begun = Instant::now();
        let hung = runner.run("napping", "sh", &["-c", "sleep 100 & sleep 100"], Duration::from_millis(100));
        assert_eq!(hung.unwrap_err().to_string(), "napping did not end within 0 s");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn after_a_stop_nothing_starts() {
        let runner = Runner::default();
        let mut nap = runner.start("nap", Command::new("sleep").arg("100")).unwrap();
        assert_eq!(runner.stop(), ["nap"]);
        assert!(!nap.wait().unwrap().success());
        assert!(runner.run("late", "true", &[], GRACE).is_err());
    }

    #[test]
    fn output_and_status_come_back() {
        let done = Runner::default().run("echo", "sh", &["-c", "echo a; echo b >&2; exit 3"], GRACE).unwrap();
        assert_eq!((done.out.as_str(), done.err.as_str(), done.status.code()), ("a\n", "b\n", Some(3)));
        assert_eq!(done.good("sh").unwrap_err().to_string(), "sh ended with exit status: 3: b");
    }
}
