//! One server, as the events so far have made it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::guard::Guard;
use super::stage::{Disposition, Stage};
use super::task::{Task, TaskId};
use crate::bmc::{Fingerprint, Identity, Rung, SystemReading, Vendor};
use crate::boot::parts::Parts;
use crate::boot::report::{StepReport, ValidationReport};
use crate::entry::registration::Registration;
use crate::flow::attempt::Attempts;
use crate::flow::step::Step;
use crate::id::{OrderId, PlanId, SiteId, UnitId};
use crate::inventory::{CablingPlan, Device, ObjectId};
use crate::mac::Mac;
use crate::order::spec::Spec;
use crate::placement::reservation::{Held, Reservation};
use crate::sentence::on_or_off;
use crate::spine::event::{Seq, TokenHash};
use crate::text::Text;
use crate::time::Timestamp;

/// A unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id, for life.
    pub id: UnitId,
    /// Its site.
    pub site: SiteId,
    /// Its serial, once it has one.
    pub serial: Option<Text>,
    /// Its vendor.
    pub vendor: Option<Vendor>,
    /// Its model.
    pub model: Option<Text>,
    /// Its stage.
    pub stage: Stage,
    /// Since when.
    pub stage_since: Timestamp,
    /// How it stands beside the stage.
    pub disposition: Disposition,
    /// Since when.
    pub disposition_since: Timestamp,
    /// Why, where that is not `normal`.
    pub disposition_reason: Option<Text>,
    /// Its BMC's MAC.
    pub bmc_mac: Option<Mac>,
    /// Its BMC's address, as the last accepted lease has it.
    pub bmc_address: Option<IpAddr>,
    /// What a manifest wants of NetBox, where one named this unit.
    pub registration: Option<Registration>,
    /// The device in NetBox, as it was when the lease was accepted.
    pub device: Option<Device>,
    /// The address NetBox was seen to hold.
    pub address_written: Option<IpAddr>,
    /// The stage whose status NetBox was seen to hold.
    pub status_written: Option<Stage>,
    /// Of the two before, what a person said to go on without: NetBox does not hold it, and is not asked to.
    pub waived: BTreeSet<Step>,
    /// When it was discovered, for NetBox's `discovered_at`.
    pub discovered_at: Option<Timestamp>,
    /// When its network boot began, for NetBox's `pxe_boot_initiated_at`.
    pub boot_initiated_at: Option<Timestamp>,
    /// What its BMC is.
    pub identity: Option<Identity>,
    /// Its BMC's pinned certificate.
    pub certificate: Option<Fingerprint>,
    /// The last logged-in reading.
    pub system: Option<SystemReading>,
    /// Interfaces and planned cables.
    pub plan: Option<CablingPlan>,
    /// The network boot on its way.
    pub boot: Boot,
    /// Network boots whose script was handed out, from its beginning.
    #[serde(default)]
    pub boots: u32,
    /// What the machine reported in this boot.
    pub validation: Validation,
    /// Whether NetBox was seen to hold the NICs' MACs.
    pub interfaces_written: bool,
    /// Whether NetBox was seen to hold the cables.
    pub cables_written: bool,
    /// Whether NetBox was seen to hold status `staged` and the staging tenant.
    pub staging_written: bool,
    /// When something that we write to NetBox was last seen there; a copy of NetBox that is older may not show it.
    #[serde(default)]
    pub netbox_written_at: Option<Timestamp>,
    /// Where it is with its steps.
    pub steps: Attempts,
    /// What is owed to NetBox's journal.
    pub notes: Notes,
    /// What is for a person to do.
    pub tasks: Vec<(TaskId, Task)>,
    /// Since when.
    pub tasks_since: BTreeMap<TaskId, Timestamp>,
    /// How it came in, where it was scanned at the dock.
    #[serde(default)]
    pub receipt: Option<Receipt>,
    /// Its locator LED, from when a person had it switched on until it was seen off.
    #[serde(default)]
    pub locator: Option<Locator>,
    /// The restart of its BMC, from when a person asked for it until the BMC is back.
    #[serde(default)]
    pub restart: Option<Restart>,
    /// The place that is kept for it, or was until it stood there.
    #[serde(default)]
    pub placement: Option<Held>,
    /// The place that was given back and may still be in NetBox.
    #[serde(default)]
    pub unplacing: Option<Reservation>,
    /// The order it is bought for, and the line of it.
    #[serde(default)]
    pub order: Option<(OrderId, u16)>,
    /// Whose it is to be, or is.
    #[serde(default)]
    pub tenant: Option<Text>,
    /// What it is by the word of who entered it; its own report tells better.
    #[serde(default)]
    pub told: Option<Spec>,
    /// The parts that its BMC lists, read after the machine's own report.
    #[serde(default)]
    pub parts: Option<Parts>,
    /// The words of tasks by which an operator took it with less than was ordered.
    #[serde(default)]
    pub accepted: Vec<Text>,
    /// The plan it was taken over by, where it ran before there was Rackhand.
    #[serde(default)]
    pub taken_over: Option<PlanId>,
    /// Set where one person cannot release it alone.
    #[serde(default)]
    pub guard: Option<Guard>,
    /// The last event about it.
    pub revision: Seq,
}

/// A scan at the dock, and whether anything has happened to the unit since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Text,
    /// The event.
    pub seq: Seq,
    /// The event that noted damage, and what is damaged.
    pub damage: Option<(Seq, Text)>,
    /// The first thing that happened since and is not of the receipt.
    pub touched: Option<Text>,
}

/// A locator LED that a person had switched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locator {
    /// Whether it was last asked to be on.
    pub on: bool,
    /// By whom.
    pub by: Text,
    /// When.
    pub at: Timestamp,
    /// What was read afterwards; `None` is not known.
    pub seen: Option<bool>,
}

/// A restart of a BMC that a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Text,
    /// Since when it does not answer; `None` is that it still does.
    pub down: Option<Timestamp>,
}

/// The network boot on its way, and what force it has cost. Counted across restarts, until a person grants more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// Whether the BMC was seen to show one-time network boot.
    pub armed: bool,
    /// The rungs used since the last script fetch or a person's retry.
    pub rungs: Vec<Rung>,
    /// Boots that ended without a report, for this cause.
    pub silent: u32,
    /// The token's hash, from when the script was handed out until the report is in.
    pub token: Option<TokenHash>,
    /// When the token dies.
    pub expires: Option<Timestamp>,
    /// The token's hash, once the report is in: the machine may not have heard that it is.
    #[serde(default)]
    pub used: Option<TokenHash>,
}

/// What the machine reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Steps that have ended.
    pub steps: Vec<StepReport>,
    /// The final report.
    pub report: Option<Arc<ValidationReport>>,
    /// Whether the report was held against plan and expectation, and did not match.
    pub refused: bool,
}

/// Notes owed to a device's journal in NetBox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// The device they go to.
    pub device: Option<ObjectId>,
    /// Those not yet seen there, oldest first.
    pub owed: Vec<Note>,
}

/// One note. Its key in NetBox is the site and this sequence number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The event it tells of.
    pub seq: Seq,
    /// When that was.
    #[serde(default)]
    pub at: Timestamp,
    /// Whether it is a warning.
    pub warning: bool,
    /// The sentence.
    pub text: Text,
}

impl Boot {
    /// The token of this boot, whether its report is in or not.
    pub fn last_token(&self) -> Option<TokenHash> {
        self.token.or(self.used)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} {}", on_or_off(self.on), self.by, self.at)?;
        match self.seen {
            Some(seen) if seen == self.on => Ok(()),
            Some(seen) => write!(f, ", but seen {}", on_or_off(seen)),
            None => f.write_str(", not seen yet"),
        }
    }
}

impl Unit {
    /// A unit as it enters.
    pub fn new(id: UnitId, site: SiteId, stage: Stage, at: Timestamp) -> Self {
        Self {
            id,
            site,
            serial: None,
            vendor: None,
            model: None,
            stage,
            stage_since: at,
            disposition: Disposition::Normal,
            disposition_since: at,
            disposition_reason: None,
            bmc_mac: None,
            bmc_address: None,
            registration: None,
            device: None,
            address_written: None,
            status_written: None,
            waived: BTreeSet::new(),
            discovered_at: None,
            boot_initiated_at: None,
            identity: None,
            certificate: None,
            system: None,
            plan: None,
            boot: Boot::default(),
            boots: 0,
            validation: Validation::default(),
            interfaces_written: false,
            cables_written: false,
            staging_written: false,
            netbox_written_at: None,
            steps: Attempts::default(),
            notes: Notes::default(),
            tasks: Vec::new(),
            tasks_since: BTreeMap::new(),
            receipt: None,
            locator: None,
            restart: None,
            placement: None,
            unplacing: None,
            order: None,
            tenant: None,
            told: None,
            parts: None,
            accepted: Vec::new(),
            taken_over: None,
            guard: None,
            revision: 0,
        }
    }

    /// What a person calls it: its serial, or its id while it has none.
    pub fn label(&self) -> String {
        self.serial.as_ref().map_or_else(|| self.id.to_string(), ToString::to_string)
    }

    /// The MACs of its own NICs, by its BMC's word and by NetBox's. None is known before one of the two was read.
    pub fn nics(&self) -> impl Iterator<Item = Mac> + '_ {
        let told = self.system.iter().flat_map(|s| &s.nics).copied();
        told.chain(self.plan.iter().flat_map(|p| &p.interfaces).filter_map(|i| i.mac))
    }

    /// Whether this is the MAC of one of its own NICs.
    pub fn has_nic(&self, mac: Mac) -> bool {
        self.nics().any(|nic| nic == mac)
    }

    /// Whether a task makes it stand still.
    pub fn is_blocked(&self) -> bool {
        self.tasks.iter().any(|(_, t)| t.kind.blocks())
    }

    /// Whether its locator LED was seen to be on, and nobody had it switched off since.
    pub fn is_located(&self) -> bool {
        self.locator.as_ref().is_some_and(|l| l.seen == Some(true))
    }

    /// Its device in NetBox, as far as anybody has told us.
    pub fn netbox_device(&self) -> Option<ObjectId> {
        let registered = self.registration.as_ref().and_then(|r| r.seen.as_ref()).map(|port| port.device);
        let placed = self.placement.as_ref().and_then(|held| held.place.device);
        self.device.as_ref().map(|d| d.id).or(registered).or(placed)
    }

    /// Where it goes, as long as it does not stand there.
    pub fn goes_to(&self) -> Option<Text> {
        self.placement.as_ref().filter(|held| !held.racked).map(|held| held.place.spot())
    }

    /// Where it stands, for a person to walk to.
    pub fn place(&self) -> Option<&Text> {
        self.device.as_ref().and_then(|d| d.place.as_ref())
    }
}
