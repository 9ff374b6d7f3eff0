//! People: who they are, how they speak to the daemon, and how they answer what waits for them. They read what every
//! console shows, what is awaited and who must act, and do that, now or a few looks later.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::flow::next::{Wait, for_unit};
use rackhand_core::flow::rules::rule;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, PlanId, Role, Subject, UnitId};
use rackhand_core::lifecycle::stage::Disposition;
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::time::Timestamp;
use rand::RngExt as _;

use super::{Life, RENEWAL};

/// A person with a role.
#[derive(Clone, Copy)]
pub(super) struct Person(&'static str, Role);

/// Who orders, imports and cancels.
pub(super) const ANNA: Person = Person("anna", Role::Operator);
/// The other operator.
pub(super) const OTTO: Person = Person("otto", Role::Operator);
/// Who approves.
pub(super) const BERTA: Person = Person("berta", Role::Approver);
/// Who approves too.
pub(super) const CARL: Person = Person("carl", Role::Approver);
/// The technician.
pub(super) const TINA: Person = Person("tina", Role::Technician);

impl Person {
    pub(super) fn actor(self) -> Actor {
        Actor::Person { name: self.0.into(), role: self.1 }
    }

    pub(super) const fn name(self) -> &'static str {
        self.0
    }
}

/// What people remember.
#[derive(Default)]
pub(super) struct People {
    /// Requests so far.
    said: u64,
    /// Orders that were begun.
    pub orders: u64,
    /// The plan to take servers over.
    pub plan: Option<PlanId>,
    /// How often it was asked for, heard or not.
    pub plans: u32,
    /// How often each stuck step was tried again.
    tries: BTreeMap<(Subject, Step), u32>,
    /// Servers that are held for good.
    pub held: BTreeSet<UnitId>,
    /// When what is held or quarantined is to be released.
    pub releases: BTreeMap<UnitId, Timestamp>,
    /// Servers whose cables are in.
    pub cabled: BTreeSet<UnitId>,
}

/// How long a console waits for an answer.
const DEADLINE: Duration = Duration::from_secs(100);
/// After so many tries somebody thinks of going on without.
const ENOUGH: u32 = 4;

/// Whether nobody could answer, so that the same is asked again later.
pub(super) fn is_away(refusal: &Refusal) -> bool {
    refusal.why == Why::Unavailable
}

impl Life {
    /// Says something to the daemon as a console does.
    pub(super) async fn say(&mut self, who: Person, command: Command) -> Result<Answer, Refusal> {
        self.say_as(who.actor(), command).await
    }

    pub(super) async fn say_as(&mut self, who: Actor, command: Command) -> Result<Answer, Refusal> {
        self.people.said += 1;
        let request = format!("r{}", self.people.said);
        let away = || Refusal::new(Why::Unavailable, "the daemon does not answer");
        let Some(desk) = self.site.as_ref().map(|s| s.desk.clone()) else { return Err(away()) };
        // On the heap, since whoever speaks would have room for the largest answer.
        let carried = Box::pin(desk.carry_out(&who, &request, command));
        let receipt = self.outside.clock.timeout(DEADLINE, carried).await.ok_or_else(away)??;
        Ok(receipt.answer)
    }

    /// Everybody looks at what is theirs.
    pub(super) async fn go_round(&mut self) -> Result<(), String> {
        let now = self.now();
        self.market.dispatch(now);
        self.mind_trade().await?;
        self.receive().await?;
        self.place().await?;
        let ids: Vec<UnitId> = self.world()?.units.keys().copied().collect();
        for id in ids {
            self.mind(id).await?;
        }
        let parked = |p: &Progress| matches!(p.phase, Phase::Parked { .. });
        let seen = self.world()?;
        let stuck: Vec<_> =
            seen.sightings.iter().filter(|(_, s)| s.steps.progress().any(parked)).map(|(m, _)| *m).collect();
        for mac in stuck {
            self.retry(Subject::Bmc(mac), OTTO).await;
        }
        Ok(())
    }

    /// Somebody is busy elsewhere, until everything has been quiet for a while.
    pub(super) fn busy(&mut self) -> bool {
        !self.calm && self.rng.random_bool(0.4)
    }

    /// Whoever is responsible looks at one server.
    async fn mind(&mut self, id: UnitId) -> Result<(), String> {
        let Some(unit) = self.world()?.unit(id).cloned() else { return Ok(()) };
        if self.release_in_time(&unit).await || self.busy() {
            return Ok(());
        }
        if unit.disposition == Disposition::Normal {
            self.handle(&unit).await;
        }
        let waits: Vec<Wait> = for_unit(&unit, self.now()).waits.into_iter().filter(|w| w.who.is_some()).collect();
        for wait in waits {
            let asks = |word: &str| wait.resolve.iter().any(|r| r.as_str() == word);
            if let Some(step) = wait.step {
                self.unstick(Subject::Unit(id), step, unit.steps.generation(step), &wait).await;
            } else if asks("done") {
                self.end_a_task(&unit).await;
            }
        }
        Ok(())
    }

    /// What is held or quarantined comes free when its time has come; out of quarantine as many say so as must.
    async fn release_in_time(&mut self, unit: &Unit) -> bool {
        let now = self.now();
        if !matches!(unit.disposition, Disposition::OnHold | Disposition::Quarantined) {
            return false;
        }
        // A second person's word is what a server of the pool waits for, and the errand brings it.
        if unit.taken_over.is_some() || self.people.held.contains(&unit.id) {
            return true;
        }
        let at = *self.people.releases.entry(unit.id).or_insert(now + Duration::from_secs(1_800));
        if at <= now {
            for who in [ANNA, OTTO] {
                let reason = Some("looked at: all is well".into());
                if self.say(who, Command::Release { unit: unit.id, reason }).await.is_ok() {
                    self.did("server released");
                }
            }
            let gone = self.world().ok().and_then(|w| Some(w.unit(unit.id)?.disposition == Disposition::Normal));
            if gone == Some(true) {
                self.people.releases.remove(&unit.id);
            }
        }
        true
    }

    pub(super) async fn retry(&mut self, subject: Subject, who: Person) {
        if self.say(who, Command::Retry { subject }).await.is_ok() {
            self.did("step tried again");
        }
    }

    /// A step that a person must decide about is tried again; after many tries somebody goes on without it where that
    /// can be, or has another place chosen.
    pub(super) async fn unstick(&mut self, subject: Subject, step: Step, generation: u32, wait: &Wait) {
        let tries = self.people.tries.entry((subject, step)).or_default();
        *tries += 1;
        let often = *tries > ENOUGH;
        let who = if wait.who == Some(Role::Technician) { TINA } else { OTTO };
        let undo = rackhand_core::flow::rules::all().any(|r| r.undo == Some(step));
        if often && step == Step::PlaceDevice {
            if let Subject::Unit(unit) = subject {
                let reason = "NetBox does not take it there".into();
                drop(self.say(TINA, Command::ReleasePlacement { units: vec![unit], reason }).await);
                self.did("place given back");
            }
            return;
        }
        let whim = !self.calm && self.rng.random_bool(0.1);
        if rule(step).skip.is_some() && ((often && undo) || (whim && *self.tries_of(subject, step) > 1)) {
            let reason = "it goes on without".into();
            if self.say(OTTO, Command::Skip { subject, step, generation, reason }).await.is_ok() {
                self.did("step skipped");
            }
            return;
        }
        self.retry(subject, who).await;
    }

    fn tries_of(&mut self, subject: Subject, step: Step) -> &u32 {
        self.people.tries.entry((subject, step)).or_default()
    }

    /// Does what a task says, then says that it is done.
    async fn end_a_task(&mut self, unit: &Unit) {
        let serial = unit.label();
        for (id, task) in &unit.tasks {
            if let Some(server) = self.outside.fleet.get(&serial) {
                match task.kind {
                    TaskKind::FixCable => server.flaw(|f| f.neighbour = None),
                    TaskKind::CheckHardware => server.flaw(|f| f.failing = None),
                    _ => {}
                }
            }
            if task.kind == TaskKind::FixCable {
                self.cable(unit);
            }
            // A technician can add no memory; who answers for the order takes it as it is.
            let technician = task.role <= Role::Technician && task.kind != TaskKind::LessThanOrdered;
            let who = if technician { TINA } else { OTTO };
            let close = Command::CloseTask { unit: unit.id, task: *id, note: "done, and looked at".into() };
            match self.say(who, close).await {
                Ok(_) => self.did("task done"),
                // Its cause may have gone with the one before.
                Err(refusal) if is_away(&refusal) || refusal.why == Why::NotFound => {}
                Err(refusal) => {
                    let what = format!("{}: task {id} could not be closed: {refusal}", unit.label());
                    self.outcome.violations.push(what);
                }
            }
        }
    }

    /// From now on this server's BMC asks for its lease, and renews it.
    pub(super) fn goes_on_the_wire(&mut self, serial: String) {
        self.did("server plugged in");
        self.wire.insert(serial, self.now());
    }

    /// Leases are asked for and renewed, some of them twice. Nobody waits for them: the wire does not wait either.
    pub(super) fn renew(&mut self, now: Timestamp) {
        let due: Vec<String> = self.wire.iter().filter(|(_, at)| **at <= now).map(|(s, _)| s.clone()).collect();
        for serial in due {
            let frame = match self.outside.servers.iter().find(|s| s.serial == serial) {
                Some(server) => self.outside.ack(server),
                None => match self.market.boxes.get(&serial) {
                    Some(boxed) => self.outside.ack_boxed(boxed),
                    None => continue,
                },
            };
            let times = if self.rng.random_bool(0.2) { 2 } else { 1 };
            let jitter = Duration::from_secs(self.rng.random_range(0..600));
            self.wire.insert(serial, now + RENEWAL + jitter);
            let Some(site) = &self.site else { continue };
            for _ in 0..times {
                let (intake, frame) = (site.intake.clone(), frame.clone());
                tokio::spawn(async move { intake.frame(&frame, now).await });
            }
        }
    }
}
