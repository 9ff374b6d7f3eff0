//! Tables: quotes, confirmations, ship notices and asset reports by a map of columns; and a request as a table for people.
//!
//! What a table is shows in its columns: one with a serial is a ship notice, or an asset report, which is read as one;
//! one with a verdict (or status) for each row is a confirmation; one with the number of a quote is a quote. Rows with the
//! same number are one paper, and what they say of it as a whole (currency, validity, freight, total, dates) stands in each
//! row or in one, never twice differently. Amounts have a decimal point, and commas between thousands or none. An asset
//! report that names no shipment and a confirmation that names no order of the vendor's go by our purchase order's number.

mod table;

use std::collections::BTreeMap;

use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Confirmation, ConfirmedLine, Flaw, Paper, Quote, QuoteLine, QuoteRequest, ShipNotice, ShippedItem,
};
use rackhand_core::text::Text;

use self::table::{Row, Table};
use super::columns::{Columns, Field};
use super::confirmed;
use super::door::{Door, MAX_LEAD_DAYS, MAX_WARRANTY_MONTHS, MAX_WATTS, Tracking, at, only, plain, words};

/// Reads a file.
///
/// # Errors
/// All that is wrong with it. A row is a line of its text, from 1.
pub fn read(bytes: &[u8], columns: &Columns) -> Result<Vec<Paper>, Vec<Flaw>> {
    let text = super::decode(bytes)?;
    let table = Table::read(&text, columns)?;
    let mut door = Door::default();
    let papers = if table.has(Field::Serial) {
        each(&mut door, &table, &[Field::Shipment, Field::Purchase], |door, rows| Some(ship_notice(door, rows)))
    } else if table.has(Field::Verdict) {
        each(&mut door, &table, &[Field::Order, Field::Purchase], confirmation)
    } else if table.has(Field::Quote) {
        each(&mut door, &table, &[Field::Quote], |door, rows| quote(door, rows, columns.currency))
    } else {
        let why = "no column tells what it is: a quote has a column for its number (quote), a confirmation one for what is \
                   said of each row (verdict), a ship notice or asset report one for the serial (serial). Name this \
                   vendor's headers under columns";
        return Err(only(at(1, "header"), why));
    };
    door.close(papers)
}

/// The papers of a table: rows with the same number, in the order of their first.
fn each(
    door: &mut Door,
    table: &Table,
    numbers: &[Field],
    mut paper: impl FnMut(&mut Door, &[&Row]) -> Option<Paper>,
) -> Vec<Paper> {
    let key = |row: &Row| numbers.iter().map(|f| row.get(*f).unwrap_or_default().to_owned()).collect::<Vec<_>>();
    let mut order: Vec<Vec<&Row>> = Vec::new();
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for row in &table.rows {
        let place = *places.entry(key(row)).or_insert(order.len());
        match order.get_mut(place) {
            Some(rows) => rows.push(row),
            None => order.push(vec![row]),
        }
    }
    if order.is_empty() {
        door.flaw(at(None, "rows"), "there is a header and no row");
    }
    order.iter().filter_map(|rows| paper(door, rows)).collect()
}

fn quote(door: &mut Door, rows: &[&Row], currency: Option<Currency>) -> Option<Paper> {
    let currency = currency_of(door, rows, currency);
    if currency.is_none() && !rows.iter().any(|r| r.get(Field::Currency).is_some()) {
        let why = "it is missing; prices without a currency are not taken. Add a column, or name it under columns";
        door.flaw(at(rows.first()?.line, "currency"), why);
    }
    let mut lines = Vec::new();
    for row in rows {
        if !door.room(lines.len()) {
            break;
        }
        lines.push(QuoteLine {
            line: row.line_number(door),
            part: door.number(row.at(Field::Part), row.get(Field::Part)),
            description: words(row.get(Field::Description)).unwrap_or_else(|| "".into()),
            spec: words(row.get(Field::Spec)),
            quantity: door.quantity(row.at(Field::Quantity), row.get(Field::Quantity)),
            unit_price: door.price(row.at(Field::UnitPrice), row.get(Field::UnitPrice), currency),
            lead_days: row.whole(door, Field::LeadDays, 0, MAX_LEAD_DAYS.into()),
            warranty_months: row.whole(door, Field::WarrantyMonths, 0, MAX_WARRANTY_MONTHS.into()),
            watts: row.whole(door, Field::Watts, 1, MAX_WATTS.into()),
        });
    }
    let head = Head::of(door, rows);
    Some(Paper::Quote(Quote {
        number: head.number(door, Field::Quote),
        request: head.maybe_number(door, Field::Request),
        currency: currency.unwrap_or(Currency::EUR),
        valid_until: head.with(door, Field::ValidUntil, Door::until),
        freight: head.with(door, Field::Freight, |door, at, raw| door.price(at, raw, currency)),
        total: head.with(door, Field::Total, |door, at, raw| door.price(at, raw, currency)),
        // Notes may differ from row to row: the first is the paper's.
        note: rows.iter().find_map(|row| words(row.get(Field::Note))),
        lines,
    }))
}

fn confirmation(door: &mut Door, rows: &[&Row]) -> Option<Paper> {
    let currency = currency_of(door, rows, None);
    let priced = |row: &&&Row| row.get(Field::UnitPrice).or(row.get(Field::Total)).is_some();
    if let (None, Some(row)) = (currency, rows.iter().find(priced)) {
        door.flaw(at(row.line, "currency"), "it is missing; prices without a currency are not taken");
    }
    let mut said = Vec::new();
    for row in rows {
        if !door.room(said.len()) {
            break;
        }
        let line = ConfirmedLine {
            line: row.line_number(door),
            part: door.number(row.at(Field::Part), row.get(Field::Part)),
            quantity: door.quantity(row.at(Field::Quantity), row.get(Field::Quantity)),
            unit_price: door.price(row.at(Field::UnitPrice), row.get(Field::UnitPrice), currency),
        };
        match word(row.get(Field::Verdict).unwrap_or_default()) {
            Some(word) => said.push((word, line)),
            None => {
                let why = "nothing tells whether the row is taken: one of accepted, changed, rejected and cancelled is wanted";
                door.flaw(row.at(Field::Verdict), why);
            }
        }
    }
    let head = Head::of(door, rows);
    let purchase = head.number(door, Field::Purchase);
    let number = head.maybe_number(door, Field::Order).unwrap_or_else(|| purchase.clone());
    let total = head.with(door, Field::Total, |door, at, raw| door.price(at, raw, currency));
    // The order is there when its last row is.
    let promised = rows.iter().filter_map(|r| door.moment(r.at(Field::Promised), r.get(Field::Promised))).max();
    let note = rows.iter().find_map(|row| words(row.get(Field::Note)));
    let (verdict, lines) = confirmed::judge(None, said)?;
    Some(Paper::Confirmation(Confirmation { number, purchase, verdict, lines, currency, total, promised, note }))
}

/// What a word of a vendor's says of a row. One that says neither yes nor no, such as `received`, says nothing.
fn word(raw: &str) -> Option<Accepts> {
    Some(match plain(raw).as_str() {
        "yes" | "accepted" | "accept" | "confirmed" | "ordered" | "inproduction" | "shipped" | "delivered" => {
            Accepts::Yes
        }
        "changed" | "modified" | "acceptedwithchanges" | "backordered" | "backorder" => Accepts::Changed,
        "no" | "rejected" | "reject" | "refused" | "declined" => Accepts::No,
        "cancelled" | "canceled" => Accepts::Cancelled,
        _ => return None,
    })
}

fn ship_notice(door: &mut Door, rows: &[&Row]) -> Paper {
    let mut items = Vec::new();
    let mut tracking = Tracking::default();
    for row in rows {
        if let Some(one) = row.get(Field::Quantity) {
            let quantity = door.quantity(row.at(Field::Quantity), Some(one));
            door.counted(row.at(Field::Quantity), quantity, 1);
        }
        let (serial, bmc_mac) = door
            .server((row.at(Field::Serial), row.get(Field::Serial)), (row.at(Field::BmcMac), row.get(Field::BmcMac)));
        items.push(ShippedItem {
            line: row.line_number(door),
            part: door.maybe_number(row.at(Field::Part), row.get(Field::Part)),
            model: words(row.get(Field::Model)),
            serial,
            bmc_mac,
        });
        tracking.take(door, row.at(Field::Tracking), row.get(Field::Tracking));
    }
    let head = Head::of(door, rows);
    let purchase = head.number(door, Field::Purchase);
    Paper::ShipNotice(ShipNotice {
        number: head.maybe_number(door, Field::Shipment).unwrap_or_else(|| purchase.clone()),
        purchase,
        carrier: head.with(door, Field::Carrier, |_, _, raw| Carrier::of(raw?)),
        tracking: tracking.numbers,
        shipped: head.with(door, Field::Shipped, Door::moment),
        eta: head.with(door, Field::Eta, Door::moment),
        items,
    })
}

fn currency_of(door: &mut Door, rows: &[&Row], default: Option<Currency>) -> Option<Currency> {
    let named = rows.iter().find(|r| r.get(Field::Currency).is_some());
    match named {
        Some(row) => {
            let currency = door.currency(row.at(Field::Currency), row.get(Field::Currency));
            let same = |other: &str| other.parse::<Currency>().ok() == currency;
            for other in rows {
                if currency.is_some() && other.get(Field::Currency).is_some_and(|c| !same(c)) {
                    let why = format!("another currency than on row {}; one paper has one", row.line);
                    door.flaw(other.at(Field::Currency), why);
                }
            }
            currency
        }
        None => default,
    }
}

/// What rows say of their paper as a whole: in one row, or the same in several.
struct Head<'a> {
    rows: &'a [&'a Row],
}

impl<'a> Head<'a> {
    const FIELDS: [Field; 10] = [
        Field::Request,
        Field::Order,
        Field::Shipment,
        Field::Purchase,
        Field::ValidUntil,
        Field::Freight,
        Field::Total,
        Field::Carrier,
        Field::Shipped,
        Field::Eta,
    ];

    fn of(door: &mut Door, rows: &'a [&'a Row]) -> Self {
        for field in Self::FIELDS {
            let mut filled = rows.iter().filter_map(|row| Some((row, row.get(field)?)));
            let Some((first, said)) = filled.next() else { continue };
            for (row, _) in filled.filter(|(_, other)| *other != said) {
                let why = format!("another value than on row {}; which is right for the whole paper?", first.line);
                door.flaw(row.at(field), why);
            }
        }
        Self { rows }
    }

    fn with<T>(
        &self,
        door: &mut Door,
        field: Field,
        read: impl FnOnce(&mut Door, super::door::At<'_>, Option<&str>) -> Option<T>,
    ) -> Option<T> {
        let row = self.rows.iter().find(|row| row.get(field).is_some()).or(self.rows.first())?;
        read(door, row.at(field), row.get(field))
    }

    fn number(&self, door: &mut Door, field: Field) -> Text {
        self.with(door, field, |door, at, raw| Some(door.number(at, raw))).unwrap_or_else(|| "".into())
    }

    fn maybe_number(&self, door: &mut Door, field: Field) -> Option<Text> {
        self.with(door, field, Door::maybe_number)
    }
}

/// A request as a table for people, with empty columns that a vendor fills in and sends back: they are the ones that are
/// read. It begins with the mark by which spreadsheets know UTF-8.
pub fn quote_request(request: &QuoteRequest) -> String {
    // What we ask has a name that is not read: a vendor says itself what it offers.
    const EMPTY: usize = 12;
    let mut out = String::from(
        "\u{feff}request,line,quantity,asked,site,country,answer_by,currency,quote,part,description,spec,unit_price,lead_days,\
         warranty_months,watts,valid_until,freight,grand_total,note\r\n",
    );
    for line in &request.lines {
        let (number, quantity) = (line.line.to_string(), line.quantity.to_string());
        let (by, currency) = (request.answer_by.to_string(), request.currency.to_string());
        let told =
            [&*request.number, &number, &quantity, &line.spec, &request.to.site, &request.to.country, &by, &currency];
        out.push_str(&told.map(cell).join(","));
        out.push_str(&",".repeat(EMPTY));
        out.push_str("\r\n");
    }
    out
}

/// A cell, quoted where it must be. What a spreadsheet would run as a formula it gets as text.
fn cell(raw: &str) -> String {
    let formula = raw.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{raw}") } else { raw.to_owned() };
    if text.contains(['"', ',', ';', '\t', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
