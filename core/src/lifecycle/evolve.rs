//! How an event changes a unit: each capability's events as its room says. Nothing is decided here: what was recorded
//! happened.

#![deny(clippy::wildcard_enum_match_arm)]

use super::stage::Stage;
use super::unit::{Note, Unit};
use crate::boot::parts::Parts;
use crate::event::{Draft, Event, ReceivingEvent, Seq, StepEvent};
use crate::flow::attempt::{Phase, Progress, Terms};
use crate::flow::before_terms::VALIDATION;
use crate::flow::rules::Lane;
use crate::flow::step::{Observation, Step};
use crate::inventory::BmcPort;
use crate::placement::reservation::Shown;
use crate::sentence::with_photo;
use crate::time::Timestamp;

impl Unit {
    /// Applies one event about this unit.
    pub(crate) fn apply(&mut self, seq: Seq, draft: &Draft) {
        self.revision = seq;
        let at = draft.at;
        match &draft.event {
            Event::Step(event) => self.step(seq, at, event),
            Event::Life(event) => {
                self.live(seq, at, event);
                self.guard(draft, event);
            }
            Event::Entry(event) => self.come(event),
            Event::Discovery(event) => self.hear(seq, at, event),
            Event::Boot(event) => self.boot(seq, at, event),
            Event::Placement(event) => self.place_changes(at, event),
            Event::Receiving(ReceivingEvent::DamageNoted { note, photo }) => {
                self.note(seq, at, true, format!("damaged: {}", with_photo(note, photo.as_ref())));
            }
            Event::Credential(event) => self.trust(seq, at, event),
            Event::Locator(event) => self.locate(draft, event),
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

    fn step(&mut self, seq: Seq, at: Timestamp, event: &StepEvent) {
        self.steps.apply(at, event);
        match event {
            StepEvent::StepIntended { step, rung, .. } => {
                if let Some(rung) = rung
                    && !self.boot.rungs.contains(rung)
                {
                    self.boot.rungs.push(*rung);
                }
                if let Some(registration) = self.registration.as_mut().filter(|_| *step == Step::RegisterBmc) {
                    registration.begun = true;
                }
            }
            StepEvent::StepObserved { step, saw, until, terms, .. } => {
                if Terms::of(*step, terms.as_ref()).lane == Lane::Dcim && saw.is_ours() {
                    self.netbox_written_at = Some(at);
                }
                // Events that hold no terms do not tell until when, either.
                let until = if terms.is_some() { *until } else { Some(at + VALIDATION) };
                self.observe(seq, *step, saw, until, at);
            }
            StepEvent::StepParked { step, fault, .. } => {
                self.note(seq, at, true, format!("{step} needs a person: {fault}"));
            }
            StepEvent::StepRetried { step, .. } => {
                if matches!(step, Step::ArmNetworkBoot | Step::ResetForBoot | Step::Validate) {
                    self.validate_again();
                    if self.nics().next().is_none() {
                        // Nobody has told its NICs; they are asked for anew.
                        self.plan = None;
                        self.system = None;
                    }
                }
            }
            StepEvent::StepSkipped { step, reason, .. } => {
                self.note(seq, at, true, format!("{step} skipped: {reason}"));
                self.skip(*step);
            }
            StepEvent::StepAccepted { .. } | StepEvent::StepUnknown { .. } | StepEvent::StepFailed { .. } => {}
        }
    }

    fn observe(&mut self, seq: Seq, step: Step, saw: &Observation, until: Option<Timestamp>, at: Timestamp) {
        self.waived.remove(&step);
        match saw {
            Observation::Lookup(_) | Observation::Held(_) => {}
            Observation::Registered(port) => self.registered(seq, at, port),
            Observation::Address(address) => self.address_written = Some(*address),
            Observation::Status(stage) => self.status_written = Some(*stage),
            Observation::Placed => {
                if let Some(held) = &mut self.placement {
                    held.shown = Shown::Seen;
                    held.settle(at);
                    if held.racked {
                        self.steps.is_over(Step::PlaceDevice);
                    }
                }
            }
            Observation::Plan(plan) => self.plan = Some(plan.clone()),
            Observation::Root { identity, certificate } => {
                self.vendor = Some(identity.vendor);
                self.identity = Some(identity.clone());
                self.certificate = *certificate;
            }
            Observation::System(reading) => self.system = Some(reading.clone()),
            Observation::Parts(parts) => self.parts = Some((**parts).clone()),
            Observation::Armed => self.boot.armed = true,
            Observation::ScriptFetched => {
                let step = Step::Validate;
                let progress = Progress {
                    step,
                    generation: self.steps.generation(step),
                    attempts: self.boot.silent + 1,
                    rung: None,
                    since: at,
                    until,
                    undo: None,
                    phase: Phase::Accepted { receipt: "boot script fetched".into() },
                };
                self.steps.begin(Lane::Bmc, progress);
                // The one-time override was used up by this boot.
                self.steps.is_over(Step::ArmNetworkBoot);
            }
            Observation::Reported => {}
            Observation::Interfaces => self.interfaces_written = true,
            Observation::Cables => self.cables_written = true,
            Observation::Staging => {
                self.staging_written = true;
                self.status_written = Some(Stage::Staged);
            }
            Observation::Notes(up_to) => self.notes.owed.retain(|n| n.seq > *up_to),
            Observation::Undone => self.undone(step),
        }
    }

    fn registered(&mut self, seq: Seq, at: Timestamp, port: &BmcPort) {
        self.notes.device.get_or_insert(port.device);
        let Some(registration) = &mut self.registration else { return };
        registration.seen = Some(port.clone());
        // Another MAC is a warning, an event of its own; the same as last time is no news.
        let news = registration.told.replace(port.clone()).as_ref() != Some(port);
        let news = news && registration.bmc_mac == port.mac;
        if news {
            let done = if registration.begun { "written" } else { "confirmed" };
            self.note(seq, at, false, format!("BMC MAC {} {done} on {} from the manifest", port.mac, port.name));
        }
    }

    fn undone(&mut self, step: Step) {
        if step == Step::ReleaseBmcAddress {
            self.address_written = None;
        } else if step == Step::LeaveStaging {
            self.staging_written = false;
            self.status_written = None;
        } else if step == Step::UnplaceDevice {
            self.unplacing = None;
        }
    }

    fn skip(&mut self, step: Step) {
        if matches!(step, Step::AssignBmcAddress | Step::SyncStatus) {
            self.waived.insert(step);
        }
        match step {
            Step::RegisterBmc => self.registration = None,
            Step::AssignBmcAddress => self.address_written = self.bmc_address,
            Step::SyncStatus => self.status_written = Some(self.stage),
            Step::PlaceDevice => {
                if let Some(held) = &mut self.placement {
                    held.shown = Shown::Waived;
                }
            }
            Step::ReadCablingPlan => self.plan = Some(crate::inventory::CablingPlan::default()),
            Step::ReadParts => self.parts = Some(Parts::default()),
            Step::WriteInterfaces => self.interfaces_written = true,
            Step::WriteCables => self.cables_written = true,
            Step::WriteNotes => self.notes.owed.clear(),
            Step::DisarmNetworkBoot | Step::ReleaseBmcAddress | Step::LeaveStaging | Step::UnplaceDevice => {
                self.undone(step);
            }
            Step::LookUpDevice
            | Step::ReachBmc
            | Step::LogInToBmc
            | Step::ArmNetworkBoot
            | Step::ResetForBoot
            | Step::Validate
            | Step::EnterStaging => {}
            // A deal's.
            Step::RequestQuote
            | Step::ChaseQuote
            | Step::PlacePurchase
            | Step::WithdrawRequest
            | Step::CancelPurchase => {}
        }
    }
}
