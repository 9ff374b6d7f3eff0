//! Which questions the screen needs answered, and when.

use rackhand_core::order::questions::OrderQuery;
use rackhand_core::view::Query;
use rackhand_core::view::work::WorkQuery;
use rackhand_rpc::JournalQuery;

use super::effect::Effect;
use super::log::{Log, PAGE};
use super::model::{Asked, Link, Model, Slot};
use super::orders;
use super::racks;
use crate::event::Ask;
use crate::screen;

/// Asks for everything on screen anew.
pub fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    want(model, Slot::Overview, out);
    for slot in screen::of(model.place.kind()).wants {
        want(model, *slot, out);
    }
}

/// Asks, or notes that it must be asked again when the answer under way is here.
pub fn want(model: &mut Model, slot: Slot, out: &mut Vec<Effect>) {
    if let Some(asked) = model.asked.get_mut(&slot) {
        asked.again = true;
        return;
    }
    if let Some(ask) = question(model, slot) {
        put(model, slot, ask, out);
    }
}

/// Asks at once; an answer under way to an older question will be ignored.
pub fn replace(model: &mut Model, slot: Slot, out: &mut Vec<Effect>) {
    if let Some(ask) = question(model, slot) {
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

/// Asks on where what is held does not fill the screen.
pub fn fill(model: &mut Model, out: &mut Vec<Effect>) {
    (screen::of(model.place.kind()).fill)(model, out);
}

/// Whether no question under way will bring what is on screen.
pub fn stale(model: &Model, slot: Slot) -> bool {
    let (Some(asked), Some(now)) = (model.asked.get(&slot), question(model, slot)) else { return true };
    let (top, height) = match slot {
        Slot::Units => (model.pipeline.list.top, screen::pipeline::height(model)),
        Slot::Racks => (model.racks.list.top, screen::racks::height(model)),
        Slot::Stuck => (model.fleet.stuck.top, screen::fleet::height(model)),
        Slot::Work => (model.work.list.top, screen::work::height(model)),
        Slot::Orders => (model.orders.list.top, screen::orders::height(model)),
        _ => (model.letters.top, screen::letters::height(model)),
    };
    let covers = |offset: usize, limit: usize| offset <= top && top + height <= offset + limit;
    !match (&asked.ask, &now) {
        (Ask::Units(old), Ask::Units(new)) => {
            let (offset, limit) = (new.offset, new.limit);
            covers(old.offset, old.limit) && Query { offset, limit, ..old.clone() } == *new
        }
        (Ask::Letters { offset, limit }, Ask::Letters { .. }) => covers(*offset, *limit),
        (Ask::Racks { site, filter, offset, limit }, Ask::Racks { site: at, filter: by, .. }) => {
            (site, filter) == (at, by) && covers(*offset, *limit)
        }
        (Ask::Work(old), Ask::Work(new)) => {
            let (offset, limit) = (new.offset, new.limit);
            covers(old.offset, old.limit) && WorkQuery { offset, limit, ..old.clone() } == *new
        }
        (Ask::Orders(old), Ask::Orders(new)) => {
            let (offset, limit) = (new.offset, new.limit);
            covers(old.offset, old.limit) && OrderQuery { offset, limit, ..old.clone() } == *new
        }
        _ => false,
    }
}

/// The question for events older than those held, where the end of them comes near.
pub fn older(log: &Log, height: usize, query: Option<JournalQuery>) -> Option<JournalQuery> {
    let before = log.wants_older(height)?;
    Some(JournalQuery { before: Some(before), ..query? })
}

/// Asks this, unless a question of its kind is on its way.
pub fn ask_on(model: &mut Model, slot: Slot, query: Option<JournalQuery>, out: &mut Vec<Effect>) {
    if let Some(query) = query.filter(|_| !model.asked.contains_key(&slot)) {
        put(model, slot, Ask::Journal(query), out);
    }
}

/// The question of a kind, as things are now.
pub fn question(model: &Model, slot: Slot) -> Option<Ask> {
    Some(match slot {
        Slot::Overview => Ask::Overview,
        Slot::Units => {
            let (offset, limit) = model.pipeline.list.window(screen::pipeline::height(model));
            let p = &model.pipeline;
            Ask::Units(Query {
                stages: p.stage.into_iter().collect(),
                filter: p.filter.clone(),
                sort: p.sort,
                descending: p.descending,
                offset,
                limit,
            })
        }
        Slot::Letters => {
            let (offset, limit) = model.letters.window(screen::letters::height(model));
            Ask::Letters { offset, limit }
        }
        Slot::Unit => Ask::Unit(model.server.id?),
        Slot::Timeline => Ask::Journal(timeline_query(model)?),
        Slot::Journal => Ask::Journal(journal_query(&model.journal.filter)),
        Slot::Verify => Ask::Verify,
        Slot::Racks => racks::list(model),
        Slot::Elevations => racks::elevations(model)?,
        Slot::Stuck => {
            let (offset, limit) = model.fleet.stuck.window(screen::fleet::height(model));
            Ask::Units(Query { filter: "state:stuck".to_owned(), offset, limit, ..Query::default() })
        }
        Slot::Work => {
            let (offset, limit) = model.work.list.window(screen::work::height(model));
            let w = &model.work;
            let role = (!w.all_roles).then(|| model.role());
            Ask::Work(WorkQuery { site: w.site.clone(), role, filter: w.filter.clone(), offset, limit })
        }
        Slot::Receiving => Ask::Receiving(super::receive::site(model)?),
        Slot::Orders => orders::list(model),
        Slot::Due => Ask::Orders(OrderQuery { limit: orders::DUE, ..OrderQuery::default() }),
        Slot::Order => Ask::Order(model.order.id?),
        Slot::Stock => orders::pool(model)?,
        Slot::InStock => orders::typed(model)?,
        Slot::Find | Slot::Marks | Slot::Places => return None,
    })
}

/// The newest events of the server on screen.
pub fn timeline_query(model: &Model) -> Option<JournalQuery> {
    let subject = rackhand_core::id::Subject::Unit(model.server.id?);
    Some(JournalQuery { subject: Some(subject), limit: PAGE, ..JournalQuery::default() })
}

/// The journal's filter: `subject:unit/ID`, `kind:WORD`, `actor:NAME`; all else is text to be found.
pub fn journal_query(filter: &str) -> JournalQuery {
    let mut query = JournalQuery { limit: PAGE, ..JournalQuery::default() };
    let mut text: Vec<&str> = Vec::new();
    for word in filter.split_whitespace() {
        match word.split_once(':') {
            Some(("subject", value)) if value.parse::<rackhand_core::id::Subject>().is_ok() => {
                query.subject = value.parse().ok();
            }
            Some(("kind", value)) if !value.is_empty() => query.kind = Some(value.to_owned()),
            Some(("actor", value)) if !value.is_empty() => query.actor = Some(value.to_owned()),
            _ => text.push(word),
        }
    }
    if !text.is_empty() {
        query.text = Some(text.join(" "));
    }
    query
}
