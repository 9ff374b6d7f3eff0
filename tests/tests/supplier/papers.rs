//! What a vendor answers, as neutral papers: to the cent, and nothing made up.

use super::*;

on_each_house! {
    a_quote_is_read_to_the_cent_and_adds_up,
    the_same_words_cost_the_same,
    a_newer_quote_takes_the_place_of_the_first,
    a_vendor_that_does_not_want_it_is_told_as_such,
    an_order_arrives_as_it_was_meant_and_is_confirmed_as_such,
    a_confirmation_with_other_prices_says_so,
    a_refused_order_says_why,
    two_shipments_bring_all_servers_once,
    the_lab_ships_the_servers_it_is_given,
    a_list_of_several_pages_is_read_to_its_end,
    a_paper_with_a_flaw_is_refused_with_its_place_and_hides_no_other,
}

async fn a_quote_is_read_to_the_cent_and_adds_up(house: House) {
    let b = bench(house);
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    assert_eq!(b.quotes().await, []);
    b.clock.sleep(HOUR).await;
    let quote = b.quotes().await.remove(0);
    let offer = b.vendor.offers(b.clock.now()).remove(0);
    assert_eq!(quote.request, Some(text("RFQ-7")));
    assert_eq!(quote.lines[0].unit_price, Some(offer.lines[0].priced.total()));
    assert_eq!((quote.freight, quote.total), (Some(offer.freight), Some(offer.total)));
    assert_eq!(quote.payable().map(|m| m.minor), Some(offer.total));
    let line = &quote.lines[0];
    assert_eq!((line.line, line.quantity, line.lead_days, line.warranty_months), (Some(1), 8, Some(21), Some(36)));
    assert!(line.watts.is_some_and(|w| w > 400) && line.spec.as_deref().is_some_and(|s| s.contains("3.84TB NVMe")));
    assert!(quote.valid_until.is_some_and(|until| until > b.clock.now() + 29 * DAY));
}

async fn the_same_words_cost_the_same(house: House) {
    let (first, second) = (bench(house).quoted().await, bench(house).quoted().await);
    assert_eq!(first, second);
    let b = bench(house);
    b.vendor.behave(|m| m.book.dearer = 7);
    assert!(b.quoted().await.sum() > first.sum());
}

async fn a_newer_quote_takes_the_place_of_the_first(house: House) {
    let b = bench_of(house, Manner { revises: Some((HOUR, 5)), ..Manner::default() });
    let first = b.quoted().await;
    b.clock.sleep(HOUR).await;
    let quotes = b.quotes().await;
    assert_eq!(quotes.len(), 1);
    assert!(quotes[0].number != first.number && quotes[0].sum() > first.sum(), "{quotes:?}");
}

async fn a_vendor_that_does_not_want_it_is_told_as_such(house: House) {
    let b = bench_of(house, Manner { declines: Some("no stock".into()), ..Manner::default() });
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    assert_eq!(b.seller.find_request(&text("RFQ-7")).await.unwrap().unwrap().state, State::Refused);
    b.clock.sleep(DAY).await;
    assert_eq!(b.quotes().await, []);
    let silent = bench_of(house, Manner { quotes_after: None, ..Manner::default() });
    silent.seller.send_request(&request("RFQ-7")).await.unwrap();
    silent.clock.sleep(30 * DAY).await;
    assert_eq!(silent.quotes().await, []);
}

fn confirmation(received: &Received) -> Option<&rackhand_core::purchase::paper::Confirmation> {
    received.papers.iter().find_map(|(p, _)| if let Paper::Confirmation(c) = p { Some(c) } else { None })
}

async fn an_order_arrives_as_it_was_meant_and_is_confirmed_as_such(house: House) {
    let b = bench(house);
    let order = b.ordered().await;
    let there = b.vendor.orders().remove(0);
    assert_eq!((there.ours.as_str(), &*there.quote, there.total), ("PO-000012", &*order.quote, order.total));
    assert_eq!(there.freight, order.freight.unwrap());
    assert_eq!(there.lines[0].unit_price, order.lines[0].unit_price);
    assert_eq!(b.answers().await, Received::default(), "it has not said a word yet");
    b.clock.sleep(HOUR).await;
    let received = b.answers().await;
    let said = confirmation(&received).unwrap();
    assert_eq!((said.verdict, &said.purchase, said.total), (Accepts::Yes, &order.number, Some(order.total)));
    assert_eq!(said.lines[0].unit_price, Some(order.lines[0].unit_price));
    assert!(said.promised.is_some_and(|p| p > b.clock.now() + 10 * DAY));
    assert_eq!(b.answers().await, received, "the same each time");
}

async fn a_confirmation_with_other_prices_says_so(house: House) {
    let b = bench_of(house, Manner { confirms_dearer: 3, ..Manner::default() });
    let order = b.ordered().await;
    b.clock.sleep(HOUR).await;
    let received = b.answers().await;
    let said = confirmation(&received).unwrap();
    assert_eq!(said.verdict, Accepts::Changed);
    assert!(said.total > Some(order.total) && said.lines[0].unit_price > Some(order.lines[0].unit_price));
}

async fn a_refused_order_says_why(house: House) {
    let b = bench_of(house, Manner { rejects: Some("credit limit".into()), ..Manner::default() });
    let order = b.ordered().await;
    b.clock.sleep(HOUR).await;
    let received = b.answers().await;
    let said = confirmation(&received).unwrap();
    assert_eq!((said.verdict, said.note.as_deref()), (Accepts::No, Some("credit limit")));
    assert_eq!(b.seller.find_order(&order).await.unwrap().unwrap().state, State::Refused);
}

fn serials(received: &Received) -> Vec<String> {
    let notices = received.papers.iter().filter_map(|(p, _)| if let Paper::ShipNotice(n) = p { Some(n) } else { None });
    notices.flat_map(|n| n.items.iter().map(|i| i.serial.to_string())).collect()
}

async fn two_shipments_bring_all_servers_once(house: House) {
    let b = bench_of(house, Manner { ships_after: vec![10 * DAY, 20 * DAY], ..Manner::default() });
    b.ordered().await;
    b.clock.sleep(11 * DAY).await;
    assert_eq!(serials(&b.answers().await).len(), 4);
    b.clock.sleep(10 * DAY).await;
    let received = b.answers().await;
    let mut all = serials(&received);
    all.dedup();
    assert_eq!(all.len(), 8);
    let notice = received.papers.iter().rev().find_map(|(p, _)| match p {
        Paper::ShipNotice(n) => Some(n),
        _ => None,
    });
    let notice = notice.unwrap();
    assert_eq!((notice.carrier, notice.tracking.len()), (Some(Carrier::Ups), 1));
    assert!(notice.eta > notice.shipped && notice.items.iter().all(|i| i.bmc_mac.is_some() && i.line == Some(1)));
    assert_eq!(confirmation(&received).map(|c| c.verdict), Some(Accepts::Yes));
}

async fn the_lab_ships_the_servers_it_is_given(house: House) {
    let b = bench(house);
    b.vendor.supply(Box::new(|wanted| {
        assert_eq!((wanted.spec.as_str(), wanted.quantity), (SPEC, 8));
        let made = |n| rackhand_lab::supplier::Made {
            serial: format!("given{n}"),
            bmc_mac: rackhand_core::mac::Mac([2, 0, 0, 0, 0, n]),
            model: "One of ours".into(),
        };
        (0..8).map(made).collect()
    }));
    b.ordered().await;
    b.clock.sleep(15 * DAY).await;
    assert_eq!(serials(&b.answers().await)[..2], ["GIVEN0", "GIVEN1"]);
}

async fn a_list_of_several_pages_is_read_to_its_end(house: House) {
    let ships_after = (1..=120).map(|n| n * HOUR).collect();
    let b = bench_of(house, Manner { ships_after, ..Manner::default() });
    b.seller
        .send_request(&QuoteRequest {
            lines: vec![RequestLine { line: 1, quantity: 120, spec: text(SPEC) }],
            ..request("RFQ-7")
        })
        .await
        .unwrap();
    b.clock.sleep(HOUR).await;
    let order = order("PO-000012", &b.quotes().await[0]);
    b.seller.send_order(&order).await.unwrap();
    b.clock.sleep(121 * HOUR).await;
    assert_eq!(serials(&b.answers().await).len(), 120);
}

async fn a_paper_with_a_flaw_is_refused_with_its_place_and_hides_no_other(house: House) {
    let b = bench(house);
    let good = b.quoted().await;
    let price = "/lines/0/unit_price_minor";
    // The vendor's own answer, twice, the second with something wrong in it.
    let answer = |change: &dyn Fn(&mut Value)| {
        let reply = ask(&b, "RFQ-7");
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
        let mut second = body["items"][0].clone();
        change(&mut second);
        body["items"].as_array_mut().unwrap().push(second);
        body["total"] = json!(2);
        body.to_string()
    };
    let refused = async |body: String| {
        b.once(Method::GET, "quotes", Effect::Refuse(StatusCode::OK, body.into()));
        let received = b.seller.papers(&[Open::Request(text("RFQ-7"))]).await.unwrap();
        assert_eq!(received.papers.len(), 1, "{received:?}");
        assert_eq!(received.papers[0].0, Paper::Quote(good.clone()));
        let [refused] = &received.refused[..] else { panic!("{received:?}") };
        refused.flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let at = |path: &'static str, value: Value| {
        move |row: &mut Value| *row.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone()
    };
    let said = refused(answer(&at(price, json!("TBD")))).await;
    assert!(said.contains("row 1") && said.contains("not an amount"), "{said}");
    assert!(refused(answer(&at(price, json!(-5)))).await.contains("below zero"));
    assert!(refused(answer(&at(price, json!(1.005)))).await.contains("not an amount"));
    assert!(refused(answer(&at(price, json!(true)))).await.contains("not an amount"));
    assert!(refused(answer(&at("/currency", json!("Euro")))).await.contains("not a currency"));
    assert!(refused(answer(&at("/valid_until", json!("end of the month")))).await.contains("not a date"));
    assert!(refused(answer(&at("/status", json!("perhaps")))).await.contains("nobody told us what that means"));
    assert!(refused(answer(&at("/kind", json!("invoice")))).await.contains("kind"));
    let shipment = json!("ship-notice");
    assert!(refused(answer(&at("/kind", shipment))).await.contains("kind"), "what it is must be what the list is of");
    // What is missing is unknown, never nothing and never a reason to refuse.
    let body = answer(&at(price, Value::Null));
    b.once(Method::GET, "quotes", Effect::Refuse(StatusCode::OK, body.into()));
    let received = b.seller.papers(&[Open::Request(text("RFQ-7"))]).await.unwrap();
    let Paper::Quote(quote) = &received.papers[1].0 else { panic!() };
    assert_eq!((quote.lines[0].unit_price, quote.sum(), quote.payable()), (None, None, None));
}

/// The vendor's list of quotes as it stands there now.
fn ask(b: &Bench, number: &str) -> Reply {
    let mut request = Request {
        method: Method::GET,
        path: "/partner/quotes".into(),
        query: format!("buyer_ref={number}"),
        headers: reqwest::header::HeaderMap::new(),
        body: Vec::new().into(),
    };
    let token = format!("Bearer lab-token-{}-of-a-vendor", b.vendor.tokens_given()).parse().unwrap();
    request.headers.insert("authorization", token);
    b.vendor.answer(&request, b.clock.now())
}
