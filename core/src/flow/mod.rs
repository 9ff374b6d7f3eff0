//! What comes next for each subject, as a pure function of the world and the time.

pub mod attempt;
pub(crate) mod before_terms;
pub(crate) mod event;
pub mod next;
pub mod rule;
pub mod rules;
pub mod step;
pub mod unit;
pub(crate) mod wait;

use crate::id::Subject;
use crate::time::Timestamp;
use crate::world::World;
use next::{Move, Next};
use rules::rule;

/// What comes next for a subject; `None` where there is no such thing. While effects are on hold, nothing of it has one.
pub fn next(world: &World, subject: Subject, now: Timestamp) -> Option<Next> {
    let mut next = match subject {
        Subject::Unit(id) => next::for_unit(world.unit(id)?, now),
        Subject::Bmc(mac) => next::for_sighting(world.sightings.get(&mac)?, now),
        Subject::Order(id) => crate::purchase::next::for_order(world, world.order(id)?, now),
        Subject::Deal(id) => crate::purchase::next::for_deal(world, world.order(id.order)?, world.deal(id)?, now),
        Subject::Plan(_) | Subject::Journal => return None,
    };
    keep_back(world, &mut next);
    Some(next)
}

/// Those whose next may be another after an event about this subject: itself, and for an order what goes on with its
/// vendors, who are asked or left alone by where the order is.
pub fn concerned(world: &World, subject: Subject) -> Vec<Subject> {
    let mut all = vec![subject];
    if let Subject::Order(id) = subject
        && let Some(order) = world.order(id)
    {
        all.extend(world.deals_of(order).map(|deal| Subject::Deal(deal.id)));
    }
    all
}

/// Takes out of `next` what would have an effect, while effects are held back.
fn keep_back(world: &World, next: &mut Next) {
    let Some(held) = &world.stream.held else { return };
    let before = next.moves.len();
    next.moves.retain(|m| !matches!(m, Move::Begin(due) if rule(due.step).class.has_effect()));
    if next.moves.len() < before {
        next.waits.insert(0, held.wait());
    }
}
