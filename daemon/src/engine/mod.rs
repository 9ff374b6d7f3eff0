//! The engine: asks the flow what comes next, after every event and every restart, and does it. It keeps nothing that
//! could not be computed again, except which calls are in the air.

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
use rackhand_core::flow::next::{self, Due, Move};
use rackhand_core::flow::rules::{Class, Lane, rule};
use rackhand_core::flow::step::{Outcome, Step};
use rackhand_core::id::{Actor, Subject};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;

use crate::gate::Gate;
use crate::ledger::{Ledger, Patience};
use crate::pulse::Beat;
use perform::Ports;

/// Calls to NetBox in the air at once. It is slow; more would only queue inside it.
const NETBOX_CALLS: usize = 8;

/// How many of those may be questions about MACs that are no unit's, so that a flood of them never holds up a unit.
const NETBOX_STRANGERS: usize = 6;

/// BMCs spoken to at once, those apart that take longer than [`SLOW`]. One lane for each BMC holds that each has one
/// call at most, so this bounds our memory (some 40 KiB for a call), not a BMC's load: it is sized so that a whole site
/// of 5,000 of which each fifth hangs does not queue.
const BMC_CALLS: usize = 4_096;

/// Vendors spoken to at once.
const VENDOR_CALLS: usize = 16;

/// After this long a call to a BMC gives its place up and goes on without one, until its own deadline. Otherwise BMCs
/// that hang would hold the places of those that answer, for half a minute each.
const SLOW: Duration = Duration::from_secs(5);

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

/// The gates of the outside systems.
pub struct Gates {
    /// NetBox's.
    pub netbox: Gate,
    /// All BMCs'. A BMC that does not answer says nothing of the others, so this one only counts places.
    pub bmcs: Gate,
    /// All vendors'. One that does not answer says nothing of the others, so this one only counts places.
    pub vendors: Gate,
    /// Turns for questions about MACs that are no unit's.
    strangers: Semaphore,
}

impl Gates {
    /// Makes a call to a BMC once there is a place for it.
    pub async fn call_bmc<T>(&self, clock: &Clock, call: impl Future<Output = T>) -> Option<T> {
        let place = self.bmcs.enter(clock).await?;
        let mut call = std::pin::pin!(call);
        tokio::select! {
            biased;
            done = &mut call => return Some(done),
            () = clock.sleep(SLOW) => {}
        }
        drop(place);
        Some(call.await)
    }
}

impl Default for Gates {
    fn default() -> Self {
        let strangers = Semaphore::new(NETBOX_STRANGERS);
        let (netbox, bmcs) = (Gate::new(NETBOX_CALLS), Gate::new(BMC_CALLS));
        Self { netbox, bmcs, vendors: Gate::new(VENDOR_CALLS), strangers }
    }
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
                Move::Begin(due) => self.begin(subject, due),
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

    fn begin(&mut self, subject: Subject, due: Due) {
        if !self.in_the_air.insert((subject, due.lane)) {
            return;
        }
        let (ledger, ports, gates) = (self.ledger.clone(), self.ports.clone(), self.gates.clone());
        let stop = self.stop.clone();
        self.calls.spawn(async move {
            let call = call(&ledger, &ports, &gates, stop, (subject, due));
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

/// Makes a due step's attempt, once the system it is about has a place for it.
async fn call(
    ledger: &Ledger,
    ports: &Ports,
    gates: &Gates,
    stop: Option<watch::Receiver<bool>>,
    (subject, due): (Subject, Due),
) {
    if matches!(due.step, Step::ArmNetworkBoot | Step::ResetForBoot) {
        // NetBox may be away for hours; who stops the daemon does not wait for it.
        let confirmed = tokio::select! {
            biased;
            confirmed = confirm(ledger, ports, &gates.netbox, subject, due) => confirmed,
            () = stopped(stop.clone()) => return,
        };
        match confirmed {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => return ended(ledger, subject, due.step, due.generation, Outcome::Failed(fault)).await,
        }
    }
    if due.lane == Lane::Bmc {
        // BMCs' gate never closes; a place comes as soon as another call ends, or has been slow.
        gates.call_bmc(&ports.clock, Box::pin(attempt(ledger, ports, None, subject, due))).await;
        return;
    }
    if due.lane == Lane::Vendor {
        // A vendor that does not answer says nothing of the others.
        if let Some(_place) = gates.vendors.enter(&ports.clock).await {
            Box::pin(attempt(ledger, ports, None, subject, due)).await;
        }
        return;
    }
    let gate = &gates.netbox;
    let strange = matches!(subject, Subject::Bmc(mac) if ledger.world().by_bmc(mac).is_none());
    // A closed gate may stay so for hours; who stops the daemon does not wait for it.
    let place = tokio::select! {
        biased;
        place = async {
            // It is never closed.
            let turn = if strange { gates.strangers.acquire().await.ok() } else { None };
            gate.enter(&ports.clock).await.map(|place| (place, turn))
        } => place,
        () = stopped(stop) => None,
    };
    if let Some((place, _turn)) = place {
        attempt(ledger, ports, Some((gate, place)), subject, due).await;
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

/// Asks NetBox whether the unit's device is still at its site: a server that another site has is not booted anew, whoever
/// named it. What NetBox does not tell is waited for; `false` where the step is not wanted any more by then.
async fn confirm(ledger: &Ledger, ports: &Ports, gate: &Gate, subject: Subject, due: Due) -> Result<bool, Fault> {
    loop {
        let Some(place) = gate.enter(&ports.clock).await else { return Ok(false) };
        let world = ledger.world();
        let unit = match subject {
            Subject::Unit(id) => world.unit(id),
            _ => None,
        };
        let Some(unit) = unit.filter(|unit| next::wanted(unit, due.lane) == Some(due.step)) else { return Ok(false) };
        let Some(device) = unit.netbox_device() else { return Ok(true) };
        let held = ports.netbox.at_our_site(device).await;
        gate.report(held.as_ref().map(drop), ports.clock.now());
        drop(place);
        match held {
            Ok(()) => return Ok(true),
            // The gate makes the pauses longer while it stays so.
            Err(fault) if fault.kind.is_waited_out() => {
                ports.clock.sleep(rule(Step::LookUpDevice).first).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// One attempt: look, intend, act, look again. Each fact is on disk before the next is sought.
async fn attempt(
    ledger: &Ledger,
    ports: &Ports,
    gate: Option<(&Gate, SemaphorePermit<'_>)>,
    subject: Subject,
    due: Due,
) {
    let class = rule(due.step).class;
    // Of what was on its way to a vendor when the daemon stopped, no failure of today tells whether it arrived.
    let is_intended = |p: &Progress| matches!(p.phase, Phase::Intended);
    let before = due.begun && ledger.world().steps(subject).and_then(|s| s.at(due.step)).is_some_and(is_intended);
    let in_doubt = before && due.lane == Lane::Vendor;
    let netbox = ports.netbox.for_one_attempt();
    let (gate, place) = gate.unzip();
    let told = |fault: Option<&Fault>| {
        if let Some(gate) = gate {
            gate.report(fault.map_or(Ok(()), Err), ports.clock.now());
        }
    };
    if class != Class::Force {
        let world = ledger.world();
        match perform::look(ports, &netbox, &world, subject, &due).await {
            Ok(Some(saw)) => {
                told(None);
                // The next call need not wait for our own disk.
                drop(place);
                return ended(ledger, subject, due.step, due.generation, Outcome::Observed(saw)).await;
            }
            Ok(None) => told(None),
            Err(fault) => {
                told(Some(&fault));
                drop(place);
                // A look changes nothing, so its doubt is no doubt about an effect of ours.
                return failed_look(ledger, subject, &due, fault, in_doubt).await;
            }
        }
    }
    if ledger.submit(Actor::Rackhand, Patience::Keep, Input::Begin(subject, due)).await.is_err() {
        return;
    }
    let world = ledger.world();
    let acted = perform::act(ports, &netbox, &world, subject, &due).await;
    told(acted.as_ref().err());
    match acted {
        Ok(receipt) => ended(ledger, subject, due.step, due.generation, Outcome::Accepted { receipt }).await,
        Err(fault) => {
            let fault = if in_doubt { doubted(fault) } else { fault };
            return ended(ledger, subject, due.step, due.generation, Outcome::Failed(fault)).await;
        }
    }
    if class == Class::Force {
        return;
    }
    // With the receipt in it: some vendors can be looked up nowhere else.
    let world = ledger.world();
    let seen = perform::look(ports, &netbox, &world, subject, &due).await;
    drop(place);
    let outcome = match seen {
        Ok(Some(saw)) => Outcome::Observed(saw),
        Ok(None) => {
            let system = match due.lane {
                Lane::Bmc => System::Bmc,
                Lane::Vendor => System::Vendor,
                Lane::Dcim | Lane::Notes => System::Netbox,
            };
            let what = Text::from(format!("{} was accepted, but its effect is not to be seen", due.step));
            Outcome::Failed(Fault::new(system, Kind::Transient, what))
        }
        Err(fault) => Outcome::Failed(fault),
    };
    ended(ledger, subject, due.step, due.generation, outcome).await;
}

/// A failure of which another try may tell more.
fn doubted(fault: Fault) -> Fault {
    let kind = if fault.kind.is_waited_out() { Kind::Unknown } else { fault.kind };
    Fault { kind, ..fault }
}

async fn failed_look(ledger: &Ledger, subject: Subject, due: &Due, mut fault: Fault, in_doubt: bool) {
    if in_doubt {
        fault = doubted(fault);
    } else if fault.kind == Kind::Unknown {
        fault.kind = Kind::Transient;
    }
    ended(ledger, subject, due.step, due.generation, Outcome::Failed(fault)).await;
}

async fn ended(ledger: &Ledger, subject: Subject, step: Step, generation: u32, outcome: Outcome) {
    let input = Input::Ended { subject, step, generation, outcome };
    // Refused only when the daemon stops; then the next start looks.
    let _ = ledger.submit(Actor::Rackhand, Patience::Keep, input).await;
}
