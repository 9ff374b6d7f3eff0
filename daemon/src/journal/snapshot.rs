//! States saved beside the chain, so that a start need not replay everything. They may be thrown away at any time. One
//! is believed only where an event of the chain vouches for it.

use rackhand_core::bmc::Fingerprint;
use rackhand_core::event::{Event, JournalEvent, Seq};
use rackhand_core::id::SiteId;
use rackhand_core::world::{FOLD, World};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::chain::{self, Hash};
use super::error::JournalError;
use super::{read as events, schema};

/// The first version of the fold whose snapshots were vouched for.
const VOUCHED_SINCE: u32 = 12;

/// Binds a snapshot to the chain it was computed from.
fn sum(event: &Hash, seq: Seq, fold: u32, body: &[u8]) -> Hash {
    let sha = Sha256::new().chain_update(event).chain_update(seq.to_be_bytes()).chain_update(fold.to_be_bytes());
    sha.chain_update(body).finalize().into()
}

/// The sum of the state after event `at`, for the event that vouches for it.
pub(super) fn sum_of(conn: &Connection, at: Seq, fold: u32, body: &[u8]) -> Result<Hash, JournalError> {
    let site = schema::site(conn)?;
    let event = chain::hash_at(conn, &site, at)?;
    let event = event
        .ok_or_else(|| JournalError::Refused { what: format!("a snapshot after event {at}, which does not exist") })?;
    Ok(sum(&event, at, fold, body))
}

/// Saves the state after event `at`, computed by version `fold` of the fold, and keeps the newest two that are sound.
pub(super) fn save(conn: &Connection, at: Seq, fold: u32, body: &[u8]) -> Result<(), JournalError> {
    let sum = sum_of(conn, at, fold, body)?;
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    tx.execute("INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4)", params![at.cast_signed(), fold, sum, body])?;
    let mut rows = tx.prepare("SELECT rowid, seq, fold, sum FROM snapshot ORDER BY seq DESC, rowid DESC")?;
    let all = rows.query_map([], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get(2)?, r.get(3)?)))?;
    let all = all.collect::<Result<Vec<_>, _>>()?;
    drop(rows);
    let mut kept = 0;
    for (row, seq, fold, sum) in all {
        if kept < 2 && is_vouched(&tx, seq.cast_unsigned(), fold, &sum)? {
            kept += 1;
        } else {
            tx.execute("DELETE FROM snapshot WHERE rowid = ?1", [row])?;
        }
    }
    Ok(tx.commit()?)
}

/// Whether an event of the chain names this snapshot.
fn is_vouched(conn: &Connection, at: Seq, fold: u32, sum: &Hash) -> Result<bool, JournalError> {
    let vouches = Event::Journal(JournalEvent::SnapshotKept { at, fold, sum: Fingerprint(*sum) });
    // They are few: one for each snapshot that was kept since.
    let mut statement = conn.prepare_cached(
        "SELECT data FROM event WHERE subject = 'journal' AND kind = 'snapshot_kept' AND seq > ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([at.cast_signed()])?;
    while let Some(row) = rows.next()? {
        let data = row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?;
        if serde_json::from_slice::<Event>(data).is_ok_and(|event| event == vouches) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The newest snapshot of this fold that the chain vouches for, with the place of the last event in it. The events after
/// it, with the one that vouches for it, are verified.
pub(super) fn load(conn: &Connection, fold: u32) -> Result<Option<(Seq, Vec<u8>)>, JournalError> {
    let site = schema::site(conn)?;
    let mut statement = conn.prepare("SELECT seq, sum, body FROM snapshot WHERE fold = ?1 ORDER BY seq DESC")?;
    let mut rows = statement.query([fold])?;
    // A damaged page under a snapshot must not keep the daemon from starting: replay gives the same state.
    while let Ok(Some(row)) = rows.next() {
        let Ok((seq, stored, body)) = read(row) else { continue };
        if is_sound(conn, &site, (seq, fold), &stored, &body)? && is_vouched(conn, seq, fold, &stored)? {
            chain::walk_after(conn, &site, seq)?;
            return Ok(Some((seq, body)));
        }
    }
    Ok(None)
}

fn read(row: &rusqlite::Row<'_>) -> Result<(Seq, Hash, Vec<u8>), rusqlite::Error> {
    Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?))
}

/// Whether it is as it was when its sum was taken.
fn is_sound(
    conn: &Connection,
    site: &SiteId,
    (seq, fold): (Seq, u32),
    stored: &Hash,
    body: &[u8],
) -> Result<bool, JournalError> {
    Ok(chain::hash_at(conn, site, seq)?.is_some_and(|event| sum(&event, seq, fold, body) == *stored))
}

/// Holds each snapshot against the chain, and what it says against what the events fold to. Gives a sentence for each
/// that is not used.
///
/// # Errors
/// `Forged` for one that the chain does not vouch for, `Broken` for one it vouches for that is not what the events give.
pub(super) fn verify(conn: &Connection) -> Result<Vec<String>, JournalError> {
    let site = schema::site(conn)?;
    let mut statement = conn.prepare("SELECT seq, sum, body, fold FROM snapshot ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let (mut unused, mut current) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (Ok((seq, stored, body)), Ok(fold)) = (read(row), row.get::<_, u32>(3)) else {
            let seq: i64 = row.get(0).unwrap_or_default();
            unused.push(format!("the snapshot after event {seq} is damaged and is not used"));
            continue;
        };
        if !is_sound(conn, &site, (seq, fold), &stored, &body)? {
            unused.push(format!("the snapshot after event {seq} is damaged and is not used"));
        } else if is_vouched(conn, seq, fold, &stored)? {
            current.extend((fold == FOLD).then_some(seq));
        } else if fold < VOUCHED_SINCE {
            unused.push(format!("the snapshot after event {seq} is of an earlier version and is not used"));
        } else {
            return Err(JournalError::Forged { at: seq });
        }
    }
    compare(conn, &current)?;
    Ok(unused)
}

/// Holds the snapshots after these events against what the events fold to.
fn compare(conn: &Connection, at: &[Seq]) -> Result<(), JournalError> {
    let Some(last) = at.last() else { return Ok(()) };
    let mut world = World::default();
    let mut different = None;
    let mut failed = None;
    events::replay(conn, 0, &mut |recorded| {
        // What comes later is in no snapshot.
        if recorded.seq > *last || different.is_some() || failed.is_some() {
            return;
        }
        world.apply(&recorded);
        if at.contains(&recorded.seq) {
            match body(conn, recorded.seq) {
                Ok(Some(body)) if serde_json::from_slice::<World>(&body).is_ok_and(|kept| kept == world) => {}
                Ok(_) => different = Some(recorded.seq),
                Err(error) => failed = Some(error),
            }
        }
    })?;
    match (failed, different) {
        (Some(error), _) => Err(error),
        (None, Some(seq)) => Err(JournalError::broken(
            seq,
            format!("the snapshot after event {seq} is not what the events up to it give"),
        )),
        (None, None) => Ok(()),
    }
}

fn body(conn: &Connection, at: Seq) -> Result<Option<Vec<u8>>, JournalError> {
    let found = conn.query_row(
        "SELECT body FROM snapshot WHERE seq = ?1 AND fold = ?2",
        params![at.cast_signed(), FOLD],
        |r| r.get(0),
    );
    Ok(found.optional()?)
}
