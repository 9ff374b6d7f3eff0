//! X12: what is read, what is refused.

use rackhand_core::purchase::paper::{Accepts, Carrier};

use super::*;

/// A set within its envelope.
pub(super) fn interchange(code: &str, group: &str, body: &str) -> String {
    let count = body.matches('~').count() + 2;
    format!(
        "ISA*00*          *00*          *ZZ*VENDOR         *ZZ*US             *261120*1000*U*00401*000000042*0*P*>~\n\
         GS*{group}*VENDOR*US*20261120*1000*7*X*004010~\nST*{code}*0001~{body}SE*{count}*0001~\nGE*1*7~\nIEA*1*000000042~\n"
    )
}

const SHIPMENT: &str = "BSN*00*SHIP123*20261120*1000~HL*1**S~TD5*B*2*UPSN*M~REF*CN*1Z999AA10123456784~DTM*011*20261120~\
    DTM*017*20261123~HL*2*1*O~PRF*PO-000012~HL*3*2*I~LIN*1*VP*P52562-B21*BP*SRV-STD-A~SN1*1*2*EA~REF*SE*CZ2D1A0XYZ~\
    REF*ZZ*94:40:C9:01:02:03*BMC MAC~REF*SE*CZ2D1A0XZ0~REF*ZZ*9440C9010204~REF*ZZ*100200300400~HL*4*1*O~PRF*PO-000013~\
    HL*5*4*P~MAN*CP*1Z999AA10123456785~HL*6*5*I~LIN*2*VP*R760~SN1*2*1*EA~HL*7*6*U~MAN*ZZ*ABC1234~CTT*7~";
const QUOTE: &str = "BQR*00*RFQ-7-hpe*20261120~CUR*SE*EUR~REF*Q1*Q-88~SAC*C*D240***20000~DTM*036*20261231~\
    PO1*1*4*EA*12500.5**VP*P52562-B21~PID*F****DL380 Gen11~LDT*AF*3*WK~PO1*2*4*EA***VP*P1~CTT*2~AMT*TT*50202~MSG*ex works~";
const ACK: &str = "BAK*00*AD*PO-000012*20261120****O-5~CUR*SE*EUR~PO1*1*4*EA*12500.50**VP*P52562-B21~ACK*IA*4*EA*067*20261211~\
    PO1*2*1*EA***VP*P1~ACK*IA*1*EA~CTT*2~";

pub(super) fn shipment() -> String {
    interchange("856", "SH", SHIPMENT)
}

pub(super) fn quote() -> String {
    interchange("843", "RR", QUOTE)
}

pub(super) fn ack() -> String {
    interchange("855", "PR", ACK)
}

#[test]
fn a_ship_notice_is_a_paper_for_each_order_in_it() {
    let papers = taken(Format::X12, &shipment());
    let [Paper::ShipNotice(first), Paper::ShipNotice(second)] = &papers[..] else { panic!("{papers:?}") };
    assert_eq!((&*first.number, &*first.purchase, first.carrier), ("SHIP123", "PO-000012", Some(Carrier::Ups)));
    assert_eq!(first.tracking, ["1Z999AA10123456784".into()]);
    assert_eq!((first.shipped, first.eta), (Some(time("2026-11-20T00:00:00Z")), Some(time("2026-11-23T00:00:00Z"))));
    let servers: Vec<_> = first.items.iter().map(|i| (i.line, &*i.serial, i.bmc_mac.unwrap().to_string())).collect();
    let (a, b) = ("94:40:C9:01:02:03".to_owned(), "94:40:C9:01:02:04".to_owned());
    assert_eq!(servers, [(Some(1), "CZ2D1A0XYZ", a), (Some(1), "CZ2D1A0XZ0", b)]);
    assert_eq!(second.tracking, ["1Z999AA10123456784".into(), "1Z999AA10123456785".into()]);
    assert_eq!((&*second.items[0].serial, second.items[0].part.as_deref()), ("ABC1234", Some("R760")));
}

#[test]
fn a_quote_and_an_acknowledgment_are_read() {
    let papers = taken(Format::X12, &quote());
    let [Paper::Quote(quote)] = &papers[..] else { panic!("{papers:?}") };
    assert_eq!((&*quote.number, quote.request.as_deref(), quote.currency), ("Q-88", Some("RFQ-7-hpe"), Currency::EUR));
    assert_eq!((quote.freight, quote.total, quote.note.as_deref()), (Some(20_000), Some(5_020_200), Some("ex works")));
    assert_eq!(quote.valid_until, Some(time("2026-12-31T23:59:59Z")));
    let (line, open) = (&quote.lines[0], &quote.lines[1]);
    assert_eq!((line.unit_price, line.lead_days, &*line.description), (Some(1_250_050), Some(21), "DL380 Gen11"));
    assert_eq!((open.unit_price, open.lead_days), (None, None));

    let cases = [
        ("", "", Accepts::Yes, vec![4, 1]),
        ("*AD*", "*AC*", Accepts::Changed, vec![4, 1]),
        ("*AD*", "*RJ*", Accepts::No, vec![]),
        ("BAK*00*AD", "BAK*01*AD", Accepts::Cancelled, vec![]),
        ("ACK*IA*1", "ACK*IR*1", Accepts::Changed, vec![4]),
        ("ACK*IA*4", "ACK*IQ*3", Accepts::Changed, vec![3, 1]),
        ("ACK*IA*4*EA*067*20261211~", "ACK*IA*1*EA~ACK*IA*3*EA*067*20261211~", Accepts::Yes, vec![4, 1]),
        ("ACK*IA*4", "ACK*IA*2", Accepts::Changed, vec![2, 1]),
    ];
    for (from, to, verdict, kept) in cases {
        let text = interchange("855", "PR", &ACK.replacen(from, to, 1));
        let papers = taken(Format::X12, &text);
        let [Paper::Confirmation(word)] = &papers[..] else { panic!("{papers:?}") };
        let quantities: Vec<u32> = word.lines.iter().map(|l| l.quantity).collect();
        assert_eq!((word.verdict, quantities), (verdict, kept), "{from} {to}");
        assert_eq!(
            (&*word.number, &*word.purchase, word.promised),
            ("O-5", "PO-000012", Some(time("2026-12-11T00:00:00Z")))
        );
    }
}

#[test]
fn separators_are_what_the_header_says() {
    let other = shipment().replace("~\n", "~").replace('~', "\n").replace('*', "|");
    assert_eq!(taken(Format::X12, &other), taken(Format::X12, &shipment()));
}

#[test]
fn a_set_without_its_envelope_is_read_and_one_that_lost_segments_is_not() {
    let bare = format!("ST*856*0001~{SHIPMENT}SE*28*0001~");
    assert_eq!(taken(Format::X12, &bare), taken(Format::X12, &shipment()));
    let lost = bare.replacen("REF*SE*CZ2D1A0XZ0~REF*ZZ*9440C9010204~", "", 1).replacen("SN1*1*2", "SN1*1*1", 1);
    assert_eq!(
        told(Format::X12, &lost),
        ["row 26, SE 01: it counts 28 segments and 26 are there; something is lost or added"]
    );
}

#[test]
fn the_recorded_sample_is_read() {
    let Some(dir) = std::env::var_os("RACKHAND_REFERENCE") else {
        return untested::untested("the recorded ship notice", "RACKHAND_REFERENCE is not set");
    };
    let path = std::path::Path::new(&dir).join("contracts/authored/commerce-shapes.json");
    let shapes: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let notice = ship_notice(Format::X12, shapes["x12_856_minimal"].as_str().unwrap());
    assert_eq!((&*notice.number, &*notice.purchase, notice.carrier), ("SHIP123", "PO4711", Some(Carrier::Ups)));
    assert_eq!(notice.tracking, ["1Z999AA10123456784".into()]);
    let serials: Vec<&str> = notice.items.iter().map(|i| &*i.serial).collect();
    assert_eq!(serials, ["CZ2D1A0XYZ", "CZ2D1A0XZ0"]);
    assert!(notice.items.iter().all(|i| i.bmc_mac.is_none() && i.line == Some(1)));
}

#[test]
fn one_flaw_of_a_kind_has_one_sentence() {
    let whole = |from: &str, to: &str| shipment().replacen(from, to, 1);
    let body = |from: &str, to: &str| interchange("856", "SH", &SHIPMENT.replacen(from, to, 1));
    let offer = |from: &str, to: &str| interchange("843", "RR", &QUOTE.replacen(from, to, 1));
    let word = |from: &str, to: &str| interchange("855", "PR", &ACK.replacen(from, to, 1));
    for (text, expected) in [
        (
            whole("SE*28*0001", "SE*27*0001"),
            "row 30, SE 01: it counts 27 segments and 28 are there; something is lost or added",
        ),
        (whole("SE*28*0001", "SE*28*0002"), "row 30, SE 02: control number 0002 where ST 02 has 0001"),
        (
            whole("GE*1*7", "GE*2*7"),
            "row 31, GE 01: it counts 2 transaction sets and 1 are there; something is lost or added",
        ),
        (whole("GE*1*7", "GE*1*8"), "row 31, GE 02: control number 8 where GS 06 has 7"),
        (
            whole("IEA*1*000000042", "IEA*1*000000043"),
            "row 32, IEA 02: control number 000000043 where ISA 13 has 000000042",
        ),
        (whole("IEA*1*000000042~", ""), "IEA: it is missing: the file is cut off"),
        (
            whole("IEA*1*000000042~", "IEA*1*0000"),
            "row 32, segment: it has no end: the file is cut off, or has more than one interchange",
        ),
        (whole("*0*P*>", "*0*T*>"), "row 1, ISA 15: a test interchange; ask the vendor to send it as production (P)"),
        (whole("*X*004010", "*X*005010"), "row 2, GS 08: release 005010 is not read; 004010 is"),
        (whole("GS*SH", "GS*PR"), "row 3, ST 01: set 856 stands in a group PR; it belongs into SH"),
        (
            whole("ISA*00*   ", "ISA*00*  "),
            "row 1, ISA: its elements do not have their fixed widths; nothing tells what divides the rest",
        ),
        (interchange("810", "IN", "BIG*20261120*1~"), "row 3, ST 01: set 810 is not read; 843, 855 and 856 are"),
        ("GS*SH~".into(), "row 1, ISA: neither an interchange (ISA) nor a set (ST*)"),
        (body("CTT*7", "CTT*6"), "row 29, CTT 01: it counts 6 levels (HL) and 7 are there"),
        (body("HL*3*2*I", "HL*3*9*I"), "row 12, HL 02: there is no level 9 before it"),
        (body("HL*3*2*I", "HL*2*1*I"), "row 12, HL 01: this number stands twice; nothing tells what belongs to which"),
        (body("HL*3*2*I", "HL*3*1*I"), "row 12, HL 02: this item belongs to no order"),
        (body("SN1*1*2", "SN1*1*3"), "row 14, SN1 02: it counts 3 and names 2; every server is named, or none"),
        (body("REF*ZZ*9440C9010204~", ""), "row 16, REF*ZZ: 1 MACs for 2 servers; nothing tells which is whose"),
        (
            body("CZ2D1A0XZ0", "CZ2D1A0XYZ"),
            "row 17, REF*SE: CZ2D1A0XYZ stands here and at row 15, REF*SE; which is right?",
        ),
        (
            body("9440C9010204", "9440C9010203"),
            "row 18, REF*ZZ: 94:40:C9:01:02:03 stands here and at row 16, REF*ZZ; which is right?",
        ),
        (body("PRF*PO-000013", "PRF*"), "row 21, PRF 01: it is missing"),
        (
            body("BSN*00", "BSN*01"),
            "row 4, BSN 01: not an original, a replacement or a duplicate (00, 05, 06, 07, 18); ask the vendor what it means",
        ),
        (
            body("DTM*017*20261123", "DTM*017*261123"),
            "row 9, DTM 02: not a date: write a day as 2026-12-31, a time with its offset as 2026-12-31T16:00:00Z; it says \"261123\"",
        ),
        (
            body("SN1*2*1*EA~", "SN1*2*1*EA~XYZ*1~"),
            "row 27, XYZ: this segment has no place in an 856; nothing tells what it changes",
        ),
        (offer("CUR*SE*EUR~", ""), "CUR 02: it is missing; prices without a currency are not taken"),
        (offer("12500.5", "-1"), "row 9, PO1 04: an amount below zero; it says \"-1\""),
        (offer("CTT*2", "CTT*3"), "row 13, CTT 01: it counts 3 lines and 2 are there"),
        (
            offer("D240", "H850"),
            "row 7, SAC 02: a charge or allowance other than freight; ask for a quote that has it in its prices",
        ),
        (offer("REF*Q1", "REF*ZZ"), "REF*Q1: it is missing"),
        (offer("*3*WK", "*3*BD"), "row 11, LDT 03: a lead time in days (DA) or weeks (WK) is wanted"),
        (
            word("*AD*", "*AH*"),
            "row 4, BAK 02: it says neither yes nor no; one of AC, AD, AE, AK, AP, AT, RD, RF, RJ and RO is wanted",
        ),
        (
            word("ACK*IA*4", "ACK*IH*4"),
            "row 7, ACK 01: it says neither yes nor no to the line (such as on hold, IH); ask the vendor",
        ),
        (word("CUR*SE*EUR~", ""), "row 5, CUR 02: it is missing; prices without a currency are not taken"),
    ] {
        assert_eq!(told(Format::X12, &text)[0], expected);
    }
    let flaws = told(Format::X12, &body("REF*ZZ*100200300400", "REF*ZZ*calvin*BMC PASSWORD"));
    assert!(flaws[0].starts_with("row 19, REF: passwords are not taken"), "{flaws:?}");
}
