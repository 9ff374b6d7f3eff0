//! What vendors and carriers say, and what is bought: papers are held against what they answer, an offer is approved by
//! whom the rules demand, and one purchase order is made of it.

use std::collections::BTreeMap;

use crate::decide::need_reason;
use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::{DealEvent, Event, OrderEvent};
use crate::id::{Actor, DealId, OrderId, Role, SellerId, Subject, UnitId};
use crate::lifecycle::evidence::Proof;
use crate::lifecycle::stage::Stage;
use crate::order::{Order, purchase_number};
use crate::purchase::approval::{self, Attempt, Case, Needed, Standing};
use crate::purchase::deal::{Deal, Offer, REFUSED, deviations};
use crate::purchase::money::{Money, minor};
use crate::purchase::paper::{
    Accepts, Confirmation, Flaw, Paper, PurchaseLine, PurchaseOrder, Quote, ShipNotice, Tracked,
};
use crate::purchase::tender;
use crate::shipment::transit::news;
use crate::text::Text;

/// How an order leads the servers it buys: from where, to where, and on what proof.
const ROAD: [(Stage, Stage, Proof); 4] = [
    (Stage::Ordered, Stage::QuoteRequested, Proof::QuotesAsked),
    (Stage::QuoteRequested, Stage::QuoteReceived, Proof::QuoteIn),
    (Stage::QuoteReceived, Stage::PurchaseApproved, Proof::Approved),
    (Stage::PurchaseApproved, Stage::ShipmentTracking, Proof::OrderConfirmed),
];

impl Deciding<'_> {
    /// A vendor's paper about a deal.
    pub(crate) fn paper(&mut self, id: DealId, paper: &Paper) -> Result<Answer, Refusal> {
        match &self.moment.actor {
            Actor::Person { .. } => self.demand(Role::Operator)?,
            Actor::Wire | Actor::Rackhand => {}
            Actor::Tenant { .. } => return Err(Refusal::new(Why::NotAllowed, "a tenant brings no vendor's papers")),
        }
        // A copy is no news, whatever has become of the order since. A vendor's list may go on to show the offers before.
        // By a person's word an offer that was refused stands again.
        let anew = matches!(self.moment.actor, Actor::Person { .. }) && self.is_refused(id, paper);
        if !anew && self.world.deal(id).is_some_and(|d| d.has(paper)) {
            return Ok(Answer::Already);
        }
        self.open_order(id.order)?;
        match paper {
            Paper::Quote(quote) => self.quote(id, quote),
            Paper::Confirmation(confirmation) => self.confirmed(id, confirmation),
            Paper::ShipNotice(notice) => self.shipped(id, notice),
        }
    }

    /// Whether this is the vendor's standing offer, and it did not take an order by it.
    fn is_refused(&self, id: DealId, paper: &Paper) -> bool {
        let (Some(order), Some(deal)) = (self.world.order(id.order), self.world.deal(id)) else { return false };
        let last = deal.offer().is_some_and(|offer| matches!(paper, Paper::Quote(quote) if *quote == offer.quote));
        last && order.standing(deal).is_none()
    }

    fn known_deal(&self, id: DealId) -> Result<&Deal, Refusal> {
        let none = || Refusal::new(Why::NotFound, format!("order {} has nothing to do with {}", id.order, id.seller));
        self.world.deal(id).ok_or_else(none)
    }

    fn quote(&mut self, id: DealId, quote: &Quote) -> Result<Answer, Refusal> {
        if matches!(self.moment.actor, Actor::Person { .. }) {
            // A person may bring an offer of a vendor that nobody asked.
            self.open_deal(id);
        }
        let deal = self.known_deal(id)?;
        let ours = deal.request_number();
        let mut flaws: Vec<(Text, String)> = Vec::new();
        let mut flaw = |field: &str, why: String| flaws.push((field.into(), why));
        if let Some(theirs) = quote.request.as_ref().filter(|r| **r != ours) {
            flaw("request", format!("it answers {theirs}, not {ours}: a quote for another order"));
        }
        if quote.lines.is_empty() {
            flaw("lines", "it offers nothing".into());
        }
        for line in &quote.lines {
            if line.unit_price == Some(0) {
                flaw("unit_price", format!("{}: a price of 0; leave out what is not priced", line.part));
            }
        }
        if quote.sum().is_none() && quote.lines.iter().all(|l| l.unit_price.is_some()) {
            flaw("total", "its sum is larger than any order can be".into());
        }
        if !flaws.is_empty() {
            return Err(refuse_paper(id, &quote.name(), flaws));
        }
        let revision = deal.offer().map_or(1, |o| o.revision + 1);
        self.emit(Subject::Deal(id), DealEvent::QuoteReceived { revision, quote: Box::new(quote.clone()) });
        let note = format!("{} of {}", quote.number, id.seller);
        self.lead(id.order, &[Proof::QuotesAsked, Proof::QuoteIn], &note);
        self.judge_offers(id.order);
        Ok(Answer::Done)
    }

    /// What came by itself and was refused, journaled once.
    pub(crate) fn note_refused(&mut self, id: DealId, what: &Text, flaws: &[Flaw]) -> Answer {
        // A list may show more that is wrong than is kept: it is not told anew at each look.
        let known =
            |d: &Deal| d.refused.len() >= REFUSED || d.refused.iter().any(|r| r.what == *what && r.flaws == flaws);
        match self.world.deal(id) {
            Some(deal) if !known(deal) => {
                let event = DealEvent::PaperRefused { what: what.clone(), flaws: flaws.to_vec() };
                self.emit(Subject::Deal(id), event);
                Answer::Done
            }
            _ => Answer::Already,
        }
    }

    /// Moves the servers that an order buys as far as these proofs lead.
    fn lead(&mut self, id: OrderId, proofs: &[Proof], note: &str) {
        let Some(order) = self.world.order(id) else { return };
        let units: Vec<UnitId> = order.bought().collect();
        for (from, next, proof) in ROAD.into_iter().filter(|(.., proof)| proofs.contains(proof)) {
            for unit in &units {
                let here = self.world.unit(*unit).is_some_and(|u| u.stage == from && u.disposition.may_move());
                if here {
                    self.enter(*unit, next, proof, note);
                }
            }
        }
    }

    /// Moves the servers that an order was to buy back to its offers; what is on its way all the same comes.
    fn lead_back(&mut self, id: OrderId, note: &str) {
        let Some(order) = self.world.order(id) else { return };
        let bought: Vec<UnitId> = order.bought().filter(|unit| self.is_nowhere(order, *unit)).collect();
        for unit in bought {
            self.enter(unit, Stage::QuoteReceived, Proof::PurchaseFailed, note);
        }
    }

    /// Whether a server counts as bought, moves with its order, and has left no vendor.
    fn is_nowhere(&self, order: &Order, unit: UnitId) -> bool {
        let Some(unit) = self.world.unit(unit) else { return false };
        let mut shipped = self.world.deals_of(order).flat_map(|d| &d.shipments).flat_map(|s| &s.notice.items);
        unit.disposition.may_move()
            && (Stage::PurchaseApproved..=Stage::ShipmentTracking).contains(&unit.stage)
            && !shipped.any(|item| unit.serial.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(&item.serial)))
    }

    /// A server that stood aside while its order went on is brought to where its order is.
    pub(crate) fn follow_order(&mut self, unit: UnitId) {
        let Some((id, _)) = self.world.unit(unit).filter(|u| u.stage.is_on_order()).and_then(|u| u.order) else {
            return;
        };
        let Some(order) = self.world.order(id).filter(|o| o.end.is_none()) else { return };
        let deals: Vec<&Deal> = self.world.deals_of(order).collect();
        let shown = match &order.purchase {
            Some(p) if deals.iter().any(|d| d.id.seller == p.seller && d.is_confirmed()) => 4,
            Some(_) => 3,
            None if deals.iter().any(|d| d.offer().is_some()) => 2,
            None => usize::from(deals.iter().any(|d| d.asked.is_some())),
        };
        let reached = ROAD.get(shown);
        let is_ahead = self.world.unit(unit).is_some_and(|u| reached.is_some_and(|(stage, ..)| u.stage > *stage));
        if let Some(failed) = order.failed.last().filter(|_| is_ahead && self.is_nowhere(order, unit)) {
            let note = failed.reason.to_string();
            self.enter(unit, Stage::QuoteReceived, Proof::PurchaseFailed, &note);
        }
        self.lead(id, &ROAD.map(|(.., proof)| proof)[..shown], "released; its order had gone on meanwhile");
    }

    /// The vendor was seen to have our request.
    pub(crate) fn asked(&mut self, id: DealId) {
        let note = format!("{} has {}", id.seller, self.world.deal(id).map_or_else(|| "".into(), Deal::request_number));
        self.lead(id.order, &[Proof::QuotesAsked], &note);
    }

    /// What an offer costs, if it is for what is to be bought and holds at this moment.
    fn buyable(&self, order: &Order, deal: &Deal, offer: &Offer) -> Result<Money, Refusal> {
        let conflict = |text: String| Err(Refusal::new(Why::Conflict, text));
        let number = &offer.quote.number;
        not_refused(order, deal, offer)?;
        let offered: u64 = offer.quote.lines.iter().map(|l| u64::from(l.quantity)).sum();
        let wanted = order.bought().count() as u64;
        let servers = offer.quote.lines.iter().filter(|l| l.line.is_some()).map(|l| u64::from(l.quantity)).sum::<u64>();
        if servers != wanted && offered != wanted {
            return conflict(format!("quote {number} offers {offered} servers, {wanted} are to be bought"));
        }
        let requester = order.requester.to_string().into();
        approval::holds(&self.case(&requester, deal, offer, &[]))
            .or_else(|why| conflict(format!("quote {number}: {why}")))
    }

    fn case<'a>(&self, requester: &'a Text, deal: &Deal, offer: &Offer, given: &'a [approval::Approval]) -> Case<'a> {
        let payable = offer.quote.payable();
        Case {
            requester,
            seller: deal.id.seller,
            revision: offer.revision,
            payable,
            valid_until: offer.quote.valid_until,
            // A person may approve what the rules would, before all have answered.
            needed: self.policy.purchase.needed(payable).max(Needed::One),
            given,
            now: self.moment.now,
        }
    }

    /// Approves an offer by a person who typed what it costs.
    pub(crate) fn approve(
        &mut self,
        id: OrderId,
        seller: SellerId,
        revision: u32,
        typed: &str,
    ) -> Result<Answer, Refusal> {
        let order = self.open_order(id)?;
        let conflict = |text: String| Err(Refusal::new(Why::Conflict, text));
        if let Some(purchase) = &order.purchase {
            return conflict(format!("order {id} is bought: {}", purchase.name));
        }
        let deal = self.known_deal(DealId { order: id, seller })?;
        let Some(offer) = deal.offer() else { return conflict(format!("{} has made no offer", deal.title)) };
        not_refused(order, deal, offer)?;
        let by = Text::from(self.moment.actor.to_string());
        let given: Vec<approval::Approval> = order.approvals.iter().map(Into::into).collect();
        let attempt = Attempt { by: &by, revision, amount: typed };
        let requester = order.requester.to_string().into();
        let standing = approval::judge(&self.case(&requester, deal, offer, &given), &attempt).map_err(refusal)?;
        let total = self.buyable(order, deal, offer)?;
        let saw = tender::shown(&self.world, self.policy, order, deal, offer, self.moment.now);
        self.emit(Subject::Order(id), OrderEvent::ApprovalGiven { seller, revision, total, saw });
        match standing {
            Standing::Missing(_) => Ok(Answer::Told(format!("{by} has approved it; {standing}").into())),
            Standing::Approved => {
                self.buy(id, seller);
                Ok(Answer::Done)
            }
        }
    }

    /// Buys without a person what the rules let be bought so, once every vendor has answered or was given up: the offer
    /// that ranks first, and no other.
    pub(crate) fn judge_offers(&mut self, id: OrderId) {
        let Some(order) = self.world.order(id) else { return };
        if order.end.is_some() || order.purchase.is_some() || !self.world.deals_of(order).all(Deal::is_settled) {
            return;
        }
        let Some(comparison) = tender::comparison(&self.world, self.policy, order, self.moment.now) else { return };
        let Some(first) = comparison.offers.first().filter(|o| o.eligible) else { return };
        let Some(deal) = self.world.deals_of(order).find(|d| d.id.seller == first.seller) else { return };
        let Some(offer) = deal.offer() else { return };
        let Ok(total) = self.buyable(order, deal, offer) else { return };
        if self.policy.purchase.needed(Some(total)) != Needed::Nobody {
            return;
        }
        let (seller, revision) = (first.seller, offer.revision);
        let saw = Text::from(format!("below the limit for approvals; the first of {} offers", comparison.offers.len()));
        self.actor = Actor::Rackhand;
        self.emit(Subject::Order(id), OrderEvent::ApprovalGiven { seller, revision, total, saw });
        self.buy(id, seller);
    }

    /// Makes the purchase order.
    fn buy(&mut self, id: OrderId, seller: SellerId) {
        let deal_id = DealId { order: id, seller };
        let (Some(order), Some(deal)) = (self.world.order(id), self.world.deal(deal_id)) else { return };
        let Some(offer) = deal.offer() else { return };
        let Some(total) = offer.quote.payable() else { return };
        let number = self.world.last_purchase + 1;
        let name = purchase_number(&self.world.stream.prefix(&self.policy.site), number);
        let line = |(n, l): (u16, &crate::purchase::paper::QuoteLine)| PurchaseLine {
            line: n,
            part: l.part.clone(),
            description: l.description.clone(),
            quantity: l.quantity,
            // `payable` holds that every price is there.
            unit_price: l.unit_price.unwrap_or_default(),
        };
        let purchase = PurchaseOrder {
            number: name.clone(),
            quote: offer.quote.number.clone(),
            at: self.moment.now,
            to: self.policy.purchase.destination(&order.site),
            bill_to: self.policy.purchase.bill_to.clone(),
            currency: offer.quote.currency,
            lines: (1..).zip(&offer.quote.lines).map(line).collect(),
            freight: offer.quote.freight,
            total: total.minor,
            approved_by: order.approvals.iter().map(|a| a.by.clone()).collect(),
        };
        let revision = offer.revision;
        let note = format!("{name} from {seller} for {total}");
        let decided = OrderEvent::PurchaseDecided { number, seller, revision, total, name: Some(name) };
        self.emit(Subject::Order(id), decided);
        self.emit(Subject::Deal(deal_id), DealEvent::PurchaseMade { purchase: Box::new(purchase) });
        let proofs = [Proof::QuotesAsked, Proof::QuoteIn, Proof::Approved];
        self.lead(id, &proofs, &note);
    }

    fn confirmed(&mut self, id: DealId, says: &Confirmation) -> Result<Answer, Refusal> {
        let deal = self.known_deal(id)?;
        let title = deal.title.clone();
        let what = says.name();
        let Some(purchase) = deal.purchase.clone().filter(|p| p.number == says.purchase) else {
            let why = format!("it confirms {}, which {title} does not have from this order", says.purchase);
            return Err(refuse_paper(id, &what, vec![("purchase".into(), why)]));
        };
        let subject = Subject::Deal(id);
        if matches!(says.verdict, Accepts::No | Accepts::Cancelled) {
            let why = says.note.as_deref().map_or("no reason given", |note| note.trim_end_matches('.'));
            let points = Vec::new();
            self.emit(subject, DealEvent::PurchaseConfirmed { confirmation: Box::new(says.clone()), points });
            let reason = Text::from(format!("{title} does not take {}: {why}", says.purchase));
            self.emit(subject, DealEvent::PurchaseVoided { reason: reason.clone() });
            if let Some(purchase) = self.world.order(id.order).and_then(|o| o.purchase.clone()) {
                let (number, name) = (purchase.number, Some(purchase.name));
                self.emit(
                    Subject::Order(id.order),
                    OrderEvent::PurchaseFailed { number, reason: reason.clone(), name },
                );
                self.lead_back(id.order, &reason);
                self.judge_offers(id.order);
            }
            return Ok(Answer::Done);
        }
        let points = deviations(&purchase, says);
        let fine = points.is_empty();
        self.emit(subject, DealEvent::PurchaseConfirmed { confirmation: Box::new(says.clone()), points });
        if fine {
            self.on_its_way(id, &says.number);
        }
        Ok(Answer::Done)
    }

    fn on_its_way(&mut self, id: DealId, number: &Text) {
        let note = format!("{} confirmed it as {number}", id.seller);
        self.lead(id.order, &[Proof::OrderConfirmed], &note);
    }

    /// A person takes a confirmation that is not what was ordered.
    pub(crate) fn accept_confirmation(&mut self, id: DealId, typed: &str, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        self.open_order(id.order)?;
        let deal = self.known_deal(id)?;
        let Some(confirmed) = deal.confirmation().filter(|c| !c.points.is_empty()) else {
            return Err(Refusal::new(Why::Conflict, "there is no confirmation that differs from what was ordered"));
        };
        let number = confirmed.paper.number.clone();
        if let (Some(total), Some(purchase)) = (confirmed.paper.total, &deal.purchase) {
            let currency = confirmed.paper.currency.unwrap_or(purchase.currency);
            let total = Money::new(total, currency);
            let ordered = Money::new(purchase.total, purchase.currency);
            let rates = &self.policy.purchase.rates;
            let dearer = match (rates.in_base(total), rates.in_base(ordered)) {
                (Some(now), Some(then)) => now.minor > then.minor,
                _ => true,
            };
            if dearer && self.policy.purchase.needed(Some(total)) == Needed::Two {
                let text = format!("it costs {total} now: that takes two approvals. Cancel, and approve a new offer");
                return Err(Refusal::new(Why::Conflict, text));
            }
            if minor(typed, currency) != Ok(total.minor) {
                return Err(Refusal::new(Why::Invalid, format!("type what it costs now, {}", total.plain())));
            }
        }
        let by = self.moment.actor.to_string();
        if self.known_order(id.order)?.requester.to_string() == by {
            return Err(Refusal::new(Why::NotAllowed, "you ordered it: another person must accept it"));
        }
        self.emit(Subject::Deal(id), DealEvent::ConfirmationAccepted { reason: reason.clone() });
        self.on_its_way(id, &number);
        Ok(Answer::Done)
    }

    fn shipped(&mut self, id: DealId, notice: &ShipNotice) -> Result<Answer, Refusal> {
        let deal = self.known_deal(id)?;
        let what = notice.name();
        let mut flaws: Vec<(Text, String)> = Vec::new();
        if deal.purchase.as_ref().is_none_or(|p| p.number != notice.purchase) {
            let why = format!("it is for {}, which {} does not have from this order", notice.purchase, deal.title);
            flaws.push(("purchase".into(), why));
            return Err(refuse_paper(id, &what, flaws));
        }
        let mut fresh: BTreeMap<Option<u16>, usize> = BTreeMap::new();
        let mut lines = Vec::new();
        for item in &notice.items {
            let line = self.line_of(id.order, item).unwrap_or_else(|why| {
                flaws.push((item.serial.clone(), why));
                None
            });
            match self.bindable(id.order, &item.serial, item.bmc_mac) {
                Ok(None) => *fresh.entry(line).or_default() += 1,
                // What a manifest bound before, to whichever line, the seller's own word may contradict.
                Ok(Some(unit)) => {
                    let bound = self.world.unit(unit).and_then(|u| u.order).map(|(_, line)| line);
                    if let (Some(line), Some(bound)) = (line, bound)
                        && line != bound
                    {
                        let why = format!("it is bound to line {bound} of the order, and the notice has it in {line}");
                        flaws.push((item.serial.clone(), why));
                    }
                }
                Err(refusal) => flaws.push((item.serial.clone(), refusal.text.to_string())),
            }
            lines.push(line);
        }
        let all: usize = fresh.values().sum();
        for (line, fresh) in fresh.into_iter().chain([(None, all)]) {
            let open = self.unbound(id.order, line).count();
            if fresh > open {
                let of = line.map_or(String::new(), |n| format!(" of line {n}"));
                flaws.push(("items".into(), format!("{fresh} new serials, and {open} servers{of} are awaited")));
                break;
            }
        }
        if !flaws.is_empty() {
            return Err(refuse_paper(id, &what, flaws));
        }
        self.emit(Subject::Deal(id), DealEvent::ShipmentNoticed { notice: Box::new(notice.clone()) });
        // What is shipped was accepted, whether a confirmation came or not.
        let confirmed = self.world.deal(id).is_some_and(|d| d.confirmation().is_some());
        if !confirmed {
            let number = notice.number.clone();
            let implied = Confirmation {
                number: number.clone(),
                purchase: notice.purchase.clone(),
                verdict: Accepts::Yes,
                lines: Vec::new(),
                currency: None,
                total: None,
                promised: notice.eta,
                note: Some("implied by its ship notice".into()),
            };
            let event =
                Event::Deal(DealEvent::PurchaseConfirmed { confirmation: Box::new(implied), points: Vec::new() });
            self.emit(Subject::Deal(id), event);
            self.on_its_way(id, &number);
        }
        // Those of a known line first: the others take what is left.
        let (named, open): (Vec<_>, Vec<_>) = notice.items.iter().zip(lines).partition(|(_, line)| line.is_some());
        for (item, line) in named.into_iter().chain(open) {
            let source = what.clone();
            self.bind((id.order, line), &item.serial, item.bmc_mac, item.model.as_ref(), &source);
        }
        Ok(Answer::Done)
    }

    /// What a carrier says of a parcel. The same again, other words, and an arrival that has moved by little since it was
    /// told last leave no trace.
    pub(crate) fn tracked(&mut self, id: DealId, tracking: &Text, reading: &Tracked) -> Answer {
        let Some(deal) = self.world.deal(id) else { return Answer::Already };
        let Some(shipment) = deal.shipments.iter().find(|s| s.notice.tracking.contains(tracking)) else {
            return Answer::Already;
        };
        let before = shipment.parcels();
        let mut after = before.clone();
        after.insert(tracking.clone(), reading.clone());
        let stands = |t: &Tracked| t.status == reading.status && t.delivered == reading.delivered;
        if before.get(tracking).is_some_and(stands) && news(&before, &after, shipment.eta()).is_empty() {
            return Answer::Already;
        }
        let (tracking, reading) = (tracking.clone(), reading.clone());
        self.emit(Subject::Deal(id), DealEvent::ShipmentTracked { tracking, reading });
        Answer::Done
    }
}

fn refusal(why: approval::Refusal) -> Refusal {
    let kind = match why {
        approval::Refusal::Own(_) | approval::Refusal::Twice(_) => Why::NotAllowed,
        approval::Refusal::Unread(_) | approval::Refusal::Amount { .. } => Why::Invalid,
        _ => Why::Conflict,
    };
    Refusal::new(kind, why.to_string())
}

/// Refuses an offer by which its vendor took no order.
fn not_refused(order: &Order, deal: &Deal, offer: &Offer) -> Result<(), Refusal> {
    order.refused(deal.id.seller, offer.revision).map_or(Ok(()), |why| {
        let what = "Choose another offer; once the vendor takes the order, enter this one again";
        Err(Refusal::new(Why::Conflict, format!("{why}. {what}")))
    })
}

/// The refusal of a paper, with all that is wrong with it.
fn refuse_paper(id: DealId, what: &str, flaws: Vec<(Text, String)>) -> Refusal {
    let told: Vec<String> = flaws.iter().map(|(field, why)| format!("{field}: {why}")).collect();
    Refusal::new(Why::Invalid, format!("{what} of {} is not taken: {}", id.seller, told.join("; ")))
}
