//! The daemon's pulse: a beat that passes through everything that must make headway. Where one part hangs, no beat comes
//! back, and whoever waits for it (systemd's watchdog) knows.

use tokio::sync::{mpsc, oneshot};

use crate::ledger::Ledger;

/// A beat on its way through the engine.
pub type Beat = oneshot::Sender<()>;

/// Asks the ledger, the journal's thread behind it, and the engine.
#[derive(Clone)]
pub struct Pulse {
    pub(crate) ledger: Ledger,
    pub(crate) engine: mpsc::Sender<Beat>,
}

impl Pulse {
    /// Returns true once a beat has passed through all, in the order of what they have to do. While one of them hangs
    /// it does not return; false where one has ended. An engine that waits for a full disk does not hang: a restart
    /// would not make room.
    pub async fn beat(&self) -> bool {
        if !self.ledger.beat().await {
            return false;
        }
        let (beat, back) = oneshot::channel();
        let through = async { self.engine.send(beat).await.is_ok() && back.await.is_ok() };
        tokio::select! {
            biased;
            through = through => through,
            () = self.ledger.until_stopped() => true,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use rackhand_adapters::port::clock::Clock;
    use rackhand_core::decide::Input;
    use rackhand_core::decide::command::Command;
    use rackhand_core::id::{Actor, Role, SiteId};
    use rackhand_core::lifecycle::stage::Stage;
    use rackhand_core::policy::Policy;
    use rackhand_core::world::World;

    use super::*;
    use crate::journal::{Journal, JournalError, Store};
    use crate::ledger::{Parts, Patience};
    use crate::random::Random;

    const EVER: Duration = Duration::from_secs(3_600);

    fn ledger(journal: Journal) -> Ledger {
        let policy = Policy::standard(SiteId::new("fra1"));
        let random = Random::from_system().unwrap();
        let parts = Parts { journal, world: World::default(), policy, clock: Clock::wall(), random };
        Ledger::start(parts, mpsc::unbounded_channel().0).0
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_hangs_stops_the_pulse_and_one_that_waits_for_the_disk_does_not() {
        let store = Store::open_in_memory(&SiteId::new("fra1")).unwrap();
        let journal = Journal::inline(Arc::new(Mutex::new(store)));
        journal.inject(Box::new(|_| Some(JournalError::Full { what: "planted".into() })));
        let ledger = ledger(journal);
        let (engine, mut beats) = mpsc::channel::<Beat>(1);
        let pulse = Pulse { ledger: ledger.clone(), engine };
        let alive = tokio::spawn({
            let pulse = pulse.clone();
            async move { pulse.beat().await }
        });
        beats.recv().await.unwrap().send(()).unwrap();
        assert!(alive.await.unwrap(), "all answer");
        assert!(tokio::time::timeout(EVER, pulse.beat()).await.is_err(), "the engine hangs");

        let import = Command::Import {
            site: SiteId::new("fra1"),
            serial: "CZ23000017".into(),
            stage: Stage::Received,
            bmc_mac: None,
            vendor: None,
            model: None,
        };
        let admin = Actor::Person { name: "root".into(), role: Role::Admin };
        ledger.submit(admin, Patience::Refuse, Input::Command(import)).await.unwrap_err();
        assert!(ledger.stopped().is_some());
        for _ in 0..3 {
            assert!(pulse.beat().await, "the disk is full, and nothing hangs");
        }
        drop(beats);
        drop(ledger);
    }
}
