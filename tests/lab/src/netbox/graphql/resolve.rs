//! What the fields are, and which objects a filter leaves.

use serde_json::{Value, json};

use super::super::object::iso;
use super::super::state::{Named, State};

/// Tables that can be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Devices,
    Interfaces,
    Macs,
    Ips,
    Cables,
    Sites,
    Racks,
    Tenants,
    Types,
}

impl Table {
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Devices => "DeviceType",
            Self::Interfaces => "InterfaceType",
            Self::Macs => "MACAddressType",
            Self::Ips => "IPAddressType",
            Self::Cables => "CableType",
            Self::Sites => "SiteType",
            Self::Racks => "RackType",
            Self::Tenants => "TenantType",
            Self::Types => "DeviceTypeType",
        }
    }
}

impl Table {
    /// The collection whose permission to view is asked.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Devices => "dcim/devices",
            Self::Interfaces => "dcim/interfaces",
            Self::Macs => "dcim/mac-addresses",
            Self::Ips => "ipam/ip-addresses",
            Self::Cables => "dcim/cables",
            Self::Sites => "dcim/sites",
            Self::Racks => "dcim/racks",
            Self::Tenants => "tenancy/tenants",
            Self::Types => "dcim/device-types",
        }
    }

    /// Whether each device has one, so that its field is never null.
    pub fn is_needed(self) -> bool {
        matches!(self, Self::Sites | Self::Types)
    }
}

/// One object.
#[derive(Clone, Copy)]
pub(super) struct Object {
    pub table: Table,
    pub id: u64,
}

/// What a field is.
pub(super) enum Node {
    Leaf(Value),
    One(Option<Object>),
    Many(Vec<Object>),
}

fn one(table: Table, id: Option<u64>) -> Node {
    Node::One(id.map(|id| Object { table, id }))
}

fn many(table: Table, ids: impl IntoIterator<Item = u64>) -> Node {
    Node::Many(ids.into_iter().map(|id| Object { table, id }).collect())
}

/// The objects of a root field that pass its filters, by id.
pub(super) fn root(state: &State, name: &str, filters: &Value) -> Result<Vec<Object>, String> {
    let (table, ids): (_, Vec<u64>) = match name {
        "device_list" => (Table::Devices, state.devices.keys().copied().collect()),
        "interface_list" => (Table::Interfaces, state.interfaces.keys().copied().collect()),
        other => return Err(format!("Cannot query field '{other}' on type 'Query'.")),
    };
    let mut found = Vec::new();
    for id in ids {
        let object = Object { table, id };
        let mut passes = true;
        for (key, condition) in filters.as_object().into_iter().flatten() {
            passes &= filter(state, object, key, condition)?;
        }
        if passes {
            found.push(object);
        }
    }
    Ok(found)
}

fn filter(state: &State, object: Object, key: &str, condition: &Value) -> Result<bool, String> {
    let unknown = || format!("Field '{key}' is not defined by type '{}Filter'.", object.table.type_name());
    if key == "custom_field_data" {
        let path = condition.get("path").and_then(Value::as_str).ok_or_else(unknown)?;
        let exact = condition.pointer("/lookup/string_lookup/exact").ok_or_else(unknown)?;
        return Ok(state.devices.get(&object.id).and_then(|d| d.fields.get(path)) == Some(exact));
    }
    match field(state, object, key).ok_or_else(unknown)? {
        Node::Leaf(value) => leaf(&value, condition).ok_or_else(unknown),
        Node::One(inner) => {
            let Some(inner) = inner else { return Ok(false) };
            condition
                .as_object()
                .into_iter()
                .flatten()
                .try_fold(true, |all, (k, c)| Ok(all & filter(state, inner, k, c)?))
        }
        Node::Many(inner) => {
            let mut any = false;
            for one in inner {
                let all = condition.as_object().into_iter().flatten();
                any |= all.map(|(k, c)| filter(state, one, k, c)).collect::<Result<Vec<_>, _>>()?.iter().all(|p| *p);
            }
            Ok(any)
        }
    }
}

/// A lookup; `None` where it is none we know.
fn leaf(value: &Value, lookup: &Value) -> Option<bool> {
    let (how, wanted) = lookup.as_object()?.iter().next()?;
    match how.as_str() {
        "exact" => Some(value == wanted),
        "in_list" => Some(wanted.as_array()?.contains(value)),
        _ => None,
    }
}

/// A field of an object; `None` where the type has no such field.
pub(super) fn field(state: &State, object: Object, name: &str) -> Option<Node> {
    let id = object.id;
    if name == "id" {
        return Some(Node::Leaf(id.to_string().into()));
    }
    let text = |text: &str| Node::Leaf(text.into());
    Some(match object.table {
        Table::Devices => {
            let d = state.devices.get(&id)?;
            match name {
                "name" => text(&d.name),
                "serial" => text(&d.serial),
                "status" => text(&d.status),
                // A decimal, hence a text.
                "position" => Node::Leaf(d.position.map_or(Value::Null, |p| format!("{p:.1}").into())),
                "face" => Node::Leaf(d.position.map_or(Value::Null, |_| "front".into())),
                "custom_field_data" => Node::Leaf(json!(d.fields)),
                "last_updated" => Node::Leaf(iso(d.stamps.updated).into()),
                "device_type" => one(Table::Types, Some(d.model)),
                "site" => one(Table::Sites, Some(d.site)),
                "tenant" => one(Table::Tenants, d.tenant),
                "rack" => one(Table::Racks, d.rack),
                "interface_count" => Node::Leaf(d.interfaces.len().into()),
                "oob_ip" => one(Table::Ips, d.oob),
                "interfaces" => many(Table::Interfaces, d.interfaces.iter().copied()),
                _ => return None,
            }
        }
        Table::Interfaces => {
            let i = state.interfaces.get(&id)?;
            let peers = || super::super::cable::peers(state, id);
            match name {
                "name" => text(&i.name),
                "mgmt_only" => Node::Leaf(i.mgmt_only.into()),
                "mark_connected" => Node::Leaf(i.mark_connected.into()),
                "enabled" => Node::Leaf(true.into()),
                "device" => one(Table::Devices, Some(i.device)),
                "primary_mac_address" => one(Table::Macs, i.primary),
                "mac_addresses" => many(Table::Macs, i.macs.iter().copied()),
                "cable" => one(Table::Cables, i.cable),
                "link_peers" | "connected_endpoints" => many(Table::Interfaces, peers()),
                _ => return None,
            }
        }
        Table::Macs => match name {
            "mac_address" => Node::Leaf(state.macs.get(&id)?.mac.to_string().into()),
            _ => return None,
        },
        Table::Ips => {
            let ip = state.ips.get(&id)?;
            match name {
                "address" => Node::Leaf(format!("{}/{}", ip.host, ip.length).into()),
                "status" => text(&ip.status),
                _ => return None,
            }
        }
        Table::Cables => match name {
            "status" => text(&state.cables.get(&id)?.status),
            _ => return None,
        },
        Table::Types => match name {
            "model" => text(&state.types.get(&id)?.name),
            "slug" => text(&state.types.get(&id)?.slug),
            _ => return None,
        },
        Table::Sites => return named(state.sites.get(&id)?, name),
        Table::Racks => match name {
            "name" => text(&state.racks.get(&id)?.name),
            _ => return None,
        },
        Table::Tenants => return named(state.tenants.get(&id)?, name),
    })
}

fn named(of: &Named, name: &str) -> Option<Node> {
    match name {
        "name" => Some(Node::Leaf(of.name.as_str().into())),
        "slug" => Some(Node::Leaf(of.slug.as_str().into())),
        _ => None,
    }
}
