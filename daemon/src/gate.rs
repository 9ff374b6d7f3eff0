//! A limit in front of an outside system: so many calls at once, and none but a probe while it does not answer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::Doing;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// Failures in a row before the gate closes.
const STRIKES: u32 = 3;

/// The longest time between two probes.
const CAP: Duration = Duration::from_secs(300);

/// The gate of one outside system.
pub struct Gate {
    places: Semaphore,
    state: Mutex<State>,
    /// Told when it opens again.
    opened: Notify,
}

#[derive(Default)]
struct State {
    failures: u32,
    closed_until: Option<Timestamp>,
    since: Option<Timestamp>,
    why: Option<Fault>,
    good: Option<Timestamp>,
}

impl Gate {
    /// A gate for `places` calls at once.
    pub fn new(places: usize) -> Self {
        Self { places: Semaphore::new(places), state: Mutex::default(), opened: Notify::new() }
    }

    /// Waits for a place, and while the gate is closed. One caller at a time is let through to probe.
    pub async fn enter(&self, clock: &Clock) -> Option<SemaphorePermit<'_>> {
        let place = self.places.acquire().await.ok()?;
        loop {
            // From before the look on, so that it is not missed.
            let opened = self.opened.notified();
            let now = clock.now();
            let until = {
                let mut state = self.lock();
                match state.closed_until {
                    None => return Some(place),
                    Some(until) if until <= now => {
                        // This one probes; the next may when it has failed, or after the pause.
                        state.closed_until = Some(now + pause(state.failures));
                        return Some(place);
                    }
                    Some(until) => until,
                }
            };
            tokio::select! {
                biased;
                () = opened => {}
                () = clock.sleep_until(until) => {}
            }
        }
    }

    /// Tells the gate how a call ended.
    pub fn report(&self, result: Result<(), &Fault>, now: Timestamp) {
        let mut state = self.lock();
        match result {
            Err(fault) if is_its_own(fault.kind) => {
                state.failures += 1;
                state.since.get_or_insert(now);
                state.why = Some(fault.clone());
                if state.failures >= STRIKES {
                    state.closed_until = Some(now + pause(state.failures));
                }
            }
            _ => {
                *state = State { good: Some(now), ..State::default() };
                self.opened.notify_waiters();
            }
        }
    }

    /// How the system does. A single failure says nothing yet.
    pub fn doing(&self) -> Doing {
        let state = self.lock();
        match (&state.why, state.since, state.good) {
            (Some(why), Some(since), _) if state.failures >= STRIKES => {
                let next = state.closed_until.map_or(String::new(), |t| format!("; next try {t}"));
                Doing::Bad { since, why: format!("{why}{next}").into() }
            }
            (_, _, Some(at)) => Doing::Good { at },
            _ => Doing::Unknown,
        }
    }

    /// What is wrong with the system; `None` where nothing is.
    pub fn trouble(&self) -> Option<Text> {
        self.doing().wrong()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a failure says something of the system rather than of the call.
fn is_its_own(kind: Kind) -> bool {
    matches!(kind, Kind::Transient | Kind::Unknown | Kind::Malformed | Kind::Unauthorised)
}

fn pause(failures: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(1 << failures.saturating_sub(STRIKES).min(10)).min(CAP)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use rackhand_core::fault::System;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_goes_on_as_soon_as_one_probe_has_succeeded() {
        let (gate, clock) = (Arc::new(Gate::new(8)), Clock::scaled(Timestamp::from_secs(1_795_000_000), 1.0));
        let away = Fault::new(System::Netbox, Kind::Transient, "away");
        for _ in 0..20 {
            gate.report(Err(&away), clock.now());
        }
        let closed = clock.now();
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let (gate, clock) = (gate.clone(), clock.clone());
                tokio::spawn(async move {
                    let place = gate.enter(&clock).await.unwrap();
                    clock.sleep(Duration::from_secs(1)).await;
                    gate.report(Ok(()), clock.now());
                    drop(place);
                    clock.now()
                })
            })
            .collect();
        for waiting in waiting {
            let waited = waiting.await.unwrap().since(closed);
            assert!(waited <= CAP + Duration::from_secs(2), "{waited:?}");
        }
        assert_eq!(gate.trouble(), None);
    }
}
