//! Job control: stops the console's process group, as a shell's Ctrl-Z does, until it is continued.

use std::io;

use rustix::process::{Signal, getpgrp, getppid, kill_process_group};

/// Whether there is a shell that could continue us: the parent is of our session.
pub fn can_stop() -> bool {
    let ours = session("self");
    ours.is_some() && getppid().is_some_and(|parent| session(&parent.to_string()) == ours)
}

/// The session of a process by `/proc/PID/stat` (proc(5), field 6). It is read there because 0 stands for a session
/// outside of our PID namespace, as in a container entered from its host, and no `Pid` can hold that.
fn session(process: &str) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, field 2, is in brackets and may hold anything, brackets too.
    stat.rsplit_once(')')?.1.split_whitespace().nth(3)?.parse().ok()
}

/// Stops; returns when continued. The whole group stops, so that a script around us, and our ssh, do too.
pub fn stop() -> io::Result<()> {
    Ok(kill_process_group(getpgrp(), Signal::STOP)?)
}
