//! How an event changes a unit. Nothing is decided here: what was recorded happened.

use std::sync::Arc;

use super::registration::Registration;
use super::stage::{Disposition, Stage};
use super::unit::{Boot, Note, Phase, Progress, Unit, Validation};
use crate::dcim::BmcPort;
use crate::event::{Event, Seq};
use crate::facility::reservation::{Held, Reservation, Shown};
use crate::flow::rules::{Class, Lane, rule};
use crate::flow::step::{Observation, Step};
use crate::hardware::parts::Parts;
use crate::sentence::with_photo;
use crate::time::{Timestamp, human};

impl Unit {
    /// Applies one event about this unit.
    pub fn apply(&mut self, seq: Seq, at: Timestamp, event: &Event) {
        self.revision = seq;
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
                    self.progress.retain(|_, p| !matches!(p.step, Step::ReachBmc | Step::AssignBmcAddress));
                }
                self.bmc_address = Some(*address);
                if !self.waived.contains(&Step::AssignBmcAddress) {
                    self.address_written = device.oob_address.filter(|a| a == address);
                }
                if let Some(registration) = self.registration.as_mut().filter(|r| r.seen.is_none()) {
                    // NetBox found the device by this MAC: it holds what the manifest wanted it to hold.
                    let (device, interface) = (device.id, device.bmc_interface);
                    registration.seen = Some(BmcPort { device, interface, name: "its BMC".into(), mac: *bmc_mac });
                    self.progress.retain(|_, p| p.step != Step::RegisterBmc);
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
            Event::StepIntended { step, generation, attempt, rung, until } => {
                if let Some(rung) = rung
                    && !self.boot.rungs.contains(rung)
                {
                    self.boot.rungs.push(*rung);
                }
                if let Some(registration) = self.registration.as_mut().filter(|_| *step == Step::RegisterBmc) {
                    registration.begun = true;
                }
                let phase = Phase::Intended;
                let progress = Progress {
                    step: *step,
                    generation: *generation,
                    attempts: *attempt,
                    rung: *rung,
                    since: at,
                    until: *until,
                    phase,
                };
                self.progress.insert(rule(*step).lane, progress);
            }
            Event::StepAccepted { step, receipt, .. } => {
                if let Some(progress) = self.progress.get_mut(&rule(*step).lane) {
                    progress.phase = Phase::Accepted { receipt: receipt.clone() };
                    progress.since = at;
                }
            }
            Event::StepObserved { step, saw, .. } => self.observe(seq, *step, saw, at),
            Event::StepUnknown { step, generation, fault, again_at }
            | Event::StepFailed { step, generation, fault, again_at } => {
                let phase = Phase::Waiting { fault: fault.clone(), again_at: *again_at };
                self.retry_in(*step, *generation, at, phase);
            }
            Event::StepParked { step, generation, fault } => {
                self.note(seq, at, true, format!("{step} needs a person: {fault}"));
                self.retry_in(*step, *generation, at, Phase::Parked { fault: fault.clone() });
            }
            Event::StepRetried { step, generation } => {
                self.generations.insert(*step, *generation);
                self.progress.remove(&rule(*step).lane);
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
                self.progress.remove(&rule(*step).lane);
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
                if let Some(progress) = self.progress.get_mut(&Lane::Bmc).filter(|p| p.step == Step::Validate) {
                    progress.phase = Phase::Accepted { receipt: format!("{} {verdict}", report.step).into() };
                }
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
            self.forget(|s| s != Step::WriteNotes);
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
        self.forget(|s| {
            matches!(s, Step::ArmNetworkBoot | Step::ResetForBoot | Step::Validate | Step::ReadParts)
                || matches!(s, Step::WriteInterfaces | Step::WriteCables | Step::EnterStaging)
        });
    }

    /// Drops what is known of steps on their way. One that can be undone may have had its effect, so it counts as
    /// done: its undo looks before it acts.
    fn forget(&mut self, which: impl Fn(Step) -> bool) {
        let gone = self.progress.values().map(|p| p.step).filter(|s| which(*s));
        for step in gone.filter(|s| rule(*s).undo.is_some()) {
            if !self.done.contains(&step) {
                self.done.push(step);
            }
        }
        self.progress.retain(|_, p| !which(p.step));
    }

    fn stand(&mut self, to: Disposition, reason: crate::text::Text, at: Timestamp) {
        match to {
            Disposition::Normal | Disposition::OnHold | Disposition::Quarantined => {}
            // Both leave outside nothing that says it is still on its way: no armed boot, no address, no staging.
            Disposition::Cancelled | Disposition::Retired => {
                self.forget(|s| s != Step::WriteNotes);
                self.undo = self.done.iter().filter_map(|s| rule(*s).undo).collect();
                self.boot = Boot::default();
            }
            // Nothing of it goes on, so nobody is asked about it either.
            Disposition::Rejected | Disposition::ReturnedToVendor | Disposition::Lost => {
                self.forget(|s| s != Step::WriteNotes);
                self.boot = Boot::default();
            }
        }
        self.disposition = to;
        self.disposition_since = at;
        self.disposition_reason = (to != Disposition::Normal).then_some(reason);
    }

    fn retry_in(&mut self, step: Step, generation: u32, at: Timestamp, phase: Phase) {
        let lane = rule(step).lane;
        let before = self.progress.get(&lane).filter(|p| p.step == step && p.generation == generation);
        let attempts = Progress::failures(before);
        let (rung, until) = before.map_or((None, None), |p| (p.rung, p.until));
        self.progress.insert(lane, Progress { step, generation, attempts, rung, since: at, until, phase });
    }

    fn observe(&mut self, seq: Seq, step: Step, saw: &Observation, at: Timestamp) {
        let lane = rule(step).lane;
        if self.progress.get(&lane).is_some_and(|p| p.step == step) {
            self.progress.remove(&lane);
        }
        if rule(step).undo.is_some() && !self.done.contains(&step) {
            self.done.push(step);
        }
        self.waived.remove(&step);
        if lane == Lane::Dcim && rule(step).class == Class::Sync {
            self.netbox_written_at = Some(at);
        }
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
                        self.done.retain(|s| *s != Step::PlaceDevice);
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
                let (generation, until) = (self.generation(Step::Validate), rule(Step::Validate).deadline);
                let progress = Progress {
                    step: Step::Validate,
                    generation,
                    attempts: self.boot.silent + 1,
                    rung: None,
                    since: at,
                    until: until.map(|d| at + d),
                    phase: Phase::Accepted { receipt: "boot script fetched".into() },
                };
                self.progress.insert(lane, progress);
                // The one-time override was used up by this boot.
                self.done.retain(|s| *s != Step::ArmNetworkBoot);
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
        self.undo.retain(|s| *s != step);
        self.done.retain(|s| rule(*s).undo != Some(step));
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
        self.forget(|s| s == Step::PlaceDevice);
        if let Some(n) = self.done.iter().position(|s| *s == Step::PlaceDevice) {
            self.unplacing = Some(held.place);
            if !self.undo.contains(&Step::UnplaceDevice) {
                // From the end: what was done after it is undone before it.
                let before =
                    self.done[..n].iter().filter_map(|s| rule(*s).undo).filter(|u| self.undo.contains(u)).count();
                self.undo.insert(before.min(self.undo.len()), Step::UnplaceDevice);
            }
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
            self.done.retain(|s| *s != Step::PlaceDevice);
        } else if !racked && held.shown == Shown::Seen && !self.done.contains(&Step::PlaceDevice) {
            self.done.push(Step::PlaceDevice);
        }
    }

    fn skip(&mut self, step: Step) {
        self.progress.remove(&rule(step).lane);
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
