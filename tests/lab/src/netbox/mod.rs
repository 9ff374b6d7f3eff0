//! NetBox as far as Rackhand meets it, in three releases ([`Profile`]), with its traps: refused logins are 403, unknown
//! filters and, before 4.7, `mac_address` on an interface are ignored, MACs are not unique, `fields` on a write drops
//! what it does not name, bulk writes skip unknown ids before 4.7, 404s of unknown paths and all answers without Redis
//! are pages, GraphQL cuts lists in silence.

mod address;
mod cable;
mod changelog;
mod customisation;
mod device;
mod graphql;
mod intake;
mod interface;
mod journal;
mod object;
mod pace;
mod power;
mod profile;
mod query;
mod rack;
mod resource;
mod route;
mod setup;
mod state;

use std::sync::Mutex;
use std::time::Duration;

use rackhand_core::time::Timestamp;

use crate::faults::lock;
use crate::host::{Host, Reply, Request};

pub use pace::Pace;
pub use power::FeedSpec;
pub use profile::Profile;
pub use rack::RackSpec;
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

    /// An empty NetBox of this release.
    pub fn of(profile: Profile) -> Self {
        let netbox = Self::default();
        netbox.upgrade(profile);
        netbox
    }

    /// Makes it another release, as an upgrade does.
    pub fn upgrade(&self, profile: Profile) {
        lock(&self.0).profile = profile;
    }

    /// The release it is.
    pub fn profile(&self) -> Profile {
        lock(&self.0).profile
    }

    /// How long each answer takes.
    pub fn set_think_time(&self, think: Duration) {
        self.set_pace(Pace::Even(think));
    }

    /// How long answers take.
    pub fn set_pace(&self, pace: Pace) {
        lock(&self.0).pace = pace;
    }

    /// How long all answers so far took.
    pub fn thought(&self) -> Duration {
        lock(&self.0).thought
    }

    /// `MAX_PAGE_SIZE`, for GraphQL too; 1,000 unless it is set.
    pub fn set_largest_page(&self, rows: usize) {
        lock(&self.0).max_page = rows;
    }

    /// Takes Redis away, or brings it back.
    pub fn set_redis_down(&self, down: bool) {
        lock(&self.0).redis_down = down;
    }

    /// Restarts the database under so many workers: each meets it with one 500.
    pub fn restart_database(&self, workers: u32) {
        lock(&self.0).dead_workers = workers;
    }

    /// How many requests have come in.
    pub fn requests(&self) -> u64 {
        lock(&self.0).requests
    }

    /// The same by method and collection, such as `GET dcim/devices`.
    pub fn asked(&self) -> std::collections::BTreeMap<String, u64> {
        lock(&self.0).asked.clone()
    }
}

impl Host for NetBox {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut state = lock(&self.0);
        state.requests += 1;
        let collection = request.segments().iter().skip(1).take(2).copied().collect::<Vec<_>>().join("/");
        *state.asked.entry(format!("{} {collection}", request.method)).or_default() += 1;
        let id = state.requests;
        let (reply, weight) = route::answer(&mut state, request, now);
        let think = state.pace.of(request, weight);
        state.thought += think;
        let reply = reply.header("x-request-id", &format!("{id:032x}")).after(think);
        // Where a page is answered, NetBox has not come to its API.
        if reply.status.is_server_error() && state.redis_down {
            return reply;
        }
        reply.header("api-version", state.profile.api())
    }
}
