//! Taking back: what a command that can be taken back leaves behind for as long as the grace lasts.

use rackhand_core::decide::command::Command;
use rackhand_core::lifecycle::stage::Disposition;
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::bulk::{self, Part, Wish};
use super::effect::Effect;
use super::model::Model;
use crate::event::Timer;

/// How long `z` takes back, in milliseconds.
pub const GRACE_MS: u64 = 10_000;

/// The opposite of what was done last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// Its number.
    pub n: u64,
    /// What was done.
    pub told: Text,
    /// What takes it back.
    pub parts: Vec<Part>,
}

/// The command that takes this one back, where it was carried out on a unit of this disposition; `None` where none
/// does.
pub fn opposite(command: &Command, before: Disposition) -> Option<Command> {
    let reason = || Text::new("taken back at once: the release was not meant");
    match (command, before) {
        (Command::Locate { unit, on }, _) => Some(Command::Locate { unit: *unit, on: !on }),
        (Command::Hold { unit, .. }, Disposition::Normal) => Some(Command::Release { unit: *unit, reason: None }),
        (Command::Release { unit, .. }, Disposition::OnHold) => Some(Command::Hold { unit: *unit, reason: reason() }),
        (Command::Release { unit, .. }, Disposition::Quarantined) => {
            Some(Command::Quarantine { unit: *unit, reason: reason() })
        }
        _ => None,
    }
}

/// From now on `z` does these, until the grace is over.
pub fn offer(model: &mut Model, told: Text, parts: Vec<Part>, out: &mut Vec<Effect>) {
    if parts.is_empty() {
        return;
    }
    let n = model.mint();
    model.undo = Some(Undo { n, told, parts });
    out.push(Effect::After(GRACE_MS, Timer::Grace(n)));
}

/// Takes back.
pub fn take_back(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(undo) = model.undo.take() {
        let told = Text::from(format!("take back: {}", undo.told));
        bulk::send(model, Wish { parts: undo.parts, told }, out);
    }
}
