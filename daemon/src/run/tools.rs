//! What is done to a journal without a daemon: verify, backup, restore.

use std::fmt;
use std::io::Write;
use std::path::Path;

use super::Stop;
use crate::journal::{self, JournalError, Reader};

fn failed(error: JournalError) -> Stop {
    Stop::failed(error.to_string())
}

/// A line for the person who asked.
pub(super) fn say(line: fmt::Arguments<'_>) -> Result<(), Stop> {
    writeln!(std::io::stdout(), "{line}").map_err(|e| Stop::failed(format!("standard output takes nothing: {e}")))
}

fn reader(dir: &Path) -> Result<Reader, Stop> {
    if !dir.join("journal.db").is_file() {
        return Err(Stop::failed(format!(
            "there is no journal in {}; name the daemon's data directory",
            dir.display()
        )));
    }
    Ok(Reader::new(dir))
}

pub(super) fn verify(dir: &Path) -> Result<(), Stop> {
    let found = reader(dir)?.verify().map_err(failed)?;
    for sentence in &found.beside {
        say(format_args!("note: {sentence}"))?;
    }
    say(format_args!("sound: {} events, head {}, {} checkpoints", found.events, found.head, found.checkpoints))
}

pub(super) fn backup(dir: &Path, to: &Path) -> Result<(), Stop> {
    let copied = reader(dir)?.backup(to).map_err(failed)?;
    say(format_args!("{}: {} events, head {}, checksum beside it", to.display(), copied.events, copied.head))
}

pub(super) fn restore(from: &Path, dir: &Path) -> Result<(), Stop> {
    let done = journal::restore(from, dir).map_err(failed)?;
    say(format_args!("restored: {} events, head {}", done.verified.events, done.verified.head))?;
    match done.aside {
        Some(aside) => say(format_args!("the journal that was there is in {}", aside.display())),
        None => Ok(()),
    }
}
