//! `order wait`: until an order has come to a state. It asks when the journal has grown, not on a beat.

use std::time::Duration;

use rackhand_core::event::Seq;
use rackhand_core::id::OrderId;
use rackhand_core::order::OrderState;
use rackhand_core::order::questions::OrderDetail;
use rackhand_core::text::Text;
use rackhand_rpc::MAX_WATCH_MS;
use serde::Serialize;
use tokio::time::Instant;

use super::args::Wait;
use super::read;
use crate::cli::exit;
use crate::cli::output::{Fail, Output};
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::{answered, watch, watched};

/// How it ended.
#[derive(Serialize)]
struct Came {
    id: OrderId,
    state: OrderState,
    /// Whether that is what was waited for.
    reached: bool,
    /// Why not, or what it waits for now.
    why: Text,
}

pub(super) async fn wait(host: &HostSpec, what: &Wait, out: &mut Output<'_>) -> Result<u8, Fail> {
    let until = Instant::now() + what.timeout;
    let mut link = connect(host).await?;
    loop {
        let order = match read(&link, what.order).await {
            // The daemon may have been restarted; whoever waits wants to know of the order, not of that.
            Err(Fail::Lost(_)) => {
                link = connect(host).await?;
                read(&link, what.order).await?
            }
            answer => answer?,
        };
        let state = order.row.state;
        let offers = order.deals.iter().filter(|d| d.offer.is_some()).count();
        let left = until.saturating_duration_since(Instant::now());
        let reached = is_reached(state, what.state) && offers >= what.offers;
        // From an end no way leads to another state.
        let in_vain = state.is_over() && !reached;
        if reached || in_vain || left.is_zero() {
            let code = if reached {
                exit::DONE
            } else if in_vain {
                exit::REFUSED
            } else {
                exit::WAITING
            };
            let why = match &order.end {
                Some(end) if !reached => end.reason.clone(),
                _ => order.row.waits_for.clone(),
            };
            tell(&Came { id: what.order, state, reached, why }, what, offers, out)?;
            return Ok(code);
        }
        news(&mut link, host, &order, left).await?;
    }
}

/// Holds until the journal has grown beyond what was seen, or for as long as is left.
async fn news(link: &mut Connection, host: &HostSpec, seen: &OrderDetail, left: Duration) -> Result<Seq, Fail> {
    // Some waits end by time alone, such as an offer that is overdue: never longer than the daemon holds one question.
    let span = left.as_millis().min(MAX_WATCH_MS.into());
    let span = u32::try_from(span).unwrap_or(MAX_WATCH_MS);
    match answered(watched(span), link.client.watch(watch(span), seen.head, span)).await {
        Ok(head) => Ok(head),
        Err(_) => {
            *link = connect(host).await?;
            Ok(seen.head)
        }
    }
}

/// Whether an order in this state is where it was to come, or further on the same road.
fn is_reached(state: OrderState, wanted: OrderState) -> bool {
    const ROAD: [OrderState; 5] =
        [OrderState::Quoting, OrderState::Deciding, OrderState::Buying, OrderState::Shipping, OrderState::Delivered];
    let place = |state| ROAD.iter().position(|s| *s == state);
    match (place(state), place(wanted)) {
        (Some(at), Some(to)) => at >= to,
        (Some(_), None) => wanted == OrderState::Reserved && state == OrderState::Delivered,
        (None, _) if wanted == OrderState::Reserved => matches!(state, OrderState::Reserved | OrderState::Assigned),
        _ => state == wanted,
    }
}

fn tell(came: &Came, what: &Wait, offers: usize, out: &mut Output<'_>) -> Result<(), Fail> {
    if out.json {
        return out.document(came);
    }
    let Came { id, state, reached, why } = came;
    let offers = if what.offers > 0 { format!(" with {offers} of {} offers", what.offers) } else { String::new() };
    match (reached, why.is_empty()) {
        (true, _) => out.line(format!("order {id} is {state}{offers}")),
        (false, true) => out.line(format!("order {id} is {state}{offers}, not {}", what.state)),
        (false, false) => out.line(format!("order {id} is {state}{offers}, not {}: {why}", what.state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrderState::{Buying, Cancelled, Deciding, Delivered, Quoting, Rejected, Reserved, Shipping};

    #[test]
    fn who_waits_for_a_state_is_told_also_where_the_order_is_past_it() {
        for (state, wanted) in [(Deciding, Deciding), (Shipping, Buying), (Delivered, Quoting), (Delivered, Reserved)] {
            assert!(is_reached(state, wanted), "{state} {wanted}");
        }
        for (state, wanted) in [(Quoting, Deciding), (Cancelled, Delivered), (Rejected, Cancelled), (Reserved, Quoting)]
        {
            assert!(!is_reached(state, wanted), "{state} {wanted}");
        }
    }
}
