//! A server's place in NetBox, and taking it out of there again.

use rackhand_adapters::netbox::NetBox;
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::placement::reservation::Reservation;
use rackhand_core::text::Text;

use super::missing;

/// The device, and the place that is put there or taken from there. Without a place nothing is left to undo.
fn named(unit: &Unit, step: Step) -> Result<(ObjectId, Option<&Reservation>), Fault> {
    let place = match step {
        Step::UnplaceDevice => unit.unplacing.as_ref(),
        _ => Some(&unit.placement.as_ref().ok_or_else(|| missing("its place"))?.place),
    };
    let device = unit.netbox_device().or(place.and_then(|p| p.device));
    Ok((device.ok_or_else(|| missing("its NetBox device"))?, place))
}

pub async fn look(netbox: &NetBox, unit: &Unit, step: Step) -> Result<Option<Observation>, Fault> {
    let (device, place) = named(unit, step)?;
    let Some(place) = place else { return Ok(Some(Observation::Undone)) };
    Ok(match step {
        Step::UnplaceDevice => netbox.is_displaced(device, place).await?.then_some(Observation::Undone),
        _ => netbox.is_placed(device, place).await?.then_some(Observation::Placed),
    })
}

pub async fn act(netbox: &NetBox, unit: &Unit, step: Step) -> Result<Text, Fault> {
    match (named(unit, step)?, step) {
        ((_, None), _) => Ok("nothing to take out".into()),
        ((device, Some(place)), Step::UnplaceDevice) => netbox.displace_device(device, place).await,
        ((device, Some(place)), _) => netbox.place_device(device, place).await,
    }
}
