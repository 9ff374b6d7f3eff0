//! Who is answered what, and that no answer is taken for another's.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::decide::Why;
use crate::id::{Entropy, OrderId, PlanId};
use crate::policy::Policy;
use crate::view::{Cut, MAX_ROWS};
use crate::world::World;

const WORDS: usize = Question::WORDS.len();

fn all() -> [Question; WORDS] {
    let site = SiteId::new("fra1");
    let unit = UnitId::mint(Timestamp::from_secs(1_795_000_000), Entropy([7; 16]));
    let (spec, order) = (Text::new("512GB DDR5"), OrderId(1));
    [
        Counts.into(),
        Query::default().into(),
        OneUnit(unit).into(),
        Find("CZ1".into()).into(),
        LetterQuery::default().into(),
        JournalQuery::default().into(),
        WorkQuery::default().into(),
        WaitQuery::default().into(),
        Imported(vec!["CZ1".into()]).into(),
        DiffQuery::default().into(),
        SightingQuery::default().into(),
        RackQuery::default().into(),
        OneRack { site: site.clone(), name: "A1".into() }.into(),
        RackOf(unit).into(),
        Dock(site.clone()).into(),
        OrderQuery::default().into(),
        OneOrder(order).into(),
        StockQuery { spec: spec.clone(), site: None }.into(),
        FitQuery { spec, site: Some(site) }.into(),
        PurchaseDocument(order).into(),
        WorkOrder(vec![unit]).into(),
        PlannedServers(PlanId(7)).into(),
    ]
}

fn ask(question: &Question, caller: &Actor) -> Result<Reading, Refusal> {
    let site = SiteId::new("fra1");
    let (world, policy) = (World::default(), Policy::standard(site.clone()));
    let facts = Facts::new(&site, &policy);
    question.answer(&Basis { world: &world, facts: &facts, caller, now: Timestamp::from_secs(1_795_000_000) })
}

#[test]
fn nobody_is_answered_who_has_no_role_and_a_tenant_only_what_is_meant_for_tenants() {
    let tenant = Actor::Tenant { name: "acme".into() };
    let reader = Actor::Person { name: "anna".into(), role: Role::ReadOnly };
    for question in all() {
        for nobody in [Actor::Wire, Actor::Rackhand] {
            let refused = ask(&question, &nobody).unwrap_err();
            assert_eq!(refused.why, Why::NotAllowed, "{question:?}");
            assert_eq!(question.demand(&nobody).unwrap_err(), refused, "told before it is worked out");
        }
        let meant = matches!(question, Question::Orders(_) | Question::Fits(_));
        assert_eq!(ask(&question, &tenant).is_ok(), meant, "{question:?}");
        // Who has a role may be told that there is no such thing, and never that it is not to be asked.
        let why_not = ask(&question, &reader).err().map(|refusal| refusal.why);
        assert_ne!(why_not, Some(Why::NotAllowed), "{question:?}");
    }
    let word = |question: Question| serde_json::to_value(question).unwrap().as_object().unwrap().keys().next().cloned();
    let asked: BTreeSet<Option<String>> = all().into_iter().map(word).collect();
    assert_eq!(asked.len(), WORDS, "every question is among them");
}

#[test]
fn a_tenant_is_answered_of_its_own_orders_whatever_it_asks_for() {
    let asked = OrderQuery { tenant: Some("beta".into()), ..OrderQuery::default() };
    let of = |caller: &Actor| seen_by(&asked, caller).tenant;
    assert_eq!(of(&Actor::Tenant { name: "acme".into() }).as_deref(), Some("acme"));
    assert_eq!(of(&Actor::Person { name: "anna".into(), role: Role::Operator }).as_deref(), Some("beta"));
}

#[test]
fn an_answer_is_of_its_own_question_alone_and_both_are_read_back_as_they_were_written() {
    let anna = Actor::Person { name: "anna".into(), role: Role::Admin };
    for question in all() {
        let wire = serde_json::to_string(&question).unwrap();
        assert_eq!(serde_json::from_str::<Question>(&wire).unwrap(), question, "{wire}");
        let Ok(reading) = ask(&question, &anna) else { continue };
        let wire = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&wire).unwrap(), reading, "{wire}");
        let is_orders = matches!(question, Question::Orders(_));
        assert_eq!(reading.into_of::<OrderQuery>().is_some(), is_orders, "{question:?}");
    }
}

#[test]
fn a_page_has_no_more_rows_than_it_may_whatever_is_asked() {
    let all: Vec<usize> = (0..2_000).collect();
    let of = |offset, limit| {
        let page = Cut { offset, limit }.of(all.clone(), (7, Timestamp::default()));
        (page.total, page.offset, page.rows.len(), page.rows.first().copied())
    };
    assert_eq!(of(10, usize::MAX), (2_000, 10, MAX_ROWS, Some(10)));
    assert_eq!(of(1_999, 5), (2_000, 1_999, 1, Some(1_999)));
    assert_eq!(of(usize::MAX, usize::MAX), (2_000, 2_000, 0, None));
}
