//! What is for persons to do at a site: tasks, and the ordinary work that a server's stage asks for, in the order to
//! walk it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::guide::Job;
use super::page::{Cut, Page};
use crate::id::{Role, SiteId, UnitId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::task::TaskId;
use crate::lifecycle::unit::Unit;
use crate::shipment::questions::{deliveries, is_delivery};
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

pub use crate::spine::natural::by_number;

/// How a piece of work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// By closing this task.
    Close(TaskId),
    /// By moving the server to this stage.
    Move(Stage),
    /// By the receipts of all that belongs to it, at the dock.
    Receipts,
}

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkRow {
    /// On which unit; `None` where it is about no single one, such as a delivery.
    pub unit: Option<UnitId>,
    /// Its serial, or its id while it has none; else what the work is about. With `ends` it tells the row from others.
    pub label: Text,
    /// Its model, where known.
    pub model: Option<Text>,
    /// Its site.
    pub site: SiteId,
    /// Rack and unit, where known.
    pub place: Option<Text>,
    /// What kind of work, in two or three words.
    pub title: Text,
    /// What to do, as one sentence.
    pub text: Text,
    /// The least role that may end it.
    pub role: Role,
    /// Since when it is due.
    pub since: Timestamp,
    /// Whether the server stands still until it is done, though nothing else keeps it.
    pub blocks: bool,
    /// How it ends.
    pub ends: Ends,
    /// Which kind of work: [`super::guide::told`] has the words for it.
    #[serde(default)]
    pub job: Job,
    /// Whether the server's locator LED was seen on.
    #[serde(default)]
    pub located: bool,
    /// What else a person needs to know of it, a sentence each.
    #[serde(default)]
    pub about: Vec<Text>,
}

/// Which work to list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkQuery {
    /// Only this site's; `None` is all.
    pub site: Option<SiteId>,
    /// Only what this role may end; `None` is all.
    pub role: Option<Role>,
    /// Words that must all be in serial, place, title or text.
    pub filter: String,
    /// First row.
    pub offset: usize,
    /// Rows; at most [`super::MAX_ROWS`].
    pub limit: usize,
}

/// The work at hand, in the order to walk it: site, then deliveries, then what has no place yet (it is at the dock), then
/// rack by rack and from the top of each rack down.
pub fn work(world: &World, query: &WorkQuery, now: Timestamp) -> Page<WorkRow> {
    let words: Vec<String> = query.filter.split_whitespace().take(16).map(str::to_lowercase).collect();
    let mut rows: Vec<WorkRow> = world
        .units
        .values()
        .flat_map(|unit| of_unit(unit).filter(|row| !comes_with_its_order(unit, row)))
        .chain(deliveries(world, now))
        .filter(|r| query.site.as_ref().is_none_or(|s| *s == r.site))
        .filter(|r| query.role.is_none_or(|role| r.role <= role))
        .filter(|r| words.iter().all(|w| r.mentions(w)))
        .collect();
    rows.sort_by(WorkRow::walk);
    Cut { offset: query.offset, limit: query.limit }.of(rows, (world.head, now))
}

/// Whether a unit's work is told with the delivery of its order: as long as nobody knows its serial, there is nothing to
/// look for.
fn comes_with_its_order(unit: &Unit, row: &WorkRow) -> bool {
    unit.order.is_some() && unit.serial.is_none() && row.ends == Ends::Move(Stage::Received)
}

/// The work one unit asks of persons.
pub fn of_unit(unit: &Unit) -> impl Iterator<Item = WorkRow> {
    let row = |title: &str, text: Text, role, since, blocks, ends, job| WorkRow {
        unit: Some(unit.id),
        label: unit.label().into(),
        model: unit.model.clone(),
        site: unit.site.clone(),
        place: unit.place().cloned().or_else(|| unit.goes_to()),
        title: title.into(),
        text,
        role,
        since,
        blocks,
        ends,
        job,
        located: unit.is_located(),
        about: Vec::new(),
    };
    let tasks = unit.tasks.iter().map(move |(id, task)| {
        let since = unit.tasks_since.get(id).copied().unwrap_or(unit.stage_since);
        let job = Job::of_task(task.kind);
        row(task.kind.title(), task.text.clone(), task.role, since, task.kind.blocks(), Ends::Close(*id), job)
    });
    let ordinary = ordinary(unit.stage).filter(|_| unit.disposition == Disposition::Normal);
    let ordinary = ordinary.map(move |(to, title, text)| {
        row(title, text.into(), Role::Technician, unit.stage_since, true, Ends::Move(to), Job::of_stage(to))
    });
    tasks.chain(ordinary)
}

/// The work a stage waits for: where it leads, what it is called, what to do.
const fn ordinary(stage: Stage) -> Option<(Stage, &'static str, &'static str)> {
    match stage {
        Stage::ShipmentTracking => {
            Some((Stage::Received, "receive", "Take the server in at the dock: scan its serial."))
        }
        Stage::Received => Some((Stage::Racked, "rack", "Mount the server in its place, then confirm.")),
        Stage::Racked => Some((Stage::Cabled, "cable", "Connect power, network and BMC as planned, then confirm.")),
        Stage::Cabled => {
            Some((Stage::PoweredOn, "power on", "Switch on power; the BMC then asks for its address by itself."))
        }
        _ => None,
    }
}

impl WorkRow {
    fn mentions(&self, word: &str) -> bool {
        let place = self.place.as_ref().map_or("", |p| p.as_str());
        [self.label.as_str(), place, &self.title, &self.text].iter().any(|t| t.to_lowercase().contains(word))
    }

    fn walk(&self, other: &Self) -> Ordering {
        let sites = self.site.cmp(&other.site);
        let places = match (&self.place, &other.place) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => walk(a, b),
        };
        sites
            .then_with(|| is_delivery(other).cmp(&is_delivery(self)))
            .then(places)
            .then_with(|| other.blocks.cmp(&self.blocks))
            .then_with(|| self.since.cmp(&other.since))
            .then_with(|| self.label.cmp(&other.label))
            .then_with(|| self.title.cmp(&other.title))
    }
}

/// Rack and unit of a place such as `A07 U29`; the unit in halves, since NetBox counts them.
pub fn rack_and_unit(place: &str) -> (&str, Option<u16>) {
    let cut = place.rsplit_once(" U").and_then(|(rack, unit)| {
        let (whole, half) = unit.split_once('.').map_or((unit, "0"), |(w, h)| (w, h));
        let half = match half {
            "0" => 0,
            "5" => 1,
            _ => return None,
        };
        whole.parse::<u16>().ok().filter(|n| *n < 1_000).map(|n| (rack, 2 * n + half))
    });
    cut.map_or((place, None), |(rack, unit)| (rack, Some(unit)))
}

/// Racks as a person counts them, `A2` before `A10`; within a rack from the top down.
fn walk(a: &str, b: &str) -> Ordering {
    let ((rack_a, unit_a), (rack_b, unit_b)) = (rack_and_unit(a), rack_and_unit(b));
    by_number(rack_a, rack_b).then_with(|| unit_b.cmp(&unit_a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn racks_are_walked_by_number_and_from_the_top_down() {
        let mut places = vec!["A10 U3", "A2 U4", "A2 U40", "A02 U7.5", "B1 U1", "A2"];
        places.sort_by(|a, b| walk(a, b));
        assert_eq!(places, ["A02 U7.5", "A2 U40", "A2 U4", "A2", "A10 U3", "B1 U1"]);
    }

    #[test]
    fn a_place_is_read_as_it_is_written_and_anything_else_is_a_rack_by_name() {
        assert_eq!(rack_and_unit("A07 U29"), ("A07", Some(58)));
        assert_eq!(rack_and_unit("Row 3 U12.5"), ("Row 3", Some(25)));
        assert_eq!(rack_and_unit("Row 3"), ("Row 3", None));
        assert_eq!(rack_and_unit("A U1.7"), ("A U1.7", None));
        assert_eq!(rack_and_unit("A U99999999999"), ("A U99999999999", None));
    }
}
