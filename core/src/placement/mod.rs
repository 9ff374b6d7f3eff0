//! Where servers stand: places proposed and kept for them, the site as it is, and which port is which.

pub mod commands;
pub(crate) mod event;
pub mod propose;
pub mod questions;
pub mod reservation;
pub mod room;
pub mod spots;
mod state;
pub(crate) mod steps;
pub mod work;

use crate::boot::report::{Nic, ValidationReport};
use crate::inventory::{CablingPlan, Interface, ObjectId, Port};
use crate::mac::Mac;

/// Which reported NIC is which interface in NetBox: by MAC where NetBox has one, else by name.
pub fn pair<'a>(plan: &'a CablingPlan, report: &'a ValidationReport) -> Vec<(&'a Interface, &'a Nic)> {
    let by_mac = |i: &Interface| report.nics.iter().find(|n| Some(n.mac) == i.mac);
    let by_name = |i: &Interface| report.nics.iter().find(|n| i.mac.is_none() && n.name.eq_ignore_ascii_case(&i.name));
    plan.interfaces.iter().filter_map(|i| by_mac(i).or_else(|| by_name(i)).map(|n| (i, n))).collect()
}

/// The NICs of a report that are none of NetBox's interfaces, as far as MACs and names tell.
#[derive(Debug, Default)]
pub struct Nics<'a> {
    /// Surely none: NetBox lacks them, and no interface of its could be meant.
    pub missing: Vec<&'a Nic>,
    /// Those that one of the open interfaces may be.
    pub unnamed: Vec<&'a Nic>,
    /// NetBox's interfaces that no NIC is known to be.
    pub open: Vec<&'a Interface>,
}

/// Tells the NICs that NetBox lacks from those that it may only name otherwise.
pub fn nics<'a>(plan: &'a CablingPlan, report: &'a ValidationReport) -> Nics<'a> {
    let paired = pair(plan, report);
    let open: Vec<&Interface> = plan.interfaces.iter().filter(|i| !paired.iter().any(|(p, _)| p.id == i.id)).collect();
    let alone: Vec<&Nic> = report.nics.iter().filter(|n| !paired.iter().any(|(_, p)| p.mac == n.mac)).collect();
    if open.is_empty() {
        Nics { missing: alone, unnamed: Vec::new(), open }
    } else {
        Nics { missing: Vec::new(), unnamed: alone, open }
    }
}

/// MACs that NetBox misses.
pub fn macs_to_write(plan: &CablingPlan, report: &ValidationReport) -> Vec<(ObjectId, Mac)> {
    pair(plan, report).into_iter().filter(|(i, n)| i.mac != Some(n.mac)).map(|(i, n)| (i.id, n.mac)).collect()
}

/// Cables that LLDP proves.
pub fn cables_proven(plan: &CablingPlan, report: &ValidationReport) -> Vec<(ObjectId, Port)> {
    pair(plan, report).into_iter().filter_map(|(i, n)| n.neighbour.clone().map(|p| (i.id, p))).collect()
}
