//! The inventory as a whole: all devices of a site, what changed since, one device with its cables. By GraphQL where
//! this NetBox answers it, else over REST; both give the same.

mod changes;
mod graph;
mod rest;

use std::collections::BTreeMap;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::listed::{CableRecord, DeviceRecord, Inventory, Snapshot};
use rackhand_core::text::Text;
use serde_json::{Map, Value};

pub(super) use changes::CHANGES;

use super::client::NetBox;
use super::device::{LIFECYCLE, select};
use super::setup::STAMPS;

/// Devices of one site, more than any has.
const MOST_DEVICES: usize = 100_000;
/// Interfaces of one site.
const MOST_INTERFACES: usize = 1_000_000;

impl NetBox {
    /// All devices of a site with their interfaces and MACs. For 5,000 devices some 7 requests by GraphQL, some 25 over
    /// REST. What changes meanwhile may be in it or not; [`Self::changed_since`] its `as_of` tells.
    pub async fn read_all(&self, site: &SiteId) -> Result<Inventory, Fault> {
        let as_of = self.latest_change().await?;
        let devices = match self.graph_all(site).await? {
            Some(devices) if !devices.is_empty() => devices,
            // GraphQL finds nothing at a site that does not exist, and nothing that may not be read; REST says so.
            _ => self.rest_all(site).await?,
        };
        Ok(Inventory { as_of, devices, ..Inventory::new(site.clone()) })
    }

    /// One device with all that the steps of a unit look at: one request by GraphQL, two over REST.
    pub async fn device_snapshot(&self, device: ObjectId) -> Result<Snapshot, Fault> {
        match self.graph_snapshot(device).await? {
            Some(snapshot) => Ok(snapshot),
            None => self.rest_snapshot(device).await,
        }
    }

    /// These devices as they are now; those that are not in the answer are gone, or at another site.
    async fn devices_now(
        &self,
        site: &SiteId,
        ids: &[ObjectId],
        with_interfaces: bool,
    ) -> Result<(Vec<DeviceRecord>, bool), Fault> {
        match self.graph_some(site, ids).await? {
            Some(devices) => Ok((devices, true)),
            None => Ok((self.rest_some(site, ids, with_interfaces).await?, with_interfaces)),
        }
    }
}

/// The custom fields we keep of a device: its fine stage, and our stamps that are set.
fn our_fields(fields: &Map<String, Value>) -> (Option<Text>, BTreeMap<Text, Text>) {
    let stamp = |name: &&str| {
        let value = fields.get(*name)?.as_str()?;
        Some((Text::new(name), Text::new(value)))
    };
    (select(fields, LIFECYCLE), STAMPS.iter().filter_map(stamp).collect())
}

/// Twice a position; NetBox knows half units.
pub(super) fn half_units(position: f64) -> Option<u16> {
    let half = position * 2.0;
    (half.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&half)).then_some(half as u16)
}

/// A device that was not asked for.
fn stranger(what: &str) -> Fault {
    NetBox::fault(Kind::Malformed, format!("{what}: the filter was ignored"))
}

type Devices = BTreeMap<ObjectId, DeviceRecord>;
type Cables = BTreeMap<ObjectId, CableRecord>;
