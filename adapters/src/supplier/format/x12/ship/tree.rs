//! The tree of `HL` segments of an 856.

use std::collections::BTreeMap;

use rackhand_core::text::Text;

use crate::supplier::format::door::{Door, at};
use crate::supplier::format::x12::envelope::number;
use crate::supplier::format::x12::segment::Segment;

/// Levels above one at the most.
const MAX_DEPTH: usize = 16;
/// Segments that may stand in an 856.
const KNOWN: [&str; 37] = [
    "ST", "SE", "BSN", "DTM", "CTT", "HL", "LIN", "SN1", "SLN", "PRF", "PO4", "PID", "MEA", "PWK", "PKG", "TD1", "TD3",
    "TD4", "TD5", "TSD", "REF", "N9", "PER", "CLD", "MAN", "FOB", "N1", "N2", "N3", "N4", "ETD", "CUR", "SAC", "ITA",
    "LM", "LQ", "NTE",
];

/// The levels in the order of the file.
pub(super) struct Tree<'a> {
    pub(super) levels: Vec<Level<'a>>,
}

/// A level without a place in the tree, which has been told.
struct Astray;

/// One level and what stands on it.
pub(super) struct Level<'a> {
    /// The place of its `HL`.
    pub(super) n: u32,
    /// What it is: `S`, `O`, `T`, `P`, `I`; anything below an item.
    pub(super) code: &'a str,
    above: Option<usize>,
    /// The order it belongs to: itself, or what is above it.
    pub(super) order: Option<usize>,
    /// The item it belongs to: itself, or what is above it.
    pub(super) item: Option<usize>,
    pub(super) segments: Vec<&'a Segment<'a>>,
}

impl<'a> Tree<'a> {
    /// The tree of a set; `None` where it is none, which is told.
    pub(super) fn read(door: &mut Door, segments: &'a [Segment<'a>]) -> Option<Self> {
        let mut tree = Self { levels: Vec::new() };
        let mut by_number: BTreeMap<&str, usize> = BTreeMap::new();
        let mut over = false;
        for s in segments {
            if !KNOWN.contains(&s.id) {
                door.flaw(at(s.n, s.id), "this segment has no place in an 856; nothing tells what it changes");
            }
            over = over || s.id == "CTT";
            match s.id {
                "HL" if over => door.flaw(at(s.n, "HL"), "a level after the end of the levels (CTT)"),
                "HL" => {
                    let above = tree.place(door, s, &by_number).ok()?;
                    if by_number.insert(s.e(1), tree.levels.len()).is_some() {
                        door.flaw(at(s.n, "HL 01"), "this number stands twice; nothing tells what belongs to which");
                        return None;
                    }
                    let own = tree.levels.len();
                    let up = above.and_then(|a| tree.levels.get(a));
                    let of = |code: &str, up: Option<usize>| if s.e(3) == code { Some(own) } else { up };
                    let (order, item) = (of("O", up.and_then(|l| l.order)), of("I", up.and_then(|l| l.item)));
                    tree.levels.push(Level { n: s.n, code: s.e(3), above, order, item, segments: Vec::new() });
                }
                _ if over => {}
                _ => match tree.levels.last_mut() {
                    Some(level) => level.segments.push(s),
                    None if matches!(s.id, "ST" | "BSN" | "DTM" | "NTE" | "REF") => {}
                    None => door.flaw(at(s.n, s.id), "it stands before the first level (HL)"),
                },
            }
        }
        if let Some(ctt) = segments.iter().find(|s| s.id == "CTT") {
            let found = tree.levels.len() as u64;
            if number(ctt.e(1)) != Some(found) {
                let why = format!("it counts {} levels (HL) and {found} are there", Text::new(ctt.e(1)));
                door.flaw(at(ctt.n, "CTT 01"), why);
            }
        }
        tree.orders_items(door);
        Some(tree)
    }

    /// What a new level stands under, where it stands under anything.
    fn place(
        &self,
        door: &mut Door,
        hl: &Segment<'_>,
        by_number: &BTreeMap<&str, usize>,
    ) -> Result<Option<usize>, Astray> {
        if hl.e(1).is_empty() {
            door.flaw(at(hl.n, "HL 01"), "it is missing");
            return Err(Astray);
        }
        let above = match hl.e(2) {
            "" => None,
            parent => {
                let Some(above) = by_number.get(parent) else {
                    let why = format!("there is no level {} before it", Text::new(parent));
                    door.flaw(at(hl.n, "HL 02"), why);
                    return Err(Astray);
                };
                Some(*above)
            }
        };
        if above.is_some_and(|a| self.above(a).count() >= MAX_DEPTH) {
            door.flaw(at(hl.n, "HL 02"), format!("more than {MAX_DEPTH} levels below each other"));
            return Err(Astray);
        }
        let up = above.and_then(|a| self.levels.get(a));
        let (in_order, in_item) = (up.is_some_and(|l| l.order.is_some()), up.is_some_and(|l| l.item.is_some()));
        if !matches!(hl.e(3), "S" | "O" | "T" | "P" | "I") && !in_item {
            door.flaw(at(hl.n, "HL 03"), "not a shipment, order, tare, pack or item (S, O, T, P, I)");
        }
        if (hl.e(3) == "O" && in_order) || (hl.e(3) == "I" && in_item) {
            door.flaw(at(hl.n, "HL 03"), "an order in an order, or an item in an item");
        }
        Ok(above)
    }

    /// Holds that every item belongs to an order.
    fn orders_items(&self, door: &mut Door) {
        for item in self.levels.iter().filter(|l| l.code == "I" && l.order.is_none()) {
            door.flaw(at(item.n, "HL 02"), "this item belongs to no order");
        }
    }

    /// The levels above one, the nearest first.
    pub(super) fn above(&self, n: usize) -> impl Iterator<Item = usize> {
        let up = |n: &usize| self.levels.get(*n).and_then(|l| l.above);
        std::iter::successors(up(&n), move |n| up(n))
    }
}
