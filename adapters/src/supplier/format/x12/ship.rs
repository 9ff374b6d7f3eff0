//! 856: what a vendor has shipped, as a tree of `HL` segments: shipment, order, tare, pack, item, and what is below an
//! item. A paper for each order in it.
//!
//! Serials are `REF*SE` (or `N9*SE`), `LIN*..*SN`, or below an item without those `MAN 02`. The BMC's MAC has no place in the
//! standard: it is taken from `REF*ZZ` where that is one. With several servers on one level, the n-th MAC belongs to the
//! n-th serial, and there must be as many.

mod tree;

use std::collections::BTreeMap;

use rackhand_core::purchase::paper::{Carrier, ShipNotice, ShippedItem};
use rackhand_core::text::Text;

use self::tree::{Level, Tree};
use super::line::PARTS;
use super::segment::Segment;
use crate::supplier::format::door::{Door, Tracking, at, words};

pub(super) fn read(door: &mut Door, segments: &[Segment<'_>]) -> Vec<ShipNotice> {
    let Some(bsn) = segments.iter().find(|s| s.id == "BSN") else {
        door.flaw(at(None, "BSN"), "it is missing, and begins every 856");
        return Vec::new();
    };
    if !matches!(bsn.e(1), "00" | "05" | "06" | "07" | "18") {
        let why = "not an original, a replacement or a duplicate (00, 05, 06, 07, 18); ask the vendor what it means";
        door.flaw(at(bsn.n, "BSN 01"), why);
    }
    let number = door.number(at(bsn.n, "BSN 02"), Some(bsn.e(2)));
    let Some(tree) = Tree::read(door, segments) else { return Vec::new() };
    let mut of_order: BTreeMap<usize, Vec<&Level<'_>>> = BTreeMap::new();
    let mut of_item: BTreeMap<usize, Vec<&Level<'_>>> = BTreeMap::new();
    for level in &tree.levels {
        of_order.entry(level.order.unwrap_or(usize::MAX)).or_default().push(level);
        of_item.entry(level.item.unwrap_or(usize::MAX)).or_default().push(level);
    }
    let mut papers: Vec<ShipNotice> = Vec::new();
    for (n, order) in tree.levels.iter().enumerate().filter(|(_, l)| l.code == "O") {
        if !door.room(papers.len()) {
            break;
        }
        let prf = order.segments.iter().find(|s| s.id == "PRF");
        let place = prf.map_or(order.n, |s| s.n);
        let purchase = door.number(at(place, "PRF 01"), prf.map(|s| s.e(1)));
        if papers.iter().any(|p| p.purchase == purchase) {
            door.flaw(at(place, "PRF 01"), "this order stands twice in one ship notice");
            continue;
        }
        let mut paper = ShipNotice {
            number: number.clone(),
            purchase,
            carrier: None,
            tracking: Vec::new(),
            shipped: None,
            eta: None,
            items: Vec::new(),
        };
        let mut tracking = Tracking::default();
        let above = tree.above(n).filter_map(|a| tree.levels.get(a));
        let below = of_order.get(&n).into_iter().flatten().copied();
        for level in above.chain(below) {
            transport(door, level, &mut paper, &mut tracking);
            if let (Some(own), "I") = (level.item, level.code) {
                item(door, of_item.get(&own).map_or(&[], Vec::as_slice), &mut paper.items);
            }
        }
        paper.tracking = tracking.numbers;
        papers.push(paper);
    }
    if papers.is_empty() {
        door.flaw(at(None, "HL"), "there is no order level (HL 03 = O), so no order is named");
    }
    papers
}

/// What a level says of how it travels.
fn transport(door: &mut Door, level: &Level<'_>, paper: &mut ShipNotice, tracking: &mut Tracking) {
    for s in &level.segments {
        let number = match (s.id, s.e(1)) {
            // The carrier's number, a package's, or one the carrier put on it.
            ("REF" | "N9", "CN" | "2I") | ("MAN", "CP") => Some(s.e(2)),
            _ => None,
        };
        tracking.take(door, at(s.n, s.id), number);
        match (s.id, s.e(1)) {
            // 03 is the carrier's code; 05 its name in words.
            ("TD5", _) => paper.carrier = paper.carrier.or(Carrier::of(s.e(3))).or(Carrier::of(s.e(5))),
            ("DTM", "011") => paper.shipped = door.moment(at(s.n, "DTM 02"), Some(s.e(2))).or(paper.shipped),
            ("DTM", "017") => paper.eta = paper.eta.max(door.moment(at(s.n, "DTM 02"), Some(s.e(2)))),
            _ => {}
        }
    }
}

/// The servers of an item level, the first of these, and of all that is below it.
fn item(door: &mut Door, levels: &[&Level<'_>], items: &mut Vec<ShippedItem>) {
    let Some(level) = levels.first() else { return };
    let Some(sn1) = level.segments.iter().find(|s| s.id == "SN1") else {
        door.flaw(at(level.n, "SN1"), "it is missing: nothing says how many were shipped");
        return;
    };
    let quantity = door.quantity(at(sn1.n, "SN1 02"), Some(sn1.e(2)));
    let lin = level.segments.iter().find(|s| s.id == "LIN");
    let place = lin.map_or(level.n, |s| s.n);
    let number = lin.map(|s| s.e(1)).filter(|e| !e.is_empty()).unwrap_or(sn1.e(1));
    let line = door.line(at(place, "LIN 01"), Some(number));
    let part = door.maybe_number(at(place, "LIN 03"), lin.and_then(|s| s.product(2, &PARTS)));
    let model: Option<Text> = words(lin.and_then(|s| s.product(2, &["MN"])));
    let mut named = 0;
    for (k, below) in levels.iter().enumerate() {
        let serials = serials(below, k > 0);
        let macs = macs(below);
        named += serials.len();
        if let Some((first, _)) = macs.first().filter(|_| macs.len() != serials.len()) {
            let why = format!("{} MACs for {} servers; nothing tells which is whose", macs.len(), serials.len());
            door.flaw(at(*first, "REF*ZZ"), why);
        }
        for (k, (at_serial, serial)) in serials.into_iter().enumerate() {
            let (at_mac, mac) = macs.get(k).map_or((at_serial, None), |(n, mac)| (*n, Some(*mac)));
            let (serial, bmc_mac) = door.server((at(at_serial, "REF*SE"), Some(serial)), (at(at_mac, "REF*ZZ"), mac));
            items.push(ShippedItem { line, part: part.clone(), model: model.clone(), serial, bmc_mac });
        }
    }
    door.counted(at(sn1.n, "SN1 02"), quantity, named);
}

/// The serials of a level, each with its segment.
fn serials<'a>(level: &Level<'a>, below_item: bool) -> Vec<(u32, &'a str)> {
    let references = level.segments.iter().filter(|s| matches!(s.id, "REF" | "N9") && s.e(1) == "SE");
    let mut found: Vec<(u32, &str)> = references.map(|s| (s.n, s.e(2))).collect();
    if found.is_empty() {
        let products = level.segments.iter().filter(|s| s.id == "LIN");
        found.extend(products.filter_map(|s| Some((s.n, s.product(2, &["SN"])?))));
    }
    if found.is_empty() && below_item {
        // Not the numbers of packages: SSCC-18 and the carrier's.
        let marks = level.segments.iter().filter(|s| s.id == "MAN" && !matches!(s.e(1), "GM" | "AA" | "CP" | "CA"));
        found.extend(marks.map(|s| (s.n, s.e(2))));
    }
    found
}

/// The MACs of a level, each with its segment: mutually defined references that look like one. Twelve digits without a
/// letter or a mark look like any number, unless they are called a MAC.
fn macs<'a>(level: &Level<'a>) -> Vec<(u32, &'a str)> {
    let private = level.segments.iter().filter(|s| matches!(s.id, "REF" | "N9") && s.e(1) == "ZZ");
    let looks = |s: &&&Segment<'a>| {
        let (raw, name) = (s.e(2), s.e(3).to_ascii_uppercase());
        let other = ["NIC", "LOM", "ETH", "PORT"].iter().any(|o| name.contains(o));
        let plain = raw.bytes().all(|b| b.is_ascii_digit());
        raw.parse::<rackhand_core::mac::Mac>().is_ok() && !other && (!plain || name.contains("MAC"))
    };
    private.filter(looks).map(|s| (s.n, s.e(2))).collect()
}
