//! Answers: JSON and text, errors as one sentence.

use std::io;

use bytes::Bytes;
use futures::stream::BoxStream;
use http_body_util::{Either, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::text::Text;

/// A short body, or one that comes in pieces.
pub(super) type Body = Either<Full<Bytes>, StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>>;

/// An answer.
pub(super) type Answered = Response<Body>;

/// The ledger's refusal as HTTP tells it.
pub(super) fn refused(refusal: &Refusal) -> Answered {
    let status = match refusal.why {
        Why::NotFound => StatusCode::NOT_FOUND,
        Why::NotAllowed => StatusCode::UNAUTHORIZED,
        Why::Conflict => StatusCode::CONFLICT,
        Why::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    if status == StatusCode::SERVICE_UNAVAILABLE { busy(&refusal.text) } else { error(status, &refusal.text) }
}

/// Not now; in a few seconds.
pub(super) fn busy(what: &str) -> Answered {
    let mut answer = error(StatusCode::SERVICE_UNAVAILABLE, what);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    answer
}

pub(super) fn error(status: StatusCode, what: &str) -> Answered {
    json(status, serde_json::json!({ "error": Text::new(what) }).to_string())
}

pub(super) fn json(status: StatusCode, body: String) -> Answered {
    with_type(status, body, "application/json")
}

pub(super) fn text(status: StatusCode, body: String) -> Answered {
    with_type(status, body, "text/plain; charset=utf-8")
}

/// A cXML document. Whatever it says, HTTP's own status is 200 (cXML User's Guide, *Protocol specification*).
pub(super) fn cxml(body: String) -> Answered {
    with_type(StatusCode::OK, body, "text/xml; charset=UTF-8")
}

fn with_type(status: StatusCode, body: String, kind: &'static str) -> Answered {
    let mut answer = empty(status);
    *answer.body_mut() = Either::Left(Full::new(Bytes::from(body)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answered {
    let mut answer = Response::new(Either::Left(Full::default()));
    *answer.status_mut() = status;
    answer
}
