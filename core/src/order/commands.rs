//! Orders: placed, served from the pool, cancelled. Two orders never get the same server: decisions are made one after
//! the other, and what one reserved the next one sees.

use crate::decide::need_reason;
use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::{DealEvent, EntryEvent, Event, LifeEvent, OrderEvent};
use crate::id::{Actor, DealId, Entropy, OrderId, Role, Subject, UnitId};
use crate::lifecycle::evidence::Proof;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::order::candidate::Shown;
use crate::order::spec;
use crate::order::{MAX_LINES, MAX_QUANTITY, Order, OrderRequest, Placed, PlacedLine};
use crate::purchase::deal::request_number;
use crate::stock::questions::pool;
use crate::stock::{Fit, matches};
use crate::text::Text;

pub use super::ordered::{Ordered, OrderedLine};

/// Servers that serve but are another's are told up to this many.
const TAKEN: usize = 5;

fn no_order(id: OrderId) -> Refusal {
    Refusal::new(Why::NotFound, format!("there is no order {id}"))
}

impl Deciding<'_> {
    pub(crate) fn order(&mut self, request: &OrderRequest, shown: &Shown) -> Result<Answer, Refusal> {
        if let Actor::Tenant { name } = &self.moment.actor {
            if *name != request.tenant {
                return Err(Refusal::new(Why::NotAllowed, format!("this token orders for {name} only")));
            }
        } else {
            self.demand(Role::Operator)?;
        }
        if let Some(known) = self.repeated(request)? {
            return Ok(Answer::Ordered(Box::new(known)));
        }
        self.within_quota(request)?;
        let mut placed = self.read(request)?;
        let unproven = self.known_tenant(&request.tenant, shown)?;
        if request.site.is_any() {
            self.choose_site(&mut placed, request.all_new, shown)?;
        }
        let id = OrderId(self.world.orders.get_max().map_or(1, |(last, _)| last.0 + 1));
        let subject = Subject::Order(id);
        self.emit(subject, OrderEvent::OrderPlaced { placed: Box::new(placed.clone()) });
        let mut told = Vec::new();
        let mut draws = 0;
        for (number, line) in (1..).zip(&placed.lines) {
            let mut outcome = OrderedLine {
                understood: line.spec.to_string().into(),
                unclear: line.unclear.clone(),
                reserved: Vec::new(),
                to_buy: 0,
                taken: Vec::new(),
            };
            if !request.all_new {
                self.reserve_matches(id, number, line, &mut outcome);
            }
            outcome.to_buy = line.quantity - outcome.reserved.len() as u32;
            for _ in 0..outcome.to_buy {
                let unit = self.mint(&mut draws);
                let (site, tenant, model) = (placed.site.clone(), placed.tenant.clone(), line.model.clone());
                let ordered = EntryEvent::UnitOrdered { order: id, line: number, site, tenant, model };
                self.emit(Subject::Unit(unit), ordered);
            }
            told.push(outcome);
        }
        if told.iter().any(|l| l.to_buy > 0) {
            self.open_deals(id, request);
        }
        let (site, routed) = (Some(placed.site), placed.routed);
        Ok(Answer::Ordered(Box::new(Ordered { order: id, lines: told, site, routed, unproven })))
    }

    /// The order that was placed before under the same key.
    fn repeated(&self, request: &OrderRequest) -> Result<Option<Ordered>, Refusal> {
        let Some(key) = &request.key else { return Ok(None) };
        let Some(order) = self.world.by_key(&request.tenant, &key.word) else { return Ok(None) };
        if order.key.as_ref() != Some(key) {
            let text =
                format!("the key {} was used for order {}, which asked for something else", key.word, order.reference);
            return Err(Refusal::new(Why::Conflict, text));
        }
        let line = |l: &crate::order::Line| OrderedLine {
            understood: l.spec.to_string().into(),
            unclear: l.unclear.clone(),
            reserved: l.stock.iter().filter_map(|r| Some(self.world.unit(r.unit)?.label().into())).collect(),
            to_buy: l.units.len() as u32,
            taken: Vec::new(),
        };
        let (site, routed) = (Some(order.site.clone()), order.routed.clone());
        let lines = order.lines.iter().map(line).collect();
        Ok(Some(Ordered { order: order.id, lines, site, routed, unproven: None }))
    }

    /// Whether a tenant may end this order: its own, until it is bought and as long as nothing of it was given.
    pub(crate) fn tenant_may_end(&self, tenant: &Text, id: OrderId) -> Result<(), Refusal> {
        // Of others' orders a tenant does not even learn that there are any.
        let order = self.known_order(id)?;
        if order.tenant != *tenant {
            return Err(no_order(id));
        }
        let conflict = |text: String| Err(Refusal::new(Why::Conflict, text));
        if order.purchase.is_some() && order.end.is_none() {
            return conflict(format!("order {} is bought already: ask the operators to cancel it", order.reference));
        }
        if order.kept().any(|(_, r)| r.assigned) {
            return conflict(format!(
                "servers of order {} are assigned already: ask the operators to cancel it",
                order.reference
            ));
        }
        Ok(())
    }

    /// What is wrong with a request is told before anything of it is done.
    fn read(&self, request: &OrderRequest) -> Result<Placed, Refusal> {
        let invalid = |text: String| Err(Refusal::new(Why::Invalid, text));
        if request.tenant.trim().is_empty() {
            return invalid("an order is for a tenant: give its slug".into());
        }
        if !request.site.is_any() && !self.policy.runs(request.site.as_str()) {
            return invalid(format!("{} is no site of this daemon's", request.site));
        }
        if request.lines.is_empty() || request.lines.len() > MAX_LINES {
            return invalid(format!("an order has 1 to {MAX_LINES} lines"));
        }
        let mut lines = Vec::new();
        for (number, wish) in (1_u16..).zip(&request.lines) {
            if wish.quantity == 0 || wish.quantity > MAX_QUANTITY {
                return invalid(format!("line {number}: 1 to {MAX_QUANTITY} servers"));
            }
            let understood = spec::read(&wish.spec);
            if understood.spec.is_empty() {
                let why = understood.unclear.first().map_or("it says nothing", |u| u.why.as_str());
                return invalid(format!("line {number}: nothing was understood of `{}`: {why}", wish.spec));
            }
            if !understood.unclear.is_empty() && !request.as_understood {
                let parts: Vec<_> = understood.unclear.iter().map(|u| format!("`{}`: {}", u.part, u.why)).collect();
                return invalid(format!(
                    "line {number}: understood {}; not understood {}. Write it otherwise, or order it as understood",
                    understood.spec,
                    parts.join("; ")
                ));
            }
            lines.push(PlacedLine {
                words: wish.spec.clone(),
                spec: understood.spec,
                unclear: understood.unclear,
                quantity: wish.quantity,
                model: wish.model.clone(),
            });
        }
        if let Some(unknown) =
            request.sellers.iter().find(|s| !self.policy.purchase.sellers.iter().any(|t| t.id == **s))
        {
            return invalid(format!("no vendor is called `{unknown}` in the configuration"));
        }
        let prefix = self.world.stream.prefix(&self.policy.site);
        let reference = format!("{prefix}{}", self.world.placed_by(&request.tenant) + 1);
        Ok(Placed {
            tenant: request.tenant.clone(),
            site: request.site.clone(),
            routed: request.routed.clone(),
            needed_by: request.needed_by,
            note: request.note.clone(),
            key: request.key.clone(),
            reference: Some(reference.into()),
            lines,
        })
    }

    /// Keeps what serves exactly or better. A near match is a person's choice.
    fn reserve_matches(&mut self, id: OrderId, number: u16, line: &PlacedLine, outcome: &mut OrderedLine) {
        let Some(site) = self.world.order(id).map(|o| o.site.clone()) else { return };
        let serves = |fit: Fit| matches!(fit, Fit::Exact | Fit::Better);
        let pool = pool(&self.world, Some(&site));
        let until = self.moment.now + self.policy.purchase.reserve_for;
        for found in matches(&line.spec, &pool.free) {
            if !serves(found.fit) || outcome.reserved.len() as u32 == line.quantity {
                break;
            }
            let event =
                Event::Order(OrderEvent::StockReserved { line: number, unit: found.unit, until, instead_of: None });
            self.emit(Subject::Order(id), event);
            outcome.reserved.push(found.label);
        }
        if (outcome.reserved.len() as u32) < line.quantity {
            let taken = matches(&line.spec, &pool.kept).into_iter().filter(|m| serves(m.fit));
            for found in taken.filter(|m| self.world.reserved_for(m.unit) != Some(id)).take(TAKEN) {
                outcome.taken.push(format!("{} {}", found.label, self.whose(found.unit)).into());
            }
        }
    }

    /// For whom a server of the pool is kept.
    fn whose(&self, unit: UnitId) -> String {
        let Some(id) = self.world.reserved_for(unit) else { return "is free".into() };
        let kept = self.world.order(id).and_then(|o| o.kept().find(|(_, r)| r.unit == unit));
        match kept {
            Some((_, r)) if r.assigned => format!("was assigned by order {id}"),
            Some((_, r)) => format!("is reserved for order {id} by {} until {}", r.by, r.until),
            None => format!("is reserved for order {id}"),
        }
    }

    fn mint(&self, draws: &mut u128) -> UnitId {
        // One draw serves a whole order: ids of one moment differ in the low bits.
        let entropy = u128::from_be_bytes(self.moment.entropy.0).wrapping_add(*draws);
        *draws += 1;
        UnitId::mint(self.moment.now, Entropy(entropy.to_be_bytes()))
    }

    fn open_deals(&mut self, id: OrderId, request: &OrderRequest) {
        let policy = &self.policy.purchase;
        let asked = |t: &&crate::policy::Terms| request.sellers.is_empty() || request.sellers.contains(&t.id);
        for terms in policy.sellers.iter().filter(asked).cloned().collect::<Vec<_>>() {
            self.open_deal(DealId { order: id, seller: terms.id });
        }
    }

    /// Opens a deal with a vendor of the configuration, or one by hand with any other.
    pub(crate) fn open_deal(&mut self, id: DealId) {
        if self.world.deal(id).is_some() {
            return;
        }
        let terms = self.policy.purchase.sellers.iter().find(|t| t.id == id.seller);
        let (title, vendor, by_hand) = terms.map_or_else(
            || (Text::new(id.seller.as_str()), crate::bmc::Vendor::Other, true),
            |t| (t.title.clone(), t.vendor, t.by_hand),
        );
        let patience = self.policy.purchase.patience.as_secs();
        let request = Some(request_number(&self.world.stream.prefix(&self.policy.site), id));
        self.emit(Subject::Deal(id), DealEvent::DealOpened { title, vendor, by_hand, patience, request });
    }

    pub(crate) fn known_order(&self, id: OrderId) -> Result<&Order, Refusal> {
        self.world.order(id).ok_or_else(|| no_order(id))
    }

    /// An order that has not ended.
    pub(crate) fn open_order(&self, id: OrderId) -> Result<&Order, Refusal> {
        let order = self.known_order(id)?;
        match &order.end {
            None => Ok(order),
            Some(end) => {
                let how = if end.rejected { "rejected" } else { "cancelled" };
                Err(Refusal::new(Why::Conflict, format!("order {id} was {how} by {}: {}", end.by, end.reason)))
            }
        }
    }

    /// Keeps this very server for a line: again, longer; or in place of one that would be bought.
    pub(crate) fn reserve(&mut self, id: OrderId, number: u16, unit: UnitId) -> Result<Answer, Refusal> {
        let until = self.moment.now + self.policy.purchase.reserve_for;
        let conflict = |text: String| Err(Refusal::new(Why::Conflict, text));
        let label = self.known(unit)?.label();
        let order = self.open_order(id)?;
        let Some(line) = order.line(number) else {
            return Err(Refusal::new(Why::NotFound, format!("order {id} has no line {number}")));
        };
        if let Some(kept) = line.stock.iter().find(|r| r.unit == unit) {
            if kept.assigned {
                return Ok(Answer::Already);
            }
            let event = OrderEvent::StockReserved { line: number, unit, until, instead_of: None };
            self.emit(Subject::Order(id), event);
            return Ok(Answer::Done);
        }
        if self.world.reserved_for(unit).is_some() {
            return conflict(format!("{label} {}", self.whose(unit)));
        }
        let server = self.known(unit)?;
        if server.stage != Stage::Ready || server.disposition != Disposition::Normal {
            return conflict(format!(
                "{label} is {} and {}: only what is ready can be kept",
                server.stage, server.disposition
            ));
        }
        if server.site != order.site {
            return conflict(format!("{label} stands in {}, the order is for {}", server.site, order.site));
        }
        // What ran out left a gap, which is filled first; only then does the pool serve in a purchase's place.
        let instead_of = line.units.last().copied().filter(|_| line.short() == 0);
        if instead_of.is_none() && line.short() == 0 {
            return conflict(format!("line {number} has all of its {} servers", line.quantity));
        }
        if instead_of.is_some() && order.purchase.is_some() {
            return conflict(format!("order {id} is bought already: cancel it, or take the server for another"));
        }
        self.emit(Subject::Order(id), OrderEvent::StockReserved { line: number, unit, until, instead_of });
        if let Some(minted) = instead_of {
            self.end_unit(minted, &format!("{label} serves in its place"));
        }
        Ok(Answer::Done)
    }

    /// Gives a reserved server back to the pool.
    pub(crate) fn release_stock(&mut self, unit: UnitId, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        let Some(id) = self.world.reserved_for(unit) else { return Ok(Answer::Already) };
        let order = self.known_order(id)?;
        let Some((line, kept)) = order.kept().find(|(_, r)| r.unit == unit) else { return Ok(Answer::Already) };
        if kept.assigned {
            return Err(Refusal::new(Why::Conflict, format!("it was assigned by order {id}: unassign it there")));
        }
        self.emit(Subject::Order(id), OrderEvent::StockReleased { line, unit, reason: reason.clone() });
        Ok(Answer::Done)
    }

    /// Gives the tenant what is reserved.
    pub(crate) fn assign_stock(&mut self, id: OrderId) -> Result<Answer, Refusal> {
        let order = self.open_order(id)?;
        let (site, tenant) = (order.site.clone(), order.tenant.clone());
        let kept: Vec<(u16, UnitId)> = order.unassigned().map(|(n, r)| (n, r.unit)).collect();
        if kept.is_empty() {
            return Err(Refusal::new(Why::Conflict, format!("nothing is reserved for order {id}")));
        }
        for (_, unit) in &kept {
            let server = self.known(*unit)?;
            if server.stage != Stage::Ready || server.disposition != Disposition::Normal || server.site != site {
                let text =
                    format!("{} is {} and {}: release it first", server.label(), server.stage, server.disposition);
                return Err(Refusal::new(Why::Conflict, text));
            }
        }
        for (line, unit) in kept {
            self.emit(Subject::Order(id), OrderEvent::StockAssigned { line, unit });
            self.enter(unit, Stage::AssignedToTenant, Proof::Assigned, &format!("order {id} of {tenant}"));
        }
        Ok(Answer::Done)
    }

    /// Ends an order: what was done for it is undone in reverse.
    pub(crate) fn end_order(&mut self, id: OrderId, rejected: bool, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        let order = self.known_order(id)?;
        if order.end.is_some() {
            return Ok(Answer::Already);
        }
        if rejected && order.purchase.is_some() {
            let text = format!("order {id} was approved and bought: cancel it");
            return Err(Refusal::new(Why::Conflict, text));
        }
        let units: Vec<UnitId> = order.bought().collect();
        let gone = |u: &UnitId| self.world.unit(*u).is_some_and(|u| u.stage >= Stage::AssignedToTenant);
        if let Some(unit) = units.iter().find(|u| gone(u)) {
            let text = format!("{} has a tenant: unassign it first", self.known(*unit)?.label());
            return Err(Refusal::new(Why::Conflict, text));
        }
        let kept: Vec<(u16, UnitId)> = order.unassigned().map(|(n, r)| (n, r.unit)).collect();
        let deals: Vec<DealId> = self.world.deals_of(order).map(|d| d.id).collect();
        let subject = Subject::Order(id);
        self.emit(subject, OrderEvent::OrderEnded { rejected, reason: reason.clone() });
        let why = Text::from(format!("order {id} was {}: {reason}", if rejected { "rejected" } else { "cancelled" }));
        for unit in units {
            self.return_unit(unit, &why);
        }
        for deal in deals {
            self.emit(Subject::Deal(deal), DealEvent::DealEnded { reason: why.clone() });
        }
        for (line, unit) in kept {
            self.emit(subject, OrderEvent::StockReleased { line, unit, reason: why.clone() });
        }
        Ok(Answer::Done)
    }

    /// A server whose order ended: not bought, or to be sent back.
    fn return_unit(&mut self, id: UnitId, why: &Text) {
        let Some(unit) = self.world.unit(id) else { return };
        let here = !unit.stage.is_on_order();
        if here {
            let text = format!("pack it for its return: {why}");
            self.open_task(id, crate::lifecycle::task::TaskKind::ReturnToVendor, Role::Technician, &text);
        }
        self.end_unit(id, why);
    }

    fn end_unit(&mut self, id: UnitId, why: &str) {
        let Some(from) = self.world.unit(id).map(|u| u.disposition) else { return };
        if from != Disposition::Cancelled {
            self.give_back(id, &why.into());
            let event =
                Event::Life(LifeEvent::DispositionChanged { from, to: Disposition::Cancelled, reason: why.into() });
            self.emit(Subject::Unit(id), event);
        }
    }

    /// What time has brought about.
    pub(crate) fn review(&mut self, subject: Subject) -> Answer {
        let now = self.moment.now;
        match subject {
            Subject::Order(id) => {
                let Some(order) = self.world.order(id) else { return Answer::Already };
                let over = |r: &&(u16, UnitId, crate::time::Timestamp)| r.2 <= now;
                let kept: Vec<_> = order.unassigned().map(|(n, r)| (n, r.unit, r.until)).collect();
                for (line, unit, until) in kept.iter().filter(over) {
                    let reason = format!("nobody assigned it until {until}").into();
                    self.emit(subject, OrderEvent::StockReleased { line: *line, unit: *unit, reason });
                }
            }
            Subject::Deal(id) => {
                let Some(deal) = self.world.deal(id) else { return Answer::Already };
                let late = deal.chased.is_some() && deal.quotes.is_empty() && deal.due().is_some_and(|d| d <= now);
                if late && deal.overdue.is_none() && deal.ended.is_none() {
                    self.emit(subject, DealEvent::QuoteOverdue {});
                    self.judge_offers(id.order);
                }
            }
            Subject::Unit(_) | Subject::Bmc(_) | Subject::Plan(_) | Subject::Journal => {}
        }
        Answer::Done
    }

    /// What a server of the pool is, by a person's word.
    pub(crate) fn describe(&mut self, id: UnitId, words: &Text) -> Result<Answer, Refusal> {
        let understood = spec::read(words);
        if let Some(unclear) = understood.unclear.first() {
            return Err(Refusal::new(Why::Invalid, format!("`{}`: {}", unclear.part, unclear.why)));
        }
        if understood.spec.is_empty() {
            return Err(Refusal::new(Why::Invalid, "it says nothing"));
        }
        if self.known(id)?.told.as_ref() == Some(&understood.spec) {
            return Ok(Answer::Already);
        }
        self.emit(Subject::Unit(id), EntryEvent::SpecTold { spec: understood.spec });
        Ok(Answer::Done)
    }
}
