//! Proposals of places: NetBox's site read when it is asked for and kept for a minute, the journal's reservations taken off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rackhand_core::decide::{Input, Refusal, Why, demand};
use rackhand_core::fault::Fault;
use rackhand_core::id::{Actor, Role, SiteId, UnitId};
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::placement::commands::cannot_be_placed;
use rackhand_core::placement::propose::{Choice, Proposals, Request, Wanted, propose};
use rackhand_core::placement::questions::site_of;
use rackhand_core::placement::reservation::{Before, MAX_SERVER, rack_label};
use rackhand_core::placement::room::{Ends, Room, Shape, draw, kilograms};
use rackhand_core::placement::spots::{Need, Space};
use rackhand_core::text::Text;

use super::Desk;

/// How often ports of further racks are read for one question, when those of the racks before did not do.
const ROUNDS: usize = 12;

/// What NetBox says of a model.
type OfType = Option<(Shape, Ends)>;

fn away(fault: &Fault) -> Refusal {
    Refusal::new(Why::Unavailable, format!("the site cannot be read from NetBox: {fault}"))
}

impl Desk {
    /// Proposals for these units, with reasons, and why other racks do not do. Nothing is kept for anybody.
    ///
    /// # Errors
    /// Not a technician's; what is asked for makes no sense, or NetBox does not answer.
    pub async fn placement(&self, actor: &Actor, request: &Request) -> Result<Proposals, Refusal> {
        demand(actor, Role::Technician)?;
        let site = site_of(&self.ledger.world(), &request.units)?;
        if request.position.is_some() && request.units.len() > 1 {
            return Err(Refusal::new(Why::Invalid, "one unit of a rack is for one server"));
        }
        let world = self.ledger.world();
        for unit in request.units.iter().filter_map(|id| world.unit(*id)) {
            if let Some(why) = cannot_be_placed(unit) {
                return Err(Refusal::new(Why::Conflict, why));
            }
        }
        let mut room = self.room(&site).await?;
        let mut wanted = Vec::new();
        let mut types: BTreeMap<Text, OfType> = BTreeMap::new();
        for unit in request.units.iter().filter_map(|id| world.unit(*id)) {
            wanted.push(self.wanted(unit, request, &room, &mut types).await?);
        }
        for _ in 0..ROUNDS {
            let spaces = named(room.spaces(&world, &request.units), request.rack.as_ref(), &site)?;
            match propose(&spaces, &wanted, request.position) {
                Ok(found) => {
                    let labels = wanted.iter().map(|w| (w.unit, w.label.clone())).collect();
                    return Ok(Proposals { read_at: room.read_at, site: Some(site), labels, ..found });
                }
                Err(unread) => room = self.with_sockets(room, &unread).await?,
            }
        }
        let what = "the racks with room for them have no free ports or outlets, as far as was looked; name a rack";
        Err(Refusal::new(Why::Conflict, what))
    }

    /// The choice with what NetBox says of the site, as the decision takes it.
    pub(super) async fn choice(&self, choices: Vec<Choice>) -> Result<Input, Refusal> {
        let units: Vec<UnitId> = choices.iter().map(|c| c.unit).collect();
        let room = self.room(&site_of(&self.ledger.world(), &units)?).await?;
        let racks: BTreeSet<ObjectId> = choices.iter().map(|c| c.place.rack).collect();
        let racks = racks.into_iter().filter(|rack| room.racks.contains_key(rack)).collect();
        Ok(Input::Place(choices, self.with_sockets(room, &racks).await?))
    }

    /// The site, read now unless it was within the last minute.
    async fn room(&self, site: &SiteId) -> Result<Arc<Room>, Refusal> {
        self.ports.rooms.read(&self.ports.netbox, site, self.clock.now()).await.map_err(|fault| away(&fault))
    }

    /// The same with ports and outlets of these racks.
    async fn with_sockets(&self, room: Arc<Room>, racks: &BTreeSet<ObjectId>) -> Result<Arc<Room>, Refusal> {
        let missing: BTreeSet<ObjectId> = racks.iter().copied().filter(|r| !room.sockets.contains_key(r)).collect();
        if missing.is_empty() {
            return Ok(room);
        }
        let read = self.ports.netbox.sockets(&room, &missing).await.map_err(|fault| away(&fault))?;
        let mut more = Room::clone(&room);
        more.sockets.extend(read);
        let more = Arc::new(more);
        self.ports.rooms.set(more.clone());
        Ok(more)
    }

    /// What a unit takes, by its device in NetBox, else by its model, else by what the person says.
    async fn wanted(
        &self,
        unit: &Unit,
        request: &Request,
        room: &Room,
        types: &mut BTreeMap<Text, OfType>,
    ) -> Result<Wanted, Refusal> {
        let label: Text = unit.label().into();
        let known = unit.serial.as_ref().and_then(|serial| room.by_serial(serial));
        let (mut shape, mut ends) = (known.and_then(|(_, d)| room.shapes.get(&d.kind).cloned()), None);
        if let Some((device, _)) = known {
            ends = Some(self.ports.netbox.ends_of(device).await.map_err(|fault| away(&fault))?);
        } else if let Some(model) = &unit.model {
            if !types.contains_key(model) {
                let found = self.ports.netbox.type_of(model).await.map_err(|fault| away(&fault))?;
                types.insert(model.clone(), found);
            }
            if let Some(Some((of, with))) = types.get(model) {
                (shape, ends) = (Some(of.clone()), Some(with.clone()));
            }
        }
        let height = request.height.or(shape.as_ref().map(|s| s.height)).ok_or_else(|| {
            let what = format!("NetBox knows neither {label} nor its model: say its height (--height)");
            Refusal::new(Why::Invalid, what)
        })?;
        if !(1..=MAX_SERVER).contains(&height) {
            return Err(Refusal::new(Why::Invalid, format!("{label} takes no unit of a rack, or more than there are")));
        }
        let drawn = ends.as_ref().and_then(|e| draw(e.inlets.iter()));
        let watts = request.watts.or(known.and_then(|(_, d)| d.watts)).or(drawn);
        let weight = request.kilograms.or(shape.as_ref().and_then(|s| s.grams).map(kilograms));
        let tenant = request.tenant.clone().or_else(|| unit.tenant.clone());
        let tenant = tenant.or_else(|| known.and_then(|(_, d)| d.tenant.clone()));
        let before = known.and_then(|(_, d)| Some(Before { rack: d.rack?, position: d.position, face: d.face }));
        let need = Need {
            count: 1,
            height,
            full_depth: shape.is_none_or(|s| s.full_depth),
            watts: watts.unwrap_or(0),
            kilograms: weight.unwrap_or(0),
            tenant,
            spread: request.spread,
            any_power: request.any_power,
        };
        let (unit, device) = (unit.id, known.map(|(id, _)| id));
        Ok(Wanted { unit, label, need, watts, kilograms: weight, ends, device, before })
    }
}

/// The racks in question: all, or the one of this name.
fn named(mut spaces: Vec<Space>, rack: Option<&Text>, site: &SiteId) -> Result<Vec<Space>, Refusal> {
    let Some(label) = rack else { return Ok(spaces) };
    let (of, name) = rack_label(label);
    spaces.retain(|s| s.name.eq_ignore_ascii_case(&name) && of.as_ref().is_none_or(|of| of == site));
    if spaces.is_empty() {
        return Err(Refusal::new(Why::NotFound, format!("NetBox has no rack {label} at {site}")));
    }
    Ok(spaces)
}
