//! A walk: servers of the lab led from their leases to `staged` at once, in virtual time, with the CPU time of both
//! sides counted apart.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target};
use rackhand_core::event::Recorded;
use rackhand_core::fault::Kind;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::policy::Policy;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::rpc::Roles;
use rackhand_daemon::site::{Parts, Site};
use rackhand_lab::bmc::Pace;
use rackhand_lab::faults::{Effect, Rule};
use rackhand_lab::front::{Station, serve};
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{BMC_PORT, EPOCH, NETBOX, Outside, Server};

use crate::fleet;
use crate::gauge::{Measured, thread_cpu};

/// How a walk is made.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// How many servers at once.
    pub servers: usize,
    /// What NetBox takes for each answer, in virtual time.
    pub netbox: Duration,
    /// Where the journal is; in memory without.
    pub journal: Option<PathBuf>,
}

/// What came of it.
pub struct Walk {
    /// All events, in order.
    pub events: Vec<Recorded>,
    /// What they fold to.
    pub world: World,
    /// The servers.
    pub servers: Vec<Server>,
    /// CPU time of everything on the one thread there is.
    pub cpu: Duration,
    /// How much of it went into answering as NetBox and as BMCs.
    pub lab: Duration,
    /// Real time.
    pub wall: Duration,
    /// Requests NetBox had.
    pub requests: u64,
    /// Commits of the journal.
    pub commits: u64,
}

/// Virtual time in which all servers must be staged.
const DAY: Duration = Duration::from_hours(24);

/// Leads servers to `staged`.
pub fn walk(course: &Course) -> Measured<Walk> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(walked(course))
}

async fn walked(course: &Course) -> Measured<Walk> {
    let id = fleet::site();
    let clock = Clock::scaled(EPOCH, 1.0);
    let policy = Policy::standard(id.clone());
    let mut outside = Outside::new(clock.clone(), policy.clone(), LifePace::default());
    for n in 0..course.servers {
        outside.add_server(n, id.as_str(), Pace::default());
    }
    if !course.netbox.is_zero() {
        let effect = Effect::Delay(course.netbox);
        outside.netbox_faults.add(Rule { method: None, path: String::new(), effect, times: u32::MAX });
    }
    let store = match &course.journal {
        Some(dir) => Store::open(dir, &id)?,
        None => Store::open_in_memory(&id)?,
    };
    let store = Arc::new(Mutex::new(store));
    let metered = Arc::new(Metered::of(&outside));
    let journal = Journal::inline(store.clone());
    let commits = Arc::new(AtomicU64::new(0));
    let counted = commits.clone();
    // Fails nothing; it is asked before each commit.
    journal.inject(Box::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        None
    }));
    let site = Site::start(Parts {
        journal,
        world: World::default(),
        policy,
        clock: clock.clone(),
        random: Random::from_seed(7),
        dial: metered.clone(),
        netbox: outside.netbox_settings(),
        bmc_port: BMC_PORT,
        sellers: rackhand_adapters::supplier::Sellers::default(),
        carriers: None,
        keys: outside.keys().into(),
        base: "http://rackhandd.lab".to_owned(),
        roles: Roles::default(),
        demo: false,
        projection: None,
    });
    outside.door.open(site.http.clone());
    let (cpu, wall) = (thread_cpu(), Instant::now());
    let acks: Vec<_> = outside.servers.iter().map(|server| (outside.ack(server), clock.now())).collect();
    site.intake.frames(&acks).await;
    let mut worlds = site.ledger.worlds();
    let staged = worlds.wait_for(|w| {
        w.units.len() == course.servers && w.units.values().all(|u| u.stage == Stage::Staged && u.notes.owed.is_empty())
    });
    let all = clock.timeout(DAY, staged).await.is_some_and(|done| done.is_ok());
    let (cpu, wall) = (thread_cpu().saturating_sub(cpu), wall.elapsed());
    let world = World::clone(&site.ledger.world());
    let lab = Duration::from_nanos(metered.spent.load(Ordering::Relaxed));
    if !all {
        let there = world.units.values().filter(|u| u.stage == Stage::Staged).count();
        return Err(format!("{there} of {} servers were staged within a day", course.servers).into());
    }
    let mut events = Vec::new();
    store.lock().unwrap_or_else(PoisonError::into_inner).replay(0, &mut |e| events.push(e))?;
    let servers = outside.servers.clone();
    site.crash();
    let (requests, commits) = (outside.netbox.requests(), commits.load(Ordering::Relaxed));
    Ok(Walk { events, world, servers, cpu, lab, wall, requests, commits })
}

/// The lab's network, whose answering side is counted.
struct Metered {
    stations: BTreeMap<String, Station>,
    spent: Arc<AtomicU64>,
}

impl Metered {
    fn of(outside: &Outside) -> Self {
        let bmcs = outside
            .fleet
            .servers()
            .map(|(_, server)| (Target::bmc(server.address, BMC_PORT, None).authority(), server.station()));
        let netbox = (format!("{NETBOX}:80"), outside.netbox_station());
        Self { stations: bmcs.chain([netbox]).collect(), spent: Arc::default() }
    }
}

impl Dial for Metered {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        Box::pin(async move {
            let refused = || DialError { kind: Kind::Transient, what: "nobody is there".into() };
            let station = self.stations.get(&target.authority()).cloned().ok_or_else(refused)?;
            let certificate = station.certificate;
            let (ours, theirs) = tokio::io::duplex(64 << 10);
            let work = Box::pin(serve(station, theirs));
            tokio::spawn(Counted { work, spent: Arc::clone(&self.spent) });
            Ok(Connected { stream: Box::pin(ours), certificate })
        })
    }
}

/// A task whose CPU time is counted.
struct Counted<F> {
    work: Pin<Box<F>>,
    spent: Arc<AtomicU64>,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let before = thread_cpu();
        let polled = self.work.as_mut().poll(cx);
        self.spent.fetch_add(thread_cpu().saturating_sub(before).as_nanos() as u64, Ordering::Relaxed);
        polled
    }
}
