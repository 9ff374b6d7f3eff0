//! A vendor's cXML door: takes our requests and orders, and has documents for us. What it says to us is written here by
//! the User's Guide, not by the adapter's writers.

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use rackhand_core::purchase::money::{self, Currency, Money};
use rackhand_core::time::Timestamp;

use super::{Asked, House, Ordered, OrderedLine, Taken, Vendor, Verdict};
use crate::faults::lock;
use crate::host::{Host, Reply, Request};

/// The secret the vendor knows us by.
pub const OURS: &str = "our-shared-secret";
/// The secret we know the vendor by.
pub const THEIRS: &str = "their-shared-secret";
/// Our DUNS number in the lab.
pub const BUYER: &str = "111111111";
/// The vendor's.
pub const SUPPLIER: &str = "222222222";

/// A vendor behind cXML.
pub struct Endpoint(pub std::sync::Arc<Vendor>);

fn status(code: u16, text: &str, detail: &str) -> Reply {
    let mut reply = Reply::status(StatusCode::OK);
    reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    reply.body = format!(
        "<?xml version=\"1.0\"?><cXML payloadID=\"a@vendor.lab\" timestamp=\"2026-11-20T10:00:00Z\"><Response>\
         <Status code=\"{code}\" text=\"{text}\">{detail}</Status></Response></cXML>"
    )
    .into();
    reply
}

/// What stands between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(found, _)| found)
}

fn attribute(text: &str, name: &str) -> String {
    between(text, &format!(" {name}=\""), "\"").unwrap_or_default().to_owned()
}

/// The elements of this name, each with what is in it.
fn elements<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (begin, end) = (format!("<{name} "), format!("</{name}>"));
    text.split(&begin).skip(1).map(|rest| rest.split(&end).next().unwrap_or_default()).collect()
}

/// An element's text and the currency on it.
fn priced(text: &str) -> Option<(u64, Currency)> {
    let inner = between(text, "<Money", "</Money>")?;
    let currency = attribute(inner, "currency").parse().ok()?;
    let (_, amount) = inner.split_once('>')?;
    Some((money::minor(amount, currency).unwrap_or(0), currency))
}

fn taken(taken: Taken) -> Reply {
    match taken {
        Taken::There(id) => status(409, "Conflict", &format!("It is here already, as {id}.")),
        Taken::New(_) | Taken::Later(_) => status(200, "OK", ""),
    }
}

impl Host for Endpoint {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let body = String::from_utf8_lossy(&request.body);
        let state = &mut *lock(&self.0.state);
        if between(&body, "<SharedSecret>", "</SharedSecret>") != Some(OURS) {
            return status(401, "Unauthorized", "");
        }
        if body.contains("<QuoteRequestHeader") {
            let line = |item: &str| {
                let inner = between(item, "<Description", "</Description>").and_then(|d| d.split_once('>'));
                let spec = inner.map_or(String::new(), |(_, words)| words.to_owned());
                let number = |name: &str| attribute(&format!(" {item}"), name).parse().unwrap_or(0);
                (number("lineNumber") as u16, number("quantity"), spec)
            };
            let lines = elements(&body, "QuoteItemOut").into_iter().map(line).collect();
            let currency = attribute(&body, "currency").parse().unwrap_or(Currency::EUR);
            let ours = attribute(&body, "requestID");
            return taken(state.take_request(Asked { id: 0, ours, at: now, currency, lines, withdrawn: false }));
        }
        let ours = attribute(&body, "orderID");
        let head = between(&body, "<OrderRequestHeader", ">").unwrap_or_default();
        if attribute(head, "type") == "delete" {
            let Some(id) = state.orders.iter().find(|o| o.ours == ours).map(|o| o.id) else {
                return status(404, "Not Found", "");
            };
            return match state.cancel(self.0.house, id, "by cXML", now) {
                Some(Ok(())) => status(200, "OK", ""),
                Some(Err(words)) => status(406, "Not Acceptable", &words),
                None => status(404, "Not Found", ""),
            };
        }
        let line = |item: &str| OrderedLine {
            line: attribute(&format!(" {item}"), "lineNumber").parse().unwrap_or(0),
            part: between(item, "<SupplierPartID>", "</SupplierPartID>").unwrap_or_default().to_owned(),
            quantity: attribute(&format!(" {item}"), "quantity").parse().unwrap_or(0),
            unit_price: between(item, "<UnitPrice>", "</UnitPrice>").and_then(priced).map_or(0, |(minor, _)| minor),
        };
        let total = between(&body, "<Total>", "</Total>").and_then(priced);
        let freight = between(&body, "<Shipping>", "</Shipping>").and_then(priced).map_or(0, |(minor, _)| minor);
        let Some((sum, currency)) = total else { return status(400, "Bad Request", "Total") };
        let quote = between(&body, "<Extrinsic name=\"quoteID\">", "</Extrinsic>").unwrap_or_default().to_owned();
        let lines = elements(&body, "ItemOut").into_iter().map(line).collect();
        let (cancelled, servers) = (None, Vec::new());
        let total = sum + freight;
        let order = Ordered { id: 0, ours, at: now, quote, currency, lines, freight, total, cancelled, servers };
        taken(state.take_order(self.0.house, order))
    }
}

impl Endpoint {
    /// The documents it would have posted to us until `now`: quotes, confirmations, ship notices.
    pub fn due(&self, now: Timestamp) -> Vec<String> {
        let state = lock(&self.0.state);
        let house: House = self.0.house;
        let plain = |minor, of| format!("<Money currency=\"{of}\">{}</Money>", Money::new(minor, of).plain());
        let mut documents = Vec::new();
        for offer in state.requests.iter().flat_map(|r| state.offered(r, now)).filter(|o| !o.superseded) {
            let items = offer.lines.iter().map(|line| {
                format!(
                    "<QuoteItemIn quantity=\"{}\" lineNumber=\"{}\"><ItemID><SupplierPartID>CX-{}</SupplierPartID>\
                     </ItemID><ItemDetail><UnitPrice>{}</UnitPrice><Description xml:lang=\"en\">{}</Description>\
                     <UnitOfMeasure>EA</UnitOfMeasure></ItemDetail></QuoteItemIn>",
                    line.quantity,
                    line.line,
                    line.line,
                    plain(line.priced.total(), offer.currency),
                    line.priced.spec,
                )
            });
            let body = format!(
                "<QuoteMessage><QuoteMessageHeader type=\"accept\" quoteID=\"CQ{}\" quoteDate=\"{now}\" \
                 currency=\"{}\" xml:lang=\"en\"><Total>{}</Total><Shipping>{}<Description xml:lang=\"en\">f\
                 </Description></Shipping><QuoteRequestReference requestID=\"{}\" requestDate=\"{now}\"/>\
                 <Extrinsic name=\"validUntil\">{}</Extrinsic></QuoteMessageHeader>{}</QuoteMessage>",
                offer.id,
                offer.currency,
                plain(offer.total - offer.freight, offer.currency),
                plain(offer.freight, offer.currency),
                offer.ours,
                offer.until,
                items.collect::<String>(),
            );
            documents.push(document("Message", &body, now));
        }
        for order in &state.orders {
            let said = match state.verdict(house, order, now) {
                None => continue,
                Some(Verdict::Rejected) => "reject",
                Some(_) => "accept",
            };
            let body = format!(
                "<ConfirmationRequest><ConfirmationHeader type=\"{said}\" noticeDate=\"{now}\" confirmID=\"CC{}\"/>\
                 <OrderReference orderID=\"{}\"><DocumentReference payloadID=\"x\"/></OrderReference>\
                 </ConfirmationRequest>",
                order.id, order.ours,
            );
            documents.push(document("Request", &body, now));
        }
        for shipment in state.orders.iter().flat_map(|o| state.shipped(house, o, now)) {
            let assets: Vec<String> = shipment.servers.iter().map(|(line, made)| {
                format!(
                    "<ShipNoticeItem quantity=\"1\" lineNumber=\"{line}\"><UnitOfMeasure>EA</UnitOfMeasure><AssetInfo \
                     serialNumber=\"{}\"/><Extrinsic name=\"MAC\">{}</Extrinsic></ShipNoticeItem>",
                    made.serial, made.bmc_mac,
                )
            }).collect();
            let assets = assets.concat();
            let body = format!(
                "<ShipNoticeRequest><ShipNoticeHeader shipmentID=\"CS{}-{}\" noticeDate=\"{now}\" shipmentDate=\"{}\" \
                 deliveryDate=\"{}\"/><ShipControl><CarrierIdentifier domain=\"SCAC\">{}</CarrierIdentifier>\
                 <ShipmentIdentifier>{}</ShipmentIdentifier></ShipControl><ShipNoticePortion><OrderReference \
                 orderID=\"{}\"><DocumentReference payloadID=\"x\"/></OrderReference>{assets}</ShipNoticePortion>\
                 </ShipNoticeRequest>",
                shipment.order,
                shipment.part,
                shipment.at,
                shipment.eta,
                state.manner.carrier,
                shipment.tracking,
                shipment.ours,
            );
            documents.push(document("Request", &body, now));
        }
        documents
    }
}

/// A document from the vendor to us.
fn document(carrier: &str, body: &str, now: Timestamp) -> String {
    let duns = |number: &str| format!("<Credential domain=\"DUNS\"><Identity>{number}</Identity>");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.050/\
         Fulfill.dtd\"><cXML payloadID=\"{}@vendor.lab\" timestamp=\"{now}\"><Header><From>{}</Credential></From><To>{}\
         </Credential></To><Sender>{}<SharedSecret>{THEIRS}</SharedSecret></Credential><UserAgent>lab</UserAgent>\
         </Sender></Header><{carrier}>{body}</{carrier}></cXML>",
        now.as_micros(),
        duns(SUPPLIER),
        duns(BUYER),
        duns(SUPPLIER),
    )
}
