//! A simulated life from a seed: a fleet, every fault mixed, then quiet. In virtual time, in one thread, so the same
//! seed lives the same life.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::{Method, StatusCode};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::bmc::Rung;
use rackhand_core::event::{Event, Recorded};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::Step;
use rackhand_core::hardware::report::ValidationStep;
use rackhand_core::id::{SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::{Phase, Progress};
use rackhand_core::policy::Policy;
use rackhand_core::view::{self, State};
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, JournalError, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::{Site, fold};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use crate::bmc::Pace;
use crate::faults::{Effect, Rule, lock};
use crate::host::Fate;
use crate::machine::LifePace;
use crate::outside::{EPOCH, Outside};

/// What a life is made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Everything random follows from it.
    pub seed: u64,
    /// Servers.
    pub servers: usize,
    /// For how long faults happen, in virtual time.
    pub storm: Duration,
    /// The pause between two faults, on average.
    pub between: Duration,
}

impl Plan {
    /// 100 servers and six hours of faults; how thick they come follows from the seed, from 5 s to a minute apart.
    pub fn standard(seed: u64) -> Self {
        let between = Duration::from_secs([60, 5, 20, 10, 40][(seed % 5) as usize]);
        Self { seed, servers: 100, storm: Duration::from_secs(6 * 3_600), between }
    }
}

/// How a life went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The last hash of the journal's chain: over every event with its time. Equal traces have equal hashes.
    pub trace: String,
    /// Events.
    pub events: u64,
    /// Servers staged.
    pub staged: usize,
    /// Servers that say why not, with the reason.
    pub explained: BTreeMap<String, String>,
    /// Faults that were made, by kind.
    pub faults: BTreeMap<&'static str, u32>,
    /// Virtual seconds until all was settled.
    pub settled_after: u64,
    /// What must never be. Empty is good.
    pub violations: Vec<String>,
}

/// After the storm, everything must have settled by then.
const PATIENCE: Duration = Duration::from_secs(72 * 3_600);

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
    store: Arc<Mutex<Store>>,
    site: Option<Site>,
    rng: StdRng,
    plan: Plan,
    starts: u64,
    full: Arc<Mutex<bool>>,
    outcome: Outcome,
}

impl Life {
    async fn live(plan: Plan) -> Result<Outcome, String> {
        let fra1 = SiteId::new("fra1");
        let clock = Clock::scaled(EPOCH, 1.0);
        let mut outside = Outside::new(clock.clone(), Policy::standard(fra1.clone()), LifePace::default());
        for n in 0..plan.servers {
            outside.add_server(n, "fra1", Pace::default());
        }
        let store = Store::open_in_memory(&fra1).map_err(|e| e.to_string())?;
        let mut life = Self {
            outside,
            store: Arc::new(Mutex::new(store)),
            site: None,
            rng: StdRng::seed_from_u64(plan.seed),
            plan,
            starts: 0,
            full: Arc::default(),
            outcome: Outcome::default(),
        };
        life.start()?;
        life.storm().await?;
        life.quiet().await?;
        life.judge().map(|()| life.outcome)
    }

    fn start(&mut self) -> Result<(), String> {
        self.starts += 1;
        let mut world = fold(&lock(&self.store)).map_err(|e| e.to_string())?;
        let now = self.outside.clock.now();
        lock(&self.store).begin_epoch(&mut world, now).map_err(|e| e.to_string())?;
        let journal = Journal::inline(self.store.clone());
        let full = self.full.clone();
        journal.inject(Box::new(move |_| lock(&full).then(|| JournalError::Full { what: "no space left".into() })));
        let random = Random::from_seed(self.plan.seed.wrapping_mul(1_000).wrapping_add(self.starts));
        self.site = Some(self.outside.start(journal, world, random, false));
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        *self.outcome.faults.entry(what).or_default() += 1;
    }

    /// Leases come in over the first hour, some of them twice; faults go on until the storm's end.
    async fn storm(&mut self) -> Result<(), String> {
        let clock = self.outside.clock.clone();
        let end = clock.now() + self.plan.storm;
        let mut due: Vec<(Duration, usize)> =
            (0..self.plan.servers).map(|n| (Duration::from_secs(self.rng.random_range(0..3_600)), n)).collect();
        due.sort();
        let start = clock.now();
        let mut leases = due.into_iter().peekable();
        self.aim_at_resets();
        let mut next_fault = start + self.pause();
        while clock.now() < end {
            let lease_at = leases.peek().map_or(end, |(after, _)| start + *after);
            let at = lease_at.min(next_fault).min(end);
            clock.sleep_until(at).await;
            if let Some((_, n)) = leases.next_if(|(after, _)| start + *after <= at) {
                let times = if self.rng.random_bool(0.2) { 2 } else { 1 };
                for _ in 0..times {
                    self.lease(n);
                }
            }
            if next_fault <= at {
                self.fault().await?;
                next_fault = clock.now() + self.pause();
            }
        }
        Ok(())
    }

    /// What is lost by chance seldom hits the one request that must never be doubled, so it is aimed at, too.
    fn aim_at_resets(&mut self) {
        for n in 0..self.plan.servers {
            let fate = match self.rng.random_range(0..10) {
                0 => Fate::Lost,
                1 => Fate::Hang,
                _ => continue,
            };
            self.count("reset's answer lost");
            if let Some(server) = self.outside.fleet.get(&self.outside.servers[n].serial) {
                let path = "ComputerSystem.Reset".to_owned();
                server.faults.add(Rule { method: None, path, effect: Effect::Answer(fate), times: 1 });
            }
        }
    }

    /// Waits a while for a reset that is in the air.
    async fn until_a_reset_is_intended(&self) {
        let Some(site) = &self.site else { return };
        let mut worlds = site.ledger.worlds();
        let intended = |p: &Progress| p.step == Step::ResetForBoot && p.phase == Phase::Intended;
        let one = worlds.wait_for(|w| w.units.values().any(|u| u.progress.values().any(intended)));
        drop(self.outside.clock.timeout(Duration::from_secs(300), one).await);
    }

    fn pause(&mut self) -> Duration {
        let mean = self.plan.between.as_millis() as u64;
        Duration::from_millis(self.rng.random_range(1..mean * 2))
    }

    /// Hands a lease to the daemon that runs, without waiting for it: the wire does not wait either.
    fn lease(&self, n: usize) {
        let Some(site) = &self.site else { return };
        let (intake, frame) = (site.intake.clone(), self.outside.ack(&self.outside.servers[n]));
        let at = self.outside.clock.now();
        tokio::spawn(async move { intake.frame(&frame, at).await });
    }

    async fn fault(&mut self) -> Result<(), String> {
        let n = self.rng.random_range(0..self.plan.servers);
        let serial = self.outside.servers[n].serial.clone();
        let span = Duration::from_secs(self.rng.random_range(5..1_800));
        let times = self.rng.random_range(1..6);
        match self.rng.random_range(0..20) {
            0 => {
                if self.rng.random_bool(0.5) {
                    self.until_a_reset_is_intended().await;
                }
                self.count("crash");
                self.crash().await?;
            }
            1 => {
                self.count("disk full");
                *lock(&self.full) = true;
                let (full, clock) = (self.full.clone(), self.outside.clock.clone());
                tokio::spawn(async move {
                    clock.sleep(span / 4).await;
                    *lock(&full) = false;
                });
            }
            2 => {
                self.count("netbox away");
                let hours = Duration::from_secs(self.rng.random_range(60..2 * 3_600));
                self.outside.disconnect_netbox();
                let (network, station) = (self.outside.network.clone(), self.outside.netbox_station());
                let clock = self.outside.clock.clone();
                tokio::spawn(async move {
                    clock.sleep(hours).await;
                    network.attach(format!("{}:80", crate::outside::NETBOX), station);
                });
            }
            3..=5 => self.netbox_rule("netbox answer lost", None, Effect::Answer(Fate::Lost), times),
            6 => self.netbox_rule("netbox answer cut", None, Effect::Answer(Fate::Cut), times),
            7 => self.netbox_rule("netbox hangs", None, Effect::Answer(Fate::Hang), times),
            8 => self.netbox_rule("netbox slow", None, Effect::Delay(span / 30), times),
            9 => {
                let refuse = Effect::Refuse(StatusCode::INTERNAL_SERVER_ERROR, "<html>oops</html>".into());
                self.netbox_rule("netbox 500", None, refuse, times);
            }
            10 => self.netbox_rule("netbox post lost", Some(Method::POST), Effect::Answer(Fate::Lost), times),
            11 | 12 => self.bmc_rule(&serial, "bmc answer lost", Effect::Answer(Fate::Lost), times),
            13 => self.bmc_rule(&serial, "bmc answer cut", Effect::Answer(Fate::Cut), times),
            14 => {
                let refuse = Effect::Refuse(StatusCode::SERVICE_UNAVAILABLE, "{}".into());
                self.bmc_rule(&serial, "bmc 503", refuse, times);
            }
            15 => self.bmc_rule(&serial, "bmc hangs", Effect::Answer(Fate::Hang), times),
            16 => self.flaw(&serial, "override ignored", |b| b.ignore_override = 1),
            17 => self.flaw(&serial, "reset without effect", |b| b.never_boots = 1),
            18 => {
                self.count("reports doubled");
                if let Some(server) = self.outside.fleet.get(&serial) {
                    server.flaw(|f| (f.report_twice, f.steps_twice) = (true, true));
                }
            }
            _ => {
                self.count("machine's network lost");
                let step = ValidationStep::ALL[self.rng.random_range(0..5)];
                if let Some(server) = self.outside.fleet.get(&serial) {
                    server.flaw(|f| f.network_lost = Some((step, span)));
                }
            }
        }
        Ok(())
    }

    fn netbox_rule(&mut self, what: &'static str, method: Option<Method>, effect: Effect, times: u32) {
        self.count(what);
        self.outside.netbox_faults.add(Rule { method, path: String::new(), effect, times });
    }

    fn bmc_rule(&mut self, serial: &str, what: &'static str, effect: Effect, times: u32) {
        self.count(what);
        if let Some(server) = self.outside.fleet.get(serial) {
            server.faults.add(Rule { method: None, path: String::new(), effect, times });
        }
    }

    fn flaw(&mut self, serial: &str, what: &'static str, change: impl FnOnce(&mut crate::bmc::Behaviour)) {
        self.count(what);
        if let Some(server) = self.outside.fleet.get(serial) {
            server.behave(change);
        }
    }

    async fn crash(&mut self) -> Result<(), String> {
        self.outside.door.close();
        if let Some(site) = self.site.take() {
            site.crash();
        }
        let down = Duration::from_millis(self.rng.random_range(200..60_000));
        self.outside.clock.sleep(down).await;
        self.start()
    }

    /// Faults end; leases are renewed as DHCP would; and everything must settle.
    async fn quiet(&mut self) -> Result<(), String> {
        *lock(&self.full) = false;
        self.outside.netbox_faults.clear();
        self.outside.connect_netbox();
        for (_, server) in self.outside.fleet.servers() {
            server.faults.clear();
            server.behave(|b| (b.ignore_override, b.never_boots) = (0, 0));
            server.flaw(|f| f.network_lost = None);
        }
        let clock = self.outside.clock.clone();
        let calm = clock.now();
        loop {
            for n in 0..self.plan.servers {
                self.lease(n);
            }
            clock.sleep(Duration::from_secs(600)).await;
            let world = self.world()?;
            let settled = world.units.len() == self.plan.servers && world.units.values().all(|u| is_settled(u, &clock));
            if settled {
                self.outcome.settled_after = clock.now().since(EPOCH).as_secs();
                return Ok(());
            }
            if clock.now().since(calm) > PATIENCE {
                let moving = world.units.values().filter(|u| !is_settled(u, &clock));
                let told: Vec<String> = moving
                    .take(5)
                    .map(|u| {
                        let row = view::row(u, clock.now());
                        format!("{} {} {}: {}", row.label, row.stage, row.state.word(), row.waits_for)
                    })
                    .collect();
                self.outcome.violations.push(format!("not settled: {} units; {told:?}", world.units.len()));
                return Ok(());
            }
        }
    }

    fn world(&self) -> Result<Arc<World>, String> {
        self.site.as_ref().map(|s| s.ledger.world()).ok_or_else(|| "no daemon runs".to_owned())
    }

    /// Counts every effect the outside has seen, and holds it against the journal.
    fn judge(&mut self) -> Result<(), String> {
        let now = self.outside.clock.now();
        let world = self.world()?;
        let mut events: Vec<Recorded> = Vec::new();
        {
            let store = lock(&self.store);
            store.replay(0, &mut |e| events.push(e)).map_err(|e| e.to_string())?;
            if let Err(error) = store.verify() {
                self.outcome.violations.push(format!("journal: {error}"));
            }
            let mut again = World::default();
            for event in &events {
                again.apply(event);
            }
            if again != *world {
                self.outcome.violations.push("the events fold to another world than the one that ran".into());
            }
            self.outcome.trace = rackhand_core::bmc::Fingerprint(store.head_hash()).to_string();
        }
        self.outcome.events = events.len() as u64;
        for unit in world.units.values() {
            if unit.stage == Stage::Staged {
                self.outcome.staged += 1;
            } else {
                let row = view::row(unit, now);
                self.outcome.explained.insert(row.label.to_string(), row.waits_for.to_string());
            }
        }
        let mut by_unit: BTreeMap<UnitId, Vec<&Recorded>> = BTreeMap::new();
        for event in &events {
            if let Subject::Unit(id) = event.draft.subject {
                by_unit.entry(id).or_default().push(event);
            }
        }
        for server in self.outside.servers.clone() {
            let Some(unit) = world.by_serial(&server.serial) else {
                self.outcome.violations.push(format!("{} is no unit", server.serial));
                continue;
            };
            let told = by_unit.get(&unit.id).map(Vec::as_slice).unwrap_or_default();
            self.judge_server(&server, unit.stage == Stage::Staged, told);
        }
        Ok(())
    }

    fn judge_server(&mut self, server: &crate::outside::Server, staged: bool, events: &[&Recorded]) {
        let (netbox, serial) = (self.outside.netbox.clone(), &server.serial);
        let mut wrong: Vec<String> = Vec::new();
        // NetBox's journal: every key once, and every transition there.
        let notes = netbox.notes_of(server.device);
        let keys: Vec<&str> =
            notes.iter().filter_map(|(_, text)| text.rfind("[rackhand ").map(|at| &text[at..])).collect();
        let unique: BTreeSet<&str> = keys.iter().copied().collect();
        if unique.len() != keys.len() {
            wrong.push(format!("{} notes doubled", keys.len() - unique.len()));
        }
        for event in events.iter().filter(|e| matches!(e.draft.event, Event::StageEntered { .. })) {
            // Site, epoch and place in the stream.
            let place = format!("/{}]", event.seq);
            if staged && !unique.iter().any(|key| key.starts_with("[rackhand fra1/") && key.ends_with(&place)) {
                wrong.push(format!("transition {} has no note", event.seq));
            }
        }
        let interface = netbox.interface_id(server.device, "bmc").unwrap_or_default();
        let addresses = netbox.addresses_on(interface);
        if addresses.len() > 1 || (staged && addresses.len() != 1) {
            wrong.push(format!("BMC addresses: {addresses:?}"));
        }
        for name in ["eno1", "eno2"] {
            let cable = netbox.interface_id(server.device, name).and_then(|id| netbox.cable_of(id));
            if staged && cable.as_ref().is_none_or(|(_, status)| status != "connected") {
                wrong.push(format!("{name}: cable {cable:?}"));
            }
        }
        if staged {
            let status = netbox.status_of(server.device);
            let tenant = netbox.tenant_of(server.device);
            if status.as_deref() != Some("staged") || tenant.as_deref() != Some("baremetal-staging") {
                wrong.push(format!("status {status:?}, tenant {tenant:?}"));
            }
        }
        if let Some(twin) = self.outside.fleet.get(serial) {
            let counters = twin.counters();
            let (allowed, again) = resets_allowed(events);
            if again > 0 {
                wrong.push(format!("{again} resets sent again on the same rung though the first may have arrived"));
            }
            if counters.resets_total() > allowed {
                wrong.push(format!("{} resets where {allowed} were intended", counters.resets_total()));
            }
            if counters.logins_bad > 0 {
                wrong.push(format!("{} wrong passwords", counters.logins_bad));
            }
        }
        self.outcome.violations.extend(wrong.into_iter().map(|w| format!("{serial}: {w}")));
    }
}

/// Resets the BMC may have taken: one for each intended restart, two (off, on) for each power cycle, none for an
/// attempt that certainly did not arrive. And how many were intended on a rung whose reset may have arrived already.
fn resets_allowed(events: &[&Recorded]) -> (u32, u32) {
    let mut allowed = 0;
    let mut again = 0;
    let mut last = 0;
    let mut arrived: Option<Rung> = None;
    for event in events {
        match &event.draft.event {
            Event::StepIntended { step: Step::ResetForBoot, rung, .. } => {
                last = if *rung == Some(Rung::PowerCycle) { 2 } else { 1 };
                allowed += last;
                again += u32::from(rung.is_some() && arrived == *rung);
                arrived = *rung;
            }
            Event::StepFailed { step: Step::ResetForBoot, fault, .. } if fault.kind != Kind::Unknown => {
                allowed -= last;
                last = 0;
                arrived = None;
            }
            // Another cause: a boot that was missed or seen, or a person's word.
            Event::BootMissed { .. } | Event::BootScriptServed { .. } | Event::StepRetried { .. } => arrived = None,
            _ => {}
        }
    }
    (allowed, again)
}

/// Staged with nothing owed, or standing for a stated reason that only a person can remove.
fn is_settled(unit: &rackhand_core::lifecycle::unit::Unit, clock: &Clock) -> bool {
    if unit.stage == Stage::Staged {
        return unit.notes.owed.is_empty();
    }
    let row = view::row(unit, clock.now());
    row.state == State::Stuck && row.who.is_some() && !row.waits_for.is_empty()
}
