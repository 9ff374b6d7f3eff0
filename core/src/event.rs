//! Everything that can have happened. The journal holds these in one order; all state is computed from them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::bmc::{Fingerprint, Rung, Vendor};
use crate::fault::Fault;
use crate::flow::attempt::Terms;
use crate::flow::step::{Observation, Step};
use crate::hardware::report::{StepReport, ValidationReport};
use crate::id::{Actor, OrderId, SiteId, Subject, UnitId};
use crate::lifecycle::c4::Verdict;
use crate::lifecycle::evidence::Evidence;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::task::{Task, TaskId};
use crate::mac::Mac;
use crate::procurement::money::Money;
use crate::procurement::order::Placed;
use crate::procurement::paper::{Confirmation, Flaw, PurchaseOrder, Quote, SellerId, ShipNotice, Tracked};
use crate::procurement::spec::Spec;
use crate::stream::Origin;
use crate::text::Text;
use crate::time::Timestamp;

/// Place of an event in its site's stream, from 1 without gaps.
pub type Seq = u64;

/// An event before it has its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// When it was decided.
    pub at: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// Who did it.
    pub actor: Actor,
    /// The event that led to it, in the same stream.
    pub cause: Option<Seq>,
    /// What happened.
    pub event: Event,
}

/// An event in its place, on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place.
    pub seq: Seq,
    /// What was recorded.
    #[serde(flatten)]
    pub draft: Draft,
}

/// SHA-256 of a boot token. The token itself is never kept.
pub type TokenHash = crate::bmc::Fingerprint;

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident $fields:tt = $kind:literal),* $(,)?) => {
        /// What happened. Fields are only ever added, with a default; a variant is never renamed.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Event { $($(#[$doc])* #[serde(rename = $kind)] $variant $fields),* }

        impl Event {
            /// The words of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// Its kind, as the journal's column and the CloudEvents type carry it.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind),* }
            }
        }
    };
}

events! {
    /// A BMC's lease was seen for the first time, or with another address.
    BmcSighted {
        /// Its address.
        address: IpAddr,
        /// Option 12.
        hostname: Option<Text>,
        /// Option 60.
        vendor_class: Option<Text>,
    } = "bmc_sighted",
    /// Rule C4 was applied to a sighting.
    SightingJudged {
        /// What it said.
        verdict: Verdict,
    } = "sighting_judged",
    /// A BMC that NetBox does not know was dropped, to make room for another.
    SightingForgotten {} = "sighting_forgotten",
    /// A unit was entered by a person or a manifest.
    UnitImported {
        /// Its site.
        site: SiteId,
        /// Its serial, upper case.
        serial: Text,
        /// The BMC's MAC, where it is known.
        bmc_mac: Option<Mac>,
        /// Vendor.
        vendor: Option<Vendor>,
        /// Model.
        model: Option<Text>,
        /// Where it is in its life.
        stage: Stage,
    } = "unit_imported",
    /// A manifest's row named the unit: NetBox is to hold its BMC's MAC.
    ManifestRowTaken {
        /// The serial, upper case.
        serial: Text,
        /// The BMC's MAC.
        bmc_mac: Mac,
        /// What the device is, where it is to be made if NetBox lacks it.
        create: Option<crate::dcim::NewDevice>,
    } = "manifest_row_taken",
    /// What the verdict on a sighting rested on has changed: it is looked up and judged anew.
    SightingReopened {
        /// What has changed.
        reason: Text,
    } = "sighting_reopened",
    /// A device NetBox knew and we did not became a unit.
    UnitAdopted {
        /// Its site.
        site: SiteId,
        /// Its serial, where NetBox has one.
        serial: Option<Text>,
        /// The BMC's MAC.
        bmc_mac: Mac,
        /// Model.
        model: Text,
    } = "unit_adopted",
    /// A plan to take over servers that run already was made; nothing is taken over by it.
    TakeOverPlanned {
        /// The site.
        site: SiteId,
        /// SHA-256 of the rows.
        hash: Fingerprint,
        /// The servers that could be taken over, as NetBox showed them.
        rows: Vec<crate::takeover::Seen>,
    } = "take_over_planned",
    /// A server that ran already became a unit, as a plan said that a person confirmed.
    UnitTakenOver {
        /// The plan.
        plan: crate::takeover::PlanId,
        /// Its site.
        site: SiteId,
        /// Its device as NetBox shows it.
        device: crate::dcim::Device,
        /// Its BMC's MAC, where NetBox has it.
        bmc_mac: Option<Mac>,
        /// The stage it enters.
        stage: Stage,
        /// Why the person confirmed it.
        reason: Text,
        /// What the one login to its BMC came to.
        login: crate::takeover::Login,
    } = "unit_taken_over",
    /// A password was given for its BMC; it is sealed elsewhere, and never here.
    PasswordGiven {
        /// The account's user name, where one was given.
        user: Option<Text>,
        /// What brought it: a manifest, or a person by hand.
        from: Text,
    } = "password_given",
    /// The password that was given for its BMC is forgotten.
    PasswordForgotten {} = "password_forgotten",
    /// C4 accepted the lease for this unit; the device is linked and its address is to be written.
    LeaseAccepted {
        /// The device as NetBox had it.
        device: crate::dcim::Device,
        /// The BMC.
        bmc_mac: Mac,
        /// The address.
        address: IpAddr,
    } = "lease_accepted",
    /// The unit entered a stage.
    StageEntered {
        /// From where.
        from: Stage,
        /// To where.
        to: Stage,
        /// On what evidence.
        evidence: Evidence,
    } = "stage_entered",
    /// How the unit stands has changed.
    DispositionChanged {
        /// From.
        from: Disposition,
        /// To.
        to: Disposition,
        /// Why.
        reason: Text,
    } = "disposition_changed",
    /// One person's word that it may be released, where that takes two.
    FirstWordGiven {
        /// Why it takes two.
        cause: crate::lifecycle::guard::Cause,
        /// The reason they gave.
        reason: Text,
    } = "first_word_given",
    /// Something is for a person to do.
    TaskOpened {
        /// The task.
        task: Task,
    } = "task_opened",
    /// A task was done, or is not needed any more.
    TaskClosed {
        /// Which.
        task: TaskId,
        /// What was done or said.
        note: Text,
        /// Whether an operator takes the server as it is: a part that is less than ordered, and stays so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accepted: bool,
    } = "task_closed",
    /// A step is about to be taken. Written before anything is sent.
    StepIntended {
        /// Which.
        step: Step,
        /// How often it was begun anew for another cause.
        generation: u32,
        /// Attempt within the generation, from 1.
        attempt: u32,
        /// How hard, for a reset.
        rung: Option<Rung>,
        /// When it must have been observed.
        until: Option<Timestamp>,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_intended",
    /// The other side took it.
    StepAccepted {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// The receipt.
        receipt: Text,
    } = "step_accepted",
    /// Its effect was seen.
    StepObserved {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// What was seen.
        saw: Observation,
        /// By when what begins with it must be observed: the machine's report, once its boot script was fetched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_observed",
    /// Nobody knows whether it happened; looking will tell.
    StepUnknown {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why not.
        fault: Fault,
        /// When it is looked at, or tried, again.
        again_at: Timestamp,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_unknown",
    /// An attempt failed, and will be made again.
    StepFailed {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why.
        fault: Fault,
        /// When it is tried again.
        again_at: Timestamp,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_failed",
    /// Automation is at its end; a person decides. A dead letter.
    StepParked {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why.
        fault: Fault,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_parked",
    /// A person asked for a parked step to be tried again, with a fresh budget.
    StepRetried {
        /// Which.
        step: Step,
        /// The new generation.
        generation: u32,
    } = "step_retried",
    /// A person said to go on without it.
    StepSkipped {
        /// Which.
        step: Step,
        /// Generation.
        generation: u32,
        /// Why.
        reason: Text,
        /// What its rule was; `None` in events from before they held it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Terms>,
    } = "step_skipped",
    /// The BMC shows another certificate than before, and that is right: from now on it must show this one.
    CertificateTrusted {
        /// The one that was pinned.
        before: Option<Fingerprint>,
        /// The new one.
        certificate: Fingerprint,
        /// Why it changed.
        reason: Text,
    } = "certificate_trusted",
    /// The boot script was handed out, with a token of its own.
    BootScriptServed {
        /// The token's hash.
        token: TokenHash,
        /// When it dies.
        expires: Timestamp,
        /// The MAC that asked.
        nic: Option<Mac>,
    } = "boot_script_served",
    /// The machine stayed silent: no script fetched, or no report sent, by its deadline.
    BootMissed {
        /// `reset_for_boot` or `validate`.
        step: Step,
        /// What was awaited.
        fault: Fault,
    } = "boot_missed",
    /// A step of the validation image ended.
    MachineReported {
        /// Its report.
        report: StepReport,
    } = "machine_reported",
    /// The report does not match what was expected; the tasks say where.
    ValidationRefused {
        /// How many points.
        points: u32,
    } = "validation_refused",
    /// The validation image's final report.
    ValidationReported {
        /// The report.
        report: Box<ValidationReport>,
    } = "validation_reported",
    /// A warning, once for each key.
    WarningNoted {
        /// What makes it the same warning.
        key: Text,
        /// The device it is about, where there is one.
        device: Option<crate::dcim::ObjectId>,
        /// The sentence.
        text: Text,
    } = "warning_noted",
    /// A place is kept for it: rack, unit, outlets and switch ports. Nobody else gets them until it stands there.
    PlacementReserved {
        /// What is kept.
        place: crate::facility::reservation::Reservation,
    } = "placement_reserved",
    /// The place is given back.
    PlacementReleased {
        /// Why.
        reason: Text,
    } = "placement_released",
    /// A server is to be bought: from now on it has an id and a place in its life.
    UnitOrdered {
        /// For which order.
        order: OrderId,
        /// For which of its lines, from 1.
        line: u16,
        /// Where it is to go.
        site: SiteId,
        /// For whom.
        tenant: Text,
        /// The model, where it must be one.
        model: Option<Text>,
    } = "unit_ordered",
    /// A person told what it is.
    SpecTold {
        /// As it was understood.
        spec: Spec,
    } = "spec_told",
    /// A paper or a person told which server this is.
    SerialBound {
        /// Its serial, upper case.
        serial: Text,
        /// Its BMC's MAC, where it was told.
        bmc_mac: Option<Mac>,
        /// Vendor.
        vendor: Option<Vendor>,
        /// Model.
        model: Option<Text>,
        /// What told it: a ship notice, a manifest.
        source: Text,
    } = "serial_bound",
    /// Somebody wants servers.
    OrderPlaced {
        /// What.
        placed: Box<Placed>,
    } = "order_placed",
    /// A server of the pool is kept for an order.
    StockReserved {
        /// For which line.
        line: u16,
        /// Which.
        unit: UnitId,
        /// Until when.
        until: Timestamp,
        /// The server that need not be bought then.
        instead_of: Option<UnitId>,
    } = "stock_reserved",
    /// It is free again.
    StockReleased {
        /// Of which line.
        line: u16,
        /// Which.
        unit: UnitId,
        /// Why.
        reason: Text,
    } = "stock_released",
    /// It was given to the order's tenant.
    StockAssigned {
        /// Of which line.
        line: u16,
        /// Which.
        unit: UnitId,
    } = "stock_assigned",
    /// A person, or the rules, approved an offer.
    ApprovalGiven {
        /// Whose.
        seller: SellerId,
        /// Which revision.
        revision: u32,
        /// What it costs.
        total: Money,
        /// What was seen when it was approved.
        saw: Text,
    } = "approval_given",
    /// There are approvals enough: it is bought.
    PurchaseDecided {
        /// The purchase order's number.
        number: u32,
        /// From whom.
        seller: SellerId,
        /// Which revision of the offer.
        revision: u32,
        /// What it costs.
        total: Money,
        /// The number as papers have it; `None` in events from before it held site and epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Text>,
    } = "purchase_decided",
    /// The vendor does not take the order; another offer may be chosen.
    PurchaseFailed {
        /// The purchase order's number.
        number: u32,
        /// Why.
        reason: Text,
        /// The number as papers have it; `None` in events from before it held site and epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Text>,
    } = "purchase_failed",
    /// The order ends before all is delivered.
    OrderEnded {
        /// Whether an approver said no; else it was cancelled.
        rejected: bool,
        /// Why.
        reason: Text,
    } = "order_ended",
    /// A vendor is to be asked.
    DealOpened {
        /// What it is called.
        title: Text,
        /// Whose servers it sells.
        vendor: Vendor,
        /// Whether a person asks, and enters what is answered.
        by_hand: bool,
        /// How long an answer may take, in seconds.
        patience: u64,
        /// The number our request has at the vendor; `None` in events from before it held site and epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Text>,
    } = "deal_opened",
    /// An offer, or a changed one, came in.
    QuoteReceived {
        /// Which revision, from 1.
        revision: u32,
        /// What it says.
        quote: Box<Quote>,
    } = "quote_received",
    /// The vendor was asked and reminded, and has not answered in time.
    QuoteOverdue {} = "quote_overdue",
    /// The purchase order as it is to be sent.
    PurchaseMade {
        /// All of it.
        purchase: Box<PurchaseOrder>,
    } = "purchase_made",
    /// The vendor's word on it.
    PurchaseConfirmed {
        /// What it says.
        confirmation: Box<Confirmation>,
        /// In what it is not what was ordered.
        points: Vec<Text>,
    } = "purchase_confirmed",
    /// A person accepted a confirmation that is not what was ordered.
    ConfirmationAccepted {
        /// Why.
        reason: Text,
    } = "confirmation_accepted",
    /// The vendor said no: there is no purchase there any more.
    PurchaseVoided {
        /// Why.
        reason: Text,
    } = "purchase_voided",
    /// The vendor says it has shipped.
    ShipmentNoticed {
        /// What.
        notice: Box<ShipNotice>,
    } = "shipment_noticed",
    /// The carrier says something new of a parcel.
    ShipmentTracked {
        /// The carrier's number.
        tracking: Text,
        /// What it says.
        reading: Tracked,
    } = "shipment_tracked",
    /// A paper that was read was not taken: nothing of it.
    PaperRefused {
        /// What it was.
        what: Text,
        /// Why, row by row.
        flaws: Vec<Flaw>,
    } = "paper_refused",
    /// Nothing more is wanted of this vendor; what was sent is taken back.
    DealEnded {
        /// Why.
        reason: Text,
    } = "deal_ended",
    /// Damage was seen while it stood at the dock. That it is held for it is an event of its own.
    DamageNoted {
        /// What is damaged.
        note: Text,
        /// Where a photo of it is, as the person named it.
        #[serde(default)]
        photo: Option<Text>,
    } = "damage_noted",
    /// A person had the locator LED switched. Written before the BMC is asked.
    LocatorAsked {
        /// On, or off.
        on: bool,
    } = "locator_asked",
    /// The locator LED was read after it was asked for.
    LocatorSeen {
        /// Whether it is on.
        on: bool,
    } = "locator_seen",
    /// Sequence numbers from here on belong to this epoch. Numbers that leave the house hold it.
    EpochBegun {
        /// Its number; no journal of this site had it before.
        epoch: u32,
        /// Why it began. After anything but the first, effects are held back.
        origin: Origin,
    } = "epoch_begun",
    /// A person has looked: what has an effect goes out again.
    EffectsResumed {
        /// What the person found.
        reason: Text,
    } = "effects_resumed",
    /// A snapshot is kept beside the chain. One that no such event names is not believed.
    SnapshotKept {
        /// The last event in it.
        at: Seq,
        /// The version of the fold it was computed by.
        fold: u32,
        /// SHA-256 over that event's hash, its place, the version, and the snapshot.
        sum: Fingerprint,
    } = "snapshot_kept",
    /// A person had things made in NetBox: fields, choices, the staging tenant.
    NetboxPrepared {
        /// What was made or changed.
        made: Vec<Text>,
    } = "netbox_prepared",
}
