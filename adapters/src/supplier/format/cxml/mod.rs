//! cXML 1.2: QuoteMessage, ConfirmationRequest and ShipNoticeRequest read; QuoteRequest and OrderRequest written;
//! Responses read (cXML User's Guide 1.2).
//!
//! A document type may be named and is never fetched; one with an internal subset, and any entity declaration, is refused
//! before anything is parsed. A row in what is told is a line item, from 1.

mod confirm;
mod node;
mod party;
mod quote;
mod ship;
mod write;

use rackhand_core::purchase::paper::{Flaw, Paper};
use rackhand_core::text::Text;
use roxmltree::{Document, ParsingOptions};

use self::node::Element;
pub use self::party::{CxmlParty, Identity};
pub use self::write::{OrderKind, order_request, quote_request};
use super::door::{Door, at, only};

/// Nodes of a document at the most: elements, texts and comments.
const MAX_NODES: u32 = 400_000;

/// Octets within which a document's header ends.
const MAX_HEADER: usize = 64 << 10;
/// Attributes of one element at the most. The parser compares each with all before it.
const MAX_ATTRIBUTES: usize = 64;
/// Namespaces declared at the most; cXML has none of its own. The parser copies those of each element around.
const MAX_NAMESPACES: usize = 256;

/// Reads a document. With `party`, who sent it, whom it is for, and the shared secret are held against what is expected;
/// where one differs, that is all that is told and nothing is taken.
///
/// # Errors
/// All that is wrong with it.
pub fn read(bytes: &[u8], party: Option<&CxmlParty>) -> Result<Vec<Paper>, Vec<Flaw>> {
    let text = super::decode(bytes)?;
    let document = parse(&text)?;
    let root = root(&document)?;
    if let Some(expected) = party {
        expected.verify(root)?;
    }
    let mut door = Door::default();
    let papers = papers(&mut door, root);
    door.close(papers)
}

/// Whether a document, whatever else is wrong with it, is from whom it should be, by its header alone, which stands at
/// its beginning. What follows is not looked at: anybody can send it.
pub fn is_from(bytes: &[u8], party: &CxmlParty) -> bool {
    let beginning = super::beginning(bytes, MAX_HEADER);
    let Some((_, rest)) = beginning.split_once("<Header") else { return false };
    let Some((within, _)) = rest.split_once("</Header") else { return false };
    let header = format!("<Header{within}</Header>");
    parse(&header).is_ok_and(|document| {
        let header = Element(document.root_element());
        header.named("Header") && party.verify_header(header).is_ok()
    })
}

/// What the other side's server says to a request of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status: 200 is yes, 4xx our fault, 5xx theirs, as in HTTP.
    pub code: u16,
    /// Its short text, such as `OK`.
    pub text: Text,
    /// What stands in the status.
    pub detail: Text,
}

/// Reads the answer to a request.
///
/// # Errors
/// Where it is no cXML, or no Response with a status.
pub fn response(bytes: &[u8]) -> Result<Response, Vec<Flaw>> {
    let text = super::decode(bytes)?;
    let document = parse(&text)?;
    let mut door = Door::default();
    let status = root(&document)?.path("Response/Status");
    let Some(status) = status else {
        return Err(only(at(None, "Response/Status"), "it is missing; this is no answer to a request"));
    };
    let place = at(None, "Response/Status/@code");
    let code = door.whole(place, status.attribute("code"), 100..=599);
    if code.is_none() && door.clear() {
        door.flaw(place, "it is missing");
    }
    let text = Text::new(status.attribute("text").unwrap_or_default());
    let detail = Text::new(&status.text());
    door.close(Response { code: code.unwrap_or_default(), text, detail })
}

fn parse(text: &str) -> Result<Document<'_>, Vec<Flaw>> {
    harmless(text)?;
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|e| only(at(None, "XML"), format!("it is not whole, not XML or larger than {MAX_NODES} nodes: {e}")))
}

fn root<'a>(document: &'a Document<'a>) -> Result<Element<'a>, Vec<Flaw>> {
    let root = document.root_element();
    if !root.has_tag_name("cXML") {
        let why = format!("the document is {:?}; cXML is wanted", root.tag_name().name());
        return Err(only(at(None, "cXML"), why));
    }
    Ok(Element(root))
}

/// Refuses what declares entities, brings a document type of its own, or has more attributes than any paper, before a
/// parser sees it.
fn harmless(text: &str) -> Result<(), Vec<Flaw>> {
    // No attribute's value holds a `<`, so what stands between two of them has an element's attributes or more.
    if text.split('<').any(|tag| attributes(tag) > MAX_ATTRIBUTES) {
        let why = format!("an element with more than {MAX_ATTRIBUTES} attributes; no paper has so many");
        return Err(only(at(None, "XML"), why));
    }
    if text.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(only(at(None, "XML"), format!("more than {MAX_NAMESPACES} namespaces; cXML has none")));
    }
    let upper = text.to_ascii_uppercase();
    if upper.contains("<!ENTITY") {
        return Err(only(at(None, "DOCTYPE"), "it declares an entity; cXML needs none, and none is taken"));
    }
    let Some((_, doctype)) = upper.split_once("<!DOCTYPE") else { return Ok(()) };
    if doctype.contains("<!DOCTYPE") {
        return Err(only(at(None, "DOCTYPE"), "more than one document type"));
    }
    let mut quote = None;
    for c in doctype.chars() {
        match (quote, c) {
            (None, '[') => {
                let why = "a document type with an internal subset is not taken; name the type by its address alone";
                return Err(only(at(None, "DOCTYPE"), why));
            }
            (None, '>') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    Ok(())
}

/// How often an equals sign stands before a quotation mark.
fn attributes(tag: &str) -> usize {
    tag.split('=').skip(1).filter(|value| value.trim_start().starts_with(['"', '\''])).count()
}

fn papers(door: &mut Door, root: Element<'_>) -> Vec<Paper> {
    let carriers: Vec<Element<'_>> = root.children().filter(|c| c.named("Request") || c.named("Message")).collect();
    let [carrier] = carriers[..] else {
        let why = format!("{} Request or Message elements; one is wanted", carriers.len());
        door.flaw(at(None, "cXML"), why);
        return Vec::new();
    };
    if carrier.attribute("deploymentMode") == Some("test") {
        let why = "a test document (deploymentMode); ask the vendor to send it as production";
        door.flaw(at(None, "@deploymentMode"), why);
    }
    let bodies: Vec<Element<'_>> = carrier.children().filter(|c| !c.named("Status")).collect();
    let [body] = bodies[..] else {
        door.flaw(at(None, carrier.name()), format!("{} documents in it; one is wanted", bodies.len()));
        return Vec::new();
    };
    for extrinsic in body.descendants("Extrinsic") {
        if extrinsic.attribute("name").is_some_and(super::door::is_secret) {
            door.flaw(at(None, "Extrinsic"), super::door::SECRET);
        }
    }
    match body.name() {
        "QuoteMessage" => quote::read(door, body).map(Paper::Quote).into_iter().collect(),
        "ConfirmationRequest" => confirm::read(door, body).map(Paper::Confirmation).into_iter().collect(),
        "ShipNoticeRequest" => ship::read(door, body).into_iter().map(Paper::ShipNotice).collect(),
        other => {
            let why = format!(
                "{:?} is not read; QuoteMessage, ConfirmationRequest and ShipNoticeRequest are",
                Text::new(other)
            );
            door.flaw(at(None, carrier.name()), why);
            Vec::new()
        }
    }
}
