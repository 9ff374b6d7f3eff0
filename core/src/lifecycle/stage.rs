//! The 22 stages, and what stands beside them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word used everywhere a person or a script reads it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.word()) }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|s| s.word() == text)
                    .ok_or_else(|| format!(concat!("`{}` is not a ", $what), text))
            }
        }
    };
}

words! {
    /// Where a unit is in its life. Five for a unit on order, seventeen for one that exists.
    Stage, "stage" {
        /// Ordered; nothing asked of a vendor yet.
        Ordered = "ordered",
        /// Quotes asked for.
        QuoteRequested = "quote_requested",
        /// At least one quote is in.
        QuoteReceived = "quote_received",
        /// The purchase is approved.
        PurchaseApproved = "purchase_approved",
        /// On its way.
        ShipmentTracking = "shipment_tracking",
        /// At the dock.
        Received = "received",
        /// In its rack.
        Racked = "racked",
        /// Power and network are in.
        Cabled = "cabled",
        /// The BMC gave a sign of life.
        PoweredOn = "powered_on",
        /// A lease and the inventory agree on which server this is.
        Discovered = "discovered",
        /// Its own report matches what was expected and where it is cabled.
        PhysicalValidated = "physical_validated",
        /// In the inventory as staged, with its interfaces and cables.
        Staged = "staged",
        /// In OneView or OpenManage Enterprise.
        ProvisionedToVendorTool = "provisioned_to_vendor_tool",
        /// Firmware is being brought to its baseline.
        FirmwareUpdating = "firmware_updating",
        /// Hardened, and read back so.
        Hardened = "hardened",
        /// In the pool.
        Ready = "ready",
        /// Given to a tenant.
        AssignedToTenant = "assigned_to_tenant",
        /// The tenant works on it.
        InService = "in_service",
        /// Out of service for work, still the tenant's.
        Maintenance = "maintenance",
        /// Proposed for removal.
        DecommissionProposed = "decommission_proposed",
        /// Being erased and removed.
        Decommissioning = "decommissioning",
        /// Erased and out of the rack.
        Decommissioned = "decommissioned",
    }
}

impl Stage {
    /// Whether the unit is still on order.
    pub fn is_on_order(self) -> bool {
        self <= Self::ShipmentTracking
    }

    /// The part of a life it belongs to.
    pub fn part(self) -> LifePart {
        match self {
            s if s.is_on_order() => LifePart::Order,
            s if s.is_before_discovery() => LifePart::Install,
            s if s <= Self::Hardened => LifePart::Prove,
            s if s <= Self::Maintenance => LifePart::Serve,
            _ => LifePart::Retire,
        }
    }

    /// Whether the unit exists but nothing automatic has touched it yet.
    pub fn is_before_discovery(self) -> bool {
        (Self::Received..=Self::PoweredOn).contains(&self)
    }

    /// Whether a tenant has it.
    pub fn is_tenants(self) -> bool {
        (Self::AssignedToTenant..=Self::DecommissionProposed).contains(&self)
    }

    /// At most six letters, for an 80-column table. `?` in the console explains them.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Ordered => "order",
            Self::QuoteRequested => "quote?",
            Self::QuoteReceived => "quoted",
            Self::PurchaseApproved => "bought",
            Self::ShipmentTracking => "ship",
            Self::Received => "recvd",
            Self::Racked => "racked",
            Self::Cabled => "cabled",
            Self::PoweredOn => "power",
            Self::Discovered => "discov",
            Self::PhysicalValidated => "valid",
            Self::Staged => "staged",
            Self::ProvisionedToVendorTool => "vendor",
            Self::FirmwareUpdating => "firmw",
            Self::Hardened => "harden",
            Self::Ready => "ready",
            Self::AssignedToTenant => "assign",
            Self::InService => "serve",
            Self::Maintenance => "maint",
            Self::DecommissionProposed => "prop.",
            Self::Decommissioning => "decom",
            Self::Decommissioned => "gone",
        }
    }
}

words! {
    /// The five parts of a life, for counts.
    LifePart, "part of a life" {
        /// On order.
        Order = "order",
        /// At the site, not discovered yet.
        Install = "install",
        /// On its way into the pool.
        Prove = "prove",
        /// In the pool, or a tenant's.
        Serve = "serve",
        /// On its way out.
        Retire = "retire",
    }
}

words! {
    /// How a unit stands, beside its stage. An end is a disposition with the stage kept.
    Disposition, "disposition" {
        /// Goes its way.
        Normal = "normal",
        /// A person has stopped it for now.
        OnHold = "on_hold",
        /// Its order or its way was cancelled; undo steps run, then nothing more.
        Cancelled = "cancelled",
        /// Its purchase was rejected.
        Rejected = "rejected",
        /// Sent back to its vendor.
        ReturnedToVendor = "returned_to_vendor",
        /// Kept from everything until a person clears it.
        Quarantined = "quarantined",
        /// Out of use for good.
        Retired = "retired",
        /// Not found.
        Lost = "lost",
    }
}

impl Disposition {
    /// Whether automation may act on such a unit.
    pub fn may_move(self) -> bool {
        self == Self::Normal
    }
}
