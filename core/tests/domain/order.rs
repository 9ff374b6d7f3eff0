//! Orders: from the pool or from vendors, by whom they may be approved, and how they are undone.

mod anywhere;
mod asked;
mod failed;
mod lines;
mod pool;

use crate::scene;
use crate::scene::failed;
use crate::shop::{SPEC, Shop, by, deal, offer, quote, seller};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Why};
use rackhand_core::event::{Event, OrderEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::next::{Move, Wait};
use rackhand_core::flow::step::{Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::order::OrderState;
use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::purchase::next::state;
use rackhand_core::purchase::paper::{Flaw, Paper, Tracked, Transit};

#[test]
fn an_order_goes_from_words_to_servers_on_their_way_on_the_same_ids() {
    let mut shop = Shop::new();
    let order = shop.order(4);
    let units = shop.units(order);
    assert_eq!(units.len(), 4);
    assert_eq!(shop.steps(), ["1-dell request_quote", "1-hpe request_quote"]);
    shop.carry_out("hpe");
    assert!(units.iter().all(|u| shop.unit(*u).stage == Stage::QuoteRequested));
    shop.carry_out("dell");
    shop.paper("hpe", quote(4, 5_500_000)).unwrap();
    assert!(units.iter().all(|u| shop.unit(*u).stage == Stage::QuoteReceived));
    assert_eq!(shop.state(order), OrderState::Deciding);
    let answer = shop.approve("berta", "hpe", 1, "220,000.00").unwrap();
    assert!(matches!(answer, Answer::Told(text) if text.contains("one more person must approve")));
    assert!(units.iter().all(|u| shop.unit(*u).stage == Stage::QuoteReceived));
    shop.approve("carl", "hpe", 1, "220000 EUR").unwrap();
    assert_eq!(shop.state(order), OrderState::Buying);
    assert_eq!(shop.steps(), ["1-hpe place_purchase"]);
    shop.carry_out("hpe");
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    assert!(units.iter().all(|u| shop.unit(*u).stage == Stage::ShipmentTracking));
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2", "CZ3", "CZ4"])).unwrap();
    let serials: Vec<_> = units.iter().map(|u| shop.unit(*u).label()).collect();
    assert_eq!(serials, ["CZ1", "CZ2", "CZ3", "CZ4"]);
    for serial in ["CZ1", "CZ2", "CZ3", "CZ4"] {
        shop.receive(serial);
    }
    assert_eq!(shop.state(order), OrderState::Delivered);
    assert!(units.iter().all(|u| shop.unit(*u).stage == Stage::Received));
}

#[test]
fn what_was_not_understood_is_said_and_ordered_only_if_that_is_wanted() {
    let mut shop = Shop::new();
    let mut request = shop.request(1, "512GB DDR5, 2x fluxcapacitor 9000GW");
    let refused = shop.put(by("anna", Role::Operator), Command::Order(request.clone())).unwrap_err();
    assert_eq!(refused.why, Why::Invalid);
    assert!(refused.text.contains("512GB DDR5") && refused.text.contains("fluxcapacitor"), "{}", refused.text);
    request.as_understood = true;
    let answer = shop.put(by("anna", Role::Operator), Command::Order(request)).unwrap();
    let Answer::Ordered(ordered) = answer else { panic!("{answer:?}") };
    assert_eq!(ordered.lines[0].understood.as_str(), "512GB DDR5");
    assert_eq!(ordered.lines[0].unclear.len(), 1);
}

#[test]
fn of_two_orders_for_the_last_server_one_gets_it_and_the_other_is_told_why() {
    let mut shop = Shop::new();
    let server = shop.ready(1, SPEC);
    let place = |shop: &mut Shop| {
        let request = shop.request(1, SPEC);
        let answer = shop.put(by("anna", Role::Operator), Command::Order(request)).unwrap();
        let Answer::Ordered(ordered) = answer else { panic!("{answer:?}") };
        *ordered
    };
    let (first, second) = (place(&mut shop), place(&mut shop));
    assert_eq!((first.lines[0].reserved.len(), first.lines[0].to_buy), (1, 0));
    assert_eq!((second.lines[0].reserved.len(), second.lines[0].to_buy), (0, 1));
    let why = second.lines[0].taken[0].as_str();
    assert!(why.contains("is reserved for order 1 by anna until"), "{why}");
    let refused = shop.put(by("anna", Role::Operator), Command::Reserve { order: second.order, line: 1, unit: server });
    assert!(refused.unwrap_err().text.contains("is reserved for order 1"));
    shop.put(by("anna", Role::Operator), Command::AssignStock { order: first.order }).unwrap();
    assert_eq!(shop.unit(server).stage, Stage::AssignedToTenant);
    assert_eq!(shop.state(first.order), OrderState::Assigned, "nothing was handed over");
}

#[test]
fn a_reservation_that_nobody_assigns_runs_out_and_the_server_is_free_again() {
    let mut shop = Shop::new();
    let server = shop.ready(1, SPEC);
    let order = shop.order(1);
    assert_eq!(shop.world().reserved_for(server), Some(order));
    let subject = Subject::Order(order);
    assert!(shop.next(subject).moves.is_empty());
    shop.scene.later(72 * 3_600);
    assert_eq!(shop.next(subject).moves, [Move::Review]);
    shop.scene.put(Actor::Rackhand, &Input::Review(subject)).unwrap();
    assert_eq!(shop.world().reserved_for(server), None);
    assert!(shop.next(subject).moves.is_empty());
    assert!(shop.next(subject).waits.iter().any(|w| w.what.contains("come from nowhere")));
    shop.put(by("anna", Role::Operator), Command::Reserve { order, line: 1, unit: server }).unwrap();
    assert_eq!(shop.world().reserved_for(server), Some(order));
}

#[test]
fn what_ran_out_of_a_bought_order_is_replaced_from_the_pool_as_it_is_offered() {
    let mut shop = Shop::new();
    let server = shop.ready(1, SPEC);
    let other = shop.ready(2, SPEC);
    shop.quoted(4, 5_500_000);
    let order = shop.last();
    // Two come from the pool, two are bought.
    assert_eq!(shop.units(order).len(), 2);
    shop.paper("dell", quote(2, 5_500_000)).unwrap();
    shop.approve("berta", "dell", 1, "110000").unwrap();
    shop.approve("carl", "dell", 1, "110000").unwrap();
    let bought = shop.units(order);
    shop.scene.later(72 * 3_600);
    shop.scene.put(Actor::Rackhand, &Input::Review(Subject::Order(order))).unwrap();
    assert!(shop.next(Subject::Order(order)).waits.iter().any(|w| w.what.contains("come from nowhere")));
    for unit in [server, other] {
        shop.put(by("anna", Role::Operator), Command::Reserve { order, line: 1, unit }).unwrap();
        assert_eq!(shop.world().reserved_for(unit), Some(order));
    }
    assert_eq!(shop.units(order), bought, "what is bought stays bought");
    let third = shop.ready(3, SPEC);
    let refused = shop.put(by("anna", Role::Operator), Command::Reserve { order, line: 1, unit: third }).unwrap_err();
    assert!(refused.text.contains("is bought already"), "{refused}");
}

#[test]
fn who_ordered_never_approves_and_nobody_approves_twice() {
    let mut shop = Shop::new();
    shop.quoted(4, 5_500_000);
    let refuse = |shop: &mut Shop, who, amount| shop.approve(who, "hpe", 1, amount).unwrap_err().text.to_string();
    assert!(refuse(&mut shop, "anna", "220000").contains("somebody else must approve"));
    assert!(refuse(&mut shop, "berta", "22000").contains("22,000.00 EUR was typed, 220,000.00 EUR is to be paid"));
    assert!(refuse(&mut shop, "berta", "").contains("type the total"));
    shop.approve("berta", "hpe", 1, "220000").unwrap();
    let saw = &shop.world().order(shop.last()).unwrap().approvals[0].saw;
    assert!(saw.contains("revision 1, 220,000.00 EUR, rank 1 of"), "what was shown is core's to say: {saw}");
    assert!(refuse(&mut shop, "berta", "220000").contains("somebody else must"));
    let technician =
        Command::Approve { order: shop.last(), seller: seller("hpe"), revision: 1, amount: "220000".into() };
    assert_eq!(shop.put(by("tina", Role::Operator), technician).unwrap_err().why, Why::NotAllowed);
}

#[test]
fn a_quote_that_changed_or_ran_out_is_not_approved_and_earlier_approvals_of_it_do_not_count() {
    let mut shop = Shop::new();
    shop.quoted(4, 5_500_000);
    shop.approve("berta", "hpe", 1, "220000").unwrap();
    shop.paper("hpe", quote(4, 5_600_000)).unwrap();
    let refused = shop.approve("carl", "hpe", 1, "220000").unwrap_err();
    assert!(refused.text.contains("the quote has changed: revision 2, you saw 1"), "{}", refused.text);
    let answer = shop.approve("carl", "hpe", 2, "224000").unwrap();
    assert!(matches!(answer, Answer::Told(_)), "berta's word was for another offer");
    shop.scene.later(31 * 86_400);
    let refused = shop.approve("berta", "hpe", 2, "224000").unwrap_err();
    assert!(refused.text.contains("expired"), "{}", refused.text);
}

#[test]
fn below_the_limit_the_cheapest_complete_offer_is_bought_once_all_have_answered() {
    let mut shop = Shop::new();
    shop.scene.policy.purchase.limits.auto_below = Money::new(1_000_000, Currency::EUR);
    let order = shop.order(1);
    shop.carry_out("hpe");
    shop.carry_out("dell");
    shop.paper("hpe", quote(1, 900_000)).unwrap();
    assert_eq!(shop.state(order), OrderState::Deciding, "dell may still answer");
    shop.paper("dell", quote(1, 800_000)).unwrap();
    assert_eq!(shop.world().order(order).unwrap().purchase.as_ref().unwrap().seller, seller("dell"));
    assert_eq!(shop.steps(), ["1-dell place_purchase"]);
}

#[test]
fn a_vendor_that_is_silent_is_reminded_once_and_then_given_up() {
    let mut shop = Shop::new();
    shop.order(1);
    shop.carry_out("hpe");
    shop.carry_out("dell");
    shop.paper("dell", quote(1, 800_000)).unwrap();
    assert!(shop.steps().is_empty());
    shop.scene.later(24 * 3_600);
    assert_eq!(shop.steps(), ["1-hpe chase_quote"]);
    shop.carry_out("hpe");
    assert!(shop.steps().is_empty());
    shop.scene.later(24 * 3_600);
    let subject = Subject::Deal(deal(1, "hpe"));
    assert_eq!(shop.next(subject).moves, [Move::Review]);
    shop.scene.put(Actor::Rackhand, &Input::Review(subject)).unwrap();
    assert!(shop.next(subject).moves.is_empty());
    assert!(shop.next(subject).waits[0].what.contains("has not answered, though reminded"));
    // It answers after all.
    shop.paper("hpe", quote(1, 700_000)).unwrap();
}

#[test]
fn a_quote_for_another_order_and_prices_of_nothing_are_refused_whole() {
    let mut shop = Shop::new();
    shop.order(1);
    shop.order(1);
    let mark = shop.scene.mark();
    let mut wrong = offer(1, 800_000);
    wrong.request = Some("RFQ-1-hpe".into());
    let refused = shop.paper("hpe", Paper::Quote(wrong)).unwrap_err();
    assert!(refused.text.contains("a quote for another order"), "{}", refused.text);
    let free = shop.paper("hpe", quote(1, 0)).unwrap_err();
    assert!(free.text.contains("a price of 0"), "{}", free.text);
    assert_eq!(shop.scene.mark(), mark, "nothing was recorded");
}

#[test]
fn the_same_paper_again_changes_nothing() {
    let mut shop = Shop::bought();
    for paper in [quote(4, 5_500_000), shop.confirmation("hpe")] {
        let first = shop.paper("hpe", paper.clone()).unwrap();
        let mark = shop.scene.mark();
        assert_eq!(shop.paper("hpe", paper).unwrap(), Answer::Already, "after {first:?}");
        assert_eq!(shop.scene.mark(), mark);
    }
    let shipment = shop.shipment("hpe", &["CZ1", "CZ2"]);
    shop.paper("hpe", shipment.clone()).unwrap();
    assert_eq!(shop.paper("hpe", shipment).unwrap(), Answer::Already);
}

#[test]
fn a_confirmation_that_differs_moves_nothing_until_an_approver_takes_it() {
    let mut shop = Shop::bought();
    let Paper::Confirmation(mut says) = shop.confirmation("hpe") else { unreachable!() };
    says.total = Some(23_000_000);
    shop.paper("hpe", Paper::Confirmation(says)).unwrap();
    let units = shop.units(shop.last());
    assert!(units.iter().all(|u| shop.unit(*u).stage == Stage::PurchaseApproved));
    let waits = shop.next(Subject::Deal(deal(1, "hpe"))).waits;
    assert!(waits[0].what.contains("220,000.00 EUR ordered, 230,000.00 EUR confirmed"), "{}", waits[0].what);
    let (order, seller) = (shop.last(), seller("hpe"));
    let (amount, reason) = ("230000".into(), "still the best".into());
    let accept = Command::AcceptConfirmation { order, seller, amount, reason };
    let refused = shop.put(by("berta", Role::Approver), accept).unwrap_err();
    assert!(refused.text.contains("takes two approvals"), "{}", refused.text);
}

#[test]
fn cancelling_undoes_in_reverse_once_each_and_only_what_was_done() {
    let mut shop = Shop::new();
    let server = shop.ready(1, SPEC);
    let order = shop.order(5);
    shop.carry_out("hpe");
    shop.paper("hpe", quote(4, 5_500_000)).unwrap();
    shop.approve("berta", "hpe", 1, "220000").unwrap();
    shop.approve("carl", "hpe", 1, "220000").unwrap();
    shop.carry_out("hpe");
    let cancel = Command::CancelOrder { order, reason: "the tenant left".into() };
    shop.put(by("anna", Role::Operator), cancel.clone()).unwrap();
    assert_eq!(shop.world().reserved_for(server), None);
    let units = shop.units(order);
    assert!(units.iter().all(|u| shop.unit(*u).disposition == Disposition::Cancelled));
    assert_eq!(shop.steps(), ["1-hpe cancel_purchase"], "dell was never asked");
    shop.carry_out("hpe");
    assert_eq!(shop.steps(), ["1-hpe withdraw_request"]);
    shop.carry_out("hpe");
    assert!(shop.steps().is_empty());
    assert_eq!(shop.put(by("anna", Role::Operator), cancel).unwrap(), Answer::Already);
    assert_eq!(shop.state(order), OrderState::Cancelled);
}

#[test]
fn a_cancel_that_the_vendor_refuses_becomes_a_persons_task() {
    let mut shop = Shop::bought();
    let order = shop.last();
    shop.put(by("anna", Role::Operator), Command::CancelOrder { order, reason: "too many".into() }).unwrap();
    shop.try_step("hpe", failed(Kind::Rejected));
    let waits = shop.next(Subject::Deal(deal(1, "hpe"))).waits;
    assert_eq!(waits[0].who, Some(Role::Operator));
    assert!(waits[0].resolve.iter().any(|r| r.as_str() == "skip"));
    assert_eq!(shop.steps(), ["1-dell withdraw_request"], "hpe is not asked again by itself");
    let letters = rackhand_core::view::dead_letters(shop.world(), shop.scene.now);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, Subject::Deal(deal(1, "hpe")));
}

#[test]
fn an_order_cancelled_when_servers_are_here_has_them_packed_for_their_return() {
    let mut shop = Shop::bought();
    let order = shop.last();
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2", "CZ3", "CZ4"])).unwrap();
    shop.receive("CZ1");
    shop.put(by("anna", Role::Operator), Command::CancelOrder { order, reason: "wrong model".into() }).unwrap();
    let here = shop.world().by_serial("CZ1").unwrap();
    assert!(here.tasks.iter().any(|(_, t)| t.text.contains("pack it for its return")));
    let coming = shop.world().by_serial("CZ2").unwrap();
    assert!(coming.tasks.is_empty());
    assert_eq!(coming.disposition, Disposition::Cancelled);
}

#[test]
fn a_ship_notice_that_contradicts_what_is_known_binds_nothing() {
    let mut shop = Shop::bought();
    shop.scene.import(9, Stage::Received);
    let bad = [
        shop.shipment("hpe", &["CZ1", "SN0009"]),
        shop.shipment("hpe", &["CZ1", "CZ2", "CZ3", "CZ4", "CZ5"]),
        shop.shipment_with_mac("hpe", "CZ1", scene::bmc_mac(9)),
    ];
    for notice in bad {
        let mark = shop.scene.mark();
        assert!(shop.paper("hpe", notice).is_err());
        assert_eq!(shop.scene.mark(), mark);
    }
    assert!(shop.world().by_serial("CZ1").is_none());
    // It came by itself: that it was not taken is told with the deal, until all servers have their serials.
    shop.scene.later(60);
    let refuse = |shop: &mut Shop, what: &str| {
        let flaws = vec![Flaw { row: Some(3), field: "serial".into(), why: "SN0009 is another server's".into() }];
        let input = Input::PaperRefused { deal: deal(1, "hpe"), what: what.into(), flaws };
        shop.scene.put(Actor::Wire, &input).unwrap()
    };
    let told = |shop: &Shop| {
        let waits = shop.next(Subject::Deal(deal(1, "hpe"))).waits;
        let own = |w: &&Wait| w.resolve.iter().any(|word| word.as_str() == "bind");
        waits.iter().find(own).map(|w| w.what.to_string()).unwrap_or_default()
    };
    refuse(&mut shop, "ship notice SHIP-7");
    let text = "ship notice SHIP-7 of HPE is not taken: serial: SN0009 is another server's. Have it put right, enter it \
                from a file, or bind its serials";
    assert_eq!(told(&shop), text);
    shop.scene.later(60);
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2"])).unwrap();
    assert_eq!(told(&shop), text, "the other half is still missing");
    for serial in ["CZ3", "CZ4"] {
        let (order, serial) = (shop.last(), serial.into());
        let bind = Command::BindSerial { order, serial, bmc_mac: None, model: None };
        shop.put(by("anna", Role::Operator), bind).unwrap();
    }
    assert_eq!(told(&shop), "");
    let many: Vec<Answer> = (0..70).map(|n| refuse(&mut shop, &format!("ship notice N{n}"))).collect();
    assert_eq!(many.iter().filter(|a| **a == Answer::Done).count(), 63, "what is more than is kept is not told anew");
}

#[test]
fn an_answer_that_comes_after_the_cancel_undoes_what_was_sent_all_the_same() {
    let mut shop = Shop::new();
    let order = shop.order(1);
    shop.begin("hpe");
    shop.put(by("anna", Role::Operator), Command::CancelOrder { order, reason: "a mistake".into() }).unwrap();
    // The request may have arrived: it counts as done, and its undo looks before it acts.
    assert_eq!(shop.steps(), ["1-hpe withdraw_request"]);
    let (subject, step) = (Subject::Deal(deal(1, "hpe")), Step::RequestQuote);
    let outcome = Outcome::Accepted { receipt: "late".into() };
    let late = Input::Ended { subject, step, generation: 1, outcome };
    assert_eq!(shop.scene.put(Actor::Rackhand, &late).unwrap(), Answer::Already);
    assert_eq!(shop.steps(), ["1-hpe withdraw_request"]);
}

#[test]
fn every_approval_is_in_the_journal_with_who_and_what_they_saw() {
    let shop = Shop::bought();
    let given: Vec<String> = shop
        .scene
        .log
        .iter()
        .filter(|r| matches!(r.draft.event, Event::Order(OrderEvent::ApprovalGiven { .. })))
        .map(|r| format!("{}: {}", r.draft.actor, r.draft.event.sentence()))
        .collect();
    let told = "hpe's offer, revision 1, approved for 220,000.00 EUR; seen: HPE quote Q-";
    let (berta, carl) = (format!("berta: {told}"), format!("carl: {told}"));
    assert!(given.len() == 2 && given[0].starts_with(&berta) && given[1].starts_with(&carl), "{given:?}");
    assert_eq!(state(shop.world(), shop.world().order(shop.last()).unwrap()), OrderState::Buying);
}

#[test]
fn what_the_carrier_says_is_delivered_is_not_told_as_late() {
    let mut shop = Shop::bought();
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2", "CZ3", "CZ4"])).unwrap();
    let (id, at) = (deal(1, "hpe"), shop.scene.now);
    shop.scene.later(40 * 86_400);
    let late = |shop: &Shop| shop.next(Subject::Deal(id)).waits.iter().any(|w| w.what.contains("is late by"));
    assert!(late(&shop));
    let reading = Tracked { status: Transit::Delivered, eta: None, delivered: Some(at), last: "Delivered".into() };
    let (deal, tracking) = (id, "1Z999AA10123456784".into());
    shop.scene.put(Actor::Wire, &Input::Tracked { deal, tracking, reading }).unwrap();
    assert!(!late(&shop));
}
