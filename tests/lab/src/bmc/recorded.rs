//! A recorded tree of a real controller, served from memory to whoever logs in. Nothing can be changed on it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::bodies::SESSIONS;
use crate::faults::lock;
use crate::host::{Host, Reply, Request};

/// The token every login gets.
const TOKEN: &str = "recorded";

/// A tree by path, without a slash at the end.
pub struct Recorded {
    tree: BTreeMap<String, Value>,
    expands: bool,
    asked: Mutex<Vec<String>>,
    open: Mutex<u32>,
}

impl Recorded {
    /// Reads a bundle: one `{"uri": ..., "body": ...}` on each line.
    pub fn load(file: &Path) -> io::Result<Self> {
        let mut tree = BTreeMap::new();
        for line in std::fs::read_to_string(file)?.lines() {
            let mut entry: Value = serde_json::from_str(line).map_err(io::Error::other)?;
            let uri = entry["uri"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
            tree.insert(uri, entry["body"].take());
        }
        Ok(Self { tree, expands: false, asked: Mutex::default(), open: Mutex::default() })
    }

    /// The same, which fills in a collection's members where it is asked to.
    #[must_use]
    pub fn expanding(mut self) -> Self {
        self.expands = true;
        self
    }

    /// The tree.
    pub fn tree(&self) -> &BTreeMap<String, Value> {
        &self.tree
    }

    /// The paths that were read so far, in their order, each with its query.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }

    /// Sessions open now.
    pub fn sessions_open(&self) -> u32 {
        *lock(&self.open)
    }

    fn read(&self, request: &Request) -> Reply {
        let path = request.path.trim_end_matches('/');
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        lock(&self.asked).push(format!("{path}{query}"));
        // Of each collection the first page was recorded.
        if request.query.contains("skip") {
            return Reply::status(StatusCode::BAD_REQUEST);
        }
        let Some(body) = self.tree.get(path) else { return Reply::status(StatusCode::NOT_FOUND) };
        if !request.query.contains("$expand") || !self.expands {
            return Reply::json(StatusCode::OK, body);
        }
        let mut body = body.clone();
        for member in body["Members"].as_array_mut().into_iter().flatten() {
            let target = member["@odata.id"].as_str().unwrap_or_default().trim_end_matches('/');
            if let Some(whole) = self.tree.get(target) {
                *member = whole.clone();
            }
        }
        Reply::json(StatusCode::OK, &body)
    }
}

impl Host for Recorded {
    fn answer(&self, request: &Request, _now: Timestamp) -> Reply {
        let path = request.path.trim_end_matches('/');
        let logged_in = request.header("x-auth-token") == Some(TOKEN);
        match request.method {
            Method::GET if path == "/redfish/v1" || logged_in => self.read(request),
            Method::POST if path == SESSIONS => {
                *lock(&self.open) += 1;
                Reply::json(StatusCode::CREATED, &json!({ "Id": "1" }))
                    .header("x-auth-token", TOKEN)
                    .header("location", &format!("{SESSIONS}/1"))
            }
            Method::DELETE if logged_in && path.starts_with(SESSIONS) => {
                let mut open = lock(&self.open);
                *open = open.saturating_sub(1);
                Reply::status(StatusCode::NO_CONTENT)
            }
            _ if !logged_in => Reply::status(StatusCode::UNAUTHORIZED),
            _ => Reply::status(StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}
