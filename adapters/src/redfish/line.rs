//! What all callers together do to one controller: so many requests at once, one session, closed by the last one.
//!
//! Handshakes and sessions are what a controller has least of (iDRAC: eight sessions), so whoever talks to it at the
//! same time with the same account shares a session.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hyper::header::HeaderValue;
use rackhand_core::bmc::Fingerprint;
use tokio::sync::{Semaphore, watch};

use super::Credentials;

/// Requests in flight at one controller, over all callers.
pub(super) const REQUESTS: usize = 2;

/// Firmwares whose answer to `$expand` is remembered.
const REMEMBERED: usize = 256;

/// The adapter's memory of what goes on: lines in use, sessions being closed, what firmwares cannot do. All copies of
/// an adapter share one.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lines: Mutex<BTreeMap<IpAddr, Weak<Line>>>,
    unfinished: watch::Sender<usize>,
    no_expand: Mutex<BTreeMap<String, bool>>,
}

/// One controller's line. It is forgotten with its last user.
pub(super) struct Line {
    address: IpAddr,
    shared: Weak<Shared>,
    /// Places for requests.
    pub(super) places: Semaphore,
    /// Held while a session is opened or closed, so that there are never two.
    pub(super) door: tokio::sync::Mutex<()>,
    login: Mutex<Option<Weak<Login>>>,
}

/// An open session.
pub(super) struct Login {
    user: String,
    password: rackhand_core::secret::Secret,
    certificate: Option<Fingerprint>,
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
        let (user, password) = (credentials.user.to_string(), credentials.password.clone());
        Self { user, password, certificate, token, location }
    }

    /// Whether who has these credentials, at a controller that shows this certificate, may use it.
    fn is_of(&self, credentials: &Credentials, certificate: Option<Fingerprint>) -> bool {
        self.user == credentials.user.as_str()
            && self.password.reveal() == credentials.password.reveal()
            && self.certificate == certificate
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
            login: Mutex::default(),
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

    /// Whether `$expand` is known to be refused, or ignored, by this firmware.
    pub(super) fn expand_refused(&self, firmware: &str) -> bool {
        locked(&self.0.no_expand).get(firmware).copied().unwrap_or(false)
    }

    /// Remembers whether it was.
    pub(super) fn remember_expand(&self, firmware: &str, refused: bool) {
        let mut known = locked(&self.0.no_expand);
        if known.len() >= REMEMBERED && !known.contains_key(firmware) {
            known.pop_first();
        }
        known.insert(firmware.to_owned(), refused);
    }
}

impl Line {
    /// A session these credentials may share.
    pub(super) fn shared_login(
        &self,
        credentials: &Credentials,
        certificate: Option<Fingerprint>,
    ) -> Option<Arc<Login>> {
        let login = locked(&self.login).as_ref()?.upgrade()?;
        login.is_of(credentials, certificate).then_some(login)
    }

    /// Offers a session to who comes next.
    pub(super) fn offer(&self, login: &Arc<Login>) {
        *locked(&self.login) = Some(Arc::downgrade(login));
    }

    /// Takes a session back, since the controller does not take it any more.
    pub(super) fn withdraw(&self) {
        *locked(&self.login) = None;
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
