//! Leases come in here, from whatever saw them: parsed, joined, sifted by rule C3, and handed to the ledger.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rackhand_adapters::dhcp::frame::parse;
use rackhand_adapters::dhcp::join::{Joiner, LeaseAck};
use rackhand_adapters::dhcp::oui::is_bmc_candidate;
use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::{Answer, Input};
use rackhand_core::id::Actor;
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;

use crate::engine::Gates;
use crate::ledger::{Ledger, Patience};

/// MACs nobody knows that are remembered, the oldest forgotten first.
const STRANGERS: usize = 4_096;

/// A renewal that changes nothing asks NetBox again after this, so that a status changed there is seen.
const ASK_AGAIN: Duration = Duration::from_secs(3_600);

/// The door for leases.
#[derive(Clone)]
pub struct Intake(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    netbox: NetBox,
    gates: Arc<Gates>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    joiner: Option<Joiner>,
    strangers: BTreeMap<Mac, Timestamp>,
    strange_leases: u64,
    asked: BTreeMap<Mac, Timestamp>,
}

impl Intake {
    /// A door to this ledger.
    pub fn new(ledger: Ledger, netbox: NetBox, gates: Arc<Gates>, clock: Clock) -> Self {
        Self(Arc::new(Inner { ledger, netbox, gates, clock, state: Mutex::default() }))
    }

    /// Takes one Ethernet frame. Most are none of ours, and cost nothing more than the look.
    pub async fn frame(&self, frame: &[u8], at: Timestamp) {
        let Ok(message) = parse(frame) else { return };
        let lease = self.state().joiner.get_or_insert_with(Joiner::new).take(&message, at);
        if let Some(lease) = lease {
            self.lease(&lease).await;
        }
    }

    /// Takes one lease.
    pub async fn lease(&self, lease: &LeaseAck) {
        let world = self.0.ledger.world();
        let known = world.by_bmc(lease.mac).is_some() || world.sightings.contains_key(&lease.mac);
        if !is_bmc_candidate(lease.mac, lease.vendor_class.as_deref(), known) {
            self.stranger(lease.mac, lease.at);
            return;
        }
        let input = Input::Lease {
            mac: lease.mac,
            address: IpAddr::V4(lease.address),
            hostname: lease.hostname.clone(),
            vendor_class: lease.vendor_class.clone(),
        };
        let done = self.0.ledger.submit(Actor::Wire, Patience::Keep, input).await;
        if done.is_ok_and(|c| c.answer == Answer::Already) && self.is_time_to_ask(lease.mac) {
            let intake = self.clone();
            let mac = lease.mac;
            tokio::spawn(async move { intake.ask_again(mac).await });
        }
    }

    /// Leases from MACs nobody knows, so far.
    pub fn strange_leases(&self) -> u64 {
        self.state().strange_leases
    }

    /// The MACs nobody knows that were seen last.
    pub fn strangers(&self) -> Vec<(Mac, Timestamp)> {
        self.state().strangers.iter().map(|(m, t)| (*m, *t)).collect()
    }

    fn stranger(&self, mac: Mac, at: Timestamp) {
        let mut state = self.state();
        state.strange_leases += 1;
        if state.strangers.len() >= STRANGERS
            && !state.strangers.contains_key(&mac)
            && let Some(oldest) = state.strangers.iter().min_by_key(|(_, t)| **t).map(|(m, _)| *m)
        {
            state.strangers.remove(&oldest);
        }
        state.strangers.insert(mac, at);
    }

    fn is_time_to_ask(&self, mac: Mac) -> bool {
        // While the first answer is still awaited, the engine asks.
        let judged = self.0.ledger.world().sightings.get(&mac).is_some_and(|s| s.verdict.is_some());
        let now = self.0.clock.now();
        let mut state = self.state();
        let due = judged && state.asked.get(&mac).is_none_or(|t| now.since(*t) >= ASK_AGAIN);
        if due {
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
