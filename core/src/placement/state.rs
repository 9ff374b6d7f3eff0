//! The place a unit has, or is to have.

#![deny(clippy::wildcard_enum_match_arm)]

use super::event::PlacementEvent;
use super::reservation::{Held, Shown};
use crate::flow::attempt::Done;
use crate::flow::step::Step;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::Unit;
use crate::time::Timestamp;

impl Unit {
    /// Applies what became of its place.
    pub(crate) fn place_changes(&mut self, at: Timestamp, event: &PlacementEvent) {
        match event {
            PlacementEvent::PlacementReserved { place } => {
                let racked = self.stage >= Stage::Racked;
                self.placement = Some(Held { place: place.clone(), at, shown: Shown::No, racked, settled: None });
            }
            // What NetBox may hold of it is on the list of what is to be undone.
            PlacementEvent::PlacementReleased { .. } => {
                let Some(held) = self.placement.take() else { return };
                self.steps.forget(|s| s == Step::PlaceDevice);
                if self.steps.undo_one(Step::PlaceDevice) {
                    self.unplacing = Some(held.place);
                }
            }
        }
    }

    /// Who stands in its place cannot be put back by NetBox's record of it.
    pub(crate) fn stands(&mut self, to: Stage, at: Timestamp) {
        let Some(held) = &mut self.placement else { return };
        let racked = to >= Stage::Racked;
        if held.racked == racked {
            return;
        }
        held.racked = racked;
        held.settle(at);
        if racked && held.shown == Shown::Seen {
            self.steps.is_over(Step::PlaceDevice);
        } else if !racked && held.shown == Shown::Seen {
            self.steps.stands(Done { step: Step::PlaceDevice, undo: Step::UnplaceDevice });
        }
    }
}
