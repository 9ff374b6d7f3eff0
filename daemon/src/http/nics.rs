//! A server's NICs, asked of its BMC when its loader asks for the script: some BMCs know them only once POST has run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, Shared};
use rackhand_core::decide::Input;
use rackhand_core::id::{Actor, UnitId};

use super::Http;
use crate::engine::perform::bmc_of;
use crate::ledger::Patience;

/// How long a BMC that told no NICs is left alone. Anybody may ask for a script.
const PAUSE: Duration = Duration::from_secs(5);

/// Readings that have not ended, with their pause: one for each unit whose boot is on its way.
#[derive(Default)]
pub(super) struct Readings(Mutex<BTreeMap<UnitId, Shared<BoxFuture<'static, ()>>>>);

impl Http {
    /// Has the unit's NICs read from its BMC, once for all who ask meanwhile.
    pub(super) async fn read_nics(&self, unit: UnitId) {
        let reading = {
            let mut readings = self.0.readings.0.lock().unwrap_or_else(PoisonError::into_inner);
            readings.retain(|_, reading| reading.peek().is_none());
            let begin = || {
                let http = self.clone();
                // In a task of its own: who asked may go.
                tokio::spawn(async move { http.read_once(unit).await }).map(drop).boxed().shared()
            };
            readings.entry(unit).or_insert_with(begin).clone()
        };
        reading.await;
    }

    async fn read_once(&self, id: UnitId) {
        let (world, ports) = (self.0.ledger.world(), &self.0.ports);
        let Some(Ok((bmc, credentials))) = world.unit(id).map(|unit| bmc_of(ports, unit)) else { return };
        let call = self.0.gates.call_bmc(&self.0.clock, ports.redfish.read_system(&bmc, &credentials));
        if let Some(Ok(reading)) = Box::pin(call).await
            && !reading.nics.is_empty()
        {
            // Refused only while nothing is taken in; the next asking reads again.
            drop(self.0.ledger.submit(Actor::Rackhand, Patience::Refuse, Input::ReadAgain(id, reading)).await);
            return;
        }
        self.0.clock.sleep(PAUSE).await;
    }
}
