//! Devices over REST, trimmed to what we read.

use std::collections::BTreeMap;

use rackhand_core::fault::Fault;
use rackhand_core::id::SiteId;
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::listed::{CableRecord, DeviceRecord, InterfaceRecord, Snapshot};

use super::super::cabling::{INTERFACES, OF_A_SERVER, far_end};
use super::super::client::NetBox;
use super::super::device::DEVICES;
use super::super::wire::{self, DeviceRow, InterfaceRow};
use super::{Devices, MOST_DEVICES, MOST_INTERFACES, half_units, our_fields, stranger};

/// Ids in one query: `&id=123456` each, far below the 8 KiB servers take.
pub(super) const IDS: usize = 100;

impl NetBox {
    /// All devices of a site, by id.
    pub(super) async fn rest_all(&self, site: &SiteId) -> Result<Devices, Fault> {
        let mut devices = Devices::new();
        let query = [("site", site.as_str()), ("fields", DeviceRow::FIELDS)];
        self.each(DEVICES, &query, MOST_DEVICES, |row: DeviceRow| {
            let device = record(row);
            match device {
                (device, at) if at == *site => drop(devices.insert(device.id, device)),
                _ => return Err(stranger(DEVICES)),
            }
            Ok(())
        })
        .await?;
        let query = [("site", site.as_str()), ("fields", InterfaceRow::FIELDS)];
        self.each(INTERFACES, &query, MOST_INTERFACES, |row: InterfaceRow| {
            // A device that came meanwhile is in the next delta.
            add(&mut devices, row);
            Ok(())
        })
        .await?;
        Ok(devices)
    }

    /// These devices of a site; without their interfaces where nothing about those changed.
    pub(super) async fn rest_some(
        &self,
        site: &SiteId,
        ids: &[ObjectId],
        with_interfaces: bool,
    ) -> Result<Vec<DeviceRecord>, Fault> {
        let mut devices = Devices::new();
        for some in ids.chunks(IDS) {
            let texts: Vec<String> = some.iter().map(ObjectId::to_string).collect();
            let mut query: Vec<(&str, &str)> = texts.iter().map(|id| ("id", id.as_str())).collect();
            query.push(("fields", DeviceRow::FIELDS));
            self.each(DEVICES, &query, IDS, |row: DeviceRow| {
                let (device, at) = record(row);
                if !some.contains(&device.id) {
                    return Err(stranger(DEVICES));
                }
                if at == *site {
                    devices.insert(device.id, device);
                }
                Ok(())
            })
            .await?;
            if with_interfaces {
                self.rest_interfaces(&mut devices, some).await?;
            }
        }
        Ok(devices.into_values().collect())
    }

    /// Adds the interfaces of these devices.
    pub(super) async fn rest_interfaces(&self, devices: &mut Devices, ids: &[ObjectId]) -> Result<(), Fault> {
        let texts: Vec<String> = ids.iter().map(ObjectId::to_string).collect();
        let mut query: Vec<(&str, &str)> = texts.iter().map(|id| ("device_id", id.as_str())).collect();
        query.push(("fields", InterfaceRow::FIELDS));
        self.each(INTERFACES, &query, MOST_INTERFACES, |row: InterfaceRow| {
            if !ids.contains(&row.device.id) {
                return Err(stranger(INTERFACES));
            }
            add(devices, row);
            Ok(())
        })
        .await
    }

    /// One device with its cables.
    pub(super) async fn rest_snapshot(&self, id: ObjectId) -> Result<Snapshot, Fault> {
        let (row, _): (DeviceRow, _) = self.device(id, DeviceRow::FIELDS).await?;
        let (mut device, _) = record(row);
        let query = [("device_id", &*id.to_string()), ("fields", wire::Interface::FIELDS)];
        let interfaces: Vec<wire::Interface> = self.list(INTERFACES, &query, OF_A_SERVER).await?;
        if interfaces.iter().any(|i| i.device.id != id) {
            return Err(stranger(INTERFACES));
        }
        let cables = interfaces.iter().filter_map(cable).collect();
        device.interfaces = interfaces.into_iter().map(interface).collect();
        Ok(Snapshot { device, cables })
    }
}

/// A device without its interfaces, and its site.
fn record(row: DeviceRow) -> (DeviceRecord, SiteId) {
    let (lifecycle_state, stamps) = our_fields(&row.custom_fields);
    let record = DeviceRecord {
        id: row.id,
        name: row.name.filter(|n| !n.is_empty()),
        serial: Some(row.serial).filter(|s| !s.is_empty()),
        model: row.device_type.model,
        status: row.status.0,
        tenant: row.tenant.map(|t| t.slug),
        rack: row.rack.map(|r| r.name),
        half_units: row.position.and_then(half_units),
        face: row.face.map(|f| f.0).filter(|f| !f.is_empty()),
        lifecycle_state,
        stamps,
        oob_address: row.oob_ip.map(|ip| ip.address.addr()),
        interfaces: Vec::new(),
    };
    (record, SiteId::new(&row.site.slug))
}

fn add(devices: &mut BTreeMap<ObjectId, DeviceRecord>, row: InterfaceRow) {
    let Some(device) = devices.get_mut(&row.device.id) else { return };
    device.interfaces.push(InterfaceRecord {
        id: row.id,
        name: row.name,
        mgmt_only: row.mgmt_only,
        primary: row.primary_mac_address.map(|m| m.mac_address),
        macs: row.mac_addresses.into_iter().map(|m| m.mac_address).collect(),
    });
}

fn interface(found: wire::Interface) -> InterfaceRecord {
    InterfaceRecord {
        id: found.id,
        name: found.name,
        mgmt_only: found.mgmt_only,
        primary: found.primary_mac_address.map(|m| m.mac_address),
        macs: found.mac_addresses.into_iter().map(|m| m.mac_address).collect(),
    }
}

/// The cable of an interface. Its status is not told here, but whether the whole path is connected is.
fn cable(of: &wire::Interface) -> Option<(ObjectId, CableRecord)> {
    let id = of.cable.as_ref()?.id;
    let connected = of.connected_endpoints_reachable == Some(true);
    Some((of.id, CableRecord { id, connected, peer: far_end(of) }))
}
