//! How running servers are taken over.

use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::spine::event::events;
use crate::spine::fingerprint::Fingerprint;

events! {
    /// How running servers are taken over.
    TakeOverEvent:

    /// A plan to take over servers that run already was made; nothing is taken over by it.
    TakeOverPlanned {
        /// The site.
        site: SiteId,
        /// SHA-256 of the rows.
        hash: Fingerprint,
        /// The servers that could be taken over, as NetBox showed them.
        rows: Vec<crate::takeover::Seen>,
    } = "take_over_planned",
}

impl TakeOverEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::TakeOverPlanned { site, rows, .. } => {
                format!("plan to take over {} servers of {site}", rows.len())
            }
        }
    }
}
