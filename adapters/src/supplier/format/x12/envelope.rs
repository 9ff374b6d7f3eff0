//! The envelope: interchange, groups, sets, with the counts and control numbers that show whether anything is lost.

use rackhand_core::purchase::paper::Flaw;
use rackhand_core::text::Text;

use super::segment::Segment;
use crate::supplier::format::door::{Door, at};

/// The release that is read.
const RELEASE: &str = "004010";
/// The functional group of each set (X12, data element 479).
const GROUPS: [(&str, &str); 3] = [("843", "RR"), ("855", "PR"), ("856", "SH")];

/// One transaction set.
pub(super) struct Set<'a> {
    /// Its kind: `856`.
    pub(super) code: &'a str,
    /// Its segments, from `ST` to `SE`.
    pub(super) segments: &'a [Segment<'a>],
}

/// What is open while the segments go by.
#[derive(Default)]
struct Open<'a> {
    interchange: Option<&'a Segment<'a>>,
    groups: u64,
    group: Option<&'a Segment<'a>>,
    sets: u64,
    set: Option<usize>,
    closed: bool,
}

/// The sets of an interchange, where its envelope is whole.
pub(super) fn open<'a>(segments: &'a [Segment<'a>]) -> Result<Vec<Set<'a>>, Vec<Flaw>> {
    let mut door = Door::default();
    let mut open = Open::default();
    let bare = segments.first().is_some_and(|s| s.id == "ST");
    let mut sets = Vec::new();
    for (n, s) in segments.iter().enumerate() {
        if open.closed {
            door.flaw(at(s.n, s.id), "it follows the end of the interchange; one file has one");
            break;
        }
        match (s.id, open.set) {
            ("ISA", None) if n == 0 => interchange(&mut door, &mut open, s),
            ("GS", None) if open.interchange.is_some() && open.group.is_none() => group(&mut door, &mut open, s),
            ("ST", None) if bare || open.group.is_some() => {
                belongs(&mut door, open.group, s);
                open.sets += 1;
                open.set = Some(n);
            }
            ("SE", Some(from)) => {
                let all = &segments[from..=n];
                set_ends(&mut door, &all[0], s, all.len(), bare);
                sets.push(Set { code: all[0].e(1), segments: all });
                open.set = None;
            }
            ("GE", None) if open.group.is_some() => {
                let start = open.group.take();
                counted(&mut door, s, open.sets, "transaction sets");
                same(&mut door, s, "GS 06", start.map_or("", |g| g.e(6)));
            }
            ("IEA", None) if open.interchange.is_some() && open.group.is_none() => {
                counted(&mut door, s, open.groups, "groups");
                same(&mut door, s, "ISA 13", open.interchange.map_or("", |i| i.e(13)));
                open.closed = true;
            }
            ("ISA" | "GS" | "ST" | "SE" | "GE" | "IEA", _) => {
                door.flaw(at(s.n, s.id), "it has no place here: something before it was not opened or not closed");
            }
            (_, Some(_)) => {}
            (id, None) => door.flaw(at(s.n, id), "it stands outside of any transaction set"),
        }
    }
    let whole = if bare { open.set.is_none() } else { open.closed };
    if !whole {
        let end = if open.set.is_some() { "SE" } else { "IEA" };
        door.flaw(at(None, end), "it is missing: the file is cut off");
    }
    if sets.is_empty() && door.clear() {
        door.flaw(at(None, "ST"), "there is no transaction set in it");
    }
    door.close(sets)
}

fn interchange<'a>(door: &mut Door, open: &mut Open<'a>, s: &'a Segment<'a>) {
    open.interchange = Some(s);
    if s.e(15) == "T" {
        door.flaw(at(s.n, "ISA 15"), "a test interchange; ask the vendor to send it as production (P)");
    }
}

fn group<'a>(door: &mut Door, open: &mut Open<'a>, s: &'a Segment<'a>) {
    open.group = Some(s);
    open.groups += 1;
    open.sets = 0;
    if !s.e(8).starts_with(RELEASE) {
        door.flaw(at(s.n, "GS 08"), format!("release {} is not read; {RELEASE} is", Text::new(s.e(8))));
    }
}

/// Whether a set stands in a group of its kind.
fn belongs(door: &mut Door, group: Option<&Segment<'_>>, s: &Segment<'_>) {
    let Some(group) = group else { return };
    let wanted = GROUPS.iter().find(|(code, _)| *code == s.e(1)).map(|(_, group)| *group);
    if let Some(wanted) = wanted.filter(|w| *w != group.e(1)) {
        let why = format!("set {} stands in a group {}; it belongs into {wanted}", s.e(1), Text::new(group.e(1)));
        door.flaw(at(s.n, "ST 01"), why);
    }
}

/// The end of a set. One that was cut out of its envelope may count too few: people who cut also add. One that counts
/// more than is there has lost something.
fn set_ends(door: &mut Door, start: &Segment<'_>, end: &Segment<'_>, found: usize, bare: bool) {
    let found = found as u64;
    let stated = number(end.e(1));
    if !(bare && stated.is_some_and(|stated| stated <= found && stated > 0)) {
        counted(door, end, found, "segments");
    }
    same(door, end, "ST 02", start.e(2));
}

/// Holds element 01 against what was counted.
fn counted(door: &mut Door, s: &Segment<'_>, found: u64, what: &str) {
    if number(s.e(1)) != Some(found) {
        let field = format!("{} 01", s.id);
        let why = format!("it counts {} {what} and {found} are there; something is lost or added", Text::new(s.e(1)));
        door.flaw(at(s.n, &field), why);
    }
}

/// Holds element 02 against the control number of the beginning; leading zeros do not matter.
fn same(door: &mut Door, s: &Segment<'_>, begins: &str, control: &str) {
    let plain = |c: &str| c.trim().trim_start_matches('0').to_owned();
    if plain(s.e(2)) != plain(control) || s.e(2).is_empty() {
        let field = format!("{} 02", s.id);
        let why = format!("control number {} where {begins} has {}", Text::new(s.e(2)), Text::new(control));
        door.flaw(at(s.n, &field), why);
    }
}

/// A count as the envelope writes it.
pub(super) fn number(raw: &str) -> Option<u64> {
    (!raw.is_empty() && raw.len() <= 9 && raw.bytes().all(|b| b.is_ascii_digit())).then(|| raw.parse().ok())?
}
