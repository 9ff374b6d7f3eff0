//! A simulated life from a seed: servers on the whole road from their orders to `staged`, people who do their part, every
//! fault mixed, then quiet. In virtual time, in one thread, so the same seed lives the same life.

mod dock;
mod errands;
mod judge;
mod people;
mod plan;
mod road;
mod trade;
mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::policy::Policy;
use rackhand_core::purchase::deal::Deal;
use rackhand_core::purchase::next::state;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{self, State};
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, JournalError, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::{Site, fold};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};
use serde_json::json;

use crate::bmc::Pace;
use crate::faults::lock;
use crate::machine::LifePace;
use crate::market::{Market, rules};
use crate::outside::{EPOCH, Outside};
use people::People;
pub use plan::Plan;
use plan::{Agenda, Way, draw, fit, fitted, rival};

/// How a life went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The last hash of the journal's chain: over every event with its time. Equal traces have equal hashes.
    pub trace: String,
    /// Events.
    pub events: u64,
    /// Servers that should be staged: bought, imported or plugged in, and nobody ended, held, kept aside or went on
    /// without a step of them.
    pub due: usize,
    /// Of those, the ones that are.
    pub staged: usize,
    /// Servers that are not staged and say why, with the reason.
    pub explained: BTreeMap<String, String>,
    /// Faults that were made, by kind.
    pub faults: BTreeMap<&'static str, u32>,
    /// What people did, by kind.
    pub did: BTreeMap<&'static str, u32>,
    /// Virtual seconds until all was settled.
    pub settled_after: u64,
    /// All that happened, an event a line, where the plan asks for it.
    pub story: Vec<String>,
    /// Its journal, an event a line, where that is to be kept.
    pub journal: Vec<String>,
    /// What must never be. Empty is good.
    pub violations: Vec<String>,
}

/// After the storm, everything must have settled by then.
const PATIENCE: Duration = Duration::from_secs(10 * 86_400);
/// A lease is renewed so often.
const RENEWAL: Duration = Duration::from_secs(2 * 3_600);
/// Of those that should be staged, so many in a hundred must be.
const SHARE: usize = 95;

/// Lives one life. Builds its own runtime; call it from a plain thread.
///
/// # Errors
/// The runtime or the in-memory store could not be made.
pub fn live(plan: Plan) -> Result<Outcome, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|e| e.to_string())?;
    runtime.block_on(Life::live(plan))
}

struct Life {
    outside: Outside,
    market: Market,
    /// The way each server of NetBox's comes, by its number.
    ways: Vec<Way>,
    /// Servers whose BMCs are on the wire, with the time of their next renewal.
    wire: BTreeMap<String, Timestamp>,
    agenda: Agenda,
    people: People,
    look: Duration,
    store: Arc<Mutex<Store>>,
    site: Option<Site>,
    rng: StdRng,
    plan: Plan,
    starts: u64,
    full: Arc<Mutex<bool>>,
    /// Whether faults are over.
    calm: bool,
    outcome: Outcome,
}

fn fra1() -> SiteId {
    SiteId::new("fra1")
}

impl Life {
    async fn live(plan: Plan) -> Result<Outcome, String> {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let drawn = draw(&plan, EPOCH, &mut rng);
        let mut policy = Policy::standard(fra1());
        rules(&mut policy);
        policy.purchase.patience = Duration::from_secs(6 * 3_600);
        let mut outside = Outside::new(Clock::scaled(EPOCH, 1.0), policy, LifePace::default());
        outside.draw_habits();
        outside.fitted = fitted;
        outside.netbox.add_site("fra1");
        let acme = outside.netbox.add_tenant("acme");
        for (n, way) in drawn.ways.iter().enumerate() {
            let server = outside.add_server(n, "fra1", Pace::default()).clone();
            let netbox = &outside.netbox;
            let bmc = netbox.interface_id(server.device, "bmc").unwrap_or_default();
            match way {
                Way::Manifest => netbox.remove_macs(bmc),
                Way::TakenOver | Way::Pool => {
                    netbox.set_oob(server.device, netbox.add_ip(&format!("{}/24", server.address), Some(bmc)));
                    let ready = json!({ "status": "ready", "tenant": null });
                    let active = json!({ "status": "active", "tenant": acme });
                    netbox.edit(server.device, if *way == Way::Pool { &ready } else { &active }, EPOCH);
                }
                Way::Lease | Way::Order => {}
            }
        }
        outside.fit = fit;
        for rack in 0..drawn.ordered.div_ceil(8) {
            let id = outside.netbox.furnish_rack("fra1", &format!("A{}", rack + 1), 24, 24);
            outside.netbox.set_weights(Some((id, 900)), None);
        }
        let mut market = outside.open_market(drawn.ordered, &drawn.manner);
        market.travel = drawn.travel;
        market.dell.behave(|m| rival(m, &mut rng));
        let store = Store::open_in_memory(&fra1()).map_err(|e| e.to_string())?;
        let mut life = Self {
            outside,
            market,
            ways: drawn.ways,
            wire: BTreeMap::new(),
            agenda: drawn.agenda,
            people: People::default(),
            look: drawn.look,
            store: Arc::new(Mutex::new(store)),
            site: None,
            rng,
            plan,
            starts: 0,
            full: Arc::default(),
            calm: false,
            outcome: Outcome::default(),
        };
        life.start()?;
        life.aim_at_resets();
        life.days().await?;
        life.judge().map(|()| life.outcome)
    }

    fn start(&mut self) -> Result<(), String> {
        self.starts += 1;
        let mut world = fold(&lock(&self.store)).map_err(|e| e.to_string())?;
        let now = self.now();
        lock(&self.store).begin_epoch(&mut world, now).map_err(|e| e.to_string())?;
        let journal = Journal::inline(self.store.clone());
        let full = self.full.clone();
        journal.inject(Box::new(move |_| lock(&full).then(|| JournalError::Full { what: "no space left".into() })));
        let random = Random::from_seed(self.plan.seed.wrapping_mul(1_000).wrapping_add(self.starts));
        self.site = Some(self.outside.start(journal, world, random, false));
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    fn fault_made(&mut self, what: &'static str) {
        *self.outcome.faults.entry(what).or_default() += 1;
    }

    fn did(&mut self, what: &'static str) {
        *self.outcome.did.entry(what).or_default() += 1;
    }

    fn world(&self) -> Result<Arc<World>, String> {
        self.site.as_ref().map(|s| s.ledger.world()).ok_or_else(|| "no daemon runs".to_owned())
    }

    /// Lives until the storm is over and all has settled, or nothing more is to be expected.
    async fn days(&mut self) -> Result<(), String> {
        let clock = self.outside.clock.clone();
        let start = clock.now();
        let calm_at = start + self.plan.storm;
        let mut next_fault = start + self.pause();
        let mut next_look = start + self.look;
        loop {
            let renewal = self.wire.values().min().copied();
            let storm = if self.calm { None } else { Some(next_fault.min(calm_at)) };
            let first = [Some(next_look), self.agenda.next(), renewal, storm].into_iter().flatten().min();
            clock.sleep_until(first.unwrap_or(next_look)).await;
            let now = clock.now();
            self.renew(now);
            if !self.calm && calm_at <= now {
                self.end_storm();
            }
            if !self.calm && next_fault <= now {
                self.fault().await?;
                next_fault = clock.now() + self.pause();
            }
            if let Some(errand) = self.agenda.due(now) {
                self.run(errand).await?;
            }
            if next_look > now {
                continue;
            }
            self.go_round().await?;
            next_look = clock.now() + self.look;
            let over = self.calm && self.agenda.next().is_none();
            if over && self.settled()? {
                self.outcome.settled_after = clock.now().since(EPOCH).as_secs();
                return Ok(());
            }
            if self.calm && clock.now().since(calm_at) > PATIENCE {
                self.unsettled()?;
                return Ok(());
            }
        }
    }

    fn pause(&mut self) -> Duration {
        let mean = self.plan.between.as_millis() as u64;
        Duration::from_millis(self.rng.random_range(1..mean * 2))
    }

    /// Whether nothing is left that goes on by itself, or that somebody will do.
    fn settled(&self) -> Result<bool, String> {
        let (world, now) = (self.world()?, self.now());
        let orders = world.orders.values().all(|o| state(&world, o).is_over());
        // An order that was cancelled is over before its vendors have let it go; where one cannot be reached, a person is
        // asked.
        let asked = |p: &Progress| matches!(p.phase, Phase::Parked { .. });
        let let_go = |d: &Deal| d.steps.undo().is_empty() || d.steps.progress().any(asked);
        let deals = world.deals.values().all(|d| let_go(d.as_ref()));
        let judged = world.sightings.values().all(|s| s.verdict.is_some());
        Ok(orders && deals && judged && world.units.values().all(|u| self.is_done(u, now)))
    }

    /// Whether nothing more is to be expected of a server: it came as far as it may, or somebody wants it so.
    fn is_done(&self, unit: &Unit, now: Timestamp) -> bool {
        let row = view::row(unit, now);
        let rests = unit.steps.undo().is_empty() && unit.notes.owed.is_empty();
        match unit.disposition {
            Disposition::Normal if unit.stage >= Stage::Staged => rests,
            Disposition::Normal => false,
            Disposition::OnHold => self.people.held.contains(&unit.id),
            Disposition::Quarantined => false,
            _ => rests && row.state == State::Aside,
        }
    }

    /// Says what has not come to its end.
    fn unsettled(&mut self) -> Result<(), String> {
        let (world, now) = (self.world()?, self.now());
        let units = world.units.values().filter(|u| !self.is_done(u, now)).take(5).map(|u| {
            let row = view::row(u, now);
            format!("{} {} {} {}: {}", row.label, row.stage, row.disposition, row.state.word(), row.waits_for)
        });
        let orders = world.orders.values().filter(|o| !state(&world, o).is_over()).take(5).map(|o| {
            let row = rackhand_core::order::questions::order_row(&world, o, now);
            format!("order {} {}: {}", row.id, row.state, row.waits_for)
        });
        let told: Vec<String> = units.chain(orders).collect();
        // What only stands for a person's word is counted by its share.
        self.outcome.explained.extend(told.iter().map(|line| (line.clone(), "not at its end".to_owned())));
        let moving: Vec<String> = world
            .units
            .values()
            .filter(|u| !self.is_done(u, now))
            .filter(|u| view::row(u, now).who.is_none())
            .map(|u| u.label())
            .collect();
        if !moving.is_empty() {
            self.outcome.violations.push(format!("not settled and nobody must act: {moving:?}; {told:?}"));
        }
        let silent: BTreeSet<String> = world
            .orders
            .values()
            .filter(|o| !state(&world, o).is_over())
            .map(|o| rackhand_core::order::questions::order_row(&world, o, now))
            .filter(|row| row.who.is_none() || row.waits_for.is_empty())
            .map(|row| format!("order {} {}: {:?}", row.id, row.state, row.waits_for))
            .collect();
        if !silent.is_empty() {
            self.outcome.violations.push(format!("orders that say nobody must act: {silent:?}"));
        }
        Ok(())
    }
}
