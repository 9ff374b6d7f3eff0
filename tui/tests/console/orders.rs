//! Orders on screen: what keys do there, by the real rules.

use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::id::{OrderId, Role};
use rackhand_core::order::OrderState;
use rackhand_core::order::questions::OneOrder;
use rackhand_core::text::Text;
use rackhand_tui::event::Event;
use rackhand_tui::overlay::Layer;
use rackhand_tui::screen::Place;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::file::SHIPPED;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fake::Fake;
use crate::fixture::{Bench, buffer, look, plain, text};
use crate::trade::{Offer, SPEC};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

/// At the page of an order.
fn at(size: (u16, u16), order: u32) -> Bench {
    let mut bench = Bench::trading(size);
    bench.model.screens.orders.all = true;
    bench.keys(&["o", "o"]);
    let place = bench.model.screens.orders.list.rows.iter().position(|r| r.id == OrderId(order)).unwrap();
    bench.key("Home");
    for _ in 0..place {
        bench.key("Down");
    }
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Order(OrderId(order)));
    bench
}

fn state(bench: &Bench, order: u32) -> OrderState {
    bench.fake.ask(OneOrder(OrderId(order))).unwrap().row.state
}

fn note(bench: &Bench) -> String {
    match &bench.model.layer {
        Some(Layer::Note(note)) => note.said.iter().map(Text::as_str).collect::<Vec<_>>().join("\n"),
        other => panic!("no note but {other:?}"),
    }
}

fn at_all_sizes(name: &str, bench: impl Fn((u16, u16)) -> Bench) {
    for size in SIZES {
        let mut bench = bench(size);
        bench.model.toast = None;
        for (set, word) in [(GlyphSet::Unicode, "unicode"), (GlyphSet::Ascii, "ascii")] {
            let shown = text(&bench.model, &plain(set));
            assert!(set == GlyphSet::Unicode || shown.is_ascii());
            insta::assert_snapshot!(format!("{name}_{}x{}_{word}", size.0, size.1), shown);
        }
    }
}

fn with(mut bench: Bench, keys: &[&str]) -> Bench {
    bench.keys(keys);
    bench
}

#[test]
fn orders_at_all_sizes() {
    at_all_sizes("orders", |size| with(Bench::trading(size), &["Down"]));
    at_all_sizes("orders_all", |size| with(Bench::trading(size), &["o", "End"]));
}

#[test]
fn an_order_at_all_sizes() {
    at_all_sizes("order_deciding", |size| at(size, 1));
    at_all_sizes("order_shipping", |size| with(at(size, 4), &["End", "PgUp", "Down"]));
    at_all_sizes("order_differs", |size| at(size, 5));
}

#[test]
fn offers_at_all_sizes() {
    at_all_sizes("quotes", |size| with(at(size, 1), &["Q"]));
    at_all_sizes("quotes_right", |size| with(at(size, 1), &["Q", "Right", "Right", "PgDn"]));
}

#[test]
fn stock_and_forms_at_all_sizes() {
    at_all_sizes("stock", |size| with(at(size, 1), &["I"]));
    at_all_sizes("approve", |size| with(at(size, 1), &["Q", "a"]));
    at_all_sizes("quote_form", |size| {
        let mut bench = with(at(size, 7), &["E"]);
        bench.type_in("HQ-1");
        bench.keys(&["Enter", "Enter", "Enter", "Enter"]);
        bench.type_in("=");
        bench
    });
    at_all_sizes("order_form", |size| {
        let mut bench = with(Bench::trading(size), &["O"]);
        bench.type_in("acme");
        bench.keys(&["Enter", "Enter", "Bksp"]);
        bench.type_in("3");
        bench.key("Enter");
        bench.type_in("2x Xeon Gold 6530, 256GB DDR5, rails");
        bench
    });
}

#[test]
fn the_offers_in_every_theme() {
    let bench = with(at((80, 24), 1), &["Q", "PgDn"]);
    for (theme, _) in SHIPPED {
        let styled = buffer(&bench.model, &look(theme, Depth::X256, GlyphSet::Unicode));
        insta::assert_snapshot!(format!("styled_quotes_{theme}"), format!("{styled:?}"));
    }
}

#[test]
fn servers_are_ordered_before_the_list_of_orders_is_there() {
    let mut bench = Bench::at((80, 24), Place::Fleet);
    bench.answers = false;
    bench.keys(&["8", "O"]);
    assert!(matches!(bench.model.layer, Some(Layer::Order(_))), "{}", bench.toast());
    // What is about a row of it waits for the row.
    bench.keys(&["Esc", "Enter"]);
    assert_eq!((bench.model.place, bench.model.ahead.len()), (Place::Orders, 1));
}

#[test]
fn enter_opens_an_order_then_its_server_and_the_history_comes_back() {
    let mut bench = at((80, 24), 4);
    for _ in 0..40 {
        if bench.model.screens.order.unit.is_some() {
            break;
        }
        bench.key("Down");
    }
    let unit = bench.model.screens.order.unit.unwrap();
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Server(unit));
    bench.key("[");
    assert_eq!((bench.model.place, bench.model.screens.order.unit), (Place::Order(OrderId(4)), Some(unit)));
    bench.keys(&["Home", "Enter"]);
    assert!(bench.toast().contains("the cursor is on no server"), "{}", bench.toast());
    bench.key("Esc");
    assert_eq!(bench.model.place, Place::Orders);
}

#[test]
fn what_needs_a_person_is_counted_on_the_fleet_screen() {
    let mut bench = Bench::trading((80, 24));
    bench.key("1");
    let open = bench.model.screens.orders.list.total.unwrap();
    let people = bench.model.screens.orders.list.rows.iter().filter(|r| r.who.is_some()).count();
    assert!(people > 1 && people < open);
    let all = shown(&bench);
    assert!(all.contains(&format!("orders (8)  {people} need a person, {open} open")), "{all}");
    bench.model.screens.fleet.due = None;
    assert!(shown(&bench).contains("orders (8)  not known yet"), "unknown is not 0");
}

#[test]
fn the_list_is_filtered_by_the_daemon_and_o_shows_what_is_over() {
    let mut bench = Bench::trading((80, 24));
    let open = bench.model.screens.orders.list.total.unwrap();
    bench.key("o");
    assert_eq!(bench.model.screens.orders.list.total, Some(open + 1));
    bench.key("/");
    bench.type_in("state:cancelled");
    bench.key("Enter");
    assert_eq!(bench.model.screens.orders.list.total, Some(1));
    bench.key("Esc");
    assert_eq!(bench.model.screens.orders.list.total, Some(open + 1));
}

#[test]
fn an_approval_wants_the_total_typed_and_sends_what_was_seen() {
    let mut bench = with(at((80, 24), 1), &["Q", "a"]);
    for _ in 0..5 {
        bench.key("Enter");
    }
    bench.event(Event::Paste("29386.00".into()));
    bench.event(Event::Scan("29386".into()));
    bench.event(Event::Burst("29386".into()));
    bench.event(Event::EndMark);
    bench.key("Enter");
    assert!(bench.called.is_empty(), "neither Enter alone nor what came at once approves");
    let form = shown(&bench);
    bench.type_in("29,387");
    bench.key("Enter");
    assert!(bench.called.is_empty(), "nor another amount");
    bench.key("Bksp");
    bench.type_in("6");
    bench.key("Enter");
    let Some((_, Command::Approve { order, seller, revision, amount })) = bench.called.last() else {
        panic!("{}", shown(&bench))
    };
    assert_eq!((order.0, seller.as_str(), *revision, amount.as_str()), (1, "hpe", 1, "29,386"));
    assert!(form.contains("asked: 3x 2x Xeon"), "what the pool serves is not bought: {form}");
    assert_eq!(state(&bench, 1), OrderState::Buying);
}

#[test]
fn the_vendor_that_is_looked_at_is_the_one_approved() {
    let mut bench = with(at((80, 24), 1), &["Q", "Right", "a"]);
    let Some(Layer::Form(form)) = &bench.model.layer else { panic!() };
    let second =
        &bench.model.screens.order.detail.as_ref().unwrap().as_ref().unwrap().comparison.as_ref().unwrap().offers[1];
    assert!(form.title.contains(second.title.as_str()), "{}", form.title);
    bench.keys(&["Esc", "Left", "Left", "a"]);
    assert!(matches!(&bench.model.layer, Some(Layer::Note(_))), "without a price there is nothing to be typed");
    assert!(note(&bench).contains("no price for"), "{}", note(&bench));
}

#[test]
fn an_offer_that_changed_meanwhile_is_refused_in_a_sentence() {
    let mut bench = with(at((80, 24), 1), &["Q", "a"]);
    bench.fake.offer(OrderId(1), "hpe", &Offer { number: "HQ-2208", each: Some(1), ..Offer::default() });
    bench.type_in("29386");
    bench.key("Enter");
    assert_eq!(bench.called.len(), 1);
    let told = note(&bench);
    assert!(told.contains("the quote has changed: revision 2, you saw 1"), "{told}");
    assert_eq!(state(&bench, 1), OrderState::Deciding);
    assert!(shown(&bench).contains("Nothing was done"), "{}", shown(&bench));
}

#[test]
fn ones_own_order_and_a_role_too_low_are_told_before_anything_is_typed() {
    let mut bench = with(at((80, 24), 3), &["a"]);
    assert!(bench.model.layer.is_none());
    assert!(bench.toast().contains("you ordered it"), "{}", bench.toast());
    bench.fake.inside.lock().unwrap().role = Role::Operator;
    bench.up();
    bench.key("a");
    assert!(bench.toast().contains("role approver"), "{}", bench.toast());
}

#[test]
fn large_sums_take_two_and_the_first_is_told_so() {
    let mut bench = Bench::trading((80, 24));
    let big = bench.fake.order("hanna", crate::trade::request("acme", 9, "4x Xeon Gold 6530, 4TB DDR5"));
    let spec = Some("4x Xeon Gold 6530, 4TB DDR5");
    bench.fake.offer(
        big,
        "hpe",
        &Offer { number: "HQ-5", quantity: 9, each: Some(2_000_000), spec, ..Offer::default() },
    );
    bench.heard();
    let place = bench.model.screens.orders.list.rows.iter().position(|r| r.id == big).unwrap();
    bench.key("Home");
    for _ in 0..place {
        bench.key("Down");
    }
    bench.keys(&["Enter", "a"]);
    assert!(shown(&bench).contains("approver 1 of 2"), "{}", shown(&bench));
    bench.type_in("180000");
    bench.key("Enter");
    assert!(bench.toast().contains("one more person must approve"), "{}", bench.toast());
    bench.key("a");
    bench.type_in("180000");
    bench.key("Enter");
    assert!(note(&bench).contains("somebody else must"), "{}", note(&bench));
    bench.key("Esc");
    bench.fake.approve("otto", big, "hpe", "180000").unwrap();
    assert_eq!(state(&bench, big.0), OrderState::Buying);
}

#[test]
fn reject_and_cancel_ask_a_reason_and_the_orders_number() {
    let mut bench = with(at((80, 24), 1), &["x", "Enter", "Enter"]);
    assert!(bench.called.is_empty());
    bench.type_in("too dear");
    bench.keys(&["Enter", "Enter"]);
    assert!(bench.called.is_empty());
    bench.key("1");
    bench.key("Enter");
    assert_eq!(state(&bench, 1), OrderState::Rejected);
    let mut bench = with(at((80, 24), 4), &["X"]);
    bench.type_in("not needed any more");
    bench.keys(&["Enter", "4", "Enter"]);
    assert_eq!(state(&bench, 4), OrderState::Cancelled);
    bench.key("X");
    assert!(bench.toast().contains("the order has ended"), "{}", bench.toast());
}

#[test]
fn what_is_reserved_is_assigned_by_its_number_or_given_back() {
    let mut bench = with(at((80, 24), 1), &["A"]);
    bench.type_in("3");
    bench.key("Enter");
    assert!(matches!(bench.called.last(), Some((_, Command::AssignStock { .. }))), "{}", shown(&bench));
    bench.key("A");
    assert!(bench.toast().contains("nothing is reserved"), "{}", bench.toast());
    let mut bench = with(at((80, 24), 1), &["U", "Down", "Enter"]);
    bench.type_in("broken fan");
    bench.key("Enter");
    assert!(matches!(bench.called.last(), Some((_, Command::ReleaseStock { .. }))), "{}", shown(&bench));
}

#[test]
fn a_near_match_is_kept_after_its_last_four_are_typed() {
    let mut bench = with(at((80, 24), 1), &["I"]);
    assert!(matches!(bench.model.place, Place::Stock(OrderId(1), 1)));
    let near = bench.model.screens.stock.list.current().unwrap().found.label.clone();
    bench.keys(&["I", "Enter"]);
    assert!(
        bench.called.is_empty() && shown(&bench).contains("LESS: memory 256 GB, asked 512 GB"),
        "{}",
        shown(&bench)
    );
    bench.type_in(&near.as_str()[near.len() - 4..]);
    bench.key("Enter");
    assert!(matches!(bench.called.last(), Some((_, Command::Reserve { line: 1, .. }))));
    assert_eq!(bench.fake.ask(OneOrder(OrderId(1))).unwrap().row.from_stock, 4);
    assert!(bench.model.screens.stock.list.rows.iter().any(|s| s.found.label == near && s.kept == Some(OrderId(1))));
}

#[test]
fn a_confirmation_that_differs_is_accepted_by_its_new_total() {
    let mut bench = with(at((80, 24), 5), &["C"]);
    bench.type_in("small enough");
    bench.key("Enter");
    bench.type_in("6500");
    bench.key("Enter");
    assert!(bench.called.is_empty());
    for _ in 0..4 {
        bench.key("Bksp");
    }
    bench.type_in("6710.00");
    bench.key("Enter");
    assert!(matches!(bench.called.last(), Some((_, Command::AcceptConfirmation { .. }))), "{}", shown(&bench));
    assert_eq!(state(&bench, 5), OrderState::Shipping);
}

#[test]
fn an_order_is_written_with_its_echo_and_its_answer_is_shown() {
    let mut bench = with(Bench::trading((80, 30)), &["O"]);
    bench.type_in("acme");
    bench.keys(&["Enter", "Enter", "Bksp"]);
    bench.type_in("2");
    bench.key("Enter");
    bench.type_in("2x Xeon Gold 6530, 256GB DDR5, blue");
    let all = shown(&bench);
    for part in [
        "understood: 2x Xeon Gold 6530",
        "not understood: `blue`",
        "in stock at fra1: serving 1",
        "so: 1 from the pool",
    ] {
        assert!(all.contains(part), "{part} in\n{all}");
    }
    // To the button: it is not all understood.
    bench.keys(&["S-Tab", "S-Tab", "S-Tab", "S-Tab", "Enter"]);
    assert!(bench.called.is_empty() && shown(&bench).contains("not all is understood"), "{}", shown(&bench));
    bench.keys(&["Space", "Enter", "Enter"]);
    let Some((_, Command::Order(request))) = bench.called.last() else { panic!("{}", shown(&bench)) };
    assert!(request.as_understood && request.lines[0].quantity == 2);
    assert_eq!(bench.model.place, Place::Order(OrderId(8)));
    let told = note(&bench);
    assert!(told.contains("reserved from the pool: STK1004") && told.contains("to be bought: 1"), "{told}");
    assert!(told.contains("left out `blue`"), "{told}");
}

#[test]
fn a_refused_order_costs_no_typing_and_esc_asks_once() {
    let mut bench = with(Bench::trading((80, 24)), &["O"]);
    bench.type_in("acme");
    bench.key("Enter");
    for _ in 0..4 {
        bench.key("Bksp");
    }
    bench.type_in("sin9");
    bench.keys(&["Enter", "Enter"]);
    bench.type_in(SPEC);
    bench.keys(&["S-Tab", "S-Tab", "S-Tab", "S-Tab", "Enter"]);
    assert_eq!(bench.called.len(), 1, "{}", shown(&bench));
    let all = shown(&bench);
    assert!(all.contains("sin9 is no site of this daemon's") && all.contains("acme"), "{all}");
    bench.key("Esc");
    assert!(bench.model.layer.is_some() && shown(&bench).contains("Esc again leaves it"));
    bench.key("Esc");
    assert!(bench.model.layer.is_none());
}

#[test]
fn a_quote_is_entered_by_hand_and_what_is_left_empty_is_missing() {
    let mut bench = with(at((80, 24), 7), &["E"]);
    bench.type_in("HQ-1");
    bench.keys(&["Enter", "Enter", "Enter"]);
    bench.keys(&["Enter"]);
    bench.type_in("=");
    bench.keys(&["Enter", "Enter"]);
    bench.type_in("12,500.00");
    assert!(shown(&bench).contains("12,500.00 EUR each"), "{}", shown(&bench));
    bench.keys(&["S-Tab"; 8]);
    bench.keys(&["Enter"]);
    let Some((_, Command::EnterPaper { paper, seller, .. })) = bench.called.last() else { panic!("{}", shown(&bench)) };
    let rackhand_core::purchase::paper::Paper::Quote(quote) = &**paper else { panic!() };
    assert_eq!((seller.as_str(), quote.number.as_str(), quote.valid_until, quote.freight), ("hpe", "HQ-1", None, None));
    let line = &quote.lines[0];
    assert_eq!((line.quantity, line.unit_price, line.lead_days, line.watts), (4, Some(1_250_000), None, None));
    assert_eq!(state(&bench, 7), OrderState::Deciding);
    bench.key("Q");
    assert!(shown(&bench).contains("? missing"), "{}", shown(&bench));
}

#[test]
fn what_is_missing_says_so_in_every_cell() {
    let bench = with(at((200, 60), 1), &["Q"]);
    let order = bench.model.screens.order.detail.as_ref().unwrap().as_ref().unwrap();
    let rows = &order.comparison.as_ref().unwrap().rows;
    assert!(rows.iter().flat_map(|r| &r.cells).all(|c| !c.text.is_empty()));
    let all = shown(&bench);
    let lead = all.lines().find(|l| l.contains("lead time")).unwrap();
    assert_eq!(lead.matches("missing").count(), 1, "{lead}");
    assert!(lead.contains("* 14 d") || lead.contains("14 d"), "{lead}");
}

#[test]
fn nothing_is_sent_of_an_order_told_before_the_link_went() {
    let mut bench = with(at((80, 24), 1), &["Q", "a"]);
    bench.event(Event::Link(rackhand_tui::event::News::Down { why: Text::new("gone"), again_in: 3 }));
    bench.type_in("29386");
    bench.key("Enter");
    assert!(bench.called.is_empty() && bench.model.layer.is_some());
}

#[test]
fn deliveries_stand_first_in_the_work_tell_how_to_look_for_them_and_lead_to_the_dock() {
    const DAY: u64 = 86_400;
    let at = |days: u64, place| {
        let fake = Fake::seeded();
        fake.trade();
        fake.advance(Duration::from_secs(days * DAY));
        let mut bench = Bench::new(fake, (200, 60));
        bench.model.place = place;
        bench.up();
        bench
    };
    assert!(!shown(&at(3, Place::Work)).contains("Expect"), "two days ahead");
    let mut bench = at(4, Place::Work);
    let all = shown(&bench);
    let first = all.lines().find(|l| l.contains("Expect")).unwrap_or_else(|| panic!("{all}"));
    assert!(first.contains("delivery") && first.contains("dock") && !first.contains('!'), "{first}");
    assert!(first.contains("Expect 2 servers (PO-") && first.contains("UPS 1Z999AA10123456784 and 1 more)"), "{first}");
    bench.key("Tab");
    let all = shown(&bench);
    for told in
        ["UPS 1Z999AA10123456784: on its way: Departed, LOUISVILLE US", "UPS 1Z999AA10123456785: not tracked yet"]
    {
        assert!(all.contains(told), "{all}");
    }
    bench.key("D");
    assert_eq!(bench.model.place, Place::Receiving);
    assert!(shown(&bench).contains("(order 4)"), "{}", shown(&bench));

    let all = shown(&at(7, Place::Work));
    let late = all.lines().find(|l| l.contains("LATE by")).unwrap_or_else(|| panic!("{all}"));
    assert!(late.contains('!') && late.contains("late delivery"), "{late}");
    let all = shown(&at(7, Place::Fleet));
    assert!(all.contains("open, 1 delivery late"), "{all}");
}
