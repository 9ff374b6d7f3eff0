//! Neutral JSON: what is read, what is refused, what is written.

use rackhand_core::purchase::paper::{Accepts, Carrier};

use super::*;

pub(super) const QUOTE: &str = r#"{"kind":"quote","vendor":"hpe","ref":"Q-88","buyer_ref":"RFQ-7-hpe","currency":"EUR",
 "valid_until":"2026-12-31","freight_minor":20000,"total_minor":5020200,"note":"ex works","colour":"blue",
 "lines":[{"line":1,"part":"P52562-B21","description":"DL380 Gen11","qty":4,"unit_price_minor":1250050,
   "lead_time_days":21,"status":"quoted","spec":"2x Xeon Gold 6530","warranty_months":36,"watts":420},
  {"part":"P1","qty":1,"unit_price_minor":null,"lead_time_days":null}]}"#;

pub(super) const SHIPMENT: &str = r#"{"kind":"ship-notice","vendor":"dell","ref":"S1","parent_ref":"O-5","buyer_ref":"PO-000012",
 "carrier":{"code":"UPSN","tracking":["1Z999AA10123456784","1Z999AA10123456784"]},
 "promised_date":"2026-11-23","shipped_date":"2026-11-20T08:30:00+01:00",
 "lines":[{"line":1,"part":"R760","qty":2,"model":"PowerEdge R760","units":[
   {"serial":"abc1234","bmc_mac":"94:40:c9:01:02:03","bmc_password_ref":"vault:1"},{"serial":"DEF5678","bmc_mac":null}]},
  {"part":"CABLE","qty":8}]}"#;

#[test]
fn a_quote_is_read_and_a_missing_price_is_not_zero() {
    let [Paper::Quote(quote)] = &taken(Format::Json, QUOTE)[..] else { panic!() };
    assert_eq!((&*quote.number, quote.request.as_deref()), ("Q-88", Some("RFQ-7-hpe")));
    assert_eq!(quote.valid_until, Some(time("2026-12-31T23:59:59Z")), "the day itself still counts");
    assert_eq!((quote.freight, quote.total), (Some(20_000), Some(5_020_200)));
    let line = &quote.lines[0];
    assert_eq!((line.line, line.quantity, line.unit_price, line.lead_days), (Some(1), 4, Some(1_250_050), Some(21)));
    assert_eq!((line.warranty_months, line.watts), (Some(36), Some(420)));
    let open = &quote.lines[1];
    assert_eq!((open.line, open.unit_price, open.lead_days, open.watts), (None, None, None, None));
    assert_eq!(quote.payable(), None);
}

#[test]
fn a_ship_notice_names_servers_one_by_one() {
    let notice = ship_notice(Format::Json, SHIPMENT);
    assert_eq!((&*notice.number, &*notice.purchase, notice.carrier), ("S1", "PO-000012", Some(Carrier::Ups)));
    assert_eq!(notice.tracking, ["1Z999AA10123456784".into()]);
    assert_eq!((notice.shipped, notice.eta), (Some(time("2026-11-20T07:30:00Z")), Some(time("2026-11-23T00:00:00Z"))));
    let servers: Vec<_> = notice.items.iter().map(|i| (&*i.serial, i.bmc_mac.map(|m| m.to_string()))).collect();
    assert_eq!(servers, [("ABC1234", Some("94:40:C9:01:02:03".to_owned())), ("DEF5678", None)]);
}

#[test]
fn an_order_is_taken_only_where_something_says_so() {
    let order = |lines: &str, more: &str| {
        format!(r#"{{"kind":"order-status","ref":"O-5","buyer_ref":"PO-1","lines":[{lines}]{more}}}"#)
    };
    let (yes, gone) =
        (r#"{"part":"A","qty":4,"status":"in-production"}"#, r#"{"part":"B","qty":1,"status":"cancelled"}"#);
    let both = format!("{yes},{gone}");
    for (lines, more, verdict, kept) in [
        (yes, "", Accepts::Yes, 1),
        (gone, "", Accepts::Cancelled, 0),
        (&both, "", Accepts::Changed, 1),
        (&both, r#","verdict":"yes""#, Accepts::Changed, 1),
        (r#"{"part":"A","qty":4}"#, r#","verdict":"yes""#, Accepts::Yes, 1),
        (yes, r#","verdict":"no","note":"sold out""#, Accepts::No, 0),
    ] {
        let [Paper::Confirmation(word)] = &taken(Format::Json, &order(lines, more))[..] else { panic!() };
        assert_eq!((word.verdict, word.lines.len()), (verdict, kept), "{lines} {more}");
    }
    let flaws = told(Format::Json, &order(r#"{"part":"A","qty":4},{"part":"B","qty":1,"status":"quoted"}"#, ""));
    assert_eq!(
        flaws,
        [
            "row 1, status: neither the line has a status nor the record a verdict; nothing says that it is taken",
            "row 2, status: one of ordered, in-production, shipped, delivered and cancelled is wanted here",
        ]
    );
    let own = super::super::json::purchase_order(&super::order(), "dell".parse().unwrap());
    assert!(told(Format::Json, &own)[0].contains("nothing says that it is taken"), "our own order is no confirmation");
}

#[test]
fn every_flaw_of_a_record_is_told_at_once_with_its_place() {
    let bad = r#"{"kind":"quote","ref":"","currency":"EURO","valid_until":"31.12.2026","lines":[
      {"part":"A","qty":0,"unit_price_minor":-1},{"part":7,"qty":10001,"unit_price_minor":1.5},
      {"qty":1,"unit_price_minor":10000000000001,"lead_time_days":9999},{"part":"A\u0007","qty":"4"},5]}"#;
    let flaws = told(Format::Json, bad);
    for expected in [
        "ref: it is missing",
        "currency: not a currency: three letters, such as EUR",
        "row 1, qty: not a whole number from 1 to 10000",
        "row 1, unit_price_minor: an amount below zero",
        "row 2, part: a text is wanted",
        "row 2, qty: not a whole number from 1 to 10000",
        "row 2, unit_price_minor: not an amount: a whole number of minor units (cents) is wanted",
        "row 3, part: it is missing",
        "row 3, unit_price_minor: larger than any order can be",
        "row 3, lead_time_days: not a whole number from 0 to 3650",
        "row 4, part: it has characters that no number has, such as line ends or control characters",
        "row 5, lines[4]: an object is wanted",
    ] {
        assert!(flaws.iter().any(|f| f == expected), "{expected}\n{flaws:#?}");
    }
    assert!(flaws.iter().any(|f| f.starts_with("valid_until: not a date: write a day as 2026-12-31")), "{flaws:#?}");
}

#[test]
fn one_flaw_of_a_kind_has_one_sentence() {
    let with = |from: &str, to: &str| {
        assert!(SHIPMENT.contains(from) || QUOTE.contains(from), "{from}");
        SHIPMENT.replace(from, to)
    };
    for (text, expected) in [
        (
            with("DEF5678", "abc1234"),
            "row 1, units[1].serial: ABC1234 stands here and at row 1, units[0].serial; which is right?",
        ),
        (
            with("\"bmc_mac\":null", "\"bmc_mac\":\"9440c9010203\""),
            "row 1, units[1].bmc_mac: 94:40:C9:01:02:03 stands here and at row 1, units[0].bmc_mac; which is right?",
        ),
        (
            with("94:40:c9", "01:40:c9"),
            "row 1, units[0].bmc_mac: no card has this MAC address: it is a group's, or all zeros",
        ),
        (with("\"qty\":2", "\"qty\":3"), "row 1, qty: it counts 3 and names 2; every server is named, or none"),
        (
            with("\"2026-11-23\"", "\"1999-11-23\""),
            "promised_date: a date outside the years 2000 to 2099; it says \"1999-11-23\"",
        ),
        (with("\"buyer_ref\":\"PO-000012\",", ""), "buyer_ref: it is missing"),
        (with("ship-notice", "invoice"), "kind: one of quote, purchase-order, order-status and ship-notice is wanted"),
        (
            QUOTE.replace("\"currency\":\"EUR\",", ""),
            "currency: it is missing; prices without a currency are not taken",
        ),
        ("[]".into(), "records: there is no record in it"),
        ("7".into(), "JSON: not a record: an object with kind, ref and lines"),
        (
            QUOTE.replace("\"vendor\":\"hpe\"", "\"ref\":\"Q-89\""),
            "row 1, JSON: it is not whole or not JSON: the key \"ref\" stands twice; which is right?",
        ),
    ] {
        let flaws = told(Format::Json, &text);
        assert!(flaws[0].starts_with(expected), "{expected}\n{flaws:#?}");
    }
    let secret = with("\"bmc_password_ref\":\"vault:1\"", "\"bmc_password\":\"hunter2\"");
    let flaws = told(Format::Json, &secret);
    assert!(flaws[0].starts_with("row 1, units[0].bmc_password: passwords are not taken"), "{flaws:?}");
    assert!(!flaws.concat().contains("hunter2"));
}

#[test]
fn our_request_and_order_are_written_in_the_shape_that_vendors_answer_in() {
    let asked = super::super::json::quote_request(&request(), "hpe".parse().unwrap());
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(
        (&asked["kind"], &asked["vendor"], &asked["ref"]),
        (&"quote-request".into(), &"hpe".into(), &"RFQ-7-hpe".into())
    );
    assert_eq!((&asked["lines"][0]["qty"], &asked["lines"][1]["line"]), (&4.into(), &2.into()));
    assert_eq!(asked["ship_to"]["country"], "DE");
    let ordered = super::super::json::purchase_order(&order(), "acme".parse().unwrap());
    let mut ordered: serde_json::Value = serde_json::from_str(&ordered).unwrap();
    assert_eq!((&ordered["vendor"], &ordered["parent_ref"]), (&"other".into(), &"Q-88".into()));
    // A vendor's answer is the same record with its word in it.
    ordered["verdict"] = "yes".into();
    let [Paper::Confirmation(word)] = &taken(Format::Json, &ordered.to_string())[..] else { panic!() };
    assert_eq!(
        (&*word.purchase, word.total, word.lines[0].unit_price),
        ("PO-000012", Some(5_020_200), Some(1_250_050))
    );
}
