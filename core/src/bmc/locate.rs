//! A server's locator LED: who asked for it, and what it was seen to be. It belongs to no stage, and no step rests on
//! it.

use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::LocatorEvent;
use crate::id::{Subject, UnitId};
use crate::lifecycle::unit::Unit;

/// What a person does where the LED does not help.
pub fn without(unit: &Unit) -> String {
    let label = unit.label();
    match unit.place() {
        Some(place) => format!("Walk to {place} by rack and unit, and hold its label against {label}"),
        None => format!("Its place is not known here either: look for the label {label}, at the dock first"),
    }
}

impl Deciding<'_> {
    /// Journals the wish, before the BMC is asked.
    pub(crate) fn locate(&mut self, id: UnitId, on: bool) -> Result<Answer, Refusal> {
        self.not_held()?;
        let unit = self.known(id)?;
        if unit.bmc_address.is_none() || unit.identity.is_none() {
            let text = format!(
                "{}: its locator LED cannot be switched: its BMC was not reached here yet. {}",
                unit.label(),
                without(unit)
            );
            return Err(Refusal::new(Why::Conflict, text));
        }
        self.emit(Subject::Unit(id), LocatorEvent::LocatorAsked { on });
        Ok(Answer::Done)
    }

    /// Journals what was read of it afterwards.
    pub(crate) fn locator_seen(&mut self, id: UnitId, on: bool) -> Result<Answer, Refusal> {
        self.known(id)?;
        self.emit(Subject::Unit(id), LocatorEvent::LocatorSeen { on });
        Ok(Answer::Done)
    }
}
