//! What a unit is, by how it came.

#![deny(clippy::wildcard_enum_match_arm)]

use super::event::EntryEvent;
use crate::entry::registration::Registration;
use crate::lifecycle::unit::Unit;

impl Unit {
    /// Applies that it came, or what it is said to be.
    pub(crate) fn come(&mut self, event: &EntryEvent) {
        match event {
            EntryEvent::UnitImported { serial, bmc_mac, vendor, model, stage, .. } => {
                self.serial = Some(serial.clone());
                self.bmc_mac = *bmc_mac;
                self.vendor = *vendor;
                self.model.clone_from(model);
                self.stage = *stage;
            }
            EntryEvent::UnitOrdered { order, line, tenant, model, .. } => {
                self.order = Some((*order, *line));
                self.tenant = Some(tenant.clone());
                self.model.clone_from(model);
            }
            EntryEvent::SpecTold { spec } => self.told = Some(spec.clone()),
            EntryEvent::SerialBound { bmc_mac, vendor, model, .. } => {
                self.bmc_mac = self.bmc_mac.or(*bmc_mac);
                self.vendor = self.vendor.or(*vendor);
                self.model = model.clone().or_else(|| self.model.take());
            }
            EntryEvent::ManifestRowTaken { bmc_mac, create, .. } => {
                self.bmc_mac = self.bmc_mac.or(Some(*bmc_mac));
                let before = self.registration.take();
                let begun = before.as_ref().is_some_and(|r| r.begun && r.seen.is_none());
                let (bmc_mac, create, told) = (*bmc_mac, create.clone(), before.and_then(|r| r.told));
                self.registration = Some(Registration { bmc_mac, create, begun, seen: None, told });
            }
            EntryEvent::UnitAdopted { serial, bmc_mac, model, .. } => {
                self.serial.clone_from(serial);
                self.bmc_mac = Some(*bmc_mac);
                self.model = Some(model.clone());
            }
            EntryEvent::UnitTakenOver { plan, device, bmc_mac, stage, login, .. } => {
                self.taken_over = Some(*plan);
                self.begin_taken_over(device, *bmc_mac, *stage, login);
            }
        }
    }
}
