//! Places that are kept for servers, given back, and shown to be right by the label of the rack.

use std::collections::BTreeSet;

use crate::decide::need_reason;
use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::PlacementEvent;
use crate::id::{Role, Subject, UnitId};
use crate::inventory::rack::HalfUnits;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::placement::propose::Choice;
use crate::placement::reservation::{MAX_CABLES, MAX_SERVER, MAX_TOGETHER, Reservation, rack_label, spot};
use crate::placement::room::Room;
use crate::placement::spots::Space;
use crate::text::Text;

impl Deciding<'_> {
    /// Keeps all of these places, or refuses: what one takes is taken for the next.
    pub(crate) fn place(&mut self, choices: &[Choice], room: &Room) -> Result<Answer, Refusal> {
        self.demand(Role::Technician)?;
        if choices.is_empty() || choices.len() > MAX_TOGETHER {
            return Err(Refusal::new(Why::Invalid, format!("1 to {MAX_TOGETHER} servers are placed at once")));
        }
        let mut changed = false;
        for Choice { unit, place } in choices {
            changed |= self.place_one(*unit, place, room)?;
        }
        Ok(if changed { Answer::Done } else { Answer::Already })
    }

    fn place_one(&mut self, id: UnitId, place: &Reservation, room: &Room) -> Result<bool, Refusal> {
        let unit = self.known(id)?;
        if let Some(why) = cannot_be_placed(unit) {
            return Err(Refusal::new(Why::Conflict, why));
        }
        if unit.placement.as_ref().is_some_and(|held| held.place == *place) {
            return Ok(false);
        }
        let label = unit.label();
        let no = |why: Why, what: &str| Refusal::new(why, format!("{label} at {}: {what}", place.spot()));
        if unit.site != room.site {
            return Err(no(Why::Conflict, &format!("it is at {}, that rack at {}", unit.site, room.site)));
        }
        let lists = [place.network.len(), place.power.len(), place.reasons.len(), place.doubts.len()];
        if lists.iter().any(|n| *n > MAX_CABLES) || !(1..=MAX_SERVER).contains(&place.height) {
            return Err(no(Why::Invalid, "that is no place; ask for proposals"));
        }
        let known = unit.serial.as_ref().and_then(|s| room.by_serial(s));
        let shape = known.and_then(|(_, device)| room.shapes.get(&device.kind));
        if shape.is_some_and(|s| s.height > place.height || (s.full_depth && !place.full_depth)) {
            return Err(no(Why::Conflict, "NetBox says it is larger; ask for proposals again"));
        }
        let space = room.space(place.rack, &self.world, id).filter(|s| s.name == place.name);
        let space = space.ok_or_else(|| no(Why::NotFound, "NetBox has no such rack any more"))?;
        space.room_at(&place.need(), place.face, place.position).map_err(|why| no(Why::Conflict, &why))?;
        if let Some(what) = not_free(place, &space) {
            return Err(no(Why::Conflict, &format!("{what} is not free any more; ask for proposals again")));
        }
        let again = format!("{} was chosen", place.spot());
        self.give_back(id, &again.into());
        self.emit(Subject::Unit(id), PlacementEvent::PlacementReserved { place: place.clone() });
        Ok(true)
    }

    /// Gives a unit's place back, where it has one and does not stand there.
    pub(crate) fn give_back(&mut self, id: UnitId, reason: &Text) -> bool {
        let kept = self.world.unit(id).is_some_and(|u| u.placement.as_ref().is_some_and(|held| !held.racked));
        if kept {
            self.emit(Subject::Unit(id), PlacementEvent::PlacementReleased { reason: reason.clone() });
        }
        kept
    }

    pub(crate) fn release_placements(&mut self, units: &[UnitId], reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        if units.is_empty() || units.len() > MAX_TOGETHER {
            return Err(Refusal::new(Why::Invalid, format!("1 to {MAX_TOGETHER} servers at once")));
        }
        for id in units {
            let unit = self.known(*id)?;
            if unit.placement.as_ref().is_some_and(|held| held.racked) {
                let what = format!("{} is {}: it stands in its place; move it back first", unit.label(), unit.stage);
                return Err(Refusal::new(Why::Conflict, what));
            }
        }
        let mut changed = false;
        for id in units {
            changed |= self.give_back(*id, reason);
        }
        Ok(if changed { Answer::Done } else { Answer::Already })
    }

    /// Takes a scanned label for the proof that the unit is racked, where it is that of its place.
    pub(crate) fn scan_rack(
        &mut self,
        id: UnitId,
        scan: &Text,
        position: Option<HalfUnits>,
    ) -> Result<Answer, Refusal> {
        let unit = self.known(id)?;
        let (label, (site, rack)) = (unit.label(), rack_label(scan));
        if rack.is_empty() {
            return Err(Refusal::new(Why::Invalid, "this is no rack's label; scan it again"));
        }
        let seen = position.map_or_else(|| rack.clone(), |low| spot(&rack, low));
        if let Some(site) = site.filter(|site| *site != unit.site) {
            let what = format!("{seen} is at {site}, {label} belongs to {}", unit.site);
            return Err(Refusal::new(Why::Conflict, what));
        }
        let mut note = format!("scanned in {seen}");
        if let Some(held) = &unit.placement {
            let place = &held.place;
            let right = place.name.eq_ignore_ascii_case(&rack) && position.is_none_or(|low| low == place.position);
            if !right {
                let at = position.map_or_else(String::new, |low| format!(" --unit {}", f64::from(low) / 2.0));
                let what = format!(
                    "this is {seen}, but {label} goes to {}: take it there, or have this place kept for it first \
                     (rackhand place {label} --rack {rack}{at})",
                    place.spot()
                );
                return Err(Refusal::new(Why::Conflict, what));
            }
            if held.racked {
                return Ok(Answer::Already);
            }
            note = format!("scanned in {}, as planned", place.spot());
        }
        self.go(id, Stage::Racked, &note.into())
    }
}

/// Why a unit gets no place; `None` where it may have one.
pub fn cannot_be_placed(unit: &Unit) -> Option<Text> {
    let (label, stage) = (unit.label(), unit.stage);
    if !matches!(unit.disposition, Disposition::Normal | Disposition::OnHold | Disposition::Quarantined) {
        return Some(format!("{label} is {}: no place is kept for it", unit.disposition).into());
    }
    (stage > Stage::Received)
        .then(|| format!("{label} is {stage}: it stands in its place; move it back to received first").into())
}

/// The first outlet or port of a place that is not free, or that is named twice.
fn not_free(place: &Reservation, space: &Space) -> Option<Text> {
    let sockets = space.sockets.as_ref();
    let mut seen = BTreeSet::new();
    for cable in &place.network {
        let (switch, port) = (&cable.port.switch, &cable.port.port);
        let free = sockets.is_some_and(|s| s.ports.iter().any(|p| p.switch == *switch && p.port == *port));
        if !free || !seen.insert((switch, port)) {
            return Some(format!("port {switch} {port}").into());
        }
    }
    for cord in &place.power {
        let free = sockets.is_some_and(|s| s.outlets.iter().any(|o| o.strip == cord.strip && o.outlet == cord.outlet));
        if !free || !seen.insert((&cord.strip, &cord.outlet)) {
            return Some(format!("outlet {} {}", cord.strip, cord.outlet).into());
        }
    }
    None
}
