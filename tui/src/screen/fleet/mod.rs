//! The fleet: each site at a glance, what needs a person, and how the systems around do. The console begins here.

mod view;

use rackhand_core::id::SiteId;
use rackhand_core::order::questions::OrderQuery;
use rackhand_core::view::{Query, UnitRow};
use serde::{Deserialize, Serialize};

use super::face::{Face, list_of};
use super::list::List;
use super::{Place, listing};
use crate::app::effect::Effect;
use crate::app::fetch::{Question, Slot, clock};
use crate::app::model::{Model, Mood, Target, Visit};
use crate::app::moves::{note, restore};
use crate::app::update::toast;
use crate::command::registry::{Act, ON_SERVERS, Spec};
use crate::event::{Ask, Data};

/// What is stuck.
pub const STUCK: Slot = Slot("stuck");
/// How many orders need a person.
pub const DUE: Slot = Slot("due");

/// Rows that are looked at to count the orders that need a person; those come first in the daemon's order.
const COUNTED: usize = 64;

/// The screen.
pub const FACE: Face = Face {
    title: "Fleet",
    about: "Every site at a glance: how many servers are on order, being installed, being proven, in service or pool, \
            and on their way out; how many are stuck, tried again, moving, or wait for ordinary work. Below: how many orders need a person, and what is \
            stuck, longest first, Enter opens it. Tab goes to the sites, where Enter lists a site's servers. At the \
            bottom: the systems around; what is not known is said to be unknown.",
    twin: "rackhand status",
    go: Spec::go(Place::Fleet, "fleet", "screen: fleet", &["1"]),
    takes: &[ON_SERVERS, &[Act::Open, Act::NewOrder, Act::NextPane, Act::PreviousPane]],
    questions: &[
        Question {
            slot: STUCK,
            ask: |model| {
                let (offset, limit) = model.screens.fleet.stuck.window(height(model));
                Some(Ask::Units(Query { filter: "state:stuck".to_owned(), offset, limit, ..Query::default() }))
            },
            take: |model, _, data, _| {
                let Data::Units(page) = data else { return };
                clock(model, page.now);
                let height = height(model);
                model.screens.fleet.stuck.take(page, height);
            },
        },
        Question {
            slot: DUE,
            ask: |_| Some(Ask::Orders(OrderQuery { limit: COUNTED, ..OrderQuery::default() })),
            take: |model, _, data, _| {
                let Data::Orders(page) = data else { return };
                clock(model, page.now);
                let people = page.rows.iter().filter(|r| r.who.is_some()).count();
                let more = people == page.rows.len() && page.total > people;
                model.screens.fleet.due = Some(Due { people, more, open: page.total });
            },
        },
    ],
    acts_on: Some(STUCK),
    wants: &[STUCK, DUE],
    list: Some(list_of!(Some(STUCK), fleet.stuck, view::area)),
    lists_servers: true,
    view: view::view,
    target: |model| model.screens.fleet.stuck.current().filter(|_| !model.screens.fleet.in_sites).map(Target::of_row),
    aside: |screens| screens.fleet.in_sites,
    step: |model, motion, _| {
        let sites = sites(model);
        let at = motion.from(place(model), sites.len()).min(sites.len().saturating_sub(1));
        model.screens.fleet.site = sites.get(at).cloned();
    },
    press: |model, y| model.screens.fleet.in_sites &= listing::hit(model, y).is_none(),
    act,
    possible: |model, act| (act == Act::Open && model.screens.fleet.in_sites).then_some(Ok(())),
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// The window on what is stuck.
    pub stuck: List<UnitRow>,
    /// Whether the sites have the keys.
    pub in_sites: bool,
    /// The site under the cursor.
    pub site: Option<SiteId>,
    /// How many orders need a person.
    pub due: Option<Due>,
}

/// How many orders need a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Those that need one, as far as they were counted.
    pub people: usize,
    /// Whether there may be more.
    pub more: bool,
    /// All that are open.
    pub open: usize,
}

/// Stuck servers on screen.
pub fn height(model: &Model) -> usize {
    usize::from(view::area(model).1)
}

fn sites(model: &Model) -> Vec<SiteId> {
    model.overview.iter().flat_map(|o| o.sites.keys().cloned()).collect()
}

fn place(model: &Model) -> usize {
    let chosen = model.screens.fleet.site.as_ref();
    sites(model).iter().position(|s| Some(s) == chosen).unwrap_or(0)
}

/// The site under the cursor.
fn site(model: &Model) -> Option<SiteId> {
    sites(model).get(place(model)).cloned()
}

fn act(model: &mut Model, act: Act, out: &mut Vec<Effect>) -> bool {
    match act {
        Act::Back => {
            let told = format!("this is the top; {} quits", model.keys.name(Act::Quit));
            toast(model, told, Mood::Plain, out);
        }
        Act::Open if model.screens.fleet.in_sites => {
            let Some(site) = site(model) else { return true };
            note(model);
            restore(model, Visit { place: Place::Pipeline, filter: format!("site:{site}"), stage: None }, out);
        }
        Act::NextPane | Act::PreviousPane => model.screens.fleet.in_sites = !model.screens.fleet.in_sites,
        _ => return false,
    }
    true
}
