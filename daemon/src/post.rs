//! The post: what vendors and carriers have for us is fetched now and then, and taken in as it comes. What was there before changes
//! nothing, so nothing has to be remembered of what was fetched.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::carrier::Carriers;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::supplier::{Refused, Seller, Source};
use rackhand_core::decide::{Input, Refusal, Why};
use rackhand_core::id::{Actor, DealId, SellerId};
use rackhand_core::purchase::deal::Deal;
use rackhand_core::purchase::paper::{Carrier, Flaw, Paper};
use rackhand_core::purchase::post::{about, open};
use rackhand_core::text::Text;
use tokio::sync::watch;

use crate::engine::perform::Ports;
use crate::engine::told;
use crate::ledger::{Ledger, Patience};

/// Pause between two looks at a vendor's list. Quotes take hours, and a list that is asked more often is closed to us.
const EVERY: Duration = Duration::from_secs(300);

/// Fetches until `stop` is told.
pub async fn follow(ledger: Ledger, ports: Arc<Ports>, mut stop: watch::Receiver<bool>) {
    let clock = ports.clock.clone();
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => return,
            () = clock.sleep(EVERY) => {}
        }
        let world = ledger.world();
        let open = open(&world);
        for (id, seller) in &ports.sellers.0 {
            let numbers = open.get(id).map_or(&[][..], Vec::as_slice);
            if numbers.is_empty() && seller.can_be_asked() {
                continue;
            }
            let fetched = tokio::select! {
                biased;
                () = told(&mut stop) => return,
                fetched = seller.papers(numbers) => fetched,
            };
            match fetched {
                Ok(received) => {
                    for (paper, source) in received.papers {
                        // Why it was not taken is in the log and with its order.
                        drop(take(&ledger, *id, paper, Patience::Keep).await);
                        put_away(seller, &source).await;
                    }
                    for refused in received.refused {
                        let named = refused.what.clone();
                        refuse(&ledger, *id, &named, refused, Patience::Keep).await;
                    }
                }
                // The next look tells; the order says since when it waits.
                Err(fault) => tracing::warn!(vendor = %id, %fault, "the vendor's answers could not be fetched"),
            }
        }
    }
}

/// Takes a vendor's paper to the deal it is about.
///
/// # Errors
/// Why it is not taken; that is told with the order, too, unless it is about none.
pub async fn take(ledger: &Ledger, seller: SellerId, paper: Paper, patience: Patience) -> Result<(), Refusal> {
    let what = paper.name();
    let deal = about(&ledger.world(), seller, &paper);
    let taken = match deal {
        Some(deal) => ledger.submit(Actor::Wire, patience, Input::Paper(deal, Box::new(paper))).await.map(drop),
        None => Err(Refusal::new(Why::NotFound, "it is about nothing that we have asked or ordered there")),
    };
    if let Err(refusal) = &taken {
        tracing::warn!(vendor = %seller, %what, why = %refusal.text, "a paper was not taken");
    }
    // What could not be kept comes again, and nothing is wrong with it.
    if let (Err(refusal), Some(deal)) = (&taken, deal)
        && refusal.why != Why::Unavailable
    {
        let flaws = vec![Flaw { row: None, field: what.clone(), why: refusal.text.clone() }];
        let input = Input::PaperRefused { deal, what, flaws };
        // Refused only where the daemon stops or the journal takes nothing; then it comes again.
        let _ = ledger.submit(Actor::Wire, patience, input).await;
    }
    taken
}

/// A file from an inbox is not read again: what it said is in the journal, or why it was not taken.
async fn put_away(seller: &Seller, source: &Source) {
    if let Err(fault) = seller.put_away(source).await {
        tracing::warn!(vendor = %seller.id, %fault, "a paper could not be put away, and will be read again");
    }
}

/// Asks the carriers about all that is on its way, now and then, until `stop` is told.
pub async fn track(ledger: Ledger, carriers: Carriers, every: Duration, clock: Clock, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => return,
            () = clock.sleep(every) => {}
        }
        let mut moving: BTreeMap<Carrier, Vec<(DealId, Text)>> = BTreeMap::new();
        for deal in ledger.world().deals.values().filter(|d| d.ended.is_none()) {
            for shipment in deal.shipments.iter().filter(|s| !s.is_delivered()) {
                let Some(carrier) = shipment.notice.carrier else { continue };
                let numbers = shipment.notice.tracking.iter().map(|n| (deal.id, n.clone()));
                moving.entry(carrier).or_default().extend(numbers);
            }
        }
        for (carrier, parcels) in moving {
            let numbers: Vec<Text> = parcels.iter().map(|(_, n)| n.clone()).collect();
            let read = tokio::select! {
                biased;
                () = told(&mut stop) => return,
                read = carriers.track(carrier, &numbers) => read,
            };
            for ((deal, tracking), read) in parcels.into_iter().zip(read) {
                match read {
                    Ok(reading) => {
                        let input = Input::Tracked { deal, tracking, reading };
                        let _ = ledger.submit(Actor::Wire, Patience::Keep, input).await;
                    }
                    Err(fault) => tracing::warn!(%carrier, %tracking, %fault, "a parcel could not be tracked"),
                }
            }
        }
    }
}

/// What could not be read is told with the order whose number stands in `said`.
pub async fn refuse(ledger: &Ledger, seller: SellerId, said: &str, refused: Refused, patience: Patience) {
    tracing::warn!(vendor = %seller, what = %refused.what, flaws = refused.flaws.len(), "a paper could not be read");
    let world = ledger.world();
    let about = |d: &&Arc<Deal>| {
        let named = |n: &Text| said.contains(n.as_str());
        d.id.seller == seller && (named(&d.request_number()) || d.purchase.as_ref().is_some_and(|p| named(&p.number)))
    };
    if let Some(deal) = world.deals.values().find(about).map(|d| d.id) {
        let input = Input::PaperRefused { deal, what: refused.what, flaws: refused.flaws };
        let _ = ledger.submit(Actor::Wire, patience, input).await;
    }
}
