//! Devices: whose BMC a MAC is, and the status and lifecycle fields we keep there.

use std::collections::BTreeSet;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::{Device, Lookup, ObjectId};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::client::{NetBox, Revised, object};
use super::wire::{Choice, DeviceCard, DeviceOob, DeviceRow, DeviceStatus, Holder, Id, MacAddress, Named, Rack, Sited};

/// NetBox's devices.
pub(super) const DEVICES: &str = "dcim/devices/";
/// Its MAC address objects.
pub(super) const MACS: &str = "dcim/mac-addresses/";
/// The select field that holds the fine stage.
pub(super) const LIFECYCLE: &str = "lifecycle_state";
/// MAC objects with the same address: more is no inventory but an ignored filter.
const SAME_MAC: usize = 100;
/// MAC objects of a NetBox at the most.
const ALL_MACS: usize = 500_000;

/// A device's status and what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReading {
    /// Status value.
    pub status: Text,
    /// Custom field `lifecycle_state`, where it is set.
    pub lifecycle_state: Option<Text>,
    /// Tenant slug.
    pub tenant: Option<Text>,
}

/// What to write to a device.
#[derive(Clone, Debug)]
pub struct StatusWrite {
    /// Status value.
    pub status: Text,
    /// Stage word for `lifecycle_state`; `None` leaves the field as it is.
    pub lifecycle_state: Option<&'static str>,
    /// Datetime custom fields and their values.
    pub stamps: Vec<(&'static str, Timestamp)>,
    /// What becomes of the tenant.
    pub tenant: TenantWrite,
}

/// What becomes of a device's tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantWrite {
    /// It stays.
    Keep,
    /// The device has none any more.
    Clear,
    /// It is the one with this slug.
    Slug(Text),
}

impl NetBox {
    /// Whose BMC this MAC is. A MAC object on no interface, or on a virtual machine's, is nobody's.
    pub async fn device_by_bmc_mac(&self, mac: Mac) -> Result<Lookup, Fault> {
        let query = [("mac_address", &*mac.to_string()), ("fields", MacAddress::FIELDS)];
        let found: Vec<MacAddress> = self.list(MACS, &query, SAME_MAC).await?;
        if let Some(other) = found.iter().find(|m| m.mac != mac) {
            let what = format!("{MACS}: asked for {mac}, got {}; the filter was ignored", other.mac);
            return Err(Self::fault(Kind::Malformed, what));
        }
        let (device, interface) = match held(&found) {
            Held::Nobody => return Ok(Lookup::Nobody),
            Held::Several(devices) => return Ok(Lookup::Several(devices)),
            Held::One { device, interface } => (device, interface),
        };
        let card: DeviceCard = self.device(device, DeviceCard::FIELDS).await?.0;
        Ok(Lookup::One(card.into_device(interface)))
    }

    /// All MACs NetBox holds, whosever they are: a hint who may be somebody.
    pub async fn all_macs(&self) -> Result<BTreeSet<Mac>, Fault> {
        let found: Vec<MacAddress> = self.list(MACS, &[("fields", MacAddress::FIELDS)], ALL_MACS).await?;
        Ok(found.into_iter().map(|m| m.mac).collect())
    }

    /// A device's status, lifecycle field and tenant.
    pub async fn status(&self, device: ObjectId) -> Result<StatusReading, Fault> {
        let (found, _): (DeviceStatus, _) = self.device(device, DeviceStatus::FIELDS).await?;
        Ok(StatusReading {
            lifecycle_state: select(&found.custom_fields, LIFECYCLE),
            status: found.status.0,
            tenant: found.tenant.map(|t| t.slug),
        })
    }

    /// Writes status, lifecycle fields and tenant where they differ, guarded by the device's ETag.
    pub async fn write_status(&self, device: ObjectId, write: &StatusWrite) -> Result<(), Fault> {
        self.revise(device, DeviceStatus::FIELDS, |found: &DeviceStatus| write.difference(found)).await
    }

    /// Reads a device with its ETag.
    pub(super) async fn device<T: DeserializeOwned + HasId>(
        &self,
        device: ObjectId,
        fields: &str,
    ) -> Result<(T, Option<hyper::header::HeaderValue>), Fault> {
        let (found, tag): (T, _) = self.get(&object(DEVICES, device), &[("fields", fields)]).await?;
        if found.id() != device {
            let what = format!("asked for device {device}, got {}", found.id());
            return Err(Self::fault(Kind::Malformed, what));
        }
        if let Some(site) = found.site() {
            self.hold_site(device, site)?;
        }
        Ok((found, tag))
    }

    /// That NetBox has this device at a site of ours.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where it has it at another.
    pub async fn at_our_site(&self, device: ObjectId) -> Result<(), Fault> {
        self.device::<Sited>(device, Sited::FIELDS).await.map(drop)
    }

    /// The site is a witness of identity: a device of another is not touched, whoever named it.
    pub(super) fn hold_site(&self, device: ObjectId, site: &str) -> Result<(), Fault> {
        if self.policy().runs(site) {
            return Ok(());
        }
        let ours = &self.policy().site;
        let what = format!("NetBox has device {device} at site {site}, not at {ours}: it was left alone");
        Err(Self::fault(Kind::Conflict, what).advise(
            "Find out where the server is. Correct its site in NetBox and retry, or import it at its own site.",
        ))
    }

    /// Reads a device, lets `change` say what differs, and writes that unless somebody else wrote in between; then
    /// once more. Before 4.6 there is no ETag and no such protection.
    pub(super) async fn revise<T: DeserializeOwned + HasId>(
        &self,
        device: ObjectId,
        fields: &str,
        change: impl Fn(&T) -> Option<Value>,
    ) -> Result<(), Fault> {
        for _ in 0..2 {
            let (found, tag) = self.device::<T>(device, fields).await?;
            let Some(body) = change(&found) else { return Ok(()) };
            let path = object(DEVICES, device);
            match self.patch_if::<Id>(&path, &body, tag.as_ref()).await? {
                Revised::Done(_) => return Ok(()),
                Revised::Stale => {}
            }
        }
        let what = format!("device {device} was changed by somebody else twice while we wrote; nothing written");
        Err(Self::fault(Kind::Transient, what))
    }
}

/// Who holds a MAC.
pub(super) enum Held {
    Nobody,
    One { device: ObjectId, interface: ObjectId },
    Several(Vec<ObjectId>),
}

/// Who holds the MAC these objects are about.
pub(super) fn held(objects: &[MacAddress]) -> Held {
    let holders: Vec<(ObjectId, &Holder)> = objects
        .iter()
        .filter_map(MacAddress::interface)
        .filter_map(|holder| Some((holder.device.as_ref()?.id, holder)))
        .collect();
    let devices: BTreeSet<ObjectId> = holders.iter().map(|(device, _)| *device).collect();
    if devices.len() > 1 {
        return Held::Several(devices.into_iter().collect());
    }
    // On two interfaces of one device, the one that is named like a BMC has it.
    let holder = holders.iter().min_by_key(|(_, h)| (!is_bmc_name(h.name.as_deref()), h.id));
    holder.map_or(Held::Nobody, |(device, h)| Held::One { device: *device, interface: h.id })
}

/// A reading of one device.
pub(super) trait HasId {
    /// The device's id.
    fn id(&self) -> ObjectId;
    /// Its site's slug, where only devices of ours are to be read so.
    fn site(&self) -> Option<&str> {
        None
    }
}

macro_rules! has_id {
    ($($name:ident),*) => { $(impl HasId for $name { fn id(&self) -> ObjectId { self.id } })* };
    (ours: $($name:ident),*) => { $(impl HasId for $name {
        fn id(&self) -> ObjectId { self.id }
        fn site(&self) -> Option<&str> { Some(&self.site.slug) }
    })* };
}

has_id!(DeviceCard, DeviceRow, Named);
has_id!(ours: DeviceStatus, DeviceOob, Sited);

impl StatusWrite {
    /// What has to be sent so that `found` becomes this; a write that changes nothing would still fire webhooks.
    pub(super) fn difference(&self, found: &DeviceStatus) -> Option<Value> {
        let mut body = Map::new();
        if found.status.0 != self.status {
            body.insert("status".into(), json!(self.status));
        }
        let mut fields = Map::new();
        if let Some(state) = self.lifecycle_state
            && select(&found.custom_fields, LIFECYCLE).as_deref() != Some(state)
        {
            fields.insert(LIFECYCLE.into(), json!(state));
        }
        for (field, stamp) in &self.stamps {
            let stamp = json!(stamp.to_string());
            if found.custom_fields.get(*field) != Some(&stamp) {
                fields.insert((*field).into(), stamp);
            }
        }
        if !fields.is_empty() {
            body.insert("custom_fields".into(), Value::Object(fields));
        }
        let tenant = found.tenant.as_ref().map(|t| &t.slug);
        match &self.tenant {
            TenantWrite::Clear if tenant.is_some() => drop(body.insert("tenant".into(), Value::Null)),
            TenantWrite::Slug(slug) if tenant != Some(slug) => {
                body.insert("tenant".into(), json!({ "slug": slug }));
            }
            _ => {}
        }
        (!body.is_empty()).then_some(Value::Object(body))
    }
}

impl DeviceCard {
    pub(super) fn into_device(self, bmc_interface: ObjectId) -> Device {
        let place = self.rack.map(|Rack { name }| match self.position {
            Some(unit) => Text::from(format!("{name} U{unit}")),
            None => name,
        });
        Device {
            id: self.id,
            name: self.name.unwrap_or_else(|| Text::new("")),
            serial: Some(self.serial).filter(|s| !s.is_empty()),
            model: self.device_type.model,
            site: self.site.slug,
            place,
            status: self.status.0,
            lifecycle_state: select(&self.custom_fields, LIFECYCLE),
            tenant: self.tenant.map(|t| t.slug),
            bmc_interface,
            oob_address: self.oob_ip.map(|ip| ip.address.addr()),
        }
    }
}

/// A select field's value, bare or with its label.
pub(super) fn select(fields: &Map<String, Value>, name: &str) -> Option<Text> {
    let value = fields.get(name)?;
    serde_json::from_value::<Choice>(value.clone()).ok().map(|c| c.0)
}

/// Whether an interface with this name is a BMC's.
pub(super) fn is_bmc_name(name: Option<&str>) -> bool {
    name.is_some_and(|n| ["bmc", "ilo", "idrac"].iter().any(|known| n.eq_ignore_ascii_case(known)))
}
