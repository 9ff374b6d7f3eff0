//! What readers see of NetBox: whether it is ready for us, what was set up there, what it and the journal disagree
//! about, and which BMCs have been seen.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::decide::{Refusal, Why};
use crate::discovery::c4::Verdict;
use crate::flow::next;
use crate::inventory::listed::{DeviceRecord, Inventory};
use crate::inventory::reconcile::{DiffKind, Difference, Field, kinds, reconcile};
use crate::mac::Mac;
use crate::placement::questions::Reading;
use crate::policy::Policy;
use crate::spine::event::Seq;
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::{Cut, MAX_ROWS};
use crate::world::World;

/// How a point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As it should be.
    Good,
    /// Something is to be done.
    ToDo,
    /// It could not be found out.
    Unknown,
}

impl Standing {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::ToDo => "TO DO",
            Self::Unknown => "unknown",
        }
    }
}

/// One point of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at.
    pub point: Text,
    /// How it stands.
    pub standing: Standing,
    /// What was found.
    pub found: Text,
    /// What to do; empty where nothing is.
    pub todo: Text,
}

/// The check of NetBox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetboxCheck {
    /// The points, in the order to put them right.
    pub findings: Vec<Finding>,
}

impl NetboxCheck {
    /// Whether nothing is to be done.
    pub fn is_ready(&self) -> bool {
        self.findings.iter().all(|f| f.standing != Standing::ToDo)
    }
}

/// What setting NetBox up came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetboxSetup {
    /// What was made or changed now; empty on a second run.
    pub created: Vec<Text>,
    /// Lines for NetBox's `configuration.py`, then a restart.
    pub to_configure: Vec<Text>,
}

/// A page of what NetBox and the journal disagree about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetboxDiff {
    /// Now, by the daemon's clock.
    pub now: Timestamp,
    /// When our copy of NetBox was last known to be up to date.
    pub read_at: Timestamp,
    /// Devices in it.
    pub devices: usize,
    /// Interfaces in it.
    pub interfaces: usize,
    /// Why it is not newer; `None` where it is as new as it should be.
    pub trouble: Option<Text>,
    /// All differences.
    pub total: usize,
    /// The same by kind, in the order of the rows.
    #[serde(default)]
    pub kinds: Vec<DiffKind>,
    /// First row.
    pub offset: usize,
    /// The rows.
    pub rows: Vec<Difference>,
}

impl NetboxDiff {
    /// Where the rows about this begin, and how many there are.
    pub fn rows_of(&self, field: Field) -> (usize, usize) {
        let before = self.kinds.iter().take_while(|kind| kind.field != field).map(|kind| kind.total).sum();
        let total = self.kinds.iter().find(|kind| kind.field == field).map_or(0, |kind| kind.total);
        (before, total)
    }

    /// How many contradictions there are; their rows come first.
    pub fn contradictions(&self) -> usize {
        self.kinds.iter().filter(|kind| kind.field.is_contradiction()).map(|kind| kind.total).sum()
    }

    /// Whether a person must act about one of them.
    pub fn asks_for_a_person(&self) -> bool {
        self.kinds.iter().any(|kind| kind.field.is_contradiction() && kind.to_do > 0)
    }
}

/// A BMC that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SightingRow {
    /// Its MAC.
    pub mac: Mac,
    /// Its address.
    pub address: IpAddr,
    /// Option 12.
    pub hostname: Option<Text>,
    /// Since when it has this address.
    pub at: Timestamp,
    /// The serial of the unit it is, where it is one.
    pub unit: Option<Text>,
    /// What rule C4 said, in a word; `None` while NetBox has not been asked.
    pub verdict: Option<Text>,
    /// What it waits for.
    pub waits_for: Text,
    /// While NetBox is away: which device it probably is, by our copy. Nothing follows from it.
    #[serde(default)]
    pub probably: Option<Text>,
}

/// A page of the BMCs that were seen, by MAC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sightings {
    /// The head it was made at.
    pub head: Seq,
    /// Now, by the daemon's clock.
    pub now: Timestamp,
    /// All of them.
    pub total: usize,
    /// First row.
    pub offset: usize,
    /// The rows.
    pub rows: Vec<SightingRow>,
}

/// A page of what the daemon's copy of NetBox and the journal disagree about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffQuery(pub Cut);

/// A page of the BMCs that were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SightingQuery(pub Cut);

/// The daemon's own copy of NetBox.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetboxCopy<'a> {
    /// Whether one is kept at all.
    pub is_kept: bool,
    /// The devices, and when NetBox last said that these are all; `None` until it was read once.
    pub held: Option<(&'a Inventory, Timestamp)>,
    /// Why the last look failed; `None` where it did not.
    pub trouble: Option<&'a Text>,
    /// The racks, and when NetBox last said that this is how they are.
    pub racks: Reading<'a>,
}

impl NetboxCopy<'_> {
    /// Which device has this BMC's MAC by our copy, in a sentence for a person. Only to be shown.
    pub fn guess(&self, mac: Mac) -> Option<Text> {
        let (inventory, read_at) = self.held?;
        let devices: Vec<Text> = inventory.with_mac(mac).take(3).map(DeviceRecord::label).collect();
        let copy = format!("NetBox was away; by our copy of {read_at}");
        Some(Text::from(match devices.as_slice() {
            [] => format!("{copy} no device has this MAC"),
            [one] => format!("{copy} this is {one}"),
            several => {
                let names: Vec<&str> = several.iter().map(Text::as_str).collect();
                format!("{copy} several devices have this MAC: {}", names.join(", "))
            }
        }))
    }
}

/// A page of what our copy of NetBox and the journal disagree about.
///
/// # Errors
/// There is no copy.
pub fn diff(
    world: &World,
    copy: NetboxCopy<'_>,
    policy: &Policy,
    Cut { offset, limit }: Cut,
    now: Timestamp,
) -> Result<NetboxDiff, Refusal> {
    let none = |why: &str| Refusal::new(Why::Unavailable, why);
    if !copy.is_kept {
        return Err(none("this daemon keeps no copy of NetBox"));
    }
    let (inventory, read_at) = copy.held.ok_or_else(|| {
        let why = copy.trouble.map_or("it is being read", Text::as_str);
        none(&format!("there is no copy of NetBox yet: {why}"))
    })?;
    let all = reconcile(world, inventory, read_at, policy);
    Ok(NetboxDiff {
        now,
        read_at,
        devices: inventory.devices.len(),
        interfaces: inventory.interfaces(),
        trouble: copy.trouble.cloned(),
        total: all.len(),
        kinds: kinds(&all),
        offset,
        rows: all.into_iter().skip(offset).take(limit.min(MAX_ROWS)).collect(),
    })
}

/// A page of sightings; `probably` says which device a MAC belongs to, where that is worth telling.
pub fn sightings(
    world: &World,
    now: Timestamp,
    Cut { offset, limit }: Cut,
    probably: impl Fn(Mac) -> Option<Text>,
) -> Sightings {
    let limit = limit.min(MAX_ROWS);
    let rows = world.sightings.iter().skip(offset).take(limit).map(|(mac, seen)| {
        let next = next::for_sighting(seen, now);
        let waits = next.waits.first().map(|w| w.what.clone());
        let asked = seen.verdict.is_some();
        SightingRow {
            mac: *mac,
            address: seen.address,
            hostname: seen.hostname.clone(),
            at: seen.at,
            unit: world.by_bmc(*mac).map(|u| u.label().into()),
            verdict: seen.verdict.as_ref().map(Verdict::sentence),
            waits_for: waits.unwrap_or_else(|| if asked { "".into() } else { "NetBox's answer".into() }),
            probably: if asked { None } else { probably(*mac) },
        }
    });
    Sightings { head: world.head, now, total: world.sightings.len(), offset, rows: rows.collect() }
}
