//! What a site's dock expects, and what came in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::Seq;
use crate::id::SiteId;
use crate::lifecycle::registration::Registered;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// How long a receipt counts as of this delivery.
pub const DELIVERY: Duration = Duration::from_hours(24);
/// Serials still expected that are told by name at the most.
pub const NAMED: usize = 256;
/// Models told one by one at the most.
pub const MODELS: usize = 128;

/// A site's dock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiving {
    /// The head it was made at.
    pub head: Seq,
    /// When, by the daemon's clock.
    pub now: Timestamp,
    /// The site.
    pub site: SiteId,
    /// By model, at most [`MODELS`].
    pub lines: Vec<Line>,
    /// Of all models together.
    pub sum: Line,
    /// Serials still expected, in order, at most [`NAMED`].
    pub expected: Vec<Text>,
    /// On their way here, but held, quarantined or at an end: not expected.
    pub aside: u32,
    /// Received within [`DELIVERY`], with their BMC's MAC not seen in NetBox yet.
    pub unregistered: u32,
    /// How many each site still expects.
    pub sites: BTreeMap<SiteId, u32>,
}

/// What is expected of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The model, where known.
    pub model: Option<Text>,
    /// Received within [`DELIVERY`] and still expected, together.
    pub wanted: u32,
    /// Received within [`DELIVERY`].
    pub got: u32,
    /// Still expected.
    pub left: u32,
}

/// The dock of a site.
pub fn receiving(world: &World, site: &SiteId, now: Timestamp) -> Receiving {
    let mut lines: BTreeMap<Option<Text>, Line> = BTreeMap::new();
    let mut dock = Receiving {
        head: world.head,
        now,
        site: site.clone(),
        lines: Vec::new(),
        sum: Line::default(),
        expected: Vec::new(),
        aside: 0,
        unregistered: 0,
        sites: BTreeMap::new(),
    };
    for unit in world.units.values() {
        let coming = unit.stage == Stage::ShipmentTracking;
        let expected = coming && unit.disposition == Disposition::Normal;
        if expected {
            *dock.sites.entry(unit.site.clone()).or_default() += 1;
        }
        if unit.site != *site {
            continue;
        }
        let got = unit.receipt.as_ref().is_some_and(|r| now.since(r.at) < DELIVERY);
        dock.aside += u32::from(coming && !expected);
        if !expected && !got {
            continue;
        }
        dock.unregistered += u32::from(got && is_unregistered(unit));
        let line = lines.entry(unit.model.clone()).or_default();
        for line in [line, &mut dock.sum] {
            line.wanted += 1;
            line.got += u32::from(got);
            line.left += u32::from(!got);
        }
        if !got {
            dock.expected.push(unit.label().into());
        }
    }
    dock.expected.sort_unstable();
    dock.expected.truncate(NAMED);
    dock.lines = lines.into_iter().map(|(model, line)| Line { model, ..line }).take(MODELS).collect();
    // What is still missing first.
    dock.lines.sort_by_key(|line| line.left == 0);
    dock
}

fn is_unregistered(unit: &Unit) -> bool {
    let waits = [Registered::Waiting, Registered::Failed];
    unit.registration.is_some() && waits.contains(&unit.registration_standing().result)
}
