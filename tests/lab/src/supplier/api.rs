//! A vendor's partner API, as the adapter's `partner` describes it. Rows are written here by that description, not by the
//! adapter's writers; what differs between vendors is in `house`.

use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::login::{self, decoded, parameter};
use super::{Asked, House, Message, Offer, Ordered, OrderedLine, Shipment, State, Vendor, Verdict};
use crate::faults::lock;
use crate::host::{Reply, Request};

/// The API.
pub(super) fn answer(vendor: &Vendor, request: &Request, now: Timestamp) -> Reply {
    let (house, state) = (vendor.house, &mut *lock(&vendor.state));
    let missing = || house.problem(StatusCode::NOT_FOUND, "not_found", "There is no such thing.");
    if request.path == "/partner/oauth2/token" {
        return login::grant(house, state, request, now);
    }
    if !login::authorised(state, request, now) {
        return house.problem(StatusCode::UNAUTHORIZED, "invalid_token", "The access token is not valid.");
    }
    let body = request.json();
    let ours = parameter(&request.query, "buyer_ref").unwrap_or_default();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let segments: Vec<String> = request.segments().into_iter().map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some(["partner", rest @ ..]) = segments.get(..) else { return missing() };
    match (&request.method, rest) {
        (&Method::GET, ["quote-requests"]) => {
            let found = state.requests.iter().filter(|r| r.ours == ours && state.listed(r.at, now));
            list(house, request, found.map(|r| asked(house, state, r, now)).collect())
        }
        (&Method::POST, ["quote-requests"]) => match requested(&body, now) {
            Ok(asked) => house.taken(state.take_request(asked), |id| house.request(id)),
            Err(what) => house.problem(StatusCode::BAD_REQUEST, "invalid", what),
        },
        (&Method::POST, ["orders"]) => match ordered(&body, now) {
            Ok(order) => house.taken(state.take_order(house, order), |id| house.order(id)),
            Err(what) => house.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid", what),
        },
        (method, ["quote-requests", of, rest @ ..]) => {
            let Some(of) = state.requests.iter().map(|r| r.id).find(|id| house.request(*id) == *of) else {
                return missing();
            };
            match (method, rest) {
                (&Method::GET, ["messages"]) => {
                    let all = state.messages.iter().zip(1..).filter(|(m, _)| m.of == of && m.ours == ours);
                    let row = |(m, n): (&Message, u32)| json!({ "ref": house.message(n), "buyer_ref": m.ours, "text": m.text });
                    list(house, request, all.map(row).collect())
                }
                (&Method::POST, ["messages"]) => {
                    let done = state.take_message(Message { of, ours: text("buyer_ref"), text: text("text") });
                    done.map_or_else(missing, |done| house.taken(done, |id| house.message(id)))
                }
                (&Method::POST, ["withdrawal"]) => state.withdraw(of).map_or_else(missing, |()| house.done()),
                _ => missing(),
            }
        }
        (&Method::GET, ["quotes"]) => {
            let of = state.requests.iter().filter(|r| r.ours == ours).flat_map(|r| state.offered(r, now));
            list(house, request, of.map(|offer| quote(house, state, &offer)).collect())
        }
        (&Method::GET, ["orders"]) => {
            let found = state.orders.iter().filter(|o| o.ours == ours && state.listed(o.at, now));
            list(house, request, found.map(|o| order(house, state, o, now)).collect())
        }
        (&Method::POST, ["orders", of, "cancellation"]) => {
            let of = state.orders.iter().map(|o| o.id).find(|id| house.order(*id) == *of);
            match of.and_then(|id| state.cancel(house, id, &text("reason"), now)) {
                Some(Ok(())) => house.done(),
                Some(Err(words)) => house.problem(StatusCode::CONFLICT, "not_cancellable", &words),
                None => missing(),
            }
        }
        (&Method::GET, ["shipments"]) => {
            let of = state.orders.iter().filter(|o| o.ours == ours);
            let all = of.flat_map(|o| state.shipped(house, o, now));
            list(house, request, all.map(|s| shipment(house, state, &s)).collect())
        }
        _ => missing(),
    }
}

fn list(house: House, request: &Request, rows: Vec<Value>) -> Reply {
    let number = |key: &str| parameter(&request.query, key).and_then(|n| n.parse::<usize>().ok());
    let (from, most) = (number("offset").unwrap_or(0), number("limit").unwrap_or(20).min(house.page()));
    let total = rows.len();
    let items: Vec<Value> = rows.into_iter().skip(from).take(most).map(|row| house.touched(row)).collect();
    Reply::json(StatusCode::OK, &json!({ "total": total, "items": items }))
}

fn asked(house: House, state: &State, asked: &Asked, now: Timestamp) -> Value {
    let status = match () {
        () if asked.withdrawn => "withdrawn",
        () if state.manner.declines.is_some() => "declined",
        () if !state.offered(asked, now).is_empty() => "quoted",
        () => "open",
    };
    json!({ "ref": house.request(asked.id), "buyer_ref": asked.ours, "status": status })
}

fn quote(house: House, state: &State, offer: &Offer) -> Value {
    let book = &state.manner.book;
    let lines = offer.lines.iter().map(|line| {
        let (part, description) = house.part(line.line);
        json!({
            "line": line.line, "part": part, "description": description, "qty": line.quantity, "status": "quoted",
            "spec": line.priced.spec, "unit_price_minor": line.priced.total(), "lead_time_days": book.lead_days,
            "warranty_months": book.warranty_months, "watts": line.priced.watts,
        })
    });
    json!({
        "kind": "quote", "ref": house.quote(offer.id, offer.revision), "buyer_ref": offer.ours,
        "status": if offer.superseded { "superseded" } else { "valid" }, "currency": offer.currency,
        "valid_until": house.date(offer.until), "lines": lines.collect::<Vec<_>>(), "freight_minor": offer.freight,
        "total_minor": offer.total, "note": null,
    })
}

fn requested(body: &Value, now: Timestamp) -> Result<Asked, &'static str> {
    if body["kind"] != "quote-request" {
        return Err("kind: a quote-request is wanted");
    }
    let currency = body["currency"].as_str().and_then(|c| c.parse().ok()).ok_or("currency: not a currency")?;
    let lines = body["lines"].as_array().ok_or("lines: there is none")?.iter().map(|line| {
        let number = |key: &str| line[key].as_u64().unwrap_or(0);
        (number("line") as u16, number("qty") as u32, line["spec"].as_str().unwrap_or_default().to_owned())
    });
    let ours = body["buyer_ref"].as_str().ok_or("buyer_ref: it is missing")?.to_owned();
    Ok(Asked { id: 0, ours, at: now, currency, lines: lines.collect(), withdrawn: false })
}

fn ordered(body: &Value, now: Timestamp) -> Result<Ordered, &'static str> {
    if body["kind"] != "purchase-order" {
        return Err("kind: a purchase-order is wanted");
    }
    let amount = |v: &Value| v.as_u64().unwrap_or(0);
    let lines = body["lines"].as_array().ok_or("lines: there is none")?.iter().map(|line| OrderedLine {
        line: amount(&line["line"]) as u16,
        part: line["part"].as_str().unwrap_or_default().to_owned(),
        quantity: amount(&line["qty"]) as u32,
        unit_price: amount(&line["unit_price_minor"]),
    });
    Ok(Ordered {
        id: 0,
        ours: body["buyer_ref"].as_str().ok_or("buyer_ref: it is missing")?.to_owned(),
        at: now,
        quote: body["parent_ref"].as_str().ok_or("parent_ref: it is missing")?.to_owned(),
        currency: body["currency"].as_str().and_then(|c| c.parse().ok()).ok_or("currency: not a currency")?,
        lines: lines.collect(),
        freight: amount(&body["freight_minor"]),
        total: amount(&body["total_minor"]),
        cancelled: None,
        servers: Vec::new(),
    })
}

fn order(house: House, state: &State, order: &Ordered, now: Timestamp) -> Value {
    let (said, note) = match state.verdict(house, order, now) {
        None => (None, None),
        Some(Verdict::Confirmed | Verdict::Shipped) => (Some("yes"), None),
        Some(Verdict::Changed) => (Some("changed"), Some("prices have changed".to_owned())),
        Some(Verdict::Rejected) => (Some("no"), state.manner.rejects.clone()),
        Some(Verdict::Cancelled) => (Some("cancelled"), order.cancelled.clone()),
    };
    let (verdict, status) = said.map_or((None, None), |said| house.word(said));
    let lines = order.lines.iter().map(|line| {
        json!({ "line": line.line, "part": line.part, "qty": line.quantity, "status": status,
            "unit_price_minor": state.confirmed_price(line.unit_price) })
    });
    json!({
        "kind": "order-status", "ref": house.order(order.id), "buyer_ref": order.ours, "verdict": verdict,
        "currency": order.currency, "lines": lines.collect::<Vec<_>>(), "total_minor": state.confirmed_total(order),
        "promised_date": state.promised(order).to_string()[..10], "note": note,
    })
}

fn shipment(house: House, state: &State, shipment: &Shipment) -> Value {
    let lines = shipment.servers.chunk_by(|(one, _), (other, _)| one == other).map(|servers| {
        let (line, first) = &servers[0];
        let units: Vec<Value> = servers.iter().map(|(_, made)| house.unit(made)).collect();
        json!({ "line": line, "part": house.part(*line).0, "qty": units.len(), "model": first.model, "units": units })
    });
    json!({
        "kind": "ship-notice", "ref": format!("{}-{}", house.order(shipment.order), shipment.part),
        "parent_ref": house.order(shipment.order), "buyer_ref": shipment.ours,
        "carrier": { "code": state.manner.carrier, "tracking": [shipment.tracking] },
        "shipped_date": shipment.at.to_string(), "promised_date": shipment.eta.to_string()[..10],
        "lines": lines.collect::<Vec<_>>(),
    })
}
