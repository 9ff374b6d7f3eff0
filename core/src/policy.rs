//! What a business sets: how stages map to NetBox statuses, and which tenant holds servers being staged.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::lifecycle::stage::Stage;
use crate::text::Text;

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
    /// Whether NetBox has the statuses `discovered` and `ready`. Where not, C4 reads `lifecycle_state` in their place.
    pub own_statuses: bool,
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
            own_statuses: true,
        }
    }

    /// The map for a NetBox with stock statuses.
    pub fn stock(site: SiteId) -> Self {
        let mut policy = Self::standard(site);
        policy.own_statuses = false;
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

    /// The status for a stage.
    pub fn status(&self, stage: Stage) -> Text {
        self.statuses.get(&stage).cloned().unwrap_or_else(|| "offline".into())
    }
}
