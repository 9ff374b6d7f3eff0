//! Vendors' papers as they come: neutral JSON, CSV, cXML 1.2 and X12 004010, read into neutral form; and ours, written
//! for them. Nothing here does any I/O.
//!
//! A file is taken whole or not at all: one flaw anywhere in it and there is no paper, but every flaw is told. What is
//! missing stays missing: a price that is not there is `None`, never zero. Sizes are bounded before anything is read.

mod columns;
mod confirmed;
pub mod csv;
pub mod cxml;
mod door;
pub mod json;
pub mod x12;

use std::borrow::Cow;

use rackhand_core::purchase::paper::{Flaw, Paper};
use serde::{Deserialize, Serialize};

pub use self::columns::{Columns, Field};
pub use self::door::{MAX_FLAWS, MAX_QUANTITY};
use self::door::{at, only};

/// Bytes of a file at the most.
pub const MAX_BYTES: usize = 8 << 20;

/// How a paper is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Neutral JSON.
    Json,
    /// A table with a line of headers.
    Csv,
    /// cXML 1.2.
    Cxml,
    /// X12 004010: 843, 855, 856.
    X12,
}

/// Reads a file. Who sent it is not asked: that is the channel's to know. cXML that came over a network is read with
/// [`cxml::read`], which holds its credentials against what is expected.
///
/// # Errors
/// All that is wrong with it, place by place: at most [`MAX_FLAWS`], then how many more. Nothing of it may be used then.
pub fn read(format: Format, bytes: &[u8], columns: &Columns) -> Result<Vec<Paper>, Vec<Flaw>> {
    match format {
        Format::Json => json::read(bytes),
        Format::Csv => csv::read(bytes, columns),
        Format::Cxml => cxml::read(bytes, None),
        Format::X12 => x12::read(bytes),
    }
}

/// The format that a file seems to have: by what is in it, then by its name. `None` is neither.
pub fn sniff(bytes: &[u8], file_name: Option<&str>) -> Option<Format> {
    let name = file_name.unwrap_or_default().to_ascii_lowercase();
    let named = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let head = &bytes[..bytes.len().min(4096)];
    let utf16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    let head = String::from_utf8_lossy(head).replace(['\u{feff}', '\0'], "");
    let start = head.trim_start();
    if start.starts_with(['{', '[']) {
        Some(Format::Json)
    } else if start.starts_with('<') {
        (start.contains("cXML") || named(&[".cxml"])).then_some(Format::Cxml)
    } else if start.starts_with("ISA") && start.as_bytes().get(3).is_some_and(|b| !b.is_ascii_alphanumeric())
        || start.starts_with("ST*8")
    {
        Some(Format::X12)
    } else if named(&[".json"]) {
        Some(Format::Json)
    } else if named(&[".cxml", ".xml"]) {
        Some(Format::Cxml)
    } else if named(&[".x12", ".edi"]) {
        Some(Format::X12)
    } else if named(&[".csv", ".tsv"]) {
        Some(Format::Csv)
    } else {
        let text = utf16 || !bytes.contains(&0);
        let first = start.lines().next().unwrap_or_default();
        let table = first.contains([',', ';', '\t']) && !first.contains(|c: char| c.is_control() && c != '\t');
        (text && table).then_some(Format::Csv)
    }
}

/// The text of a file: UTF-8, or UTF-16 with its mark.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Vec<Flaw>> {
    if bytes.len() > MAX_BYTES {
        let why = format!("it has {} bytes; at most {MAX_BYTES} are read. Split it", bytes.len());
        return Err(only(at(None, "file"), why));
    }
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)?),
        _ => {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            Cow::Borrowed(std::str::from_utf8(bytes).map_err(|e| not_utf8(&bytes[..e.valid_up_to()]))?)
        }
    };
    if let Some(zero) = text.bytes().position(|b| b == 0) {
        return Err(not_utf8(&text.as_bytes()[..zero]));
    }
    if text.trim().is_empty() {
        return Err(only(at(None, "file"), "there is nothing in it"));
    }
    Ok(text)
}

/// The text of a file's first octets, so many at the most. What is not text in it is replaced.
fn beginning(bytes: &[u8], most: usize) -> String {
    let bytes = &bytes[..bytes.len().min(most)];
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Vec<Flaw>> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let read: Result<String, _> = char::decode_utf16(pairs.iter().map(|p| unit(*p))).collect();
    match (read, odd) {
        (Ok(text), []) => Ok(text),
        _ => Err(only(at(None, "encoding"), "UTF-16 that is cut off or broken. Save it again, in UTF-8")),
    }
}

fn not_utf8(until: &[u8]) -> Vec<Flaw> {
    let line = u32::try_from(until.split(|b| *b == b'\n').count()).unwrap_or(u32::MAX);
    let why = "not UTF-8 from here on; Latin-1 and Windows code pages are not guessed at. Save it in UTF-8 (in a \
               spreadsheet: CSV UTF-8), then import it again";
    only(at(line, "encoding"), why)
}

#[cfg(test)]
mod tests;
