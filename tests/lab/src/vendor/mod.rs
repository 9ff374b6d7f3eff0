//! Vendors: what arrives at one, what it answers after a while, what it ships. One state machine behind every way to
//! reach it; the ways are in files of their own. What tests look at is what really arrived, copies counted.

mod dell;
pub mod endpoint;
mod hpe;
mod page;
pub mod post;
pub mod price;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::procurement::money::Currency;
use rackhand_core::time::Timestamp;

use crate::faults::lock;
use crate::host::{Host, Reply, Request};
pub use page::{CLIENT, SECRET};
use price::Book;

/// How a vendor behaves. It may be changed while it runs; what has happened stays.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Time from a request to its quote; `None` is never.
    pub quotes_after: Option<Duration>,
    /// Another quote in place of the first, this much later, so many per cent dearer.
    pub revises: Option<(Duration, u32)>,
    /// Does not want requests, with these words.
    pub declines: Option<String>,
    /// Takes what is new with 202, and lists it only after this time.
    pub lists_after: Duration,
    /// Time from an order to its confirmation; `None` is never.
    pub confirms_after: Option<Duration>,
    /// Confirms prices so many per cent dearer.
    pub confirms_dearer: u32,
    /// Does not want orders, with these words.
    pub rejects: Option<String>,
    /// Cancels nothing, with these words.
    pub keeps_orders: Option<String>,
    /// Times from an order to its shipments; the servers are divided among them.
    pub ships_after: Vec<Duration>,
    /// Time from a shipment to its arrival.
    pub transit: Duration,
    /// The carrier's code.
    pub carrier: &'static str,
    /// Time a quote holds.
    pub holds: Duration,
    /// Its prices.
    pub book: Book,
}

impl Default for Manner {
    fn default() -> Self {
        let days = |n: u64| Duration::from_secs(n * 86_400);
        Self {
            quotes_after: Some(Duration::from_secs(3_600)),
            revises: None,
            declines: None,
            lists_after: Duration::ZERO,
            confirms_after: Some(Duration::from_secs(1_800)),
            confirms_dearer: 0,
            rejects: None,
            keeps_orders: None,
            ships_after: vec![days(14)],
            transit: days(3),
            carrier: "UPSN",
            holds: days(30),
            book: Book::default(),
        }
    }
}

/// Which vendor it plays, and so which API it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum House {
    /// HPE's.
    Hpe,
    /// Dell's.
    Dell,
}

/// A server it has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Serial or service tag.
    pub serial: String,
    /// Its BMC's MAC.
    pub bmc_mac: Mac,
    /// Model.
    pub model: String,
}

/// What servers are made for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The order's number, ours.
    pub order: String,
    /// Its line.
    pub line: u16,
    /// How many.
    pub quantity: u32,
    /// What each is, as it was asked for; empty where it was not asked here.
    pub spec: String,
}

/// Makes servers: so that those very ones can appear later as servers of the lab.
pub type Supplier = Box<dyn FnMut(&Wanted) -> Vec<Made> + Send>;

/// A vendor.
pub struct Vendor {
    pub(crate) house: House,
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub manner: Manner,
    pub requests: Vec<Asked>,
    pub orders: Vec<Ordered>,
    pub messages: Vec<Message>,
    pub arrivals: Arrivals,
    pub tokens: Vec<(String, Timestamp)>,
    pub tokens_given: u64,
    supplier: Option<Supplier>,
    made: u32,
}

/// What really arrived, by our numbers; a copy counts like the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Requests.
    pub requests: BTreeMap<String, u32>,
    /// Reminders.
    pub chases: BTreeMap<String, u32>,
    /// Withdrawals, by the request's number.
    pub withdrawals: BTreeMap<String, u32>,
    /// Orders.
    pub orders: BTreeMap<String, u32>,
    /// Cancellations, by the order's number.
    pub cancels: BTreeMap<String, u32>,
}

/// A request it has.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its own number, from 1.
    pub id: u32,
    /// Our number.
    pub ours: String,
    /// When it came.
    pub at: Timestamp,
    /// The currency.
    pub currency: Currency,
    /// Line, quantity and specification.
    pub lines: Vec<(u16, u32, String)>,
    /// Whether we withdrew it.
    pub withdrawn: bool,
}

/// An order it has.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// Its own number, from 1.
    pub id: u32,
    /// Our number.
    pub ours: String,
    /// When it came.
    pub at: Timestamp,
    /// The quote it accepts, as it was sent.
    pub quote: String,
    /// The currency.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<OrderedLine>,
    /// Freight, in minor units.
    pub freight: u64,
    /// The total as it was sent, in minor units.
    pub total: u64,
    /// Why it is cancelled.
    pub cancelled: Option<String>,
    /// The servers made for it, with their lines.
    pub servers: Vec<(u16, Made)>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedLine {
    /// Its number.
    pub line: u16,
    /// The part.
    pub part: String,
    /// How many.
    pub quantity: u32,
    /// For each, in minor units.
    pub unit_price: u64,
}

/// A message on a request.
#[derive(Clone, Debug)]
pub struct Message {
    /// The request's own number.
    pub of: u32,
    /// Our number.
    pub ours: String,
    /// What it says.
    pub text: String,
}

/// An offer as it stands at a moment.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The request's number with the vendor.
    pub id: u32,
    /// Our number of the request.
    pub ours: String,
    /// From 1.
    pub revision: u32,
    /// Whether a newer one took its place.
    pub superseded: bool,
    /// The currency.
    pub currency: Currency,
    /// Until when it holds.
    pub until: Timestamp,
    /// Its lines.
    pub lines: Vec<OfferLine>,
    /// Freight, in minor units.
    pub freight: u64,
    /// In all, in minor units.
    pub total: u64,
}

/// A line of an offer.
#[derive(Clone, Debug)]
pub struct OfferLine {
    /// Our line.
    pub line: u16,
    /// How many.
    pub quantity: u32,
    /// What it costs and is.
    pub priced: price::Priced,
}

/// A shipment that has left.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// The order's number with the vendor.
    pub order: u32,
    /// Our number of the order.
    pub ours: String,
    /// Which of the order's, from 1.
    pub part: usize,
    /// When it left.
    pub at: Timestamp,
    /// When it is to arrive.
    pub eta: Timestamp,
    /// The carrier's number.
    pub tracking: String,
    /// What is in it, with the lines.
    pub servers: Vec<(u16, Made)>,
}

/// How taking something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is new and listed.
    New(u32),
    /// It is new and will be listed later.
    Later(u32),
    /// It is there already.
    There(u32),
}

impl Vendor {
    /// A vendor of this house that behaves well.
    pub fn new(house: House) -> Self {
        Self::of(house, Manner::default())
    }

    /// The same with these manners.
    pub fn of(house: House, manner: Manner) -> Self {
        Self { house, state: Mutex::new(State { manner, ..State::default() }) }
    }

    /// Which vendor it plays.
    pub fn house(&self) -> House {
        self.house
    }

    /// Changes its manners.
    pub fn behave(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut lock(&self.state).manner);
    }

    /// From now on servers are made by this.
    pub fn supply(&self, supplier: Supplier) {
        lock(&self.state).supplier = Some(supplier);
    }

    /// What really arrived.
    pub fn arrivals(&self) -> Arrivals {
        lock(&self.state).arrivals.clone()
    }

    /// Its orders.
    pub fn orders(&self) -> Vec<Ordered> {
        lock(&self.state).orders.clone()
    }

    /// Its requests.
    pub fn requests(&self) -> Vec<Asked> {
        lock(&self.state).requests.clone()
    }

    /// What we wrote to it.
    pub fn messages(&self) -> Vec<Message> {
        lock(&self.state).messages.clone()
    }

    /// What has left until `now`.
    pub fn shipments(&self, now: Timestamp) -> Vec<Shipment> {
        let state = lock(&self.state);
        state.orders.iter().flat_map(|o| state.shipped(self.house, o, now)).collect()
    }

    /// Its offers at `now`.
    pub fn offers(&self, now: Timestamp) -> Vec<Offer> {
        let state = lock(&self.state);
        state.requests.iter().flat_map(|r| state.offered(r, now)).collect()
    }

    /// Tokens it has given.
    pub fn tokens_given(&self) -> u64 {
        lock(&self.state).tokens_given
    }

    /// Takes every token back, before its time.
    pub fn forget_tokens(&self) {
        lock(&self.state).tokens.clear();
    }
}

impl Host for Vendor {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        match self.house {
            House::Hpe => hpe::answer(self, request, now),
            House::Dell => dell::answer(self, request, now),
        }
    }
}

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
            let spec = self.spec_of(&ordered.quote, line.line);
            let wanted = Wanted { order: ordered.ours.clone(), line: line.line, quantity: line.quantity, spec };
            let made = match &mut self.supplier {
                Some(supplier) => supplier(&wanted),
                None => invent(house, &mut self.made, &wanted),
            };
            made.into_iter().map(|m| (wanted.line, m)).collect::<Vec<_>>()
        });
        let servers = servers.collect();
        self.orders.push(Ordered { id, servers, ..ordered });
        self.taken(id)
    }

    /// What a line of ours asked for, by the number of the quote that answers it.
    fn spec_of(&self, quote: &str, line: u16) -> String {
        let of = self
            .requests
            .iter()
            .find(|r| (1..=99).any(|n| hpe::quote_number(r.id, n) == quote || dell::quote_number(r.id, n) == quote));
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
            tracking: format!("1Z{}{:06}{:08}", if house == House::Hpe { "H1" } else { "D1" }, order.id, n + 1),
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

/// Servers that follow from how many were made before.
fn invent(house: House, made: &mut u32, wanted: &Wanted) -> Vec<Made> {
    let make = |_| {
        *made += 1;
        let (high, low) = ((*made >> 8) as u8, *made as u8);
        match house {
            House::Hpe => Made {
                serial: format!("CZ26{:06}", *made),
                bmc_mac: Mac([0x94, 0x40, 0xC9, 0x26, high, low]),
                model: "ProLiant DL380 Gen11".to_owned(),
            },
            House::Dell => Made {
                serial: format!("{:07}", 6_000_000 + *made).replace('0', "K"),
                bmc_mac: Mac([0xD0, 0x8E, 0x79, 0x26, high, low]),
                model: "PowerEdge R760".to_owned(),
            },
        }
    };
    (0..wanted.quantity).map(make).collect()
}
