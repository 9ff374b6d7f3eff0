//! What changed since a moment, from NetBox's change log. It is written by the clock at a request's beginning and seen
//! when the request is committed, so a little of it is read twice; rows that were seen are passed over.

use std::collections::BTreeSet;
use std::time::Duration;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::listed::{Changes, Delta, Inventory};
use rackhand_core::time::Timestamp;
use serde_json::Value;

use super::super::client::NetBox;
use super::super::wire::{ObjectChange, Page};

pub(in super::super) const CHANGES: &str = "core/object-changes/";
/// Rows read at once; more are not worth following.
const ROWS: &str = "1000";
/// Devices that are read one by one; from this on the whole is read again.
const MOST: usize = 200;
/// How long a request may take to commit: NetBox's proxies give up earlier.
const OVERLAP: Duration = Duration::from_secs(60);

/// Kinds of objects that tell of the devices themselves, as [`Inventory`] holds them.
const KINDS: [&str; 8] = [
    "dcim.device",
    "dcim.interface",
    "dcim.macaddress",
    "ipam.ipaddress",
    "dcim.rack",
    "dcim.site",
    "dcim.devicetype",
    "tenancy.tenant",
];

impl NetBox {
    /// The moment of the newest row of the change log; `None` where we may not read it.
    pub(in super::super) async fn latest_change(&self) -> Result<Option<Timestamp>, Fault> {
        let query =
            [("ordering", "-time"), ("limit", "1"), ("fields", "id,time,changed_object_type,changed_object_id")];
        let page: Result<(Page<ObjectChange>, _), Fault> = self.get(CHANGES, &query).await;
        match page {
            Ok((page, _)) => page.results.first().map_or(Ok(Some(Timestamp::default())), |row| time(row).map(Some)),
            Err(fault) if fault.kind == Kind::Forbidden => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What changed of this inventory since its `as_of`: one request where nothing did, else two, and a third where
    /// interfaces changed and NetBox answers no GraphQL.
    ///
    /// # Errors
    /// [`Kind::Forbidden`] where the token may not read the change log: read everything then.
    pub async fn changed_since(&self, known: &Inventory) -> Result<Changes, Fault> {
        let Some(since) = known.as_of else {
            return Ok(Changes::Read("the change log could not be read".into()));
        };
        let from = (since - OVERLAP).to_string();
        let mut query = vec![("time_after", from.as_str()), ("ordering", "id"), ("limit", ROWS)];
        query.extend(KINDS.map(|kind| ("changed_object_type", kind)));
        query.push(("fields", ObjectChange::FIELDS));
        let (page, _): (Page<ObjectChange>, _) = self.get(CHANGES, &query).await?;
        if page.next.is_some() {
            return Ok(Changes::Read(format!("more than {ROWS} changes").into()));
        }
        let mut until = since;
        let (mut touched, mut interfaces) = (BTreeSet::new(), false);
        let seen: BTreeSet<ObjectId> = page.results.iter().map(|row| row.id).collect();
        for row in page.results.iter().filter(|row| !known.seen.contains(&row.id)) {
            let at = time(row)?;
            until = until.max(at);
            match row.changed_object_type.as_str() {
                "dcim.device" => drop(touched.insert(row.changed_object_id)),
                "dcim.interface" => {
                    interfaces = true;
                    touched.extend(mentioned(row, "device"));
                }
                "dcim.macaddress" => {
                    interfaces = true;
                    touched.extend(holders(row, known));
                }
                "ipam.ipaddress" => touched.extend(holders(row, known)),
                kind if KINDS.contains(&kind) => {
                    return Ok(Changes::Read(format!("a {kind} changed").into()));
                }
                _ => {}
            }
        }
        if touched.len() > MOST {
            return Ok(Changes::Read(format!("{} devices changed", touched.len()).into()));
        }
        let ids: Vec<ObjectId> = touched.into_iter().collect();
        if ids.is_empty() {
            return Ok(Changes::Some(Delta { until, seen, ..Delta::default() }));
        }
        // A device we do not know has interfaces we do not know.
        interfaces |= ids.iter().any(|id| !known.devices.contains_key(id));
        let (mut changed, whole) = self.devices_now(&known.site, &ids, interfaces).await?;
        if !whole {
            for device in &mut changed {
                let before = known.devices.get(&device.id).map(|d| d.interfaces.clone());
                device.interfaces = before.unwrap_or_default();
            }
        }
        let there: BTreeSet<ObjectId> = changed.iter().map(|d| d.id).collect();
        let gone = ids.into_iter().filter(|id| !there.contains(id) && known.devices.contains_key(id)).collect();
        // A device of another site is none of ours, changed or not.
        Ok(Changes::Some(Delta { until, seen, changed, gone }))
    }
}

fn time(row: &ObjectChange) -> Result<Timestamp, Fault> {
    let what = |e| format!("{CHANGES}: `{}` is {e}", row.time);
    row.time.parse().map_err(|e| NetBox::fault(Kind::Malformed, what(e)))
}

/// The ids a row gives for a related object, before and after.
fn mentioned(row: &ObjectChange, key: &str) -> impl Iterator<Item = ObjectId> {
    let sides = [&row.prechange_data, &row.postchange_data];
    sides.map(|side| side.get(key).and_then(Value::as_u64)).into_iter().flatten()
}

/// The devices whose interfaces a MAC or address was on, before or after. An interface we do not know has a row of its
/// own.
fn holders(row: &ObjectChange, known: &Inventory) -> Vec<ObjectId> {
    mentioned(row, "assigned_object_id").filter_map(|i| known.with_interface(i)).map(|d| d.id).collect()
}
