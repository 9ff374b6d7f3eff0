//! Rule C4: what a lease means for a device, by NetBox status, behind the journal's own gates.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What C4 says of one sighting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Promote to discovered and assign the address.
    Promote,
    /// Refresh the address.
    Refresh,
    /// Assign the address; the device had none.
    Assign,
    /// Nothing to do: all is as it should be.
    Nothing,
    /// Change nothing, note why.
    Warn(Text),
    /// Change nothing; the inventory is wrong (a MAC on two devices).
    Error(Text),
    /// Change nothing; a person must settle a disagreement.
    Settle(Text),
}
