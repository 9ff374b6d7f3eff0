//! Which of NetBox's devices can be taken over, into which stage, and why the others cannot.

use std::collections::BTreeMap;

use super::{Candidate, Seen};
use crate::entry::manifest;
use crate::id::SiteId;
use crate::inventory::listed::{DeviceRecord, Inventory};
use crate::inventory::{Device, ObjectId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::mac::Mac;
use crate::policy::{DeviceState, Policy};
use crate::text::Text;
use crate::world::World;

/// All servers of a site that NetBox says are in use or ready, in the order of their serials. What has no BMC's
/// interface is no server.
pub fn survey(world: &World, inventory: &Inventory, policy: &Policy) -> Vec<Candidate> {
    let shared = Shared::of(inventory);
    let mut found: Vec<Candidate> = inventory
        .devices
        .values()
        .filter_map(|record| {
            let enters = enters(&record.status, record.lifecycle_state.as_deref(), policy)?;
            let seen = seen(record, inventory)?;
            let obstacle = in_netbox(&seen, enters, policy, &shared).or_else(|| here(world, &seen, &inventory.site));
            Some(Candidate { seen, enters, obstacle: obstacle.map(Text::from) })
        })
        .collect();
    found.sort_by(|a, b| (a.seen.label(), a.seen.device.id).cmp(&(b.seen.label(), b.seen.device.id)));
    found
}

/// The stage a device of this status would enter; `None` where it is neither in use nor ready.
pub fn enters(status: &str, lifecycle_state: Option<&str>, policy: &Policy) -> Option<Stage> {
    if policy.device_state(status, lifecycle_state) == DeviceState::Active {
        return Some(Stage::InService);
    }
    let ready = policy.status(Stage::Ready);
    // On a stock NetBox a ready server has the status of one that is still being staged.
    let shared = Stage::ALL.iter().any(|stage| *stage != Stage::Ready && policy.status(*stage) == ready);
    let told = !shared || lifecycle_state == Some(Stage::Ready.word());
    (told && *status == *ready).then_some(Stage::Ready)
}

fn seen(record: &DeviceRecord, inventory: &Inventory) -> Option<Seen> {
    let bmc = record.bmc()?;
    let device = Device {
        id: record.id,
        name: record.label(),
        serial: record.serial.as_ref().map(|s| Text::from(s.trim().to_uppercase())),
        model: record.model.clone(),
        site: inventory.site.as_str().into(),
        place: record.place(),
        status: record.status.clone(),
        lifecycle_state: record.lifecycle_state.clone(),
        tenant: record.tenant.clone(),
        bmc_interface: bmc.id,
        oob_address: record.oob_address,
    };
    Some(Seen { device, bmc_mac: bmc.primary.or(bmc.macs.first().copied()) })
}

/// Serials and MACs that several devices have.
struct Shared {
    serials: BTreeMap<String, Vec<ObjectId>>,
    macs: BTreeMap<Mac, Vec<ObjectId>>,
}

impl Shared {
    fn of(inventory: &Inventory) -> Self {
        let mut shared = Self { serials: BTreeMap::new(), macs: BTreeMap::new() };
        for device in inventory.devices.values() {
            if let Some(serial) = &device.serial {
                shared.serials.entry(serial.trim().to_uppercase()).or_default().push(device.id);
            }
            for mac in device.macs() {
                let of = shared.macs.entry(mac).or_default();
                if !of.contains(&device.id) {
                    of.push(device.id);
                }
            }
        }
        shared
    }
}

/// What stands in the way in NetBox itself.
fn in_netbox(seen: &Seen, enters: Stage, policy: &Policy, shared: &Shared) -> Option<String> {
    let device = &seen.device;
    let Some(serial) = &device.serial else {
        return Some("no serial in NetBox: enter it there".to_owned());
    };
    if manifest::serial(serial).as_ref() != Some(serial) {
        return Some(format!("`{serial}` is no serial: correct it in NetBox"));
    }
    let others = |of: Option<&Vec<ObjectId>>| {
        let others: Vec<String> = of.into_iter().flatten().filter(|id| **id != device.id).map(u64::to_string).collect();
        (!others.is_empty()).then(|| others.join(", "))
    };
    if let Some(ids) = others(shared.serials.get(serial.as_str())) {
        return Some(format!("duplicate serial, also on device {ids}: correct it in NetBox"));
    }
    if let Some((mac, ids)) = seen.bmc_mac.and_then(|mac| Some((mac, others(shared.macs.get(&mac))?))) {
        return Some(format!("its BMC's MAC {mac} is also on device {ids}: correct it in NetBox"));
    }
    if let Some(fine) = device.lifecycle_state.as_deref().filter(|fine| *fine != enters.word()) {
        return Some(format!("status {}, but lifecycle_state {fine}: settle in NetBox which is right", device.status));
    }
    let tenant = device.tenant.as_ref().filter(|t| **t != policy.staging_tenant);
    match (enters, tenant) {
        (Stage::Ready, Some(tenant)) => {
            Some(format!("status {}, but of tenant {tenant}: settle in NetBox which is right", device.status))
        }
        (Stage::Ready, None) | (_, Some(_)) => None,
        (_, None) => {
            Some(format!("tenant missing: enter in NetBox whose it is, or set another status than {}", device.status))
        }
    }
}

/// What stands in the way in the journal. A server is a unit once only.
pub fn here(world: &World, seen: &Seen, site: &SiteId) -> Option<String> {
    let known = seen.device.serial.as_ref().and_then(|s| world.by_serial(s));
    if let Some(unit) = known {
        let label = unit.label();
        return Some(if unit.site != *site {
            format!("other site: {label} is a unit of {} here", unit.site)
        } else if unit.stage.is_on_order() {
            format!("on order: {label} is {} here; receive it at the dock", unit.stage)
        } else if unit.disposition == Disposition::OnHold {
            format!("on hold: {label} is a unit already, {}", unit.stage)
        } else if unit.disposition == Disposition::Normal {
            format!("already a unit: {}", unit.stage)
        } else {
            format!("already a unit: {}, {}", unit.stage, unit.disposition)
        });
    }
    let owner = seen.bmc_mac.and_then(|mac| Some((mac, world.by_bmc(mac)?)));
    owner.map(|(mac, unit)| format!("its BMC's MAC {mac} is that of {} here", unit.label()))
}

/// What has changed in NetBox since the plan was made; `None` where nothing has.
pub fn drift(before: &Seen, now: &Seen) -> Option<String> {
    if before == now {
        return None;
    }
    let shown = |t: Option<&Text>| t.map_or_else(|| "none".to_owned(), ToString::to_string);
    let (a, b) = (&before.device, &now.device);
    let points = [
        ("device", a.id.to_string(), b.id.to_string()),
        ("name", a.name.to_string(), b.name.to_string()),
        ("status", a.status.to_string(), b.status.to_string()),
        ("lifecycle_state", shown(a.lifecycle_state.as_ref()), shown(b.lifecycle_state.as_ref())),
        ("tenant", shown(a.tenant.as_ref()), shown(b.tenant.as_ref())),
        ("place", shown(a.place.as_ref()), shown(b.place.as_ref())),
        ("model", a.model.to_string(), b.model.to_string()),
        ("BMC MAC", told(before.bmc_mac), told(now.bmc_mac)),
        ("BMC address", told(a.oob_address), told(b.oob_address)),
    ];
    let changed = points.iter().filter(|(_, was, is)| was != is);
    let mut changed: Vec<String> = changed.map(|(what, was, is)| format!("{what} was {was}, is {is}")).collect();
    if changed.is_empty() {
        changed.push("its record is another".to_owned());
    }
    Some(format!("changed in NetBox since the plan: {}; plan again", changed.join(", ")))
}

fn told<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |v| v.to_string())
}
