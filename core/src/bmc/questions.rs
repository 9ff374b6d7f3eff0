//! What is asked about a unit's BMC.

use crate::fault::{Fault, System};
use crate::flow::attempt::Progress;
use crate::flow::rule::{Class, Lane, Rule};
use crate::flow::rules::rule;
use crate::lifecycle::unit::Unit;

impl Unit {
    /// The steps that stopped because its BMC was silent, or not what speaks Redfish yet. Never one that touches power.
    pub fn silent(&self) -> impl Iterator<Item = &Progress> {
        let silent = |r: &Rule, fault: &Fault| {
            r.lane == Lane::Bmc
                && matches!(r.class, Class::Read | Class::Sync)
                && fault.system == System::Bmc
                && fault.kind.may_retry()
        };
        self.steps.parked().filter(move |(p, fault)| silent(rule(p.step), fault)).map(|(p, _)| p)
    }
}
