//! Passwords of BMCs, until vaulting exists: one for each serial where a manifest told it, else one for each vendor.

use std::collections::BTreeMap;

use rackhand_adapters::redfish::Credentials;
use rackhand_core::bmc::Vendor;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::lifecycle::unit::Unit;

/// The passwords this daemon may use.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// By serial, upper case.
    pub by_serial: BTreeMap<String, Credentials>,
    /// By vendor.
    pub by_vendor: BTreeMap<Vendor, Credentials>,
}

impl Keys {
    /// Whether the password for this unit's BMC is that of other servers, too.
    pub fn shares(&self, unit: &Unit) -> bool {
        !unit.serial.as_ref().is_some_and(|s| self.by_serial.contains_key(&s.to_uppercase()))
    }

    /// The account for this unit's BMC.
    pub fn for_unit(&self, unit: &Unit) -> Result<Credentials, Fault> {
        let by_serial = unit.serial.as_ref().and_then(|s| self.by_serial.get(&s.to_uppercase()));
        let by_vendor = || unit.identity.as_ref().and_then(|i| self.by_vendor.get(&i.vendor));
        by_serial.or_else(by_vendor).cloned().ok_or_else(|| {
            Fault::new(System::Rules, Kind::Unauthorised, "no password is known for its BMC")
                .advise("add one for this serial or vendor under [credentials], then retry")
        })
    }
}
