//! One controller on an in-memory network, and the adapter that talks to it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish, Reset};
use rackhand_core::bmc::{Fingerprint, Power};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::mac::Mac;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::bmc::{Counters, LabBmc, Personality, Spec};
use rackhand_lab::faults::{Effect, Faults, Rule};
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Fate, Host, Reply, Request};
use reqwest::{Method, StatusCode};

pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 9, 0, 1));
pub const AUTHORITY: &str = "127.9.0.1:443";
pub const MAC: Mac = Mac([0x94, 0x40, 0xC9, 1, 2, 3]);
pub const PIN: Fingerprint = Fingerprint([7; 32]);
pub const EPOCH: Timestamp = Timestamp::from_secs(1_795_000_000);
pub const ALL: [Personality; 5] =
    [Personality::Ilo5, Personality::Ilo6, Personality::Ilo7, Personality::Idrac9, Personality::Idrac10];

/// Which request meets which fate, and whether the controller sees it before.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    pub nth: u32,
    pub fate: Fate,
    pub arrives: bool,
}

/// Counts requests and lets one of them meet a fate.
pub struct Tap {
    inner: Arc<dyn Host>,
    seen: AtomicU32,
    aim: Mutex<Option<Aim>>,
    /// Method, and path with its query.
    pub log: Mutex<Vec<(Method, String)>>,
    /// When each request came, and when its answer left.
    pub spans: Mutex<Vec<(Timestamp, Timestamp)>>,
}

impl Tap {
    pub fn over(inner: Arc<dyn Host>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            seen: AtomicU32::new(0),
            aim: Mutex::new(None),
            log: Mutex::default(),
            spans: Mutex::default(),
        })
    }

    pub fn aim(&self, aim: Aim) {
        self.reset();
        *self.aim.lock().unwrap() = Some(aim);
    }

    pub fn reset(&self) {
        self.seen.store(0, Ordering::SeqCst);
        self.log.lock().unwrap().clear();
        *self.aim.lock().unwrap() = None;
    }
}

impl Host for Tap {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let nth = self.seen.fetch_add(1, Ordering::SeqCst);
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        self.log.lock().unwrap().push((request.method.clone(), format!("{}{query}", request.path)));
        let reply = self.reply(nth, request, now);
        self.spans.lock().unwrap().push((now, now + reply.delay));
        reply
    }
}

impl Tap {
    fn reply(&self, nth: u32, request: &Request, now: Timestamp) -> Reply {
        match *self.aim.lock().unwrap() {
            Some(aim) if aim.nth == nth && !aim.arrives => Reply { fate: aim.fate, ..Reply::status(StatusCode::OK) },
            Some(aim) if aim.nth == nth => Reply { fate: aim.fate, ..self.inner.answer(request, now) },
            _ => self.inner.answer(request, now),
        }
    }
}

/// A controller and the adapter.
pub struct Bed {
    pub clock: Clock,
    pub network: Network,
    pub bmc: Arc<LabBmc>,
    pub tap: Arc<Tap>,
    pub faults: Arc<Faults>,
    pub redfish: Redfish,
    pub at: Bmc,
    pub credentials: Credentials,
}

/// Every call of the adapter that logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Read,
    Power,
    Armed,
    Arm,
    Disarm,
    On,
}

impl Job {
    pub const ALL: [Self; 6] = [Self::Read, Self::Power, Self::Armed, Self::Arm, Self::Disarm, Self::On];
}

impl Bed {
    pub async fn new(personality: Personality) -> Self {
        Self::with(personality, |_| {}).await
    }

    pub async fn with(personality: Personality, change: impl FnOnce(&mut Spec)) -> Self {
        let mut spec = Spec::new(personality, "CZ2D1X0GK7", MAC);
        change(&mut spec);
        let credentials = Credentials { user: Text::new(&spec.user), password: Secret::new(spec.password.clone()) };
        let bmc = Arc::new(LabBmc::new(spec));
        let clock = Clock::scaled(EPOCH, 1.0);
        let network = Network::default();
        let faults = Arc::new(Faults::default());
        let tap = Tap::over(Arc::clone(&bmc) as Arc<dyn Host>);
        let host = Arc::clone(&tap) as Arc<dyn Host>;
        network.attach(
            AUTHORITY,
            Station { host, faults: Arc::clone(&faults), clock: clock.clone(), certificate: Some(PIN) },
        );
        let redfish = Redfish::new(Arc::new(network.clone()), clock.clone(), 443);
        let (identity, pin) = redfish.identify(ADDRESS, None).await.unwrap();
        assert_eq!(pin, Some(PIN));
        tap.reset();
        Self { clock, network, bmc, tap, faults, redfish, at: Bmc { address: ADDRESS, identity, pin }, credentials }
    }

    pub fn counters(&self) -> Counters {
        self.bmc.counters(self.clock.now())
    }

    pub async fn after(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    pub async fn run(&self, job: Job) -> Result<Text, Fault> {
        let (redfish, at, credentials) = (&self.redfish, &self.at, &self.credentials);
        match job {
            Job::Read => redfish.read_system(at, credentials).await.map(|r| r.serial),
            Job::Power => redfish.power(at, credentials).await.map(|p| Text::from(format!("{p:?}"))),
            Job::Armed => redfish.network_boot_armed(at, credentials).await.map(|a| Text::from(a.to_string())),
            Job::Arm => redfish.arm_network_boot(at, credentials).await,
            Job::Disarm => redfish.disarm_network_boot(at, credentials).await,
            Job::On => self.reset(Reset::On).await,
        }
    }

    pub async fn reset(&self, kind: Reset) -> Result<Text, Fault> {
        self.redfish.reset(&self.at, &self.credentials, kind).await
    }

    pub async fn armed(&self) -> bool {
        self.redfish.network_boot_armed(&self.at, &self.credentials).await.unwrap()
    }

    pub async fn power(&self) -> Power {
        self.redfish.power(&self.at, &self.credentials).await.unwrap()
    }

    /// Answers `status` with this body to requests of a method on a path, so many times.
    pub fn refuse(&self, method: Method, path: &str, status: u16, body: &str, times: u32) {
        let effect = Effect::Refuse(StatusCode::from_u16(status).unwrap(), body.to_owned().into());
        self.faults.add(Rule { method: Some(method), path: path.to_owned(), effect, times });
    }
}

/// The fault of a call that must fail with this kind.
#[track_caller]
pub fn failed<T: std::fmt::Debug>(result: Result<T, Fault>, kind: Kind) -> Fault {
    let fault = result.expect_err("must fail");
    assert_eq!(fault.kind, kind, "{fault}");
    fault
}
