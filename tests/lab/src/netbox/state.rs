//! The objects and their indexes. Every hot question is one look-up in an ordered map.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::Value;

use super::cable::End;
use super::intake::Template;
use super::object::Stamps;
use super::pace::Pace;
use super::power::{Feed, Reserved, Socket, Template as InletTemplate};
use super::profile::Profile;

/// A device.
pub(super) struct Device {
    pub name: String,
    pub serial: String,
    pub model: u64,
    pub site: u64,
    pub rack: Option<u64>,
    pub position: Option<f64>,
    pub face: &'static str,
    pub status: String,
    pub tenant: Option<u64>,
    pub oob: Option<u64>,
    pub fields: BTreeMap<String, Value>,
    pub interfaces: BTreeSet<u64>,
    pub journal: Vec<u64>,
    pub stamps: Stamps,
}

/// An interface.
pub(super) struct Interface {
    pub device: u64,
    pub name: String,
    pub mgmt_only: bool,
    pub mark_connected: bool,
    pub primary: Option<u64>,
    pub macs: BTreeSet<u64>,
    pub ips: BTreeSet<u64>,
    pub cable: Option<u64>,
    pub stamps: Stamps,
}

/// A MAC address object.
pub(super) struct MacObject {
    pub mac: Mac,
    pub interface: Option<u64>,
    pub stamps: Stamps,
}

/// An IP address object.
pub(super) struct Ip {
    pub host: IpAddr,
    pub length: u8,
    pub status: String,
    pub interface: Option<u64>,
    pub stamps: Stamps,
}

/// A prefix.
pub(super) struct Prefix {
    pub net: IpAddr,
    pub length: u8,
    pub stamps: Stamps,
}

/// A cable.
pub(super) struct Cable {
    pub a: Vec<End>,
    pub b: Vec<End>,
    pub status: String,
    pub stamps: Stamps,
}

/// A journal entry.
pub(super) struct Entry {
    pub device: u64,
    pub kind: String,
    pub comments: String,
    pub stamps: Stamps,
}

/// A rack.
pub(super) struct Rack {
    pub name: String,
    pub site: u64,
    pub location: Option<u64>,
    pub height: u16,
    pub first: u16,
    pub descending: bool,
    /// In kilograms.
    pub max_weight: Option<u32>,
    pub stamps: Stamps,
}

/// A site, location, tenant or device type.
pub(super) struct Named {
    pub name: String,
    pub slug: String,
    pub stamps: Stamps,
}

/// A custom field.
pub(super) struct Field {
    pub name: String,
    pub kind: String,
    pub object_types: Vec<String>,
    pub choice_set: Option<u64>,
    pub stamps: Stamps,
}

/// A set of choices.
pub(super) struct ChoiceSet {
    pub name: String,
    pub choices: Vec<(String, String)>,
    pub stamps: Stamps,
}

/// What a token may do.
#[derive(Clone, Default)]
pub(super) struct Access {
    /// Whether it may write at all.
    pub may_write: bool,
    /// What its user was granted: `view`, `add`, `change` or `delete`, and the collection; `None` is everything.
    pub granted: Option<BTreeSet<(String, String)>>,
    /// What it may not all the same.
    pub denied: BTreeSet<(String, String)>,
    /// The statuses of devices it may see and write; `None` is all. NetBox calls this a constraint.
    pub statuses: Option<BTreeSet<String>>,
}

impl Access {
    /// Whether the token's user may do this in the collection.
    pub fn permits(&self, verb: &str, collection: &str) -> bool {
        let one = (verb.to_owned(), collection.to_owned());
        (self.may_write || verb == "view")
            && self.granted.as_ref().is_none_or(|all| all.contains(&one))
            && !self.denied.contains(&one)
    }

    /// Whether a device with this status is one of those.
    pub fn covers(&self, status: &str) -> bool {
        self.statuses.as_ref().is_none_or(|all| all.contains(status))
    }
}

/// A row of the change log.
pub(super) struct Change {
    pub action: &'static str,
    pub kind: &'static str,
    pub object: u64,
    pub pre: Value,
    pub post: Value,
    pub stamps: Stamps,
}

/// Everything.
pub(super) struct State {
    pub profile: Profile,
    pub pace: Pace,
    pub thought: Duration,
    pub requests: u64,
    /// The same by method and collection.
    pub asked: BTreeMap<String, u64>,
    /// The largest page.
    pub max_page: usize,
    /// Whether Redis is away: then every answer is a page with 500.
    pub redis_down: bool,
    /// Workers whose database connection is dead: each answers once with a 500.
    pub dead_workers: u32,
    pub tokens: BTreeMap<String, Access>,
    /// Permissions that a request was allowed by: the verb, and the collection.
    pub exercised: BTreeSet<(String, String)>,
    pub changes: BTreeMap<u64, Change>,
    pub extra_statuses: Vec<(String, String)>,
    pub sites: BTreeMap<u64, Named>,
    pub racks: BTreeMap<u64, Rack>,
    pub locations: BTreeMap<u64, Named>,
    pub tenants: BTreeMap<u64, Named>,
    pub types: BTreeMap<u64, Named>,
    /// Height in units and whether they are of full depth; one unit and yes where a type is not here.
    pub shapes: BTreeMap<u64, (f64, bool)>,
    /// Kilograms, by device type.
    pub weights: BTreeMap<u64, f64>,
    pub inlets: BTreeMap<u64, Socket>,
    pub outlets: BTreeMap<u64, Socket>,
    pub feeds: BTreeMap<u64, Feed>,
    pub inlet_templates: BTreeMap<u64, InletTemplate>,
    pub reserved: BTreeMap<u64, Reserved>,
    pub roles: BTreeMap<u64, Named>,
    pub templates: BTreeMap<u64, Template>,
    pub devices: BTreeMap<u64, Device>,
    pub device_names: BTreeMap<String, BTreeSet<u64>>,
    pub interfaces: BTreeMap<u64, Interface>,
    pub macs: BTreeMap<u64, MacObject>,
    pub by_mac: BTreeMap<Mac, BTreeSet<u64>>,
    pub ips: BTreeMap<u64, Ip>,
    pub by_host: BTreeMap<IpAddr, BTreeSet<u64>>,
    pub prefixes: BTreeMap<u64, Prefix>,
    pub cables: BTreeMap<u64, Cable>,
    pub entries: BTreeMap<u64, Entry>,
    pub fields: BTreeMap<u64, Field>,
    pub choice_sets: BTreeMap<u64, ChoiceSet>,
    last: Timestamp,
    ids: BTreeMap<&'static str, u64>,
}

impl State {
    pub fn new() -> Self {
        Self {
            profile: Profile::default(),
            pace: Pace::None,
            thought: Duration::ZERO,
            requests: 0,
            asked: BTreeMap::new(),
            max_page: 1_000,
            redis_down: false,
            dead_workers: 0,
            changes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            exercised: BTreeSet::new(),
            extra_statuses: Vec::new(),
            sites: BTreeMap::new(),
            racks: BTreeMap::new(),
            locations: BTreeMap::new(),
            tenants: BTreeMap::new(),
            types: BTreeMap::new(),
            shapes: BTreeMap::new(),
            weights: BTreeMap::new(),
            inlets: BTreeMap::new(),
            outlets: BTreeMap::new(),
            feeds: BTreeMap::new(),
            inlet_templates: BTreeMap::new(),
            reserved: BTreeMap::new(),
            roles: BTreeMap::new(),
            templates: BTreeMap::new(),
            devices: BTreeMap::new(),
            device_names: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            macs: BTreeMap::new(),
            by_mac: BTreeMap::new(),
            ips: BTreeMap::new(),
            by_host: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            cables: BTreeMap::new(),
            entries: BTreeMap::new(),
            fields: BTreeMap::new(),
            choice_sets: BTreeMap::new(),
            last: Timestamp::default(),
            ids: BTreeMap::new(),
        }
    }

    /// The stamp of a change: `now`, but never twice the same, since ETags are made of it and simulated time stands
    /// still while a request is answered.
    pub fn tick(&mut self, now: Timestamp) -> Timestamp {
        self.last = now.max(self.last + Duration::from_micros(1));
        self.last
    }

    /// The next id of a table; never one that was used, deleted or not.
    pub fn next(&mut self, table: &'static str) -> u64 {
        let id = self.ids.entry(table).or_insert(0);
        *id += 1;
        *id
    }

    pub fn stamps(&mut self, now: Timestamp) -> Stamps {
        let at = self.tick(now);
        Stamps { created: at, updated: at }
    }

    /// The statuses a device may have, with their labels.
    pub fn statuses(&self) -> Vec<(String, String)> {
        const STOCK: [(&str, &str); 7] = [
            ("offline", "Offline"),
            ("active", "Active"),
            ("planned", "Planned"),
            ("staged", "Staged"),
            ("failed", "Failed"),
            ("inventory", "Inventory"),
            ("decommissioning", "Decommissioning"),
        ];
        let stock = STOCK.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned()));
        stock.chain(self.extra_statuses.iter().cloned()).collect()
    }

    pub fn knows_status(&self, status: &str) -> bool {
        matches!(status, "offline" | "active" | "planned" | "staged" | "failed" | "inventory" | "decommissioning")
            || self.extra_statuses.iter().any(|(value, _)| value == status)
    }

    /// The height in units of devices of this type, and whether they are of full depth.
    pub fn shape(&self, model: u64) -> (f64, bool) {
        self.shapes.get(&model).copied().unwrap_or((1.0, true))
    }

    /// The name of the interface's device and its own.
    pub fn interface_name(&self, id: u64) -> (u64, &str, &str) {
        let Some(interface) = self.interfaces.get(&id) else { return (0, "", "") };
        let device = self.devices.get(&interface.device).map_or("", |d| d.name.as_str());
        (interface.device, device, &interface.name)
    }
}
