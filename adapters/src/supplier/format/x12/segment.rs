//! Segments and elements: what divides them stands in the first segment, whose elements have fixed widths.

use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::Flaw;

use crate::supplier::format::door::{Door, at, only};

/// Segments of an interchange at the most.
const MAX_SEGMENTS: usize = 200_000;
/// Elements of a segment at the most.
const MAX_ELEMENTS: usize = 64;
/// Characters of the interchange header, its terminator included (X12.5).
const ISA: usize = 106;
/// Where its element separators stand.
const SEPARATORS: [usize; 16] = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];

/// One segment.
pub(super) struct Segment<'a> {
    /// Its place in the file, from 1.
    pub(super) n: u32,
    /// Its name.
    pub(super) id: &'a str,
    /// Its elements, the first being element 01.
    pub(super) elements: Vec<&'a str>,
}

impl<'a> Segment<'a> {
    /// Element `number`, from 1; empty where it is not there.
    pub(super) fn e(&self, number: usize) -> &'a str {
        number.checked_sub(1).and_then(|n| self.elements.get(n)).map_or("", |e| e.trim())
    }

    /// The value behind the first of these qualifiers that has one, among the pairs that begin at element `from`
    /// (`LIN`, `PO1`).
    pub(super) fn product(&self, from: usize, qualifiers: &[&str]) -> Option<&'a str> {
        let pairs: Vec<(&str, &str)> =
            (from..=self.elements.len()).step_by(2).map(|n| (self.e(n), self.e(n + 1))).collect();
        qualifiers.iter().find_map(|q| pairs.iter().find(|(have, id)| have == q && !id.is_empty()).map(|(_, id)| *id))
    }

    /// An amount of type N2: two decimals that are implied, whatever the currency.
    pub(super) fn implied(&self, door: &mut Door, number: usize, currency: Option<Currency>) -> Option<u64> {
        let field = format!("{} {number:02}", self.id);
        let raw = self.e(number);
        if raw.is_empty() {
            return None;
        }
        if !raw.bytes().enumerate().all(|(n, b)| b.is_ascii_digit() || (n == 0 && b == b'-')) {
            door.flaw(at(self.n, &field), "not an amount: digits alone, the last two of them decimals");
            return None;
        }
        let (sign, digits) = raw.strip_prefix('-').map_or(("", raw), |d| ("-", d));
        let padded = format!("{digits:0>3}");
        let (whole, cents) = padded.split_at(padded.len() - 2);
        door.price(at(self.n, &field), Some(&format!("{sign}{whole}.{cents}")), currency)
    }
}

/// The segments of a file.
pub(super) fn divide(text: &str) -> Result<Vec<Segment<'_>>, Vec<Flaw>> {
    let text = text.trim_start();
    let (separator, terminator) = separators(text)?;
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some((segment, after)) = rest.split_once(terminator) {
        rest = after;
        let n = u32::try_from(segments.len() + 1).unwrap_or(u32::MAX);
        let segment = segment.trim_start_matches(['\r', '\n', ' ']);
        let mut parts = segment.split(separator);
        let id = parts.next().unwrap_or_default();
        let elements: Vec<&str> = parts.take(MAX_ELEMENTS + 1).collect();
        if elements.len() > MAX_ELEMENTS || segments.len() == MAX_SEGMENTS {
            let why = format!("more than {MAX_SEGMENTS} segments, or than {MAX_ELEMENTS} elements in one");
            return Err(only(at(n, "segment"), why));
        }
        if !(2..=3).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Err(only(
                at(n, "segment"),
                "not a segment: it has no name of two or three capital letters and digits",
            ));
        }
        segments.push(Segment { n, id, elements });
    }
    if !rest.trim().is_empty() {
        let n = u32::try_from(segments.len() + 1).unwrap_or(u32::MAX);
        return Err(only(at(n, "segment"), "it has no end: the file is cut off, or has more than one interchange"));
    }
    Ok(segments)
}

/// What divides elements, and what ends segments.
fn separators(text: &str) -> Result<(char, char), Vec<Flaw>> {
    if text.starts_with("ST*") {
        return Ok(('*', '~'));
    }
    if !text.starts_with("ISA") {
        return Err(only(at(1, "ISA"), "neither an interchange (ISA) nor a set (ST*)"));
    }
    let head = text.as_bytes().get(..ISA).filter(|head| head.is_ascii());
    let Some(head) = head else {
        return Err(only(at(1, "ISA"), format!("its header is not {ISA} characters of ASCII: the file is cut off")));
    };
    let (separator, component, terminator) = (head[3], head[104], head[105]);
    // There and nowhere else.
    let fixed = head.iter().enumerate().all(|(n, b)| (*b == separator) == SEPARATORS.contains(&n));
    if !fixed {
        return Err(only(
            at(1, "ISA"),
            "its elements do not have their fixed widths; nothing tells what divides the rest",
        ));
    }
    let odd = |b: u8| b.is_ascii_alphanumeric() || b == b' ' || b == 0;
    let alike = separator == component || separator == terminator || component == terminator;
    if alike || [separator, component, terminator].into_iter().any(odd) {
        return Err(only(at(1, "ISA"), "its separators are not three different marks"));
    }
    Ok((char::from(separator), char::from(terminator)))
}
