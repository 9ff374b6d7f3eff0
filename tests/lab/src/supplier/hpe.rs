//! HPE's partner API, as the adapter's `hpe` describes it.

use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::page::{self, minor, parameter, plain, window};
use super::{Asked, House, Message, Offer, Ordered, OrderedLine, Shipment, State, Taken, Vendor, Verdict};
use crate::faults::lock;
use crate::host::{Reply, Request};

/// A quote's number for people.
pub(super) fn quote_number(id: u32, revision: u32) -> String {
    format!("NQ-{id:08}-{revision:02}")
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "code": code, "message": message } }))
}

fn missing() -> Reply {
    error(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such thing.")
}

fn taken(taken: Taken, key: &str, number: impl Fn(u32) -> String) -> Reply {
    match taken {
        Taken::New(id) => Reply::json(StatusCode::CREATED, &json!({ key: number(id), "status": "OPEN" })),
        Taken::Later(_) => Reply::json(StatusCode::ACCEPTED, &json!({ "status": "ACCEPTED" })),
        Taken::There(id) => {
            let what = format!("The reference is in use by {}.", number(id));
            error(StatusCode::CONFLICT, "DUPLICATE_REFERENCE", &what)
        }
    }
}

fn request_id(id: u32) -> String {
    format!("QR-{id:06}")
}

fn order_number(id: u32) -> String {
    format!("HO{id:08}")
}

fn message_id(id: u32) -> String {
    format!("M-{id}")
}

fn of(number: &str, shape: impl Fn(u32) -> String) -> Option<u32> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|id| shape(*id) == number)
}

/// HPE's API.
pub(super) fn answer(vendor: &Vendor, request: &Request, now: Timestamp) -> Reply {
    let state = &mut *lock(&vendor.state);
    let form = String::from_utf8_lossy(&request.body).into_owned();
    if request.path == "/partner/oauth2/token" {
        let (client, secret) = (parameter(&form, "client_id"), parameter(&form, "client_secret"));
        return page::grant(state, &client.unwrap_or_default(), &secret.unwrap_or_default(), &form, now);
    }
    if !page::authorised(state, request, now) {
        return error(StatusCode::UNAUTHORIZED, "INVALID_TOKEN", "The access token is not valid.");
    }
    let body = request.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let ours = |key: &str| parameter(&request.query, key).unwrap_or_default();
    match (&request.method, &request.segments()[..]) {
        (&Method::GET, ["partner", "quotes", "v1", "requests"]) => {
            let found = state.requests.iter().filter(|r| r.ours == ours("clientReference"));
            let rows = found.filter(|r| state.listed(r.at, now)).map(|r| asked(state, r, now)).collect();
            list(request, rows)
        }
        (&Method::POST, ["partner", "quotes", "v1", "requests"]) => {
            let lines = body["configurations"].as_array().map_or(&[][..], Vec::as_slice).iter().map(|c| {
                let number = |key: &str| c[key].as_u64().unwrap_or(0);
                (number("lineId") as u16, number("quantity") as u32, c["requirement"].as_str().unwrap_or("").to_owned())
            });
            let lines = lines.collect();
            let Ok(currency) = text("currency").parse() else {
                return error(StatusCode::BAD_REQUEST, "INVALID", "currency: not a currency");
            };
            let asked = Asked { id: 0, ours: text("clientReference"), at: now, currency, lines, withdrawn: false };
            taken(state.take_request(asked), "requestId", request_id)
        }
        (&Method::GET, ["partner", "quotes", "v1", "requests", id, "messages"]) => {
            let Some(id) = of(id, request_id) else { return missing() };
            let found =
                state.messages.iter().enumerate().filter(|(_, m)| m.of == id && m.ours == ours("clientReference"));
            let row = |(n, m): (usize, &Message)| json!({ "messageId": message_id(n as u32 + 1), "clientReference": m.ours, "text": m.text });
            list(request, found.map(row).collect())
        }
        (&Method::POST, ["partner", "quotes", "v1", "requests", id, "messages"]) => {
            let message =
                of(id, request_id).map(|of| Message { of, ours: text("clientReference"), text: text("text") });
            let done = message.and_then(|m| state.take_message(m));
            done.map_or_else(missing, |done| taken(done, "messageId", message_id))
        }
        (&Method::POST, ["partner", "quotes", "v1", "requests", id, "withdraw"]) => {
            match of(id, request_id).and_then(|id| state.withdraw(id)) {
                Some(()) => Reply::json(StatusCode::OK, &json!({ "status": "WITHDRAWN" })),
                None => missing(),
            }
        }
        (&Method::GET, ["partner", "quotes", "v1", "quotes"]) => {
            let of = state.requests.iter().filter(|r| r.ours == ours("clientReference"));
            list(request, of.flat_map(|r| state.offered(r, now)).map(|o| quote(state, &o)).collect())
        }
        (&Method::GET, ["partner", "orders", "v1", "orders"]) => {
            let found = state.orders.iter().filter(|o| o.ours == ours("purchaseOrderNumber"));
            let rows = found.filter(|o| state.listed(o.at, now)).map(|o| order(state, o, now)).collect();
            list(request, rows)
        }
        (&Method::POST, ["partner", "orders", "v1", "orders"]) => match ordered(&body, now) {
            Some(order) => taken(state.take_order(House::Hpe, order), "orderNumber", order_number),
            None => error(StatusCode::UNPROCESSABLE_ENTITY, "INVALID", "currency: not a currency"),
        },
        (&Method::POST, ["partner", "orders", "v1", "orders", id, "cancel"]) => {
            let done = of(id, order_number).and_then(|id| state.cancel(House::Hpe, id, &text("reason"), now));
            match done {
                Some(Ok(())) => Reply::json(StatusCode::OK, &json!({ "status": "CANCELLED" })),
                Some(Err(words)) => error(StatusCode::CONFLICT, "NOT_CANCELLABLE", &words),
                None => missing(),
            }
        }
        (&Method::GET, ["partner", "orders", "v1", "shipments"]) => {
            let of = state.orders.iter().filter(|o| o.ours == ours("purchaseOrderNumber"));
            let all = of.flat_map(|o| state.shipped(House::Hpe, o, now));
            list(request, all.map(|s| shipment(state, &s)).collect())
        }
        _ => missing(),
    }
}

fn list(request: &Request, rows: Vec<Value>) -> Reply {
    let number = |key: &str| parameter(&request.query, key).and_then(|n| n.parse().ok());
    let items = window(&rows, number("offset").unwrap_or(0), number("limit").unwrap_or(20));
    Reply::json(StatusCode::OK, &json!({ "total": rows.len(), "items": items }))
}

fn asked(state: &State, asked: &Asked, now: Timestamp) -> Value {
    let status = match () {
        () if asked.withdrawn => "WITHDRAWN",
        () if state.manner.declines.is_some() => "DECLINED",
        () if !state.offered(asked, now).is_empty() => "QUOTED",
        () => "OPEN",
    };
    json!({ "requestId": request_id(asked.id), "clientReference": asked.ours, "status": status })
}

fn quote(state: &State, offer: &Offer) -> Value {
    let of = offer.currency;
    let configurations = offer.lines.iter().map(|line| {
        let skus = line.priced.parts.iter().map(|(part, count, each)| {
            json!({ "sku": format!("P{part}-{:03}", line.line), "description": part, "quantity": count,
                "unitPrice": plain(*each, of) })
        });
        json!({
            "lineId": line.line, "description": "HPE ProLiant DL380 Gen11", "specification": line.priced.spec,
            "quantity": line.quantity, "skus": skus.collect::<Vec<_>>(),
            "leadTime": format!("P{}D", state.manner.book.lead_days),
            "warranty": format!("P{}M", state.manner.book.warranty_months), "averagePowerWatts": line.priced.watts,
        })
    });
    json!({
        "quoteNumber": quote_number(offer.id, offer.revision), "clientReference": offer.ours,
        "status": if offer.superseded { "SUPERSEDED" } else { "ACTIVE" }, "currency": of,
        "validUntil": offer.until.to_string(), "configurations": configurations.collect::<Vec<_>>(),
        "freight": plain(offer.freight, of), "grandTotal": plain(offer.total, of), "remarks": null,
    })
}

fn ordered(body: &Value, now: Timestamp) -> Option<Ordered> {
    let currency = body["currency"].as_str()?.parse().ok()?;
    let amount = |v: &Value| v.as_str().map_or(0, |t| minor(t, currency));
    let lines = body["lines"].as_array()?.iter().map(|line| OrderedLine {
        line: line["lineId"].as_u64().unwrap_or(0) as u16,
        part: line["sku"].as_str().unwrap_or_default().to_owned(),
        quantity: line["quantity"].as_u64().unwrap_or(0) as u32,
        unit_price: amount(&line["unitPrice"]),
    });
    Some(Ordered {
        id: 0,
        ours: body["purchaseOrderNumber"].as_str()?.to_owned(),
        at: now,
        quote: body["quoteNumber"].as_str()?.to_owned(),
        currency,
        lines: lines.collect(),
        freight: amount(&body["freight"]),
        total: amount(&body["total"]),
        cancelled: None,
        servers: Vec::new(),
    })
}

fn order(state: &State, order: &Ordered, now: Timestamp) -> Value {
    let of = order.currency;
    let (status, reason) = match state.verdict(House::Hpe, order, now) {
        None => ("RECEIVED", None),
        Some(Verdict::Confirmed) => ("CONFIRMED", None),
        Some(Verdict::Changed) => ("CHANGED", Some("prices have changed".to_owned())),
        Some(Verdict::Rejected) => ("REJECTED", state.manner.rejects.clone()),
        Some(Verdict::Cancelled) => ("CANCELLED", order.cancelled.clone()),
        Some(Verdict::Shipped) => ("SHIPPED", None),
    };
    let lines = order.lines.iter().map(|line| {
        json!({ "lineId": line.line, "sku": line.part, "quantity": line.quantity,
            "unitPrice": plain(state.confirmed_price(line.unit_price), of) })
    });
    json!({
        "orderNumber": order_number(order.id), "purchaseOrderNumber": order.ours, "status": status, "currency": of,
        "lines": lines.collect::<Vec<_>>(), "total": plain(state.confirmed_total(order), of),
        "promisedDelivery": state.promised(order).to_string()[..10],
        "statusReason": reason,
    })
}

fn shipment(state: &State, shipment: &Shipment) -> Value {
    let units = shipment.servers.iter().map(|(line, made)| {
        json!({ "lineId": line, "productNumber": "P52562-B21", "model": made.model, "serialNumber": made.serial,
            "iloMac": made.bmc_mac })
    });
    json!({
        "shipmentNumber": format!("HS{:08}-{}", shipment.order, shipment.part), "purchaseOrderNumber": shipment.ours,
        "carrierCode": state.manner.carrier, "trackingNumbers": [shipment.tracking],
        "shippedAt": shipment.at.to_string(), "estimatedDelivery": shipment.eta.to_string()[..10],
        "units": units.collect::<Vec<_>>(),
    })
}
