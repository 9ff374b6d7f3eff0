//! The way to the internet through an HTTP proxy: a tunnel by CONNECT (RFC 9110, 9.3.6), with TLS through it end to end.
//! What fails on the way to the peer or at the proxy names the proxy, so that nobody looks for the fault behind it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::upgrade::Upgraded;
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rackhand_core::fault::Kind;
use rackhand_core::secret::Secret;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http::percent_encoded;
use crate::port::dial::{DialError, Target, Trust};

/// How long a proxy may take to answer; less than a connection may take altogether, so that its silence is told as its.
const ANSWER: Duration = Duration::from_secs(4);
/// Octets of its answer's head.
const HEAD: usize = 16 << 10;
/// Headers of its answer.
const HEADERS: usize = 64;

/// A proxy, and who is reached without it.
#[derive(Clone)]
pub struct Proxy {
    host: Arc<str>,
    port: u16,
    login: Option<HeaderValue>,
    /// Who goes by it, whatever the port.
    rules: Arc<Matcher>,
    /// Who does not at these ports.
    at_port: Arc<BTreeMap<u16, Matcher>>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.name()).finish()
    }
}

impl Proxy {
    /// A proxy such as `http://user@proxy.example.com:3128`, its password, and who is reached without it: domains with
    /// all that is under them, addresses, networks, each for one port only where it ends with `:443`.
    ///
    /// # Errors
    /// What is wrong with the URL. Its password, where it has one, is not told.
    pub fn new<'a>(
        url: &str,
        password: Option<&Secret>,
        without: impl Iterator<Item = &'a str>,
    ) -> Result<Self, &'static str> {
        const BAD: &str =
            "not a proxy: give it as http://proxy.example.com:3128, or http://user@proxy.example.com:3128";
        let uri: Uri = url.parse().map_err(|_| BAD)?;
        if uri.scheme_str() != Some("http") || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(BAD);
        }
        let authority = uri.authority().ok_or(BAD)?.as_str();
        let given = authority.rsplit_once('@').map(|(user, _)| user);
        let url = match (given, password) {
            (None, Some(_)) => return Err("a password without a user: give the URL as http://user@host:port"),
            (Some(user), Some(_)) if user.contains(':') => return Err("two passwords: leave the one in the URL out"),
            (Some(user), Some(password)) => {
                let host = authority.rsplit_once('@').map_or("", |(_, host)| host);
                format!("http://{user}:{}@{host}", percent_encoded(password.reveal()))
            }
            _ => url.to_owned(),
        };
        let (mut always, mut at_port) = (Vec::new(), BTreeMap::<u16, Vec<&str>>::new());
        for entry in without.map(str::trim).filter(|entry| !entry.is_empty()) {
            // More than one colon is an address of IPv6, unless it stands in brackets.
            let bare = |host: &'a str| host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
            match entry.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
                Some((host, Ok(port))) if !host.contains(':') || host.ends_with(']') => {
                    at_port.entry(port).or_default().push(bare(host));
                }
                _ => always.push(bare(entry)),
            }
        }
        let matcher = |without: &[&str]| Matcher::builder().https(url.as_str()).no(without.join(",")).build();
        let found = matcher(&[]).intercept(&Uri::from_static("https://peer.invalid")).ok_or(BAD)?;
        let host = found.uri().host().filter(|host| !host.is_empty()).ok_or(BAD)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').into();
        let at_port = at_port.into_iter().map(|(port, hosts)| (port, matcher(&hosts))).collect();
        Ok(Self {
            host,
            port: found.uri().port_u16().ok_or(BAD)?,
            login: found.basic_auth().cloned(),
            rules: Arc::new(matcher(&always)),
            at_port: Arc::new(at_port),
        })
    }

    /// Whether this target is reached by it. Controllers, plain targets and mail servers never are.
    pub fn serves(&self, target: &Target) -> bool {
        let Ok(uri) = format!("https://{}", target.authority()).parse::<Uri>() else { return false };
        target.trust == Trust::Authorities
            && self.rules.intercept(&uri).is_some()
            && self.at_port.get(&target.port).is_none_or(|rules| rules.intercept(&uri).is_some())
    }

    /// Host and port, without user and password.
    pub fn name(&self) -> String {
        self.target().authority()
    }

    /// The proxy itself, as a place to connect to.
    pub(super) fn target(&self) -> Target {
        Target { host: self.host.clone(), port: self.port, trust: Trust::Plain }
    }

    /// Has it open a tunnel to the target over this stream.
    pub(super) async fn tunnel(&self, target: &Target, tcp: TcpStream) -> Result<TokioIo<Upgraded>, DialError> {
        match tokio::time::timeout(ANSWER, self.connect(target, tcp)).await {
            Ok(done) => done,
            Err(_) => Err(self.error(Kind::Transient, &format!("no answer within {} s", ANSWER.as_secs()))),
        }
    }

    async fn connect(&self, target: &Target, tcp: TcpStream) -> Result<TokioIo<Upgraded>, DialError> {
        let whom = target.authority();
        let broken = |e: &hyper::Error| {
            let kind = if e.is_parse() || e.is_parse_too_large() { Kind::Malformed } else { Kind::Transient };
            self.error(kind, &format!("no answer that can be understood: {e}"))
        };
        let (mut sender, driver) = http1::Builder::new()
            .max_headers(HEADERS)
            .max_buf_size(HEAD)
            .handshake(TokioIo::new(tcp))
            .await
            .map_err(|e| broken(&e))?;
        // Ends with this call, unless the tunnel was handed over by then.
        let mut driving = JoinSet::new();
        driving.spawn(driver.with_upgrades());
        let mut request = Request::connect(&whom).header(HOST, &whom);
        if let Some(login) = &self.login {
            request = request.header(PROXY_AUTHORIZATION, login);
        }
        let request = request
            .body(Empty::<Bytes>::new())
            .map_err(|e| self.error(Kind::Rejected, &format!("{whom} cannot be asked for: {e}")))?;
        let answer = sender.send_request(request).await.map_err(|e| broken(&e))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(self.refused(&whom, status));
        }
        hyper::upgrade::on(answer).await.map(TokioIo::new).map_err(|e| broken(&e))
    }

    fn refused(&self, whom: &str, status: StatusCode) -> DialError {
        let code = status.as_u16();
        let (kind, what) = match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED if self.login.is_some() => {
                (Kind::Rejected, format!("refuses our user and password ({code}); correct [proxy] password_file"))
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                (Kind::Rejected, format!("wants a user and a password ({code}); give them under [proxy]"))
            }
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                (Kind::Transient, format!("does not get through to {whom} ({code})"))
            }
            _ if status.is_client_error() => {
                (Kind::Rejected, format!("does not let us through to {whom} ({code}); have it allowed there"))
            }
            _ => (Kind::Malformed, format!("answers CONNECT with {code}: is it a proxy?")),
        };
        self.error(kind, &what)
    }

    pub(super) fn error(&self, kind: Kind, what: &str) -> DialError {
        DialError { kind, what: format!("proxy {}: {what}", self.name()).into() }
    }

    /// What went wrong behind the tunnel, with the way that was taken.
    pub(super) fn behind(&self, error: DialError) -> DialError {
        DialError { what: format!("{} (through proxy {})", error.what, self.name()).into(), ..error }
    }

    pub(super) fn unreachable(&self, e: &io::Error) -> DialError {
        self.error(Kind::Transient, &format!("cannot be reached: {e}"))
    }
}
