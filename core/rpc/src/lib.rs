//! The service between rackhandd and its consoles.
//!
//! One JSON line each way ([`hello`]), then tarpc over the same stream with our JSON codec ([`codec`]). Methods are
//! only ever appended and fields only ever added with a default; anything else raises [`hello::PROTO`]. A console may
//! be older or newer than its daemon: JSON names methods, so an inserted one is never taken for another.

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
use rackhand_core::document::Document;
use rackhand_core::entry::commands::Entry;
use rackhand_core::entry::manifest::Row;
use rackhand_core::entry::registration::Standing;
use rackhand_core::event::Seq;
use rackhand_core::id::{OrderId, PlanId, SellerId, SiteId, Subject, UnitId};
use rackhand_core::inventory::NewDevice;
use rackhand_core::inventory::questions::{NetboxCheck, NetboxDiff, NetboxSetup, Sightings};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::order::questions::{OrderDetail, OrderQuery, OrderRow};
use rackhand_core::placement::propose::{Proposals, Request};
use rackhand_core::placement::questions::{RackRow, RackView};
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::Flaw;
use rackhand_core::receiving::questions::Receiving;
use rackhand_core::stock::questions::Stock;
use rackhand_core::takeover::Taken;
use rackhand_core::text::Text;
use rackhand_core::view::work::{WorkQuery, WorkRow};
use rackhand_core::view::{DeadLetter, EventRow, Overview, Page, Query, UnitDetail, UnitRow};
use serde::{Deserialize, Serialize};

use octets::Octets;

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

/// Rows of a manifest in one call at the most.
pub const MAX_IMPORT: usize = 500;

/// Bytes of a PDF at the most: as JSON each takes up to four, and a frame holds 4 MiB.
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

/// A purchase order as a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchasePaper {
    /// In neutral form.
    pub document: Document,
    /// As PDF.
    pub pdf: Octets,
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
    /// A page of the work at hand, in the order to walk it.
    async fn work(query: WorkQuery) -> Page<WorkRow>;
    /// Enters rows of a manifest, or only says what they would be. Each row is whole or nothing; one after the other in
    /// the answer. Again it does what is missing.
    async fn import(import: Import) -> Result<Vec<Result<Entry, Refusal>>, Refusal>;
    /// How the rows with these serials stand; `None` for a serial nobody has. At most [`MAX_IMPORT`].
    async fn imported(serials: Vec<Text>) -> Vec<Option<Standing>>;
    /// Takes leases a DHCP server's hook tells of; at most [`rackhand_core::discovery::lease::MAX_EVENTS`]. The caller needs the
    /// role of a technician.
    async fn dhcp_event(events: Vec<LeaseEvent>) -> Result<LeasesTold, Refusal>;
    /// What is wrong with the daemon's surroundings, and what to do. Give the call a deadline of two minutes: NetBox may be slow.
    async fn doctor() -> doctor::Report;
    /// Looks whether NetBox is ready for us. Operators and up. Some fifty requests: give it two minutes.
    async fn netbox_check() -> Result<NetboxCheck, Refusal>;
    /// Makes in NetBox what is missing, and says what only its configuration can add. Administrators.
    async fn netbox_init() -> Result<NetboxSetup, Refusal>;
    /// A page of what the daemon's copy of NetBox and the journal disagree about.
    async fn netbox_diff(offset: usize, limit: usize) -> Result<NetboxDiff, Refusal>;
    /// A page of the BMCs that were seen.
    async fn sightings(offset: usize, limit: usize) -> Sightings;
    /// Reads a unit's BMC now: this section, or all of them. Nothing is changed and nothing journaled. Give the call a
    /// deadline of a minute at least; a whole BMC may take two.
    async fn bmc_reading(unit: UnitId, what: Option<Section>) -> Result<BmcReading, Refusal>;
    /// A page of the racks of a site, or of all; see [`rackhand_core::placement::questions::page`] for the filter.
    async fn racks(site: Option<SiteId>, filter: String, offset: usize, limit: usize) -> Page<RackRow>;
    /// One rack with what is in it.
    async fn rack(site: SiteId, name: Text) -> Option<RackView>;
    /// The rack a unit stands in: its site and name.
    async fn rack_of(unit: UnitId) -> Option<(SiteId, Text)>;
    /// What a site's dock expects, and what came in.
    async fn receiving(site: SiteId) -> Receiving;
    /// A page of orders, those first that a person must act on.
    async fn orders(query: OrderQuery) -> Page<OrderRow>;
    /// An order with its servers, offers and what this caller may do with it.
    async fn order(id: OrderId) -> Result<OrderDetail, Refusal>;
    /// What of a specification, in the business's words, is in stock at a site, or anywhere.
    async fn stock(spec: Text, site: Option<SiteId>) -> Stock;
    /// Enters a vendor's paper from a file, whatever its format is. Operators and up.
    async fn paper(upload: PaperUpload) -> Result<PaperTaken, Refusal>;
    /// The purchase order that stands for an order, as a paper.
    async fn purchase_document(order: OrderId) -> Result<PurchasePaper, Refusal>;
    /// Proposals of places for servers of one site, with reasons; nothing is kept for anybody. NetBox is read unless it was
    /// within the last minute: give the call a minute.
    async fn placement(request: Request) -> Result<Proposals, Refusal>;
    /// The work order for servers of one site that have a place kept for them.
    async fn work_order(units: Vec<UnitId>) -> Result<Document, Refusal>;
    /// The same as PDF; more than [`MAX_PDF`] bytes are refused.
    async fn work_order_pdf(units: Vec<UnitId>) -> Result<Vec<u8>, Refusal>;
    /// Makes a plan to take over servers that NetBox says are in use or ready; NetBox is asked anew, nothing is taken
    /// over. Operators and up. Give the call two minutes.
    async fn plan_take_over(filter: takeover::Filter) -> Result<takeover::TakeOverPlan, Refusal>;
    /// Confirms rows of a plan. Each BMC is logged in to once; give the call two minutes. Operators and up; into
    /// `ready` a second one must confirm the same.
    async fn confirm_take_over(confirm: takeover::Confirm) -> Result<Vec<(Text, Taken)>, Refusal>;
    /// The serials of a plan.
    async fn planned_servers(plan: PlanId) -> Result<Vec<Text>, Refusal>;
    /// Gives the account of a unit's BMC, sealed from then on, or forgets it. Operators and up.
    async fn give_password(unit: UnitId, account: Option<password::Given>) -> Result<Receipt, Refusal>;
}
