//! One site's daemon, put together: journal, world, ledger, engine, and the doors on top. The same for the real
//! program, the demo and the simulator; they differ in what they hand in.

use std::sync::Arc;

use rackhand_adapters::carrier::Carriers;
use rackhand_adapters::netbox::{self, NetBox};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::Dial;
use rackhand_adapters::redfish::Redfish;
use rackhand_adapters::supplier::Sellers;
use rackhand_core::decide::Input;
use rackhand_core::event::Seq;
use rackhand_core::id::{Actor, Subject};
use rackhand_core::policy::Policy;
use rackhand_core::world::{FOLD, World};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::engine::perform::Ports;
use crate::engine::{Engine, Gates, told};
use crate::http::Http;
use crate::intake::Intake;
use crate::journal::{Journal, JournalError, Store};
use crate::keeper::Keepers;
use crate::keys::Keyring;
use crate::ledger::{self, Ledger, Patience};
use crate::poll::netbox::Copy;
use crate::poll::papers::Papers;
use crate::poll::parcels::Parcels;
use crate::poll::{self, Board};
use crate::projection::{self, Projection};
use crate::pulse::Pulse;
use crate::random::Random;
use crate::rpc::{Desk, Roles};

/// Events from one snapshot to the next; they fold in some 20 ms.
const SNAPSHOT_EVERY: u64 = 20_000;

/// How long a stop waits for sessions on BMCs to be closed.
const LAST_SESSIONS: std::time::Duration = std::time::Duration::from_secs(30);

/// What a site is made of.
pub struct Parts {
    /// The journal.
    pub journal: Journal,
    /// What its events fold to; see [`fold`].
    pub world: World,
    /// The business's rules.
    pub policy: Policy,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Streams to the outside.
    pub dial: Arc<dyn Dial>,
    /// Where NetBox is.
    pub netbox: netbox::Settings,
    /// The port BMCs answer at.
    pub bmc_port: u16,
    /// Vendors.
    pub sellers: Sellers,
    /// The carriers' tracking, and how often it is asked.
    pub carriers: Option<(Carriers, std::time::Duration)>,
    /// BMC passwords.
    pub keys: Keyring,
    /// Where machines reach our HTTP.
    pub base: String,
    /// Who is who.
    pub roles: Roles,
    /// Whether this is a demo.
    pub demo: bool,
    /// How our copy of NetBox is kept; `None` keeps none. A simulation keeps none: it is a loop beside the units' own
    /// calls, and would only make lives longer to read.
    pub projection: Option<projection::Settings>,
}

/// A running site.
pub struct Site {
    /// The ledger.
    pub ledger: Ledger,
    /// The door for leases.
    pub intake: Intake,
    /// The HTTP side.
    pub http: Http,
    /// The consoles' side.
    pub desk: Arc<Desk>,
    /// Whether all makes headway.
    pub pulse: Pulse,
    /// How the sources do that are read again and again.
    pub board: Board,
    journal: Journal,
    stop: watch::Sender<bool>,
    engine: JoinHandle<()>,
    clerk: JoinHandle<()>,
    keepers: Keepers,
    clock: Clock,
}

/// Folds a store's events: from its newest snapshot, where there is a good one, and what came after.
pub fn fold(store: &Store) -> Result<World, JournalError> {
    let snapshot = store.load_snapshot(FOLD)?;
    let mut world: World = snapshot.and_then(|(_, body)| serde_json::from_slice(&body).ok()).unwrap_or_default();
    store.replay(world.head, &mut |recorded| world.apply(&recorded))?;
    Ok(world)
}

/// Keeps a snapshot of the world every so many events, so that a start after a crash has little to fold.
async fn keep_snapshots(ledger: Ledger, journal: Journal, mut stop: watch::Receiver<bool>) {
    let mut worlds = ledger.worlds();
    let mut next = worlds.borrow().head + SNAPSHOT_EVERY;
    loop {
        let world = tokio::select! {
            biased;
            () = told(&mut stop) => return,
            world = worlds.wait_for(|w| w.head >= next) => match world {
                Ok(world) => Arc::clone(&world),
                Err(_) => return,
            },
        };
        next = world.head + SNAPSHOT_EVERY;
        let at = world.head;
        let body = tokio::task::spawn_blocking(move || serde_json::to_vec(&*world)).await;
        if let Ok(Ok(body)) = body {
            keep_snapshot(&ledger, &journal, at, body).await;
        }
    }
}

/// Keeps the state after event `at`. The chain vouches for it first: a snapshot without its event would be a forged one.
async fn keep_snapshot(ledger: &Ledger, journal: &Journal, at: Seq, body: Vec<u8>) {
    let kept = async {
        let (sum, body) = journal.sum_snapshot(at, FOLD, body).await.map_err(|e| e.to_string())?;
        let vouch = Input::Snapshot { at, fold: FOLD, sum };
        ledger.submit(Actor::Rackhand, Patience::Refuse, vouch).await.map_err(|e| e.to_string())?;
        journal.save_snapshot(at, FOLD, body).await.map_err(|e| e.to_string())
    };
    if let Err(error) = kept.await {
        tracing::warn!(%error, "no snapshot was kept; a start will take longer");
    }
}

impl Site {
    /// Starts a site inside a tokio runtime.
    pub fn start(parts: Parts) -> Self {
        let (changed, changes) = mpsc::unbounded_channel::<Subject>();
        let (stop, stopping) = watch::channel(false);
        let (clock, random, policy) = (parts.clock, parts.random, parts.policy);
        let epoch = u64::from_le_bytes(random.bytes());
        let ledger_parts = ledger::Parts {
            journal: parts.journal.clone(),
            world: parts.world,
            policy: policy.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let (ledger, clerk) = Ledger::start(ledger_parts, changed);
        let netbox = NetBox::new(parts.dial.clone(), clock.clone(), parts.netbox, policy.clone());
        let redfish = Redfish::new(parts.dial, clock.clone(), parts.bmc_port);
        let keepers = Keepers::new(redfish, parts.keys.clone(), clock.clone());
        let gates = Arc::new(Gates::default());
        let site = policy.site.clone();
        let intake = Intake::new(ledger.clone(), netbox.clone(), gates.clone(), clock.clone());
        let (beat, beats) = mpsc::channel(1);
        let pulse = Pulse { ledger: ledger.clone(), engine: beat };
        let board = Board::default();
        let projection = parts.projection.map(|settings| Projection::open(settings, &site));
        if let Some(projection) = projection.clone() {
            let (netbox, gates, clock) = (netbox.clone(), gates.clone(), clock.clone());
            let (site, also, time) = (site.clone(), policy.also.clone(), clock.clone());
            let copy = Copy { projection, netbox, gates, clock, site, also };
            tokio::spawn(poll::keep(copy, board.clone(), time, stop.subscribe()));
        }
        let ports = Arc::new(Ports {
            netbox: netbox.clone(),
            keepers: keepers.clone(),
            sellers: parts.sellers,
            keys: parts.keys,
            clock: clock.clone(),
            policy,
            rooms: crate::outside::Rooms::default(),
        });
        let engine = Engine::new(ledger.clone(), ports.clone(), gates.clone(), clock.clone());
        let engine = tokio::spawn(engine.run(changes, beats, stopping));
        for seller in ports.sellers.0.keys().copied() {
            let papers = Papers { ledger: ledger.clone(), ports: ports.clone(), seller };
            tokio::spawn(poll::keep(papers, board.clone(), clock.clone(), stop.subscribe()));
        }
        if let Some((carriers, every)) = parts.carriers {
            let parcels = Parcels { ledger: ledger.clone(), carriers, every };
            tokio::spawn(poll::keep(parcels, board.clone(), clock.clone(), stop.subscribe()));
        }
        let outside = (ports.clone(), gates.clone());
        let http = Http::new(ledger.clone(), intake.clone(), outside, &random, parts.base);
        let desk = Arc::new(Desk {
            ledger: ledger.clone(),
            journal: parts.journal.clone(),
            intake: intake.clone(),
            gates,
            board: board.clone(),
            ports,
            projection,
            clock: clock.clone(),
            site,
            epoch,
            demo: parts.demo,
            roles: watch::Sender::new(parts.roles),
            taking_over: tokio::sync::Mutex::default(),
            given: std::sync::Mutex::default(),
            rows: std::sync::Mutex::default(),
            racks: std::sync::Mutex::default(),
            frames: crate::rpc::frames(),
            turns: crate::rpc::Turns::default(),
            doctor: tokio::sync::OnceCell::new(),
        });
        tokio::spawn(keep_snapshots(ledger.clone(), parts.journal.clone(), stop.subscribe()));
        Self { ledger, intake, http, desk, pulse, board, journal: parts.journal, stop, engine, clerk, keepers, clock }
    }

    /// Returns only if the ledger or the engine has ended by itself, which nothing but a fault of ours can bring about.
    /// The process must end then, and be started again: what is on disk is whole.
    pub async fn broken(&mut self) {
        tokio::select! {
            biased;
            _ = &mut self.engine => {}
            _ = &mut self.clerk => {}
        }
    }

    /// Told when the site stops.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Stops gracefully: nothing new is begun, calls in the air end, a snapshot is kept, the journal is closed.
    pub async fn stop(self) -> Result<(), JournalError> {
        self.stop.send_replace(true);
        // The engine ends by itself once its calls have; a panic in it has been reported where it happened.
        drop(self.engine.await);
        // Sessions on BMCs are few, and one that is left is taken for half an hour.
        self.clock.timeout(LAST_SESSIONS, self.keepers.rest()).await;
        let world = self.ledger.world();
        // Where nothing has happened since the last one, there is none to keep.
        if world.stream.vouched < world.head
            && let Ok(body) = serde_json::to_vec(&*world)
        {
            keep_snapshot(&self.ledger, &self.journal, world.head, body).await;
        }
        self.journal.close().await
    }

    /// Ends at once, as a crash would: nothing in the air is awaited, nothing more is written.
    pub fn crash(self) {
        self.engine.abort();
        self.clerk.abort();
    }
}
