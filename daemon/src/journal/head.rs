//! A note of the last event beside the database, so that a database that lost its end is noticed.
//!
//! It is written after each commit and never synced: on the disk it may lag behind, but it is never ahead of what was
//! durable when it was written. So a database that ends before it has lost acknowledged events.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rackhand_core::bmc::Fingerprint;
use rackhand_core::event::Seq;
use sha2::{Digest, Sha256};

use super::chain::Hash;
use super::error::JournalError;

/// Its name in the journal's directory.
pub(super) const NAME: &str = "head";

/// The note: place, hash, and a checksum of both, as one line of fixed length.
pub(super) fn format(seq: Seq, hash: &Hash) -> String {
    let line = format!("{seq:020} {}", Fingerprint(*hash));
    let sum = Fingerprint(Sha256::digest(&line).into()).to_string();
    format!("{line} {}", &sum[..16])
}

/// Reads [`format`]; `None` for anything else.
pub(super) fn parse(line: &str) -> Option<(Seq, Hash)> {
    let line = line.trim_end();
    let mut words = line.split(' ');
    let seq = words.next()?.parse().ok()?;
    let hash: Fingerprint = words.next()?.parse().ok()?;
    (format(seq, &hash.0) == line).then_some((seq, hash.0))
}

/// What the note in `dir` says; `None` where there is none or it can't be read.
pub(super) fn read(dir: &Path) -> Option<(Seq, Hash)> {
    std::fs::read_to_string(dir.join(NAME)).ok().and_then(|line| parse(&line))
}

/// What is wrong with the note in `dir`, as a sentence; `None` where it can be read, or there is none yet.
pub(super) fn damage(dir: &Path) -> Option<String> {
    let path = dir.join(NAME);
    let text = match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
        Err(e) => return Some(format!("the note of the last event, {}, can't be read: {e}", path.display())),
    };
    let damaged = || {
        let path = path.display();
        format!("the note of the last event, {path}, is damaged: it can't tell whether the journal has lost its end")
    };
    parse(&text).is_none().then(damaged)
}

/// The note, open for writing.
pub(super) struct HeadNote(File);

impl HeadNote {
    pub(super) fn open(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(NAME);
        let open = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        open.map(Self).map_err(|e| JournalError::io(&path, &e))
    }

    /// Notes the head. A failure is let pass: an older note is still true.
    pub(super) fn write(&self, seq: Seq, hash: &Hash) {
        let _ = self.0.write_all_at((format(seq, hash) + "\n").as_bytes(), 0);
    }
}
