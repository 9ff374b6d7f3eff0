//! HPE's partner API, as plausible as it can be without a contract.
//!
//! ```text
//! POST /oauth2/token                      grant_type, client_id, client_secret in the form
//! GET  /quotes/v1/requests?clientReference=N&limit=50&offset=0
//!        {"total": 1, "items": [{"requestId", "clientReference", "status": OPEN|QUOTED|WITHDRAWN|DECLINED}]}
//! POST /quotes/v1/requests                {"clientReference", "answerBy", "currency", "shipTo", "configurations":
//!                                          [{"lineId", "quantity", "requirement"}]} -> 201 or 202 {"requestId"}
//! GET  /quotes/v1/requests/{id}/messages?clientReference=N     items: {"messageId", "clientReference"}
//! POST /quotes/v1/requests/{id}/messages  {"clientReference", "text"} -> 201 {"messageId"}
//! POST /quotes/v1/requests/{id}/withdraw  {} -> 200
//! GET  /quotes/v1/quotes?clientReference=N items: {"quoteNumber": "NQ-00000012-01", "clientReference",
//!        "status": ACTIVE|SUPERSEDED|EXPIRED, "currency", "validUntil", "configurations": [{"lineId", "description",
//!        "specification", "quantity", "skus": [{"sku", "description", "quantity", "unitPrice": "27900.00"}],
//!        "leadTime": "P21D", "warranty": "P36M", "averagePowerWatts"}], "freight": "250.00", "grandTotal", "remarks"}
//! GET  /orders/v1/orders?purchaseOrderNumber=N  items: {"orderNumber", "purchaseOrderNumber", "status":
//!        RECEIVED|CONFIRMED|CHANGED|SHIPPED|DELIVERED|CANCELLED|REJECTED, "currency", "lines": [{"lineId", "sku",
//!        "quantity", "unitPrice"}], "total", "promisedDelivery", "statusReason"}
//! POST /orders/v1/orders                  {"purchaseOrderNumber", "quoteNumber", ...} -> 201 or 202 {"orderNumber"}
//! POST /orders/v1/orders/{number}/cancel  {"reason"} -> 200, or 409 {"error": {"code", "message"}}
//! GET  /orders/v1/shipments?purchaseOrderNumber=N  items: {"shipmentNumber", "purchaseOrderNumber", "carrierCode",
//!        "trackingNumbers", "shippedAt", "estimatedDelivery", "units": [{"lineId", "productNumber", "model",
//!        "serialNumber", "iloMac"}]}
//! ```
//!
//! Prices are decimals in strings. A configuration is a list of SKUs, the base unit first; its price is their sum.

use bytes::Bytes;
use rackhand_core::mac::Mac;
use rackhand_core::purchase::money::{Currency, MAX_MINOR, Money};
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Confirmation, ConfirmedLine, Destination, MAX_ITEMS, MAX_LINES, Quote, QuoteLine, ShipNotice,
    ShippedItem,
};
use rackhand_core::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::State;
use super::wire::{self, Amount, Contents, Entry, Flaws, Grant, List, PAGE, Page, Post, Reading, Wire};
use crate::http::percent_encoded;

/// HPE's.
#[derive(Debug)]
pub(super) struct Hpe;

#[derive(Deserialize)]
struct RawPage<'a> {
    total: u64,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawQuote {
    quote_number: Text,
    client_reference: Option<Text>,
    status: Text,
    currency: Currency,
    valid_until: Option<Text>,
    configurations: Vec<RawConfiguration>,
    freight: Option<Amount>,
    grand_total: Option<Amount>,
    remarks: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawConfiguration {
    line_id: Option<u16>,
    description: Text,
    specification: Option<Text>,
    quantity: u32,
    skus: Vec<RawSku>,
    lead_time: Option<Text>,
    warranty: Option<Text>,
    average_power_watts: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSku {
    sku: Text,
    quantity: u32,
    unit_price: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrder {
    order_number: Text,
    purchase_order_number: Text,
    status: Text,
    currency: Option<Currency>,
    #[serde(default)]
    lines: Vec<RawOrderLine>,
    total: Option<Amount>,
    promised_delivery: Option<Text>,
    status_reason: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrderLine {
    line_id: Option<u16>,
    sku: Text,
    quantity: u32,
    unit_price: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawShipment {
    shipment_number: Text,
    purchase_order_number: Text,
    carrier_code: Option<Text>,
    #[serde(default)]
    tracking_numbers: Vec<Text>,
    shipped_at: Option<Text>,
    estimated_delivery: Option<Text>,
    units: Vec<RawUnit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUnit {
    line_id: Option<u16>,
    product_number: Option<Text>,
    model: Option<Text>,
    serial_number: Text,
    ilo_mac: Option<Text>,
}

impl Wire for Hpe {
    fn grant(&self) -> Grant {
        Grant { path: "/oauth2/token", basic: false }
    }

    fn list(&self, list: List<'_>, ours: &str, page: u32) -> String {
        let (path, by) = match list {
            List::Requests => ("/quotes/v1/requests".to_owned(), "clientReference"),
            List::Messages(of) => (format!("/quotes/v1/requests/{}/messages", percent_encoded(of)), "clientReference"),
            List::Quotes => ("/quotes/v1/quotes".to_owned(), "clientReference"),
            List::Orders => ("/orders/v1/orders".to_owned(), "purchaseOrderNumber"),
            List::Shipments => ("/orders/v1/shipments".to_owned(), "purchaseOrderNumber"),
        };
        format!("{path}?{by}={ours}&limit={PAGE}&offset={}", page as usize * PAGE)
    }

    fn page(&self, _: List<'_>, body: &[u8], _: u32, before: usize) -> Result<Page, String> {
        let page: RawPage<'_> = serde_json::from_slice(body).map_err(|e| format!("not a list: {e}"))?;
        let last = (before + page.items.len()) as u64 >= page.total;
        Ok(Page { rows: wire::rows(page.items), last })
    }

    fn entry(&self, list: List<'_>, row: &str) -> Result<Entry, String> {
        let (ours, reference) = match list {
            List::Requests => ("clientReference", "requestId"),
            List::Messages(_) => ("clientReference", "messageId"),
            List::Quotes => ("clientReference", "quoteNumber"),
            List::Orders => ("purchaseOrderNumber", "orderNumber"),
            List::Shipments => ("purchaseOrderNumber", "shipmentNumber"),
        };
        wire::entry(row, ours, reference, "status")
    }

    fn state(&self, list: List<'_>, word: &str) -> Option<State> {
        match (list, word) {
            (List::Requests, "OPEN" | "QUOTED") => Some(State::Open),
            (List::Orders, "RECEIVED" | "CONFIRMED" | "CHANGED" | "SHIPPED" | "DELIVERED") => Some(State::Open),
            (List::Requests, "WITHDRAWN") | (List::Orders, "CANCELLED") => Some(State::Cancelled),
            (List::Requests, "DECLINED") | (List::Orders, "REJECTED") => Some(State::Refused),
            _ => None,
        }
    }

    fn quote(&self, row: &str) -> Reading<Option<Quote>> {
        let raw: RawQuote = match serde_json::from_str(row) {
            Ok(raw) => raw,
            Err(why) => return Flaws::shapeless(List::Quotes, &why),
        };
        let mut flaws = Flaws::default();
        match raw.status.as_str() {
            "ACTIVE" => {}
            "SUPERSEDED" | "EXPIRED" => return Ok(None),
            other => flaws.note(None, "status", format!("`{other}`, and nobody told us what that means")),
        }
        if raw.configurations.is_empty() || raw.configurations.len() > MAX_LINES {
            flaws.note(None, "configurations", format!("1 to {MAX_LINES} were due"));
        }
        let of = raw.currency;
        let lines = raw.configurations.iter().take(MAX_LINES).enumerate();
        let lines = lines.map(|(n, c)| configuration(n, c, of, &mut flaws)).collect();
        let quote = Quote {
            number: raw.quote_number.clone(),
            request: raw.client_reference,
            currency: of,
            valid_until: flaws.time("validUntil", raw.valid_until.as_ref(), true),
            lines,
            freight: flaws.amount(None, "freight", raw.freight.as_ref(), of),
            total: flaws.amount(None, "grandTotal", raw.grand_total.as_ref(), of),
            note: raw.remarks,
        };
        flaws.done(raw.quote_number, Some(quote))
    }

    fn contents(&self, row: &str) -> Contents {
        let raw = serde_json::from_str::<RawOrder>(row).ok();
        raw.map_or_else(Contents::default, |raw| Contents {
            currency: raw.currency,
            parts: raw.lines.into_iter().map(|l| l.sku).collect(),
        })
    }

    fn confirmation(&self, row: &str) -> Reading<Option<Confirmation>> {
        let raw: RawOrder = match serde_json::from_str(row) {
            Ok(raw) => raw,
            Err(why) => return Flaws::shapeless(List::Orders, &why),
        };
        let mut flaws = Flaws::default();
        let verdict = match raw.status.as_str() {
            "RECEIVED" => return Ok(None),
            "CONFIRMED" | "SHIPPED" | "DELIVERED" => Accepts::Yes,
            "CHANGED" => Accepts::Changed,
            "CANCELLED" => Accepts::Cancelled,
            "REJECTED" => Accepts::No,
            other => {
                flaws.note(None, "status", format!("`{other}`, and nobody told us what that means"));
                Accepts::No
            }
        };
        if raw.lines.len() > MAX_LINES {
            flaws.note(None, "lines", format!("more than {MAX_LINES}"));
        }
        let mut lines = Vec::new();
        for (n, line) in raw.lines.iter().take(MAX_LINES).enumerate() {
            if line.unit_price.is_some() && raw.currency.is_none() {
                flaws.note(Some(n), "unitPrice", "a price without a currency");
            }
            let unit_price =
                raw.currency.and_then(|of| flaws.amount(Some(n), "unitPrice", line.unit_price.as_ref(), of));
            let part = line.sku.clone();
            lines.push(ConfirmedLine { line: line.line_id, part, quantity: line.quantity, unit_price });
        }
        let confirmation = Confirmation {
            number: raw.order_number.clone(),
            purchase: raw.purchase_order_number,
            verdict,
            lines,
            currency: raw.currency,
            total: raw.currency.and_then(|of| flaws.amount(None, "total", raw.total.as_ref(), of)),
            promised: flaws.time("promisedDelivery", raw.promised_delivery.as_ref(), false),
            note: raw.status_reason,
        };
        flaws.done(raw.order_number, Some(confirmation))
    }

    fn shipment(&self, row: &str) -> Reading<ShipNotice> {
        let raw: RawShipment = match serde_json::from_str(row) {
            Ok(raw) => raw,
            Err(why) => return Flaws::shapeless(List::Shipments, &why),
        };
        let mut flaws = Flaws::default();
        if raw.units.len() > MAX_ITEMS {
            flaws.note(None, "units", format!("more than {MAX_ITEMS}"));
        }
        let units = raw.units.into_iter().take(MAX_ITEMS).enumerate();
        let items = units.map(|(n, unit)| {
            let mac = unit.ilo_mac.map(|mac| mac.parse::<Mac>());
            let bmc_mac = mac.and_then(|mac| flaws.take(Some(n), "iloMac", mac));
            let (line, part, model) = (unit.line_id, unit.product_number, unit.model);
            wire::item(n, ShippedItem { line, part, model, serial: unit.serial_number, bmc_mac }, &mut flaws)
        });
        let items = items.collect::<Vec<ShippedItem>>();
        let notice = ShipNotice {
            number: raw.shipment_number.clone(),
            purchase: raw.purchase_order_number,
            carrier: raw.carrier_code.as_deref().and_then(Carrier::of),
            tracking: raw.tracking_numbers,
            shipped: flaws.time("shippedAt", raw.shipped_at.as_ref(), false),
            eta: flaws.time("estimatedDelivery", raw.estimated_delivery.as_ref(), false),
            items,
        };
        flaws.done(raw.shipment_number, notice)
    }

    fn post(&self, post: Post<'_>) -> (String, Bytes) {
        let (path, body) = match post {
            Post::Request(request) => {
                let configurations: Vec<Value> = request
                    .lines
                    .iter()
                    .map(|line| json!({ "lineId": line.line, "quantity": line.quantity, "requirement": line.spec }))
                    .collect();
                let body = json!({
                    "clientReference": request.number, "answerBy": request.answer_by.to_string(),
                    "currency": request.currency, "shipTo": ship_to(&request.to), "configurations": configurations,
                });
                ("/quotes/v1/requests".to_owned(), body)
            }
            Post::Message { of, chase } => {
                let body = json!({ "clientReference": chase.number, "text": chase.text });
                (format!("/quotes/v1/requests/{}/messages", percent_encoded(of)), body)
            }
            Post::Withdraw { of } => (format!("/quotes/v1/requests/{}/withdraw", percent_encoded(of)), json!({})),
            Post::Order(order) => {
                let plain = |minor: u64| Money::new(minor, order.currency).plain();
                let lines: Vec<Value> = order
                    .lines
                    .iter()
                    .map(|line| {
                        json!({
                            "lineId": line.line, "sku": line.part, "description": line.description,
                            "quantity": line.quantity, "unitPrice": plain(line.unit_price),
                        })
                    })
                    .collect();
                let body = json!({
                    "purchaseOrderNumber": order.number, "quoteNumber": order.quote,
                    "orderedAt": order.at.to_string(), "shipTo": ship_to(&order.to), "billTo": order.bill_to,
                    "currency": order.currency, "lines": lines, "freight": order.freight.map(plain),
                    "total": plain(order.total), "approvedBy": order.approved_by,
                });
                ("/orders/v1/orders".to_owned(), body)
            }
            Post::Cancel { of, reason } => {
                (format!("/orders/v1/orders/{}/cancel", percent_encoded(of)), json!({ "reason": reason }))
            }
        };
        (path, wire::json(&body))
    }

    fn made(&self, body: &[u8]) -> Option<Text> {
        let body = wire::small(body)?;
        ["requestId", "orderNumber", "messageId"].iter().find_map(|k| body[k].as_str()).map(Text::new)
    }

    fn duplicate(&self, body: &[u8]) -> bool {
        wire::small(body).is_some_and(|b| b["error"]["code"] == "DUPLICATE_REFERENCE")
    }

    fn complaint(&self, body: &[u8]) -> Option<Text> {
        let body = wire::small(body)?;
        let error = &body["error"];
        let message = error["message"].as_str()?;
        Some(Text::from(error["code"].as_str().map_or(message.to_owned(), |code| format!("{message} ({code})"))))
    }
}

fn ship_to(to: &Destination) -> Value {
    json!({ "site": to.site, "addressLines": to.address, "countryCode": to.country })
}

/// A configuration as one line: the base unit's SKU, and the sum of all for each server.
fn configuration(n: usize, raw: &RawConfiguration, of: Currency, flaws: &mut Flaws) -> QuoteLine {
    let mut unit_price = Some(0_u64);
    for sku in &raw.skus {
        let each = flaws.amount(Some(n), "skus.unitPrice", sku.unit_price.as_ref(), of);
        let all = each.and_then(|each| each.checked_mul(sku.quantity.into()));
        let sum = unit_price.zip(all).and_then(|(sum, all)| sum.checked_add(all));
        if sum.is_some_and(|sum| sum > MAX_MINOR) {
            flaws.note(Some(n), "skus.unitPrice", "larger than any order can be");
        }
        unit_price = sum;
    }
    if raw.skus.is_empty() {
        flaws.note(Some(n), "skus", "none, so nobody knows what it is");
    }
    if raw.quantity == 0 {
        flaws.note(Some(n), "quantity", "none of it");
    }
    QuoteLine {
        line: raw.line_id,
        part: raw.skus.first().map_or_else(|| Text::new(""), |base| base.sku.clone()),
        description: raw.description.clone(),
        spec: raw.specification.clone(),
        quantity: raw.quantity,
        unit_price,
        lead_days: raw.lead_time.as_ref().and_then(|t| flaws.take(Some(n), "leadTime", wire::days(t))),
        warranty_months: raw.warranty.as_ref().and_then(|t| flaws.take(Some(n), "warranty", wire::months(t))),
        watts: raw.average_power_watts,
    }
}
