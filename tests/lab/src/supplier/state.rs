//! What a vendor does with what it was sent, and what has become of it at a moment.

use std::collections::BTreeMap;

use rackhand_core::time::Timestamp;

use super::{Asked, House, Message, Offer, OfferLine, Ordered, Shipment, State, Taken, Wanted};

fn count(of: &mut BTreeMap<String, u32>, number: &str) {
    *of.entry(number.to_owned()).or_default() += 1;
}

impl State {
    fn taken(&self, id: u32) -> Taken {
        if self.manner.lists_after.is_zero() { Taken::New(id) } else { Taken::Later(id) }
    }

    /// Takes a request in.
    pub fn take_request(&mut self, asked: Asked) -> Taken {
        count(&mut self.arrivals.requests, &asked.ours);
        if let Some(there) = self.requests.iter().find(|r| r.ours == asked.ours && !r.withdrawn) {
            return Taken::There(there.id);
        }
        let id = self.requests.len() as u32 + 1;
        self.requests.push(Asked { id, ..asked });
        self.taken(id)
    }

    /// Takes an order in.
    pub fn take_order(&mut self, house: House, ordered: Ordered) -> Taken {
        count(&mut self.arrivals.orders, &ordered.ours);
        if let Some(there) = self.orders.iter().find(|o| o.ours == ordered.ours) {
            return Taken::There(there.id);
        }
        let id = self.orders.len() as u32 + 1;
        let servers = ordered.lines.iter().flat_map(|line| {
            let spec = self.spec_of(house, &ordered.quote, line.line);
            let wanted = Wanted { order: ordered.ours.clone(), line: line.line, quantity: line.quantity, spec };
            let made = match &mut self.supplier {
                Some(supplier) => supplier(&wanted),
                None => {
                    let first = self.made + 1;
                    self.made += wanted.quantity;
                    (first..=self.made).map(|n| house.invent(n)).collect()
                }
            };
            made.into_iter().map(|m| (wanted.line, m)).collect::<Vec<_>>()
        });
        let servers = servers.collect();
        self.orders.push(Ordered { id, servers, ..ordered });
        self.taken(id)
    }

    /// What a line of ours asked for, by the number of the quote that answers it.
    fn spec_of(&self, house: House, quote: &str, line: u16) -> String {
        let of = self.requests.iter().find(|r| (1..=99).any(|n| house.quote(r.id, n) == quote));
        let lines = of.map_or(&[][..], |r| &r.lines);
        lines.iter().find(|(n, ..)| *n == line).map_or(String::new(), |(.., spec)| spec.clone())
    }

    /// Whether something that came at `at` is listed at `now`.
    pub fn listed(&self, at: Timestamp, now: Timestamp) -> bool {
        now >= at + self.manner.lists_after
    }

    /// The offers on a request at `now`.
    pub fn offered(&self, asked: &Asked, now: Timestamp) -> Vec<Offer> {
        let Some(after) = self.manner.quotes_after.filter(|_| !asked.withdrawn && self.manner.declines.is_none())
        else {
            return Vec::new();
        };
        let first = asked.at + after;
        let second = self.manner.revises.map(|(later, dearer)| (first + later, dearer));
        let both = [Some((first, 0)), second];
        let due = both.into_iter().flatten().filter(|(at, _)| now >= *at).collect::<Vec<_>>();
        let newest = due.len();
        let offers = due.into_iter().enumerate().map(|(n, (at, dearer))| {
            let lines: Vec<OfferLine> = asked
                .lines
                .iter()
                .map(|(line, quantity, spec)| {
                    let priced = self.manner.book.price(spec, dearer);
                    OfferLine { line: *line, quantity: *quantity, priced }
                })
                .collect();
            let freight = self.manner.book.freight;
            let sum: u64 = lines.iter().map(|l| l.priced.total() * u64::from(l.quantity)).sum();
            Offer {
                id: asked.id,
                ours: asked.ours.clone(),
                revision: n as u32 + 1,
                superseded: n + 1 < newest,
                currency: asked.currency,
                until: at + self.manner.holds,
                lines,
                freight,
                total: sum + freight,
            }
        });
        offers.collect()
    }

    /// What the vendor says of an order at `now`: `None` is not a word yet.
    pub fn verdict(&self, house: House, order: &Ordered, now: Timestamp) -> Option<Verdict> {
        if order.cancelled.is_some() {
            return Some(Verdict::Cancelled);
        }
        if !self.shipped(house, order, now).is_empty() {
            return Some(Verdict::Shipped);
        }
        let said = self.manner.confirms_after.is_some_and(|after| now >= order.at + after);
        said.then_some(match (&self.manner.rejects, self.manner.confirms_dearer) {
            (Some(_), _) => Verdict::Rejected,
            (None, 0) => Verdict::Confirmed,
            (None, _) => Verdict::Changed,
        })
    }

    /// A price as it is confirmed.
    pub fn confirmed_price(&self, price: u64) -> u64 {
        price + price * u64::from(self.manner.confirms_dearer) / 100
    }

    /// An order's total as it is confirmed.
    pub fn confirmed_total(&self, order: &Ordered) -> u64 {
        let lines = order.lines.iter().map(|l| self.confirmed_price(l.unit_price) * u64::from(l.quantity));
        lines.sum::<u64>() + order.freight
    }

    /// When an order's last server is to arrive.
    pub fn promised(&self, order: &Ordered) -> Timestamp {
        order.at + self.manner.ships_after.last().copied().unwrap_or_default() + self.manner.transit
    }

    /// An order's shipments that have left until `now`.
    pub fn shipped(&self, house: House, order: &Ordered, now: Timestamp) -> Vec<Shipment> {
        let never = order.cancelled.is_some() || self.manner.rejects.is_some() || self.manner.confirms_after.is_none();
        let parts = self.manner.ships_after.len();
        if never || parts == 0 {
            return Vec::new();
        }
        let share = order.servers.len().div_ceil(parts).max(1);
        let chunks = order.servers.chunks(share).zip(&self.manner.ships_after).enumerate();
        let left = chunks.filter(|(_, (_, after))| now >= order.at + **after);
        let shipments = left.map(|(n, (servers, after))| Shipment {
            order: order.id,
            ours: order.ours.clone(),
            part: n + 1,
            at: order.at + *after,
            eta: order.at + *after + self.manner.transit,
            tracking: format!("{}{:06}{:08}", house.tracking(), order.id, n + 1),
            servers: servers.to_vec(),
        });
        shipments.collect()
    }

    /// Cancels an order, or says why not.
    pub fn cancel(&mut self, house: House, id: u32, reason: &str, now: Timestamp) -> Option<Result<(), String>> {
        let order = self.orders.iter().find(|o| o.id == id)?;
        count(&mut self.arrivals.cancels, &order.ours);
        if let Some(words) = &self.manner.keeps_orders {
            return Some(Err(words.clone()));
        }
        if !self.shipped(house, order, now).is_empty() {
            return Some(Err("The order has already shipped.".to_owned()));
        }
        let order = self.orders.iter_mut().find(|o| o.id == id)?;
        order.cancelled = Some(reason.to_owned());
        Some(Ok(()))
    }

    /// Withdraws a request; `None` where there is none.
    pub fn withdraw(&mut self, id: u32) -> Option<()> {
        let request = self.requests.iter_mut().find(|r| r.id == id)?;
        request.withdrawn = true;
        count(&mut self.arrivals.withdrawals, &request.ours);
        Some(())
    }

    /// Takes a message in; `None` where there is no such request.
    pub fn take_message(&mut self, message: Message) -> Option<Taken> {
        self.requests.iter().find(|r| r.id == message.of)?;
        count(&mut self.arrivals.chases, &message.ours);
        if let Some(at) = self.messages.iter().position(|m| m.ours == message.ours) {
            return Some(Taken::There(at as u32 + 1));
        }
        self.messages.push(message);
        Some(Taken::New(self.messages.len() as u32))
    }
}

/// What a vendor says of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it was sent.
    Confirmed,
    /// With other prices.
    Changed,
    /// Not.
    Rejected,
    /// Cancelled.
    Cancelled,
    /// It has left.
    Shipped,
}
