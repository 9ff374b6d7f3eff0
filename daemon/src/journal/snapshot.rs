//! States saved beside the chain, so that a start need not replay everything. They may be thrown away at any time.

use rackhand_core::event::Seq;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::chain::{self, Hash};
use super::error::JournalError;
use super::schema;

/// Binds a snapshot to the chain it was computed from.
fn sum(event: &Hash, seq: Seq, fold: u32, body: &[u8]) -> Hash {
    let sha = Sha256::new().chain_update(event).chain_update(seq.to_be_bytes()).chain_update(fold.to_be_bytes());
    sha.chain_update(body).finalize().into()
}

/// Saves the state after event `at`, computed by version `fold` of the fold, and keeps the newest two.
pub(super) fn save(conn: &Connection, at: Seq, fold: u32, body: &[u8]) -> Result<(), JournalError> {
    let site = schema::site(conn)?;
    let Some(event) = chain::hash_at(conn, &site, at)? else {
        return Err(JournalError::Refused { what: format!("a snapshot after event {at}, which does not exist") });
    };
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    let sum = sum(&event, at, fold, body);
    tx.execute("INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4)", params![at.cast_signed(), fold, sum, body])?;
    tx.execute(
        "DELETE FROM snapshot WHERE rowid NOT IN (SELECT rowid FROM snapshot ORDER BY seq DESC, rowid DESC LIMIT 2)",
        [],
    )?;
    Ok(tx.commit()?)
}

/// The newest sound snapshot of this fold, with the place of the last event in it.
pub(super) fn load(conn: &Connection, fold: u32) -> Result<Option<(Seq, Vec<u8>)>, JournalError> {
    let site = schema::site(conn)?;
    let mut statement = conn.prepare("SELECT seq, sum, body FROM snapshot WHERE fold = ?1 ORDER BY seq DESC")?;
    let mut rows = statement.query([fold])?;
    // A damaged page under a snapshot must not keep the daemon from starting: replay gives the same state.
    while let Ok(Some(row)) = rows.next() {
        let Ok((seq, stored, body)) = read(row) else { continue };
        if chain::hash_at(conn, &site, seq)?.is_some_and(|event| sum(&event, seq, fold, &body) == stored) {
            return Ok(Some((seq, body)));
        }
    }
    Ok(None)
}

fn read(row: &rusqlite::Row<'_>) -> Result<(Seq, Hash, Vec<u8>), rusqlite::Error> {
    Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?))
}

/// A sentence for each snapshot that will not be used.
pub(super) fn damaged(conn: &Connection) -> Result<Vec<String>, JournalError> {
    let site = schema::site(conn)?;
    let mut statement = conn.prepare("SELECT seq, sum, body, fold FROM snapshot ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let sound = match (read(row), row.get::<_, u32>(3)) {
            (Ok((seq, stored, body)), Ok(fold)) => {
                chain::hash_at(conn, &site, seq)?.is_some_and(|event| sum(&event, seq, fold, &body) == stored)
            }
            _ => false,
        };
        if !sound {
            let seq: i64 = row.get(0).unwrap_or_default();
            found.push(format!("the snapshot after event {seq} is damaged and is not used"));
        }
    }
    Ok(found)
}
