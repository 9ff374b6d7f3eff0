//! What is in a server as one witness tells it: its BMC's inventory, or the machine's own report.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::report::ValidationReport;
use crate::bmc::inventory::{Inventory, Neighbour};
use crate::mac::Mac;
use crate::order::spec::{DriveKind, binary, decimal, read};
use crate::text::Text;

/// What one witness tells. What it did not tell is `None`, never nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parts {
    /// Processors that are there.
    pub processors: Option<Vec<Cpu>>,
    /// Memory in all.
    pub memory: Option<Ram>,
    /// Drives that are there.
    pub drives: Option<Vec<Disk>>,
    /// Ports of network adapters.
    pub ports: Option<Vec<NetPort>>,
    /// What the BMC's own port hears by LLDP.
    pub bmc_port: Option<Neighbour>,
}

/// A processor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    /// Its name for itself.
    pub model: Option<Text>,
    /// Physical cores.
    pub cores: Option<u32>,
}

/// Memory in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ram {
    /// Bytes.
    pub bytes: u64,
    /// Modules, where they are told apart.
    pub modules: Option<u16>,
    /// Their kind, such as `DDR5`, where all are of one.
    pub kind: Option<Text>,
}

/// A drive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its serial.
    pub serial: Option<Text>,
    /// Bytes.
    pub bytes: u64,
    /// How it is attached and what it is made of, where both are told.
    pub kind: Option<DriveKind>,
}

/// A network port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetPort {
    /// Its MACs.
    pub macs: Vec<Mac>,
    /// Gigabits a second of its link, which may be less than it can; `None` without a link.
    pub gbps: Option<u16>,
}

impl Parts {
    /// As the BMC lists them. A list that is empty is not told: controllers list nothing before the first self-test.
    pub fn listed(inventory: &Inventory) -> Self {
        let cpu = |p: &&crate::bmc::inventory::Processor| p.kind.as_deref().is_none_or(|k| k == "CPU");
        let processors = inventory.processors.iter().filter(cpu);
        let drives = inventory.drives.iter().filter_map(|d| {
            let kind = kind(d.media.as_deref(), d.protocol.as_deref());
            Some(Disk { serial: d.serial.clone(), bytes: d.bytes?, kind })
        });
        let ports = inventory.adapters.iter().flat_map(|a| &a.ports).map(|p| NetPort {
            macs: p.macs.clone(),
            gbps: p.gbps.filter(|g| (1.0..=1_600.0).contains(g)).map(|g| g.round() as u16),
        });
        Self {
            processors: told(processors.map(|p| Cpu { model: p.model.clone(), cores: p.cores }).collect()),
            memory: memory(inventory),
            // A drive whose size is not told would make a list that lacks it.
            drives: told(drives.collect()).filter(|d| d.len() == inventory.drives.len()),
            ports: told(ports.collect()),
            bmc_port: inventory.management.clone(),
        }
    }

    /// As the machine itself reports them.
    pub fn reported(report: &ValidationReport) -> Self {
        let cpu = |p: &super::report::Processor| Cpu { model: Some(p.model.clone()), cores: Some(p.cores) };
        let drive =
            |d: &super::report::Drive| Disk { serial: Some(d.serial.clone()), bytes: d.bytes, kind: kind_of(&d.model) };
        Self {
            processors: told(report.processors.iter().map(cpu).collect()),
            memory: (report.memory_bytes > 0).then_some(Ram { bytes: report.memory_bytes, modules: None, kind: None }),
            drives: Some(report.drives.iter().map(drive).collect()),
            ports: Some(report.nics.iter().map(|n| NetPort { macs: vec![n.mac], gbps: None }).collect()),
            bmc_port: None,
        }
    }

    /// The processors in words.
    pub fn processors_told(&self) -> Option<Text> {
        let each = |p: &Cpu| {
            let cores = p.cores.map_or(String::new(), |n| format!(" {n} cores"));
            format!("{}{cores}", p.model.as_ref().map_or("CPU of unknown model", Text::as_str))
        };
        self.processors.as_ref().map(|all| counted(all.iter().map(each)))
    }

    /// The memory in words.
    pub fn memory_told(&self) -> Option<Text> {
        self.memory.as_ref().map(|m| {
            let mut said = binary(m.bytes);
            if let Some(kind) = &m.kind {
                let _ = write!(said, " {kind}");
            }
            if let Some(modules) = m.modules {
                let _ = write!(said, " in {modules} modules");
            }
            said.into()
        })
    }

    /// The drives in words.
    pub fn drives_told(&self) -> Option<Text> {
        let each =
            |d: &Disk| format!("{} {}", decimal(d.bytes), d.kind.map_or("drive of unknown kind", DriveKind::word));
        self.drives.as_ref().map(|all| counted(all.iter().map(each)))
    }

    /// The network ports in words.
    pub fn ports_told(&self) -> Option<Text> {
        let each = |p: &NetPort| p.gbps.map_or("port without a known speed".to_owned(), |g| format!("port at {g}GbE"));
        self.ports.as_ref().map(|all| counted(all.iter().map(each)))
    }
}

/// A list that says something.
fn told<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// `2x this, 1x that`, in the order of their first.
fn counted(things: impl Iterator<Item = String>) -> Text {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for thing in things {
        match kinds.iter_mut().find(|(known, _)| *known == thing) {
            Some((_, n)) => *n += 1,
            None => kinds.push((thing, 1)),
        }
    }
    if kinds.is_empty() {
        return "none".into();
    }
    kinds.iter().map(|(thing, n)| format!("{n}x {thing}")).collect::<Vec<_>>().join(", ").into()
}

fn memory(inventory: &Inventory) -> Option<Ram> {
    let modules = &inventory.memory;
    let bytes = modules.iter().map(|m| m.mebibytes.filter(|n| *n > 0)).sum::<Option<u64>>()?.checked_mul(1 << 20)?;
    let first = modules.first()?.kind.clone();
    let kind = first.filter(|k| modules.iter().all(|m| m.kind.as_ref() == Some(k)));
    (bytes > 0).then_some(Ram { bytes, modules: u16::try_from(modules.len()).ok(), kind })
}

/// The kind that medium and protocol (DSP0268 `MediaType`, `Protocol`) make, where both are told.
fn kind(media: Option<&str>, protocol: Option<&str>) -> Option<DriveKind> {
    match (media?, protocol?) {
        ("HDD", _) => Some(DriveKind::Hdd),
        ("SSD", "NVMe" | "PCIe") => Some(DriveKind::Nvme),
        ("SSD", "SAS") => Some(DriveKind::SasSsd),
        ("SSD", "SATA") => Some(DriveKind::SataSsd),
        _ => None,
    }
}

/// What a drive's model name says of its kind, where it says anything.
pub(crate) fn kind_of(model: &str) -> Option<DriveKind> {
    read(&format!("1GB {model}")).spec.drives.first().map(|d| d.kind)
}
