//! What is in stock held against what is asked for: exact, better, near, each with its differences.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::spec::{DriveKind, Spec};
use crate::hardware::report::ValidationReport;
use crate::id::{SiteId, UnitId};
use crate::text::Text;
use crate::time::Timestamp;

/// A server that could be given, as its own report shows it. What it does not tell is unknown, never nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The unit.
    pub unit: UnitId,
    /// Its site.
    pub site: SiteId,
    /// What a person calls it.
    pub label: Text,
    /// Since when it waits to be given.
    pub since: Timestamp,
    /// Its processors: model and cores.
    pub processors: Vec<(Text, u32)>,
    /// Its memory in bytes.
    pub memory: u64,
    /// Its drives: bytes and kind.
    pub drives: Vec<(u64, Option<DriveKind>)>,
    /// Its network ports: gigabits a second.
    pub ports: Vec<Option<u16>>,
    /// Its height in rack units.
    pub height: Option<u8>,
}

/// How well a server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// What was asked for.
    Exact,
    /// At least what was asked for in everything.
    Better,
    /// Less, other or unknown in something.
    Near,
}

/// Which way a difference goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    /// More than asked for.
    More,
    /// Less than asked for.
    Less,
    /// Something else.
    Other,
    /// Nobody knows.
    Unknown,
}

/// One point in which a server is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What.
    pub what: Text,
    /// What was asked for.
    pub asked: Text,
    /// What it has.
    pub has: Text,
    /// Which way.
    pub sense: Sense,
}

/// A server with how well it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The server.
    pub unit: UnitId,
    /// What a person calls it.
    pub label: Text,
    /// Its site.
    pub site: SiteId,
    /// How well it serves.
    pub fit: Fit,
    /// Why it is not exact.
    pub differences: Vec<Difference>,
}

/// A drive may be this much smaller than the number on its label says: vendors round, and sectors take their share.
const DRIVE_TOLERANCE: u64 = 50;
/// Points less, other or unknown that a near match may have.
const NEAR: usize = 2;

/// The servers that serve, best first: exact, then better with the least surplus, then near with the fewest lacks; among
/// equals the one that waits longest. What lacks more than two points is no match.
pub fn matches(spec: &Spec, candidates: &[Candidate]) -> Vec<Match> {
    let mut found: Vec<(_, Match)> = candidates
        .iter()
        .filter_map(|c| {
            let differences = differences(spec, c);
            let count = |f: fn(Sense) -> bool| differences.iter().filter(|d| f(d.sense)).count();
            let (lacks, surplus) = (count(|s| s != Sense::More), count(|s| s == Sense::More));
            let fit = match (lacks, surplus) {
                (0, 0) => Fit::Exact,
                (0, _) => Fit::Better,
                (lacks, _) if lacks <= NEAR => Fit::Near,
                _ => return None,
            };
            let excess = c.memory.saturating_sub(spec.memory.as_ref().map_or(c.memory, |m| m.bytes));
            let (unit, label, site) = (c.unit, c.label.clone(), c.site.clone());
            Some(((fit, lacks, surplus, excess, c.since, c.unit), Match { unit, label, site, fit, differences }))
        })
        .collect();
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, m)| m).collect()
}

/// Every point in which the server is not what was asked for.
pub fn differences(spec: &Spec, has: &Candidate) -> Vec<Difference> {
    let mut points = Vec::new();
    processors(spec, has, &mut points);
    if let Some(asked) = &spec.memory {
        let gib = |bytes: u64| format!("{} GB", bytes >> 30);
        // Firmware keeps some for itself; what the modules add up to is what was bought.
        let bought = has.memory.next_multiple_of(8 << 30);
        number(&mut points, "memory", asked.bytes, bought, &gib);
    }
    drives(spec, has, &mut points);
    ports(spec, has, &mut points);
    if let Some(asked) = spec.height {
        match has.height {
            Some(h) if h == asked => {}
            Some(h) => points.push(point("height", format!("{asked}U"), format!("{h}U"), Sense::Other)),
            None => points.push(point("height", format!("{asked}U"), "unknown", Sense::Unknown)),
        }
    }
    points
}

fn point(what: &str, asked: impl Into<Text>, has: impl Into<Text>, sense: Sense) -> Difference {
    Difference { what: what.into(), asked: asked.into(), has: has.into(), sense }
}

fn number(points: &mut Vec<Difference>, what: &str, asked: u64, has: u64, show: &dyn Fn(u64) -> String) {
    let sense = match has.cmp(&asked) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Greater => Sense::More,
        std::cmp::Ordering::Less => Sense::Less,
    };
    points.push(point(what, show(asked), show(has), sense));
}

fn processors(spec: &Spec, has: &Candidate, points: &mut Vec<Difference>) {
    let Some(asked) = &spec.processors else { return };
    number(points, "processors", asked.count.into(), has.processors.len() as u64, &|n| n.to_string());
    let Some((model, cores)) = has.processors.first() else { return };
    if let Some(wanted) = &asked.model
        && !is_model(wanted, model)
    {
        points.push(point("processor", wanted.clone(), model.clone(), Sense::Other));
    }
    if let Some(wanted) = asked.cores {
        number(points, "cores each", wanted.into(), u64::from(*cores), &|n| n.to_string());
    }
}

/// Whether a processor's own name (`INTEL(R) XEON(R) GOLD 6530 CPU @ 2.10GHz`) is the model that was asked for.
fn is_model(asked: &str, has: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        let plain = name.to_lowercase().replace("(r)", " ").replace("(tm)", " ");
        plain.split_whitespace().map(str::to_owned).collect()
    };
    let has = words(has);
    words(asked).iter().all(|w| has.contains(w))
}

/// Each drive that was asked for takes the smallest free one that serves; what is left over is surplus.
fn drives(spec: &Spec, has: &Candidate, points: &mut Vec<Difference>) {
    let mut free: Vec<(u64, Option<DriveKind>)> = has.drives.clone();
    free.sort_by_key(|d| d.0);
    let mut asked = spec.drives.clone();
    asked.sort_by_key(|d| Reverse(d.bytes));
    for want in &asked {
        let least = want.bytes - want.bytes / DRIVE_TOLERANCE;
        let most = want.bytes + want.bytes / DRIVE_TOLERANCE;
        let (mut larger, mut unknown, mut missing) = (0, 0, 0);
        for _ in 0..want.count {
            let serves = |known: bool| {
                move |d: &(u64, Option<DriveKind>)| {
                    d.0 >= least && if known { d.1.is_some_and(|k| k.serves_as(want.kind)) } else { d.1.is_none() }
                }
            };
            let known = free.iter().position(serves(true));
            match known.or_else(|| free.iter().position(serves(false))) {
                Some(at) => {
                    let (bytes, kind) = free.remove(at);
                    larger += usize::from(bytes > most);
                    unknown += usize::from(kind.is_none());
                }
                None => missing += 1,
            }
        }
        let kind = want.kind.word();
        let name = format!("{}x {} {kind}", want.count, gigabytes(want.bytes));
        if missing > 0 {
            points.push(point("drives", name.clone(), format!("{missing} missing"), Sense::Less));
        }
        if unknown > 0 {
            points.push(point("drives", name.clone(), format!("{unknown} of unknown kind"), Sense::Unknown));
        }
        if larger > 0 {
            points.push(point("drives", name, format!("{larger} larger"), Sense::More));
        }
    }
    if !asked.is_empty() && !free.is_empty() {
        let more = free.iter().map(|d| gigabytes(d.0)).collect::<Vec<_>>().join(", ");
        points.push(point("drives", "no more", format!("{} more: {more}", free.len()), Sense::More));
    }
}

fn gigabytes(bytes: u64) -> String {
    let gb = bytes / 1_000_000_000;
    if gb >= 1_000 { format!("{}.{:02} TB", gb / 1_000, gb % 1_000 / 10) } else { format!("{gb} GB") }
}

fn ports(spec: &Spec, has: &Candidate, points: &mut Vec<Difference>) {
    let mut free: Vec<Option<u16>> = has.ports.clone();
    free.sort();
    let mut asked = spec.ports.clone();
    asked.sort_by_key(|p| Reverse(p.gbps));
    for want in &asked {
        let (mut faster, mut unknown, mut missing) = (0, 0, 0);
        for _ in 0..want.count {
            let known = free.iter().position(|p| p.is_some_and(|g| g >= want.gbps));
            match known.or_else(|| free.iter().position(Option::is_none)) {
                Some(at) => match free.remove(at) {
                    Some(gbps) => faster += usize::from(gbps > want.gbps),
                    None => unknown += 1,
                },
                None => missing += 1,
            }
        }
        let name = format!("{}x {}GbE", want.count, want.gbps);
        if missing > 0 {
            points.push(point("ports", name.clone(), format!("{missing} missing"), Sense::Less));
        }
        if unknown > 0 {
            points.push(point("ports", name.clone(), format!("{unknown} of unknown speed"), Sense::Unknown));
        }
        if faster > 0 {
            points.push(point("ports", name, format!("{faster} faster"), Sense::More));
        }
    }
    if !asked.is_empty() && !free.is_empty() {
        points.push(point("ports", "no more", format!("{} more", free.len()), Sense::More));
    }
}

impl Candidate {
    /// A server as its validation report shows it.
    pub fn from_report(unit: UnitId, site: SiteId, label: Text, since: Timestamp, report: &ValidationReport) -> Self {
        Self {
            unit,
            site,
            label,
            since,
            processors: report.processors.iter().map(|p| (p.model.clone(), p.cores)).collect(),
            memory: report.memory_bytes,
            drives: report.drives.iter().map(|d| (d.bytes, kind_of(&d.model))).collect(),
            ports: report.nics.iter().map(|_| None).collect(),
            height: None,
        }
    }
}

/// What a drive's model name says of its kind, where it says anything.
fn kind_of(model: &str) -> Option<DriveKind> {
    super::spec::read(&format!("1GB {model}")).spec.drives.first().map(|d| d.kind)
}
