//! The engine: asks the flow what comes next, after every event and every restart, and does it. It keeps nothing that
//! could not be computed again, except which calls are in the air.

mod attempt;
mod gates;
pub mod perform;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::Input;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow;
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::flow::next::{Due, Move};
use rackhand_core::flow::rules::{Class, Lane, rule};
use rackhand_core::flow::step::Outcome;
use rackhand_core::id::{Actor, Subject};
use rackhand_core::time::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::ledger::{Ledger, Patience};
use crate::pulse::Beat;
use attempt::{ended, make, watching};
pub use gates::Gates;
use perform::Ports;

/// How long a lane rests after a panic in its call.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// How long a stop waits for the calls in the air.
const LAST_CALLS: Duration = Duration::from_secs(60);

/// What the engine works with.
pub struct Engine {
    ledger: Ledger,
    ports: Arc<Ports>,
    gates: Arc<Gates>,
    clock: Clock,
    in_the_air: BTreeSet<(Subject, Lane)>,
    alarms: BTreeSet<(Timestamp, Subject)>,
    alarm_of: BTreeMap<Subject, Timestamp>,
    calls: JoinSet<(Subject, Lane)>,
    stop: Option<watch::Receiver<bool>>,
}

impl Engine {
    /// An engine over a ledger and the outside.
    pub fn new(ledger: Ledger, ports: Arc<Ports>, gates: Arc<Gates>, clock: Clock) -> Self {
        Self {
            ledger,
            ports,
            gates,
            clock,
            in_the_air: BTreeSet::new(),
            alarms: BTreeSet::new(),
            alarm_of: BTreeMap::new(),
            calls: JoinSet::new(),
            stop: None,
        }
    }

    /// Runs until `stop` is told, then lets the calls in the air end. `beats` are answered as they come.
    pub async fn run(
        mut self,
        mut changed: mpsc::UnboundedReceiver<Subject>,
        mut beats: mpsc::Receiver<Beat>,
        mut stop: watch::Receiver<bool>,
    ) {
        self.stop = Some(stop.clone());
        self.recover().await;
        loop {
            let clock = self.clock.clone();
            let alarm = self.alarms.first().copied();
            tokio::select! {
                biased;
                () = told(&mut stop) => break,
                Some(beat) = beats.recv() => drop(beat.send(())),
                Some(done) = self.calls.join_next(), if !self.calls.is_empty() => {
                    if let Ok((subject, lane)) = done {
                        self.in_the_air.remove(&(subject, lane));
                        self.examine(subject).await;
                    }
                }
                subject = changed.recv() => match subject {
                    // What was held back may go out now.
                    Some(Subject::Journal) => self.examine_all().await,
                    Some(subject) => {
                        for concerned in flow::concerned(&self.ledger.world(), subject) {
                            self.examine(concerned).await;
                        }
                    }
                    None => break,
                },
                () = wait_for(&clock, alarm.map(|(at, _)| at)) => {
                    if let Some((at, subject)) = alarm {
                        self.alarms.remove(&(at, subject));
                        self.alarm_of.remove(&subject);
                        self.examine(subject).await;
                    }
                }
            }
        }
        // What does not end in time is as after a crash: the next start looks.
        let (clock, calls) = (self.clock.clone(), &mut self.calls);
        clock.timeout(LAST_CALLS, async { while calls.join_next().await.is_some() {} }).await;
    }

    /// After a start: a reset whose intention is on disk and whose outcome is not may have gone out. It is not sent
    /// again; its effect, or the next rung, will tell. Everything else looks first, so it is simply taken up again.
    async fn recover(&mut self) {
        let world = self.ledger.world();
        for unit in world.units.values() {
            let forced = |p: &&Progress| p.phase == Phase::Intended && rule(p.step).class == Class::Force;
            for orphan in unit.steps.progress().filter(forced) {
                let what = "Rackhand stopped while it was on its way; nobody knows whether it arrived";
                let fault = Fault::new(System::Rules, Kind::Unknown, what);
                let (subject, outcome) = (Subject::Unit(unit.id), Outcome::Failed(fault));
                ended(&self.ledger, subject, orphan.step, orphan.generation, outcome).await;
            }
        }
        self.examine_all().await;
    }

    async fn examine_all(&mut self) {
        let world = self.ledger.world();
        let subjects: Vec<Subject> = world
            .sightings
            .keys()
            .map(|m| Subject::Bmc(*m))
            .chain(world.units.keys().map(|u| Subject::Unit(*u)))
            .chain(world.orders.keys().map(|o| Subject::Order(*o)))
            .chain(world.deals.keys().map(|d| Subject::Deal(*d)))
            .collect();
        for subject in subjects {
            self.examine(subject).await;
        }
    }

    async fn examine(&mut self, subject: Subject) {
        let now = self.clock.now();
        let world = self.ledger.world();
        let Some(next) = flow::next(&world, subject, now) else { return };
        self.set_alarm(subject, next.wake);
        for step in next.moves {
            match step {
                Move::Begin(due) => self.begin(subject, due, None),
                Move::Watch(due, every) => self.begin(subject, due, Some(every)),
                Move::Expire(lane, step) => {
                    if !self.in_the_air.contains(&(subject, lane)) {
                        let input = Input::Expired(subject, lane, step);
                        // Refused where it is not so any more; the next look tells.
                        let _ = self.ledger.submit(Actor::Rackhand, Patience::Keep, input).await;
                    }
                }
                // Refused where it is not so any more; the next look tells.
                Move::Review => drop(self.ledger.submit(Actor::Rackhand, Patience::Keep, Input::Review(subject)).await),
            }
        }
    }

    fn set_alarm(&mut self, subject: Subject, at: Option<Timestamp>) {
        if let Some(old) = self.alarm_of.remove(&subject) {
            self.alarms.remove(&(old, subject));
        }
        if let Some(at) = at {
            self.alarm_of.insert(subject, at);
            self.alarms.insert((at, subject));
        }
    }

    /// Makes an attempt, or looks this often for what one has begun.
    fn begin(&mut self, subject: Subject, due: Due, watch: Option<Duration>) {
        if !self.in_the_air.insert((subject, due.lane)) {
            return;
        }
        let (ledger, ports, gates) = (self.ledger.clone(), self.ports.clone(), self.gates.clone());
        let stop = self.stop.clone();
        self.calls.spawn(async move {
            let call = async {
                match watch {
                    None => make(&ledger, &ports, &gates, stop, (subject, due)).await,
                    Some(every) => watching(&ledger, &ports, &gates, stop, (subject, due, every)).await,
                }
            };
            // Nothing is held over an await that a panic could leave half changed: the ledger has a task of its own.
            if let Err(panic) = AssertUnwindSafe(call).catch_unwind().await {
                ended(&ledger, subject, due.step, due.generation, Outcome::Failed(fell(&due, &*panic))).await;
                // Where nothing was intended yet, the step is due again at once.
                ports.clock.sleep(AFTER_PANIC).await;
            }
            (subject, due.lane)
        });
    }
}

/// A panic in a step's call, as the step's fault: it counts as an attempt, and whether anything was sent is not known.
fn fell(due: &Due, panic: &(dyn Any + Send)) -> Fault {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let what = format!("Rackhand itself failed in {}: {}", due.step, said.unwrap_or("no reason given"));
    tracing::error!(step = %due.step, what, "a fault of ours; please report it with this log");
    let kind = if rule(due.step).class == Class::Read { Kind::Transient } else { Kind::Unknown };
    Fault::new(System::Rules, kind, what)
}

/// Waits until the daemon is told to stop, or nobody is left to tell it.
pub async fn told(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|s| *s).await);
}

async fn stopped(stop: Option<watch::Receiver<bool>>) {
    match stop {
        Some(mut stop) => told(&mut stop).await,
        None => std::future::pending().await,
    }
}

async fn wait_for(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
