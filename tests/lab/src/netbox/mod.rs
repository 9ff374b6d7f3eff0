//! NetBox 4.6 as far as Rackhand meets it, with its traps: refused logins are 403, unknown filters and `mac_address` on
//! an interface are ignored, MACs are not unique, `fields` on a write drops what it does not name, bulk writes skip
//! unknown ids, 404s of unknown paths are pages.

mod address;
mod cable;
mod customisation;
mod device;
mod intake;
mod interface;
mod journal;
mod object;
mod query;
mod route;
mod setup;
mod state;

use std::sync::Mutex;
use std::time::Duration;

use rackhand_core::time::Timestamp;

use crate::faults::lock;
use crate::host::{Host, Reply, Request};

pub use setup::DeviceSpec;
use state::State;

/// The lab's NetBox. Set it up with the `add_` methods, then let requests in.
pub struct NetBox(Mutex<State>);

impl Default for NetBox {
    fn default() -> Self {
        Self(Mutex::new(State::new()))
    }
}

impl NetBox {
    /// An empty NetBox without statuses, fields or tokens of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long each answer takes.
    pub fn set_think_time(&self, think: Duration) {
        lock(&self.0).think = think;
    }

    /// How many requests have come in.
    pub fn requests(&self) -> u64 {
        lock(&self.0).requests
    }
}

impl Host for NetBox {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut state = lock(&self.0);
        state.requests += 1;
        let id = state.requests;
        let think = state.think;
        let reply = route::answer(&mut state, request, now);
        reply.header("api-version", "4.6").header("x-request-id", &format!("{id:032x}")).after(think)
    }
}
