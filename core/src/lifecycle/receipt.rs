//! How a unit's receipt evolves: it is taken by a scan, and stands alone until something else happens to the unit.

use super::evidence::Proof;
use super::stage::Stage;
use super::unit::{Receipt, Unit};
use crate::event::{Draft, Event, Seq};
use crate::flow::step::Step;

impl Unit {
    /// Applies what an event about this unit means for its receipt.
    pub(crate) fn receive(&mut self, seq: Seq, draft: &Draft) {
        if let Event::StageEntered { to, evidence, .. } = &draft.event {
            match (to, evidence.proof) {
                (Stage::Received, Proof::Receipt) => {
                    let (at, by) = (draft.at, draft.actor.to_string().into());
                    self.receipt = Some(Receipt { at, by, seq, damage: None, touched: None });
                    return;
                }
                (Stage::ShipmentTracking, Proof::ReceiptUndone) => {
                    self.receipt = None;
                    return;
                }
                _ => {}
            }
        }
        let Some(receipt) = &mut self.receipt else { return };
        if let Event::DamageNoted { note, .. } = &draft.event {
            receipt.damage = Some((seq, note.clone()));
        } else if receipt.touched.is_none() && !receipt.owns(draft) {
            receipt.touched = Some(draft.event.sentence());
        }
    }
}

impl Receipt {
    /// Whether an event belongs to the receipt, or changes nothing about the server.
    fn owns(&self, draft: &Draft) -> bool {
        match &draft.event {
            Event::StepIntended { step, .. }
            | Event::StepAccepted { step, .. }
            | Event::StepObserved { step, .. }
            | Event::StepUnknown { step, .. }
            | Event::StepFailed { step, .. }
            | Event::StepParked { step, .. }
            | Event::StepRetried { step, .. }
            | Event::StepSkipped { step, .. } => {
                matches!(
                    step,
                    Step::RegisterBmc | Step::SyncStatus | Step::PlaceDevice | Step::UnplaceDevice | Step::WriteNotes
                )
            }
            Event::LocatorAsked { .. }
            | Event::LocatorSeen { .. }
            | Event::PasswordGiven { .. }
            | Event::PasswordForgotten {} => true,
            _ => draft.cause.is_some_and(|cause| {
                cause == self.seq || self.damage.as_ref().is_some_and(|(damage, _)| cause == *damage)
            }),
        }
    }
}
