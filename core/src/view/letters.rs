//! Everything a person must decide about, oldest first.

use super::unit::{DeadLetter, row, step_row};
use crate::flow::attempt::Progress;
use crate::flow::rules::rule;
use crate::id::Subject;
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
    let mut letters: Vec<DeadLetter> = Vec::new();
    for (subject, steps) in world.all_steps() {
        for (progress, _) in steps.parked() {
            let unit = if let Subject::Unit(id) = subject { world.unit(id).map(|u| row(u, now)) } else { None };
            letters.push(letter(subject, unit, progress));
        }
    }
    letters.sort_by_key(|l| (l.since, l.subject));
    letters
}
