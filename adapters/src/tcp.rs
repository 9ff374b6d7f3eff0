//! Real streams: TCP, and TLS over it, only to addresses the daemon may talk to.

pub mod network;
pub mod proxy;
pub mod starttls;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use rackhand_core::fault::Kind;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::port::dial::{Connected, Dial, DialError, Stream, Target, Trust};
use network::{Cidr, Networks};
use proxy::Proxy;

/// The TLS settings cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError(String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate authorities: {}", self.0)
    }
}

impl std::error::Error for SetupError {}

impl From<rustls::Error> for SetupError {
    fn from(e: rustls::Error) -> Self {
        Self(e.to_string())
    }
}

/// Opens TCP streams, with TLS 1.2 or 1.3 where the target asks for it. Sessions are resumed, and a pin holds on
/// resumed ones too.
#[derive(Clone, Debug)]
pub struct Tcp {
    networks: Networks,
    pinned: Arc<ClientConfig>,
    authorities: Option<Arc<ClientConfig>>,
    proxy: Option<Proxy>,
}

impl Tcp {
    /// `authorities` is a PEM file's content with the certificates [`Trust::Authorities`] goes by; without it such
    /// targets are refused. The machine's own authorities are never used. `management` lists where controllers are.
    pub fn new(authorities: Option<&[u8]>, management: Vec<Cidr>) -> Result<Self, SetupError> {
        Ok(Self {
            networks: Networks(management),
            pinned: tls::pinned()?,
            authorities: authorities.map(tls::authorities).transpose()?,
            proxy: None,
        })
    }

    /// The same, by a proxy to whom it serves.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    async fn connect(&self, target: &Target) -> Result<Connected, DialError> {
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| proxy.serves(target)) {
            let tunnel = self.tunnel(proxy, target).await?;
            return self.secure(target, tunnel).await.map_err(|error| proxy.behind(error));
        }
        let mut tcp = open(&self.resolve(target).await?).await.map_err(|e| unopened(target, &e))?;
        match target.trust {
            Trust::Plain => return Ok(Connected { stream: Box::pin(tcp), certificate: None }),
            Trust::StartTls => starttls::begin(&mut tcp).await.map_err(|e| {
                let unwilling = e.kind() == io::ErrorKind::Unsupported;
                refusal(if unwilling { Kind::Rejected } else { Kind::Transient }, target, &e.to_string())
            })?,
            Trust::Pin(_) | Trust::Authorities => {}
        }
        self.secure(target, tcp).await
    }

    /// A stream to the target that a proxy hands through. The proxy resolves its name.
    async fn tunnel(&self, proxy: &Proxy, target: &Target) -> Result<impl Stream + Unpin + 'static, DialError> {
        if let Ok(address) = target.host.parse() {
            self.networks.check_configured(address).map_err(|why| refusal(Kind::Rejected, target, &why))?;
        }
        let found = lookup_host((proxy.target().host.to_string(), proxy.target().port));
        let mut addresses: Vec<SocketAddr> = found.await.map_err(|e| proxy.unreachable(&e))?.collect();
        addresses.retain(|address| self.networks.check_configured(address.ip()).is_ok());
        let tcp = open(&addresses).await.map_err(|e| proxy.unreachable(&e))?;
        proxy.tunnel(target, tcp).await
    }

    /// TLS with the target over a stream to it.
    async fn secure<S: Stream + Unpin + 'static>(&self, target: &Target, stream: S) -> Result<Connected, DialError> {
        let config = match target.trust {
            Trust::Pin(_) => &self.pinned,
            Trust::Plain | Trust::Authorities | Trust::StartTls => self
                .authorities
                .as_ref()
                .ok_or_else(|| refusal(Kind::Rejected, target, "no certificate authorities are configured"))?,
        };
        let name = ServerName::try_from(target.host.to_string())
            .map_err(|_| refusal(Kind::Rejected, target, "not a host name"))?;
        let stream =
            TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(|e| refused_tls(target, &e))?;
        let shown = tls::fingerprint(stream.get_ref().1)
            .ok_or_else(|| refusal(Kind::Malformed, target, "showed no certificate"))?;
        match target.trust {
            Trust::Pin(Some(pin)) if pin != shown => {
                let what = format!("its certificate is {shown}, and {pin} is the pinned one");
                Err(refusal(Kind::Conflict, target, &what))
            }
            _ => Ok(Connected { stream: Box::pin(stream), certificate: Some(shown) }),
        }
    }

    /// The addresses to try. Controllers are dialled by address only: a name could be made to point anywhere.
    async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, DialError> {
        let rejected = |why: String| refusal(Kind::Rejected, target, &why);
        if let Trust::Pin(_) = target.trust {
            let address: IpAddr = target.host.parse().map_err(|_| rejected("not an IP address".into()))?;
            self.networks.check_bmc(address).map_err(rejected)?;
            return Ok(vec![SocketAddr::new(address, target.port)]);
        }
        let found = lookup_host((&*target.host, target.port))
            .await
            .map_err(|e| refusal(Kind::Transient, target, &format!("its name does not resolve: {e}")))?;
        let mut allowed = Vec::new();
        let mut refused = None;
        for address in found {
            let check = match target.trust {
                Trust::Plain => self.networks.check_plain(address.ip()),
                _ => self.networks.check_configured(address.ip()),
            };
            match check {
                Ok(()) => allowed.push(address),
                Err(why) => refused = Some(why),
            }
        }
        match refused {
            Some(why) if allowed.is_empty() => Err(rejected(why)),
            _ => Ok(allowed),
        }
    }
}

impl Dial for Tcp {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        self.connect(target).boxed()
    }
}

async fn open(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await.and_then(|tcp| tcp.set_nodelay(true).map(|()| tcp)) {
            Ok(tcp) => return Ok(tcp),
            Err(e) => last = Some(e),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::other("its name has no address that may be spoken to")))
}

fn unopened(target: &Target, e: &io::Error) -> DialError {
    refusal(Kind::Transient, target, &e.to_string())
}

fn refusal(kind: Kind, target: &Target, why: &str) -> DialError {
    DialError { kind, what: format!("{}: {why}", target.authority()).into() }
}

fn refused_tls(target: &Target, e: &io::Error) -> DialError {
    use rustls::{AlertDescription as Alert, Error};
    let kind = match e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(_) | Error::PeerIncompatible(_) | Error::NoCertificatesPresented) => {
            Kind::Rejected
        }
        Some(Error::AlertReceived(Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity)) => {
            Kind::Rejected
        }
        // A controller that is still starting answers with whatever alert it has.
        Some(Error::AlertReceived(_)) => Kind::Transient,
        Some(_) => Kind::Malformed,
        None => Kind::Transient,
    };
    refusal(kind, target, &format!("no TLS: {e}"))
}
