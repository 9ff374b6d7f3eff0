//! Fronts: how a [`Host`] is reached. In memory here; over TLS sockets in [`crate::sockets`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::fault::Kind;
use rackhand_core::text::Text;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::faults::{Faults, lock};
use crate::host::{Door, Fate, Host, Reply, Request};

/// A host with its fault rules and the clock it lives by.
#[derive(Clone)]
pub struct Station {
    /// The system.
    pub host: Arc<dyn Host>,
    /// The rules in front of it.
    pub faults: Arc<Faults>,
    /// Its clock.
    pub clock: Clock,
    /// The certificate it shows.
    pub certificate: Option<Fingerprint>,
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Severed;

impl std::fmt::Display for Severed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("severed by a fault rule")
    }
}

impl std::error::Error for Severed {}

/// Serves one connection until it ends or a fault severs it.
pub async fn serve<S>(station: Station, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let station = station.clone();
        async move { answer(station, request).await }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A severed or abandoned connection is what the lab is for.
    drop(served.await);
}

async fn answer(station: Station, request: hyper::Request<Incoming>) -> Result<hyper::Response<CutBody>, Severed> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, 64 << 20).collect().await.map_err(|_| Severed)?.to_bytes();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    let reply = station.faults.answer(&*station.host, &request, station.clock.now());
    if !reply.delay.is_zero() {
        station.clock.sleep(reply.delay).await;
    }
    let Reply { status, headers, body, fate, .. } = reply;
    let body = match fate {
        Fate::Whole => CutBody { whole: Full::new(body), cut: false },
        Fate::Cut => CutBody { whole: Full::new(body.slice(..body.len() / 2)), cut: true },
        Fate::Lost => return Err(Severed),
        Fate::Hang => std::future::pending().await,
    };
    let mut response = hyper::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// A body that may break off.
struct CutBody {
    whole: Full<Bytes>,
    cut: bool,
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = Severed;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Severed>>> {
        use std::task::Poll;
        match std::pin::Pin::new(&mut self.whole).poll_frame(cx) {
            Poll::Ready(None) if self.cut => Poll::Ready(Some(Err(Severed))),
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(Some(Err(never))) => match never {},
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.cut && self.whole.is_end_stream()
    }
}

/// A network in memory: authorities (`host:port`) and who answers there.
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<Places>>);

#[derive(Default)]
struct Places {
    stations: BTreeMap<String, Station>,
    others: BTreeMap<String, Arc<dyn Dial>>,
    connections: BTreeMap<String, u32>,
    /// How many connections pass before one meets the bug.
    bugs: BTreeMap<String, u32>,
}

impl Network {
    /// Puts a station at `authority`.
    pub fn attach(&self, authority: impl Into<String>, station: Station) {
        lock(&self.0).stations.insert(authority.into(), station);
    }

    /// Puts something there that does not speak HTTP.
    pub fn attach_other(&self, authority: impl Into<String>, other: Arc<dyn Dial>) {
        lock(&self.0).others.insert(authority.into(), other);
    }

    /// Connections made to the station at `authority` so far.
    pub fn connections(&self, authority: &str) -> u32 {
        lock(&self.0).connections.get(authority).copied().unwrap_or(0)
    }

    /// Whoever opens the connection there that comes after so many others panics, as a fault of their own would have it.
    pub fn plant_bug(&self, authority: impl Into<String>, after: u32) {
        lock(&self.0).bugs.insert(authority.into(), after);
    }

    /// Whether a bug that was planted there is still to be met.
    pub fn holds_bug(&self, authority: &str) -> bool {
        lock(&self.0).bugs.contains_key(authority)
    }

    /// Takes what is at `authority` off the network: connections are refused.
    pub fn detach(&self, authority: &str) {
        let mut places = lock(&self.0);
        places.stations.remove(authority);
        places.others.remove(authority);
    }
}

impl Dial for Network {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let authority = target.authority();
        let (station, other, bug) = {
            let mut places = lock(&self.0);
            if places.stations.contains_key(&authority) {
                *places.connections.entry(authority.clone()).or_default() += 1;
            }
            let bug = match places.bugs.get_mut(&authority) {
                Some(0) => places.bugs.remove(&authority).is_some(),
                Some(before) => {
                    *before -= 1;
                    false
                }
                None => false,
            };
            (places.stations.get(&authority).cloned(), places.others.get(&authority).cloned(), bug)
        };
        let trust = target.trust;
        Box::pin(async move {
            assert!(!bug, "a bug planted at {authority}");
            if let Some(other) = other {
                return other.dial(target).await;
            }
            let Some(station) = station else {
                let what = Text::from(format!("connection to {authority} refused"));
                return Err(DialError { kind: Kind::Transient, what });
            };
            match station.host.door(station.clock.now()) {
                Door::Open => {}
                Door::Silent => std::future::pending().await,
                Door::Refused => {
                    let what = Text::from(format!("connection to {authority} refused"));
                    return Err(DialError { kind: Kind::Transient, what });
                }
            }
            if let rackhand_adapters::port::dial::Trust::Pin(Some(pin)) = trust
                && station.certificate != Some(pin)
            {
                let what = Text::from(format!("{authority} shows another certificate than the pinned one"));
                return Err(DialError { kind: Kind::Conflict, what });
            }
            let certificate = station.certificate;
            let (ours, theirs) = tokio::io::duplex(64 << 10);
            tokio::spawn(serve(station, theirs));
            Ok(Connected { stream: Box::pin(ours), certificate })
        })
    }
}
