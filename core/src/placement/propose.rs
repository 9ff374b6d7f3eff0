//! Proposals: for servers that have no place yet, whole sets of places with their ports and outlets, each with reasons,
//! and why the other racks do not do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reservation::{Before, MAX_CABLES, NetworkCable, PowerCord, Reservation};
use super::room::{Ends, Sockets};
use super::spots::{Need, Space};
use crate::id::{SiteId, UnitId};
use crate::inventory::rack::{Face, HalfUnits};
use crate::inventory::{ObjectId, Port};
use crate::spine::natural::by_number;
use crate::text::Text;
use crate::time::Timestamp;

/// Alternatives in one answer at the most.
pub const MAX_ALTERNATIVES: usize = 6;
/// Racks that say why not, at the most.
pub const MAX_REFUSED: usize = 64;

/// What a person asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// For which units, at most [`super::reservation::MAX_TOGETHER`].
    pub units: Vec<UnitId>,
    /// Only in this rack.
    pub rack: Option<Text>,
    /// Only with this lowest half unit; for one unit.
    pub position: Option<HalfUnits>,
    /// Whose they will be; else what NetBox says.
    pub tenant: Option<Text>,
    /// Of that tenant at most so many in one rack.
    pub spread: Option<u32>,
    /// The height of each in half units; else what NetBox says of its type.
    pub height: Option<HalfUnits>,
    /// What each draws at the most, in watts; else what NetBox says.
    pub watts: Option<u32>,
    /// What each weighs; else what NetBox says of its type.
    pub kilograms: Option<u32>,
    /// Do without power that survives the loss of a feed.
    pub any_power: bool,
}

/// One server, and what is known of what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The unit.
    pub unit: UnitId,
    /// What a person calls it.
    pub label: Text,
    /// What it takes of a rack.
    pub need: Need,
    /// What it draws, where known; in the need an unknown draw is 0.
    pub watts: Option<u32>,
    /// What it weighs, where known.
    pub kilograms: Option<u32>,
    /// What it has to be plugged in by; `None` where nobody knows.
    pub ends: Option<Ends>,
    /// Its device in NetBox.
    pub device: Option<ObjectId>,
    /// Where NetBox has that device.
    pub before: Option<Before>,
}

/// A place for one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The unit.
    pub unit: UnitId,
    /// What is kept for it.
    pub place: Reservation,
}

/// One way to place all of them, or as many as can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The places, in the order the units were named.
    pub places: Vec<Choice>,
    /// Who has none.
    pub without: Vec<Text>,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposals {
    /// When NetBox was read.
    pub read_at: Timestamp,
    /// The site.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// What each unit is called, in the order they were named.
    pub labels: Vec<(UnitId, Text)>,
    /// Best first. Only the first may leave somebody without a place.
    pub alternatives: Vec<Alternative>,
    /// Why a rack takes none of them, or no more, by its name; at most [`MAX_REFUSED`].
    pub refused: Vec<(Text, Text)>,
    /// How many racks there are beyond those.
    pub more_refused: usize,
}

/// The racks whose ports and outlets have to be read before there is an answer.
pub type Unread = BTreeSet<ObjectId>;

/// Proposes places. Where that rests on ports or outlets nobody has read yet, their racks come back.
pub fn propose(spaces: &[Space], wanted: &[Wanted], position: Option<HalfUnits>) -> Result<Proposals, Unread> {
    let mut proposals = Proposals::default();
    let mut used: BTreeSet<ObjectId> = BTreeSet::new();
    while proposals.alternatives.len() < MAX_ALTERNATIVES {
        let left: Vec<Space> = spaces.iter().filter(|s| !used.contains(&s.rack)).cloned().collect();
        let (alternative, refused) = one_way(left, wanted, position)?;
        if proposals.alternatives.is_empty() {
            proposals.more_refused = refused.len().saturating_sub(MAX_REFUSED);
            proposals.refused = refused.into_iter().take(MAX_REFUSED).collect();
        }
        if alternative.places.is_empty() || !(alternative.without.is_empty() || proposals.alternatives.is_empty()) {
            break;
        }
        used.extend(alternative.places.iter().map(|c| c.place.rack));
        proposals.alternatives.push(alternative);
    }
    Ok(proposals)
}

/// Why racks take no more, by name.
type Refused = Vec<(Text, Text)>;

/// Places one after the other, each in the rack with the fewest of its tenant's; the tallest first, since they are the
/// hardest to fit in.
fn one_way(
    mut spaces: Vec<Space>,
    wanted: &[Wanted],
    position: Option<HalfUnits>,
) -> Result<(Alternative, Refused), Unread> {
    spaces.sort_by(|a, b| by_number(&a.name, &b.name).then(a.rack.cmp(&b.rack)));
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|n| std::cmp::Reverse((wanted[*n].need.height, wanted[*n].need.full_depth)));
    let (mut places, mut refused, mut unread) = (BTreeMap::new(), BTreeMap::new(), Unread::new());
    for n in order {
        let want = &wanted[n];
        let mut turns: Vec<_> = (0..spaces.len()).map(|s| spaces[s].turn(&want.need, s)).collect();
        turns.sort_unstable();
        for (_, _, s) in turns {
            match spaces[s].fit(want, position) {
                Ok(place) => {
                    if spaces[s].sockets.is_none() {
                        unread.insert(spaces[s].rack);
                    }
                    spaces[s].hold(&place);
                    places.insert(n, Choice { unit: want.unit, place });
                    break;
                }
                Err(why) => {
                    refused.insert(s, why);
                }
            }
        }
    }
    if !unread.is_empty() {
        return Err(unread);
    }
    let without = (0..wanted.len()).filter(|n| !places.contains_key(n)).map(|n| wanted[n].label.clone()).collect();
    let refused = refused.into_iter().map(|(s, why)| (spaces[s].name.clone(), why)).collect();
    Ok((Alternative { places: places.into_values().collect(), without }, refused))
}

impl Space {
    /// A place for one server with its cables, or why there is none.
    fn fit(&self, want: &Wanted, position: Option<HalfUnits>) -> Result<Reservation, Text> {
        let need = &want.need;
        let low = match position {
            Some(low) => self.room_at(need, Face::Front, low).map(|()| low)?,
            None => self.room_for(need)?,
        };
        let mut reasons = self.reasons(need, (want.watts.is_some(), want.kilograms.is_some()));
        let mut doubts = self.doubts();
        if want.watts.is_none() {
            doubts.push("what it draws is not known".into());
        }
        if want.kilograms.is_none() && self.weight.is_some() {
            doubts.push("what it weighs is not known".into());
        }
        let (mut network, mut power) = (Vec::new(), Vec::new());
        match (&want.ends, &self.sockets) {
            (None, _) => doubts.push("NetBox knows neither its interfaces nor its inlets: no cable is planned".into()),
            (Some(ends), Some(sockets)) => {
                network = ports(ends, sockets, &mut reasons, &mut doubts)?;
                power = outlets(ends, sockets, &mut reasons, &mut doubts)?;
            }
            // Read before anything is made of it.
            (Some(_), None) => {}
        }
        if let Some(before) = &want.before
            && (before.rack, before.position) != (self.rack, Some(low))
        {
            doubts.push("NetBox has it in another place now; that is changed".into());
        }
        Ok(Reservation {
            rack: self.rack,
            name: self.name.clone(),
            position: low,
            face: Face::Front,
            height: need.height.max(1),
            full_depth: need.full_depth,
            watts: want.watts,
            kilograms: want.kilograms,
            tenant: need.tenant.clone(),
            any_power: need.any_power,
            power,
            network,
            reasons,
            doubts,
            device: want.device,
            before: want.before.clone(),
        })
    }

    fn hold(&mut self, place: &Reservation) {
        self.taken.extend(place.halves());
        self.burden(&place.need());
        self.unplug(&place.network, &place.power);
    }
}

/// A switch port for each interface: in turn from one switch and the next, the lowest free of the same type first.
fn ports(
    ends: &Ends,
    sockets: &Sockets,
    reasons: &mut Vec<Text>,
    doubts: &mut Vec<Text>,
) -> Result<Vec<NetworkCable>, Text> {
    let mut nics: Vec<_> = ends.nics.iter().filter(|n| !n.taken).collect();
    nics.sort_by(|a, b| a.management.cmp(&b.management).then_with(|| by_number(&a.name, &b.name)));
    if nics.iter().any(|n| !n.management) && sockets.switches == 0 {
        doubts.push("NetBox has no switch in this rack: no network cable is planned".into());
    }
    let (mut cables, mut used) = (Vec::<NetworkCable>::new(), BTreeSet::new());
    for (management, what) in [(false, "switch"), (true, "management switch")] {
        let mut free = sockets.ports.iter().filter(|p| p.management == management).collect::<Vec<_>>();
        free.sort_by(|a, b| by_number(&a.switch, &b.switch).then_with(|| by_number(&a.port, &b.port)));
        let mut switches: Vec<&Text> = free.iter().map(|p| &p.switch).collect();
        switches.dedup();
        let nics: Vec<_> = nics.iter().filter(|n| n.management == management).take(MAX_CABLES).collect();
        if management && switches.is_empty() {
            if !nics.is_empty() {
                doubts.push("no management switch here has a free port: its BMC's cable is not planned".into());
            }
            continue;
        }
        if !management && sockets.switches == 0 {
            continue;
        }
        if nics.len() > free.len() {
            return Err(format!("{} free {what} ports, it needs {}", free.len(), nics.len()).into());
        }
        for (n, nic) in nics.iter().enumerate() {
            let of = |switch: &Text, same: bool| {
                let fits = |p: &&&super::room::FreePort| {
                    p.switch == *switch && (!same || p.kind == nic.kind) && !used.contains(&(&p.switch, &p.port))
                };
                free.iter().find(fits).copied()
            };
            // Its own switch's turn first, then the others'.
            let turn = (0..switches.len()).map(|k| switches[(n + k) % switches.len()]);
            let found = turn.clone().find_map(|s| of(s, true)).or_else(|| turn.clone().find_map(|s| of(s, false)));
            let Some(port) = found else { continue };
            if port.kind != nic.kind {
                doubts.push(
                    format!("{} is {}, {} {} is {}", nic.name, nic.kind, port.switch, port.port, port.kind).into(),
                );
            }
            used.insert((&port.switch, &port.port));
            let far = Port { switch: port.switch.clone(), port: port.port.clone() };
            cables.push(NetworkCable { interface: nic.name.clone(), port: far });
        }
    }
    let switches: BTreeSet<&Text> = cables.iter().map(|c| &c.port.switch).collect();
    if !cables.is_empty() {
        reasons.push(format!("{} to {}", count(cables.len(), "cable"), count(switches.len(), "switch")).into());
    }
    Ok(cables)
}

/// An outlet for each inlet, on another feed each time, as long as there is one.
fn outlets(
    ends: &Ends,
    sockets: &Sockets,
    reasons: &mut Vec<Text>,
    doubts: &mut Vec<Text>,
) -> Result<Vec<PowerCord>, Text> {
    let mut inlets: Vec<_> = ends.inlets.iter().filter(|i| !i.taken).take(MAX_CABLES).collect();
    inlets.sort_by(|a, b| by_number(&a.name, &b.name));
    if inlets.is_empty() {
        if ends.inlets.is_empty() {
            doubts.push("NetBox knows none of its inlets: no power cord is planned".into());
        }
        return Ok(Vec::new());
    }
    if sockets.strips == 0 {
        doubts.push("NetBox has no power strip in this rack: no power cord is planned".into());
        return Ok(Vec::new());
    }
    if inlets.len() > sockets.outlets.len() {
        return Err(format!("{} free outlets, it needs {}", sockets.outlets.len(), inlets.len()).into());
    }
    let mut free: Vec<_> = sockets.outlets.iter().collect();
    free.sort_by(|a, b| by_number(&a.strip, &b.strip).then_with(|| by_number(&a.outlet, &b.outlet)));
    // Where nobody knows the feed, a strip stands for its own.
    let side = |o: &super::room::FreeOutlet| o.feed.clone().unwrap_or_else(|| o.strip.clone());
    let mut sides: Vec<Text> = Vec::new();
    for outlet in &free {
        if !sides.contains(&side(outlet)) {
            sides.push(side(outlet));
        }
    }
    let (mut cords, mut used) = (Vec::<PowerCord>::new(), BTreeSet::new());
    for (n, inlet) in inlets.iter().enumerate() {
        let turn = (0..sides.len()).map(|k| &sides[(n + k) % sides.len()]);
        let found = turn.clone().find_map(|s| {
            free.iter().find(|o| side(o) == *s && !used.contains(&(&o.strip, &o.outlet))).map(|o| (s.clone(), *o))
        });
        let Some((_, outlet)) = found else { continue };
        used.insert((&outlet.strip, &outlet.outlet));
        cords.push(PowerCord {
            inlet: inlet.name.clone(),
            strip: outlet.strip.clone(),
            outlet: outlet.outlet.clone(),
            feed: outlet.feed.clone(),
        });
    }
    let chosen: BTreeSet<Text> =
        free.iter().filter(|o| used.contains(&(&o.strip, &o.outlet))).map(|o| side(o)).collect();
    if inlets.len() > 1 && chosen.len() < 2 {
        return Err("all its inlets would hang on one feed".into());
    }
    if free.iter().any(|o| o.feed.is_none() && used.contains(&(&o.strip, &o.outlet))) {
        doubts.push("which feed a power strip hangs on is not known".into());
    }
    reasons.push(format!("{} on {}", count(cords.len(), "cord"), count(chosen.len(), "feed")).into());
    Ok(cords)
}

fn count(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (_, "switch") => format!("{n} switches"),
        _ => format!("{n} {what}s"),
    }
}
