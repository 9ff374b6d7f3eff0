//! How the partner API is logged in to, what its refusals mean, and that no secret is told.

use super::*;

on_each_house! {
    one_token_serves_until_it_ends,
    a_token_that_is_refused_is_asked_for_anew_once,
    a_wrong_secret_is_told_and_never_shown,
    a_right_that_is_missing_is_for_a_person,
    the_pause_a_vendor_asks_for_is_kept,
    refusals_mean_what_they_mean,
}

async fn one_token_serves_until_it_ends(house: House) {
    let b = bench(house);
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    b.seller.find_request(&text("RFQ-7")).await.unwrap();
    assert_eq!(b.vendor.tokens_given(), 1);
    b.clock.sleep(Duration::from_secs(3_590)).await;
    b.seller.find_request(&text("RFQ-7")).await.unwrap();
    assert_eq!(b.vendor.tokens_given(), 2, "it is not used in its last minute");
}

async fn a_token_that_is_refused_is_asked_for_anew_once(house: House) {
    let b = bench(house);
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    b.vendor.forget_tokens();
    b.seller.send_request(&request("RFQ-8")).await.unwrap();
    assert_eq!((b.vendor.tokens_given(), b.vendor.arrivals().requests["RFQ-8"]), (2, 1));
    let refuse = Effect::Refuse(StatusCode::UNAUTHORIZED, "{}".into());
    b.faults.add(Rule { method: None, path: "quote".into(), effect: refuse, times: u32::MAX });
    assert_eq!(kind(b.seller.send_request(&request("RFQ-9")).await), Kind::Unauthorised);
    assert_eq!(b.vendor.tokens_given(), 3, "once, not for ever");
}

async fn a_wrong_secret_is_told_and_never_shown(house: House) {
    let b = bench(house);
    let mut settings = settings(house);
    settings.secret = Secret::new("not the one");
    let partner = Partner::new(b.seller.id, Arc::new(b.network.clone()), b.clock.clone(), settings.clone());
    let wrong = Seller { channel: Channel::Partner(partner), ..b.seller.clone() };
    let fault = wrong.send_request(&request("RFQ-7")).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Unauthorised);
    assert!(fault.what.contains("invalid_client") && fault.advice.contains("secret_file"), "{fault}");
    b.seller.send_request(&request("RFQ-7")).await.unwrap();
    for shown in [format!("{wrong:?}"), format!("{settings:?}"), format!("{fault:?}"), format!("{:?}", b.seller)] {
        assert!(!shown.contains("not the one") && !shown.contains(SECRET) && !shown.contains("lab-token"), "{shown}");
    }
}

async fn a_right_that_is_missing_is_for_a_person(house: House) {
    let b = bench(house);
    b.once(Method::POST, "quote", Effect::Refuse(StatusCode::FORBIDDEN, "{}".into()));
    let fault = b.seller.send_request(&request("RFQ-7")).await.unwrap_err();
    assert!(fault.kind == Kind::Unauthorised && fault.advice.contains("rights"), "{fault}");
}

/// Refuses with a pause.
struct Busy(Mutex<u32>, &'static str);

impl Host for Busy {
    fn answer(&self, _: &Request, _: Timestamp) -> Reply {
        *self.0.lock().unwrap() += 1;
        Reply::json(StatusCode::TOO_MANY_REQUESTS, &json!({})).header("retry-after", self.1)
    }
}

async fn the_pause_a_vendor_asks_for_is_kept(house: House) {
    let busy = Arc::new(Busy(Mutex::new(0), "120"));
    let (seller, _, _, clock) = attach(busy.clone(), house);
    for _ in 0..3 {
        assert_eq!(kind(seller.send_request(&request("RFQ-7")).await), Kind::Transient);
    }
    assert_eq!(*busy.0.lock().unwrap(), 1, "nothing is sent in the pause");
    let fault = seller.find_request(&text("RFQ-7")).await.unwrap_err();
    assert!(fault.what.contains("2m00s more"), "{fault}");
    clock.sleep(Duration::from_secs(121)).await;
    assert!(seller.find_request(&text("RFQ-7")).await.is_err());
    assert_eq!(*busy.0.lock().unwrap(), 2);
    for odd in ["99999999999999999999", "-5", "Fri, 20 Nov 2026 10:00:00 GMT", "soon"] {
        let busy = Arc::new(Busy(Mutex::new(0), odd));
        let (seller, _, _, _) = attach(busy.clone(), house);
        assert_eq!(kind(seller.find_request(&text("RFQ-7")).await), Kind::Transient, "{odd}");
    }
}

async fn refusals_mean_what_they_mean(house: House) {
    let words = match house {
        House::Hpe => json!({ "title": "Not done", "detail": "because", "code": "x" }),
        House::Dell => json!({ "title": "because" }),
    };
    for (status, read, write) in [
        (400, Kind::Rejected, Kind::Rejected),
        (403, Kind::Unauthorised, Kind::Unauthorised),
        (404, Kind::Gone, Kind::Gone),
        (409, Kind::Rejected, Kind::Rejected),
        (422, Kind::Rejected, Kind::Rejected),
        (429, Kind::Transient, Kind::Transient),
        (500, Kind::Transient, Kind::Unknown),
        (502, Kind::Transient, Kind::Unknown),
        (503, Kind::Transient, Kind::Transient),
        (301, Kind::Rejected, Kind::Rejected),
    ] {
        let refuse = || Effect::Refuse(StatusCode::from_u16(status).unwrap(), words.to_string().into());
        let b = bench(house);
        b.once(Method::GET, "quote", refuse());
        assert_eq!(kind(b.seller.find_request(&text("RFQ-7")).await), read, "GET {status}");
        b.once(Method::POST, "quote", refuse());
        let fault = b.seller.send_request(&request("RFQ-7")).await.unwrap_err();
        assert_eq!(fault.kind, write, "POST {status}");
        assert!(fault.what.contains("because") && fault.what.contains(&status.to_string()), "{fault}");
    }
}
