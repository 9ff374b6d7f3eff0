//! The second front: lab hosts over TCP, with TLS for BMCs and plain for the rest. Each may have its own loopback
//! address.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rackhand_core::bmc::Fingerprint;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::front::{Station, serve};
use crate::host::Door;

/// Makes self-signed certificates on one key, which is made once: keys are the slow part.
pub struct Issuer(rcgen::KeyPair);

/// A self-signed certificate with what it takes to serve it.
#[derive(Clone)]
pub struct Certificate {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Issuer {
    /// A fresh key (ECDSA P-256).
    pub fn new() -> io::Result<Self> {
        Ok(Self(rcgen::KeyPair::generate().map_err(io::Error::other)?))
    }

    /// A certificate for a common name. Serial and dates differ by nothing but the name, so another name is another
    /// fingerprint.
    pub fn issue(&self, name: &str) -> io::Result<Certificate> {
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).map_err(io::Error::other)?;
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = parameters.self_signed(&self.0).map_err(io::Error::other)?;
        let der: CertificateDer<'static> = certificate.der().clone();
        let fingerprint = Fingerprint(Sha256::digest(&der).into());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.0.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .map_err(io::Error::other)?;
        Ok(Certificate { config: Arc::new(config), fingerprint })
    }
}

impl Certificate {
    /// SHA-256 of it, as clients pin it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// A listening host. Dropping it closes the port and every connection.
pub struct Listening {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listening {
    /// Where it listens; of use when bound to port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves hosts over TLS.
pub struct TlsServer;

impl TlsServer {
    /// Serves `station` at `address` with this certificate.
    pub async fn bind(address: SocketAddr, station: Station, certificate: &Certificate) -> io::Result<Listening> {
        let acceptor = TlsAcceptor::from(Arc::clone(&certificate.config));
        let station = Station { certificate: Some(certificate.fingerprint), ..station };
        listen(address, station, Some(acceptor)).await
    }
}

/// Serves hosts over plain TCP.
pub struct PlainServer;

impl PlainServer {
    /// Serves `station` at `address`.
    pub async fn bind(address: SocketAddr, station: Station) -> io::Result<Listening> {
        listen(address, station, None).await
    }
}

async fn listen(address: SocketAddr, station: Station, acceptor: Option<TlsAcceptor>) -> io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok(Listening { address, task: tokio::spawn(accept(listener, station, acceptor)) })
}

/// Accepts until it is aborted; its connections end with it.
async fn accept(listener: TcpListener, station: Station, acceptor: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: let a connection end first.
            station.clock.sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        connections.spawn(converse(stream, station.clone(), acceptor.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(stream: TcpStream, station: Station, acceptor: Option<TlsAcceptor>) {
    // Small answers; without it Nagle and delayed acknowledgements add 40 ms to each.
    drop(stream.set_nodelay(true));
    match station.host.door(station.clock.now()) {
        Door::Open => {}
        Door::Silent => std::future::pending().await,
        Door::Refused => return,
    }
    match acceptor {
        None => serve(station, stream).await,
        // A client that does not like the certificate ends here.
        Some(acceptor) => {
            if let Ok(secured) = acceptor.accept(stream).await {
                serve(station, secured).await;
            }
        }
    }
}
