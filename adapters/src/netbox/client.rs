//! Calls to NetBox: connections that are kept, one typed answer per call, lists by our own offsets, and what release
//! answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{AUTHORIZATION, ETAG, HeaderName, HeaderValue, IF_MATCH};
use hyper::{Method, StatusCode};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::inventory::ObjectId;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::permissions::is_listed;
use super::refusal::{is_json, refusal};
use super::release::Release;
use super::wire::{Numbered, Page, Status};
use super::{Settings, Token};
use crate::http::{Answer, Call, Client, Connection, Limits, RESERVED};
use crate::port::clock::Clock;
use crate::port::dial::Dial;

/// What is encoded in a query's value: the comma NetBox reads as itself.
const VALUE: &AsciiSet = &RESERVED.remove(b',');

/// Connections kept open between calls.
const IDLE: usize = 4;
/// After this long an idle connection is not trusted with a write: the server may be closing it.
const IDLE_FOR: Duration = Duration::from_secs(10);
/// Calls in flight at once. NetBox answers a handful a second; more only queue up there.
const IN_FLIGHT: usize = 8;
/// Objects asked for in one page.
const PAGE: usize = 200;
/// After this long what an attempt has looked at is read again.
const FRESH: Duration = Duration::from_secs(10);

/// NetBox. Clones share connections and the limit on calls in flight.
#[derive(Clone)]
pub struct NetBox {
    inner: Arc<Inner>,
    /// What was read in this attempt and not written since.
    memo: Option<Arc<Mutex<Memo>>>,
}

/// Answers to reads, by URI, with when they came.
type Memo = BTreeMap<String, (Timestamp, Answer)>;

struct Inner {
    client: Client,
    settings: Settings,
    policy: Policy,
    idle: Mutex<Vec<(Timestamp, Connection)>>,
    turns: Semaphore,
    learned: Mutex<Learned>,
}

/// What its answers have told of NetBox.
#[derive(Default)]
struct Learned {
    release: Option<Release>,
    /// Whether this release refuses our GraphQL queries.
    no_graphql: bool,
}

/// How a conditional write ended.
pub(super) enum Revised<T> {
    /// It was made.
    Done(T),
    /// The object had changed since it was read; nothing was written.
    Stale,
}

/// A request as it goes out.
struct Outgoing<'a> {
    method: &'a Method,
    uri: &'a str,
    body: Option<&'a Value>,
    tag: Option<&'a HeaderValue>,
    /// Whether it changes nothing, and so may be sent twice.
    reads: bool,
}

/// Query parameters.
pub(super) type Query<'a> = &'a [(&'a str, &'a str)];

impl NetBox {
    /// NetBox at the place the settings name; what we want of it is the policy's: our sites, the statuses, the staging
    /// tenant. Nothing is sent yet.
    pub fn new(dial: Arc<dyn Dial>, clock: Clock, settings: Settings, policy: Policy) -> Self {
        let client = Client { dial, clock, limits: Limits::STANDARD, system: System::Netbox };
        let turns = Semaphore::new(IN_FLIGHT);
        let inner = Inner { client, settings, policy, idle: Mutex::default(), turns, learned: Mutex::default() };
        Self { inner: Arc::new(inner), memo: None }
    }

    /// The same for one attempt: what was just looked at is not read again before it is written. Each write forgets all.
    #[must_use]
    pub fn for_one_attempt(&self) -> Self {
        Self { inner: self.inner.clone(), memo: Some(Arc::default()) }
    }

    /// The release, from the first answer that told it.
    pub async fn release(&self) -> Result<Release, Fault> {
        if let Some(release) = self.learned().release {
            return Ok(release);
        }
        // Where a proxy keeps the header, the body tells it.
        let (status, _): (Status, _) = self.get("status/", &[]).await?;
        let release: Release = status.version.parse().map_err(|()| {
            Self::fault(Kind::Malformed, format!("status/: `{}` is no version of NetBox", status.version))
        })?;
        self.learn(release);
        Ok(release)
    }

    fn learn(&self, release: Release) {
        let mut learned = self.learned();
        if learned.release != Some(release) {
            *learned = Learned { release: Some(release), no_graphql: false };
        }
    }

    fn learned(&self) -> std::sync::MutexGuard<'_, Learned> {
        self.inner.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the release that answered has ETags.
    pub(super) fn knows_etags(&self) -> bool {
        self.learned().release.is_some_and(Release::has_cursors)
    }

    /// Whether a GraphQL query is worth a try.
    pub(super) fn may_query(&self) -> bool {
        !self.learned().no_graphql
    }

    /// Remembers that this release refuses our queries, until another release answers.
    pub(super) fn no_more_queries(&self) {
        self.learned().no_graphql = true;
    }

    /// Sends a GraphQL query. It changes nothing, so it is a read although it is posted.
    pub(super) async fn ask(&self, query: &str) -> Result<Answer, Fault> {
        let uri = format!("{}/graphql/", self.inner.settings.base.trim_end_matches('/'));
        let body = serde_json::json!({ "query": query });
        let request = Outgoing { method: &Method::POST, uri: &uri, body: Some(&body), tag: None, reads: true };
        self.send(request).await
    }

    /// How deep an answer's JSON may be nested.
    pub(super) fn depth(&self) -> usize {
        self.inner.client.limits.depth
    }

    /// Where NetBox is and how we log in.
    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// What the business wants of it.
    pub(super) fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Time.
    pub(super) fn clock(&self) -> &Clock {
        &self.inner.client.clock
    }

    /// A fault of NetBox.
    pub(super) fn fault(kind: Kind, what: impl Into<Text>) -> Fault {
        Fault::new(System::Netbox, kind, what)
    }

    /// One object, and its ETag where this release has one.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: Query<'_>,
    ) -> Result<(T, Option<HeaderValue>), Fault> {
        let answer = self.call(Method::GET, path, query, None, None).await?;
        let tag = answer.headers.get(ETAG).cloned();
        Ok((self.decode(path, &answer)?, tag))
    }

    /// One object that may be gone.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> Result<Option<T>, Fault> {
        match self.get(path, query).await {
            Ok((found, _)) => Ok(Some(found)),
            Err(fault) if fault.kind == Kind::Gone => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What a URL offers (`OPTIONS`).
    pub(super) async fn options<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let answer = self.call(Method::OPTIONS, path, &[], None, None).await?;
        self.decode(path, &answer)
    }

    /// All objects a filter finds, in order of id; more than `most` is [`Kind::Malformed`], since then the filter was
    /// ignored. The caller checks that each is one it asked for.
    pub(super) async fn list<T: DeserializeOwned + Numbered>(
        &self,
        path: &str,
        query: Query<'_>,
        most: usize,
    ) -> Result<Vec<T>, Fault> {
        let limit = PAGE.min(most.saturating_add(1)).to_string();
        let mut found: Vec<T> = Vec::new();
        loop {
            let offset = found.len().to_string();
            let mut query = query.to_vec();
            query.extend([("ordering", "id"), ("limit", limit.as_str()), ("offset", offset.as_str())]);
            let answer = self.call(Method::GET, path, &query, None, None).await?;
            let page: Page<T> = self.decode(path, &answer)?;
            let count = page.count.unwrap_or(u64::MAX);
            if count > most as u64 || page.results.len() as u64 > count {
                let what = format!("{path}: {count} objects where at most {most} can be; a filter was ignored");
                return Err(Self::fault(Kind::Malformed, what));
            }
            let done = page.results.is_empty();
            for object in page.results {
                // A row that moved between two pages comes twice; a list that does not get on is no list.
                if found.last().is_some_and(|last| last.id() >= object.id()) {
                    return Err(Self::fault(Kind::Malformed, format!("{path}: a list out of order")));
                }
                found.push(object);
            }
            if found.len() as u64 >= count {
                return Ok(found);
            }
            if done {
                // Rows went away while we read; the next look is whole.
                return Err(Self::fault(Kind::Transient, format!("{path}: the list changed while it was read")));
            }
        }
    }

    /// Makes an object, or several from a list. Without `fields`: on a write that also drops every property that it
    /// does not name, and the answer is a success all the same.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Fault> {
        let answer = self.call(Method::POST, path, &[], Some(body), None).await?;
        self.decode(path, &answer)
    }

    /// Changes an object, or several from a list.
    pub(super) async fn patch<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Fault> {
        let answer = self.call(Method::PATCH, path, &[], Some(body), None).await?;
        self.decode(path, &answer)
    }

    /// Changes several objects and counts the answer: ids that do not exist are skipped in silence.
    pub(super) async fn patch_all(&self, path: &str, body: Vec<Value>) -> Result<(), Fault> {
        let asked = body.len();
        let done: Vec<super::wire::Id> = self.patch(path, &Value::Array(body)).await?;
        if done.len() != asked {
            let what = format!("{path}: {asked} to change, {} changed; the others are gone", done.len());
            return Err(Self::fault(Kind::Gone, what));
        }
        Ok(())
    }

    /// Changes an object if it is still as its ETag says.
    pub(super) async fn patch_if<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        tag: Option<&HeaderValue>,
    ) -> Result<Revised<T>, Fault> {
        let (status, answer) = self.exchange(&Method::PATCH, path, &[], Some(body), tag).await?;
        if status == StatusCode::PRECONDITION_FAILED {
            return Ok(Revised::Stale);
        }
        let answer = Self::accepted(&Method::PATCH, path, answer)?;
        Ok(Revised::Done(self.decode(path, &answer)?))
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        query: Query<'_>,
        body: Option<&Value>,
        tag: Option<&HeaderValue>,
    ) -> Result<Answer, Fault> {
        let (_, answer) = self.exchange(&method, path, query, body, tag).await?;
        Self::accepted(&method, path, answer)
    }

    fn accepted(method: &Method, path: &str, answer: Answer) -> Result<Answer, Fault> {
        if answer.status.is_success() { Ok(answer) } else { Err(refusal(method, path, &answer)) }
    }

    pub(super) fn decode<T: DeserializeOwned>(&self, path: &str, answer: &Answer) -> Result<T, Fault> {
        let malformed = |what: String| Self::fault(Kind::Malformed, format!("{path}: {what}"));
        if !is_json(answer) {
            return Err(malformed("a page where JSON was due".to_owned())
                .advise("Check that the configured address is NetBox's and that no login page stands before it."));
        }
        let value = answer.json(self.inner.client.limits.depth).map_err(|e| malformed(e.to_string()))?;
        serde_json::from_value(value).map_err(|e| malformed(format!("not what NetBox 4.2 to 4.7 answers: {e}")))
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        query: Query<'_>,
        body: Option<&Value>,
        tag: Option<&HeaderValue>,
    ) -> Result<(StatusCode, Answer), Fault> {
        if !is_listed(method, path) {
            let what = format!("{method} {path} is not among the requests that Rackhand makes");
            return Err(Self::fault(Kind::Rejected, what).advise("This is a fault of Rackhand: report it."));
        }
        let uri = uri(&self.inner.settings.base, path, query)?;
        let reads = is_read(method);
        if let Some(answer) = self.recall(method, &uri) {
            return Ok((answer.status, answer));
        }
        let answer = self.send(Outgoing { method, uri: &uri, body, tag, reads }).await?;
        self.remember(method, uri, &answer);
        Ok((answer.status, answer))
    }

    /// What this read gave a moment ago. A write forgets everything.
    fn recall(&self, method: &Method, uri: &str) -> Option<Answer> {
        let mut memo = self.memo.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_read(method) {
            memo.clear();
        }
        let now = self.clock().now();
        let (_, answer) = memo.get(uri).filter(|(at, _)| *method == Method::GET && now.since(*at) < FRESH)?;
        Some(answer.clone())
    }

    fn remember(&self, method: &Method, uri: String, answer: &Answer) {
        let Some(memo) = self.memo.as_ref().filter(|_| *method == Method::GET && answer.status.is_success()) else {
            return;
        };
        memo.lock().unwrap_or_else(PoisonError::into_inner).insert(uri, (self.clock().now(), answer.clone()));
    }

    async fn send(&self, request: Outgoing<'_>) -> Result<Answer, Fault> {
        let Outgoing { method, uri, body, tag, reads } = request;
        let inner = &*self.inner;
        let mut headers = vec![(AUTHORIZATION, self.authorization()?)];
        headers.push((HeaderName::from_static("accept"), HeaderValue::from_static("application/json")));
        if let Some(tag) = tag {
            headers.push((IF_MATCH, tag.clone()));
        }
        let closed = |_| Self::fault(Kind::Transient, "shutting down");
        let _turn = inner.turns.acquire().await.map_err(closed)?;
        let mut kept = self.take_idle();
        loop {
            let reused = kept.is_some();
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => inner.client.connect(&inner.settings.target).await?,
            };
            let call = Call { method: method.clone(), path: uri, headers: headers.clone(), body, other: None };
            match connection.send(call).await {
                Ok(answer) => {
                    self.keep(connection);
                    let told = answer.headers.get("api-version").and_then(|v| v.to_str().ok());
                    if let Some(release) = told.and_then(|text| text.parse().ok()) {
                        self.learn(release);
                    }
                    return Ok(answer);
                }
                // A kept connection may have been closed by the other side since; nothing was sent, or nothing it
                // would matter to send twice.
                Err(fault) if reused && (fault.kind == Kind::Transient || reads && !connection.usable()) => {}
                Err(fault) if reads && fault.kind == Kind::Unknown => {
                    return Err(Fault { kind: Kind::Transient, ..fault });
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    fn take_idle(&self) -> Option<Connection> {
        let now = self.inner.client.clock.now();
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, connection)| connection.usable() && now.since(*since) < IDLE_FOR);
        idle.pop().map(|(_, connection)| connection)
    }

    fn keep(&self, connection: Connection) {
        let now = self.inner.client.clock.now();
        let mut idle = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.usable() && idle.len() < IDLE {
            idle.push((now, connection));
        }
    }

    fn authorization(&self) -> Result<HeaderValue, Fault> {
        let text = match &self.inner.settings.token {
            Token::V1(secret) => format!("Token {}", secret.reveal()),
            Token::V2(secret) => format!("Bearer {}", secret.reveal()),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Self::fault(Kind::Unauthorised, "the configured token has characters no token has")
                .advise("Give the token again, without line ends.")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Whether the method changes nothing.
pub(super) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::OPTIONS | Method::HEAD)
}

/// The path of one object, with its trailing slash: without it NetBox redirects.
pub(super) fn object(collection: &str, id: ObjectId) -> String {
    format!("{collection}{id}/")
}

fn uri(base: &str, path: &str, query: Query<'_>) -> Result<String, Fault> {
    let mut uri = format!("{}/api/{path}", base.trim_end_matches('/'));
    for (n, (key, value)) in query.iter().enumerate() {
        if value.is_empty() {
            // An empty filter value matches everything.
            return Err(NetBox::fault(Kind::Rejected, format!("{path}: nothing given for `{key}`")));
        }
        uri.push(if n == 0 { '?' } else { '&' });
        uri.push_str(key);
        uri.push('=');
        uri.extend(utf8_percent_encode(value, VALUE));
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded_and_an_empty_value_is_never_sent() {
        let found = uri("/nb/", "dcim/devices/", &[("mac_address", "94:40:C9:00:00:01"), ("q", "[a b&c]")]);
        assert_eq!(
            found.as_deref(),
            Ok("/nb/api/dcim/devices/?mac_address=94%3A40%3AC9%3A00%3A00%3A01&q=%5Ba%20b%26c%5D")
        );
        assert_eq!(uri("", "dcim/devices/", &[("name", "")]).map_err(|f| f.kind), Err(Kind::Rejected));
    }
}
