//! What persons may want, and who may.

use serde::{Deserialize, Serialize};

use crate::bmc::{Fingerprint, Vendor};
use crate::entry::manifest::Row;
use crate::flow::step::Step;
use crate::id::{OrderId, Role, SellerId, SiteId, Subject, UnitId};
use crate::inventory::NewDevice;
use crate::inventory::rack::HalfUnits;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::task::TaskId;
use crate::mac::Mac;
use crate::order::OrderRequest;
use crate::placement::propose::Choice;
use crate::purchase::paper::Paper;
use crate::text::Text;

/// A person's wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Enter a unit that exists already.
    Import {
        /// Its site.
        site: SiteId,
        /// Its serial.
        serial: Text,
        /// Its BMC's MAC.
        bmc_mac: Option<Mac>,
        /// Its vendor.
        vendor: Option<Vendor>,
        /// Its model.
        model: Option<Text>,
        /// Where it is in its life.
        stage: Stage,
    },
    /// Enter the server a manifest's row names, and have NetBox hold its BMC's MAC. Again it does what is missing.
    ImportRow {
        /// The row.
        row: Row,
        /// The site of a new unit.
        site: SiteId,
        /// The stage of a new unit.
        stage: Stage,
        /// What the device is, where it is to be made if NetBox lacks it.
        create: Option<NewDevice>,
    },
    /// Try the parked steps again, with a fresh budget.
    Retry {
        /// Whose.
        subject: Subject,
    },
    /// Go on without a parked step.
    Skip {
        /// Whose.
        subject: Subject,
        /// Which.
        step: Step,
        /// Of which generation it was seen.
        generation: u32,
        /// Why.
        reason: Text,
    },
    /// The BMC's new certificate is right. What was parked because of it is tried again.
    TrustCertificate {
        /// Whose.
        unit: UnitId,
        /// The certificate it must show from now on, as read from the BMC's own console or the fault.
        certificate: Fingerprint,
        /// Why it changed.
        reason: Text,
    },
    /// Stop for good: what was done is undone in reverse.
    Cancel {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Stop for now.
    Hold {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Back to normal, from hold, quarantine, loss or a finished cancellation. Where that takes two people, the first
    /// one's word is kept and answered by [`super::Answer::Told`].
    Release {
        /// Which unit.
        unit: UnitId,
        /// Why; two people each give one where it takes two.
        #[serde(default)]
        reason: Option<Text>,
    },
    /// Keep from everything.
    Quarantine {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Out of use for good.
    Retire {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// A task is done.
    CloseTask {
        /// Whose.
        unit: UnitId,
        /// Which.
        task: TaskId,
        /// What was done.
        note: Text,
    },
    /// Move to a stage, where the table lets a person.
    Move {
        /// Which unit.
        unit: UnitId,
        /// Where to.
        to: Stage,
        /// Why, or what was seen.
        reason: Text,
    },
    /// A serial was scanned or typed at a site's dock: judged, and received where it is expected there. Answered by
    /// [`super::Answer::Scanned`]; what is not expected changes nothing.
    Receive {
        /// The dock's site.
        site: SiteId,
        /// What was read off the label.
        scan: Text,
        /// What is damaged of it; it is held then.
        damaged: Option<Text>,
        /// Where a photo of the damage is; at most [`crate::receiving::commands::MAX_PHOTO`] characters.
        #[serde(default)]
        photo: Option<Text>,
    },
    /// Keep these places for these units, all or none. The daemon hands NetBox's site in with it.
    Place {
        /// The places, as they were proposed.
        choices: Vec<Choice>,
    },
    /// Give the places of these units back, all or none.
    ReleasePlacement {
        /// Which units.
        units: Vec<UnitId>,
        /// Why.
        reason: Text,
    },
    /// The label of the rack was scanned in which the unit was mounted: it is `racked`, where that is its place.
    ScanRack {
        /// Which unit.
        unit: UnitId,
        /// The rack's label: `A07` or `fra1/A07`.
        rack: Text,
        /// The lowest half unit it was mounted at, where the technician says.
        position: Option<HalfUnits>,
    },
    /// Take back a receipt, as long as nothing else has happened to the unit.
    UndoReceipt {
        /// Which unit.
        unit: UnitId,
    },
    /// Have the locator LED on, or off, so that it is found among others. What it then is, is read.
    Locate {
        /// Which unit.
        unit: UnitId,
        /// On, or off.
        on: bool,
    },
    /// Have a BMC restart itself; the server goes on meanwhile. What had stopped at the BMC is begun anew, a network boot
    /// too.
    ResetBmc {
        /// Whose.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Say what a server of the pool is, in the words of specifications. Its own report tells better, once there is one.
    Describe {
        /// Which unit.
        unit: UnitId,
        /// What it is.
        spec: Text,
    },
    /// Order servers. Answered by [`super::Answer::Ordered`].
    Order(OrderRequest),
    /// Keep a server of the pool for a line of an order, in place of one to be bought; again, for longer.
    Reserve {
        /// For which order.
        order: OrderId,
        /// For which line, from 1.
        line: u16,
        /// Which server.
        unit: UnitId,
    },
    /// Give a reserved server back to the pool.
    ReleaseStock {
        /// Which server.
        unit: UnitId,
        /// Why.
        reason: Text,
    },
    /// Give the tenant what is reserved for its order.
    AssignStock {
        /// Which order.
        order: OrderId,
    },
    /// Say that a serial is one of the servers of an order, as its manifest tells.
    BindSerial {
        /// Which order.
        order: OrderId,
        /// The serial.
        serial: Text,
        /// Its BMC's MAC, where the manifest has it.
        bmc_mac: Option<Mac>,
        /// Its model, where the manifest has it.
        model: Option<Text>,
    },
    /// Enter a vendor's paper by hand, or from a file: an offer, a confirmation, a ship notice.
    EnterPaper {
        /// Of which order.
        order: OrderId,
        /// Of which vendor.
        seller: SellerId,
        /// What it says.
        paper: Box<Paper>,
    },
    /// Approve an offer. Never by who ordered.
    Approve {
        /// Which order.
        order: OrderId,
        /// Whose offer.
        seller: SellerId,
        /// The revision that was seen.
        revision: u32,
        /// What it costs, as it was typed.
        amount: Text,
    },
    /// Say no to all offers; the order ends.
    Reject {
        /// Which order.
        order: OrderId,
        /// Why.
        reason: Text,
    },
    /// End an order; what was done for it is undone in reverse.
    CancelOrder {
        /// Which order.
        order: OrderId,
        /// Why.
        reason: Text,
    },
    /// Take a confirmation that is not what was ordered.
    AcceptConfirmation {
        /// Of which order.
        order: OrderId,
        /// Of which vendor.
        seller: SellerId,
        /// What it costs now, as it was typed.
        amount: Text,
        /// Why.
        reason: Text,
    },
    /// Let effects go out again after a restore, or after a journal was lost.
    Resume {
        /// What was found.
        reason: Text,
    },
}

impl Command {
    /// The least role for it. Moves and tasks ask for more where their table says so.
    pub const fn role(&self) -> Role {
        match self {
            Self::Retry { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Quarantine { .. }
            | Self::CloseTask { .. }
            | Self::Move { .. }
            | Self::Receive { .. }
            | Self::Place { .. }
            | Self::ReleasePlacement { .. }
            | Self::ScanRack { .. }
            | Self::UndoReceipt { .. }
            | Self::Locate { .. }
            | Self::ResetBmc { .. } => Role::Technician,
            Self::Skip { .. } | Self::Cancel { .. } | Self::Retire { .. } | Self::TrustCertificate { .. } => {
                Role::Operator
            }
            Self::Import { .. } | Self::ImportRow { .. } => Role::Operator,
            // A tenant orders for itself; who may is looked at with the order.
            Self::Order(_) => Role::ReadOnly,
            Self::Describe { .. }
            | Self::Reserve { .. }
            | Self::ReleaseStock { .. }
            | Self::AssignStock { .. }
            | Self::EnterPaper { .. }
            | Self::BindSerial { .. }
            | Self::CancelOrder { .. }
            | Self::Resume { .. } => Role::Operator,
            Self::Approve { .. } | Self::Reject { .. } | Self::AcceptConfirmation { .. } => Role::Approver,
        }
    }
}
