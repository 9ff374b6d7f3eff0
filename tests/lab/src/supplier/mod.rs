//! Vendors: what arrives at one, what it answers after a while, what it ships. One state machine behind every way to
//! reach it; the ways are in files of their own. What tests look at is what really arrived, copies counted.

mod api;
pub mod endpoint;
mod house;
mod login;
pub mod post;
pub mod price;
mod state;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::purchase::money::Currency;
use rackhand_core::time::Timestamp;

use crate::faults::lock;
use crate::host::{Host, Reply, Request};
pub use house::House;
pub use login::{CLIENT, SECRET};
use price::Book;
pub use state::Verdict;

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

impl Manner {
    /// One who does the same as this one for less money, slower, with less warranty, and holds its offers shorter.
    #[must_use]
    pub fn rival(&self) -> Self {
        let book = &self.book;
        let cheaper = Book {
            base: book.base - book.base / 12,
            memory_gb: book.memory_gb + 12,
            freight: book.freight * 2,
            lead_days: book.lead_days + 14,
            warranty_months: book.warranty_months - 12,
            ..book.clone()
        };
        Self { holds: self.holds / 2, book: cheaper, ..self.clone() }
    }
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

    /// Whether its list shows what is new only after a while.
    pub fn lags(&self) -> bool {
        !lock(&self.state).manner.lists_after.is_zero()
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

    /// Its orders that it delivers, or will: neither cancelled nor turned down.
    pub fn standing_orders(&self, now: Timestamp) -> Vec<Ordered> {
        let state = lock(&self.state);
        let gone =
            |o: &&Ordered| matches!(state.verdict(self.house, o, now), Some(Verdict::Cancelled | Verdict::Rejected));
        state.orders.iter().filter(|o| !gone(o)).cloned().collect()
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
        api::answer(self, request, now)
    }
}
