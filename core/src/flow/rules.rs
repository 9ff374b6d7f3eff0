//! All steps: the rooms' own, in the order in which a lane takes them.

use std::fmt::Write as _;

use super::step::Step;
use super::unit::UnitStep;
use crate::time::human;

pub use super::rule::{Class, Lane, Rule};
pub use crate::boot::steps::LADDER;

use crate::{bmc, boot, discovery, entry, inventory, placement, purchase};

/// A unit's. Of those in one lane, the first that is wanted is taken.
pub const UNIT: &[&UnitStep] = &[
    &entry::steps::REGISTER_BMC,
    // Before the cabling plan is read, which is then that of the place.
    &placement::steps::PLACE_DEVICE,
    &inventory::steps::ASSIGN_BMC_ADDRESS,
    &inventory::steps::SYNC_STATUS,
    &inventory::steps::READ_CABLING_PLAN,
    &bmc::steps::RESET_BMC,
    &bmc::steps::AWAIT_BMC,
    &bmc::steps::REACH_BMC,
    &bmc::steps::LOG_IN_TO_BMC,
    &boot::steps::VALIDATE,
    &boot::steps::ARM_NETWORK_BOOT,
    &boot::steps::RESET_FOR_BOOT,
    &boot::steps::READ_PARTS,
    &inventory::steps::WRITE_INTERFACES,
    &inventory::steps::WRITE_CABLES,
    &inventory::steps::ENTER_STAGING,
    &inventory::steps::WRITE_NOTES,
    &boot::steps::DISARM_NETWORK_BOOT,
    &inventory::steps::RELEASE_BMC_ADDRESS,
    &inventory::steps::LEAVE_STAGING,
    &placement::steps::UNPLACE_DEVICE,
];

/// A deal's.
const DEAL: &[&Rule] = &[
    &purchase::steps::REQUEST_QUOTE,
    &purchase::steps::CHASE_QUOTE,
    &purchase::steps::PLACE_PURCHASE,
    &purchase::steps::WITHDRAW_REQUEST,
    &purchase::steps::CANCEL_PURCHASE,
];

/// What a step is to a unit; `None` for one that is none of a unit's.
pub fn of_unit(step: Step) -> Option<&'static UnitStep> {
    UNIT.iter().copied().find(|s| s.rule.step == step)
}

/// The rules of all steps.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    std::iter::once(&discovery::steps::LOOK_UP_DEVICE).chain(UNIT.iter().map(|s| &s.rule)).chain(DEAL.iter().copied())
}

/// The rule of a step.
pub fn rule(step: Step) -> &'static Rule {
    // Every step has its rule; the test below holds that, so the fallback is never taken.
    all().find(|r| r.step == step).unwrap_or(&discovery::steps::LOOK_UP_DEVICE)
}

/// The table as text.
pub fn as_text() -> String {
    let mut out = String::from("STEP                 LANE  CLASS  TRIES   PAUSE         DEADLINE  PARKED FOR   UNDO\n");
    for r in all() {
        let _ = writeln!(
            out,
            "{:<21}{:<6}{:<7}{:<8}{:<14}{:<10}{:<13}{}",
            r.step.word(),
            r.lane.word(),
            format!("{:?}", r.class).to_lowercase(),
            r.attempts.map_or("no end".to_owned(), |n| n.to_string()),
            format!("{}..{}", human(r.first), human(r.cap)),
            r.deadline.map_or("-".to_owned(), human),
            r.role.to_string(),
            r.undo.map_or("-", Step::word),
        );
    }
    let rungs: Vec<_> = LADDER.iter().map(ToString::to_string).collect();
    let _ =
        writeln!(out, "\nLadder of reset_for_boot: {}, then a person. Each rung once for a cause.", rungs.join(", "));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Kind, System};

    #[test]
    fn every_step_has_one_row_and_force_has_an_end() {
        for step in Step::ALL {
            assert_eq!(all().filter(|r| r.step == *step).count(), 1, "{step}");
        }
        assert!(all().all(|r| r.class != Class::Force || (r.attempts.is_some() && r.deadline.is_some())));
    }

    #[test]
    fn what_nothing_can_stand_in_for_is_not_skipped_and_nothing_else_is_held_up_by_it() {
        let never: Vec<Step> = Step::ALL.iter().copied().filter(|s| rule(*s).skip.is_none()).collect();
        use Step::{ArmNetworkBoot, EnterStaging, LogInToBmc, LookUpDevice, ReachBmc, ResetForBoot, Validate};
        assert_eq!(never, [LookUpDevice, ReachBmc, LogInToBmc, ArmNetworkBoot, ResetForBoot, Validate, EnterStaging]);
    }

    #[test]
    fn a_vendor_is_left_half_a_minute_a_busy_controller_seconds() {
        let pauses = |step: Step| (rule(step).first.as_secs(), rule(step).cap.as_secs());
        for step in Step::ALL.iter().filter(|s| rule(**s).lane == Lane::Vendor) {
            assert_eq!(pauses(*step), (30, 900), "{step}");
        }
        assert_eq!(pauses(Step::ReadParts), (10, 300));
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let r = rule(Step::SyncStatus);
        assert_eq!([1, 2, 3, 9, 90].map(|n| r.pause(n).as_secs()), [2, 4, 8, 300, 300]);
    }

    #[test]
    fn a_cause_that_ends_by_itself_widens_the_budget_and_never_narrows_it() {
        let full = Fault::new(System::Bmc, Kind::Transient, "sessions full");
        let r = rule(Step::ArmNetworkBoot);
        assert_eq!(r.most(&full), Some(8));
        assert_eq!(r.most(&full.clone().lasting(60)), Some(8));
        let patient = r.most(&full.clone().lasting(1_800)).unwrap_or(0);
        let waited: u64 = (1..patient).map(|n| r.pause(n).as_secs()).sum();
        assert!((1_800..1_920).contains(&waited), "{patient} tries wait {waited} s");
        assert_eq!(r.most(&full.lasting(u32::MAX)), Some(35), "no longer than an hour");
        let endless = rule(Step::SyncStatus);
        assert_eq!(endless.most(&Fault::new(System::Netbox, Kind::Transient, "busy").lasting(60)), None);
    }
}
