//! Offers held against what was asked and against each other: what an approver sees. Nothing is guessed: what a paper
//! does not tell is `missing`, is never the best of its row, and never helps its offer's rank.
//!
//! The rank of an offer rests on that offer and on the business's policy alone. So another offer that comes or goes
//! never changes the order of the rest.

mod lines;
mod rank;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::SellerId;
use crate::order::spec::Spec;
use crate::purchase::money::{Currency, Money, Rates};
use crate::purchase::paper::Quote;
use crate::text::Text;
use crate::time::Timestamp;

pub use lines::{Line, Part, answers, spec_of};
pub use table::{Cell, Mark, Row};

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

/// Compares offers. The order in which they are given changes nothing.
pub fn compare(basis: &Basis<'_>, offers: &[Offer]) -> Comparison {
    let mut offers: Vec<&Offer> = offers.iter().collect();
    // The whole content, so that even offers of one name have one order.
    offers.sort_by_cached_key(|o| (o.seller, o.title.clone(), o.quote.number.clone(), o.received, format!("{o:?}")));
    let ranked = rank::ranked(basis, offers.into_iter().map(|o| facts(basis, o)).collect());
    let rows = table::rows(basis, &ranked);
    Comparison {
        at: basis.now,
        base: basis.rates.base,
        rates_of: basis.rates.of,
        months: basis.policy.months,
        offers: ranked,
        rows,
    }
}

/// What an offer says, in the terms of the comparison; not yet judged.
fn facts(basis: &Basis<'_>, offer: &Offer) -> Compared {
    let (quote, rates) = (&offer.quote, basis.rates);
    let money = |minor: Option<u64>| minor.map(|m| Money::new(m, quote.currency));
    let (lines, extra) = lines::of(basis, quote);
    let servers = || lines.iter().flat_map(|l| &l.parts);
    let total = quote.payable();
    let total_in_base = total.and_then(|t| rates.in_base(t));
    let energy = basis.policy.megawatt_hour.and_then(|price| {
        let each = |p: &Part| u128::from(p.watts?).checked_mul(p.quantity.into());
        let all_told = lines.iter().all(|l| !l.parts.is_empty());
        let watts = servers().try_fold(0_u128, |sum, p| sum.checked_add(each(p)?)).filter(|_| all_told)?;
        energy(watts, basis.policy.months, price)
    });
    let cost = match (total_in_base, energy, basis.policy.megawatt_hour) {
        (Some(total), Some(energy), _) => total.minor.checked_add(energy),
        (total, _, None) => total.map(|t| t.minor),
        _ => None,
    };
    let in_base = |minor: Option<u64>| minor.map(|m| Money::new(m, rates.base));
    Compared {
        seller: offer.seller,
        title: offer.title.clone(),
        number: quote.number.clone(),
        received: offer.received,
        rank: 0,
        reasons: Vec::new(),
        eligible: false,
        refused: offer.refused.clone(),
        obstacles: Vec::new(),
        missing: Vec::new(),
        validity: Validity::of(quote.valid_until, basis.now),
        currency: quote.currency,
        rate: rates
            .millionths
            .get(&quote.currency)
            .filter(|_| quote.currency != rates.base)
            .map(|millionths| Rate { millionths: *millionths, of: rates.of }),
        sum: money(quote.sum()),
        stated: money(quote.total),
        freight: money(quote.freight),
        total,
        total_in_base,
        energy: in_base(energy),
        cost: in_base(cost),
        lead_days: quote.lead_days(),
        warranty_months: servers()
            .map(|p| p.warranty_months)
            .collect::<Option<Vec<_>>>()
            .and_then(|m| m.into_iter().min()),
        record: basis.records.get(&offer.seller).copied().filter(|r| r.orders > 0),
        lines,
        extra,
    }
}

/// What so many watts cost over these months, rounded half up; a month has 730.5 hours, a twelfth of 365.25 days.
fn energy(watts: u128, months: u16, megawatt_hour: u64) -> Option<u64> {
    let half_hours = u128::from(months) * 1_461;
    let scaled = watts.checked_mul(half_hours)?.checked_mul(megawatt_hour.into())?;
    u64::try_from(scaled.checked_add(1_000_000)? / 2_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_is_what_the_meter_would_count() {
        // 24 servers of 388 W over three years at 0.2850 EUR: 244,887 kWh.
        assert_eq!(energy(24 * 388, 36, 28_500), Some(6_979_279));
        assert_eq!(energy(0, 36, 28_500), Some(0));
        assert_eq!(energy(u128::MAX, 36, 28_500), None);
    }

    #[test]
    fn a_quote_holds_up_to_and_including_its_last_instant() {
        let at = Timestamp::from_secs;
        assert_eq!(Validity::of(Some(at(9)), at(9)), Validity::Until(at(9)));
        assert_eq!(Validity::of(Some(at(9)), at(10)), Validity::Expired(at(9)));
        assert_eq!(Validity::of(None, at(0)), Validity::Unknown);
    }
}
