//! One partner API's line: the token, what its statuses mean, and the pause it asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::id::SellerId;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::{Timestamp, human};
use serde::Deserialize;

use super::super::{fault, sent};
use super::{Settings, TokenAuth};
use crate::http::{Answer, Call, Client, Limits, basic, measure, percent_encoded};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// A page of quotes with a thousand lines each is far below this.
pub(super) const LIMITS: Limits = Limits { depth: 16, values: 200_000, ..Limits::STANDARD };
/// A token is not used in its last minute.
const MARGIN: Duration = Duration::from_secs(60);
/// A token is not kept longer than this, whatever is said of it.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// A token that does not say how long it lives is used this long.
const UNSAID: u64 = 300;
/// Characters of a token at most.
const MAX_TOKEN: usize = 8_192;
/// The longest pause that is taken from a vendor's word.
const MAX_PAUSE: Duration = Duration::from_secs(3600);

/// One partner API.
#[derive(Debug)]
pub(super) struct Line {
    id: SellerId,
    client: Wires,
    settings: Settings,
    learned: Mutex<Learned>,
}

/// The client, which has nothing to show.
struct Wires(Client);

impl std::fmt::Debug for Wires {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// What its answers have told.
#[derive(Debug, Default)]
struct Learned {
    token: Option<(Secret, Timestamp)>,
    not_before: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<u64>,
}

impl Line {
    pub fn new(id: SellerId, dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        let client = Wires(Client { dial, clock, limits: LIMITS, system: System::Vendor });
        Self { id, client, settings, learned: Mutex::default() }
    }

    pub fn clock(&self) -> &Clock {
        &self.client.0.clock
    }

    /// Whether an answer's JSON is within bounds, before anything parses it; `values` counts those of a list's other pages.
    pub fn bounded(answer: &Answer, values: &mut usize) -> Result<(), &'static str> {
        let size = measure(&answer.body);
        *values += size.values;
        match () {
            () if size.depth > LIMITS.depth => Err("JSON nested too deep"),
            () if *values > LIMITS.values => Err("JSON of too many values"),
            () => Ok(()),
        }
    }

    /// A GET. It changes nothing, so nothing about it is unknown.
    pub async fn read(&self, path: &str) -> Result<Answer, Fault> {
        self.send(Method::GET, path, None).await.map_err(|f| match f.kind {
            Kind::Unknown => Fault { kind: Kind::Transient, ..f },
            _ => f,
        })
    }

    /// One call with a token. An answer with any status but 401 is an answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<Bytes>) -> Result<Answer, Fault> {
        self.wait_asked_for()?;
        let path = format!("{}{path}", self.settings.base);
        let (token, fresh) = self.token().await?;
        let answer = self.once(&method, &path, body.clone(), &token).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        // It was refused unseen, so it may go out again. A token that was just given is not asked for twice.
        self.learned().token = None;
        if !fresh {
            let (token, _) = self.token().await?;
            let answer = self.once(&method, &path, body, &token).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            self.learned().token = None;
        }
        Err(self.unauthorised(format!("{method} {}: 401: {}", plain(&path), answer.excerpt())))
    }

    async fn once(&self, method: &Method, path: &str, body: Option<Bytes>, token: &Secret) -> Result<Answer, Fault> {
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
        let mut bearer = bearer.map_err(|_| self.unauthorised("the token it gave has characters no token has"))?;
        bearer.set_sensitive(true);
        let call = Call::new(method.clone(), path).header(AUTHORIZATION, bearer);
        let mut call = call.header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = body {
            call = call.body("application/json", body);
        }
        let answer = self.exchange(&self.settings.target, call).await;
        if *method == Method::GET { answer } else { answer.map_err(sent) }
    }

    async fn exchange(&self, target: &Target, call: Call<'_>) -> Result<Answer, Fault> {
        let named = |f: Fault| Fault { what: Text::from(format!("{}: {}", self.id, f.what)), ..f };
        let mut connection = self.client.0.connect(target).await.map_err(named)?;
        let answer = connection.send(call).await.map_err(named)?;
        if answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status == StatusCode::SERVICE_UNAVAILABLE {
            // Given as seconds; a date (RFC 9110, 10.2.3) is waited for by the step's own pauses.
            let told = answer.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
            if let Some(secs) = told {
                self.learned().not_before = Some(self.clock().now() + Duration::from_secs(secs).min(MAX_PAUSE));
            }
        }
        Ok(answer)
    }

    /// What a status other than success means. `words` are the vendor's.
    pub fn refusal(&self, method: &Method, path: &str, answer: &Answer, words: Option<Text>) -> Fault {
        let status = answer.status;
        let kind = match status.as_u16() {
            401 | 403 => Kind::Unauthorised,
            404 | 410 if words.is_some() => Kind::Gone,
            408 | 425 | 429 | 503 => Kind::Transient,
            500.. if *method != Method::GET => Kind::Unknown,
            500.. => Kind::Transient,
            _ => Kind::Rejected,
        };
        let told = answer.headers.get(LOCATION).and_then(|v| v.to_str().ok());
        let to = told.filter(|_| status.is_redirection()).map_or(String::new(), |to| format!(" to {to}"));
        let said = words.unwrap_or_else(|| answer.excerpt());
        let what = format!("{method} {}: {}{to}: {said}", plain(path), status.as_u16());
        let fault = fault(self.id, kind, what);
        match kind {
            Kind::Unauthorised => fault.advise("Ask the vendor which rights our API account lacks."),
            Kind::Rejected if status.is_redirection() => {
                fault.advise("Nothing is followed to another place: give the final address as the vendor's url.")
            }
            Kind::Rejected => fault.advise("Change what the vendor objects to, or order by another way."),
            _ => fault,
        }
    }

    fn unauthorised(&self, what: impl std::fmt::Display) -> Fault {
        fault(self.id, Kind::Unauthorised, what)
            .advise("Check client and secret_file of this vendor; the vendor says which of them it knows.")
    }

    fn learned(&self) -> std::sync::MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is sent in a pause the vendor asked for.
    fn wait_asked_for(&self) -> Result<(), Fault> {
        let now = self.clock().now();
        match self.learned().not_before {
            Some(until) if now < until => {
                let what = format!("asked us to wait, for {} more", human(until.since(now)));
                Err(fault(self.id, Kind::Transient, what))
            }
            _ => Ok(()),
        }
    }

    /// The token, and whether it was asked for just now.
    async fn token(&self) -> Result<(Secret, bool), Fault> {
        let now = self.clock().now();
        let kept = self.learned().token.clone();
        match kept {
            Some((token, until)) if now < until => Ok((token, false)),
            // Two callers at once get one each, which harms nobody.
            _ => self.log_in().await.map(|token| (token, true)),
        }
    }

    /// A fresh token.
    pub async fn log_in(&self) -> Result<Secret, Fault> {
        let settings = &self.settings;
        let usual = (settings.target.clone(), format!("{}/oauth2/token", settings.base));
        let (target, path) = settings.token.clone().unwrap_or(usual);
        let (client, secret) =
            (percent_encoded(&settings.client), Secret::new(percent_encoded(settings.secret.reveal())));
        let mut form = "grant_type=client_credentials".to_owned();
        let mut call = Call::new(Method::POST, &path);
        if settings.token_auth == TokenAuth::Basic {
            let pair = basic(&client, &secret);
            let header = HeaderValue::from_str(&format!("Basic {}", pair.reveal()));
            let mut header = header.map_err(|_| self.unauthorised("its name or secret is no text"))?;
            header.set_sensitive(true);
            call = call.header(AUTHORIZATION, header);
        } else {
            form.push_str(&format!("&client_id={client}&client_secret={}", secret.reveal()));
        }
        let call = call.header(ACCEPT, HeaderValue::from_static("application/json"));
        let call = call.body("application/x-www-form-urlencoded", form.into());
        // Asking for a token orders nothing: what is unknown of it may be asked again.
        let answer = self.exchange(&target, call).await.map_err(|f| match f.kind {
            Kind::Unknown => Fault { kind: Kind::Transient, ..f },
            _ => f,
        })?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                // What it says may repeat what we sent; its error code (RFC 6749, 5.2) does not.
                let code = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
                let code = code.and_then(|v| v["error"].as_str().map(|e| e.chars().take(40).collect::<String>()));
                let said = code.unwrap_or_else(|| "no reason".to_owned());
                return Err(self.unauthorised(format!("no token: {}: {said}", answer.status.as_u16())));
            }
            status => {
                let refused = self.refusal(&Method::GET, &path, &answer, Some(Text::new("no token")));
                let kind = if status == StatusCode::NOT_FOUND { Kind::Rejected } else { refused.kind };
                return Err(Fault { kind, ..refused });
            }
        }
        let malformed = |what: &str| fault(self.id, Kind::Malformed, format!("token: {what}"));
        Self::bounded(&answer, &mut 0).map_err(malformed)?;
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| malformed("not a token"))?;
        let bearer = granted.token_type.is_none_or(|t| t.eq_ignore_ascii_case("bearer"));
        let visible = granted.access_token.bytes().all(|b| b.is_ascii_graphic());
        if !bearer || !visible || granted.access_token.is_empty() || granted.access_token.len() > MAX_TOKEN {
            return Err(malformed("not a bearer's token"));
        }
        let token = Secret::new(granted.access_token);
        let life = Duration::from_secs(granted.expires_in.unwrap_or(UNSAID)).min(LONGEST);
        let until = self.clock().now() + life.saturating_sub(MARGIN);
        self.learned().token = Some((token.clone(), until));
        Ok(token)
    }
}

/// A path without its query.
fn plain(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}
