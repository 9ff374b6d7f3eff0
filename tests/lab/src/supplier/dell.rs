//! Dell's partner API, as the adapter's `dell` describes it.

use hyper::{Method, StatusCode};
use rackhand_core::purchase::money::Currency;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::page::{self, minor, parameter, plain, window};
use super::{Asked, House, Message, Offer, Ordered, OrderedLine, Shipment, State, Taken, Vendor, Verdict};
use crate::faults::lock;
use crate::host::{Reply, Request};

fn quote_id(id: u32) -> String {
    (3_000_000_000 + u64::from(id)).to_string()
}

/// A quote's number for people.
pub(super) fn quote_number(id: u32, revision: u32) -> String {
    format!("{}.{revision}", quote_id(id))
}

fn error(status: StatusCode, code: &str, detail: &str) -> Reply {
    Reply::json(status, &json!({ "errors": [{ "code": code, "detail": detail }] }))
}

fn missing() -> Reply {
    error(StatusCode::NOT_FOUND, "notFound", "There is no such thing.")
}

fn taken(taken: Taken, key: &str, number: impl Fn(u32) -> String) -> Reply {
    match taken {
        Taken::New(id) => Reply::json(StatusCode::CREATED, &json!({ key: number(id) })),
        Taken::Later(_) => Reply::status(StatusCode::ACCEPTED),
        Taken::There(id) => {
            error(StatusCode::CONFLICT, "duplicateReference", &format!("It was given before, to {}.", number(id)))
        }
    }
}

fn request_id(id: u32) -> String {
    format!("rfq{id}")
}

fn order_id(id: u32) -> String {
    (400_000_000 + u64::from(id)).to_string()
}

fn note_id(id: u32) -> String {
    format!("note{id}")
}

fn of(number: &str, shape: impl Fn(u32) -> String, first: u64) -> Option<u32> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let id = u32::try_from(digits.parse::<u64>().ok()?.checked_sub(first)?).ok()?;
    (shape(id) == number).then_some(id)
}

/// Dell's API.
pub(super) fn answer(vendor: &Vendor, request: &Request, now: Timestamp) -> Reply {
    let state = &mut *lock(&vendor.state);
    if request.path == "/partner/auth/oauth/v2/token" {
        let basic = request.header("authorization").and_then(|h| h.strip_prefix("Basic ")).unwrap_or_default();
        let pair = page::unbase64(basic);
        let (client, secret) = pair.split_once(':').unwrap_or_default();
        let form = String::from_utf8_lossy(&request.body);
        return page::grant(state, &page::decoded(client), &page::decoded(secret), &form, now);
    }
    if !page::authorised(state, request, now) {
        return error(StatusCode::UNAUTHORIZED, "unauthorized", "The access token is not valid.");
    }
    let body = request.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let ours = |key: &str| parameter(&request.query, key).unwrap_or_default();
    let segments = request.segments();
    let Some(["partner", "b2b", "v3", rest @ ..]) = segments.get(..) else { return missing() };
    match (&request.method, rest) {
        (&Method::GET, ["quote-requests"]) => {
            let found = state.requests.iter().filter(|r| r.ours == ours("customerReference"));
            let rows = found.filter(|r| state.listed(r.at, now)).map(|r| asked(state, r, now)).collect();
            list(request, rows)
        }
        (&Method::POST, ["quote-requests"]) => {
            let lines = body["items"].as_array().map_or(&[][..], Vec::as_slice).iter().map(|c| {
                let number = |key: &str| c[key].as_u64().unwrap_or(0);
                let spec = c["specification"].as_str().unwrap_or_default().to_owned();
                (number("lineNumber") as u16, number("quantity") as u32, spec)
            });
            let lines = lines.collect();
            let Ok(currency) = text("currencyCode").parse() else {
                return error(StatusCode::BAD_REQUEST, "invalid", "currencyCode: not a currency");
            };
            let asked = Asked { id: 0, ours: text("customerReference"), at: now, currency, lines, withdrawn: false };
            taken(state.take_request(asked), "id", request_id)
        }
        (&Method::GET, ["quote-requests", id, "notes"]) => {
            let Some(id) = of(id, request_id, 0) else { return missing() };
            let all = state.messages.iter().enumerate();
            let found = all.filter(|(_, m)| m.of == id && m.ours == ours("customerReference"));
            let row = |(n, m): (usize, &Message)| json!({ "id": note_id(n as u32 + 1), "customerReference": m.ours, "body": m.text });
            list(request, found.map(row).collect())
        }
        (&Method::POST, ["quote-requests", id, "notes"]) => {
            let of = of(id, request_id, 0);
            let message = of.map(|of| Message { of, ours: text("customerReference"), text: text("body") });
            let done = message.and_then(|m| state.take_message(m));
            done.map_or_else(missing, |done| taken(done, "id", note_id))
        }
        (&Method::POST, ["quote-requests", id, "withdrawal"]) => {
            match of(id, request_id, 0).and_then(|id| state.withdraw(id)) {
                Some(()) => Reply::status(StatusCode::NO_CONTENT),
                None => missing(),
            }
        }
        (&Method::GET, ["quotes"]) => {
            let of = state.requests.iter().filter(|r| r.ours == ours("customerReference"));
            list(request, of.flat_map(|r| state.offered(r, now)).map(|o| quote(state, &o)).collect())
        }
        (&Method::GET, ["orders"]) => {
            let found = state.orders.iter().filter(|o| o.ours == ours("poNumber"));
            let rows = found.filter(|o| state.listed(o.at, now)).map(|o| order(state, o, now)).collect();
            list(request, rows)
        }
        (&Method::POST, ["orders"]) => match ordered(&body, now) {
            Some(order) => taken(state.take_order(House::Dell, order), "orderId", order_id),
            None => error(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "currencyCode: not a currency"),
        },
        (&Method::POST, ["orders", id, "cancellation"]) => {
            let id = of(id, order_id, 400_000_000);
            match id.and_then(|id| state.cancel(House::Dell, id, &text("reason"), now)) {
                Some(Ok(())) => Reply::json(StatusCode::OK, &json!({ "state": "cancelled" })),
                Some(Err(words)) => error(StatusCode::CONFLICT, "notCancellable", &words),
                None => missing(),
            }
        }
        (&Method::GET, ["shipments"]) => {
            let of = state.orders.iter().filter(|o| o.ours == ours("poNumber"));
            let all = of.flat_map(|o| state.shipped(House::Dell, o, now));
            list(request, all.map(|s| shipment(state, &s)).collect())
        }
        _ => missing(),
    }
}

fn list(request: &Request, rows: Vec<Value>) -> Reply {
    let number = |key: &str| parameter(&request.query, key).and_then(|n| n.parse::<usize>().ok());
    let (page, size) = (number("page").unwrap_or(1).max(1), number("pageSize").unwrap_or(20).max(1));
    let data = window(&rows, (page - 1) * size, size);
    let body = json!({ "pageNumber": page, "totalPages": rows.len().div_ceil(size), "data": data });
    page::text(StatusCode::OK, bare(&body))
}

/// An amount that [`bare`] makes a JSON number of.
fn number(minor: u64, of: Currency) -> String {
    format!("#{}#", plain(minor, of))
}

/// The JSON with amounts as numbers, every decimal kept.
fn bare(body: &Value) -> String {
    body.to_string().replace("\"#", "").replace("#\"", "")
}

fn asked(state: &State, asked: &Asked, now: Timestamp) -> Value {
    let word = match () {
        () if asked.withdrawn => "withdrawn",
        () if state.manner.declines.is_some() => "noBid",
        () if !state.offered(asked, now).is_empty() => "quoted",
        () => "open",
    };
    json!({ "id": request_id(asked.id), "customerReference": asked.ours, "state": word })
}

fn quote(state: &State, offer: &Offer) -> Value {
    let of = offer.currency;
    let items = offer.lines.iter().map(|line| {
        json!({
            "lineNumber": line.line, "orderCode": format!("PE-R760-{:03}", line.line),
            "description": "Dell PowerEdge R760", "specification": line.priced.spec, "quantity": line.quantity,
            "unitPrice": number(line.priced.total(), of), "estimatedDeliveryDays": state.manner.book.lead_days,
            "warrantyMonths": state.manner.book.warranty_months, "typicalWatts": line.priced.watts,
        })
    });
    json!({
        "quoteId": quote_id(offer.id), "version": offer.revision, "customerReference": offer.ours,
        "state": if offer.superseded { "replaced" } else { "valid" }, "currencyCode": of,
        "expiresOn": offer.until.to_string()[..10], "items": items.collect::<Vec<_>>(),
        "shippingCost": number(offer.freight, of), "totalAmount": number(offer.total, of), "comments": null,
    })
}

fn ordered(body: &Value, now: Timestamp) -> Option<Ordered> {
    let currency = body["currencyCode"].as_str()?.parse().ok()?;
    let amount = |v: &Value| v.as_f64().map_or(0, |_| minor(&v.to_string(), currency));
    let lines = body["items"].as_array()?.iter().map(|line| OrderedLine {
        line: line["lineNumber"].as_u64().unwrap_or(0) as u16,
        part: line["orderCode"].as_str().unwrap_or_default().to_owned(),
        quantity: line["quantity"].as_u64().unwrap_or(0) as u32,
        unit_price: amount(&line["unitPrice"]),
    });
    Some(Ordered {
        id: 0,
        ours: body["poNumber"].as_str()?.to_owned(),
        at: now,
        quote: format!("{}.{}", body["quoteId"].as_str()?, body["quoteVersion"].as_u64()?),
        currency,
        lines: lines.collect(),
        freight: amount(&body["shippingCost"]),
        total: amount(&body["totalAmount"]),
        cancelled: None,
        servers: Vec::new(),
    })
}

fn order(state: &State, order: &Ordered, now: Timestamp) -> Value {
    let of = order.currency;
    let (word, reason) = match state.verdict(House::Dell, order, now) {
        None => ("new", None),
        Some(Verdict::Confirmed) => ("accepted", None),
        Some(Verdict::Changed) => ("acceptedWithChanges", Some("prices have changed".to_owned())),
        Some(Verdict::Rejected) => ("declined", state.manner.rejects.clone()),
        Some(Verdict::Cancelled) => ("cancelled", order.cancelled.clone()),
        Some(Verdict::Shipped) => ("shipped", None),
    };
    let items = order.lines.iter().map(|line| {
        json!({ "lineNumber": line.line, "orderCode": line.part, "quantity": line.quantity,
            "unitPrice": number(state.confirmed_price(line.unit_price), of) })
    });
    json!({
        "orderId": order_id(order.id), "poNumber": order.ours, "state": word, "currencyCode": of,
        "items": items.collect::<Vec<_>>(), "totalAmount": number(state.confirmed_total(order), of),
        "estimatedDeliveryDate": state.promised(order).to_string()[..10], "stateReason": reason,
    })
}

fn shipment(state: &State, shipment: &Shipment) -> Value {
    let assets = shipment.servers.iter().map(|(line, made)| {
        let mac = made.bmc_mac.to_string().to_lowercase();
        json!({ "lineNumber": line, "orderCode": format!("PE-R760-{line:03}"), "model": made.model,
            "serviceTag": made.serial, "idracMac": mac })
    });
    json!({
        "shipmentId": format!("{}-{}", order_id(shipment.order), shipment.part), "poNumber": shipment.ours,
        "carrier": state.manner.carrier, "waybills": [shipment.tracking], "shipDate": shipment.at.to_string(),
        "estimatedDeliveryDate": shipment.eta.to_string()[..10], "assets": assets.collect::<Vec<_>>(),
    })
}
