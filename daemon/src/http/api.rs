//! The tenants' door: their own orders, and what is in stock. A token is a tenant; another's order is none at all.

mod document;
mod request;
mod tenants;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::id::{Actor, OrderId, SiteId};
use rackhand_core::order::questions::OrderQuery;
use rackhand_core::order::{OrderRequest, RequestKey};
use rackhand_core::question::{Asks, Basis, Facts};
use rackhand_core::stock::questions::FitQuery;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;
use sha2::{Digest, Sha256};

use super::answer::{Answered, busy, error, json, refused};
use super::body::{bearer, collect, decode};
use super::boot::unescape;
use super::{Http, hash, not_this_method};
use crate::ledger::Patience;
use crate::outside::informed;
use document::{Listed, Shown, fields};
use request::{Body, Fault};

pub use tenants::Tenants;

/// Where it is.
const ORDERS: &str = "/api/v1/orders";
/// Pages that are made at once.
pub(super) const PAGES: usize = 2;
/// Orders of one page at the most.
const MAX_PAGE: usize = 100;
/// Characters of a key at the most.
const MAX_KEY: usize = 100;

/// The document that describes it (OpenAPI 3.1).
const DESCRIPTION: &str = include_str!("api/openapi.json");

impl Http {
    /// Whether a path is behind this door.
    pub(super) fn is_api(path: &str) -> bool {
        matches!(path, ORDERS | "/api/v1/stock" | "/api/v1/openapi.json") || path.starts_with("/api/v1/orders/")
    }

    /// Answers a tenant.
    pub(super) async fn tenant(&self, path: &str, request: Request<Incoming>) -> Answered {
        let method = request.method().clone();
        if path == "/api/v1/openapi.json" {
            return if method == Method::GET {
                json(StatusCode::OK, DESCRIPTION.to_owned())
            } else {
                not_this_method()
            };
        }
        let tenants = &self.0.offers.tenants;
        if tenants.is_empty() {
            return error(
                StatusCode::NOT_FOUND,
                "orders are not taken here: name tenants and their tokens under [api]",
            );
        }
        // Who shows no token of ours costs one look, whatever else is wrong; a body is not read.
        let Some((place, tenant)) = tenants.of(&hash(bearer(&request).unwrap_or_default())) else {
            let mut answer = error(StatusCode::UNAUTHORIZED, "this is not the token of any tenant");
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return answer;
        };
        if let Err(pause) = tenants.admit(place, self.0.clock.now()) {
            let text = format!("more requests than this token may make: try again in {pause} s");
            let mut answer = error(StatusCode::TOO_MANY_REQUESTS, &text);
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(pause));
            return answer;
        }
        let query = request.uri().query().unwrap_or_default().to_owned();
        let number = path.strip_prefix("/api/v1/orders/");
        match (path, number, method) {
            (ORDERS, _, Method::GET) => self.orders(&tenant, &query).await,
            (ORDERS, _, Method::POST) => self.place(tenant, request).await,
            ("/api/v1/stock", _, Method::GET) => self.in_stock(&tenant, &query).await,
            (_, Some(number), Method::GET) => match self.own(&tenant, number) {
                Some(id) => self.one(&tenant, id, StatusCode::OK),
                None => no_order(number),
            },
            (_, Some(number), Method::DELETE) => match self.own(&tenant, number) {
                Some(id) => self.cancel(tenant, id).await,
                None => no_order(number),
            },
            _ => not_this_method(),
        }
    }

    /// The tenant's own orders, newest first.
    async fn orders(&self, tenant: &Text, query: &str) -> Answered {
        let number = |key: &str, default: usize, most: usize| match value(query, key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| *n <= most)
                .ok_or_else(|| Fault::new(key, format!("a whole number up to {most}"))),
        };
        let (limit, offset) = match (number("limit", 50, MAX_PAGE), number("offset", 0, usize::MAX)) {
            (Ok(limit), Ok(offset)) => (limit, offset),
            (Err(fault), _) | (_, Err(fault)) => return unclear(vec![fault]),
        };
        let state = value(query, "state").map(|s| format!("state:{s}")).unwrap_or_default();
        let query = OrderQuery { filter: state, all: true, offset, limit, ..OrderQuery::default() };
        self.ask(tenant, query, |world, now, page| {
            let rows = page.rows.iter().filter_map(|row| Some(Shown::of(world, world.order(row.id)?, now))).collect();
            answer(StatusCode::OK, &Listed { total: page.total, offset: page.offset, orders: rows })
        })
        .await
    }

    /// Asks a question as this tenant, and tells the answer.
    async fn ask<Q>(
        &self,
        tenant: &Text,
        question: Q,
        tell: impl FnOnce(&World, Timestamp, Q::Answer) -> Answered + Send + 'static,
    ) -> Answered
    where
        Q: Asks + Send + 'static,
    {
        let (world, now, ports) = (self.0.ledger.world(), self.0.clock.now(), Arc::clone(&self.0.ports));
        let (site, caller) = (self.0.offers.tenants.site.clone(), Actor::Tenant { name: tenant.clone() });
        self.apart(move || {
            let facts = Facts::new(&site, &ports.policy);
            match question.answer(&Basis { world: &world, facts: &facts, caller: &caller, now }) {
                Ok(found) => tell(&world, now, found),
                Err(refusal) => refused(&refusal),
            }
        })
        .await
    }

    /// Makes an answer that takes longer than a moment beside the threads that serve everybody.
    async fn apart(&self, make: impl FnOnce() -> Answered + Send + 'static) -> Answered {
        let Ok(place) = Arc::clone(&self.0.pages).acquire_owned().await else { return busy("the daemon is stopping") };
        let made = tokio::task::spawn_blocking(move || {
            let answer = make();
            drop(place);
            answer
        });
        made.await.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be made"))
    }

    /// The order that the tenant calls so.
    fn own(&self, tenant: &Text, number: &str) -> Option<OrderId> {
        self.0.ledger.world().by_reference(tenant, &unescape(number)).map(|o| o.id)
    }

    /// One order of the tenant's.
    fn one(&self, tenant: &Text, id: OrderId, status: StatusCode) -> Answered {
        let (world, now) = (self.0.ledger.world(), self.0.clock.now());
        let own = world.order(id).filter(|o| o.tenant == *tenant);
        match own.map(|order| Shown::of(&world, order, now)) {
            Some(placed) => answer(status, &placed),
            None => no_order(&id.to_string()),
        }
    }

    async fn place(&self, tenant: Text, request: Request<Incoming>) -> Answered {
        let key = match request.headers().get("idempotency-key").map(|k| k.to_str()) {
            None => None,
            Some(Ok(word)) if (1..=MAX_KEY).contains(&word.len()) => Some(Text::new(word)),
            Some(_) => {
                let why = format!("1 to {MAX_KEY} characters of ASCII");
                return unclear(vec![Fault::new("Idempotency-Key", why)]);
            }
        };
        let body = match collect(&self.0.known, request).await {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        let wanted: Body = match decode(&body) {
            Ok(wanted) => wanted,
            Err(what) => return error(StatusCode::UNPROCESSABLE_ENTITY, &what),
        };
        let site = self.0.offers.tenants.site.clone();
        let wanted = match wanted.check(tenant.clone(), &site) {
            Ok(wanted) => wanted,
            Err(faults) => return unclear(faults),
        };
        let key = key.map(|word| RequestKey { word, body: digest(&wanted) });
        let known = key.as_ref().and_then(|k| self.0.ledger.world().by_key(&tenant, &k.word).map(|o| o.id));
        let command = Command::Order(OrderRequest { key, ..wanted });
        let actor = Actor::Tenant { name: tenant.clone() };
        let input = informed(&self.0.ports, &self.0.gates, &self.0.ledger.world(), &actor, command).await;
        match self.0.ledger.submit(actor, Patience::Refuse, input).await {
            Ok(done) => match done.answer {
                Answer::Ordered(ordered) => {
                    let status = if known == Some(ordered.order) { StatusCode::OK } else { StatusCode::CREATED };
                    self.one(&tenant, ordered.order, status)
                }
                _ => error(StatusCode::INTERNAL_SERVER_ERROR, "the order was decided otherwise"),
            },
            Err(refusal) => refused(&refusal),
        }
    }

    async fn cancel(&self, tenant: Text, order: OrderId) -> Answered {
        let command = Command::CancelOrder { order, reason: "cancelled by its tenant".into() };
        let actor = Actor::Tenant { name: tenant.clone() };
        match self.0.ledger.submit(actor, Patience::Refuse, Input::Command(command)).await {
            Ok(_) => self.one(&tenant, order, StatusCode::OK),
            Err(refusal) if refusal.why == Why::NotFound => no_order(&order.to_string()),
            Err(refusal) => refused(&refusal),
        }
    }

    /// How many free servers would serve; which they are is not a tenant's to know.
    async fn in_stock(&self, tenant: &Text, query: &str) -> Answered {
        let Some(spec) = value(query, "spec").filter(|s| !s.trim().is_empty()) else {
            return unclear(vec![Fault::new("spec", "what is looked for, such as ?spec=2x+Xeon+Gold+6530")]);
        };
        let site = value(query, "site").map(|s| SiteId::new(&s));
        self.ask(tenant, FitQuery { spec, site }, |_, _, found| answer(StatusCode::OK, &found)).await
    }
}

/// A value of the query.
fn value(query: &str, key: &str) -> Option<Text> {
    let found = query.split('&').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key));
    found.map(|(_, v)| Text::from(unescape(v)))
}

fn answer(status: StatusCode, document: &impl serde::Serialize) -> Answered {
    match serde_json::to_string(document) {
        Ok(body) => json(status, body),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written"),
    }
}

fn unclear(faults: Vec<Fault>) -> Answered {
    answer(StatusCode::UNPROCESSABLE_ENTITY, &fields(faults))
}

/// As for an order that there is not: whether there is one of another's is not told.
fn no_order(number: &str) -> Answered {
    refused(&Refusal::new(Why::NotFound, format!("there is no order {}", Text::new(number))))
}

/// What tells one request from another: all that was asked, as it was understood by its fields, not by their order.
fn digest(request: &OrderRequest) -> Fingerprint {
    // A request of plain fields can always be written.
    let written = serde_json::to_vec(request).unwrap_or_default();
    Fingerprint(Sha256::digest(&written).into())
}
