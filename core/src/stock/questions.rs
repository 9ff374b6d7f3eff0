//! The ready pool: what could be given, and what is kept for an order already.

use serde::{Deserialize, Serialize};

use crate::id::{OrderId, SiteId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::order::spec::{self, Spec, Unclear};
use crate::stock::{Candidate, Fit, Match, matches};
use crate::text::Text;
use crate::world::World;

/// Matches that are told at the most.
pub const TOLD: usize = 100;

/// The pool.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    /// Free.
    pub free: Vec<Candidate>,
    /// Kept for an order.
    pub kept: Vec<Candidate>,
}

/// What of a specification, in the business's words, is in stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockQuery {
    /// What is looked for.
    pub spec: Text,
    /// At this site; `None` is anywhere.
    pub site: Option<SiteId>,
}

/// The answer to "what of this is in stock?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// What was understood.
    pub understood: Text,
    /// What was not.
    pub unclear: Vec<Unclear>,
    /// What serves and is free, best first; at most [`TOLD`].
    pub free: Vec<Match>,
    /// How many serve and are free.
    pub free_total: usize,
    /// What serves and is kept, with the order it is kept for; at most [`TOLD`].
    pub kept: Vec<(Match, OrderId)>,
    /// Ready servers of which nobody knows what they are.
    pub unknown: usize,
}

/// How many free servers would serve; which they are is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FitQuery {
    /// What is looked for.
    pub spec: Text,
    /// At this site; `None` is anywhere.
    pub site: Option<SiteId>,
}

/// How many free servers would serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fits {
    /// What was understood.
    pub understood: Text,
    /// What was not.
    pub unclear: Vec<Unclear>,
    /// Free servers that are what was asked for.
    pub exact: usize,
    /// Free servers that are at least that.
    pub better: usize,
    /// Free servers that are nearly that.
    pub near: usize,
}

/// How many free servers would serve.
pub fn fits(world: &World, FitQuery { spec: words, site }: &FitQuery) -> Fits {
    let found = spec::read(words);
    let free = matches(&found.spec, &pool(world, site.as_ref()).free);
    let count = |fit| free.iter().filter(|m| m.fit == fit && !found.spec.is_empty()).count();
    Fits {
        understood: found.spec.to_string().into(),
        exact: count(Fit::Exact),
        better: count(Fit::Better),
        near: count(Fit::Near),
        unclear: found.unclear,
    }
}

/// The servers that are ready, of a site or of all; `any` is all.
pub fn pool(world: &World, site: Option<&SiteId>) -> Pool {
    let mut pool = Pool::default();
    for unit in ready(world, site) {
        if let Some(candidate) = candidate(unit) {
            let kept = world.reserved_for(unit.id).is_some();
            if kept { pool.kept.push(candidate) } else { pool.free.push(candidate) }
        }
    }
    pool
}

fn ready<'a>(world: &'a World, site: Option<&'a SiteId>) -> impl Iterator<Item = &'a Unit> {
    let ready = |u: &&Unit| u.stage == Stage::Ready && u.disposition == Disposition::Normal;
    world.units.values().map(|u| &**u).filter(ready).filter(move |u| site.is_none_or(|s| s.is_any() || u.site == *s))
}

/// A ready server as its own report shows it, else as it was told; `None` where nobody knows.
fn candidate(unit: &Unit) -> Option<Candidate> {
    let (site, label, since) = (unit.site.clone(), unit.label().into(), unit.stage_since);
    if let Some(report) = &unit.validation.report {
        return Some(Candidate::from_report(unit.id, site, label, since, report));
    }
    let told: &Spec = unit.told.as_ref()?;
    let processor = |p: &spec::Processors| {
        let model = p.model.clone().unwrap_or_else(|| "CPU".into());
        vec![(model, p.cores.unwrap_or(0).into()); usize::from(p.count)]
    };
    let drives = told.drives.iter().flat_map(|d| vec![(d.bytes, Some(d.kind)); usize::from(d.count)]);
    let ports = told.ports.iter().flat_map(|p| vec![Some(p.gbps); usize::from(p.count)]);
    Some(Candidate {
        unit: unit.id,
        site,
        label,
        since,
        processors: told.processors.as_ref().map(processor).unwrap_or_default(),
        memory: told.memory.as_ref().map_or(0, |m| m.bytes),
        drives: drives.collect(),
        ports: ports.collect(),
        height: told.height,
    })
}

/// What of this is in stock.
pub fn stock(world: &World, site: Option<&SiteId>, words: &str) -> Stock {
    let understood = spec::read(words);
    let pool = pool(world, site);
    let mut free = matches(&understood.spec, &pool.free);
    let free_total = free.len();
    free.truncate(TOLD);
    let kept = matches(&understood.spec, &pool.kept).into_iter();
    let kept = kept.filter_map(|m| world.reserved_for(m.unit).map(|o| (m, o))).take(TOLD).collect();
    let unknown = ready(world, site).count() - pool.free.len() - pool.kept.len();
    Stock {
        understood: understood.spec.to_string().into(),
        unclear: understood.unclear,
        free,
        free_total,
        kept,
        unknown,
    }
}
