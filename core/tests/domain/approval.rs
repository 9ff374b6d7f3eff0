//! Approvals: never fewer different people than the rules want, and never who asked.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use rackhand_core::id::SellerId;
use rackhand_core::purchase::approval::{
    Approval, Attempt, Case, Limits, Needed, Refusal, Standing, amount, holds, judge, needed, standing,
};
use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
const TOTAL: Money = eur(22_703_800);
const LIMITS: Limits = Limits { auto_below: eur(1_000_000), two_above: eur(20_000_000) };

const fn eur(minor: u64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn hpe() -> SellerId {
    "hpe".parse().unwrap()
}

fn by(name: &str) -> Approval {
    Approval { by: Text::new(name), seller: hpe(), revision: 2, total: TOTAL }
}

/// A case for two, asked for by ivo.
fn case<'a>(requester: &'a Text, given: &'a [Approval]) -> Case<'a> {
    let valid_until = Some(NOW + Duration::from_secs(60));
    let (payable, needed) = (Some(TOTAL), Needed::Two);
    Case { requester, seller: hpe(), revision: 2, payable, valid_until, needed, given, now: NOW }
}

fn attempt<'a>(by: &'a Text, amount: &'a str) -> Attempt<'a> {
    Attempt { by, revision: 2, amount }
}

#[test]
fn the_limits_are_exact() {
    let people = |minor| needed(Some(eur(minor)), &LIMITS);
    assert_eq!([people(0), people(999_999)], [Needed::Nobody; 2]);
    assert_eq!([people(1_000_000), people(20_000_000)], [Needed::One; 2]);
    assert_eq!([people(20_000_001), people(u64::MAX)], [Needed::Two; 2]);
}

#[test]
fn what_is_not_known_needs_two() {
    assert_eq!(needed(None, &LIMITS), Needed::Two);
    assert_eq!(needed(Some(Money::new(1, Currency::USD)), &LIMITS), Needed::Two);
    let crossed = Limits { auto_below: eur(500), two_above: eur(100) };
    assert_eq!(needed(Some(eur(200)), &crossed), Needed::Two);
}

#[test]
fn two_different_people_approve_and_neither_asked_for_it() {
    let (ivo, hanna, mira) = (Text::new("ivo"), Text::new("hanna"), Text::new("mira"));
    assert_eq!(standing(&case(&ivo, &[])), Standing::Missing(2));
    assert_eq!(judge(&case(&ivo, &[]), &attempt(&hanna, "227038")), Ok(Standing::Missing(1)));
    let one = [by("hanna")];
    assert_eq!(standing(&case(&ivo, &one)), Standing::Missing(1));
    assert_eq!(judge(&case(&ivo, &one), &attempt(&mira, "227,038.00 EUR")), Ok(Standing::Approved));
    let both = [by("hanna"), by("mira")];
    assert_eq!(standing(&case(&ivo, &both)), Standing::Approved);
    assert_eq!(judge(&case(&ivo, &both), &attempt(&Text::new("joao"), "227038")), Err(Refusal::Enough));
}

#[test]
fn neither_who_asked_nor_the_same_person_again_counts_however_the_name_is_written() {
    let (ivo, one) = (Text::new("ivo"), [by("hanna")]);
    for name in ["ivo", "Ivo", " IVO "] {
        let name = Text::new(name);
        assert_eq!(judge(&case(&ivo, &[]), &attempt(&name, "227038")), Err(Refusal::Own(name.clone())));
        assert_eq!(standing(&case(&ivo, &[by(&name)])), Standing::Missing(2));
    }
    for name in ["hanna", "HANNA", "hanna "] {
        let name = Text::new(name);
        assert_eq!(judge(&case(&ivo, &one), &attempt(&name, "227038")), Err(Refusal::Twice(name.clone())));
        assert_eq!(standing(&case(&ivo, &[by("hanna"), by(&name)])), Standing::Missing(1));
    }
}

#[test]
fn an_approval_of_another_seller_revision_or_total_does_not_count() {
    let (ivo, hanna) = (Text::new("ivo"), Text::new("hanna"));
    let others = [
        Approval { seller: "dell".parse().unwrap(), ..by("hanna") },
        Approval { revision: 1, ..by("hanna") },
        Approval { total: eur(22_703_801), ..by("hanna") },
        Approval { total: Money::new(TOTAL.minor, Currency::USD), ..by("hanna") },
    ];
    assert_eq!(standing(&case(&ivo, &others)), Standing::Missing(2));
    // So the same person may approve what there is now.
    assert_eq!(judge(&case(&ivo, &others), &attempt(&hanna, "227038")), Ok(Standing::Missing(1)));
}

#[test]
fn what_was_seen_must_be_what_there_is_and_must_hold() {
    let (ivo, hanna) = (Text::new("ivo"), Text::new("hanna"));
    let judged = |case: Case<'_>, revision, amount| judge(&case, &Attempt { by: &hanna, revision, amount });
    let open = || case(&ivo, &[]);
    assert_eq!(judged(open(), 1, "227038"), Err(Refusal::Changed { seen: 1, now: 2 }));
    assert_eq!(judged(open(), 3, "227038"), Err(Refusal::Changed { seen: 3, now: 2 }));
    assert!(judged(Case { valid_until: Some(NOW), ..open() }, 2, "227038").is_ok());
    let before = NOW - Duration::from_micros(1);
    assert_eq!(judged(Case { valid_until: Some(before), ..open() }, 2, "227038"), Err(Refusal::Expired(before)));
    assert_eq!(judged(Case { valid_until: None, ..open() }, 2, "227038"), Err(Refusal::Unlimited));
    assert_eq!(judged(Case { payable: None, ..open() }, 2, "227038"), Err(Refusal::Unpriced));
    assert_eq!(holds(&Case { valid_until: Some(before), ..open() }), Err(Refusal::Expired(before)));
    assert_eq!(holds(&open()), Ok(TOTAL));
    let typed = eur(22_703_900);
    assert_eq!(judged(open(), 2, "227039"), Err(Refusal::Amount { typed, payable: TOTAL }));
}

#[test]
fn nothing_typed_and_nothing_due_approve_nothing() {
    let (ivo, hanna) = (Text::new("ivo"), Text::new("hanna"));
    for empty in ["", "  ", "EUR", "yes", "y", "-227038", "(227038.00)", "227.038,00", "2.27038e5", "227038.001"] {
        let judged = judge(&case(&ivo, &[]), &attempt(&hanna, empty));
        assert!(matches!(judged, Err(Refusal::Unread(_))), "{empty}: {judged:?}");
    }
}

#[test]
fn the_amount_may_be_typed_as_people_write_it() {
    let read = |text| amount(text, Currency::EUR);
    for text in ["227038", "227038.00", "227,038.00", "227038 EUR", "EUR 227,038", "227038.00eur", " 227038.0 "] {
        assert_eq!(read(text), Ok(TOTAL), "{text}");
    }
    assert_eq!(read("227038 USD").unwrap_err().as_str(), "USD is not the quote's currency, EUR");
    assert_eq!(read("USD 227038 EUR").unwrap_err().as_str(), "USD is not the quote's currency, EUR");
    assert_eq!(amount("500", "JPY".parse().unwrap()), Ok(Money::new(500, "JPY".parse().unwrap())));
    assert!(amount("500.50", "JPY".parse().unwrap()).is_err());
    assert!(read("é227038").is_err() && read("227038€").is_err());
}

#[test]
fn each_refusal_says_what_to_do() {
    let said = |refusal: Refusal| refusal.to_string();
    assert_eq!(said(Refusal::Own(Text::new("ivo"))), "ivo asked for these servers: somebody else must approve");
    assert_eq!(
        said(Refusal::Amount { typed: eur(100), payable: TOTAL }),
        "1.00 EUR was typed, 227,038.00 EUR is to be paid"
    );
    assert_eq!(
        said(Refusal::Changed { seen: 1, now: 2 }),
        "the quote has changed: revision 2, you saw 1; look at it again"
    );
    assert_eq!(Standing::Missing(1).to_string(), "one more person must approve, not who asked for it");
}

fn any_name() -> impl Strategy<Value = Text> {
    prop::sample::select(vec!["ivo", "Ivo", "hanna", "HANNA", "mira", "mira ", "joao"]).prop_map(Text::new)
}

fn any_approval() -> impl Strategy<Value = Approval> {
    let seller = prop::sample::select(vec!["hpe", "hpe", "hpe", "dell"]);
    let total = prop::sample::select(vec![TOTAL, TOTAL, TOTAL, eur(1), Money::new(TOTAL.minor, Currency::USD)]);
    (any_name(), seller, 1_u32..3, total).prop_map(|(by, seller, revision, total)| Approval {
        by,
        seller: seller.parse().unwrap(),
        revision,
        total,
    })
}

/// The people who approved exactly this, by the plain meaning of it.
fn people(case: &Case<'_>) -> BTreeSet<String> {
    let person = |name: &Text| name.trim().to_lowercase();
    let of_this = |a: &&Approval| {
        (a.seller, a.revision, Some(a.total)) == (case.seller, case.revision, case.payable)
            && person(&a.by) != person(case.requester)
    };
    case.given.iter().filter(of_this).map(|a| person(&a.by)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_fewer_different_people_than_needed_and_never_who_asked(
        given in prop::collection::vec(any_approval(), 0..6),
        requester in any_name(),
        needed in prop::sample::select(vec![Needed::Nobody, Needed::One, Needed::Two]),
        payable in prop::option::weighted(0.9, Just(TOTAL)),
    ) {
        let case = Case { needed, payable, ..case(&requester, &given) };
        let count = people(&case).len();
        match standing(&case) {
            Standing::Approved => prop_assert!(count >= needed.people()),
            Standing::Missing(n) => prop_assert_eq!(n + count, needed.people()),
        }
    }

    #[test]
    fn an_approval_that_is_taken_is_one_person_more_and_says_what_is_left(
        given in prop::collection::vec(any_approval(), 0..4),
        requester in any_name(),
        by in any_name(),
        revision in 1_u32..4,
        typed in prop::sample::select(vec!["227038", "227038.00", "227039", ""]),
        until in prop::option::of(prop::sample::select(vec![-1_i64, 0, 1])),
        needed in prop::sample::select(vec![Needed::Nobody, Needed::One, Needed::Two]),
    ) {
        let valid_until = until.map(|s| Timestamp::from_secs(1_795_000_000 + s));
        let case = Case { needed, valid_until, ..case(&requester, &given) };
        let before = people(&case).len();
        if let Ok(said) = judge(&case, &Attempt { by: &by, revision, amount: typed }) {
            let new = Approval { by: by.clone(), seller: case.seller, revision, total: TOTAL };
            let all: Vec<Approval> = given.iter().cloned().chain([new]).collect();
            let after = Case { given: &all, ..case };
            prop_assert_eq!(people(&after).len(), before + 1);
            prop_assert_eq!(said, standing(&after));
            prop_assert!(revision == case.revision && typed.starts_with("227038") && until >= Some(0));
        }
    }

    #[test]
    fn no_text_that_is_typed_makes_it_panic(text in "\\PC{0,20}") {
        let _ = amount(&text, Currency::EUR);
    }

    #[test]
    fn a_larger_total_never_needs_fewer(a in any::<u64>(), b in any::<u64>(), auto in any::<u64>(), two in any::<u64>()) {
        let limits = Limits { auto_below: eur(auto), two_above: eur(two) };
        let people = |minor| needed(Some(eur(minor)), &limits);
        prop_assert!(people(a.min(b)) <= people(a.max(b)));
        prop_assert!(people(a) <= needed(None, &limits));
    }
}
