//! BMCs by Redfish (DSP0266): what the controller is, what it says of its server, one-time network boot, reset.
//!
//! Each call makes one request at a time, and ends within its deadlines, whatever the controller does. Over all callers
//! a controller has two requests in flight and one session at most; [`Redfish::keep`] keeps it for the calls that follow. Where iLO and iDRAC differ is in `ilo` and `idrac`, one function for each difference; everything
//! else follows links and what the controller offers.

mod client;
mod collection;
mod conversation;
mod driver;
mod generic;
mod idrac;
mod ilo;
mod kept;
mod line;
mod message;
pub mod parse;
mod read;
pub mod redact;
mod session;
mod task;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_core::bmc::inventory::{FirmwareComponent, Inventory};
use rackhand_core::bmc::reading::{
    AccountsReading, BmcReading, BootReading, IdentityReading, Log, PowerReading, Section, SensorsReading,
};
use rackhand_core::bmc::{Fingerprint, Identity, Power, SystemReading};
use rackhand_core::fault::{Fault, Kind, System as Blamed};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use serde_json::json;

pub use self::client::Receipt;
use self::client::Talk;
use self::conversation::Conversation;
use self::driver::Driver;
pub use self::kept::Kept;
use self::line::Lines;
pub use self::read::Cursors;
use self::session::Session;
pub use self::task::{TaskMonitor, TaskReading, TaskState};
use self::wire::Root;
use crate::http::{Client, Limits};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// The service root (DSP0266); every service answers here without a login.
const ROOT: &str = "/redfish/v1/";

/// What one answer may cost. The longest real ones are logs that come whole: some hundred kilobytes.
const LIMITS: Limits = Limits { body: 2 << 20, values: 100_000, ..Limits::STANDARD };

/// A whole action or small reading: login, what it does, and all it reads on the way.
const ERRAND: Duration = Duration::from_secs(150);

/// One section. A whole iDRAC takes up to a minute; firmware inventories of large machines two to three.
const SECTION: Duration = Duration::from_secs(200);

/// From the time granted for a reading to the end of its call.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// Everything, where nobody waits for it.
pub const EVERYTHING: Duration = Duration::from_secs(600);

/// An account on a BMC. `Debug` shows the user only.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// User name.
    pub user: Text,
    /// Password.
    pub password: Secret,
}

impl Credentials {
    /// Whether they are the same account and password.
    fn are(&self, other: &Self) -> bool {
        self.user == other.user && self.password.reveal() == other.password.reveal()
    }
}

/// A controller that was identified before: what it is, and the certificate it must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bmc {
    /// Its address.
    pub address: IpAddr,
    /// What [`Redfish::identify`] said. A logged-in call checks it again before it sends the password.
    pub identity: Identity,
    /// Its certificate; `None` takes whichever it shows.
    pub pin: Option<Fingerprint>,
}

/// What may be done to a server's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Switch on.
    On,
    /// Switch off at once.
    ForceOff,
    /// Restart at once. iLO refuses it while the server is off.
    ForceRestart,
}

/// The Redfish adapter. Its copies share sessions, and what was learned of firmwares.
#[derive(Clone)]
pub struct Redfish {
    client: Client,
    port: u16,
    lines: Lines,
}

/// What a call does once it is logged in.
type Work<'a, T> = BoxFuture<'a, Result<T, Fault>>;

impl Redfish {
    /// An adapter that reaches BMCs at `port` through `dial`. Per call: 5 s to connect, 30 s to each answer of at
    /// most 2 MiB.
    pub fn new(dial: Arc<dyn Dial>, clock: Clock, port: u16) -> Self {
        let client = Client { dial, clock, limits: LIMITS, system: Blamed::Bmc };
        Self { client, port, lines: Lines::default() }
    }

    /// Waits until every session that callers have left is closed, or has been given up; some 20 s at the most.
    pub async fn finished(&self) {
        self.lines.finished().await;
    }

    /// How many controllers are being talked to.
    pub fn in_use(&self) -> usize {
        self.lines.count()
    }

    /// Asks the service root what it is, without a login, and tells the certificate it showed.
    pub async fn identify(
        &self,
        address: IpAddr,
        pin: Option<Fingerprint>,
    ) -> Result<(Identity, Option<Fingerprint>), Fault> {
        let asked = Box::pin(async {
            let mut talk = self.talk(address, pin);
            let root = read_root(&mut talk).await?;
            talk.line.saw_root(&root, talk.certificate, self.client.clock.now());
            Ok((root.identity(), talk.certificate))
        });
        let late = || self.client.fault(Kind::Transient, format!("{address}: not read in time"));
        self.client.clock.timeout(ERRAND, asked).await.unwrap_or_else(|| Err(late()))
    }

    /// Logs in and reads serial, model, power state and NIC MACs.
    pub async fn read_system(&self, at: &Bmc, credentials: &Credentials) -> Result<SystemReading, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.reading())).await
    }

    /// Logs in and reads the power state.
    pub async fn power(&self, at: &Bmc, credentials: &Credentials) -> Result<Power, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(async { Ok(c.system.power()) })).await
    }

    /// Whether the next boot, and only that, goes to the network.
    pub async fn network_boot_armed(&self, at: &Bmc, credentials: &Credentials) -> Result<bool, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.armed())).await
    }

    /// Arms one-time network boot and returns the controller's receipt. The boot mode is never sent: it is read-only
    /// on some controllers and they then refuse the whole request.
    pub async fn arm_network_boot(&self, at: &Bmc, credentials: &Credentials) -> Result<Text, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.arm())).await.map(|r| r.words)
    }

    /// Takes one-time boot back and returns the controller's receipt. Only `BootSourceOverrideEnabled` is sent.
    pub async fn disarm_network_boot(&self, at: &Bmc, credentials: &Credentials) -> Result<Text, Fault> {
        let body = json!({ "Boot": { "BootSourceOverrideEnabled": "Disabled" } });
        let done = self.errand(at, credentials, ERRAND, |c| Box::pin(async move { c.patch_boot(&body).await })).await;
        done.map(|r| r.words)
    }

    /// Changes the server's power and returns the controller's receipt. [`Kind::Unknown`] means that it may have
    /// happened; refusals in the present state (self-test running, on already) are [`Kind::Transient`].
    pub async fn reset(&self, at: &Bmc, credentials: &Credentials, kind: Reset) -> Result<Text, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.reset(kind))).await.map(|r| r.words)
    }

    /// Has the controller restart itself. It takes it, and is gone within seconds; the server goes on.
    pub async fn reset_controller(&self, at: &Bmc, credentials: &Credentials) -> Result<Text, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.reset_controller())).await.map(|r| r.words)
    }

    /// Has the locator LED on or off, and reads what it then is; `None` is not known. Nothing is sent where it is so.
    pub async fn locate(&self, at: &Bmc, credentials: &Credentials, on: bool) -> Result<Option<bool>, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.locate(on))).await
    }

    /// Caps the server's power at so many watts, or takes the cap away.
    pub async fn cap_power(&self, at: &Bmc, credentials: &Credentials, watts: Option<u32>) -> Result<Receipt, Fault> {
        self.errand(at, credentials, ERRAND, |c| Box::pin(c.cap(watts))).await
    }

    /// Looks at a background task once. One that cannot be seen yet, shortly after it was created, is waiting; later
    /// on that it is not there is [`Kind::Gone`].
    pub async fn task(&self, at: &Bmc, credentials: &Credentials, monitor: &TaskMonitor) -> Result<TaskReading, Fault> {
        let (path, young) = (monitor.path.clone(), self.client.clock.now().since(monitor.since) < task::UNBORN);
        self.errand(at, credentials, ERRAND, |c| {
            Box::pin(async move {
                match c.talk().get(&path).await {
                    Ok(found) => Ok(task::task(&found.body)),
                    Err(fault) if fault.kind == Kind::Gone && young => Ok(TaskReading::default()),
                    Err(fault) => Err(fault),
                }
            })
        })
        .await
    }

    /// Reads who it is: serial, model, firmware, network services, certificate, licences.
    pub async fn read_identity(&self, at: &Bmc, credentials: &Credentials) -> Result<IdentityReading, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.identity())).await
    }

    /// Reads power state, watts, limit and supplies.
    pub async fn read_power(&self, at: &Bmc, credentials: &Credentials) -> Result<PowerReading, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.power_reading())).await
    }

    /// Reads boot override, boot order and secure boot.
    pub async fn read_boot(&self, at: &Bmc, credentials: &Credentials) -> Result<BootReading, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.boot())).await
    }

    /// Reads temperatures, fans, utilisation and health.
    pub async fn read_sensors(&self, at: &Bmc, credentials: &Credentials) -> Result<SensorsReading, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.sensors())).await
    }

    /// Reads the logs: of each, what came after its cursor.
    pub async fn read_logs(&self, at: &Bmc, credentials: &Credentials, after: &Cursors) -> Result<Vec<Log>, Fault> {
        let after = after.clone();
        self.errand(at, credentials, SECTION, |c| Box::pin(async move { c.logs(&after).await })).await
    }

    /// Reads the firmware inventory.
    pub async fn read_firmware(&self, at: &Bmc, credentials: &Credentials) -> Result<Vec<FirmwareComponent>, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.firmware())).await
    }

    /// Reads the accounts; never a password or a hash.
    pub async fn read_accounts(&self, at: &Bmc, credentials: &Credentials) -> Result<AccountsReading, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.accounts())).await
    }

    /// Reads memory, processors, drives and network adapters.
    pub async fn read_inventory(&self, at: &Bmc, credentials: &Credentials) -> Result<Inventory, Fault> {
        self.errand(at, credentials, SECTION, |c| Box::pin(c.inventory())).await
    }

    /// Reads these sections on one session, as far as it goes within `span`. A section that fails, or is not read by
    /// then, is told in [`BmcReading::unread`].
    pub async fn read_all(
        &self,
        at: &Bmc,
        credentials: &Credentials,
        sections: &[Section],
        span: Duration,
    ) -> Result<BmcReading, Fault> {
        let sections = sections.to_vec();
        let until = self.client.clock.now() + span;
        // The rest is for what is under way then.
        self.errand(at, credentials, span + LAST_ANSWER, |c| {
            Box::pin(async move { c.sections(&sections, &Cursors::new(), SECTION, until).await })
        })
        .await
    }

    fn talk(&self, address: IpAddr, pin: Option<Fingerprint>) -> Talk {
        let target = Target::bmc(address, self.port, pin);
        Talk::new(self.client.clone(), target, self.lines.to(address), self.lines.clone())
    }

    /// Reads the root, logs in where it still is the controller it was, and reads the system; each as far as it was not
    /// done just now.
    async fn open(
        &self,
        at: &Bmc,
        credentials: &Credentials,
        changed: &Arc<AtomicBool>,
    ) -> Result<Conversation, Fault> {
        let mut talk = self.talk(at.address, at.pin);
        talk.changed = Arc::clone(changed);
        let root = match talk.line.root(at.pin, self.client.clock.now()) {
            Some((root, certificate)) => {
                talk.stay_with(certificate);
                root
            }
            None => {
                let root = read_root(&mut talk).await?;
                talk.line.saw_root(&root, talk.certificate, self.client.clock.now());
                root
            }
        };
        same_controller(&talk, &at.identity, &root.identity())?;
        let driver = Driver::of(at.identity.vendor);
        let session = Session::open(talk, &root, credentials).await?;
        Conversation::begin(session, root, driver).await
    }

    /// One call: log in, work, log out. When `span` is over it ends, wherever it is; then it is [`Kind::Unknown`] if a
    /// request that changes something may have gone out, and nothing has happened otherwise.
    async fn errand<T: Send>(
        &self,
        at: &Bmc,
        credentials: &Credentials,
        span: Duration,
        work: impl for<'c> FnOnce(&'c mut Conversation) -> Work<'c, T> + Send,
    ) -> Result<T, Fault> {
        let changed = Arc::new(AtomicBool::new(false));
        // On the heap: a conversation is some kilobytes, and callers put several calls into one future.
        let attempt = Box::pin(async {
            let mut conversation = self.open(at, credentials, &changed).await?;
            let done = work(&mut conversation).await;
            Ok((conversation, done))
        });
        match self.client.clock.timeout(span, attempt).await {
            Some(Ok((conversation, done))) => {
                Box::pin(conversation.session.close()).await;
                done
            }
            Some(Err(fault)) => Err(fault),
            None => {
                let kind = if changed.load(Ordering::Relaxed) { Kind::Unknown } else { Kind::Transient };
                let what = format!("{}: not done within {} s", at.address, span.as_secs());
                Err(self.client.fault(kind, what))
            }
        }
    }
}

async fn read_root(talk: &mut Talk) -> Result<Root, Fault> {
    let root = talk.get(ROOT).await.map_err(|fault| match fault.kind {
        Kind::Gone => {
            Fault { kind: Kind::Rejected, ..fault }.advise("Check that a Redfish service is at this address.")
        }
        _ => fault,
    })?;
    Root::read(&root.body).ok_or_else(|| talk.fault(Kind::Malformed, "what it answers is not a Redfish service root"))
}

/// The address may belong to another controller by now; its password must not go there.
fn same_controller(talk: &Talk, expected: &Identity, found: &Identity) -> Result<(), Fault> {
    let other_serial = matches!((&expected.serial, &found.serial), (Some(a), Some(b)) if a != b);
    if expected.vendor == found.vendor && !other_serial {
        return Ok(());
    }
    let name = |i: &Identity| match &i.serial {
        Some(serial) => format!("{} {} of {serial}", i.vendor, i.controller),
        None => format!("{} {}", i.vendor, i.controller),
    };
    let what = format!("expected {}, found {}; no login was sent", name(expected), name(found));
    Err(talk.fault(Kind::Conflict, what).advise("Find out which server has this address."))
}
