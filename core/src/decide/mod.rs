//! Decisions: what an input means in this world at this moment. Out come events, and the world with them applied;
//! nothing has happened until they are on disk.

pub mod command;
pub mod confirm;
mod consequence;
mod outcome;
mod outside;
pub(crate) mod person;
mod stream;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::bmc::{Fingerprint, SystemReading};
use crate::boot::report::{StepReport, ValidationReport};
use crate::event::{Draft, Event, LifeEvent, Seq, StepEvent, TokenHash};
use crate::flow;
use crate::flow::next::{Due, Move};
use crate::flow::rules::{Class, Lane, rule};
use crate::flow::step::{Outcome, Step};
use crate::id::{Actor, DealId, Entropy, PlanId, Role, SiteId, Subject, UnitId};
use crate::inventory::Lookup;
use crate::lifecycle::evidence::{Evidence, Proof};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::task::{Task, TaskKind};
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::order::candidate::Shown;
use crate::placement::propose::Choice;
use crate::placement::room::Room;
use crate::policy::Policy;
use crate::purchase::paper::{Flaw, Paper, Tracked};
use crate::takeover::{Seen, Taken, Taking};
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;
use command::Command;

/// What comes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// A lease of what looks like a BMC.
    Lease {
        /// Its MAC.
        mac: Mac,
        /// Its address.
        address: IpAddr,
        /// Option 12.
        hostname: Option<Text>,
        /// Option 60.
        vendor_class: Option<Text>,
    },
    /// New MACs from BMC vendors' blocks, more than any site has, are not taken in.
    KeptOut {
        /// The last of them.
        last: Mac,
        /// How many leases, since this was told last.
        leases: u64,
    },
    /// The engine is about to make this attempt.
    Begin(Subject, Due),
    /// The engine made an attempt.
    Ended {
        /// Whose.
        subject: Subject,
        /// Which step.
        step: Step,
        /// Of which generation.
        generation: u32,
        /// How it ended.
        outcome: Outcome,
    },
    /// A lookup made outside the flow, because a known lease was renewed.
    LookedUpAgain(Mac, Lookup),
    /// A step's deadline has passed.
    Expired(Subject, Lane, Step),
    /// A unit's BMC was read again outside the flow, because it had told no NICs.
    ReadAgain(UnitId, SystemReading),
    /// A machine asks what to boot.
    BootRequest {
        /// DMI serial, as the firmware tells it.
        serial: Text,
        /// The NIC that asks.
        nic: Option<Mac>,
        /// The hash of the token that it would be given.
        token: TokenHash,
    },
    /// A step of the validation image ended.
    StepReported(TokenHash, StepReport),
    /// The validation image's final report.
    FinalReport(TokenHash, Box<ValidationReport>),
    /// A unit's BMC gave a sign of life: a lease that is no renewal, or an answer.
    Alive(UnitId),
    /// The locator LED was read, after a person had it switched: whether it is on.
    LocatorSeen(UnitId, bool),
    /// NetBox was set up: what it had refused is tried again.
    NetboxSetUp,
    /// Time has brought something about that is to be journaled.
    Review(Subject),
    /// A vendor's paper came in.
    Paper(DealId, Box<Paper>),
    /// A vendor's paper came in that is not taken.
    PaperRefused {
        /// From whom, and about what.
        deal: DealId,
        /// What it was.
        what: Text,
        /// Why.
        flaws: Vec<Flaw>,
    },
    /// A carrier tells of a parcel.
    Tracked {
        /// Whose.
        deal: DealId,
        /// The carrier's number.
        tracking: Text,
        /// What it says.
        reading: Tracked,
    },
    /// A snapshot of all up to event `at` is about to be kept.
    Snapshot {
        /// The last event in it.
        at: Seq,
        /// The version of the fold it was computed by.
        fold: u32,
        /// Its sum, as [`crate::event::JournalEvent::SnapshotKept`] has it.
        sum: Fingerprint,
    },
    /// A person had this made in NetBox.
    NetboxPrepared(Vec<Text>),
    /// A person wants something.
    Command(Command),
    /// The same, with what NetBox shows now.
    Informed(Command, Arc<Shown>),
    /// A password was given for a unit's BMC and is sealed by now.
    PasswordGiven {
        /// Whose.
        unit: UnitId,
        /// The account's user name, where one was given.
        user: Option<Text>,
        /// What brought it.
        from: Text,
    },
    /// The password that was given for a unit's BMC is forgotten by now.
    PasswordForgotten(UnitId),
    /// A person had a plan to take servers over made: the site, the hash of the rows, and the rows.
    PlanTakeOver(SiteId, Fingerprint, Vec<Seen>),
    /// A person confirmed rows of a plan, with a reason. With them comes what NetBox shows now.
    TakeOver(PlanId, Vec<Taking>, Text),
    /// A person chose these places; all are kept, or none. With it comes what NetBox says of the site.
    Place(Vec<Choice>, Arc<Room>),
}

/// What a decision may use besides the world.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// Fresh randomness.
    pub entropy: Entropy,
    /// Who asks.
    pub actor: Actor,
}

/// A decision: what is to be recorded, and what the world will be then.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The events, in order. Their places follow the world's head.
    pub drafts: Vec<Draft>,
    /// The world with them applied.
    pub world: World,
    /// What to answer.
    pub answer: Answer,
}

/// What to answer to who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done.
    Done,
    /// There was nothing to do; it had been done before.
    Already,
    /// It may boot the validation image.
    BootValidation,
    /// It boots what it has.
    BootLocal(Text),
    /// What a scanned serial is.
    Scanned(Box<crate::receiving::commands::Scan>),
    /// It was sent, and whether it had its effect cannot be seen: the sentence.
    Unseen(Text),
    /// What became of an order.
    Ordered(Box<crate::order::commands::Ordered>),
    /// Done, and this is to be known of it.
    Told(Text),
    /// What became of each row of a plan that was confirmed, by serial.
    TakenOver(Vec<(Text, Taken)>),
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind.
    pub why: Why,
    /// The sentence: what, and what to do.
    pub text: Text,
}

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is no such thing.
    NotFound,
    /// Not with this role, or not with this token.
    NotAllowed,
    /// Not in this state.
    Conflict,
    /// It makes no sense.
    Invalid,
    /// Our own disk does not take it now. Try again.
    Unavailable,
}

impl Refusal {
    /// A refusal.
    pub fn new(why: Why, text: impl Into<Text>) -> Self {
        Self { why, text: text.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// Decides one input.
pub fn decide(world: &World, policy: &Policy, moment: &Moment, input: &Input) -> Result<Decided, Refusal> {
    let mut d =
        Deciding { world: world.clone(), policy, moment, actor: moment.actor.clone(), cause: None, drafts: Vec::new() };
    let answer = match input {
        Input::Lease { mac, address, hostname, vendor_class } => {
            d.lease(*mac, *address, hostname.as_ref(), vendor_class.as_ref())
        }
        Input::KeptOut { last, leases } => d.kept_out(*last, *leases),
        Input::Begin(subject, due) => d.begin(*subject, *due)?,
        Input::Ended { subject, step, generation, outcome } => d.ended(*subject, *step, *generation, outcome),
        Input::LookedUpAgain(mac, lookup) => d.looked_up(*mac, lookup),
        Input::Expired(subject, lane, step) => d.expired(*subject, *lane, *step)?,
        Input::ReadAgain(id, reading) => d.read_again(*id, reading),
        Input::BootRequest { serial, nic, token } => d.boot_request(serial, *nic, *token),
        Input::StepReported(token, report) => d.step_reported(token, report)?,
        Input::FinalReport(token, report) => d.final_report(token, report)?,
        Input::Alive(unit) => d.alive(*unit),
        Input::LocatorSeen(unit, on) => d.locator_seen(*unit, *on)?,
        Input::NetboxSetUp => d.take_up_refused(),
        Input::Review(subject) => d.review(*subject),
        Input::Paper(deal, paper) => d.paper(*deal, paper)?,
        Input::PaperRefused { deal, what, flaws } => d.note_refused(*deal, what, flaws),
        Input::Tracked { deal, tracking, reading } => d.tracked(*deal, tracking, reading),
        Input::Snapshot { at, fold, sum } => d.snapshot(*at, *fold, *sum),
        Input::NetboxPrepared(made) => d.netbox_prepared(made),
        Input::Command(command) => d.command(command)?,
        Input::Informed(command, shown) => d.informed(command, shown)?,
        Input::Place(choices, room) => d.place(choices, room)?,
        Input::PasswordGiven { unit, user, from } => d.password_given(*unit, user.as_ref(), from)?,
        Input::PasswordForgotten(unit) => d.password_forgotten(*unit)?,
        Input::PlanTakeOver(site, hash, rows) => d.plan_take_over(site, *hash, rows)?,
        Input::TakeOver(plan, rows, reason) => d.take_over(*plan, rows, reason)?,
    };
    Ok(Decided { drafts: d.drafts, world: d.world, answer })
}

/// Refuses whoever is no person of this role or above.
///
/// # Errors
/// Which role it takes, and which the person has.
pub fn demand(actor: &Actor, least: Role) -> Result<(), Refusal> {
    match actor {
        Actor::Person { role, .. } => role.demand(least).map_err(|why| Refusal::new(Why::NotAllowed, why)),
        Actor::Rackhand | Actor::Wire | Actor::Tenant { .. } => {
            Err(Refusal::new(Why::NotAllowed, "only a person may command"))
        }
    }
}

/// A decision in the making: each event is applied at once, so that what follows sees it.
pub(crate) struct Deciding<'a> {
    pub(crate) world: World,
    pub(crate) policy: &'a Policy,
    pub(crate) moment: &'a Moment,
    /// Who the next event is by: who asked, until what follows is Rackhand's own conclusion.
    pub(crate) actor: Actor,
    pub(crate) cause: Option<Seq>,
    pub(crate) drafts: Vec<Draft>,
}

impl Deciding<'_> {
    pub(crate) fn emit(&mut self, subject: Subject, event: impl Into<Event>) -> Seq {
        let (at, actor) = (self.moment.now, self.actor.clone());
        let draft = Draft { at, subject, actor, cause: self.cause, event: event.into() };
        let seq = self.world.head + 1;
        self.world.apply_draft(seq, &draft);
        self.drafts.push(draft);
        // What follows in this decision follows from its first event.
        self.cause.get_or_insert(seq);
        seq
    }

    /// The unit enters a stage.
    pub(crate) fn enter(&mut self, id: UnitId, to: Stage, proof: Proof, note: &str) {
        let Some(from) = self.world.unit(id).map(|u| u.stage) else { return };
        let evidence = Evidence::new(proof, note);
        self.emit(Subject::Unit(id), LifeEvent::StageEntered { from, to, evidence });
    }

    /// Opens a task, unless the same one is open.
    pub(crate) fn open_task(&mut self, id: UnitId, kind: TaskKind, role: Role, text: &str) {
        let text = Text::new(text);
        if self.world.unit(id).is_some_and(|u| u.tasks.iter().any(|(_, t)| t.kind == kind && t.text == text)) {
            return;
        }
        self.emit(Subject::Unit(id), LifeEvent::TaskOpened { task: Task { kind, role, text } });
    }

    /// Puts a unit into quarantine, unless it is there.
    pub(crate) fn quarantine(&mut self, id: UnitId, reason: &str) {
        let Some(from) = self.world.unit(id).map(|u| u.disposition) else { return };
        if from == Disposition::Quarantined {
            return;
        }
        let (to, reason) = (Disposition::Quarantined, Text::new(reason));
        self.emit(Subject::Unit(id), LifeEvent::DispositionChanged { from, to, reason });
    }

    pub(crate) fn unit(&self, subject: Subject) -> Option<&Unit> {
        match subject {
            Subject::Unit(id) => self.world.unit(id),
            Subject::Bmc(_) | Subject::Order(_) | Subject::Deal(_) | Subject::Plan(_) | Subject::Journal => None,
        }
    }

    pub(crate) fn next_moves(&self, subject: Subject) -> Vec<Move> {
        flow::next(&self.world, subject, self.moment.now).map(|n| n.moves).unwrap_or_default()
    }

    /// Journals the intention of an attempt, if it is still due. Reads change nothing and need none.
    pub(crate) fn begin(&mut self, subject: Subject, due: Due) -> Result<Answer, Refusal> {
        if !self.next_moves(subject).contains(&Move::Begin(due)) {
            return Err(Refusal::new(Why::Conflict, format!("{} is not due any more", due.step)));
        }
        let r = rule(due.step);
        if r.class == Class::Read || due.begun {
            return Ok(Answer::Already);
        }
        let event = StepEvent::StepIntended {
            step: due.step,
            generation: due.generation,
            attempt: due.attempt,
            rung: due.rung,
            until: r.deadline.map(|d| self.moment.now + d),
            terms: Some(r.terms()),
        };
        self.emit(subject, event);
        Ok(Answer::Done)
    }
}
