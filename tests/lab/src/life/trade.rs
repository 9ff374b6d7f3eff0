//! Who buys: approvers who compare and decide, operators who help a purchase on or end it.

use rackhand_core::decide::Refusal;
use rackhand_core::decide::command::Command;
use rackhand_core::flow;
use rackhand_core::flow::next::Wait;
use rackhand_core::id::{OrderId, Subject};
use rackhand_core::order::{Order, OrderState};
use rackhand_core::purchase::money::Money;
use rackhand_core::purchase::next::{for_order, state};
use rackhand_core::purchase::tender::comparison;
use rand::RngExt as _;

use super::Life;
use super::people::{ANNA, BERTA, CARL, OTTO, is_away};

impl Life {
    /// Everybody who has to do with orders looks at them.
    pub(super) async fn mind_trade(&mut self) -> Result<(), String> {
        let ids: Vec<OrderId> = self.world()?.orders.keys().copied().collect();
        for id in ids {
            if !self.busy() {
                self.mind_order(id).await?;
            }
        }
        let deals: Vec<_> = self.world()?.deals.keys().copied().collect();
        for id in deals {
            let world = self.world()?;
            let waits = flow::next(&world, Subject::Deal(id), self.now()).map(|n| n.waits).unwrap_or_default();
            for wait in waits.iter().filter(|w| w.who.is_some()) {
                if let Some(step) = wait.step {
                    let generation = world.deal(id).map_or(1, |d| d.steps.generation(step));
                    self.unstick(Subject::Deal(id), step, generation, wait).await;
                }
            }
        }
        Ok(())
    }

    async fn mind_order(&mut self, id: OrderId) -> Result<(), String> {
        let world = self.world()?;
        let Some(order) = world.order(id).cloned() else { return Ok(()) };
        let is = state(&world, &order);
        let mut waits: Vec<Wait> = for_order(&world, &order, self.now()).waits;
        for deal in world.deals_of(&order) {
            waits.extend(flow::next(&world, Subject::Deal(deal.id), self.now()).map(|n| n.waits).unwrap_or_default());
        }
        let asks = |word: &str| waits.iter().any(|w| w.who.is_some() && w.resolve.iter().any(|r| r.as_str() == word));
        if asks("assign") {
            self.told("stock assigned", ANNA, Command::AssignStock { order: id }).await;
        } else if asks("reserve") {
            self.give_up(&order, "its servers come from nowhere").await;
        }
        match is {
            OrderState::Deciding => self.decide(&order).await?,
            OrderState::Quoting if asks("quote") && !world.deals_of(&order).any(|d| !d.is_settled()) => {
                self.give_up(&order, "nobody sells it").await;
            }
            _ if asks("accept") => self.accept(&order).await?,
            _ => {}
        }
        Ok(())
    }

    async fn give_up(&mut self, order: &Order, why: &str) {
        self.told("order given up", OTTO, Command::CancelOrder { order: order.id, reason: why.into() }).await;
    }

    async fn told(&mut self, what: &'static str, who: super::people::Person, command: Command) -> bool {
        let done = self.say(who, command).await.is_ok();
        if done {
            self.did(what);
        }
        done
    }

    /// An approver looks at the offers: waits for those that are still to come, says no to all, or approves the first.
    async fn decide(&mut self, order: &Order) -> Result<(), String> {
        let world = self.world()?;
        let now = self.now();
        let open = world.deals_of(order).any(|d| !d.is_settled());
        if open && self.rng.random_bool(0.8) {
            return Ok(());
        }
        if order.approvals.is_empty() && !self.calm && self.rng.random_bool(0.02) {
            let reason = "the project was stopped".into();
            self.told("order rejected", BERTA, Command::Reject { order: order.id, reason }).await;
            return Ok(());
        }
        let Some(desk) = self.site.as_ref().map(|s| s.desk.clone()) else { return Ok(()) };
        let Some(offers) = comparison(&world, &desk.ports.policy, order, now) else { return Ok(()) };
        let begun = order.approvals.last().map(|a| a.seller);
        let mut can_be_had = offers.offers.iter().filter(|o| o.eligible);
        let first = can_be_had.clone().find(|o| begun.is_none_or(|seller| seller == o.seller));
        let Some(first) = first.or_else(|| can_be_had.next()) else {
            // What ran out is not offered again by itself.
            if !open {
                self.give_up(order, "no offer can be bought").await;
            }
            return Ok(());
        };
        let offer = world.deals_of(order).find(|d| d.id.seller == first.seller).and_then(|d| d.offer().cloned());
        let Some((offer, total)) = offer.and_then(|o| Some((o.clone(), o.quote.payable()?))) else { return Ok(()) };
        let who = if order.approvals.iter().any(|a| a.by.as_str() == BERTA.name()) { CARL } else { BERTA };
        let approve = Command::Approve {
            order: order.id,
            seller: first.seller,
            revision: offer.revision,
            amount: total.plain().into(),
        };
        self.told("offer approved", who, approve).await;
        Ok(())
    }

    /// An approver takes what is confirmed otherwise than ordered, or, where that takes another decision, has it ended.
    async fn accept(&mut self, order: &Order) -> Result<(), String> {
        let world = self.world()?;
        let differs = world.deals_of(order).find(|d| d.confirmation().is_some_and(|c| !c.points.is_empty()));
        let Some((deal, says)) = differs.and_then(|d| Some((d, d.confirmation()?))) else { return Ok(()) };
        let currency = says.paper.currency.or(deal.purchase.as_ref().map(|p| p.currency));
        let total = says.paper.total.zip(currency);
        let amount = total.map(|(minor, currency)| Money::new(minor, currency));
        let amount = amount.map_or_else(String::new, Money::plain).into();
        let (order_id, seller, reason) = (order.id, deal.id.seller, "prices rose".into());
        let accept = Command::AcceptConfirmation { order: order_id, seller, amount, reason };
        match self.say(CARL, accept).await {
            Ok(_) => self.did("confirmation accepted"),
            Err(refusal) if is_away(&refusal) => {}
            Err(Refusal { .. }) => self.give_up(order, "it costs more than was approved").await,
        }
        Ok(())
    }
}
