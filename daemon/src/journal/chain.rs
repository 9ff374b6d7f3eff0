//! The chain: every event's hash covers the event and the hash before it, so nothing can be altered unnoticed.

use rackhand_core::event::Seq;
use rackhand_core::id::SiteId;
use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};

use super::error::JournalError;
use super::{schema, search, snapshot};

/// SHA-256.
pub type Hash = [u8; 32];

/// A checkpoint stands at every multiple of this.
pub(super) const CHECKPOINT_EVERY: Seq = 4096;

/// How many of the last events are verified when a journal is opened.
const TAIL: Seq = 256;

/// What an event's hash covers, as it stands in the file.
pub(super) struct Entry<'a> {
    pub seq: Seq,
    pub at: i64,
    pub subject: &'a [u8],
    pub kind: &'a [u8],
    pub actor: &'a [u8],
    pub cause: Option<Seq>,
    pub data: &'a [u8],
}

impl Entry<'_> {
    /// The hash of this event after `previous`. Every length stands before the texts, so no two events share a form.
    pub(super) fn hash(&self, previous: &Hash) -> Hash {
        let mut head = [0_u8; 88];
        head[..32].copy_from_slice(previous);
        let numbers = [
            self.seq,
            self.at.cast_unsigned(),
            // 0 is no place in a stream.
            self.cause.unwrap_or(0),
            self.subject.len() as u64,
            self.kind.len() as u64,
            self.actor.len() as u64,
            self.data.len() as u64,
        ];
        for (slot, number) in head[32..].chunks_exact_mut(8).zip(numbers) {
            slot.copy_from_slice(&number.to_be_bytes());
        }
        let mut sha = Sha256::new();
        for part in [&head, self.subject, self.kind, self.actor, self.data] {
            sha.update(part);
        }
        sha.finalize().into()
    }
}

/// What stands before the first event.
pub(super) fn genesis(site: &SiteId) -> Hash {
    Sha256::new().chain_update(b"rackhand journal 1\0").chain_update(site.as_str()).finalize().into()
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Events, all of them verified.
    pub events: u64,
    /// The last one's place; 0 for none.
    pub head: Seq,
    /// Its hash, or what stands before the first event.
    pub head_hash: Hash,
    /// Checkpoints, all of them verified.
    pub checkpoints: u64,
    /// Damage beside the chain, in sentences. It costs nothing but time: what is damaged is not used.
    pub beside: Vec<String>,
}

/// The columns [`read`] wants, in its order.
const COLUMNS: &str = "seq, at, subject, kind, actor, cause, hash, data";

fn read<'a>(row: &'a Row<'_>) -> Result<(Entry<'a>, Hash), rusqlite::Error> {
    // SQLite gives text as it stands; whether it is UTF-8 is for the hash to tell, not for this.
    let bytes = |n| row.get_ref(n).and_then(|v| v.as_bytes().map_err(Into::into));
    let entry = Entry {
        seq: row.get::<_, i64>(0)?.cast_unsigned(),
        at: row.get(1)?,
        subject: bytes(2)?,
        kind: bytes(3)?,
        actor: bytes(4)?,
        cause: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
        data: bytes(7)?,
    };
    Ok((entry, row.get(6)?))
}

/// Place and hash of the last event.
pub(super) fn last(conn: &Connection, site: &SiteId) -> Result<(Seq, Hash), JournalError> {
    let last = conn
        .prepare_cached("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")?
        .query_row([], |r| Ok((r.get::<_, i64>(0)?.cast_unsigned(), r.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or((0, genesis(site))))
}

/// The hash of one event; of what stands before the first for 0.
pub(super) fn hash_at(conn: &Connection, site: &SiteId, seq: Seq) -> Result<Option<Hash>, JournalError> {
    if seq == 0 {
        return Ok(Some(genesis(site)));
    }
    Ok(conn.query_row("SELECT hash FROM event WHERE seq = ?1", [seq.cast_signed()], |r| r.get(0)).optional()?)
}

/// Verifies the events after `after`, whose hash is `hash`. Gives the last one's place and hash.
fn walk(conn: &Connection, after: Seq, hash: Hash) -> Result<(Seq, Hash), JournalError> {
    let mut statement = conn.prepare(&format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 ORDER BY seq"))?;
    let mut rows = statement.query([after.cast_signed()])?;
    let (mut seq, mut hash) = (after, hash);
    loop {
        let damaged = |e: rusqlite::Error| match JournalError::from(e) {
            JournalError::Broken { what, .. } => JournalError::broken(seq + 1, what),
            other => other,
        };
        let Some(row) = rows.next().map_err(damaged)? else { return Ok((seq, hash)) };
        let (entry, stored) = read(row).map_err(damaged)?;
        if entry.seq != seq + 1 {
            let last = entry.seq.saturating_sub(1);
            return Err(JournalError::broken(seq + 1, format!("events {} to {last} are missing", seq + 1)));
        }
        if entry.hash(&hash) != stored {
            return Err(JournalError::broken(
                entry.seq,
                format!("event {} is not what was recorded after event {seq}", entry.seq),
            ));
        }
        (seq, hash) = (entry.seq, stored);
    }
}

/// That the file still reaches what it is known to have reached.
fn check_reach(
    conn: &Connection,
    site: &SiteId,
    head: Seq,
    reached: Option<(Seq, Hash)>,
    by: &str,
) -> Result<(), JournalError> {
    let Some((seq, hash)) = reached else { return Ok(()) };
    if seq > head {
        let what = format!("events {} to {seq} are missing at the end, as {by} says", head + 1);
        return Err(JournalError::broken(head + 1, what));
    }
    if hash_at(conn, site, seq)? != Some(hash) {
        return Err(JournalError::broken(seq, format!("event {seq} is another one than {by} says")));
    }
    Ok(())
}

/// Verifies the events after `after`, up to the last.
pub(super) fn walk_after(conn: &Connection, site: &SiteId, after: Seq) -> Result<(Seq, Hash), JournalError> {
    let missing = || JournalError::broken(after, format!("event {after} is missing"));
    walk(conn, after, hash_at(conn, site, after)?.ok_or_else(missing)?)
}

/// The head a finished backup carries in itself.
pub(super) fn sealed_head(conn: &Connection) -> Result<Option<(Seq, Hash)>, JournalError> {
    match schema::meta(conn, "head")? {
        None => Ok(None),
        Some(text) => super::head::parse(&text)
            .map(Some)
            .ok_or_else(|| JournalError::Broken { seq: None, what: "its own note of its length can't be read".into() }),
    }
}

/// Verifies the last events, the last checkpoint and the length. `reached` is the head as noted beside the file.
pub(super) fn check_tail(
    conn: &Connection,
    site: &SiteId,
    reached: Option<(Seq, Hash)>,
) -> Result<(Seq, Hash), JournalError> {
    let (head, _) = last(conn, site)?;
    let end = walk_after(conn, site, head.saturating_sub(TAIL))?;
    let checkpoint = conn
        .query_row("SELECT seq, hash FROM checkpoint ORDER BY seq DESC LIMIT 1", [], |r| {
            Ok((r.get::<_, i64>(0)?.cast_unsigned(), r.get(1)?))
        })
        .optional()?;
    check_reach(conn, site, head, checkpoint, "its last checkpoint")?;
    check_reach(conn, site, head, sealed_head(conn)?, "the backup it came from")?;
    check_reach(conn, site, head, reached, "the note beside it")?;
    Ok(end)
}

/// Verifies everything: each event, each checkpoint, the length, the tables, then SQLite's
/// own check of every page, and what is kept beside the chain.
pub(super) fn verify(conn: &Connection, reached: Option<(Seq, Hash)>) -> Result<Verified, JournalError> {
    let chain = verify_chain(conn, reached);
    let pages = integrity(conn, "integrity_check");
    match (chain, pages) {
        (Ok(mut verified), Ok(())) => {
            verified.beside = snapshot::verify(conn)?;
            verified.beside.extend(search::damaged(conn)?);
            Ok(verified)
        }
        (Ok(_), Err(pages)) => Err(pages),
        (Err(JournalError::Broken { seq, what }), Err(JournalError::Broken { what: pages, .. })) => {
            Err(JournalError::Broken { seq, what: format!("{what}; {pages}") })
        }
        (Err(chain), _) => Err(chain),
    }
}

fn verify_chain(conn: &Connection, reached: Option<(Seq, Hash)>) -> Result<Verified, JournalError> {
    // One transaction, so that all questions are about the same moment.
    let _moment = conn.unchecked_transaction()?;
    let site = schema::site(conn)?;
    let (head, head_hash) = walk(conn, 0, genesis(&site))?;
    let checkpoints = verify_checkpoints(conn, head)?;
    check_reach(conn, &site, head, sealed_head(conn)?, "the backup it came from")?;
    check_reach(conn, &site, head, reached, "the note beside it")?;
    schema::check_shape(conn)?;
    Ok(Verified { events: head, head, head_hash, checkpoints, beside: Vec::new() })
}

fn verify_checkpoints(conn: &Connection, head: Seq) -> Result<u64, JournalError> {
    let mut statement = conn.prepare(
        "SELECT c.seq, c.hash = e.hash AND c.at = e.at FROM checkpoint c LEFT JOIN event e ON e.seq = c.seq ORDER BY c.seq",
    )?;
    let mut rows = statement.query([])?;
    let (mut count, mut regular) = (0, 0);
    while let Some(row) = rows.next()? {
        let seq = row.get::<_, i64>(0)?.cast_unsigned();
        match row.get::<_, Option<bool>>(1)? {
            Some(true) => {}
            Some(false) => return Err(JournalError::broken(seq, format!("checkpoint {seq} does not fit event {seq}"))),
            None => {
                let what = format!("events {} to {seq} are missing at the end, as its last checkpoint says", head + 1);
                return Err(JournalError::broken(head + 1, what));
            }
        }
        count += 1;
        regular += u64::from(seq % CHECKPOINT_EVERY == 0);
    }
    if regular != head / CHECKPOINT_EVERY {
        let what = format!("{} checkpoints are missing", (head / CHECKPOINT_EVERY).saturating_sub(regular));
        return Err(JournalError::Broken { seq: None, what });
    }
    Ok(count)
}

/// SQLite's own check, `quick_check` or `integrity_check`. Its sentences name the damaged pages.
pub(super) fn integrity(conn: &Connection, check: &str) -> Result<(), JournalError> {
    let mut statement = conn.prepare(&format!("PRAGMA {check}(8)"))?;
    let found = statement.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    if found == ["ok"] {
        return Ok(());
    }
    let mut what = found.join("; ").replace('\n', " ");
    what.truncate(what.floor_char_boundary(1_000));
    Err(JournalError::Broken { seq: None, what: format!("SQLite finds {what}") })
}
