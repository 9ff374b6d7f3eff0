//! Reading events: in order for replay, newest first for people, and connections that do not wait for the writer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rackhand_core::event::{Recorded, Seq};
use rackhand_core::id::{SiteId, Subject};
use rusqlite::{Connection, OpenFlags, OptionalExtension, ToSql};

use super::chain::Verified;
use super::error::JournalError;
use super::record::{COLUMNS, Decoder};
use super::{Source, backup, chain, head, schema, search};

/// How many events one page can have.
const MAX_PAGE: usize = 10_000;

/// How many idle connections are kept.
const KEPT: usize = 4;

/// Which events a page is of. All that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// About this.
    pub subject: Option<Subject>,
    /// Of this kind, one of [`rackhand_core::event::Event::KINDS`].
    pub kind: Option<String>,
    /// By this one: `rackhand`, `wire` or a person's name.
    pub actor: Option<String>,
    /// With this text in its data or subject; ASCII letters in either case.
    pub text: Option<String>,
}

/// Gives `f` every event after `after`, in order. Returns the place of the last one, `after` if there was none.
pub(super) fn replay(conn: &Connection, after: Seq, f: &mut dyn FnMut(Recorded)) -> Result<Seq, JournalError> {
    let mut statement = conn.prepare(&format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 ORDER BY seq"))?;
    let mut rows = statement.query([after.cast_signed()])?;
    let mut decoder = Decoder::default();
    let mut last = after;
    while let Some(row) = rows.next()? {
        let event = decoder.decode(row)?;
        if event.seq != last + 1 {
            let what = format!("events {} to {} are missing", last + 1, event.seq.saturating_sub(1));
            return Err(JournalError::broken(last + 1, what));
        }
        last = event.seq;
        f(event);
    }
    Ok(last)
}

/// One event.
pub(super) fn event(conn: &Connection, seq: Seq) -> Result<Option<Recorded>, JournalError> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM event WHERE seq = ?1"))?;
    let found = statement.query_row([seq.cast_signed()], |row| Ok(Decoder::default().decode(row))).optional()?;
    found.transpose()
}

/// A page of the events before `before`, or of the last ones, newest first.
pub(super) fn page(
    conn: &Connection,
    filter: &JournalFilter,
    before: Option<Seq>,
    limit: usize,
) -> Result<Vec<Recorded>, JournalError> {
    // One transaction, so that the search index and the events are of the same moment.
    let _moment = conn.unchecked_transaction()?;
    let before = before.unwrap_or(Seq::MAX >> 1);
    let mut page =
        Page { conn, filter, needle: None, limit: limit.min(MAX_PAGE), found: Vec::new(), decoder: Decoder::default() };
    page.needle = filter.text.as_deref().filter(|t| !t.is_empty()).map(search::needle);
    if page.limit == 0 {
        return Ok(page.found);
    }
    match search::Candidates::new(conn, filter, before)? {
        Some(mut candidates) => {
            while page.found.len() < page.limit
                && let Some((from, below)) = candidates.next()?
            {
                page.scan(from, below)?;
            }
        }
        None => page.scan(0, before)?,
    }
    Ok(page.found)
}

struct Page<'a> {
    conn: &'a Connection,
    filter: &'a JournalFilter,
    needle: Option<Vec<u8>>,
    limit: usize,
    found: Vec<Recorded>,
    decoder: Decoder,
}

impl Page<'_> {
    /// Adds what fits of the events `from..below`.
    fn scan(&mut self, from: Seq, below: Seq) -> Result<(), JournalError> {
        let mut sql = format!("SELECT {COLUMNS} FROM event WHERE seq >= ?1 AND seq < ?2");
        let subject = self.filter.subject.map(|s| s.to_string());
        let (from, below) = (from.cast_signed(), below.cast_signed());
        let mut given: Vec<&dyn ToSql> = vec![&from, &below];
        for (value, condition) in [
            (&subject, " AND subject = ?"),
            (&self.filter.kind, " AND kind = ?"),
            // `person:ROLE:NAME`: the name is what follows the second colon.
            (
                &self.filter.actor,
                " AND CASE WHEN actor GLOB 'person:*' THEN substr(actor, 8 + instr(substr(actor, 8), ':')) ELSE actor END = ?",
            ),
        ] {
            if let Some(value) = value {
                sql += condition;
                given.push(value);
            }
        }
        sql += " ORDER BY seq DESC";
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(given.as_slice())?;
        while self.found.len() < self.limit
            && let Some(row) = rows.next()?
        {
            if let Some(needle) = &self.needle {
                let bytes = |n| row.get_ref(n).and_then(|v| v.as_bytes().map_err(Into::into));
                if !search::contains(bytes(5)?, needle) && !search::contains(bytes(2)?, needle) {
                    continue;
                }
            }
            self.found.push(self.decoder.decode(row)?);
        }
        Ok(())
    }
}

/// Read-only connections to a journal's file. A read sees what was committed when it began and never waits for writes.
/// Its calls block; asynchronous code makes them in `spawn_blocking`.
#[derive(Clone)]
pub struct Reader(Arc<Pool>);

struct Pool {
    dir: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    /// A reader of the journal in `dir`. The journal must exist when it is first read.
    pub fn new(dir: &Path) -> Self {
        Self(Arc::new(Pool { dir: dir.to_owned(), idle: Mutex::default() }))
    }

    /// Runs `f` on a connection nobody else uses meanwhile.
    pub(super) fn with<T>(&self, f: impl FnOnce(Source<'_>) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let idle = || self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let conn = match kept {
            Some(conn) => conn,
            None => open_read_only(&self.0.dir.join(super::FILE))?,
        };
        let result = f(Source { conn: &conn, dir: Some(&self.0.dir) });
        let mut idle = idle();
        if idle.len() < KEPT && conn.is_autocommit() {
            idle.push(conn);
        }
        result
    }

    /// One event; `None` if there is none in this place.
    pub fn event(&self, seq: Seq) -> Result<Option<Recorded>, JournalError> {
        self.with(|s| event(s.conn, seq))
    }

    /// The events about `subject` before `before`, newest first, at most `limit` and at most 10,000.
    pub fn history(&self, subject: &Subject, before: Option<Seq>, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        let filter = JournalFilter { subject: Some(*subject), ..JournalFilter::default() };
        self.page(&filter, before, limit)
    }

    /// The events that fit `filter` before `before`, newest first, at most `limit` and at most 10,000.
    pub fn page(
        &self,
        filter: &JournalFilter,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.with(|s| page(s.conn, filter, before, limit))
    }

    /// Verifies the whole journal; see [`super::Store::verify`].
    pub fn verify(&self) -> Result<Verified, JournalError> {
        self.with(|s| s.verify())
    }

    /// Whose journal it is and its head, after a look at its last events and its note of the head.
    ///
    /// # Errors
    /// `Broken` where the end was altered or is missing.
    pub fn check_tail(&self) -> Result<(SiteId, Seq), JournalError> {
        self.with(|s| {
            // The note first: whatever is committed after it only makes the journal longer.
            let reached = s.dir.and_then(head::read);
            let _moment = s.conn.unchecked_transaction()?;
            let site = schema::site(s.conn)?;
            let (head, _) = chain::check_tail(s.conn, &site, reached)?;
            Ok((site, head))
        })
    }

    /// Copies the journal; see [`super::Store::backup`].
    pub fn backup(&self, to: &Path) -> Result<Verified, JournalError> {
        self.with(|s| backup::backup(&s, to))
    }
}

/// A connection that can't write.
pub(super) fn open_read_only(file: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    schema::harden(&conn)?;
    conn.execute_batch("PRAGMA query_only = ON;")?;
    Ok(conn)
}
