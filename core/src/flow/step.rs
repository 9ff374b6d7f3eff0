//! The steps automation takes, and what it may see when it has taken one.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::bmc::{Fingerprint, Identity, SystemReading};
use crate::boot::parts::Parts;
use crate::inventory::{BmcPort, CablingPlan, Lookup};
use crate::lifecycle::stage::Stage;
use crate::spine::event::Seq;
use crate::text::Text;

macro_rules! steps {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        /// One thing automation does. Each looks before it acts and is run twice without harm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Step { $($(#[$doc])* #[serde(rename = $word)] $variant),* }

        impl Step {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its word in events, console and CLI.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

steps! {
    /// Ask NetBox whose BMC a MAC is.
    LookUpDevice = "look_up_device",
    /// Write the MAC a manifest names to the BMC's interface of the device with its serial.
    RegisterBmc = "register_bmc",
    /// Write the BMC's address to its NetBox interface and make it the device's out-of-band address.
    AssignBmcAddress = "assign_bmc_address",
    /// Write status and lifecycle fields of the stage to NetBox.
    SyncStatus = "sync_status",
    /// Read interfaces and planned cables from NetBox.
    ReadCablingPlan = "read_cabling_plan",
    /// Write rack, unit and planned cables of the place that is kept for it to NetBox.
    PlaceDevice = "place_device",
    /// Ask the BMC's service root what it is, without a login.
    ReachBmc = "reach_bmc",
    /// Log in once and read serial, model and power state.
    LogInToBmc = "log_in_to_bmc",
    /// Have a BMC restart itself, as a person asked. Its effect is that it does not answer any more.
    ResetBmc = "reset_bmc",
    /// Wait for a BMC that restarts to take our login again.
    AwaitBmc = "await_bmc",
    /// Arm one-time network boot.
    ArmNetworkBoot = "arm_network_boot",
    /// Power on or restart into the network boot.
    ResetForBoot = "reset_for_boot",
    /// Wait for the machine's own reports.
    Validate = "validate",
    /// Read from the BMC which parts it lists, once the machine has started and told its own.
    ReadParts = "read_parts",
    /// Write the NICs' MACs to NetBox.
    WriteInterfaces = "write_interfaces",
    /// Write the cables LLDP proved to NetBox.
    WriteCables = "write_cables",
    /// Write status `staged` and the staging tenant to NetBox.
    EnterStaging = "enter_staging",
    /// Write journal notes to NetBox.
    WriteNotes = "write_notes",
    /// Undo of `arm_network_boot`.
    DisarmNetworkBoot = "disarm_network_boot",
    /// Undo of `assign_bmc_address`.
    ReleaseBmcAddress = "release_bmc_address",
    /// Undo of `enter_staging`.
    LeaveStaging = "leave_staging",
    /// Undo of `place_device`.
    UnplaceDevice = "unplace_device",
    /// Ask a vendor for a quote.
    RequestQuote = "request_quote",
    /// Remind a vendor that has not answered.
    ChaseQuote = "chase_quote",
    /// Send the purchase order.
    PlacePurchase = "place_purchase",
    /// Undo of `request_quote`.
    WithdrawRequest = "withdraw_request",
    /// Undo of `place_purchase`.
    CancelPurchase = "cancel_purchase",
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Step {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|s| s.word() == text);
        found.ok_or_else(|| format!("`{text}` is not a step"))
    }
}

/// A fresh reading, taken after a step was done, that shows its effect. Only this moves a server on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// NetBox's answer to a lookup.
    Lookup(Lookup),
    /// NetBox shows this MAC on the device's BMC interface, the manifest's or another.
    Registered(BmcPort),
    /// NetBox shows this out-of-band address on the device.
    Address(IpAddr),
    /// NetBox shows the status and `lifecycle_state` of this stage.
    Status(Stage),
    /// NetBox shows rack, unit and planned cables of its place.
    Placed,
    /// NetBox's interfaces and planned cables.
    Plan(CablingPlan),
    /// The BMC's service root, and the certificate it showed.
    Root {
        /// What it is.
        identity: Identity,
        /// Its certificate.
        certificate: Option<Fingerprint>,
    },
    /// The BMC does not answer any more.
    Down,
    /// The BMC answers, and takes our login.
    Up,
    /// The system as a logged-in reading shows it.
    System(SystemReading),
    /// The parts that the BMC lists.
    Parts(Box<Parts>),
    /// The BMC shows one-time network boot.
    Armed,
    /// The boot script was fetched with this boot's token.
    ScriptFetched,
    /// The machine's final report is in.
    Reported,
    /// NetBox shows the NICs' MACs.
    Interfaces,
    /// NetBox shows the cables.
    Cables,
    /// NetBox shows status `staged` and the staging tenant.
    Staging,
    /// NetBox holds the journal notes of all events up to this one.
    Notes(Seq),
    /// The vendor has it: its own number for it, or its receipt.
    Held(Text),
    /// The undo's effect is seen.
    Undone,
}

impl Observation {
    /// Whether it shows an effect of ours, in which what it was taken from may be ahead of a copy.
    pub const fn is_ours(&self) -> bool {
        match self {
            Self::Registered(_)
            | Self::Address(_)
            | Self::Status(_)
            | Self::Placed
            | Self::Interfaces
            | Self::Cables
            | Self::Staging
            | Self::Undone => true,
            Self::Lookup(_)
            | Self::Plan(_)
            | Self::Root { .. }
            | Self::System(_)
            | Self::Down
            | Self::Up
            | Self::Parts(_)
            | Self::Armed
            | Self::ScriptFetched
            | Self::Reported
            | Self::Notes(_)
            | Self::Held(_) => false,
        }
    }
}

/// How one attempt at a step ended, as the engine saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The other side took it. Its effect is still to be seen.
    Accepted {
        /// Its receipt: a task id, a job id, or what it answered.
        receipt: Text,
    },
    /// The effect is seen.
    Observed(Observation),
    /// It failed; the fault says whether it may have happened all the same.
    Failed(crate::fault::Fault),
}
