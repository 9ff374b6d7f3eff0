//! Decisions: what an input means in this world at this moment. Out come events, and the world with them applied;
//! nothing has happened until they are on disk.

pub mod command;
pub mod confirm;
mod consequence;
mod deciding;
mod outcome;
mod outside;
pub(crate) mod person;
mod refusal;
mod stream;

use std::net::IpAddr;
use std::sync::Arc;

use crate::bmc::{Fingerprint, SystemReading};
use crate::boot::report::{StepReport, ValidationReport};
use crate::event::Draft;
use crate::flow::next::Due;
use crate::flow::rules::Lane;
use crate::flow::step::{Outcome, Step};
use crate::id::{DealId, PlanId, SiteId, Subject, UnitId};
use crate::inventory::Lookup;
use crate::mac::Mac;
use crate::order::candidate::Shown;
use crate::placement::propose::Choice;
use crate::placement::room::Room;
use crate::policy::Policy;
use crate::purchase::paper::{Flaw, Paper, Tracked};
use crate::spine::event::{Seq, TokenHash};
use crate::takeover::{Seen, Taking};
use crate::text::Text;
use crate::world::World;
use command::Command;
pub(crate) use deciding::Deciding;
pub use deciding::{Answer, Moment};
pub(crate) use refusal::need_reason;
pub use refusal::{Refusal, Why, demand};

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
