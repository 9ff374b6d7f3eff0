//! Units in a table, filtered and sorted: the rows of all of them are kept from one question to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::filter::Term;
use super::health::Health;
use super::letters::dead_letters;
use super::page::{Cut, Page};
use super::unit::{Overview, UnitRow, row};
use crate::event::Seq;
use crate::id::{SiteId, UnitId};
use crate::lifecycle::stage::Stage;
use crate::time::Timestamp;
use crate::world::World;

/// What a table shall show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Only these stages; empty is all.
    pub stages: Vec<Stage>,
    /// Words and `field:value` pairs that must all match; `!` in front negates. Fields: site, stage, state, model,
    /// place, disposition, serial.
    pub filter: String,
    /// By what.
    pub sort: Sort,
    /// Whether the other way round.
    pub descending: bool,
    /// First row.
    pub offset: usize,
    /// Rows; at most [`super::MAX_ROWS`].
    pub limit: usize,
}

/// Sort keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What needs a person first, then what is retried, then what moves.
    #[default]
    Attention,
    /// Serial.
    Label,
    /// Stage.
    Stage,
    /// Time in the stage.
    Age,
    /// Site, then place.
    Place,
}

/// The rows of all units, kept from one question to the next: a row follows from its unit alone, so only the rows of
/// units that have changed since are made anew.
#[derive(Clone, Debug, Default)]
pub struct Rows(BTreeMap<UnitId, Arc<UnitRow>>);

impl Rows {
    /// The rows of this world.
    pub fn of(world: &World, now: Timestamp) -> Self {
        let mut rows = Self::default();
        rows.refresh(world, now);
        rows
    }

    /// Brings the rows up to this world.
    pub fn refresh(&mut self, world: &World, now: Timestamp) {
        for (id, unit) in &world.units {
            if self.0.get(id).is_none_or(|row| row.revision != unit.revision) {
                self.0.insert(*id, Arc::new(row(unit, now)));
            }
        }
    }

    /// One unit's row.
    pub fn row(&self, id: UnitId) -> Option<&UnitRow> {
        self.0.get(&id).map(|row| &**row)
    }

    /// The page a query asks for.
    pub fn page(&self, query: &Query, head: Seq, now: Timestamp) -> Page<UnitRow> {
        let terms = Term::parse(&query.filter);
        let mut rows: Vec<&Arc<UnitRow>> = self
            .0
            .values()
            .filter(|r| query.stages.is_empty() || query.stages.contains(&r.stage))
            .filter(|r| terms.iter().all(|t| t.matches(r)))
            .collect();
        rows.sort_unstable_by(|a, b| {
            let order = match query.sort {
                Sort::Attention => (a.state, a.since).cmp(&(b.state, b.since)),
                Sort::Label => a.label.cmp(&b.label),
                Sort::Stage => (a.stage, a.since).cmp(&(b.stage, b.since)),
                Sort::Age => a.since.cmp(&b.since),
                Sort::Place => (&a.site, &a.place).cmp(&(&b.site, &b.place)),
            };
            let order = order.then_with(|| a.id.cmp(&b.id));
            if query.descending { order.reverse() } else { order }
        });
        let cut = Cut { offset: query.offset, limit: query.limit };
        cut.of(rows, (head, now)).map(|row| (**row).clone())
    }

    /// The counts.
    pub fn overview(&self, world: &World, site: SiteId, now: Timestamp, health: Health, demo: bool) -> Overview {
        let mut overview = Overview {
            head: world.head,
            site,
            now,
            demo,
            stages: BTreeMap::new(),
            sites: BTreeMap::new(),
            states: BTreeMap::new(),
            site_states: BTreeMap::new(),
            dead_letters: u32::try_from(dead_letters(world, now).len()).unwrap_or(u32::MAX),
            orders: Some(crate::order::questions::counts(world, now)),
            health,
        };
        for row in self.0.values() {
            *overview.states.entry(row.state).or_default() += 1;
            *overview.site_states.entry(row.site.clone()).or_default().entry(row.state).or_default() += 1;
            *overview.stages.entry(row.stage).or_default() += 1;
            *overview.sites.entry(row.site.clone()).or_default().entry(row.stage).or_default() += 1;
        }
        overview
    }
}

/// The units a query asks for.
pub fn units(world: &World, query: &Query, now: Timestamp) -> Page<UnitRow> {
    Rows::of(world, now).page(query, world.head, now)
}

/// The counts.
pub fn overview(world: &World, site: SiteId, now: Timestamp, health: Health, demo: bool) -> Overview {
    Rows::of(world, now).overview(world, site, now, health, demo)
}
