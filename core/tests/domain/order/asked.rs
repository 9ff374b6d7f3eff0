//! What is asked of vendors, what an order may say, and where its servers stand meanwhile.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Why};
use rackhand_core::event::{DealEvent, Event, LifeEvent};
use rackhand_core::flow::next::{Due, Move};
use rackhand_core::flow::step::{Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::order::{MAX_LINES, OrderRequest};
use rackhand_core::purchase::compare::Record;
use rackhand_core::purchase::paper::Flaw;
use rackhand_core::purchase::tender::comparison;

use crate::scene::{START, bmc_mac, good, serial};
use crate::shop::{SPEC, Shop, by, deal, quote, seller};

fn ask(shop: &mut Shop, request: OrderRequest) -> Result<Answer, Why> {
    shop.put(by("anna", Role::Operator), Command::Order(request)).map_err(|refused| refused.why)
}

#[test]
fn an_order_has_one_line_at_least_and_no_more_than_the_most() {
    let mut shop = Shop::new();
    let lines = |shop: &Shop, n| {
        let request = shop.request(1, SPEC);
        OrderRequest { lines: vec![request.lines[0].clone(); n], ..request }
    };
    for n in [0, MAX_LINES + 1] {
        let request = lines(&shop, n);
        assert_eq!(ask(&mut shop, request), Err(Why::Invalid), "{n} lines");
    }
    for n in [1, MAX_LINES] {
        let request = lines(&shop, n);
        assert!(ask(&mut shop, request).is_ok(), "{n} lines");
    }
}

#[test]
fn only_the_vendors_that_an_order_names_are_asked_and_one_nobody_knows_is_refused() {
    let mut shop = Shop::new();
    let named = |shop: &Shop, name| OrderRequest { sellers: vec![seller(name)], ..shop.request(1, SPEC) };
    let request = named(&shop, "lenovo");
    assert_eq!(ask(&mut shop, request), Err(Why::Invalid));
    assert!(shop.world().orders.is_empty());
    let request = named(&shop, "dell");
    ask(&mut shop, request).unwrap();
    assert_eq!(shop.steps(), ["1-dell request_quote"]);
}

#[test]
fn a_quote_is_entered_by_hand_only_where_no_vendor_is_asked() {
    let hint = |shop: &Shop| {
        let waits = shop.next(Subject::Order(shop.last())).waits;
        waits.iter().any(|w| w.what.contains("enter one by hand") && w.who == Some(Role::Operator))
    };
    let mut shop = Shop::new();
    shop.order(1);
    assert!(!hint(&shop), "the vendors are asked");
    shop.scene.policy.purchase.sellers.clear();
    shop.order(1);
    assert!(hint(&shop));
}

#[test]
fn a_quote_leads_its_servers_once_over_each_stage_and_none_that_is_on_hold() {
    let mut shop = Shop::new();
    let order = shop.order(4);
    let units = shop.units(order);
    shop.scene.hold(units[0]).unwrap();
    // It comes before the vendor was seen to have the request.
    shop.paper("hpe", quote(4, 5_500_000)).unwrap();
    let stages: Vec<Stage> = units.iter().map(|u| shop.unit(*u).stage).collect();
    assert_eq!(stages, [Stage::Ordered, Stage::QuoteReceived, Stage::QuoteReceived, Stage::QuoteReceived]);
    let entered: Vec<Stage> = shop.scene.log.iter().filter(|r| r.draft.subject == Subject::Unit(units[1])).fold(
        Vec::new(),
        |mut entered, r| {
            if let Event::Life(LifeEvent::StageEntered { to, .. }) = r.draft.event {
                entered.push(to);
            }
            entered
        },
    );
    assert_eq!(entered, [Stage::QuoteRequested, Stage::QuoteReceived]);
    let mark = shop.scene.mark();
    shop.paper("dell", quote(4, 5_400_000)).unwrap();
    assert!(
        !shop.scene.since(mark).iter().any(|e| matches!(e, Event::Life(LifeEvent::StageEntered { .. }))),
        "they are there already"
    );
}

#[test]
fn a_server_on_order_says_whom_its_order_waits_for() {
    let mut shop = Shop::new();
    shop.quoted(4, 5_500_000);
    let unit = shop.units(shop.last())[0];
    let waits = shop.scene.waits(unit);
    let told: Vec<_> = waits.iter().map(|w| (w.what.as_str(), w.who, w.resolve.len())).collect();
    assert_eq!(told, [("the purchase to be approved (order 1)", Some(Role::Approver), 0)]);
}

#[test]
fn a_vendor_is_given_up_only_where_it_was_reminded_and_is_late_again() {
    let mut shop = Shop::new();
    shop.order(4);
    shop.carry_out("hpe");
    let given_up = |shop: &mut Shop| {
        let mark = shop.scene.mark();
        shop.scene.put(Actor::Rackhand, &Input::Review(Subject::Deal(deal(1, "hpe")))).unwrap();
        shop.scene.since(mark).iter().any(|e| matches!(e, Event::Deal(DealEvent::QuoteOverdue {})))
    };
    assert!(!given_up(&mut shop), "it has time left");
    shop.scene.later(24 * 3_600);
    assert!(!given_up(&mut shop), "it is late, but was not reminded");
    shop.carry_out("hpe");
    assert!(!given_up(&mut shop), "it has time again");
    shop.scene.later(24 * 3_600);
    assert!(given_up(&mut shop));
    assert!(!given_up(&mut shop), "once");
}

#[test]
fn a_request_in_the_air_when_its_quote_comes_is_not_sent_anew() {
    let mut shop = Shop::new();
    shop.order(4);
    let sent = shop.begin("hpe");
    shop.paper("hpe", quote(4, 5_500_000)).unwrap();
    let moves = shop.next(Subject::Deal(deal(1, "hpe"))).moves;
    assert_eq!(moves, [Move::Begin(Due { begun: true, ..sent })], "its end is looked for");
}

#[test]
fn how_punctual_a_vendor_was_counts_what_was_delivered_or_is_overdue_and_nothing_else() {
    let mut shop = Shop::new();
    for _ in 0..2 {
        shop.quoted(1, 5_000_000);
        shop.approve("berta", "hpe", 1, "50000").unwrap();
        shop.carry_out("hpe");
        // It is promised for day 21.
        shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    }
    shop.quoted(1, 5_000_000);
    let record = |shop: &Shop, day: i64| {
        let order = shop.world().order(shop.last()).unwrap();
        let now = START + std::time::Duration::from_secs(u64::try_from(day * 86_400).unwrap());
        comparison(shop.world(), &shop.scene.policy, order, now).unwrap().offers[0].record
    };
    assert_eq!(record(&shop, 10), None, "both are on their way");
    assert_eq!(record(&shop, 21), None, "due today");
    assert_eq!(record(&shop, 24), Some(Record { orders: 2, late: 2, days_late: 6 }));
}

#[test]
fn a_paper_that_is_refused_again_for_the_same_reasons_is_one_line_in_the_journal() {
    let mut shop = Shop::new();
    shop.order(4);
    let flaw = |why: &str| Flaw { row: None, field: "total".into(), why: why.into() };
    let mut refuse = |what: &str, why: &str| {
        let input = Input::PaperRefused { deal: deal(1, "hpe"), what: what.into(), flaws: vec![flaw(why)] };
        shop.scene.put(Actor::Wire, &input).unwrap()
    };
    assert_eq!(refuse("quote Q-1", "not a number"), Answer::Done);
    assert_eq!(refuse("quote Q-1", "not a number"), Answer::Already);
    assert_eq!(refuse("quote Q-1", "negative"), Answer::Done, "another reason");
    assert_eq!(refuse("quote Q-2", "not a number"), Answer::Done, "another paper");
}

#[test]
fn the_device_of_what_was_bought_follows_its_server_before_any_lease() {
    let mut shop = Shop::bought();
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    shop.paper("hpe", shop.shipment_with_mac("hpe", &serial(1), bmc_mac(1))).unwrap();
    let id = shop.world().by_serial(&serial(1)).unwrap().id;
    assert_eq!(shop.scene.touching(id), [Step::RegisterBmc], "until NetBox has it");
    let saw = good(1, shop.unit(id), Step::RegisterBmc).unwrap();
    shop.scene.attempt(id, Step::RegisterBmc, Outcome::Observed(saw));
    for stage in [Stage::ShipmentTracking, Stage::Received] {
        assert_eq!((shop.unit(id).stage, shop.scene.touching(id)), (stage, vec![Step::SyncStatus]));
        let saw = good(1, shop.unit(id), Step::SyncStatus).unwrap();
        shop.scene.attempt(id, Step::SyncStatus, Outcome::Observed(saw));
        assert!(shop.scene.touching(id).is_empty());
        if stage == Stage::ShipmentTracking {
            shop.receive(&serial(1));
        }
    }
}
