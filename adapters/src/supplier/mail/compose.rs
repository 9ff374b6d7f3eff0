//! Our letters: a few lines for people, and the paper for machines. No text from outside becomes part of a header but
//! through lettre's encoding of the subject.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use rackhand_core::id::SellerId;
use rackhand_core::purchase::money::Money;
use rackhand_core::purchase::paper::{PurchaseOrder, QuoteRequest};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::super::Chase;
use super::super::format::{csv, json};

/// A letter that has no addresses yet.
pub(super) struct Letter {
    /// What makes it this letter and no other, such as `RFQ-7-hpe`.
    name: String,
    /// The name of the letter this one is about.
    about: Option<String>,
    subject: String,
    body: String,
    /// Name and content of each file.
    files: Vec<(String, ContentType, String)>,
}

/// A request for a quote.
pub(super) fn request(request: &QuoteRequest, seller: SellerId) -> Letter {
    let lines = request.lines.iter().map(|l| format!("  {}. {} x {}\n", l.line, l.quantity, l.spec));
    let body = format!(
        "Please quote, in {}, until {}:\n\n{}\nTo be delivered to:\n\n{}  {}\n\n\
         Please name our number {} in your answer. The attached table can be filled in and sent back.\n",
        request.currency,
        request.answer_by,
        lines.collect::<String>(),
        indented(&request.to.address),
        request.to.country,
        request.number,
    );
    let name = plain(&request.number);
    let files = vec![
        (format!("{name}.csv"), kind("text/csv"), csv::quote_request(request)),
        (format!("{name}.json"), kind("application/json"), json::quote_request(request, seller)),
    ];
    Letter { subject: format!("Request for quotation {}", request.number), name, about: None, body, files }
}

/// A reminder.
pub(super) fn chase(chase: &Chase) -> Letter {
    Letter {
        name: plain(&chase.number),
        about: Some(plain(&chase.request)),
        subject: format!("Reminder: request for quotation {}", chase.request),
        body: format!("{}\n\nOur number: {}\n", chase.text, chase.request),
        files: Vec::new(),
    }
}

/// That a request is withdrawn.
pub(super) fn withdrawal(number: &Text) -> Letter {
    Letter {
        name: format!("{}-withdrawn", plain(number)),
        about: Some(plain(number)),
        subject: format!("Withdrawn: request for quotation {number}"),
        body: format!("We withdraw our request {number}. Please do not quote on it any more.\n"),
        files: Vec::new(),
    }
}

/// An order.
pub(super) fn order(order: &PurchaseOrder, seller: SellerId) -> Letter {
    let money = |minor| Money::new(minor, order.currency);
    let lines = order
        .lines
        .iter()
        .map(|l| format!("  {}. {} x {} {} at {}\n", l.line, l.quantity, l.part, l.description, money(l.unit_price)));
    let freight = order.freight.map_or(String::new(), |f| format!("  Freight {}\n", money(f)));
    let body = format!(
        "We order by your quote {}:\n\n{}{freight}  Total {}\n\nTo be delivered to:\n\n{}  {}\n\nBill to:\n\n{}\n\
         Please confirm, and name our number {} on all papers.\n",
        order.quote,
        lines.collect::<String>(),
        money(order.total),
        indented(&order.to.address),
        order.to.country,
        indented(&order.bill_to),
        order.number,
    );
    let name = plain(&order.number);
    let files = vec![(format!("{name}.json"), kind("application/json"), json::purchase_order(order, seller))];
    Letter { subject: format!("Purchase order {}", order.number), name, about: None, body, files }
}

/// That an order is taken back.
pub(super) fn cancellation(number: &Text, reason: &Text) -> Letter {
    Letter {
        name: format!("{}-cancelled", plain(number)),
        about: Some(plain(number)),
        subject: format!("Cancellation of purchase order {number}"),
        body: format!("We cancel our purchase order {number}: {reason}\n\nPlease confirm that it is cancelled.\n"),
        files: Vec::new(),
    }
}

fn indented(lines: &[Text]) -> String {
    lines.iter().flat_map(|line| ["  ", line.as_str(), "\n"]).collect()
}

/// What may stand in a Message-ID, a file's name or a boundary.
fn plain(number: &str) -> String {
    number.chars().take(60).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn kind(of: &str) -> ContentType {
    ContentType::parse(of).unwrap_or(ContentType::TEXT_PLAIN)
}

impl Letter {
    /// The message as it is sent. The same letter has the same Message-ID, however often it is made.
    pub fn message(self, from: &Address, to: &Address, at: Timestamp) -> Result<Message, String> {
        let id = |name: &str| format!("<{name}.rackhand@{}>", from.domain());
        // `=_` stands in no encoded text (RFC 2045, 5.1.1).
        let parts = MultiPart::mixed().boundary(format!("=_{}", self.name));
        let parts = parts.singlepart(SinglePart::plain(self.body));
        let files = self.files.into_iter().map(|(name, kind, text)| Attachment::new(name).body(text, kind));
        let parts = files.fold(parts, MultiPart::singlepart);
        let since = Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or(0));
        let message = Message::builder()
            .from(Mailbox::new(None, from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .date(UNIX_EPOCH + since)
            .message_id(Some(id(&self.name)))
            .subject(self.subject);
        let message = match &self.about {
            Some(about) => message.in_reply_to(id(about)).references(id(about)),
            None => message,
        };
        message.multipart(parts).map_err(|e| format!("the letter can't be made: {e}"))
    }
}
