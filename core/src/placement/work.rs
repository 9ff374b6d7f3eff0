//! Which paper a technician gets for servers that have a place kept for them.

use super::reservation::Reservation;
use crate::document::work::{Cable, Power, Server, WorkOrder};
use crate::id::SiteId;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::unit::Unit;
use crate::spine::natural::by_number;
use crate::text::Text;
use crate::time::Timestamp;

/// The work order for these units; `Err` names the first that has no place. Rack by rack, and from the bottom up, since
/// a rack that is heavy at the top may tip.
pub fn work_order(site: &SiteId, mut units: Vec<&Unit>, now: Timestamp) -> Result<WorkOrder, Text> {
    units.sort_by(|a, b| {
        let spot = |unit: &Unit| unit.placement.as_ref().map(|h| (h.place.name.clone(), h.place.position));
        match (spot(a), spot(b)) {
            (Some((a, low)), Some((b, other))) => by_number(&a, &b).then(low.cmp(&other)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    });
    let server = |unit: &&Unit| match &unit.placement {
        Some(held) => Ok(server(unit, &held.place)),
        None => Err(Text::from(format!("{} has no place kept for it: rackhand place {0}", unit.label()))),
    };
    let servers: Vec<Server> = units.iter().map(server).collect::<Result<_, _>>()?;
    // The same servers in the same places give the same number.
    let latest = units.iter().map(|u| u.revision).max().unwrap_or(0);
    Ok(WorkOrder {
        number: format!("WO-{site}-{latest}").into(),
        site: Text::new(site.as_str()),
        made_at: now,
        assignee: None,
        servers,
        contact: None,
    })
}

fn server(unit: &Unit, place: &Reservation) -> Server {
    let cable = |c: &super::reservation::NetworkCable| Cable {
        interface: c.interface.clone(),
        switch: c.port.switch.clone(),
        port: c.port.port.clone(),
        kind: None,
        decimetres: None,
        colour: None,
    };
    let is_bmc = |c: &&super::reservation::NetworkCable| crate::inventory::listed::is_bmc_name(&c.interface);
    let unknown = || Text::new("unknown");
    Server {
        serial: unit.label().into(),
        model: unit.model.clone().unwrap_or_else(unknown),
        unit: unit.id.to_string().into(),
        asset: None,
        tenant: place.tenant.clone(),
        height: place.height,
        kilograms: place.kilograms,
        from: match unit.stage {
            Stage::Received => "the dock".into(),
            stage if stage.is_on_order() => "the delivery".into(),
            _ => "its rack: it stands there already".into(),
        },
        rack: place.name.clone(),
        position: place.position,
        face: place.face,
        power: place
            .power
            .iter()
            .map(|c| Power {
                supply: c.inlet.clone(),
                strip: c.strip.clone(),
                outlet: c.outlet.clone(),
                feed: c.feed.clone(),
            })
            .collect(),
        bmc: place.network.iter().find(is_bmc).map(cable),
        cables: place.network.iter().filter(|c| !is_bmc(c)).map(cable).collect(),
        more: Vec::new(),
        notes: place.doubts.iter().map(|d| Text::from(format!("Not known when this was planned: {d}."))).collect(),
    }
}
