//! Tables: what is read, what is refused, what is written.

use rackhand_core::purchase::paper::{Accepts, Carrier};

use super::*;

pub(super) const QUOTE: &str = "Quote Number,RFQ,Line,Part No.,Description,Qty,Unit Price,Currency,Lead Days,Valid Until,Freight,Grand Total,Total\r\n\
    Q-88,RFQ-7-hpe,1,P52562-B21,\"DL380, Gen11\",4,\"12,500.50\",EUR,21,2026-12-31,200.00,\"50,202.00\",50002\r\n\
    Q-88,,2,P1,Rails,4,,,,,,,\r\n\
    Q-89,,1,P2,Other,1,1.00,USD,,,,,\r\n";

pub(super) const ASSETS: &str = "\u{feff}Service Tag;iDRAC MAC Address;Model;Part Number;PO Number;Carrier;Tracking Number;Ship Date;ETA\n\
    abc1234;9440.c901.0203;PowerEdge R760;210-BDZY;PO-000012;FedEx;794612345678;2026-11-20;2026-11-24\n\
    DEF5678;;PowerEdge R760;210-BDZY;PO-000012;FedEx;794612345678;;\n";

#[test]
fn rows_with_the_same_number_are_one_quote() {
    let papers = taken(Format::Csv, QUOTE);
    let [Paper::Quote(first), Paper::Quote(second)] = &papers[..] else { panic!("{papers:?}") };
    assert_eq!((&*first.number, first.lines.len(), first.request.as_deref()), ("Q-88", 2, Some("RFQ-7-hpe")));
    assert_eq!((first.freight, first.total), (Some(20_000), Some(5_020_200)), "a row's total is not the paper's");
    let (line, open) = (&first.lines[0], &first.lines[1]);
    assert_eq!((&*line.description, line.unit_price, line.lead_days), ("DL380, Gen11", Some(1_250_050), Some(21)));
    assert_eq!((open.unit_price, open.lead_days), (None, None));
    assert_eq!((&*second.number, second.currency), ("Q-89", Currency::USD));
}

#[test]
fn an_asset_report_is_a_ship_notice_in_any_encoding_that_says_which_it_is() {
    let notice = ship_notice(Format::Csv, ASSETS);
    assert_eq!((&*notice.purchase, &*notice.number, notice.carrier), ("PO-000012", "PO-000012", Some(Carrier::Fedex)));
    assert_eq!(
        (notice.tracking.len(), notice.shipped, notice.eta.is_some()),
        (1, Some(time("2026-11-20T00:00:00Z")), true)
    );
    let mac = "94:40:C9:01:02:03".parse().ok();
    assert_eq!((&*notice.items[0].serial, notice.items[0].bmc_mac, notice.items[1].bmc_mac), ("ABC1234", mac, None));
    let (little, big): (Vec<_>, Vec<_>) = ASSETS.encode_utf16().map(|u| (u.to_le_bytes(), u.to_be_bytes())).unzip();
    for bytes in [little.concat(), big.concat()] {
        assert_eq!(read(Format::Csv, &bytes, &Columns::default()), Ok(vec![Paper::ShipNotice(notice.clone())]));
    }
    assert_eq!(ship_notice(Format::Csv, &ASSETS.replace(';', "\t")), notice);
}

#[test]
fn a_confirmation_says_of_each_row_whether_it_is_taken() {
    let table = |a: &str, b: &str| format!("order,po,part,qty,status\nO-5,PO-1,A,4,{a}\nO-5,PO-1,B,1,{b}\n");
    for (a, b, verdict, kept) in [
        ("Accepted", "confirmed", Accepts::Yes, 2),
        ("Accepted", "Cancelled", Accepts::Changed, 1),
        ("In production", "Backordered", Accepts::Changed, 2),
        ("rejected", "No", Accepts::No, 0),
        ("canceled", "Cancelled", Accepts::Cancelled, 0),
    ] {
        let [Paper::Confirmation(word)] = &taken(Format::Csv, &table(a, b))[..] else { panic!() };
        assert_eq!((word.verdict, word.lines.len(), &*word.number), (verdict, kept, "O-5"), "{a} {b}");
    }
    assert!(
        told(Format::Csv, &table("Received", "")).iter().all(|f| f.contains("nothing tells whether the row is taken"))
    );
}

#[test]
fn a_vendor_has_its_own_headers_and_currency() {
    let text = "Angebot;Artikel;Menge;Preis\nQ-1;A;2;10.50\n";
    assert!(told(Format::Csv, text)[0].starts_with("row 1, header: no header that is known"));
    let headers =
        [(Field::Quote, "Angebot"), (Field::Part, "artikel"), (Field::Quantity, "MENGE"), (Field::UnitPrice, "Preis")];
    let headers = headers.map(|(field, name)| (field, name.into())).into();
    let map = Columns { headers, currency: Some(Currency::EUR) };
    let papers = read(Format::Csv, text.as_bytes(), &map).unwrap();
    let [Paper::Quote(quote)] = &papers[..] else { panic!() };
    assert_eq!((quote.currency, quote.sum()), (Currency::EUR, Some(2_100)));
}

#[test]
fn one_flaw_of_a_kind_has_one_sentence() {
    let quote = |from: &str, to: &str| QUOTE.replacen(from, to, 1);
    let assets = |from: &str, to: &str| ASSETS.replacen(from, to, 1);
    let amount = "row 2, unit_price: not an amount: digits with a decimal point, such as 12500.00; it says";
    for (text, expected) in [
        (quote("\"12,500.50\"", "\"12.500,50\""), &*format!("{amount} \"12.500,50\"")),
        (quote("\"12,500.50\"", "NaN"), &format!("{amount} \"NaN\"")),
        (quote("\"12,500.50\"", "-1"), "row 2, unit_price: an amount below zero; it says \"-1\""),
        (quote("\"12,500.50\"", "1.005"), "row 2, unit_price: more decimals than the currency has; it says \"1.005\""),
        (
            quote("\"12,500.50\"", "99999999999999"),
            "row 2, unit_price: larger than any order can be; it says \"99999999999999\"",
        ),
        (quote(",4,", ",4.5,"), "row 2, quantity: not a whole number from 1 to 10000; it says \"4.5\""),
        (quote(",4,", ",,"), "row 2, quantity: it is missing"),
        (
            quote("Q-88,,2", "Q-88,RFQ-8,2"),
            "row 3, request: another value than on row 2; which is right for the whole paper?",
        ),
        (quote(",4,,,,,,,", ",4,,USD,,,,,"), "row 3, currency: another currency than on row 2; one paper has one"),
        (
            quote("USD", ""),
            "row 4, currency: it is missing; prices without a currency are not taken. Add a column, or name it under columns",
        ),
        (
            quote("2026-12-31", "12/31/2026"),
            "row 2, valid_until: not a date: write a day as 2026-12-31, a time with its offset as 2026-12-31T16:00:00Z; it says \"12/31/2026\"",
        ),
        (quote("P1,Rails,4,,,,,,,", "P1,Rails,4"), "row 3, cells: 6 cells where the header has 13"),
        (
            quote("Qty", "Quantity,Qty"),
            "row 1, Qty: the columns \"Quantity\" and \"Qty\" both hold the quantity; remove one",
        ),
        (quote("\"DL380, Gen11\"", "\"DL380"), "row 2, cell: a quote is not closed, or something follows a closed one"),
        (assets("DEF5678", "ABC1234"), "row 3, serial: ABC1234 stands here and at row 2, serial; which is right?"),
        (
            assets("DEF5678;", "DEF5678;94-40-C9-01-02-03"),
            "row 3, bmc_mac: 94:40:C9:01:02:03 stands here and at row 2, bmc_mac; which is right?",
        ),
        (
            assets("DEF5678", "DEF 5678"),
            "row 3, serial: not a serial: 1 to 64 characters, no spaces; it says \"DEF 5678\"",
        ),
        (assets("DEF5678", ""), "row 3, serial: the serial is missing"),
        (assets("PO Number", "Our number"), "row 2, purchase_order: it is missing"),
        (
            "part,qty\nA,1\n".into(),
            "row 1, header: no column tells what it is: a quote has a column for its number (quote), a confirmation one for what is said of each row (verdict), a ship notice or asset report one for the serial (serial). Name this vendor's headers under columns",
        ),
        ("serial,po\n".into(), "rows: there is a header and no row"),
    ] {
        assert_eq!(told(Format::Csv, &text)[0], expected);
    }
    let flaws = told(Format::Csv, &assets("Model", "iDRAC Default Password").replace("PowerEdge R760", "calvin"));
    assert!(flaws[0].starts_with("row 1, iDRAC Default Password: passwords are not taken"), "{flaws:?}");
    assert!(!flaws.concat().contains("calvin"));
}

#[test]
fn a_request_for_people_is_filled_in_and_read_back() {
    let table = super::super::csv::quote_request(&request());
    assert!(table.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "a spreadsheet must not run it: {table}");
    let unfilled = told(Format::Csv, &table);
    assert!(unfilled.iter().any(|f| f == "row 2, quote: it is missing"), "{unfilled:?}");
    let answer = |part: &str, price: &str| format!("EUR,Q-9,{part},,,{price},14,36,,2026-12-31,,,\r\n");
    let mut filled = table.lines().map(str::to_owned).collect::<Vec<_>>();
    for (n, cells) in [(1, answer("A", "10.00")), (2, answer("B", ""))] {
        filled[n] = filled[n].replace("EUR,,,,,,,,,,,,", cells.trim_end());
    }
    let [Paper::Quote(quote)] = &taken(Format::Csv, &filled.join("\r\n"))[..] else { panic!() };
    assert_eq!((quote.request.as_deref(), quote.lines.len()), (Some("RFQ-7-hpe"), 2));
    assert_eq!((quote.lines[0].quantity, quote.lines[0].unit_price, quote.lines[1].unit_price), (4, Some(1_000), None));
    assert_eq!(quote.lines[0].spec, None, "what we asked is not what is offered");
}
