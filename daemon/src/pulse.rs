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
    /// it does not return; false where one has ended.
    pub async fn beat(&self) -> bool {
        let (beat, back) = oneshot::channel();
        self.ledger.beat().await && self.engine.send(beat).await.is_ok() && back.await.is_ok()
    }
}
