//! What events did not say of their steps before they held terms. Frozen: those events mean for ever what they meant, so
//! nothing here is ever changed, and no step is added: events about later ones say it themselves.

use std::time::Duration;

use super::rule::{Lane, Terms};
use super::step::Step;

/// From the boot script's fetching to the machine's final report.
pub const VALIDATION: Duration = Duration::from_secs(4 * 3_600);

const UNDONE: [(Step, Step); 6] = [
    (Step::AssignBmcAddress, Step::ReleaseBmcAddress),
    (Step::PlaceDevice, Step::UnplaceDevice),
    (Step::ArmNetworkBoot, Step::DisarmNetworkBoot),
    (Step::EnterStaging, Step::LeaveStaging),
    (Step::RequestQuote, Step::WithdrawRequest),
    (Step::PlacePurchase, Step::CancelPurchase),
];

const BMC: [Step; 7] = [
    Step::ReachBmc,
    Step::LogInToBmc,
    Step::ArmNetworkBoot,
    Step::ResetForBoot,
    Step::Validate,
    Step::ReadParts,
    Step::DisarmNetworkBoot,
];

const VENDOR: [Step; 5] =
    [Step::RequestQuote, Step::ChaseQuote, Step::PlacePurchase, Step::WithdrawRequest, Step::CancelPurchase];

/// As an event says, or as it was for all events that say nothing.
pub fn of(step: Step, told: Option<&Terms>) -> Terms {
    told.copied().unwrap_or_else(|| terms(step))
}

/// A step's terms as they were.
fn terms(step: Step) -> Terms {
    let lane = if BMC.contains(&step) {
        Lane::Bmc
    } else if VENDOR.contains(&step) {
        Lane::Vendor
    } else if step == Step::WriteNotes {
        Lane::Notes
    } else {
        Lane::Dcim
    };
    Terms { lane, undo: UNDONE.iter().find(|(done, _)| *done == step).map(|(_, undo)| *undo) }
}
