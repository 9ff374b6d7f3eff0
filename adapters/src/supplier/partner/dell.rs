//! Dell's partner API, as plausible as it can be without a contract.
//!
//! ```text
//! POST /auth/oauth/v2/token               grant_type in the form, client and secret by HTTP Basic
//! GET  /b2b/v3/quote-requests?customerReference=N&page=1&pageSize=50
//!        {"pageNumber": 1, "totalPages": 1, "data": [{"id", "customerReference", "state": open|quoted|withdrawn|noBid}]}
//! POST /b2b/v3/quote-requests             {"customerReference", "respondBy", "currencyCode", "shipTo", "items":
//!                                          [{"lineNumber", "quantity", "specification"}]} -> 201 or 202 {"id"}
//! GET  /b2b/v3/quote-requests/{id}/notes?customerReference=N     data: {"id", "customerReference"}
//! POST /b2b/v3/quote-requests/{id}/notes  {"customerReference", "body"} -> 201 {"id"}
//! POST /b2b/v3/quote-requests/{id}/withdrawal  {} -> 200
//! GET  /b2b/v3/quotes?customerReference=N data: {"quoteId": "3000000012", "version": 1, "customerReference",
//!        "state": valid|replaced|expired, "currencyCode", "expiresOn", "items": [{"lineNumber", "orderCode",
//!        "description", "specification", "quantity", "unitPrice": 27900.00, "estimatedDeliveryDays": 21,
//!        "warrantyMonths": 36, "typicalWatts"}], "shippingCost": 250.00, "totalAmount", "comments"}
//! GET  /b2b/v3/orders?poNumber=N          data: {"orderId", "poNumber", "state": new|accepted|acceptedWithChanges|shipped|
//!        delivered|cancelled|declined, "currencyCode", "items": [{"lineNumber", "orderCode", "quantity", "unitPrice"}],
//!        "totalAmount", "estimatedDeliveryDate", "stateReason"}
//! POST /b2b/v3/orders                     {"poNumber", "quoteId", "quoteVersion", ...} -> 201 or 202 {"orderId"}
//! POST /b2b/v3/orders/{id}/cancellation   {"reason"} -> 200, or 409 {"errors": [{"code", "detail"}]}
//! GET  /b2b/v3/shipments?poNumber=N       data: {"shipmentId", "poNumber", "carrier", "waybills", "shipDate",
//!        "estimatedDeliveryDate", "assets": [{"lineNumber", "orderCode", "model", "serviceTag", "idracMac"}]}
//! ```
//!
//! Prices are JSON numbers with two decimals, read as they are written. A quote's number for people is `quoteId.version`.

use bytes::Bytes;
use rackhand_core::mac::Mac;
use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Confirmation, ConfirmedLine, Destination, MAX_ITEMS, MAX_LINES, PurchaseOrder, Quote, QuoteLine,
    ShipNotice, ShippedItem,
};
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::State;
use super::wire::{self, Amount, Contents, Entry, Flaws, Grant, List, Number, PAGE, Page, Post, Reading, Wire};
use crate::http::percent_encoded;

/// Dell's.
#[derive(Debug)]
pub(super) struct Dell;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPage<'a> {
    total_pages: u32,
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawQuote {
    quote_id: Text,
    version: u32,
    customer_reference: Option<Text>,
    state: Text,
    currency_code: Currency,
    expires_on: Option<Text>,
    items: Vec<RawItem>,
    shipping_cost: Option<Amount>,
    total_amount: Option<Amount>,
    comments: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawItem {
    line_number: Option<u16>,
    order_code: Text,
    #[serde(default)]
    description: Option<Text>,
    specification: Option<Text>,
    quantity: u32,
    unit_price: Option<Amount>,
    estimated_delivery_days: Option<u64>,
    warranty_months: Option<u16>,
    typical_watts: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrder {
    order_id: Text,
    po_number: Text,
    state: Text,
    currency_code: Option<Currency>,
    #[serde(default)]
    items: Vec<RawItem>,
    total_amount: Option<Amount>,
    estimated_delivery_date: Option<Text>,
    state_reason: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawShipment {
    shipment_id: Text,
    po_number: Text,
    carrier: Option<Text>,
    #[serde(default)]
    waybills: Vec<Text>,
    ship_date: Option<Text>,
    estimated_delivery_date: Option<Text>,
    assets: Vec<RawAsset>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAsset {
    line_number: Option<u16>,
    order_code: Option<Text>,
    model: Option<Text>,
    service_tag: Text,
    idrac_mac: Option<Text>,
}

/// An order as it goes out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    po_number: &'a str,
    quote_id: &'a str,
    quote_version: Option<u32>,
    ordered_at: String,
    ship_to: Value,
    bill_to: &'a [Text],
    currency_code: Currency,
    items: Vec<OrderItem<'a>>,
    shipping_cost: Option<Number>,
    total_amount: Number,
    approved_by: &'a [Text],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderItem<'a> {
    line_number: u16,
    order_code: &'a str,
    description: &'a str,
    quantity: u32,
    unit_price: Number,
}

impl Wire for Dell {
    fn grant(&self) -> Grant {
        Grant { path: "/auth/oauth/v2/token", basic: true }
    }

    fn list(&self, list: List<'_>, ours: &str, page: u32) -> String {
        let (path, by) = match list {
            List::Requests => ("quote-requests".to_owned(), "customerReference"),
            List::Messages(of) => (format!("quote-requests/{}/notes", percent_encoded(of)), "customerReference"),
            List::Quotes => ("quotes".to_owned(), "customerReference"),
            List::Orders => ("orders".to_owned(), "poNumber"),
            List::Shipments => ("shipments".to_owned(), "poNumber"),
        };
        format!("/b2b/v3/{path}?{by}={ours}&page={}&pageSize={PAGE}", page + 1)
    }

    fn page(&self, _: List<'_>, body: &[u8], page: u32, _: usize) -> Result<Page, String> {
        let read: RawPage<'_> = serde_json::from_slice(body).map_err(|e| format!("not a list: {e}"))?;
        Ok(Page { rows: wire::rows(read.data), last: page + 1 >= read.total_pages })
    }

    fn entry(&self, list: List<'_>, row: &str) -> Result<Entry, String> {
        let (ours, reference) = match list {
            List::Requests | List::Messages(_) => ("customerReference", "id"),
            List::Quotes => ("customerReference", "quoteId"),
            List::Orders => ("poNumber", "orderId"),
            List::Shipments => ("poNumber", "shipmentId"),
        };
        wire::entry(row, ours, reference, "state")
    }

    fn state(&self, list: List<'_>, word: &str) -> Option<State> {
        match (list, word) {
            (List::Requests, "open" | "quoted") => Some(State::Open),
            (List::Orders, "new" | "accepted" | "acceptedWithChanges" | "shipped" | "delivered") => Some(State::Open),
            (List::Requests, "withdrawn") | (List::Orders, "cancelled") => Some(State::Cancelled),
            (List::Requests, "noBid") | (List::Orders, "declined") => Some(State::Refused),
            _ => None,
        }
    }

    fn quote(&self, row: &str) -> Reading<Option<Quote>> {
        let raw: RawQuote = match serde_json::from_str(row) {
            Ok(raw) => raw,
            Err(why) => return Flaws::shapeless(List::Quotes, &why),
        };
        let mut flaws = Flaws::default();
        match raw.state.as_str() {
            "valid" => {}
            "replaced" | "expired" => return Ok(None),
            other => flaws.note(None, "state", format!("`{other}`, and nobody told us what that means")),
        }
        if raw.items.is_empty() || raw.items.len() > MAX_LINES {
            flaws.note(None, "items", format!("1 to {MAX_LINES} were due"));
        }
        let of = raw.currency_code;
        let items = raw.items.into_iter().take(MAX_LINES).enumerate();
        let lines = items.map(|(n, item)| offered(n, item, of, &mut flaws)).collect();
        let number = Text::from(format!("{}.{}", raw.quote_id, raw.version));
        let quote = Quote {
            number: number.clone(),
            request: raw.customer_reference,
            currency: of,
            valid_until: flaws.time("expiresOn", raw.expires_on.as_ref(), true),
            lines,
            freight: flaws.amount(None, "shippingCost", raw.shipping_cost.as_ref(), of),
            total: flaws.amount(None, "totalAmount", raw.total_amount.as_ref(), of),
            note: raw.comments,
        };
        flaws.done(number, Some(quote))
    }

    fn contents(&self, row: &str) -> Contents {
        let raw = serde_json::from_str::<RawOrder>(row).ok();
        raw.map_or_else(Contents::default, |raw| Contents {
            currency: raw.currency_code,
            parts: raw.items.into_iter().map(|i| i.order_code).collect(),
        })
    }

    fn confirmation(&self, row: &str) -> Reading<Option<Confirmation>> {
        let raw: RawOrder = match serde_json::from_str(row) {
            Ok(raw) => raw,
            Err(why) => return Flaws::shapeless(List::Orders, &why),
        };
        let mut flaws = Flaws::default();
        let verdict = match raw.state.as_str() {
            "new" => return Ok(None),
            "accepted" | "shipped" | "delivered" => Accepts::Yes,
            "acceptedWithChanges" => Accepts::Changed,
            "cancelled" => Accepts::Cancelled,
            "declined" => Accepts::No,
            other => {
                flaws.note(None, "state", format!("`{other}`, and nobody told us what that means"));
                Accepts::No
            }
        };
        if raw.items.len() > MAX_LINES {
            flaws.note(None, "items", format!("more than {MAX_LINES}"));
        }
        let mut lines = Vec::new();
        for (n, item) in raw.items.into_iter().take(MAX_LINES).enumerate() {
            if item.unit_price.is_some() && raw.currency_code.is_none() {
                flaws.note(Some(n), "unitPrice", "a price without a currency");
            }
            let of = raw.currency_code;
            let unit_price = of.and_then(|of| flaws.amount(Some(n), "unitPrice", item.unit_price.as_ref(), of));
            let (line, part, quantity) = (item.line_number, item.order_code, item.quantity);
            lines.push(ConfirmedLine { line, part, quantity, unit_price });
        }
        let confirmation = Confirmation {
            number: raw.order_id.clone(),
            purchase: raw.po_number,
            verdict,
            lines,
            currency: raw.currency_code,
            total: raw.currency_code.and_then(|of| flaws.amount(None, "totalAmount", raw.total_amount.as_ref(), of)),
            promised: flaws.time("estimatedDeliveryDate", raw.estimated_delivery_date.as_ref(), false),
            note: raw.state_reason,
        };
        flaws.done(raw.order_id, Some(confirmation))
    }

    fn shipment(&self, row: &str) -> Reading<ShipNotice> {
        let raw: RawShipment = match serde_json::from_str(row) {
            Ok(raw) => raw,
            Err(why) => return Flaws::shapeless(List::Shipments, &why),
        };
        let mut flaws = Flaws::default();
        if raw.assets.len() > MAX_ITEMS {
            flaws.note(None, "assets", format!("more than {MAX_ITEMS}"));
        }
        let assets = raw.assets.into_iter().take(MAX_ITEMS).enumerate();
        let items = assets.map(|(n, asset)| {
            let mac = asset.idrac_mac.map(|mac| mac.parse::<Mac>());
            let bmc_mac = mac.and_then(|mac| flaws.take(Some(n), "idracMac", mac));
            let (line, part, model) = (asset.line_number, asset.order_code, asset.model);
            wire::item(n, ShippedItem { line, part, model, serial: asset.service_tag, bmc_mac }, &mut flaws)
        });
        let items = items.collect::<Vec<ShippedItem>>();
        let notice = ShipNotice {
            number: raw.shipment_id.clone(),
            purchase: raw.po_number,
            carrier: raw.carrier.as_deref().and_then(Carrier::of),
            tracking: raw.waybills,
            shipped: flaws.time("shipDate", raw.ship_date.as_ref(), false),
            eta: flaws.time("estimatedDeliveryDate", raw.estimated_delivery_date.as_ref(), false),
            items,
        };
        flaws.done(raw.shipment_id, notice)
    }

    fn post(&self, post: Post<'_>) -> (String, Bytes) {
        let to = |path: &str| format!("/b2b/v3/{path}");
        match post {
            Post::Request(request) => {
                let items = request.lines.iter().map(
                    |line| json!({ "lineNumber": line.line, "quantity": line.quantity, "specification": line.spec }),
                );
                let body = json!({
                    "customerReference": request.number, "respondBy": request.answer_by.to_string(),
                    "currencyCode": request.currency, "shipTo": ship_to(&request.to),
                    "items": items.collect::<Vec<Value>>(),
                });
                (to("quote-requests"), wire::json(&body))
            }
            Post::Message { of, chase } => {
                let body = json!({ "customerReference": chase.number, "body": chase.text });
                (to(&format!("quote-requests/{}/notes", percent_encoded(of))), wire::json(&body))
            }
            Post::Withdraw { of } => {
                (to(&format!("quote-requests/{}/withdrawal", percent_encoded(of))), wire::json(&json!({})))
            }
            Post::Order(order) => (to("orders"), wire::json(&outgoing(order))),
            Post::Cancel { of, reason } => {
                let body = json!({ "reason": reason });
                (to(&format!("orders/{}/cancellation", percent_encoded(of))), wire::json(&body))
            }
        }
    }

    fn made(&self, body: &[u8]) -> Option<Text> {
        let body = wire::small(body)?;
        ["id", "orderId"].iter().find_map(|k| body[k].as_str()).map(Text::new)
    }

    fn duplicate(&self, body: &[u8]) -> bool {
        wire::small(body).is_some_and(|b| b["errors"][0]["code"] == "duplicateReference")
    }

    fn complaint(&self, body: &[u8]) -> Option<Text> {
        let body = wire::small(body)?;
        let error = &body["errors"][0];
        let detail = error["detail"].as_str()?;
        Some(Text::from(error["code"].as_str().map_or(detail.to_owned(), |code| format!("{detail} ({code})"))))
    }
}

fn ship_to(to: &Destination) -> Value {
    json!({ "siteCode": to.site, "lines": to.address, "country": to.country })
}

fn offered(n: usize, item: RawItem, of: Currency, flaws: &mut Flaws) -> QuoteLine {
    if item.quantity == 0 {
        flaws.note(Some(n), "quantity", "none of it");
    }
    let days = item.estimated_delivery_days.map(|days| wire::bounded_days(days, 1));
    QuoteLine {
        line: item.line_number,
        description: item.description.unwrap_or_else(|| item.order_code.clone()),
        part: item.order_code,
        spec: item.specification,
        quantity: item.quantity,
        unit_price: flaws.amount(Some(n), "unitPrice", item.unit_price.as_ref(), of),
        lead_days: days.and_then(|days| flaws.take(Some(n), "estimatedDeliveryDays", days)),
        warranty_months: item.warranty_months,
        watts: item.typical_watts,
    }
}

fn outgoing(order: &PurchaseOrder) -> Order<'_> {
    let number = |minor: u64| Number(Money::new(minor, order.currency));
    let (quote_id, version) = order.quote.rsplit_once('.').unwrap_or((&order.quote, ""));
    let items = order.lines.iter().map(|line| OrderItem {
        line_number: line.line,
        order_code: &line.part,
        description: &line.description,
        quantity: line.quantity,
        unit_price: number(line.unit_price),
    });
    Order {
        po_number: &order.number,
        quote_id,
        quote_version: version.parse().ok(),
        ordered_at: order.at.to_string(),
        ship_to: ship_to(&order.to),
        bill_to: &order.bill_to,
        currency_code: order.currency,
        items: items.collect(),
        shipping_cost: order.freight.map(number),
        total_amount: number(order.total),
        approved_by: &order.approved_by,
    }
}
