//! What can be styled.

use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::State;

macro_rules! tokens {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// Something with a style of its own. Its name is the key in theme files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each is told by its name")]
        pub enum Token { $($variant),* }

        impl Token {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in theme files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

tokens! {
    UiText = "ui.text",
    UiDim = "ui.dim",
    UiTitle = "ui.title",
    UiBorder = "ui.border",
    UiBorderFocus = "ui.border.focus",
    UiSelection = "ui.selection",
    UiSelectionInactive = "ui.selection.inactive",
    UiMark = "ui.mark",
    UiBar = "ui.bar",
    UiKey = "ui.key",
    UiKeyLabel = "ui.key.label",
    UiInput = "ui.input",
    UiPrompt = "ui.prompt",
    UiMatch = "ui.match",
    UiScroll = "ui.scroll",
    StateOk = "state.ok",
    StateInfo = "state.info",
    StateWarn = "state.warn",
    StateCrit = "state.crit",
    StateUnknown = "state.unknown",
    StateContradicting = "state.contradicting",
    StateStale = "state.stale",
    StageOrder = "stage.order",
    StageInstall = "stage.install",
    StageProve = "stage.prove",
    StageServe = "stage.serve",
    StageRetire = "stage.retire",
    StageOrdered = "stage.ordered",
    StageQuoteRequested = "stage.quote_requested",
    StageQuoteReceived = "stage.quote_received",
    StagePurchaseApproved = "stage.purchase_approved",
    StageShipmentTracking = "stage.shipment_tracking",
    StageReceived = "stage.received",
    StageRacked = "stage.racked",
    StageCabled = "stage.cabled",
    StagePoweredOn = "stage.powered_on",
    StageDiscovered = "stage.discovered",
    StagePhysicalValidated = "stage.physical_validated",
    StageStaged = "stage.staged",
    StageProvisionedToVendorTool = "stage.provisioned_to_vendor_tool",
    StageFirmwareUpdating = "stage.firmware_updating",
    StageHardened = "stage.hardened",
    StageReady = "stage.ready",
    StageAssignedToTenant = "stage.assigned_to_tenant",
    StageInService = "stage.in_service",
    StageMaintenance = "stage.maintenance",
    StageDecommissionProposed = "stage.decommission_proposed",
    StageDecommissioning = "stage.decommissioning",
    StageDecommissioned = "stage.decommissioned",
    RackEmpty = "rack.empty",
    RackReserved = "rack.reserved",
    RackDevice = "rack.device",
    RackSwitch = "rack.switch",
    RackPower = "rack.power",
    LinkLive = "link.live",
    LinkStale = "link.stale",
    LinkDown = "link.down",
    QuoteBest = "quote.best",
    QuoteWorse = "quote.worse",
    QuoteDiffers = "quote.differs",
    QuoteMissing = "quote.missing",
    ChangeAdded = "change.added",
    ChangeChanged = "change.changed",
    ChangeRemoved = "change.removed",
    JobRunning = "job.running",
    JobDone = "job.done",
    JobFailed = "job.failed",
    JobPaused = "job.paused",
}

impl Token {
    /// The token of a stage.
    pub fn of_stage(stage: Stage) -> Self {
        let name = stage.word();
        Self::ALL
            .iter()
            .copied()
            .find(|t| t.name().strip_prefix("stage.").is_some_and(|s| s == name))
            .unwrap_or(Self::UiText)
    }

    /// The token of a state.
    pub const fn of_state(state: State) -> Self {
        match state {
            State::Stuck => Self::StateCrit,
            State::Retrying | State::Person => Self::StateWarn,
            State::Moving => Self::StateInfo,
            State::Idle => Self::StateOk,
            State::Aside => Self::StateStale,
        }
    }

    /// Where a theme says nothing of a stage, the token of its phase.
    pub fn falls_back_to(self) -> Option<Self> {
        let first = Self::StageOrdered as usize;
        let stage = Stage::ALL.get((self as usize).checked_sub(first)?)?;
        Some(match stage {
            s if s.is_on_order() => Self::StageOrder,
            s if s.is_before_discovery() => Self::StageInstall,
            s if *s <= Stage::Hardened => Self::StageProve,
            s if *s <= Stage::Maintenance => Self::StageServe,
            _ => Self::StageRetire,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_token_and_a_phase_behind_it() {
        for stage in Stage::ALL {
            let token = Token::of_stage(*stage);
            assert_eq!(token.name(), format!("stage.{stage}"));
            assert!(token.falls_back_to().is_some());
        }
        assert_eq!(Token::UiText.falls_back_to(), None);
        assert_eq!(Token::RackEmpty.falls_back_to(), None);
    }
}
