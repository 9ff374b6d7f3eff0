//! Where a unit is to stand.

use serde::{Deserialize, Serialize};

use crate::spine::event::events;
use crate::text::Text;

events! {
    /// Where a unit is to stand.
    PlacementEvent:

    /// A place is kept for it: rack, unit, outlets and switch ports. Nobody else gets them until it stands there.
    PlacementReserved {
        /// What is kept.
        place: crate::placement::reservation::Reservation,
    } = "placement_reserved",
    /// The place is given back.
    PlacementReleased {
        /// Why.
        reason: Text,
    } = "placement_released",
}

impl PlacementEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::PlacementReserved { place } => {
                let reasons: Vec<&str> = place.reasons.iter().map(Text::as_str).collect();
                let cables = place.network.len() + place.power.len();
                format!("{} is kept for it, with {cables} cables: {}", place.span(), reasons.join("; "))
            }
            Self::PlacementReleased { reason } => format!("its place is given back: {reason}"),
        }
    }
}
