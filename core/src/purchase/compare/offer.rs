//! What offers are compared by, and what comes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lines::{Line, Part};
use super::table::Row;
use crate::id::SellerId;
use crate::order::spec::Spec;
use crate::purchase::money::{Currency, Money, Rates};
use crate::purchase::paper::Quote;
use crate::text::Text;
use crate::time::Timestamp;

/// The word for what a paper does not tell.
pub const MISSING: &str = "missing";

/// One line of what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number in our order, from 1, each once.
    pub line: u16,
    /// How many servers.
    pub quantity: u32,
    /// What each shall be.
    pub spec: Spec,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who offers.
    pub seller: SellerId,
    /// What the business calls the seller or the offer, such as `Dell R660`.
    pub title: Text,
    /// The paper.
    pub quote: Quote,
    /// When it came.
    pub received: Timestamp,
    /// Why its vendor did not take an order by it, where that was so.
    pub refused: Option<Text>,
}

/// How punctual a vendor has been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Orders that were delivered, or are overdue.
    pub orders: u32,
    /// Of those, how many were late.
    pub late: u32,
    /// By how many days together.
    pub days_late: u32,
}

/// What things are worth to the business. All amounts are in minor units of the base currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The months over which servers are paid for, hence their energy.
    pub months: u16,
    /// What a megawatt hour costs (0.2850 EUR for each kWh is 28,500); `None` leaves energy out of all offers.
    pub megawatt_hour: Option<u64>,
    /// What it is worth to have one server one day earlier.
    pub day: u64,
    /// What one more month of warranty is worth for one server.
    pub warranty_month: u64,
    /// How many days late a vendor is taken to be from whom nothing was ordered yet.
    pub untried_days: u32,
    /// How many days an offer is taken to need that does not say how many.
    #[serde(default)]
    pub unknown_lead_days: u32,
}

/// What offers are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// What was asked.
    pub asked: &'a [Asked],
    /// Rates of exchange, with the currency everything is compared in.
    pub rates: &'a Rates,
    /// Each vendor's record; who is not there has none.
    pub records: &'a BTreeMap<SellerId, Record>,
    /// What things are worth.
    pub policy: &'a Policy,
    /// The moment.
    pub now: Timestamp,
}

/// Whether a quote holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// It holds up to and including this instant.
    Until(Timestamp),
    /// It held until then.
    Expired(Timestamp),
    /// The paper does not say.
    Unknown,
}

impl Validity {
    /// Of a quote that says this, at this moment.
    pub fn of(until: Option<Timestamp>, now: Timestamp) -> Self {
        match until {
            None => Self::Unknown,
            Some(until) if now <= until => Self::Until(until),
            Some(until) => Self::Expired(until),
        }
    }

    /// How long it still holds.
    pub fn left(self, now: Timestamp) -> Option<Duration> {
        if let Self::Until(until) = self { Some(until.since(now)) } else { None }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(until) => write!(f, "valid until {until}"),
            Self::Expired(until) => write!(f, "expired {until}"),
            Self::Unknown => f.write_str(MISSING),
        }
    }
}

/// The rate by which an offer's prices were converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Millionths of the base's unit for one unit of the offer's currency.
    pub millionths: u64,
    /// The day it is of.
    pub of: Timestamp,
}

/// One offer as it stands in the comparison. `None` is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Who offers.
    pub seller: SellerId,
    /// What the business calls it.
    pub title: Text,
    /// The vendor's number for it.
    pub number: Text,
    /// When it came.
    pub received: Timestamp,
    /// Its place, from 1.
    pub rank: u16,
    /// Why it is there: against the first, or for the first against the second.
    pub reasons: Vec<Text>,
    /// Whether it may be chosen: it holds, its price is complete, and it offers what was asked in full number.
    pub eligible: bool,
    /// Why its vendor did not take an order by it, where that was so.
    #[serde(default)]
    pub refused: Option<Text>,
    /// Why it may not.
    pub obstacles: Vec<Text>,
    /// What it does not tell and what would count.
    pub missing: Vec<Text>,
    /// How long it holds.
    pub validity: Validity,
    /// The currency of its prices.
    pub currency: Currency,
    /// The rate, where its currency is not the base.
    pub rate: Option<Rate>,
    /// What its lines and freight add up to.
    pub sum: Option<Money>,
    /// The total it states.
    pub stated: Option<Money>,
    /// Freight.
    pub freight: Option<Money>,
    /// What is to be paid; `None` where a price is missing or the stated total is not the sum.
    pub total: Option<Money>,
    /// The same in the base currency.
    pub total_in_base: Option<Money>,
    /// What its servers' energy costs over the policy's months, in the base currency.
    pub energy: Option<Money>,
    /// Total and energy, in the base currency; without energy where the policy leaves that out.
    pub cost: Option<Money>,
    /// Days from the order to the last delivery.
    pub lead_days: Option<u16>,
    /// The shortest warranty of its servers, in months.
    pub warranty_months: Option<u16>,
    /// The vendor's record, where anything was ordered from it.
    pub record: Option<Record>,
    /// Each line that was asked, with what answers it.
    pub lines: Vec<Line>,
    /// What else is on the paper, and in its price.
    pub extra: Vec<Part>,
}

/// A comparison, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The moment.
    pub at: Timestamp,
    /// The currency of comparison.
    pub base: Currency,
    /// The day the rates are of.
    pub rates_of: Timestamp,
    /// The months of the energy cost.
    pub months: u16,
    /// The offers, best first.
    pub offers: Vec<Compared>,
    /// The table: for each row a cell of each offer, in the offers' order.
    pub rows: Vec<Row>,
}
