//! Orders for any site, and for tenants that NetBox knows or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::id::{Actor, Role, SiteId};
use rackhand_core::order::candidate::Shown;
use rackhand_core::order::commands::Ordered;
use rackhand_core::order::{OrderRequest, RequestKey};
use rackhand_core::placement::room::Room;
use rackhand_core::text::Text;

use crate::scene::{self, room, token};
use crate::shop::{SPEC, Shop, by};

fn site(name: &str) -> SiteId {
    SiteId::new(name)
}

/// Two racks at this site, of 42 units and 5 kW a feed each.
fn racks(name: &str) -> Arc<Room> {
    Arc::new(Room { site: site(name), ..room::room() })
}

fn shown(rooms: &[(&str, Result<Arc<Room>, Text>)]) -> Shown {
    let tenants = ["acme", "acme-labs", "beta"].map(Text::new);
    let rooms = rooms.iter().map(|(name, room)| (site(name), room.clone())).collect();
    Shown { rooms, tenants: Some(BTreeSet::from(tenants)), ..Shown::default() }
}

fn two_sites() -> Shop {
    let mut shop = Shop::new();
    shop.scene.policy.also = [site("ams1")].into();
    shop
}

fn anywhere(quantity: u32) -> OrderRequest {
    OrderRequest { site: site("any"), ..Shop::new().request(quantity, SPEC) }
}

fn order_by(shop: &mut Shop, actor: Actor, request: OrderRequest, shown: &Shown) -> Result<Ordered, Refusal> {
    let input = Input::Informed(Command::Order(request), Arc::new(shown.clone()));
    match shop.scene.put(actor, &input)? {
        Answer::Ordered(ordered) => Ok(*ordered),
        other => panic!("{other:?}"),
    }
}

fn order(shop: &mut Shop, request: OrderRequest, shown: &Shown) -> Result<Ordered, Refusal> {
    order_by(shop, by("anna", Role::Operator), request, shown)
}

#[test]
fn an_order_for_any_goes_where_stock_is_and_keeps_why() {
    let mut shop = two_sites();
    for n in 1..=2 {
        shop.ready(n, SPEC);
    }
    // Stock stands already: with it, nothing need be known of racks.
    let blind = shown(&[("fra1", Err("NetBox: no answer".into())), ("ams1", Ok(racks("ams1")))]);
    let ordered = order(&mut shop, anywhere(2), &blind).unwrap();
    assert_eq!((ordered.site, ordered.lines[0].reserved.len()), (Some(site("fra1")), 2));
    let why =
        "room and power for all 2, all 2 are in stock; each counted as 2 U and 800 W. ams1: 0 in stock, fra1 has 2";
    assert_eq!(ordered.routed.as_deref(), Some(why));
    let kept = shop.world().order(ordered.order).unwrap();
    assert_eq!((kept.site.as_str(), kept.routed.as_deref()), ("fra1", Some(why)), "as the journal has it");
    // The pool is empty now, and nobody knows fra1's racks.
    let ordered = order(&mut shop, anywhere(2), &blind).unwrap();
    assert_eq!(ordered.site, Some(site("ams1")));
    assert!(ordered.routed.unwrap().ends_with(
        "fra1: free units unknown, which is not counted as room, power unknown, which is not counted as room \
         (NetBox: no answer)"
    ));
    let units = shop.units(ordered.order);
    assert!(units.iter().all(|u| shop.unit(*u).site == site("ams1")), "what is bought goes there");
}

#[test]
fn what_is_on_its_way_to_a_site_takes_its_room() {
    let mut shop = two_sites();
    shop.scene.policy.purchase.preference = vec![site("ams1")];
    let both = shown(&[("fra1", Ok(racks("fra1"))), ("ams1", Ok(racks("ams1")))]);
    // A rack of 5 kW carries six servers of 800 W.
    let first = order(&mut shop, anywhere(12), &both).unwrap();
    assert_eq!(first.site, Some(site("ams1")), "preferred among equals");
    let second = order(&mut shop, anywhere(12), &both).unwrap();
    assert_eq!(second.site, Some(site("fra1")), "ams1's racks are promised");
    let refused = order(&mut shop, anywhere(1), &both).unwrap_err();
    assert_eq!(refused.why, Why::Conflict);
    assert_eq!(
        refused.text.as_str(),
        "no site is known to have room and power for all 1 (each counted as 2 U and 800 W). ams1: power for 0 of 1; \
         fra1: power for 0 of 1. Order fewer, or name the site to order there all the same"
    );
}

#[test]
fn sites_of_other_daemons_and_unread_ones_are_named_and_never_chosen() {
    let mut shop = Shop::new();
    shop.scene.policy.purchase.preference = vec![site("lon1")];
    let refused = order(&mut shop, anywhere(1), &shown(&[])).unwrap_err();
    assert!(refused.text.contains("fra1: free units unknown"), "{refused}");
    assert!(refused.text.contains("(NetBox was not read)"), "{refused}");
    assert!(refused.text.contains("lon1: another daemon's, nothing of it is known here"), "{refused}");
}

#[test]
fn the_same_key_is_the_same_order_though_another_site_would_be_chosen_now() {
    let mut shop = two_sites();
    let key = Some(RequestKey { word: "k1".into(), body: token(7) });
    let tenant = Actor::Tenant { name: "acme".into() };
    let request = OrderRequest { key, ..anywhere(2) };
    let only = |name: &str| shown(&[(name, Ok(racks(name)))]);
    let first = order_by(&mut shop, tenant.clone(), request.clone(), &only("ams1")).unwrap();
    let mark = shop.scene.mark();
    let again = order_by(&mut shop, tenant, request, &only("fra1")).unwrap();
    assert_eq!((again.order, again.site, again.routed), (first.order, Some(site("ams1")), first.routed));
    assert!(shop.scene.since(mark).is_empty());
}

#[test]
fn an_order_is_for_a_tenant_that_netbox_knows() {
    let mut shop = Shop::new();
    let asked = |shop: &Shop, tenant: &str| OrderRequest { tenant: tenant.into(), ..shop.request(1, SPEC) };
    let request = asked(&shop, "amce");
    let refused = order(&mut shop, request, &shown(&[])).unwrap_err();
    assert_eq!(refused, Refusal::new(Why::NotFound, "NetBox has no tenant amce: did you mean acme?"));
    let request = asked(&shop, "zulu");
    let refused = order(&mut shop, request, &shown(&[])).unwrap_err();
    assert_eq!(refused.text.as_str(), "NetBox has no tenant zulu: make it there, or write its slug as NetBox has it");
    let request = asked(&shop, "acme");
    assert_eq!(order(&mut shop, request, &shown(&[])).unwrap().unproven, None);
    // Unknown is said, and holds nobody up; who shows a token is a tenant.
    let request = asked(&shop, "zulu");
    let said = order(&mut shop, request.clone(), &Shown::default()).unwrap().unproven;
    assert_eq!(said.as_deref(), Some("NetBox was not read: whether there is a tenant zulu is unknown"));
    let tenant = Actor::Tenant { name: "zulu".into() };
    assert_eq!(order_by(&mut shop, tenant, request, &shown(&[])).unwrap().unproven, None);
}

#[test]
fn servers_are_assigned_to_a_tenant_that_netbox_knows() {
    let mut shop = Shop::new();
    shop.ready(1, SPEC);
    let request = OrderRequest { tenant: "zulu".into(), ..shop.request(1, SPEC) };
    let id = order(&mut shop, request, &Shown::default()).unwrap().order;
    let assign = |shop: &mut Shop, shown: Shown| {
        let input = Input::Informed(Command::AssignStock { order: id }, Arc::new(shown));
        shop.scene.put(scene::person(Role::Operator), &input)
    };
    assert_eq!(assign(&mut shop, shown(&[])).unwrap_err().why, Why::NotFound);
    let said = assign(&mut shop, Shown::default()).unwrap();
    let what = "assigned. NetBox was not read: whether there is a tenant zulu is unknown";
    assert_eq!(said, Answer::Told(what.into()));
}
