//! What a business sets: how stages map to NetBox statuses, and which tenant holds servers being staged.

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bmc::Vendor;
use crate::id::{SellerId, SiteId};
use crate::lifecycle::stage::Stage;
use crate::purchase::approval::{Limits, Needed, needed};
use crate::purchase::compare;
use crate::purchase::money::{Currency, Money, Rates};
use crate::purchase::paper::Destination;
use crate::text::Text;
use crate::time::Timestamp;

/// The rules a business sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The site this daemon runs.
    pub site: SiteId,
    /// Sites it runs besides; only a demo has some.
    #[serde(default)]
    pub also: BTreeSet<SiteId>,
    /// NetBox status for each stage.
    pub statuses: BTreeMap<Stage, Text>,
    /// Slug of the tenant that holds servers being staged.
    pub staging_tenant: Text,
    /// How servers are bought.
    #[serde(default)]
    pub purchase: Purchasing,
    /// How much a tenant may order by itself.
    #[serde(default)]
    pub quota: Quota,
}

/// What rule C4 takes a device for, by the status NetBox has it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceState {
    /// Not yet discovered, or gone again: `offline` in the business's own map.
    Offline,
    /// Discovered, not yet staged: `discovered`.
    Discovered,
    /// A tenant's: `active`.
    Active,
    /// Anything else.
    Other,
}

impl DeviceState {
    const fn of(stage: Stage) -> Self {
        use Stage as S;
        match stage {
            S::Received | S::Racked | S::Cabled | S::PoweredOn | S::Decommissioned => Self::Offline,
            S::Discovered | S::PhysicalValidated => Self::Discovered,
            S::AssignedToTenant | S::InService | S::Maintenance | S::DecommissionProposed => Self::Active,
            S::Ordered | S::QuoteRequested | S::QuoteReceived | S::PurchaseApproved | S::ShipmentTracking => {
                Self::Other
            }
            S::Staged | S::ProvisionedToVendorTool | S::FirmwareUpdating | S::Hardened | S::Ready => Self::Other,
            S::Decommissioning => Self::Other,
        }
    }
}

/// How many servers a tenant may order by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// In one order.
    pub order: u32,
    /// In all its orders whose servers it has not got.
    pub open: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { order: 200, open: 1_000 }
    }
}

/// How servers are bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchasing {
    /// The vendors that are asked.
    pub sellers: Vec<Terms>,
    /// Who must approve what.
    pub limits: Limits,
    /// Rates of exchange; their base is the currency of the limits.
    pub rates: Rates,
    /// How long an answer to a request may take; then the vendor is reminded, and after as long again given up.
    pub patience: Duration,
    /// How long a server of the pool is kept for an order that is not assigned.
    pub reserve_for: Duration,
    /// What things are worth when offers are compared.
    pub worth: compare::Policy,
    /// Who pays, a line each.
    pub bill_to: Vec<Text>,
    /// The sites' postal addresses.
    pub destinations: BTreeMap<SiteId, Destination>,
    /// The role of bought servers in NetBox (slug), where their devices are to be made.
    pub role: Option<Text>,
    /// Sites in the order in which the business likes them, where an order may go to any.
    #[serde(default)]
    pub preference: Vec<SiteId>,
    /// What a server is counted as, of which nobody says what it takes, where an order may go to any site.
    #[serde(default)]
    pub planned: Planned,
}

/// What a server takes of a rack, as a planner counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Height in rack units.
    pub units: u8,
    /// Draw in watts.
    pub watts: u32,
}

impl Default for Planned {
    fn default() -> Self {
        Self { units: 2, watts: 800 }
    }
}

/// A vendor that sells to us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Its short name.
    pub id: SellerId,
    /// What it is called.
    pub title: Text,
    /// Whose servers it sells.
    pub vendor: Vendor,
    /// Whether a person asks, and enters what it answers.
    pub by_hand: bool,
}

impl Default for Purchasing {
    fn default() -> Self {
        let base = Currency::EUR;
        Self {
            sellers: Vec::new(),
            limits: Limits { auto_below: Money::new(0, base), two_above: Money::new(5_000_000, base) },
            rates: Rates { base, of: Timestamp::default(), millionths: BTreeMap::new() },
            patience: Duration::from_hours(24),
            reserve_for: Duration::from_hours(72),
            worth: compare::Policy {
                months: 36,
                megawatt_hour: None,
                day: 0,
                warranty_month: 0,
                untried_days: 14,
                unknown_lead_days: 180,
            },
            bill_to: Vec::new(),
            destinations: BTreeMap::new(),
            role: None,
            preference: Vec::new(),
            planned: Planned::default(),
        }
    }
}

impl Purchasing {
    /// How many different persons must approve an amount. One whose value nobody knows takes two.
    pub fn needed(&self, total: Option<Money>) -> Needed {
        needed(total.and_then(|t| self.rates.in_base(t)), &self.limits)
    }

    /// The address of a site, as far as it is known.
    pub fn destination(&self, site: &SiteId) -> Destination {
        let unknown = || Destination { site: site.as_str().into(), address: Vec::new(), country: "".into() };
        self.destinations.get(site).cloned().unwrap_or_else(unknown)
    }
}

impl Policy {
    /// The business's own map.
    pub fn standard(site: SiteId) -> Self {
        use Stage as S;
        let status = |stage: Stage| match stage {
            S::Ordered | S::QuoteRequested | S::QuoteReceived | S::PurchaseApproved | S::ShipmentTracking => "planned",
            S::Received | S::Racked | S::Cabled | S::PoweredOn | S::Decommissioned => "offline",
            S::Discovered | S::PhysicalValidated => "discovered",
            S::Staged | S::ProvisionedToVendorTool | S::FirmwareUpdating | S::Hardened => "staged",
            S::Ready => "ready",
            S::AssignedToTenant | S::InService | S::Maintenance | S::DecommissionProposed => "active",
            S::Decommissioning => "decommissioning",
        };
        Self {
            site,
            also: BTreeSet::new(),
            statuses: Stage::ALL.iter().map(|s| (*s, status(*s).into())).collect(),
            staging_tenant: "baremetal-staging".into(),
            purchase: Purchasing::default(),
            quota: Quota::default(),
        }
    }

    /// The map for a NetBox with stock statuses.
    pub fn stock(site: SiteId) -> Self {
        let mut policy = Self::standard(site);
        for stage in [Stage::Discovered, Stage::PhysicalValidated] {
            policy.statuses.insert(stage, "planned".into());
        }
        policy.statuses.insert(Stage::Ready, "staged".into());
        policy
    }

    /// Whether servers of this site (a NetBox slug) are this daemon's.
    pub fn runs(&self, site: &str) -> bool {
        self.site.as_str() == site || self.also.iter().any(|also| also.as_str() == site)
    }

    /// What rule C4 takes a device for. Where the map gives one status to several states, as the one for a stock NetBox
    /// does, `lifecycle_state` tells them apart; without it, it is none of them.
    pub fn device_state(&self, status: &str, lifecycle_state: Option<&str>) -> DeviceState {
        let stages = || Stage::ALL.iter().copied().filter(|stage| *self.status(*stage) == *status);
        let mut states: Vec<DeviceState> = stages().map(DeviceState::of).collect();
        states.sort_unstable();
        states.dedup();
        match states.as_slice() {
            [only] => *only,
            _ => {
                let fine = stages().find(|stage| Some(stage.word()) == lifecycle_state);
                fine.map_or(DeviceState::Other, DeviceState::of)
            }
        }
    }

    /// The sites this daemon runs.
    pub fn sites(&self) -> impl Iterator<Item = &SiteId> {
        std::iter::once(&self.site).chain(&self.also)
    }

    /// The statuses that devices are given.
    pub fn device_statuses(&self) -> BTreeSet<Text> {
        Stage::ALL.iter().map(|stage| self.status(*stage)).collect()
    }

    /// The status for a stage.
    pub fn status(&self, stage: Stage) -> Text {
        self.statuses.get(&stage).cloned().unwrap_or_else(|| "offline".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_stands_for_several_states_is_told_apart_by_the_fine_stage() {
        use DeviceState::{Active, Discovered, Offline, Other};
        let own = Policy::standard(SiteId::new("fra1"));
        for (status, state) in [
            ("offline", Offline),
            ("discovered", Discovered),
            ("active", Active),
            ("staged", Other),
            ("planned", Other),
            ("failed", Other),
        ] {
            assert_eq!(own.device_state(status, Some("in_service")), state, "{status}");
        }
        let stock = Policy::stock(SiteId::new("fra1"));
        for (fine, state) in [
            (None, Other),
            (Some("shipment_tracking"), Other),
            (Some("discovered"), Discovered),
            (Some("physical_validated"), Discovered),
            (Some("in_service"), Other),
        ] {
            assert_eq!(stock.device_state("planned", fine), state, "{fine:?}");
        }
        assert_eq!(stock.device_state("offline", None), Offline);
    }
}
