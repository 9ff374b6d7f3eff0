//! Holds everything the outside has seen of each server against the journal.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::bmc::Rung;
use rackhand_core::event::{BootEvent, DiscoveryEvent, EntryEvent, Event, LifeEvent, Recorded, StepEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::rules::all;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::view;
use rackhand_core::world::World;

use super::plan::Way;
use super::{Life, SHARE};
use crate::faults::lock;

/// What the journal tells of one server, for the judge.
#[derive(Default)]
struct Record<'a> {
    events: Vec<&'a Recorded>,
    /// Steps that a person went on without.
    skipped: BTreeSet<Step>,
    /// Whether somebody ended it, or kept it aside.
    taken_out: bool,
}

impl Life {
    /// Counts every effect the outside has seen, and holds it against the journal.
    pub(super) fn judge(&mut self) -> Result<(), String> {
        let world = self.world()?;
        let mut events: Vec<Recorded> = Vec::new();
        {
            let store = lock(&self.store);
            store.replay(0, &mut |e| events.push(e)).map_err(|e| e.to_string())?;
            if let Err(error) = store.verify() {
                self.outcome.violations.push(format!("journal: {error}"));
            }
            let mut again = World::default();
            for event in &events {
                again.apply(event);
            }
            if again != *world {
                self.outcome.violations.push("the events fold to another world than the one that ran".into());
            }
            self.outcome.trace = rackhand_core::bmc::Fingerprint(store.head_hash()).to_string();
        }
        self.outcome.events = events.len() as u64;
        if self.plan.story {
            let line = |e: &Recorded| {
                let (draft, row) = (&e.draft, view::event_row(e, &world));
                format!("{:>5} {} {} {} by {}: {}", e.seq, draft.at, draft.subject, row.label, draft.actor, row.text)
            };
            self.outcome.story = events.iter().map(line).collect();
        }
        if self.plan.journal {
            let lines: Result<Vec<String>, _> = events.iter().map(serde_json::to_string).collect();
            self.outcome.journal = lines.map_err(|e| e.to_string())?;
        }
        let records = records(&events);
        self.judge_road(&world, &events);
        for (id, unit) in &world.units {
            let none = Record::default();
            let record = records.get(id).unwrap_or(&none);
            let wrong = self.judge_unit(unit, record);
            self.outcome.violations.extend(wrong.into_iter().map(|w| format!("{}: {w}", unit.label())));
            self.count(unit, record);
        }
        for (server, way) in self.outside.servers.iter().zip(&self.ways) {
            if world.by_serial(&server.serial).is_none() {
                self.outcome.violations.push(format!("{} came by {way:?} and is no unit", server.serial));
            }
        }
        if self.outcome.staged * 100 < self.outcome.due * SHARE {
            let told = format!("{} of {} staged: {:?}", self.outcome.staged, self.outcome.due, self.outcome.explained);
            self.outcome.violations.push(told);
        }
        Ok(())
    }

    /// The way a server came.
    fn way(&self, unit: &Unit) -> Way {
        let is = |n: &usize| unit.serial.as_deref() == Some(self.outside.servers[*n].serial.as_str());
        (0..self.ways.len()).find(is).map_or(Way::Order, |n| self.ways[n])
    }

    /// Whether it should be staged, and is; else why not.
    fn count(&mut self, unit: &Unit, record: &Record<'_>) {
        let way = self.way(unit);
        let staged = unit.stage == Stage::Staged;
        if matches!(way, Way::TakenOver | Way::Pool) || record.taken_out || !record.skipped.is_empty() {
            return;
        }
        self.outcome.due += 1;
        self.outcome.staged += usize::from(staged);
        if !staged {
            let row = view::row(unit, self.now());
            let told = format!("{} {} {}", row.stage, row.disposition, row.waits_for);
            self.outcome.explained.insert(row.label.to_string(), told);
        }
        let says_why = |row: &view::UnitRow| row.who.is_some() && !row.waits_for.is_empty();
        if !staged && !says_why(&view::row(unit, self.now())) {
            let what = format!("{} is {} and does not say who must act", unit.label(), unit.stage);
            self.outcome.violations.push(what);
        }
    }

    fn judge_unit(&self, unit: &Unit, record: &Record<'_>) -> Vec<String> {
        let mut wrong: Vec<String> = aside(&record.events);
        let Some(serial) = unit.serial.clone() else { return wrong };
        let netbox = &self.outside.netbox;
        let devices = netbox.devices_with_serial(&serial);
        if devices.len() > 1 {
            wrong.push(format!("NetBox has it {} times", devices.len()));
        }
        let known = self.outside.servers.iter().find(|s| s.serial == serial.as_str()).map(|s| s.device);
        let Some(device) = known.or_else(|| devices.first().copied()) else { return wrong };
        let staged = unit.stage == Stage::Staged && unit.disposition == Disposition::Normal;
        self.judge_notes(device, unit, record, &mut wrong);
        self.judge_inventory(device, staged, record, &mut wrong);
        if let Some(twin) = self.outside.fleet.get(&serial) {
            let counters = twin.counters();
            let (allowed, again) = resets_allowed(&record.events);
            if again > 0 {
                wrong.push(format!("{again} resets sent again on the same rung though the first may have arrived"));
            }
            if counters.resets_total() > allowed {
                wrong.push(format!("{} resets where {allowed} were intended", counters.resets_total()));
            }
            if counters.logins_bad > 0 {
                wrong.push(format!("{} wrong passwords", counters.logins_bad));
            }
            // Each plan logs in once; one that nobody heard of is made again.
            if unit.taken_over.is_some() && (counters.armed > 0 || counters.logins_ok > self.people.plans) {
                wrong.push(format!("it runs, and was touched: {counters:?}"));
            }
        }
        wrong
    }

    /// NetBox's journal: every key once, and every transition there.
    fn judge_notes(&self, device: ObjectId, unit: &Unit, record: &Record<'_>, wrong: &mut Vec<String>) {
        let notes = self.outside.netbox.notes_of(device);
        let keys: Vec<&str> =
            notes.iter().filter_map(|(_, text)| text.rfind("[rackhand ").map(|at| &text[at..])).collect();
        let unique: BTreeSet<&str> = keys.iter().copied().collect();
        if unique.len() != keys.len() {
            wrong.push(format!("{} notes doubled", keys.len() - unique.len()));
        }
        let skipped = record.skipped.contains(&Step::WriteNotes);
        if unit.stage != Stage::Staged || !unit.notes.owed.is_empty() || skipped {
            return;
        }
        // Before NetBox was seen to have its device there was nothing that a note could be written to.
        let known = |e: &&&Recorded| {
            matches!(
                e.draft.event,
                Event::Step(StepEvent::StepObserved { step: Step::RegisterBmc, .. })
                    | Event::Discovery(DiscoveryEvent::LeaseAccepted { .. })
                    | Event::Entry(EntryEvent::UnitAdopted { .. } | EntryEvent::UnitTakenOver { .. })
            )
        };
        let Some(since) = record.events.iter().find(known).map(|e| e.seq) else { return };
        let told =
            |e: &&&Recorded| e.seq > since && matches!(e.draft.event, Event::Life(LifeEvent::StageEntered { .. }));
        for event in record.events.iter().filter(told) {
            // Site, epoch and place in the stream.
            let place = format!("/{}]", event.seq);
            if !unique.iter().any(|key| key.starts_with("[rackhand fra1/") && key.ends_with(&place)) {
                wrong.push(format!("transition {} has no note", event.seq));
            }
        }
    }

    fn judge_inventory(&self, device: ObjectId, staged: bool, record: &Record<'_>, wrong: &mut Vec<String>) {
        let netbox = &self.outside.netbox;
        let without = |step: Step| record.skipped.contains(&step);
        let interface = netbox.interface_id(device, "bmc").unwrap_or_default();
        let addresses = netbox.addresses_on(interface);
        if addresses.len() > 1 || (staged && !without(Step::AssignBmcAddress) && addresses.len() != 1) {
            wrong.push(format!("BMC addresses: {addresses:?}"));
        }
        if !staged {
            return;
        }
        for name in ["eno1", "eno2"] {
            let cable = netbox.interface_id(device, name).and_then(|id| netbox.cable_of(id));
            let connected = cable.as_ref().is_some_and(|(_, status)| status == "connected");
            if !connected && !without(Step::WriteCables) && !without(Step::PlaceDevice) {
                wrong.push(format!("{name}: cable {cable:?}"));
            }
        }
        let (status, tenant) = (netbox.status_of(device), netbox.tenant_of(device));
        if status.as_deref() != Some("staged") || tenant.as_deref() != Some("baremetal-staging") {
            wrong.push(format!("status {status:?}, tenant {tenant:?}"));
        }
    }
}

fn records(events: &[Recorded]) -> BTreeMap<UnitId, Record<'_>> {
    let mut records: BTreeMap<UnitId, Record<'_>> = BTreeMap::new();
    for event in events {
        let Subject::Unit(id) = event.draft.subject else { continue };
        let record = records.entry(id).or_default();
        record.events.push(event);
        match &event.draft.event {
            Event::Step(StepEvent::StepSkipped { step, .. }) => drop(record.skipped.insert(*step)),
            Event::Life(LifeEvent::DispositionChanged { to, .. }) => match to {
                // What is released goes on as if nothing had been.
                Disposition::Normal => record.taken_out = false,
                _ => record.taken_out = true,
            },
            _ => {}
        }
    }
    records
}

/// What was begun though a person had stopped it: on hold nothing at all, and else only what undoes, or what is noted.
fn aside(events: &[&Recorded]) -> Vec<String> {
    let mut stands = Disposition::Normal;
    let mut wrong = Vec::new();
    for event in events {
        match &event.draft.event {
            Event::Life(LifeEvent::DispositionChanged { to, .. }) => stands = *to,
            Event::Step(StepEvent::StepIntended { step, .. }) => {
                let undoes = *step == Step::WriteNotes || all().any(|r| r.undo == Some(*step));
                let may = stands != Disposition::OnHold && (stands.may_move() || undoes);
                if !may {
                    wrong.push(format!("{step} was begun (event {}) though it is {stands}", event.seq));
                }
            }
            _ => {}
        }
    }
    wrong
}

/// Resets the BMC may have taken: one for each intended restart, two (off, on) for each power cycle, none for an
/// attempt that certainly did not arrive. And how many were intended on a rung whose reset may have arrived already.
fn resets_allowed(events: &[&Recorded]) -> (u32, u32) {
    let mut allowed = 0;
    let mut again = 0;
    let mut last = 0;
    let mut arrived: Option<Rung> = None;
    for event in events {
        match &event.draft.event {
            Event::Step(StepEvent::StepIntended { step: Step::ResetForBoot, rung, .. }) => {
                last = if *rung == Some(Rung::PowerCycle) { 2 } else { 1 };
                allowed += last;
                again += u32::from(rung.is_some() && arrived == *rung);
                arrived = *rung;
            }
            Event::Step(StepEvent::StepFailed { step: Step::ResetForBoot, fault, .. })
                if fault.kind != Kind::Unknown =>
            {
                allowed -= last;
                last = 0;
                arrived = None;
            }
            // Another cause: a boot that was missed or seen, or a person's word.
            Event::Boot(BootEvent::BootMissed { .. } | BootEvent::BootScriptServed { .. })
            | Event::Step(StepEvent::StepRetried { .. })
            | Event::Life(LifeEvent::TaskClosed { .. } | LifeEvent::DispositionChanged { .. }) => {
                (arrived, last) = (None, 0);
            }
            _ => {}
        }
    }
    (allowed, again)
}
