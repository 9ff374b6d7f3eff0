//! Elevations: racks unit by unit, as many side by side as there is room for, and the selected device beside them.

mod pane;
mod update;
mod view;

use rackhand_core::id::UnitId;
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::rack::{Face as Side, HalfUnits};
use rackhand_core::placement::questions::{RackView, Slot as Mount};
use serde::{Deserialize, Serialize};

pub use self::update::{adopt, ask_rack, stands};
use super::Place;
use super::face::{Face, Words, list_of};
use super::list::{Keyed, List};
use super::racks::{RACKS, RackKey};
use crate::app::effect::Effect;
use crate::app::fetch::{Question, Slot};
use crate::app::model::{Model, Target};
use crate::command::possible::looks_for;
use crate::command::registry::{Act, ON_SERVERS};
use crate::event::Data;

/// What is in the racks on screen.
pub const ELEVATIONS: Slot = Slot("elevations");

/// The screen.
pub const FACE: Face = Face {
    title: "Rack",
    about: "Racks unit by unit. Servers have their serial and, at the right, their state or stage in letters; what is \
            not ours is dim and has its name. `=` is kept for a server that is not there yet, `.` is free, `:` goes on with the device above, `+` is the upper half \
            of a shared unit, `-` stands in the rack without a unit. `?` says that the picture cannot be right; the \
            pane at the right says why. On a low screen only what is there is listed. / finds a serial or a name, \
            also in racks that are not shown.",
    twin: "rackhand racks SITE RACK",
    takes: &[
        ON_SERVERS,
        &[Act::Filter, Act::Open, Act::Mark, Act::Unmark, Act::NextPane, Act::PreviousPane],
        &[Act::Flip, Act::Overlay, Act::FindNext, Act::FindPrevious],
    ],
    questions: &[Question {
        slot: ELEVATIONS,
        ask: update::question,
        take: |model, _, data, _| {
            if let Data::Elevations(views) = data {
                model.screens.elevation.views = views;
                adopt(model);
            }
        },
    }],
    acts_on: Some(ELEVATIONS),
    wants: &[RACKS, ELEVATIONS],
    list: Some(list_of!(None, elevation.slots, view::area)),
    words: Some(Words {
        of: |screens| &mut screens.elevation.search,
        check: |_| Ok(()),
        look: Some(update::search),
        stage: None,
    }),
    lists_servers: true,
    view: view::view,
    target: |model| model.screens.elevation.slots.current()?.row.as_ref().map(Target::of_row),
    nothing: |model| match model.screens.elevation.slots.current() {
        Some(_) => "that is not one of our servers",
        None => "nothing is selected",
    },
    above: |_| Place::Racks,
    settle: adopt,
    fill: update::fill,
    act,
    possible: |model, act| match act {
        Act::Flip if model.screens.racks.list.current().is_some_and(|rack| rack.height.is_none()) => {
            Some(Err("which side a device is on is not known without NetBox".into()))
        }
        Act::FindNext | Act::FindPrevious => looks_for(model, &model.screens.elevation.search),
        _ => None,
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Elevation {
    /// The racks on screen, whole, as last told.
    pub views: Vec<RackView>,
    /// The rack `slots` are of.
    pub of: Option<RackKey>,
    /// What is in the rack under the cursor, on the sides drawn.
    pub slots: List<Mount>,
    /// The sides.
    pub sides: Sides,
    /// Whether stages are laid over, and not health.
    pub by_stage: bool,
    /// The words looked for.
    pub search: String,
    /// The server to be chosen when its rack is there.
    pub wanted: Option<UnitId>,
    /// Else what is nearest to this position.
    pub near: Option<HalfUnits>,
}

impl Keyed for Mount {
    type Key = (Option<ObjectId>, Option<UnitId>);
    fn key(&self) -> Self::Key {
        (self.device, self.unit())
    }
}

/// Which sides are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sides {
    /// Where the drives are.
    #[default]
    Front,
    /// Where the power supplies are.
    Rear,
    /// One beside the other.
    Both,
}

impl Sides {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Rear => "rear",
            Self::Both => "both sides",
        }
    }

    /// The faces, from left to right.
    pub const fn faces(self) -> &'static [Side] {
        match self {
            Self::Front => &[Side::Front],
            Self::Rear => &[Side::Rear],
            Self::Both => &[Side::Front, Side::Rear],
        }
    }
}

fn act(model: &mut Model, act: Act, out: &mut Vec<Effect>) -> bool {
    let e = &mut model.screens.elevation;
    match act {
        Act::Back if !e.search.is_empty() => e.search.clear(),
        Act::NextPane | Act::PreviousPane => update::turn(model, act == Act::NextPane, out),
        Act::FindNext | Act::FindPrevious => update::again(model, act == Act::FindNext, out),
        Act::Flip => update::flip(model),
        Act::Overlay => e.by_stage = !e.by_stage,
        _ => return false,
    }
    true
}
