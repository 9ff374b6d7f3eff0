//! HTTP: boot scripts and files out; machines' reports, DHCP servers' leases, tenants' orders and vendors' papers in.
//! Everything a peer can stretch has a cap and a deadline.

mod answer;
mod api;
mod body;
mod boot;
mod file;
mod lease;
mod nics;
mod place;
mod report;
mod vendor;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::secret::Secret;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::door::{Caps, Peer, Room, admit};
use crate::engine::Gates;
use crate::engine::perform::Ports;
use crate::intake::Intake;
use crate::ledger::Ledger;
use crate::random::Random;
use crate::stall::Stall;
use answer::{Answered, error, text};
pub use api::Tenants;
pub use body::decode;
use nics::Readings;

/// How long a client may take to send its headers, to send its body, and to say something new on a kept connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once. A machine that boots takes one or two; a proxy in front takes one address for all.
const CONNECTIONS: Caps = Caps { most: 2_048, each: 256 };
/// What is held of one connection in each direction, in octets; a file's piece on its way out comes to it.
const BUFFER: usize = 32 << 10;
/// Octets of bodies that are held of whoever has shown a token, and of whoever is not known yet: two of the largest of
/// each peer, so that no peer takes all.
const BODIES: Caps = Caps { most: 32 << 20, each: 16 << 20 };
/// Headers of a request.
const HEADERS: usize = 64;

/// The HTTP side of the daemon.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    ledger: Ledger,
    intake: Intake,
    clock: Clock,
    /// The outside: vendors, some of whom post their papers here, and BMCs.
    ports: Arc<Ports>,
    gates: Arc<Gates>,
    /// What boots' tokens are made from; drawn anew at each start.
    seed: [u8; 32],
    /// Where machines reach this server, such as `http://10.0.0.5:8080`.
    base: String,
    /// NICs that BMCs are being asked for.
    readings: Arc<Readings>,
    /// Bodies of those who have shown a token.
    known: Room,
    /// Bodies of those who have not.
    unknown: Room,
    /// Places for documents that are being read.
    documents: Arc<Semaphore>,
    /// Places for pages of orders that are being made.
    pages: Arc<Semaphore>,
    offers: Offers,
}

/// What a site offers beside scripts and reports.
#[derive(Clone, Default)]
pub struct Offers {
    /// The directory of what machines boot.
    pub files: Option<PathBuf>,
    /// Words added to the kernel's command line.
    pub kernel: String,
    /// What DHCP servers on other hosts show; without it none is heard.
    pub event_token: Option<Secret>,
    /// Who may order by HTTP.
    pub tenants: Tenants,
}

impl Http {
    /// The server's answers; `base` is where machines reach it.
    pub fn new(
        ledger: Ledger,
        intake: Intake,
        (ports, gates): (Arc<Ports>, Arc<Gates>),
        random: &Random,
        base: String,
    ) -> Self {
        let (clock, offers, readings) = (ports.clock.clone(), Offers::default(), Arc::default());
        let seed = random.bytes();
        let (known, unknown) = (Room::new(BODIES), Room::new(BODIES));
        let (documents, pages) = (Arc::new(Semaphore::new(vendor::AT_ONCE)), Arc::new(Semaphore::new(api::PAGES)));
        Self(Arc::new(Inner {
            ledger,
            intake,
            clock,
            ports,
            gates,
            seed,
            base,
            readings,
            known,
            unknown,
            documents,
            pages,
            offers,
        }))
    }

    /// The same server with these offers.
    #[must_use]
    pub fn with(self, offers: Offers) -> Self {
        Self(Arc::new(Inner { offers, ..(*self.0).clone() }))
    }

    /// Serves `listener` until `stop` is told.
    pub async fn listen(self, listener: TcpListener, stop: watch::Receiver<bool>) {
        let accept = |cx: &mut Context<'_>| {
            listener.poll_accept(cx).map_ok(|(stream, from)| (stream, Some(Peer::from(from.ip()))))
        };
        admit(CONNECTIONS, stop, accept, |stream, from| self.clone().serve_peer(stream, from)).await;
    }

    /// Serves one connection of this process's own.
    pub async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, stream: S) {
        self.serve_peer(stream, None).await;
    }

    async fn serve_peer<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, stream: S, from: Option<Peer>) {
        let service = service_fn(move |mut request: Request<Incoming>| {
            let http = self.clone();
            if let Some(from) = from {
                request.extensions_mut().insert(from);
            }
            async move { Ok::<_, Infallible>(http.answer(request).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_headers(HEADERS)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(Stall::new(stream)), service);
        // A peer that breaks off harms only itself.
        drop(served.await);
    }

    async fn answer(&self, request: Request<Incoming>) -> Answered {
        // Where two are named, a proxy before us may mean the other (RFC 9112, 3.2).
        if request.headers().get_all(HOST).iter().count() != 1 && request.version() == Version::HTTP_11 {
            return error(StatusCode::BAD_REQUEST, "a request names one Host");
        }
        let path = request.uri().path().to_owned();
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        let post = request.method() == Method::POST;
        if Self::is_api(&path) {
            return self.tenant(&path, request).await;
        }
        match path.as_str() {
            "/healthz" if get => self.health(),
            "/boot/ipxe" if get => self.script(request.uri().query().unwrap_or_default()).await,
            "/boot/first" | "/boot/autoexec.ipxe" if get => self.first(),
            "/api/v1/validation/step" if post => self.step(request).await,
            "/api/v1/validation/report" if post => self.report(request).await,
            "/api/v1/dhcp/event" if post => self.lease_event(request).await,
            "/healthz"
            | "/boot/ipxe"
            | "/boot/first"
            | "/boot/autoexec.ipxe"
            | "/api/v1/validation/step"
            | "/api/v1/validation/report"
            | "/api/v1/dhcp/event" => not_this_method(),
            other => {
                let file = other.strip_prefix("/boot/").filter(|name| file::is_name(name));
                match (file, other.strip_prefix("/vendor/cxml/")) {
                    (Some(name), _) if get => self.file(name, &request).await,
                    (_, Some(seller)) if post => self.vendor(seller, request).await,
                    (None, None) => error(StatusCode::NOT_FOUND, "there is nothing at this path"),
                    _ => not_this_method(),
                }
            }
        }
    }

    fn health(&self) -> Answered {
        match self.0.ledger.stopped() {
            None => match &self.0.ledger.world().stream.held {
                None => text(StatusCode::OK, "ok\n".into()),
                Some(held) => text(StatusCode::OK, format!("ok, but {}\n", held.text())),
            },
            Some(why) => error(StatusCode::SERVICE_UNAVAILABLE, &why),
        }
    }
}

fn not_this_method() -> Answered {
    error(StatusCode::METHOD_NOT_ALLOWED, "this method is not for this path")
}

/// An in-memory way to this server, for the lab.
impl Dial for Http {
    fn dial<'a>(&'a self, _target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.clone().serve(theirs));
        Box::pin(async move { Ok(Connected { stream: Box::pin(ours), certificate: None }) })
    }
}

/// Tokens are kept and compared as hashes only: whoever tries learns nothing from how long a comparison takes.
fn hash(token: &str) -> Fingerprint {
    Fingerprint(Sha256::digest(token.as_bytes()).into())
}

/// Compares every octet, whatever the first difference is.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
