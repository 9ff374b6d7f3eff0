//! What NetBox's refusals mean. Its words, its statuses; no authentication failure of it is a 401.

use hyper::header::CONTENT_TYPE;
use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind};
use serde_json::Value;

use super::client::{NetBox, is_read};
use super::permissions::taken;
use crate::http::Answer;

/// Nesting of an error body we read.
const DEPTH: usize = 8;
/// Complaints told from one answer.
const TOLD: usize = 4;

/// Whether the body says it is JSON. 404s of unknown paths and many 500s are HTML.
pub(super) fn is_json(answer: &Answer) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|k| k.trim().eq_ignore_ascii_case("application/json"))
}

/// The fault an answer that is no success amounts to.
pub(super) fn refusal(method: &Method, path: &str, answer: &Answer) -> Fault {
    let reads = is_read(method);
    let json = if is_json(answer) { answer.json(DEPTH).ok() } else { None };
    let mut told = Vec::new();
    if let Some(body) = &json {
        complaints("", body, &mut told);
    }
    let told = if told.is_empty() { "no reason given".to_owned() } else { told.join("; ") };
    let status = answer.status;
    let what = format!("{method} {path}: {} {told}", status.as_u16());
    let fault = |kind| NetBox::fault(kind, what.as_str());
    match status {
        StatusCode::BAD_REQUEST if told.contains("Duplicate") => fault(Kind::Conflict),
        // 4.7 refuses a bulk write for an object that is gone; before that it was skipped.
        StatusCode::BAD_REQUEST if told.contains("Object with ID") && told.contains("does not exist") => {
            fault(Kind::Gone)
        }
        StatusCode::BAD_REQUEST => fault(Kind::Rejected).advise(remedy(json.as_ref())),
        // A login that is refused and a permission that is missing are both a 403; only the text tells them apart.
        StatusCode::FORBIDDEN if told.contains("permission") => forbidden(method, path, &told),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => fault(Kind::Unauthorised).advise(login(&told)),
        // A page instead of NetBox's own 404 is about the URL, not about the object: nothing is gone.
        StatusCode::NOT_FOUND if json.is_none() => fault(Kind::Rejected)
            .advise("NetBox does not know this path: check the configured address and NetBox's version (4.2 to 4.7)."),
        StatusCode::NOT_FOUND => fault(Kind::Gone),
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => fault(Kind::Conflict),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => fault(Kind::Transient),
        // A gateway that gave up on a write does not know either whether it was made.
        StatusCode::REQUEST_TIMEOUT => fault(if reads { Kind::Transient } else { Kind::Unknown }),
        _ if status.is_server_error() => fault(if reads { Kind::Transient } else { Kind::Unknown }),
        _ if status.is_redirection() => fault(Kind::Rejected)
            .advise("NetBox sent us elsewhere: check scheme, port and base path of the configured address."),
        _ => fault(Kind::Rejected),
    }
}

/// What a person grants so that this request is allowed.
fn forbidden(method: &Method, path: &str, told: &str) -> Fault {
    let Some((verb, model)) = taken(method, path) else {
        return NetBox::fault(Kind::Forbidden, format!("{method} {path}: 403 {told}"))
            .advise("Give the token's user all that `rackhand netbox check` names.");
    };
    let writes = if verb == "view" { "" } else { ", and the token write access" };
    NetBox::fault(Kind::Forbidden, format!("the token may not {verb} {model} ({method} {path}: 403 {told})")).advise(
        format!(
            "Grant the token's user `{verb}` on {model} in NetBox, for all servers' objects{writes}; then retry, or run \
             `rackhand netbox init`, which takes up all that NetBox refused."
        ),
    )
}

/// What to do about a login that is refused.
fn login(told: &str) -> &'static str {
    if told.contains("not provided") {
        "NetBox saw no token: check what stands between it and Rackhand. A v2 token (nbt_...) needs NetBox 4.5."
    } else {
        "Give Rackhand a valid token: a v1 token as it is, a v2 token as nbt_KEY.SECRET."
    }
}

/// What to do about a 400, by the field it is about.
fn remedy(body: Option<&Value>) -> &'static str {
    let Some(Value::Object(fields)) = body else { return "" };
    let has = |key: &str| fields.contains_key(key);
    if has("status") {
        "NetBox lacks this status, and only its server configuration can add it: `netbox init` prints the lines."
    } else if has("custom_fields") {
        "Run `netbox init`: it makes the custom fields that are missing."
    } else if has("tenant") {
        "Run `netbox init`, or make the tenant in NetBox."
    } else {
        ""
    }
}

/// Flattens `{"field": ["text"]}`, `{"detail": "text"}` and lists of them into `field: text`.
fn complaints(field: &str, body: &Value, out: &mut Vec<String>) {
    if out.len() >= TOLD {
        return;
    }
    match body {
        Value::String(text) if matches!(field, "" | "detail" | "__all__" | "non_field_errors" | "error") => {
            out.push(text.chars().take(300).collect());
        }
        Value::String(text) => out.push(format!("{field}: {}", text.chars().take(300).collect::<String>())),
        Value::Array(items) => items.iter().for_each(|item| complaints(field, item, out)),
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "netbox_version" | "python_version"))
            .for_each(|(key, value)| complaints(key, value, out)),
        _ => {}
    }
}
