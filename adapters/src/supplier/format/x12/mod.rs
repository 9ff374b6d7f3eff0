//! X12 004010: 843 (response to a request for quotation), 855 (purchase order acknowledgment), 856 (ship notice).
//!
//! All counts and control numbers of the envelope are checked, and anything that differs keeps all of it back. A set
//! without its envelope (`ST` to `SE`, with `*` and `~`) is read too, as people cut them out. A row in what is told is a
//! segment, from 1.

mod envelope;
mod line;
mod order;
mod segment;
mod ship;

use rackhand_core::purchase::paper::{Flaw, Paper};

use super::door::{Door, at, is_secret};

/// Reads an interchange.
///
/// # Errors
/// All that is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Vec<Paper>, Vec<Flaw>> {
    let text = super::decode(bytes)?;
    let segments = segment::divide(&text)?;
    let sets = envelope::open(&segments)?;
    let mut door = Door::default();
    let mut papers = Vec::new();
    for set in sets {
        for segment in set.segments {
            let labels = segment.elements.iter().filter(|e| is_secret(e));
            if matches!(segment.id, "REF" | "N9") && labels.count() > 0 {
                door.flaw(at(segment.n, segment.id), super::door::SECRET);
            }
        }
        match set.code {
            "843" => papers.extend(order::quote(&mut door, set.segments).map(Paper::Quote)),
            "855" => papers.extend(order::confirmation(&mut door, set.segments).map(Paper::Confirmation)),
            "856" => papers.extend(ship::read(&mut door, set.segments).into_iter().map(Paper::ShipNotice)),
            other => {
                let n = set.segments.first().map(|s| s.n);
                door.flaw(at(n, "ST 01"), format!("set {other} is not read; 843, 855 and 856 are"));
            }
        }
    }
    door.close(papers)
}
