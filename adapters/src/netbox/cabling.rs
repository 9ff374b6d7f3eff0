//! Cables: what is planned, what is connected, and connecting what LLDP proved.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::listed::is_bmc_name;
use rackhand_core::inventory::{CablingPlan, Interface, ObjectId, Port, host, is_same_host};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde_json::{Value, json};

use super::client::NetBox;
use super::device::DEVICES;
use super::wire::{self, Cable, Holder, INTERFACE, Id, Named};

/// NetBox's interfaces.
pub(super) const INTERFACES: &str = "dcim/interfaces/";
pub(super) const CABLES: &str = "dcim/cables/";
/// Interfaces of one server, virtual ones too.
pub(super) const OF_A_SERVER: usize = 500;
/// Devices with one name, or interfaces with one name in a virtual chassis.
const NAMESAKES: usize = 100;

/// An interface and what is plugged into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceReading {
    /// The interface and its far end.
    pub interface: Interface,
    /// Its cable.
    pub cable: Option<CableEnd>,
}

/// A cable as one of its ends sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CableEnd {
    /// The cable's id.
    pub id: ObjectId,
    /// Whether its status is `connected`; else it is planned or on its way out.
    pub connected: bool,
}

impl NetBox {
    /// The device's interfaces, management-only ones left out but its BMC's, with the far ends of their cables.
    pub async fn cabling_plan(&self, device: ObjectId) -> Result<CablingPlan, Fault> {
        let interfaces = self.interfaces_of(device).await?;
        let plan = interfaces.iter().filter(|i| !i.mgmt_only).map(interface).collect();
        let bmc = interfaces.iter().find(|i| i.mgmt_only && is_bmc_name(&i.name)).map(interface);
        Ok(CablingPlan { interfaces: plan, bmc })
    }

    /// Makes interfaces of these names for NICs that the device lacks; one of the same name that has come meanwhile is
    /// taken. Of what type a port is nobody tells, so it is `other`. Returns the interface of each MAC.
    pub async fn make_interfaces(&self, device: ObjectId, nics: &[(Text, Mac)]) -> Result<Vec<(ObjectId, Mac)>, Fault> {
        if nics.is_empty() {
            return Ok(Vec::new());
        }
        let there = self.interfaces_of(device).await?;
        let (mut found, mut make) = (Vec::new(), Vec::new());
        for (name, mac) in nics {
            match there.iter().find(|i| i.name == *name) {
                Some(interface) => found.push((interface.id, *mac)),
                None => make.push((json!({ "device": device, "name": name, "type": "other" }), *mac)),
            }
        }
        if !make.is_empty() {
            let body = Value::Array(make.iter().map(|(body, _)| body.clone()).collect());
            let made: Vec<Id> = self.post(INTERFACES, &body).await?;
            if made.len() != make.len() {
                let what = format!("{INTERFACES}: {} interfaces sent, {} made", make.len(), made.len());
                return Err(Self::fault(Kind::Malformed, what));
            }
            // A list is answered in its own order.
            found.extend(made.iter().zip(make).map(|(made, (_, mac))| (made.id, mac)));
        }
        Ok(found)
    }

    /// The same with each cable and whether it is connected.
    pub async fn cables(&self, device: ObjectId) -> Result<Vec<InterfaceReading>, Fault> {
        let interfaces = self.interfaces_of(device).await?;
        let connected = self.cable_states(device, &interfaces).await?;
        let reading = |i: &wire::Interface| InterfaceReading {
            interface: interface(i),
            cable: i.cable.as_ref().map(|c| CableEnd { id: c.id, connected: connected.get(&c.id) == Some(&true) }),
        };
        Ok(interfaces.iter().filter(|i| !i.mgmt_only).map(reading).collect())
    }

    /// Makes each cable connected: a planned one between exactly these ends is confirmed, between two free ends one is
    /// made. What stands in the way of one cable does not keep the others; the first such fault is returned.
    pub async fn connect_cables(&self, device: ObjectId, cables: &[(ObjectId, Port)]) -> Result<(), Fault> {
        let interfaces = self.interfaces_of(device).await?;
        let connected = self.cable_states(device, &interfaces).await?;
        let (mut confirm, mut make, mut taken, mut fault) = (Vec::new(), Vec::new(), BTreeSet::new(), None);
        for (near, port) in cables {
            let step = match interfaces.iter().find(|i| i.id == *near) {
                Some(near) => self.plan_cable(device, near, port, &connected, &mut taken, Purpose::Proven).await,
                None => Err(Self::fault(Kind::Gone, format!("device {device} has no interface {near} any more"))),
            };
            match step {
                Ok(Plan::Stands) => {}
                Ok(Plan::Confirm(cable)) => confirm.push(json!({ "id": cable, "status": "connected" })),
                Ok(Plan::Make(far)) => make.push(json!({
                    "a_terminations": [{ "object_type": INTERFACE, "object_id": near }],
                    "b_terminations": [{ "object_type": INTERFACE, "object_id": far }],
                    "status": "connected",
                })),
                // A fault of the call, not of this cable, would meet the others too.
                Err(f) if f.kind.may_retry() || matches!(f.kind, Kind::Unauthorised | Kind::Forbidden) => {
                    return Err(f);
                }
                Err(f) => fault = fault.or(Some(f)),
            }
        }
        if !confirm.is_empty() {
            self.patch_all(CABLES, confirm).await?;
        }
        if !make.is_empty() {
            let asked = make.len();
            let made: Vec<Id> = self.post(CABLES, &Value::Array(make)).await?;
            if made.len() != asked {
                let what = format!("{CABLES}: {asked} cables sent, {} made", made.len());
                return Err(Self::fault(Kind::Malformed, what));
            }
        }
        fault.map_or(Ok(()), Err)
    }

    pub(super) async fn plan_cable(
        &self,
        device: ObjectId,
        near: &wire::Interface,
        port: &Port,
        connected: &BTreeMap<ObjectId, bool>,
        taken: &mut BTreeSet<ObjectId>,
        purpose: Purpose,
    ) -> Result<Plan, Fault> {
        let (name, was) = (&near.name, purpose.word());
        if let Some(cable) = &near.cable {
            let there = far_end(near);
            return match there {
                Some(there) if there.is(port) && connected.get(&cable.id) == Some(&true) => Ok(Plan::Stands),
                Some(there) if there.is(port) => Ok(Plan::Confirm(cable.id)),
                there => {
                    let to = there.map_or_else(|| "nowhere we can tell".into(), |p| format!("{} {}", p.switch, p.port));
                    let what = format!(
                        "{name} {was} {} {}, but cable #{} goes from it to {to}",
                        port.switch, port.port, cable.id
                    );
                    Err(Self::fault(Kind::Conflict, what).advise("Move the cable, or correct it in NetBox."))
                }
            };
        }
        let far = self.switch_port(device, port).await?;
        if let Some(cable) = &far.cable {
            let held = far_end(&far).map_or_else(|| "elsewhere".into(), |p| format!("{} {}", p.switch, p.port));
            let what = format!(
                "{name} {was} {} {}, but cable #{} goes from there to {held}",
                port.switch, port.port, cable.id
            );
            return Err(Self::fault(Kind::Conflict, what).advise("Move the cable, or correct it in NetBox."));
        }
        for end in [near, &far] {
            if end.mark_connected {
                let what = format!("{} is marked as connected without a cable, so NetBox takes none", end.name);
                return Err(Self::fault(Kind::Rejected, what).advise("Take the mark off in NetBox."));
            }
        }
        if !taken.insert(far.id) {
            let what = format!("a second interface {was} {} {}", port.switch, port.port);
            return Err(Self::fault(Kind::Conflict, what).advise("Check the cables; a port takes one."));
        }
        Ok(Plan::Make(far.id))
    }

    async fn switch_port(&self, device: ObjectId, port: &Port) -> Result<wire::Interface, Fault> {
        let Port { switch, port } = port;
        let switch_id = self.switch(device, switch, "switch").await?;
        let of = switch_id.to_string();
        let query = [("device_id", &*of), ("name", port.as_str()), ("fields", wire::Interface::FIELDS)];
        let found: Vec<wire::Interface> = self.list(INTERFACES, &query, NAMESAKES).await?;
        if found.iter().any(|i| i.name != *port) {
            return Err(Self::fault(Kind::Malformed, format!("{INTERFACES}: the filter by name was ignored")));
        }
        // The master of a virtual chassis answers for its members' interfaces too.
        found.into_iter().find(|i| i.device.id == switch_id).ok_or_else(|| {
            Self::fault(Kind::Rejected, format!("switch {switch} has no interface {port} in NetBox"))
                .advise("Add the interface in NetBox under the name the switch sends by LLDP.")
        })
    }

    /// The switch with this name, in any case of letters; where none has it, the one whose name is the same but for a
    /// domain. Among several, the one at the device's own site.
    pub(super) async fn switch(&self, device: ObjectId, name: &Text, what: &str) -> Result<ObjectId, Fault> {
        let name = Text::new(name.trim_end_matches('.'));
        let mut found = self.named("name__ie", &name, &name).await?;
        if found.is_empty() {
            found = match host(&name) {
                short if short.len() < name.len() => self.named("name__ie", short, &name).await?,
                short => self.named("name__isw", &format!("{short}."), &name).await?,
            };
        }
        if found.len() > 1 {
            let (own, _): (Named, _) = self.device(device, "id,name,site").await?;
            let site = own.site.map(|s| s.id);
            found.retain(|d| d.site.as_ref().map(|s| s.id) == site);
        }
        match found.as_slice() {
            [one] => Ok(one.id),
            [] => Err(Self::fault(Kind::Rejected, format!("NetBox has no {what} {name}"))
                .advise("Add it in NetBox; a switch under the name it sends by LLDP.")),
            several => Err(Self::fault(Kind::Rejected, format!("NetBox has {} devices {name}", several.len()))
                .advise("Give each device of a site its own name.")),
        }
    }

    /// The devices this filter finds, all of which have that name, but for a domain.
    async fn named(&self, filter: &str, value: &str, name: &str) -> Result<Vec<Named>, Fault> {
        let found: Vec<Named> = self.list(DEVICES, &[(filter, value), ("fields", "id,name,site")], NAMESAKES).await?;
        if found.iter().any(|d| !d.name.as_deref().is_some_and(|n| is_same_host(n, name))) {
            return Err(Self::fault(Kind::Malformed, format!("{DEVICES}: the filter by name was ignored")));
        }
        Ok(found)
    }

    /// All interfaces of a device.
    ///
    /// # Errors
    /// [`Kind::Conflict`] for a device of a site that is not ours.
    pub(super) async fn interfaces_of(&self, device: ObjectId) -> Result<Vec<wire::Interface>, Fault> {
        let id = device.to_string();
        let mut query = vec![("device_id", id.as_str()), ("fields", wire::Interface::FIELDS)];
        query.extend(self.policy().sites().map(|site| ("site", site.as_str())));
        let found: Vec<wire::Interface> = self.list(INTERFACES, &query, OF_A_SERVER).await?;
        if found.is_empty() {
            // It has none, or it is not ours, or gone.
            self.at_our_site(device).await?;
        }
        if found.iter().any(|i| i.device.id != device) {
            return Err(Self::fault(Kind::Malformed, format!("{INTERFACES}: the filter by device was ignored")));
        }
        Ok(found)
    }

    /// Which of the interfaces' cables are connected. Their own readings do not tell.
    async fn cable_states(
        &self,
        device: ObjectId,
        interfaces: &[wire::Interface],
    ) -> Result<BTreeMap<ObjectId, bool>, Fault> {
        let here: BTreeSet<ObjectId> = interfaces.iter().filter_map(|i| i.cable.as_ref()).map(|c| c.id).collect();
        if here.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Power and console cables of the device come too.
        let query = [("device_id", &*device.to_string()), ("fields", Cable::FIELDS)];
        let found: Vec<Cable> = self.list(CABLES, &query, OF_A_SERVER).await?;
        let states: BTreeMap<ObjectId, bool> = found.into_iter().map(|c| (c.id, &*c.status.0 == "connected")).collect();
        if let Some(missing) = here.iter().find(|id| !states.contains_key(id)) {
            let what = format!("cable #{missing} went away while the device's cables were read");
            return Err(Self::fault(Kind::Transient, what));
        }
        Ok(states)
    }
}

/// Why a cable is wanted.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// LLDP showed it.
    Proven,
    /// It is planned.
    Planned,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::Proven => "was seen on",
            Self::Planned => "is planned to",
        }
    }
}

/// What one wanted cable needs.
pub(super) enum Plan {
    /// Nothing.
    Stands,
    /// This cable becomes connected.
    Confirm(ObjectId),
    /// A cable to this interface.
    Make(ObjectId),
}

fn interface(found: &wire::Interface) -> Interface {
    Interface {
        id: found.id,
        name: found.name.clone(),
        mac: found.primary_mac_address.as_ref().map(|m| m.mac_address),
        peer: far_end(found),
    }
}

/// The far end: the other end of its cable, or, through patch panels, the end of the path.
pub(super) fn far_end(found: &wire::Interface) -> Option<Port> {
    let far = |kind: &Option<Text>| kind.as_deref() == Some(INTERFACE);
    let ends: &[Holder] = if far(&found.link_peers_type) {
        &found.link_peers
    } else if far(&found.connected_endpoints_type) {
        found.connected_endpoints.as_deref().unwrap_or_default()
    } else {
        &[]
    };
    let [end] = ends else { return None };
    let switch = end.device.as_ref()?.name.clone()?;
    Some(Port { switch, port: end.name.clone()? })
}
