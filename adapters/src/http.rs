//! An HTTP/1.1 client over [`Dial`], with a cap and a deadline on everything a peer can stretch.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use serde_json::Value;

use crate::port::clock::Clock;
use crate::port::dial::{Dial, DialError, Target};

/// All but RFC 3986's unreserved characters.
pub const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a part of a path, a query or a form: all but the unreserved characters as `%XX`.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A name and a password as basic authentication sends them (RFC 7617), without the word before.
pub fn basic(name: &str, password: &Secret) -> Secret {
    Secret::new(STANDARD.encode(format!("{name}:{}", password.reveal())))
}

/// What a peer may cost us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From request to the last byte of the answer.
    pub answer: Duration,
    /// Bytes of an answer's body.
    pub body: usize,
    /// Nesting of an answer's JSON.
    pub depth: usize,
    /// Values in an answer's JSON. One takes 32 bytes of ours and may be two of the peer's.
    pub values: usize,
}

impl Limits {
    /// 5 s to connect, 30 s to answer, 8 MiB, 64 levels, a million values.
    pub const STANDARD: Self = Self {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(30),
        body: 8 << 20,
        depth: 64,
        values: 1_000_000,
    };
}

/// Opens connections to one kind of peer.
#[derive(Clone)]
pub struct Client {
    /// Opens the streams.
    pub dial: Arc<dyn Dial>,
    /// Measures the deadlines.
    pub clock: Clock,
    /// What a peer may cost.
    pub limits: Limits,
    /// Who to blame in faults.
    pub system: System,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// Headers besides Host and Content-Type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON body.
    pub body: Option<&'a Value>,
    /// A body of another kind, with its media type; it is sent where there is no JSON body.
    pub other: Option<(&'static str, Bytes)>,
}

impl<'a> Call<'a> {
    /// A request without body.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, headers: Vec::new(), body: None, other: None }
    }

    /// A GET.
    pub fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, body: &'a Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The same with a body of this media type.
    #[must_use]
    pub fn body(mut self, kind: &'static str, body: Bytes) -> Self {
        self.other = Some((kind, body));
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// An answer, whole and within its limits.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// An open connection, used for one request at a time.
pub struct Connection {
    client: Client,
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    certificate: Option<Fingerprint>,
}

impl Client {
    /// Connects. Every failure here is [`Kind::Transient`] or what the dialler says: nothing was sent.
    pub async fn connect(&self, target: &Target) -> Result<Connection, Fault> {
        let authority = target.authority();
        let opened = self.clock.timeout(self.limits.connect, async {
            let connected = self.dial.dial(target).await.map_err(|e| self.undialled(e))?;
            let (sender, driver) = http1::Builder::new()
                .max_headers(100)
                .max_buf_size(64 << 10)
                .handshake(TokioIo::new(connected.stream))
                .await
                .map_err(|e| self.fault(Kind::Transient, format!("no HTTP with {authority}: {e}")))?;
            Ok((sender, driver, connected.certificate))
        });
        match opened.await {
            Some(Ok((sender, driver, certificate))) => {
                // The driver ends with the connection; its error reaches the caller through the request.
                tokio::spawn(async move { drop(driver.await) });
                Ok(Connection { client: self.clone(), sender, authority, certificate })
            }
            Some(Err(fault)) => Err(fault),
            None => Err(self.fault(
                Kind::Transient,
                format!("no connection to {authority} within {} s", self.limits.connect.as_secs()),
            )),
        }
    }

    fn undialled(&self, error: DialError) -> Fault {
        let fault = Fault::new(self.system, error.kind, error.what);
        if error.kind != Kind::Conflict {
            return fault;
        }
        // Only a pin is in conflict before a word was said.
        fault.advise(
            "Find out why it changed (a new mainboard, a BMC that was reset, or somebody in between); if it is right, \
             `rackhand trust SERIAL FINGERPRINT --reason R`.",
        )
    }

    /// A fault of this client's system.
    pub fn fault(&self, kind: Kind, what: impl Into<Text>) -> Fault {
        Fault::new(self.system, kind, what)
    }
}

impl Connection {
    /// The certificate the peer showed when this connection was made.
    pub fn certificate(&self) -> Option<Fingerprint> {
        self.certificate
    }

    /// Who uses it from now on has these limits.
    pub fn limit(&mut self, limits: Limits) {
        self.client.limits = limits;
    }

    /// Whether a further request may go out on it.
    pub fn usable(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends one request and reads the whole answer. A failure after the first byte may have left is
    /// [`Kind::Unknown`], for a GET too: the caller knows which of its calls change something.
    pub async fn send(&mut self, call: Call<'_>) -> Result<Answer, Fault> {
        let client = self.client.clone();
        let name = format!("{} {}", call.method, call.path.split('?').next().unwrap_or_default());
        let exchange = self.exchange(call, &name);
        match client.clock.timeout(client.limits.answer, exchange).await {
            Some(done) => done,
            None => Err(client
                .fault(Kind::Unknown, format!("{name}: no whole answer within {} s", client.limits.answer.as_secs()))),
        }
    }

    async fn exchange(&mut self, call: Call<'_>, name: &str) -> Result<Answer, Fault> {
        let client = self.client.clone();
        self.sender
            .ready()
            .await
            .map_err(|e| client.fault(Kind::Transient, format!("{name}: connection closed: {e}")))?;
        let body = call.body.map(|b| ("application/json", Bytes::from(b.to_string()))).or(call.other);
        let mut request = Request::builder().method(call.method).uri(call.path).header(HOST, &self.authority);
        if let Some((kind, _)) = body {
            request = request.header(CONTENT_TYPE, kind);
        }
        for (key, value) in call.headers {
            request = request.header(key, value);
        }
        let request = request
            .body(Full::new(body.map(|(_, bytes)| bytes).unwrap_or_default()))
            .map_err(|e| client.fault(Kind::Rejected, format!("{name}: not a request: {e}")))?;
        let sent = self.sender.send_request(request).await;
        let answer = sent.map_err(|e| client.fault(Kind::Unknown, format!("{name}: no answer: {e}")))?;
        let (head, mut stream) = answer.into_parts();
        let mut body = BytesMut::new();
        while let Some(frame) = stream.frame().await {
            let frame = frame.map_err(|e| client.fault(Kind::Unknown, format!("{name}: answer cut: {e}")))?;
            if let Ok(data) = frame.into_data() {
                if body.len() + data.len() > client.limits.body {
                    let cap = client.limits.body >> 20;
                    return Err(client.fault(Kind::Malformed, format!("{name}: answer over {cap} MiB")));
                }
                body.extend_from_slice(&data);
            }
        }
        Ok(Answer { status: head.status, headers: head.headers, body: body.freeze() })
    }
}

impl Answer {
    /// The body as JSON, nested at most `depth` deep.
    pub fn json(&self, depth: usize) -> Result<Value, Text> {
        self.json_within(&Limits { depth, ..Limits::STANDARD })
    }

    /// The body as JSON, within these limits.
    pub fn json_within(&self, limits: &Limits) -> Result<Value, Text> {
        let size = measure(&self.body);
        if size.depth > limits.depth {
            return Err(Text::new("JSON nested too deep"));
        }
        if size.values > limits.values {
            return Err(Text::from(format!("JSON of more than {} values", limits.values)));
        }
        serde_json::from_slice(&self.body).map_err(|e| Text::from(format!("not JSON: {e}")))
    }

    /// The first 200 characters of the body, cleaned, for a fault's text.
    pub fn excerpt(&self) -> Text {
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(800)]);
        Text::from(text.chars().take(200).collect::<String>())
    }
}

/// How deep the brackets go, strings apart; cheaper than finding out by recursion.
pub fn nesting(body: &[u8]) -> usize {
    measure(body).depth
}

/// The shape of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How deep the brackets go.
    pub depth: usize,
    /// How many values there are at most.
    pub values: usize,
}

/// Measures a JSON text without parsing it: brackets and commas, strings apart.
pub fn measure(body: &[u8]) -> Size {
    let (mut depth, mut deepest, mut values, mut in_string, mut escaped) = (0_usize, 0, 1_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                values += 1;
                deepest = deepest.max(depth);
            }
            b',' if !in_string => values += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Size { depth: deepest, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_encoded_and_a_name_with_its_password_is_as_rfc_7617_has_it() {
        assert_eq!(percent_encoded("aZ9-._~ &=+%/,\u{e9}"), "aZ9-._~%20%26%3D%2B%25%2F%2C%C3%A9");
        assert_eq!(basic("Aladdin", &Secret::new("open sesame")).reveal(), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
