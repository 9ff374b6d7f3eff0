//! Where the user is: screens, their history, filters, and cursors.

use rackhand_core::id::Subject;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::view::{Sort, filter as terms};

use super::effect::Effect;
use super::fetch;
use super::list::List;
use super::log::Log;
use super::model::{Model, Mood, Place, Server, Slot, Visit};
use super::racks;
use super::update::{settle, toast};
use crate::command::registry::Act;
use crate::input::line::Line;
use crate::screen;

/// Places that can be gone back to.
const HISTORY: usize = 64;
/// Filters that can be taken up again.
const FILTERS: usize = 32;

/// A movement of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// So many rows.
    By(isize),
    /// So many screens.
    Pages(isize),
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Motion {
    /// Where it leads from `at`, with `height` rows on screen.
    pub fn from(self, at: usize, height: usize) -> usize {
        match self {
            Self::By(n) => at.saturating_add_signed(n),
            Self::Pages(n) => at.saturating_add_signed(n * isize::try_from(height.max(1)).unwrap_or(1)),
            Self::First => 0,
            Self::Last => usize::MAX,
        }
    }
}

/// Moves the cursor of the screen.
pub fn step(model: &mut Model, motion: Motion, out: &mut Vec<Effect>) {
    let face = screen::of(model.place.kind());
    (face.step)(model, motion, out);
    (face.fill)(model, out);
}

/// The newest events, where what is held does not join on to them.
pub fn anew(model: &mut Model, motion: Motion, slot: Slot, out: &mut Vec<Effect>) {
    let log = if slot == Slot::Journal { &mut model.journal.log } else { &mut model.server.timeline };
    if motion == Motion::First && log.newer {
        *log = Log::default();
        fetch::replace(model, slot, out);
    }
}

/// What is shown now, to come back to.
fn visit(model: &Model) -> Visit {
    let (filter, stage) = match model.place {
        Place::Journal => (model.journal.filter.clone(), None),
        Place::Pipeline => (model.pipeline.filter.clone(), model.pipeline.stage),
        Place::Racks => (model.racks.filter.clone(), None),
        Place::Work => (model.work.filter.clone(), None),
        Place::Orders => (model.orders.filter.clone(), None),
        _ => (String::new(), None),
    };
    Visit { place: model.place, filter, stage }
}

/// Notes where we are, before going on.
fn note(model: &mut Model) {
    let here = visit(model);
    if model.back.last() != Some(&here) {
        model.back.push(here);
    }
    if model.back.len() > HISTORY {
        model.back.remove(0);
    }
    model.forward.clear();
}

/// Goes to a screen; what was shown before can be gone back to.
pub fn go(model: &mut Model, place: Place, out: &mut Vec<Effect>) {
    if model.place != place {
        note(model);
        enter(model, place, out);
    }
}

fn enter(model: &mut Model, place: Place, out: &mut Vec<Effect>) {
    model.place = place;
    model.frozen = false;
    if let Place::Server(id) = place
        && model.server.id != Some(id)
    {
        model.server = Server { id: Some(id), ..Server::default() };
        for slot in [Slot::Unit, Slot::Timeline] {
            model.asked.remove(&slot);
            model.fresh.remove(&slot);
        }
    }
    super::orders::enter(model, place);
    settle(model);
    fetch::refresh(model, out);
}

/// Opens what is selected.
pub fn open(model: &mut Model, out: &mut Vec<Effect>) {
    if model.place == Place::Racks {
        return go(model, Place::Elevation, out);
    }
    if model.place == Place::Fleet && model.fleet.in_sites {
        let Some(site) = screen::fleet::site(model) else { return };
        note(model);
        let to = Visit { place: Place::Pipeline, filter: format!("site:{site}"), stage: None };
        return restore(model, to, out);
    }
    match model.target().map(|t| t.subject) {
        Some(Subject::Unit(id)) => go(model, Place::Server(id), out),
        Some(Subject::Order(id)) => go(model, Place::Order(id), out),
        _ => {}
    }
}

/// Whether there is no level above.
pub fn is_top(model: &Model) -> bool {
    model.place == Place::Fleet && !model.frozen
}

/// One level up: out of a range, a search or a filter, then to the screen above. Never quits.
pub fn back(model: &mut Model, out: &mut Vec<Effect>) {
    model.then = None;
    if model.frozen {
        follow(model, out);
        return;
    }
    match model.place {
        Place::Pipeline if model.pipeline.anchor.take().is_some() => {}
        Place::Pipeline if !model.pipeline.filter.is_empty() => filter(model, String::new(), out),
        Place::Pipeline if model.pipeline.stage.is_some() => {
            note(model);
            model.pipeline.stage = None;
            requery(model, out);
        }
        Place::Fleet => {
            let told = format!("this is the top; {} quits", model.keys.name(Act::Quit));
            toast(model, told, Mood::Plain, out);
        }
        Place::Server(_) if !model.server.search.is_empty() => {
            model.server.search.clear();
            model.server.found = None;
        }
        Place::Journal if !model.journal.filter.is_empty() => filter(model, String::new(), out),
        Place::Elevation if !model.racks.search.is_empty() => model.racks.search.clear(),
        Place::Racks if !model.racks.filter.is_empty() => filter(model, String::new(), out),
        Place::Racks if model.racks.site.take().is_some() => racks::requery(model, out),
        Place::Work if !model.work.filter.is_empty() => filter(model, String::new(), out),
        Place::Orders if !model.orders.filter.is_empty() => filter(model, String::new(), out),
        Place::Work if model.work.site.take().is_some() => super::work::requery(model, out),
        _ => {
            let above = above(model);
            go(model, above, out);
        }
    }
}

/// The level above. It follows from where one is, never from where one has been; only a server's page is below whichever
/// list it was opened from.
fn above(model: &Model) -> Place {
    match model.place {
        Place::Elevation => Place::Racks,
        Place::Order(_) => Place::Orders,
        Place::Quotes(id) | Place::Stock(id, _) => Place::Order(id),
        Place::Server(_) => {
            let lists_servers = |place: &Place| {
                matches!(
                    place,
                    Place::Fleet | Place::Pipeline | Place::Letters | Place::Elevation | Place::Work | Place::Order(_)
                )
            };
            model.back.iter().rev().map(|visit| visit.place).find(lists_servers).unwrap_or(Place::Pipeline)
        }
        _ => Place::Fleet,
    }
}

/// To what was shown before, or after.
pub fn history(model: &mut Model, forward: bool, out: &mut Vec<Effect>) {
    let here = visit(model);
    let next = if forward { model.forward.pop() } else { model.back.pop() };
    let Some(next) = next else { return };
    if forward {
        model.back.push(here);
    } else {
        model.forward.push(here);
    }
    restore(model, next, out);
}

fn restore(model: &mut Model, to: Visit, out: &mut Vec<Effect>) {
    match to.place {
        Place::Journal if model.journal.filter != to.filter => {
            model.journal.filter = to.filter;
            model.journal.log = Log::default();
            model.asked.remove(&Slot::Journal);
        }
        Place::Racks if model.racks.filter != to.filter => {
            model.racks.filter = to.filter;
            model.racks.list = List::default();
            model.asked.remove(&Slot::Racks);
        }
        Place::Work if model.work.filter != to.filter => {
            model.work.filter = to.filter;
            model.work.list = List::default();
            model.asked.remove(&Slot::Work);
        }
        Place::Orders if model.orders.filter != to.filter => {
            model.orders.filter = to.filter;
            model.orders.list = List::default();
            model.asked.remove(&Slot::Orders);
        }
        Place::Pipeline if (&model.pipeline.filter, model.pipeline.stage) != (&to.filter, to.stage) => {
            (model.pipeline.filter, model.pipeline.stage) = (to.filter, to.stage);
            model.pipeline.list = List::default();
            model.pipeline.anchor = None;
            model.asked.remove(&Slot::Units);
        }
        _ => {}
    }
    enter(model, to.place, out);
}

/// Opens the field for the filter, or for the words to be found.
pub fn open_filter(model: &mut Model) {
    let held = match model.place {
        Place::Journal => &model.journal.filter,
        Place::Server(_) => &model.server.search,
        Place::Racks => &model.racks.filter,
        Place::Elevation => &model.racks.search,
        Place::Work => &model.work.filter,
        Place::Orders => &model.orders.filter,
        _ => &model.pipeline.filter,
    };
    model.filter = Some(Line::holding(held));
}

/// Sets the filter of the screen.
pub fn filter(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    if !text.is_empty() {
        model.filters.retain(|old| *old != text);
        model.filters.push(text.clone());
        if model.filters.len() > FILTERS {
            model.filters.remove(0);
        }
    }
    let sense = match model.place {
        Place::Server(_) | Place::Elevation => Ok(()),
        Place::Racks | Place::Work => terms::check_words(&text),
        Place::Journal => terms::check_events(&text),
        Place::Orders => terms::check_orders(&text),
        _ => terms::check(&text),
    };
    if let Err(why) = sense {
        let key = model.keys.name(Act::Filter);
        return toast(model, format!("{why} ({key} Up takes it up again)"), Mood::Bad, out);
    }
    match model.place {
        Place::Server(_) => {
            model.server.search = text;
            model.server.found = None;
            if !model.server.search.is_empty() {
                find(model, true, out);
            }
        }
        Place::Elevation => racks::search(model, text, out),
        Place::Racks => {
            note(model);
            model.racks.filter = text;
            racks::requery(model, out);
        }
        Place::Journal => {
            note(model);
            model.journal.filter = text;
            model.journal.log = Log::default();
            fetch::replace(model, Slot::Journal, out);
        }
        Place::Work => {
            note(model);
            model.work.filter = text;
            super::work::requery(model, out);
        }
        Place::Orders => {
            note(model);
            model.orders.filter = text;
            super::orders::requery(model, out);
        }
        _ => {
            note(model);
            model.pipeline.filter = text;
            requery(model, out);
        }
    }
}

/// The filter typed before this one, or after it.
pub fn recall(model: &mut Model, before: bool) {
    let Some(line) = &model.filter else { return };
    let at = model.filters.iter().position(|f| f == line.text());
    let next = match (at, before) {
        (None, true) => model.filters.len().checked_sub(1),
        (None, false) => None,
        (Some(at), true) => at.checked_sub(1),
        (Some(at), false) => Some(at + 1),
    };
    if let Some(text) = next.and_then(|at| model.filters.get(at)) {
        model.filter = Some(Line::holding(text));
    }
}

/// To the next line that holds the words looked for, or the one before.
pub fn find(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    if !screen::server::find(model, forth) {
        let told = format!("`{}` is not among what is loaded of this server", model.server.search);
        toast(model, told, Mood::Plain, out);
    }
}

/// The pipeline's list is another one now: from its top.
pub fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    model.pipeline.list = List::default();
    model.pipeline.anchor = None;
    model.fresh.remove(&Slot::Units);
    fetch::replace(model, Slot::Units, out);
}

/// Sorts by the next key.
pub fn sort(model: &mut Model, out: &mut Vec<Effect>) {
    const ORDER: [Sort; 5] = [Sort::Attention, Sort::Label, Sort::Stage, Sort::Age, Sort::Place];
    let at = ORDER.iter().position(|s| *s == model.pipeline.sort).unwrap_or(0);
    model.pipeline.sort = ORDER[(at + 1) % ORDER.len()];
    requery(model, out);
}

/// The next stage that has servers, or none behind the last.
pub fn stage(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    if model.place == Place::Work {
        return super::work::site(model, forth, out);
    }
    let counts = model.overview.as_ref().map(|o| &o.stages);
    let has = |s: &Stage| counts.is_some_and(|c| c.get(s).is_some_and(|n| *n > 0));
    let now = model.pipeline.stage;
    let mut stages = Stage::ALL.iter().copied().filter(has);
    model.pipeline.stage = match (now, forth) {
        (None, true) => stages.next(),
        (None, false) => stages.next_back(),
        (Some(at), true) => stages.find(|s| *s > at),
        (Some(at), false) => stages.rfind(|s| *s < at),
    };
    requery(model, out);
}

/// Freezes the screen, or lets it follow again.
pub fn follow(model: &mut Model, out: &mut Vec<Effect>) {
    model.frozen = !model.frozen;
    if !model.frozen {
        fetch::refresh(model, out);
    }
}

/// A scanned label: its server is looked for.
pub fn scanned(model: &mut Model, text: &Text, out: &mut Vec<Effect>) {
    if model.place == Place::Work {
        return super::work::scanned(model, text, out);
    }
    if model.link == super::model::Link::Live {
        fetch::put(model, Slot::Find, crate::event::Ask::Find(text.clone()), out);
        toast(model, format!("scanned {text}: looking for it"), Mood::Plain, out);
    } else {
        toast(model, format!("scanned {text}, but the link is not live"), Mood::Bad, out);
    }
}
