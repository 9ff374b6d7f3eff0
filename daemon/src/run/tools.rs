//! What is done to a journal without a daemon: verify, backup, restore, resume.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Moment, decide};
use rackhand_core::id::{Actor, Entropy, Role};
use rackhand_core::policy::Policy;
use rackhand_core::time::Timestamp;

use super::Stop;
use crate::journal::{self, JournalError, Reader, Store};
use crate::rpc::user_name;
use crate::site::fold;

/// A copy's name is this, the time, and the end.
const COPY: &str = "journal-";
const COPY_END: &str = ".db";

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

/// A copy whose name has the time, as one of at most `keep`.
pub(super) fn backup_into(data: &Path, dir: &Path, keep: usize) -> Result<(), Stop> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_secs(now.as_secs().cast_signed()).to_string().replace(['-', ':'], "");
    backup(data, &dir.join(format!("{COPY}{now}{COPY_END}")))?;
    // Only after there is a new one, and nothing whose name is not ours.
    let unlisted = |e| Stop::failed(format!("{} cannot be listed: {e}", dir.display()));
    let mut copies: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).map_err(unlisted)? {
        let path = entry.map_err(unlisted)?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let time = name.strip_prefix(COPY).and_then(|n| n.strip_suffix(COPY_END));
        if time.is_some_and(|t| t.len() == 16 && t.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'T' | b'Z'))) {
            copies.push(path);
        }
    }
    copies.sort();
    for old in copies.iter().rev().skip(keep) {
        fs::remove_file(old).map_err(|e| Stop::failed(format!("{} cannot be removed: {e}", old.display())))?;
        // A checksum that stays behind does no harm.
        let _ = fs::remove_file(format!("{}.sha256", old.display()));
        say(format_args!("{}: removed", old.display()))?;
    }
    Ok(())
}

pub(super) fn restore(from: &Path, dir: &Path) -> Result<(), Stop> {
    let done = journal::restore(from, dir).map_err(failed)?;
    say(format_args!("restored: {} events, head {}", done.verified.events, done.verified.head))?;
    if let Some(aside) = done.aside {
        say(format_args!("the journal that was there is in {}", aside.display()))?;
    }
    say(format_args!(
        "the daemon starts with effects on hold: check what happened after this backup, then `rackhand resume --reason TEXT`"
    ))
}

/// What a person says before the daemon is started: effects go out again.
pub(super) fn resume(dir: &Path, reason: &str) -> Result<(), Stop> {
    let site = reader(dir)?.check_tail().map_err(failed)?.0;
    let mut store = Store::open(dir, &site).map_err(failed)?;
    let mut world = fold(&store).map_err(failed)?;
    let now = Clock::wall().now();
    // A restore that no daemon has seen yet has not begun its epoch.
    store.begin_epoch(&mut world, now).map_err(failed)?;
    let name = user_name(rustix::process::getuid().as_raw());
    let moment = Moment { now, entropy: Entropy::default(), actor: Actor::Person { name, role: Role::Operator } };
    let command = Input::Command(Command::Resume { reason: reason.into() });
    let decided = decide(&world, &Policy::standard(site), &moment, &command);
    let decided = decided.map_err(|refusal| Stop::failed(refusal.to_string()))?;
    let head = store.append(&decided.drafts).map_err(failed)?;
    match decided.answer {
        Answer::Already => say(format_args!("nothing to do: effects are not on hold")),
        _ => say(format_args!("resumed at event {head}: effects go out as soon as the daemon runs")),
    }
}
