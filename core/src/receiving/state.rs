//! How a unit's receipt evolves: it is taken by a scan, and stands alone until something else happens to the unit.

#![deny(clippy::wildcard_enum_match_arm)]

use crate::event::{CredentialEvent, Draft, Event, LifeEvent, ReceivingEvent};
use crate::flow::step::Step;
use crate::lifecycle::evidence::Proof;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::{Receipt, Unit};
use crate::spine::event::Seq;

impl Unit {
    /// Applies what an event about this unit means for its receipt.
    pub(crate) fn receive(&mut self, seq: Seq, draft: &Draft) {
        if let Event::Life(LifeEvent::StageEntered { to, evidence, .. }) = &draft.event {
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
        if let Event::Receiving(ReceivingEvent::DamageNoted { note, .. }) = &draft.event {
            receipt.damage = Some((seq, note.clone()));
        } else if receipt.touched.is_none() && !receipt.owns(draft) {
            receipt.touched = Some(draft.event.sentence());
        }
    }
}

impl Receipt {
    /// Whether an event belongs to the receipt, or changes nothing about the server.
    fn owns(&self, draft: &Draft) -> bool {
        let follows = |cause| cause == self.seq || self.damage.as_ref().is_some_and(|(damage, _)| cause == *damage);
        match &draft.event {
            Event::Step(event) => {
                matches!(
                    event.step(),
                    Step::RegisterBmc | Step::SyncStatus | Step::PlaceDevice | Step::UnplaceDevice | Step::WriteNotes
                )
            }
            Event::Locator(_)
            | Event::Credential(CredentialEvent::PasswordGiven { .. } | CredentialEvent::PasswordForgotten {}) => true,
            Event::Life(_)
            | Event::Entry(_)
            | Event::Receiving(_)
            | Event::Placement(_)
            | Event::Discovery(_)
            | Event::Boot(_)
            | Event::Credential(CredentialEvent::CertificateTrusted { .. })
            | Event::Restart(_)
            | Event::TakeOver(_)
            | Event::Order(_)
            | Event::Deal(_)
            | Event::Journal(_) => draft.cause.is_some_and(follows),
        }
    }
}
