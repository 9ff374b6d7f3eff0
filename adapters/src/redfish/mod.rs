//! BMCs by Redfish (DSP0266): what the controller is, what it says of its server, one-time network boot, reset.
//!
//! Each call is one connection, one session and one request at a time, and ends within its deadlines. Where iLO and
//! iDRAC differ is in `ilo` and `idrac`; everything else follows links and what the controller offers.

mod client;
mod driver;
mod generic;
mod idrac;
mod ilo;
mod message;
mod reading;
mod session;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;

use hyper::header::HeaderValue;
use rackhand_core::bmc::{Fingerprint, Identity, Power, SystemReading};
use rackhand_core::fault::{Fault, Kind, System as Blamed};
use rackhand_core::mac::Mac;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use serde_json::{Value, json};

pub use self::reading::read_any;

use self::client::Talk;
use self::driver::{Driver, reset_type};
use self::session::Session;
use self::wire::{Boot, Root, System};
use crate::http::{Client, Limits};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// The service root (DSP0266); every service answers here without a login.
const ROOT: &str = "/redfish/v1/";

/// NIC resources read for their MACs at most.
const MAX_NICS: usize = 16;

/// An account on a BMC. `Debug` shows the user only.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// User name.
    pub user: Text,
    /// Password.
    pub password: Secret,
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

/// The Redfish adapter.
#[derive(Clone)]
pub struct Redfish {
    client: Client,
    port: u16,
}

/// A logged-in conversation with the system's present state in hand.
struct Opened {
    session: Session,
    driver: &'static Driver,
    path: String,
    system: System,
    etag: Option<HeaderValue>,
}

impl Redfish {
    /// An adapter that reaches BMCs at `port` through `dial`. Per call: 5 s to connect, 30 s to each answer of at
    /// most 2 MiB.
    pub fn new(dial: Arc<dyn Dial>, clock: Clock, port: u16) -> Self {
        let limits = Limits { body: 2 << 20, ..Limits::STANDARD };
        Self { client: Client { dial, clock, limits, system: Blamed::Bmc }, port }
    }

    /// Asks the service root what it is, without a login, and tells the certificate it showed.
    pub async fn identify(
        &self,
        address: IpAddr,
        pin: Option<Fingerprint>,
    ) -> Result<(Identity, Option<Fingerprint>), Fault> {
        let mut talk = self.talk(address, pin);
        let root = read_root(&mut talk).await?;
        Ok((root.identity(), talk.certificate))
    }

    /// Logs in and reads serial, model, power state and NIC MACs.
    pub async fn read_system(&self, at: &Bmc, credentials: &Credentials) -> Result<SystemReading, Fault> {
        let mut opened = self.open(at, credentials).await?;
        let read = opened.reading().await;
        opened.session.close().await;
        read
    }

    /// Logs in and reads the power state.
    pub async fn power(&self, at: &Bmc, credentials: &Credentials) -> Result<Power, Fault> {
        let opened = self.open(at, credentials).await?;
        let power = opened.system.power();
        opened.session.close().await;
        Ok(power)
    }

    /// Whether the next boot, and only that, goes to the network.
    pub async fn network_boot_armed(&self, at: &Bmc, credentials: &Credentials) -> Result<bool, Fault> {
        let mut opened = self.open(at, credentials).await?;
        let armed = opened.armed().await;
        opened.session.close().await;
        armed
    }

    /// Arms one-time network boot and returns the controller's receipt. The boot mode is never sent: it is read-only
    /// on some controllers and they then refuse the whole request.
    pub async fn arm_network_boot(&self, at: &Bmc, credentials: &Credentials) -> Result<Text, Fault> {
        let mut opened = self.open(at, credentials).await?;
        let done = opened.arm().await;
        opened.session.close().await;
        done
    }

    /// Takes one-time boot back and returns the controller's receipt. Only `BootSourceOverrideEnabled` is sent.
    pub async fn disarm_network_boot(&self, at: &Bmc, credentials: &Credentials) -> Result<Text, Fault> {
        let mut opened = self.open(at, credentials).await?;
        let body = json!({ "Boot": { "BootSourceOverrideEnabled": "Disabled" } });
        let done = opened.patch_boot(&body).await;
        opened.session.close().await;
        done
    }

    /// Changes the server's power and returns the controller's receipt. [`Kind::Unknown`] means that it may have
    /// happened; refusals in the present state (self-test running, on already) are [`Kind::Transient`].
    pub async fn reset(&self, at: &Bmc, credentials: &Credentials, kind: Reset) -> Result<Text, Fault> {
        let mut opened = self.open(at, credentials).await?;
        let done = opened.reset(kind).await;
        opened.session.close().await;
        done
    }

    fn talk(&self, address: IpAddr, pin: Option<Fingerprint>) -> Talk {
        Talk::new(self.client.clone(), Target::bmc(address, self.port, pin))
    }

    /// Reads the root again, logs in where it still is the controller it was, and reads the system.
    async fn open(&self, at: &Bmc, credentials: &Credentials) -> Result<Opened, Fault> {
        let mut talk = self.talk(at.address, at.pin);
        let root = read_root(&mut talk).await?;
        same_controller(&talk, &at.identity, &root.identity())?;
        let driver = Driver::of(at.identity.vendor);
        let mut session = Session::open(talk, &root, credentials).await?;
        match find_system(&mut session.talk, &root, driver).await {
            Ok((path, body, etag)) => Ok(Opened { session, driver, path, system: System::read(&body), etag }),
            Err(fault) => {
                session.close().await;
                Err(fault)
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

async fn find_system(
    talk: &mut Talk,
    root: &Root,
    driver: &Driver,
) -> Result<(String, Value, Option<HeaderValue>), Fault> {
    let missing = |talk: &Talk, what| talk.fault(Kind::Malformed, what);
    let systems = root.systems.as_deref().ok_or_else(|| missing(talk, "its root has no link to Systems"))?;
    let collection = talk.get(systems).await?;
    let members = wire::members(&collection.body);
    let path = driver.pick(&members).ok_or_else(|| missing(talk, "it lists no system"))?.to_owned();
    let system = talk.get(&path).await?;
    Ok((path, system.body, system.etag))
}

impl Opened {
    async fn reading(&mut self) -> Result<SystemReading, Fault> {
        let missing = |what| self.session.talk.fault(Kind::Malformed, what);
        let serial = (self.driver.serial)(&self.system).ok_or_else(|| missing("the system tells no serial"))?;
        let model = self.driver.model(&self.system).ok_or_else(|| missing("the system tells no model"))?;
        let power = self.system.power();
        Ok(SystemReading { serial, model, power, nics: self.nics().await })
    }

    /// MACs of the system's own interfaces. They are extra: where one cannot be read, none is told rather than some.
    async fn nics(&mut self) -> Vec<Mac> {
        let Some(path) = self.system.interfaces.clone() else {
            return Vec::new();
        };
        let talk = &mut self.session.talk;
        let Ok(collection) = talk.get(&path).await else {
            return Vec::new();
        };
        let mut macs = Vec::new();
        for member in wire::members(&collection.body).into_iter().take(MAX_NICS) {
            let Ok(nic) = talk.get(&member).await else { return Vec::new() };
            let told =
                wire::text(&nic.body, &["PermanentMACAddress"]).or_else(|| wire::text(&nic.body, &["MACAddress"]));
            if let Some(mac) = told.and_then(|t| t.parse::<Mac>().ok()).filter(|m| m.0 != [0; 6] && !macs.contains(m)) {
                macs.push(mac);
            }
        }
        macs
    }

    /// The settings resource, where the boot override is written on this controller (iDRAC10).
    async fn settings(&mut self) -> Result<Option<(String, Boot, Option<HeaderValue>)>, Fault> {
        let Some(path) = self.system.settings.clone().filter(|_| self.driver.override_on_settings) else {
            return Ok(None);
        };
        match self.session.talk.get(&path).await {
            Ok(found) => {
                let boot = System::read(&found.body).boot;
                Ok(boot.offers_target.then_some((path, boot, found.etag)))
            }
            Err(fault) if matches!(fault.kind, Kind::Gone | Kind::Rejected) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn armed(&mut self) -> Result<bool, Fault> {
        if self.system.boot.armed() {
            return Ok(true);
        }
        Ok(self.settings().await?.is_some_and(|(_, boot, _)| boot.armed()))
    }

    async fn arm(&mut self) -> Result<Text, Fault> {
        let allowed = self.system.boot.allowed.as_deref();
        if allowed.is_some_and(|list| !list.iter().any(|a| a == "Pxe")) {
            let fault = self.session.talk.fault(Kind::Rejected, "it does not offer network boot (Pxe)");
            return Err(fault.advise("Enable PXE on a NIC in the server's BIOS."));
        }
        let body = json!({ "Boot": { "BootSourceOverrideTarget": "Pxe", "BootSourceOverrideEnabled": "Once" } });
        self.patch_boot(&body).await
    }

    /// Writes the boot override where this controller takes it, under the tag of the state that was read.
    async fn patch_boot(&mut self, body: &Value) -> Result<Text, Fault> {
        let (path, etag) = match self.settings().await? {
            Some((path, _, etag)) => (path, etag),
            None => (self.path.clone(), self.etag.clone()),
        };
        self.session.talk.patch(&path, body, etag).await
    }

    async fn reset(&mut self, kind: Reset) -> Result<Text, Fault> {
        let talk = &mut self.session.talk;
        let Some(action) = self.system.reset.clone() else {
            return Err(talk.fault(Kind::Rejected, "the system offers no reset"));
        };
        let Some(word) = reset_type(kind, self.system.reset_types.as_deref()) else {
            return Err(talk.fault(Kind::Rejected, format!("the system offers no reset of type {kind:?}")));
        };
        talk.post(&action, &json!({ "ResetType": word })).await
    }
}
