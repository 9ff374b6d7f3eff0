//! How an event changes a unit. Nothing is decided here: what was recorded happened.

use std::sync::Arc;

use super::registration::Registration;
use super::stage::{Disposition, Stage};
use super::unit::{Boot, Note, Unit, Validation};
use crate::dcim::BmcPort;
use crate::event::{Event, Seq};
use crate::facility::reservation::{Held, Reservation, Shown};
use crate::flow::attempt::{Done, Phase, Progress, Terms};
use crate::flow::before_terms::VALIDATION;
use crate::flow::rules::Lane;
use crate::flow::step::{Observation, Step};
use crate::hardware::parts::Parts;
use crate::sentence::with_photo;
use crate::time::{Timestamp, human};

impl Unit {
    /// Applies one event about this unit.
    pub fn apply(&mut self, seq: Seq, at: Timestamp, event: &Event) {
        self.revision = seq;
        self.steps.apply(at, event);
        match event {
            Event::UnitImported { serial, bmc_mac, vendor, model, stage, .. } => {
                self.serial = Some(serial.clone());
                self.bmc_mac = *bmc_mac;
                self.vendor = *vendor;
                self.model.clone_from(model);
                self.stage = *stage;
            }
            Event::UnitOrdered { order, line, tenant, model, .. } => {
                self.order = Some((*order, *line));
                self.tenant = Some(tenant.clone());
                self.model.clone_from(model);
            }
            Event::SpecTold { spec } => self.told = Some(spec.clone()),
            Event::SerialBound { bmc_mac, vendor, model, .. } => {
                self.bmc_mac = self.bmc_mac.or(*bmc_mac);
                self.vendor = self.vendor.or(*vendor);
                self.model = model.clone().or_else(|| self.model.take());
            }
            Event::ManifestRowTaken { bmc_mac, create, .. } => {
                self.bmc_mac = self.bmc_mac.or(Some(*bmc_mac));
                let before = self.registration.take();
                let begun = before.as_ref().is_some_and(|r| r.begun && r.seen.is_none());
                let (bmc_mac, create, told) = (*bmc_mac, create.clone(), before.and_then(|r| r.told));
                self.registration = Some(Registration { bmc_mac, create, begun, seen: None, told });
            }
            Event::UnitAdopted { serial, bmc_mac, model, .. } => {
                self.serial.clone_from(serial);
                self.bmc_mac = Some(*bmc_mac);
                self.model = Some(model.clone());
            }
            Event::UnitTakenOver { plan, device, bmc_mac, stage, login, .. } => {
                self.taken_over = Some(*plan);
                self.begin_taken_over(device, *bmc_mac, *stage, login);
            }
            Event::LeaseAccepted { device, bmc_mac, address } => {
                self.notes.device = Some(device.id);
                self.model = self.model.take().or_else(|| Some(device.model.clone()));
                self.bmc_mac = Some(*bmc_mac);
                if self.bmc_address != Some(*address) {
                    self.waived.remove(&Step::AssignBmcAddress);
                    // Another address: what failed against the old one says nothing any more.
                    self.steps.let_go(|s| matches!(s, Step::ReachBmc | Step::AssignBmcAddress));
                }
                self.bmc_address = Some(*address);
                if !self.waived.contains(&Step::AssignBmcAddress) {
                    self.address_written = device.oob_address.filter(|a| a == address);
                }
                if let Some(registration) = self.registration.as_mut().filter(|r| r.seen.is_none()) {
                    // NetBox found the device by this MAC: it holds what the manifest wanted it to hold.
                    let (device, interface) = (device.id, device.bmc_interface);
                    registration.seen = Some(BmcPort { device, interface, name: "its BMC".into(), mac: *bmc_mac });
                    self.steps.let_go(|s| s == Step::RegisterBmc);
                }
                self.device = Some(device.clone());
                // It may be another device, or its status changed by hand: looked at anew.
                if !self.waived.contains(&Step::SyncStatus) {
                    self.status_written = None;
                }
            }
            Event::StageEntered { from, to, evidence } => {
                self.enter(*to, at);
                self.note(seq, at, false, format!("{from} -> {to}: {} ({})", evidence.proof.meaning(), evidence.note));
            }
            Event::DispositionChanged { to, reason, .. } => self.stand(*to, reason.clone(), at),
            Event::TaskOpened { task } => {
                self.note(seq, at, true, format!("{}: {}", task.kind.title(), task.text));
                self.tasks.push((seq, task.clone()));
                self.tasks_since.insert(seq, at);
            }
            Event::TaskClosed { task, note, accepted } => {
                let blocked = self.is_blocked();
                if *accepted && let Some((_, found)) = self.tasks.iter().find(|(id, _)| id == task) {
                    self.accepted.push(found.text.clone());
                }
                self.tasks.retain(|(id, _)| id != task);
                self.tasks_since.remove(task);
                self.note(seq, at, false, format!("task {task} closed: {note}"));
                if blocked && !self.is_blocked() && self.stage <= Stage::Discovered {
                    // What the person changed must be shown by the machine and by NetBox anew.
                    self.validate_again();
                    self.plan = None;
                    self.system = None;
                }
            }
            Event::StepIntended { step, rung, .. } => {
                if let Some(rung) = rung
                    && !self.boot.rungs.contains(rung)
                {
                    self.boot.rungs.push(*rung);
                }
                if let Some(registration) = self.registration.as_mut().filter(|_| *step == Step::RegisterBmc) {
                    registration.begun = true;
                }
            }
            Event::StepObserved { step, saw, until, terms, .. } => {
                if Terms::of(*step, terms.as_ref()).lane == Lane::Dcim && saw.is_ours() {
                    self.netbox_written_at = Some(at);
                }
                // Events that hold no terms do not tell until when, either.
                let until = if terms.is_some() { *until } else { Some(at + VALIDATION) };
                self.observe(seq, *step, saw, until, at);
            }
            Event::StepParked { step, fault, .. } => {
                self.note(seq, at, true, format!("{step} needs a person: {fault}"));
            }
            Event::StepRetried { step, .. } => {
                if matches!(step, Step::ArmNetworkBoot | Step::ResetForBoot | Step::Validate) {
                    self.validate_again();
                    if self.nics().next().is_none() {
                        // Nobody has told its NICs; they are asked for anew.
                        self.plan = None;
                        self.system = None;
                    }
                }
            }
            Event::CertificateTrusted { certificate, reason, .. } => {
                self.note(seq, at, true, format!("another BMC certificate is trusted from now on: {reason}"));
                self.certificate = Some(*certificate);
            }
            Event::StepSkipped { step, reason, .. } => {
                self.note(seq, at, true, format!("{step} skipped: {reason}"));
                self.skip(*step);
            }
            Event::BootMissed { step, .. } => {
                let silent = self.boot.silent + u32::from(*step == Step::Validate);
                let rungs = if *step == Step::Validate { Vec::new() } else { std::mem::take(&mut self.boot.rungs) };
                self.boot = Boot { rungs, silent, ..Boot::default() };
                self.validation = Validation::default();
            }
            Event::BootScriptServed { token, expires, .. } => {
                self.boots += u32::from(self.boot.token.is_none());
                self.boot.token = Some(*token);
                self.boot.expires = Some(*expires);
                self.boot_initiated_at = Some(at);
            }
            Event::MachineReported { report } => {
                let verdict = report.verdict.word();
                let took = human(std::time::Duration::from_millis(report.took_ms));
                let said = report.message.as_ref().map_or(String::new(), |m| format!(": {m}"));
                let measured: Vec<String> = report.told().map(|(name, told)| format!("{name} {told}")).collect();
                let measured = if measured.is_empty() { String::new() } else { format!("; {}", measured.join(", ")) };
                let text = format!("{} {verdict} in {took}{said}{measured}", report.step);
                self.note(seq, at, verdict != "passed", text);
                self.validation.steps.push(report.clone());
                self.steps.heard(Step::Validate, format!("{} {verdict}", report.step).into());
            }
            Event::ValidationReported { report } => {
                self.validation.report = Some(Arc::new((**report).clone()));
                self.boot.used = self.boot.token.take();
            }
            Event::ValidationRefused { .. } => self.validation.refused = true,
            Event::WarningNoted { text, .. } => self.note(seq, at, true, text.to_string()),
            Event::PlacementReserved { place } => self.reserve(place, at),
            Event::PlacementReleased { .. } => self.give_back(),
            Event::DamageNoted { note, photo } => {
                self.note(seq, at, true, format!("damaged: {}", with_photo(note, photo.as_ref())));
            }
            Event::LocatorSeen { on } => match &mut self.locator {
                Some(locator) if *on => locator.seen = Some(true),
                // Asked to be on and seen off: that is told. Off as asked, there is nothing left to tell.
                Some(locator) if locator.on => locator.seen = Some(false),
                _ => self.locator = None,
            },
            // By whom a locator was asked is in the draft: see `World`. The rest is about orders, deals and BMCs that are
            // seen.
            _ => {}
        }
    }

    fn note(&mut self, seq: Seq, at: Timestamp, warning: bool, text: String) {
        if self.notes.device.is_some() {
            self.notes.owed.push(Note { seq, at, warning, text: text.into() });
        }
    }

    fn enter(&mut self, to: Stage, at: Timestamp) {
        if to < self.stage && to < Stage::PhysicalValidated {
            self.validate_again();
            self.plan = None;
            self.identity = None;
            self.system = None;
            self.steps.forget(|s| s != Step::WriteNotes);
        }
        if to < Stage::Staged {
            self.staging_written = false;
        }
        if to == Stage::Discovered {
            self.discovered_at = Some(at);
        }
        self.stands(to, at);
        self.waived.remove(&Step::SyncStatus);
        self.stage = to;
        self.stage_since = at;
    }

    fn validate_again(&mut self) {
        self.boot = Boot::default();
        self.validation = Validation::default();
        self.parts = None;
        self.interfaces_written = false;
        self.cables_written = false;
        self.staging_written = false;
        self.steps.forget(|s| {
            matches!(s, Step::ArmNetworkBoot | Step::ResetForBoot | Step::Validate | Step::ReadParts)
                || matches!(s, Step::WriteInterfaces | Step::WriteCables | Step::EnterStaging)
        });
    }

    fn stand(&mut self, to: Disposition, reason: crate::text::Text, at: Timestamp) {
        match to {
            Disposition::Normal | Disposition::OnHold | Disposition::Quarantined => {}
            // Both leave outside nothing that says it is still on its way: no armed boot, no address, no staging.
            Disposition::Cancelled | Disposition::Retired => {
                self.steps.forget(|s| s != Step::WriteNotes);
                self.steps.undo_all();
                self.boot = Boot::default();
            }
            // Nothing of it goes on, so nobody is asked about it either.
            Disposition::Rejected | Disposition::ReturnedToVendor | Disposition::Lost => {
                self.steps.forget(|s| s != Step::WriteNotes);
                self.boot = Boot::default();
            }
        }
        self.disposition = to;
        self.disposition_since = at;
        self.disposition_reason = (to != Disposition::Normal).then_some(reason);
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
        match step {
            Step::ReleaseBmcAddress => self.address_written = None,
            Step::LeaveStaging => {
                self.staging_written = false;
                self.status_written = None;
            }
            Step::UnplaceDevice => self.unplacing = None,
            _ => {}
        }
    }

    fn reserve(&mut self, place: &Reservation, at: Timestamp) {
        let racked = self.stage >= Stage::Racked;
        self.placement = Some(Held { place: place.clone(), at, shown: Shown::No, racked, settled: None });
    }

    /// What NetBox may hold of it is on the list of what is to be undone.
    fn give_back(&mut self) {
        let Some(held) = self.placement.take() else { return };
        self.steps.forget(|s| s == Step::PlaceDevice);
        if self.steps.undo_one(Step::PlaceDevice) {
            self.unplacing = Some(held.place);
        }
    }

    /// Who stands in its place cannot be put back by NetBox's record of it.
    fn stands(&mut self, to: Stage, at: Timestamp) {
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
            Step::ReadCablingPlan => self.plan = Some(crate::dcim::CablingPlan::default()),
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
