//! What all callers together do to one controller: so many requests at once, connections shared, one session.
//!
//! Handshakes and sessions are what a controller has least of (iDRAC: eight sessions), so whoever talks to it at the
//! same time with the same account shares them. A line lives as long as somebody uses it; one that is [`Kept`] also
//! keeps connections, session, what was learnt, and the verdict on a password from one call to the next.
//!
//! [`Kept`]: super::kept::Kept

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::header::HeaderValue;
use rackhand_core::bmc::Fingerprint;
use rackhand_core::fault::Fault;
use rackhand_core::time::Timestamp;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use super::Credentials;
use super::wire::Root;
use crate::http::Connection;
use crate::port::dial::Trust;

/// Requests in flight at one controller, over all callers.
pub(super) const REQUESTS: usize = 2;

/// Collections of one controller whose answer to `$expand` is remembered, and for how long: its next firmware may know
/// better.
const REMEMBERED: usize = 256;
const FORGOTTEN: Duration = Duration::from_secs(12 * 3_600);

/// How long a service root that was read is good for the next call, unless a session of ours is open: then it is the
/// same controller, by its certificate, for as long as [`SAME`].
const ROOT: Duration = Duration::from_secs(60);
const SAME: Duration = Duration::from_secs(600);

/// How long a reading of the system is as good as a new one, where nothing was sent since that may have changed it.
const FRESH: Duration = Duration::from_secs(2);

/// The adapter's memory of what goes on: lines in use, and sessions being closed. All copies of an adapter share one.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lines: Mutex<BTreeMap<IpAddr, Weak<Line>>>,
    unfinished: watch::Sender<usize>,
}

/// One controller's line. It is forgotten with its last user.
pub(super) struct Line {
    pub(super) address: IpAddr,
    shared: Weak<Shared>,
    /// Places for requests.
    pub(super) places: Semaphore,
    /// Held while a session is opened or closed, so that there are never two.
    pub(super) door: tokio::sync::Mutex<()>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// How many keep the line.
    keepers: usize,
    login: Option<Weak<Login>>,
    /// The same session, while the line is kept.
    session: Option<Arc<Login>>,
    /// Open connections that nobody uses now.
    idle: Vec<Connection>,
    seen: Option<Seen>,
    no_expand: BTreeMap<String, Timestamp>,
    refused: Option<Refused>,
}

/// What the controller showed of itself.
struct Seen {
    root: Root,
    certificate: Option<Fingerprint>,
    at: Timestamp,
    system: Option<SystemSeen>,
}

/// Its system, as it was last read.
#[derive(Clone)]
pub(super) struct SystemSeen {
    /// Where it is.
    pub(super) path: String,
    /// What it said, and under which tag; `None` once something was sent that may have changed it.
    pub(super) read: Option<(Value, Option<HeaderValue>)>,
    /// When.
    pub(super) at: Timestamp,
}

/// A password that the controller does not take.
struct Refused {
    credentials: Credentials,
    fault: Fault,
}

/// An open session.
pub(super) struct Login {
    credentials: Credentials,
    /// The certificate of who gave it.
    pub(super) certificate: Option<Fingerprint>,
    /// Its token.
    pub(super) token: HeaderValue,
    /// Where it is deleted.
    pub(super) location: String,
}

impl Login {
    pub(super) fn new(
        credentials: &Credentials,
        certificate: Option<Fingerprint>,
        token: HeaderValue,
        location: String,
    ) -> Self {
        Self { credentials: credentials.clone(), certificate, token, location }
    }

    /// Whether who has these credentials, at a controller that shows this certificate, may use it.
    fn is_of(&self, credentials: &Credentials, certificate: Option<Fingerprint>) -> bool {
        self.credentials.are(credentials) && self.certificate == certificate
    }
}

/// While one of these lives, something is still to be finished.
pub(super) struct Unfinished(Arc<Shared>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.unfinished.send_modify(|n| *n = n.saturating_sub(1));
    }
}

impl Lines {
    /// The line to a controller, as whoever uses it now has it, or a new one.
    pub(super) fn to(&self, address: IpAddr) -> Arc<Line> {
        let mut lines = locked(&self.0.lines);
        if let Some(line) = lines.get(&address).and_then(Weak::upgrade) {
            return line;
        }
        let line = Arc::new(Line {
            address,
            shared: Arc::downgrade(&self.0),
            places: Semaphore::new(REQUESTS),
            door: tokio::sync::Mutex::default(),
            memory: Mutex::default(),
        });
        lines.insert(address, Arc::downgrade(&line));
        line
    }

    /// How many lines are in use.
    pub(super) fn count(&self) -> usize {
        locked(&self.0.lines).len()
    }

    /// Marks something as to be finished before a stop.
    pub(super) fn unfinished(&self) -> Unfinished {
        self.0.unfinished.send_modify(|n| *n += 1);
        Unfinished(Arc::clone(&self.0))
    }

    /// Waits until nothing is left to be finished.
    pub(super) async fn finished(&self) {
        // The sender lives as long as this adapter does.
        drop(self.0.unfinished.subscribe().wait_for(|n| *n == 0).await);
    }
}

impl Line {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        locked(&self.memory)
    }

    /// A session these credentials may share.
    pub(super) fn shared_login(
        &self,
        credentials: &Credentials,
        certificate: Option<Fingerprint>,
    ) -> Option<Arc<Login>> {
        let login = self.memory().login.as_ref()?.upgrade()?;
        login.is_of(credentials, certificate).then_some(login)
    }

    /// Offers a session to who comes next.
    pub(super) fn offer(&self, login: &Arc<Login>) {
        let mut memory = self.memory();
        memory.login = Some(Arc::downgrade(login));
        if memory.keepers > 0 {
            memory.session = Some(Arc::clone(login));
        }
    }

    /// Takes a session back, since the controller does not take it any more.
    pub(super) fn withdraw(&self) {
        let mut memory = self.memory();
        (memory.login, memory.session) = (None, None);
    }

    /// Somebody more keeps it.
    pub(super) fn keep(&self) {
        let mut memory = self.memory();
        memory.keepers += 1;
        memory.session = memory.login.as_ref().and_then(Weak::upgrade);
    }

    /// Somebody less keeps it; the session to close where nobody does any more.
    pub(super) fn let_go(&self) -> Option<Arc<Login>> {
        let mut memory = self.memory();
        memory.keepers = memory.keepers.saturating_sub(1);
        if memory.keepers > 0 { None } else { memory.session.take() }
    }

    /// Takes what is open out of it: the session to close; connections are closed at once.
    pub(super) fn rest(&self) -> Option<Arc<Login>> {
        let mut memory = self.memory();
        memory.idle.clear();
        memory.seen = None;
        memory.session.take()
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close_idle(&self) {
        self.memory().idle.clear();
    }

    /// An open connection that shows what `trust` demands.
    pub(super) fn idle_connection(&self, trust: Trust) -> Option<Connection> {
        let fits = |c: &Connection| match trust {
            Trust::Pin(Some(pin)) => c.certificate() == Some(pin),
            _ => true,
        };
        let mut memory = self.memory();
        memory.idle.retain(Connection::usable);
        let at = memory.idle.iter().position(fits)?;
        Some(memory.idle.swap_remove(at))
    }

    /// Gives a connection back, for who comes next.
    pub(super) fn give_back(&self, connection: Connection) {
        let mut memory = self.memory();
        if memory.idle.len() < REQUESTS && connection.usable() {
            memory.idle.push(connection);
        }
    }

    /// Remembers the service root.
    pub(super) fn saw_root(&self, root: &Root, certificate: Option<Fingerprint>, at: Timestamp) {
        let mut memory = self.memory();
        let before = memory.seen.take().filter(|s| s.certificate == certificate);
        let system = before.and_then(|s| s.system);
        memory.seen = Some(Seen { root: root.clone(), certificate, at, system });
    }

    /// The service root, and the certificate it came under, where it need not be asked for again.
    pub(super) fn root(&self, pin: Option<Fingerprint>, now: Timestamp) -> Option<(Root, Option<Fingerprint>)> {
        let memory = self.memory();
        let seen = memory.seen.as_ref().filter(|s| pin.is_none() || s.certificate == pin)?;
        let open = memory.login.as_ref().and_then(Weak::upgrade).is_some_and(|l| l.certificate == seen.certificate);
        let good = now.since(seen.at) < if open { SAME } else { ROOT };
        good.then(|| (seen.root.clone(), seen.certificate))
    }

    /// The system as it was last read; its content only where that is fresh.
    pub(super) fn system(&self, now: Timestamp) -> Option<SystemSeen> {
        let mut found = self.memory().seen.as_ref()?.system.clone()?;
        if now.since(found.at) >= FRESH {
            found.read = None;
        }
        Some(found)
    }

    /// Remembers the system.
    pub(super) fn saw_system(&self, system: SystemSeen) {
        if let Some(seen) = &mut self.memory().seen {
            seen.system = Some(system);
        }
    }

    /// Something goes out that may change the system: what was read of it is old.
    pub(super) fn changes(&self) {
        if let Some(system) = self.memory().seen.as_mut().and_then(|s| s.system.as_mut()) {
            system.read = None;
        }
    }

    /// Whether `$expand` is known to be refused, or ignored, for this collection.
    pub(super) fn expand_refused(&self, path: &str, now: Timestamp) -> bool {
        self.memory().no_expand.get(path).is_some_and(|at| now.since(*at) < FORGOTTEN)
    }

    /// Remembers that it was.
    pub(super) fn remember_refused_expand(&self, path: &str, now: Timestamp) {
        let known = &mut self.memory().no_expand;
        known.retain(|_, at| now.since(*at) < FORGOTTEN);
        if known.len() < REMEMBERED {
            known.insert(path.to_owned(), now);
        }
    }

    /// The fault these credentials have met already.
    pub(super) fn refusal(&self, credentials: &Credentials) -> Option<Fault> {
        let memory = self.memory();
        memory.refused.as_ref().filter(|r| r.credentials.are(credentials)).map(|r| r.fault.clone())
    }

    /// Remembers that these credentials are not taken: they are not sent again.
    pub(super) fn refuse(&self, credentials: &Credentials, fault: &Fault) {
        self.memory().refused = Some(Refused { credentials: credentials.clone(), fault: fault.clone() });
    }

    /// Forgets which credentials are not taken; whether any were.
    pub(super) fn forgive(&self) -> bool {
        self.memory().refused.take().is_some()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            let mut lines = locked(&shared.lines);
            // Another caller may have found this one dead and put up a new one.
            if lines.get(&self.address).is_some_and(|l| l.strong_count() == 0) {
                lines.remove(&self.address);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
