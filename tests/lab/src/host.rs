//! What a simulated system is: a state machine that answers requests at an instant. It knows neither sockets nor tasks.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::Value;

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path, without the query.
    pub path: String,
    /// Query, as sent, without the question mark; empty where there is none.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Request {
    /// The path's parts between slashes, empty ones dropped.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|s| !s.is_empty()).collect()
    }

    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
}

/// An answer, and how long the system takes to give it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Time until the answer leaves.
    pub delay: Duration,
    /// What becomes of it on its way.
    pub fate: Fate,
}

/// What becomes of an answer on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    #[default]
    Whole,
    /// The connection is cut before the first byte of it.
    Lost,
    /// The connection is cut in the middle of its body.
    Cut,
    /// It never comes, and the connection stays open.
    Hang,
}

impl Reply {
    /// An empty answer.
    pub fn status(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), delay: Duration::ZERO, fate: Fate::Whole }
    }

    /// A JSON answer.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        let mut reply = Self::status(status);
        reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        reply.body = Bytes::from(body.to_string());
        reply
    }

    /// The same with one more header; a value that is no header is left out.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The same, later.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// What a system does with who wants to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Door {
    /// Lets it in.
    #[default]
    Open,
    /// Refuses at once: nothing listens yet.
    Refused,
    /// Says nothing.
    Silent,
}

/// A simulated system.
pub trait Host: Send + Sync {
    /// Answers one request at `now`.
    fn answer(&self, request: &Request, now: Timestamp) -> Reply;

    /// What it does with a connection at `now`.
    fn door(&self, _now: Timestamp) -> Door {
        Door::Open
    }
}
