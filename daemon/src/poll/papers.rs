//! A vendor's answers: its lists by API, its letters, its files.

use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::supplier::{Seller, Source as Paper};
use rackhand_core::fault::System;
use rackhand_core::id::SellerId;
use rackhand_core::purchase::post::open;

use super::{Heard, Source};
use crate::engine::perform::Ports;
use crate::ledger::{Ledger, Patience};
use crate::post::{refuse, take};

/// Between two looks at a vendor's list. Quotes take hours, and a list that is asked more often is closed to us.
const EVERY: Duration = Duration::from_secs(300);

/// One vendor's answers.
pub struct Papers {
    /// Where they are taken to.
    pub ledger: Ledger,
    /// Where vendors are.
    pub ports: Arc<Ports>,
    /// Whose they are.
    pub seller: SellerId,
}

impl Source for Papers {
    const SYSTEM: System = System::Vendor;

    fn name(&self) -> String {
        self.ports.sellers.get(self.seller).map_or_else(|| self.seller.to_string(), |seller| seller.title.to_string())
    }

    fn first(&self) -> Duration {
        EVERY
    }

    fn pause(&self, _: bool) -> Duration {
        EVERY
    }

    async fn look(&mut self) -> Result<Heard, String> {
        let Some(seller) = self.ports.sellers.get(self.seller) else { return Ok(Heard::Nothing) };
        let open = open(&self.ledger.world());
        let numbers = open.get(&self.seller).map_or(&[][..], Vec::as_slice);
        if numbers.is_empty() && seller.can_be_asked() {
            return Ok(Heard::Nothing);
        }
        let received = seller.papers(numbers).await.map_err(|fault| fault.to_string())?;
        for (paper, source) in received.papers {
            // Why it was not taken is in the log and with its order.
            drop(take(&self.ledger, seller.id, paper, Patience::Keep).await);
            put_away(seller, &source).await;
        }
        for refused in received.refused {
            let named = refused.what.clone();
            refuse(&self.ledger, seller.id, &named, refused, Patience::Keep).await;
        }
        Ok(Heard::Answer)
    }
}

/// A file from an inbox is not read again: what it said is in the journal, or why it was not taken.
async fn put_away(seller: &Seller, source: &Paper) {
    if let Err(fault) = seller.put_away(source).await {
        tracing::warn!(vendor = %seller.id, %fault, "a paper could not be put away, and will be read again");
    }
}
