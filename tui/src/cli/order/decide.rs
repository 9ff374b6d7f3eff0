//! What persons decide about orders: each is one command.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::OrderId;
use rackhand_core::procurement::money::minor;
use rackhand_core::view::order::{DealView, OrderDetail};

use super::args::{Accept, Approve, Bind, OrderVerb};
use super::read;
use crate::cli::command::{carry_out, tell};
use crate::cli::find;
use crate::cli::output::{Fail, Output, not_found};
use crate::link::connect::{Connection, HostSpec, connect};

pub(super) async fn decide(host: &HostSpec, what: OrderVerb, out: &mut Output<'_>) -> Result<(), Fail> {
    let link = connect(host).await?;
    let command = spell(&link, what, out).await?;
    tell(&carry_out(host, &link, &command).await?, out)
}

async fn spell(link: &Connection, what: OrderVerb, out: &mut Output<'_>) -> Result<Command, Fail> {
    Ok(match what {
        OrderVerb::Reject(what) => Command::Reject { order: what.order, reason: what.reason.into() },
        OrderVerb::Cancel(what) => Command::CancelOrder { order: what.order, reason: what.reason.into() },
        OrderVerb::Assign { order } => Command::AssignStock { order },
        OrderVerb::Reserve { order, line, label } => Command::Reserve { order, line, unit: find(link, &label).await? },
        OrderVerb::Release { label, reason } => {
            Command::ReleaseStock { unit: find(link, &label).await?, reason: reason.into() }
        }
        OrderVerb::Bind(Bind { order, serial, mac, model }) => {
            Command::BindSerial { order, serial: serial.into(), bmc_mac: mac, model: model.map(Into::into) }
        }
        OrderVerb::Accept(what) => accept(link, what).await?,
        OrderVerb::Approve(what) => approve(&read(link, what.order).await?, what, out)?,
        // The others do not change anything and have been taken before.
        _ => return Err(Fail::Broken("this verb changes nothing".into())),
    })
}

/// Approves the revision that was named; else the one that stands now, but only if the amount that was given is what it
/// costs: so nobody approves an offer unseen that has changed meanwhile.
fn approve(seen: &OrderDetail, what: Approve, out: &mut Output<'_>) -> Result<Command, Fail> {
    let Approve { order, vendor, amount, revision } = what;
    let deal = seen.deals.iter().find(|d| d.seller == vendor);
    let deal =
        deal.ok_or_else(|| not_found(format!("order {order} has no offer of {vendor}; it has {}", vendors(seen))))?;
    let conflict = |text: String| Fail::Refused(Refusal::new(Why::Conflict, text));
    let Some(offer) = &deal.offer else { return Err(conflict(format!("{} has made no offer yet", deal.title))) };
    let total = offer.quote.payable();
    let named = revision.is_some();
    let revision = revision.unwrap_or(offer.revision);
    if !named {
        let cost = total.ok_or_else(|| {
            conflict(format!("quote {} misses prices, or its total is not their sum", offer.quote.number))
        })?;
        let typed = amount.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim();
        if minor(typed, cost.currency) != Ok(cost.minor) {
            let text = format!(
                "{}'s offer costs {cost} (quote {}, revision {}), not {amount}. Nothing was approved",
                deal.title, offer.quote.number, offer.revision
            );
            return Err(conflict(text));
        }
    }
    let saw = offered(deal).unwrap_or_default();
    if !out.json {
        out.tell(saw.clone());
    }
    Ok(Command::Approve { order, seller: vendor, revision, amount: amount.into(), saw: saw.into() })
}

/// An offer in one line, as it goes into the audit trail.
fn offered(deal: &DealView) -> Option<String> {
    let offer = deal.offer.as_ref()?;
    let quote = &offer.quote;
    let total = quote.payable().map_or_else(|| "no total".to_owned(), |t| t.to_string());
    let until = quote.valid_until.map_or_else(|| "validity not told".to_owned(), |u| format!("valid until {u}"));
    let lead = quote.lead_days().map_or_else(|| "lead time not told".to_owned(), |d| format!("{d} days"));
    let lines: Vec<String> = quote.lines.iter().map(|l| format!("{}x {}", l.quantity, l.part)).collect();
    Some(format!(
        "{}, quote {}, revision {}: {}; {total}; {until}; {lead}",
        deal.title,
        quote.number,
        offer.revision,
        lines.join(", ")
    ))
}

fn vendors(order: &OrderDetail) -> String {
    let names: Vec<&str> = order.deals.iter().map(|d| d.seller.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

async fn accept(link: &Connection, what: Accept) -> Result<Command, Fail> {
    let Accept { order, vendor, amount, reason } = what;
    let seller = match vendor {
        Some(vendor) => vendor,
        None => bought_from(&read(link, order).await?, order)?,
    };
    Ok(Command::AcceptConfirmation { order, seller, amount: amount.into(), reason: reason.into() })
}

fn bought_from(order: &OrderDetail, id: OrderId) -> Result<rackhand_core::procurement::paper::SellerId, Fail> {
    let bought = order.purchase.map(|p| p.seller);
    bought.ok_or_else(|| Fail::Refused(Refusal::new(Why::Conflict, format!("order {id} is not bought from anybody"))))
}
