//! Real streams: TCP, and TLS over it, only to addresses the daemon may talk to.

pub mod network;
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

use crate::port::dial::{Connected, Dial, DialError, Target, Trust};
use network::{Cidr, Networks};

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
}

impl Tcp {
    /// `authorities` is a PEM file's content with the certificates [`Trust::Authorities`] goes by; without it such
    /// targets are refused. The machine's own authorities are never used. `management` lists where controllers are.
    pub fn new(authorities: Option<&[u8]>, management: Vec<Cidr>) -> Result<Self, SetupError> {
        Ok(Self {
            networks: Networks(management),
            pinned: tls::pinned()?,
            authorities: authorities.map(tls::authorities).transpose()?,
        })
    }

    async fn connect(&self, target: &Target) -> Result<Connected, DialError> {
        let mut tcp = open(target, &self.resolve(target).await?).await?;
        if target.trust == Trust::StartTls {
            starttls::begin(&mut tcp).await.map_err(|e| {
                let unwilling = e.kind() == io::ErrorKind::Unsupported;
                refusal(if unwilling { Kind::Rejected } else { Kind::Transient }, target, &e.to_string())
            })?;
        }
        let config = match target.trust {
            Trust::Plain => return Ok(Connected { stream: Box::pin(tcp), certificate: None }),
            Trust::Pin(_) => &self.pinned,
            Trust::Authorities | Trust::StartTls => self
                .authorities
                .as_ref()
                .ok_or_else(|| refusal(Kind::Rejected, target, "no certificate authorities are configured"))?,
        };
        let name = ServerName::try_from(target.host.to_string())
            .map_err(|_| refusal(Kind::Rejected, target, "not a host name"))?;
        let stream =
            TlsConnector::from(Arc::clone(config)).connect(name, tcp).await.map_err(|e| refused_tls(target, &e))?;
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

async fn open(target: &Target, addresses: &[SocketAddr]) -> Result<TcpStream, DialError> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await.and_then(|tcp| tcp.set_nodelay(true).map(|()| tcp)) {
            Ok(tcp) => return Ok(tcp),
            Err(e) => last = Some(e),
        }
    }
    let why = last.map_or_else(|| "its name has no address".into(), |e| e.to_string());
    Err(refusal(Kind::Transient, target, &why))
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
