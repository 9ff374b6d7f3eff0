//! QuoteMessage: what a vendor offers.
//!
//! The standard has no place for how long an offer holds, for warranty and for watts: they are read from an Extrinsic of
//! the header (`valid until`) and of the item (`warranty months`, `watts`, `spec`), as vendors' private fields are. `Total`
//! is without shipping there, so what is stated in all is the two together.

use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{Quote, QuoteLine};

use super::node::{Element, money};
use crate::supplier::format::door::{Door, MAX_LEAD_DAYS, MAX_WARRANTY_MONTHS, MAX_WATTS, at, filled, words};

pub(super) fn read(door: &mut Door, body: Element<'_>) -> Option<Quote> {
    let Some(header) = body.path("QuoteMessageHeader") else {
        door.flaw(at(None, "QuoteMessageHeader"), "it is missing");
        return None;
    };
    match header.attribute("type") {
        Some("reject") => door.flaw(at(None, "@type"), "the vendor makes no offer (reject)"),
        Some("accept" | "final" | "update" | "award") | None => {}
        Some(_) => door.flaw(at(None, "@type"), "one of accept, final, update, award and reject is wanted"),
    }
    let mut currency = door.currency(at(None, "QuoteMessageHeader/@currency"), header.attribute("currency"));
    if currency.is_none() && filled(header.attribute("currency")).is_none() {
        door.flaw(at(None, "QuoteMessageHeader/@currency"), "it is missing; prices without a currency are not taken");
    }
    let mut lines = Vec::new();
    for item in body.children().filter(|c| c.named("QuoteItemIn") || c.named("QuoteItem")) {
        if !door.room(lines.len()) {
            break;
        }
        lines.push(line(door, item, lines.len(), &mut currency));
    }
    if lines.is_empty() {
        door.flaw(at(None, "QuoteItemIn"), "there is no line in it");
    }
    let valid = header.extrinsic("validuntil").or_else(|| header.extrinsic("expirationdate"));
    let request = header.path("QuoteRequestReference").and_then(|r| r.attribute("requestID"));
    let total = money(door, None, "Total/Money", header, &mut currency);
    let mut freight = money(door, None, "Shipping/Money", header, &mut currency);
    for item in body.children().filter(|c| !c.named("QuoteMessageHeader")) {
        let own = money(door, None, "Shipping/Money", item, &mut currency);
        freight = own.map(|own| own + freight.unwrap_or(0)).or(freight);
    }
    Some(Quote {
        number: door.number(at(None, "QuoteMessageHeader/@quoteID"), header.attribute("quoteID")),
        request: door.maybe_number(at(None, "QuoteRequestReference/@requestID"), request),
        currency: currency.unwrap_or(Currency::EUR),
        valid_until: door.until(at(None, "Extrinsic valid until"), valid.as_deref()),
        freight,
        // A header must have a total, and one of nothing says nothing.
        total: total.filter(|t| *t > 0).map(|t| t + freight.unwrap_or(0)),
        note: header.comments(),
        lines,
    })
}

fn line(door: &mut Door, item: Element<'_>, before: usize, currency: &mut Option<Currency>) -> QuoteLine {
    let row = u32::try_from(before + 1).ok();
    if item.attribute("type") == Some("reject") {
        door.flaw(at(row, "@type"), "the vendor makes no offer for this line; ask it for another quote");
    }
    let text = |path: &str| item.text_at(path);
    let lead = text("ItemDetail/LeadTime");
    QuoteLine {
        line: door.line(at(row, "@lineNumber"), item.attribute("lineNumber")),
        part: door.number(at(row, "ItemID/SupplierPartID"), text("ItemID/SupplierPartID").as_deref()),
        description: words(text("ItemDetail/Description").as_deref()).unwrap_or_else(|| "".into()),
        spec: words(item.extrinsic("spec").as_deref()),
        quantity: door.quantity(at(row, "@quantity"), item.attribute("quantity")),
        unit_price: money(door, row, "ItemDetail/UnitPrice/Money", item, currency),
        lead_days: door.whole(at(row, "ItemDetail/LeadTime"), lead.as_deref(), 0..=MAX_LEAD_DAYS.into()),
        warranty_months: door.whole(
            at(row, "Extrinsic warranty months"),
            item.extrinsic("warrantymonths").as_deref(),
            0..=MAX_WARRANTY_MONTHS.into(),
        ),
        watts: door.whole(at(row, "Extrinsic watts"), item.extrinsic("watts").as_deref(), 1..=MAX_WATTS.into()),
    }
}
