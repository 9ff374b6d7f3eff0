//! Vendors' papers in all four formats: what is taken is within its bounds, and no server stands in it twice.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use rackhand_adapters::supplier::format::{Columns, Format, MAX_FLAWS, cxml, read, sniff};
use rackhand_core::purchase::money::MAX_MINOR;
use rackhand_core::purchase::paper::{MAX_ITEMS, MAX_LINES, Paper};
use rackhand_fuzz::plant;

fuzz_target!(init: plant(SEEDS.map(|s| s.as_bytes().to_vec())), |data: &[u8]| {
    let _ = sniff(data, None);
    let _ = cxml::response(data);
    for format in [Format::Json, Format::Csv, Format::Cxml, Format::X12] {
        match read(format, data, &Columns::default()) {
            Ok(papers) => check(&papers),
            Err(flaws) => assert!(!flaws.is_empty() && flaws.len() <= MAX_FLAWS + 1),
        }
    }
});

fn check(papers: &[Paper]) {
    assert!(!papers.is_empty());
    let (mut serials, mut macs) = (BTreeSet::new(), BTreeSet::new());
    for paper in papers {
        match paper {
            Paper::Quote(quote) => {
                assert!((1..=MAX_LINES).contains(&quote.lines.len()) && !quote.number.is_empty());
                assert!(quote.lines.iter().all(|l| l.unit_price.is_none_or(|p| p <= MAX_MINOR) && l.quantity > 0));
            }
            Paper::Confirmation(word) => {
                assert!(word.lines.len() <= MAX_LINES && !word.purchase.is_empty());
            }
            Paper::ShipNotice(notice) => {
                assert!(notice.items.len() <= MAX_ITEMS && !notice.purchase.is_empty());
                for item in &notice.items {
                    assert!(!item.serial.is_empty() && serials.insert(item.serial.clone()));
                    assert!(item.bmc_mac.is_none_or(|mac| macs.insert(mac)));
                }
            }
        }
    }
}

/// Written for this: one of each kind in each format.
const SEEDS: [&str; 9] = [
    r#"{"kind":"quote","ref":"Q","currency":"EUR","lines":[{"part":"A","qty":4,"unit_price_minor":100,"lead_time_days":9}]}"#,
    r#"{"kind":"order-status","ref":"O","buyer_ref":"P","lines":[{"part":"A","qty":4,"status":"ordered"}]}"#,
    r#"{"kind":"ship-notice","ref":"S","buyer_ref":"P","carrier":{"code":"UPSN","tracking":["1Z"]},"lines":[{"part":"A","qty":1,"units":[{"serial":"A1","bmc_mac":"94:40:c9:01:02:03"}]}]}"#,
    "quote,line,part,qty,unit price,currency,valid until\nQ,1,A,4,\"1,000.00\",EUR,2026-12-31\n",
    "service tag;idrac mac;model;po number\nABC1234;9440.c901.0203;R760;P\n",
    r#"<!DOCTYPE cXML SYSTEM "cXML.dtd"><cXML><Request><ShipNoticeRequest><ShipNoticeHeader shipmentID="S"/><ShipNoticePortion><OrderReference orderID="P"/><ShipNoticeItem quantity="1"><AssetInfo serialNumber="A1"/><Extrinsic name="MAC">94:40:c9:01:02:03</Extrinsic></ShipNoticeItem></ShipNoticePortion></ShipNoticeRequest></Request></cXML>"#,
    r#"<cXML><Message><QuoteMessage><QuoteMessageHeader quoteID="Q" currency="EUR"/><QuoteItemIn quantity="1"><ItemID><SupplierPartID>A</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="EUR">1.00</Money></UnitPrice></ItemDetail></QuoteItemIn></QuoteMessage></Message></cXML>"#,
    "ST*856*1~BSN*00*S*20261120*1000~HL*1**S~REF*CN*1Z~HL*2*1*O~PRF*P~HL*3*2*I~LIN*1*VP*A~SN1*1*1*EA~REF*SE*A1~CTT*3~SE*12*1~",
    "ISA*00*          *00*          *ZZ*VENDOR         *ZZ*US             *261120*1000*U*00401*000000042*0*P*>~GS*PR*V*U*20261120*1000*7*X*004010~ST*855*1~BAK*00*AD*P*20261120~PO1*1*4*EA***VP*A~ACK*IA*4*EA~CTT*1~SE*6*1~GE*1*7~IEA*1*42~",
];
