//! Budgets, deadlines and ladders of every step, as one table.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempt::Terms;
use super::step::{Observation, Step};
use crate::bmc::Rung;
use crate::event::{Event, StepEvent};
use crate::fault::Fault;
use crate::id::Role;
use crate::time::human;

/// What a subject's steps queue for. One step at a time in each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// NetBox: what the server's way rests on.
    Dcim,
    /// The unit's BMC, and the machine it boots. Nothing else talks to that BMC meanwhile.
    Bmc,
    /// NetBox's journal. Beside the others: a note that is late holds nothing up, and nothing holds a note up.
    Notes,
    /// A vendor: what goes on with it about one order.
    Vendor,
}

impl Lane {
    /// All that a unit has.
    pub const ALL: [Self; 3] = [Self::Dcim, Self::Bmc, Self::Notes];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dcim => "dcim",
            Self::Bmc => "bmc",
            Self::Notes => "notes",
            Self::Vendor => "vendor",
        }
    }
}

/// How a step may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Changes nothing; not journaled before it is done.
    Read,
    /// Brings the other side to a state, looked for first; repeating does no harm.
    Sync,
    /// Touches power. Never repeated because an answer is missing; only the next rung does more.
    Force,
    /// Nothing is sent; the other side speaks.
    Await,
}

impl Class {
    /// Whether such a step changes anything outside.
    pub const fn has_effect(self) -> bool {
        matches!(self, Self::Sync | Self::Force)
    }
}

/// One step's rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The step.
    pub step: Step,
    /// Its lane.
    pub lane: Lane,
    /// How it may be repeated.
    pub class: Class,
    /// Attempts before a person is asked; `None` is patience without end.
    pub attempts: Option<u32>,
    /// Pause after the first failure; doubled each time.
    pub first: Duration,
    /// The longest pause.
    pub cap: Duration,
    /// From intention to observation.
    pub deadline: Option<Duration>,
    /// Who decides when it is parked.
    pub role: Role,
    /// What a person takes on by skipping it; `None` where nothing can stand in for it.
    pub skip: Option<&'static str>,
    /// The step that undoes it.
    pub undo: Option<Step>,
}

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

const BASE: Rule = Rule {
    step: Step::LookUpDevice,
    lane: Lane::Dcim,
    class: Class::Sync,
    attempts: None,
    first: secs(2),
    cap: secs(300),
    deadline: None,
    role: Role::Operator,
    skip: None,
    undo: None,
};

/// A controller asks for its lease first, and brings up its web server minutes later; until then it refuses, is silent,
/// or answers that it is not ready. So many tries, a minute apart at the end, are 26 to 32 minutes.
const STARTING: u32 = 30;

/// A vendor's system may be down for a night; the order waits, and says so.
const VENDOR: Rule = Rule { lane: Lane::Vendor, first: secs(30), cap: secs(900), ..BASE };

/// The table. `rackhand explain steps` prints it.
pub const RULES: &[Rule] = &[
    Rule { step: Step::LookUpDevice, class: Class::Read, first: secs(1), ..BASE },
    Rule { step: Step::RegisterBmc, skip: Some("NetBox does not get the BMC's MAC from the manifest"), ..BASE },
    Rule {
        step: Step::AssignBmcAddress,
        skip: Some("NetBox keeps another BMC address than the server has"),
        undo: Some(Step::ReleaseBmcAddress),
        ..BASE
    },
    Rule { step: Step::SyncStatus, skip: Some("NetBox keeps an older status"), ..BASE },
    Rule {
        step: Step::ReadCablingPlan,
        class: Class::Read,
        skip: Some("cables are not checked against a plan"),
        ..BASE
    },
    Rule {
        step: Step::PlaceDevice,
        role: Role::Technician,
        skip: Some("NetBox gets neither place nor planned cables; cables are checked against what it has"),
        undo: Some(Step::UnplaceDevice),
        ..BASE
    },
    Rule {
        step: Step::ReachBmc,
        lane: Lane::Bmc,
        class: Class::Read,
        attempts: Some(STARTING),
        first: secs(5),
        cap: secs(60),
        role: Role::Technician,
        ..BASE
    },
    Rule {
        step: Step::LogInToBmc,
        lane: Lane::Bmc,
        class: Class::Read,
        attempts: Some(STARTING),
        first: secs(5),
        cap: secs(60),
        ..BASE
    },
    Rule {
        step: Step::ArmNetworkBoot,
        lane: Lane::Bmc,
        attempts: Some(8),
        first: secs(5),
        cap: secs(120),
        undo: Some(Step::DisarmNetworkBoot),
        ..BASE
    },
    Rule {
        step: Step::ResetForBoot,
        lane: Lane::Bmc,
        class: Class::Force,
        attempts: Some(8),
        first: secs(10),
        cap: secs(120),
        deadline: Some(secs(900)),
        role: Role::Technician,
        ..BASE
    },
    Rule {
        step: Step::Validate,
        lane: Lane::Bmc,
        class: Class::Await,
        attempts: Some(2),
        deadline: Some(secs(4 * 3_600)),
        role: Role::Technician,
        ..BASE
    },
    Rule {
        step: Step::ReadParts,
        lane: Lane::Bmc,
        class: Class::Read,
        attempts: Some(6),
        first: secs(10),
        cap: secs(300),
        skip: Some("parts are held against the order by the machine's word alone"),
        ..BASE
    },
    Rule { step: Step::WriteInterfaces, skip: Some("NetBox misses the NICs' MACs"), ..BASE },
    Rule { step: Step::WriteCables, skip: Some("NetBox misses cables that LLDP proved"), ..BASE },
    Rule { step: Step::EnterStaging, undo: Some(Step::LeaveStaging), ..BASE },
    Rule {
        step: Step::WriteNotes,
        lane: Lane::Notes,
        skip: Some("NetBox's journal misses notes; ours has them"),
        ..BASE
    },
    Rule {
        step: Step::DisarmNetworkBoot,
        lane: Lane::Bmc,
        attempts: Some(8),
        first: secs(5),
        cap: secs(120),
        skip: Some("the BMC may still be armed for one network boot"),
        ..BASE
    },
    Rule { step: Step::ReleaseBmcAddress, skip: Some("NetBox keeps the BMC's address"), ..BASE },
    Rule { step: Step::LeaveStaging, skip: Some("NetBox keeps status and tenant"), ..BASE },
    Rule { step: Step::UnplaceDevice, skip: Some("NetBox keeps place and planned cables"), ..BASE },
    Rule {
        step: Step::RequestQuote,
        skip: Some("the vendor counts as asked, whether it was or not"),
        undo: Some(Step::WithdrawRequest),
        ..VENDOR
    },
    Rule { step: Step::ChaseQuote, skip: Some("the vendor is not reminded"), ..VENDOR },
    Rule {
        step: Step::PlacePurchase,
        skip: Some("the vendor counts as having the purchase order, whether it has or not"),
        undo: Some(Step::CancelPurchase),
        ..VENDOR
    },
    Rule { step: Step::WithdrawRequest, skip: Some("the vendor may still answer"), ..VENDOR },
    Rule { step: Step::CancelPurchase, skip: Some("the vendor may deliver, and is to be paid then"), ..VENDOR },
];

/// No cause is waited out for longer, whoever says so, seconds.
const LONGEST_CAUSE: u32 = 3_600;

/// The rungs of a network boot, each used once for a cause. Behind the last stands a person.
pub const LADDER: &[Rung] = &[Rung::Restart, Rung::PowerCycle];

/// The rule of a step.
pub fn rule(step: Step) -> &'static Rule {
    // Every step has its row; the test below holds that, so the fallback is never taken.
    RULES.iter().find(|r| r.step == step).unwrap_or(&BASE)
}

impl Rule {
    /// What events about the step say of its rule.
    pub fn terms(&self) -> Terms {
        Terms { lane: self.lane, undo: self.undo }
    }

    /// That its effect was seen.
    pub fn observed(&self, generation: u32, saw: Observation) -> Event {
        Event::Step(StepEvent::StepObserved {
            step: self.step,
            generation,
            saw,
            until: None,
            terms: Some(self.terms()),
        })
    }

    /// Attempts before a person is asked about this fault: a cause that ends by itself is waited out.
    pub fn most(&self, fault: &Fault) -> Option<u32> {
        let lasts = Duration::from_secs(u64::from(fault.lasts.unwrap_or(0).min(LONGEST_CAUSE)));
        let (mut needed, mut waited) = (1, Duration::ZERO);
        while waited < lasts {
            waited += self.pause(needed);
            needed += 1;
        }
        self.attempts.map(|budget| budget.max(needed))
    }

    /// Pause before attempt `attempts + 1`, without jitter.
    pub fn pause(&self, attempts: u32) -> Duration {
        self.first.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(self.cap)
    }
}

/// The table as text.
pub fn as_text() -> String {
    let mut out = String::from("STEP                 LANE  CLASS  TRIES   PAUSE         DEADLINE  PARKED FOR   UNDO\n");
    for r in RULES {
        let _ = writeln!(
            out,
            "{:<21}{:<6}{:<7}{:<8}{:<14}{:<10}{:<13}{}",
            r.step.word(),
            r.lane.word(),
            format!("{:?}", r.class).to_lowercase(),
            r.attempts.map_or("no end".to_owned(), |n| n.to_string()),
            format!("{}..{}", human(r.first), human(r.cap)),
            r.deadline.map_or("-".to_owned(), human),
            r.role.to_string(),
            r.undo.map_or("-", Step::word),
        );
    }
    let rungs: Vec<_> = LADDER.iter().map(ToString::to_string).collect();
    let _ =
        writeln!(out, "\nLadder of reset_for_boot: {}, then a person. Each rung once for a cause.", rungs.join(", "));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Kind, System};

    #[test]
    fn every_step_has_one_row_and_force_has_an_end() {
        for step in Step::ALL {
            assert_eq!(RULES.iter().filter(|r| r.step == *step).count(), 1, "{step}");
        }
        assert!(RULES.iter().all(|r| r.class != Class::Force || (r.attempts.is_some() && r.deadline.is_some())));
    }

    #[test]
    fn what_nothing_can_stand_in_for_is_not_skipped_and_nothing_else_is_held_up_by_it() {
        let never: Vec<Step> = Step::ALL.iter().copied().filter(|s| rule(*s).skip.is_none()).collect();
        use Step::{ArmNetworkBoot, EnterStaging, LogInToBmc, LookUpDevice, ReachBmc, ResetForBoot, Validate};
        assert_eq!(never, [LookUpDevice, ReachBmc, LogInToBmc, ArmNetworkBoot, ResetForBoot, Validate, EnterStaging]);
    }

    #[test]
    fn a_vendor_is_left_half_a_minute_a_busy_controller_seconds() {
        let pauses = |step: Step| (rule(step).first.as_secs(), rule(step).cap.as_secs());
        for step in Step::ALL.iter().filter(|s| rule(**s).lane == Lane::Vendor) {
            assert_eq!(pauses(*step), (30, 900), "{step}");
        }
        assert_eq!(pauses(Step::ReadParts), (10, 300));
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let r = rule(Step::SyncStatus);
        assert_eq!([1, 2, 3, 9, 90].map(|n| r.pause(n).as_secs()), [2, 4, 8, 300, 300]);
    }

    #[test]
    fn a_cause_that_ends_by_itself_widens_the_budget_and_never_narrows_it() {
        let full = Fault::new(System::Bmc, Kind::Transient, "sessions full");
        let r = rule(Step::ArmNetworkBoot);
        assert_eq!(r.most(&full), Some(8));
        assert_eq!(r.most(&full.clone().lasting(60)), Some(8));
        let patient = r.most(&full.clone().lasting(1_800)).unwrap_or(0);
        let waited: u64 = (1..patient).map(|n| r.pause(n).as_secs()).sum();
        assert!((1_800..1_920).contains(&waited), "{patient} tries wait {waited} s");
        assert_eq!(r.most(&full.lasting(u32::MAX)), Some(35), "no longer than an hour");
        let endless = rule(Step::SyncStatus);
        assert_eq!(endless.most(&Fault::new(System::Netbox, Kind::Transient, "busy").lasting(60)), None);
    }
}
