//! What the pool gives to an order: it is kept, given back and assigned server by server, and no vendor hears of it.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Why};
use rackhand_core::id::Role;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::order::{OrderState, Wish};

use crate::shop::{SPEC, Shop, by};

fn release(shop: &mut Shop, unit: rackhand_core::id::UnitId) -> Answer {
    let command = Command::ReleaseStock { unit, reason: "needed elsewhere".into() };
    shop.put(by("anna", Role::Operator), command).unwrap()
}

#[test]
fn what_the_pool_serves_whole_is_asked_of_no_vendor() {
    let mut shop = Shop::new();
    shop.ready(1, SPEC);
    let order = shop.order(1);
    assert!(shop.world().deals.is_empty(), "{:?}", shop.steps());
    assert_eq!(shop.state(order), OrderState::Reserved);
    shop.put(by("anna", Role::Operator), Command::AssignStock { order }).unwrap();
    assert_eq!(shop.state(order), OrderState::Assigned);
}

#[test]
fn a_reserved_server_that_was_put_on_hold_meanwhile_is_not_assigned() {
    let mut shop = Shop::new();
    let server = shop.ready(1, SPEC);
    let order = shop.order(1);
    shop.scene.hold(server).unwrap();
    let refused = shop.put(by("anna", Role::Operator), Command::AssignStock { order }).unwrap_err();
    assert!(refused.why == Why::Conflict && refused.text.contains("release it first"), "{refused}");
    assert_eq!(shop.unit(server).stage, Stage::Ready);
}

#[test]
fn who_wants_a_server_that_was_given_away_is_told_by_which_order() {
    let mut shop = Shop::new();
    let unit = shop.ready(1, SPEC);
    let first = shop.order(1);
    shop.put(by("anna", Role::Operator), Command::AssignStock { order: first }).unwrap();
    let order = shop.order(1);
    let refused = shop.put(by("anna", Role::Operator), Command::Reserve { order, line: 1, unit }).unwrap_err();
    assert!(refused.text.contains("was assigned by order 1"), "{refused}");
}

#[test]
fn a_server_that_is_given_back_is_free_and_that_of_another_line_stays_kept() {
    let mut shop = Shop::new();
    let (first, second) = (shop.ready(1, SPEC), shop.ready(2, SPEC));
    let mut request = shop.request(1, SPEC);
    request.lines.push(Wish { quantity: 1, spec: SPEC.into(), model: None });
    shop.put(by("anna", Role::Operator), Command::Order(request)).unwrap();
    let order = shop.last();
    assert_eq!([first, second].map(|u| shop.world().reserved_for(u)), [Some(order); 2]);
    assert_eq!(release(&mut shop, first), Answer::Done);
    assert_eq!([first, second].map(|u| shop.world().reserved_for(u)), [None, Some(order)]);
    let kept: Vec<_> = shop.world().order(order).unwrap().kept().map(|(line, r)| (line, r.unit)).collect();
    assert_eq!(kept, [(2, second)]);
    assert_eq!(release(&mut shop, first), Answer::Already);
}
