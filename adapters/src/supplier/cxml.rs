//! cXML over HTTP: our documents are posted to the vendor's address, and the vendor posts its own to ours. What it has of
//! us it can't be asked. A document that is sent again has the same `payloadID`, by which the other side knows a copy
//! (cXML User's Guide 1.2, *Protocol specification*).

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{ACCEPT, HeaderValue, LOCATION};
use hyper::{Method, StatusCode};
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::{Flaw, Paper, PurchaseOrder, QuoteRequest};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::format::cxml::{self, OrderKind};
pub use super::format::cxml::{CxmlParty, Identity};
use super::{fault, sent};
use crate::http::{Call, Client, Limits};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// An answer is a status with a few words.
const LIMITS: Limits = Limits { body: 1 << 20, ..Limits::STANDARD };

/// Where the vendor's door is, and who the two of us are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host, port and trust.
    pub target: Target,
    /// The path our documents are posted to.
    pub path: String,
    /// Us towards it.
    pub ours: CxmlParty,
    /// It towards us.
    pub theirs: CxmlParty,
}

/// A vendor that is spoken to in cXML.
#[derive(Clone)]
pub struct Cxml {
    id: SellerId,
    client: Client,
    settings: Arc<Settings>,
}

impl std::fmt::Debug for Cxml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cxml").field("id", &self.id).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Cxml {
    /// The vendor at the place the settings name. Nothing is sent yet.
    pub fn new(id: SellerId, dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        let client = Client { dial, clock, limits: LIMITS, system: System::Vendor };
        Self { id, client, settings: Arc::new(settings) }
    }

    /// Posts a request for a quote.
    pub(super) async fn send_request(&self, request: &QuoteRequest) -> Result<Text, Fault> {
        let payload = self.payload(&request.number, "request");
        let document = cxml::quote_request(request, &self.settings.ours, &payload, self.client.clock.now());
        self.post(document, "QuoteRequest").await
    }

    /// Posts an order.
    pub(super) async fn send_order(&self, order: &PurchaseOrder) -> Result<Text, Fault> {
        self.order(order, "order", OrderKind::New).await
    }

    /// Posts that an order is taken back.
    pub(super) async fn cancel_order(&self, order: &PurchaseOrder) -> Result<Text, Fault> {
        self.order(order, "cancellation", OrderKind::Delete).await
    }

    async fn order(&self, order: &PurchaseOrder, word: &str, kind: OrderKind) -> Result<Text, Fault> {
        let payload = self.payload(&order.number, word);
        let document = cxml::order_request(order, &self.settings.ours, &payload, self.client.clock.now(), kind);
        self.post(document, "OrderRequest").await
    }

    /// Whether the beginning of a document proves that the vendor has sent it.
    pub fn is_from(&self, body: &[u8]) -> bool {
        cxml::is_from(body, &self.settings.theirs)
    }

    /// Takes what the vendor posted to us.
    pub fn receive(&self, body: &[u8]) -> Incoming {
        receive(body, &self.settings.theirs, self.client.clock.now())
    }

    /// The same document has the same name, however often it is sent.
    fn payload(&self, number: &str, word: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        let ours = &self.settings.ours.from.identity;
        format!("{number}.{word}@{ours}.rackhand").chars().map(|c| if c == '@' { c } else { plain(c) }).collect()
    }

    async fn post(&self, document: String, what: &str) -> Result<Text, Fault> {
        let named = |f: Fault| Fault { what: Text::from(format!("{}: {}", self.id, f.what)), ..f };
        let mut connection = self.client.connect(&self.settings.target).await.map_err(named)?;
        let call = Call::new(Method::POST, &self.settings.path).body("text/xml; charset=UTF-8", Bytes::from(document));
        let call = call.header(ACCEPT, HeaderValue::from_static("text/xml"));
        // What it said is lost where it broke off or is not to be understood, and it may have acted.
        let answer = connection.send(call).await.map_err(|f| named(sent(f)))?;
        let status = answer.status;
        if status != StatusCode::OK {
            let told = answer.headers.get(LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
            let kind = match status.as_u16() {
                401 | 403 => Kind::Unauthorised,
                408 | 425 | 429 | 503 => Kind::Transient,
                300..=499 => Kind::Rejected,
                _ => Kind::Unknown,
            };
            let what = format!("{what}: HTTP {} {told}: {}", status.as_u16(), answer.excerpt());
            return Err(fault(self.id, kind, what).advise("Check url and identities of this vendor."));
        }
        let said = cxml::response(&answer.body).map_err(|flaws| {
            let why = flaws.first().map_or(String::new(), ToString::to_string);
            fault(self.id, Kind::Unknown, format!("{what}: an answer that is no cXML Response: {why}"))
        })?;
        let words = format!("{} {} {}", said.code, said.text, said.detail);
        let kind = match said.code {
            200..=299 => return Ok(Text::from(words)),
            401 | 403 => Kind::Unauthorised,
            // It could not pass it on, and says so: nothing has happened (User's Guide, *Status codes*).
            550 | 551 | 560 => Kind::Transient,
            500.. => Kind::Unknown,
            _ => Kind::Rejected,
        };
        let advice = match kind {
            Kind::Unauthorised => "Check the identities and secret_file of this vendor.",
            Kind::Rejected => "Change what the vendor objects to, or order by another way.",
            _ => "",
        };
        Err(fault(self.id, kind, format!("{what}: {words}")).advise(advice))
    }
}

/// What a vendor posted to us, and what it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The papers, or what is wrong.
    pub papers: Result<Vec<Paper>, Vec<Flaw>>,
    /// Whether the vendor itself has sent it. What anybody else has sent is worth no trace but a line in the log.
    pub proven: bool,
    /// The body of the answer, with HTTP's 200 whatever it says. A yes is given only once the papers are kept.
    pub answer: String,
}

/// Takes a document from this party. Who is not who it should be learns nothing but that.
pub fn receive(body: &[u8], party: &CxmlParty, now: Timestamp) -> Incoming {
    if !cxml::is_from(body, party) {
        let flaw = Flaw { row: None, field: "Header".into(), why: "nobody has proven to have sent it".into() };
        return Incoming { papers: Err(vec![flaw]), proven: false, answer: unproven(now) };
    }
    let papers = cxml::read(body, Some(party));
    let (code, text, detail) = match &papers {
        Ok(_) => (200, "OK", String::new()),
        Err(flaws) if flaws.iter().any(|f| f.field.starts_with("Header")) => {
            return Incoming { papers, proven: false, answer: unproven(now) };
        }
        Err(flaws) => {
            let told: Vec<String> = flaws.iter().take(20).map(ToString::to_string).collect();
            (406, "Not Acceptable", told.join("; "))
        }
    };
    Incoming { papers, proven: true, answer: status(code, text, &detail, now) }
}

/// The answer to papers that were read and are not taken.
pub fn refused(why: &Refusal, now: Timestamp) -> String {
    let (code, text) = match why.why {
        Why::Unavailable => return not_now(now),
        Why::NotAllowed => (403, "Forbidden"),
        Why::Conflict => (409, "Conflict"),
        Why::Invalid | Why::NotFound => (400, "Bad Request"),
    };
    status(code, text, &why.text, now)
}

/// The answer to whoever has not proven to be the vendor, whatever else is wrong with the document.
pub fn unproven(now: Timestamp) -> String {
    status(401, "Unauthorized", "", now)
}

/// The answer to a document that was read and could not be kept: the vendor shall send it again.
pub fn not_now(now: Timestamp) -> String {
    status(560, "Temporary server error", "", now)
}

fn status(code: u16, text: &str, detail: &str, now: Timestamp) -> String {
    let mut words = String::with_capacity(detail.len());
    for c in detail.chars() {
        match c {
            '<' => words.push_str("&lt;"),
            '>' => words.push_str("&gt;"),
            '&' => words.push_str("&amp;"),
            c => words.push(c),
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd\">\n\
         <cXML payloadID=\"{}.answer@rackhand\" timestamp=\"{now}\" xml:lang=\"en\"><Response>\
         <Status code=\"{code}\" text=\"{text}\">{words}</Status></Response></cXML>\n",
        now.as_micros()
    )
}
