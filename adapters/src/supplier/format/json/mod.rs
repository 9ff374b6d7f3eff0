//! Neutral JSON: one record, or a list of them, in the shape of `hardware-order-neutral`.
//!
//! `kind` is `quote`, `purchase-order` or `order-status` (both a word on our order) or `ship-notice`. `ref` is the vendor's
//! number, `buyer_ref` ours: the request of a quote, the purchase order of the others. Any field but `kind`, `ref` and
//! `lines` may be missing or null; fields not named here are not read, `vendor` among them, since who sent a paper is the
//! channel's to know. Beyond that shape it may have:
//!
//! | where | field | what |
//! | --- | --- | --- |
//! | record | `freight_minor`, `total_minor` | minor units |
//! | record | `verdict` | `yes`, `changed`, `no` or `cancelled`: the vendor's word on an order |
//! | record | `shipped_date` | when a shipment left |
//! | record | `note` | free text |
//! | line | `spec`, `warranty_months`, `watts` | of each server offered |
//! | line | `model` | of each server shipped |
//!
//! Without `verdict` each line of an order says by its `status` whether it is taken. Lines that are `cancelled` are left
//! out. A `ship-notice` names the serials of all servers of a line, or of none.

mod strict;
mod write;

use rackhand_core::purchase::money::{Amiss, Currency, MAX_MINOR};
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Confirmation, ConfirmedLine, Flaw, MAX_LINES, Paper, Quote, QuoteLine, ShipNotice, ShippedItem,
};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde_json::{Map, Value};

pub use self::write::{purchase_order, quote_request};
use super::confirmed;
use super::door::{self, Door, MAX_LEAD_DAYS, MAX_WARRANTY_MONTHS, MAX_WATTS, Tracking, at, only, words};

/// Records of one file at most.
const MAX_RECORDS: usize = 1_000;

/// Reads a file.
///
/// # Errors
/// All that is wrong with it. A row is a line of a record, from 1; where the file is no JSON, a line of its text.
pub fn read(bytes: &[u8]) -> Result<Vec<Paper>, Vec<Flaw>> {
    let text = super::decode(bytes)?;
    let strict::Strict(value) = serde_json::from_str(&text).map_err(|e| {
        let line = u32::try_from(e.line()).ok().filter(|l| *l > 0);
        only(at(line, "JSON"), format!("it is not whole or not JSON: {e}"))
    })?;
    let mut door = Door::default();
    let papers = match &value {
        Value::Array(records) if records.len() > MAX_RECORDS => {
            door.flaw(at(None, "records"), format!("more than {MAX_RECORDS} records; split it"));
            Vec::new()
        }
        Value::Array(records) if records.is_empty() => {
            door.flaw(at(None, "records"), "there is no record in it");
            Vec::new()
        }
        Value::Array(records) => {
            let each = records.iter().enumerate();
            each.filter_map(|(n, r)| paper(&mut door, &format!("records[{n}]."), r)).collect()
        }
        record => paper(&mut door, "", record).into_iter().collect(),
    };
    door.close(papers)
}

fn paper(door: &mut Door, path: &str, value: &Value) -> Option<Paper> {
    let Value::Object(map) = value else {
        let field = if path.is_empty() { "JSON" } else { path.trim_end_matches('.') };
        door.flaw(at(None, field), "not a record: an object with kind, ref and lines");
        return None;
    };
    let record = Node { row: None, path: path.to_owned(), map };
    record.holds_no_secret(door);
    let lines = record.list(door, "lines");
    if lines.is_empty() {
        door.flaw(at(None, &record.name("lines")), "there is no line in it");
    }
    if lines.len() > MAX_LINES {
        door.flaw(at(None, &record.name("lines")), format!("more than {MAX_LINES} lines; split it"));
        return None;
    }
    for line in &lines {
        line.holds_no_secret(door);
    }
    match record.text(door, "kind") {
        Some("quote") => Some(Paper::Quote(quote(door, &record, &lines))),
        Some("purchase-order" | "order-status") => confirmation(door, &record, &lines).map(Paper::Confirmation),
        Some("ship-notice") => Some(Paper::ShipNotice(ship_notice(door, &record, &lines))),
        _ => {
            let why = "one of quote, purchase-order, order-status and ship-notice is wanted";
            door.flaw(at(None, &record.name("kind")), why);
            None
        }
    }
}

fn quote(door: &mut Door, record: &Node<'_>, lines: &[Node<'_>]) -> Quote {
    let currency = record.currency(door);
    if record.get("currency").is_none() {
        door.flaw(at(None, &record.name("currency")), "it is missing; prices without a currency are not taken");
    }
    Quote {
        number: record.number(door, "ref"),
        request: record.maybe_number(door, "buyer_ref"),
        currency: currency.unwrap_or(Currency::EUR),
        valid_until: record.until(door, "valid_until"),
        lines: lines.iter().map(|line| quote_line(door, line)).collect(),
        freight: record.minor(door, "freight_minor"),
        total: record.minor(door, "total_minor"),
        note: words(record.text(door, "note")),
    }
}

fn quote_line(door: &mut Door, line: &Node<'_>) -> QuoteLine {
    QuoteLine {
        line: line.whole(door, "line", 1, u16::MAX),
        part: line.number(door, "part"),
        description: words(line.text(door, "description")).unwrap_or_else(|| "".into()),
        spec: words(line.text(door, "spec")),
        quantity: line.quantity(door),
        unit_price: line.minor(door, "unit_price_minor"),
        lead_days: line.whole(door, "lead_time_days", 0, MAX_LEAD_DAYS),
        warranty_months: line.whole(door, "warranty_months", 0, MAX_WARRANTY_MONTHS),
        watts: line.whole(door, "watts", 1, MAX_WATTS),
    }
}

fn confirmation(door: &mut Door, record: &Node<'_>, lines: &[Node<'_>]) -> Option<Confirmation> {
    let all = match record.text(door, "verdict") {
        None => None,
        Some("yes") => Some(Accepts::Yes),
        Some("changed") => Some(Accepts::Changed),
        Some("no") => Some(Accepts::No),
        Some("cancelled") => Some(Accepts::Cancelled),
        Some(_) => {
            door.flaw(at(None, &record.name("verdict")), "one of yes, changed, no and cancelled is wanted");
            return None;
        }
    };
    let mut said = Vec::new();
    for line in lines {
        let word = match line.text(door, "status") {
            Some("ordered" | "in-production" | "shipped" | "delivered") => Accepts::Yes,
            Some("cancelled") => Accepts::Cancelled,
            None if all.is_some() => Accepts::Yes,
            None => {
                let why = "neither the line has a status nor the record a verdict; nothing says that it is taken";
                door.flaw(at(line.row, &line.name("status")), why);
                Accepts::No
            }
            Some(_) => {
                let why = "one of ordered, in-production, shipped, delivered and cancelled is wanted here";
                door.flaw(at(line.row, &line.name("status")), why);
                Accepts::No
            }
        };
        let confirmed = ConfirmedLine {
            line: line.whole(door, "line", 1, u16::MAX),
            part: line.number(door, "part"),
            quantity: line.quantity(door),
            unit_price: line.minor(door, "unit_price_minor"),
        };
        said.push((word, confirmed));
    }
    let currency = record.currency(door);
    let total = record.minor(door, "total_minor");
    if record.get("currency").is_none() && (total.is_some() || said.iter().any(|(_, l)| l.unit_price.is_some())) {
        door.flaw(at(None, &record.name("currency")), "it is missing; prices without a currency are not taken");
    }
    let number = record.number(door, "ref");
    let purchase = record.number(door, "buyer_ref");
    let promised = record.moment(door, "promised_date");
    let note = words(record.text(door, "note"));
    let (verdict, lines) = confirmed::judge(all, said)?;
    Some(Confirmation { number, purchase, verdict, lines, currency, total, promised, note })
}

fn ship_notice(door: &mut Door, record: &Node<'_>, lines: &[Node<'_>]) -> ShipNotice {
    let carrier = record.child(door, "carrier");
    let mut tracking = Tracking::default();
    if let Some(carrier) = &carrier {
        match carrier.map.get("tracking") {
            None | Some(Value::Null) => {}
            Some(Value::Array(numbers)) => {
                for (n, number) in numbers.iter().enumerate() {
                    let name = carrier.name(&format!("tracking[{n}]"));
                    match number.as_str() {
                        Some(number) => tracking.take(door, at(None, &name), Some(number)),
                        None => door.flaw(at(None, &name), "a text is wanted"),
                    }
                }
            }
            Some(_) => door.flaw(at(None, &carrier.name("tracking")), "a list is wanted"),
        }
    }
    let mut items = Vec::new();
    for line in lines {
        let quantity = line.quantity(door);
        let units = line.list(door, "units");
        door.counted(at(line.row, &line.name("qty")), quantity, units.len());
        let number = line.whole(door, "line", 1, u16::MAX);
        let part = line.number(door, "part");
        let model = words(line.text(door, "model"));
        for unit in units {
            unit.holds_no_secret(door);
            let (raw_serial, raw_mac) = (unit.text(door, "serial"), unit.text(door, "bmc_mac"));
            let (serial_name, mac_name) = (unit.name("serial"), unit.name("bmc_mac"));
            let (serial, bmc_mac) =
                door.server((at(unit.row, &serial_name), raw_serial), (at(unit.row, &mac_name), raw_mac));
            let (part, model) = (Some(part.clone()), model.clone());
            items.push(ShippedItem { line: number, part, model, serial, bmc_mac });
        }
    }
    ShipNotice {
        number: record.number(door, "ref"),
        purchase: record.number(door, "buyer_ref"),
        carrier: carrier.and_then(|c| Carrier::of(c.text(door, "code")?)),
        tracking: tracking.numbers,
        shipped: record.moment(door, "shipped_date"),
        eta: record.moment(door, "promised_date"),
        items,
    }
}

/// An object of the file and where it is.
struct Node<'a> {
    row: Option<u32>,
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Node<'a> {
    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|v| !v.is_null())
    }

    fn text(&self, door: &mut Door, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            door.flaw(at(self.row, &self.name(key)), "a text is wanted");
        }
        value.as_str()
    }

    fn number(&self, door: &mut Door, key: &str) -> Text {
        match self.get(key) {
            Some(value) if !value.is_string() => {
                door.flaw(at(self.row, &self.name(key)), "a text is wanted");
                "".into()
            }
            value => door.number(at(self.row, &self.name(key)), value.and_then(Value::as_str)),
        }
    }

    fn maybe_number(&self, door: &mut Door, key: &str) -> Option<Text> {
        let raw = self.text(door, key);
        door.maybe_number(at(self.row, &self.name(key)), raw)
    }

    fn currency(&self, door: &mut Door) -> Option<Currency> {
        let raw = self.text(door, "currency");
        door.currency(at(self.row, &self.name("currency")), raw)
    }

    fn moment(&self, door: &mut Door, key: &str) -> Option<Timestamp> {
        let raw = self.text(door, key);
        door.moment(at(self.row, &self.name(key)), raw)
    }

    fn until(&self, door: &mut Door, key: &str) -> Option<Timestamp> {
        let raw = self.text(door, key);
        door.until(at(self.row, &self.name(key)), raw)
    }

    fn quantity(&self, door: &mut Door) -> u32 {
        match self.get("qty") {
            None => door.quantity(at(self.row, &self.name("qty")), None),
            // At most what the door takes, which fits.
            Some(_) => self.whole(door, "qty", 1, door::MAX_QUANTITY as u32).unwrap_or(1),
        }
    }

    fn whole<T: TryFrom<u64> + Into<u64> + Copy>(&self, door: &mut Door, key: &str, from: u64, to: T) -> Option<T> {
        let value = self.get(key)?;
        let within = from..=to.into();
        let read = value.as_u64().filter(|n| within.contains(n)).and_then(|n| T::try_from(n).ok());
        if read.is_none() {
            let why = format!("not a whole number from {from} to {}", within.end());
            door.flaw(at(self.row, &self.name(key)), why);
        }
        read
    }

    /// An amount in minor units; null and missing are none.
    fn minor(&self, door: &mut Door, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let why = match (value.as_u64(), value.as_f64()) {
            (Some(minor), _) if minor <= MAX_MINOR => return Some(minor),
            (Some(_), _) => Amiss::TooLarge.to_string(),
            (None, Some(n)) if n < 0.0 => Amiss::Negative.to_string(),
            (None, Some(n)) if n > MAX_MINOR as f64 => Amiss::TooLarge.to_string(),
            _ => "not an amount: a whole number of minor units (cents) is wanted".to_owned(),
        };
        door.flaw(at(self.row, &self.name(key)), why);
        None
    }

    fn child(&self, door: &mut Door, key: &str) -> Option<Self> {
        match self.get(key)? {
            Value::Object(map) => Some(Self { row: self.row, path: format!("{}.", self.name(key)), map }),
            _ => {
                door.flaw(at(self.row, &self.name(key)), "an object is wanted");
                None
            }
        }
    }

    /// The objects of a list; missing and null are an empty one.
    fn list(&self, door: &mut Door, key: &str) -> Vec<Self> {
        let values = match self.get(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => {
                door.flaw(at(self.row, &self.name(key)), "a list is wanted");
                return Vec::new();
            }
        };
        let mut nodes = Vec::new();
        for (n, value) in values.iter().enumerate() {
            let row = self.row.or_else(|| u32::try_from(n + 1).ok());
            let name = self.name(&format!("{key}[{n}]"));
            match value {
                // The row says already which line it is.
                Value::Object(map) if self.row.is_none() => nodes.push(Self { row, path: self.path.clone(), map }),
                Value::Object(map) => nodes.push(Self { row, path: format!("{name}."), map }),
                _ => door.flaw(at(row, &name), "an object is wanted"),
            }
        }
        nodes
    }

    fn holds_no_secret(&self, door: &mut Door) {
        for key in self.map.keys().filter(|k| k.as_str() != "bmc_password_ref" && door::is_secret(k)) {
            door.flaw(at(self.row, &self.name(key)), door::SECRET);
        }
    }
}
