//! A place on its way into NetBox, and out of it.

use super::reservation::Shown;
use crate::flow::rule::Rule;
use crate::flow::step::Step;
use crate::flow::unit::UnitStep;
use crate::id::Role;
use crate::lifecycle::stage::Stage;

/// Rack, unit and planned cables.
pub(crate) const PLACE_DEVICE: UnitStep = UnitStep {
    wanted: |unit| {
        unit.placement.as_ref().is_some_and(|held| held.shown == Shown::No)
            && unit.stage < Stage::AssignedToTenant
            && unit.netbox_device().is_some()
    },
    seen: |unit, sight| {
        if let Some(held) = &mut unit.placement {
            held.shown = Shown::Seen;
            held.settle(sight.stamp.at);
            if held.racked {
                unit.steps.is_over(Step::PlaceDevice);
            }
        }
    },
    skipped: |unit| {
        if let Some(held) = &mut unit.placement {
            held.shown = Shown::Waived;
        }
    },
    ..UnitStep::with(Rule {
        role: Role::Technician,
        skip: Some("NetBox gets neither place nor planned cables; cables are checked against what it has"),
        undo: Some(Step::UnplaceDevice),
        ..Rule::of(Step::PlaceDevice)
    })
};

/// The way back.
pub(crate) const UNPLACE_DEVICE: UnitStep = UnitStep {
    seen: |unit, _| unit.unplacing = None,
    skipped: |unit| unit.unplacing = None,
    ..UnitStep::with(Rule { skip: Some("NetBox keeps place and planned cables"), ..Rule::of(Step::UnplaceDevice) })
};
