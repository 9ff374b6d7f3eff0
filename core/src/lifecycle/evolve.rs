//! How an event changes a unit: each capability's events as its room says. Nothing is decided here: what was recorded
//! happened.

#![deny(clippy::wildcard_enum_match_arm)]

use super::unit::{Note, Unit};
use crate::event::{Draft, Event, ReceivingEvent, StepEvent};
use crate::flow::before_terms::{self, VALIDATION};
use crate::flow::rule::Lane;
use crate::flow::rules::of_unit;
use crate::flow::unit::Sight;
use crate::sentence::with_photo;
use crate::spine::event::{Seq, Stamp};
use crate::time::Timestamp;

impl Unit {
    /// Applies one event about this unit.
    pub(crate) fn apply(&mut self, seq: Seq, draft: &Draft) {
        self.revision = seq;
        let at = draft.at;
        match &draft.event {
            Event::Step(event) => self.step(draft.stamp(seq), event),
            Event::Life(event) => self.live(draft.stamp(seq), event),
            Event::Entry(event) => self.come(event),
            Event::Discovery(event) => self.hear(seq, at, event),
            Event::Boot(event) => self.boot(seq, at, event),
            Event::Placement(event) => self.place_changes(at, event),
            Event::Receiving(ReceivingEvent::DamageNoted { note, photo }) => {
                self.note(seq, at, true, format!("damaged: {}", with_photo(note, photo.as_ref())));
            }
            Event::Credential(event) => self.trust(seq, at, event),
            Event::Locator(event) => self.locate(draft.stamp(seq), event),
            Event::Restart(event) => self.restart(draft.stamp(seq), event),
            // About others.
            Event::Order(_) | Event::Deal(_) | Event::TakeOver(_) | Event::Journal(_) => {}
        }
        self.receive(seq, draft);
    }

    /// Owes NetBox's journal a note, once there is a device to write it to.
    pub(crate) fn note(&mut self, seq: Seq, at: Timestamp, warning: bool, text: String) {
        if self.notes.device.is_some() {
            self.notes.owed.push(Note { seq, at, warning, text: text.into() });
        }
    }

    fn step(&mut self, stamp: Stamp<'_>, event: &StepEvent) {
        let (seq, at) = (stamp.seq, stamp.at);
        self.steps.apply(at, event);
        match event {
            StepEvent::StepIntended { rung, .. } => {
                if let Some(known) = of_unit(event.step()) {
                    (known.begun)(self, *rung);
                }
            }
            StepEvent::StepObserved { step, saw, until, terms, .. } => {
                if before_terms::of(*step, terms.as_ref()).lane == Lane::Dcim && saw.is_ours() {
                    self.netbox_written_at = Some(at);
                }
                self.waived.remove(step);
                // Events that hold no terms do not tell until when, either.
                let until = if terms.is_some() { *until } else { Some(at + VALIDATION) };
                if let Some(known) = of_unit(*step) {
                    (known.seen)(self, &Sight { stamp, saw, until });
                }
            }
            StepEvent::StepParked { step, fault, .. } => {
                self.note(seq, at, true, format!("{step} needs a person: {fault}"));
            }
            StepEvent::StepRetried { step, .. } => {
                if let Some(known) = of_unit(*step) {
                    (known.retried)(self);
                }
            }
            StepEvent::StepSkipped { step, reason, .. } => {
                self.note(seq, at, true, format!("{step} skipped: {reason}"));
                if let Some(known) = of_unit(*step) {
                    (known.skipped)(self);
                }
            }
            StepEvent::StepAccepted { .. } | StepEvent::StepUnknown { .. } | StepEvent::StepFailed { .. } => {}
        }
    }
}
