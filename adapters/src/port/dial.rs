//! Byte streams to the outside. Real ones are TCP with or without TLS; the lab's may be in memory. The simulation
//! cuts here: everything above runs unchanged.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use futures::future::BoxFuture;
use rackhand_core::bmc::Fingerprint;
use rackhand_core::fault::Kind;
use rackhand_core::text::Text;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connected byte stream.
pub trait Stream: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// A boxed [`Stream`].
pub type BoxStream = Pin<Box<dyn Stream>>;

/// How the peer proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// No TLS. Only for loopback and the lab.
    Plain,
    /// The configured certificate authorities.
    Authorities,
    /// The same, after SMTP's STARTTLS (RFC 3207). What is handed over begins behind it.
    StartTls,
    /// A BMC's own certificate: this one, or, where none is known yet, whichever it shows (pinned at first use).
    Pin(Option<Fingerprint>),
}

/// Where to, and with what trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host name or address.
    pub host: Arc<str>,
    /// TCP port.
    pub port: u16,
    /// How it proves itself.
    pub trust: Trust,
}

impl Target {
    /// A BMC at this address.
    pub fn bmc(address: IpAddr, port: u16, pin: Option<Fingerprint>) -> Self {
        Self { host: address.to_string().into(), port, trust: Trust::Pin(pin) }
    }

    /// `host:port`, with brackets around an IPv6 address.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// A stream, and the certificate the peer showed.
pub struct Connected {
    /// The stream.
    pub stream: BoxStream,
    /// SHA-256 of the leaf certificate, where there is TLS.
    pub certificate: Option<Fingerprint>,
}

/// Why there is no stream.
#[derive(Clone, Debug)]
pub struct DialError {
    /// Whether to try again.
    pub kind: Kind,
    /// What happened.
    pub what: Text,
}

/// Opens streams.
pub trait Dial: Send + Sync {
    /// Connects to `target`, TLS included. The caller sets the deadline.
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>>;
}
