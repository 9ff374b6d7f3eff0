//! The room the servers stand in: which port is which, and whether cables are where they were planned.

pub mod placement;
pub mod propose;
pub mod reservation;
pub mod room;
pub mod work;

use crate::dcim::{CablingPlan, Interface, ObjectId, Port};
use crate::hardware::report::{Nic, ValidationReport};
use crate::mac::Mac;

/// Which reported NIC is which interface in NetBox: by MAC where NetBox has one, else by name.
pub fn pair<'a>(plan: &'a CablingPlan, report: &'a ValidationReport) -> Vec<(&'a Interface, &'a Nic)> {
    let by_mac = |i: &Interface| report.nics.iter().find(|n| Some(n.mac) == i.mac);
    let by_name = |i: &Interface| report.nics.iter().find(|n| i.mac.is_none() && n.name.eq_ignore_ascii_case(&i.name));
    plan.interfaces.iter().filter_map(|i| by_mac(i).or_else(|| by_name(i)).map(|n| (i, n))).collect()
}

/// MACs that NetBox misses.
pub fn macs_to_write(plan: &CablingPlan, report: &ValidationReport) -> Vec<(ObjectId, Mac)> {
    pair(plan, report).into_iter().filter(|(i, n)| i.mac != Some(n.mac)).map(|(i, n)| (i.id, n.mac)).collect()
}

/// Cables that LLDP proves.
pub fn cables_proven(plan: &CablingPlan, report: &ValidationReport) -> Vec<(ObjectId, Port)> {
    pair(plan, report).into_iter().filter_map(|(i, n)| n.neighbour.clone().map(|p| (i.id, p))).collect()
}
