//! What a transition rests on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Text;

macro_rules! proofs {
    ($($variant:ident = $word:literal: $meaning:literal),* $(,)?) => {
        /// The kind of proof a transition demands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Proof { $(#[doc = $meaning] #[serde(rename = $word)] $variant),* }

        impl Proof {
            /// Its word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What it means, for a person.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

proofs! {
    QuotesAsked = "quotes_asked": "both vendors have the request under our number",
    QuoteIn = "quote_in": "a quote for this order was read",
    Approved = "approved": "the purchase was approved by whom the policy demands",
    OrderConfirmed = "order_confirmed": "the vendor confirmed the purchase order",
    PurchaseFailed = "purchase_failed": "the vendor does not take the purchase order",
    Receipt = "receipt": "the serial was scanned at the dock",
    RackScan = "rack_scan": "a technician confirmed rack and unit",
    CableScan = "cable_scan": "a technician confirmed power and network",
    SignOfLife = "sign_of_life": "the BMC gave a sign of life",
    ImpliedByLease = "implied_by_lease": "its BMC holds a lease, so it must be racked, cabled and powered",
    LeaseAndDevice = "lease_and_device": "lease and inventory agree on which server this is",
    ReportMatches = "report_matches": "the machine's report matches what was expected and where it is cabled",
    InventoryReadBack = "inventory_read_back": "MACs, cables, tenant and status were read back from NetBox",
    FoundInVendorTool = "found_in_vendor_tool": "the vendor's tool lists it by serial",
    UpdateStarted = "update_started": "the first firmware job was accepted",
    HardeningReadBack = "hardening_read_back": "firmware and settings were read back as they should be",
    AllChecked = "all_checked": "everything that should be true was checked again",
    Assigned = "assigned": "an order took it from the pool",
    HandedOver = "handed_over": "the tenant has its access",
    WorkBegun = "work_begun": "a maintenance window was opened",
    WorkEnded = "work_ended": "the maintenance window was closed and health is good",
    Proposed = "proposed": "a proposal names it",
    Declined = "declined": "the proposal was declined",
    ApprovedByTwo = "approved_by_two": "two people approved it",
    ErasedAndRemoved = "erased_and_removed": "every drive has its certificate and the rack unit is free",
    Unassigned = "unassigned": "the tenant gave it back",
    EvidenceLost = "evidence_lost": "what the later stage rested on has become untrue",
    Reused = "reused": "a person says it is used again",
    ReceiptUndone = "receipt_undone": "its receipt was taken back before anything else happened to it",
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The proof a transition was made on, and its particulars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its kind.
    pub proof: Proof,
    /// Its particulars: which lease, which report, what a person said.
    pub note: Text,
}

impl Evidence {
    /// Evidence of this kind.
    pub fn new(proof: Proof, note: impl Into<Text>) -> Self {
        Self { proof, note: note.into() }
    }
}
