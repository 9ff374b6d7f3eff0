//! A listener's loop: so many connections at once, in all and from one source, each in a task of its own, until the
//! daemon stops.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Semaphore, watch};

use crate::engine::told;

/// How long nothing is accepted after the system had no descriptor or memory for a connection. Asking at once would
/// find the same, and spin.
const PAUSE: Duration = Duration::from_millis(200);

/// Descriptors the daemon asks the system for: more than all doors together take.
const DESCRIPTORS: u64 = 16_384;

/// Connections at once.
#[derive(Clone, Copy)]
pub struct Caps {
    /// In all.
    pub most: usize,
    /// From one address; of IPv6, from one /64.
    pub each: usize,
}

/// Serves what `accept` gives until `stop` is told. Beyond the caps, a further connection is closed. A source of `None`
/// is counted among all only.
pub async fn admit<S, F: Future<Output = ()> + Send + 'static>(
    caps: Caps,
    mut stop: watch::Receiver<bool>,
    accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<(S, Option<IpAddr>)>>,
    serve: impl Fn(S) -> F,
) {
    let places = Arc::new(Semaphore::new(caps.most));
    let sources = Sources::default();
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
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let Some(source) = sources.enter(from, caps.each) else { continue };
        let served = serve(stream);
        tokio::spawn(async move {
            served.await;
            drop((place, source));
        });
    }
}

/// Connections by source. Only who is connected is in it, so it has at most as many rows as there are connections.
#[derive(Clone, Default)]
struct Sources(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// A place among a source's connections.
struct Source {
    sources: Sources,
    from: Option<IpAddr>,
}

impl Sources {
    fn enter(&self, from: Option<IpAddr>, each: usize) -> Option<Source> {
        let from = from.map(network);
        if let Some(from) = from {
            let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let held = rows.entry(from).or_default();
            if *held >= each {
                return None;
            }
            *held += 1;
        }
        Some(Source { sources: self.clone(), from })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let Some(from) = self.from else { return };
        let mut rows = self.sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = rows.get_mut(&from) {
            *held -= 1;
            if *held == 0 {
                rows.remove(&from);
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
    fn a_source_has_its_places_and_gives_them_back() {
        let sources = Sources::default();
        let enter = |text: &str| sources.enter(Some(text.parse().unwrap()), 2);
        let held = (enter("10.0.0.1"), enter("::ffff:10.0.0.1"));
        assert!(held.0.is_some() && held.1.is_some() && enter("10.0.0.1").is_none(), "one host, two ways to write it");
        assert!(enter("10.0.0.2").is_some());
        let six = (enter("fd00::1"), enter("fd00::2"));
        assert!(six.0.is_some() && six.1.is_some() && enter("fd00::ffff:0:0:3").is_none(), "one /64");
        assert!(enter("fd00:0:0:1::1").is_some());
        drop((held, six));
        assert!(sources.0.lock().unwrap().is_empty(), "who has gone leaves no row");
    }

    #[tokio::test(start_paused = true)]
    async fn a_system_without_descriptors_is_asked_again_after_a_pause_and_not_at_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let starved = move |_: &mut Context<'_>| {
            count.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Err::<((), Option<IpAddr>), _>(io::Error::from_raw_os_error(24)))
        };
        let (stop, stopping) = watch::channel(false);
        let door = tokio::spawn(admit(Caps { most: 1, each: 1 }, stopping, starved, |()| async {}));
        tokio::time::sleep(Duration::from_secs(10)).await;
        stop.send_replace(true);
        door.await.unwrap();
        assert!((40..=60).contains(&asked.load(Ordering::Relaxed)), "{asked:?}");
    }
}
