//! How a unit begins that was taken over: as NetBox shows it, with nothing left to write there.

use super::Login;
use crate::inventory::Device;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;

impl Unit {
    /// Applies that it was taken over. What NetBox holds of it counts as written, so that nothing is.
    pub(crate) fn begin_taken_over(&mut self, device: &Device, bmc_mac: Option<Mac>, stage: Stage, login: &Login) {
        self.serial.clone_from(&device.serial);
        self.model = Some(device.model.clone());
        self.bmc_mac = bmc_mac;
        self.stage = stage;
        self.status_written = Some(stage);
        self.tenant = device.tenant.clone().filter(|_| stage.is_tenants());
        self.staging_written = !stage.is_tenants();
        self.interfaces_written = true;
        self.cables_written = true;
        self.bmc_address = device.oob_address;
        if let Login::Proven { address, identity, certificate, .. }
        | Login::Refused { address, identity, certificate, .. } = login
        {
            self.bmc_address = Some(*address);
            self.vendor = Some(identity.vendor);
            self.identity = Some(identity.clone());
            self.certificate = *certificate;
        }
        // A lease is what has NetBox hold another address, by the rule for devices that are active.
        self.address_written = self.bmc_address;
        self.device = Some(device.clone());
    }
}
