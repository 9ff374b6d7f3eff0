//! The service between rackhandd and its consoles.
//!
//! One JSON line each way ([`hello`]), then tarpc over the same stream with our JSON codec ([`codec`]). What is only read
//! is one method, whose question is a value ([`rackhand_core::question`]); the others act, or ask what is outside now.
//! Methods are only ever appended and fields only ever added with a default; anything else raises [`hello::PROTO`]. A
//! console may be older or newer than its daemon: JSON names methods and questions, so one is never taken for another.

pub mod ask;
pub mod codec;
pub mod doctor;
pub mod hello;
pub mod octets;
pub mod password;
pub mod takeover;

use std::collections::BTreeMap;

use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal};
use rackhand_core::discovery::lease::{LeaseEvent, LeasesTold};
use rackhand_core::entry::commands::Entry;
use rackhand_core::entry::manifest::Row;
use rackhand_core::event::Seq;
use rackhand_core::id::{OrderId, SellerId, SiteId, UnitId};
use rackhand_core::inventory::NewDevice;
use rackhand_core::inventory::questions::{NetboxCheck, NetboxSetup};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::placement::propose::{Proposals, Request};
use rackhand_core::placement::questions::WorkOrder;
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::Flaw;
use rackhand_core::purchase::questions::PurchaseDocument;
use rackhand_core::question::{Question, Reading};
use rackhand_core::takeover::Taken;
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use octets::Octets;

pub use rackhand_core::entry::questions::MAX_IMPORT;
pub use rackhand_core::view::journal::{JournalQuery, MAX_EVENTS};

/// How long the daemon holds a [`Console::watch`] at the most, in milliseconds.
pub const MAX_WATCH_MS: u32 = 25_000;

/// Bytes of a PDF at the most: twice as many in hexadecimal are well within a frame.
pub const MAX_PDF: usize = 900 << 10;

/// Rows of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The rows; at most [`MAX_IMPORT`].
    pub rows: Vec<Row>,
    /// The site of new units.
    pub site: SiteId,
    /// Where new units are in their life.
    pub stage: Stage,
    /// What the devices are that NetBox lacks; where it is `None`, none is made.
    pub create: Option<NewDevice>,
    /// Only judge them.
    pub check: bool,
    /// Factory accounts of their BMCs, by serial. They are sealed, and used for the first login.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<Text, password::Given>,
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

/// Octets of a paper's file in one upload at the most: twice as many in hexadecimal are well within a frame.
pub const MAX_PAPER: usize = 1 << 20;

/// A vendor's paper as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperUpload {
    /// Which order it is about.
    pub order: OrderId,
    /// Whose it is.
    pub seller: SellerId,
    /// The file's name; its content says more of its format.
    pub name: Text,
    /// What is in it; at most [`MAX_PAPER`].
    pub bytes: Octets,
    /// For a table: our field, and the header that this vendor writes over it.
    #[serde(default)]
    pub columns: BTreeMap<String, Text>,
    /// For a table without a column for it: the currency of its prices.
    #[serde(default)]
    pub currency: Option<Currency>,
}

/// What became of an upload. It is taken whole, or, where there is a flaw, not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperTaken {
    /// The papers that were in it, such as `quote Q-1`; each with whether it was known before.
    pub papers: Vec<(Text, bool)>,
    /// What is wrong with it, row by row.
    pub flaws: Vec<Flaw>,
    /// The head after it.
    pub head: Seq,
}

/// What can be had as PDF.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Printed {
    /// The purchase order that stands for an order.
    Purchase(PurchaseDocument),
    /// The work order for servers of one site.
    WorkOrder(WorkOrder),
}

/// The methods. All answers are bounded; lists are pages.
#[tarpc::service]
pub trait Console {
    /// Answers a question; [`ConsoleClient::ask`] asks it by its own types. Nothing is changed, nothing outside asked.
    async fn answer(question: Question) -> Result<Reading, Refusal>;
    /// Returns the head as soon as it is beyond `since`, or after `wait_ms` at the latest. Give the call a deadline of
    /// `wait_ms` and 10 s more.
    async fn watch(since: Seq, wait_ms: u32) -> Seq;
    /// Carries out a command. The same `request` again within the daemon's life gives the first answer again.
    async fn command(request: String, command: Command) -> Result<Receipt, Refusal>;
    /// Checks the whole journal.
    async fn verify() -> Result<Verified, Refusal>;
    /// Enters rows of a manifest, or only says what they would be. Each row is whole or nothing; one after the other in
    /// the answer. Again it does what is missing.
    async fn import(import: Import) -> Result<Vec<Result<Entry, Refusal>>, Refusal>;
    /// Takes leases a DHCP server's hook tells of; at most [`rackhand_core::discovery::lease::MAX_EVENTS`]. The caller needs the
    /// role of a technician.
    async fn dhcp_event(events: Vec<LeaseEvent>) -> Result<LeasesTold, Refusal>;
    /// What is wrong with the daemon's surroundings, and what to do. Give the call a deadline of two minutes: NetBox may be slow.
    async fn doctor() -> doctor::Report;
    /// Looks whether NetBox is ready for us. Operators and up. Some fifty requests: give it two minutes.
    async fn netbox_check() -> Result<NetboxCheck, Refusal>;
    /// Makes in NetBox what is missing, and says what only its configuration can add. Administrators.
    async fn netbox_init() -> Result<NetboxSetup, Refusal>;
    /// Reads a unit's BMC now: this section, or all of them. Nothing is changed and nothing journaled. Give the call a
    /// deadline of a minute at least; a whole BMC may take two.
    async fn bmc_reading(unit: UnitId, what: Option<Section>) -> Result<BmcReading, Refusal>;
    /// Enters a vendor's paper from a file, whatever its format is. Operators and up.
    async fn paper(upload: PaperUpload) -> Result<PaperTaken, Refusal>;
    /// A paper as PDF; more than [`MAX_PDF`] bytes are refused.
    async fn pdf(of: Printed) -> Result<Octets, Refusal>;
    /// Proposals of places for servers of one site, with reasons; nothing is kept for anybody. NetBox is read unless it was
    /// within the last minute: give the call a minute.
    async fn placement(request: Request) -> Result<Proposals, Refusal>;
    /// Makes a plan to take over servers that NetBox says are in use or ready; NetBox is asked anew, nothing is taken
    /// over. Operators and up. Give the call two minutes.
    async fn plan_take_over(filter: takeover::Filter) -> Result<takeover::TakeOverPlan, Refusal>;
    /// Confirms rows of a plan. Each BMC is logged in to once; give the call two minutes. Operators and up; into
    /// `ready` a second one must confirm the same.
    async fn confirm_take_over(confirm: takeover::Confirm) -> Result<Vec<(Text, Taken)>, Refusal>;
    /// Gives the account of a unit's BMC, sealed from then on, or forgets it. Operators and up.
    async fn give_password(unit: UnitId, account: Option<password::Given>) -> Result<Receipt, Refusal>;
}
