//! What we ask NetBox for: each collection, and what is done in it. A request that is not listed here is not sent, so what
//! `netbox check` wants permitted is what the calls use.

use hyper::Method;

use super::cabling::{CABLES, INTERFACES};
use super::device::{DEVICES, MACS};
use super::inventory::CHANGES;
use super::racks::{RACKS, TYPES};
use super::room::{FEEDS, INLET_TEMPLATES, OUTLETS, PORT_TEMPLATES, POWER_PORTS, RESERVATIONS};
use super::{address, manifest, notes, setup};

/// An action that NetBox permits or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// To read.
    View,
    /// To make.
    Add,
    /// To change.
    Change,
    /// To delete.
    Delete,
}

use Verb::{Add, Change, Delete, View};

impl Verb {
    /// NetBox's word.
    pub const fn word(self) -> &'static str {
        match self {
            View => "view",
            Add => "add",
            Change => "change",
            Delete => "delete",
        }
    }

    /// What a request's method takes; `None` for those that take nothing.
    fn of(method: &Method) -> Option<Self> {
        Some(match *method {
            Method::GET | Method::HEAD => View,
            Method::POST => Add,
            Method::PATCH | Method::PUT => Change,
            Method::DELETE => Delete,
            _ => return None,
        })
    }
}

/// A collection as we use it.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Its path below `/api/`.
    pub path: &'static str,
    /// What NetBox calls its objects where it grants permissions.
    pub model: &'static str,
    /// What is done in it.
    pub verbs: &'static [Verb],
}

const fn of(path: &'static str, model: &'static str, verbs: &'static [Verb]) -> Use {
    Use { path, model, verbs }
}

/// All collections we use.
pub const USES: [Use; 21] = [
    of(DEVICES, "dcim.device", &[View, Add, Change]),
    of(INTERFACES, "dcim.interface", &[View, Add, Change]),
    of(MACS, "dcim.macaddress", &[View, Add, Change]),
    of(address::ADDRESSES, "ipam.ipaddress", &[View, Add, Change]),
    of(address::PREFIXES, "ipam.prefix", &[View]),
    of(CABLES, "dcim.cable", &[View, Add, Change, Delete]),
    of(notes::ENTRIES, "extras.journalentry", &[View, Add]),
    of(setup::CUSTOM_FIELDS, "extras.customfield", &[View, Add, Change]),
    of(setup::CHOICE_SETS, "extras.customfieldchoiceset", &[View, Add, Change]),
    of(setup::TENANTS, "tenancy.tenant", &[View, Add]),
    of(manifest::SITES, "dcim.site", &[View]),
    of(RACKS, "dcim.rack", &[View]),
    of(RESERVATIONS, "dcim.rackreservation", &[View]),
    of(TYPES, "dcim.devicetype", &[View]),
    of(manifest::ROLES, "dcim.devicerole", &[View]),
    of(PORT_TEMPLATES, "dcim.interfacetemplate", &[View]),
    of(INLET_TEMPLATES, "dcim.powerporttemplate", &[View]),
    of(POWER_PORTS, "dcim.powerport", &[View]),
    of(OUTLETS, "dcim.poweroutlet", &[View]),
    of(FEEDS, "dcim.powerfeed", &[View]),
    of(CHANGES, "core.objectchange", &[View]),
];

/// The collection an object or list is in.
fn used(path: &str) -> Option<&'static Use> {
    USES.iter().find(|u| path.starts_with(u.path))
}

/// Whether a request is one of those we make.
pub(super) fn is_listed(method: &Method, path: &str) -> bool {
    // NetBox's own state and our login take no permission, nor does asking what is permitted.
    let open = matches!(path, "status/" | "authentication-check/") && *method == Method::GET;
    open || used(path).is_some_and(|u| Verb::of(method).is_none_or(|verb| u.verbs.contains(&verb)))
}

/// The permission a request takes, as NetBox names it: `add` and `dcim.cable`.
pub(super) fn taken(method: &Method, path: &str) -> Option<(&'static str, &'static str)> {
    Some((Verb::of(method)?.word(), used(path)?.model))
}
