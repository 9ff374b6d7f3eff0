//! What is sent to vendors: looked for under our own number first, sent once, seen in their list afterwards. A vendor
//! whose list can't be searched is believed its receipt; where even that is missing, a person is asked.

use std::time::Duration;

use rackhand_adapters::supplier::{Chase, Listed, Seller, State};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::next::Due;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::Subject;
use rackhand_core::order::Order;
use rackhand_core::purchase::deal::Deal;
use rackhand_core::purchase::paper::{PurchaseOrder, QuoteRequest, RequestLine};
use rackhand_core::purchase::post::{ByReceipt, by_receipt};
use rackhand_core::text::Text;
use rackhand_core::time::human;

use super::{Job, Ports, missing};

fn known<'a>(job: &Job<'a>) -> Result<(&'a Order, &'a Deal, &'a Seller), Fault> {
    let Subject::Deal(id) = job.subject else { return Err(missing("the deal")) };
    let (ports, world) = (job.ports, job.world);
    let order = world.order(id.order).ok_or_else(|| missing("the order"))?;
    let deal = world.deal(id).ok_or_else(|| missing("the deal"))?;
    let seller = ports.sellers.get(id.seller).ok_or_else(|| {
        Fault::new(System::Vendor, Kind::Rejected, format!("{} is not in the configuration any more", id.seller))
            .advise("configure it again and retry, or cancel the order")
    })?;
    Ok((order, deal, seller))
}

fn purchase(deal: &Deal) -> Result<&PurchaseOrder, Fault> {
    deal.purchase.as_ref().ok_or_else(|| missing("the purchase order"))
}

/// Our number for the reminder of a request.
fn chase_number(deal: &Deal) -> Text {
    format!("{}-C1", deal.request_number()).into()
}

pub async fn look(job: &Job<'_>) -> Result<Option<Observation>, Fault> {
    let (ports, due) = (job.ports, job.due);
    let (order, deal, seller) = known(job)?;
    if !seller.can_be_asked() {
        return believe(deal, seller, due);
    }
    let held = |found: Option<Listed>| found.map(|l| Observation::Held(l.reference));
    // What was withdrawn or cancelled before it was seen is not there for us: it must not be taken for asked.
    let open = |found: Option<Listed>| match found {
        Some(l) if l.state == State::Cancelled => Err(Fault::new(
            System::Vendor,
            Kind::Conflict,
            format!("{} has it, and has it as cancelled ({})", seller.title, l.reference),
        )
        .advise("ask the vendor; skip where it counts all the same, or cancel the order")),
        other => Ok(held(other)),
    };
    let now = ports.clock.now();
    let taken = |step: Step, advice: &str| {
        let age = now.since(*deal.receipts.get(&step)?);
        Some(not_listed(seller, "took", step, (age, age), advice))
    };
    let undoes = |there: Option<Fault>, found: Option<Listed>| match there.filter(|_| found.is_none()) {
        // It is there, or may be, and is not to be seen: it cannot be taken back yet.
        Some(fault) => Err(fault),
        None => Ok(undone(found)),
    };
    let saw = match due.step {
        Step::RequestQuote => open(seller.find_request(&deal.request_number()).await?),
        Step::ChaseQuote => {
            Ok(seller.find_chase(&deal.request_number(), &chase_number(deal)).await?.map(Observation::Held))
        }
        Step::PlacePurchase => open(seller.find_order(purchase(deal)?).await?),
        Step::WithdrawRequest => {
            undoes(taken(Step::RequestQuote, TAKE_BACK), seller.find_request(&deal.request_number()).await?)
        }
        Step::CancelPurchase => {
            let step = Step::PlacePurchase;
            // A list that lags does not show what arrived though its answer was lost, either; nor what a person says is
            // there. It costs too much to guess. Only what took our cancellation may drop it from its list.
            let cancelled = deal.receipts.contains_key(&Step::CancelPurchase);
            let since = deal.may_have.or(deal.ordered).filter(|_| !cancelled);
            let looked = now.since(order.end.as_ref().map_or(now, |end| end.at));
            let maybe = || {
                let age = now.since(since?);
                Some(not_listed(seller, "may have taken", step, (age, age.min(looked)), TAKE_BACK))
            };
            undoes(taken(step, TAKE_BACK).or_else(maybe), seller.find_order(purchase(deal)?).await?)
        }
        _ => Err(job.not_mine()),
    };
    match (saw?, taken(due.step, SEND_AGAIN)) {
        (None, Some(fault)) => Err(fault),
        (saw, _) => Ok(saw),
    }
}

/// How long a vendor's list may lag behind its receipts before a person is asked.
const LAG: Duration = Duration::from_hours(24);
const SEND_AGAIN: &str = "ask the vendor: skip if it has it, retry to send it again";
const TAKE_BACK: &str = "ask the vendor to take it back, then skip; retry to look again";

/// The vendor gave its receipt, or may have taken it without one, and its list does not show it: many take what is new
/// into a queue of theirs. It is looked for again.
fn not_listed(seller: &Seller, took: &str, step: Step, (age, waited): (Duration, Duration), advice: &str) -> Fault {
    let what = format!("{} {took} {step} {} ago, and its list does not show it", seller.title, human(age));
    if waited < LAG {
        return Fault::new(System::Vendor, Kind::Transient, format!("{what} yet"));
    }
    Fault::new(System::Vendor, Kind::Conflict, what).advise(advice)
}

/// What was never there, or is cancelled, or was refused, is undone.
fn undone(found: Option<Listed>) -> Option<Observation> {
    found.is_none_or(|l| l.state != State::Open).then_some(Observation::Undone)
}

fn believe(deal: &Deal, seller: &Seller, due: &Due) -> Result<Option<Observation>, Fault> {
    let undo = matches!(due.step, Step::WithdrawRequest | Step::CancelPurchase);
    match by_receipt(deal, due) {
        ByReceipt::Seen(_) if undo => Ok(Some(Observation::Undone)),
        ByReceipt::Seen(receipt) => Ok(Some(Observation::Held(receipt))),
        ByReceipt::InDoubt => Err(in_doubt(seller, due.step)),
        ByReceipt::NotSent => Ok(None),
    }
}

fn in_doubt(seller: &Seller, step: Step) -> Fault {
    let what = format!("{step} to {} may have arrived or not, and its list can't be searched", seller.title);
    Fault::new(System::Vendor, Kind::Conflict, what).advise(SEND_AGAIN)
}

pub async fn act(job: &Job<'_>) -> Result<Text, Fault> {
    let (ports, due) = (job.ports, job.due);
    let (order, deal, seller) = known(job)?;
    let sent = match due.step {
        Step::RequestQuote => seller.send_request(&request(ports, order, deal)).await,
        Step::ChaseQuote => seller.chase(&reminder(ports, deal)).await,
        Step::PlacePurchase => seller.send_order(purchase(deal)?).await,
        Step::WithdrawRequest => seller.withdraw(&deal.request_number()).await,
        Step::CancelPurchase => {
            let reason = deal.ended.clone().unwrap_or_else(|| "cancelled".into());
            seller.cancel_order(purchase(deal)?, &reason).await
        }
        _ => Err(job.not_mine()),
    };
    // Sending again what may have arrived is left to a person where nothing can be looked up.
    sent.map_err(|fault| match fault.kind {
        Kind::Unknown if !seller.can_be_asked() => in_doubt(seller, due.step),
        _ => fault,
    })
}

fn request(ports: &Ports, order: &Order, deal: &Deal) -> QuoteRequest {
    let policy = &ports.policy.purchase;
    let line = |(n, l): (u16, &rackhand_core::order::Line)| RequestLine {
        line: n,
        quantity: l.units.len() as u32,
        spec: l.spec.to_string().into(),
    };
    QuoteRequest {
        number: deal.request_number(),
        answer_by: deal.since + Duration::from_secs(deal.patience),
        currency: policy.rates.base,
        to: policy.destination(&order.site),
        lines: order.numbered().map(line).filter(|l| l.quantity > 0).collect(),
    }
}

fn reminder(ports: &Ports, deal: &Deal) -> Chase {
    let waited = human(ports.clock.now().since(deal.asked.unwrap_or(deal.since)));
    let text = format!("We asked you for a quote {waited} ago as {} and have no answer.", deal.request_number());
    Chase { request: deal.request_number(), number: chase_number(deal), text: text.into() }
}
