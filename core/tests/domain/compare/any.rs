//! Whatever is offered: silence is never worth more, and the others never change an order.

use proptest::prelude::*;

use super::*;

fn any_line(n: u16) -> impl Strategy<Value = QuoteLine> {
    let spec = prop::option::weighted(
        0.8,
        prop::sample::select(vec![
            SPEC,
            "2x Xeon Gold 6430",
            "2x EPYC 9354, 512GB DDR5",
            "256GB DDR5, 8x 3.84TB NVMe, 2x 25GbE",
        ]),
    );
    let price = prop::option::weighted(0.9, 1_u64..4);
    let days = prop::option::weighted(0.8, 1_u16..4);
    let warranty = prop::option::weighted(0.8, 1_u16..4);
    let watts = prop::option::weighted(0.8, 1_u32..4);
    (any::<bool>(), spec, 1_u32..4, price, days, warranty, watts).prop_map(
        move |(numbered, spec, quantity, price, lead_days, warranty_months, watts)| QuoteLine {
            line: numbered.then_some(n),
            spec: spec.or((n > 2).then_some(SPEC)).map(Text::new),
            unit_price: price.map(|p| p * 1_000),
            lead_days,
            warranty_months,
            watts,
            ..line(n, quantity, 0)
        },
    )
}

/// An offer whose stated total, where there is one, is its sum, and whose lines come in the order of their numbers.
fn any_offer() -> impl Strategy<Value = Offer> {
    let name = prop::sample::select(vec!["hpe", "dell", "acme", "zeta"]);
    let until = prop::option::weighted(0.8, prop::sample::select(vec![-1_i64, 0, 1]));
    let currency = prop::sample::select(vec!["EUR", "EUR", "EUR", "USD", "CHF"]);
    let freight = prop::option::weighted(0.7, 0_u64..3);
    (name, any_line(1), prop::option::weighted(0.8, any_line(2)), until, currency, freight, any::<bool>()).prop_map(
        |(name, first, second, until, currency, freight, stated)| {
            let mut made = offer(name, std::iter::once(first).chain(second).collect());
            made.quote.valid_until = until.map(|s| Timestamp::from_secs(1_795_000_000 + s));
            made.quote.currency = currency.parse().unwrap();
            made.quote.freight = freight;
            made.quote.total = made.quote.sum().filter(|_| stated);
            made
        },
    )
}

/// Offers, each with a number of its own.
fn any_offers() -> impl Strategy<Value = Vec<Offer>> {
    prop::collection::vec(any_offer(), 1..5).prop_map(|mut offers| {
        for (n, offer) in offers.iter_mut().enumerate() {
            offer.quote.number = Text::from(format!("Q-{n}"));
        }
        offers
    })
}

/// The same paper with one thing less on it; `None` where there is no such thing on it.
fn without(quote: &Quote, n: usize) -> Option<Quote> {
    let mut less = quote.clone();
    match n {
        0 => drop(less.valid_until.take()?),
        1 => drop(less.freight.take()?),
        2 => drop(less.total.take()?),
        n => {
            let line = less.lines.get_mut((n - 3) / 6)?;
            match (n - 3) % 6 {
                0 => drop(line.line.take()?),
                1 => drop(line.spec.take()?),
                2 => drop(line.unit_price.take()?),
                3 => drop(line.lead_days.take()?),
                4 => drop(line.warranty_months.take()?),
                _ => drop(line.watts.take()?),
            }
        }
    }
    Some(less)
}

fn numbers(found: &Comparison) -> Vec<String> {
    found.offers.iter().map(|o| o.number.to_string()).collect()
}

fn desk() -> Desk {
    let mut desk = Desk::asking(&[2, 1]);
    desk.policy = Policy {
        months: 1,
        megawatt_hour: Some(100_000),
        day: 50,
        warranty_month: 50,
        untried_days: 1,
        unknown_lead_days: 400,
    };
    desk
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_paper_that_tells_less_never_gets_a_better_rank(offers in any_offers(), which in 0_usize..5) {
        let which = which % offers.len();
        let before = desk().compare(&offers);
        let number = offers[which].quote.number.clone();
        let rank = |found: &Comparison| found.offers.iter().find(|o| o.number == number).unwrap().rank;
        for less in (0..15).filter_map(|n| without(&offers[which].quote, n)) {
            let mut offers = offers.clone();
            offers[which].quote = less;
            let after = desk().compare(&offers);
            prop_assert!(rank(&after) >= rank(&before), "{:?} {:?} to {:?}", offers[which].quote, numbers(&before), numbers(&after));
        }
    }

    #[test]
    fn another_offer_never_changes_the_order_of_the_others(offers in any_offers(), mut new in any_offer()) {
        let before = numbers(&desk().compare(&offers));
        new.quote.number = Text::new("new");
        let all: Vec<Offer> = offers.into_iter().chain([new]).collect();
        let mut after = numbers(&desk().compare(&all));
        after.retain(|n| n != "new");
        prop_assert_eq!(before, after);
    }

    #[test]
    fn the_order_in_which_offers_are_given_changes_nothing(mut offers in any_offers(), turn in 0_usize..5) {
        let before = desk().compare(&offers);
        let by = turn % offers.len();
        offers.rotate_left(by);
        prop_assert_eq!(&before, &desk().compare(&offers));
        offers.reverse();
        prop_assert_eq!(&before, &desk().compare(&offers));
    }

    #[test]
    fn every_place_has_a_reason_and_no_offer_that_may_not_be_chosen_goes_before_one_that_may(offers in any_offers()) {
        let found = desk().compare(&offers);
        prop_assert!(found.offers.iter().all(|o| !o.reasons.is_empty() && o.eligible == o.obstacles.is_empty()));
        prop_assert!(found.offers.is_sorted_by_key(|o| !o.eligible));
        let ranks: Vec<u16> = found.offers.iter().map(|o| o.rank).collect();
        prop_assert_eq!(ranks, (1..=found.offers.len() as u16).collect::<Vec<_>>());
        for row in &found.rows {
            for (cell, offer) in row.cells.iter().zip(&found.offers) {
                prop_assert!(cell.mark != Mark::Best || (offer.eligible && cell.text.as_str() != "missing"));
                prop_assert!(cell.mark == Mark::Missing || cell.text.as_str() != "missing");
            }
        }
    }
}
