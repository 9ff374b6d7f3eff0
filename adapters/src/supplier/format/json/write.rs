//! Our papers as neutral JSON, for attachments and vendors that take it.
//!
//! The shape is the one that is read, with a `kind` more, `quote-request`. A paper of ours has our number as `ref` and as
//! `buyer_ref`, since the vendor's is not known yet. Beyond the shape it says `answer_by`, `ship_to.address`, `bill_to`,
//! `ordered_at` and `approved_by`.

use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::{Destination, PurchaseOrder, QuoteRequest};
use serde_json::{Value, json};

/// A quote request to this vendor.
pub fn quote_request(request: &QuoteRequest, seller: SellerId) -> String {
    let lines = request.lines.iter().map(|l| {
        // A vendor fills the part in; the shape wants the field.
        json!({ "line": l.line, "part": "", "description": l.spec, "spec": l.spec, "qty": l.quantity,
                "unit_price_minor": null, "lead_time_days": null, "status": null })
    });
    let record = json!({
        "kind": "quote-request",
        "vendor": vendor(seller),
        "ref": request.number,
        "parent_ref": null,
        "buyer_ref": request.number,
        "currency": request.currency,
        "answer_by": request.answer_by.to_string(),
        "ship_to": ship_to(&request.to),
        "lines": lines.collect::<Vec<_>>(),
    });
    pretty(&record)
}

/// A purchase order to this vendor.
pub fn purchase_order(order: &PurchaseOrder, seller: SellerId) -> String {
    let lines = order.lines.iter().map(|l| {
        json!({ "line": l.line, "part": l.part, "description": l.description, "qty": l.quantity,
                "unit_price_minor": l.unit_price, "status": null })
    });
    let record = json!({
        "kind": "purchase-order",
        "vendor": vendor(seller),
        "ref": order.number,
        "parent_ref": order.quote,
        "buyer_ref": order.number,
        "currency": order.currency,
        "freight_minor": order.freight,
        "total_minor": order.total,
        "ordered_at": order.at.to_string(),
        "ship_to": ship_to(&order.to),
        "bill_to": order.bill_to,
        "approved_by": order.approved_by,
        "lines": lines.collect::<Vec<_>>(),
    });
    pretty(&record)
}

/// The shape knows these two vendors by name.
fn vendor(seller: SellerId) -> &'static str {
    match seller.as_str() {
        "hpe" => "hpe",
        "dell" => "dell",
        _ => "other",
    }
}

fn ship_to(to: &Destination) -> Value {
    json!({ "site": to.site, "country": to.country, "address": to.address })
}

fn pretty(record: &Value) -> String {
    // A value prints itself, without a way to go wrong.
    format!("{record:#}\n")
}
