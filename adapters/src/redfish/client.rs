//! One conversation with one controller: a connection, redirects, answers turned into faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::header::{ETAG, HeaderName, HeaderValue, IF_MATCH, LOCATION};
use hyper::{Method, StatusCode};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::bmc::reading::Unread;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::text::Text;
use serde_json::Value;

use super::line::{Line, Lines};
use super::message::{Effect, Meaning, meaning, messages, reason};
use super::redact::redact;
use super::wire::local_path;
use crate::http::{Answer, Call, Client, Connection};
use crate::port::dial::{Target, Trust};

/// How often a redirect is followed.
const MAX_REDIRECTS: usize = 3;

/// The session token's header (DSP0266).
pub(super) const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// A conversation: at most one request in flight, on a connection of its line.
pub(super) struct Talk {
    pub(super) client: Client,
    pub(super) target: Target,
    pub(super) token: Option<HeaderValue>,
    pub(super) certificate: Option<Fingerprint>,
    pub(super) line: Arc<Line>,
    pub(super) lines: Lines,
    /// Set before the first request goes out that may change something.
    pub(super) changed: Arc<AtomicBool>,
    /// What a reading left out, with its reason.
    pub(super) left_out: Vec<Unread>,
}

/// What a controller said to a change that worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its status and message ids, for the journal.
    pub words: Text,
    /// The path of the task that does it, where it goes on in the background.
    pub task: Option<String>,
    /// Whether it takes effect only after a restart (of the controller or the server).
    pub needs_restart: bool,
}

/// A resource and the tag of its present state.
pub(super) struct Resource {
    pub(super) body: Value,
    pub(super) etag: Option<HeaderValue>,
}

impl Talk {
    /// Nothing is sent yet.
    pub(super) fn new(client: Client, target: Target, line: Arc<Line>, lines: Lines) -> Self {
        let changed = Arc::default();
        let left_out = Vec::new();
        Self { client, target, token: None, certificate: None, line, lines, changed, left_out }
    }

    /// Another conversation with the same controller, without a login.
    pub(super) fn again(&self) -> Self {
        Self::new(self.client.clone(), self.target.clone(), Arc::clone(&self.line), self.lines.clone())
    }

    /// A fault that names the controller.
    pub(super) fn fault(&self, kind: Kind, what: impl std::fmt::Display) -> Fault {
        self.client.fault(kind, format!("{}: {what}", self.target.host))
    }

    /// A connection of the line that nobody uses, or a new one.
    async fn connection(&mut self, new: bool) -> Result<Connection, Fault> {
        let idle = if new { None } else { self.line.idle_connection(self.target.trust) };
        let connection = match idle {
            Some(mut connection) => {
                connection.limit(self.client.limits);
                connection
            }
            None => self.client.connect(&self.target).await?,
        };
        // A later connection of the same conversation carries the token: it goes to the same certificate only.
        if let (Trust::Pin(None), Some(seen)) = (self.target.trust, connection.certificate()) {
            self.target.trust = Trust::Pin(Some(seen));
        }
        self.certificate = connection.certificate();
        Ok(connection)
    }

    /// What follows goes to who shows this certificate.
    pub(super) fn stay_with(&mut self, certificate: Option<Fingerprint>) {
        if certificate.is_some() {
            self.target.trust = Trust::Pin(certificate);
        }
        self.certificate = certificate;
    }

    /// Something goes out that may change the controller or its server.
    fn changes(&self) {
        self.changed.store(true, Ordering::Relaxed);
        self.line.changes();
    }

    /// Sends a request and follows redirects to paths of the same host. A connection that turns out to be closed
    /// before anything went out on it is replaced once.
    pub(super) async fn send(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        if_match: Option<&HeaderValue>,
    ) -> Result<Answer, Fault> {
        let mut path = path.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.send_once(method, &path, body, if_match).await?;
            if answer.status == StatusCode::UNAUTHORIZED && self.token.is_some() {
                self.line.withdraw();
            }
            if !answer.status.is_redirection() || answer.status == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            path = self.redirected(method, &path, &answer)?;
        }
        Err(self.fault(Kind::Rejected, format!("{method} {path}: redirected more than {MAX_REDIRECTS} times")))
    }

    async fn send_once(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        if_match: Option<&HeaderValue>,
    ) -> Result<Answer, Fault> {
        let line = Arc::clone(&self.line);
        // Never closed: the line lives as long as its users.
        let _place = line.places.acquire().await;
        let mut replaced = false;
        loop {
            let mut call = Call::new(method.clone(), path);
            call.body = body;
            if let Some(token) = &self.token {
                call = call.header(AUTH_TOKEN, token.clone());
            }
            if let Some(tag) = if_match {
                call = call.header(IF_MATCH, tag.clone());
            }
            let mut connection = self.connection(replaced).await?;
            match connection.send(call).await {
                Ok(answer) => {
                    line.give_back(connection);
                    return Ok(answer);
                }
                Err(fault) => {
                    // Transient is `Connection::send`'s word for "nothing went out".
                    if fault.kind == Kind::Transient && !replaced {
                        replaced = true;
                        continue;
                    }
                    let changes = *method != Method::GET;
                    let kind = if fault.kind == Kind::Unknown && !changes { Kind::Transient } else { fault.kind };
                    return Err(self.fault(kind, fault.what));
                }
            }
        }
    }

    /// Where a redirect leads, if it stays on this host. Only 307 and 308 keep a method that changes something.
    fn redirected(&self, method: &Method, path: &str, answer: &Answer) -> Result<String, Fault> {
        let keeps = matches!(answer.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        let to = answer.headers.get(LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let local = local_path(to).or_else(|| same_host(to, &self.target));
        match local {
            Some(local) if *method == Method::GET || keeps => Ok(local),
            _ => {
                let to = Text::new(to);
                Err(self.fault(Kind::Rejected, format!("{method} {path}: redirected to {to}, which is not followed")))
            }
        }
    }

    /// Reads a resource.
    pub(super) async fn get(&mut self, path: &str) -> Result<Resource, Fault> {
        let answer = self.send(&Method::GET, path, None, None).await?;
        let body = self.body(path, &answer)?;
        let in_body = body.get("@odata.etag").and_then(Value::as_str).filter(|t| !t.is_empty());
        let etag = answer.headers.get(ETAG).filter(|t| !t.is_empty()).cloned();
        let etag = etag.or_else(|| in_body.and_then(|t| HeaderValue::from_str(t).ok()));
        Ok(Resource { body, etag })
    }

    /// The body of a reading's answer, secrets taken out before anything else sees it.
    pub(super) fn body(&self, path: &str, answer: &Answer) -> Result<Value, Fault> {
        if answer.status != StatusCode::OK {
            return Err(self.refusal(&Method::GET, path, answer));
        }
        let mut body = answer
            .json_within(&self.client.limits)
            .map_err(|why| self.fault(Kind::Malformed, format!("GET {path}: {why}")))?;
        redact(&mut body);
        Ok(body)
    }

    /// Posts to an action; a receipt, or the fault.
    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Result<Receipt, Fault> {
        self.changes();
        let answer = self.send(&Method::POST, path, Some(body), None).await?;
        self.receipt(&Method::POST, path, &answer)
    }

    /// Changes a resource under the tag of the state that was read; a receipt, or the fault. On 412 nothing was done:
    /// the tag was stale, or the controller cannot compare tags it gave out itself (weak ones). So it is asked again,
    /// once with a fresh tag and once with none.
    pub(super) async fn patch(
        &mut self,
        path: &str,
        body: &Value,
        etag: Option<HeaderValue>,
    ) -> Result<Receipt, Fault> {
        self.changes();
        let mut answer = self.send(&Method::PATCH, path, Some(body), etag.as_ref()).await?;
        if answer.status == StatusCode::PRECONDITION_FAILED {
            let fresh = self.get(path).await?.etag;
            answer = self.send(&Method::PATCH, path, Some(body), fresh.as_ref()).await?;
        }
        if answer.status == StatusCode::PRECONDITION_FAILED {
            answer = self.send(&Method::PATCH, path, Some(body), None).await?;
        }
        self.receipt(&Method::PATCH, path, &answer)
    }

    /// iLO answers a change that worked with an `error` object whose message is `Success` or `ResetRequired`; a 2xx
    /// that carries only messages of failure is a refusal all the same.
    fn receipt(&self, method: &Method, path: &str, answer: &Answer) -> Result<Receipt, Fault> {
        if !answer.status.is_success() {
            return Err(self.refusal(method, path, answer));
        }
        let said = answer.json_within(&self.client.limits).map(|b| messages(&b)).unwrap_or_default();
        let meanings: Vec<_> = said.iter().map(|m| meaning(&m.id)).collect();
        if !said.is_empty() && meanings.iter().all(|m| matches!(m, Some(Meaning::Failed(..)))) {
            return Err(self.refusal(method, path, answer));
        }
        let task = answer.headers.get(LOCATION).and_then(|v| v.to_str().ok());
        let task = task.and_then(|to| local_path(to).or_else(|| same_host(to, &self.target)));
        let ids = said.iter().map(|m| m.id.clone());
        let words: Vec<String> =
            [answer.status.as_u16().to_string()].into_iter().chain(task.clone()).chain(ids).collect();
        let needs_restart = meanings.contains(&Some(Meaning::Done(Effect::AfterRestart)));
        Ok(Receipt { words: Text::from(words.join(" ")), task, needs_restart })
    }

    /// The fault an answer of refusal is.
    pub(super) fn refusal(&self, method: &Method, path: &str, answer: &Answer) -> Fault {
        let said = answer.json_within(&self.client.limits).map(|b| messages(&b)).unwrap_or_default();
        let reason = reason(&said);
        let kind = kind_of(*method != Method::GET, answer.status, reason.as_ref().and_then(|(kind, _)| *kind));
        let why = reason.map_or_else(|| Text::new(answer.status.canonical_reason().unwrap_or("refused")), |(_, t)| t);
        let fault = self.fault(kind, format!("{method} {path}: {} {why}", answer.status.as_u16()));
        match kind {
            Kind::Unauthorised => fault.advise("Give the BMC account's right credentials or privileges."),
            _ => fault,
        }
    }
}

/// Whether to try again, by status and by the message's own meaning. A server error on a change may have come after
/// it was done.
fn kind_of(changes: bool, status: StatusCode, said: Option<Kind>) -> Kind {
    match (status.as_u16(), said) {
        (500 | 502 | 504, None | Some(Kind::Transient)) if changes => Kind::Unknown,
        (_, Some(kind)) => kind,
        (408 | 409 | 412 | 423 | 425 | 429 | 500..=599, None) if status != StatusCode::NOT_IMPLEMENTED => {
            Kind::Transient
        }
        // After a login that worked, 401 is the session's end and not a wrong password.
        (401, None) => Kind::Transient,
        (403, None) => Kind::Unauthorised,
        (404 | 410, None) => Kind::Gone,
        _ => Kind::Rejected,
    }
}

/// The path of an absolute URL, if its authority is the one we talk to.
fn same_host(url: &str, target: &Target) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (authority, path) = rest.split_at(rest.find('/')?);
    let with_port = target.authority();
    let host = with_port.rsplit_once(':').map_or(with_port.as_str(), |(host, _)| host);
    (authority == with_port || authority == host).then(|| local_path(path))?
}
