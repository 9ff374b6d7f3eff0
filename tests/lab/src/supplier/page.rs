//! What both partner APIs share: the token, the look at a request's number, amounts as text.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;
use rackhand_core::purchase::money::{self, Currency, Money};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::State;
use crate::host::{Reply, Request};

/// Our name with every vendor of the lab.
pub const CLIENT: &str = "rackhand fra1";
/// Our secret with every vendor of the lab.
pub const SECRET: &str = "s3cret&%/=of the lab";

/// How long a token lives.
const LIFE: Duration = Duration::from_secs(3_600);

/// Gives a token to who shows name and secret.
pub(super) fn grant(state: &mut State, client: &str, secret: &str, form: &str, now: Timestamp) -> Reply {
    if !form.contains("grant_type=client_credentials") {
        return Reply::json(StatusCode::BAD_REQUEST, &json!({ "error": "unsupported_grant_type" }));
    }
    if client != CLIENT || secret != SECRET {
        let description = format!("no client with `{secret}`");
        let body = json!({ "error": "invalid_client", "error_description": description });
        return Reply::json(StatusCode::UNAUTHORIZED, &body);
    }
    state.tokens_given += 1;
    let token = format!("lab-token-{}-of-a-vendor", state.tokens_given);
    state.tokens.retain(|(_, until)| now < *until);
    state.tokens.push((token.clone(), now + LIFE));
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFE.as_secs() });
    Reply::json(StatusCode::OK, &body)
}

/// Whether a request shows a token that holds.
pub(super) fn authorised(state: &State, request: &Request, now: Timestamp) -> bool {
    let shown = request.header("authorization").and_then(|h| h.strip_prefix("Bearer "));
    shown.is_some_and(|shown| state.tokens.iter().any(|(token, until)| token == shown && now < *until))
}

/// A parameter of a query or form, decoded.
pub(super) fn parameter(text: &str, key: &str) -> Option<String> {
    let value = text.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))?;
    Some(decoded(value))
}

/// Percent-decodes.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Base64 back to text; empty where it is none.
pub(super) fn unbase64(text: &str) -> String {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Rows `from` to `from + limit`.
pub(super) fn window(rows: &[Value], from: usize, limit: usize) -> Vec<Value> {
    rows.iter().skip(from).take(limit).cloned().collect()
}

/// An amount as a decimal.
pub(super) fn plain(minor: u64, of: Currency) -> String {
    Money::new(minor, of).plain()
}

/// A decimal in minor units, or 0 where it is none.
pub(super) fn minor(text: &str, of: Currency) -> u64 {
    money::minor(text, of).unwrap_or(0)
}

/// An answer whose body is this text.
pub(super) fn text(status: StatusCode, body: String) -> Reply {
    let mut reply = Reply::status(status);
    reply.headers.insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply.body = body.into();
    reply
}
