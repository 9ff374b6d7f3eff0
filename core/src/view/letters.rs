//! Everything a person must decide about, oldest first.

use super::{DeadLetter, row, step_row};
use crate::flow::rules::rule;
use crate::id::Subject;
use crate::lifecycle::unit::{Phase, Progress};
use crate::time::Timestamp;
use crate::world::World;

/// Everything a person must decide about, oldest first.
pub fn dead_letters(world: &World, now: Timestamp) -> Vec<DeadLetter> {
    let letter = |subject, row, progress: &Progress| DeadLetter {
        subject,
        row,
        step: step_row(progress),
        since: progress.since,
        who: rule(progress.step).role,
    };
    let parked = |p: &&Progress| matches!(p.phase, Phase::Parked { .. });
    let mut letters: Vec<DeadLetter> = Vec::new();
    for unit in world.units.values() {
        for (progress, _) in unit.parked() {
            letters.push(letter(Subject::Unit(unit.id), Some(row(unit, now)), progress));
        }
    }
    for (mac, sighting) in &world.sightings {
        letters.extend(sighting.progress.as_ref().filter(parked).map(|p| letter(Subject::Bmc(*mac), None, p)));
    }
    for (id, deal) in &world.deals {
        letters.extend(deal.progress.as_ref().filter(parked).map(|p| letter(Subject::Deal(*id), None, p)));
    }
    letters.sort_by_key(|l| (l.since, l.subject));
    letters
}
