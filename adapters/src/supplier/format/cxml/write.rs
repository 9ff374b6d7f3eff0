//! Our requests as cXML: QuoteRequest and OrderRequest.

use std::fmt::Write;

use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::purchase::paper::{Destination, PurchaseOrder, QuoteRequest};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::party::{CxmlParty, Identity};

/// The version of the document types that are named.
const VERSION: &str = "1.2.050";

/// Whether an order is placed or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// It is placed.
    New,
    /// It is taken back.
    Delete,
}

/// A request for a quote. `payload_id` is this document's own, for ever (`5f2c@rackhand.example.com`).
pub fn quote_request(request: &QuoteRequest, party: &CxmlParty, payload_id: &str, now: Timestamp) -> String {
    let mut x = Xml::open("Quote.dtd", party, payload_id, now);
    x.begin("QuoteRequest", &[]);
    x.begin(
        "QuoteRequestHeader",
        &[
            ("requestID", &request.number),
            ("requestDate", &now.to_string()),
            ("type", "open"),
            ("openDate", &now.to_string()),
            ("closeDate", &request.answer_by.to_string()),
            ("currency", &request.currency.to_string()),
            ("xml:lang", "en"),
        ],
    );
    x.leaf("Name", &[("xml:lang", "en")], &request.number);
    ship_to(&mut x, &request.to);
    x.end();
    for line in &request.lines {
        item(&mut x, "QuoteItemOut", line.line, line.quantity, "", &line.spec, None);
    }
    x.close()
}

/// An order, placed or taken back.
pub fn order_request(
    order: &PurchaseOrder,
    party: &CxmlParty,
    payload_id: &str,
    now: Timestamp,
    kind: OrderKind,
) -> String {
    let mut x = Xml::open("cXML.dtd", party, payload_id, now);
    x.begin("OrderRequest", &[]);
    let kind = match kind {
        OrderKind::New => "new",
        OrderKind::Delete => "delete",
    };
    let (date, currency) = (order.at.to_string(), order.currency);
    let header = [("orderID", &*order.number), ("orderDate", &date), ("orderType", "regular"), ("type", kind)];
    x.begin("OrderRequestHeader", &header);
    x.begin("Total", &[]);
    // Without shipping, which stands beside it.
    money(&mut x, order.total.saturating_sub(order.freight.unwrap_or(0)), currency);
    x.end();
    ship_to(&mut x, &order.to);
    x.begin("BillTo", &[]);
    address(&mut x, &order.bill_to, &order.to.country);
    x.end();
    if let Some(freight) = order.freight {
        x.begin("Shipping", &[]);
        money(&mut x, freight, currency);
        x.leaf("Description", &[("xml:lang", "en")], "Freight");
        x.end();
    }
    x.leaf("Extrinsic", &[("name", "quoteID")], &order.quote);
    x.end();
    for line in &order.lines {
        let price = Money::new(line.unit_price, currency);
        item(&mut x, "ItemOut", line.line, line.quantity, &line.part, &line.description, Some(price));
    }
    x.close()
}

fn item(x: &mut Xml, name: &'static str, line: u16, quantity: u32, part: &str, words: &str, price: Option<Money>) {
    x.begin(name, &[("quantity", &quantity.to_string()), ("lineNumber", &line.to_string())]);
    x.begin("ItemID", &[]);
    x.leaf("SupplierPartID", &[], part);
    x.end();
    x.begin("ItemDetail", &[]);
    if let Some(price) = price {
        x.begin("UnitPrice", &[]);
        money(x, price.minor, price.currency);
        x.end();
    }
    x.leaf("Description", &[("xml:lang", "en")], words);
    x.leaf("UnitOfMeasure", &[], "EA");
    // UNSPSC: computer servers.
    x.leaf("Classification", &[("domain", "UNSPSC")], "43211501");
    x.end();
    x.end();
}

fn ship_to(x: &mut Xml, to: &Destination) {
    x.begin("ShipTo", &[]);
    let lines: Vec<&str> = to.address.iter().map(Text::as_str).collect();
    write_address(x, &to.site, &lines, &to.country);
    x.end();
}

fn address(x: &mut Xml, lines: &[Text], country: &str) {
    let lines: Vec<&str> = lines.iter().map(Text::as_str).collect();
    match lines.split_first() {
        Some((name, rest)) => write_address(x, name, rest, country),
        None => write_address(x, "", &[], country),
    }
}

fn write_address(x: &mut Xml, name: &str, lines: &[&str], country: &str) {
    x.begin("Address", &[("isoCountryCode", country)]);
    x.leaf("Name", &[("xml:lang", "en")], name);
    x.begin("PostalAddress", &[]);
    for line in lines {
        x.leaf("Street", &[], line);
    }
    // Our addresses are lines; which of them is the city is not known.
    x.leaf("City", &[], "");
    x.leaf("Country", &[("isoCountryCode", country)], country);
    x.end();
    x.end();
}

fn money(x: &mut Xml, minor: u64, currency: Currency) {
    x.leaf("Money", &[("currency", &currency.to_string())], &Money::new(minor, currency).plain());
}

/// A document being written; every element that is begun is ended.
struct Xml {
    out: String,
    open: Vec<&'static str>,
}

impl Xml {
    /// A document up to its request.
    fn open(dtd: &str, party: &CxmlParty, payload_id: &str, now: Timestamp) -> Self {
        let out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/{VERSION}/{dtd}\">\n"
        );
        let mut x = Self { out, open: Vec::new() };
        x.begin("cXML", &[("payloadID", payload_id), ("timestamp", &now.to_string()), ("xml:lang", "en")]);
        x.begin("Header", &[]);
        for (end, identity) in [("From", &party.from), ("To", &party.to)] {
            x.begin(end, &[]);
            x.credential(identity);
            x.end();
            x.end();
        }
        x.begin("Sender", &[]);
        x.credential(&party.sender);
        x.leaf("SharedSecret", &[], party.secret.reveal());
        x.end();
        x.leaf("UserAgent", &[], concat!("Rackhand ", env!("CARGO_PKG_VERSION")));
        x.end();
        x.end();
        x.begin("Request", &[("deploymentMode", "production")]);
        x
    }

    /// A credential, left open.
    fn credential(&mut self, identity: &Identity) {
        self.begin("Credential", &[("domain", &identity.domain)]);
        self.leaf("Identity", &[], &identity.identity);
    }

    fn begin(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    fn leaf(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        self.escaped(text);
        let _ = writeln!(self.out, "</{name}>");
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        let _ = write!(self.out, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.out, " {key}=\"");
            self.escaped(value);
            self.out.push('"');
        }
    }

    fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            let _ = writeln!(self.out, "</{name}>");
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }

    /// The document with all that is open ended.
    fn close(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }

    /// Text that reads back as it was; what XML cannot hold (XML 1.0, 2.2) is U+FFFD.
    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&apos;"),
                '\t' | '\n' | '\r' => {
                    let _ = write!(self.out, "&#{};", u32::from(c));
                }
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => self.out.push(char::REPLACEMENT_CHARACTER),
                c => self.out.push(c),
            }
        }
    }
}
