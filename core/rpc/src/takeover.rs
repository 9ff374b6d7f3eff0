//! What a console asks and is told of taking servers over.

use std::net::IpAddr;

use rackhand_core::id::{PlanId, SiteId};
use rackhand_core::takeover::Candidate;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Which servers a plan is about. All that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The site; the daemon's own where none is given.
    pub site: Option<SiteId>,
    /// The tenant's slug.
    pub tenant: Option<Text>,
    /// The status value.
    pub status: Option<Text>,
    /// The rack's name.
    pub rack: Option<Text>,
}

/// A plan: what NetBox shows, and what would become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeOverPlan {
    /// Its name; `None` where no server can be taken over.
    pub plan: Option<PlanId>,
    /// The site.
    pub site: SiteId,
    /// When it was made, by the daemon's clock.
    pub now: Timestamp,
    /// All servers that NetBox says are in use or ready.
    pub rows: Vec<PlannedRow>,
    /// How many more could be taken over than one plan has.
    pub beyond: usize,
    /// Devices of the site without a BMC's interface, which are no servers.
    pub no_servers: usize,
}

/// One server of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRow {
    /// What NetBox shows, the stage it would enter, and what stands in its way.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// Where its BMC would be logged in to.
    pub bmc_address: Option<IpAddr>,
    /// Which account would be tried; never a password.
    pub credential: Text,
}

/// Rows of a plan that a person confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The plan.
    pub plan: PlanId,
    /// The servers; at most [`rackhand_core::takeover::MAX_CONFIRMED`].
    pub serials: Vec<Text>,
    /// Why.
    pub reason: Text,
}
