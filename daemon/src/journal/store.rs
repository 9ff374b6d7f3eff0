//! The single writer of a journal's file.

use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rackhand_core::bmc::Fingerprint;
use rackhand_core::event::{Draft, Recorded, Seq};
use rackhand_core::id::{SiteId, Subject};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use rustix::fs::FlockOperation;

use super::chain::{self, CHECKPOINT_EVERY, Hash, Verified};
use super::error::JournalError;
use super::failpoint::Failpoint;
use super::head::{self, HeadNote};
use super::read::{self, JournalFilter, Reader};
use super::record::Encoder;
use super::{Source, backup, schema, search, snapshot};

/// Parts of the search index that may wait for a quiet moment.
const MAX_WAITING: Seq = 8;

/// One site's events on disk: the only thing that writes them, synchronously.
pub struct Store {
    conn: Connection,
    head: Seq,
    hash: Hash,
    encoder: Encoder,
    place: Option<Place>,
}

/// What a store on disk holds besides its connection.
struct Place {
    dir: PathBuf,
    note: HeadNote,
    /// Which file is open.
    file: FileId,
    /// Held until the store is dropped; the connection closes before it.
    _lock: Lock,
}

/// A file by device and inode; `None` where there is none.
type FileId = Option<(u64, u64)>;

fn file_id(dir: &Path) -> FileId {
    std::fs::metadata(dir.join(super::FILE)).ok().map(|m| (m.dev(), m.ino()))
}

impl Store {
    /// Opens the journal of `site` in `dir`, and makes it if there is none. The last events are verified.
    ///
    /// # Errors
    /// `Locked` if another process has it, `Newer` and `OtherSite` if it is not for this program or site, `Broken` if
    /// the end was altered or is missing, `Io` and `Full` from the file system.
    pub fn open(dir: &Path, site: &SiteId) -> Result<Self, JournalError> {
        let io = |e: std::io::Error| JournalError::io(dir, &e);
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
        std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(io)?;
        let lock = lock(dir)?;
        backup::check_restored(dir)?;
        let file = dir.join(super::FILE);
        let fresh = !file.exists();
        if fresh {
            File::options().create_new(true).write(true).mode(0o600).open(&file).map_err(io)?;
        }
        let conn =
            Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if let Some(what) = head::damage(dir) {
            tracing::warn!("{what}; it is written anew. Compare the journal with its last backup");
        }
        let mut store = Self::prepare(conn, site, now.as_micros() as i64, head::read(dir))?;
        if fresh {
            File::open(dir).and_then(|d| d.sync_all()).map_err(io)?;
        }
        let note = HeadNote::open(dir)?;
        note.write(store.head, &store.hash);
        store.place = Some(Place { dir: dir.to_owned(), note, file: file_id(dir), _lock: lock });
        Ok(store)
    }

    /// A journal that is gone when it is dropped, for simulation. It reads no clock.
    pub fn open_in_memory(site: &SiteId) -> Result<Self, JournalError> {
        Self::prepare(Connection::open_in_memory()?, site, 0, None)
    }

    fn prepare(conn: Connection, site: &SiteId, now: i64, reached: Option<(Seq, Hash)>) -> Result<Self, JournalError> {
        schema::prepare_writer(&conn)?;
        schema::migrate(&conn, site, now)?;
        let found = schema::site(&conn)?;
        if found != *site {
            return Err(JournalError::OtherSite { found: found.to_string(), wanted: site.to_string() });
        }
        let (head, hash) = chain::check_tail(&conn, site, reached)?;
        Ok(Self { conn, head, hash, encoder: Encoder::default(), place: None })
    }

    /// Place of the last event; 0 if there is none.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Hash of the last event, which covers all before it.
    pub fn head_hash(&self) -> Hash {
        self.hash
    }

    /// Connections for reading beside the writer; `None` for a journal in memory.
    pub fn reader(&self) -> Option<Reader> {
        self.place.as_ref().map(|p| Reader::new(&p.dir))
    }

    /// Records all of `drafts`, or none, and returns when they are on the disk. Gives the place of the last event.
    ///
    /// # Errors
    /// `Full` if the disk takes no more, `Refused` for an event that can't be recorded. After any error the journal is
    /// as before, and the store can be used again.
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Seq, JournalError> {
        if drafts.is_empty() {
            return Ok(self.head);
        }
        // What is written to a file that has no name any more is lost, and another daemon may be at the one in its place.
        if let Some(place) = self.place.as_ref().filter(|p| file_id(&p.dir) != p.file) {
            return Err(JournalError::Gone { file: place.dir.join(super::FILE) });
        }
        match self.commit(drafts) {
            Ok((head, hash)) => {
                (self.head, self.hash) = (head, hash);
                if let Some(place) = &self.place {
                    place.note.write(head, &hash);
                }
                Ok(head)
            }
            Err(error) => {
                if !self.conn.is_autocommit() {
                    let _ = self.conn.execute_batch("ROLLBACK");
                }
                Err(error)
            }
        }
    }

    /// Writes as much as a few events take, beside the chain.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn probe(&self) -> Result<(), JournalError> {
        self.conn.execute("INSERT OR REPLACE INTO meta VALUES ('probe', printf('%.16384d', 0))", [])?;
        Ok(())
    }

    fn commit(&mut self, drafts: &[Draft]) -> Result<(Seq, Hash), JournalError> {
        let (mut seq, mut hash) = (self.head, self.hash);
        // A simulated journal dies with its simulation.
        let failpoint = self.place.as_ref().and_then(|_| Failpoint::get());
        let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        {
            let mut insert = tx.prepare_cached(
                "INSERT INTO event (seq, at, subject, kind, actor, cause, hash, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            for draft in drafts {
                seq += 1;
                if let Some(failpoint) = failpoint {
                    failpoint.before(seq);
                }
                hash = self.encoder.insert(&mut insert, seq, &hash, draft)?;
                if seq % CHECKPOINT_EVERY == 0 {
                    mark(&tx, seq)?;
                }
            }
        }
        tx.commit()?;
        if let Some(failpoint) = failpoint {
            failpoint.after(self.head + 1..=seq);
        }
        Ok((seq, hash))
    }

    /// Gives `f` every event after `after`, in order. Returns the place of the last one, `after` if there was none.
    ///
    /// # Errors
    /// `Broken` at the first event that is missing or can't be read; hashes are for [`Store::verify`].
    pub fn replay(&self, after: Seq, f: &mut dyn FnMut(Recorded)) -> Result<Seq, JournalError> {
        read::replay(&self.conn, after, f)
    }

    /// The directory of a journal on disk.
    pub(super) fn dir(&self) -> Option<&Path> {
        self.place.as_ref().map(|p| p.dir.as_path())
    }

    /// What an event of the chain must name before a snapshot is saved.
    pub fn sum_snapshot(&self, at: Seq, fold: u32, body: &[u8]) -> Result<Fingerprint, JournalError> {
        Ok(Fingerprint(snapshot::sum_of(&self.conn, at, fold, body)?))
    }

    /// Saves the state after event `at`, computed by version `fold` of the fold. The newest two are kept.
    pub fn save_snapshot(&mut self, at: Seq, fold: u32, body: &[u8]) -> Result<(), JournalError> {
        snapshot::save(&self.conn, at, fold, body)
    }

    /// The newest sound state of version `fold` that the chain vouches for, and the place of the last event in it.
    /// Others are passed over.
    ///
    /// # Errors
    /// `Broken` where an event after it was altered.
    pub fn load_snapshot(&self, fold: u32) -> Result<Option<(Seq, Vec<u8>)>, JournalError> {
        snapshot::load(&self.conn, fold)
    }

    /// One event; `None` if there is none in this place.
    pub fn event(&self, seq: Seq) -> Result<Option<Recorded>, JournalError> {
        read::event(&self.conn, seq)
    }

    /// The events about `subject` before `before`, newest first, at most `limit` and at most 10,000.
    pub fn history(&self, subject: &Subject, before: Option<Seq>, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        self.page(&JournalFilter { subject: Some(*subject), ..JournalFilter::default() }, before, limit)
    }

    /// The events that fit `filter` before `before`, newest first, at most `limit` and at most 10,000.
    pub fn page(
        &self,
        filter: &JournalFilter,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Recorded>, JournalError> {
        read::page(&self.conn, filter, before, limit)
    }

    /// Verifies everything: the hash of each event, checkpoints, the length, the tables' shape, and every page.
    ///
    /// # Errors
    /// `Broken` with the first event that is altered or missing, and the damaged page where SQLite finds one.
    pub fn verify(&self) -> Result<Verified, JournalError> {
        self.source().verify()
    }

    /// Copies the journal to `to`, which must not exist, while it is in use. The copy is checked and synced before it
    /// has its name; beside it stands `to` + `.sha256`, as `sha256sum --check` reads it.
    ///
    /// # Errors
    /// `Io` if `to` exists, `Full` if the disk takes no more, `Broken` if the copy is not sound.
    pub fn backup(&self, to: &Path) -> Result<Verified, JournalError> {
        backup::backup(&self.source(), to)
    }

    /// What is better done when nobody waits: the search index, and writing the WAL back. Says whether more is left.
    pub(super) fn tidy(&mut self) -> Result<bool, JournalError> {
        if search::extend(&self.conn, self.head)? {
            return Ok(true);
        }
        // Not emptied: a WAL that is written over from its start costs less than one that grows again.
        self.checkpoint("PASSIVE")?;
        Ok(false)
    }

    /// Does some of [`Store::tidy`] if too much is waiting.
    pub(super) fn catch_up(&mut self) -> Result<(), JournalError> {
        if search::waiting(&self.conn, self.head)? > MAX_WAITING {
            search::extend(&self.conn, self.head)?;
        }
        Ok(())
    }

    /// Builds all of the search index that can be built now.
    pub fn index(&mut self) -> Result<(), JournalError> {
        while search::extend(&self.conn, self.head)? {}
        Ok(())
    }

    /// Writes the WAL back into the database.
    fn checkpoint(&self, how: &str) -> Result<(), JournalError> {
        // A reader in the way is no error: it says so in the row, and the next time is soon.
        Ok(self.conn.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()))?)
    }

    /// Ends the chain in a checkpoint and writes the WAL back. The store can still be used.
    pub fn close(&mut self) -> Result<(), JournalError> {
        mark(&self.conn, self.head)?;
        self.checkpoint("TRUNCATE")
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source { conn: &self.conn, dir: self.dir() }
    }
}

/// Marks event `seq` as a checkpoint; none for 0.
fn mark(conn: &Connection, seq: Seq) -> Result<(), JournalError> {
    conn.prepare_cached("INSERT OR IGNORE INTO checkpoint SELECT seq, hash, at FROM event WHERE seq = ?1")?
        .execute([seq.cast_signed()])?;
    Ok(())
}

/// What holds a directory for this process.
pub(super) struct Lock {
    /// Names the process to `fuser`.
    _file: File,
    /// The directory itself: it can't be removed as long as anything is in it, as a file can.
    _dir: File,
}

/// Takes the directory for this process, until the lock is dropped.
pub(super) fn lock(dir: &Path) -> Result<Lock, JournalError> {
    let path = dir.join("lock");
    let open = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = open.map_err(|e| JournalError::io(&path, &e))?;
    let directory = File::open(dir).map_err(|e| JournalError::io(dir, &e))?;
    for (held, at) in [(&file, path.as_path()), (&directory, dir)] {
        match rustix::fs::flock(held, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(JournalError::Locked { dir: dir.to_owned() }),
            Err(e) => return Err(JournalError::io(at, &e.into())),
        }
    }
    Ok(Lock { _file: file, _dir: directory })
}
