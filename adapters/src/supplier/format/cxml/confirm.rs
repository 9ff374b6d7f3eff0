//! ConfirmationRequest: what a vendor says to an order.
//!
//! A header of type `accept`, `reject` or `backordered` speaks for the whole order; with `detail`, `allDetail` and `except`
//! the items speak. A confirmation that an order is deleted is an `accept` as well: which request it answers is known to
//! whoever sent the deletion.

use rackhand_core::purchase::paper::{Accepts, Confirmation, ConfirmedLine};

use super::node::{Element, money};
use crate::supplier::format::confirmed;
use crate::supplier::format::door::{Door, at, stands};

pub(super) fn read(door: &mut Door, body: Element<'_>) -> Option<Confirmation> {
    let Some(header) = body.path("ConfirmationHeader") else {
        door.flaw(at(None, "ConfirmationHeader"), "it is missing");
        return None;
    };
    let place = at(None, "ConfirmationHeader/@type");
    let all = match header.attribute("type") {
        Some("accept") => Some(Accepts::Yes),
        Some("reject") => Some(Accepts::No),
        // What is not mentioned stands, what is mentioned does not as it was.
        Some("except" | "backordered") => Some(Accepts::Changed),
        Some("detail" | "allDetail") => None,
        Some(_) => {
            door.flaw(place, "one of accept, allDetail, detail, except, backordered and reject is wanted");
            return None;
        }
        None => {
            door.flaw(place, "it is missing; nothing says whether the order is taken");
            return None;
        }
    };
    if header.attribute("operation") == Some("delete") {
        door.flaw(at(None, "ConfirmationHeader/@operation"), "it takes back an earlier confirmation; ask the vendor");
    }
    let reference = body.path("OrderReference").and_then(|r| r.attribute("orderID"));
    let purchase = door.number(at(None, "OrderReference/@orderID"), reference);
    let number = header.extrinsic("supplierordernumber");
    let number = door
        .maybe_number(at(None, "Extrinsic SupplierOrderNumber"), number.as_deref())
        .or_else(|| door.maybe_number(at(None, "ConfirmationHeader/@confirmID"), header.attribute("confirmID")));
    let mut currency = None;
    // The total is without shipping.
    let freight = money(door, None, "Shipping/Money", header, &mut currency);
    let total = money(door, None, "Total/Money", header, &mut currency).map(|t| t + freight.unwrap_or(0));
    let mut said = Vec::new();
    let mut promised = None;
    for item in body.all("ConfirmationItem") {
        if !door.room(said.len()) {
            break;
        }
        let row = u32::try_from(said.len() + 1).ok();
        let ordered = door.quantity(at(row, "@quantity"), item.attribute("quantity"));
        let mut words = Vec::new();
        let mut kept = 0_u32;
        let mut unit_price = None;
        let mut part = None;
        for status in item.all("ConfirmationStatus") {
            let word = word(door, row, status, all);
            let some = door.quantity(at(row, "ConfirmationStatus/@quantity"), status.attribute("quantity"));
            kept = kept.saturating_add(if stands(word) { some } else { 0 });
            words.push(word);
            let date = status.attribute("deliveryDate");
            promised = promised.max(door.moment(at(row, "ConfirmationStatus/@deliveryDate"), date));
            let price = money(door, row, "UnitPrice/Money", status, &mut currency)
                .or_else(|| money(door, row, "ItemIn/ItemDetail/UnitPrice/Money", status, &mut currency));
            if let (Some(one), Some(other)) = (unit_price, price)
                && one != other
            {
                door.flaw(at(row, "UnitPrice/Money"), "two prices for one line; a person must ask the vendor");
            }
            unit_price = unit_price.or(price);
            part = part.or(status.text_at("ItemIn/ItemID/SupplierPartID"));
        }
        let mut word = match (confirmed::verdict(&words), all) {
            (Some(word), _) => word,
            (None, Some(all)) => {
                kept = if stands(all) { ordered } else { 0 };
                all
            }
            (None, None) => {
                door.flaw(at(row, "ConfirmationStatus"), "it is missing; nothing says whether the line is taken");
                Accepts::No
            }
        };
        if stands(word) && kept != ordered {
            word = Accepts::Changed;
        }
        let line = ConfirmedLine {
            line: door.line(at(row, "@lineNumber"), item.attribute("lineNumber")),
            part: door.maybe_number(at(row, "SupplierPartID"), part.as_deref()).unwrap_or_else(|| "".into()),
            quantity: kept,
            unit_price,
        };
        said.push((word, line));
    }
    let Some((verdict, lines)) = confirmed::judge(all, said) else {
        door.flaw(at(None, "ConfirmationItem"), "there is no line in it, though its type says that the lines tell");
        return None;
    };
    Some(Confirmation {
        number: number.unwrap_or_else(|| purchase.clone()),
        purchase,
        verdict,
        lines,
        currency,
        total,
        promised,
        note: header.comments(),
    })
}

/// What is said of some of a line.
fn word(door: &mut Door, row: Option<u32>, status: Element<'_>, all: Option<Accepts>) -> Accepts {
    match status.attribute("type") {
        Some("accept" | "allDetail") => Accepts::Yes,
        Some("detail" | "except" | "backordered") => Accepts::Changed,
        Some("reject") => Accepts::No,
        _ if all == Some(Accepts::No) => Accepts::No,
        _ => {
            let why = "it says neither yes nor no; one of accept, allDetail, detail, backordered and reject is wanted";
            door.flaw(at(row, "ConfirmationStatus/@type"), why);
            Accepts::No
        }
    }
}
