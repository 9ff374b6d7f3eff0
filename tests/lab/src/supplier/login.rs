//! How a vendor's API lets us in: a token for name and secret, which one house wants in a header, the other in the form.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use percent_encoding::percent_decode_str;
use rackhand_core::time::Timestamp;
use serde_json::json;

use super::{House, State};
use crate::host::{Reply, Request};

/// Our name with every vendor of the lab.
pub const CLIENT: &str = "rackhand fra1";
/// Our secret with every vendor of the lab.
pub const SECRET: &str = "s3cret&%/=of the lab";

/// How long a token lives.
const LIFE: Duration = Duration::from_secs(3_600);

/// Gives a token to who shows name and secret.
pub(super) fn grant(house: House, state: &mut State, request: &Request, now: Timestamp) -> Reply {
    let form = String::from_utf8_lossy(&request.body);
    let (client, secret) = match house {
        House::Hpe => (parameter(&form, "client_id"), parameter(&form, "client_secret")),
        House::Dell => {
            let basic = request.header("authorization").and_then(|h| h.strip_prefix("Basic ")).unwrap_or_default();
            let pair = String::from_utf8(STANDARD.decode(basic).unwrap_or_default()).unwrap_or_default();
            pair.split_once(':').map(|(client, secret)| (decoded(client), decoded(secret))).unzip()
        }
    };
    let secret = secret.unwrap_or_default();
    if !form.contains("grant_type=client_credentials") {
        return Reply::json(StatusCode::BAD_REQUEST, &json!({ "error": "unsupported_grant_type" }));
    }
    if client.as_deref() != Some(CLIENT) || secret != SECRET {
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
