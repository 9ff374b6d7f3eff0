//! Which line of its order a server is of, and whether it is what that line asks for.

use rackhand_core::decide::command::Command;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::Role;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::purchase::deal::deviations;
use rackhand_core::purchase::paper::{Confirmation, ConfirmedLine, Paper, PurchaseLine, QuoteLine};
use rackhand_core::purchase::tender::expected;

use crate::scene;
use crate::shop::{self, SPEC, Shop, by};

/// Two lines of one server each, bought from HPE: line 1 as usual, line 2 with a terabyte. The quote has line 2 first.
fn two_lines() -> Shop {
    const LARGE: &str = "2x Xeon Gold 6530, 1TB DDR5, 4x 3.84TB NVMe, 2x 100GbE";
    let mut shop = Shop::new();
    let mut request = shop.request(1, SPEC);
    let model = None;
    request.lines.push(rackhand_core::order::Wish { quantity: 1, spec: LARGE.into(), model });
    shop.put(by("anna", Role::Operator), Command::Order(request)).unwrap();
    shop.carry_out("hpe");
    shop.carry_out("dell");
    let mut offer = shop::offer(1, 5_500_000);
    let large = QuoteLine {
        line: Some(2),
        part: "P-LARGE".into(),
        spec: Some(LARGE.into()),
        unit_price: Some(6_000_000),
        ..offer.lines[0].clone()
    };
    offer.lines.insert(0, large);
    shop.paper("hpe", Paper::Quote(offer)).unwrap();
    shop.approve("berta", "hpe", 1, "115000").unwrap();
    shop.approve("carl", "hpe", 1, "115000").unwrap();
    shop.carry_out("hpe");
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    shop
}

/// The notice with what each item says of its line and part.
fn of_lines(notice: Paper, says: &[(Option<u16>, Option<&str>)]) -> Paper {
    let Paper::ShipNotice(mut notice) = notice else { unreachable!() };
    for (item, (line, part)) in notice.items.iter_mut().zip(says) {
        (item.line, item.part) = (*line, part.map(Into::into));
    }
    Paper::ShipNotice(notice)
}

#[test]
fn a_serial_is_bound_to_the_line_that_its_ship_notice_names_by_number_or_by_part() {
    for says in [
        // The purchase order has the lines as the quote has them: its first is line 2 of the order.
        [(Some(1), None), (Some(2), None)],
        [(None, Some("P-LARGE")), (None, Some("P52562-B21"))],
        [(Some(1), None), (None, None)],
        [(None, None), (Some(2), None)],
    ] {
        let mut shop = two_lines();
        let notice = of_lines(shop.shipment("hpe", &["LARGE", "SMALL"]), &says);
        shop.paper("hpe", notice).unwrap();
        let line = |serial: &str| shop.world().by_serial(serial).unwrap().order.unwrap().1;
        assert_eq!((line("LARGE"), line("SMALL")), (2, 1), "{says:?}");
        let unit = shop.world().by_serial("LARGE").unwrap();
        let expected = rackhand_core::purchase::tender::expected(shop.world(), unit);
        assert!(expected.ordered.unwrap().to_string().contains("1024GB"));
        assert!(expected.confirmed.unwrap().spec.unwrap().to_string().contains("1024GB"));
    }
}

#[test]
fn a_ship_notice_with_more_of_a_line_than_is_awaited_or_of_a_line_that_is_not_there_binds_nothing() {
    for (says, why) in [
        ([(Some(1), None), (Some(1), None)], "2 new serials, and 1 servers of line 2 are awaited"),
        ([(Some(1), None), (Some(9), None)], "the purchase order has no line 9"),
    ] {
        let mut shop = two_lines();
        let notice = of_lines(shop.shipment("hpe", &["A", "B"]), &says);
        let refused = shop.paper("hpe", notice).unwrap_err();
        assert!(refused.text.contains(why), "{}", refused.text);
        assert!(shop.world().by_serial("A").is_none());
    }
}

/// Servers bought from HPE by a quote of these lines: which line of the order each names, and how many it offers.
fn bought_as(lines: &[(Option<u16>, u32)]) -> Shop {
    let mut shop = Shop::new();
    shop.order(2);
    shop.carry_out("hpe");
    shop.carry_out("dell");
    let mut offer = shop::offer(2, 100_000);
    let line = |(line, quantity): &(Option<u16>, u32)| QuoteLine {
        line: *line,
        quantity: *quantity,
        ..offer.lines[0].clone()
    };
    offer.lines = lines.iter().map(line).collect();
    shop.paper("hpe", Paper::Quote(offer.clone())).unwrap();
    let total: u32 = lines.iter().map(|(_, quantity)| quantity * 1_000).sum();
    shop.approve("berta", "hpe", 1, &total.to_string()).unwrap();
    shop.carry_out("hpe");
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    shop
}

#[test]
fn what_is_bought_along_with_the_servers_counts_for_no_server_and_no_serial_is_of_it() {
    let mut shop = bought_as(&[(Some(1), 2), (None, 1)]);
    let of_support = of_lines(shop.shipment("hpe", &["A"]), &[(Some(2), None)]);
    let refused = shop.paper("hpe", of_support).unwrap_err();
    assert!(refused.text.contains("line 2 of the purchase order is P52562-B21, and no server"), "{}", refused.text);
    assert!(shop.world().by_serial("A").is_none());
}

#[test]
fn where_no_line_of_the_quote_tells_what_it_answers_all_of_them_count_and_a_serial_may_be_of_any() {
    let mut shop = bought_as(&[(None, 1), (None, 1)]);
    let named = of_lines(shop.shipment("hpe", &["A"]), &[(Some(2), None)]);
    shop.paper("hpe", named).unwrap();
    assert!(shop.world().by_serial("A").is_some());
}

#[test]
fn a_server_with_less_than_was_ordered_stands_still_until_it_is_mended_or_an_operator_takes_it() {
    use rackhand_core::boot::parts::{Parts, Ram};
    use rackhand_core::lifecycle::task::TaskKind;
    // Two terabytes are ordered, offered and confirmed; the report of the scene has half a one.
    let mut shop = Shop::new();
    let request = shop.request(1, "2TB DDR5");
    shop.put(by("anna", Role::Operator), Command::Order(request)).unwrap();
    shop.carry_out("hpe");
    shop.carry_out("dell");
    let mut offer = shop::offer(1, 4_000_000);
    offer.lines[0].spec = Some("2TB DDR5".into());
    shop.paper("hpe", Paper::Quote(offer)).unwrap();
    shop.approve("berta", "hpe", 1, "40000").unwrap();
    shop.carry_out("hpe");
    shop.paper("hpe", shop.confirmation("hpe")).unwrap();
    let notice = shop.shipment_with_mac("hpe", &scene::serial(1), scene::bmc_mac(1));
    shop.paper("hpe", notice).unwrap();
    shop.receive(&scene::serial(1));
    shop.scene.lease(1, scene::address(1));
    shop.scene.answer(1, rackhand_core::inventory::Lookup::One(scene::device(1, "offline")));
    let id = shop.world().by_serial(&scene::serial(1)).unwrap().id;
    let small = Parts {
        memory: Some(Ram { bytes: 1 << 39, modules: Some(16), kind: Some("DDR5".into()) }),
        ..Parts::reported(&scene::report(1))
    };
    let judge = |shop: &mut Shop| {
        shop.scene.lead_to(1, id, Step::ReadParts);
        let saw = Observation::Parts(Box::new(small.clone()));
        shop.scene.attempt(id, Step::ReadParts, Outcome::Observed(saw));
    };
    judge(&mut shop);
    let less = |t: &&(u64, rackhand_core::lifecycle::task::Task)| t.1.kind == TaskKind::LessThanOrdered;
    let found = |shop: &Shop| shop.unit(id).tasks.iter().find(less).cloned();
    let (task, told) = found(&shop).unwrap();
    assert_eq!((told.kind, told.role), (TaskKind::LessThanOrdered, Role::Technician));
    assert!(told.text.starts_with("memory: 2048 GB ordered and confirmed, 512 GB here"), "{}", told.text);
    // Who works on it says that it is mended: the machine shows that it is not.
    let note: rackhand_core::text::Text = "reseated the modules".into();
    shop.put(by("tina", Role::Technician), Command::CloseTask { unit: id, task, note }).unwrap();
    judge(&mut shop);
    let (task, again) = found(&shop).unwrap();
    assert_eq!(again.text, told.text);
    // Who answers for the order lives with it, and says why.
    let close = |note: &str| Command::CloseTask { unit: id, task, note: note.into() };
    assert!(shop.put(by("anna", Role::Operator), close(" ")).is_err());
    shop.put(by("anna", Role::Operator), close("the rest is credited")).unwrap();
    judge(&mut shop);
    assert_eq!((found(&shop), shop.unit(id).stage), (None, Stage::PhysicalValidated));
    assert_eq!(shop.unit(id).accepted, [told.text]);
    let detail = rackhand_core::view::detail(shop.world(), shop.unit(id), shop.scene.now, &by("anna", Role::Operator));
    let memory = detail.facts.iter().find(|(name, _)| name.as_str() == "memory").map(|(_, said)| said.to_string());
    assert!(
        memory.is_some_and(|m| m.starts_with("less than ordered; memory: 2048 GB ordered and confirmed, 512 GB here"))
    );
}

/// A confirmation of the two lines, as they were ordered.
fn of_two_lines(shop: &Shop) -> Confirmation {
    let Paper::Confirmation(mut says) = shop.confirmation("hpe") else { unreachable!() };
    let line = |(n, l): (u16, &PurchaseLine)| ConfirmedLine {
        line: Some(n),
        part: l.part.clone(),
        quantity: l.quantity,
        unit_price: Some(l.unit_price),
    };
    let purchase = shop.world().deal(shop::deal(1, "hpe")).unwrap().purchase.clone().unwrap();
    says.lines = (1..).zip(&purchase.lines).map(line).collect();
    says
}

#[test]
fn each_line_of_a_confirmation_is_held_against_the_line_it_answers() {
    type Change = fn(&mut Vec<ConfirmedLine>);
    let changes: [(Change, &[&str]); 8] = [
        (|_| (), &[]),
        (|lines| lines.reverse(), &[]),
        (|lines| lines.iter_mut().for_each(|l| l.line = None), &[]),
        (|lines| lines[0].quantity = 3, &["line 1: 1 ordered, 3 confirmed"]),
        (
            |lines| lines[0].unit_price = Some(5_900_000),
            &["line 1: 60,000.00 EUR each ordered, 59,000.00 EUR confirmed"],
        ),
        (|lines| lines[1].part = "P-OTHER".into(), &["line 2: part P52562-B21 ordered, P-OTHER confirmed"]),
        (|lines| drop(lines.remove(0)), &["line 1: P-LARGE is not confirmed"]),
        (
            |lines| lines.push(ConfirmedLine { line: None, part: "RAILS".into(), quantity: 2, unit_price: None }),
            &["2x RAILS is confirmed and was not ordered"],
        ),
    ];
    for (change, points) in changes {
        let shop = two_lines();
        let mut says = of_two_lines(&shop);
        change(&mut says.lines);
        let purchase = shop.world().deal(shop::deal(1, "hpe")).unwrap().purchase.clone().unwrap();
        let told: Vec<String> = deviations(&purchase, &says).iter().map(ToString::to_string).collect();
        assert_eq!(told, points);
    }
}

#[test]
fn what_a_line_was_confirmed_as_is_told_unless_another_part_was_confirmed_for_it() {
    let mut shop = two_lines();
    shop.paper("hpe", of_lines(shop.shipment("hpe", &["LARGE", "SMALL"]), &[(Some(1), None), (Some(2), None)]))
        .unwrap();
    let mut says = of_two_lines(&shop);
    says.number = "SO-2".into();
    says.lines[1].part = "P-OTHER".into();
    shop.paper("hpe", Paper::Confirmation(says)).unwrap();
    let confirmed = |serial: &str| {
        let unit = shop.world().by_serial(serial).unwrap();
        expected(shop.world(), unit).confirmed.unwrap().spec.map(|s| s.to_string())
    };
    assert!(confirmed("LARGE").is_some_and(|s| s.contains("1024GB")));
    assert_eq!(confirmed("SMALL"), None);
}
