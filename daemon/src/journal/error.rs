//! What can go wrong with the journal, in sentences that say what to do.

use std::path::{Path, PathBuf};

use rackhand_core::event::Seq;
use rusqlite::{ErrorCode, ffi};

/// What went wrong. Whatever it is, what was acknowledged before stays recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk took no more, or failed while writing. Nothing of the batch was recorded.
    #[error(
        "the journal could not be written: {what}. Nothing of this was recorded; free space on its disk, and it goes on by itself"
    )]
    Full {
        /// What the disk said.
        what: String,
    },
    /// Another process has the directory.
    #[error("the journal in {} is in use by another process; stop it first (`fuser {}/journal.db` names it)", dir.display(), dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The file was written by a later version.
    #[error(
        "the journal has format {found}, this program knows {known}; install the version that wrote it, or a later one"
    )]
    Newer {
        /// The file's.
        found: u32,
        /// The latest one known here.
        known: u32,
    },
    /// The directory holds another site's events.
    #[error(
        "the journal belongs to site {found}, not to {wanted}; correct the site or the data directory in the configuration"
    )]
    OtherSite {
        /// The file's.
        found: String,
        /// The configured one.
        wanted: String,
    },
    /// The file is damaged, or was altered.
    #[error("the journal is damaged{}: {what}. Restore a backup; the damaged file is kept", seq.map(|s| format!(" at event {s}")).unwrap_or_default())]
    Broken {
        /// The first event concerned, where it can be told.
        seq: Option<Seq>,
        /// What was found.
        what: String,
    },
    /// A snapshot stands beside the chain that the chain does not vouch for.
    #[error(
        "the snapshot after event {at} is forged: no event of the journal vouches for it. The events are whole; the daemon does not use the snapshot, and drops it when it stops. Find out who can write to its directory"
    )]
    Forged {
        /// The last event that it claims to hold.
        at: Seq,
    },
    /// The database was removed or replaced under a daemon that has it open.
    #[error("{} was moved or replaced while it was open; stop the daemon, put the file back, and start it again", file.display())]
    Gone {
        /// The database.
        file: PathBuf,
    },
    /// An event that can't be recorded, by its own content.
    #[error("this event can't be recorded: {what}")]
    Refused {
        /// Why.
        what: String,
    },
    /// A file beside the database could not be read or made.
    #[error("{}: {what}", at.display())]
    Io {
        /// Which.
        at: PathBuf,
        /// What the system said.
        what: String,
    },
    /// SQLite held something locked for longer than its patience of 5 s.
    #[error("the journal was busy for too long: {what}")]
    Busy {
        /// What it said.
        what: String,
    },
    /// Any other failure of SQLite.
    #[error("the journal's database failed: {what}")]
    Sqlite {
        /// What it said.
        what: String,
    },
    /// It was closed, or its thread has ended.
    #[error("the journal is closed")]
    Closed,
}

impl JournalError {
    /// Whether the same call can succeed later without anybody touching the file.
    pub fn try_again(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Busy { .. })
    }

    /// An error of the file system at `at`. A full disk is told apart.
    pub(super) fn io(at: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Self::Full { what: format!("{}: {error}", at.display()) },
            _ => Self::Io { at: at.to_owned(), what: error.to_string() },
        }
    }

    pub(super) fn broken(seq: Seq, what: impl Into<String>) -> Self {
        Self::Broken { seq: Some(seq), what: what.into() }
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        let what = error.to_string();
        let rusqlite::Error::SqliteFailure(inner, _) = &error else {
            return match error {
                // A column whose stored type is another one was not written by us.
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::Utf8Error(..) => Self::Broken { seq: None, what },
                _ => Self::Sqlite { what },
            };
        };
        match inner.code {
            ErrorCode::DiskFull => Self::Full { what },
            ErrorCode::SystemIoFailure => match inner.extended_code {
                ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS => {
                    Self::Broken { seq: None, what }
                }
                _ => Self::Full { what },
            },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Broken { seq: None, what },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { what },
            _ => Self::Sqlite { what },
        }
    }
}
