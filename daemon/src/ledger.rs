//! The one place where the world changes: inputs are decided in order, their events written in groups, and only what
//! is on disk is shown to anyone.

use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::{Answer, Decided, Input, Moment, Refusal, Why, decide};
use rackhand_core::event::{Draft, Seq};
use rackhand_core::id::{Actor, Subject};
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;
use tokio::sync::{mpsc, oneshot, watch};

use crate::journal::Journal;
use crate::random::Random;

/// Inputs decided and written together at the most.
const GROUP: usize = 512;

/// Inputs that may wait. Who comes later waits at the door, which slows a flood down without losing anything.
const QUEUE: usize = 8_192;

/// Pause between two tries while the journal takes nothing.
const PROBE: Duration = Duration::from_secs(1);

/// A handle on the ledger.
#[derive(Clone)]
pub struct Ledger {
    requests: mpsc::Sender<Asked>,
    world: watch::Receiver<Arc<World>>,
    stopped: watch::Receiver<Option<Text>>,
}

/// What to do while the journal takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Refuse; the other side asks again.
    Refuse,
    /// Keep it until the journal takes it: it tells of something that has happened.
    Keep,
}

#[allow(clippy::large_enum_variant, reason = "beats are rare; a box for each request would be for nothing")]
enum Asked {
    Decide(Request),
    /// To be answered when its turn comes.
    Beat(oneshot::Sender<()>),
}

struct Request {
    input: Input,
    actor: Actor,
    patience: Patience,
    reply: oneshot::Sender<Result<Committed, Refusal>>,
}

/// An input's events are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What to answer.
    pub answer: Answer,
    /// The head after it.
    pub head: Seq,
}

/// An input in its place. Dropping it does not undo it.
pub struct Queued(oneshot::Receiver<Result<Committed, Refusal>>);

impl Queued {
    /// Waits until its events are on disk.
    pub async fn done(self) -> Result<Committed, Refusal> {
        self.0.await.map_err(|_| stopping())?
    }
}

fn stopping() -> Refusal {
    Refusal::new(Why::Unavailable, "the daemon is stopping")
}

/// What the ledger needs.
pub struct Parts {
    /// The journal.
    pub journal: Journal,
    /// The world its events fold to.
    pub world: World,
    /// The business's rules.
    pub policy: Policy,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl Ledger {
    /// Starts the ledger. `changed` is told of every subject after its events are on disk. The ledger ends when the
    /// last handle is gone.
    pub fn start(parts: Parts, changed: mpsc::UnboundedSender<Subject>) -> (Self, tokio::task::JoinHandle<()>) {
        let (requests, inbox) = mpsc::channel(QUEUE);
        let (publish, world) = watch::channel(Arc::new(parts.world.clone()));
        let (stop, stopped) = watch::channel(None);
        let clerk = Clerk { parts, publish, stop, changed, probe_at: None };
        let task = tokio::spawn(clerk.run(inbox));
        (Self { requests, world, stopped }, task)
    }

    /// Decides `input` and waits until its events are on disk.
    pub async fn submit(&self, actor: Actor, patience: Patience, input: Input) -> Result<Committed, Refusal> {
        self.queue(actor, patience, input).await?.done().await
    }

    /// Gives `input` its place in the order of decisions, and returns before it is decided: what is queued together
    /// is written together.
    pub async fn queue(&self, actor: Actor, patience: Patience, input: Input) -> Result<Queued, Refusal> {
        let (reply, answer) = oneshot::channel();
        let request = Request { input, actor, patience, reply };
        self.requests.send(Asked::Decide(request)).await.map_err(|_| stopping())?;
        Ok(Queued(answer))
    }

    /// Returns true once the ledger has come to it and the journal's thread has answered; false where one has ended.
    pub async fn beat(&self) -> bool {
        let (beat, back) = oneshot::channel();
        self.requests.send(Asked::Beat(beat)).await.is_ok() && back.await.is_ok()
    }

    /// The world as far as it is on disk.
    pub fn world(&self) -> Arc<World> {
        self.world.borrow().clone()
    }

    /// Tells of each new world.
    pub fn worlds(&self) -> watch::Receiver<Arc<World>> {
        self.world.clone()
    }

    /// Returns when nothing is taken in.
    pub async fn until_stopped(&self) {
        let mut stopped = self.stopped.clone();
        if stopped.wait_for(Option::is_some).await.is_err() {
            // The ledger has ended, and whoever waits for it knows.
            std::future::pending::<()>().await;
        }
    }

    /// Why nothing is taken in; `None` while all is well.
    pub fn stopped(&self) -> Option<Text> {
        self.stopped.borrow().clone()
    }
}

struct Clerk {
    parts: Parts,
    publish: watch::Sender<Arc<World>>,
    stop: watch::Sender<Option<Text>>,
    changed: mpsc::UnboundedSender<Subject>,
    probe_at: Option<Timestamp>,
}

impl Clerk {
    async fn run(mut self, mut inbox: mpsc::Receiver<Asked>) {
        let mut asked = Vec::with_capacity(GROUP);
        let mut kept: Vec<Request> = Vec::new();
        loop {
            let mut group = Vec::new();
            if kept.is_empty() && self.probe_at.is_none() {
                if inbox.recv_many(&mut asked, GROUP).await == 0 {
                    return;
                }
            } else {
                let probe_at = self.probe_at.unwrap_or_else(|| self.parts.clock.now());
                let clock = self.parts.clock.clone();
                tokio::select! {
                    biased;
                    () = clock.sleep_until(probe_at) => {
                        self.probe().await;
                        group.append(&mut kept);
                    }
                    n = inbox.recv_many(&mut asked, GROUP) => if n == 0 { return },
                }
            }
            let mut beats = Vec::new();
            for one in asked.drain(..) {
                match one {
                    Asked::Decide(request) => group.push(request),
                    Asked::Beat(beat) => beats.push(beat),
                }
            }
            kept.extend(self.commit(group).await);
            self.answer(beats).await;
        }
    }

    /// Asks the journal whether it takes anything again. What was kept goes in only then: a journal that takes a little
    /// is not filled to the brim by what it has refused before.
    async fn probe(&mut self) {
        match self.parts.journal.probe().await {
            Ok(()) => self.go_on(),
            Err(_) => self.probe_at = Some(self.parts.clock.now() + PROBE),
        }
    }

    fn go_on(&mut self) {
        if self.probe_at.take().is_some() {
            tracing::info!("intake goes on");
            self.stop.send_replace(None);
        }
    }

    /// A beat is answered where the journal's thread answers; whether the disk takes anything is another question.
    async fn answer(&self, beats: Vec<oneshot::Sender<()>>) {
        if !beats.is_empty() && self.parts.journal.beat().await.is_ok() {
            for beat in beats {
                let _ = beat.send(());
            }
        }
    }

    /// Decides and writes one group. Returns what must be kept for later.
    async fn commit(&mut self, group: Vec<Request>) -> Vec<Request> {
        if group.is_empty() {
            return group;
        }
        if self.probe_at.is_some_and(|at| self.parts.clock.now() < at) {
            return self.turn_away(group);
        }
        let durable = self.parts.world.clone();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut answers = Vec::with_capacity(group.len());
        for request in group {
            let moment = Moment {
                now: self.parts.clock.now(),
                entropy: self.parts.random.entropy(),
                actor: request.actor.clone(),
            };
            let decided = decide(&self.parts.world, &self.parts.policy, &moment, &request.input);
            let answer = decided.map(|Decided { drafts: new, world, answer }| {
                if !new.is_empty() {
                    drafts.extend(new);
                    self.parts.world = world;
                }
                Committed { answer, head: self.parts.world.head }
            });
            answers.push((request, answer));
        }
        if !drafts.is_empty() {
            let subjects: Vec<Subject> = drafts.iter().map(|d| d.subject).collect();
            if let Err(error) = self.parts.journal.append(drafts).await {
                tracing::error!(%error, "intake stopped");
                self.parts.world = durable;
                self.probe_at = Some(self.parts.clock.now() + PROBE);
                self.stop.send_replace(Some(error.to_string().into()));
                return self.turn_away(answers.into_iter().map(|(request, _)| request).collect());
            }
            self.publish.send_replace(Arc::new(self.parts.world.clone()));
            for subject in subjects {
                // The engine is gone only when the daemon ends.
                let _ = self.changed.send(subject);
            }
            self.go_on();
        }
        for (request, answer) in answers {
            // Who asked may have gone; what was decided stands.
            let _ = request.reply.send(answer);
        }
        Vec::new()
    }

    fn turn_away(&self, group: Vec<Request>) -> Vec<Request> {
        let (kept, refused): (Vec<_>, Vec<_>) = group.into_iter().partition(|r| r.patience == Patience::Keep);
        let why = self.stop.borrow().clone().unwrap_or_else(|| "the journal takes nothing".into());
        for request in refused {
            let _ = request.reply.send(Err(Refusal::new(Why::Unavailable, why.clone())));
        }
        kept
    }
}
