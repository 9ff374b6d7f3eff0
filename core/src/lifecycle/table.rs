//! Every transition there is: from where, to where, on what proof, and who may give it.

use std::fmt::Write as _;

use super::evidence::Proof;
use super::stage::Stage;
use crate::id::{Actor, Role};
use Stage as S;

/// Who may make a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Rackhand alone, from what it observed.
    Automation,
    /// A person of this role or above.
    Person(Role),
    /// Either.
    Both(Role),
    /// A person of this role or above, by taking back what was just done; never by a move.
    Undo(Role),
}

/// One way: from any of a run of stages to any of another.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// First and last stage it starts from.
    pub from: (Stage, Stage),
    /// First and last stage it leads to; for a way back only stages before the one it starts from.
    pub to: (Stage, Stage),
    /// Whether it leads back.
    pub back: bool,
    /// What it demands.
    pub proof: Proof,
    /// Who may give it.
    pub by: By,
}

const fn forth(from: Stage, to: Stage, proof: Proof, by: By) -> Way {
    Way { from: (from, from), to: (to, to), back: false, proof, by }
}

const fn back(from: (Stage, Stage), to: (Stage, Stage), proof: Proof, by: By) -> Way {
    Way { from, to, back: true, proof, by }
}

use By::{Automation, Both, Person, Undo};
use Role::{Approver, Operator, Technician};

/// The whole table. `rackhand explain lifecycle` prints it.
pub const WAYS: &[Way] = &[
    forth(S::Ordered, S::QuoteRequested, Proof::QuotesAsked, Automation),
    forth(S::QuoteRequested, S::QuoteReceived, Proof::QuoteIn, Both(Operator)),
    forth(S::QuoteReceived, S::PurchaseApproved, Proof::Approved, Both(Approver)),
    forth(S::PurchaseApproved, S::ShipmentTracking, Proof::OrderConfirmed, Both(Operator)),
    forth(S::ShipmentTracking, S::Received, Proof::Receipt, Person(Technician)),
    forth(S::Received, S::Racked, Proof::RackScan, Person(Technician)),
    forth(S::Racked, S::Cabled, Proof::CableScan, Person(Technician)),
    forth(S::Cabled, S::PoweredOn, Proof::SignOfLife, Both(Technician)),
    forth(S::Received, S::Racked, Proof::ImpliedByLease, Automation),
    forth(S::Racked, S::Cabled, Proof::ImpliedByLease, Automation),
    forth(S::Cabled, S::PoweredOn, Proof::ImpliedByLease, Automation),
    forth(S::PoweredOn, S::Discovered, Proof::LeaseAndDevice, Automation),
    forth(S::Discovered, S::PhysicalValidated, Proof::ReportMatches, Automation),
    forth(S::PhysicalValidated, S::Staged, Proof::InventoryReadBack, Automation),
    forth(S::Staged, S::ProvisionedToVendorTool, Proof::FoundInVendorTool, Automation),
    forth(S::ProvisionedToVendorTool, S::FirmwareUpdating, Proof::UpdateStarted, Automation),
    forth(S::FirmwareUpdating, S::Hardened, Proof::HardeningReadBack, Automation),
    forth(S::Hardened, S::Ready, Proof::AllChecked, Automation),
    forth(S::Ready, S::AssignedToTenant, Proof::Assigned, Automation),
    forth(S::AssignedToTenant, S::InService, Proof::HandedOver, Automation),
    forth(S::InService, S::Maintenance, Proof::WorkBegun, Person(Operator)),
    forth(S::Maintenance, S::InService, Proof::WorkEnded, Person(Operator)),
    forth(S::InService, S::DecommissionProposed, Proof::Proposed, Both(Operator)),
    forth(S::DecommissionProposed, S::InService, Proof::Declined, Person(Operator)),
    forth(S::DecommissionProposed, S::Decommissioning, Proof::ApprovedByTwo, Automation),
    forth(S::Decommissioning, S::Decommissioned, Proof::ErasedAndRemoved, Automation),
    forth(S::Decommissioned, S::Received, Proof::Reused, Person(Operator)),
    back(
        (S::PurchaseApproved, S::ShipmentTracking),
        (S::QuoteReceived, S::QuoteReceived),
        Proof::PurchaseFailed,
        Automation,
    ),
    back((S::Racked, S::Ready), (S::Received, S::Hardened), Proof::EvidenceLost, Both(Technician)),
    back((S::AssignedToTenant, S::InService), (S::Staged, S::Staged), Proof::Unassigned, Person(Operator)),
    back(
        (S::Received, S::Received),
        (S::ShipmentTracking, S::ShipmentTracking),
        Proof::ReceiptUndone,
        Undo(Technician),
    ),
];

/// The way from one stage to another on this proof, if there is one.
pub fn way(from: Stage, to: Stage, proof: Proof) -> Option<&'static Way> {
    WAYS.iter().find(|w| w.proof == proof && w.leads(from, to))
}

impl Way {
    fn leads(self, from: Stage, to: Stage) -> bool {
        (self.from.0..=self.from.1).contains(&from)
            && (self.to.0..=self.to.1).contains(&to)
            && (!self.back || to < from)
    }

    /// Whether this actor may make it.
    pub fn open_to(&self, actor: &Actor) -> bool {
        match (self.by, actor) {
            (Automation | Both(_), Actor::Rackhand | Actor::Wire) => true,
            (Person(least) | Both(least) | Undo(least), Actor::Person { role, .. }) => *role >= least,
            _ => false,
        }
    }

    /// The role a person needs to make it by a move, where a person may.
    pub fn role(&self) -> Option<Role> {
        match self.by {
            Automation | Undo(_) => None,
            Person(role) | Both(role) => Some(role),
        }
    }
}

/// The ways a person of this role has from a stage: where to, and the proof their word stands for.
pub fn open_ways(from: Stage, actor: &Actor) -> impl Iterator<Item = (Stage, &'static Way)> {
    let actor = actor.clone();
    Stage::ALL.iter().flat_map(move |to| {
        let actor = actor.clone();
        WAYS.iter().filter(move |w| w.role().is_some() && w.open_to(&actor) && w.leads(from, *to)).map(|w| (*to, w))
    })
}

/// The table as text, 78 columns wide.
pub fn as_text() -> String {
    let mut out = String::from("FROM                        TO                          PROOF                BY\n");
    for w in WAYS {
        let run =
            |(a, b): (Stage, Stage)| if a == b { a.word().to_owned() } else { format!("{}..{}", a.short(), b.short()) };
        let by = match w.by {
            Automation => "rackhand".to_owned(),
            Person(role) => role.to_string(),
            Both(role) => format!("either ({role})"),
            Undo(role) => format!("undo ({role})"),
        };
        let arrow = if w.back { "<-" } else { "->" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:<26}{arrow}{:<28}{:<21}{by}", run(w.from), run(w.to), w.proof.word());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role) -> Actor {
        Actor::Person { name: "anna".into(), role }
    }

    #[test]
    fn every_stage_can_be_reached_and_left() {
        for stage in Stage::ALL {
            let reaches = WAYS.iter().any(|w| !w.back && w.to.0 == *stage);
            assert!(reaches || *stage == S::Ordered, "{stage} cannot be reached");
            assert!(WAYS.iter().any(|w| !w.back && w.from.0 == *stage), "{stage} cannot be left");
        }
    }

    #[test]
    fn nothing_leads_from_a_tenant_to_a_reset_and_nobody_approves_alone() {
        for stage in Stage::ALL.iter().filter(|s| s.is_tenants()) {
            for to in [S::PoweredOn, S::Discovered, S::PhysicalValidated] {
                assert!(WAYS.iter().all(|w| way(*stage, to, w.proof).is_none()), "{stage} -> {to}");
            }
        }
        let admin = person(Role::Admin);
        assert!(open_ways(S::DecommissionProposed, &admin).all(|(to, _)| to != S::Decommissioning));
    }

    #[test]
    fn a_receipt_is_taken_back_by_its_undo_only() {
        let undo = way(S::Received, S::ShipmentTracking, Proof::ReceiptUndone);
        assert!(undo.is_some_and(|w| w.open_to(&person(Role::Technician)) && !w.open_to(&person(Role::ReadOnly))));
        assert!(undo.is_some_and(|w| !w.open_to(&Actor::Rackhand)));
        for from in Stage::ALL {
            assert!(open_ways(*from, &person(Role::Admin)).all(|(_, w)| w.proof != Proof::ReceiptUndone), "{from}");
            for to in Stage::ALL.iter().filter(|to| to.is_on_order()) {
                let back = *from > *to && WAYS.iter().any(|w| way(*from, *to, w.proof).is_some());
                let refused = from.is_on_order() && *to == S::QuoteReceived && *from > *to;
                assert_eq!(back, refused || (*from == S::Received && *to == S::ShipmentTracking), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn a_way_back_leads_back_and_only_for_those_who_may() {
        assert!(way(S::Staged, S::Cabled, Proof::EvidenceLost).is_some_and(|w| w.open_to(&person(Role::Technician))));
        assert!(way(S::Cabled, S::Staged, Proof::EvidenceLost).is_none());
        assert!(way(S::Staged, S::Cabled, Proof::EvidenceLost).is_some_and(|w| !w.open_to(&person(Role::ReadOnly))));
        assert_eq!(
            open_ways(S::Received, &person(Role::Technician)).map(|(to, _)| to).collect::<Vec<_>>(),
            [S::Racked]
        );
    }
}
