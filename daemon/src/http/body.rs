//! Bodies that come in: JSON, bounded in size, depth and time, with the place of what is wrong.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use serde::de::DeserializeOwned;

use super::PATIENCE;
use super::answer::{Answered, error};
use super::place::place;

/// Octets of a body at the most.
const MAX_BODY: usize = 1 << 20;
/// Nesting of a body's JSON at the most.
const MAX_DEPTH: usize = 16;

/// The token a request shows.
pub(super) fn bearer<T>(request: &Request<T>) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Reads a body of JSON whole. It has [`PATIENCE`] to come.
pub(super) async fn collect(request: Request<Incoming>) -> Result<Bytes, Answered> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json"));
    }
    whole(request, MAX_BODY).await
}

/// Reads a body whole, of so many octets at the most. It has [`PATIENCE`] to come.
pub(super) async fn whole(request: Request<Incoming>, most: usize) -> Result<Bytes, Answered> {
    match tokio::time::timeout(PATIENCE, Limited::new(request.into_body(), most).collect()).await {
        Err(_) => Err(error(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        Ok(Err(e)) if e.is::<http_body_util::LengthLimitError>() => {
            Err(error(StatusCode::PAYLOAD_TOO_LARGE, &format!("a body has at most {} MiB", most >> 20)))
        }
        Ok(Err(_)) => Err(error(StatusCode::BAD_REQUEST, "the body broke off")),
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
    }
}

/// Decodes a whole body, or says where it is wrong: `nics[1].mac: not a MAC address ...`.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    if rackhand_adapters::http::nesting(body) > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    serde_json::from_slice(body).map_err(|e| {
        let at = place(body, &e);
        let what = e.to_string();
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
        format!("{at}{what}")
    })
}
