//! NIC MACs. Since 4.2 they are objects: made, assigned, and then named as the interface's primary one.

use std::collections::BTreeMap;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::ObjectId;
use rackhand_core::mac::Mac;
use serde_json::{Value, json};

use super::cabling::INTERFACES;
use super::client::NetBox;
use super::device::MACS;
use super::wire::{INTERFACE, MacAddress};

/// MAC objects with one of the asked addresses.
const MOST: usize = 500;

impl NetBox {
    /// Makes each MAC the primary one of its interface. Another device's MAC is [`Kind::Conflict`], and then nothing
    /// is written.
    pub async fn write_macs(&self, device: ObjectId, macs: &[(ObjectId, Mac)]) -> Result<(), Fault> {
        let interfaces = self.interfaces_of(device).await?;
        let mut wanted: BTreeMap<ObjectId, Mac> = BTreeMap::new();
        let mut objects: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
        for (id, mac) in macs {
            let Some(interface) = interfaces.iter().find(|i| i.id == *id) else {
                return Err(Self::fault(Kind::Gone, format!("device {device} has no interface {id} any more")));
            };
            if interface.primary_mac_address.as_ref().is_some_and(|m| m.mac_address == *mac) {
                continue;
            }
            wanted.insert(*id, *mac);
            if let Some(there) = interface.mac_addresses.iter().find(|m| m.mac_address == *mac) {
                objects.insert(*id, there.id);
            }
        }
        let missing: Vec<(ObjectId, Mac)> =
            wanted.iter().filter(|(id, _)| !objects.contains_key(id)).map(|(id, mac)| (*id, *mac)).collect();
        objects.extend(self.mac_objects(device, &missing).await?);
        let primary: Vec<Value> =
            wanted.keys().filter_map(|id| Some(json!({ "id": id, "primary_mac_address": objects.get(id)? }))).collect();
        if primary.is_empty() { Ok(()) } else { self.patch_all(INTERFACES, primary).await }
    }

    /// MAC objects on these interfaces: unassigned ones taken over, the others made. By interface.
    async fn mac_objects(
        &self,
        device: ObjectId,
        missing: &[(ObjectId, Mac)],
    ) -> Result<BTreeMap<ObjectId, ObjectId>, Fault> {
        let mut objects = BTreeMap::new();
        if missing.is_empty() {
            return Ok(objects);
        }
        let texts: Vec<String> = missing.iter().map(|(_, mac)| mac.to_string()).collect();
        let mut query: Vec<(&str, &str)> = texts.iter().map(|text| ("mac_address", text.as_str())).collect();
        query.push(("fields", MacAddress::FIELDS));
        let found: Vec<MacAddress> = self.list(MACS, &query, MOST).await?;
        if found.iter().any(|m| !missing.iter().any(|(_, mac)| *mac == m.mac)) {
            return Err(Self::fault(Kind::Malformed, format!("{MACS}: the filter by MAC was ignored")));
        }
        for object in &found {
            let elsewhere = object.interface().filter(|i| i.device.as_ref().is_some_and(|d| d.id != device));
            if let Some(holder) = elsewhere {
                let what = format!("{} is on {} in NetBox", object.mac, holder.describe());
                return Err(Self::fault(Kind::Conflict, what)
                    .advise("Find out which server has this card, and remove the MAC from the other in NetBox."));
            }
        }
        let mut take = Vec::new();
        let mut make = Vec::new();
        for (interface, mac) in missing {
            let assigned = json!({ "assigned_object_type": INTERFACE, "assigned_object_id": interface });
            let free = found
                .iter()
                .find(|m| m.mac == *mac && m.assigned_object_type.is_none() && !objects.values().any(|id| *id == m.id));
            let mut body = assigned;
            match free {
                Some(free) => {
                    body["id"] = json!(free.id);
                    objects.insert(*interface, free.id);
                    take.push(body);
                }
                None => {
                    body["mac_address"] = json!(mac);
                    make.push((*interface, *mac, body));
                }
            }
        }
        if !take.is_empty() {
            self.patch_all(MACS, take).await?;
        }
        if !make.is_empty() {
            let body = Value::Array(make.iter().map(|(_, _, body)| body.clone()).collect());
            let made: Vec<MacAddress> = self.post(MACS, &body).await?;
            for (interface, mac, _) in make {
                let there = made.iter().find(|m| m.mac == mac && m.interface().is_some_and(|i| i.id == interface));
                let Some(there) = there else {
                    return Err(Self::fault(Kind::Malformed, format!("{MACS}: {mac} sent, something else made")));
                };
                objects.insert(interface, there.id);
            }
        }
        Ok(objects)
    }
}
