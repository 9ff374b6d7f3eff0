//! What readers ask of all that there is: counts, one unit, what a person must decide about.

use serde::{Deserialize, Serialize};

use super::letters::dead_letters;
use super::page::{Cut, Page};
use super::unit::{DeadLetter, UnitDetail, detail};
use crate::decide::{Refusal, Why};
use crate::flow;
use crate::flow::attempt::{Phase, Progress};
use crate::flow::next::{Wait, wanted};
use crate::flow::rules::Lane;
use crate::id::{Actor, Subject, UnitId};
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// Counts and health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts;

/// One unit, with what the caller may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneUnit(pub UnitId);

/// The unit that has exactly this serial or id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find(pub Text);

/// A page of dead letters, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterQuery(pub Cut);

/// That there is no such unit.
pub fn no_unit(id: UnitId) -> Refusal {
    Refusal::new(Why::NotFound, format!("there is no unit {id}"))
}

/// The unit that has exactly this serial or id.
pub fn find(world: &World, label: &str) -> Option<UnitId> {
    let by_id = label.parse().ok().filter(|id| world.unit(*id).is_some());
    by_id.or_else(|| world.by_serial(label.trim()).map(|u| u.id))
}

/// A unit, whole.
///
/// # Errors
/// There is no such unit.
pub fn unit(
    world: &World,
    id: UnitId,
    caller: &Actor,
    away: Option<&Text>,
    now: Timestamp,
) -> Result<UnitDetail, Refusal> {
    let unit = world.unit(id).ok_or_else(|| no_unit(id))?;
    Ok(UnitDetail { waits: waits(world, unit, away, now), ..detail(world, unit, now, caller) })
}

/// What a unit waits for. The flow does not know that NetBox is `away`; what waits for NetBox says so here.
pub fn waits(world: &World, unit: &Unit, away: Option<&Text>, now: Timestamp) -> Vec<Wait> {
    let mut waits = flow::next::for_unit(unit, now).waits;
    if let (Some(step), Some(trouble)) = (wanted(unit, Lane::Dcim), away) {
        let is_parked = |p: &Progress| p.step == step && matches!(p.phase, Phase::Parked { .. });
        if !unit.steps.progress().any(is_parked) {
            let what = format!("{step}: NetBox does not answer {trouble}");
            waits.insert(0, Wait::system(what, unit.stage_since));
        }
    }
    let subject = Subject::Unit(unit.id);
    if let Some(held) = world.stream.held.map(|h| h.wait())
        && flow::next(world, subject, now).is_some_and(|next| next.waits.contains(&held))
    {
        waits.insert(0, held);
    }
    waits
}

/// A page of dead letters.
pub fn letters(world: &World, cut: Cut, now: Timestamp) -> Page<DeadLetter> {
    cut.of(dead_letters(world, now), (world.head, now))
}
