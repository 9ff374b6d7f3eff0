//! A validation report held against what is expected. Each point that does not match is a task.

use super::report::{StepVerdict, ValidationReport, ValidationStep};
use crate::dcim::CablingPlan;
use crate::facility::pair;
use crate::id::Role;
use crate::lifecycle::task::{Task, TaskKind};
use crate::lifecycle::unit::Unit;

/// Every point in which the report does not match. An empty list is a pass; there is no other way to one.
pub fn check(report: &ValidationReport, unit: &Unit, plan: &CablingPlan) -> Vec<Task> {
    let mut points = Vec::new();
    identity(report, unit, &mut points);
    steps(report, &mut points);
    cabling(report, unit, plan, &mut points);
    points
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
