//! Bodies that come in: JSON, bounded in size, depth and time, with the place of what is wrong.

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use serde::de::DeserializeOwned;

use super::PATIENCE;
use super::answer::{Answered, busy, error};
use super::place::place;
use crate::door::{Peer, Room, Share};

/// Octets of a body at the most.
const MAX_BODY: usize = 1 << 20;
/// Nesting of a body's JSON at the most.
const MAX_DEPTH: usize = 16;

/// The token a request shows.
pub(super) fn bearer<T>(request: &Request<T>) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// A whole body, and its share of what is held of bodies.
pub(super) struct Whole {
    octets: Vec<u8>,
    share: Share,
}

impl std::ops::Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets
    }
}

/// Reads a body of JSON whole. It has [`PATIENCE`] to come.
pub(super) async fn collect(room: &Room, request: Request<Incoming>) -> Result<Whole, Answered> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json"));
    }
    whole(room, request, MAX_BODY).await
}

/// Reads a body whole, of so many octets at the most. It has [`PATIENCE`] to come, and costs its peer what has come of it.
pub(super) async fn whole(room: &Room, request: Request<Incoming>, most: usize) -> Result<Whole, Answered> {
    let share = room.share(request.extensions().get::<Peer>().copied());
    let mut whole = Whole { octets: Vec::new(), share };
    let mut body = Limited::new(request.into_body(), most);
    let read = async {
        while let Some(frame) = body.frame().await {
            match frame {
                Err(e) if e.is::<http_body_util::LengthLimitError>() => {
                    let what = format!("a body has at most {} MiB", most >> 20);
                    return Err(error(StatusCode::PAYLOAD_TOO_LARGE, &what));
                }
                Err(_) => return Err(error(StatusCode::BAD_REQUEST, "the body broke off")),
                Ok(frame) => {
                    let Ok(piece) = frame.into_data() else { continue };
                    if !whole.share.take(piece.len()) {
                        return Err(busy("too much is being sent at once; send it again"));
                    }
                    whole.octets.extend_from_slice(&piece);
                }
            }
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Err(_) => Err(error(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        Ok(read) => read.map(|()| whole),
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
