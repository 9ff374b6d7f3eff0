//! What servers wait for, and for whom: what each one's own page tells, taken together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::page::{Cut, Page};
use super::questions::waits;
use crate::flow::next::Wait;
use crate::id::{OrderId, Role, SiteId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// Which servers a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those of a site.
    Site(SiteId),
    /// Those that are bought for an order.
    Order(OrderId),
}

impl Scope {
    /// Whether it is about this one.
    pub fn has(&self, unit: &Unit) -> bool {
        match self {
            Self::All => true,
            Self::Site(site) => unit.site == *site,
            Self::Order(order) => unit.order.is_some_and(|(of, _)| of == *order),
        }
    }
}

/// What is awaited, and by how many servers; what has been awaited longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WaitQuery {
    /// By which servers.
    pub scope: Scope,
    /// Which part of the list.
    pub cut: Cut,
}

/// Something that is awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// What: a step, a kind of work, or what a stage waits for.
    pub what: Text,
    /// Who must act; `None` is nobody here.
    pub who: Option<Role>,
    /// How many servers wait for it.
    pub servers: u32,
    /// Since when the one does that has waited longest.
    pub since: Timestamp,
    /// That one's serial, or its id while it has none.
    pub label: Text,
    /// What that one waits for, in full.
    pub text: Text,
}

/// A page of what is awaited. A server counts once for each thing it waits for; one that is in service or at an end waits
/// for nothing.
pub fn awaited(world: &World, query: &WaitQuery, away: Option<&Text>, now: Timestamp) -> Page<Awaited> {
    let mut found: BTreeMap<(Text, Option<Role>), Awaited> = BTreeMap::new();
    for unit in world.units.values().filter(|unit| query.scope.has(unit) && !is_over(unit)) {
        let (mut counted, label) = (BTreeSet::new(), Text::from(unit.label()));
        let mut waits = waits(world, unit, away, now);
        waits.sort_by_key(|wait| wait.since);
        for wait in waits {
            let (what, who, since, text) = (what(&wait), wait.who, wait.since, wait.what);
            if !counted.insert((what.clone(), who)) {
                continue;
            }
            let row = Awaited { what: what.clone(), who, servers: 1, since, label: label.clone(), text };
            let held = found.entry((what, who)).or_insert_with(|| Awaited { servers: 0, ..row.clone() });
            let servers = held.servers + 1;
            if since < held.since {
                *held = row;
            }
            held.servers = servers;
        }
    }
    let mut rows: Vec<Awaited> = found.into_values().collect();
    rows.sort_by_key(|row| row.since);
    query.cut.of(rows, (world.head, now))
}

fn is_over(unit: &Unit) -> bool {
    use Disposition::{Cancelled, Normal, Rejected, Retired, ReturnedToVendor};
    let over = match unit.disposition {
        Normal => matches!(unit.stage, Stage::InService | Stage::Decommissioned),
        other => matches!(other, Cancelled | Rejected | Retired | ReturnedToVendor),
    };
    // What is still to be undone, told to NetBox or put right by a person is awaited all the same.
    over && unit.steps.progress().next().is_none() && unit.tasks.is_empty()
}

/// What a wait has in common with other servers' waits: its step; else what it says before it comes to the server's own.
fn what(wait: &Wait) -> Text {
    if let Some(step) = wait.step {
        return step.word().into();
    }
    let own = [": ", " (order ", " at "].into_iter().filter_map(|before| wait.what.find(before)).min();
    Text::new(&wait.what[..own.unwrap_or(wait.what.len())])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{Draft, EntryEvent, LifeEvent};
    use crate::id::{Actor, Entropy, Subject, UnitId};
    use crate::lifecycle::task::{Task, TaskKind};

    const BEGIN: Timestamp = Timestamp::from_secs(1_795_000_000);

    /// A server an hour, in these sites and stages.
    fn world(servers: &[(&str, Stage)]) -> (World, Vec<UnitId>) {
        let (mut world, mut units) = (World::default(), Vec::new());
        for (n, (site, stage)) in servers.iter().enumerate() {
            let unit = UnitId::mint(BEGIN, Entropy([n as u8; 16]));
            let serial = format!("CZ{n}").into();
            let (site, stage, bmc_mac, vendor, model) = (SiteId::new(site), *stage, None, None, None);
            let event = EntryEvent::UnitImported { site, serial, bmc_mac, vendor, model, stage };
            put(&mut world, unit, BEGIN + Duration::from_hours(n as u64), event);
            units.push(unit);
        }
        (world, units)
    }

    fn put(world: &mut World, unit: UnitId, at: Timestamp, event: impl Into<crate::event::Event>) {
        let draft =
            Draft { at, subject: Subject::Unit(unit), actor: Actor::Rackhand, cause: None, event: event.into() };
        world.apply_draft(world.head + 1, &draft);
    }

    fn told(world: &World, scope: Scope) -> Vec<(String, Option<Role>, u32, String)> {
        let query = WaitQuery { scope, cut: Cut { offset: 0, limit: 10 } };
        let page = awaited(world, &query, None, BEGIN + Duration::from_hours(50));
        assert!(page.rows.is_sorted_by_key(|row| row.since) && page.total == page.rows.len());
        page.rows.into_iter().map(|r| (r.what.to_string(), r.who, r.servers, r.label.to_string())).collect()
    }

    #[test]
    fn what_many_servers_wait_for_is_told_once_with_the_one_that_has_waited_longest() {
        let fra = [Stage::Received, Stage::Ready, Stage::Received, Stage::InService].map(|stage| ("fra1", stage));
        let (mut world, units) = world(&[&fra[..], &[("ams2", Stage::Received)]].concat());
        let racked = |n| ("to be racked".to_owned(), Some(Role::Technician), n, "CZ0".to_owned());
        let order = ("an order".to_owned(), None, 1, "CZ1".to_owned());
        assert_eq!(told(&world, Scope::All), [racked(3), order.clone()], "who is in service waits for nothing");
        assert_eq!(told(&world, Scope::Site(SiteId::new("fra1"))), [racked(2), order]);
        let ams = ("to be racked".to_owned(), Some(Role::Technician), 1, "CZ4".to_owned());
        assert_eq!(told(&world, Scope::Site(SiteId::new("ams2"))), [ams]);
        assert_eq!(told(&world, Scope::Order(OrderId(1))), []);
        // Two of a kind are one thing that it waits for, and what a person must see to is told of whom it is in service too.
        for (unit, port) in [(units[3], 9), (units[3], 7), (units[4], 5)] {
            let text = format!("move NIC 2 port 1 to sw1 Eth{port}").into();
            let task = Task { kind: TaskKind::FixCable, role: Role::Technician, text };
            put(&mut world, unit, BEGIN + Duration::from_hours(40), LifeEvent::TaskOpened { task });
        }
        let title = TaskKind::FixCable.title().to_owned();
        let all = told(&world, Scope::All);
        let (_, who, servers, first) = all.iter().find(|row| row.0 == title).unwrap();
        assert_eq!((*who, *servers, first.as_str()), (Some(Role::Technician), 2, "CZ3"));
    }
}
