//! Parcels that are on their way, as their carriers tell.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_adapters::carrier::Carriers;
use rackhand_core::decide::Input;
use rackhand_core::fault::System;
use rackhand_core::id::{Actor, DealId};
use rackhand_core::purchase::paper::Carrier;
use rackhand_core::text::Text;

use super::{Heard, Source};
use crate::ledger::{Ledger, Patience};

/// All that is on its way.
pub struct Parcels {
    /// What is on its way, and where the readings go.
    pub ledger: Ledger,
    /// Who carries it.
    pub carriers: Carriers,
    /// Between two looks.
    pub every: Duration,
}

impl Source for Parcels {
    const SYSTEM: System = System::Carrier;

    fn name(&self) -> String {
        "carriers".to_owned()
    }

    fn first(&self) -> Duration {
        self.every
    }

    fn pause(&self, _: bool) -> Duration {
        self.every
    }

    async fn look(&mut self) -> Result<Heard, String> {
        let moving = self.moving();
        if moving.is_empty() {
            return Ok(Heard::Nothing);
        }
        let mut failed = Vec::new();
        for (carrier, parcels) in moving {
            let numbers: Vec<Text> = parcels.iter().map(|(_, n)| n.clone()).collect();
            let read = self.carriers.track(carrier, &numbers).await;
            for ((deal, tracking), read) in parcels.into_iter().zip(read) {
                match read {
                    Ok(reading) => {
                        let input = Input::Tracked { deal, tracking, reading };
                        // Refused only where the daemon stops; the next look tells the same.
                        let _ = self.ledger.submit(Actor::Wire, Patience::Keep, input).await;
                    }
                    Err(fault) => failed.push(format!("{carrier} {tracking}: {fault}")),
                }
            }
        }
        if failed.is_empty() { Ok(Heard::Answer) } else { Err(failed.join("; ")) }
    }
}

impl Parcels {
    fn moving(&self) -> BTreeMap<Carrier, Vec<(DealId, Text)>> {
        let mut moving: BTreeMap<Carrier, Vec<(DealId, Text)>> = BTreeMap::new();
        for deal in self.ledger.world().deals.values().filter(|d| d.ended.is_none()) {
            for shipment in deal.shipments.iter().filter(|s| !s.is_delivered()) {
                let Some(carrier) = shipment.notice.carrier else { continue };
                let numbers = shipment.notice.tracking.iter().map(|n| (deal.id, n.clone()));
                moving.entry(carrier).or_default().extend(numbers);
            }
        }
        moving
    }
}
