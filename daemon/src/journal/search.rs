//! Finding text among millions of events: which blocks of events can hold it, by the three-byte pieces it is made of.
//!
//! A part covers 64 blocks of 256 events. For each of 65,536 classes of three bytes it has a word with one bit for each
//! block in which such a piece occurs. The words of a text's pieces, and-ed, leave the blocks worth reading.

use std::collections::BTreeSet;

use rackhand_core::event::Seq;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::chain::Hash;
use super::error::JournalError;
use super::read::JournalFilter;

/// Events in a block.
const BLOCK: Seq = 256;
/// Events in a part.
const PART: Seq = 64 * BLOCK;
/// Classes of pieces.
const CLASSES: usize = 1 << 16;
/// Classes whose words are stored together.
const PAGE: usize = 448;
/// How many pieces of a text are looked up. More would exclude little more.
const MAX_PIECES: usize = 24;

fn class(piece: [u8; 3]) -> u16 {
    let number = u32::from_be_bytes([0, piece[0], piece[1], piece[2]]);
    (number.wrapping_mul(0x9E37_79B1) >> 16) as u16
}

/// A text as it stands in JSON, in lower case.
pub(super) fn needle(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].to_ascii_lowercase()
}

/// Whether `needle`, which is in lower case, is in `hay` in either case.
pub(super) fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((&first, rest)) = needle.split_first() else { return true };
    let Some(last) = hay.len().checked_sub(needle.len()) else { return false };
    (0..=last).any(|n| hay[n].to_ascii_lowercase() == first && hay[n + 1..n + needle.len()].eq_ignore_ascii_case(rest))
}

/// How many parts there are.
fn parts(conn: &Connection) -> Result<Seq, JournalError> {
    // Asked at each commit, so it is not prepared anew each time.
    let last: Option<i64> = conn.prepare_cached("SELECT max(part) FROM search")?.query_row([], |r| r.get(0))?;
    Ok(last.map_or(0, |p| p.cast_unsigned() + 1))
}

/// Whether events are waiting for a part of their own; how many parts.
pub(super) fn waiting(conn: &Connection, head: Seq) -> Result<Seq, JournalError> {
    Ok((head / PART).saturating_sub(parts(conn)?))
}

/// Builds the next part, if its events are all there. Says whether it did.
pub(super) fn extend(conn: &Connection, head: Seq) -> Result<bool, JournalError> {
    let part = parts(conn)?;
    if head < (part + 1) * PART {
        return Ok(false);
    }
    let words = build(conn, part)?;
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    {
        let mut insert = tx.prepare_cached("INSERT INTO search VALUES (?1, ?2, ?3, ?4)")?;
        for (page, words) in words.chunks(PAGE).enumerate() {
            let bits: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            insert.execute(params![part.cast_signed(), page as i64, sum(part, page, &bits), bits])?;
        }
    }
    tx.commit()?;
    Ok(true)
}

fn build(conn: &Connection, part: Seq) -> Result<Vec<u64>, JournalError> {
    let mut words = vec![0_u64; CLASSES];
    let mut statement =
        conn.prepare_cached("SELECT seq, subject, actor, data FROM event WHERE seq > ?1 AND seq <= ?2")?;
    let mut rows = statement.query([(part * PART).cast_signed(), ((part + 1) * PART).cast_signed()])?;
    while let Some(row) = rows.next()? {
        let place = row.get::<_, i64>(0)?.cast_unsigned() - part * PART - 1;
        let bit = 1 << (place / BLOCK);
        for column in 1..=3 {
            let text = row.get_ref(column)?.as_bytes().map_err(rusqlite::Error::from)?;
            for piece in text.array_windows() {
                words[usize::from(class(piece.map(|b| b.to_ascii_lowercase())))] |= bit;
            }
        }
    }
    Ok(words)
}

fn sum(part: Seq, page: usize, bits: &[u8]) -> Hash {
    let sha = Sha256::new().chain_update(part.to_be_bytes()).chain_update((page as u64).to_be_bytes());
    sha.chain_update(bits).finalize().into()
}

/// The words of one page; `None` if it is missing or damaged.
fn load(conn: &Connection, part: Seq, page: usize) -> Result<Option<Vec<u8>>, JournalError> {
    let row: Option<(Hash, Vec<u8>)> = conn
        .prepare_cached("SELECT sum, bits FROM search WHERE part = ?1 AND page = ?2")?
        .query_row(params![part.cast_signed(), page as i64], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(row.filter(|(stored, bits)| sum(part, page, bits) == *stored).map(|(_, bits)| bits))
}

/// The ranges of events in which a filter can find something, newest first.
pub(super) struct Candidates<'a> {
    conn: &'a Connection,
    classes: Vec<u16>,
    before: Seq,
    /// The part whose blocks are being given, and the bits of those not given yet.
    part: Seq,
    blocks: u64,
    tail: Option<(Seq, Seq)>,
}

impl<'a> Candidates<'a> {
    /// `None` if the filter says nothing that this index knows, or says something a better index knows.
    pub(super) fn new(conn: &'a Connection, filter: &JournalFilter, before: Seq) -> Result<Option<Self>, JournalError> {
        if filter.subject.is_some() {
            return Ok(None);
        }
        let text = filter.text.as_deref().map(needle);
        let kind = filter.kind.as_ref().map(|k| format!("{{\"{k}\":").into_bytes());
        let actor = filter.actor.as_ref().map(|a| a.to_ascii_lowercase().into_bytes());
        let classes: BTreeSet<u16> = [text, kind, actor]
            .iter()
            .flatten()
            .flat_map(|n| n.array_windows().map(|p| class(*p)).take(MAX_PIECES))
            .collect();
        if classes.is_empty() {
            return Ok(None);
        }
        let part = parts(conn)?;
        let tail = Some((part * PART + 1, before)).filter(|(from, below)| from < below);
        Ok(Some(Self { conn, classes: classes.into_iter().collect(), before, part, blocks: 0, tail }))
    }

    /// The next range, from its first event to the one after its last.
    pub(super) fn next(&mut self) -> Result<Option<(Seq, Seq)>, JournalError> {
        if let Some(tail) = self.tail.take() {
            return Ok(Some(tail));
        }
        loop {
            if self.blocks != 0 {
                let top = self.blocks.ilog2();
                let run = (self.blocks << (63 - top)).leading_ones().min(top + 1);
                self.blocks &= !(u64::MAX << (top + 1 - run));
                let first = self.part * PART + 1;
                let below = (first + u64::from(top + 1) * BLOCK).min(self.before);
                let from = first + u64::from(top + 1 - run) * BLOCK;
                if from < below {
                    return Ok(Some((from, below)));
                }
                continue;
            }
            let Some(part) = self.part.checked_sub(1) else { return Ok(None) };
            self.part = part;
            if part * PART + 1 < self.before {
                self.blocks = self.look_up(part)?;
            }
        }
    }

    fn look_up(&self, part: Seq) -> Result<u64, JournalError> {
        let mut blocks = u64::MAX;
        let mut page = None;
        for class in &self.classes {
            let (number, place) = (usize::from(*class) / PAGE, usize::from(*class) % PAGE);
            if page.as_ref().is_none_or(|(n, _)| *n != number) {
                page = Some((number, load(self.conn, part, number)?));
            }
            // What can't be read excludes nothing.
            let word = page.as_ref().and_then(|(_, bits)| bits.as_ref()?.get(place * 8..)?.first_chunk());
            blocks &= word.map_or(u64::MAX, |w| u64::from_le_bytes(*w));
            if blocks == 0 {
                break;
            }
        }
        Ok(blocks)
    }
}

/// A sentence for each part of the index that will not be used.
pub(super) fn damaged(conn: &Connection) -> Result<Vec<String>, JournalError> {
    let mut found = Vec::new();
    for part in 0..parts(conn)? {
        for page in 0..CLASSES.div_ceil(PAGE) {
            if load(conn, part, page)?.is_none() {
                found.push(format!("page {page} of part {part} of the search index is damaged and is not used"));
            }
        }
    }
    found.truncate(8);
    Ok(found)
}
