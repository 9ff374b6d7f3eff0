//! The pipeline: counts by stage, every server, and the selected one below.

mod marks;
mod view;

use rackhand_core::id::UnitId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::filter::check;
use rackhand_core::view::{Query, Sort, UnitRow};
use serde::{Deserialize, Serialize};

pub use self::view::columns;
use super::face::{Face, Words, list_of};
use super::list::{Keyed, List};
use super::{Place, listing};
use crate::app::bulk::Marking;
use crate::app::effect::Effect;
use crate::app::fetch::{Question, Slot, clock};
use crate::app::model::{Link, Model, Target};
use crate::app::moves::note;
use crate::command::registry::{Act, ON_SERVERS, Spec};
use crate::event::{Ask, Data};

/// The page of servers.
pub const UNITS: Slot = Slot("units");

/// The screen.
pub const FACE: Face = Face {
    title: "Pipeline",
    about: "Every server, what needs a person first. Above the table: how many stand in each stage. `waits for` says \
            why a server is not moving; Enter opens its whole story. A scanned serial opens its server. The filter \
            takes words and field:value pairs that must all match, ! negates; fields: site, stage, state, model, \
            place, disposition, serial. Space marks, V marks from one to another, * all; R and H act on all marked.",
    twin: "rackhand units",
    go: Spec::go(Place::Pipeline, "pipeline", "screen: pipeline", &["2"]),
    takes: &[
        ON_SERVERS,
        &[Act::Filter, Act::Open, Act::SortNext, Act::SortTurn, Act::StagePrevious, Act::StageNext, Act::ToRack],
        &[Act::Mark, Act::MarkRange, Act::MarkAll, Act::MarkOthers, Act::Unmark],
    ],
    questions: &[
        Question {
            slot: UNITS,
            ask: |model| Some(Ask::Units(query(model))),
            take: |model, _, data, _| {
                let Data::Units(page) = data else { return };
                clock(model, page.now);
                let height = height(model);
                let p = &mut model.screens.pipeline;
                if page.offset == 0 && p.filter.is_empty() && p.stage.is_none() {
                    p.first = Some((page.rows.iter().take(crate::persist::ROWS).cloned().collect(), page.total));
                }
                p.list.take(page, height);
            },
        },
        marks::MARKS,
    ],
    acts_on: Some(UNITS),
    wants: &[UNITS],
    list: Some(list_of!(Some(UNITS), pipeline.list, view::area)),
    words: Some(Words {
        of: |screens| &mut screens.pipeline.filter,
        check,
        look: None,
        stage: Some(|screens| &mut screens.pipeline.stage),
    }),
    lists_servers: true,
    view: view::view,
    target: |model| model.screens.pipeline.list.current().map(Target::of_row),
    restarted: |screens| screens.pipeline.anchor = None,
    act,
    possible: |model, act| {
        let asks = matches!(act, Act::MarkAll | Act::MarkOthers | Act::MarkRange);
        (asks && model.link != Link::Live).then(|| Err("the link is not live".into()))
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The window.
    pub list: List<UnitRow>,
    /// Its filter.
    pub filter: String,
    /// Only this stage.
    pub stage: Option<Stage>,
    /// By what it is sorted.
    pub sort: Sort,
    /// Whether the other way round.
    pub descending: bool,
    /// Where a range of marks begins: the unit and its place.
    pub anchor: Option<(UnitId, usize)>,
    /// The first rows of the whole list and their number, as last told: the first frame of the next session.
    pub first: Option<(Vec<UnitRow>, usize)>,
}

impl Keyed for UnitRow {
    type Key = UnitId;
    fn key(&self) -> UnitId {
        self.id
    }
}

/// Rows of the table on screen.
pub fn height(model: &Model) -> usize {
    usize::from(view::area(model).1)
}

/// The window on the list as it is sorted and narrowed now.
fn query(model: &Model) -> Query {
    let p = &model.screens.pipeline;
    let (offset, limit) = p.list.window(height(model));
    let (stages, filter) = (p.stage.into_iter().collect(), p.filter.clone());
    Query { stages, filter, sort: p.sort, descending: p.descending, offset, limit }
}

fn act(model: &mut Model, act: Act, out: &mut Vec<Effect>) -> bool {
    let p = &mut model.screens.pipeline;
    match act {
        Act::Back if p.anchor.take().is_some() => {}
        Act::Back if p.filter.is_empty() && p.stage.is_some() => {
            note(model);
            model.screens.pipeline.stage = None;
            listing::requery(model, out);
        }
        Act::SortNext => sort(model, out),
        Act::SortTurn => {
            p.descending = !p.descending;
            listing::requery(model, out);
        }
        Act::StageNext | Act::StagePrevious => stage(model, act == Act::StageNext, out),
        Act::MarkRange => marks::range(model, out),
        Act::MarkAll => marks::all(model, Marking::All, out),
        Act::MarkOthers => marks::all(model, Marking::Others, out),
        _ => return false,
    }
    true
}

/// Sorts by the next key.
fn sort(model: &mut Model, out: &mut Vec<Effect>) {
    const ORDER: [Sort; 5] = [Sort::Attention, Sort::Label, Sort::Stage, Sort::Age, Sort::Place];
    let at = ORDER.iter().position(|s| *s == model.screens.pipeline.sort).unwrap_or(0);
    model.screens.pipeline.sort = ORDER[(at + 1) % ORDER.len()];
    listing::requery(model, out);
}

/// The next stage that has servers, or none behind the last.
fn stage(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let counts = model.overview.as_ref().map(|o| &o.stages);
    let has = |s: &Stage| counts.is_some_and(|c| c.get(s).is_some_and(|n| *n > 0));
    let now = model.screens.pipeline.stage;
    let mut stages = Stage::ALL.iter().copied().filter(has);
    model.screens.pipeline.stage = match (now, forth) {
        (None, true) => stages.next(),
        (None, false) => stages.next_back(),
        (Some(at), true) => stages.find(|s| *s > at),
        (Some(at), false) => stages.rfind(|s| *s < at),
    };
    listing::requery(model, out);
}
