//! A server's place in NetBox: rack, unit, and its planned cables. Everything is looked at before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::rack::{Face, HalfUnits};
use rackhand_core::inventory::{ObjectId, is_same_host};
use rackhand_core::placement::reservation::{PowerCord, Reservation, spot};
use rackhand_core::text::Text;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cabling::{CABLES, OF_A_SERVER, Plan, Purpose, far_end};
use super::client::{NetBox, Revised, object};
use super::device::{DEVICES, HasId};
use super::racks::{Halves, face};
use super::room::{OUTLETS, POWER_PORTS};
use super::wire::{Cable, Choice, Holder, INTERFACE, Id, Named, Numbered, Slug};

const POWER_PORT: &str = "dcim.powerport";
const OUTLET: &str = "dcim.poweroutlet";
/// What a person does about a place that is not free.
const ANOTHER: &str = "Choose another place for it (rackhand place), or clear this one in NetBox and retry.";

/// Where a device is.
#[derive(Deserialize)]
struct Where {
    id: ObjectId,
    site: Slug,
    rack: Option<Named>,
    position: Option<Halves>,
    face: Option<Choice>,
}

impl HasId for Where {
    fn id(&self) -> ObjectId {
        self.id
    }
    fn site(&self) -> Option<&str> {
        Some(&self.site.slug)
    }
}

/// A power port or outlet.
#[derive(Deserialize)]
struct Socket {
    id: ObjectId,
    device: Named,
    name: Text,
    mark_connected: bool,
    cable: Option<Id>,
    link_peers: Vec<Holder>,
    link_peers_type: Option<Text>,
}

impl Numbered for Socket {
    fn id(&self) -> ObjectId {
        self.id
    }
}

impl Socket {
    const FIELDS: &str = "id,device,name,mark_connected,cable,link_peers,link_peers_type";

    fn is_in(&self, cord: &PowerCord) -> bool {
        let [end] = self.link_peers.as_slice() else { return false };
        let strip = end.device.as_ref().and_then(|d| d.name.as_ref());
        self.link_peers_type.as_deref() == Some(OUTLET)
            && strip.is_some_and(|s| is_same_host(s, &cord.strip))
            && end.name.as_ref() == Some(&cord.outlet)
    }
}

/// What stands between NetBox and a place.
struct Missing {
    /// Whether the device is elsewhere, with what guards its change.
    #[expect(clippy::option_option, reason = "before 4.6 nothing guards it")]
    seat: Option<Option<hyper::header::HeaderValue>>,
    /// Cables that are not there.
    cables: Vec<Value>,
}

impl NetBox {
    /// Whether the device is in its place, with all its planned cables.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where somebody put the device elsewhere, or another cable is in the way.
    pub async fn is_placed(&self, device: ObjectId, place: &Reservation) -> Result<bool, Fault> {
        let missing = self.missing(device, place).await?;
        Ok(missing.seat.is_none() && missing.cables.is_empty())
    }

    /// Puts the device in its place and plans its cables. What is there already stays.
    ///
    /// # Errors
    /// As [`NetBox::is_placed`], and where NetBox finds the place taken; nothing is written where one is known before.
    pub async fn place_device(&self, device: ObjectId, place: &Reservation) -> Result<Text, Fault> {
        let Missing { seat, cables } = self.missing(device, place).await?;
        if let Some(tag) = seat {
            let body = json!({ "rack": place.rack, "position": units(place.position), "face": word(place.face) });
            self.seat(device, &body, tag.as_ref()).await.map_err(|fault| match fault.kind {
                Kind::Rejected => Fault {
                    kind: Kind::Conflict,
                    what: format!("NetBox does not take it at {}: {}", place.spot(), fault.what).into(),
                    ..fault
                }
                .advise(ANOTHER),
                _ => fault,
            })?;
        }
        let planned = cables.len();
        if planned > 0 {
            let made: Vec<Id> = self.post(CABLES, &Value::Array(cables)).await?;
            if made.len() != planned {
                let what = format!("{CABLES}: {planned} cables sent, {} made", made.len());
                return Err(Self::fault(Kind::Malformed, what));
            }
        }
        Ok(format!("at {}, {planned} cables planned", place.spot()).into())
    }

    /// Whether nothing of the place is left: the device is elsewhere, and no planned cable of it is there.
    pub async fn is_displaced(&self, device: ObjectId, place: &Reservation) -> Result<bool, Fault> {
        let Some((found, _)) = self.whereabouts(device).await? else { return Ok(true) };
        let before = place.before.as_ref().is_some_and(|b| (b.rack, b.position) == (place.rack, Some(place.position)));
        Ok((before || !is_at(&found, place)) && self.planned_of(device, place).await?.is_empty())
    }

    /// Takes planned cables of the place away, and puts the device back where it was before. Who moved it meanwhile is
    /// not contradicted, and a cable that is connected stays.
    pub async fn displace_device(&self, device: ObjectId, place: &Reservation) -> Result<Text, Fault> {
        let Some((found, tag)) = self.whereabouts(device).await? else { return Ok("the device is gone".into()) };
        let planned = self.planned_of(device, place).await?;
        for cable in &planned {
            match self.call(Method::DELETE, &object(CABLES, *cable), &[], None, None).await {
                Ok(_) => {}
                Err(fault) if fault.kind == Kind::Gone => {}
                Err(fault) => return Err(fault),
            }
        }
        if is_at(&found, place) {
            let body = match &place.before {
                Some(b) => json!({
                    "rack": b.rack, "position": b.position.map(units), "face": b.face.map_or("", word),
                }),
                None => json!({ "rack": null, "position": null, "face": "" }),
            };
            self.seat(device, &body, tag.as_ref()).await?;
        }
        Ok(format!("out of {}, {} planned cables taken away", place.spot(), planned.len()).into())
    }

    async fn seat(
        &self,
        device: ObjectId,
        body: &Value,
        tag: Option<&hyper::header::HeaderValue>,
    ) -> Result<(), Fault> {
        match self.patch_if::<Id>(&object(DEVICES, device), body, tag).await? {
            Revised::Done(_) => Ok(()),
            Revised::Stale => {
                Err(Self::fault(Kind::Transient, format!("device {device} was changed while its place was written")))
            }
        }
    }

    async fn whereabouts(
        &self,
        device: ObjectId,
    ) -> Result<Option<(Where, Option<hyper::header::HeaderValue>)>, Fault> {
        match self.device::<Where>(device, "id,site,rack,position,face").await {
            Ok(found) => Ok(Some(found)),
            Err(fault) if fault.kind == Kind::Gone => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn missing(&self, device: ObjectId, place: &Reservation) -> Result<Missing, Fault> {
        let gone = || Self::fault(Kind::Gone, format!("device {device} is not in NetBox any more"));
        let (found, tag) = self.whereabouts(device).await?.ok_or_else(gone)?;
        let before = place.before.as_ref().is_some_and(|b| {
            found.rack.as_ref().map(|r| r.id) == Some(b.rack) && found.position.as_ref().map(|p| p.0) == b.position
        });
        if let (Some(rack), false, false) = (&found.rack, before, is_at(&found, place)) {
            let rack = rack.name.as_deref().unwrap_or("another rack");
            let there = found.position.as_ref().map_or_else(|| rack.into(), |p| spot(rack, p.0));
            let what = format!("{} is kept for it, but NetBox has it at {there} meanwhile", place.spot());
            return Err(Self::fault(Kind::Conflict, what)
                .advise("Have the other place kept for it (rackhand place), or correct it in NetBox and retry."));
        }
        let mut cables = self.missing_network(device, place).await?;
        cables.extend(self.missing_power(device, place).await?);
        Ok(Missing { seat: (!is_at(&found, place)).then_some(tag), cables })
    }

    async fn missing_network(&self, device: ObjectId, place: &Reservation) -> Result<Vec<Value>, Fault> {
        let (mut taken, mut make) = (BTreeSet::new(), Vec::new());
        if place.network.is_empty() {
            return Ok(make);
        }
        let interfaces = self.interfaces_of(device).await?;
        for cable in &place.network {
            let near = interfaces.iter().find(|i| i.name == cable.interface).ok_or_else(|| {
                Self::fault(Kind::Rejected, format!("device {device} has no interface {} in NetBox", cable.interface))
                    .advise("Add it in NetBox and retry, or choose the place anew (rackhand place).")
            })?;
            // Whether it is connected already is of no matter to a plan.
            let plan =
                self.plan_cable(device, near, &cable.port, &BTreeMap::new(), &mut taken, Purpose::Planned).await?;
            if let Plan::Make(far) = plan {
                make.push(planned((INTERFACE, near.id), (INTERFACE, far)));
            }
        }
        Ok(make)
    }

    async fn missing_power(&self, device: ObjectId, place: &Reservation) -> Result<Vec<Value>, Fault> {
        let mut make = Vec::new();
        if place.power.is_empty() {
            return Ok(make);
        }
        let inlets = self.sockets_of(POWER_PORTS, device, None).await?;
        for cord in &place.power {
            let inlet = inlets.iter().find(|i| i.name == cord.inlet).ok_or_else(|| {
                Self::fault(Kind::Rejected, format!("device {device} has no power port {} in NetBox", cord.inlet))
                    .advise("Add it in NetBox and retry, or choose the place anew (rackhand place).")
            })?;
            if inlet.is_in(cord) {
                continue;
            }
            let strip = self.switch(device, &cord.strip, "power strip").await?;
            let outlet = self.sockets_of(OUTLETS, strip, Some(&cord.outlet)).await?.pop().ok_or_else(|| {
                Self::fault(Kind::Rejected, format!("{} has no outlet {} in NetBox", cord.strip, cord.outlet))
                    .advise(ANOTHER)
            })?;
            let wanted = format!("{} is planned to {} outlet {}", cord.inlet, cord.strip, cord.outlet);
            for (end, what) in [(inlet, &cord.inlet), (&outlet, &cord.outlet)] {
                if let Some(cable) = &end.cable {
                    let what = format!("{wanted}, but cable #{} is in {what}", cable.id);
                    return Err(Self::fault(Kind::Conflict, what).advise(ANOTHER));
                }
                if end.mark_connected {
                    let what = format!("{wanted}, but {what} is marked as connected without a cable");
                    return Err(Self::fault(Kind::Conflict, what).advise(ANOTHER));
                }
            }
            make.push(planned((POWER_PORT, inlet.id), (OUTLET, outlet.id)));
        }
        Ok(make)
    }

    /// The place's cables that are there and only planned.
    async fn planned_of(&self, device: ObjectId, place: &Reservation) -> Result<Vec<ObjectId>, Fault> {
        if place.network.is_empty() && place.power.is_empty() {
            return Ok(Vec::new());
        }
        let mut ours: BTreeSet<ObjectId> = BTreeSet::new();
        for interface in self.interfaces_of(device).await? {
            let wanted = place.network.iter().find(|c| c.interface == interface.name);
            if let (Some(wanted), Some(there), Some(cable)) = (wanted, far_end(&interface), &interface.cable)
                && there.is(&wanted.port)
            {
                ours.insert(cable.id);
            }
        }
        if !place.power.is_empty() {
            for inlet in self.sockets_of(POWER_PORTS, device, None).await? {
                if place.power.iter().any(|c| c.inlet == inlet.name && inlet.is_in(c)) {
                    ours.extend(inlet.cable.map(|c| c.id));
                }
            }
        }
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let query = [("device_id", &*device.to_string()), ("fields", Cable::FIELDS)];
        let cables: Vec<Cable> = self.list(CABLES, &query, OF_A_SERVER).await?;
        let planned = cables.into_iter().filter(|c| ours.contains(&c.id) && c.status.0.as_str() == "planned");
        Ok(planned.map(|c| c.id).collect())
    }

    /// The power ports or outlets of a device, all or those of this name.
    async fn sockets_of(&self, path: &str, device: ObjectId, name: Option<&Text>) -> Result<Vec<Socket>, Fault> {
        let id = device.to_string();
        let mut query = vec![("device_id", id.as_str()), ("fields", Socket::FIELDS)];
        query.extend(name.map(|n| ("name", n.as_str())));
        let mut found: Vec<Socket> = self.list(path, &query, OF_A_SERVER).await?;
        if found.iter().any(|s| s.device.id != device || name.is_some_and(|n| s.name != *n)) {
            return Err(Self::fault(Kind::Malformed, format!("{path}: the filter was ignored")));
        }
        found.dedup_by_key(|s| s.id);
        Ok(found)
    }
}

fn planned(a: (&str, ObjectId), b: (&str, ObjectId)) -> Value {
    let end = |(kind, id): (&str, ObjectId)| json!([{ "object_type": kind, "object_id": id }]);
    json!({ "a_terminations": end(a), "b_terminations": end(b), "status": "planned" })
}

fn is_at(found: &Where, place: &Reservation) -> bool {
    found.rack.as_ref().map(|r| r.id) == Some(place.rack)
        && found.position.as_ref().map(|p| p.0) == Some(place.position)
        && face(found.face.as_ref()) == Some(place.face)
}

const fn word(face: Face) -> &'static str {
    match face {
        Face::Front => "front",
        Face::Rear => "rear",
    }
}

/// A position as NetBox writes it.
fn units(position: HalfUnits) -> f64 {
    f64::from(position) / 2.0
}
