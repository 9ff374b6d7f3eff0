//! The gates of the outside systems: how many calls each takes at once, and whose fault closes it.

use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::flow::rules::Lane;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::stopped;
use crate::gate::Gate;

/// Calls to NetBox in the air at once. It is slow; more would only queue inside it.
const NETBOX_CALLS: usize = 8;

/// How many of those may be questions about MACs that are no unit's, so that a flood of them never holds up a unit.
const NETBOX_STRANGERS: usize = 6;

/// BMCs spoken to at once, those apart that take longer than [`SLOW`]. One lane for each BMC holds that each has one
/// call at most, so this bounds our memory (some 40 KiB for a call), not a BMC's load: it is sized so that a whole site
/// of 5,000 of which each fifth hangs does not queue.
const BMC_CALLS: usize = 4_096;

/// Vendors spoken to at once.
const VENDOR_CALLS: usize = 16;

/// After this long a call to a BMC gives its place up and goes on without one, until its own deadline. Otherwise BMCs
/// that hang would hold the places of those that answer, for half a minute each.
const SLOW: Duration = Duration::from_secs(5);

/// A place at a gate that is to be told how the call went.
pub type Place<'a> = (&'a Gate, SemaphorePermit<'a>);

/// The gates of the outside systems.
pub struct Gates {
    /// NetBox's.
    pub netbox: Gate,
    /// All BMCs'. A BMC that does not answer says nothing of the others, so this one only counts places.
    pub bmcs: Gate,
    /// All vendors'. One that does not answer says nothing of the others, so this one only counts places.
    pub vendors: Gate,
    /// Turns for questions about MACs that are no unit's.
    strangers: Semaphore,
}

impl Gates {
    /// Makes an attempt once the system that its lane is about has a place for it; gives it up where the daemon stops
    /// meanwhile.
    pub async fn pass<'a, A: Future>(
        &'a self,
        clock: &Clock,
        stop: Option<watch::Receiver<bool>>,
        (lane, strange): (Lane, bool),
        attempt: impl FnOnce(Option<Place<'a>>) -> A,
    ) -> Option<A::Output> {
        match lane {
            // A place comes as soon as another call ends, or has been slow.
            Lane::Bmc => self.call_bmc(clock, Box::pin(attempt(None))).await,
            // A vendor that does not answer says nothing of the others.
            Lane::Vendor => {
                let _place = self.vendors.enter(clock).await?;
                Some(Box::pin(attempt(None)).await)
            }
            Lane::Dcim | Lane::Notes => {
                // A closed gate may stay so for hours; who stops the daemon does not wait for it.
                let place = tokio::select! {
                    biased;
                    place = async {
                        // It is never closed.
                        let turn = if strange { self.strangers.acquire().await.ok() } else { None };
                        self.netbox.enter(clock).await.map(|place| (place, turn))
                    } => place,
                    () = stopped(stop) => None,
                };
                let (place, _turn) = place?;
                Some(attempt(Some((&self.netbox, place))).await)
            }
        }
    }

    /// Makes a call to a BMC once there is a place for it.
    pub async fn call_bmc<T>(&self, clock: &Clock, call: impl Future<Output = T>) -> Option<T> {
        let place = self.bmcs.enter(clock).await?;
        let mut call = std::pin::pin!(call);
        tokio::select! {
            biased;
            done = &mut call => return Some(done),
            () = clock.sleep(SLOW) => {}
        }
        drop(place);
        Some(call.await)
    }
}

impl Default for Gates {
    fn default() -> Self {
        let strangers = Semaphore::new(NETBOX_STRANGERS);
        let (netbox, bmcs) = (Gate::new(NETBOX_CALLS), Gate::new(BMC_CALLS));
        Self { netbox, bmcs, vendors: Gate::new(VENDOR_CALLS), strangers }
    }
}
