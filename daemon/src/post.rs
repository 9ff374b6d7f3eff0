//! The post: a paper of a vendor is taken to the deal it is about, whatever door it came by.

use std::sync::Arc;

use rackhand_adapters::supplier::Refused;
use rackhand_core::decide::{Input, Refusal, Why};
use rackhand_core::id::{Actor, SellerId};
use rackhand_core::purchase::deal::Deal;
use rackhand_core::purchase::paper::{Flaw, Paper};
use rackhand_core::purchase::post::about;
use rackhand_core::text::Text;

use crate::ledger::{Ledger, Patience};

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
