//! 843, what a vendor offers, and 855, what it says to an order.

use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{Accepts, Confirmation, ConfirmedLine, Quote, QuoteLine};
use rackhand_core::text::Text;

use super::line::{Line, currency, divide, line, notes, reference};
use super::segment::Segment;
use crate::supplier::format::confirmed;
use crate::supplier::format::door::{Door, MAX_LEAD_DAYS, at, stands};

/// Freight, among charges (X12, data element 1300).
const FREIGHT: [&str; 2] = ["D240", "D500"];

/// Reads an 843. Its number is `REF*Q1` (quote) or `REF*PR` (price quote); ours is `BQR 02`; it holds until `DTM*036`.
pub(super) fn quote(door: &mut Door, segments: &[Segment<'_>]) -> Option<Quote> {
    let parts = divide(door, segments, &["BQR"]);
    let Some(bqr) = parts.header.iter().find(|s| s.id == "BQR") else {
        door.flaw(at(None, "BQR"), "it is missing, and begins every 843");
        return None;
    };
    takes_back(door, bqr);
    let currency = currency(door, &parts.header);
    if !parts.header.iter().any(|s| s.id == "CUR" && !s.e(2).is_empty()) {
        door.flaw(at(None, "CUR 02"), "it is missing; prices without a currency are not taken");
    }
    let mut lines = Vec::new();
    for segments in &parts.lines {
        let Some(Line { number, part, description, quantity, unit_price }) = line(door, segments, currency) else {
            continue;
        };
        let lead_days = segments.iter().find(|s| s.id == "LDT").and_then(|s| lead_days(door, s));
        let (spec, warranty_months, watts) = (None, None, None);
        let line = QuoteLine {
            line: number,
            part,
            description,
            spec,
            quantity,
            unit_price,
            lead_days,
            warranty_months,
            watts,
        };
        lines.push(line);
    }
    if lines.is_empty() {
        door.flaw(at(None, "PO1"), "there is no line in it");
    }
    let (number_at, number) = reference(&parts.header, &["Q1", "PR"]).map_or((None, None), |(n, r)| (Some(n), Some(r)));
    let until = parts.header.iter().find(|s| s.id == "DTM" && s.e(1) == "036");
    Some(Quote {
        number: door.number(at(number_at, "REF*Q1"), number),
        request: door.maybe_number(at(bqr.n, "BQR 02"), Some(bqr.e(2))),
        currency: currency.unwrap_or(Currency::EUR),
        valid_until: until.and_then(|s| door.until(at(s.n, "DTM 02"), Some(s.e(2)))),
        freight: charges(door, segments, currency),
        total: total(door, &parts.summary, currency),
        note: notes(segments),
        lines,
    })
}

/// A set that takes an earlier one back is not the word it seems.
fn takes_back(door: &mut Door, begins: &Segment<'_>) {
    if !matches!(begins.e(1), "00" | "05" | "06" | "07" | "18") {
        let field = format!("{} 01", begins.id);
        let why = "not an original, a replacement or a duplicate (00, 05, 06, 07, 18); ask the vendor what it means";
        door.flaw(at(begins.n, &field), why);
    }
}

fn lead_days(door: &mut Door, ldt: &Segment<'_>) -> Option<u16> {
    let each = match ldt.e(3) {
        "DA" => 1,
        "WK" => 7,
        _ => {
            door.flaw(at(ldt.n, "LDT 03"), "a lead time in days (DA) or weeks (WK) is wanted");
            return None;
        }
    };
    let most = u64::from(MAX_LEAD_DAYS) / each;
    let count: u64 = door.whole(at(ldt.n, "LDT 02"), Some(ldt.e(2)), 0..=most)?;
    u16::try_from(count * each).ok()
}

/// Freight as it is charged. What else is added or taken off has no place in a quote's lines, and would make its sum
/// another than what is to be paid.
fn charges(door: &mut Door, segments: &[Segment<'_>], currency: Option<Currency>) -> Option<u64> {
    let mut freight: Option<u64> = None;
    for sac in segments.iter().filter(|s| s.id == "SAC" && s.e(1) != "N") {
        if sac.e(1) == "C" && FREIGHT.contains(&sac.e(2)) {
            let some = sac.implied(door, 5, currency);
            freight = some.map(|some| freight.unwrap_or(0) + some).or(freight);
        } else {
            let why = "a charge or allowance other than freight; ask for a quote that has it in its prices";
            door.flaw(at(sac.n, "SAC 02"), why);
        }
    }
    freight
}

/// `AMT*TT`: the total, as a decimal.
fn total(door: &mut Door, summary: &[&Segment<'_>], currency: Option<Currency>) -> Option<u64> {
    let amt = summary.iter().find(|s| s.id == "AMT" && s.e(1) == "TT")?;
    door.price(at(amt.n, "AMT 02"), Some(amt.e(2)), currency)
}

/// Reads an 855. The vendor's number is `BAK 08`, `REF*VN` or `REF*CO`; where there is none, ours stands.
pub(super) fn confirmation(door: &mut Door, segments: &[Segment<'_>]) -> Option<Confirmation> {
    let parts = divide(door, segments, &["BAK", "ACK"]);
    let Some(bak) = parts.header.iter().find(|s| s.id == "BAK") else {
        door.flaw(at(None, "BAK"), "it is missing, and begins every 855");
        return None;
    };
    // X12, data element 587.
    let word = match bak.e(2) {
        "AD" | "AK" | "AT" => Some(Accepts::Yes),
        "AC" | "AE" | "AP" => Some(Accepts::Changed),
        "RD" | "RF" | "RJ" | "RO" => Some(Accepts::No),
        _ => {
            let why = "it says neither yes nor no; one of AC, AD, AE, AK, AP, AT, RD, RF, RJ and RO is wanted";
            door.flaw(at(bak.n, "BAK 02"), why);
            None
        }
    };
    let all = match (bak.e(1), word) {
        // A yes to an order that we took back.
        ("01", Some(Accepts::Yes | Accepts::Changed)) => Some(Accepts::Cancelled),
        ("04", word) => word,
        ("01", word) => word,
        (_, word) => {
            takes_back(door, bak);
            word
        }
    };
    let currency = currency(door, &parts.header);
    let priced = parts.lines.iter().flatten().find(|s| s.id == "PO1" && !s.e(4).is_empty());
    if let (None, Some(po1)) = (currency, priced) {
        door.flaw(at(po1.n, "CUR 02"), "it is missing; prices without a currency are not taken");
    }
    let mut said = Vec::new();
    let mut promised = parts.header.iter().filter_map(|s| delivery(door, s)).max();
    for segments in &parts.lines {
        let Some(po1) = line(door, segments, currency) else { continue };
        let (word, quantity) = acknowledged(door, segments, po1.quantity, all);
        promised = promised.max(segments.iter().filter_map(|s| delivery(door, s)).max());
        let line = ConfirmedLine { line: po1.number, part: po1.part, quantity, unit_price: po1.unit_price };
        said.push((word, line));
    }
    let purchase = door.number(at(bak.n, "BAK 03"), Some(bak.e(3)));
    let own = Some((bak.n, bak.e(8))).filter(|(_, own)| !own.is_empty());
    let own = own.or_else(|| reference(&parts.header, &["VN", "CO"]));
    let number: Option<Text> = own.and_then(|(n, own)| door.maybe_number(at(n, "BAK 08"), Some(own)));
    let total = total(door, &parts.summary, currency);
    let (verdict, lines) = confirmed::judge(all, said)?;
    Some(Confirmation {
        number: number.unwrap_or_else(|| purchase.clone()),
        purchase,
        verdict,
        lines,
        currency,
        total,
        promised,
        note: notes(segments),
    })
}

/// What a line's `ACK`s say together, and how many are still in the order. Without one, the header speaks.
fn acknowledged(door: &mut Door, segments: &[&Segment<'_>], ordered: u32, all: Option<Accepts>) -> (Accepts, u32) {
    let mut words = Vec::new();
    let mut kept = 0_u32;
    for ack in segments.iter().filter(|s| s.id == "ACK") {
        // X12, data element 668.
        let word = match ack.e(1) {
            "IA" | "AA" | "AC" | "AR" => Accepts::Yes,
            "IB" | "IC" | "IE" | "IP" | "IQ" | "IS" | "DR" | "BP" | "SP" => Accepts::Changed,
            "ID" | "IR" | "R1" | "R2" | "R3" | "R4" | "R5" | "R6" => Accepts::No,
            _ => {
                let why = "it says neither yes nor no to the line (such as on hold, IH); ask the vendor";
                door.flaw(at(ack.n, "ACK 01"), why);
                Accepts::No
            }
        };
        let some = if ack.e(2).is_empty() { ordered } else { door.quantity(at(ack.n, "ACK 02"), Some(ack.e(2))) };
        kept = kept.saturating_add(if stands(word) { some } else { 0 });
        words.push(word);
    }
    match confirmed::verdict(&words) {
        None => (all.unwrap_or(Accepts::No), ordered),
        Some(word) if stands(word) && kept != ordered => (Accepts::Changed, kept),
        Some(word) => (word, kept),
    }
}

/// A day of delivery: `DTM` or `ACK 04` with 017 (estimated) or 067 (current schedule).
fn delivery(door: &mut Door, s: &Segment<'_>) -> Option<rackhand_core::time::Timestamp> {
    let (qualifier, date) = match s.id {
        "DTM" => (s.e(1), 2),
        "ACK" => (s.e(4), 5),
        _ => return None,
    };
    let field = format!("{} {date:02}", s.id);
    matches!(qualifier, "017" | "067").then(|| door.moment(at(s.n, &field), Some(s.e(date))))?
}
