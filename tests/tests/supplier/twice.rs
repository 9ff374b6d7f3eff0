//! Twice is once: what was sent and not answered is found, and what is sent again is there once.

use super::*;

on_each_house! {
    a_lost_answer_to_a_request_is_unknown_and_the_look_finds_it,
    a_request_that_never_arrived_is_not_found_and_is_sent_again,
    a_lost_answer_to_an_order_is_unknown_and_the_look_finds_it,
    a_copy_is_refused_by_its_number_and_gives_the_first_ones_receipt,
    what_is_taken_with_202_is_found_later,
    a_withdrawn_request_is_told_as_such_and_withdrawing_again_sends_nothing,
    a_cancelled_order_is_told_as_such_and_cancelling_again_sends_nothing,
    a_cancellation_that_is_refused_says_why_in_the_vendors_words,
    an_order_that_another_sent_under_our_number_is_not_taken_for_ours,
    a_reminder_is_looked_for_by_its_own_number,
    a_number_that_is_there_twice_is_for_a_person,
    what_is_not_there_cannot_be_withdrawn_chased_or_cancelled,
}

async fn a_lost_answer_to_a_request_is_unknown_and_the_look_finds_it(house: House) {
    let b = bench(house);
    assert_eq!(b.seller.find_request(&text("RFQ-7")).await, Ok(None));
    for fate in [Fate::Lost, Fate::Cut, Fate::Hang] {
        b.once(Method::POST, "quote", Effect::Answer(fate));
        let lost = b.seller.send_request(&request(&format!("RFQ-{fate:?}"))).await;
        assert_eq!(kind(lost), Kind::Unknown, "{fate:?}");
        let found = b.seller.find_request(&text(&format!("RFQ-{fate:?}"))).await.unwrap().unwrap();
        assert_eq!(found.state, State::Open);
    }
    assert!(b.vendor.arrivals().requests.values().all(|n| *n == 1));
    assert_eq!(b.vendor.requests().len(), 3);
}

async fn a_request_that_never_arrived_is_not_found_and_is_sent_again(house: House) {
    let b = bench(house);
    b.once(Method::POST, "quote", Effect::Drop);
    assert_eq!(kind(b.seller.send_request(&request("RFQ-7")).await), Kind::Unknown);
    assert_eq!(b.seller.find_request(&text("RFQ-7")).await, Ok(None));
    let receipt = b.seller.send_request(&request("RFQ-7")).await.unwrap();
    let found = b.seller.find_request(&text("RFQ-7")).await.unwrap();
    assert_eq!(found, Some(Listed { reference: receipt, state: State::Open }));
    assert_eq!(b.vendor.arrivals().requests["RFQ-7"], 1);
    let asked = b.vendor.requests().remove(0);
    assert_eq!(asked.lines, [(1, 8, SPEC.to_owned())]);
}

async fn a_lost_answer_to_an_order_is_unknown_and_the_look_finds_it(house: House) {
    let b = bench(house);
    let order = order("PO-000012", &b.quoted().await);
    b.once(Method::POST, "orders", Effect::Answer(Fate::Lost));
    assert_eq!(kind(b.seller.send_order(&order).await), Kind::Unknown);
    assert_eq!(b.seller.find_order(&order).await.unwrap().unwrap().state, State::Open);
    assert_eq!((b.vendor.arrivals().orders["PO-000012"], b.vendor.orders().len()), (1, 1));
}

async fn a_copy_is_refused_by_its_number_and_gives_the_first_ones_receipt(house: House) {
    let b = bench(house);
    let first = b.seller.send_request(&request("RFQ-7")).await.unwrap();
    let second = b.seller.send_request(&request("RFQ-7")).await.unwrap();
    assert_eq!(first, second);
    assert_eq!((b.vendor.arrivals().requests["RFQ-7"], b.vendor.requests().len()), (2, 1), "copies are counted");
    b.clock.sleep(HOUR).await;
    let order = order("PO-000012", &b.quotes().await[0]);
    let first = b.seller.send_order(&order).await.unwrap();
    assert_eq!(b.seller.send_order(&order).await.unwrap(), first);
    assert_eq!((b.vendor.arrivals().orders["PO-000012"], b.vendor.orders().len()), (2, 1));
}

async fn what_is_taken_with_202_is_found_later(house: House) {
    let b = bench_of(house, Manner { lists_after: HOUR, ..Manner::default() });
    let receipt = b.seller.send_request(&request("RFQ-7")).await.unwrap();
    assert_eq!(receipt.as_str(), "accepted");
    assert_eq!(b.seller.find_request(&text("RFQ-7")).await, Ok(None));
    assert!(b.seller.send_request(&request("RFQ-7")).await.is_ok(), "it is known by its number all the same");
    b.clock.sleep(HOUR).await;
    assert!(b.seller.find_request(&text("RFQ-7")).await.unwrap().is_some());
    assert_eq!(b.vendor.requests().len(), 1);
}

async fn a_withdrawn_request_is_told_as_such_and_withdrawing_again_sends_nothing(house: House) {
    let b = bench(house);
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    b.once(Method::POST, "withdraw", Effect::Answer(Fate::Lost));
    assert_eq!(kind(b.seller.withdraw(&text("RFQ-7")).await), Kind::Unknown);
    assert_eq!(b.seller.find_request(&text("RFQ-7")).await.unwrap().unwrap().state, State::Cancelled);
    b.seller.withdraw(&text("RFQ-7")).await.unwrap();
    assert_eq!(b.vendor.arrivals().withdrawals["RFQ-7"], 1);
    b.clock.sleep(DAY).await;
    assert_eq!(b.quotes().await, []);
}

async fn an_order_that_another_sent_under_our_number_is_not_taken_for_ours(house: House) {
    let b = bench(house);
    let theirs = b.ordered().await;
    let mut ours = theirs.clone();
    for line in &mut ours.lines {
        line.part = text("OTHER-1");
    }
    let fault = b.seller.find_order(&ours).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.to_string().contains("PO-000012 is there as"), "{fault}");
    assert_eq!(kind(b.seller.cancel_order(&ours, &text("not needed")).await), Kind::Conflict);
    assert!(b.vendor.arrivals().cancels.is_empty(), "what is another's is not cancelled");
    assert_eq!(b.seller.find_order(&theirs).await.unwrap().unwrap().state, State::Open);
}

async fn a_cancelled_order_is_told_as_such_and_cancelling_again_sends_nothing(house: House) {
    let b = bench(house);
    let order = b.ordered().await;
    b.once(Method::POST, "cancel", Effect::Answer(Fate::Lost));
    assert_eq!(kind(b.seller.cancel_order(&order, &text("not needed")).await), Kind::Unknown);
    assert_eq!(b.seller.find_order(&order).await.unwrap().unwrap().state, State::Cancelled);
    b.seller.cancel_order(&order, &text("not needed")).await.unwrap();
    assert_eq!(b.vendor.arrivals().cancels["PO-000012"], 1);
    assert_eq!(b.vendor.orders()[0].cancelled.as_deref(), Some("not needed"));
}

async fn a_cancellation_that_is_refused_says_why_in_the_vendors_words(house: House) {
    let b = bench(house);
    let order = b.ordered().await;
    b.clock.sleep(20 * DAY).await;
    let fault = b.seller.cancel_order(&order, &text("late")).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Rejected);
    assert!(fault.what.contains("The order has already shipped.") && fault.what.starts_with(b.seller.id.as_str()));
    assert!(!fault.advice.is_empty());
    b.vendor.behave(|m| m.keeps_orders = Some("No cancellations at the end of the quarter.".into()));
    let fault = b.seller.cancel_order(&order, &text("late")).await.unwrap_err();
    assert!(fault.what.contains("end of the quarter"), "{fault}");
    assert_eq!(b.seller.find_order(&order).await.unwrap().unwrap().state, State::Open);
}

async fn a_reminder_is_looked_for_by_its_own_number(house: House) {
    let b = bench(house);
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    let (of, number) = (text("RFQ-7"), text("RFQ-7-C1"));
    assert_eq!(b.seller.find_chase(&of, &number).await, Ok(None));
    b.once(Method::POST, "messages", Effect::Answer(Fate::Lost));
    assert_eq!(kind(b.seller.chase(&chase("RFQ-7-C1")).await), Kind::Unknown);
    assert!(b.seller.find_chase(&of, &number).await.unwrap().is_some());
    assert!(b.seller.chase(&chase("RFQ-7-C1")).await.is_ok());
    b.seller.chase(&chase("RFQ-7-C2")).await.unwrap();
    assert_eq!(b.vendor.messages().len(), 2);
    assert_eq!(b.vendor.messages()[0].text, "Please quote.");
}

async fn a_number_that_is_there_twice_is_for_a_person(house: House) {
    let row = |id: &str, word: &str| json!({ "ref": id, "buyer_ref": "RFQ-7", "status": word });
    let find = async |rows: Vec<Value>| {
        let b = bench(house);
        let body = json!({ "total": rows.len(), "items": rows }).to_string().into();
        b.once(Method::GET, "quote", Effect::Refuse(StatusCode::OK, body));
        b.seller.find_request(&text("RFQ-7")).await
    };
    let fault = find(vec![row("a1", "open"), row("a2", "quoted")]).await.unwrap_err();
    assert!(fault.kind == Kind::Conflict && fault.what.contains("a1") && fault.what.contains("a2"), "{fault}");
    let found = find(vec![row("a1", "withdrawn"), row("a2", "quoted")]).await.unwrap().unwrap();
    assert_eq!((found.reference.as_str(), found.state), ("a2", State::Open), "one was withdrawn and sent anew");
    let found = find(vec![row("a2", "quoted"), row("a1", "withdrawn")]).await.unwrap().unwrap();
    assert_eq!(found.reference.as_str(), "a2");
    assert_eq!(kind(find(vec![row("a1", "sleeping")]).await), Kind::Malformed, "a word nobody told us");
}

async fn what_is_not_there_cannot_be_withdrawn_chased_or_cancelled(house: House) {
    let b = bench(house);
    assert_eq!(kind(b.seller.withdraw(&text("RFQ-7")).await), Kind::Gone);
    assert_eq!(kind(b.seller.chase(&chase("RFQ-7-C1")).await), Kind::Gone);
    assert_eq!(
        kind(b.seller.cancel_order(&order("PO-000012", &bench(house).quoted().await), &text("x")).await),
        Kind::Gone
    );
}
