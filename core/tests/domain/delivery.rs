//! Deliveries are told to a site a day ahead and until the last server is scanned; what a carrier says is journaled where
//! it matters.

use std::time::Duration;

use crate::scene::START;
use crate::shop::{Shop, deal};
use rackhand_core::decide::{Answer, Input};
use rackhand_core::event::{DealEvent, Event};
use rackhand_core::id::{Actor, Role, SiteId, Subject};
use rackhand_core::order::questions::counts;
use rackhand_core::purchase::paper::{Paper, Tracked, Transit};
use rackhand_core::receiving::questions::receiving;
use rackhand_core::time::Timestamp;
use rackhand_core::view::guide::{Job, told};
use rackhand_core::view::work::{Ends, WorkQuery, WorkRow, work};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const PARCEL: &str = "1Z999AA10123456784";

fn at(secs: u64) -> Timestamp {
    START + Duration::from_secs(secs)
}

fn list(shop: &Shop) -> Vec<WorkRow> {
    let query = WorkQuery { limit: 50, ..WorkQuery::default() };
    work(shop.world(), &query, shop.scene.now).rows
}

fn deliveries(shop: &Shop) -> Vec<String> {
    let rows = list(shop).into_iter().filter(|r| r.ends == Ends::Receipts);
    rows.map(|r| format!("{} {}: {}", r.label, r.title, r.text)).collect()
}

fn go_to(shop: &mut Shop, secs: u64) {
    shop.scene.now = at(secs);
}

/// Four servers, confirmed for day 21; two of them are shipped for day 17.
fn shipped() -> Shop {
    let mut shop = Shop::bought();
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2"])).unwrap();
    shop
}

fn track(shop: &mut Shop, number: &str, status: Transit, eta: Option<u64>) -> Answer {
    let delivered = (status == Transit::Delivered).then_some(shop.scene.now);
    let reading = Tracked { status, eta: eta.map(at), delivered, last: "Departed, MEMPHIS US".into() };
    let input = Input::Tracked { deal: deal(1, "hpe"), tracking: number.into(), reading };
    shop.scene.put(Actor::Rackhand, &input).unwrap()
}

#[test]
fn a_delivery_is_told_a_day_ahead_and_ends_with_the_last_scan_whatever_the_carrier_says() {
    let mut shop = shipped();
    go_to(&mut shop, 16 * DAY - 1);
    assert_eq!(list(&shop).iter().filter(|r| r.unit.is_none()).count(), 0, "not before");
    go_to(&mut shop, 16 * DAY);
    let expected = format!(
        "PO-000001 delivery: Expect 2 servers (PO-000001, HPE, UPS {PARCEL}) tomorrow 11:06 UTC: scan them at the dock."
    );
    assert_eq!(deliveries(&shop), [expected]);
    let rows = list(&shop);
    assert_eq!(rows[0].unit, None, "it stands first");
    assert_eq!(
        rows.iter().skip(1).map(|r| r.label.as_str()).collect::<Vec<_>>(),
        ["CZ1", "CZ2"],
        "no row without serial"
    );
    assert_eq!((&rows[0].site, rows[0].since), (&SiteId::new("fra1"), at(16 * DAY)));

    shop.receive("CZ1");
    assert!(deliveries(&shop)[0].contains("Expect 1 server ("), "{:?}", deliveries(&shop));
    track(&mut shop, PARCEL, Transit::Delivered, None);
    assert!(deliveries(&shop)[0].contains("delivered?: Find 1 server ("), "{:?}", deliveries(&shop));
    shop.receive("CZ2");
    assert_eq!(deliveries(&shop), [] as [String; 0]);
    assert_eq!(list(&shop).iter().filter(|r| r.job == Job::Delivery).count(), 0);

    // The other two have no ship notice: the vendor's promise stands.
    go_to(&mut shop, 20 * DAY);
    let expected = "PO-000001 delivery: Expect 2 servers (PO-000001, HPE) tomorrow 11:06 UTC: scan them at the dock.";
    assert_eq!(deliveries(&shop), [expected]);
    assert!(list(&shop)[0].about.iter().any(|s| s.contains("has not said yet")));
}

#[test]
fn a_late_delivery_says_by_how_much_who_carries_it_and_what_to_do() {
    let mut shop = shipped();
    track(&mut shop, PARCEL, Transit::Moving, Some(17 * DAY));
    go_to(&mut shop, 18 * DAY - 1);
    assert!(deliveries(&shop)[0].contains("delivery: Expect 2 servers"), "{:?}", deliveries(&shop));
    assert_eq!(counts(shop.world(), shop.scene.now).late, 0);
    go_to(&mut shop, 18 * DAY + 3 * HOUR);
    let late = format!(
        "PO-000001 late delivery: LATE by 1d3h: 2 servers (PO-000001, HPE, UPS {PARCEL}) should have come yesterday 11:06 UTC."
    );
    assert_eq!(deliveries(&shop), [late]);
    let counted = counts(shop.world(), shop.scene.now);
    assert_eq!((counted.open, counted.people, counted.late), (1, 1, 1));
    let told = told(&list(&shop)[0]);
    let all: Vec<&str> = told.iter().map(|(_, s)| s.as_str()).collect();
    assert!(all.contains(&"Order 1 for acme, bought from HPE as PO-000001."), "{all:?}");
    let parcel = format!("UPS {PARCEL}: on its way: Departed, MEMPHIS US (read 18d3h ago).");
    assert!(all.contains(&parcel.as_str()), "{all:?}");
    assert!(all.iter().any(|s| s.contains("calls the carrier")), "{all:?}");
    assert!(all.iter().all(|s| s.ends_with('.')), "{all:?}");
}

#[test]
fn each_shipment_is_a_delivery_of_its_own() {
    let mut shop = shipped();
    let Paper::ShipNotice(mut second) = shop.shipment("hpe", &["CZ3"]) else { unreachable!() };
    (second.number, second.tracking) = ("SHIP-2".into(), vec!["A".into(), "B".into(), "C".into()]);
    shop.paper("hpe", Paper::ShipNotice(second)).unwrap();
    go_to(&mut shop, 17 * DAY);
    let told = deliveries(&shop);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("PO-000001 SHIP-1 delivery: Expect 2 servers"), "{told:?}");
    assert!(
        told[1].starts_with("PO-000001 SHIP-2 delivery: Expect 1 server (PO-000001, HPE, UPS A and 2 more)"),
        "{told:?}"
    );
}

#[test]
fn an_arrival_that_moves_by_little_leaves_no_trace_and_many_small_moves_leave_one() {
    let mut shop = shipped();
    let moves = |shop: &Shop| {
        let told = |e: &Event| matches!(e, Event::Deal(DealEvent::ShipmentTracked { .. }));
        shop.scene.log.iter().filter(|r| told(&r.draft.event)).count()
    };
    assert_eq!(track(&mut shop, PARCEL, Transit::Moving, Some(17 * DAY)), Answer::Done);
    for (eta, expected) in [
        (17 * DAY + 12 * HOUR, Answer::Already),
        (17 * DAY - 12 * HOUR, Answer::Already),
        (17 * DAY + 13 * HOUR, Answer::Done),
        (17 * DAY + 25 * HOUR, Answer::Already),
        (17 * DAY + 26 * HOUR, Answer::Done),
    ] {
        assert_eq!(track(&mut shop, PARCEL, Transit::Moving, Some(eta)), expected, "{eta}");
    }
    assert_eq!(moves(&shop), 3);
    assert_eq!(shop.world().deal(deal(1, "hpe")).unwrap().eta(), Some(at(17 * DAY + 26 * HOUR)));
    assert_eq!(
        track(&mut shop, PARCEL, Transit::Trouble, Some(17 * DAY + 26 * HOUR)),
        Answer::Done,
        "how it stands counts"
    );
    assert_eq!(track(&mut shop, PARCEL, Transit::Trouble, Some(17 * DAY + 26 * HOUR)), Answer::Already);
}

#[test]
fn a_parcel_that_came_earlier_does_not_make_the_others_arrival_news_again_and_again() {
    let mut shop = Shop::bought();
    let Paper::ShipNotice(mut notice) = shop.shipment("hpe", &["CZ1", "CZ2"]) else { unreachable!() };
    notice.tracking = vec!["A".into(), "B".into()];
    shop.paper("hpe", Paper::ShipNotice(notice)).unwrap();
    track(&mut shop, "A", Transit::Moving, Some(20 * DAY));
    track(&mut shop, "A", Transit::Delivered, Some(20 * DAY));
    assert_eq!(track(&mut shop, "B", Transit::Moving, Some(10 * DAY)), Answer::Done);
    assert_eq!(shop.world().deal(deal(1, "hpe")).unwrap().eta(), Some(at(10 * DAY)), "of what is still out");
    assert_eq!(track(&mut shop, "B", Transit::Moving, Some(10 * DAY)), Answer::Already);
    assert_eq!(track(&mut shop, "B", Transit::Moving, Some(10 * DAY + HOUR)), Answer::Already);
}

#[test]
fn the_dock_sees_which_purchase_what_it_expects_is_of() {
    let mut shop = shipped();
    let dock = receiving(shop.world(), &SiteId::new("fra1"), shop.scene.now);
    assert_eq!((dock.lines.len(), dock.lines[0].left), (1, 4));
    assert_eq!(dock.lines[0].orders, ["PO-000001 (order 1)".into()]);
    assert_eq!(dock.expected, ["CZ1".into(), "CZ2".into()], "what has no serial is only counted");
    shop.receive("CZ1");
    shop.receive("CZ2");
    let dock = receiving(shop.world(), &SiteId::new("fra1"), shop.scene.now);
    assert_eq!(dock.lines.iter().map(|l| l.orders.len()).sum::<usize>(), 1);
}

#[test]
fn a_delivery_is_looked_at_again_when_it_is_announced_and_when_it_is_late() {
    let mut shop = shipped();
    let wake = |shop: &Shop| shop.next(Subject::Deal(deal(1, "hpe"))).wake;
    assert_eq!(wake(&shop), Some(at(16 * DAY)), "a day before it comes");
    go_to(&mut shop, 16 * DAY);
    assert_eq!(wake(&shop), Some(at(18 * DAY)), "a day after it should have come");
}

#[test]
fn what_the_carrier_has_delivered_waits_for_the_dock_until_all_of_it_is_scanned() {
    let mut shop = Shop::bought();
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    shop.paper("hpe", shop.shipment("hpe", &["CZ1", "CZ2", "CZ3", "CZ4"])).unwrap();
    let waits = |shop: &Shop| {
        let waits = shop.next(Subject::Order(shop.last())).waits;
        waits.into_iter().map(|w| (w.what.to_string(), w.who)).collect::<Vec<_>>()
    };
    assert!(waits(&shop).is_empty(), "it is on its way: {:?}", waits(&shop));
    track(&mut shop, PARCEL, Transit::Delivered, None);
    shop.receive("CZ1");
    let told = "3 servers that the carrier has delivered to be scanned at the dock".to_owned();
    assert_eq!(waits(&shop), [(told, Some(Role::Technician))]);
    for serial in ["CZ2", "CZ3", "CZ4"] {
        shop.receive(serial);
    }
    assert!(waits(&shop).is_empty(), "{:?}", waits(&shop));
}
