//! What a manifest wants of NetBox.

use crate::flow::rule::Rule;
use crate::flow::step::{Observation, Step};
use crate::flow::unit::{Sight, UnitStep};
use crate::inventory::BmcPort;
use crate::lifecycle::unit::Unit;

/// Until a lease was accepted: then NetBox has shown that it knows this BMC.
pub(crate) const REGISTER_BMC: UnitStep = UnitStep {
    wanted: |unit| unit.registration.as_ref().is_some_and(|r| r.seen.is_none()),
    begun: |unit, _| {
        if let Some(registration) = &mut unit.registration {
            registration.begun = true;
        }
    },
    seen: |unit, sight| {
        if let Observation::Registered(port) = sight.saw {
            registered(unit, sight, port);
        }
    },
    skipped: |unit| unit.registration = None,
    ..UnitStep::with(Rule {
        skip: Some("NetBox does not get the BMC's MAC from the manifest"),
        ..Rule::of(Step::RegisterBmc)
    })
};

fn registered(unit: &mut Unit, sight: &Sight<'_>, port: &BmcPort) {
    unit.notes.device.get_or_insert(port.device);
    let Some(registration) = &mut unit.registration else { return };
    registration.seen = Some(port.clone());
    // Another MAC is a warning, an event of its own; the same as last time is no news.
    let news = registration.told.replace(port.clone()).as_ref() != Some(port);
    let news = news && registration.bmc_mac == port.mac;
    if news {
        let done = if registration.begun { "written" } else { "confirmed" };
        let text = format!("BMC MAC {} {done} on {} from the manifest", port.mac, port.name);
        unit.note(sight.stamp.seq, sight.stamp.at, false, text);
    }
}
