//! What a transition rests on.

use serde::{Deserialize, Serialize};

use crate::event::Seq;
use crate::text::Text;

/// The proof a transition was made on. Which kind each transition demands is in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A lease came from its BMC, so it must be racked, cabled and powered.
    ImpliedByLease,
    /// Lease and inventory agree on which server this is.
    LeaseAndDevice,
    /// The machine's report matches what was expected and where it is cabled.
    ReportMatches,
    /// NetBox was read back: MACs, cables, tenant and status are there.
    InventoryReadBack,
    /// A person says so.
    PersonSays {
        /// Why.
        reason: Text,
    },
    /// What an earlier stage rested on has become untrue.
    EvidenceLost {
        /// The event that shows it.
        shown_by: Option<Seq>,
        /// What.
        reason: Text,
    },
}
