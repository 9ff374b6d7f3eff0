//! Devices by GraphQL. The cursor (4.5.2) goes by id until an empty page: a page that is shorter than asked for may only
//! mean that the server's largest is smaller. Nested lists are cut at the same length, so they are held against the
//! device's own count.

use ipnet::IpNet;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::listed::{CableRecord, DeviceRecord, InterfaceRecord, Snapshot};
use rackhand_core::inventory::{ObjectId, Port};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};

use super::super::client::NetBox;
use super::super::graphql::quoted;
use super::super::wire::{DeviceType, Rack, Slug};
use super::{Cables, Devices, MOST_DEVICES, MOST_INTERFACES, half_units, our_fields, stranger};

/// Devices asked for in one page.
const PAGE: usize = 1_000;
/// The fields of a device, without its interfaces.
const DEVICE: &str = "id name serial status position face interface_count custom_field_data device_type{model} \
                      site{slug} tenant{slug} rack{name} oob_ip{address}";
/// The fields of its interfaces.
const INTERFACE: &str = "id name mgmt_only primary_mac_address{mac_address} mac_addresses{mac_address}";
/// Its cables.
const CABLE: &str = "cable{id status} link_peers{... on InterfaceType{name device{name}}} \
                     connected_endpoints{... on InterfaceType{name device{name}}}";

/// An id, which GraphQL writes as a text.
struct GraphId(ObjectId);

impl<'de> Deserialize<'de> for GraphId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(d)?;
        let id = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        id.map(Self).ok_or_else(|| D::Error::custom("not an id"))
    }
}

/// A position, which is a decimal and so a text.
fn decimal<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::Null => None,
        value => Some(
            value
                .as_f64()
                .or_else(|| value.as_str()?.parse().ok())
                .ok_or_else(|| D::Error::custom("not a position"))?,
        ),
    })
}

#[derive(Deserialize)]
struct Device {
    id: GraphId,
    name: Option<Text>,
    serial: Text,
    status: Text,
    #[serde(deserialize_with = "decimal")]
    position: Option<f64>,
    face: Option<Text>,
    interface_count: u64,
    custom_field_data: Map<String, Value>,
    #[serde(rename = "device_type")]
    model: DeviceType,
    site: Slug,
    tenant: Option<Slug>,
    rack: Option<Rack>,
    oob_ip: Option<Address>,
    interfaces: Vec<Interface>,
}

#[derive(Deserialize)]
struct Address {
    address: IpNet,
}

#[derive(Deserialize)]
struct Interface {
    id: GraphId,
    name: Text,
    mgmt_only: bool,
    primary_mac_address: Option<MacNode>,
    mac_addresses: Vec<MacNode>,
    #[serde(default)]
    cable: Option<Cable>,
    #[serde(default)]
    link_peers: Vec<End>,
    #[serde(default)]
    connected_endpoints: Vec<End>,
}

#[derive(Deserialize)]
struct MacNode {
    mac_address: Mac,
}

#[derive(Deserialize)]
struct Cable {
    id: GraphId,
    status: Text,
}

/// What is at the other end; empty where it is no interface.
#[derive(Deserialize)]
struct End {
    name: Option<Text>,
    device: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: Option<Text>,
}

impl NetBox {
    /// All devices of a site, by id.
    pub(super) async fn graph_all(&self, site: &SiteId) -> Result<Option<Devices>, Fault> {
        let mut devices = Devices::new();
        let (mut start, mut cut, mut interfaces) = (0, Vec::new(), 0);
        let slug = quoted(site.as_str());
        loop {
            let query = format!(
                "{{device_list(pagination:{{start:{start},limit:{PAGE}}},filters:{{site:{{slug:{{exact:{slug}}}}}}}){{\
                 {DEVICE} interfaces{{{INTERFACE}}}}}}}"
            );
            let Some(page) = self.devices_of(&query).await? else { return Ok(None) };
            if page.is_empty() {
                break;
            }
            for device in page {
                let record = record(device, site, &mut cut)?;
                // The list is in order of id, or the cursor was not understood.
                if record.id < start {
                    return Err(Self::fault(Kind::Malformed, "graphql/: a list out of order"));
                }
                start = record.id + 1;
                interfaces += record.interfaces.len();
                devices.insert(record.id, record);
            }
            if devices.len() > MOST_DEVICES || interfaces > MOST_INTERFACES {
                let what = format!("site {site} has more than {MOST_DEVICES} devices or {MOST_INTERFACES} interfaces");
                return Err(Self::fault(Kind::Malformed, what));
            }
        }
        self.complete(&mut devices, &cut).await?;
        Ok(Some(devices))
    }

    /// These devices of a site.
    pub(super) async fn graph_some(&self, site: &SiteId, ids: &[ObjectId]) -> Result<Option<Vec<DeviceRecord>>, Fault> {
        let list: Vec<String> = ids.iter().map(|id| quoted(&id.to_string())).collect();
        let list = list.join(",");
        let query =
            format!("{{device_list(filters:{{id:{{in_list:[{list}]}}}}){{{DEVICE} interfaces{{{INTERFACE}}}}}}}");
        let Some(found) = self.devices_of(&query).await? else { return Ok(None) };
        let (mut devices, mut cut) = (Devices::new(), Vec::new());
        for device in found {
            if !ids.contains(&device.id.0) {
                return Err(stranger("graphql/"));
            }
            // One that moved to another site is not of this one any more.
            if SiteId::new(&device.site.slug) == *site {
                let record = record(device, site, &mut cut)?;
                devices.insert(record.id, record);
            }
        }
        self.complete(&mut devices, &cut).await?;
        Ok(Some(devices.into_values().collect()))
    }

    /// One device with its cables.
    pub(super) async fn graph_snapshot(&self, id: ObjectId) -> Result<Option<Snapshot>, Fault> {
        let exact = quoted(&id.to_string());
        let query =
            format!("{{device_list(filters:{{id:{{exact:{exact}}}}}){{{DEVICE} interfaces{{{INTERFACE} {CABLE}}}}}}}");
        let Some(mut found) = self.devices_of(&query).await? else { return Ok(None) };
        let device = match (found.pop(), found.is_empty()) {
            (Some(device), true) if device.id.0 == id => device,
            (None, _) => return Err(Self::fault(Kind::Gone, format!("NetBox has no device {id} any more"))),
            _ => return Err(stranger("graphql/")),
        };
        if device.interfaces.len() as u64 != device.interface_count {
            return Ok(None);
        }
        let cables: Cables = device.interfaces.iter().filter_map(cable).collect();
        let site = SiteId::new(&device.site.slug);
        Ok(Some(Snapshot { device: record(device, &site, &mut Vec::new())?, cables }))
    }

    /// The devices a query gives.
    async fn devices_of(&self, query: &str) -> Result<Option<Vec<Device>>, Fault> {
        let Some(mut data) = self.query(query).await? else { return Ok(None) };
        decoded(data["device_list"].take()).map(Some)
    }

    /// Reads the interfaces of devices again whose lists were cut, or whose count is out of date.
    async fn complete(&self, devices: &mut Devices, cut: &[ObjectId]) -> Result<(), Fault> {
        for some in cut.chunks(super::rest::IDS) {
            for id in some {
                if let Some(device) = devices.get_mut(id) {
                    device.interfaces.clear();
                }
            }
            self.rest_interfaces(devices, some).await?;
        }
        Ok(())
    }
}

fn decoded<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    let what = |e| format!("graphql/: not what NetBox 4.2 to 4.7 answers: {e}");
    serde_json::from_value(value).map_err(|e| NetBox::fault(Kind::Malformed, what(e)))
}

fn record(device: Device, site: &SiteId, cut: &mut Vec<ObjectId>) -> Result<DeviceRecord, Fault> {
    let id = device.id.0;
    if SiteId::new(&device.site.slug) != *site {
        return Err(stranger("graphql/"));
    }
    if device.interfaces.len() as u64 != device.interface_count {
        cut.push(id);
    }
    let (lifecycle_state, stamps) = our_fields(&device.custom_field_data);
    let mut interfaces: Vec<InterfaceRecord> = device.interfaces.into_iter().map(Interface::record).collect();
    interfaces.sort_by_key(|i| i.id);
    Ok(DeviceRecord {
        id,
        name: device.name.filter(|n| !n.is_empty()),
        serial: Some(device.serial).filter(|s| !s.is_empty()),
        model: device.model.model,
        status: device.status,
        tenant: device.tenant.map(|t| t.slug),
        rack: device.rack.map(|r| r.name),
        half_units: device.position.and_then(half_units),
        face: device.face.filter(|f| !f.is_empty()),
        lifecycle_state,
        stamps,
        oob_address: device.oob_ip.map(|ip| ip.address.addr()),
        interfaces,
    })
}

impl Interface {
    fn record(self) -> InterfaceRecord {
        InterfaceRecord {
            id: self.id.0,
            name: self.name,
            mgmt_only: self.mgmt_only,
            primary: self.primary_mac_address.map(|m| m.mac_address),
            macs: self.mac_addresses.into_iter().map(|m| m.mac_address).collect(),
        }
    }
}

/// The far end: the other end of the cable, or, through patch panels, the end of the path.
fn cable(of: &Interface) -> Option<(ObjectId, CableRecord)> {
    let cable = of.cable.as_ref()?;
    let is_port = |end: &&End| end.device.is_some();
    let near: Vec<&End> = of.link_peers.iter().filter(is_port).collect();
    let ends = if near.is_empty() { of.connected_endpoints.iter().filter(is_port).collect() } else { near };
    let peer = match ends.as_slice() {
        [end] => end.device.as_ref().and_then(|d| d.name.clone()).zip(end.name.clone()),
        _ => None,
    };
    let peer = peer.map(|(switch, port)| Port { switch, port });
    let connected = cable.status.as_str() == "connected";
    Some((of.id.0, CableRecord { id: cable.id.0, connected, peer }))
}
