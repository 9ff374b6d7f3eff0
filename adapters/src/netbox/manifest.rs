//! What a manifest names: a device by its serial, and the MAC on its BMC's interface.

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::{BmcPort, NewDevice, ObjectId};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde::Deserialize;
use serde_json::json;

use super::client::NetBox;
use super::device::{DEVICES, is_bmc_name};
use super::racks::TYPES;
use super::room::PORT_TEMPLATES;
use super::wire::{Id, Interface, Numbered, Slug};

pub(super) const SITES: &str = "dcim/sites/";
pub(super) const ROLES: &str = "dcim/device-roles/";
/// Devices with one serial; more is no inventory but an ignored filter.
const SAME_SERIAL: usize = 100;
/// Objects with one slug, or templates of one device type.
const MOST: usize = 500;

/// A device as its serial finds it.
#[derive(Deserialize)]
struct Bearer {
    id: ObjectId,
    site: Slug,
    serial: Text,
}

/// A device type, a role or a site.
#[derive(Deserialize)]
struct Slugged {
    id: ObjectId,
    slug: Text,
}

/// An interface that devices of a type come with.
#[derive(Deserialize)]
struct Template {
    id: ObjectId,
    name: Text,
    device_type: Id,
}

macro_rules! numbered {
    ($($name:ident),*) => { $(impl Numbered for $name { fn id(&self) -> ObjectId { self.id } })* };
}

numbered!(Bearer, Slugged, Template);

impl NetBox {
    /// The MAC on the BMC's interface of the device with this serial: `mac` or another. `None` where that interface
    /// has none yet, or where there is no such device and it may be made.
    ///
    /// # Errors
    /// [`Kind::Rejected`] where the device (if it may not be made) or its interface is missing, [`Kind::Conflict`]
    /// where there are several; both say what a person does.
    pub async fn registered_bmc(&self, serial: &str, mac: Mac, may_make: bool) -> Result<Option<BmcPort>, Fault> {
        let Some(device) = self.device_by_serial(serial).await? else {
            return if may_make { Ok(None) } else { Err(unknown(serial)) };
        };
        let interface = self.bmc_interface(device).await?;
        Ok(held(&interface, mac).map(|mac| BmcPort { device, interface: interface.id, name: interface.name, mac }))
    }

    /// Gives the BMC's interface of the device with this serial its MAC, if it has none. Where there is no such device
    /// and `make` tells what it is, with its status, it is made first. Gives what was done.
    ///
    /// # Errors
    /// As [`Self::registered_bmc`]; [`Kind::Conflict`] also where another device has the MAC.
    pub async fn register_bmc(&self, serial: &str, mac: Mac, make: Option<(&NewDevice, &Text)>) -> Result<Text, Fault> {
        let (device, made) = match (self.device_by_serial(serial).await?, make) {
            (Some(device), _) => (device, ""),
            (None, Some((new, status))) => (self.make_device(serial, new, status).await?, "device made, "),
            (None, None) => return Err(unknown(serial)),
        };
        let interface = self.bmc_interface(device).await?;
        if held(&interface, mac).is_none() {
            self.write_macs(device, &[(interface.id, mac)]).await?;
        }
        Ok(format!("{made}{mac} written to {} of device {device}", interface.name).into())
    }

    /// The one device with this serial. NetBox does not hold serials to be unique.
    async fn device_by_serial(&self, serial: &str) -> Result<Option<ObjectId>, Fault> {
        let query = [("serial", serial), ("fields", "id,serial,site")];
        let found: Vec<Bearer> = self.list(DEVICES, &query, SAME_SERIAL).await?;
        if let Some(other) = found.iter().find(|d| !d.serial.trim().eq_ignore_ascii_case(serial)) {
            let what = format!("{DEVICES}: asked for serial {serial}, got {}; the filter was ignored", other.serial);
            return Err(Self::fault(Kind::Malformed, what));
        }
        match found.as_slice() {
            [] => Ok(None),
            [one] => self.hold_site(one.id, &one.site.slug).map(|()| Some(one.id)),
            several => {
                let ids: Vec<ObjectId> = several.iter().map(|d| d.id).collect();
                let what = format!("{} devices have serial {serial}: {ids:?}", ids.len());
                Err(Self::fault(Kind::Conflict, what).advise("Correct the serials in NetBox, then retry."))
            }
        }
    }

    /// The device's interface that is named like a BMC.
    async fn bmc_interface(&self, device: ObjectId) -> Result<Interface, Fault> {
        let mut named = self.interfaces_of(device).await?;
        named.retain(|i| is_bmc_name(Some(&i.name)));
        let count = named.len();
        match (named.pop(), count) {
            (Some(one), 1) => Ok(one),
            (None, _) => {
                let what = format!("device {device} has no interface named bmc, ilo or idrac");
                Err(Self::fault(Kind::Rejected, what).advise("Add it to the device in NetBox, then retry."))
            }
            (Some(_), _) => {
                let what = format!("device {device} has {count} interfaces named like a BMC");
                Err(Self::fault(Kind::Conflict, what).advise("Rename those that are none in NetBox, then retry."))
            }
        }
    }

    /// Makes a device. Its type must bring the BMC's interface along, so that none is made that could not be used.
    async fn make_device(&self, serial: &str, new: &NewDevice, status: &Text) -> Result<ObjectId, Fault> {
        if !self.policy().runs(&new.site) {
            let what = format!("a device would be made at site {}, which is not this daemon's", new.site);
            return Err(Self::fault(Kind::Rejected, what).advise("Import it at its own site."));
        }
        let kind = self.by_slug(TYPES, "device type", &new.device_type).await?;
        let role = self.by_slug(ROLES, "device role", &new.role).await?;
        let site = self.by_slug(SITES, "site", &new.site).await?;
        let id = kind.to_string();
        let query = [("device_type_id", id.as_str()), ("fields", "id,name,device_type")];
        let templates: Vec<Template> = self.list(PORT_TEMPLATES, &query, MOST).await?;
        if templates.iter().any(|t| t.device_type.id != kind) {
            return Err(Self::fault(Kind::Malformed, format!("{PORT_TEMPLATES}: the filter by type was ignored")));
        }
        let count = templates.iter().filter(|t| is_bmc_name(Some(&t.name))).count();
        if count != 1 {
            let what = format!(
                "device type {} has {count} interfaces named bmc, ilo or idrac where one is needed; nothing was made",
                new.device_type
            );
            return Err(Self::fault(Kind::Rejected, what).advise("Correct the type in NetBox, then retry."));
        }
        let body = json!({
            "name": serial, "serial": serial, "device_type": kind, "role": role, "site": site, "status": status,
        });
        Ok(self.post::<Id>(DEVICES, &body).await?.id)
    }

    async fn by_slug(&self, path: &str, what: &str, slug: &Text) -> Result<ObjectId, Fault> {
        let found: Vec<Slugged> = self.list(path, &[("slug", slug), ("fields", "id,slug")], MOST).await?;
        if found.iter().any(|s| s.slug != *slug) {
            return Err(Self::fault(Kind::Malformed, format!("{path}: the filter by slug was ignored")));
        }
        match found.as_slice() {
            [one] => Ok(one.id),
            [] => {
                let what = format!("there is no {what} with the slug {slug}");
                Err(Self::fault(Kind::Rejected, what).advise("Add it in NetBox, or import again with another."))
            }
            several => {
                let what = format!("{} {what}s have the slug {slug}", several.len());
                Err(Self::fault(Kind::Conflict, what).advise("Give them slugs of their own in NetBox, then retry."))
            }
        }
    }
}

/// The MAC an interface has, as far as it decides: its primary one, else any that is not the one wanted. The wanted
/// one that is not primary yet is half of our own writing.
fn held(interface: &Interface, wanted: Mac) -> Option<Mac> {
    let primary = interface.primary_mac_address.as_ref().map(|m| m.mac_address);
    let mut others = interface.mac_addresses.iter().map(|m| m.mac_address);
    primary.or_else(|| if others.clone().any(|m| m == wanted) { None } else { others.next() })
}

fn unknown(serial: &str) -> Fault {
    NetBox::fault(Kind::Rejected, format!("no device has serial {serial}"))
        .advise("Add it in NetBox and retry, or import again with --type, --role and --site.")
}
