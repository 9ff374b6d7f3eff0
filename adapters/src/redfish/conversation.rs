//! A logged-in conversation with one controller: what is done to it. What is read is in `read`.

use hyper::header::HeaderValue;
use rackhand_core::bmc::SystemReading;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::mac::Mac;
use serde_json::{Value, json};

use super::Reset;
use super::client::{Receipt, Talk};
use super::driver::{Driver, allowed_word, reset_type};
use super::line::SystemSeen;
use super::parse::{self, identity::locator};
use super::session::Session;
use super::wire::{self, Boot, Root, System, allowable, link, local_path};

/// NIC resources read for their MACs at most. iDRAC lists each partition: four ports of sixteen are 64.
const MAX_NICS: usize = 256;

/// A logged-in conversation with the system's present state in hand.
pub(super) struct Conversation {
    pub(super) session: Session,
    pub(super) driver: &'static Driver,
    pub(super) root: Root,
    path: String,
    pub(super) body: Value,
    pub(super) system: System,
    etag: Option<HeaderValue>,
    chassis: Option<(String, Value, Option<HeaderValue>)>,
    manager: Option<Value>,
}

impl Conversation {
    /// Finds the system a server's BMC is about and reads it, unless that was done just now.
    pub(super) async fn begin(mut session: Session, root: Root, driver: &'static Driver) -> Result<Self, Fault> {
        match system(&mut session.talk, &root, driver).await {
            Ok((path, body, etag)) => {
                let system = System::read(&body);
                Ok(Self { session, driver, root, path, body, system, etag, chassis: None, manager: None })
            }
            Err(fault) => {
                session.close().await;
                Err(fault)
            }
        }
    }

    pub(super) fn talk(&mut self) -> &mut Talk {
        &mut self.session.talk
    }

    pub(super) fn missing(&self, what: &str) -> Fault {
        self.session.talk.fault(Kind::Malformed, what)
    }

    /// The members of a collection.
    pub(super) async fn members(&mut self, path: &str) -> Result<Vec<Value>, Fault> {
        self.session.talk.members(path, self.root.expand).await
    }

    /// The members of the collection a link leads to; none where there is no link or nothing behind it.
    pub(super) async fn linked(&mut self, path: Option<String>) -> Result<Vec<Value>, Fault> {
        let Some(path) = path else { return Ok(Vec::new()) };
        match self.members(&path).await {
            Err(fault) if fault.kind == Kind::Gone => Ok(Vec::new()),
            done => done,
        }
    }

    /// A resource behind a link; `None` where there is no link or nothing behind it.
    pub(super) async fn maybe(&mut self, path: Option<String>) -> Result<Option<Value>, Fault> {
        let Some(path) = path else { return Ok(None) };
        match self.session.talk.get(&path).await {
            Ok(found) => Ok(Some(found.body)),
            Err(fault) if fault.kind == Kind::Gone => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The system's chassis: the one it names, else the one that names it, else the first.
    pub(super) async fn chassis(&mut self) -> Result<&(String, Value, Option<HeaderValue>), Fault> {
        if self.chassis.is_none() {
            let path = match self.system.chassis.clone() {
                Some(path) => path,
                None => self.chassis_of_manager().await?,
            };
            let found = self.session.talk.get(&path).await?;
            self.chassis = Some((path, found.body, found.etag));
        }
        let missing = self.missing("its chassis is gone");
        self.chassis.as_ref().ok_or(missing)
    }

    /// iLO 5's system does not name its chassis; its manager does (recorded 3.11).
    async fn chassis_of_manager(&mut self) -> Result<String, Fault> {
        if let Some(path) = link(self.manager().await?, &["Links", "ManagerInChassis"]) {
            return Ok(path);
        }
        let all = self.root.chassis.clone().ok_or_else(|| self.missing("its root has no link to Chassis"))?;
        let listed = self.session.talk.get(&all).await?.body;
        wire::members(&listed).into_iter().next().ok_or_else(|| self.missing("it lists no chassis"))
    }

    /// The manager: the one the system names, else the first.
    pub(super) async fn manager(&mut self) -> Result<&Value, Fault> {
        if self.manager.is_none() {
            let path = match self.system.manager.clone() {
                Some(path) => path,
                None => {
                    let all = self.root.managers.clone().ok_or_else(|| self.missing("its root has no managers"))?;
                    let listed = self.session.talk.get(&all).await?.body;
                    wire::members(&listed).into_iter().next().ok_or_else(|| self.missing("it lists no manager"))?
                }
            };
            self.manager = Some(self.session.talk.get(&path).await?.body);
        }
        let missing = self.missing("its manager is gone");
        self.manager.as_ref().ok_or(missing)
    }

    pub(super) async fn reading(&mut self) -> Result<SystemReading, Fault> {
        let serial = (self.driver.serial)(&self.system).ok_or_else(|| self.missing("the system tells no serial"))?;
        let model = self.driver.model(&self.system).ok_or_else(|| self.missing("the system tells no model"))?;
        let power = self.system.power();
        Ok(SystemReading { serial, model, power, nics: self.nics().await })
    }

    /// MACs of the system's own interfaces. They are extra: where one cannot be read, none is told rather than some.
    pub(super) async fn nics(&mut self) -> Vec<Mac> {
        let Ok(interfaces) = self.linked(self.system.interfaces.clone()).await else { return Vec::new() };
        let mut macs = Vec::new();
        let interfaces = self.talk().first("network interfaces", &interfaces, MAX_NICS);
        for mac in interfaces.iter().filter_map(parse::inventory::interface) {
            if !macs.contains(&mac) {
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

    /// The boot override, and whether it lives on the settings resource.
    pub(super) async fn boot_override(&mut self) -> Result<(Boot, bool), Fault> {
        if self.system.boot.armed() {
            return Ok((self.system.boot.clone(), false));
        }
        Ok(match self.settings().await? {
            Some((_, boot, _)) => (boot, true),
            None => (self.system.boot.clone(), false),
        })
    }

    pub(super) async fn armed(&mut self) -> Result<bool, Fault> {
        Ok(self.boot_override().await?.0.armed())
    }

    pub(super) async fn arm(&mut self) -> Result<Receipt, Fault> {
        let allowed = self.system.boot.allowed.as_deref();
        if allowed.is_some_and(|list| !list.iter().any(|a| a == "Pxe")) {
            let fault = self.session.talk.fault(Kind::Rejected, "it does not offer network boot (Pxe)");
            return Err(fault.advise("Enable PXE on a NIC in the server's BIOS."));
        }
        let body = json!({ "Boot": { "BootSourceOverrideTarget": "Pxe", "BootSourceOverrideEnabled": "Once" } });
        self.patch_boot(&body).await
    }

    /// Writes the boot override where this controller takes it, under the tag of the state that was read.
    pub(super) async fn patch_boot(&mut self, body: &Value) -> Result<Receipt, Fault> {
        let (path, etag) = match self.settings().await? {
            Some((path, _, etag)) => (path, etag),
            None => (self.path.clone(), self.etag.clone()),
        };
        self.session.talk.patch(&path, body, etag).await
    }

    pub(super) async fn reset(&mut self, kind: Reset) -> Result<Receipt, Fault> {
        let talk = &mut self.session.talk;
        let Some(action) = self.system.reset.clone() else {
            return Err(talk.fault(Kind::Rejected, "the system offers no reset"));
        };
        let Some(word) = reset_type(kind, self.system.reset_types.as_deref()) else {
            return Err(talk.fault(Kind::Rejected, format!("the system offers no reset of type {kind:?}")));
        };
        talk.post(&action, &json!({ "ResetType": word })).await
    }

    /// `Manager.Reset` (DSP0268). iDRAC takes `GracefulRestart` only, iLO that and `ForceRestart`. A controller that goes down
    /// may say that it is busy: so every failure that would be tried again may be its restart.
    pub(super) async fn reset_controller(&mut self) -> Result<Receipt, Fault> {
        let manager = self.manager().await?;
        let reset = manager.pointer("/Actions/#Manager.Reset");
        let target = reset.and_then(|r| r.get("target")?.as_str()).and_then(local_path);
        let allowed = reset.and_then(|r| allowable(r, "ResetType@Redfish.AllowableValues"));
        let talk = &mut self.session.talk;
        let Some(target) = target else {
            return Err(talk.fault(Kind::Rejected, "its manager offers no reset"));
        };
        let Some(word) = allowed_word(&["GracefulRestart", "ForceRestart"], allowed.as_deref()) else {
            return Err(talk.fault(Kind::Rejected, "its manager offers no restart"));
        };
        talk.post(&target, &json!({ "ResetType": word })).await.map_err(|fault| match fault.kind {
            Kind::Transient => Fault { kind: Kind::Unknown, ..fault },
            _ => fault,
        })
    }

    /// Has the locator LED on or off. It is written on the chassis: iDRAC's system takes it as read-only, and iLO takes
    /// it on either. Where there is no `LocationIndicatorActive`, the older `IndicatorLED` is written. What it is then
    /// is read anew; a reading that fails makes it unknown, not undone.
    pub(super) async fn locate(&mut self, on: bool) -> Result<Option<bool>, Fault> {
        let (path, body, etag) = self.chassis().await?.clone();
        if locator(self.driver, &body) == Some(on) {
            return Ok(Some(on));
        }
        let change = if body.get("LocationIndicatorActive").is_some() {
            json!({ "LocationIndicatorActive": on })
        } else if body.get("IndicatorLED").is_some() {
            let (lit, dark) = self.driver.indicator_words;
            json!({ "IndicatorLED": if on { lit } else { dark } })
        } else {
            return Err(self.session.talk.fault(Kind::Rejected, "it offers no locator LED"));
        };
        self.session.talk.patch(&path, &change, etag).await?;
        let read = self.session.talk.get(&path).await;
        Ok(read.ok().and_then(|now| locator(self.driver, &now.body)))
    }

    /// Caps the server's power, or takes the cap away. It is written on `Power`, which takes it on all of them,
    /// whether or not `PowerLimit` is there to be read.
    pub(super) async fn cap(&mut self, watts: Option<u32>) -> Result<Receipt, Fault> {
        let path = link(&self.chassis().await?.1, &["Power"]);
        let Some(path) = path else {
            return Err(self.session.talk.fault(Kind::Rejected, "it offers no power limit"));
        };
        let etag = self.session.talk.get(&path).await?.etag;
        let body = json!({ "PowerControl": [{ "PowerLimit": { "LimitInWatts": watts } }] });
        self.session.talk.patch(&path, &body, etag).await
    }
}

/// The system, as it was read just now, or where it was found before, or found now.
async fn system(talk: &mut Talk, root: &Root, driver: &Driver) -> Result<(String, Value, Option<HeaderValue>), Fault> {
    let now = talk.client.clock.now();
    let found = match talk.line.system(now) {
        Some(SystemSeen { path, read: Some((body, etag)), .. }) => return Ok((path, body, etag)),
        Some(SystemSeen { path, .. }) => match talk.get(&path).await {
            Ok(read) => (path, read.body, read.etag),
            Err(fault) if fault.kind == Kind::Gone => find_system(talk, root, driver).await?,
            Err(fault) => return Err(fault),
        },
        None => find_system(talk, root, driver).await?,
    };
    let (path, body, etag) = found.clone();
    talk.line.saw_system(SystemSeen { path, read: Some((body, etag)), at: talk.client.clock.now() });
    Ok(found)
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
