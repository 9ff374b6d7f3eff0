//! Bytes that nobody meant: no reader panics, and what is cut off is never taken for the whole.

use proptest::prelude::*;

use super::*;

const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Cxml, Format::X12];

/// Whole documents of every format and kind.
fn documents() -> Vec<(Format, String)> {
    vec![
        (Format::Json, json::QUOTE.into()),
        (Format::Json, json::SHIPMENT.into()),
        (Format::Cxml, cxml::document(cxml::QUOTE)),
        (Format::Cxml, cxml::document(cxml::SHIPMENT)),
        (Format::X12, x12::shipment()),
        (Format::X12, x12::quote()),
        (Format::X12, x12::ack()),
        (Format::Csv, csv::QUOTE.into()),
        (Format::Csv, csv::ASSETS.into()),
    ]
}

/// What is counted of papers: lines and servers.
fn size(papers: &[Paper]) -> usize {
    let each = papers.iter().map(|paper| match paper {
        Paper::Quote(p) => p.lines.len(),
        Paper::Confirmation(p) => p.lines.len(),
        Paper::ShipNotice(p) => p.items.len(),
    });
    each.sum()
}

#[test]
fn what_is_cut_off_is_refused_or_whole() {
    for (format, text) in documents() {
        let whole = taken(format, &text);
        for cut in (0..text.len()).filter(|n| text.is_char_boundary(*n)) {
            let Ok(papers) = read(format, &text.as_bytes()[..cut], &Columns::default()) else { continue };
            if format == Format::Csv {
                // Nothing counts the rows of a table: whole rows may be missing, never cells.
                let rows = text[..cut].lines().filter(|l| !l.trim().is_empty()).count();
                assert_eq!(size(&papers), rows - 1, "cut at {cut}: {}", &text[..cut]);
            } else {
                assert_eq!(papers, whole, "cut at {cut}: {}", &text[..cut]);
            }
        }
    }
}

#[test]
fn a_thousand_lines_are_read_and_one_more_is_not() {
    let quote = |lines: usize| {
        let line = r#"{"part":"A","qty":1}"#;
        format!(r#"{{"kind":"quote","ref":"Q","currency":"EUR","lines":[{}]}}"#, vec![line; lines].join(","))
    };
    assert_eq!(size(&taken(Format::Json, &quote(1_000))), 1_000);
    assert_eq!(told(Format::Json, &quote(1_001)), ["lines: more than 1000 lines; split it"]);
    let rows = |rows: usize| format!("quote,currency,part,qty\n{}", "Q,EUR,A,1\n".repeat(rows));
    assert_eq!(size(&taken(Format::Csv, &rows(1_000))), 1_000);
    assert_eq!(told(Format::Csv, &rows(1_001)), ["lines: more than 1000 lines; split it"]);
    let set = |lines: usize| {
        let body = "PO1*1*1*EA***VP*A~".repeat(lines);
        x12::interchange("843", "RR", &format!("BQR*00*R*20261120~CUR*SE*EUR~REF*Q1*Q~{body}CTT*{lines}~"))
    };
    assert_eq!(size(&taken(Format::X12, &set(1_000))), 1_000);
    assert_eq!(told(Format::X12, &set(1_001))[0], "lines: more than 1000 lines; split it");
}

#[test]
fn ten_thousand_servers_are_read_and_one_more_is_not() {
    let set = |servers: usize| {
        let each: String = (0..servers).map(|n| format!("REF*SE*S{n}~")).collect();
        let some = servers.min(10_000);
        let body = format!("BSN*00*S*20261120*1000~HL*1**O~PRF*PO-1~HL*2*1*I~SN1*1*{some}*EA~{each}CTT*2~");
        x12::interchange("856", "SH", &body)
    };
    assert_eq!(size(&taken(Format::X12, &set(10_000))), 10_000);
    assert_eq!(told(Format::X12, &set(10_001))[0], "items: more than 10000 servers; split it");
    // Many levels are many steps, not many times many.
    let levels: String = (0..20_000).map(|n| format!("HL*{}*1*P~MAN*CP*T{}~", n + 2, n % 10_000)).collect();
    let deep = format!("BSN*00*S*20261120*1000~HL*1**O~PRF*PO-1~{levels}CTT*20001~");
    let notice = ship_notice(Format::X12, &x12::interchange("856", "SH", &deep));
    assert_eq!(notice.tracking.len(), 10_000);
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        for format in FORMATS {
            let _ = read(format, &bytes, &Columns::default());
        }
        let _ = sniff(&bytes, None);
        let _ = super::super::cxml::response(&bytes);
    }

    #[test]
    fn a_changed_document_is_read_or_refused(which in 0_usize..9, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in 0_usize..40) {
        let (format, text) = documents().swap_remove(which);
        let mut bytes = text.into_bytes();
        let n = at.index(bytes.len());
        bytes[n] = byte;
        let end = bytes.len().min(n + 1 + cut);
        bytes.drain(n + 1..end);
        match read(format, &bytes, &Columns::default()) {
            Ok(papers) => prop_assert!(!papers.is_empty()),
            Err(flaws) => prop_assert!(!flaws.is_empty() && flaws.len() <= MAX_FLAWS + 1),
        }
    }
}
