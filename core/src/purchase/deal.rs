//! One conversation with one vendor about one order: what was asked, what was offered, what was ordered, what is on its
//! way.

#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod event;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bmc::Vendor;
use crate::fault::Kind;
use crate::flow::attempt::{Attempts, Done, Phase};
use crate::flow::event::StepEvent;
use crate::flow::step::{Observation, Step};
use crate::id::DealId;
use crate::order::Order;
use crate::purchase::deal::event::DealEvent;
use crate::purchase::paper::{Accepts, Confirmation, Flaw, Paper, PurchaseOrder, Quote, ShipNotice, Tracked};
use crate::shipment::transit::{Parcels, together};
use crate::spine::event::{Seq, Stamp};
use crate::text::Text;
use crate::time::Timestamp;

/// Revisions of an offer that are kept. More than these nobody compares; the oldest is forgotten.
const REVISIONS: usize = 16;
/// Papers that were not taken, kept to be shown.
pub const REFUSED: usize = 64;

/// A deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deal {
    /// Which.
    pub id: DealId,
    /// The number our request has at the vendor.
    pub request: Text,
    /// What the vendor is called.
    pub title: Text,
    /// Whose servers it sells.
    pub vendor: Vendor,
    /// Whether a person asks, and enters what is answered.
    pub by_hand: bool,
    /// Since when there is this deal.
    pub since: Timestamp,
    /// How long an answer may take, in seconds.
    pub patience: u64,
    /// When the vendor was seen to have our request.
    pub asked: Option<Timestamp>,
    /// When it was reminded.
    pub chased: Option<Timestamp>,
    /// When it was given up that it answers in time.
    pub overdue: Option<Timestamp>,
    /// The revisions of its offer, oldest first.
    pub quotes: Vec<Offer>,
    /// What was ordered.
    pub purchase: Option<PurchaseOrder>,
    /// When the vendor was seen to have our purchase order.
    pub ordered: Option<Timestamp>,
    /// What it says to that, newest last.
    pub confirmations: Vec<Confirmed>,
    /// What it has shipped.
    pub shipments: Vec<Shipment>,
    /// Papers that were not taken, newest last.
    pub refused: Vec<RefusedPaper>,
    /// Where it is with its steps.
    pub steps: Attempts,
    /// Steps that the vendor has given its receipt for and its list has not shown yet, since when: nothing of that is
    /// sent again.
    #[serde(default)]
    pub receipts: BTreeMap<Step, Timestamp>,
    /// Since when the vendor may have our purchase order: an attempt was begun, and no answer says that it did not arrive.
    #[serde(default)]
    pub may_have: Option<Timestamp>,
    /// Why nothing more is wanted of it.
    pub ended: Option<Text>,
    /// The last event about it.
    pub revision: Seq,
}

/// One revision of an offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Which, from 1.
    pub revision: u32,
    /// When it came.
    pub at: Timestamp,
    /// Who brought it: `wire`, or who typed or uploaded it.
    pub by: Text,
    /// What it says.
    pub quote: Quote,
}

/// A vendor's word on our purchase order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirmed {
    /// When it came.
    pub at: Timestamp,
    /// What it says.
    pub paper: Confirmation,
    /// In what it is not what was ordered; empty where it is, or where a person has accepted it.
    pub points: Vec<Text>,
}

/// A shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    /// What the vendor says is in it.
    pub notice: ShipNotice,
    /// When it was told.
    pub at: Timestamp,
    /// What the carrier says of each parcel, and when it was read.
    pub tracked: BTreeMap<Text, (Tracked, Timestamp)>,
}

/// A paper that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedPaper {
    /// When.
    pub at: Timestamp,
    /// What it was.
    pub what: Text,
    /// Why.
    pub flaws: Vec<Flaw>,
}

impl Deal {
    /// A deal as it is opened.
    pub fn new(id: DealId, title: Text, vendor: Vendor, by_hand: bool, patience: u64, at: Timestamp) -> Self {
        Self {
            id,
            request: request_number("", id),
            title,
            vendor,
            by_hand,
            since: at,
            patience,
            asked: None,
            chased: None,
            overdue: None,
            quotes: Vec::new(),
            purchase: None,
            ordered: None,
            confirmations: Vec::new(),
            shipments: Vec::new(),
            refused: Vec::new(),
            steps: Attempts::default(),
            receipts: BTreeMap::new(),
            may_have: None,
            ended: None,
            revision: 0,
        }
    }

    /// The number our request has at the vendor.
    pub fn request_number(&self) -> Text {
        self.request.clone()
    }

    /// Whether this very paper was taken before.
    pub fn has(&self, paper: &Paper) -> bool {
        match paper {
            Paper::Quote(quote) => self.quotes.iter().any(|o| o.quote == *quote),
            Paper::Confirmation(says) => self.confirmations.iter().any(|c| c.paper == *says),
            Paper::ShipNotice(notice) => self.shipments.iter().any(|s| s.notice == *notice),
        }
    }

    /// The offer as it stands.
    pub fn offer(&self) -> Option<&Offer> {
        self.quotes.last()
    }

    /// The vendor's last word on our purchase order.
    pub fn confirmation(&self) -> Option<&Confirmed> {
        self.confirmations.last()
    }

    /// Whether the vendor's word on our purchase order is as it was ordered, or was accepted.
    pub fn is_confirmed(&self) -> bool {
        let yes = |c: &Confirmed| matches!(c.paper.verdict, Accepts::Yes | Accepts::Changed) && c.points.is_empty();
        self.confirmation().is_some_and(yes)
    }

    /// Whether an answer is no longer waited for: it is there, or was given up, or a person brings it.
    pub fn is_settled(&self) -> bool {
        self.by_hand || !self.quotes.is_empty() || self.overdue.is_some() || self.ended.is_some()
    }

    /// Whether a paper that is called so was taken of those that follow a purchase order.
    pub fn took(&self, what: &Text) -> bool {
        let confirmed = self.confirmations.iter().map(|c| c.paper.name());
        confirmed.chain(self.shipments.iter().map(|s| s.notice.name())).any(|name| name == *what)
    }

    /// When an answer is overdue: the patience after it was asked, and once more after it was reminded.
    pub fn due(&self) -> Option<Timestamp> {
        self.chased.or(self.asked).map(|at| at + std::time::Duration::from_secs(self.patience))
    }

    /// When the next of its parcels is to arrive: the carrier's word, else the vendor's.
    pub fn eta(&self) -> Option<Timestamp> {
        let open = self.shipments.iter().filter(|s| !s.is_delivered());
        open.filter_map(Shipment::eta).min()
    }

    /// Whether the carrier says that all that was ordered is delivered.
    pub fn is_all_delivered(&self) -> bool {
        let sent: usize = self.shipments.iter().map(|s| s.notice.items.len()).sum();
        let ordered = self.purchase.iter().flat_map(|p| &p.lines).map(|l| l.quantity as usize).sum();
        sent > 0 && sent >= ordered && self.shipments.iter().all(Shipment::is_delivered)
    }

    /// The step it needs now, if any. Waiting for an answer is none.
    pub fn wanted(&self, order: &Order, now: Timestamp) -> Option<Step> {
        if let Some(undo) = self.steps.undo().last() {
            return Some(*undo);
        }
        if self.ended.is_some() || order.end.is_some() {
            return None;
        }
        if self.purchase.is_some() {
            return self.ordered.is_none().then_some(Step::PlacePurchase);
        }
        if self.by_hand || order.purchase.is_some() {
            return None;
        }
        if self.asked.is_none() {
            return Some(Step::RequestQuote);
        }
        let late = self.quotes.is_empty() && self.chased.is_none() && self.due().is_some_and(|due| due <= now);
        late.then_some(Step::ChaseQuote)
    }

    /// Applies what became of it.
    pub(crate) fn turn(&mut self, stamp: Stamp<'_>, event: &DealEvent) {
        self.revision = stamp.seq;
        let at = stamp.at;
        match event {
            // It is the world's to begin one.
            DealEvent::DealOpened { .. } => {}
            DealEvent::QuoteReceived { revision, quote } => {
                if self.quotes.len() >= REVISIONS {
                    self.quotes.remove(0);
                }
                let (by, quote) = (stamp.by(), (**quote).clone());
                self.quotes.push(Offer { revision: *revision, at, by, quote });
                self.steps.let_go(|s| s == Step::ChaseQuote);
            }
            DealEvent::QuoteOverdue {} => self.overdue = Some(at),
            DealEvent::PurchaseMade { purchase } => {
                self.purchase = Some((**purchase).clone());
                self.receipts.remove(&Step::PlacePurchase);
                self.may_have = None;
                self.ordered = None;
                self.confirmations.clear();
                self.steps.forget(|_| true);
            }
            DealEvent::PurchaseConfirmed { confirmation, points } => {
                if self.confirmations.len() >= REVISIONS {
                    self.confirmations.remove(0);
                }
                let paper = (**confirmation).clone();
                self.confirmations.push(Confirmed { at, paper, points: points.clone() });
                // Its word shows that it has our order, whatever became of the call.
                self.steps.let_go(|s| s == Step::PlacePurchase);
                self.steps.stands(Done { step: Step::PlacePurchase, undo: Step::CancelPurchase });
                self.observe(Step::PlacePurchase, at);
            }
            DealEvent::ConfirmationAccepted { .. } => {
                if let Some(confirmed) = self.confirmations.last_mut() {
                    confirmed.points.clear();
                }
            }
            DealEvent::PurchaseVoided { .. } => {
                self.purchase = None;
                self.ordered = None;
                self.may_have = None;
                self.steps.is_over(Step::PlacePurchase);
                self.steps.let_go(|s| s == Step::PlacePurchase);
            }
            DealEvent::ShipmentNoticed { notice } => {
                self.shipments.retain(|s| s.notice.number != notice.number);
                self.shipments.push(Shipment { notice: (**notice).clone(), at, tracked: BTreeMap::new() });
            }
            DealEvent::ShipmentTracked { tracking, reading } => {
                for shipment in self.shipments.iter_mut().filter(|s| s.notice.tracking.contains(tracking)) {
                    shipment.tracked.insert(tracking.clone(), (reading.clone(), at));
                }
            }
            DealEvent::PaperRefused { what, flaws } => {
                if self.refused.len() >= REFUSED {
                    self.refused.remove(0);
                }
                self.refused.push(RefusedPaper { at, what: what.clone(), flaws: flaws.clone() });
            }
            DealEvent::DealEnded { reason } => {
                self.steps.forget(|_| true);
                self.steps.undo_all();
                self.ended = Some(reason.clone());
            }
        }
    }

    /// Applies what became of one of its steps.
    pub(crate) fn step(&mut self, stamp: Stamp<'_>, event: &StepEvent) {
        self.revision = stamp.seq;
        let at = stamp.at;
        self.doubt(at, event);
        self.steps.apply(at, event);
        match event {
            StepEvent::StepAccepted { step, .. } => {
                self.receipts.entry(*step).or_insert(at);
            }
            StepEvent::StepRetried { step, .. } => {
                // A person has it sent again.
                self.receipts.remove(step);
            }
            StepEvent::StepObserved { step, saw: Observation::Undone, .. } => self.undone(*step),
            StepEvent::StepObserved { step, .. } => self.observe(*step, at),
            StepEvent::StepSkipped { step, terms, .. } => {
                if matches!(step, Step::WithdrawRequest | Step::CancelPurchase) {
                    self.undone(*step);
                } else {
                    self.steps.observed(*step, terms.as_ref());
                    self.observe(*step, at);
                }
            }
            StepEvent::StepIntended { .. }
            | StepEvent::StepUnknown { .. }
            | StepEvent::StepFailed { .. }
            | StepEvent::StepParked { .. } => {}
        }
    }

    /// Whether a purchase order that was not seen at the vendor may be there. Only the answer to the first attempt that is
    /// in doubt ends the doubt: what came of a later one says nothing of it.
    fn doubt(&mut self, at: Timestamp, event: &StepEvent) {
        if event.step() != Step::PlacePurchase {
            return;
        }
        match event {
            StepEvent::StepIntended { .. } => self.may_have = self.may_have.or(Some(at)),
            StepEvent::StepFailed { fault, .. } | StepEvent::StepParked { fault, .. } => {
                let progress = self.steps.at(Step::PlacePurchase).filter(|p| p.phase == Phase::Intended);
                let is_first = progress.is_some_and(|p| Some(p.since) == self.may_have);
                if is_first && matches!(fault.kind, Kind::Transient | Kind::Rejected) {
                    self.may_have = None;
                }
            }
            StepEvent::StepUnknown { .. }
            | StepEvent::StepAccepted { .. }
            | StepEvent::StepObserved { .. }
            | StepEvent::StepRetried { .. }
            | StepEvent::StepSkipped { .. } => {}
        }
    }

    fn observe(&mut self, step: Step, at: Timestamp) {
        self.receipts.remove(&step);
        if step == Step::RequestQuote {
            self.asked = self.asked.or(Some(at));
        } else if step == Step::ChaseQuote {
            self.chased = Some(at);
        } else if step == Step::PlacePurchase {
            self.ordered = self.ordered.or(Some(at));
            self.may_have = None;
        }
    }

    /// Whatever of it the vendor has taken and not listed is undone, too.
    fn undone(&mut self, step: Step) {
        self.receipts.remove(&step);
        if step == Step::WithdrawRequest {
            self.receipts.remove(&Step::RequestQuote);
        } else if step == Step::CancelPurchase {
            self.receipts.remove(&Step::PlacePurchase);
            self.may_have = None;
        }
    }
}

impl Shipment {
    /// When it is to arrive: the carrier's word on the last of its parcels that is out, else the vendor's.
    pub fn eta(&self) -> Option<Timestamp> {
        together(self.tracked.values().map(|(t, _)| t)).and_then(|t| t.eta).or(self.notice.eta)
    }

    /// The carrier's last word on each parcel that was asked for.
    pub fn parcels(&self) -> Parcels {
        self.tracked.iter().map(|(number, (reading, _))| (number.clone(), reading.clone())).collect()
    }

    /// Whether the carrier says that all of its parcels are delivered.
    pub fn is_delivered(&self) -> bool {
        let there = |n: &Text| {
            let reading = self.tracked.get(n);
            reading.is_some_and(|(t, _)| t.status == crate::purchase::paper::Transit::Delivered)
        };
        !self.notice.tracking.is_empty() && self.notice.tracking.iter().all(there)
    }
}

/// The number of the request for an offer. `prefix` is [`crate::stream::Stream::prefix`].
pub fn request_number(prefix: &str, id: DealId) -> Text {
    format!("RFQ-{prefix}{id}").into()
}

/// In what a confirmation is not what was ordered.
pub fn deviations(purchase: &PurchaseOrder, says: &Confirmation) -> Vec<Text> {
    let mut points: Vec<Text> = Vec::new();
    if let Some(currency) = says.currency.filter(|c| *c != purchase.currency) {
        points.push(format!("currency: {} ordered, {currency} confirmed", purchase.currency).into());
        return points;
    }
    let money = |minor| crate::purchase::money::Money::new(minor, purchase.currency);
    if let Some(total) = says.total.filter(|t| *t != purchase.total) {
        points.push(format!("total: {} ordered, {} confirmed", money(purchase.total), money(total)).into());
    }
    if says.lines.is_empty() {
        return points;
    }
    for line in &purchase.lines {
        let mut found = says.lines.iter().filter(|c| match c.line {
            Some(n) => n == line.line,
            None => c.part == line.part,
        });
        let Some(first) = found.next() else {
            points.push(format!("line {}: {} is not confirmed", line.line, line.part).into());
            continue;
        };
        let quantity: u32 = std::iter::once(first).chain(found).map(|c| c.quantity).fold(0, u32::saturating_add);
        if quantity != line.quantity {
            points.push(format!("line {}: {} ordered, {quantity} confirmed", line.line, line.quantity).into());
        }
        if first.part != line.part {
            points.push(format!("line {}: part {} ordered, {} confirmed", line.line, line.part, first.part).into());
        }
        if let Some(price) = first.unit_price.filter(|p| *p != line.unit_price) {
            let (ours, theirs) = (money(line.unit_price), money(price));
            points.push(format!("line {}: {ours} each ordered, {theirs} confirmed", line.line).into());
        }
    }
    for extra in &says.lines {
        let known = purchase.lines.iter().any(|l| extra.line.map_or(l.part == extra.part, |n| n == l.line));
        if !known {
            points.push(format!("{}x {} is confirmed and was not ordered", extra.quantity, extra.part).into());
        }
    }
    points
}
