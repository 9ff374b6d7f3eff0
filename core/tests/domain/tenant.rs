//! What a tenant may do by itself: order, once for each key, and cancel what nothing was spent on.

use crate::shop::{SPEC, Shop, by};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Why};
use rackhand_core::event::Event;
use rackhand_core::id::{Actor, OrderId, Role};
use rackhand_core::order::{OrderRequest, OrderState, RequestKey};
use rackhand_core::policy::Quota;
use rackhand_core::world::World;

fn tenant(name: &str) -> Actor {
    Actor::Tenant { name: name.into() }
}

fn keyed(shop: &Shop, tenant: &str, word: &str, body: u8) -> Command {
    let key = Some(RequestKey { word: word.into(), body: Fingerprint([body; 32]) });
    Command::Order(OrderRequest { tenant: tenant.into(), key, ..shop.request(2, SPEC) })
}

fn ordered(answer: Answer) -> OrderId {
    match answer {
        Answer::Ordered(ordered) => ordered.order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_key_with_the_same_body_is_the_same_order_and_leaves_no_trace() {
    let mut shop = Shop::new();
    let first = keyed(&shop, "acme", "k1", 1);
    let order = ordered(shop.put(tenant("acme"), first.clone()).unwrap());
    let head = shop.world().head;
    assert_eq!(ordered(shop.put(tenant("acme"), first).unwrap()), order);
    assert_eq!(shop.world().head, head);
    let other = keyed(&shop, "acme", "k1", 2);
    assert_eq!(shop.put(tenant("acme"), other).unwrap_err().why, Why::Conflict);
    let theirs = keyed(&shop, "beta", "k1", 2);
    assert_ne!(ordered(shop.put(tenant("beta"), theirs).unwrap()), order);
    // It holds in a snapshot of the world, too.
    let read: World = serde_json::from_str(&serde_json::to_string(shop.world()).unwrap()).unwrap();
    assert_eq!(read.by_key("acme", "k1").map(|o| o.id), Some(order));
    assert_eq!(read.by_key("acme", "k2").map(|o| o.id), None);
}

#[test]
fn a_tenant_orders_for_itself_and_commands_nothing_else() {
    let mut shop = Shop::new();
    let theirs = keyed(&shop, "beta", "k1", 1);
    assert_eq!(shop.put(tenant("acme"), theirs).unwrap_err().why, Why::NotAllowed);
    let own = keyed(&shop, "acme", "k1", 1);
    let order = ordered(shop.put(tenant("acme"), own).unwrap());
    let reason = || "why".into();
    for command in [
        Command::AssignStock { order },
        Command::Reject { order, reason: reason() },
        Command::BindSerial { order, serial: "CZ1".into(), bmc_mac: None, model: None },
    ] {
        assert_eq!(shop.put(tenant("acme"), command).unwrap_err().why, Why::NotAllowed);
    }
}

#[test]
fn a_tenant_cancels_its_own_order_until_it_is_bought() {
    let mut shop = Shop::new();
    let own = keyed(&shop, "acme", "k1", 1);
    let order = ordered(shop.put(tenant("acme"), own).unwrap());
    let cancel = |order| Command::CancelOrder { order, reason: "not needed".into() };
    let refused = shop.put(tenant("beta"), cancel(order)).unwrap_err();
    let none = shop.put(tenant("beta"), cancel(OrderId(order.0 + 1))).unwrap_err();
    // Another's order is told apart from none by its number alone.
    assert_eq!((refused.why, refused.text.replace(&order.to_string(), "2")), (none.why, none.text.to_string()));
    assert_eq!(shop.put(tenant("acme"), cancel(order)), Ok(Answer::Done));
    assert_eq!(shop.put(tenant("acme"), cancel(order)), Ok(Answer::Already));
    assert_eq!(shop.state(order), OrderState::Cancelled);
    shop.quoted(4, 100_000);
    let bought = shop.last();
    shop.approve("berta", "hpe", 1, "4000").unwrap();
    assert_eq!(shop.state(bought), OrderState::Buying);
    let refused = shop.put(tenant("acme"), cancel(bought)).unwrap_err();
    assert!(refused.why == Why::Conflict && refused.text.contains("is bought already"), "{refused}");
}

#[test]
fn an_order_is_journaled_with_its_key_and_read_without_one() {
    for line in [
        r#"{"order_placed":{"placed":{"tenant":"acme","site":"fra1","routed":null,"needed_by":null,"note":null,"lines":[]}}}"#,
        r#"{"order_placed":{"placed":{"tenant":"acme","site":"fra1","routed":null,"needed_by":null,"note":null,"key":{"word":"k1","body":"0101010101010101010101010101010101010101010101010101010101010101"},"lines":[]}}}"#,
    ] {
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
    }
}

#[test]
fn a_tenant_has_no_more_on_order_than_its_quota_and_what_it_was_given_makes_room() {
    let mut shop = Shop::new();
    shop.scene.policy.quota = Quota { order: 4, open: 5 };
    shop.ready(1, SPEC);
    let ask = |shop: &mut Shop, quantity| {
        let request = shop.request(quantity, SPEC);
        shop.put(tenant("acme"), Command::Order(request)).map(ordered).map_err(|refused| refused.why)
    };
    assert_eq!(ask(&mut shop, 5), Err(Why::Invalid), "more than one order may have");
    let first = ask(&mut shop, 4).unwrap();
    assert_eq!(ask(&mut shop, 2), Err(Why::Conflict), "more than it may have on order");
    ask(&mut shop, 1).unwrap();
    assert_eq!(ask(&mut shop, 1), Err(Why::Conflict));
    // One of the first four is of the pool, and kept for it until it is given.
    shop.put(by("anna", Role::Operator), Command::AssignStock { order: first }).unwrap();
    ask(&mut shop, 1).unwrap();
    assert_eq!(ask(&mut shop, 1), Err(Why::Conflict));
    let request = shop.request(9, SPEC);
    shop.put(by("anna", Role::Operator), Command::Order(request)).expect("persons order as much as is approved");
}
