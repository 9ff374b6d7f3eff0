//! The journal's file: how it is opened, its tables, and how an older file becomes a current one.

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use rackhand_core::id::SiteId;

use super::error::JournalError;

/// Says that a SQLite file is a Rackhand journal: `RKHD`.
const APPLICATION: i32 = i32::from_be_bytes(*b"RKHD");

/// All steps from an empty file to the current one. A published step is never edited.
const MIGRATIONS: &[&str] = &[include_str!("migration/001.sql")];

/// Bytes of the largest value, which is a snapshot.
const MAX_VALUE: i32 = 512 << 20;

/// What both kinds of connection share.
pub(super) fn harden(conn: &Connection) -> Result<(), JournalError> {
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 4),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 32),
    ] {
        conn.set_limit(limit, value)?;
    }
    conn.execute_batch("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;")?;
    Ok(())
}

/// What the writer has besides: an acknowledged commit is on the disk.
pub(super) fn prepare_writer(conn: &Connection) -> Result<(), JournalError> {
    harden(conn)?;
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0))?;
    if mode != "wal" && mode != "memory" {
        return Err(JournalError::Sqlite {
            what: format!("the file system allows journal mode {mode} only, not WAL; use a local disk"),
        });
    }
    // At 1,000 pages, the default, the same index pages are written back several times as often in a burst.
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(())
}

fn digest(sql: &str) -> [u8; 32] {
    Sha256::digest(sql).into()
}

/// Brings the file up to date, each step in a transaction of its own. `at` is the time in microseconds.
/// A file of a later version is refused, and so is one whose steps were not these.
pub(super) fn migrate(conn: &Connection, site: &SiteId, at: i64) -> Result<(), JournalError> {
    let known = MIGRATIONS.len() as u32;
    let found = version(conn)?;
    if found > known {
        return Err(JournalError::Newer { found, known });
    }
    if found == 0 {
        let alien: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
        if alien > 0 {
            return Err(JournalError::Broken { seq: None, what: "the file is no journal: it has other tables".into() });
        }
    } else {
        check_steps(conn, found)?;
    }
    for (n, sql) in (1..).zip(MIGRATIONS) {
        if n <= found {
            continue;
        }
        let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
        if n == 1 {
            tx.execute_batch(&format!(
                "CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
                 CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                 PRAGMA application_id = {APPLICATION};"
            ))?;
            tx.execute("INSERT INTO meta VALUES ('site', ?1), ('format', '1')", [site.as_str()])?;
        }
        tx.execute_batch(sql)?;
        tx.execute("INSERT INTO schema_migration VALUES (?1, ?2, ?3)", params![n, digest(sql), at])?;
        tx.execute_batch(&format!("PRAGMA user_version = {n}"))?;
        tx.commit()?;
    }
    Ok(())
}

fn version(conn: &Connection) -> Result<u32, JournalError> {
    Ok(conn.query_row("PRAGMA user_version", [], |r| r.get(0))?)
}

fn check_steps(conn: &Connection, found: u32) -> Result<(), JournalError> {
    for (n, sql) in (1..=found).zip(MIGRATIONS) {
        let sum: Option<[u8; 32]> =
            conn.query_row("SELECT sha256 FROM schema_migration WHERE version = ?1", [n], |r| r.get(0)).optional()?;
        if sum != Some(digest(sql)) {
            let what = format!("step {n} of its schema is not the one this program knows");
            return Err(JournalError::Broken { seq: None, what });
        }
    }
    Ok(())
}

/// One value beside the chain.
pub(super) fn meta(conn: &Connection, key: &str) -> Result<Option<String>, JournalError> {
    Ok(conn.query_row("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0)).optional()?)
}

/// The site whose journal this is.
pub(super) fn site(conn: &Connection) -> Result<SiteId, JournalError> {
    let missing = || JournalError::Broken { seq: None, what: "the file does not say which site it belongs to".into() };
    meta(conn, "site")?.map(|s| SiteId::new(&s)).ok_or_else(missing)
}

/// Whether tables, indexes and triggers are as this program makes them, so that a lifted guard is noticed.
pub(super) fn check_shape(conn: &Connection) -> Result<(), JournalError> {
    let broken = |what: String| Err(JournalError::Broken { seq: None, what });
    let known = MIGRATIONS.len() as u32;
    let found = version(conn)?;
    if found > known {
        return Err(JournalError::Newer { found, known });
    }
    let application: i32 = conn.query_row("PRAGMA application_id", [], |r| r.get(0))?;
    if found < known || application != APPLICATION || meta(conn, "format")?.as_deref() != Some("1") {
        return broken("the file's version, mark or format is not a journal's".into());
    }
    check_steps(conn, found)?;
    let pattern = Connection::open_in_memory()?;
    migrate(&pattern, &site(conn)?, 0)?;
    let (is, should) = (shape(conn)?, shape(&pattern)?);
    if let Some(name) = should.iter().find(|s| !is.contains(s)).or_else(|| is.iter().find(|s| !should.contains(s))) {
        return broken(format!("{} {} of the file is not as Rackhand makes it", name.0, name.1));
    }
    Ok(())
}

type Shape = Vec<(String, String, Option<String>)>;

fn shape(conn: &Connection) -> Result<Shape, JournalError> {
    let mut all = conn.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'")?;
    let rows = all.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
