//! What comes next for each unit, as a pure function of its state and the time.

pub mod attempt;
pub(crate) mod before_terms;
pub mod next;
pub mod rules;
pub mod step;
pub mod trade;

use crate::id::Subject;
use crate::time::Timestamp;
use crate::world::World;
use next::Next;

/// What comes next for a subject; `None` where there is no such thing. While effects are on hold, nothing of it has one.
pub fn next(world: &World, subject: Subject, now: Timestamp) -> Option<Next> {
    let mut next = match subject {
        Subject::Unit(id) => next::for_unit(world.unit(id)?, now),
        Subject::Bmc(mac) => next::for_sighting(world.sightings.get(&mac)?, now),
        Subject::Order(id) => trade::for_order(world, world.order(id)?, now),
        Subject::Deal(id) => trade::for_deal(world, world.order(id.order)?, world.deal(id)?, now),
        Subject::Plan(_) | Subject::Journal => return None,
    };
    world.stream.keep_back(&mut next);
    Some(next)
}
