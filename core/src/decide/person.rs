//! What follows from a person's wish, where it is about one server.

use super::command::Command;
use super::{Answer, Deciding, Refusal, Why, need_reason};
use crate::bmc::{Fingerprint, Vendor};
use crate::discovery::c4::Verdict;
use crate::discovery::commands::ALIVE_ON_ORDER;
use crate::entry::manifest;
use crate::event::{CredentialEvent, EntryEvent, LifeEvent, StepEvent};
use crate::fault::{Fault, Kind, System};
use crate::flow::attempt::{Attempts, Progress};
use crate::flow::rules::{Lane, rule};
use crate::flow::step::Step;
use crate::id::{Actor, DealId, Role, SiteId, Subject, UnitId};
use crate::lifecycle::evidence::{Evidence, Proof};
use crate::lifecycle::guard::{Cause, Guard};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::table;
use crate::lifecycle::task::{TaskId, TaskKind};
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::order::candidate::Shown;
use crate::text::Text;

impl Deciding<'_> {
    pub(crate) fn command(&mut self, command: &Command) -> Result<Answer, Refusal> {
        match (command, &self.moment.actor) {
            (Command::Order(_), Actor::Tenant { .. }) => {}
            (Command::CancelOrder { order, .. }, Actor::Tenant { name }) => self.tenant_may_end(name, *order)?,
            _ => self.demand(command.role())?,
        }
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
                self.not_bought(*unit)?;
                self.stand(*unit, Disposition::Retired, reason, |u| !u.stage.is_tenants() && u.steps.undo().is_empty())
            }
            Command::Release { unit, reason } => self.release(*unit, reason.as_ref()),
            Command::CloseTask { unit, task, note } => self.close_task(*unit, *task, note),
            Command::Move { unit, to, reason } => self.go(*unit, *to, reason),
            Command::Place { .. } => {
                Err(Refusal::new(Why::Invalid, "a place is decided with what NetBox says of the site at hand"))
            }
            Command::ReleasePlacement { units, reason } => self.release_placements(units, reason),
            Command::ScanRack { unit, rack, position } => self.scan_rack(*unit, rack, *position),
            Command::Receive { site, scan, damaged, photo } => {
                self.receive(site, scan, damaged.as_ref(), photo.as_ref())
            }
            Command::UndoReceipt { unit } => self.undo_receipt(*unit),
            Command::Locate { unit, on } => self.locate(*unit, *on),
            Command::ResetBmc { unit, reason } => self.reset_bmc(*unit, reason),
            Command::Describe { unit, spec } => self.describe(*unit, spec),
            Command::Order(request) => self.order(request, &Shown::default()),
            Command::Reserve { order, line, unit } => self.reserve(*order, *line, *unit),
            Command::ReleaseStock { unit, reason } => self.release_stock(*unit, reason),
            Command::AssignStock { order } => self.assign_stock(*order),
            Command::BindSerial { order, serial, bmc_mac, model } => {
                self.bind_serial(*order, serial, *bmc_mac, model.as_ref())
            }
            Command::EnterPaper { order, seller, paper } => {
                self.paper(DealId { order: *order, seller: *seller }, paper)
            }
            Command::Approve { order, seller, revision, amount } => self.approve(*order, *seller, *revision, amount),
            Command::Reject { order, reason } => self.end_order(*order, true, reason),
            Command::CancelOrder { order, reason } => self.end_order(*order, false, reason),
            Command::Resume { reason } => self.resume(reason),
            Command::AcceptConfirmation { order, seller, amount, reason } => {
                self.accept_confirmation(DealId { order: *order, seller: *seller }, amount, reason)
            }
        }
    }

    pub(crate) fn demand(&self, least: Role) -> Result<(), Refusal> {
        super::demand(&self.moment.actor, least)
    }

    pub(crate) fn known(&self, id: UnitId) -> Result<&Unit, Refusal> {
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
    pub(crate) fn admit(
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
        self.emit(Subject::Unit(id), EntryEvent::UnitImported { site, serial, bmc_mac, vendor, model, stage });
        if stage.is_on_order() && bmc_mac.is_some_and(|m| self.world.sightings.contains_key(&m)) {
            self.quarantine(id, ALIVE_ON_ORDER);
        }
        if stage == Stage::Ready {
            self.guard_ready(id, &"entered by hand".into());
        }
        id
    }

    fn parked(&self, subject: Subject) -> Result<Vec<(Step, u32)>, Refusal> {
        if let Subject::Unit(id) = subject {
            self.known(id)?;
        }
        let parked = self.world.steps(subject).into_iter().flat_map(Attempts::parked);
        Ok(parked.map(|(p, _)| (p.step, p.generation)).collect())
    }

    fn retry(&mut self, subject: Subject) -> Result<Answer, Refusal> {
        let parked = self.parked(subject)?;
        if parked.is_empty() {
            return Err(Refusal::new(Why::Conflict, "nothing is parked here; what waits is tried again by itself"));
        }
        for (step, generation) in parked {
            self.emit(subject, StepEvent::StepRetried { step, generation: generation + 1 });
        }
        Ok(Answer::Done)
    }

    /// Tries again all that NetBox had refused for want of something or of a permission. What still lacks it is parked
    /// again.
    pub(crate) fn take_up_refused(&mut self) -> Answer {
        let of_netbox = |f: &Fault| f.system == System::Netbox && matches!(f.kind, Kind::Rejected | Kind::Forbidden);
        let all = self.world.all_steps().flat_map(|(subject, steps)| steps.parked().map(move |(p, f)| (subject, p, f)));
        // A deal's retry has an order sent again: that is a person's to say.
        let refused = all.filter(|(subject, _, fault)| !matches!(subject, Subject::Deal(_)) && of_netbox(fault));
        let parked: Vec<(Subject, Step, u32)> =
            refused.map(|(subject, p, _)| (subject, p.step, p.generation)).collect();
        for (subject, step, generation) in &parked {
            self.emit(*subject, StepEvent::StepRetried { step: *step, generation: generation + 1 });
        }
        if parked.is_empty() { Answer::Already } else { Answer::Done }
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
        let terms = Some(rule(step).terms());
        self.emit(subject, StepEvent::StepSkipped { step, generation, reason: reason.clone(), terms });
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
            .steps
            .parked()
            .filter(|(p, fault)| rule(p.step).lane == Lane::Bmc && fault.kind == Kind::Conflict)
            .map(|(p, _)| (p.step, p.generation))
            .collect();
        let subject = Subject::Unit(id);
        self.emit(subject, CredentialEvent::CertificateTrusted { before, certificate, reason: reason.clone() });
        for (step, generation) in parked {
            self.emit(subject, StepEvent::StepRetried { step, generation: generation + 1 });
        }
        Ok(Answer::Done)
    }

    /// A password is another from now on: what was parked because one was refused is tried again.
    pub(crate) fn password_given(&mut self, id: UnitId, user: Option<&Text>, from: &Text) -> Result<Answer, Refusal> {
        self.demand(Role::Operator)?;
        let refused =
            |(p, fault): &(&Progress, &Fault)| rule(p.step).lane == Lane::Bmc && fault.kind == Kind::Unauthorised;
        let parked: Vec<(Step, u32)> =
            self.known(id)?.steps.parked().filter(refused).map(|(p, _)| (p.step, p.generation)).collect();
        let subject = Subject::Unit(id);
        self.emit(subject, CredentialEvent::PasswordGiven { user: user.cloned(), from: from.clone() });
        for (step, generation) in parked {
            self.emit(subject, StepEvent::StepRetried { step, generation: generation + 1 });
        }
        Ok(Answer::Done)
    }

    pub(crate) fn password_forgotten(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        self.demand(Role::Operator)?;
        self.known(id)?;
        self.emit(Subject::Unit(id), CredentialEvent::PasswordForgotten {});
        Ok(Answer::Done)
    }

    /// What its vendor is to bring is ended with its order, and not alone: it would come all the same.
    fn not_bought(&self, id: UnitId) -> Result<(), Refusal> {
        match self.known(id)?.order.filter(|_| self.world.unit(id).is_some_and(|u| u.stage.is_on_order())) {
            Some((order, _)) => {
                Err(Refusal::new(Why::Conflict, format!("it is bought with order {order}: cancel that")))
            }
            None => Ok(()),
        }
    }

    fn cancel(&mut self, id: UnitId, reason: &Text) -> Result<Answer, Refusal> {
        self.not_bought(id)?;
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
        self.emit(Subject::Unit(id), LifeEvent::DispositionChanged { from, to, reason: reason.clone() });
        Ok(Answer::Done)
    }

    pub(crate) fn release(&mut self, id: UnitId, reason: Option<&Text>) -> Result<Answer, Refusal> {
        let unit = self.known(id)?;
        let (from, stage, undoing) = (unit.disposition, unit.stage, !unit.steps.undo().is_empty());
        let guard = unit.guard.clone();
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
        let mut why = reason.cloned().filter(|r| !r.trim().is_empty()).unwrap_or_else(|| Text::new("released"));
        if let Some(guard) = guard {
            match self.second_word(id, &guard, reason)? {
                Ok(both) => why = both,
                Err(first) => return Ok(first),
            }
        }
        let reason = why;
        self.emit(subject, LifeEvent::DispositionChanged { from, to: Disposition::Normal, reason });
        let undone = matches!(from, Disposition::Cancelled | Disposition::Retired);
        if undone && (Stage::Discovered..=Stage::Ready).contains(&stage) {
            // What its stage rested on was undone.
            self.enter(id, Stage::Cabled, Proof::EvidenceLost, "released after what was done to it was undone");
        }
        self.follow_order(id);
        self.consequences(subject);
        Ok(Answer::Done)
    }

    /// What two people said, once both have; else the first word is kept, and its answer given.
    fn second_word(
        &mut self,
        id: UnitId,
        guard: &Guard,
        reason: Option<&Text>,
    ) -> Result<Result<Text, Answer>, Refusal> {
        self.demand(Role::Operator)?;
        let me = Text::from(self.moment.actor.to_string());
        let (label, not_proven) = (self.known(id)?.label(), guard.cause.sentence());
        let Some(reason) = reason.filter(|r| !r.trim().is_empty()) else {
            let text = format!("{label}: {not_proven}. Two people release it: rackhand release {label} --reason ...");
            return Err(Refusal::new(Why::Invalid, text));
        };
        match &guard.first {
            Some(first) if first.by == me => {
                let text = format!("{label}: {not_proven}. You gave the first word; a second person must release it");
                Err(Refusal::new(Why::NotAllowed, text))
            }
            Some(first) => Ok(Ok(format!("released by {} ({}) and {me} ({reason})", first.by, first.reason).into())),
            None => {
                let (cause, reason) = (guard.cause, reason.clone());
                self.emit(Subject::Unit(id), LifeEvent::FirstWordGiven { cause, reason });
                let text = format!("{label}: your word is kept. {not_proven}: a second person must release it too");
                Ok(Err(Answer::Told(text.into())))
            }
        }
    }

    /// Keeps a server that was entered as ready out of the pool until a second person says so too.
    pub(crate) fn guard_ready(&mut self, id: UnitId, reason: &Text) {
        self.quarantine(id, "entered as ready: a second person must release it");
        let (cause, reason) = (Cause::IntoReady, reason.clone());
        self.emit(Subject::Unit(id), LifeEvent::FirstWordGiven { cause, reason });
    }

    fn close_task(&mut self, id: UnitId, task: TaskId, note: &Text) -> Result<Answer, Refusal> {
        let unit = self.known(id)?;
        let Some((_, found)) = unit.tasks.iter().find(|(n, _)| *n == task) else {
            return Err(Refusal::new(Why::NotFound, format!("{} has no open task {task}", unit.label())));
        };
        self.demand(found.role)?;
        // Who added a part may be wrong; who answers for the order may live with less.
        let accepted = found.kind == TaskKind::LessThanOrdered && self.demand(Role::Operator).is_ok();
        if accepted {
            need_reason(note)?;
        }
        let settled = unit.bmc_mac.filter(|mac| {
            let judged = self.world.sightings.get(mac).and_then(|s| s.verdict.as_ref());
            found.kind == TaskKind::SettleInventory && matches!(judged, Some(Verdict::Settle(_)))
        });
        let subject = Subject::Unit(id);
        self.emit(subject, LifeEvent::TaskClosed { task, note: note.clone(), accepted });
        if let Some(mac) = settled {
            // What the person settled must be shown by NetBox.
            self.reopen(mac, "a person settled it");
        }
        self.consequences(subject);
        Ok(Answer::Done)
    }

    pub(crate) fn go(&mut self, id: UnitId, to: Stage, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        let unit = self.known(id)?;
        let from = unit.stage;
        if !unit.disposition.may_move() {
            return Err(Refusal::new(
                Why::Conflict,
                format!("{} is {}: release it first", unit.label(), unit.disposition),
            ));
        }
        if let Some((order, _)) = unit.order.filter(|_| to.is_on_order()) {
            return Err(Refusal::new(Why::Conflict, format!("order {order} moves it until it is delivered")));
        }
        let Some((_, way)) = table::open_ways(from, &self.moment.actor).find(|(stage, _)| *stage == to) else {
            let text =
                format!("no way leads from {from} to {to} on your word; `rackhand explain lifecycle` lists them");
            return Err(Refusal::new(Why::Conflict, text));
        };
        let subject = Subject::Unit(id);
        let evidence = Evidence::new(way.proof, reason.clone());
        self.emit(subject, LifeEvent::StageEntered { from, to, evidence });
        if way.proof == Proof::Unassigned {
            self.quarantine(id, "until its disks are proven erased and its credentials rotated");
        }
        Ok(Answer::Done)
    }
}
