//! Purchases that fail: a vendor that does not take an order, and one of which nobody knows whether it has it.

use rackhand_core::decide::Answer;
use rackhand_core::decide::command::Command;
use rackhand_core::fault::Kind;
use rackhand_core::id::{Role, Subject};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::order::OrderState;
use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::purchase::paper::{Accepts, Paper};
use rackhand_core::purchase::tender;

use crate::scene::failed;
use crate::shop::{Shop, by, deal, quote, seller};

fn says_no(shop: &mut Shop, vendor: &str) {
    let Paper::Confirmation(mut says) = shop.confirmation(vendor) else { unreachable!() };
    says.verdict = Accepts::No;
    says.note = Some("end of life.".into());
    shop.paper(vendor, Paper::Confirmation(says)).unwrap();
}

fn waits_for_another_offer(shop: &Shop) -> bool {
    let waits = shop.next(Subject::Order(shop.last())).waits;
    waits.iter().any(|w| w.who == Some(Role::Operator) && w.what.starts_with("no vendor takes the order by its offer"))
}

#[test]
fn a_vendor_that_says_no_leaves_room_for_the_other_under_a_new_number() {
    let mut shop = Shop::bought();
    let stages = |shop: &Shop| shop.units(shop.last()).iter().map(|u| shop.unit(*u).stage).collect::<Vec<_>>();
    assert_eq!(stages(&shop), [Stage::PurchaseApproved; 4]);
    says_no(&mut shop, "hpe");
    assert_eq!(shop.state(shop.last()), OrderState::Deciding);
    assert_eq!(stages(&shop), [Stage::QuoteReceived; 4], "nothing is bought");
    assert!(!waits_for_another_offer(&shop), "dell may still answer");
    let refused = shop.approve("berta", "hpe", 1, "220000").unwrap_err();
    assert!(refused.text.contains("PO-000001: end of life. Choose another offer"), "{refused}");
    shop.paper("dell", quote(4, 6_000_000)).unwrap();
    let order = shop.world().order(shop.last()).unwrap();
    let offers = tender::comparison(shop.world(), &shop.scene.policy, order, shop.scene.now).unwrap().offers;
    assert_eq!((offers[0].seller, offers[0].eligible), (seller("dell"), true), "the dearer one, which can be had");
    assert!(offers[1].obstacles[0].ends_with("does not take PO-000001: end of life"), "{offers:?}");
    shop.approve("berta", "dell", 1, "240000").unwrap();
    shop.approve("carl", "dell", 1, "240000").unwrap();
    assert_eq!(shop.world().deal(deal(1, "dell")).unwrap().purchase.as_ref().unwrap().number.as_str(), "PO-000002");
    says_no(&mut shop, "dell");
    assert!(waits_for_another_offer(&shop));
}

#[test]
fn an_offer_that_was_refused_stands_again_by_a_persons_word_and_not_by_the_vendors_list() {
    let mut shop = Shop::bought();
    says_no(&mut shop, "hpe");
    assert_eq!(shop.paper("hpe", quote(4, 5_500_000)), Ok(Answer::Already));
    let (order, paper) = (shop.last(), Box::new(quote(4, 5_500_000)));
    let enter = Command::EnterPaper { order, seller: seller("hpe"), paper };
    assert_eq!(shop.put(by("anna", Role::Operator), enter.clone()), Ok(Answer::Done));
    assert_eq!(shop.put(by("anna", Role::Operator), enter), Ok(Answer::Already), "it stands");
    shop.approve("berta", "hpe", 2, "220000").unwrap();
    shop.approve("carl", "hpe", 2, "220000").unwrap();
    assert_eq!(shop.world().deal(deal(1, "hpe")).unwrap().purchase.as_ref().unwrap().number.as_str(), "PO-000002");
}

#[test]
fn where_a_rule_buys_it_buys_the_next_offer_once_the_first_was_refused_and_neither_twice() {
    let mut shop = Shop::new();
    shop.scene.policy.purchase.limits.auto_below = Money::new(1_000_000, Currency::EUR);
    shop.quoted(1, 800_000);
    shop.paper("dell", quote(1, 900_000)).unwrap();
    let bought = |shop: &Shop| shop.world().order(shop.last()).unwrap().purchase.as_ref().map(|p| p.seller);
    assert_eq!(bought(&shop), Some(seller("hpe")));
    says_no(&mut shop, "hpe");
    assert_eq!(bought(&shop), Some(seller("dell")));
    says_no(&mut shop, "dell");
    assert_eq!(bought(&shop), None);
    assert_eq!(shop.world().last_purchase, 2);
    assert!(waits_for_another_offer(&shop));
}

#[test]
fn a_vendor_that_was_left_alone_for_a_purchase_is_asked_once_that_has_failed() {
    let mut shop = Shop::new();
    shop.order(4);
    shop.carry_out("hpe");
    shop.try_step("dell", failed(Kind::Transient));
    shop.paper("hpe", quote(4, 5_500_000)).unwrap();
    for who in ["berta", "carl"] {
        shop.approve(who, "hpe", 1, "220000").unwrap();
    }
    shop.carry_out("hpe");
    shop.scene.later(3_600);
    assert!(shop.steps().is_empty());
    let order = Subject::Order(shop.last());
    let concerned = rackhand_core::flow::concerned(shop.world(), order);
    assert_eq!(concerned, [order, Subject::Deal(deal(1, "hpe")), Subject::Deal(deal(1, "dell"))]);
    says_no(&mut shop, "hpe");
    assert_eq!(shop.steps(), ["1-dell request_quote"]);
}

#[test]
fn a_purchase_order_whose_answer_is_missing_may_be_there_whatever_comes_of_the_next_attempt() {
    let mut shop = Shop::new();
    shop.order(4);
    shop.carry_out("hpe");
    shop.paper("hpe", quote(4, 5_500_000)).unwrap();
    for who in ["berta", "carl"] {
        shop.approve(who, "hpe", 1, "220000").unwrap();
    }
    let may_have = |shop: &Shop| shop.world().deal(deal(1, "hpe")).unwrap().may_have;
    shop.try_step("hpe", failed(Kind::Transient));
    assert_eq!(may_have(&shop), None, "it certainly did not arrive");
    shop.scene.later(600);
    let first = shop.scene.now;
    shop.try_step("hpe", failed(Kind::Unknown));
    shop.scene.later(600);
    shop.try_step("hpe", failed(Kind::Transient));
    assert_eq!(may_have(&shop), Some(first));
    let cancel = Command::CancelOrder { order: shop.last(), reason: "the tenant left".into() };
    shop.put(by("anna", Role::Operator), cancel).unwrap();
    assert_eq!((shop.steps()[0].as_str(), may_have(&shop)), ("1-hpe cancel_purchase", Some(first)));
    shop.carry_out("hpe");
    assert_eq!(may_have(&shop), None);
}

#[test]
fn what_has_left_its_vendor_comes_though_the_vendor_ends_the_order() {
    let mut shop = Shop::bought();
    let yes = shop.confirmation("hpe");
    shop.paper("hpe", yes).unwrap();
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2"])).unwrap();
    says_no(&mut shop, "hpe");
    let stages: Vec<_> = shop.units(shop.last()).iter().map(|u| shop.unit(*u).stage).collect();
    let (comes, not) = (Stage::ShipmentTracking, Stage::QuoteReceived);
    assert_eq!(stages, [comes, comes, not, not]);
}

#[test]
fn a_server_that_was_held_while_its_purchase_failed_is_where_its_order_is_once_it_is_released() {
    let mut shop = Shop::bought();
    shop.paper("dell", quote(4, 6_000_000)).unwrap();
    let yes = shop.confirmation("hpe");
    shop.paper("hpe", yes).unwrap();
    let held = shop.units(shop.last())[0];
    let hold = Command::Hold { unit: held, reason: "is it needed?".into() };
    shop.put(by("tina", Role::Technician), hold).unwrap();
    says_no(&mut shop, "hpe");
    for who in ["berta", "carl"] {
        shop.approve(who, "dell", 1, "240000").unwrap();
    }
    assert_eq!(shop.unit(held).stage, Stage::ShipmentTracking, "it stands aside");
    let release = Command::Release { unit: held, reason: None };
    shop.put(by("tina", Role::Technician), release).unwrap();
    let stages: Vec<_> = shop.units(shop.last()).iter().map(|u| shop.unit(*u).stage).collect();
    assert_eq!(stages, [Stage::PurchaseApproved; 4]);
}
