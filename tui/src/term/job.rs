//! Job control: stops the console's process group, as a shell's Ctrl-Z does, until it is continued.

use std::io;

use rustix::process::{Signal, getpgrp, getppid, getsid, kill_process_group};

/// Whether there is a shell that could continue us: the parent is of our session.
pub fn can_stop() -> bool {
    match (getppid(), getsid(None)) {
        (Some(parent), Ok(ours)) => getsid(Some(parent)).is_ok_and(|theirs| theirs == ours),
        _ => false,
    }
}

/// Stops; returns when continued. The whole group stops, so that a script around us, and our ssh, do too.
pub fn stop() -> io::Result<()> {
    Ok(kill_process_group(getpgrp(), Signal::STOP)?)
}
