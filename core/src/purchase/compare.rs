//! Offers held against what was asked and against each other: what an approver sees. Nothing is guessed: what a paper
//! does not tell is `missing`, is never the best of its row, and never helps its offer's rank.
//!
//! The rank of an offer rests on that offer and on the business's policy alone. So another offer that comes or goes
//! never changes the order of the rest.

mod lines;
mod offer;
mod rank;
mod table;

use crate::purchase::money::Money;

pub use lines::{Line, Part, answers, spec_of};
pub use offer::{Asked, Basis, Compared, Comparison, MISSING, Offer, Policy, Rate, Record, Validity};
pub use table::{Cell, Mark, Row};

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
    use crate::time::Timestamp;

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
