//! One server: why it is not moving, steps, tasks, tests, facts; and its timeline.

mod view;

use rackhand_core::decide::Refusal;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::view::UnitDetail;
use rackhand_rpc::JournalQuery;
use serde::{Deserialize, Serialize};

use self::view::{layout, story};
pub use self::view::{story_height, timeline_height};
use super::face::{Face, Words, list_of};
use super::list::Rows;
use super::log::{Log, PAGE, older};
use super::{Place, listing, log, of};
use crate::app::effect::Effect;
use crate::app::fetch::{self, Question, Slot};
use crate::app::model::{Model, Mood, Target};
use crate::app::update::toast;
use crate::app::{acts, deeds};
use crate::command::possible::looks_for;
use crate::command::registry::{Act, ON_SERVERS};
use crate::event::{Ask, Data};

/// The server's page.
pub const UNIT: Slot = Slot("unit");
/// Its events.
pub const TIMELINE: Slot = Slot("timeline");

/// The screen.
pub const FACE: Face = Face {
    title: "Server",
    about: "One server: why it is not moving, its steps and tasks, what is known of it, and below its timeline. What \
            is not known says `unknown`. Tab changes between the parts; / finds words, n and N the next and the one \
            before.",
    twin: "rackhand show SERIAL",
    takes: &[
        ON_SERVERS,
        &[Act::Filter, Act::NextPane, Act::PreviousPane, Act::ToRack],
        &[Act::FindNext, Act::FindPrevious, Act::CopyFact],
    ],
    questions: &[
        Question {
            slot: UNIT,
            ask: |model| model.screens.server.id.map(Ask::Unit),
            take: |model, ask, data, out| {
                let Data::Unit(answer) = data else { return };
                if model.screens.server.id.map(Ask::Unit).as_ref() != Some(ask) {
                    return;
                }
                model.screens.server.detail = Some(answer);
                listing::settle(model);
                if let Some(act) = model.then.take() {
                    acts::run(model, act, out);
                }
            },
        },
        Question {
            slot: TIMELINE,
            ask: |model| timeline(model).map(Ask::Journal),
            take: |model, ask, data, out| {
                let height = timeline_height(model);
                log::take(model, ask, data, |screens| &mut screens.server.timeline, height, out);
            },
        },
    ],
    acts_on: Some(UNIT),
    wants: &[UNIT, TIMELINE],
    list: Some(list_of!(Some(TIMELINE), server.timeline, |model| {
        let (top, upper, lower) = layout(model);
        (top + upper + 1, lower.saturating_sub(2))
    })),
    words: Some(Words {
        of: |screens| &mut screens.server.search,
        check: |_| Ok(()),
        look: Some(|model, out| {
            model.screens.server.found = None;
            if !model.screens.server.search.is_empty() {
                find(model, true, out);
            }
        }),
        stage: None,
    }),
    is_page: true,
    view: view::view,
    target: |model| unit(model).map(|unit| Target::of_row(&unit.row)),
    row: |model| serde_json::to_string(unit(model)?).ok(),
    above: |model| {
        let mut visits = model.back.iter().rev().map(|visit| visit.place);
        visits.find(|place| of(place.kind()).lists_servers).unwrap_or(Place::Pipeline)
    },
    enter: |model| {
        let Place::Server(id) = model.place else { return };
        if model.screens.server.id != Some(id) {
            model.screens.server = Server { id: Some(id), ..Server::default() };
            fetch::forget(model, UNIT);
            fetch::forget(model, TIMELINE);
        }
    },
    settle: |model| {
        let last = story(model).len().saturating_sub(story_height(model));
        model.screens.server.scroll = model.screens.server.scroll.min(last);
    },
    aside: |screens| !screens.server.in_timeline,
    step: |model, motion, _| {
        let height = story_height(model);
        let last = story(model).len().saturating_sub(height);
        model.screens.server.scroll = motion.from(model.screens.server.scroll, height).min(last);
    },
    fill: |model, out| {
        let log = &model.screens.server.timeline;
        if let Some(ask) = older(model, TIMELINE, log, timeline_height(model), timeline(model)) {
            fetch::put(model, TIMELINE, ask, out);
        }
    },
    press: |model, y| {
        let (top, upper, lower) = layout(model);
        model.screens.server.in_timeline = lower > 0 && y >= top + upper;
    },
    act,
    possible: |model, act| match act {
        Act::FindNext | Act::FindPrevious => looks_for(model, &model.screens.server.search),
        Act::CopyFact if unit(model).is_none() => Some(Err("nothing is known of it yet".into())),
        _ => None,
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Whose.
    pub id: Option<UnitId>,
    /// What the daemon says of it.
    pub detail: Option<Result<UnitDetail, Refusal>>,
    /// First line on screen of the upper part.
    pub scroll: usize,
    /// Whether the timeline has the keys.
    pub in_timeline: bool,
    /// Its events.
    pub timeline: Log,
    /// The words looked for.
    pub search: String,
    /// Where they were found last: a line of the upper part, or behind those a row of the timeline.
    pub found: Option<usize>,
}

/// The unit on the page, when it is there.
pub fn unit(model: &Model) -> Option<&UnitDetail> {
    model.screens.server.detail.as_ref().and_then(|d| d.as_ref().ok())
}

/// The newest events of the server on screen.
fn timeline(model: &Model) -> Option<JournalQuery> {
    let subject = Subject::Unit(model.screens.server.id?);
    Some(JournalQuery { subject: Some(subject), limit: PAGE, ..JournalQuery::default() })
}

fn act(model: &mut Model, act: Act, out: &mut Vec<Effect>) -> bool {
    let server = &mut model.screens.server;
    match act {
        Act::Back if !server.search.is_empty() => {
            server.search.clear();
            server.found = None;
        }
        Act::NextPane | Act::PreviousPane => server.in_timeline = !server.in_timeline,
        Act::FindNext | Act::FindPrevious => find(model, act == Act::FindNext, out),
        Act::CopyFact => model.layer = deeds::facts(model),
        _ => return false,
    }
    true
}

/// To the next line that holds the words looked for, or the one before.
fn find(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    if !is_found(model, forth) {
        let told = format!("`{}` is not among what is loaded of this server", model.screens.server.search);
        toast(model, told, Mood::Plain, out);
    }
}

/// Goes to the next line, or the one before, that holds the words looked for; around the end to the beginning.
/// Returns whether there is one.
fn is_found(model: &mut Model, forth: bool) -> bool {
    let words = model.screens.server.search.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&words);
    let lines: Vec<bool> = story(model).iter().map(|(line, _)| has(line)).collect();
    let rows = model.screens.server.timeline.rows.iter().map(|e| has(&e.text) || has(&e.kind) || has(&e.actor));
    let all: Vec<bool> = lines.iter().copied().chain(rows).collect();
    let (count, from) = (all.len(), model.screens.server.found);
    let way = |n: usize| match (from, forth) {
        (Some(at), true) => (at + n) % count,
        (Some(at), false) => (at + count - n % count) % count,
        (None, true) => n - 1,
        (None, false) => count - n,
    };
    let Some(found) = (1..=count).map(way).find(|at| all.get(*at).copied().unwrap_or(false)) else {
        model.screens.server.found = None;
        return false;
    };
    model.screens.server.found = Some(found);
    model.screens.server.in_timeline = found >= lines.len();
    if let Some(row) = found.checked_sub(lines.len()) {
        let height = timeline_height(model);
        model.screens.server.timeline.go(row, height);
    } else {
        let height = story_height(model).max(1);
        let scroll = model.screens.server.scroll.clamp((found + 1).saturating_sub(height), found);
        model.screens.server.scroll = scroll.min(lines.len().saturating_sub(height));
    }
    true
}
