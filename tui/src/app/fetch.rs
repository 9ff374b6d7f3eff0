//! Questions to the daemon: which are open, when each is asked anew, and whether an answer under way still serves.

use rackhand_core::time::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::effect::Effect;
use super::find::FIND;
use super::model::{Asked, Link, Model};
use super::places::PLACES;
use crate::event::{Ask, Data};
use crate::overlay::order::IN_STOCK;
use crate::screen::{self, FACES};

/// The name of a kind of question; of each kind one is on its way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Slot(pub &'static str);

/// A kind of question.
pub struct Question {
    /// Its name.
    pub slot: Slot,
    /// What is asked as things are now; `None` where nothing is, or where only who wants to know can say.
    pub ask: fn(&Model) -> Option<Ask>,
    /// Takes the answer to what was asked.
    pub take: fn(&mut Model, &Ask, Data, &mut Vec<Effect>),
}

/// Counts and health.
pub const OVERVIEW: Slot = Slot("overview");

/// The questions that are no screen's.
const OURS: &[Question] = &[
    Question {
        slot: OVERVIEW,
        ask: |_| Some(Ask::Overview),
        take: |model, _, data, _| {
            let Data::Overview(overview) = data else { return };
            clock(model, overview.now);
            model.overview = Some(overview);
            screen::listing::settle(model);
        },
    },
    FIND,
    PLACES,
    IN_STOCK,
];

fn all() -> impl Iterator<Item = &'static Question> {
    OURS.iter().chain(FACES.iter().flat_map(|face| face.questions))
}

impl Slot {
    /// The question of this name.
    pub fn question(self) -> Option<&'static Question> {
        all().find(|question| question.slot == self)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let known = all().map(|question| question.slot).find(|slot| slot.0 == name);
        known.ok_or_else(|| D::Error::custom(format!("no question is called {name}")))
    }
}

/// Takes the daemon's clock from an answer.
pub fn clock(model: &mut Model, now: Timestamp) {
    model.now = model.now.max(now);
}

/// Asks for everything on screen anew.
pub fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    want(model, OVERVIEW, out);
    for slot in screen::of(model.place.kind()).wants {
        want(model, *slot, out);
    }
}

/// Asks, or notes that it must be asked again when the answer under way is here.
pub fn want(model: &mut Model, slot: Slot, out: &mut Vec<Effect>) {
    match model.asked.get_mut(&slot) {
        Some(asked) => asked.again = true,
        None => replace(model, slot, out),
    }
}

/// Asks at once; an answer under way to an older question will be ignored.
pub fn replace(model: &mut Model, slot: Slot, out: &mut Vec<Effect>) {
    if let Some(ask) = slot.question().and_then(|question| (question.ask)(model)) {
        put(model, slot, ask, out);
    }
}

/// Asks this.
pub fn put(model: &mut Model, slot: Slot, ask: Ask, out: &mut Vec<Effect>) {
    if matches!(model.link, Link::Connecting | Link::Down { .. }) {
        return;
    }
    let id = model.mint();
    model.asked.insert(slot, Asked { id, ask: ask.clone(), again: false });
    out.push(Effect::Fetch(id, ask));
}

/// Forgets what is held and under way of a kind: it is about something else now.
pub fn forget(model: &mut Model, slot: Slot) {
    model.asked.remove(&slot);
    model.fresh.remove(&slot);
}

/// The cut of a list that is asked for: its first row, and rows.
fn window(ask: &mut Ask) -> Option<(&mut usize, &mut usize)> {
    match ask {
        Ask::Units(query) => Some((&mut query.offset, &mut query.limit)),
        Ask::Work(query) => Some((&mut query.offset, &mut query.limit)),
        Ask::Orders(query) => Some((&mut query.offset, &mut query.limit)),
        Ask::Letters { offset, limit } | Ask::Racks { offset, limit, .. } => Some((offset, limit)),
        _ => None,
    }
}

/// Whether a question under way will bring so many rows from `top` on, of the list as it is now.
pub fn covers(model: &Model, slot: Slot, top: usize, height: usize) -> bool {
    let (Some(asked), Some(question)) = (model.asked.get(&slot), slot.question()) else { return false };
    let (mut asked, Some(mut now)) = (asked.ask.clone(), (question.ask)(model)) else { return false };
    let (Some((offset, limit)), Some(wanted)) = (window(&mut asked), window(&mut now)) else { return false };
    let reaches = *offset <= top && top + height <= *offset + *limit;
    // But for the cut it must be the same question.
    (*offset, *limit) = (*wanted.0, *wanted.1);
    reaches && asked == now
}
