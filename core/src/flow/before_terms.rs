//! What events did not say of their steps before they held terms. Frozen: those events mean for ever what they meant, so
//! nothing here is ever changed, and no step is added: events about later ones say it themselves.

use std::time::Duration;

use super::attempt::Terms;
use super::rules::Lane;
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

/// A step's terms as they were.
pub fn terms(step: Step) -> Terms {
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
