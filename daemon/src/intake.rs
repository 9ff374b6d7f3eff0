//! Leases come in here, from whatever saw them: parsed, joined, sifted by rule C3, and handed to the ledger.

mod strangers;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_adapters::dhcp::frame::parse;
use rackhand_adapters::dhcp::join::{Joiner, LeaseAck};
use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::discovery::c3::is_bmc_candidate;
use rackhand_core::discovery::lease::{Change, LeaseEvent, LeasesTold, MAX_EVENTS};
use rackhand_core::id::Actor;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use crate::engine::Gates;
use crate::ledger::{Ledger, Patience, Queued};
use crate::tap::Wire;
use strangers::{Doorman, Strangers};

/// A renewal that changes nothing asks NetBox again after this, so that a status changed there is seen.
const ASK_AGAIN: Duration = Duration::from_secs(3_600);

/// So many MACs are remembered as asked before those that may be asked again are dropped.
const ASKED: usize = 16_384;

/// The door for leases.
#[derive(Clone)]
pub struct Intake(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    netbox: NetBox,
    gates: Arc<Gates>,
    clock: Clock,
    wire: Wire,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    joiner: Option<Joiner>,
    strangers: Strangers,
    doorman: Doorman,
    strange_leases: u64,
    ended: u64,
    asked: BTreeMap<Mac, Timestamp>,
}

/// A lease, whoever saw it.
#[derive(Clone)]
struct Seen {
    mac: Mac,
    address: IpAddr,
    hostname: Option<Text>,
    vendor_class: Option<Text>,
    /// Whether the client asked anew: it has just started.
    fresh: bool,
    at: Timestamp,
}

/// A lease that the ledger is at.
struct Place {
    mac: Mac,
    fresh: bool,
    queued: Queued,
}

impl From<LeaseAck> for Seen {
    fn from(ack: LeaseAck) -> Self {
        let LeaseAck { mac, address, hostname, vendor_class, renewal, at, .. } = ack;
        Self { mac, address: IpAddr::V4(address), hostname, vendor_class, fresh: !renewal, at }
    }
}

impl Intake {
    /// A door to this ledger.
    pub fn new(ledger: Ledger, netbox: NetBox, gates: Arc<Gates>, clock: Clock) -> Self {
        Self(Arc::new(Inner { ledger, netbox, gates, clock, wire: Wire::default(), state: Mutex::default() }))
    }

    /// What is known of the wire that frames come from.
    pub fn wire(&self) -> &Wire {
        &self.0.wire
    }

    /// Takes one Ethernet frame. Most are none of ours, and cost nothing more than the look.
    pub async fn frame(&self, frame: &[u8], at: Timestamp) {
        self.frames(&[(frame, at)]).await;
    }

    /// Takes frames in the order they were seen; returns when what follows from them is on disk. A burst taken
    /// together shares its commits.
    pub async fn frames<F: AsRef<[u8]>>(&self, frames: &[(F, Timestamp)]) {
        let mut queued = Vec::new();
        for (frame, at) in frames {
            let Ok(message) = parse(frame.as_ref()) else { continue };
            if self.0.wire.is_rogue(&message, *at) {
                continue;
            }
            let lease = self.state().joiner.get_or_insert_with(Joiner::new).take(&message, *at);
            if let Some(lease) = lease {
                queued.extend(self.queue(lease.into(), Patience::Keep).await);
            }
        }
        for place in queued {
            // Refused only when the daemon stops.
            let _ = self.settle(place).await;
        }
    }

    /// Takes leases that a list holds, however many; those that are impossible are left out.
    ///
    /// # Errors
    /// While the journal takes nothing.
    pub async fn tell_all(&self, leases: &[LeaseEvent]) -> Result<(), Refusal> {
        let leases: Vec<LeaseEvent> = leases.iter().filter(|l| l.impossible().is_none()).cloned().collect();
        for some in leases.chunks(MAX_EVENTS) {
            self.tell(some).await?;
        }
        Ok(())
    }

    /// Takes leases that a DHCP server, or a file of its, tells of; returns when what follows from them is on disk. A
    /// lease that has ended changes nothing. Who tells may tell again, so nothing is kept while the journal takes
    /// nothing.
    ///
    /// # Errors
    /// [`Why::Invalid`] for more than [`MAX_EVENTS`] or an address that cannot be a host's, before any is taken;
    /// [`Why::Unavailable`] while the journal takes nothing.
    pub async fn tell(&self, events: &[LeaseEvent]) -> Result<LeasesTold, Refusal> {
        if events.len() > MAX_EVENTS {
            return Err(Refusal::new(Why::Invalid, format!("at most {MAX_EVENTS} events at once")));
        }
        if let Some((n, why)) = events.iter().enumerate().find_map(|(n, e)| Some((n, e.impossible()?))) {
            return Err(Refusal::new(Why::Invalid, format!("[{n}].address: {} is {why}", events[n].address)));
        }
        let mut told = LeasesTold::default();
        let mut queued = Vec::new();
        for event in events {
            if !event.event.holds() {
                told.ended += 1;
                continue;
            }
            let lease = Seen {
                mac: event.mac,
                address: event.address,
                hostname: event.hostname.clone().filter(|t| !t.is_empty()),
                vendor_class: event.vendor_class.clone().filter(|t| !t.is_empty()),
                fresh: event.event == Change::Add,
                at: self.0.clock.now(),
            };
            match self.queue(lease, Patience::Refuse).await {
                Some(place) => queued.push(place),
                None => told.strangers += 1,
            }
        }
        for place in queued {
            match self.settle(place).await? {
                Answer::Already => told.known += 1,
                _ => told.new += 1,
            }
        }
        self.state().ended += u64::from(told.ended);
        Ok(told)
    }

    /// Hands a lease to the ledger; `None` where it is no controller's, is kept outside, or the daemon stops.
    async fn queue(&self, lease: Seen, patience: Patience) -> Option<Place> {
        let world = self.0.ledger.world();
        let mac = lease.mac;
        let known = world.by_bmc(mac).is_some() || world.sightings.contains_key(&mac);
        if !is_bmc_candidate(mac, lease.vendor_class.as_deref(), known) {
            self.stranger(lease);
            return None;
        }
        let now = self.0.clock.now();
        if !known && !self.state().doorman.admits(mac, now) {
            self.stranger(lease);
            self.keep_out(mac, now).await;
            return None;
        }
        let Seen { mac, address, hostname, vendor_class, fresh, .. } = lease;
        let input = Input::Lease { mac, address, hostname, vendor_class };
        self.0.ledger.queue(Actor::Wire, patience, input).await.ok().map(|queued| Place { mac, fresh, queued })
    }

    /// Waits for a lease's events, and asks NetBox again where they changed nothing. A BMC that has just started wakes
    /// what was given up because it was silent.
    async fn settle(&self, Place { mac, fresh, queued }: Place) -> Result<Answer, Refusal> {
        let answer = queued.done().await?.answer;
        let world = self.0.ledger.world();
        let silent = world.by_bmc(mac).filter(|u| u.silent().next().is_some()).map(|u| u.id);
        if let Some(id) = silent.filter(|_| fresh) {
            self.0.ledger.submit(Actor::Wire, Patience::Keep, Input::Alive(id)).await?;
        }
        if answer == Answer::Already && self.is_time_to_ask(mac) {
            let intake = self.clone();
            tokio::spawn(async move { intake.ask_again(mac).await });
        }
        Ok(answer)
    }

    /// Ends of leases that DHCP servers have told, so far. They change nothing.
    pub fn ended_leases(&self) -> u64 {
        self.state().ended
    }

    /// Leases from MACs nobody knows, so far.
    pub fn strange_leases(&self) -> u64 {
        self.state().strange_leases
    }

    /// The MACs nobody knows that were seen last.
    pub fn strangers(&self) -> Vec<(Mac, Timestamp)> {
        self.state().strangers.seen().collect()
    }

    fn stranger(&self, lease: Seen) {
        let mut state = self.state();
        state.strange_leases += 1;
        state.strangers.put(lease);
    }

    /// There are more new MACs than a site has BMCs. From now on those come in that NetBox lists; the journal is told
    /// now and then.
    async fn keep_out(&self, last: Mac, now: Timestamp) {
        let (list, tell) = {
            let mut state = self.state();
            (state.doorman.is_time_to_list(now), state.doorman.is_time_to_tell(now))
        };
        if list {
            let intake = self.clone();
            tokio::spawn(intake.list());
        }
        if let Some(leases) = tell {
            let told = Input::KeptOut { last, leases };
            // A word about a flood need not outlast a journal that takes nothing.
            let _ = self.0.ledger.queue(Actor::Rackhand, Patience::Refuse, told).await;
        }
    }

    /// Asks NetBox for all its MACs, and lets in who of those waits outside.
    fn list(self) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.let_listed_in().await })
    }

    async fn let_listed_in(&self) {
        let Some(_place) = self.0.gates.netbox.enter(&self.0.clock).await else { return };
        let found = self.0.netbox.all_macs().await;
        let now = self.0.clock.now();
        self.0.gates.netbox.report(found.as_ref().map(|_| ()), now);
        if let Err(fault) = &found {
            tracing::warn!(%fault, "NetBox did not list its MACs; new BMCs wait until it does");
        }
        let leases: Vec<Seen> = {
            let state = &mut *self.state();
            state.doorman.list(found.ok(), now);
            let macs = state.doorman.listed(state.strangers.seen().map(|(mac, _)| mac));
            macs.into_iter().filter_map(|mac| state.strangers.take(mac)).collect()
        };
        for lease in leases {
            self.queue(lease, Patience::Keep).await;
        }
    }

    fn is_time_to_ask(&self, mac: Mac) -> bool {
        // While the first answer is still awaited, the engine asks.
        let judged = self.0.ledger.world().sightings.get(&mac).is_some_and(|s| s.verdict.is_some());
        let now = self.0.clock.now();
        let mut state = self.state();
        let due = judged && state.asked.get(&mac).is_none_or(|t| now.since(*t) >= ASK_AGAIN);
        if due {
            // What was asked longer ago may be asked again all the same.
            if state.asked.len() >= ASKED {
                state.asked.retain(|_, at| now.since(*at) < ASK_AGAIN);
            }
            state.asked.insert(mac, now);
        }
        due
    }

    async fn ask_again(&self, mac: Mac) {
        let Some(_place) = self.0.gates.netbox.enter(&self.0.clock).await else { return };
        let found = self.0.netbox.device_by_bmc_mac(mac).await;
        self.0.gates.netbox.report(found.as_ref().map(|_| ()), self.0.clock.now());
        if let Ok(lookup) = found {
            // A renewal is a hint; if the ledger is stopping, the next one will do.
            let _ = self.0.ledger.submit(Actor::Wire, Patience::Keep, Input::LookedUpAgain(mac, lookup)).await;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rackhand_adapters::dhcp::compose::Lease;
    use rackhand_adapters::netbox::{Settings, Token};
    use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target, Trust};
    use rackhand_core::fault::Kind;
    use rackhand_core::id::SiteId;
    use rackhand_core::policy::Policy;
    use rackhand_core::secret::Secret;
    use rackhand_core::world::World;

    use super::*;
    use crate::journal::{Journal, Store};
    use crate::ledger::Parts;
    use crate::random::Random;

    struct Nowhere;

    impl Dial for Nowhere {
        fn dial<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
            Box::pin(async { Err(DialError { kind: Kind::Transient, what: "nobody is there".into() }) })
        }
    }

    #[tokio::test]
    async fn leases_taken_together_share_a_commit_and_keep_their_order() {
        let site = SiteId::new("fra1");
        let store = Arc::new(Mutex::new(Store::open_in_memory(&site).unwrap()));
        let journal = Journal::inline(store);
        let commits = Arc::new(AtomicU32::new(0));
        let counted = commits.clone();
        journal.inject(Box::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            None
        }));
        let clock = Clock::wall();
        let (world, policy, random) = (World::default(), Policy::standard(site), Random::from_seed(1));
        let parts = Parts { journal, world, policy: policy.clone(), clock: clock.clone(), random };
        let (ledger, _clerk) = Ledger::start(parts, tokio::sync::mpsc::unbounded_channel().0);
        let target = Target { host: "netbox".into(), port: 80, trust: Trust::Plain };
        let settings = Settings { target, base: String::new(), token: Token::V1(Secret::new("0")) };
        let netbox = NetBox::new(Arc::new(Nowhere), clock.clone(), settings, policy);
        let intake = Intake::new(ledger.clone(), netbox, Arc::default(), clock.clone());

        let leases = [(1, [10, 0, 4, 1]), (2, [10, 0, 4, 2]), (1, [10, 0, 4, 3])].map(|(n, address)| {
            let lease = Lease::new(Mac([0x94, 0x40, 0xC9, 0, 0, n]), address.into(), [10, 0, 4, 254].into());
            (lease.ack(), clock.now())
        });
        intake.frames(&leases).await;

        let seen: Vec<String> = ledger.world().sightings.values().map(|s| s.address.to_string()).collect();
        assert_eq!(seen, ["10.0.4.3", "10.0.4.2"]);
        assert_eq!(commits.load(Ordering::Relaxed), 1);
    }
}
