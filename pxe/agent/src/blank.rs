//! Whether a disk is blank. The one question on which data depends, so every doubt is a no.

use std::io::{Read, Seek, SeekFrom};

/// At either end: partition tables and their copies, and the labels of LVM, md, ZFS, LUKS and file systems.
const ENDS: u64 = 16 << 20;
/// At each place between.
const PLACE: u64 = 256 << 10;
/// Read at once.
const CHUNK: usize = 1 << 20;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every byte that was looked at is zero, or every one is 0xFF on flash.
    Blank,
    /// Something is on it: where.
    Data(String),
    /// It could not be read, so nobody knows.
    Unknown(String),
}

/// Looks at both ends of `disk` and at `places` evenly spread between them. `flash` may be erased to 0xFF.
pub fn look(disk: &mut (impl Read + Seek), bytes: u64, places: u64, flash: bool) -> Look {
    if bytes == 0 {
        return Look::Unknown("its size is not known".to_owned());
    }
    let mut buffer = vec![0; CHUNK];
    let mut erased = None;
    for (from, length) in spans(bytes, places) {
        if let Err(e) = disk.seek(SeekFrom::Start(from)) {
            return Look::Unknown(format!("byte {from}: {e}"));
        }
        let mut at = from;
        while at < from + length {
            let want = ((from + length - at) as usize).min(CHUNK);
            let got = &mut buffer[..want];
            if let Err(e) = disk.read_exact(got) {
                return Look::Unknown(format!("byte {at}: {e}"));
            }
            // All must be alike: a disk that is 0x00 here and 0xFF there was written.
            let expected = *erased.get_or_insert(if flash && got[0] == 0xFF { 0xFF } else { 0 });
            if let Some(n) = got.iter().position(|b| *b != expected) {
                return Look::Data(format!("data at byte {}", at + n as u64));
            }
            at += want as u64;
        }
    }
    Look::Blank
}

/// Where to look: start and length, each inside the disk.
fn spans(bytes: u64, places: u64) -> Vec<(u64, u64)> {
    if bytes <= 2 * ENDS {
        return vec![(0, bytes)];
    }
    let between = bytes - 2 * ENDS;
    let place = |n: u64| {
        // In the middle of its part; 128 bits, since bytes times places does not fit 64.
        let at = u128::from(between) * u128::from(2 * n + 1) / u128::from(2 * places);
        let from = ENDS + (at as u64) / 4_096 * 4_096;
        (from, PLACE.min(bytes - from))
    };
    [(0, ENDS)].into_iter().chain((0..places).map(place)).chain([(bytes - ENDS, ENDS)]).collect()
}

/// What `wipefs --no-act --json` found: the second witness, which knows signatures by name.
///
/// # Errors
/// It is not what wipefs prints; then nobody knows.
pub fn signatures(json: &str) -> Result<Vec<String>, String> {
    // Nothing found prints nothing at all.
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let found: serde_json::Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
    let list = found["signatures"].as_array().ok_or("wipefs names no signatures")?;
    Ok(list.iter().map(|s| s["type"].as_str().unwrap_or("unknown signature").to_owned()).collect())
}

#[cfg(test)]
mod tests;
