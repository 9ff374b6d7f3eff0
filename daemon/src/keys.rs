//! Passwords of BMCs, until vaulting exists: one given for a server (by a manifest or a person, sealed on disk), else
//! the configured one for its serial, else the one for its vendor.

mod sealed;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rackhand_adapters::redfish::Credentials;
use rackhand_core::bmc::Vendor;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::secret::Account;
use rackhand_core::text::Text;

use sealed::{Entries, Entry, Sealed};

pub use sealed::SealError;

/// The passwords the configuration names.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// By serial, upper case.
    pub by_serial: BTreeMap<String, Credentials>,
    /// By vendor.
    pub by_vendor: BTreeMap<Vendor, Credentials>,
}

/// All passwords this daemon may use. Copies share them.
#[derive(Clone)]
pub struct Keyring(Arc<Mutex<Ring>>);

struct Ring {
    configured: Keys,
    given: Entries,
    /// Where those that were given are kept; `None` keeps them in memory, as a simulation does.
    sealed: Option<Sealed>,
}

/// An account that would be tried, and whose it is, as a person is told: `given`, `configured for its serial`.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The account.
    pub credentials: Credentials,
    /// Where it comes from.
    pub source: &'static str,
}

impl From<Keys> for Keyring {
    /// A ring that keeps what is given in memory only.
    fn from(configured: Keys) -> Self {
        Self(Arc::new(Mutex::new(Ring { configured, given: Entries::new(), sealed: None })))
    }
}

impl Keyring {
    /// The ring whose given passwords are sealed in the daemon's data directory.
    ///
    /// # Errors
    /// Where what is sealed there cannot be read.
    pub fn open(configured: Keys, dir: &Path) -> Result<Self, SealError> {
        let (sealed, given) = Sealed::open(dir)?;
        Ok(Self(Arc::new(Mutex::new(Ring { configured, given, sealed: Some(sealed) }))))
    }

    /// The account for this unit's BMC.
    ///
    /// # Errors
    /// Where none is known, or the one that is was refused.
    pub fn for_unit(&self, unit: &Unit) -> Result<Credentials, Fault> {
        let serial = unit.serial.as_deref().unwrap_or_default();
        let vendor = unit.identity.as_ref().map(|i| i.vendor);
        self.candidate(serial, vendor).map(|candidate| candidate.credentials)
    }

    /// The account that would be tried for a server: one that was given, unless its BMC refused it, then a configured
    /// one. The vendor is not known before the BMC was asked.
    ///
    /// # Errors
    /// Where none is known, or the one that is was refused.
    pub fn candidate(&self, serial: &str, vendor: Option<Vendor>) -> Result<Candidate, Fault> {
        let ring = self.lock();
        let given = ring.given.get(&serial.to_uppercase());
        let configured = &ring.configured;
        let mut found = None;
        if let Some(entry) = given.filter(|entry| !entry.refused) {
            let factory = vendor.and_then(|v| configured.by_vendor.get(&v)).map(|c| c.user.clone());
            let user = entry.account.user.clone().or(factory).or_else(|| factory_user(vendor?));
            let password = entry.account.password.clone();
            found = user.map(|user| Candidate { credentials: Credentials { user, password }, source: "given for it" });
        }
        let by_serial = || configured.by_serial.get(&serial.to_uppercase()).map(|c| (c, "configured for its serial"));
        let by_vendor = || configured.by_vendor.get(&vendor?).map(|c| (c, "configured for its vendor"));
        let of = |(credentials, source): (&Credentials, _)| Candidate { credentials: credentials.clone(), source };
        found.or_else(|| by_serial().or_else(by_vendor).map(of)).ok_or_else(|| {
            let what = match given {
                Some(entry) if entry.refused => "its BMC refused the password that was given, and no other is known",
                Some(_) => "a password was given for its BMC without the user name",
                None => "no password is known for its BMC",
            };
            let advice =
                format!("give one with `rackhand password {serial}`, or add one under [[credentials]]; then retry");
            Fault::new(System::Rules, Kind::Unauthorised, what).advise(advice)
        })
    }

    /// Notes that a BMC refused this account, where it is the one that was given. True where another one is left to be
    /// tried, which is another password, so that no BMC is sent the same twice.
    pub fn refused(&self, serial: &str, vendor: Option<Vendor>, credentials: &Credentials) -> bool {
        let serial = serial.to_uppercase();
        let mut ring = self.lock();
        let sent = credentials.password.reveal();
        let Some(entry) = ring.given.get_mut(&serial).filter(|e| !e.refused && e.account.password.reveal() == sent)
        else {
            return false;
        };
        entry.refused = true;
        if let Err(error) = ring.keep() {
            tracing::warn!(%error, serial, "that a password was refused is known until the next start only");
        }
        drop(ring);
        self.candidate(&serial, vendor).is_ok_and(|next| next.credentials.password.reveal() != sent)
    }

    /// Keeps passwords for single servers (by serial), or forgets them, all or none. Gives what was there before, to be
    /// put back. Blocks on the disk.
    ///
    /// # Errors
    /// Where they cannot be kept.
    pub fn give(
        &self,
        accounts: impl IntoIterator<Item = (Text, Option<Account>)>,
    ) -> Result<Vec<(Text, Option<Account>)>, SealError> {
        let mut ring = self.lock();
        let undo = ring.given.clone();
        let mut before = Vec::new();
        let mut news = false;
        for (serial, account) in accounts {
            let key = serial.to_uppercase();
            let old = match account.clone() {
                Some(account) => ring.given.insert(key, Entry { account, refused: false }),
                None => ring.given.remove(&key),
            };
            let was = old.map(|entry| (entry.account, entry.refused));
            news |=
                account.as_ref() != was.as_ref().map(|(a, _)| a) || was.as_ref().is_some_and(|(_, refused)| *refused);
            before.push((serial, was.map(|(account, _)| account)));
        }
        if news && let Err(error) = ring.keep() {
            ring.given = undo;
            return Err(error);
        }
        Ok(before)
    }

    /// Takes another configuration's passwords in the place of those before.
    pub fn configure(&self, configured: Keys) {
        self.lock().configured = configured;
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn keep(&self) -> Result<(), SealError> {
        self.sealed.as_ref().map_or(Ok(()), |sealed| sealed.keep(&self.given))
    }
}

/// The user name that the maker gives (HPE iLO user guide; Dell iDRAC user's guide).
fn factory_user(vendor: Vendor) -> Option<Text> {
    match vendor {
        Vendor::Hpe => Some("Administrator".into()),
        Vendor::Dell => Some("root".into()),
        Vendor::Other => None,
    }
}
