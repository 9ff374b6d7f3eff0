//! The BMC's address: an IP object on its interface that is also the device's out-of-band address.

use std::net::IpAddr;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::ObjectId;
use serde_json::{Value, json};

use super::client::{NetBox, Revised, object};
use super::device::DEVICES;
use super::wire::{self, DeviceOob, INTERFACE, Id, IpAddress, Prefix};

pub(super) const ADDRESSES: &str = "ipam/ip-addresses/";
pub(super) const PREFIXES: &str = "ipam/prefixes/";
/// IP objects of one interface, or with one address.
const MOST: usize = 100;

impl NetBox {
    /// The address of the device's BMC as NetBox has it: `Some` only if it is assigned to that interface and is the
    /// device's out-of-band address.
    pub async fn bmc_address(&self, device: ObjectId, interface: ObjectId) -> Result<Option<IpAddr>, Fault> {
        let (found, _): (DeviceOob, _) = self.device(device, DeviceOob::FIELDS).await?;
        let Some(oob) = found.oob_ip else { return Ok(None) };
        let path = object(ADDRESSES, oob.id);
        let ip: Option<IpAddress> = self.find(&path, &[("fields", IpAddress::FIELDS)]).await?;
        Ok(ip.filter(|ip| ip.id == oob.id && ip.is_on(interface)).map(|ip| ip.address.addr()))
    }

    /// Gives the BMC's interface this address and makes it the device's out-of-band address. An address that moved is
    /// changed in place, an unassigned equal object is reused. Another interface's is [`Kind::Conflict`].
    pub async fn assign_bmc_address(
        &self,
        device: ObjectId,
        interface: ObjectId,
        address: IpAddr,
    ) -> Result<(), Fault> {
        // Before anything of it is touched: this also holds where the device is.
        let (found, tag): (DeviceOob, _) = self.device(device, DeviceOob::FIELDS).await?;
        let here = self.addresses_on(interface).await?;
        let (ip, left) = match here.iter().find(|ip| ip.address.addr() == address) {
            Some(there) => (there.id, None),
            None => self.place(&found, interface, address, &here).await?,
        };
        let change =
            |found: &DeviceOob| (found.oob_ip.as_ref().map(|oob| oob.id) != Some(ip)).then(|| json!({ "oob_ip": ip }));
        if let Some(body) = change(&found)
            && let Revised::Stale = self.patch_if::<Id>(&object(DEVICES, device), &body, tag.as_ref()).await?
        {
            self.revise(device, DeviceOob::FIELDS, change).await?;
        }
        match left {
            Some(old) => self.unassign(old).await,
            None => Ok(()),
        }
    }

    /// Undoes [`Self::assign_bmc_address`]: the device has no out-of-band address on that interface, and the IP object
    /// is left unassigned, so that what a person wrote on it stays.
    pub async fn release_bmc_address(&self, device: ObjectId, interface: ObjectId) -> Result<(), Fault> {
        let here = self.addresses_on(interface).await?;
        let (found, _): (DeviceOob, _) = self.device(device, DeviceOob::FIELDS).await?;
        let oob = found.oob_ip.map(|ip| ip.id).filter(|id| here.iter().any(|ip| ip.id == *id));
        if let Some(oob) = oob {
            self.revise(device, DeviceOob::FIELDS, |found: &DeviceOob| {
                (found.oob_ip.as_ref().map(|ip| ip.id) == Some(oob)).then(|| json!({ "oob_ip": Value::Null }))
            })
            .await?;
        }
        for ip in here.iter().filter(|ip| Some(ip.id) == oob || &*ip.status.0 == "dhcp") {
            self.unassign(ip.id).await?;
        }
        Ok(())
    }

    /// Brings an IP object with `address` onto the interface. Returns it, and the one it takes the place of where
    /// that could not be changed itself.
    async fn place(
        &self,
        device: &DeviceOob,
        interface: ObjectId,
        address: IpAddr,
        here: &[IpAddress],
    ) -> Result<(ObjectId, Option<ObjectId>), Fault> {
        let old = replaced(device, address, here)?;
        if let Some(free) = self.equal(interface, address).await? {
            let body = json!({ "assigned_object_type": INTERFACE, "assigned_object_id": interface });
            self.patch::<Id>(&object(ADDRESSES, free), &body).await?;
            return Ok((free, old));
        }
        let cidr = format!("{address}/{}", self.prefix_length(address).await?);
        let written: Result<Id, Fault> = match old {
            Some(old) => self.patch(&object(ADDRESSES, old), &json!({ "address": cidr })).await,
            None => {
                let body = json!({
                    "address": cidr, "status": "dhcp",
                    "assigned_object_type": INTERFACE, "assigned_object_id": interface,
                });
                self.post(ADDRESSES, &body).await
            }
        };
        match written {
            Ok(ip) => Ok((ip.id, None)),
            // Somebody was quicker. Either it is there now, or it says whose it is.
            Err(fault) if fault.kind == Kind::Conflict => {
                let here = self.addresses_on(interface).await?;
                if let Some(ip) = here.iter().find(|ip| ip.address.addr() == address) {
                    return Ok((ip.id, None));
                }
                self.equal(interface, address).await?;
                Err(fault)
            }
            Err(fault) => Err(fault),
        }
    }

    /// An unassigned object with this address, in the global table. One assigned elsewhere is a conflict.
    async fn equal(&self, interface: ObjectId, address: IpAddr) -> Result<Option<ObjectId>, Fault> {
        let query = [("address", &*address.to_string()), ("fields", IpAddress::FIELDS)];
        let found: Vec<IpAddress> = self.list(ADDRESSES, &query, MOST).await?;
        if found.iter().any(|ip| ip.address.addr() != address) {
            return Err(Self::fault(Kind::Malformed, format!("{ADDRESSES}: the filter by address was ignored")));
        }
        let global = || found.iter().filter(|ip| ip.vrf.is_none());
        if let Some(taken) = global().find(|ip| ip.assigned_object_type.is_some() && !ip.is_on(interface)) {
            let holder =
                taken.assigned_object.as_ref().map_or_else(|| "another object".to_owned(), wire::Holder::describe);
            let what = format!("{address} is assigned to {holder} (IP address {})", taken.id);
            return Err(Self::fault(Kind::Conflict, what)
                .advise("Find out which of the two has the address, and free it on the other in NetBox."));
        }
        Ok(global().find(|ip| ip.assigned_object_type.is_none()).map(|ip| ip.id))
    }

    async fn addresses_on(&self, interface: ObjectId) -> Result<Vec<IpAddress>, Fault> {
        let query = [("interface_id", &*interface.to_string()), ("fields", IpAddress::FIELDS)];
        let found: Vec<IpAddress> = self.list(ADDRESSES, &query, MOST).await?;
        if found.iter().any(|ip| !ip.is_on(interface)) {
            return Err(Self::fault(Kind::Malformed, format!("{ADDRESSES}: the filter by interface was ignored")));
        }
        Ok(found)
    }

    /// The length of the narrowest prefix NetBox has around the address; else 24, and 64 for IPv6.
    async fn prefix_length(&self, address: IpAddr) -> Result<u8, Fault> {
        let query = [("contains", &*address.to_string()), ("fields", "id,prefix,vrf")];
        let found: Vec<Prefix> = self.list(PREFIXES, &query, MOST).await?;
        if found.iter().any(|p| !p.net.contains(&address)) {
            return Err(Self::fault(Kind::Malformed, format!("{PREFIXES}: the filter by address was ignored")));
        }
        let narrowest = found.iter().filter(|p| p.vrf.is_none()).map(|p| p.net.prefix_len()).max();
        Ok(narrowest.unwrap_or_else(|| usual_length(address)))
    }

    async fn unassign(&self, ip: ObjectId) -> Result<(), Fault> {
        let body = json!({ "assigned_object_type": null, "assigned_object_id": null });
        let done: Result<Id, Fault> = self.patch(&object(ADDRESSES, ip), &body).await;
        match done {
            Err(fault) if fault.kind == Kind::Gone => Ok(()),
            other => other.map(drop),
        }
    }
}

/// The IP object of the interface that the new address takes the place of: the out-of-band one, else the only one.
fn replaced(device: &DeviceOob, address: IpAddr, here: &[IpAddress]) -> Result<Option<ObjectId>, Fault> {
    let alike: Vec<&IpAddress> = here.iter().filter(|ip| ip.address.addr().is_ipv4() == address.is_ipv4()).collect();
    match alike.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.id)),
        several => {
            let oob = device.oob_ip.as_ref().map(|ip| ip.id).filter(|id| several.iter().any(|ip| ip.id == *id));
            oob.map(Some).ok_or_else(|| {
                let what = format!("the BMC's interface has {} addresses, none of them {address}", several.len());
                NetBox::fault(Kind::Conflict, what).advise("Remove those that are out of date in NetBox.")
            })
        }
    }
}

/// What a management network usually has. Where that would make it the network's own or its broadcast address, which
/// NetBox gives to no interface, the address stands alone.
fn usual_length(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if matches!(v4.octets()[3], 0 | 255) => 32,
        IpAddr::V4(_) => 24,
        IpAddr::V6(v6) if v6.segments()[4..] == [0; 4] => 128,
        IpAddr::V6(_) => 64,
    }
}
