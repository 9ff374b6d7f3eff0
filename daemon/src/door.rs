//! What the doors share: how much of something all peers and each of them may hold, and a listener's loop, with each
//! connection in a task of its own, until the daemon stops.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;

use crate::engine::told;

/// How long nothing is accepted after the system had no descriptor or memory for a connection. Asking at once would
/// find the same, and spin.
const PAUSE: Duration = Duration::from_millis(200);

/// Descriptors the daemon asks the system for: more than all doors together take.
const DESCRIPTORS: u64 = 16_384;

/// So much at once: connections, or octets.
#[derive(Clone, Copy)]
pub struct Caps {
    /// In all.
    pub most: usize,
    /// Of one peer.
    pub each: usize,
}

/// Who stands before a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A host by its address; of IPv6, all hosts of a /64.
    Host(IpAddr),
    /// A user of this machine.
    User(u32),
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self::Host(network(address))
    }
}

/// Serves what `accept` gives until `stop` is told. Beyond the caps, a further connection is closed. A peer of `None`
/// is counted among all only.
pub async fn admit<S, F: Future<Output = ()> + Send + 'static>(
    caps: Caps,
    mut stop: watch::Receiver<bool>,
    accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<(S, Option<Peer>)>>,
    serve: impl Fn(S, Option<Peer>) -> F,
) {
    let room = Room::new(caps);
    let mut starved = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = told(&mut stop) => return,
            accepted = poll_fn(&accept) => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            // Gone before it was accepted: its own affair.
            Err(e) if matches!(e.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => continue,
            Err(error) => {
                if !std::mem::replace(&mut starved, true) {
                    tracing::warn!(%error, "no further connection can be taken; raise LimitNOFILE, or look who holds them");
                }
                tokio::select! {
                    biased;
                    () = told(&mut stop) => return,
                    () = tokio::time::sleep(PAUSE) => continue,
                }
            }
        };
        if std::mem::take(&mut starved) {
            tracing::info!("connections are taken again");
        }
        let mut place = room.share(from);
        if !place.take(1) {
            continue;
        }
        let served = serve(stream, from);
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
}

/// What peers hold of something that is bounded. Only who holds some of it has a row.
#[derive(Clone)]
pub struct Room {
    caps: Caps,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    all: usize,
    each: BTreeMap<Peer, usize>,
}

/// One connection's or one body's part; given back when it is dropped.
pub struct Share {
    room: Room,
    peer: Option<Peer>,
    holds: usize,
}

impl Room {
    /// Empty, with these caps.
    pub fn new(caps: Caps) -> Self {
        Self { caps, held: Arc::default() }
    }

    /// A peer's part, of nothing yet.
    pub fn share(&self, peer: Option<Peer>) -> Share {
        Share { room: self.clone(), peer, holds: 0 }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Takes so much more, or nothing where a cap is reached.
    pub fn take(&mut self, more: usize) -> bool {
        let Caps { most, each } = self.room.caps;
        let mut held = self.room.held();
        let own = self.peer.map_or(0, |peer| held.each.get(&peer).copied().unwrap_or_default());
        if more > most.saturating_sub(held.all) || more > each.saturating_sub(own) {
            return false;
        }
        held.all += more;
        if let Some(peer) = self.peer {
            held.each.insert(peer, own + more);
        }
        drop(held);
        self.holds += more;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.room.held();
        held.all -= self.holds;
        if let Some(peer) = self.peer
            && let Some(own) = held.each.get_mut(&peer)
        {
            *own -= self.holds;
            if *own == 0 {
                held.each.remove(&peer);
            }
        }
    }
}

/// One host may have any address of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Asks the system for as many descriptors as all doors may take; where it gives fewer, `admit` gets along.
pub fn widen() {
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.map_or(DESCRIPTORS, |hard| hard.min(DESCRIPTORS));
    if now.current.is_some_and(|soft| soft < most) {
        // What it refuses shows when descriptors run out, and is told there.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: now.maximum });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_peer_has_its_part_and_gives_it_back() {
        let room = Room::new(Caps { most: 5, each: 2 });
        let enter = |text: &str| {
            let mut share = room.share(Some(text.parse::<IpAddr>().unwrap().into()));
            share.take(1).then_some(share)
        };
        let held = (enter("10.0.0.1"), enter("::ffff:10.0.0.1"));
        assert!(held.0.is_some() && held.1.is_some() && enter("10.0.0.1").is_none(), "one host, two ways to write it");
        assert!(enter("10.0.0.2").is_some());
        let six = (enter("fd00::1"), enter("fd00::2"));
        assert!(six.0.is_some() && six.1.is_some() && enter("fd00::ffff:0:0:3").is_none(), "one /64");
        let mut user = room.share(Some(Peer::User(7)));
        assert!(!user.take(2), "one is left for all");
        assert!(user.take(1) && enter("10.0.0.2").is_none());
        drop((held, six, user));
        assert!(room.held().each.is_empty() && room.held().all == 0, "who has gone leaves no row");
    }

    #[tokio::test(start_paused = true)]
    async fn a_system_without_descriptors_is_asked_again_after_a_pause_and_not_at_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let starved = move |_: &mut Context<'_>| {
            count.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Err::<((), Option<Peer>), _>(io::Error::from_raw_os_error(24)))
        };
        let (stop, stopping) = watch::channel(false);
        let door = tokio::spawn(admit(Caps { most: 1, each: 1 }, stopping, starved, |(), _| async {}));
        tokio::time::sleep(Duration::from_secs(10)).await;
        stop.send_replace(true);
        door.await.unwrap();
        assert!((40..=60).contains(&asked.load(Ordering::Relaxed)), "{asked:?}");
    }
}
