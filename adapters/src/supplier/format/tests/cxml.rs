//! cXML: what is read, what is refused, what is written.

use rackhand_core::purchase::paper::{Accepts, Carrier};
use rackhand_core::secret::Secret;

use super::super::cxml::{CxmlParty, Identity, OrderKind, order_request, quote_request, read, response};
use super::*;

/// A document of the vendor's with this in it.
pub(super) fn document(inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/Fulfill.dtd">
<cXML payloadID="1@vendor.example" timestamp="2026-11-20T10:00:00Z"><Header>
 <From><Credential domain="NetworkID"><Identity>AN1</Identity></Credential><Credential domain="DUNS"><Identity> 123456789 </Identity></Credential></From>
 <To><Credential domain="DUNS"><Identity>987654321</Identity></Credential></To>
 <Sender><Credential domain="duns"><Identity>123456789</Identity><SharedSecret>open sesame</SharedSecret></Credential><UserAgent>V</UserAgent></Sender>
</Header>{inside}</cXML>
"#
    )
}

pub(super) const QUOTE: &str = r#"<Message><QuoteMessage><QuoteMessageHeader type="final" quoteID="Q-88" quoteDate="2026-11-20T10:00:00Z" currency="EUR" xml:lang="en">
 <OrganizationID/><Total><Money currency="EUR">50,002.00</Money></Total><QuoteRequestReference requestID="RFQ-7-hpe"/>
 <Shipping><Money currency="EUR">200</Money></Shipping><Comments>ex <!-- no --> works</Comments><Extrinsic name="Valid Until">2026-12-31</Extrinsic></QuoteMessageHeader>
 <QuoteItemIn quantity="4" lineNumber="1"><ItemID><SupplierPartID>P52562-B21</SupplierPartID></ItemID><ItemDetail>
  <UnitPrice><Money currency="EUR">12500.50</Money></UnitPrice><Description xml:lang="en">DL380 &amp; <![CDATA[<Gen11>]]></Description><LeadTime>21</LeadTime></ItemDetail>
  <Extrinsic name="warrantyMonths">36</Extrinsic></QuoteItemIn>
 <QuoteItemIn quantity="1" lineNumber="2"><ItemID><SupplierPartID>P1</SupplierPartID></ItemID><ItemDetail><Description>Rails</Description></ItemDetail></QuoteItemIn>
</QuoteMessage></Message>"#;

pub(super) const SHIPMENT: &str = r#"<Request deploymentMode="production"><ShipNoticeRequest>
 <ShipNoticeHeader shipmentID="S1" noticeDate="2026-11-20T10:00:00Z" shipmentDate="2026-11-20T08:30:00+01:00" deliveryDate="2026-11-23T00:00:00+0000"/>
 <ShipControl><CarrierIdentifier domain="companyName">Some Forwarder</CarrierIdentifier><CarrierIdentifier domain="SCAC">UPSN</CarrierIdentifier><ShipmentIdentifier>1Z999AA10123456784</ShipmentIdentifier></ShipControl>
 <ShipNoticePortion><OrderReference orderID="PO-000012"><DocumentReference payloadID="x"/></OrderReference>
  <ShipNoticeItem quantity="2" lineNumber="1"><ItemID><SupplierPartID>R760</SupplierPartID></ItemID>
   <AssetInfo serialNumber="abc1234" tagNumber="T1"/><AssetInfo serialNumber="DEF5678"/>
   <Extrinsic name="MAC">94:40:C9:01:02:03</Extrinsic><Extrinsic name="NIC MAC">94:40:C9:0A:0A:0A</Extrinsic><Extrinsic name="iDRAC MAC">9440.c901.0204</Extrinsic></ShipNoticeItem>
  <ShipNoticeItem quantity="8" lineNumber="2"/></ShipNoticePortion>
</ShipNoticeRequest></Request>"#;

fn confirmation(kind: &str, items: &str) -> String {
    document(&format!(
        r#"<Request><ConfirmationRequest><ConfirmationHeader confirmID="C-1" type="{kind}" noticeDate="2026-11-20T10:00:00Z"><Comments>so be it</Comments></ConfirmationHeader>
        <OrderReference orderID="PO-000012"/>{items}</ConfirmationRequest></Request>"#
    ))
}

fn vendor(secret: &str) -> CxmlParty {
    let identity = |domain: &str, identity: &str| Identity { domain: domain.into(), identity: identity.into() };
    CxmlParty {
        from: identity("DUNS", "123456789"),
        to: identity("DUNS", "987654321"),
        sender: identity("DUNS", "123456789"),
        secret: Secret::new(secret),
    }
}

#[test]
fn a_quote_is_read() {
    let papers = taken(Format::Cxml, &document(QUOTE));
    let [Paper::Quote(quote)] = &papers[..] else { panic!("{papers:?}") };
    assert_eq!(
        (&*quote.number, quote.request.as_deref(), quote.note.as_deref()),
        ("Q-88", Some("RFQ-7-hpe"), Some("ex  works"))
    );
    assert_eq!((quote.freight, quote.total), (Some(20_000), Some(5_020_200)), "the total is without shipping");
    assert_eq!(quote.valid_until, Some(time("2026-12-31T23:59:59Z")));
    let (line, open) = (&quote.lines[0], &quote.lines[1]);
    assert_eq!((&*line.description, line.unit_price, line.lead_days), ("DL380 & <Gen11>", Some(1_250_050), Some(21)));
    assert_eq!((line.warranty_months, open.unit_price, open.lead_days), (Some(36), None, None));
}

#[test]
fn a_ship_notice_is_read_with_the_macs_of_its_bmcs() {
    let notice = ship_notice(Format::Cxml, &document(SHIPMENT));
    assert_eq!((&*notice.number, &*notice.purchase, notice.carrier), ("S1", "PO-000012", Some(Carrier::Ups)));
    assert_eq!((notice.shipped, notice.eta), (Some(time("2026-11-20T07:30:00Z")), Some(time("2026-11-23T00:00:00Z"))));
    let servers: Vec<_> = notice.items.iter().map(|i| (&*i.serial, i.bmc_mac.unwrap().to_string())).collect();
    let (a, b) = ("94:40:C9:01:02:03".to_owned(), "94:40:C9:01:02:04".to_owned());
    assert_eq!(servers, [("ABC1234", a), ("DEF5678", b)]);
}

#[test]
fn a_confirmation_is_what_its_header_says_or_else_its_items() {
    let item = |quantity: u32, statuses: &str| {
        format!(r#"<ConfirmationItem quantity="{quantity}" lineNumber="1">{statuses}</ConfirmationItem>"#)
    };
    let status = |kind: &str, quantity: u32| {
        format!(
            r#"<ConfirmationStatus type="{kind}" quantity="{quantity}" deliveryDate="2026-12-11T00:00:00Z"><UnitPrice><Money currency="EUR">1.00</Money></UnitPrice></ConfirmationStatus>"#
        )
    };
    let (yes, no) = (item(4, &status("accept", 4)), item(4, &status("reject", 4)));
    let short = item(4, &status("accept", 3));
    let both = item(4, &format!("{}{}", status("accept", 3), status("backordered", 1)));
    for (kind, items, verdict, kept) in [
        ("accept", "", Accepts::Yes, vec![]),
        ("accept", &*yes, Accepts::Yes, vec![4]),
        ("accept", &short, Accepts::Changed, vec![3]),
        ("detail", &yes, Accepts::Yes, vec![4]),
        ("allDetail", &both, Accepts::Changed, vec![4]),
        ("detail", &no, Accepts::No, vec![]),
        ("except", &yes, Accepts::Changed, vec![4]),
        ("reject", "", Accepts::No, vec![]),
    ] {
        let papers = taken(Format::Cxml, &confirmation(kind, items));
        let [Paper::Confirmation(word)] = &papers[..] else { panic!("{papers:?}") };
        let quantities: Vec<u32> = word.lines.iter().map(|l| l.quantity).collect();
        assert_eq!((word.verdict, quantities), (verdict, kept), "{kind} {items}");
        assert_eq!((&*word.number, &*word.purchase, word.note.as_deref()), ("C-1", "PO-000012", Some("so be it")));
        assert_eq!(word.promised.is_some(), !items.is_empty());
    }
    for (kind, items, expected) in [
        ("detail", "", "ConfirmationItem: there is no line in it, though its type says that the lines tell"),
        (
            "requestToPay",
            "",
            "ConfirmationHeader/@type: one of accept, allDetail, detail, except, backordered and reject is wanted",
        ),
        (
            "detail",
            &item(4, &status("unknown", 4)),
            "row 1, ConfirmationStatus/@type: it says neither yes nor no; one of accept, allDetail, detail, backordered and reject is wanted",
        ),
        ("detail", &item(4, ""), "row 1, ConfirmationStatus: it is missing; nothing says whether the line is taken"),
    ] {
        assert_eq!(told(Format::Cxml, &confirmation(kind, items))[0], expected);
    }
}

#[test]
fn a_forged_document_is_refused_whole_and_says_what_is_forged() {
    let whole = document(SHIPMENT);
    let told = |text: &str, party: &CxmlParty| read(text.as_bytes(), Some(party)).unwrap_err()[0].to_string();
    assert_eq!(read(whole.as_bytes(), Some(&vendor("open sesame"))).map(|p| p.len()), Ok(1));
    let end = "; nothing of it is taken. Ask the vendor whether it sent this";
    let sender = "Header/Sender/Credential";
    let (other, secret) = ("another identity than the one we deal with", "a wrong shared secret, or none");
    for (text, place, why) in [
        (whole.replace(" 123456789 ", "123456788"), "Header/From", other),
        (whole.replace("987654321", "1"), "Header/To", other),
        (whole.replace("domain=\"duns\"", "domain=\"NetworkID\""), sender, other),
        (whole.replace("open sesame", "Open sesame"), "Header/Sender/Credential/SharedSecret", secret),
        (
            whole.replace("<SharedSecret>open sesame</SharedSecret>", ""),
            "Header/Sender/Credential/SharedSecret",
            secret,
        ),
        (whole.replace("Header>", "Footer>"), "Header", "it is missing, so nobody stands for the paper"),
    ] {
        let flaw = told(&text, &vendor("open sesame"));
        assert_eq!(flaw, format!("{place}: {why}{end}"));
        assert!(!flaw.contains("sesame"));
    }
    let none = told(&whole.replace("open sesame", ""), &vendor(""));
    assert!(none.contains(secret), "an empty secret proves nothing: {none}");
}

#[test]
fn entities_and_own_document_types_are_refused_before_they_are_parsed() {
    let plain = document(SHIPMENT);
    let (subset, entity) = ("a document type with an internal subset", "it declares an entity");
    for (doctype, expected) in [
        ("<!DOCTYPE cXML [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>", entity),
        ("<!DOCTYPE cXML [<!entity a \"b\">]>", entity),
        ("<!DOCTYPE cXML SYSTEM \"a>b\" [ ]>", subset),
        ("<!DOCTYPE cXML [<!ELEMENT a ANY>]>", subset),
        ("<!DOCTYPE cXML><!DOCTYPE cXML>", "more than one document type"),
    ] {
        let start = plain.find("<!DOCTYPE").unwrap();
        let text = format!("{}{doctype}{}", &plain[..start], &plain[plain.find("<cXML").unwrap()..]);
        let flaw = &told(Format::Cxml, &text)[0];
        assert!(flaw.starts_with(&format!("DOCTYPE: {expected}")), "{doctype}: {flaw}");
    }
    assert!(told(Format::Cxml, &plain.replace("UPSN", "&carrier;"))[0].starts_with("XML: it is not whole"));
    // Deep and wide, within the size that is read.
    let deep = format!("<cXML>{}", "<a>".repeat(2_000_000));
    assert!(told(Format::Cxml, &deep)[0].starts_with("XML: it is not whole"));
    let wide = format!("<cXML>{}</cXML>", "<a/>".repeat(500_000));
    assert!(told(Format::Cxml, &wide)[0].starts_with("XML: it is not whole"));
}

#[test]
fn one_flaw_of_a_kind_has_one_sentence() {
    let ship = |from: &str, to: &str| document(&SHIPMENT.replacen(from, to, 1));
    let offer = |from: &str, to: &str| document(&QUOTE.replacen(from, to, 1));
    for (text, expected) in [
        (offer("12500.50", "-1"), "row 1, ItemDetail/UnitPrice/Money: an amount below zero; it says \"-1\""),
        (
            offer("<Money currency=\"EUR\">12500", "<Money currency=\"USD\">12500"),
            "row 1, ItemDetail/UnitPrice/Money/@currency: USD where the paper is in EUR; one paper has one currency",
        ),
        (
            offer("currency=\"EUR\" xml", "xml"),
            "QuoteMessageHeader/@currency: it is missing; prices without a currency are not taken",
        ),
        (
            offer("quantity=\"4\"", "quantity=\"0\""),
            "row 1, @quantity: not a whole number from 1 to 10000; it says \"0\"",
        ),
        (offer("type=\"final\"", "type=\"reject\""), "@type: the vendor makes no offer (reject)"),
        (
            ship("DEF5678", "ABC1234"),
            "row 1, AssetInfo/@serialNumber: ABC1234 stands here and at row 1, AssetInfo/@serialNumber; which is right?",
        ),
        (
            ship("<Extrinsic name=\"MAC\">94:40:C9:01:02:03</Extrinsic>", ""),
            "row 1, Extrinsic MAC: 1 MACs for 2 servers; nothing tells which is whose",
        ),
        (
            ship("quantity=\"2\"", "quantity=\"3\""),
            "row 1, @quantity: it counts 3 and names 2; every server is named, or none",
        ),
        (ship("orderID", "id"), "OrderReference/@orderID: it is missing"),
        (
            ship("production", "test"),
            "@deploymentMode: a test document (deploymentMode); ask the vendor to send it as production",
        ),
        (
            ship("ShipNoticeHeader shipmentID", "ShipNoticeHeader operation=\"delete\" shipmentID"),
            "ShipNoticeHeader/@operation: it takes back an earlier ship notice; ask the vendor",
        ),
        (
            document("<Request><ProfileRequest/></Request>"),
            "Request: \"ProfileRequest\" is not read; QuoteMessage, ConfirmationRequest and ShipNoticeRequest are",
        ),
        (document(""), "cXML: 0 Request or Message elements; one is wanted"),
        ("<html/>".into(), "cXML: the document is \"html\"; cXML is wanted"),
    ] {
        assert_eq!(told(Format::Cxml, &text)[0], expected);
    }
    let flaws = told(Format::Cxml, &ship("\"NIC MAC\">94:40:C9:0A:0A:0A", "\"BMC Password\">calvin"));
    assert!(flaws[0].starts_with("Extrinsic: passwords are not taken") && !flaws.concat().contains("calvin"));
}

#[test]
fn what_we_write_reads_back_as_it_was() {
    let ours = CxmlParty { secret: Secret::new("<&\"'>]]>\u{1}"), ..vendor("") };
    let now = time("2026-11-20T10:00:00Z");
    let asked = quote_request(&request(), &ours, "1@us.example", now);
    let ordered = order_request(&order(), &ours, "2@us.example", now, OrderKind::New);
    for text in [&asked, &ordered] {
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(text, options).unwrap();
        let secret = document.descendants().find(|n| n.has_tag_name("SharedSecret")).unwrap();
        assert_eq!(secret.text(), Some("<&\"'>]]>\u{FFFD}"));
        let words = document.descendants().filter(|n| n.has_tag_name("Description")).filter_map(|n| n.text());
        let words: Vec<&str> = words.filter(|w| *w != "Freight").collect();
        let asked: Vec<_> = request().lines.into_iter().map(|l| l.spec).collect();
        let bought: Vec<_> = order().lines.into_iter().map(|l| l.description).collect();
        assert_eq!(words, if words.len() == 2 { asked } else { bought }.iter().map(|t| &**t).collect::<Vec<_>>());
        // Ours is a request, not a vendor's word.
        assert!(told(Format::Cxml, text)[0].contains("is not read"));
    }
    for (piece, text) in [
        ("<QuoteRequestHeader requestID=\"RFQ-7-hpe\"", &asked),
        ("closeDate=\"2026-11-21T10:00:00Z\" currency=\"EUR\"", &asked),
        ("<QuoteItemOut quantity=\"4\" lineNumber=\"1\">", &asked),
        ("orderID=\"PO-000012\" orderDate=\"2026-11-20T10:00:00Z\" orderType=\"regular\" type=\"new\"", &ordered),
        ("<Money currency=\"EUR\">50002.00</Money>", &ordered),
        ("<Money currency=\"EUR\">200.00</Money>", &ordered),
        ("<Money currency=\"EUR\">12500.50</Money>", &ordered),
        ("<Name xml:lang=\"en\">Rack &amp; Pinion GmbH</Name>", &ordered),
    ] {
        assert!(text.contains(piece), "{piece}\n{text}");
    }
    let undone = order_request(&order(), &ours, "3@us.example", now, OrderKind::Delete);
    assert!(undone.contains("type=\"delete\"") && !undone.contains("type=\"new\""));
}

#[test]
fn the_answer_to_a_request_is_read() {
    let text =
        document(r#"<Response><Status code="401" text="Unauthorized" xml:lang="en">No such buyer</Status></Response>"#);
    let read = response(text.as_bytes()).unwrap();
    assert_eq!((read.code, &*read.text, &*read.detail), (401, "Unauthorized", "No such buyer"));
    let told = |inside: &str| response(document(inside).as_bytes()).unwrap_err()[0].to_string();
    assert_eq!(told("<Response><Status/></Response>"), "Response/Status/@code: it is missing");
    assert_eq!(told("<Message/>"), "Response/Status: it is missing; this is no answer to a request");
    assert!(
        told("<Response><Status code=\"OK\"/></Response>").starts_with("Response/Status/@code: not a whole number")
    );
}
