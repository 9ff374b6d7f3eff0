//! What is for a person to do.

use serde::{Deserialize, Serialize};

use crate::id::Role;
use crate::spine::event::Seq;
use crate::text::Text;

/// A task is named by the event that opened it.
pub type TaskId = Seq;

/// Why a task exists, so that it is opened once for each cause and closed when the cause is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Rack position and cables were implied by a lease, not confirmed.
    ConfirmPlacement,
    /// A cable is in the wrong port, or in none.
    FixCable,
    /// A component is missing or is not what was expected.
    CheckHardware,
    /// A part is less or other than was ordered or confirmed.
    LessThanOrdered,
    /// Two witnesses of identity disagree.
    CheckIdentity,
    /// The inventory and the journal disagree.
    SettleInventory,
    /// Its order was cancelled when it was here already.
    ReturnToVendor,
}

impl TaskKind {
    /// Whether the server stands still until it is done.
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::ConfirmPlacement)
    }

    /// Its words on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ConfirmPlacement => "confirm placement",
            Self::FixCable => "fix cable",
            Self::CheckHardware => "check hardware",
            Self::LessThanOrdered => "less than ordered",
            Self::CheckIdentity => "check identity",
            Self::SettleInventory => "settle inventory",
            Self::ReturnToVendor => "return to vendor",
        }
    }
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Why.
    pub kind: TaskKind,
    /// Who can do it.
    pub role: Role,
    /// What to do, where, as one sentence.
    pub text: Text,
}
