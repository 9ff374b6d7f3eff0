//! What the journal and NetBox disagree about, and who puts it right. Each field has one owner: the other side is
//! corrected. Nothing here is done; it is only told.
//!
//! Written in O(n log n) over units, devices and MACs; the same input gives the same list.

mod device;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{Role, UnitId};
use crate::inventory::ObjectId;
use crate::inventory::listed::{DeviceRecord, Inventory};
use crate::lifecycle::stage::Disposition;
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::policy::{DeviceState, Policy};
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A unit has no device in NetBox.
    Unit,
    /// A server in NetBox is no unit.
    Device,
    /// Several devices have one serial.
    SerialTwice,
    /// Several devices have one MAC.
    MacTwice,
    /// The serial.
    Serial,
    /// The BMC's MAC.
    BmcMac,
    /// The status.
    Status,
    /// The custom field with the fine stage.
    LifecycleState,
    /// The tenant.
    Tenant,
    /// The out-of-band address.
    OobAddress,
    /// Rack and unit.
    Place,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Unit,
        Self::Device,
        Self::SerialTwice,
        Self::MacTwice,
        Self::Serial,
        Self::BmcMac,
        Self::Status,
        Self::LifecycleState,
        Self::Tenant,
        Self::OobAddress,
        Self::Place,
    ];

    /// Whether it says that NetBox and the journal contradict each other. A server in NetBox that is no unit does not: it
    /// may be none of ours.
    pub const fn is_contradiction(self) -> bool {
        !matches!(self, Self::Device)
    }

    /// One word, for a command line.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Unit => "device-missing",
            Self::Device => "unit-missing",
            Self::SerialTwice => "serial-twice",
            Self::MacTwice => "mac-twice",
            Self::Serial => "serial",
            Self::BmcMac => "bmc-mac",
            Self::Status => "status",
            Self::LifecycleState => "lifecycle-state",
            Self::Tenant => "tenant",
            Self::OobAddress => "out-of-band-address",
            Self::Place => "place",
        }
    }

    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unit => "device missing",
            Self::Device => "unit missing",
            Self::SerialTwice => "serial twice",
            Self::MacTwice => "MAC twice",
            Self::Serial => "serial",
            Self::BmcMac => "BMC MAC",
            Self::Status => "status",
            Self::LifecycleState => "lifecycle_state",
            Self::Tenant => "tenant",
            Self::OobAddress => "out-of-band address",
            Self::Place => "place",
        }
    }
}

impl FromStr for Field {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|field| field.slug() == text);
        found.ok_or_else(|| format!("`{text}` is no kind of difference"))
    }
}

/// Whose word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The journal's.
    Journal,
    /// NetBox's.
    Netbox,
    /// Nobody's: a person finds out.
    Nobody,
}

impl Owner {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Netbox => "NetBox",
            Self::Nobody => "nobody",
        }
    }
}

/// One disagreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Serial or name, for a person.
    pub label: Text,
    /// What it is about.
    pub field: Field,
    /// The unit.
    pub unit: Option<UnitId>,
    /// The device.
    pub device: Option<ObjectId>,
    /// What the journal says.
    pub ours: Option<Text>,
    /// What NetBox holds.
    pub theirs: Option<Text>,
    /// Whose word counts.
    pub owner: Owner,
    /// What happens now, or what is to be done.
    pub then: Text,
    /// Who must act; `None` is Rackhand.
    pub who: Option<Role>,
}

/// The differences of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffKind {
    /// What they are about.
    pub field: Field,
    /// How many there are.
    pub total: usize,
    /// Those of them about which a person must act.
    pub to_do: usize,
}

/// All disagreements about units and servers of the inventory's site, sorted by field and label; devices that are no unit
/// come last. `as_of` is when the inventory was read: of a unit that we wrote something of later, it says nothing.
pub fn reconcile(world: &World, inventory: &Inventory, as_of: Timestamp, policy: &Policy) -> Vec<Difference> {
    let index = Index::of(inventory);
    let mut claimed = BTreeSet::new();
    let mut found = index.doubles();
    for unit in world.units.values().filter(|u| u.site == inventory.site) {
        let is_compared = is_compared(unit) && unit.netbox_written_at.is_none_or(|at| at < as_of);
        match index.device_of(unit) {
            Match::One(device) => {
                claimed.insert(device.id);
                if is_compared {
                    device::compare(unit, device, policy, &mut found);
                }
            }
            Match::Several(devices) => claimed.extend(devices),
            Match::None if is_compared => found.push(missing_device(unit)),
            Match::None => {}
        }
    }
    let strangers = inventory.devices.values().filter(|d| d.bmc().is_some() && !claimed.contains(&d.id));
    found.extend(strangers.map(|d| missing_unit(d, policy)));
    found.sort_by(|a, b| {
        let key = |d: &Difference| (rank(d.field), d.label.clone(), d.unit, d.device);
        key(a).cmp(&key(b))
    });
    found
}

/// How many differences of each field there are, in their order.
pub fn kinds(differences: &[Difference]) -> Vec<DiffKind> {
    let mut kinds: Vec<DiffKind> = Vec::new();
    for difference in differences {
        match kinds.last_mut().filter(|kind| kind.field == difference.field) {
            Some(kind) => kind.total += 1,
            None => kinds.push(DiffKind { field: difference.field, total: 1, to_do: 0 }),
        }
        if let Some(kind) = kinds.last_mut() {
            kind.to_do += usize::from(difference.who.is_some());
        }
    }
    kinds
}

/// What is told first: a fleet that was not taken over has a row for each of its devices.
fn rank(field: Field) -> (bool, Field) {
    (field == Field::Device, field)
}

/// Whether NetBox should agree about it: not what is on order, nor what has come to its end.
fn is_compared(unit: &Unit) -> bool {
    use Disposition as D;
    !unit.stage.is_on_order() && matches!(unit.disposition, D::Normal | D::OnHold | D::Quarantined)
}

/// Devices by what units are known by.
struct Index<'a> {
    inventory: &'a Inventory,
    serials: BTreeMap<Text, Vec<ObjectId>>,
    macs: BTreeMap<Mac, BTreeSet<ObjectId>>,
}

enum Match<'a> {
    None,
    One(&'a DeviceRecord),
    /// By a serial or MAC that several have; they are told of as such.
    Several(Vec<ObjectId>),
}

impl<'a> Index<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let (mut serials, mut macs): (BTreeMap<Text, Vec<_>>, BTreeMap<Mac, BTreeSet<_>>) = Default::default();
        for device in inventory.devices.values() {
            if let Some(serial) = &device.serial {
                serials.entry(serial.to_uppercase().into()).or_default().push(device.id);
            }
            for mac in device.macs() {
                macs.entry(mac).or_default().insert(device.id);
            }
        }
        Self { inventory, serials, macs }
    }

    fn device_of(&self, unit: &Unit) -> Match<'a> {
        let known = unit.device.as_ref().and_then(|d| self.inventory.devices.get(&d.id));
        if let Some(device) = known {
            return Match::One(device);
        }
        let serial = unit.serial.as_ref().map(|s| Text::from(s.to_uppercase()));
        let by_serial = serial.and_then(|s| self.serials.get(&s)).cloned();
        let by_mac = || Some(self.macs.get(&unit.bmc_mac?)?.iter().copied().collect());
        match by_serial.or_else(by_mac).unwrap_or_default().as_slice() {
            [] => Match::None,
            [one] => self.inventory.devices.get(one).map_or(Match::None, Match::One),
            several => Match::Several(several.to_vec()),
        }
    }

    /// Serials and MACs that more than one device has.
    fn doubles(&self) -> Vec<Difference> {
        let names = |ids: &mut dyn Iterator<Item = &ObjectId>| -> Text {
            let labels: Vec<String> = ids
                .filter_map(|id| self.inventory.devices.get(id))
                .map(|d| format!("{} (#{})", d.label(), d.id))
                .collect();
            labels.join(", ").into()
        };
        let told = |label: Text, field, device, theirs| Difference {
            label,
            field,
            unit: None,
            device,
            ours: None,
            theirs: Some(theirs),
            owner: Owner::Nobody,
            then: "no lease is acted upon for them: find out whose it is and correct the others in NetBox".into(),
            who: Some(Role::Operator),
        };
        let serials = self.serials.iter().filter(|(_, ids)| ids.len() > 1);
        let serials = serials.map(|(serial, ids)| {
            told(serial.clone(), Field::SerialTwice, ids.first().copied(), names(&mut ids.iter()))
        });
        let macs = self.macs.iter().filter(|(_, ids)| ids.len() > 1);
        let macs = macs.map(|(mac, ids)| {
            told(mac.to_string().into(), Field::MacTwice, ids.first().copied(), names(&mut ids.iter()))
        });
        serials.chain(macs).collect()
    }
}

fn missing_device(unit: &Unit) -> Difference {
    let held = unit.device.as_ref().map(|d| Text::from(format!("device {}", d.id)));
    let then = match &held {
        Some(_) => "the device was deleted or moved to another site: put it back, or retire the unit",
        None => "its leases are only recorded until NetBox has a device with its BMC's MAC: make one",
    };
    Difference {
        label: unit.label().into(),
        field: Field::Unit,
        unit: Some(unit.id),
        device: unit.device.as_ref().map(|d| d.id),
        ours: Some(held.unwrap_or_else(|| unit.stage.word().into())),
        theirs: None,
        owner: Owner::Netbox,
        then: then.into(),
        who: Some(Role::Operator),
    }
}

fn missing_unit(device: &DeviceRecord, policy: &Policy) -> Difference {
    let state = policy.device_state(&device.status, device.lifecycle_state.as_deref());
    let nobodys = device.tenant.as_ref().is_none_or(|t| *t == policy.staging_tenant);
    let adopted = nobodys && matches!(state, DeviceState::Offline | DeviceState::Discovered);
    let (then, who) = if adopted {
        ("it becomes a unit with the first lease of its BMC", None)
    } else {
        ("it is left alone: import it if Rackhand shall look after it", Some(Role::Operator))
    };
    Difference {
        label: device.label(),
        field: Field::Device,
        unit: None,
        device: Some(device.id),
        ours: None,
        theirs: Some(device.status.clone()),
        owner: Owner::Journal,
        then: then.into(),
        who,
    }
}
