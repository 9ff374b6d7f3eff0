//! Against real TLS listeners on this host.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod proxy;

use std::net::Ipv4Addr;

use rackhand_core::bmc::Fingerprint;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;

use super::*;

const VERSIONS: [&[&SupportedProtocolVersion]; 2] = [&[&TLS12], &[&TLS13]];

struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A controller's own: self-signed.
    fn controller() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["ilo.invalid".into()]).unwrap().self_signed(&key).unwrap();
        Self { certificate: certificate.der().clone(), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
    }

    fn issued(name: &str, authority: &CertifiedIssuer<'_, KeyPair>) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.into()]).unwrap().signed_by(&key, authority).unwrap();
        Self { certificate: certificate.der().clone(), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(&self.certificate).into())
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A listener that ends each good handshake with one octet. Gives its port and how each handshake went.
async fn serve(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> (u16, UnboundedReceiver<HandshakeKind>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(identity.key.clone_key()).unwrap();
    let certified = CertifiedKey::new(vec![identity.certificate.clone()], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                let _ = tell.send(tls.get_ref().1.handshake_kind().unwrap());
                let _ = tls.write_all(b"!").await;
                let _ = tls.shutdown().await;
            }
        }
    });
    (port, told)
}

fn lab() -> Tcp {
    Tcp::new(None, vec!["127.0.0.0/8".parse().unwrap()]).unwrap()
}

fn controller(port: u16, pin: Option<Fingerprint>) -> Target {
    Target::bmc(Ipv4Addr::LOCALHOST.into(), port, pin)
}

fn target(host: &str, port: u16, trust: Trust) -> Target {
    Target { host: host.into(), port, trust }
}

/// Dials and reads to the end, so that session tickets have come.
async fn visit(tcp: &Tcp, target: &Target) -> Result<Option<Fingerprint>, DialError> {
    let mut connected = tcp.dial(target).await?;
    let mut heard = Vec::new();
    connected.stream.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"!");
    Ok(connected.certificate)
}

#[tokio::test]
async fn the_certificate_of_a_first_visit_is_told_and_then_held_to() {
    for versions in VERSIONS {
        let (ours, other) = (Identity::controller(), Identity::controller());
        let (port, _told) = serve(&ours, versions).await;
        let tcp = lab();
        assert_eq!(visit(&tcp, &controller(port, None)).await.unwrap(), Some(ours.fingerprint()));
        let pinned = controller(port, Some(ours.fingerprint()));
        assert_eq!(visit(&tcp, &pinned).await.unwrap(), Some(ours.fingerprint()));

        let error = lab().dial(&controller(port, Some(other.fingerprint()))).await.err().unwrap();
        assert_eq!(error.kind, Kind::Conflict);
        let (shown, wanted) = (ours.fingerprint().to_string(), other.fingerprint().to_string());
        assert!(error.what.contains(&shown) && error.what.contains(&wanted), "{}", error.what);
    }
}

#[tokio::test]
async fn a_pin_holds_on_a_resumed_session() {
    for versions in VERSIONS {
        let (ours, other) = (Identity::controller(), Identity::controller());
        let (port, mut told) = serve(&ours, versions).await;
        let tcp = lab();
        visit(&tcp, &controller(port, None)).await.unwrap();
        assert_eq!(told.recv().await, Some(HandshakeKind::Full));
        let pinned = controller(port, Some(ours.fingerprint()));
        assert_eq!(visit(&tcp, &pinned).await.unwrap(), Some(ours.fingerprint()));
        assert_eq!(told.recv().await, Some(HandshakeKind::Resumed));
        let error = tcp.dial(&controller(port, Some(other.fingerprint()))).await.err().unwrap();
        assert_eq!(error.kind, Kind::Conflict);
        assert_eq!(told.recv().await, Some(HandshakeKind::Resumed));
    }
}

#[tokio::test]
async fn another_controller_at_the_same_address_does_not_pass_for_the_first() {
    let (first, second) = (Identity::controller(), Identity::controller());
    let (tcp, pin) = (lab(), Some(first.fingerprint()));
    let (port, _told) = serve(&first, &[&TLS13]).await;
    visit(&tcp, &controller(port, pin)).await.unwrap();
    // The session is kept for the address, whatever the port.
    let (port, mut told) = serve(&second, &[&TLS13]).await;
    let error = tcp.dial(&controller(port, pin)).await.err().unwrap();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(told.recv().await, Some(HandshakeKind::Full));
}

#[tokio::test]
async fn a_peer_that_shows_anothers_certificate_is_refused() {
    for versions in VERSIONS {
        let ours = Identity::controller();
        let thief = Identity { certificate: ours.certificate.clone(), ..Identity::controller() };
        let (port, _told) = serve(&thief, versions).await;
        for pin in [None, Some(ours.fingerprint())] {
            let error = lab().dial(&controller(port, pin)).await.err().unwrap();
            assert_eq!(error.kind, Kind::Rejected, "{}", error.what);
        }
    }
}

#[tokio::test]
async fn authorities_vouch_for_a_name_and_nobody_else_does() {
    let ours = authority();
    let (good, _g) = serve(&Identity::issued("localhost", &ours), &[&TLS13]).await;
    let (misnamed, _m) = serve(&Identity::issued("netbox.invalid", &ours), &[&TLS13]).await;
    let (foreign, _f) = serve(&Identity::issued("localhost", &authority()), &[&TLS13]).await;
    let tcp = Tcp::new(Some(ours.pem().as_bytes()), Vec::new()).unwrap();
    let to = |port| target("localhost", port, Trust::Authorities);
    assert!(visit(&tcp, &to(good)).await.unwrap().is_some());
    for port in [misnamed, foreign] {
        assert_eq!(tcp.dial(&to(port)).await.err().unwrap().kind, Kind::Rejected);
    }
    assert_eq!(lab().dial(&to(good)).await.err().unwrap().kind, Kind::Rejected, "none configured");
}

#[test]
fn authorities_that_cannot_be_read_are_refused_at_the_start() {
    let refused = |pem: &[u8]| Tcp::new(Some(pem), Vec::new()).err().unwrap().to_string();
    assert_eq!(refused(b""), "certificate authorities: no certificate in it");
    refused(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    refused(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
}

#[tokio::test]
async fn controllers_elsewhere_or_by_name_are_never_called() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tcp = Tcp::new(None, vec!["10.0.4.0/22".parse().unwrap(), "0.0.0.0/0".parse().unwrap()]).unwrap();
    let hosts = ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1", "[::1]"];
    let more = ["::ffff:127.0.0.1", "0.0.0.0", "0", "169.254.169.254", "127.0.0.1@10.0.4.1", "10.0.4.1 ", "", "ilo"];
    for host in hosts.into_iter().chain(more) {
        let error = tcp.dial(&target(host, port, Trust::Pin(None))).await.err().unwrap();
        assert_eq!(error.kind, Kind::Rejected, "{host}");
    }
    assert!(listener.accept().now_or_never().is_none(), "nobody called");
}

#[tokio::test]
async fn without_tls_only_this_host_is_spoken_to() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tcp = Tcp::new(None, Vec::new()).unwrap();
    assert!(tcp.dial(&target("127.0.0.1", port, Trust::Plain)).await.unwrap().certificate.is_none());
    let error = tcp.dial(&target("192.0.2.1", 80, Trust::Plain)).await.err().unwrap();
    assert_eq!(error.kind, Kind::Rejected);
    let error = tcp.dial(&target("169.254.169.254", 443, Trust::Authorities)).await.err().unwrap();
    assert_eq!(error.kind, Kind::Rejected);
}

#[tokio::test]
async fn nobody_there_is_tried_again_and_no_tls_is_a_broken_protocol() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let http = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = tcp.read_to_end(&mut Vec::new()).await;
        // The next one is hung up on.
        drop(listener.accept().await.unwrap());
    });
    assert_eq!(lab().dial(&controller(port, None)).await.err().unwrap().kind, Kind::Malformed);
    assert_eq!(lab().dial(&controller(port, None)).await.err().unwrap().kind, Kind::Transient);
    http.await.unwrap();
    assert_eq!(lab().dial(&controller(port, None)).await.err().unwrap().kind, Kind::Transient);
}

#[tokio::test]
async fn starttls_ends_in_tls_by_the_authorities_and_nothing_said_before_it_counts() {
    let authority = authority();
    let pem = authority.pem();
    let tcp = Tcp::new(Some(pem.as_bytes()), Vec::new()).unwrap();
    let identity = Identity::issued("localhost", &authority);
    let key = rustls::crypto::ring::default_provider().key_provider.load_private_key(identity.key.clone_key()).unwrap();
    let certified = CertifiedKey::new(vec![identity.certificate.clone()], key);
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let visit = async |offer: &'static str, last: &'static str| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut heard = [0; 100];
            tcp.write_all(b"220-mail\r\n220 ESMTP\r\n").await.unwrap();
            drop(tcp.read(&mut heard).await);
            tcp.write_all(offer.as_bytes()).await.unwrap();
            drop(tcp.read(&mut heard).await);
            tcp.write_all(last.as_bytes()).await.unwrap();
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                drop(tls.write_all(b"!").await);
                drop(tls.shutdown().await);
            }
        });
        let target = target("localhost", port, Trust::StartTls);
        let mut stream = tcp.dial(&target).await?.stream;
        let mut said = Vec::new();
        drop(stream.read_to_end(&mut said).await);
        Ok::<_, DialError>(said)
    };
    let offer = "250-mail\r\n250-STARTTLS\r\n250 8BITMIME\r\n";
    assert_eq!(visit(offer, "220 go on\r\n").await.unwrap(), b"!");
    assert_eq!(visit("250 mail\r\n", "").await.unwrap_err().kind, Kind::Rejected);
    assert_eq!(visit(offer, "454 not now\r\n").await.unwrap_err().kind, Kind::Transient);
    let injected = visit(offer, "220 go on\r\n250 mail\r\n250 AUTH\r\n").await.unwrap_err();
    assert_eq!(injected.kind, Kind::Malformed, "{injected:?}");
}
