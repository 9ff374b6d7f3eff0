//! Tokens, budgets and waits; and that no secret is told.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_token_is_kept_while_it_lasts_and_fetched_once_more_when_it_is_refused() {
    let b = Bench::new();
    let carriers = b.carriers();
    for carrier in [Carrier::Ups, Carrier::Fedex] {
        let desk = b.desk(carrier);
        let begun = b.clock.now();
        for asked in 1..=3 {
            assert_eq!(kind(&carriers, carrier).await, Ok(Transit::Unknown), "{carrier}");
            assert_eq!((desk.tokens(), desk.questions().len()), (1, asked));
        }
        // Not used in its last minute.
        b.clock.sleep_until(begun + Duration::from_secs(3_545)).await;
        assert_eq!(kind(&carriers, carrier).await, Ok(Transit::Unknown));
        assert_eq!(desk.tokens(), 2, "{carrier}");
        desk.revoke();
        assert_eq!(kind(&carriers.clone(), carrier).await, Ok(Transit::Unknown));
        assert_eq!(desk.tokens(), 3);
        assert_eq!(kind(&carriers, carrier).await, Ok(Transit::Unknown));
        assert_eq!(desk.tokens(), 3, "clones share it");
        // A carrier that refuses each token is not asked again and again.
        let effect = Effect::Refuse(StatusCode::UNAUTHORIZED, "{}".into());
        b.faults.add(Rule { method: None, path: QUESTION.into(), effect, times: u32::MAX });
        assert_eq!(kind(&carriers, carrier).await, Err(Kind::Unauthorised));
        assert_eq!(desk.tokens(), 4, "{carrier}");
        // Nor is one that was fresh fetched again.
        assert_eq!(kind(&b.carriers(), carrier).await, Err(Kind::Unauthorised));
        assert_eq!(desk.tokens(), 5, "{carrier}");
        b.faults.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_secret_is_tried_once_for_all_numbers_and_never_told() {
    let b = Bench::new();
    let wrong = "wrong secret&";
    let carriers = b.with(settings(wrong, "wrongkey", 250));
    let echo = json!({"status": 401, "title": "wrong secret& wrongkey",
        "errors": [{"code": "wrong%20secret%26", "message": "TGFiQ2xpZW50Ondyb25nIHNlY3JldCY= wrong secret&"}]});
    for carrier in ALL {
        // The same peer, polite and telling all it was sent.
        for echoes in [false, true] {
            if echoes {
                b.refuse("/", 401, &echo.to_string());
            }
            let all: Vec<Text> = ["794608000001", "794608000002", "1Z999AA10123456784", "1Z999AA10123456785"]
                .into_iter()
                .chain(["1234567890", "1234567891"])
                .filter(|n| rackhand_adapters::carrier::number(carrier, n).is_some())
                .map(Text::from)
                .collect();
            assert_eq!(all.len(), 2);
            for answer in carriers.track(carrier, &all).await {
                let fault = answer.unwrap_err();
                assert_eq!(fault.kind, Kind::Unauthorised, "{fault}");
                let said = format!("{fault} {fault:?}");
                for secret in ["wrong secret", "wrong%20secret", "wrongkey", "bnIHNlY3JldCY"] {
                    assert!(!said.contains(secret), "{said}");
                }
                assert_eq!(said.contains("***"), echoes, "{said}");
            }
        }
        assert_eq!(b.desk(carrier).questions().len(), 0);
    }
    let said = format!("{:?}", settings("a secret", "a key", 1));
    assert!(said.contains(CLIENT) && !said.contains("a secret") && !said.contains("a key"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_carrier_sends_back_is_not_told() {
    let b = Bench::new();
    let carriers = b.carriers();
    for carrier in [Carrier::Ups, Carrier::Fedex] {
        b.refuse(QUESTION, 400, &json!({"errors": [{"code": "BAD", "message": "Bearer lab-token-1"}]}).to_string());
        let fault = one(&carriers, carrier, number(carrier)).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Rejected);
        assert!(fault.what.contains("BAD Bearer ***"), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_asks_to_wait_is_left_alone_for_so_long() {
    for (retry_after, secs) in [("120", 120), ("", 900), ("999999999", 86_400), ("soon", 900)] {
        for carrier in ALL {
            let b = Bench::new();
            let carriers = b.carriers();
            b.desk(carrier).busy(1, retry_after);
            let begun = b.clock.now();
            let fault = one(&carriers, carrier, number(carrier)).await.unwrap_err();
            assert_eq!(fault.kind, Kind::Transient, "{fault}");
            let until = begun + Duration::from_secs(secs);
            assert!(fault.what.contains(&format!("left alone until {until}")), "{fault}");
            b.clock.sleep_until(until - Duration::from_secs(1)).await;
            assert_eq!(kind(&carriers, carrier).await, Err(Kind::Transient));
            assert_eq!(b.desk(carrier).questions().len(), 1, "{carrier} was asked too early");
            b.clock.sleep_until(until + Duration::from_secs(1)).await;
            assert_eq!(kind(&carriers, carrier).await, Ok(Transit::Unknown));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn dhl_is_asked_every_five_seconds_and_no_more_than_its_budget_in_any_day() {
    let b = Bench::new();
    let carriers = b.with(settings(SECRET, KEY, 12));
    let numbers: Vec<Text> = (0..15).map(|n| format!("12345678{n:02}").into()).collect();
    let all = carriers.track(Carrier::Dhl, &numbers).await;
    let questions = b.dhl.desk.questions();
    assert_eq!((all.iter().filter(|a| a.is_ok()).count(), questions.len()), (12, 12));
    for pair in questions.windows(2) {
        assert!(pair[1].0.since(pair[0].0) >= Duration::from_secs(5), "{pair:?}");
    }
    let fault = all[14].clone().unwrap_err();
    let next = EPOCH + Duration::from_hours(24);
    assert_eq!(fault.kind, Kind::Transient);
    assert_eq!(fault.what.as_str(), format!("DHL: the 12 questions of a day are used up; the next is at {next}"));
    b.clock.sleep_until(next - Duration::from_secs(1)).await;
    assert_eq!(kind(&carriers.clone(), Carrier::Dhl).await, Err(Kind::Transient));
    b.clock.sleep_until(next).await;
    assert_eq!(kind(&carriers, Carrier::Dhl).await, Ok(Transit::Unknown));
    assert_eq!(kind(&carriers, Carrier::Dhl).await, Ok(Transit::Unknown), "5 s later the second of yesterday is free");
    assert_eq!(b.dhl.desk.questions().len(), 14);
    // Others have no such budget.
    assert_eq!(kind(&carriers, Carrier::Ups).await, Ok(Transit::Unknown));
}

#[tokio::test(start_paused = true)]
async fn two_that_ask_dhl_at_once_take_turns() {
    let b = Bench::new();
    let carriers = b.carriers();
    let numbers = |from: u32| -> Vec<Text> { (from..from + 4).map(|n| format!("12345678{n:02}").into()).collect() };
    let (one, two) = (numbers(10), numbers(20));
    futures::join!(carriers.track(Carrier::Dhl, &one), carriers.track(Carrier::Dhl, &two));
    let questions = b.dhl.desk.questions();
    assert_eq!(questions.len(), 8);
    for pair in questions.windows(2) {
        assert!(pair[1].0.since(pair[0].0) >= Duration::from_secs(5), "{pair:?}");
    }
}
