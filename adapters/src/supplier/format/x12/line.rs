//! The lines of an 843 and an 855: `PO1` with what follows it, and what stands before and after.

use rackhand_core::purchase::money::Currency;
use rackhand_core::text::Text;

use super::envelope::number;
use super::segment::Segment;
use crate::supplier::format::door::{Door, at, words};

/// Qualifiers of part numbers (X12, data element 235), the vendor's first.
pub(super) const PARTS: [&str; 5] = ["VP", "VN", "MG", "SK", "BP"];

/// Segments that may stand in an 843 or 855 beside those that are read. They tell who, how and on what terms.
const BESIDE: [&str; 52] = [
    "ST", "SE", "PER", "TAX", "FOB", "CTP", "PAM", "CSH", "ITD", "DIS", "INC", "LIN", "SI", "MEA", "PWK", "PKG", "TD1",
    "TD5", "TD3", "TD4", "MAN", "CTB", "N1", "N2", "N3", "N4", "NX2", "ADV", "MTX", "PO3", "PO4", "IT8", "IT3", "QTY",
    "SCH", "SDQ", "DD", "G53", "SLN", "SPI", "LS", "LE", "LM", "LQ", "TC2", "FA1", "FA2", "V1", "REF", "SAC", "N9",
    "CTT",
];

/// A set divided into what stands before its lines, each line with what follows it, and what stands after.
pub(super) struct Parts<'a> {
    pub(super) header: Vec<&'a Segment<'a>>,
    pub(super) lines: Vec<Vec<&'a Segment<'a>>>,
    pub(super) summary: Vec<&'a Segment<'a>>,
}

/// Divides a set. `read` are the segments that its kind has beside those of both.
pub(super) fn divide<'a>(door: &mut Door, segments: &'a [Segment<'a>], read: &[&str]) -> Parts<'a> {
    let mut parts = Parts { header: Vec::new(), lines: Vec::new(), summary: Vec::new() };
    let mut over = false;
    for s in segments {
        let known = ["PO1", "PID", "CUR", "DTM", "LDT", "AMT", "MSG", "NTE"].contains(&s.id);
        if !known && !read.contains(&s.id) && !BESIDE.contains(&s.id) {
            door.flaw(at(s.n, s.id), "this segment has no place in the set; nothing tells what it changes");
        }
        over = over || s.id == "CTT";
        match (s.id, parts.lines.last_mut()) {
            ("PO1", _) if over => door.flaw(at(s.n, "PO1"), "a line after the end of the lines (CTT)"),
            ("PO1", _) => {
                if !door.room(parts.lines.len()) {
                    break;
                }
                parts.lines.push(vec![s]);
            }
            (_, Some(line)) if !over => line.push(s),
            (_, None) if !over => parts.header.push(s),
            _ => parts.summary.push(s),
        }
    }
    if let Some(ctt) = segments.iter().find(|s| s.id == "CTT") {
        let found = parts.lines.len() as u64;
        if number(ctt.e(1)) != Some(found) {
            let why = format!("it counts {} lines and {found} are there", Text::new(ctt.e(1)));
            door.flaw(at(ctt.n, "CTT 01"), why);
        }
    }
    parts
}

/// What a `PO1` says.
pub(super) struct Line {
    pub(super) number: Option<u16>,
    pub(super) part: Text,
    pub(super) description: Text,
    pub(super) quantity: u32,
    pub(super) unit_price: Option<u64>,
}

/// Reads a line.
pub(super) fn line(door: &mut Door, segments: &[&Segment<'_>], currency: Option<Currency>) -> Option<Line> {
    let po1 = segments.first()?;
    if !matches!(po1.e(3), "" | "EA" | "UN" | "PC") {
        door.flaw(at(po1.n, "PO1 03"), "not a unit that counts servers: EA is wanted");
    }
    // PID*F: a description in free form, element 05.
    let description = segments.iter().find(|s| s.id == "PID" && s.e(1) == "F").map(|s| s.e(5));
    Some(Line {
        number: door.line(at(po1.n, "PO1 01"), Some(po1.e(1))),
        part: door.number(at(po1.n, "PO1 07"), po1.product(6, &PARTS)),
        description: words(description).unwrap_or_else(|| "".into()),
        quantity: door.quantity(at(po1.n, "PO1 02"), Some(po1.e(2))),
        unit_price: door.price(at(po1.n, "PO1 04"), Some(po1.e(4)), currency),
    })
}

/// The currency of a set: `CUR 02`.
pub(super) fn currency(door: &mut Door, header: &[&Segment<'_>]) -> Option<Currency> {
    let cur = header.iter().find(|s| s.id == "CUR")?;
    door.currency(at(cur.n, "CUR 02"), Some(cur.e(2)))
}

/// The reference with this qualifier.
pub(super) fn reference<'a>(segments: &[&Segment<'a>], qualifiers: &[&str]) -> Option<(u32, &'a str)> {
    let found = |q: &&str| segments.iter().find(|s| matches!(s.id, "REF" | "N9") && s.e(1) == *q && !s.e(2).is_empty());
    qualifiers.iter().find_map(found).map(|s| (s.n, s.e(2)))
}

/// What is said in free text: `MSG` and `NTE`.
pub(super) fn notes(segments: &[Segment<'_>]) -> Option<Text> {
    let said = segments.iter().filter_map(|s| match s.id {
        "MSG" => Some(s.e(1)),
        "NTE" => Some(s.e(2)),
        _ => None,
    });
    words(Some(&said.filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ")))
}
