//! The keeper of each BMC: the one place that speaks to it. It owns the connections, the session, the verdict on the
//! password, and what was learnt of the controller; steps, readings and the locator ask it.
//!
//! A password that a controller has refused is not sent again, whoever asks, until a person says `retry` or there is
//! another password: BMCs lock accounts and addresses. Who asks meanwhile gets the fault of that one refusal.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::{Bmc, Credentials, Kept, Redfish, Reset};
use rackhand_core::bmc::inventory::Inventory;
use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::bmc::{Fingerprint, Identity, Power, SystemReading};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::rules::{Lane, rule};
use rackhand_core::flow::step::Step;
use rackhand_core::id::UnitId;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use crate::keys::Keyring;

/// After this long without a call, session and connections are closed. The steps from login to reset follow one another
/// within seconds.
const IDLE: Duration = Duration::from_secs(60);

/// The keepers of a site's BMCs.
#[derive(Clone)]
pub struct Keepers(Arc<Inner>);

struct Inner {
    redfish: Redfish,
    keys: Keyring,
    clock: Clock,
    of: Mutex<BTreeMap<UnitId, Arc<Keeper>>>,
    /// Controllers of no unit yet that have refused a password: who keeps the unit's knows it then.
    refused: Mutex<BTreeMap<IpAddr, Kept>>,
}

/// What is kept of one BMC.
struct Keeper {
    kept: Kept,
    /// How often a person has said `retry`, when the verdict was last looked at.
    retries: Mutex<u32>,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    under_way: usize,
    last: Timestamp,
    /// Whether somebody waits to close what is idle.
    watched: bool,
}

/// Leave to speak to one BMC, for a call or a few.
pub struct Line {
    keepers: Keepers,
    keeper: Arc<Keeper>,
    pin: Option<Fingerprint>,
}

/// The same, with the account to log in with.
pub struct Session {
    line: Line,
    bmc: Bmc,
    credentials: Credentials,
}

impl Keepers {
    /// Keepers that speak through this adapter and know these passwords.
    pub fn new(redfish: Redfish, keys: Keyring, clock: Clock) -> Self {
        Self(Arc::new(Inner { redfish, keys, clock, of: Mutex::default(), refused: Mutex::default() }))
    }

    /// The line to a unit's BMC, without a login.
    ///
    /// # Errors
    /// Its address is not known.
    pub fn line(&self, unit: &Unit) -> Result<Line, Fault> {
        let address = unit.bmc_address.ok_or_else(|| unknown("its BMC's address"))?;
        let keeper = self.keeper(unit, address);
        locked(&keeper.calls).under_way += 1;
        Ok(Line { keepers: self.clone(), keeper, pin: unit.certificate })
    }

    /// A session on a unit's BMC. Nothing is sent yet: the first call logs in, or takes the session that is open.
    ///
    /// # Errors
    /// The BMC was not identified yet, no password is known, its password was refused, or it is not to be sent there.
    pub fn session(&self, unit: &Unit) -> Result<Session, Fault> {
        let line = self.line(unit)?;
        let identity = unit.identity.clone().ok_or_else(|| unknown("its BMC's identity"))?;
        let credentials = self.0.keys.for_unit(unit)?;
        if self.0.keys.shares(unit) {
            its_own(unit, &identity)?;
        }
        let keeper = &line.keeper;
        {
            let retries = retries(unit);
            let mut judged = locked(&keeper.retries);
            if retries > *judged {
                *judged = retries;
                keeper.kept.forgive();
            }
        }
        if let Some(fault) = keeper.kept.refusal(&credentials) {
            return Err(fault);
        }
        let bmc = Bmc { address: keeper.kept.address(), identity, pin: unit.certificate };
        Ok(Session { line, bmc, credentials })
    }

    /// Lets a password that was refused be sent once more. Whether any was.
    pub fn forgive(&self, unit: UnitId) -> bool {
        locked(&self.0.of).get(&unit).is_some_and(|keeper| keeper.kept.forgive())
    }

    /// What a controller says of itself that is no unit's yet, as one that is taken over, and the certificate it shows.
    ///
    /// # Errors
    /// As [`Redfish::identify`].
    pub async fn identify_stranger(&self, address: IpAddr) -> Result<(Identity, Option<Fingerprint>), Fault> {
        self.0.redfish.identify(address, None).await
    }

    /// Logs in once to a controller that is no unit's yet, and reads whose it is. A password that it refuses is not sent
    /// there again, by whoever keeps it later either.
    ///
    /// # Errors
    /// As [`Redfish::read_system`].
    pub async fn read_stranger(&self, bmc: &Bmc, credentials: &Credentials) -> Result<SystemReading, Fault> {
        let kept = self.0.redfish.keep(bmc.address);
        let read = self.0.redfish.read_system(bmc, credentials).await;
        if kept.refusal(credentials).is_some() {
            locked(&self.0.refused).insert(bmc.address, kept);
        }
        read
    }

    /// Lets passwords that strangers have refused be sent once more, as a person who makes a new plan wants it.
    pub fn forgive_strangers(&self) {
        for kept in std::mem::take(&mut *locked(&self.0.refused)).into_values() {
            kept.forgive();
        }
    }

    /// Closes what is open everywhere, and waits for that.
    pub async fn rest(&self) {
        let keepers: Vec<_> = locked(&self.0.of).values().cloned().collect();
        futures::future::join_all(keepers.iter().map(|k| k.kept.rest())).await;
        self.0.redfish.finished().await;
    }

    fn keeper(&self, unit: &Unit, address: IpAddr) -> Arc<Keeper> {
        let mut all = locked(&self.0.of);
        if let Some(keeper) = all.get(&unit.id).filter(|k| k.kept.address() == address) {
            return Arc::clone(keeper);
        }
        // Whose address it was is not there any more: what was learnt there is about another controller.
        all.retain(|id, k| *id == unit.id || k.kept.address() != address);
        let kept = self.0.redfish.keep(address);
        let before = all.remove(&unit.id);
        if let Ok(credentials) = self.0.keys.for_unit(unit) {
            // The verdict is about the controller, not about its address; and it outlasts a restart.
            let refused = before.as_ref().and_then(|k| k.kept.refusal(&credentials));
            let parked = unit.steps.parked().find(|(p, fault)| {
                p.step == Step::LogInToBmc && fault.kind == Kind::Unauthorised && fault.system == System::Bmc
            });
            let parked = parked.map(|(_, fault)| fault.clone()).filter(|_| before.is_none());
            if let Some(fault) = refused.or(parked) {
                kept.refuse(&credentials, &fault);
            }
        }
        locked(&self.0.refused).remove(&address);
        let keeper = Arc::new(Keeper { kept, retries: Mutex::new(retries(unit)), calls: Mutex::default() });
        all.insert(unit.id, Arc::clone(&keeper));
        keeper
    }
}

impl Line {
    /// What the BMC says of itself without a login, and the certificate it shows.
    pub async fn identify(&self) -> Result<(Identity, Option<Fingerprint>), Fault> {
        self.redfish().identify(self.keeper.kept.address(), self.pin).await
    }

    fn redfish(&self) -> &Redfish {
        &self.keepers.0.redfish
    }
}

impl Session {
    /// The account it logs in with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// See [`Redfish::read_system`].
    pub async fn read_system(&self) -> Result<SystemReading, Fault> {
        self.line.redfish().read_system(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::read_inventory`].
    pub async fn inventory(&self) -> Result<Inventory, Fault> {
        self.line.redfish().read_inventory(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::power`].
    pub async fn power(&self) -> Result<Power, Fault> {
        self.line.redfish().power(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::network_boot_armed`].
    pub async fn armed(&self) -> Result<bool, Fault> {
        self.line.redfish().network_boot_armed(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::arm_network_boot`].
    pub async fn arm(&self) -> Result<Text, Fault> {
        self.line.redfish().arm_network_boot(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::disarm_network_boot`].
    pub async fn disarm(&self) -> Result<Text, Fault> {
        self.line.redfish().disarm_network_boot(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::reset`].
    pub async fn reset(&self, kind: Reset) -> Result<Text, Fault> {
        self.line.redfish().reset(&self.bmc, &self.credentials, kind).await
    }

    /// See [`Redfish::reset_controller`].
    pub async fn reset_controller(&self) -> Result<Text, Fault> {
        self.line.redfish().reset_controller(&self.bmc, &self.credentials).await
    }

    /// See [`Redfish::locate`].
    pub async fn locate(&self, on: bool) -> Result<Option<bool>, Fault> {
        self.line.redfish().locate(&self.bmc, &self.credentials, on).await
    }

    /// See [`Redfish::read_all`].
    pub async fn read(&self, sections: &[Section], span: Duration) -> Result<BmcReading, Fault> {
        self.line.redfish().read_all(&self.bmc, &self.credentials, sections, span).await
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let clock = &self.keepers.0.clock;
        let mut calls = locked(&self.keeper.calls);
        calls.under_way = calls.under_way.saturating_sub(1);
        calls.last = clock.now();
        if calls.under_way == 0
            && !calls.watched
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            calls.watched = true;
            runtime.spawn(close_when_idle(Arc::clone(&self.keeper), clock.clone()));
        }
    }
}

impl Keeper {
    /// Whether waiting for it to be idle is over, and then whether it is.
    fn is_idle(&self, now: Timestamp) -> Option<bool> {
        let mut calls = locked(&self.calls);
        let busy = calls.under_way > 0;
        // The end of a call that is under way has it watched anew.
        let over = busy || calls.last + IDLE <= now;
        calls.watched = !over;
        over.then_some(!busy)
    }
}

async fn close_when_idle(keeper: Arc<Keeper>, clock: Clock) {
    loop {
        let due = locked(&keeper.calls).last + IDLE;
        clock.sleep_until(due).await;
        match keeper.is_idle(clock.now()) {
            Some(true) => return keeper.kept.rest().await,
            Some(false) => return,
            None => {}
        }
    }
}

/// A password of many servers goes to no controller that says, before any login, that it is another server's. iDRAC
/// says so in its service root; iLO says nothing there.
fn its_own(unit: &Unit, identity: &Identity) -> Result<(), Fault> {
    match (&unit.serial, &identity.serial) {
        (Some(ours), Some(theirs)) if !ours.eq_ignore_ascii_case(theirs) => {
            let what = format!("its BMC is that of {theirs}; the password was not sent");
            let fault = Fault::new(System::Bmc, Kind::Conflict, what);
            Err(fault.advise("find out which server has this address, then retry"))
        }
        _ => Ok(()),
    }
}

/// How often what speaks to its BMC was tried anew.
fn retries(unit: &Unit) -> u32 {
    unit.steps.generations().filter(|(step, _)| rule(*step).lane == Lane::Bmc).map(|(_, n)| n).sum()
}

/// The flow asks for a step only when what it needs is there; should that ever be wrong, it is said, not guessed.
fn unknown(what: &str) -> Fault {
    Fault::new(System::Rules, Kind::Rejected, format!("{what} is not known"))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rackhand_core::bmc::Vendor;
    use rackhand_core::id::SiteId;
    use rackhand_core::lifecycle::stage::Stage;

    use super::*;

    #[test]
    fn a_password_of_many_servers_goes_to_no_controller_that_says_it_is_another_servers() {
        let now = Timestamp::from_secs(1_795_000_000);
        let id = UnitId::mint(now, rackhand_core::id::Entropy([1; 16]));
        let mut unit = Unit::new(id, SiteId::new("fra1"), Stage::Discovered, now);
        let says = |serial: Option<&str>| Identity {
            vendor: Vendor::Dell,
            controller: "iDRAC9".into(),
            firmware: None,
            serial: serial.map(Into::into),
        };
        assert_eq!(its_own(&unit, &says(Some("9XYZ003"))), Ok(()), "nobody has told its serial");
        unit.serial = Some("7ABC001".into());
        assert_eq!(its_own(&unit, &says(Some("7abc001"))), Ok(()));
        assert_eq!(its_own(&unit, &says(None)), Ok(()), "iLO tells none before a login");
        let fault = its_own(&unit, &says(Some("9XYZ003"))).map_err(|f| (f.kind, f.to_string()));
        assert!(matches!(fault, Err((Kind::Conflict, what)) if what.contains("9XYZ003") && what.contains("not sent")));
    }
}
