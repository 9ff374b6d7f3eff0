//! Many devices at once: whose BMCs these MACs are, and their statuses.

use std::collections::{BTreeMap, BTreeSet};

use hyper::header::HeaderValue;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::{Lookup, ObjectId};
use rackhand_core::mac::Mac;
use serde_json::{Value, json};

use super::client::{NetBox, Revised};
use super::device::{DEVICES, Held, MACS, StatusWrite, held};
use super::wire::{DeviceCard, DeviceStatus, Id, MacAddress};

/// MACs in one request: `&mac_address=94%3A40%3AC9%3A00%3A00%3A01` each, far below the 8 KiB servers take.
const MACS_AT_ONCE: usize = 50;
/// MAC objects that this many MACs may have.
const OBJECTS: usize = 1_000;
/// Devices written in one request. Their ETags have to fit one header of 8 KiB.
const DEVICES_AT_ONCE: usize = 100;

impl NetBox {
    /// Whose BMCs these MACs are: two requests for each fifty. A MAC whose device went away meanwhile is not in the
    /// answer.
    pub async fn devices_by_bmc_macs(&self, macs: &[Mac]) -> Result<BTreeMap<Mac, Lookup>, Fault> {
        let wanted: BTreeSet<Mac> = macs.iter().copied().collect();
        let wanted: Vec<Mac> = wanted.into_iter().collect();
        let mut answers = BTreeMap::new();
        for some in wanted.chunks(MACS_AT_ONCE) {
            let texts: Vec<String> = some.iter().map(Mac::to_string).collect();
            let mut query: Vec<(&str, &str)> = texts.iter().map(|mac| ("mac_address", mac.as_str())).collect();
            query.push(("fields", MacAddress::FIELDS));
            let found: Vec<MacAddress> = self.list(MACS, &query, OBJECTS).await?;
            let mut by_mac: BTreeMap<Mac, Vec<MacAddress>> = BTreeMap::new();
            for object in found {
                if !some.contains(&object.mac) {
                    let what = format!("{MACS}: got {}, which was not asked for; the filter was ignored", object.mac);
                    return Err(Self::fault(Kind::Malformed, what));
                }
                by_mac.entry(object.mac).or_default().push(object);
            }
            let mut held_by: BTreeMap<Mac, (ObjectId, ObjectId)> = BTreeMap::new();
            for mac in some {
                match held(by_mac.get(mac).map_or(&[][..], Vec::as_slice)) {
                    Held::Nobody => drop(answers.insert(*mac, Lookup::Nobody)),
                    Held::Several(devices) => drop(answers.insert(*mac, Lookup::Several(devices))),
                    Held::One { device, interface } => drop(held_by.insert(*mac, (device, interface))),
                }
            }
            let cards = self.cards(held_by.values().map(|(device, _)| *device).collect()).await?;
            for (mac, (device, interface)) in held_by {
                if let Some(card) = cards.get(&device) {
                    answers.insert(mac, Lookup::One(card.clone().into_device(interface)));
                }
            }
        }
        Ok(answers)
    }

    async fn cards(&self, ids: BTreeSet<ObjectId>) -> Result<BTreeMap<ObjectId, DeviceCard>, Fault> {
        let found: Vec<DeviceCard> = self.by_ids(&ids, DeviceCard::FIELDS, |card: &DeviceCard| card.id).await?;
        Ok(found.into_iter().map(|card| (card.id, card)).collect())
    }

    /// Devices by id, and only those.
    async fn by_ids<T: serde::de::DeserializeOwned + super::wire::Numbered>(
        &self,
        ids: &BTreeSet<ObjectId>,
        fields: &str,
        id: impl Fn(&T) -> ObjectId,
    ) -> Result<Vec<T>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<String> = ids.iter().map(ObjectId::to_string).collect();
        let mut query: Vec<(&str, &str)> = texts.iter().map(|text| ("id", text.as_str())).collect();
        query.push(("fields", fields));
        let found: Vec<T> = self.list(DEVICES, &query, ids.len()).await?;
        match found.iter().find(|row| !ids.contains(&id(row))) {
            None => Ok(found),
            Some(other) => {
                let what = format!("{DEVICES}: got {}, which was not asked for; the filter was ignored", id(other));
                Err(Self::fault(Kind::Malformed, what))
            }
        }
    }

    /// Writes statuses, lifecycle fields and tenants of many devices, a hundred in one request, where they differ. The
    /// outcomes are in the order of what was given. A request that is refused, or for which a device changed meanwhile,
    /// is made anew device by device, so that a bad one does not keep the others. A fault of NetBox itself ends it: the
    /// rest is not sent and has the same fault.
    pub async fn write_statuses(&self, writes: &[(ObjectId, StatusWrite)]) -> Vec<Result<(), Fault>> {
        let mut outcomes: Vec<Result<(), Fault>> = Vec::with_capacity(writes.len());
        for chunk in writes.chunks(DEVICES_AT_ONCE) {
            if let Some(fault) = outcomes.last().and_then(|last| last.as_ref().err()).filter(|f| is_netboxs(f)).cloned()
            {
                outcomes.extend(chunk.iter().map(|_| Err(fault.clone())));
                continue;
            }
            match self.write_chunk(chunk).await {
                Ok(done) => outcomes.extend(done),
                Err(fault) => outcomes.extend(chunk.iter().map(|_| Err(fault.clone()))),
            }
        }
        outcomes
    }

    async fn write_chunk(&self, chunk: &[(ObjectId, StatusWrite)]) -> Result<Vec<Result<(), Fault>>, Fault> {
        let ids: BTreeSet<ObjectId> = chunk.iter().map(|(id, _)| *id).collect();
        if ids.len() < chunk.len() {
            // Two writes of one device have an order.
            return self.write_singly(chunk).await;
        }
        let found: Vec<DeviceStatus> =
            self.by_ids(&ids, DeviceStatus::FIELDS_IN_BULK, |row: &DeviceStatus| row.id).await?;
        let found: BTreeMap<ObjectId, DeviceStatus> = found.into_iter().map(|row| (row.id, row)).collect();
        let (mut body, mut tags) = (Vec::new(), Vec::new());
        for (id, write) in chunk {
            let Some(row) = found.get(id).filter(|row| self.policy().runs(&row.site.slug)) else { continue };
            let Some(Value::Object(mut change)) = write.difference(row) else { continue };
            change.insert("id".into(), json!(id));
            body.push(Value::Object(change));
            tags.push(row.last_updated.as_deref().and_then(etag));
        }
        let gone = |id: &ObjectId| Self::fault(Kind::Gone, format!("NetBox has no device {id} any more"));
        let outcomes = || {
            chunk
                .iter()
                .map(|(id, _)| found.get(id).map_or_else(|| Err(gone(id)), |row| self.hold_site(*id, &row.site.slug)))
                .collect()
        };
        if body.is_empty() {
            return Ok(outcomes());
        }
        // Each device's ETag has to be among those given. Where one cannot be told, none is guarded, as before 4.6.
        let tags: Option<Vec<String>> = tags.into_iter().collect();
        let tags = tags.filter(|_| self.knows_etags());
        let guard = tags.and_then(|tags| HeaderValue::from_str(&tags.join(", ")).ok());
        let asked = body.len();
        match self.patch_if::<Vec<Id>>(DEVICES, &Value::Array(body), guard.as_ref()).await {
            Ok(Revised::Done(done)) if done.len() == asked => Ok(outcomes()),
            // Some were skipped in silence, or one of them changed: look at each.
            Ok(Revised::Done(_) | Revised::Stale) => self.write_singly(chunk).await,
            Err(fault) if is_netboxs(&fault) => Err(fault),
            Err(_) => self.write_singly(chunk).await,
        }
    }

    async fn write_singly(&self, chunk: &[(ObjectId, StatusWrite)]) -> Result<Vec<Result<(), Fault>>, Fault> {
        let mut outcomes: Vec<Result<(), Fault>> = Vec::with_capacity(chunk.len());
        for (id, write) in chunk {
            let known = outcomes.last().and_then(|last| last.as_ref().err()).filter(|f| is_netboxs(f)).cloned();
            outcomes.push(match known {
                Some(fault) => Err(fault),
                None => self.write_status(*id, write).await,
            });
        }
        Ok(outcomes)
    }
}

/// Whether the next call would meet the same.
fn is_netboxs(fault: &Fault) -> bool {
    fault.kind.may_retry() || matches!(fault.kind, Kind::Unauthorised | Kind::Forbidden)
}

/// The ETag NetBox makes from a last change. It writes that in UTC there, but in its own zone in the body.
fn etag(last_updated: &str) -> Option<String> {
    Some(format!("W/\"{}+00:00\"", last_updated.strip_suffix('Z')?))
}
