//! A server held against what was ordered and what its seller confirmed, part by part, by the word of two witnesses: its
//! BMC's inventory and its own report.
//!
//! Each witness has blind spots: the machine sees the volumes of a RAID controller and not the drives behind it, a BMC may
//! miss a drive that is attached to the processor. So a part is less than ordered only where no witness shows it, and
//! where the two contradict each other in what both must see, that is said by itself.

use super::parts::{Disk, Parts};
use crate::order::spec::Spec;
use crate::stock::{Difference, MEMORY_TOLERANCE, Sense, lacks};
use crate::text::Text;

/// What a server is expected to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// What was ordered; `None` where no order bought it.
    pub ordered: Option<Spec>,
    /// What its seller confirmed; `None` where nothing is confirmed.
    pub confirmed: Option<Confirmed>,
}

/// A seller's word on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Whose.
    pub by: Text,
    /// What it is; `None` where the papers do not tell.
    pub spec: Option<Spec>,
}

/// The parts that are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Processors.
    Processors,
    /// Memory.
    Memory,
    /// Drives.
    Drives,
    /// Network ports.
    Ports,
}

impl Part {
    const ALL: [Self; 4] = [Self::Processors, Self::Memory, Self::Drives, Self::Ports];

    /// Its words on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Processors => "processors",
            Self::Memory => "memory",
            Self::Drives => "drives",
            Self::Ports => "network ports",
        }
    }

    /// What a specification says of this part, and of nothing else; `None` where it says nothing.
    fn of(self, spec: &Spec) -> Option<Spec> {
        let alone = match self {
            Self::Processors => Spec { processors: spec.processors.clone(), ..Spec::default() },
            Self::Memory => Spec { memory: spec.memory.clone(), ..Spec::default() },
            Self::Drives => Spec { drives: spec.drives.clone(), ..Spec::default() },
            Self::Ports => Spec { ports: spec.ports.clone(), ..Spec::default() },
        };
        (!alone.is_empty()).then_some(alone)
    }

    fn told(self, by: &Parts) -> Option<Text> {
        match self {
            Self::Processors => by.processors_told(),
            Self::Memory => by.memory_told(),
            Self::Drives => by.drives_told(),
            Self::Ports => by.ports_told(),
        }
    }
}

/// One part of a server, with everybody's word on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which part.
    pub part: Part,
    /// What was ordered; `None` where the order does not say.
    pub ordered: Option<Text>,
    /// What was confirmed; `None` where the seller does not say.
    pub confirmed: Option<Text>,
    /// What the BMC lists; `None` is unknown.
    pub bmc: Option<Text>,
    /// What the machine reports; `None` is unknown.
    pub machine: Option<Text>,
    /// In what it is less or other than ordered or confirmed.
    pub less: Vec<Text>,
    /// In what it is more.
    pub more: Vec<Text>,
    /// What was ordered or confirmed, and nobody can tell whether it is there.
    pub unknown: Vec<Text>,
    /// In what the machine lacks what its BMC lists.
    pub faults: Vec<Text>,
}

impl Row {
    /// How the part stands, in a few words. Nothing that is unknown reads as ordered.
    pub const fn verdict(&self) -> &'static str {
        if !self.faults.is_empty() {
            "BMC and machine differ"
        } else if !self.less.is_empty() {
            "less than ordered"
        } else if !self.unknown.is_empty() {
            "not all of it is known"
        } else if !self.more.is_empty() {
            "more than ordered"
        } else if self.ordered.is_some() || self.confirmed.is_some() {
            "as ordered"
        } else {
            "not in an order"
        }
    }

    /// What the two witnesses say.
    pub fn witnesses(&self) -> String {
        match (&self.bmc, &self.machine) {
            (Some(bmc), Some(machine)) if bmc == machine => format!("BMC and machine: {bmc}"),
            (bmc, machine) => {
                let or_unknown = |told: &Option<Text>| told.clone().unwrap_or_else(|| "unknown".into());
                format!("BMC: {}; machine: {}", or_unknown(bmc), or_unknown(machine))
            }
        }
    }

    /// The whole row in one line.
    pub fn line(&self) -> Text {
        let mut said = vec![self.verdict().to_owned()];
        said.extend([&self.faults, &self.less, &self.unknown, &self.more].into_iter().flatten().map(Text::to_string));
        match (&self.ordered, &self.confirmed) {
            (Some(ordered), Some(confirmed)) if ordered == confirmed => {
                said.push(format!("ordered and confirmed: {ordered}"));
            }
            (ordered, confirmed) => {
                said.extend(ordered.as_ref().map(|o| format!("ordered: {o}")));
                said.extend(confirmed.as_ref().map(|c| format!("confirmed: {c}")));
            }
        }
        said.push(self.witnesses());
        said.join("; ").into()
    }
}

/// Every part with what was ordered, confirmed, listed and reported of it.
pub fn hold(expected: &Expected, bmc: &Parts, machine: &Parts) -> Vec<Row> {
    let both = together(bmc, machine);
    let witnesses: Vec<&Parts> = [bmc, machine].into_iter().chain(&both).collect();
    let confirmed = expected.confirmed.as_ref().and_then(|c| c.spec.as_ref());
    let row = |part: Part| {
        let wishes = [("ordered", expected.ordered.as_ref()), ("confirmed", confirmed)];
        let wishes = wishes.map(|(word, spec)| (word, spec.and_then(|s| part.of(s))));
        let [(_, ordered), (_, promised)] = &wishes;
        let words = |spec: &Option<Spec>| spec.as_ref().map(|s| Text::from(s.to_string()));
        let mut row = Row {
            part,
            ordered: words(ordered),
            confirmed: words(promised),
            bmc: part.told(bmc),
            machine: part.told(machine),
            less: Vec::new(),
            more: Vec::new(),
            unknown: Vec::new(),
            faults: faults(part, bmc, machine),
        };
        let mut points: Vec<(Difference, String)> = Vec::new();
        for (word, spec) in &wishes {
            let Some(spec) = spec else { continue };
            for difference in best(spec, &witnesses) {
                match points.iter_mut().find(|(known, _)| *known == difference) {
                    Some((_, by)) => *by = format!("{by} and {word}"),
                    None => points.push((difference, (*word).to_owned())),
                }
            }
        }
        for (difference, by) in points {
            let list = match difference.sense {
                Sense::Less | Sense::Other => &mut row.less,
                Sense::More => &mut row.more,
                Sense::Unknown => &mut row.unknown,
            };
            list.push(words_of(&difference, &by));
        }
        row
    };
    Part::ALL.map(row).into()
}

/// What a difference is about where a witness says nothing of the part.
const WHOLE: [&str; 4] = ["processors", "memory", "drives", "ports"];

/// What the most favourable witness lacks.
fn best(spec: &Spec, witnesses: &[&Parts]) -> Vec<Difference> {
    let all = witnesses.iter().map(|w| lacks(spec, w));
    let weight = |found: &Vec<Difference>| {
        let count = |of: fn(Sense) -> bool| found.iter().filter(|d| of(d.sense)).count();
        (count(|s| matches!(s, Sense::Less | Sense::Other)), count(|s| s == Sense::Unknown), found.len())
    };
    // One that says nothing at all is no better than one that says less: it does not speak against it.
    let silent = |d: &Difference| d.has.as_str() == "unknown" && WHOLE.contains(&d.what.as_str());
    let spoken = |found: &Vec<Difference>| !found.iter().any(silent);
    let (told, untold): (Vec<_>, Vec<_>) = all.partition(spoken);
    let chosen = if told.is_empty() { untold } else { told };
    chosen.into_iter().min_by_key(weight).unwrap_or_default()
}

fn words_of(difference: &Difference, by: &str) -> Text {
    let Difference { what, asked, has, sense } = difference;
    match sense {
        Sense::Unknown if has.as_str() == "unknown" => format!("{what}: {asked} {by}, unknown here"),
        Sense::More if asked.as_str() == "no more" => format!("{what}: {has}"),
        _ if has.ends_with("missing") => format!("{what}: {asked} {by}, {has}"),
        _ => format!("{what}: {asked} {by}, {has} here"),
    }
    .into()
}

/// The drives that either witness knows, each once; `None` where one alone speaks.
fn together(bmc: &Parts, machine: &Parts) -> Option<Parts> {
    let (listed, seen) = (bmc.drives.as_ref()?, machine.drives.as_ref()?);
    let mut drives = listed.clone();
    drives.extend(seen.iter().filter(|d| !is_among(d, listed)).cloned());
    Some(Parts { drives: Some(drives), ..Parts::default() })
}

fn is_among(drive: &Disk, list: &[Disk]) -> bool {
    let same = |a: &Text, b: &Text| a.trim().eq_ignore_ascii_case(b.trim());
    drive.serial.as_ref().is_some_and(|s| list.iter().any(|d| d.serial.as_ref().is_some_and(|o| same(s, o))))
}

/// In what the machine lacks what its BMC lists, where it must see it.
fn faults(part: Part, bmc: &Parts, machine: &Parts) -> Vec<Text> {
    let mut said: Vec<String> = Vec::new();
    match part {
        Part::Processors => {
            if let (Some(listed), Some(seen)) = (&bmc.processors, &machine.processors)
                && seen.len() < listed.len()
            {
                said.push(format!("the BMC lists {} processors, the machine sees {}", listed.len(), seen.len()));
            }
        }
        Part::Memory => {
            if let (Some(listed), Some(seen)) = (&bmc.memory, &machine.memory)
                && seen.bytes < listed.bytes - listed.bytes / MEMORY_TOLERANCE
            {
                let told = |by: &Parts| by.memory_told().map_or_else(String::new, |t| t.to_string());
                said.push(format!("the BMC lists {}, the machine sees {}", told(bmc), told(machine)));
            }
        }
        Part::Drives => {
            if let (Some(listed), Some(seen)) = (&bmc.drives, &machine.drives) {
                // A drive that the machine sees and the BMC does not may be a volume, with drives behind it.
                let volume = seen.iter().any(|d| !is_among(d, listed));
                let lost = listed.iter().filter(|d| d.serial.is_some() && !is_among(d, seen));
                if !volume {
                    let named: Vec<String> = lost.filter_map(|d| d.serial.as_ref().map(Text::to_string)).collect();
                    if !named.is_empty() {
                        said.push(format!("the BMC lists drives that the machine does not see: {}", named.join(", ")));
                    }
                }
            }
        }
        // Which of its ports a machine sees depends on its drivers and its firmware's settings.
        Part::Ports => {}
    }
    said.into_iter().map(Text::from).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
