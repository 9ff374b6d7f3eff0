//! HTTP: boot scripts out, machines' reports in. Everything a peer can stretch has a cap and a deadline.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::hardware::report::{StepReport, ValidationReport};
use rackhand_core::id::Actor;
use rackhand_core::text::Text;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::door::admit;
use crate::ledger::{Ledger, Patience};
use crate::random::Random;

/// Bytes of a report's body at the most.
const MAX_BODY: usize = 1 << 20;
/// Nesting of a report's JSON at the most.
const MAX_DEPTH: usize = 16;
/// How long a client may take to send its headers, and to send its body.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once.
const CONNECTIONS: usize = 1_024;

/// The HTTP side of the daemon.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    random: Random,
    /// Where machines reach this server, such as `http://10.0.0.5:8080`.
    base: String,
}

type Answered = Response<Full<Bytes>>;

impl Http {
    /// The server's answers; `base` is where machines reach it.
    pub fn new(ledger: Ledger, random: Random, base: String) -> Self {
        Self(Arc::new(Inner { ledger, random, base }))
    }

    /// Serves `listener` until `stop` is told.
    pub async fn listen(self, listener: TcpListener, stop: watch::Receiver<bool>) {
        let accept = |cx: &mut Context<'_>| listener.poll_accept(cx).map_ok(|(stream, _)| stream);
        admit(CONNECTIONS, stop, accept, |stream| self.clone().serve(stream)).await;
    }

    /// Serves one connection.
    pub async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, stream: S) {
        let service = service_fn(move |request| {
            let http = self.clone();
            async move { Ok::<_, Infallible>(http.answer(request).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_headers(64)
            .serve_connection(TokioIo::new(stream), service);
        // A peer that breaks off harms only itself.
        drop(served.await);
    }

    async fn answer(&self, request: Request<Incoming>) -> Answered {
        let path = request.uri().path().to_owned();
        match (request.method(), path.as_str()) {
            (&Method::GET, "/boot/ipxe") => self.boot(request.uri().query().unwrap_or_default()).await,
            (&Method::POST, "/api/v1/validation/step") => self.step(request).await,
            (&Method::POST, "/api/v1/validation/report") => self.report(request).await,
            (&Method::GET, "/healthz") => self.health(),
            (_, "/boot/ipxe" | "/api/v1/validation/step" | "/api/v1/validation/report" | "/healthz") => {
                error(StatusCode::METHOD_NOT_ALLOWED, "this method is not for this path")
            }
            _ => error(StatusCode::NOT_FOUND, "there is nothing at this path"),
        }
    }

    fn health(&self) -> Answered {
        match self.0.ledger.stopped() {
            None => text(StatusCode::OK, "ok\n".into()),
            Some(why) => error(StatusCode::SERVICE_UNAVAILABLE, &why),
        }
    }

    async fn boot(&self, query: &str) -> Answered {
        let value = |key: &str| {
            let found = query.split('&').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key));
            found.map(|(_, v)| Text::from(unescape(v)))
        };
        let Some(serial) = value("serial").filter(|s| !s.is_empty()) else {
            return error(StatusCode::UNPROCESSABLE_ENTITY, "serial is missing: chain with ?serial=${smbios/serial}");
        };
        let nic = value("mac").and_then(|m| m.parse().ok());
        let token = hex(&self.0.random.bytes::<32>());
        let input = Input::BootRequest { serial, nic, token: hash(&token) };
        match self.0.ledger.submit(Actor::Wire, Patience::Refuse, input).await {
            Ok(done) if done.answer == Answer::BootValidation => text(StatusCode::OK, self.script(&token)),
            Ok(done) => {
                let why = match &done.answer {
                    Answer::BootLocal(why) => why.clone(),
                    _ => Text::new(""),
                };
                text(StatusCode::OK, format!("#!ipxe\n# {why}\nexit\n"))
            }
            Err(refusal) => refused(&refusal),
        }
    }

    fn script(&self, token: &str) -> String {
        let base = &self.0.base;
        format!(
            "#!ipxe\nkernel {base}/boot/vmlinuz initrd=image rackhand.url={base} rackhand.token={token}\n\
             initrd --name image {base}/boot/image\nboot\n"
        )
    }

    async fn step(&self, request: Request<Incoming>) -> Answered {
        match read::<StepReport>(request).await {
            Err(answer) => answer,
            Ok((_, report)) if report.measurements.len() > 64 => {
                error(StatusCode::UNPROCESSABLE_ENTITY, "measurements: at most 64")
            }
            Ok((token, report)) => self.take(Input::StepReported(token, report)).await,
        }
    }

    async fn report(&self, request: Request<Incoming>) -> Answered {
        match read::<ValidationReport>(request).await {
            Err(answer) => answer,
            Ok((token, report)) => match report.oversized() {
                Some(field) => error(StatusCode::UNPROCESSABLE_ENTITY, &format!("{field}: more than any server has")),
                None => self.take(Input::FinalReport(token, Box::new(report))).await,
            },
        }
    }

    async fn take(&self, input: Input) -> Answered {
        match self.0.ledger.submit(Actor::Wire, Patience::Refuse, input).await {
            Ok(_) => json(StatusCode::OK, "{\"taken\":true}".to_owned()),
            Err(refusal) => refused(&refusal),
        }
    }
}

/// An in-memory way to this server, for the lab.
impl Dial for Http {
    fn dial<'a>(&'a self, _target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.clone().serve(theirs));
        Box::pin(async move { Ok(Connected { stream: Box::pin(ours), certificate: None }) })
    }
}

/// Reads token and body of a report.
async fn read<T: DeserializeOwned>(request: Request<Incoming>) -> Result<(Fingerprint, T), Answered> {
    let unauthorised = || error(StatusCode::UNAUTHORIZED, "this token is not valid for any boot");
    let header = request.headers().get(AUTHORIZATION).and_then(|h| h.to_str().ok());
    let token = header.and_then(|h| h.strip_prefix("Bearer ")).filter(|t| t.len() == 64).ok_or_else(unauthorised)?;
    let token = hash(token);
    let body = tokio::time::timeout(PATIENCE, Limited::new(request.into_body(), MAX_BODY).collect()).await;
    let body = match body {
        Err(_) => return Err(error(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        Ok(Err(e)) if e.is::<http_body_util::LengthLimitError>() => {
            return Err(error(StatusCode::PAYLOAD_TOO_LARGE, "a report has at most 1 MiB"));
        }
        Ok(Err(_)) => return Err(error(StatusCode::BAD_REQUEST, "the body broke off")),
        Ok(Ok(whole)) => whole.to_bytes(),
    };
    decode(&body).map(|report| (token, report)).map_err(|what| error(StatusCode::UNPROCESSABLE_ENTITY, &what))
}

/// Decodes a report's body; else says why not.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    if rackhand_adapters::http::nesting(body) > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    serde_json::from_slice(body).map_err(|e| e.to_string())
}

fn refused(refusal: &Refusal) -> Answered {
    let status = match refusal.why {
        Why::NotFound => StatusCode::NOT_FOUND,
        Why::NotAllowed => StatusCode::UNAUTHORIZED,
        Why::Conflict => StatusCode::CONFLICT,
        Why::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Why::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut answer = error(status, &refusal.text);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("5"));
    }
    answer
}

fn error(status: StatusCode, what: &str) -> Answered {
    json(status, serde_json::json!({ "error": Text::new(what) }).to_string())
}

fn json(status: StatusCode, body: String) -> Answered {
    with_type(status, body, "application/json")
}

fn text(status: StatusCode, body: String) -> Answered {
    with_type(status, body, "text/plain; charset=utf-8")
}

fn with_type(status: StatusCode, body: String, kind: &'static str) -> Answered {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer
}

fn hash(token: &str) -> Fingerprint {
    Fingerprint(Sha256::digest(token.as_bytes()).into())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// `%41` and `+` of a query value; what is no escape stays as it is.
fn unescape(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok());
        match (bytes[at], code.and_then(|d| u8::from_str_radix(d, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
