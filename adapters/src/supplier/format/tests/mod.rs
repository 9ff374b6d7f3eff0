//! Readers and writers held against documents as vendors send them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::format_collect)]

mod csv;
mod cxml;
mod hostile;
mod json;
mod x12;

use crate::untested;

use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{
    Destination, Flaw, Paper, PurchaseLine, PurchaseOrder, QuoteRequest, RequestLine, ShipNotice,
};
use rackhand_core::time::Timestamp;

use super::*;

/// What is told of a file that is not taken.
fn told(format: Format, text: &str) -> Vec<String> {
    let flaws = read(format, text.as_bytes(), &Columns::default()).expect_err("it must not be taken");
    flaws.iter().map(Flaw::to_string).collect()
}

/// The papers of a file.
fn taken(format: Format, text: &str) -> Vec<Paper> {
    read(format, text.as_bytes(), &Columns::default()).unwrap_or_else(|flaws| {
        panic!("{}", flaws.iter().map(Flaw::to_string).collect::<Vec<_>>().join("\n"));
    })
}

fn ship_notice(format: Format, text: &str) -> ShipNotice {
    match taken(format, text).remove(0) {
        Paper::ShipNotice(notice) => notice,
        other => panic!("{other:?}"),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request() -> QuoteRequest {
    QuoteRequest {
        number: "RFQ-7-hpe".into(),
        answer_by: time("2026-11-21T10:00:00Z"),
        currency: Currency::EUR,
        to: destination(),
        lines: vec![
            RequestLine { line: 1, quantity: 4, spec: "2x Xeon Gold 6530, 512GB DDR5, <1U> & \"quiet\"".into() },
            RequestLine { line: 2, quantity: 1, spec: "=HYPERLINK(\"http://x\")".into() },
        ],
    }
}

fn order() -> PurchaseOrder {
    PurchaseOrder {
        number: "PO-000012".into(),
        quote: "Q-88".into(),
        at: time("2026-11-20T10:00:00Z"),
        to: destination(),
        bill_to: vec!["Rack & Pinion GmbH".into(), "Hauptstr. 1".into()],
        currency: Currency::EUR,
        lines: vec![PurchaseLine {
            line: 1,
            part: "P52562-B21".into(),
            description: "DL380 Gen11 <\"8SFF\" & 'NVMe'>".into(),
            quantity: 4,
            unit_price: 1_250_050,
        }],
        freight: Some(20_000),
        total: 5_020_200,
        approved_by: vec!["ada".into()],
    }
}

fn destination() -> Destination {
    Destination { site: "fra1".into(), address: vec!["Dock 3".into(), "60327 Frankfurt".into()], country: "DE".into() }
}

#[test]
fn the_format_of_a_file_shows_in_what_is_in_it_and_else_in_its_name() {
    let isa = format!("\r\n{}", x12::interchange("856", "SH", "BSN*00*S1*20261120*1000~"));
    for (bytes, name, format) in [
        (&b"\xEF\xBB\xBF {\"kind\":\"quote\"}"[..], None, Some(Format::Json)),
        (b"[{}]", Some("quote.csv"), Some(Format::Json)),
        (b"<?xml version=\"1.0\"?><cXML/>", None, Some(Format::Cxml)),
        (b"<html><body>Not found</body></html>", Some("a.html"), None),
        (isa.as_bytes(), Some("856.txt"), Some(Format::X12)),
        (b"ST*856*0001~", None, Some(Format::X12)),
        (b"serial;bmc_mac\nA;B\n", None, Some(Format::Csv)),
        (b"\xFF\xFEs\0;\0m\0\n\0", None, Some(Format::Csv)),
        (b"serial\nA\n", Some("Report.CSV"), Some(Format::Csv)),
        (b"%PDF-1.7, 2\n\0\0", Some("quote.pdf"), None),
        (b"PK\x03\x04\0\0,", Some("quote.xlsx"), None),
        (b"Dear customer", None, None),
        (b"", None, None),
    ] {
        assert_eq!(sniff(bytes, name), format, "{name:?} {:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_file_that_is_too_big_empty_or_in_another_encoding_is_refused_in_every_format() {
    let big = vec![b' '; MAX_BYTES + 1];
    for format in [Format::Json, Format::Csv, Format::Cxml, Format::X12] {
        let told = |bytes: &[u8]| read(format, bytes, &Columns::default()).unwrap_err()[0].to_string();
        assert_eq!(told(&big), "file: it has 8388609 bytes; at most 8388608 are read. Split it");
        assert_eq!(told(b" \n"), "file: there is nothing in it");
        assert!(told(b"part\nR\xE4d").starts_with("row 2, encoding: not UTF-8 from here on; Latin-1"), "{format:?}");
        assert!(told(b"\xFF\xFEs").starts_with("encoding: UTF-16 that is cut off"), "{format:?}");
    }
}

#[test]
fn at_most_a_hundred_flaws_are_told_and_the_rest_counted() {
    let rows: String = (0..250).map(|n| format!("S{n},PO-1,nonsense\n")).collect();
    let flaws = told(Format::Csv, &format!("serial,po,bmc_mac\n{rows}"));
    assert_eq!(flaws.len(), 101);
    assert_eq!(flaws[100], "paper: and 150 more");
    assert!(flaws[0].starts_with("row 2, bmc_mac: not a MAC address"), "{}", flaws[0]);
}

#[test]
fn a_map_of_columns_is_written_as_configuration_and_knows_no_other_field() {
    let map: Columns = serde_json::from_str(r#"{"headers":{"serial":"Kennung"},"currency":"EUR"}"#).unwrap();
    assert_eq!(map.field("KENNUNG"), Some(Field::Serial));
    assert_eq!(map.field("Serial No."), None, "a field that is named has no other header");
    assert_eq!(map.field("PO Number"), Some(Field::Purchase));
    assert!(serde_json::from_str::<Columns>(r#"{"headers":{"cereal":"x"}}"#).is_err());
    assert!(serde_json::from_str::<Columns>(r#"{"header":{}}"#).is_err());
}
