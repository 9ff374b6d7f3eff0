//! The work at hand: what is for persons to do, in the order to walk it.

mod update;
mod view;

use rackhand_core::id::{SiteId, Subject};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::view::filter::check_words;
use rackhand_core::view::work::{Ends, WorkQuery, WorkRow};
use serde::{Deserialize, Serialize};

pub use self::update::{Mounting, SAME_PULL, Scanned, Sought, ready, take_racks};
use self::view::layout;
use super::face::{Face, Words, list_of};
use super::list::{Keyed, List};
use super::{Place, listing};
use crate::app::effect::Effect;
use crate::app::fetch::{Question, Slot};
use crate::app::model::{Model, Target};
use crate::command::registry::{Act, Spec};
use crate::event::{Ask, Data};

/// The page of work.
pub const WORK: Slot = Slot("work");

/// The screen.
pub const FACE: Face = Face {
    title: "Work",
    about: "What is for people to do, site by site in the order to walk it: first what is delivered within a day, or late; then what has no \
            place yet, since it is at the dock, then rack by rack and from the top of each rack down. `!` marks a task that makes its server \
            stand still. Tab tells how the selected work is done, and what to do where it does not work. D ends it: a task \
            with words, racking and cabling at once; z takes that back within 10 s. A scanned label points at its work; \
            the same label scanned again ends it, but a server is racked by the label of its rack behind its own. P shows \
            where it could go. L has the server's locator LED on, or off. The filter takes words; o \
            shows other roles' work too.",
    twin: "rackhand work",
    go: Spec::go(Place::Work, "work", "screen: work", &["4"]),
    takes: &[&[
        Act::Filter,
        Act::Open,
        Act::TaskDone,
        Act::Place,
        Act::Locate,
        Act::StagePrevious,
        Act::StageNext,
        Act::Roles,
        Act::NextPane,
        Act::PreviousPane,
    ]],
    questions: &[Question {
        slot: WORK,
        ask: |model| {
            let w = &model.screens.work;
            let (offset, limit) = w.list.window(height(model));
            let role = (!w.all_roles).then(|| model.role());
            Some(Ask::Work(WorkQuery { site: w.site.clone(), role, filter: w.filter.clone(), offset, limit }))
        },
        take: |model, _, data, out| {
            if let Data::Work(page) = data {
                update::take(model, page, out);
            }
        },
    }],
    acts_on: Some(WORK),
    wants: &[WORK],
    list: Some(list_of!(Some(WORK), work.list, |model| (layout(model).0, layout(model).1))),
    words: Some(Words { of: |screens| &mut screens.work.filter, check: check_words, look: None, stage: None }),
    lists_servers: true,
    view: view::view,
    target: |model| {
        let row = model.screens.work.list.current()?;
        Some(Target { located: row.located, ..Target::new(Subject::Unit(row.unit?), row.label.clone()) })
    },
    nothing: |model| match model.screens.work.list.current() {
        Some(_) => "this is about no single server",
        None => "nothing is selected",
    },
    restarted: |screens| {
        let w = &mut screens.work;
        w.scanned.take_if(|scanned| scanned.serial.as_str() != w.filter);
    },
    act,
    possible,
    scanned: |model, label, out| {
        update::scanned(model, label, out);
        true
    },
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The window.
    pub list: List<WorkRow>,
    /// Its filter.
    pub filter: String,
    /// Only this site's.
    pub site: Option<SiteId>,
    /// Whether also what our role may not end.
    pub all_roles: bool,
    /// The label that was scanned last.
    pub scanned: Option<Scanned>,
    /// The server whose rack's label was scanned behind its own, while the daemon is asked whether that is a rack.
    #[serde(default)]
    pub mounting: Option<Mounting>,
    /// Whether the selected work is told in full: how it is done, and what if it does not work.
    pub guide: bool,
}

impl Keyed for WorkRow {
    type Key = (Text, Ends);
    fn key(&self) -> (Text, Ends) {
        (self.label.clone(), self.ends)
    }
}

/// Rows of the table on screen.
fn height(model: &Model) -> usize {
    usize::from(layout(model).1)
}

fn act(model: &mut Model, act: Act, out: &mut Vec<Effect>) -> bool {
    let w = &mut model.screens.work;
    match act {
        Act::Back if w.filter.is_empty() && w.site.take().is_some() => listing::requery(model, out),
        Act::Roles => {
            w.all_roles = !w.all_roles;
            listing::requery(model, out);
        }
        Act::NextPane | Act::PreviousPane => {
            w.guide = !w.guide;
            listing::settle(model);
            listing::fill(model, out);
        }
        Act::StageNext | Act::StagePrevious => update::site(model, act == Act::StageNext, out),
        Act::TaskDone => update::end(model, out),
        _ => return false,
    }
    true
}

fn possible(model: &Model, act: Act) -> Option<Result<(), Text>> {
    let row = model.screens.work.list.current();
    Some(match (act, row) {
        (Act::Place, Some(row)) if row.unit.is_some() => match row.ends {
            Ends::Move(to) if to <= Stage::Racked => Ok(()),
            _ => Err("it stands in its place already".into()),
        },
        (Act::Locate, Some(row)) if row.unit.is_some() => Ok(()),
        (Act::TaskDone, Some(row)) => model.role().demand(row.role),
        _ => return None,
    })
}
