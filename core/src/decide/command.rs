//! What persons may want, and who may.

use serde::{Deserialize, Serialize};

use super::lease::ALIVE_ON_ORDER;
use super::{Answer, Deciding, Refusal, Why};
use crate::bmc::{Fingerprint, Vendor};
use crate::dcim::NewDevice;
use crate::dcim::rack::HalfUnits;
use crate::event::Event;
use crate::facility::propose::Choice;
use crate::fault::Kind;
use crate::flow::rules::{Lane, rule};
use crate::flow::step::Step;
use crate::id::{Actor, Role, SiteId, Subject, UnitId};
use crate::lifecycle::evidence::{Evidence, Proof};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::table;
use crate::lifecycle::task::TaskId;
use crate::lifecycle::unit::{Phase, Unit};
use crate::mac::Mac;
use crate::manifest::{self, Row};
use crate::text::Text;

/// A person's wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Enter a unit that exists already.
    Import {
        /// Its site.
        site: SiteId,
        /// Its serial.
        serial: Text,
        /// Its BMC's MAC.
        bmc_mac: Option<Mac>,
        /// Its vendor.
        vendor: Option<Vendor>,
        /// Its model.
        model: Option<Text>,
        /// Where it is in its life.
        stage: Stage,
    },
    /// Enter the server a manifest's row names, and have NetBox hold its BMC's MAC. Again it does what is missing.
    ImportRow {
        /// The row.
        row: Row,
        /// The site of a new unit.
        site: SiteId,
        /// The stage of a new unit.
        stage: Stage,
        /// What the device is, where it is to be made if NetBox lacks it.
        create: Option<NewDevice>,
    },
    /// Try the parked steps again, with a fresh budget.
    Retry {
        /// Whose.
        subject: Subject,
    },
    /// Go on without a parked step.
    Skip {
        /// Whose.
        subject: Subject,
        /// Which.
        step: Step,
        /// Of which generation it was seen.
        generation: u32,
        /// Why.
        reason: Text,
    },
    /// The BMC's new certificate is right. What was parked because of it is tried again.
    TrustCertificate {
        /// Whose.
        unit: UnitId,
        /// The certificate it must show from now on, as read from the BMC's own console or the fault.
        certificate: Fingerprint,
        /// Why it changed.
        reason: Text,
    },
    /// Stop for good: what was done is undone in reverse.
    Cancel {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Stop for now.
    Hold {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Back to normal, from hold, quarantine, loss or a finished cancellation.
    Release {
        /// Which unit.
        unit: UnitId,
    },
    /// Keep from everything.
    Quarantine {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Out of use for good.
    Retire {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// A task is done.
    CloseTask {
        /// Whose.
        unit: UnitId,
        /// Which.
        task: TaskId,
        /// What was done.
        note: Text,
    },
    /// Move to a stage, where the table lets a person.
    Move {
        /// Which unit.
        unit: UnitId,
        /// Where to.
        to: Stage,
        /// Why, or what was seen.
        reason: Text,
    },
    /// A serial was scanned or typed at a site's dock: judged, and received where it is expected there. Answered by
    /// [`Answer::Scanned`]; what is not expected changes nothing.
    Receive {
        /// The dock's site.
        site: SiteId,
        /// What was read off the label.
        scan: Text,
        /// What is damaged of it; it is held then.
        damaged: Option<Text>,
    },
    /// Keep these places for these units, all or none. The daemon hands NetBox's site in with it.
    Place {
        /// The places, as they were proposed.
        choices: Vec<Choice>,
    },
    /// Give the places of these units back, all or none.
    ReleasePlacement {
        /// Which units.
        units: Vec<UnitId>,
        /// Why.
        reason: Text,
    },
    /// The label of the rack was scanned in which the unit was mounted: it is `racked`, where that is its place.
    ScanRack {
        /// Which unit.
        unit: UnitId,
        /// The rack's label: `A07` or `fra1/A07`.
        rack: Text,
        /// The lowest half unit it was mounted at, where the technician says.
        position: Option<HalfUnits>,
    },
    /// Take back a receipt, as long as nothing else has happened to the unit.
    UndoReceipt {
        /// Which unit.
        unit: UnitId,
    },
}

impl Command {
    /// The least role for it. Moves and tasks ask for more where their table says so.
    pub const fn role(&self) -> Role {
        match self {
            Self::Retry { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Quarantine { .. }
            | Self::CloseTask { .. }
            | Self::Move { .. }
            | Self::Receive { .. }
            | Self::Place { .. }
            | Self::ReleasePlacement { .. }
            | Self::ScanRack { .. }
            | Self::UndoReceipt { .. } => Role::Technician,
            Self::Skip { .. } | Self::Cancel { .. } | Self::Retire { .. } | Self::TrustCertificate { .. } => {
                Role::Operator
            }
            Self::Import { .. } | Self::ImportRow { .. } => Role::Operator,
        }
    }
}

impl Deciding<'_> {
    pub(super) fn command(&mut self, command: &Command) -> Result<Answer, Refusal> {
        self.demand(command.role())?;
        match command {
            Command::Import { site, serial, bmc_mac, vendor, model, stage } => {
                self.import(site, serial, *bmc_mac, *vendor, model.as_ref(), *stage)
            }
            Command::ImportRow { row, site, stage, create } => self.import_row(row, site, *stage, create.as_ref()),
            Command::Retry { subject } => self.retry(*subject),
            Command::Skip { subject, step, generation, reason } => self.skip(*subject, *step, *generation, reason),
            Command::TrustCertificate { unit, certificate, reason } => self.trust(*unit, *certificate, reason),
            Command::Cancel { unit, reason } => self.cancel(*unit, reason),
            Command::Hold { unit, reason } => {
                self.stand(*unit, Disposition::OnHold, reason, |u| u.disposition.may_move())
            }
            Command::Quarantine { unit, reason } => {
                self.stand(*unit, Disposition::Quarantined, reason, |u| u.disposition != Disposition::Cancelled)
            }
            Command::Retire { unit, reason } => {
                self.stand(*unit, Disposition::Retired, reason, |u| !u.stage.is_tenants() && u.undo.is_empty())
            }
            Command::Release { unit } => self.release(*unit),
            Command::CloseTask { unit, task, note } => self.close_task(*unit, *task, note),
            Command::Move { unit, to, reason } => self.go(*unit, *to, reason),
            Command::Place { .. } => {
                Err(Refusal::new(Why::Invalid, "a place is decided with what NetBox says of the site at hand"))
            }
            Command::ReleasePlacement { units, reason } => self.release_placements(units, reason),
            Command::ScanRack { unit, rack, position } => self.scan_rack(*unit, rack, *position),
            Command::Receive { site, scan, damaged } => self.receive(site, scan, damaged.as_ref()),
            Command::UndoReceipt { unit } => self.undo_receipt(*unit),
        }
    }

    pub(super) fn demand(&self, least: Role) -> Result<(), Refusal> {
        match &self.moment.actor {
            Actor::Person { role, .. } if *role >= least => Ok(()),
            Actor::Person { role, .. } => {
                Err(Refusal::new(Why::NotAllowed, format!("this takes the role {least}; you have {role}")))
            }
            Actor::Rackhand | Actor::Wire => Err(Refusal::new(Why::NotAllowed, "only a person may command")),
        }
    }

    pub(super) fn known(&self, id: UnitId) -> Result<&Unit, Refusal> {
        self.world.unit(id).ok_or_else(|| Refusal::new(Why::NotFound, format!("there is no unit {id}")))
    }

    fn import(
        &mut self,
        site: &SiteId,
        serial: &Text,
        bmc_mac: Option<Mac>,
        vendor: Option<Vendor>,
        model: Option<&Text>,
        stage: Stage,
    ) -> Result<Answer, Refusal> {
        let Some(serial) = manifest::serial(serial) else {
            return Err(Refusal::new(Why::Invalid, "a serial has 1 to 64 characters and no spaces"));
        };
        if let Some(unit) = self.world.by_serial(&serial) {
            let same = unit.bmc_mac.is_none() || bmc_mac.is_none() || unit.bmc_mac == bmc_mac;
            return if same {
                Ok(Answer::Already)
            } else {
                let text = format!(
                    "{serial} is here already, with BMC {}",
                    unit.bmc_mac.map_or_else(String::new, |m| m.to_string())
                );
                Err(Refusal::new(Why::Conflict, text))
            };
        }
        if let Some(unit) = bmc_mac.and_then(|m| self.world.by_bmc(m)) {
            return Err(Refusal::new(Why::Conflict, format!("that BMC MAC belongs to {}", unit.label())));
        }
        self.admit(site, serial, bmc_mac, vendor, model, stage);
        Ok(Answer::Done)
    }

    /// A new unit.
    pub(super) fn admit(
        &mut self,
        site: &SiteId,
        serial: Text,
        bmc_mac: Option<Mac>,
        vendor: Option<Vendor>,
        model: Option<&Text>,
        stage: Stage,
    ) -> UnitId {
        let id = UnitId::mint(self.moment.now, self.moment.entropy);
        let (site, model) = (site.clone(), model.cloned());
        self.emit(Subject::Unit(id), Event::UnitImported { site, serial, bmc_mac, vendor, model, stage });
        if stage.is_on_order() && bmc_mac.is_some_and(|m| self.world.sightings.contains_key(&m)) {
            self.quarantine(id, ALIVE_ON_ORDER);
        }
        id
    }

    fn parked(&self, subject: Subject) -> Result<Vec<(Step, u32)>, Refusal> {
        Ok(match subject {
            Subject::Unit(id) => self.known(id)?.parked().map(|(p, _)| (p.step, p.generation)).collect(),
            Subject::Bmc(mac) => {
                let seen = self.world.sightings.get(&mac).and_then(|s| s.progress.as_ref());
                let parked = seen.filter(|p| matches!(p.phase, Phase::Parked { .. }));
                parked.map(|p| (p.step, p.generation)).into_iter().collect()
            }
        })
    }

    fn retry(&mut self, subject: Subject) -> Result<Answer, Refusal> {
        let parked = self.parked(subject)?;
        if parked.is_empty() {
            return Err(Refusal::new(Why::Conflict, "nothing is parked here; what waits is tried again by itself"));
        }
        for (step, generation) in parked {
            self.emit(subject, Event::StepRetried { step, generation: generation + 1 });
        }
        Ok(Answer::Done)
    }

    fn skip(&mut self, subject: Subject, step: Step, generation: u32, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        if !self.parked(subject)?.contains(&(step, generation)) {
            return Err(Refusal::new(
                Why::Conflict,
                format!("{step} is not parked in generation {generation} any more"),
            ));
        }
        if rule(step).skip.is_none() {
            let text =
                format!("{step} cannot be skipped: nothing else shows what it shows. Retry, move back or cancel");
            return Err(Refusal::new(Why::Conflict, text));
        }
        self.emit(subject, Event::StepSkipped { step, generation, reason: reason.clone() });
        self.consequences(subject);
        Ok(Answer::Done)
    }

    fn trust(&mut self, id: UnitId, certificate: Fingerprint, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        let before = self.known(id)?.certificate;
        if before == Some(certificate) {
            return Ok(Answer::Already);
        }
        if before.is_none() {
            let text = "no certificate is pinned yet; the first one the BMC shows will be";
            return Err(Refusal::new(Why::Conflict, text));
        }
        let parked: Vec<(Step, u32)> = self
            .known(id)?
            .parked()
            .filter(|(p, fault)| rule(p.step).lane == Lane::Bmc && fault.kind == Kind::Conflict)
            .map(|(p, _)| (p.step, p.generation))
            .collect();
        let subject = Subject::Unit(id);
        self.emit(subject, Event::CertificateTrusted { before, certificate, reason: reason.clone() });
        for (step, generation) in parked {
            self.emit(subject, Event::StepRetried { step, generation: generation + 1 });
        }
        Ok(Answer::Done)
    }

    fn cancel(&mut self, id: UnitId, reason: &Text) -> Result<Answer, Refusal> {
        let free = |u: &Unit| u.disposition != Disposition::Cancelled && u.stage < Stage::AssignedToTenant;
        self.stand(id, Disposition::Cancelled, reason, free)
    }

    fn stand(
        &mut self,
        id: UnitId,
        to: Disposition,
        reason: &Text,
        may: impl Fn(&Unit) -> bool,
    ) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        let unit = self.known(id)?;
        let from = unit.disposition;
        if from == to {
            return Ok(Answer::Already);
        }
        if !may(unit) {
            let text = format!("{} is {} and {from}: it cannot become {to}", unit.label(), unit.stage);
            return Err(Refusal::new(Why::Conflict, text));
        }
        if matches!(to, Disposition::Cancelled | Disposition::Retired) {
            self.give_back(id, reason);
        }
        self.emit(Subject::Unit(id), Event::DispositionChanged { from, to, reason: reason.clone() });
        Ok(Answer::Done)
    }

    fn release(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        let unit = self.known(id)?;
        let (from, stage, undoing) = (unit.disposition, unit.stage, !unit.undo.is_empty());
        let least = match from {
            Disposition::Normal => return Ok(Answer::Already),
            Disposition::OnHold => Role::Technician,
            _ => Role::Operator,
        };
        self.demand(least)?;
        if undoing {
            return Err(Refusal::new(Why::Conflict, "its undo steps are not finished; retry or skip them first"));
        }
        let subject = Subject::Unit(id);
        let reason = Text::new("released");
        self.emit(subject, Event::DispositionChanged { from, to: Disposition::Normal, reason });
        let undone = matches!(from, Disposition::Cancelled | Disposition::Retired);
        if undone && (Stage::Discovered..=Stage::Ready).contains(&stage) {
            // What its stage rested on was undone.
            self.enter(id, Stage::Cabled, Proof::EvidenceLost, "released after what was done to it was undone");
        }
        self.consequences(subject);
        Ok(Answer::Done)
    }

    fn close_task(&mut self, id: UnitId, task: TaskId, note: &Text) -> Result<Answer, Refusal> {
        let unit = self.known(id)?;
        let Some((_, found)) = unit.tasks.iter().find(|(n, _)| *n == task) else {
            return Err(Refusal::new(Why::NotFound, format!("{} has no open task {task}", unit.label())));
        };
        self.demand(found.role)?;
        let subject = Subject::Unit(id);
        self.emit(subject, Event::TaskClosed { task, note: note.clone() });
        self.consequences(subject);
        Ok(Answer::Done)
    }

    pub(super) fn go(&mut self, id: UnitId, to: Stage, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        let unit = self.known(id)?;
        let from = unit.stage;
        if !unit.disposition.may_move() {
            return Err(Refusal::new(
                Why::Conflict,
                format!("{} is {}: release it first", unit.label(), unit.disposition),
            ));
        }
        let Some((_, way)) = table::open_ways(from, &self.moment.actor).find(|(stage, _)| *stage == to) else {
            let text =
                format!("no way leads from {from} to {to} on your word; `rackhand explain lifecycle` lists them");
            return Err(Refusal::new(Why::Conflict, text));
        };
        let subject = Subject::Unit(id);
        let evidence = Evidence::new(way.proof, reason.clone());
        self.emit(subject, Event::StageEntered { from, to, evidence });
        if way.proof == Proof::Unassigned {
            self.quarantine(id, "until its disks are proven erased and its credentials rotated");
        }
        Ok(Answer::Done)
    }
}

pub(super) fn need_reason(reason: &Text) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::new(Why::Invalid, "give a reason; it goes into the journal"));
    }
    Ok(())
}
