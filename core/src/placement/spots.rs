//! Where new servers go: free rack units on the sides they need, power that survives the loss of a feed, weight, and a
//! tenant's servers spread over racks.
//!
//! Racks do not share limits, and the servers of one request are alike. So taking the rack with the fewest of the
//! tenant's servers each time places as many as can be placed, and no rack ends with more of them than must be.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reservation::{NetworkCable, PowerCord, Reservation};
use super::room::Sockets;
use crate::inventory::ObjectId;
use crate::inventory::rack::{Face, HalfUnits};
use crate::spine::natural::by_number;
use crate::text::Text;

/// A rack with what is in it, reservations included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its id.
    pub rack: ObjectId,
    /// Its name.
    pub name: Text,
    /// The lowest unit's number, in half units.
    pub first: HalfUnits,
    /// Its height.
    pub height: HalfUnits,
    /// The half units that are taken, by side.
    pub taken: BTreeSet<(Face, HalfUnits)>,
    /// Its power feeds; empty where nobody knows of any.
    pub feeds: Vec<Feed>,
    /// What its servers draw together at the most, in watts.
    pub watts: u32,
    /// How many more stand in it whose draw nobody knows.
    pub undrawn: u32,
    /// What it may carry, and what it carries, in kilograms; `None` where nobody knows.
    pub weight: Option<(u32, u32)>,
    /// How many more stand in it whose weight nobody knows.
    pub unweighed: u32,
    /// Servers of each tenant.
    pub tenants: BTreeMap<Text, u32>,
    /// Its free switch ports and outlets; `None` where they were not read.
    pub sockets: Option<Sockets>,
}

/// A power feed of a rack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Its name.
    pub name: Text,
    /// What may be drawn from it for good, in watts: the breaker's rating and its margin are taken off.
    pub watts: u32,
}

/// What is to be placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// How many servers, all alike.
    pub count: usize,
    /// The height of each.
    pub height: HalfUnits,
    /// Whether each takes both sides.
    pub full_depth: bool,
    /// What each draws at the most, in watts.
    pub watts: u32,
    /// What each weighs, in kilograms; 0 only where it is not known and no rack has a limit.
    pub kilograms: u32,
    /// Whose they will be.
    pub tenant: Option<Text>,
    /// Of that tenant at most so many in one rack.
    pub spread: Option<u32>,
    /// Whether a person does without power that survives the loss of a feed.
    pub any_power: bool,
}

/// A place for one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The rack.
    pub rack: ObjectId,
    /// Its name.
    pub name: Text,
    /// The lowest half unit.
    pub position: HalfUnits,
    /// Why here, as short facts.
    pub reasons: Vec<Text>,
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Places, in the order they were found.
    pub placed: Vec<Proposal>,
    /// Why each rack takes no more, by its name: what a person could change.
    pub refused: Vec<(Text, Text)>,
}

/// Finds places for all of the servers, or for as many as can be placed.
pub fn place(spaces: &[Space], need: &Need) -> Placement {
    let mut spaces: Vec<Space> = spaces.to_vec();
    spaces.sort_by(|a, b| by_number(&a.name, &b.name).then(a.rack.cmp(&b.rack)));
    // Racks by how many of the tenant's servers they hold, the fuller of equals first: what is empty stays empty.
    let mut open: BTreeSet<(u32, u32, usize)> = (0..spaces.len()).map(|n| spaces[n].turn(need, n)).collect();
    let mut result = Placement::default();
    while result.placed.len() < need.count {
        let Some(turn) = open.pop_first() else { break };
        let space = &mut spaces[turn.2];
        match space.room_for(need) {
            Ok(position) => {
                result.placed.push(space.proposal(position, need));
                space.take(position, need);
                open.insert(space.turn(need, turn.2));
            }
            Err(why) => result.refused.push((space.name.clone(), why)),
        }
    }
    result.refused.sort_by(|a, b| by_number(&a.0, &b.0));
    result
}

impl Reservation {
    /// What it takes of a rack, as a need.
    pub fn need(&self) -> Need {
        Need {
            count: 1,
            height: self.height,
            full_depth: self.full_depth,
            watts: self.watts.unwrap_or(0),
            kilograms: self.kilograms.unwrap_or(0),
            tenant: self.tenant.clone(),
            spread: None,
            any_power: self.any_power,
        }
    }
}

impl Space {
    /// What this rack may draw for good, so that any one feed can be lost; `None` where that is not known.
    pub fn capacity(&self) -> Option<u32> {
        // The feed that is left carries everything.
        if self.feeds.len() < 2 { None } else { self.feeds.iter().map(|f| f.watts).min() }
    }

    /// The lowest place that one server fits in, or why there is none.
    pub fn room_for(&self, need: &Need) -> Result<HalfUnits, Text> {
        self.limits(need)?;
        self.lowest_gap(need).ok_or_else(|| Text::new("no free units of that height on the sides it needs"))
    }

    /// Whether one server fits in at this lowest half unit, or why not.
    pub fn room_at(&self, need: &Need, face: Face, low: HalfUnits) -> Result<(), Text> {
        self.limits(need)?;
        let height = need.height.max(1);
        if low < self.first || low.saturating_add(height) > self.first.saturating_add(self.height) {
            return Err(format!("{} ends before that", self.name).into());
        }
        let faces = [Face::Front, Face::Rear].into_iter().filter(|f| need.full_depth || *f == face);
        let blocked =
            faces.flat_map(|f| (low..low + height).map(move |half| (f, half))).find(|h| self.taken.contains(h));
        match blocked {
            Some((_, half)) => Err(format!("U{} is taken", f64::from(half) / 2.0).into()),
            None => Ok(()),
        }
    }

    /// Whether power, weight and spread allow one more.
    fn limits(&self, need: &Need) -> Result<(), Text> {
        match self.capacity() {
            Some(capacity) => {
                let watts = self.watts.saturating_add(need.watts);
                if watts > capacity {
                    return Err(format!("power: {watts} W with one more, {capacity} W when a feed is lost").into());
                }
            }
            None if need.any_power => {}
            None => {
                return Err(match self.feeds.first() {
                    Some(only) => format!("only one power feed, {}", only.name).into(),
                    None => "its power feeds are not known".into(),
                });
            }
        }
        if let Some((most, now)) = self.weight {
            let with = now.saturating_add(need.kilograms);
            if with > most {
                return Err(format!("weight: {with} kg with one more, {most} kg allowed").into());
            }
        }
        if let (Some(tenant), Some(most)) = (&need.tenant, need.spread)
            && self.held_for(Some(tenant)) >= most
        {
            return Err(format!("{tenant} has {most} here already, as many as may be in one rack").into());
        }
        Ok(())
    }

    /// Servers are mounted at whole units, whatever NetBox can count.
    fn lowest_gap(&self, need: &Need) -> Option<HalfUnits> {
        let height = need.height.max(1);
        let last = self.height.checked_sub(height)?;
        (0..=last).step_by(2).map(|up| self.first + up).find(|low| {
            let is_free = |face| (*low..low + height).all(|half| !self.taken.contains(&(face, half)));
            is_free(Face::Front) && (!need.full_depth || is_free(Face::Rear))
        })
    }

    fn held_for(&self, tenant: Option<&Text>) -> u32 {
        tenant.and_then(|t| self.tenants.get(t)).copied().unwrap_or(0)
    }

    /// What decides which rack is tried first: the tenant's servers in it, then what is free.
    pub(super) fn turn(&self, need: &Need, n: usize) -> (u32, u32, usize) {
        let free = u32::from(self.height).saturating_mul(2).saturating_sub(self.taken.len() as u32);
        (self.held_for(need.tenant.as_ref()), free, n)
    }

    fn proposal(&self, position: HalfUnits, need: &Need) -> Proposal {
        Proposal { rack: self.rack, name: self.name.clone(), position, reasons: self.reasons(need, (true, true)) }
    }

    /// Why one more may stand here, as short facts; of draw and weight only where the server's own are known.
    pub(super) fn reasons(&self, need: &Need, (watts_known, weight_known): (bool, bool)) -> Vec<Text> {
        let mut reasons: Vec<Text> = Vec::new();
        if let Some(tenant) = &need.tenant {
            reasons.push(match self.held_for(Some(tenant)) {
                0 => format!("none of {tenant}'s servers here yet").into(),
                n => format!("{n} of {tenant}'s servers here, no rack has fewer and room").into(),
            });
        }
        let at_least = |others: u32| if others > 0 { "at least " } else { "" };
        if let Some(capacity) = self.capacity().filter(|_| watts_known) {
            let (watts, least) = (self.watts.saturating_add(need.watts), at_least(self.undrawn));
            reasons.push(format!("{least}{watts} of {capacity} W when a feed is lost").into());
        }
        if let Some((most, now)) = self.weight.filter(|_| weight_known) {
            let least = at_least(self.unweighed);
            reasons.push(format!("{least}{} of {most} kg", now.saturating_add(need.kilograms)).into());
        }
        reasons
    }

    /// What was not looked at here because nobody knows it.
    pub(super) fn doubts(&self) -> Vec<Text> {
        let mut doubts = Vec::new();
        let things = |n: u32| if n == 1 { "1 thing".to_owned() } else { format!("{n} things") };
        match self.feeds.as_slice() {
            [] => doubts.push("its power feeds are not known".into()),
            [only] => doubts.push(format!("only one power feed, {}", only.name).into()),
            _ => {}
        }
        if self.undrawn > 0 {
            doubts.push(format!("the draw of {} in it is not known", things(self.undrawn)).into());
        }
        if self.weight.is_none() {
            doubts.push("what it may carry is not known".into());
        } else if self.unweighed > 0 {
            doubts.push(format!("the weight of {} in it is not known", things(self.unweighed)).into());
        }
        doubts
    }

    fn take(&mut self, position: HalfUnits, need: &Need) {
        for half in position..position + need.height.max(1) {
            self.taken.insert((Face::Front, half));
            if need.full_depth {
                self.taken.insert((Face::Rear, half));
            }
        }
        self.burden(need);
    }

    /// Counts one server's draw, weight and tenant.
    pub(super) fn burden(&mut self, need: &Need) {
        self.watts = self.watts.saturating_add(need.watts);
        if let Some((_, now)) = &mut self.weight {
            *now = now.saturating_add(need.kilograms);
        }
        if let Some(tenant) = &need.tenant {
            *self.tenants.entry(tenant.clone()).or_default() += 1;
        }
    }

    /// Takes ports and outlets off what is free.
    pub(super) fn unplug(&mut self, network: &[NetworkCable], power: &[PowerCord]) {
        let Some(sockets) = &mut self.sockets else { return };
        sockets.ports.retain(|p| !network.iter().any(|c| c.port.switch == p.switch && c.port.port == p.port));
        sockets.outlets.retain(|o| !power.iter().any(|c| c.strip == o.strip && c.outlet == o.outlet));
    }
}
