//! What is in stock held against what is asked for: exact, better, near, each with its differences.

pub mod questions;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::boot::parts::{Parts, kind_of};
use crate::boot::report::ValidationReport;
use crate::id::{SiteId, UnitId};
use crate::order::spec::{DriveKind, Drives, Memory, Ports, Spec};
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
/// The memory that a machine reports may be less by this part of it.
pub const MEMORY_TOLERANCE: u64 = 34;
/// Points less, other or unknown that a near match may have.
const NEAR: usize = 2;

/// The servers that serve, best first: exact, then better with the least surplus, then near with the fewest lacks; among
/// equals the one that waits longest. What lacks more than two points is no match.
pub fn matches(spec: &Spec, candidates: &[Candidate]) -> Vec<Match> {
    let mut held = Held::default();
    let mut found: Vec<(_, Match)> = candidates
        .iter()
        .filter_map(|c| {
            let parts = held.parts(spec, c);
            let count = |f: fn(Sense) -> bool| parts.iter().copied().flatten().filter(|d| f(d.sense)).count();
            let (lacks, surplus) = (count(|s| s != Sense::More), count(|s| s == Sense::More));
            let fit = match (lacks, surplus) {
                (0, 0) => Fit::Exact,
                (0, _) => Fit::Better,
                (lacks, _) if lacks <= NEAR => Fit::Near,
                _ => return None,
            };
            let excess = c.memory.saturating_sub(spec.memory.as_ref().map_or(c.memory, |m| m.bytes));
            let (unit, label, site) = (c.unit, c.label.clone(), c.site.clone());
            let differences = parts.concat();
            Some(((fit, lacks, surplus, excess, c.since, c.unit), Match { unit, label, site, fit, differences }))
        })
        .collect();
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, m)| m).collect()
}

/// What each kind of part lacks. The servers of a fleet have few kinds of each, so each kind is held against the wish, and
/// put into words, once.
#[derive(Default)]
struct Held<'a> {
    processors: BTreeMap<&'a [(Text, u32)], Vec<Difference>>,
    memory: BTreeMap<u64, Vec<Difference>>,
    drives: BTreeMap<&'a [(u64, Option<DriveKind>)], Vec<Difference>>,
    ports: BTreeMap<&'a [Option<u16>], Vec<Difference>>,
    height: BTreeMap<Option<u8>, Vec<Difference>>,
}

impl<'a> Held<'a> {
    /// The same points as [`differences`], by part.
    fn parts(&mut self, spec: &Spec, has: &'a Candidate) -> [&[Difference]; 5] {
        [
            once(&mut self.processors, &has.processors[..], spec, has, processors),
            once(&mut self.memory, bought(has), spec, has, memory),
            once(&mut self.drives, &has.drives[..], spec, has, drives),
            once(&mut self.ports, &has.ports[..], spec, has, ports),
            once(&mut self.height, has.height, spec, has, height),
        ]
    }
}

/// How one part of a server is held against the wish.
type Hold = fn(&Spec, &Told<'_>, &mut Vec<Difference>);

fn once<'m, K: Ord>(
    known: &'m mut BTreeMap<K, Vec<Difference>>,
    kind: K,
    spec: &Spec,
    has: &Candidate,
    hold: Hold,
) -> &'m [Difference] {
    known.entry(kind).or_insert_with(|| {
        let mut points = Vec::new();
        hold(spec, &told(has), &mut points);
        points
    })
}

/// Every point in which the server is not what was asked for.
pub fn differences(spec: &Spec, has: &Candidate) -> Vec<Difference> {
    points(spec, &told(has))
}

/// Firmware keeps some memory for itself; what the modules add up to is what was bought.
fn bought(has: &Candidate) -> u64 {
    has.memory.checked_next_multiple_of(8 << 30).unwrap_or(has.memory)
}

fn told(has: &Candidate) -> Told<'_> {
    let first = has.processors.first();
    Told {
        processors: Some((has.processors.len() as u64, first.map(|(m, c)| (Some(m), Some(u64::from(*c)))))),
        memory: Some(bought(has)),
        modules: None,
        drives: Some(has.drives.iter().map(|(bytes, kind)| (*bytes, *kind, 1)).collect()),
        ports: Some(has.ports.iter().map(|gbps| (*gbps, 1)).collect()),
        height: has.height,
    }
}

/// Every point in which what is offered is not what was asked for. What the offer does not tell is unknown.
pub fn deviations(asked: &Spec, offered: &Spec) -> Vec<Difference> {
    let cpu = offered.processors.as_ref();
    let drives = || offered.drives.iter().map(|d| (d.bytes, Some(d.kind), u64::from(d.count))).collect();
    let ports = || offered.ports.iter().map(|p| (Some(p.gbps), u64::from(p.count))).collect();
    points(
        asked,
        &Told {
            processors: cpu.map(|p| (u64::from(p.count), Some((p.model.as_ref(), p.cores.map(u64::from))))),
            memory: offered.memory.as_ref().map(|m| m.bytes),
            modules: offered.memory.as_ref(),
            drives: (!offered.drives.is_empty()).then(drives),
            ports: (!offered.ports.is_empty()).then(ports),
            height: offered.height,
        },
    )
}

/// Every point in which what a witness tells of a server is not what was asked for. A link that is slower than what was
/// asked says nothing of what the port can do.
pub fn lacks(spec: &Spec, has: &Parts) -> Vec<Difference> {
    let wanted = spec.processors.as_ref().and_then(|p| p.model.as_ref());
    let other = |p: &&crate::boot::parts::Cpu| match (wanted, &p.model) {
        (Some(wanted), Some(model)) => !is_model(wanted, model),
        _ => false,
    };
    // One that is another than was asked for speaks for all.
    let cpu = |all: &[crate::boot::parts::Cpu]| {
        let odd = all.iter().find(other).or_else(|| all.iter().min_by_key(|p| p.cores))?;
        Some((odd.model.clone(), odd.cores.map(u64::from)))
    };
    let odd = has.processors.as_deref().and_then(cpu);
    let fastest = spec.ports.iter().map(|p| p.gbps).max();
    let memory = has.memory.as_ref().map(|m| {
        // What firmware keeps for itself is less than the smallest module of a full board.
        let asked = spec.memory.as_ref().map_or(0, |m| m.bytes);
        if m.bytes < asked && m.bytes >= asked - asked / MEMORY_TOLERANCE { asked } else { m.bytes }
    });
    let modules = has.memory.as_ref().map(|m| Memory { bytes: m.bytes, modules: m.modules, kind: m.kind.clone() });
    let told = Told {
        processors: has
            .processors
            .as_ref()
            .map(|all| (all.len() as u64, odd.as_ref().map(|(model, cores)| (model.as_ref(), *cores)))),
        memory,
        modules: modules.as_ref(),
        drives: has.drives.as_ref().map(|all| all.iter().map(|d| (d.bytes, d.kind, 1)).collect()),
        ports: has.ports.as_ref().map(|all| {
            all.iter().map(|p| (p.gbps.filter(|g| fastest.is_none_or(|fastest| *g >= fastest)), 1)).collect()
        }),
        height: spec.height,
    };
    points(spec, &told)
}

/// A processor's model and cores, as far as they are told.
type Processor<'a> = (Option<&'a Text>, Option<u64>);

/// What a server has, from whatever source; `None` is unknown.
struct Told<'a> {
    /// How many, and of one of them its model and cores.
    processors: Option<(u64, Option<Processor<'a>>)>,
    /// In bytes.
    memory: Option<u64>,
    /// Its modules and kind. `None` where the source cannot tell of them, which is then no point.
    modules: Option<&'a Memory>,
    /// Bytes, kind and how many.
    drives: Option<Vec<(u64, Option<DriveKind>, u64)>>,
    /// Gigabits a second and how many.
    ports: Option<Vec<(Option<u16>, u64)>>,
    /// In rack units.
    height: Option<u8>,
}

fn points(spec: &Spec, has: &Told<'_>) -> Vec<Difference> {
    let mut points = Vec::new();
    processors(spec, has, &mut points);
    memory(spec, has, &mut points);
    drives(spec, has, &mut points);
    ports(spec, has, &mut points);
    height(spec, has, &mut points);
    points
}

fn height(spec: &Spec, has: &Told<'_>, points: &mut Vec<Difference>) {
    let Some(asked) = spec.height else { return };
    match has.height {
        Some(h) if h == asked => {}
        Some(h) => points.push(point("height", format!("{asked}U"), format!("{h}U"), Sense::Other)),
        None => points.push(unknown("height", format!("{asked}U"))),
    }
}

fn point(what: &str, asked: impl Into<Text>, has: impl Into<Text>, sense: Sense) -> Difference {
    Difference { what: what.into(), asked: asked.into(), has: has.into(), sense }
}

fn unknown(what: &str, asked: impl Into<Text>) -> Difference {
    point(what, asked, "unknown", Sense::Unknown)
}

fn number(points: &mut Vec<Difference>, what: &str, asked: u64, has: u64, show: &dyn Fn(u64) -> String) {
    let sense = match has.cmp(&asked) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Greater => Sense::More,
        std::cmp::Ordering::Less => Sense::Less,
    };
    points.push(point(what, show(asked), show(has), sense));
}

fn processors(spec: &Spec, has: &Told<'_>, points: &mut Vec<Difference>) {
    let Some(asked) = &spec.processors else { return };
    let Some((count, each)) = has.processors else {
        let alone = Spec { processors: Some(asked.clone()), ..Spec::default() };
        return points.push(unknown("processors", alone.to_string()));
    };
    number(points, "processors", asked.count.into(), count, &|n| n.to_string());
    let Some((model, cores)) = each else { return };
    match (&asked.model, model) {
        (Some(wanted), Some(model)) if !is_model(wanted, model) => {
            points.push(point("processor", wanted.clone(), model.clone(), Sense::Other));
        }
        (Some(wanted), None) => points.push(unknown("processor", wanted.clone())),
        _ => {}
    }
    match (asked.cores, cores) {
        (Some(wanted), Some(cores)) => number(points, "cores each", wanted.into(), cores, &|n| n.to_string()),
        (Some(wanted), None) => points.push(unknown("cores each", wanted.to_string())),
        _ => {}
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

fn memory(spec: &Spec, has: &Told<'_>, points: &mut Vec<Difference>) {
    let Some(asked) = &spec.memory else { return };
    let gib = |bytes: u64| format!("{} GB", bytes >> 30);
    let Some(bytes) = has.memory else {
        let alone = Spec { memory: Some(asked.clone()), ..Spec::default() };
        return points.push(unknown("memory", alone.to_string()));
    };
    number(points, "memory", asked.bytes, bytes, &gib);
    let Some(told) = has.modules else { return };
    match (&asked.kind, &told.kind) {
        (Some(wanted), Some(kind)) if wanted != kind => {
            points.push(point("memory kind", wanted.clone(), kind.clone(), Sense::Other));
        }
        (Some(wanted), None) => points.push(unknown("memory kind", wanted.clone())),
        _ => {}
    }
    match (asked.modules, told.modules) {
        (Some(wanted), Some(modules)) if wanted != modules => {
            points.push(point("memory modules", wanted.to_string(), modules.to_string(), Sense::Other));
        }
        (Some(wanted), None) => points.push(unknown("memory modules", wanted.to_string())),
        _ => {}
    }
}

/// Takes up to `left` of what suits out of the free ones, in their order; says how many of each were taken.
fn take<T: Copy>(free: &mut [(T, u64)], left: &mut u64, suits: impl Fn(T) -> bool) -> Vec<(T, u64)> {
    let mut taken = Vec::new();
    for (thing, count) in free.iter_mut().filter(|(t, n)| *n > 0 && suits(*t)) {
        let n = (*count).min(*left);
        *count -= n;
        *left -= n;
        if n > 0 {
            taken.push((*thing, n));
        }
    }
    taken
}

/// Each drive that was asked for takes the smallest free one that serves; what is left over is surplus. What asks for
/// one kind only goes first, since any other flash drive may do for what asks for flash.
fn drives(spec: &Spec, has: &Told<'_>, points: &mut Vec<Difference>) {
    let name = |d: &Drives| format!("{}x {} {}", d.count, gigabytes(d.bytes), d.kind.word());
    let Some(told) = &has.drives else {
        points.extend(spec.drives.iter().map(|d| unknown("drives", name(d))));
        return;
    };
    let mut free: Vec<((u64, Option<DriveKind>), u64)> = told.iter().map(|(b, k, n)| ((*b, *k), *n)).collect();
    free.sort_unstable();
    let mut asked: Vec<&Drives> = spec.drives.iter().collect();
    asked.sort_by_key(|d| (d.kind == DriveKind::Ssd, Reverse(d.bytes)));
    for want in &asked {
        let least = want.bytes - want.bytes / DRIVE_TOLERANCE;
        let most = want.bytes.saturating_add(want.bytes / DRIVE_TOLERANCE);
        let mut left = u64::from(want.count);
        let known = |d: (u64, Option<DriveKind>)| d.0 >= least && d.1.is_some_and(|k| k.serves_as(want.kind));
        let mut taken = take(&mut free, &mut left, known);
        let guessed = take(&mut free, &mut left, |d| d.0 >= least && d.1.is_none());
        let unknown: u64 = guessed.iter().map(|(_, n)| n).sum();
        taken.extend(guessed);
        let larger: u64 = taken.iter().filter(|((bytes, _), _)| *bytes > most).map(|(_, n)| n).sum();
        said(points, "drives", &name(want), left, (unknown, "kind"), (larger, "larger"));
    }
    let more: u64 = free.iter().map(|(_, n)| n).sum();
    if !asked.is_empty() && more > 0 {
        let each = |((bytes, _), n): &((u64, Option<DriveKind>), u64)| match n {
            0 => None,
            1 => Some(gigabytes(*bytes)),
            n => Some(format!("{n}x {}", gigabytes(*bytes))),
        };
        let which = free.iter().filter_map(each).collect::<Vec<_>>().join(", ");
        points.push(point("drives", "no more", format!("{more} more: {which}"), Sense::More));
    }
}

/// What came of one wish: how many are missing, of how many something is not known, how many are more than was wished.
fn said(points: &mut Vec<Difference>, what: &str, wish: &str, missing: u64, unknown: (u64, &str), more: (u64, &str)) {
    if missing > 0 {
        points.push(point(what, wish, format!("{missing} missing"), Sense::Less));
    }
    if unknown.0 > 0 {
        points.push(point(what, wish, format!("{} of unknown {}", unknown.0, unknown.1), Sense::Unknown));
    }
    if more.0 > 0 {
        points.push(point(what, wish, format!("{} {}", more.0, more.1), Sense::More));
    }
}

fn gigabytes(bytes: u64) -> String {
    let gb = bytes / 1_000_000_000;
    if gb >= 1_000 { format!("{}.{:02} TB", gb / 1_000, gb % 1_000 / 10) } else { format!("{gb} GB") }
}

fn ports(spec: &Spec, has: &Told<'_>, points: &mut Vec<Difference>) {
    let name = |p: &Ports| format!("{}x {}GbE", p.count, p.gbps);
    let Some(told) = &has.ports else {
        points.extend(spec.ports.iter().map(|p| unknown("ports", name(p))));
        return;
    };
    let mut free = told.clone();
    free.sort_unstable();
    let mut asked: Vec<&Ports> = spec.ports.iter().collect();
    asked.sort_by_key(|p| Reverse(p.gbps));
    for want in &asked {
        let mut left = u64::from(want.count);
        let known = take(&mut free, &mut left, |p| p.is_some_and(|gbps| gbps >= want.gbps));
        let faster: u64 = known.iter().filter(|(p, _)| *p > Some(want.gbps)).map(|(_, n)| n).sum();
        let unknown: u64 = take(&mut free, &mut left, |p| p.is_none()).iter().map(|(_, n)| n).sum();
        said(points, "ports", &name(want), left, (unknown, "speed"), (faster, "faster"));
    }
    let more: u64 = free.iter().map(|(_, n)| n).sum();
    if !asked.is_empty() && more > 0 {
        points.push(point("ports", "no more", format!("{more} more"), Sense::More));
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
