//! What a step is to a unit: its rule, when it is wanted, and what becomes of the unit by it.

use super::rule::Rule;
use super::step::Observation;
use crate::bmc::Rung;
use crate::fault::System;
use crate::lifecycle::unit::Unit;
use crate::spine::event::Stamp;
use crate::text::Text;
use crate::time::Timestamp;

/// A step of a unit. The fold uses `begun`, `seen`, `skipped` and `retried` alone: what they do to a unit, they do for all
/// events that were ever recorded.
pub struct UnitStep {
    /// Its rule.
    pub rule: Rule,
    /// Whether the unit needs it now, where no step before it in its lane is needed.
    pub wanted: fn(&Unit) -> bool,
    /// Whether it is taken, too, while the unit stands aside, and before what is to be undone.
    pub aside: bool,
    /// Until when the first try waits for more that goes along with it.
    pub gathers: fn(&Unit) -> Option<Timestamp>,
    /// How hard it is done, where there are several ways.
    pub rung: fn(&Unit) -> Option<Rung>,
    /// What it comes to where its deadline has passed.
    pub expired: fn(&Unit) -> Expired,
    /// Its intention is journaled.
    pub begun: fn(&mut Unit, Option<Rung>),
    /// Its effect is seen.
    pub seen: fn(&mut Unit, &Sight<'_>),
    /// A person goes on without it.
    pub skipped: fn(&mut Unit),
    /// A person has it begun anew.
    pub retried: fn(&mut Unit),
}

/// A reading that shows a step's effect, with its event.
pub struct Sight<'a> {
    /// The event.
    pub stamp: Stamp<'a>,
    /// What was seen.
    pub saw: &'a Observation,
    /// By when what it began must be over.
    pub until: Option<Timestamp>,
}

/// What a deadline comes to that has passed.
pub struct Expired {
    /// Whose fault it is.
    pub system: System,
    /// What was awaited in vain.
    pub what: Text,
    /// What a person does; `None` where Rackhand itself goes on.
    pub advice: Option<Text>,
}

impl UnitStep {
    /// One that is never wanted by itself and means nothing beside its effect.
    pub(crate) const fn with(rule: Rule) -> Self {
        Self {
            rule,
            wanted: |_| false,
            aside: false,
            gathers: |_| None,
            rung: |_| None,
            expired: |_| Expired {
                system: System::Rules,
                what: "no effect seen in time".into(),
                advice: Some("look at it, then retry".into()),
            },
            begun: |_, _| {},
            seen: |_, _| {},
            skipped: |_| {},
            retried: |_| {},
        }
    }
}
