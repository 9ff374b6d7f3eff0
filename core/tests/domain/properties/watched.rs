//! A scene in which things happen, and what must hold after each of them.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::boot::report::{StepVerdict, ValidationStep};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, decide};
use rackhand_core::event::{BootEvent, Event, LifeEvent, Recorded, StepEvent, TokenHash};
use rackhand_core::flow::next::{Move, for_sighting, for_unit};
use rackhand_core::flow::rules::{LADDER, Lane, rule};
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::table;
use rackhand_core::time::Timestamp;
use rackhand_core::view;
use rackhand_core::world::World;

use super::happening::{End, Happening, SERVERS, Wish, lookup};
use crate::scene::{
    Scene, address, bmc_mac, bmc_port, due, failed, good, new_device, nic_mac, person, plan, port, report, row, serial,
    step_report, token,
};

/// A token that was given out.
#[derive(Clone, Copy, Debug)]
struct Given {
    token: TokenHash,
    unit: UnitId,
    expires: Timestamp,
    dead: bool,
}

/// The scene, a second world folded from what is on disk, and what was seen so far.
#[derive(Default)]
pub struct Watched {
    pub scene: Scene,
    shadow: World,
    folded: usize,
    tokens: Vec<Given>,
    served: u8,
    resets: BTreeMap<UnitId, usize>,
    pub kinds: BTreeSet<&'static str>,
    pub stages: BTreeSet<Stage>,
}

impl Watched {
    pub fn new() -> Self {
        let mut watched = Self::default();
        watched.scene.import(0, Stage::Cabled);
        watched.scene.import(1, Stage::ShipmentTracking);
        watched.fold();
        watched
    }

    pub fn put(&mut self, actor: Actor, input: &Input) -> Option<Answer> {
        let moment = {
            let mut next = Scene { world: World::default(), log: Vec::new(), ..Scene::default() };
            (next.now, next.draws) = (self.scene.now, self.scene.draws + 1);
            next.moment(actor.clone())
        };
        let again = decide(&self.scene.world, &self.scene.policy, &moment, input);
        let mark = self.scene.mark();
        let answer = self.scene.put(actor, input);
        match (&again, &answer) {
            (Ok(again), Ok(answer)) => {
                let drafts: Vec<_> = self.scene.log[mark..].iter().map(|r| &r.draft).collect();
                assert_eq!(again.drafts.iter().collect::<Vec<_>>(), drafts, "decided twice, and otherwise");
                assert_eq!(again.answer, *answer);
            }
            (Err(again), Err(refusal)) => {
                assert_eq!(again, refusal);
                assert!(!refusal.text.trim().is_empty());
                assert_eq!(self.scene.mark(), mark);
            }
            _ => panic!("decided twice, and otherwise"),
        }
        if let (Input::StepReported(token, _) | Input::FinalReport(token, _), Ok(_)) = (input, &answer) {
            let again = matches!(input, Input::FinalReport(..)) && answer.as_ref().is_ok_and(|a| *a == Answer::Already);
            if again {
                assert_eq!(self.scene.mark(), mark, "the same report again changes something");
            } else {
                self.may_report(token, &self.scene.log[mark..]);
            }
        }
        self.fold();
        self.look();
        answer.ok()
    }

    fn may_report(&self, token: &TokenHash, events: &[Recorded]) {
        let given = self.tokens.iter().find(|g| g.token == *token).expect("a token nobody was given");
        assert!(!given.dead, "a dead token is good: {given:?}");
        assert!(self.scene.now < given.expires);
        for recorded in events {
            assert_eq!(recorded.draft.subject, Subject::Unit(given.unit), "a token is good for another unit");
        }
    }

    /// Folds what was recorded since, through its text, and holds each event against the state before it.
    fn fold(&mut self) {
        while let Some(recorded) = self.scene.log.get(self.folded) {
            let text = serde_json::to_string(recorded).unwrap();
            let read: Recorded = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(read, *recorded);
            assert!(!read.draft.event.sentence().is_empty());
            assert!(read.draft.cause.is_none_or(|c| c < read.seq));
            assert_eq!(read.seq, self.shadow.head + 1);
            self.kinds.insert(read.draft.event.kind());
            if let Subject::Unit(id) = read.draft.subject {
                self.hold_against_before(id, &read);
            }
            self.shadow.apply(&read);
            self.folded += 1;
        }
        assert!(self.shadow == self.scene.world, "the fold and the world in memory differ");
    }

    fn hold_against_before(&mut self, id: UnitId, read: &Recorded) {
        let before = self.shadow.unit(id);
        match &read.draft.event {
            Event::Life(LifeEvent::StageEntered { from, to, evidence }) => {
                let unit = before.expect("a unit");
                assert_eq!(unit.stage, *from);
                let way = table::way(*from, *to, evidence.proof);
                let way = way.unwrap_or_else(|| panic!("{from} -> {to} on {}", evidence.proof));
                assert!(way.open_to(&read.draft.actor), "{from} -> {to} by {:?}", read.draft.actor);
                self.stages.insert(*to);
                if *to <= Stage::Discovered {
                    self.forget_boot(id);
                }
            }
            Event::Life(LifeEvent::DispositionChanged { from, to, .. }) => {
                assert_eq!(before.expect("a unit").disposition, *from);
                if matches!(to, Disposition::Cancelled | Disposition::Retired) {
                    self.kill_tokens(id);
                }
                if !matches!(to, Disposition::OnHold | Disposition::Quarantined | Disposition::Normal) {
                    self.resets.remove(&id);
                }
            }
            Event::Step(StepEvent::StepIntended { step: Step::ResetForBoot, rung, .. }) => {
                let unit = before.expect("a unit");
                assert!(rung.is_some(), "a reset without a rung");
                assert_eq!((unit.stage, unit.disposition), (Stage::Discovered, Disposition::Normal));
                assert!(!unit.is_blocked(), "a reset of a server that stands still");
                assert!(unit.boot.armed, "a reset into a boot nobody armed");
                let count = self.resets.entry(id).or_default();
                *count += 1;
                let most = LADDER.len() * rule(Step::Validate).attempts.unwrap() as usize;
                assert!(*count <= most, "{count} resets for one cause");
            }
            // It is known not to have arrived.
            Event::Step(StepEvent::StepFailed { step: Step::ResetForBoot, .. }) => {
                let count = self.resets.get_mut(&id).expect("a reset");
                *count -= 1;
            }
            Event::Step(StepEvent::StepRetried {
                step: Step::ArmNetworkBoot | Step::ResetForBoot | Step::Validate,
                ..
            })
            | Event::Life(LifeEvent::TaskClosed { .. }) => self.forget_boot(id),
            Event::Boot(BootEvent::BootMissed { .. }) => self.kill_tokens(id),
            Event::Boot(BootEvent::BootScriptServed { token, expires, nic }) => {
                let unit = before.expect("a unit");
                assert!(nic.is_some_and(|nic| unit.has_nic(nic)), "{nic:?} is none of its own");
                assert_eq!((unit.stage, unit.disposition), (Stage::Discovered, Disposition::Normal));
                assert!(!unit.is_blocked());
                self.kill_tokens(id);
                self.tokens.push(Given { token: *token, unit: id, expires: *expires, dead: false });
            }
            Event::Boot(BootEvent::ValidationReported { .. }) => self.kill_tokens(id),
            Event::Step(StepEvent::StepSkipped { step, .. }) => assert!(rule(*step).skip.is_some()),
            _ => {}
        }
    }

    fn forget_boot(&mut self, id: UnitId) {
        self.resets.remove(&id);
    }

    fn kill_tokens(&mut self, id: UnitId) {
        for given in self.tokens.iter_mut().filter(|g| g.unit == id) {
            given.dead = true;
        }
    }

    /// What must hold of every state.
    fn look(&self) {
        self.kept();
        let (world, now) = (&self.scene.world, self.scene.now);
        for (id, unit) in &world.units {
            let next = for_unit(unit, now);
            let steps: Vec<Step> = due(&next.moves).iter().map(|d| d.step).collect();
            let where_ = || format!("{} {} {steps:?} {:?}", unit.stage, unit.disposition, unit.steps.undo());
            match unit.disposition {
                Disposition::Normal => {}
                Disposition::OnHold => assert!(next.moves.is_empty(), "{}", where_()),
                _ if !unit.steps.undo().is_empty() => {
                    let mut steps = steps.iter().filter(|s| **s != Step::WriteNotes);
                    assert!(steps.all(|s| unit.steps.undo().last() == Some(s)), "{}", where_());
                }
                _ => assert!(steps.iter().all(|s| *s == Step::WriteNotes), "{}", where_()),
            }
            if unit.stage.is_on_order() {
                let may = [Step::RegisterBmc, Step::PlaceDevice, Step::UnplaceDevice, Step::WriteNotes];
                assert!(steps.iter().all(|s| may.contains(s)), "{}", where_());
            }
            if unit.stage.is_tenants() {
                let may = [Step::RegisterBmc, Step::AssignBmcAddress, Step::WriteNotes];
                assert!(steps.iter().all(|s| may.contains(s)), "{}", where_());
            }
            if unit.stage < Stage::Discovered && unit.steps.undo().is_empty() {
                let may = [Step::RegisterBmc, Step::PlaceDevice, Step::SyncStatus, Step::WriteNotes];
                assert!(steps.iter().all(|s| may.contains(s)), "{}", where_());
            }
            if next.moves.is_empty() {
                assert!(!next.waits.is_empty(), "nothing is due and nobody is told: {}", where_());
            }
            for wait in &next.waits {
                assert!(!wait.what.trim().is_empty());
                assert!(wait.who.is_some() || wait.next_try.is_some() || wait.until.is_some() || wait.step.is_none());
                assert!(wait.since <= now);
            }
            // Nothing sleeps for ever: what is awaited has its hour.
            let timed = next.waits.iter().filter_map(|w| w.next_try.or(w.until)).filter(|t| *t > now).min();
            assert!(timed.is_none_or(|t| next.wake.is_some_and(|w| w <= t)), "{next:?}");
            for step in &next.moves {
                let input = match step {
                    Move::Begin(due) => Input::Begin(Subject::Unit(*id), *due),
                    Move::Expire(lane, step) => Input::Expired(Subject::Unit(*id), *lane, *step),
                    // It looks, and that is all.
                    Move::Watch(..) => continue,
                    Move::Review => unreachable!("nothing of a unit is reviewed"),
                };
                let decided = decide(world, &self.scene.policy, &self.scene.moment(Actor::Rackhand), &input);
                assert!(decided.is_ok(), "{step:?} is due and refused: {decided:?}");
            }
            for role in [Role::ReadOnly, Role::Technician, Role::Admin] {
                let detail = view::detail(world, unit, now, &person(role));
                assert!(!detail.row.label.is_empty() && !detail.row.waits_for.is_empty(), "{}", where_());
            }
        }
        for (mac, sighting) in &world.sightings {
            for due in due(&for_sighting(sighting, now).moves) {
                let input = Input::Begin(Subject::Bmc(*mac), due);
                assert!(decide(world, &self.scene.policy, &self.scene.moment(Actor::Rackhand), &input).is_ok());
            }
        }
        let query = view::Query { filter: "site:fra1 !lost".into(), limit: 10, ..view::Query::default() };
        assert!(view::units(world, &query, now).rows.len() <= world.units.len());
        let health = view::Health::default();
        let overview = view::overview(world, SiteId::new("fra1"), now, health, false);
        assert_eq!(overview.dead_letters as usize, view::dead_letters(world, now).len());
        assert_eq!(overview.states.values().sum::<u32>() as usize, world.units.len());
        for letter in view::dead_letters(world, now) {
            // Each can be taken up again.
            let retry = Input::Command(Command::Retry { subject: letter.subject });
            let decided = decide(world, &self.scene.policy, &self.scene.moment(person(Role::Technician)), &retry);
            assert!(decided.is_ok(), "{letter:?}: {decided:?}");
        }
    }

    fn id(&self, n: u8) -> Option<UnitId> {
        let world = &self.scene.world;
        world.by_serial(&serial(n)).or_else(|| world.by_bmc(bmc_mac(n))).map(|u| u.id)
    }

    pub fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Lease(n, a) => {
                let address = address(10 * (n + 1) + a);
                let input = Input::Lease { mac: bmc_mac(*n), address, hostname: None, vendor_class: None };
                self.put(Actor::Wire, &input);
            }
            Happening::Lookup(n, l) => {
                let outcome = Outcome::Observed(Observation::Lookup(lookup(*n, *l)));
                let (subject, step) = (Subject::Bmc(bmc_mac(*n)), Step::LookUpDevice);
                let generation = self.scene.world.steps(subject).map_or(1, |steps| steps.generation(step));
                self.put(Actor::Rackhand, &Input::Ended { subject, step, generation, outcome });
            }
            Happening::Renewed(n, l) => {
                self.put(Actor::Wire, &Input::LookedUpAgain(bmc_mac(*n), lookup(*n, *l)));
            }
            Happening::Engine(n, times, end) => (0..*times).for_each(|_| self.engine(*n, *end)),
            Happening::Stray(n, step, generation, end) => {
                let (Some(id), step) = (self.id(*n), Step::ALL[*step]) else { return };
                if let Some(outcome) = self.outcome(*n, id, step, *end) {
                    let (subject, generation) = (Subject::Unit(id), *generation);
                    self.put(Actor::Rackhand, &Input::Ended { subject, step, generation, outcome });
                }
            }
            Happening::Expire(n) => {
                let Some(id) = self.id(*n) else { return };
                for (lane, step) in [(Lane::Bmc, Step::ResetForBoot), (Lane::Bmc, Step::Validate)] {
                    self.put(Actor::Rackhand, &Input::Expired(Subject::Unit(id), lane, step));
                }
            }
            Happening::Silence(n) => {
                for _ in 0..8 {
                    let Some(id) = self.id(*n) else { return };
                    let wake = self.scene.next(id).wake;
                    self.scene.now = self.scene.now.max(wake.unwrap_or(self.scene.now));
                    self.happen(&Happening::Expire(*n));
                    (0..3).for_each(|_| self.engine(*n, End::Silent));
                }
            }
            Happening::Boot(n, nic) => {
                self.served += 1;
                let nic = [None, Some(nic_mac(*n)), Some(nic_mac(*n)), Some(nic_mac(99))][usize::from(*nic)];
                let input = Input::BootRequest { serial: serial(*n), nic, token: token(self.served) };
                self.put(Actor::Wire, &input);
            }
            Happening::StepReport(t, step, ok) => {
                let mut report = step_report(ValidationStep::ALL[*step]);
                report.verdict = if *ok { StepVerdict::Passed } else { StepVerdict::Failed };
                self.put(Actor::Wire, &Input::StepReported(self.token(*t), report.clone()));
                self.put(Actor::Wire, &Input::StepReported(self.token(*t), report));
            }
            Happening::FinalReport(t, n, ok) => {
                let token = self.token(*t);
                // Mostly the machine that was given the token; now and then another.
                let owner = self.scene.world.by_token(&token).map(|u| u.id);
                let own = (0..SERVERS).find(|n| owner.is_some() && self.id(*n) == owner);
                let mut report = report(if *n == 3 { 0 } else { own.unwrap_or(*n) });
                report.nics[0].link = *ok;
                report.nics[0].neighbour = report.nics[0].neighbour.take().filter(|_| *ok);
                for _ in 0..2 {
                    self.put(Actor::Wire, &Input::FinalReport(token, Box::new(report.clone())));
                }
            }
            Happening::Person(role, n, wish) => self.wish(*role, *n, *wish),
            Happening::Later(secs) => {
                self.scene.later(*secs);
                self.look();
            }
        }
    }

    /// One of the last tokens, or one nobody was given.
    fn token(&self, t: usize) -> TokenHash {
        let n = self.tokens.len();
        self.tokens.get(n.wrapping_sub(1 + t / 2)).map_or(token(250), |g| g.token)
    }

    fn outcome(&self, n: u8, id: UnitId, step: Step, end: End) -> Option<Outcome> {
        Some(match end {
            End::Never => return None,
            End::Accepted => Outcome::Accepted { receipt: "taken".into() },
            End::Failed(kind) => failed(kind),
            _ if step == Step::ResetForBoot => Outcome::Accepted { receipt: "reset".into() },
            End::Odd if step == Step::LogInToBmc => {
                let Some(Observation::System(mut reading)) = good(n, self.scene.unit(id), step) else { return None };
                reading.serial = "ANOTHER".into();
                Outcome::Observed(Observation::System(reading))
            }
            End::Odd if step == Step::RegisterBmc => {
                Outcome::Observed(Observation::Registered(bmc_port(n, bmc_mac(77))))
            }
            End::Odd if step == Step::ReadCablingPlan => {
                let mut plan = plan(n);
                plan.interfaces[0].peer = Some(port(200));
                Outcome::Observed(Observation::Plan(plan))
            }
            End::Good | End::Silent | End::Odd => Outcome::Observed(good(n, self.scene.unit(id), step)?),
        })
    }

    fn engine(&mut self, n: u8, end: End) {
        let Some(id) = self.id(n) else { return };
        let Some(due) = self.scene.due(id).pop() else {
            if matches!(end, End::Good | End::Odd) {
                self.machine(n, id, end);
            }
            return;
        };
        let subject = Subject::Unit(id);
        if self.put(Actor::Rackhand, &Input::Begin(subject, due)).is_none() {
            return;
        }
        if let Some(outcome) = self.outcome(n, id, due.step, end) {
            let (step, generation) = (due.step, due.generation);
            self.put(Actor::Rackhand, &Input::Ended { subject, step, generation, outcome });
        }
    }

    /// The machine does what it should: it fetches its script, or sends its report.
    fn machine(&mut self, n: u8, id: UnitId, end: End) {
        let unit = self.scene.unit(id);
        match unit.steps.lane(Lane::Bmc).map(|p| p.step) {
            Some(Step::ResetForBoot) => self.happen(&Happening::Boot(n, 1)),
            Some(Step::Validate) => {
                if let Some(token) = unit.boot.token {
                    let first = step_report(ValidationStep::Init);
                    self.put(Actor::Wire, &Input::StepReported(token, first));
                    let mut report = report(n);
                    report.nics[0].link = !matches!(end, End::Odd);
                    report.nics[0].neighbour = report.nics[0].neighbour.take().filter(|_| !matches!(end, End::Odd));
                    self.put(Actor::Wire, &Input::FinalReport(token, Box::new(report)));
                }
            }
            _ => {}
        }
    }

    fn wish(&mut self, role: Role, n: u8, wish: Wish) {
        let site = SiteId::new("fra1");
        if let Wish::Import(stage) = wish {
            let (bmc_mac, stage) = (Some(bmc_mac(n)), Stage::ALL[stage]);
            let import = Command::Import { site, serial: serial(n), bmc_mac, vendor: None, model: None, stage };
            self.put(person(role), &Input::Command(import));
            return;
        }
        if let Wish::ImportRow(own, create) = wish {
            let mut row = row(n);
            row.bmc_mac = if own { row.bmc_mac } else { bmc_mac((n + 1) % SERVERS) };
            let create = create.then(new_device);
            let import = Command::ImportRow { row, site, stage: Stage::Received, create };
            self.put(person(role), &Input::Command(import));
            return;
        }
        if let Wish::Receive(own, hurt) = wish {
            return self.receive(role, n, own, hurt);
        }
        let Some(unit) = self.id(n) else { return };
        let (subject, bmc) = (Subject::Unit(unit), Subject::Bmc(bmc_mac(n)));
        let reason = || "because".into();
        let now = self.scene.unit(unit);
        let command = match wish {
            Wish::Retry => Command::Retry { subject },
            Wish::RetryBmc => Command::Retry { subject: bmc },
            Wish::Skip => {
                let Some((step, generation)) = now.steps.parked().map(|(p, _)| (p.step, p.generation)).next() else {
                    return;
                };
                Command::Skip { subject, step, generation, reason: reason() }
            }
            Wish::SkipBmc => {
                let step = Step::WriteNotes;
                let generation = self.scene.world.steps(bmc).map_or(1, |steps| steps.generation(step));
                Command::Skip { subject: bmc, step, generation, reason: reason() }
            }
            Wish::SkipAny(step) => Command::Skip { subject, step: Step::ALL[step], generation: 1, reason: reason() },
            Wish::Cancel => Command::Cancel { unit, reason: reason() },
            Wish::Hold => Command::Hold { unit, reason: reason() },
            Wish::Release => Command::Release { unit, reason: None },
            Wish::Quarantine => Command::Quarantine { unit, reason: reason() },
            Wish::Retire => Command::Retire { unit, reason: reason() },
            Wish::Trust(n) => {
                let certificate = rackhand_core::bmc::Fingerprint([n; 32]);
                Command::TrustCertificate { unit, certificate, reason: reason() }
            }
            Wish::CloseTask => {
                let Some((task, _)) = now.tasks.last() else { return };
                Command::CloseTask { unit, task: *task, note: "done".into() }
            }
            Wish::Move(stage) => Command::Move { unit, to: Stage::ALL[stage], reason: reason() },
            Wish::Locate(on) => {
                if self.put(person(role), &Input::Command(Command::Locate { unit, on })).is_some() {
                    self.put(Actor::Rackhand, &Input::LocatorSeen(unit, on));
                    assert_eq!(self.scene.unit(unit).is_located(), on);
                }
                return;
            }
            Wish::ResetBmc => Command::ResetBmc { unit, reason: reason() },
            Wish::UndoReceipt => return self.undo_receipt(role, unit),
            Wish::Place(n) => return self.place(role, unit, n),
            Wish::Unplace => Command::ReleasePlacement { units: vec![unit], reason: reason() },
            Wish::ScanRack(own) => {
                let name = now.placement.as_ref().map_or("A1".into(), |held| held.place.name.clone());
                Command::ScanRack { unit, rack: if own { name } else { "B9".into() }, position: None }
            }
            Wish::Import(_) | Wish::ImportRow(..) | Wish::Receive(..) => return,
        };
        self.put(person(role), &Input::Command(command));
    }

    /// A scan: only what was expected at this dock, or is damaged there, leaves a trace, and a second scan none.
    fn receive(&mut self, role: Role, n: u8, own: bool, hurt: bool) {
        let site = SiteId::new(if own { "fra1" } else { "ams2" });
        let damaged = hurt.then(|| "dented".into());
        let command = Command::Receive { site: site.clone(), scan: serial(n), damaged, photo: None };
        for first in [true, false] {
            let before = self.scene.world.by_serial(&serial(n)).cloned();
            let mark = self.scene.mark();
            let Some(answer) = self.put(person(role), &Input::Command(command.clone())) else { return };
            let Answer::Scanned(scan) = answer else { panic!("{answer:?}") };
            let traces = self.scene.mark() - mark;
            assert_eq!(traces > 0, scan.finding.is_receipt());
            assert!(first || traces == 0, "received twice");
            if scan.finding.is_receipt() {
                let before = before.expect("a unit");
                assert_eq!((&before.site, before.disposition), (&site, Disposition::Normal));
                assert!([Stage::ShipmentTracking, Stage::Received].contains(&before.stage));
                let now = self.scene.unit(before.id);
                assert_eq!((now.stage, now.disposition == Disposition::OnHold), (Stage::Received, hurt));
            }
        }
    }
}
