//! A validation report held against what is expected. Each point that does not match is a task.

use super::ordered::Row;
use super::report::{StepVerdict, ValidationReport, ValidationStep};
use crate::bmc::inventory::Neighbour;
use crate::boot::report::Nic;
use crate::id::Role;
use crate::inventory::{CablingPlan, Port};
use crate::lifecycle::task::{Task, TaskKind};
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::placement::{Nics, nics, pair};
use crate::text::Text;

/// Every point in which the report does not match; `parts` is the server as it is held against its order. An empty list
/// is a pass; there is no other way to one.
pub fn check(report: &ValidationReport, unit: &Unit, plan: &CablingPlan, parts: &[Row]) -> Vec<Task> {
    let mut points = Vec::new();
    identity(report, unit, &mut points);
    steps(report, &mut points);
    ordered(unit, parts, &mut points);
    cabling(report, unit, plan, &mut points);
    management(unit, plan, &mut points);
    unnamed(report, plan, &mut points);
    points
}

/// What of the check is worth telling where it is passed: what is more, what nobody can tell, what was not checked.
pub fn told(report: &ValidationReport, unit: &Unit, plan: &CablingPlan, parts: &[Row]) -> String {
    let (nics, drives, memory) = (report.nics.len(), report.drives.len(), report.memory_bytes >> 30);
    let mut said = vec![format!("{nics} NICs, {drives} drives, {memory} GiB")];
    if parts.iter().all(|r| r.ordered.is_none() && r.confirmed.is_none()) {
        said.push("no order to hold its parts against".to_owned());
    } else {
        let open: Vec<&Row> = parts.iter().filter(|r| r.verdict() != "as ordered").collect();
        if open.is_empty() {
            said.push("as ordered".to_owned());
        }
        for row in open {
            let points = [&row.less, &row.more, &row.unknown].into_iter().flatten();
            said.extend(points.map(Text::to_string));
        }
    }
    let planned = plan.interfaces.iter().filter(|i| i.peer.is_some()).count();
    said.push(match planned {
        0 => "no cabling plan: its cables are not checked".to_owned(),
        n => format!("{n} cables as planned"),
    });
    said.push(management_told(unit, plan));
    said.join("; ")
}

/// A part that is less than ordered, unless an operator has taken exactly that.
fn ordered(unit: &Unit, parts: &[Row], points: &mut Vec<Task>) {
    for row in parts {
        if !row.faults.is_empty() {
            let faults = join(&row.faults);
            points.push(task(TaskKind::CheckHardware, format!("{}: {faults}", row.part.word())));
        }
        if !row.less.is_empty() {
            let found = task(TaskKind::LessThanOrdered, format!("{} ({})", join(&row.less), row.witnesses()));
            if !unit.accepted.contains(&found.text) {
                points.push(found);
            }
        }
    }
}

fn join(points: &[Text]) -> String {
    points.iter().map(Text::as_str).collect::<Vec<_>>().join("; ")
}

/// NICs that nobody can tell which of NetBox's interfaces they are. Those that are surely none of them are made there.
fn unnamed(report: &ValidationReport, plan: &CablingPlan, points: &mut Vec<Task>) {
    let Nics { unnamed, open, .. } = nics(plan, report);
    if unnamed.is_empty() {
        return;
    }
    let of = |n: &&Nic| format!("{} ({})", n.name, n.mac);
    let found: Vec<String> = unnamed.iter().map(of).collect();
    let open: Vec<&str> = open.iter().map(|i| i.name.as_str()).collect();
    let text = format!(
        "NetBox does not say which interface {} is; {} of its device may be meant: give that interface the NIC's MAC",
        found.join(", "),
        open.join(", "),
    );
    points.push(Task { kind: TaskKind::SettleInventory, role: Role::Operator, text: text.into() });
}

/// How the BMC's own port stands: where it is planned, and where LLDP hears it.
enum Management<'a> {
    /// No cable of it is planned.
    NoPlan,
    /// A cable is planned, and nobody tells where it is.
    Unheard(&'a Port),
    /// It is where it is planned, as far as the switch can be told.
    AsPlanned(&'a Port),
    /// It is elsewhere.
    Elsewhere(&'a Port, &'a Neighbour),
}

fn management_port<'a>(unit: &'a Unit, plan: &'a CablingPlan) -> Management<'a> {
    let Some(planned) = plan.bmc.as_ref().and_then(|i| i.peer.as_ref()) else { return Management::NoPlan };
    let Some(heard) = unit.parts.as_ref().and_then(|p| p.bmc_port.as_ref()) else {
        return Management::Unheard(planned);
    };
    // A switch may name itself, or its port, by a MAC or a number: these are no names to hold against the plan's.
    let is_name = |t: &str| t.parse::<Mac>().is_err() && t.bytes().any(|b| b.is_ascii_alphabetic());
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let port = heard.port.as_ref().filter(|p| is_name(p));
    let other_port = port.is_some_and(|p| !same(p, &planned.port));
    let other_switch = is_name(&heard.chassis) && !same(&heard.chassis, &planned.switch);
    match port {
        _ if other_port || other_switch => Management::Elsewhere(planned, heard),
        Some(_) => Management::AsPlanned(planned),
        None => Management::Unheard(planned),
    }
}

fn management(unit: &Unit, plan: &CablingPlan, points: &mut Vec<Task>) {
    if let Management::Elsewhere(planned, heard) = management_port(unit, plan) {
        let at = heard.port.as_ref().map_or_else(|| heard.chassis.to_string(), |p| format!("{} {p}", heard.chassis));
        let Port { switch, port } = planned;
        let place = unit.place().map_or(String::new(), |p| format!(" at {p}"));
        points.push(task(
            TaskKind::FixCable,
            format!("its BMC{place} is in {at}; the plan says {switch} {port}: move the cable or correct the plan"),
        ));
    }
}

fn management_told(unit: &Unit, plan: &CablingPlan) -> String {
    match management_port(unit, plan) {
        Management::NoPlan => "no plan for its BMC's cable".to_owned(),
        Management::Unheard(planned) => {
            format!("nobody tells whether its BMC is in {} {} as planned", planned.switch, planned.port)
        }
        Management::AsPlanned(planned) => format!("its BMC is in {} {} as planned", planned.switch, planned.port),
        Management::Elsewhere(planned, _) => format!("its BMC is not in {} {}", planned.switch, planned.port),
    }
}

fn task(kind: TaskKind, text: String) -> Task {
    Task { kind, role: Role::Technician, text: text.into() }
}

fn identity(report: &ValidationReport, unit: &Unit, points: &mut Vec<Task>) {
    let mut witness = |whose: &str, expected: Option<&str>, seen: &str| {
        if let Some(expected) = expected
            && !expected.eq_ignore_ascii_case(seen)
        {
            points.push(task(TaskKind::CheckIdentity, format!("{whose} says {expected}, the machine says {seen}")));
        }
    };
    witness("serial: journal", unit.serial.as_deref(), &report.serial);
    witness("serial: BMC", unit.system.as_ref().map(|s| s.serial.as_str()), &report.serial);
    witness("model: BMC", unit.system.as_ref().map(|s| s.model.as_str()), &report.model);
    if let (Some(expected), Some(seen)) = (unit.bmc_mac, report.bmc_mac) {
        witness("BMC MAC: lease", Some(&expected.to_string()), &seen.to_string());
    }
}

fn steps(report: &ValidationReport, points: &mut Vec<Task>) {
    for step in ValidationStep::ALL {
        let said = report.steps.iter().find(|s| s.step == step);
        let wrong = match said.map(|s| s.verdict) {
            Some(StepVerdict::Passed) => continue,
            Some(StepVerdict::Failed) => "failed",
            Some(StepVerdict::Stopped) => "hung and was stopped",
            None => "was not run",
        };
        let detail = said.and_then(|s| s.message.as_ref()).map_or(String::new(), |m| format!(": {m}"));
        points.push(task(TaskKind::CheckHardware, format!("{step} {wrong}{detail}")));
    }
}

fn cabling(report: &ValidationReport, unit: &Unit, plan: &CablingPlan, points: &mut Vec<Task>) {
    let paired = pair(plan, report);
    for interface in &plan.interfaces {
        let Some(planned) = &interface.peer else { continue };
        let place = unit.place().map_or(String::new(), |p| format!(" at {p}"));
        let name = &interface.name;
        match paired.iter().find(|(i, _)| i.id == interface.id).map(|(_, nic)| *nic) {
            None => points.push(task(
                TaskKind::CheckHardware,
                format!("{name}{place}: planned to {} {}, but no such NIC was reported", planned.switch, planned.port),
            )),
            Some(nic) if nic.neighbour.as_ref().is_some_and(|heard| heard.is(planned)) => {}
            Some(nic) => {
                let hears = match &nic.neighbour {
                    Some(p) => format!("is in {} {}", p.switch, p.port),
                    None if nic.link => "has a link but hears no switch".to_owned(),
                    None => "has no link".to_owned(),
                };
                let (switch, port) = (&planned.switch, &planned.port);
                points.push(task(
                    TaskKind::FixCable,
                    format!("{name}{place} {hears}; the plan says {switch} {port}: move the cable or correct the plan"),
                ));
            }
        }
    }
}
