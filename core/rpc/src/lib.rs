//! The service between rackhandd and its consoles.
//!
//! One JSON line each way ([`hello`]), then tarpc over the same stream with our JSON codec ([`codec`]). Methods are
//! only ever appended and fields only ever added with a default; anything else raises [`hello::PROTO`]. A console may
//! be older or newer than its daemon: JSON names methods, so an inserted one is never taken for another.

pub mod codec;
pub mod hello;

use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal};
use rackhand_core::event::Seq;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::text::Text;
use rackhand_core::view::{DeadLetter, EventRow, Overview, Page, Query, UnitDetail, UnitRow};
use serde::{Deserialize, Serialize};

/// How long the daemon holds a [`Console::watch`] at the most, in milliseconds.
pub const MAX_WATCH_MS: u32 = 25_000;

/// Rows in one page of events at the most.
pub const MAX_EVENTS: usize = 256;

/// What a journal page shall hold. All given parts must match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalQuery {
    /// About this subject.
    pub subject: Option<Subject>,
    /// Of this kind.
    pub kind: Option<String>,
    /// By whom: `rackhand`, `wire`, or a user's name.
    pub actor: Option<String>,
    /// Holding this text.
    pub text: Option<String>,
    /// Before this event; `None` is from the newest.
    pub before: Option<Seq>,
    /// Rows; at most [`MAX_EVENTS`].
    pub limit: usize,
}

/// A command was carried out: its events are on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// What became of it.
    pub answer: Answer,
    /// The head after it.
    pub head: Seq,
}

/// What a full check of the journal found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Events checked.
    pub events: u64,
    /// The head.
    pub head: Seq,
    /// Checkpoints checked.
    pub checkpoints: u64,
    /// `None` where all is as it was written; else what is not, and where.
    pub broken: Option<Text>,
}

/// The methods. All answers are bounded; lists are pages.
#[tarpc::service]
pub trait Console {
    /// Counts and health.
    async fn overview() -> Overview;
    /// A page of units, filtered and sorted by the daemon.
    async fn units(query: Query) -> Page<UnitRow>;
    /// One unit, with what this caller may do with it.
    async fn unit(id: UnitId) -> Result<UnitDetail, Refusal>;
    /// The unit that has exactly this serial or id.
    async fn find(label: String) -> Option<UnitId>;
    /// A page of dead letters, oldest first.
    async fn dead_letters(offset: usize, limit: usize) -> Page<DeadLetter>;
    /// A page of events, newest first.
    async fn journal(query: JournalQuery) -> Result<Page<EventRow>, Refusal>;
    /// Returns the head as soon as it is beyond `since`, or after `wait_ms` at the latest. Give the call a deadline of
    /// `wait_ms` and 10 s more.
    async fn watch(since: Seq, wait_ms: u32) -> Seq;
    /// Carries out a command. The same `request` again within the daemon's life gives the first answer again.
    async fn command(request: String, command: Command) -> Result<Receipt, Refusal>;
    /// Checks the whole journal.
    async fn verify() -> Result<Verified, Refusal>;
    /// Reads a unit's BMC now: this section, or all of them. Nothing is changed and nothing journaled. Give the call a
    /// deadline of a minute at least; a whole BMC may take two.
    async fn bmc_reading(unit: UnitId, what: Option<Section>) -> Result<BmcReading, Refusal>;
}
