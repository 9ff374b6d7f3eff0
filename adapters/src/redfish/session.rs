//! A login: opened once, closed in every exit path, also when the caller goes away in the middle.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::LOCATION;
use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::text::Text;
use serde_json::json;
use tokio::sync::oneshot;

use super::Credentials;
use super::client::{AUTH_TOKEN, Talk};
use super::line::Login;
use super::message::{lasts, messages, reason};
use super::wire::{Root, local_path, text};
use crate::http::{Answer, Limits};

/// Where sessions are opened when the root does not say.
const STANDARD_SESSIONS: &str = "/redfish/v1/SessionService/Sessions";

/// To close a session; shorter than for a call, since its result is already known.
const CLOSING: Duration = Duration::from_secs(10);

/// A session and the conversation it is used on. Who talks to the controller at the same time shares it; the last one
/// closes it. Dropping it closes in a task of its own.
pub(super) struct Session {
    pub(super) talk: Talk,
    login: Option<Arc<Login>>,
}

impl Session {
    /// Logs in, once: a refused login is never repeated, neither in another way (Basic), since BMCs lock accounts.
    /// A login whose answer is lost leaves a session that only the controller's own timeout can end.
    pub(super) async fn open(talk: Talk, root: &Root, credentials: &Credentials) -> Result<Self, Fault> {
        let path = root.sessions.clone().unwrap_or_else(|| STANDARD_SESSIONS.to_owned());
        let credentials = credentials.clone();
        let unfinished = talk.lines.unfinished();
        let (wanted, _caller) = oneshot::channel();
        // In a task of its own, so that a caller who goes away meanwhile leaves a session that is dropped, not lost.
        let opening = tokio::spawn(async move {
            let opened = Self::join_or_log_in(talk, path, credentials, wanted).await;
            drop(unfinished);
            opened
        });
        let Ok(opened) = opening.await else {
            return Err(Fault::new(rackhand_core::fault::System::Bmc, Kind::Transient, "login was interrupted"));
        };
        opened
    }

    async fn join_or_log_in(
        mut talk: Talk,
        path: String,
        credentials: Credentials,
        wanted: oneshot::Sender<()>,
    ) -> Result<Self, Fault> {
        let line = Arc::clone(&talk.line);
        let _door = line.door.lock().await;
        // Who waited long may have gone; no session is opened for nobody.
        if wanted.is_closed() {
            return Err(talk.fault(Kind::Transient, "the caller went away before the login"));
        }
        let login = match line.shared_login(&credentials, talk.certificate) {
            Some(login) => login,
            None => {
                // Who came first may have been refused meanwhile.
                if let Some(fault) = line.refusal(&credentials) {
                    return Err(fault);
                }
                let opened = Self::log_in(&mut talk, &path, &credentials).await;
                if let Err(fault) = &opened
                    && fault.kind == Kind::Unauthorised
                {
                    line.refuse(&credentials, fault);
                }
                let login = Arc::new(opened?);
                line.offer(&login);
                login
            }
        };
        talk.token = Some(login.token.clone());
        Ok(Self { talk, login: Some(login) })
    }

    async fn log_in(talk: &mut Talk, path: &str, credentials: &Credentials) -> Result<Login, Fault> {
        let body = json!({ "UserName": credentials.user.as_str(), "Password": credentials.password.reveal() });
        let answer = talk.send(&Method::POST, path, Some(&body), None).await.map_err(nothing_done)?;
        if !matches!(answer.status, StatusCode::OK | StatusCode::CREATED) {
            return Err(refused_login(talk, path, &answer));
        }
        let mut token = answer
            .headers
            .get(AUTH_TOKEN)
            .cloned()
            .ok_or_else(|| talk.fault(Kind::Malformed, "the login's answer has no X-Auth-Token"))?;
        token.set_sensitive(true);
        let location = session_location(&answer, &talk.client.limits)
            .ok_or_else(|| talk.fault(Kind::Malformed, "the login's answer does not name the session"))?;
        Ok(Login::new(credentials, talk.certificate, token, location))
    }

    /// Closes the session, if nobody else uses it, and waits for that; the outcome changes nothing for the caller.
    pub(super) async fn close(mut self) {
        if let Some(closing) = self.closing() {
            drop(tokio::spawn(closing).await);
        }
    }

    fn closing(&mut self) -> Option<impl Future<Output = ()> + use<>> {
        let login = Arc::into_inner(self.login.take()?)?;
        let spent = self.talk.again();
        let talk = std::mem::replace(&mut self.talk, spent);
        let unfinished = talk.lines.unfinished();
        Some(async move {
            end(login, talk).await;
            drop(unfinished);
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let (Some(closing), Ok(runtime)) = (self.closing(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(closing);
        }
    }
}

/// Asks twice at most: the first time may meet a connection that is no longer good.
pub(super) async fn end(login: Login, mut talk: Talk) {
    let limits = Limits { answer: CLOSING, ..talk.client.limits };
    talk.client = crate::http::Client { limits, ..talk.client.clone() };
    talk.token = Some(login.token.clone());
    let line = Arc::clone(&talk.line);
    let _door = line.door.lock().await;
    for _ in 0..2 {
        match talk.send(&Method::DELETE, &login.location, None, None).await {
            Ok(answer) if !answer.status.is_server_error() => return,
            Ok(answer) => tracing::debug!(host = %talk.target.host, status = %answer.status, "session not closed"),
            Err(fault) => tracing::debug!(host = %talk.target.host, %fault, "session not closed"),
        }
    }
    tracing::warn!(host = %talk.target.host, "a BMC session was left to its timeout");
}

/// Where the session can be deleted. Only the path is used, whatever host a `Location` names.
fn session_location(answer: &Answer, limits: &Limits) -> Option<String> {
    let header = answer.headers.get(LOCATION).and_then(|v| v.to_str().ok());
    let path = |raw: &str| {
        let rest = raw.strip_prefix("https://").or_else(|| raw.strip_prefix("http://"));
        local_path(rest.map_or(Some(raw), |r| r.find('/').map(|at| &r[at..]))?)
    };
    header.and_then(path).or_else(|| local_path(&text(&answer.json_within(limits).ok()?, &["@odata.id"])?))
}

/// A login that was lost did none of what the caller wanted: it may be tried again later.
fn nothing_done(fault: Fault) -> Fault {
    if fault.kind == Kind::Unknown { Fault { kind: Kind::Transient, ..fault } } else { fault }
}

/// Says why a login was refused. Of the answer only message ids are used: its text may repeat what we sent.
fn refused_login(talk: &Talk, path: &str, answer: &Answer) -> Fault {
    let mut said = answer.json_within(&talk.client.limits).map(|b| messages(&b)).unwrap_or_default();
    for message in &mut said {
        (message.said, message.args) = (None, Vec::new());
    }
    let lasts = lasts(&said);
    let (meant, why) = reason(&said).map_or((None, Text::new("no reason given")), |(kind, why)| (kind, why));
    let kind = match (answer.status.as_u16(), meant) {
        (401 | 403, _) | (_, Some(Kind::Unauthorised)) => Kind::Unauthorised,
        (408 | 409 | 423 | 425 | 429 | 500..=599, _) | (_, Some(Kind::Transient)) => Kind::Transient,
        _ => Kind::Rejected,
    };
    let said = said.first().map_or(String::new(), |m| format!(" ({})", m.id));
    let why = match answer.status.as_u16() {
        // Some say to a wrong password what they say to a session that has ended.
        401 | 403 if meant != Some(Kind::Unauthorised) => format!("user name or password is wrong{said}"),
        404 | 405 | 410 => format!("it has no session service at {path}{said}"),
        _ => why.to_string(),
    };
    let mut fault = talk.fault(kind, format!("login refused: {} {why}", answer.status.as_u16()));
    fault.lasts = lasts;
    match kind {
        Kind::Rejected if matches!(answer.status.as_u16(), 404 | 405 | 410) => {
            fault.advise("Check that Redfish is enabled on it.")
        }
        Kind::Unauthorised => fault.advise(
            "Find out the BMC's user name and password and give them again; it is not tried by itself, since BMCs \
             lock accounts.",
        ),
        _ => fault,
    }
}
