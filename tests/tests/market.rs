//! An order through every room, in virtual time: from words to four servers in `staged`, on the same ids; cancelled at
//! each point; and with the daemon dying after each fact that is journaled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "market/bench.rs"]
mod bench;

use std::collections::BTreeSet;
use std::time::Duration;

use bench::{Bench, FOUR, Person};
use rackhand_core::decide::Why;
use rackhand_core::decide::command::Command;
use rackhand_core::event::{Event, JournalEvent, LifeEvent, StepEvent};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{OrderId, Subject};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::order::OrderState;
use rackhand_core::stream::Origin;
use rackhand_lab::faults::{Effect, Rule};
use rackhand_lab::host::Fate;
use rackhand_lab::supplier::Manner;
use reqwest::{Method, StatusCode};

/// Vendors that answer within minutes and ship within the hour, so that a life has few idle hours.
fn quick() -> Manner {
    let minutes = |n: u64| Duration::from_secs(n * 60);
    Manner {
        quotes_after: Some(minutes(10)),
        confirms_after: Some(minutes(10)),
        ships_after: vec![minutes(60)],
        ..Manner::default()
    }
}

fn deals(bench: &Bench, step: Step) -> usize {
    let seen = |e: &&Event| matches!(e, Event::Step(StepEvent::StepObserved { step: s, .. }) if *s == step);
    bench.events().iter().filter(seen).count()
}

#[tokio::test(start_paused = true)]
async fn four_servers_are_ordered_bought_received_placed_and_staged_on_the_same_ids() {
    let mut bench = Bench::new(quick());
    let order = bench.order(FOUR).await;
    let units = bench.units(order);
    bench.live(order).await;
    assert_eq!(bench.units(order), units, "the same ids from the order to the end");
    for id in units {
        let unit = bench.world().unit(id).cloned().unwrap();
        assert_eq!((unit.stage, unit.disposition), (Stage::Staged, Disposition::Normal), "{}", unit.label());
        let place = unit.place().cloned();
        assert!(place.is_some_and(|p| p.contains("A7")), "{:?}", unit.place());
    }
    assert_eq!(bench.state(order), OrderState::Delivered);
    let hpe = bench.market.hpe.arrivals();
    let dell = bench.market.dell.arrivals();
    assert!(hpe.requests.values().chain(dell.requests.values()).all(|n| *n == 1), "{hpe:?} {dell:?}");
    assert_eq!(hpe.orders.len() + dell.orders.len(), 1);
    assert!(hpe.orders.values().chain(dell.orders.values()).all(|n| *n == 1), "{hpe:?} {dell:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_comes_with_less_than_was_ordered_is_a_task_and_the_others_are_as_ordered() {
    // Of each house the first server is made with a drive and half of its memory missing.
    let mut bench = Bench::fitted(quick(), |n, hardware| {
        if n < 2 {
            hardware.memory_bytes /= 2;
            hardware.drives.truncate(1);
        }
    });
    let order = bench.order(FOUR).await;
    bench.until_point(order, "judged").await;
    let world = bench.world();
    let units: Vec<_> = bench.units(order).into_iter().filter_map(|u| world.unit(u)).collect();
    let (less, whole): (Vec<_>, Vec<_>) = units.into_iter().partition(|u| u.is_blocked());
    assert_eq!((less.len(), whole.len()), (1, 3));
    let mut texts: Vec<_> = less[0].tasks.iter().map(|(_, t)| (t.kind, t.text.to_string())).collect();
    texts.retain(|(kind, _)| *kind == TaskKind::LessThanOrdered);
    let [(_, memory), (_, drives)] = &texts[..] else { panic!("{texts:?}") };
    assert!(memory.starts_with("memory: 512 GB ordered and confirmed, 256 GB here (BMC: 256GB DDR5"), "{memory}");
    assert!(drives.starts_with("drives: 2x 3.84 TB NVMe ordered and confirmed, 1 missing"), "{drives}");
    let passed = bench.events().into_iter().filter_map(|e| match e {
        Event::Life(LifeEvent::StageEntered { to: Stage::PhysicalValidated, evidence, .. }) => {
            Some(evidence.note.to_string())
        }
        _ => None,
    });
    let passed: Vec<String> = passed.collect();
    assert!(
        passed.len() == 3 && passed.iter().all(|note| note.contains("; as ordered; 2 cables as planned")),
        "{passed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn two_offers_of_one_order_differ_in_price_lead_time_and_terms() {
    let mut bench = Bench::new(quick());
    let order = bench.order(FOUR).await;
    bench.until_point(order, "quoted").await;
    let world = bench.world();
    let offers: Vec<_> =
        world.deals_of(world.order(order).unwrap()).filter_map(|d| d.offer()).map(|o| o.quote.clone()).collect();
    let [a, b] = &offers[..] else { panic!("{offers:?}") };
    assert_ne!(a.payable(), b.payable());
    assert_ne!(a.lead_days(), b.lead_days());
    assert_ne!(a.lines[0].warranty_months, b.lines[0].warranty_months);
    assert_ne!(a.valid_until, b.valid_until);
}

/// Where an order is cancelled, by what has just come true of it.
const POINTS: [&str; 7] = ["placed", "asked", "quoted", "approved", "ordered", "confirmed", "shipped"];

#[tokio::test(start_paused = true)]
async fn cancelled_at_each_point_what_was_done_is_undone_in_reverse_once_each() {
    for point in POINTS {
        let mut bench = Bench::new(quick());
        let order = bench.order(FOUR).await;
        bench.until_point(order, point).await;
        cancel(&bench, order).await;
        bench.rest().await;
        let (hpe, dell) = (bench.market.hpe.arrivals(), bench.market.dell.arrivals());
        println!("{point:<10} hpe {hpe:?} dell {dell:?}");
        for arrivals in [&hpe, &dell] {
            assert!(arrivals.requests.values().all(|n| *n == 1), "{point}: {arrivals:?}");
            assert!(arrivals.orders.values().all(|n| *n == 1), "{point}: {arrivals:?}");
            assert!(arrivals.cancels.values().chain(arrivals.withdrawals.values()).all(|n| *n == 1), "{point}");
            assert!(arrivals.withdrawals.len() <= arrivals.requests.len());
        }
        let shipped = point == "shipped";
        let cancels = hpe.cancels.len() + dell.cancels.len();
        assert_eq!(cancels, hpe.orders.len() + dell.orders.len(), "{point}: every order that went out is cancelled");
        let asked = hpe.requests.len() + dell.requests.len();
        let withdrawn = hpe.withdrawals.len() + dell.withdrawals.len();
        // What a vendor refuses stands in the way of what comes before it, until a person decides.
        assert_eq!(withdrawn, if shipped { asked - 1 } else { asked }, "{point}");
        let letters = rackhand_core::view::dead_letters(&bench.world(), bench.now());
        assert_eq!(letters.len(), usize::from(shipped), "{point}: {letters:?}");
        assert_eq!(bench.state(order), OrderState::Cancelled);
        let units = bench.units(order);
        assert!(units.iter().all(|u| bench.world().unit(*u).unwrap().disposition == Disposition::Cancelled));
        if shipped {
            assert!(matches!(letters[0].subject, Subject::Deal(_)));
            assert_eq!(letters[0].step.step, Step::CancelPurchase);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_on_the_way_back_sends_nothing_twice() {
    for what in ["quote", "order"] {
        let mut bench = Bench::new(quick());
        for name in ["hpe", "dell"] {
            // The vendor takes it, and its answer never arrives.
            let effect = Effect::Answer(Fate::Lost);
            let rule = Rule { method: Some(Method::POST), path: what.to_owned(), effect, times: 1 };
            bench.market.faults[name].add(rule);
        }
        let order = bench.order(FOUR).await;
        bench.until_point(order, "confirmed").await;
        let (hpe, dell) = (bench.market.hpe.arrivals(), bench.market.dell.arrivals());
        for arrivals in [&hpe, &dell] {
            assert!(
                arrivals.requests.values().chain(arrivals.orders.values()).all(|n| *n == 1),
                "{what}: {arrivals:?}"
            );
        }
    }
}

/// Vendors that take what is new with a receipt, list it an hour later, and ship it when it can be cancelled no more.
fn lagging() -> Manner {
    let hours = |n: u64| Duration::from_secs(n * 3_600);
    Manner { lists_after: hours(1), ships_after: vec![hours(4)], ..quick() }
}

async fn cancel(bench: &Bench, order: OrderId) {
    bench.say(Person::ANNA, Command::CancelOrder { order, reason: "the tenant left".into() }).await.unwrap();
}

/// What the next document for an order meets, whichever vendor it goes to.
fn order_meets(bench: &Bench, method: &Method, effect: &Effect) {
    for faults in bench.market.faults.values() {
        let (method, effect) = (Some(method.clone()), effect.clone());
        faults.add(Rule { method, path: "orders".into(), effect, times: 1 });
    }
}

/// One purchase order arrived, and nothing of it will be delivered.
fn is_taken_back(bench: &Bench) {
    let orders: Vec<_> = bench.market.hpe.orders().into_iter().chain(bench.market.dell.orders()).collect();
    assert_eq!(orders.len(), 1);
    assert!(orders[0].cancelled.is_some(), "it would be delivered: {orders:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_vendor_has_taken_and_does_not_list_yet_is_not_sent_again() {
    let mut bench = Bench::new(lagging());
    let order = bench.order(FOUR).await;
    bench.until_point(order, "confirmed").await;
    let (hpe, dell) = (bench.market.hpe.arrivals(), bench.market.dell.arrivals());
    for arrivals in [&hpe, &dell] {
        assert!(arrivals.requests.values().chain(arrivals.orders.values()).all(|n| *n == 1), "{arrivals:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_before_its_vendor_lists_it_is_taken_back_once_it_is_listed() {
    let mut bench = Bench::new(lagging());
    let order = bench.order(FOUR).await;
    bench.until_point(order, "approved").await;
    bench.outside.clock.sleep(Duration::from_secs(300)).await;
    cancel(&bench, order).await;
    bench.rest().await;
    is_taken_back(&bench);
    let (hpe, dell) = (bench.market.hpe, bench.market.dell);
    let requests: Vec<_> = hpe.requests().into_iter().chain(dell.requests()).collect();
    assert!(requests.iter().all(|r| r.withdrawn), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_purchase_order_whose_answer_is_lost_is_taken_back_once_a_list_that_lags_shows_it() {
    let mut bench = Bench::new(lagging());
    order_meets(&bench, &Method::POST, &Effect::Answer(Fate::Lost));
    let order = bench.order(FOUR).await;
    bench.until_point(order, "approved").await;
    // The answer is lost, and nothing is tried again yet.
    bench.outside.clock.sleep(Duration::from_secs(5)).await;
    cancel(&bench, order).await;
    bench.rest().await;
    is_taken_back(&bench);
}

#[tokio::test(start_paused = true)]
async fn a_purchase_order_that_may_be_there_and_is_never_listed_is_asked_about() {
    let mut bench = Bench::new(quick());
    // The connection ends before the vendor has read anything; that cannot be told from a lost answer.
    order_meets(&bench, &Method::POST, &Effect::Drop);
    let order = bench.order(FOUR).await;
    bench.until_point(order, "approved").await;
    bench.outside.clock.sleep(Duration::from_secs(5)).await;
    cancel(&bench, order).await;
    bench.rest().await;
    let letters = |bench: &Bench| rackhand_core::view::dead_letters(&bench.world(), bench.now());
    assert_eq!(letters(&bench), [], "its list may lag");
    bench.outside.clock.sleep(Duration::from_secs(24 * 3_600)).await;
    let letters = letters(&bench);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let told = letters[0].step.detail.as_str();
    assert!(told.contains("may have taken place_purchase") && told.contains("take it back, then skip"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_purchase_order_that_left_before_the_daemon_died_is_taken_back_though_the_next_look_fails() {
    let lives = async |kill: Option<u64>| {
        let mut bench = Bench::new(lagging());
        // The look before it is sent is answered, the first one of the next daemon is not.
        order_meets(&bench, &Method::GET, &Effect::Delay(Duration::ZERO));
        order_meets(&bench, &Method::GET, &Effect::Refuse(StatusCode::SERVICE_UNAVAILABLE, "".into()));
        if let Some(seq) = kill {
            bench.kill_after(seq);
        }
        let order = bench.order(FOUR).await;
        (bench, order)
    };
    let (mut bench, order) = lives(None).await;
    bench.until_point(order, "approved").await;
    bench.outside.clock.sleep(Duration::from_secs(5)).await;
    let sent = |e: &Event| matches!(e, Event::Step(StepEvent::StepIntended { step: Step::PlacePurchase, .. }));
    let kill = bench.events().iter().position(sent).unwrap() as u64 + 1;
    let (mut bench, order) = lives(Some(kill)).await;
    bench.people(order, Bench::killed).await;
    bench.outside.clock.sleep(Duration::from_secs(5)).await;
    let failed = |e: &&Event| matches!(e, Event::Step(StepEvent::StepUnknown { step: Step::PlacePurchase, .. }));
    assert_eq!(bench.events().iter().filter(failed).count(), 1);
    cancel(&bench, order).await;
    bench.rest().await;
    is_taken_back(&bench);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_says_is_there_is_looked_for_before_its_cancellation_counts_as_done() {
    let mut bench = Bench::new(Manner { lists_after: Duration::from_secs(40 * 3_600), ..lagging() });
    for vendor in [&bench.market.hpe, &bench.market.dell] {
        vendor.behave(|m| m.ships_after = vec![Duration::from_secs(90 * 3_600)]);
    }
    let order = bench.order(FOUR).await;
    for step in [Step::RequestQuote, Step::PlacePurchase] {
        if step == Step::PlacePurchase {
            bench.until_point(order, "approved").await;
        }
        bench.outside.clock.sleep(Duration::from_secs(25 * 3_600)).await;
        for deal in bench.world().deals.values() {
            let skip =
                Command::Skip { subject: Subject::Deal(deal.id), step, generation: 1, reason: "they have it".into() };
            if deal.steps.parked().any(|(p, _)| p.step == step) {
                bench.say(Person::ANNA, skip).await.unwrap();
            }
        }
    }
    assert!(bench.world().deals.values().any(|d| d.ordered.is_some()));
    cancel(&bench, order).await;
    bench.outside.clock.sleep(Duration::from_secs(20 * 3_600)).await;
    is_taken_back(&bench);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_could_not_be_asked_before_the_other_was_bought_from_is_asked_once_that_one_refuses() {
    let mut bench = Bench::new(quick());
    let sold = bench.market.boxes.values().next().unwrap().model.clone();
    let (first, other) = if sold.contains("ProLiant") { ("hpe", "dell") } else { ("dell", "hpe") };
    let away = Rule { method: None, path: String::new(), effect: Effect::Drop, times: u32::MAX };
    bench.market.faults[other].add(away);
    let refusing = if first == "hpe" { &bench.market.hpe } else { &bench.market.dell };
    refusing.behave(|m| {
        m.rejects = Some("end of life".into());
        m.confirms_after = Some(Duration::from_secs(8 * 3_600));
    });
    let order = bench.order(FOUR).await;
    bench.people(order, |b| b.world().deals.values().any(|d| d.offer().is_some())).await;
    bench.approve(order).await;
    bench.people(order, |b| b.world().deals.values().any(|d| d.ordered.is_some())).await;
    bench.market.faults[other].clear();
    // Longer than its next try was put off.
    bench.outside.clock.sleep(Duration::from_secs(4 * 3_600)).await;
    let asked = |bench: &Bench| bench.world().deals.values().filter(|d| d.asked.is_some()).count();
    assert_eq!((asked(&bench), bench.state(order)), (1, OrderState::Buying));
    bench.people(order, |b| !b.world().order(order).unwrap().failed.is_empty()).await;
    bench.rest().await;
    assert_eq!(asked(&bench), 2, "{:?}", bench.state(order));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_held_comes_with_its_order_all_the_same_and_follows_it_once_it_is_released() {
    let mut bench = Bench::new(quick());
    let order = bench.order(FOUR).await;
    let held = bench.units(order)[1];
    bench.say(Person::TINA, Command::Hold { unit: held, reason: "is it needed?".into() }).await.unwrap();
    bench.until_point(order, "shipped").await;
    assert_eq!(bench.world().unit(held).unwrap().stage, Stage::Ordered);
    bench.say(Person::TINA, Command::Release { unit: held, reason: None }).await.unwrap();
    assert_eq!(bench.world().unit(held).unwrap().stage, Stage::ShipmentTracking);
    bench.live(order).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_its_vendor_is_to_bring_is_not_retired_alone() {
    let mut bench = Bench::new(quick());
    let order = bench.order(FOUR).await;
    let unit = bench.units(order)[0];
    let refused = bench.say(Person::ANNA, Command::Retire { unit, reason: "not needed".into() }).await.unwrap_err();
    assert_eq!((refused.why, refused.text.contains("cancel that")), (Why::Conflict, true), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn after_a_restore_no_vendor_hears_anything_until_an_operator_resumes_and_numbers_hold_site_and_epoch() {
    let mut bench =
        Bench::over(quick(), &[Event::Journal(JournalEvent::EpochBegun { epoch: 7, origin: Origin::Restored })]);
    let order = bench.order(FOUR).await;
    bench.rest().await;
    let (hpe, dell) = (bench.market.hpe.arrivals(), bench.market.dell.arrivals());
    assert!(hpe.requests.is_empty() && dell.requests.is_empty(), "{hpe:?} {dell:?}");
    assert!(!bench.events().iter().any(|e| matches!(e, Event::Step(StepEvent::StepIntended { .. }))));
    let resume = || Command::Resume { reason: "nothing was ordered since the backup".into() };
    assert_eq!(bench.say(Person::TINA, resume()).await.unwrap_err().why, Why::NotAllowed);
    bench.say(Person::ANNA, resume()).await.unwrap();
    bench.until_point(order, "confirmed").await;
    for arrivals in [bench.market.hpe.arrivals(), bench.market.dell.arrivals()] {
        assert_eq!(arrivals.requests.len(), 1);
        assert!(arrivals.requests.keys().all(|number| number.starts_with("RFQ-FRA1-7-1-")), "{arrivals:?}");
        assert!(arrivals.orders.keys().all(|number| *number == "PO-FRA1-7-000001"), "{arrivals:?}");
    }
}

/// Lives an order once for each fact of the even or the odd ones, the daemon dying right after it: what it had just sent
/// went out, and what came back was never heard.
async fn killed_after(odd: bool) {
    let mut bench = Bench::new(quick());
    let order = bench.order(FOUR).await;
    bench.until_point(order, "racked").await;
    let facts = bench.world().head;
    let mut lives = 0;
    for kill in (1..=facts).filter(|n| n.is_multiple_of(2) != odd) {
        let mut bench = Bench::new(quick());
        bench.kill_after(kill);
        let order = bench.order(FOUR).await;
        bench.until_point(order, "racked").await;
        assert!(bench.killed(), "life {kill} ended before it was killed");
        let (hpe, dell) = (bench.market.hpe.arrivals(), bench.market.dell.arrivals());
        for arrivals in [&hpe, &dell] {
            let counts = arrivals.requests.values().chain(arrivals.orders.values()).chain(arrivals.chases.values());
            assert!(counts.clone().all(|n| *n == 1), "killed after {kill}: {arrivals:?}");
        }
        assert_eq!(hpe.orders.len() + dell.orders.len(), 1, "killed after {kill}: one purchase order");
        assert_eq!(bench.world().last_purchase, 1, "killed after {kill}");
        assert!(deals(&bench, Step::PlacePurchase) <= 1);
        let serials: BTreeSet<_> =
            bench.units(order).iter().map(|u| bench.world().unit(*u).unwrap().serial.clone().unwrap()).collect();
        assert_eq!(serials.len(), 4, "killed after {kill}: a serial for each server");
        lives += 1;
    }
    println!("{lives} lives, each killed after another of {facts} facts: one request a vendor, one purchase order");
}

#[tokio::test(start_paused = true)]
async fn killed_after_each_odd_fact_nothing_is_asked_ordered_or_bought_twice() {
    killed_after(true).await;
}

#[tokio::test(start_paused = true)]
async fn killed_after_each_even_fact_nothing_is_asked_ordered_or_bought_twice() {
    killed_after(false).await;
}
