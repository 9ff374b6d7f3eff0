//! What persons decide about orders: each is one command.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::confirm::About;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::{OrderId, UnitId};
use rackhand_core::order::questions::{DealView, OrderDetail};
use rackhand_core::purchase::money::minor;
use rackhand_core::stock::Fit;
use rackhand_core::stock::questions::StockQuery;
use rackhand_core::text::Text;

use super::args::{Accept, Approve, Bind, Ended, OrderVerb};
use super::read;
use crate::cli::command::{carry_out, tell};
use crate::cli::confirm::confirm;
use crate::cli::find;
use crate::cli::output::{Fail, Output, not_found};
use crate::link::connect::{Connection, HostSpec, connect};
use crate::screen::order::reserved;

pub(super) async fn decide(host: &HostSpec, what: OrderVerb, out: &mut Output<'_>) -> Result<(), Fail> {
    let link = connect(host).await?;
    let command = spell(&link, what, out).await?;
    tell(&carry_out(host, &link, &command).await?, out)
}

async fn spell(link: &Connection, what: OrderVerb, out: &mut Output<'_>) -> Result<Command, Fail> {
    Ok(match what {
        OrderVerb::Reject(Ended { order, reason, typed }) => {
            let seen = read(link, order).await?;
            let command = Command::Reject { order, reason: reason.into() };
            let told = format!("{} None of its offers is taken, and it ends for good.", about_order(&seen));
            confirm(&command.confirm(&About::default()), typed.into(), &told, out)?;
            command
        }
        OrderVerb::Cancel(Ended { order, reason, typed }) => {
            let seen = read(link, order).await?;
            let command = Command::CancelOrder { order, reason: reason.into() };
            let told = format!("{} What is on order is called off, and it ends for good.", about_order(&seen));
            confirm(&command.confirm(&About::default()), typed.into(), &told, out)?;
            command
        }
        OrderVerb::Assign { order, typed } => {
            let seen = read(link, order).await?;
            let labels: Vec<String> = reserved(&seen).map(|(_, label)| label.to_string()).collect();
            let command = Command::AssignStock { order };
            let told = format!("{} gets {} for order {order}.", seen.row.tenant, labels.join(", "));
            let about = About { count: labels.len(), ..About::default() };
            confirm(&command.confirm(&about), typed.into(), &told, out)?;
            command
        }
        OrderVerb::Reserve { order, line, label, sure, typed } => {
            let unit = find(link, &label).await?;
            let command = Command::Reserve { order, line, unit };
            let (about, told) = spare(link, order, line, unit, &label).await?;
            confirm(&command.confirm(&about), (sure, typed).into(), &told, out)?;
            command
        }
        OrderVerb::Release { label, reason, sure } => {
            let command = Command::ReleaseStock { unit: find(link, &label).await?, reason: reason.into() };
            let told = format!("{label} goes back to the pool; its order lacks a server then.");
            confirm(&command.confirm(&About::default()), sure.into(), &told, out)?;
            command
        }
        OrderVerb::Bind(Bind { order, serial, mac, model }) => {
            Command::BindSerial { order, serial: serial.into(), bmc_mac: mac, model: model.map(Into::into) }
        }
        OrderVerb::Accept(what) => accept(link, what, out).await?,
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
    if !out.json {
        out.tell(offered(deal).unwrap_or_default());
    }
    Ok(Command::Approve { order, seller: vendor, revision, amount: amount.into() })
}

/// An offer in one line.
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

async fn accept(link: &Connection, what: Accept, out: &mut Output<'_>) -> Result<Command, Fail> {
    let Accept { order, vendor, amount, reason, typed } = what;
    let seen = read(link, order).await?;
    let seller = match vendor {
        Some(vendor) => vendor,
        None => bought_from(&seen, order)?,
    };
    let command = Command::AcceptConfirmation { order, seller, amount: amount.into(), reason: reason.into() };
    let deal = seen.deals.iter().find(|d| d.seller == seller);
    let says = deal.and_then(|d| d.confirmation.as_ref()).filter(|c| !c.points.is_empty());
    // What is not there to be accepted, the daemon says.
    let (Some(deal), Some(says)) = (deal, says) else { return Ok(command) };
    if says.paper.total.is_some() {
        // The amount that was given is the word, and the daemon holds it against the confirmation.
        return Ok(command);
    }
    let points: Vec<&str> = says.points.iter().map(Text::as_str).collect();
    let told = format!("{} confirms, and not as it was ordered: {}.", deal.title, points.join("; "));
    confirm(&command.confirm(&About::default()), typed.into(), &told, out)?;
    Ok(command)
}

/// An order in one sentence.
fn about_order(order: &OrderDetail) -> String {
    let row = &order.row;
    format!("Order {} is {}: {} for {}.", row.id, row.state, row.what, row.tenant)
}

/// What a server is to a line of an order: whether it is what the line asks for, and how that is said.
async fn spare(
    link: &Connection,
    order: OrderId,
    line: u16,
    unit: UnitId,
    label: &str,
) -> Result<(About, String), Fail> {
    let seen = read(link, order).await?;
    let label = Text::new(&label.to_uppercase());
    let Some(wanted) = seen.lines.iter().find(|l| l.line == line) else {
        // That there is no such line, the daemon says.
        return Ok((About { label, ..About::default() }, format!("Line {line} of order {order} is served.")));
    };
    let site = Some(seen.row.site.clone());
    let stock = link.ask(StockQuery { spec: wanted.spec.clone(), site }).await?;
    let found = stock.free.iter().chain(stock.kept.iter().map(|(found, _)| found)).find(|m| m.unit == unit);
    // What is not known to serve is taken for what does not.
    let near = found.is_none_or(|m| m.fit == Fit::Near);
    let label = found.map_or(label, |m| m.label.clone());
    let is = match found.map(|m| m.fit) {
        None => "is not known to be",
        Some(Fit::Near) => "is NOT",
        Some(_) => "is",
    };
    let told = format!("{label} {is} what line {line} of order {order} asks for: {}.", wanted.spec);
    Ok((About { label, near, ..About::default() }, told))
}

fn bought_from(order: &OrderDetail, id: OrderId) -> Result<rackhand_core::id::SellerId, Fail> {
    let bought = order.purchase.as_ref().map(|p| p.seller);
    bought.ok_or_else(|| Fail::Refused(Refusal::new(Why::Conflict, format!("order {id} is not bought from anybody"))))
}
