//! How a unit came to be known, and what it is said to be.

use serde::{Deserialize, Serialize};

use crate::bmc::Vendor;
use crate::id::{OrderId, SiteId};
use crate::lifecycle::stage::Stage;
use crate::mac::Mac;
use crate::order::spec::Spec;
use crate::spine::event::events;
use crate::text::Text;

events! {
    /// How a unit came to be known, and what it is said to be.
    EntryEvent:

    /// A unit was entered by a person or a manifest.
    UnitImported {
        /// Its site.
        site: SiteId,
        /// Its serial, upper case.
        serial: Text,
        /// The BMC's MAC, where it is known.
        bmc_mac: Option<Mac>,
        /// Vendor.
        vendor: Option<Vendor>,
        /// Model.
        model: Option<Text>,
        /// Where it is in its life.
        stage: Stage,
    } = "unit_imported",
    /// A manifest's row named the unit: NetBox is to hold its BMC's MAC.
    ManifestRowTaken {
        /// The serial, upper case.
        serial: Text,
        /// The BMC's MAC.
        bmc_mac: Mac,
        /// What the device is, where it is to be made if NetBox lacks it.
        create: Option<crate::inventory::NewDevice>,
    } = "manifest_row_taken",
    /// A device NetBox knew and we did not became a unit.
    UnitAdopted {
        /// Its site.
        site: SiteId,
        /// Its serial, where NetBox has one.
        serial: Option<Text>,
        /// The BMC's MAC.
        bmc_mac: Mac,
        /// Model.
        model: Text,
    } = "unit_adopted",
    /// A server that ran already became a unit, as a plan said that a person confirmed.
    UnitTakenOver {
        /// The plan.
        plan: crate::id::PlanId,
        /// Its site.
        site: SiteId,
        /// Its device as NetBox shows it.
        device: Box<crate::inventory::Device>,
        /// Its BMC's MAC, where NetBox has it.
        bmc_mac: Option<Mac>,
        /// The stage it enters.
        stage: Stage,
        /// Why the person confirmed it.
        reason: Text,
        /// What the one login to its BMC came to.
        login: crate::takeover::Login,
    } = "unit_taken_over",
    /// A server is to be bought: from now on it has an id and a place in its life.
    UnitOrdered {
        /// For which order.
        order: OrderId,
        /// For which of its lines, from 1.
        line: u16,
        /// Where it is to go.
        site: SiteId,
        /// For whom.
        tenant: Text,
        /// The model, where it must be one.
        model: Option<Text>,
    } = "unit_ordered",
    /// A person told what it is.
    SpecTold {
        /// As it was understood.
        spec: Spec,
    } = "spec_told",
    /// A paper or a person told which server this is.
    SerialBound {
        /// Its serial, upper case.
        serial: Text,
        /// Its BMC's MAC, where it was told.
        bmc_mac: Option<Mac>,
        /// Vendor.
        vendor: Option<Vendor>,
        /// Model.
        model: Option<Text>,
        /// What told it: a ship notice, a manifest.
        source: Text,
    } = "serial_bound",
}

impl EntryEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::UnitImported { serial, stage, .. } => format!("{serial} entered as {stage}"),
            Self::ManifestRowTaken { serial, bmc_mac, .. } => format!("manifest: {serial} has BMC {bmc_mac}"),
            Self::UnitAdopted { bmc_mac, .. } => format!("adopted from NetBox by BMC {bmc_mac}"),
            Self::UnitTakenOver { plan, device, stage, reason, login, .. } => {
                format!("taken over from NetBox device {} as {stage}, plan {plan}: {reason}; {login}", device.name)
            }
            Self::UnitOrdered { order, line, .. } => format!("ordered: line {line} of order {order}"),
            Self::SpecTold { spec } => format!("it is said to be {spec}"),
            Self::SerialBound { serial, source, .. } => format!("it is {serial}, by {source}"),
        }
    }
}
