//! What differs between partner APIs, as one trait, and how single values are read: amounts exactly as they are written,
//! days, spans.

use std::borrow::Cow;

use bytes::Bytes;
use rackhand_core::purchase::money::{self, Currency, Money};
use rackhand_core::purchase::paper::{Confirmation, Flaw, PurchaseOrder, Quote, QuoteRequest, ShipNotice, ShippedItem};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::Chase;
use super::State;
use crate::http::nesting;

/// Rows of one page.
pub(super) const PAGE: usize = 50;
/// A delivery later than this is a mistake, in days.
const MAX_DAYS: u64 = 1_000;

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
}

/// What we send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Post<'a> {
    /// A new request.
    Request(&'a QuoteRequest),
    /// A message on the request with this number of the vendor's.
    Message { of: &'a str, chase: &'a Chase },
    /// The end of a request.
    Withdraw { of: &'a str },
    /// A new order.
    Order(&'a PurchaseOrder),
    /// The end of an order.
    Cancel { of: &'a str, reason: &'a str },
}

/// How the token is asked for (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    /// The path.
    pub path: &'static str,
    /// Name and secret in a header, not in the form.
    pub basic: bool,
}

/// A page of a list: its rows as they stand there.
pub(super) struct Page {
    pub rows: Vec<String>,
    pub last: bool,
}

/// Which of our numbers a row is about, and what the vendor calls it.
pub(super) struct Entry {
    pub ours: Text,
    pub reference: Text,
    pub status: Text,
}

/// What a row of the orders says of the order's contents.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Its currency, where it is told.
    pub currency: Option<Currency>,
    /// Its parts; empty where none is told.
    pub parts: Vec<Text>,
}

impl Contents {
    /// In what this can't be our order, whatever the vendor may have changed of it since.
    pub(super) fn denies(&self, order: &PurchaseOrder) -> Option<String> {
        if let Some(currency) = self.currency.filter(|c| *c != order.currency) {
            return Some(format!("it is in {currency}, ours in {}", order.currency));
        }
        let ours = |part: &Text| order.lines.iter().any(|l| l.part.eq_ignore_ascii_case(part));
        if self.parts.is_empty() || self.parts.iter().any(ours) {
            return None;
        }
        let told: Vec<&str> = self.parts.iter().take(3).map(Text::as_str).collect();
        Some(format!("it is for {}, and we order none of these", told.join(", ")))
    }
}

/// A paper, or which one it is and why it is not taken.
pub(super) type Reading<T> = Result<T, (Text, Vec<Flaw>)>;

/// One vendor's API.
pub(super) trait Wire: std::fmt::Debug + Send + Sync {
    /// How the token is asked for.
    fn grant(&self) -> Grant;
    /// What a row of [`List::Orders`] says of its contents.
    fn contents(&self, row: &str) -> Contents;
    /// Path and query of a page, from 0; `ours` is encoded.
    fn list(&self, list: List<'_>, ours: &str, page: u32) -> String;
    /// A page; `before` is how many rows came in those before it.
    fn page(&self, list: List<'_>, body: &[u8], page: u32, before: usize) -> Result<Page, String>;
    /// What a row is about.
    fn entry(&self, list: List<'_>, row: &str) -> Result<Entry, String>;
    /// What the vendor's word for a request's or order's state means; `None` where nobody told us.
    fn state(&self, list: List<'_>, word: &str) -> Option<State>;
    /// A row as a quote; `None` where it is one no more.
    fn quote(&self, row: &str) -> Reading<Option<Quote>>;
    /// A row as a confirmation; `None` where the vendor has not said a word on it.
    fn confirmation(&self, row: &str) -> Reading<Option<Confirmation>>;
    /// A row as a ship notice.
    fn shipment(&self, row: &str) -> Reading<ShipNotice>;
    /// Path and JSON of what we send.
    fn post(&self, post: Post<'_>) -> (String, Bytes);
    /// The number the vendor gave to what we sent.
    fn made(&self, body: &[u8]) -> Option<Text>;
    /// Whether a refusal says that the reference is there already.
    fn duplicate(&self, body: &[u8]) -> bool;
    /// The vendor's words in a refusal.
    fn complaint(&self, body: &[u8]) -> Option<Text>;
}

/// An amount, exactly as it is written: a JSON number or a decimal in a string. It is never a float.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Amount(String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let raw: Box<RawValue> = Deserialize::deserialize(from)?;
        let text = raw.get();
        if text.starts_with('"') {
            let text: Cow<'_, str> = serde_json::from_str(text).map_err(D::Error::custom)?;
            return Ok(Self(text.into_owned()));
        }
        if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(D::Error::custom("an amount was due: a number, or a decimal in a string"))
    }
}

impl Amount {
    /// In minor units.
    pub fn minor(&self, currency: Currency) -> Result<u64, money::Amiss> {
        money::minor(&self.0, currency)
    }
}

/// An amount as a JSON number with all its decimals.
pub(super) struct Number(pub Money);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.plain()).map_err(serde::ser::Error::custom)?.serialize(to)
    }
}

/// Collects what is wrong with one paper.
#[derive(Default)]
pub(super) struct Flaws(Vec<Flaw>);

impl Flaws {
    pub fn note(&mut self, row: Option<usize>, field: &str, why: impl std::fmt::Display) {
        let row = row.and_then(|n| u32::try_from(n + 1).ok());
        self.0.push(Flaw { row, field: field.into(), why: Text::from(why.to_string()) });
    }

    /// A value, or a flaw and nothing.
    pub fn take<T, E: std::fmt::Display>(&mut self, row: Option<usize>, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|why| self.note(row, field, why)).ok()
    }

    /// An amount that may be missing.
    pub fn amount(&mut self, row: Option<usize>, field: &str, amount: Option<&Amount>, of: Currency) -> Option<u64> {
        self.take(row, field, amount?.minor(of))
    }

    /// A time that may be missing.
    pub fn time(&mut self, field: &str, text: Option<&Text>, end: bool) -> Option<Timestamp> {
        self.take(None, field, moment(text?, end))
    }

    /// The paper, if nothing is wrong with it.
    pub fn done<T>(self, what: Text, paper: T) -> Reading<T> {
        if self.0.is_empty() { Ok(paper) } else { Err((what, self.0)) }
    }

    /// A paper that is not even of its shape.
    pub fn shapeless<T>(list: List<'_>, why: &serde_json::Error) -> Reading<T> {
        let mut flaws = Self::default();
        flaws.note(None, list.word(), format!("not of the shape that was agreed: {why}"));
        Err((Text::new(list.word()), flaws.0))
    }
}

/// A time, or a day: its first moment, or its last where something holds until that day. Days are UTC's.
pub(super) fn moment(text: &str, end: bool) -> Result<Timestamp, &'static str> {
    if text.len() == 10 {
        return format!("{text}T{}Z", if end { "23:59:59" } else { "00:00:00" }).parse();
    }
    text.parse()
}

/// Days of a span such as `P21D` or `P3W` (ISO 8601).
pub(super) fn days(text: &str) -> Result<u16, &'static str> {
    let bad = "not a span of days: give it as P21D or P3W";
    let rest = text.strip_prefix('P').ok_or(bad)?;
    let (digits, by) = rest.strip_suffix('D').map(|d| (d, 1)).or(rest.strip_suffix('W').map(|w| (w, 7))).ok_or(bad)?;
    bounded_days(digits.parse::<u16>().map_err(|_| bad)?.into(), by)
}

/// As many days as can be meant.
pub(super) fn bounded_days(count: u64, by: u64) -> Result<u16, &'static str> {
    let days = count.checked_mul(by).filter(|d| *d <= MAX_DAYS).and_then(|d| u16::try_from(d).ok());
    days.ok_or("more than 1000 days, which nobody can mean")
}

/// Months of a span such as `P36M` or `P3Y` (ISO 8601).
pub(super) fn months(text: &str) -> Result<u16, &'static str> {
    let bad = "not a span of months: give it as P36M or P3Y";
    let rest = text.strip_prefix('P').ok_or(bad)?;
    let (digits, by) = rest.strip_suffix('M').map(|m| (m, 1)).or(rest.strip_suffix('Y').map(|y| (y, 12))).ok_or(bad)?;
    digits.parse::<u16>().ok().and_then(|n| n.checked_mul(by)).filter(|m| *m <= 240).ok_or(bad)
}

/// Rows as they stand.
pub(super) fn rows(raw: Vec<&RawValue>) -> Vec<String> {
    raw.into_iter().map(|row| row.get().to_owned()).collect()
}

/// A row's own numbers by the keys they stand under.
pub(super) fn entry(row: &str, ours: &str, reference: &str, status: &str) -> Result<Entry, String> {
    let row = small(row.as_bytes()).ok_or("a row that is no object")?;
    let text = |key: &str| row[key].as_str().filter(|t| !t.is_empty()).map(Text::new);
    let must = |key: &str| text(key).ok_or_else(|| format!("a row without `{key}`"));
    let status = text(status).unwrap_or_else(|| Text::new("not told"));
    Ok(Entry { ours: must(ours)?, reference: must(reference)?, status })
}

/// A JSON text that is not deep, for the words in it. Its numbers are not exact.
pub(super) fn small(body: &[u8]) -> Option<Value> {
    if nesting(body) > 16 {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// One shipped server.
pub(super) fn item(n: usize, item: ShippedItem, flaws: &mut Flaws) -> ShippedItem {
    let serial = Text::from(item.serial.trim().to_uppercase());
    if serial.is_empty() {
        flaws.note(Some(n), "serial", "none, so nobody knows which server it is");
    }
    ShippedItem { serial, ..item }
}

/// The JSON of what we send. Our own types always are.
pub(super) fn json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_every_digit_in_and_out() {
        let read = |json: &str| serde_json::from_str::<Amount>(json).map(|a| a.minor(Currency::EUR));
        for (json, minor) in [
            ("90071992547.93", 9_007_199_254_793),
            ("\"90071992547.93\"", 9_007_199_254_793),
            ("0.1", 10),
            ("27900", 2_790_000),
            ("27900.1000", 2_790_010),
            ("1.10", 110),
        ] {
            assert_eq!(read(json).unwrap(), Ok(minor), "{json}");
        }
        for bad in ["-1.00", "2.79e4", "1E5", "0.001", "\"TBD\"", "\"1.000,00\"", "\"\"", "99999999999999.00"] {
            assert!(read(bad).unwrap().is_err(), "{bad}");
        }
        for bad in ["null", "true", "[1]", "{\"amount\":1}", "NaN"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let number = Number(Money::new(9_007_199_254_793, Currency::EUR));
        assert_eq!(serde_json::to_string(&number).unwrap(), "90071992547.93");
    }

    #[test]
    fn spans_and_days_are_what_they_say_or_refused() {
        assert_eq!((days("P21D"), days("P3W"), months("P3Y"), months("P36M")), (Ok(21), Ok(21), Ok(36), Ok(36)));
        for bad in ["21", "P", "PD", "P-1D", "P1M", "P2000D", "PT5H", "P99999W"] {
            assert!(days(bad).is_err(), "{bad}");
        }
        assert!(months("P12D").is_err() && months("P99Y").is_err());
        assert_eq!(moment("2026-12-20", true).unwrap().to_string(), "2026-12-20T23:59:59Z");
        assert_eq!(moment("2026-12-20", false).unwrap().to_string(), "2026-12-20T00:00:00Z");
        assert!(moment("20.12.2026", false).is_err() && moment("", false).is_err());
    }
}
