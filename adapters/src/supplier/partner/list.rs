//! A vendor's lists: where they are, what a page holds, and what a row of one says. Papers are read as those of a file
//! are; whose number a row carries and how it stands is read from any row, so that a flaw in a price hides no order.

use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{Flaw, Paper, PurchaseOrder};
use rackhand_core::text::Text;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::State;
use super::super::format::json;
use crate::http::percent_encoded;

/// Rows of one page; a vendor may give fewer.
pub(super) const PAGE: usize = 50;

/// A list of the vendor's.
#[derive(Clone, Copy, Debug)]
pub(super) enum List<'a> {
    /// Our requests.
    Requests,
    /// What we wrote to this request of ours, by the vendor's number.
    Messages(&'a str),
    /// Its quotes.
    Quotes,
    /// Our orders.
    Orders,
    /// Its shipments.
    Shipments,
}

impl List<'_> {
    /// What a person calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requests => "quote requests",
            Self::Messages(_) => "messages",
            Self::Quotes => "quotes",
            Self::Orders => "orders",
            Self::Shipments => "shipments",
        }
    }

    /// Where it is; what is new is posted there.
    pub fn path(self) -> String {
        match self {
            Self::Requests => "/quote-requests".to_owned(),
            Self::Messages(of) => format!("/quote-requests/{}/messages", percent_encoded(of)),
            Self::Quotes => "/quotes".to_owned(),
            Self::Orders => "/orders".to_owned(),
            Self::Shipments => "/shipments".to_owned(),
        }
    }

    /// Path and query of the page that begins behind so many rows.
    pub fn page(self, ours: &str, before: usize) -> String {
        format!("{}?buyer_ref={}&limit={PAGE}&offset={before}", self.path(), percent_encoded(ours))
    }
}

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    /// Rows of all pages.
    pub total: u64,
    /// The rows of this one, as they stand there.
    #[serde(borrow)]
    pub items: Vec<&'a RawValue>,
}

/// A row of a list.
pub(super) struct Row {
    /// Which of our numbers it is about.
    pub ours: Text,
    /// What the vendor calls it.
    pub reference: Text,
    raw: String,
    says: Value,
}

impl Row {
    /// A row that has both numbers.
    pub fn read(raw: &RawValue) -> Result<Self, String> {
        let says: Value = serde_json::from_str(raw.get()).map_err(|e| format!("a row that is no JSON: {e}"))?;
        let number = |key: &str| {
            let text = says[key].as_str().filter(|t| !t.is_empty()).map(Text::new);
            text.ok_or_else(|| format!("a row without `{key}`"))
        };
        Ok(Self { ours: number("buyer_ref")?, reference: number("ref")?, raw: raw.get().to_owned(), says })
    }

    /// How our request or order stands with the vendor; otherwise the word that nobody told us the meaning of.
    pub fn state(&self, list: List<'_>) -> Result<State, String> {
        let word = &self.says[if matches!(list, List::Orders) { "verdict" } else { "status" }];
        match (list, word.as_str()) {
            (List::Requests, Some("open" | "quoted")) => Ok(State::Open),
            (List::Requests, Some("withdrawn")) | (List::Orders, Some("cancelled")) => Ok(State::Cancelled),
            (List::Requests, Some("declined")) | (List::Orders, Some("no")) => Ok(State::Refused),
            (List::Orders, Some("changed")) => Ok(State::Open),
            (List::Orders, said) if said == Some("yes") || word.is_null() => {
                const KNOWN: [&str; 5] = ["ordered", "in-production", "shipped", "delivered", "cancelled"];
                let mut words = self.lines().iter().map(|l| &l["status"]);
                if let Some(word) = words.find(|w| !w.is_null() && !w.as_str().is_some_and(|w| KNOWN.contains(&w))) {
                    return Err(word.to_string());
                }
                let gone = !self.lines().is_empty() && self.lines().iter().all(|l| l["status"] == "cancelled");
                Ok(if gone { State::Cancelled } else { State::Open })
            }
            _ => Err(word.to_string()),
        }
    }

    /// In what this can't be our order, whatever the vendor may have changed of it since.
    pub fn denies(&self, order: &PurchaseOrder) -> Option<String> {
        let currency = self.says["currency"].as_str().and_then(|c| c.parse::<Currency>().ok());
        if let Some(currency) = currency.filter(|c| *c != order.currency) {
            return Some(format!("it is in {currency}, ours in {}", order.currency));
        }
        let parts = self.lines().iter().filter_map(|l| l["part"].as_str().map(Text::new)).collect::<Vec<_>>();
        let ours = |part: &Text| order.lines.iter().any(|l| l.part.eq_ignore_ascii_case(part));
        if parts.is_empty() || parts.iter().any(ours) {
            return None;
        }
        let told: Vec<&str> = parts.iter().take(3).map(Text::as_str).collect();
        Some(format!("it is for {}, and we order none of these", told.join(", ")))
    }

    /// The paper it is; none where the vendor has said nothing yet, or says that it counts no more.
    pub fn paper(&self, list: List<'_>) -> Result<Option<Paper>, Vec<Flaw>> {
        let flaw = |field: &str, why: String| vec![Flaw { row: None, field: field.into(), why: why.into() }];
        let silent = || self.says["verdict"].is_null() && self.lines().iter().all(|l| l["status"].is_null());
        match (list, &self.says["status"]) {
            (List::Requests | List::Messages(_), _) => return Ok(None),
            (List::Quotes, word) if *word == "superseded" || *word == "expired" => return Ok(None),
            (List::Quotes, word) if !word.is_null() && *word != "valid" => {
                return Err(flaw("status", format!("{word}, and nobody told us what that means")));
            }
            (List::Orders, _) if silent() => return Ok(None),
            _ => {}
        }
        let paper = json::read(self.raw.as_bytes())?.pop();
        match (list, &paper) {
            (List::Quotes, Some(Paper::Quote(_)))
            | (List::Orders, Some(Paper::Confirmation(_)))
            | (List::Shipments, Some(Paper::ShipNotice(_))) => Ok(paper),
            _ => Err(flaw("kind", format!("not one of the {} this list is of", list.word()))),
        }
    }

    fn lines(&self) -> &[Value] {
        self.says["lines"].as_array().map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_core::purchase::paper::Accepts;

    use super::*;

    fn row(json: &str) -> Result<Row, String> {
        Row::read(&RawValue::from_string(json.to_owned()).unwrap())
    }

    #[test]
    fn an_order_s_word_is_its_verdict_or_what_all_its_lines_say_and_both_are_read_alike() {
        let order = |verdict: &str, first: &str, second: &str| {
            let line = |status: &str| format!(r#"{{"part":"A","qty":1,"status":{status}}}"#);
            row(&format!(
                r#"{{"kind":"order-status","ref":"O","buyer_ref":"P","verdict":{verdict},"lines":[{},{}]}}"#,
                line(first),
                line(second)
            ))
            .unwrap()
        };
        let (none, ordered, gone) = ("null", r#""ordered""#, r#""cancelled""#);
        for (verdict, first, second, state, said) in [
            (none, none, none, State::Open, None),
            (none, ordered, ordered, State::Open, Some(Accepts::Yes)),
            (none, ordered, gone, State::Open, Some(Accepts::Changed)),
            (none, gone, gone, State::Cancelled, Some(Accepts::Cancelled)),
            (r#""yes""#, none, none, State::Open, Some(Accepts::Yes)),
            (r#""yes""#, gone, gone, State::Cancelled, Some(Accepts::Cancelled)),
            (r#""changed""#, none, none, State::Open, Some(Accepts::Changed)),
            (r#""no""#, none, none, State::Refused, Some(Accepts::No)),
            (gone, ordered, ordered, State::Cancelled, Some(Accepts::Cancelled)),
        ] {
            let order = order(verdict, first, second);
            assert_eq!(order.state(List::Orders), Ok(state), "{verdict} {first} {second}");
            let paper = order.paper(List::Orders).unwrap();
            let told = paper.map(|p| if let Paper::Confirmation(c) = p { c.verdict } else { panic!("{p:?}") });
            assert_eq!(told, said, "{verdict} {first} {second}");
        }
        for unknown in [r#""perhaps""#, "7", "[]"] {
            assert!(order(unknown, ordered, ordered).state(List::Orders).is_err(), "{unknown}");
            assert!(order(none, ordered, unknown).state(List::Orders).is_err(), "a line that is {unknown}");
        }
    }

    #[test]
    fn a_row_without_its_numbers_is_none_and_a_key_that_stands_twice_is_no_paper() {
        for bad in ["7", "{}", r#"{"ref":"Q"}"#, r#"{"ref":"Q","buyer_ref":""}"#, r#"{"ref":5,"buyer_ref":"R"}"#] {
            assert!(row(bad).is_err(), "{bad}");
        }
        let line = r#"{"part":"A","qty":1,"unit_price_minor":100,"unit_price_minor":200}"#;
        let quote = format!(r#"{{"kind":"quote","ref":"Q","buyer_ref":"R","currency":"EUR","lines":[{line}]}}"#);
        let flaws = row(&quote).unwrap().paper(List::Quotes).unwrap_err();
        assert!(flaws[0].why.contains("stands twice"), "{flaws:?}");
    }
}
