//! GraphQL, where it helps: one query in place of many reads. Reading only, a 200 also for a query that is refused, and
//! lists that end at the server's largest page without a word. How filters are written changes between releases, so
//! whoever asks here has another way ready.

use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind};
use serde_json::Value;

use super::client::NetBox;
use super::pages::{TRIES, is_dead_worker};
use super::refusal::{is_json, refusal};

/// The path in faults.
const PATH: &str = "graphql/";

impl NetBox {
    /// The data a query gives; `None` where this NetBox does not answer it, and the other way is to be taken. A refusal
    /// of the query itself is remembered until another release answers.
    pub(super) async fn query(&self, query: &str) -> Result<Option<Value>, Fault> {
        if !self.may_query() {
            return Ok(None);
        }
        let mut tries = 0;
        let answer = loop {
            tries += 1;
            let answer = self.ask(query).await?;
            // A worker whose database connection died has a new one now.
            if answer.status != StatusCode::INTERNAL_SERVER_ERROR || tries >= TRIES {
                break answer;
            }
            let fault = refusal(&Method::GET, PATH, &answer);
            if !is_dead_worker(&fault) {
                return Err(fault);
            }
        };
        let status = answer.status;
        if status == StatusCode::NOT_FOUND || status == StatusCode::METHOD_NOT_ALLOWED || status.is_redirection() {
            // GraphQL is switched off there.
            self.no_more_queries();
            return Ok(None);
        }
        if !status.is_success() && status != StatusCode::BAD_REQUEST {
            return Err(refusal(&Method::GET, PATH, &answer));
        }
        let malformed = |what: &str| Self::fault(Kind::Malformed, format!("{PATH}: {what}"));
        if !is_json(&answer) {
            return Err(malformed("a page where JSON was due"));
        }
        let mut body = answer.json(self.depth()).map_err(|e| malformed(&e))?;
        match body.get("errors") {
            None | Some(Value::Null) => {}
            Some(Value::Array(errors)) if errors.is_empty() => {}
            Some(errors) => {
                // An error while a good query was carried out tells the place in the data; a bad query has none.
                let passing = errors.as_array().is_some_and(|all| all.iter().any(|e| e.get("path").is_some()));
                if !passing {
                    self.no_more_queries();
                }
                return Ok(None);
            }
        }
        match body.get_mut("data").map(Value::take) {
            Some(data @ Value::Object(_)) => Ok(Some(data)),
            _ => Err(malformed("neither data nor errors")),
        }
    }
}

/// A text as GraphQL writes it; JSON's form is one of GraphQL's.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
