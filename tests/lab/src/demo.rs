//! The demo: five datacenters in one process. Servers in every stage, some on their way to `staged` at a watchable
//! pace, a few stuck for honest reasons that a person's keys resolve.

mod furnish;
mod trade;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::bmc::Vendor;
use rackhand_core::decide::Input;
use rackhand_core::decide::command::Command;
use rackhand_core::id::{Actor, Role, SiteId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::view::{self, Query, Sort, State};
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::projection;
use rackhand_daemon::random::Random;
use rackhand_daemon::rpc;
use rackhand_daemon::site::Site;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use self::furnish::Racks;
use crate::bmc::Pace;
use crate::machine::LifePace;
use crate::netbox::DeviceSpec;
use crate::outside::Outside;

/// The five datacenters.
pub const SITES: [&str; 5] = ["ams2", "ash1", "fra1", "lon1", "sin1"];

/// What a demo is made of.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
    /// How many times faster than real time it runs.
    pub speed: f64,
    /// Servers, about.
    pub servers: usize,
}

/// A running demo. Dropping it removes its files.
pub struct Demo {
    site: Option<Site>,
    outside: Arc<Outside>,
    clock: Clock,
    home: Home,
    travellers: usize,
    people: tokio::task::JoinHandle<()>,
    trade: tokio::task::JoinHandle<()>,
}

/// The demo's own directory, removed at the end.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        // What cannot be removed is left in the temporary directory, for the system to clean.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Servers on their way to each site's dock.
const DELIVERY: usize = 14;

/// What is wrong with a server, so that a person has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Its BMC does not answer.
    Hangs,
    /// Its BMC takes no password we have.
    Password,
    /// One of its NICs is in another switch port than planned.
    Cable,
    /// Its BMC tells another serial.
    Serial,
    /// Its memory test fails.
    Memory,
    /// It never fetches its boot script.
    Silent,
    /// Another device in NetBox has its BMC's address.
    Address,
}

impl Trouble {
    const ALL: [Self; 7] =
        [Self::Hangs, Self::Password, Self::Cable, Self::Serial, Self::Memory, Self::Silent, Self::Address];

    /// The trouble of the `n`-th traveller, if it has one.
    fn of(n: usize) -> Option<Self> {
        (n % 9 == 4).then(|| Self::ALL.get(n / 9).copied()).flatten()
    }
}

impl Demo {
    /// Builds the outside, starts a daemon over it, and listens on a socket of its own.
    pub async fn start(options: Options) -> io::Result<Self> {
        let clock = Clock::scaled(Clock::wall().now(), options.speed);
        let also = SITES.map(SiteId::new).into();
        let mut policy = Policy { also, ..Policy::standard(SiteId::new("hq")) };
        crate::market::rules(&mut policy);
        let mut outside = Outside::new(clock.clone(), policy.clone(), LifePace::default());
        outside.draw_habits();
        let travellers = (options.servers / 4).max(Trouble::ALL.len() * 9);
        let mut rng = StdRng::seed_from_u64(options.seed);
        let netbox = outside.netbox.clone();
        let mut racks = Racks::new(&netbox);
        for n in 0..travellers {
            let site = SITES[rng.random_range(0..SITES.len())];
            racks.keep(site, n);
            outside.add_server(n, site, Pace::default());
            if let Some(trouble) = Trouble::of(n) {
                make(&outside, n, trouble);
            }
        }
        // The fleet stands in NetBox's racks before the daemon first looks there.
        let fleet = fleet(&mut rng, options.servers.saturating_sub(travellers));
        for (n, command) in fleet.iter().enumerate() {
            stand(&mut racks, &policy, n, command);
        }
        outside.netbox.add_site(policy.site.as_str());
        for tenant in ["acme", "globex", "initech"] {
            outside.netbox.add_tenant(tenant);
        }
        let market = trade::open(&mut outside);
        outside.projection =
            Some(projection::Settings { file: None, changes: Duration::from_mins(5), whole: Duration::from_hours(24) });
        let home = Home(std::env::temp_dir().join(format!("rackhand-demo-{}", std::process::id())));
        let mut store = Store::open(&home.0, &policy.site).map_err(io::Error::other)?;
        let mut world = World::default();
        store.begin_epoch(&mut world, clock.now()).map_err(io::Error::other)?;
        let journal = Journal::thread(store).map_err(io::Error::other)?;
        let site = outside.start(journal, world, Random::from_seed(options.seed), true);
        let listener = rpc::bind(&home.0.join("rackhandd.sock"), None).await?;
        tokio::spawn(site.desk.clone().listen(listener, site.stopping()));
        trade::seat(&site, &home.0).await?;
        enter(&site, fleet).await?;
        trade::describe(&site, &Actor::Person { name: "demo".into(), role: Role::Admin }).await?;
        send_a_delivery(&site).await?;
        let outside = Arc::new(outside);
        let trade = tokio::spawn(trade::trade(outside.clone(), market, site.intake.clone(), site.ledger.worlds()));
        let people = tokio::spawn(people(outside.clone(), site.intake.clone(), site.ledger.worlds(), rng));
        Ok(Self { site: Some(site), outside, clock, home, travellers, people, trade })
    }

    /// The socket consoles connect to.
    pub fn socket(&self) -> PathBuf {
        self.home.0.join("rackhandd.sock")
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.home.0
    }

    /// Waits until all that can move has moved, telling `progress` how many have. Returns one line for each server:
    /// serial, stage, state and what it waits for.
    pub async fn settle(&self, mut progress: impl FnMut(&str)) -> io::Result<Vec<String>> {
        let Some(site) = &self.site else { return Ok(Vec::new()) };
        let mut worlds = site.ledger.worlds();
        let mut said = String::new();
        loop {
            let world = worlds.borrow_and_update().clone();
            let rest: BTreeSet<&str> = self.outside.servers.iter().map(|s| s.serial.as_str()).collect();
            let (mut staged, mut stuck) = (0, 0);
            for serial in rest {
                let Some(unit) = world.by_serial(serial) else { continue };
                let at_rest = unit.notes.owed.is_empty() && unit.steps.progress().all(|p| is_parked(&p.phase));
                match view::row(unit, self.clock.now()).state {
                    _ if unit.stage == Stage::Staged && at_rest => staged += 1,
                    State::Stuck if at_rest => stuck += 1,
                    _ => {}
                }
            }
            let line =
                format!("{staged} staged, {stuck} need a person, {} on their way", self.travellers - staged - stuck);
            if line != said {
                progress(&line);
                said = line;
            }
            if staged + stuck == self.travellers {
                return Ok(table(&world, &self.clock));
            }
            if worlds.changed().await.is_err() {
                return Err(io::Error::other("the daemon ended"));
            }
        }
    }

    /// Stops the daemon.
    pub async fn stop(mut self) -> io::Result<()> {
        self.people.abort();
        self.trade.abort();
        match self.site.take() {
            Some(site) => site.stop().await.map_err(io::Error::other),
            None => Ok(()),
        }
    }
}

fn is_parked(phase: &rackhand_core::flow::attempt::Phase) -> bool {
    matches!(phase, rackhand_core::flow::attempt::Phase::Parked { .. })
}

/// One line a server, by serial, without anything that depends on when it happened.
fn table(world: &World, clock: &Clock) -> Vec<String> {
    let query = Query { sort: Sort::Label, limit: usize::MAX, ..Query::default() };
    let mut lines = Vec::new();
    let mut offset = 0;
    loop {
        let page = view::units(world, &Query { offset, ..query.clone() }, clock.now());
        if page.rows.is_empty() {
            return lines;
        }
        offset += page.rows.len();
        lines.extend(page.rows.iter().map(|r| {
            let (site, stage, state) = (r.site.to_string(), r.stage.word(), r.state.word());
            format!("{:<12}{site:<6}{stage:<28}{:<12}{state}", r.label.as_str(), r.disposition.word())
        }));
    }
}

/// Makes the trouble.
fn make(outside: &Outside, n: usize, trouble: Trouble) {
    let server = &outside.servers[n];
    let Some(twin) = outside.fleet.get(&server.serial) else { return };
    match trouble {
        Trouble::Hangs => twin.behave(|b| b.hang = true),
        Trouble::Password => twin.behave(|b| b.bad_credentials = true),
        Trouble::Serial => twin.behave(|b| b.wrong_serial = Some("CZ2X999999".to_owned())),
        Trouble::Silent => twin.behave(|b| b.ignore_override = u32::MAX),
        Trouble::Cable => {
            let wrong = server.plan.first().cloned().map(|mut p| {
                p.port = "Ethernet48".into();
                p
            });
            twin.flaw(|f| f.neighbour = Some((0, wrong)));
        }
        Trouble::Memory => {
            twin.flaw(|f| f.failing = Some(rackhand_core::boot::report::ValidationStep::Memory));
        }
        Trouble::Address => {
            let holder = outside.netbox.add_device(&DeviceSpec {
                status: "active".to_owned(),
                ..DeviceSpec::offline("old-console-server", "OLD1", rackhand_core::mac::Mac([2, 0, 0, 0, 0, 1]))
            });
            let interface = outside.netbox.interface_id(holder, "bmc");
            outside.netbox.add_ip(&format!("{}/24", server.address), interface);
        }
    }
}

/// The technicians: once a server is stuck, they mend its cause in the world outside; the console's user says so.
fn mend(outside: &Outside, n: usize, trouble: Trouble) {
    let server = &outside.servers[n];
    let Some(twin) = outside.fleet.get(&server.serial) else { return };
    match trouble {
        Trouble::Hangs => twin.behave(|b| b.hang = false),
        Trouble::Password => twin.behave(|b| b.bad_credentials = false),
        Trouble::Serial => twin.behave(|b| b.wrong_serial = None),
        Trouble::Silent => twin.behave(|b| b.ignore_override = 0),
        Trouble::Cable => twin.flaw(|f| f.neighbour = None),
        Trouble::Memory => twin.flaw(|f| f.failing = None),
        // Two records in NetBox claim one address: nothing to carry or to plug. `skip` leaves it so, with a reason.
        Trouble::Address => {}
    }
}

/// Lets leases come in one after the other, and mends what has become stuck.
async fn people(
    outside: Arc<Outside>,
    intake: rackhand_daemon::intake::Intake,
    mut worlds: tokio::sync::watch::Receiver<Arc<World>>,
    mut rng: StdRng,
) {
    let clock = outside.clock.clone();
    let mut mended = BTreeSet::new();
    let mut leased = 0;
    loop {
        if leased < outside.servers.len() {
            let frame = outside.ack(&outside.servers[leased]);
            intake.frame(&frame, clock.now()).await;
            leased += 1;
            let pause = if leased < 8 { 2 } else { rng.random_range(10..45) };
            clock.sleep(Duration::from_secs(pause)).await;
        } else if worlds.changed().await.is_err() {
            return;
        }
        let world = worlds.borrow_and_update().clone();
        for (n, server) in outside.servers.iter().enumerate() {
            let (Some(trouble), Some(unit)) = (Trouble::of(n), world.by_serial(&server.serial)) else { continue };
            let stuck = unit.steps.parked().next().is_some() || unit.is_blocked();
            if stuck && mended.insert(n) {
                mend(&outside, n, trouble);
            }
        }
    }
}

/// Servers expected at each site's dock, to be scanned there: serials that are easily typed, and a few that are not to
/// come in. Nothing is drawn for them, so that the rest of the day stays as it is.
async fn send_a_delivery(site: &Site) -> io::Result<()> {
    let actor = Actor::Person { name: "demo".into(), role: Role::Admin };
    let submit = async |command| {
        let done = site.ledger.submit(actor.clone(), Patience::Refuse, Input::Command(command)).await;
        done.map(drop).map_err(io::Error::other)
    };
    for (s, at) in SITES.iter().enumerate() {
        for n in 0..DELIVERY {
            let (vendor, model) =
                if n % 3 == 2 { (Vendor::Hpe, "ProLiant DL380 Gen11") } else { (Vendor::Dell, "PowerEdge R760") };
            let serial = format!("BOX{}{n:02}", s + 1);
            submit(Command::Import {
                site: SiteId::new(at),
                serial: serial.into(),
                bmc_mac: None,
                vendor: Some(vendor),
                model: Some(model.into()),
                stage: if n + 1 < DELIVERY { Stage::ShipmentTracking } else { Stage::PurchaseApproved },
            })
            .await?;
        }
    }
    let world = site.ledger.world();
    for (serial, reason) in [("BOX100", "the vendor sent the wrong CPUs"), ("BOX300", "its order is in doubt")] {
        if let Some(unit) = world.by_serial(serial).map(|u| u.id) {
            submit(Command::Hold { unit, reason: reason.into() }).await?;
        }
    }
    Ok(())
}

/// Enters servers that somebody brought this far before there was Rackhand.
async fn enter(site: &Site, fleet: Vec<Command>) -> io::Result<()> {
    let actor = Actor::Person { name: "demo".into(), role: Role::Admin };
    for command in fleet {
        let done = site.ledger.submit(actor.clone(), Patience::Refuse, Input::Command(command)).await;
        done.map_err(io::Error::other)?;
    }
    // Into the pool it takes a second person.
    let second = Actor::Person { name: "demo-two".into(), role: Role::Admin };
    for unit in site.ledger.world().units.values().filter(|u| u.guard.is_some()) {
        let release = Command::Release { unit: unit.id, reason: Some("it stood in the pool before".into()) };
        let done = site.ledger.submit(second.clone(), Patience::Refuse, Input::Command(release)).await;
        done.map_err(io::Error::other)?;
    }
    Ok(())
}

/// Puts such a server in a rack, where its stage says that it is in one.
fn stand(racks: &mut Racks<'_>, policy: &Policy, n: usize, command: &Command) {
    let Command::Import { site, serial, model: Some(model), stage, .. } = command else { return };
    if *stage < Stage::Racked || *stage == Stage::Decommissioned {
        return;
    }
    let spec = DeviceSpec {
        model: model.to_string(),
        site: site.to_string(),
        status: policy.status(*stage).to_string(),
        ..DeviceSpec::offline(&format!("srv-{}", 1_000 + n), serial, Mac([0; 6]))
    };
    let units = if furnish::TALL.contains(&model.as_str()) { 2 } else { 1 };
    racks.mount(spec, units);
}

/// Servers that stand in all other stages.
fn fleet(rng: &mut StdRng, count: usize) -> Vec<Command> {
    // A fleet's shape: most serve, some wait, a few are at either end.
    let shape: Vec<(Stage, u32)> = Stage::ALL
        .iter()
        .map(|s| match s {
            Stage::InService => (*s, 90),
            Stage::Ready => (*s, 14),
            Stage::Staged | Stage::Hardened | Stage::AssignedToTenant | Stage::Maintenance => (*s, 6),
            Stage::Discovered | Stage::PhysicalValidated | Stage::PoweredOn => (*s, 0),
            _ => (*s, 4),
        })
        .collect();
    let whole: u32 = shape.iter().map(|(_, weight)| weight).sum();
    let enter = |n: usize| {
        let mut draw = rng.random_range(0..whole);
        let drawn = shape.iter().find(|(_, weight)| {
            let hit = draw < *weight;
            draw = draw.saturating_sub(*weight);
            hit
        });
        let stage = drawn.map_or(Stage::InService, |(stage, _)| *stage);
        let dell = rng.random_bool(0.4);
        let (vendor, model) = match (dell, n % 6 == 5) {
            (true, false) => (Vendor::Dell, "PowerEdge R660"),
            (true, true) => (Vendor::Dell, furnish::TALL[1]),
            (false, false) => (Vendor::Hpe, "ProLiant DL360 Gen11"),
            (false, true) => (Vendor::Hpe, furnish::TALL[0]),
        };
        let serial = if dell { format!("7XK{n:04}") } else { format!("CZ24{n:06}") };
        Command::Import {
            site: SiteId::new(SITES[rng.random_range(0..SITES.len())]),
            serial: serial.into(),
            bmc_mac: None,
            vendor: Some(vendor),
            model: Some(model.into()),
            stage,
        }
    };
    (0..count).map(enter).collect()
}
