//! Papers as text: what a person sees, line for line.

use proptest::prelude::*;

use super::plain::{Letters, NARROWEST, WIDTH, render};
use super::purchase::purchase_order;
use super::work::{Cable, Power, Server, WorkOrder, work_order};
use super::*;
use crate::inventory::rack::Face;
use crate::purchase::money::Currency;
use crate::purchase::paper::{Destination, PurchaseLine, PurchaseOrder};

fn texts(lines: &[&str]) -> Vec<Text> {
    lines.iter().map(|line| Text::new(line)).collect()
}

fn order() -> PurchaseOrder {
    let line = |line, part: &str, description: &str, quantity, unit_price| PurchaseLine {
        line,
        part: part.into(),
        description: description.into(),
        quantity,
        unit_price,
    };
    PurchaseOrder {
        number: "PO-000012".into(),
        quote: "Q-884512".into(),
        at: Timestamp::from_secs(1_795_000_000),
        to: Destination {
            site: "fra1".into(),
            address: texts(&["Hanauer Landstraße 302", "60314 Frankfurt"]),
            country: "DE".into(),
        },
        bill_to: texts(&["Example Cloud GmbH", "Zeil 1", "60313 Frankfurt"]),
        currency: Currency::EUR,
        lines: vec![
            line(1, "P52562-B21", "HPE ProLiant DL360 Gen11, 2 x Xeon 6430, 512 GB, 2 x 3.84 TB NVMe", 24, 922_150),
            line(2, "S1", "Rails", 24, 9_900),
        ],
        freight: Some(120_000),
        total: 22_489_200,
        approved_by: texts(&["mara", "jonas"]),
    }
}

fn server() -> Server {
    let cable = |interface: &str, switch: &str, port: &str, kind: &str, length, colour: &str| Cable {
        interface: interface.into(),
        switch: switch.into(),
        port: port.into(),
        kind: Some(kind.into()),
        decimetres: Some(length),
        colour: Some(colour.into()),
    };
    let power = |supply: &str, strip: &str, feed: Option<&str>| Power {
        supply: supply.into(),
        strip: strip.into(),
        outlet: "C13-7".into(),
        feed: feed.map(Text::new),
    };
    Server {
        serial: "MXQ7420ABC".into(),
        model: "ProLiant DL380 Gen11".into(),
        unit: "u-000451".into(),
        asset: Some("A-20331".into()),
        tenant: Some("acme".into()),
        height: 4,
        kilograms: Some(31),
        from: "dock 2".into(),
        rack: "R07".into(),
        position: 24,
        face: Face::Front,
        power: vec![power("PSU 1", "pdu-r07-a", Some("feed A")), power("PSU 2", "pdu-r07-b", None)],
        bmc: Some(cable("iLO", "oob-r07", "7", "Cat 6A", 15, "blue")),
        cables: vec![Cable { decimetres: None, ..cable("eno1", "leaf-r07-1", "Ethernet1/7", "DAC 25G", 20, "black") }],
        more: texts(&["Stick the asset tag on the front, at the right."]),
        notes: texts(&["Not known when this was planned: the draw of other servers in the rack."]),
    }
}

fn work(servers: Vec<Server>) -> WorkOrder {
    WorkOrder {
        number: "WO-000031".into(),
        site: "fra1".into(),
        made_at: Timestamp::from_secs(1_795_000_000),
        assignee: Some("tim".into()),
        servers,
        contact: Some("operations, +49 69 555 0100,".into()),
    }
}

#[test]
fn a_purchase_order_reads_as_one_expects() {
    let expected = "\
Purchase order PO-000012                                              2026-11-18
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━

To                         Deliver to                 Bill to
  Hewlett Packard            Site fra1                  Example Cloud GmbH
  Enterprise                 Hanauer Landstraße 302     Zeil 1
                             60314 Frankfurt            60313 Frankfurt
                             DE

Accepts your quote  Q-884512
Approved            2026-11-18 by mara, jonas
Currency            EUR

Line  Part        Description                   Quantity  Unit price      Amount
────────────────────────────────────────────────────────────────────────────────
   1  P52562-B21  HPE ProLiant DL360 Gen11, 2         24    9,221.50  221,316.00
                  x Xeon 6430, 512 GB, 2 x
                  3.84 TB NVMe
   2  S1          Rails                               24       99.00    2,376.00
────────────────────────────────────────────────────────────────────────────────
                                                         Freight    1,200.00 EUR
                                                           Total  224,892.00 EUR

Please name PO-000012 in your confirmation, on the delivery note and on the
invoice.

Purchase order PO-000012
";
    let shown = render(&purchase_order(&order(), "Hewlett Packard Enterprise"), WIDTH, Letters::Unicode);
    assert_eq!(shown, expected, "\n{shown}");
}

#[test]
fn a_work_order_reads_as_one_expects() {
    let expected = "\
Work order WO-000031                                                  2026-11-18
================================================================================

Site     fra1
For      tim
Made     2026-11-18 11:06 UTC
Servers  1

Server MXQ7420ABC
-----------------

Model         ProLiant DL380 Gen11
Tenant        acme
Asset tag     A-20331
Unit id       u-000451
Size          2 U, 31 kg
Take it from  dock 2
Mount it in   rack R07, U12-U13, from the front

! Two persons lift it: it weighs 31 kg.

! Not known when this was planned: the draw of other servers in the rack.

[ ] 1. Take it from dock 2. Its label says MXQ7420ABC.
[ ] 2. Fit the rails in rack R07 at U12-U13 and mount it from the front.
[ ] 3. Plug the power cables in as listed below, each supply into its own feed.
[ ] 4. Plug the network cables in as listed below, the BMC's first. Label both
       ends.
[ ] 5. Stick the asset tag on the front, at the right.
[ ] 6. Switch it on. Wait until its power light stays green.
[ ] 7. Scan the label on the server, then the label on rack R07, then confirm
       U12-U13. A scan of this paper does not count.

     Power supply  Power strip  Outlet  Feed
-----------------------------------------------
[ ]  PSU 1         pdu-r07-a    C13-7   feed A
[ ]  PSU 2         pdu-r07-b    C13-7   unknown

     Interface  Switch      Port         Cable     Length  Colour
-----------------------------------------------------------------
[ ]  iLO        oob-r07     7            Cat 6A     1.5 m  blue
[ ]  eno1       leaf-r07-1  Ethernet1/7  DAC 25G  unknown  black

If it does not work
-------------------

If                                       Then
--------------------------------------------------------------------------------
the label shows another serial           Do not mount it. Put it back and ask.
the units are taken, or the rails do     Do not choose others. Leave it where it
not fit                                  is and ask.
an outlet or a port is taken             Leave the cable out. Write down what is
                                         in it and ask.
a supply stays dark                      Push both ends in, then swap the cable.
                                         Both feeds must be live.
the BMC's port has no link               Push both ends in, then swap the cable.
the scan is refused                      Read what was expected. Do not scan
                                         something else.
nothing of this helps                    Ask operations, +49 69 555 0100, and
                                         name this order.

Work order WO-000031, site fra1
";
    let shown = render(&work_order(&work(vec![server()])), WIDTH, Letters::Ascii);
    assert_eq!(shown, expected, "\n{shown}");
}

#[test]
fn a_total_that_the_lines_do_not_make_is_told() {
    let notices = |order: &PurchaseOrder| {
        let blocks = purchase_order(order, "HPE").blocks;
        blocks.into_iter().filter(|b| matches!(b, Block::Notice(_))).count()
    };
    assert_eq!(notices(&order()), 0);
    assert_eq!(notices(&PurchaseOrder { total: 22_489_201, ..order() }), 1);
    assert_eq!(notices(&PurchaseOrder { freight: None, ..order() }), 1);
    let mut absurd = order();
    absurd.lines[0].unit_price = u64::MAX;
    assert!(render(&purchase_order(&absurd, "HPE"), WIDTH, Letters::Ascii).contains("too large"));
}

#[test]
fn who_lifts_follows_from_the_weight_and_an_unknown_weight_is_not_light() {
    let lift = |kilograms| Server { kilograms, ..server() }.lift();
    assert_eq!(lift(Some(25)), "one person");
    assert_eq!(lift(Some(26)), "two persons");
    assert_eq!(lift(Some(33)), "two persons");
    assert_eq!(lift(Some(34)), "server lift");
    assert_eq!(lift(None), "two persons");
    let told = |kilograms| {
        let shown = render(&work_order(&work(vec![Server { kilograms, ..server() }])), WIDTH, Letters::Ascii);
        shown.lines().find(|line| line.starts_with("! ") && line.contains("lift")).map(str::to_owned)
    };
    assert_eq!(told(Some(25)), None);
    assert_eq!(told(Some(26)).as_deref(), Some("! Two persons lift it: it weighs 26 kg."));
    assert_eq!(told(None).as_deref(), Some("! Two persons lift it: its weight is unknown."));
}

#[test]
fn units_are_named_from_the_lowest_to_the_highest() {
    let units = |position, height| Server { height, position, ..server() }.units().to_string();
    assert_eq!(units(24, 2), "U12");
    assert_eq!(units(24, 4), "U12-U13");
    assert_eq!(units(25, 2), "U12.5");
    assert_eq!(units(24, 0), "U12");
    assert_eq!(units(u16::MAX, u16::MAX), "U32767.5");
}

#[test]
fn several_servers_have_an_overview_and_a_page_each() {
    let paper = work_order(&work(vec![server(), Server { serial: "MXQ7420ABD".into(), ..server() }]));
    let pages = |b: &&Block| matches!(b, Block::Section(s) if s.on_new_page);
    assert_eq!(paper.blocks.iter().filter(pages).count(), 2);
    let overview = paper.blocks.iter().find_map(|b| if let Block::Table(t) = b { Some(t) } else { None });
    assert_eq!(overview.map(|t| (t.rows.len(), t.tick)), Some((2, true)));
}

#[test]
fn a_table_that_is_too_wide_becomes_labels_with_values() {
    let shown = render(&purchase_order(&order(), "HPE"), 40, Letters::Ascii);
    assert!(shown.contains("Unit price: 9,221.50\nAmount: 221,316.00\n"), "{shown}");
    assert!(shown.contains("Total: 224,892.00 EUR\n"), "{shown}");
}

#[test]
fn what_ascii_cannot_say_is_told_at_the_end() {
    let mut paper = purchase_order(&order(), "Київ");
    assert!(render(&paper, WIDTH, Letters::Ascii).ends_with(&format!("{}\n", letters::MISSING)));
    assert!(!render(&paper, WIDTH, Letters::Unicode).contains(letters::MISSING));
    paper.blocks.remove(0);
    assert!(!render(&paper, WIDTH, Letters::Ascii).contains(letters::MISSING));
}

fn any_text() -> impl Strategy<Value = Text> {
    prop_oneof!["[a-z0-9 ]{0,30}", "\\PC{0,60}", "[A-Z]{40,90}"].prop_map(Text::from)
}

fn any_block() -> impl Strategy<Value = Block> {
    let fact = || (any_text(), any_text()).prop_map(|(label, value)| Fact { label, value });
    let lines = || prop::collection::vec(any_text(), 0..5);
    let column = (any_text(), any::<bool>())
        .prop_map(|(title, left)| Column { title, align: if left { Align::Left } else { Align::Right } });
    let rows = prop::collection::vec(lines(), 0..5);
    let table = (prop::collection::vec(column, 0..5), rows, prop::collection::vec(fact(), 0..3), any::<bool>());
    let party = (any_text(), lines()).prop_map(|(role, lines)| Party { role, lines });
    prop_oneof![
        (any_text(), any_text(), any::<bool>()).prop_map(|(title, code, on_new_page)| Block::Section(Section {
            title,
            code,
            on_new_page
        })),
        prop::collection::vec(party, 0..5).prop_map(Block::Parties),
        prop::collection::vec(fact(), 0..5).prop_map(Block::Facts),
        table.prop_map(|(columns, rows, totals, tick)| Block::Table(Table { columns, rows, totals, tick })),
        any_text().prop_map(Block::Paragraph),
        any_text().prop_map(Block::Notice),
        lines().prop_map(Block::Checks),
    ]
}

proptest! {
    #[test]
    fn no_paper_has_a_line_wider_than_asked(
        head in (any_text(), any_text(), any_text(), any_text(), any_text()),
        blocks in prop::collection::vec(any_block(), 0..5),
        width in 0_usize..130,
    ) {
        let (title, number, date, code, footer) = head;
        let paper = Document { title, number, date, code, blocks, footer };
        let ascii = render(&paper, width, Letters::Ascii);
        prop_assert!(ascii.is_ascii());
        let most = width.max(NARROWEST);
        prop_assert!(ascii.lines().all(|line| line.len() <= most), "{ascii}");
        let back = serde_json::to_value(&paper).and_then(serde_json::from_value::<Document>);
        prop_assert_eq!(back.ok(), Some(paper));
    }
}
