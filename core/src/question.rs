//! Every question a reader may ask. A question is one value, and its answer a pure function of its [`Basis`]. A row of the
//! list is all there is of it: what it asks with, what is answered, who may ask, what answering it takes, and the function
//! that does it. Questions are told by name, so rows are free to stand where they belong.

mod basis;

use serde::{Deserialize, Serialize};

pub use self::basis::{Basis, Facts, Takes, Who};
use crate::decide::Refusal;
use crate::document::Document;
use crate::entry::questions::{Imported, imported};
use crate::entry::registration::Standing;
use crate::event::Seq;
use crate::id::{Actor, Role, SiteId, UnitId};
use crate::inventory::questions::{DiffQuery, NetboxDiff, SightingQuery, Sightings, diff, sightings};
use crate::order::questions::{OneOrder, OrderDetail, OrderQuery, OrderRow, order, orders, seen_by};
use crate::placement::questions::{self as rack, OneRack, RackOf, RackQuery, RackRow, RackView, WorkOrder, work_order};
use crate::purchase::questions::{PurchaseDocument, purchase_document};
use crate::receiving::questions::{Dock, Receiving, receiving};
use crate::stock::questions::{FitQuery, Fits, Stock, StockQuery, fits, stock};
use crate::takeover::questions::{PlannedServers, planned_servers};
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::journal::{self, JournalQuery};
use crate::view::questions::{Counts, Find, LetterQuery, OneUnit, find, letters, unit};
use crate::view::waits::{Awaited, WaitQuery, awaited};
use crate::view::work::{WorkQuery, WorkRow, work};
use crate::view::{DeadLetter, EventRow, Overview, Page, Query, UnitDetail, UnitRow};

/// Whoever has a role.
const READERS: Who = Who::From(Role::ReadOnly);
/// They, and tenants.
const TENANTS: Who = Who::TenantsToo(Role::ReadOnly);

/// What can be asked: each row's first type, whose answer its second one is.
pub trait Asks: Clone + Into<Question> {
    /// The answer.
    type Answer;

    /// The answer, from what is known.
    ///
    /// # Errors
    /// The caller may not ask it, or there is no answer.
    fn answer(&self, basis: &Basis<'_>) -> Result<Self::Answer, Refusal>;

    /// Its answer among all answers; `None` where this is another question's.
    fn of(answer: Answer) -> Option<Self::Answer>;
}

/// An answer, and what it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading<T = Answer> {
    /// The last event that it knows of.
    pub as_of: Seq,
    /// When it was made, by the daemon's clock.
    pub at: Timestamp,
    /// The answer.
    pub answer: T,
}

impl Reading {
    /// The same, as the answer to a question of this type; `None` where it is another question's.
    pub fn into_of<Q: Asks>(self) -> Option<Reading<Q::Answer>> {
        let Self { as_of, at, answer } = self;
        Q::of(answer).map(|answer| Reading { as_of, at, answer })
    }
}

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident($asks:ty) -> $answer:ty, $who:ident, $takes:ident: |$at:ident, $ask:pat_param| $body:expr;)*) => {
        /// A question.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Question { $($(#[$doc])* $name($asks)),* }

        /// An answer, under the name of its question.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Answer { $($(#[$doc])* $name(Box<$answer>)),* }

        $(impl From<$asks> for Question {
            fn from(asks: $asks) -> Self {
                Self::$name(asks)
            }
        }

        impl Asks for $asks {
            type Answer = $answer;

            fn answer(&self, basis: &Basis<'_>) -> Result<$answer, Refusal> {
                $who.demand(basis.caller)?;
                let ($at, $ask) = (basis, self);
                $body
            }

            fn of(answer: Answer) -> Option<$answer> {
                match answer {
                    Answer::$name(answer) => Some(*answer),
                    _ => None,
                }
            }
        })*

        impl Question {
            #[cfg(test)]
            const WORDS: &[&str] = &[$(stringify!($name)),*];

            /// Refuses whoever may not ask it.
            ///
            /// # Errors
            /// Which role it takes.
            pub fn demand(&self, caller: &Actor) -> Result<(), Refusal> {
                match self { $(Self::$name(_) => $who.demand(caller)),* }
            }

            /// What answering it takes.
            pub const fn takes(&self) -> Takes {
                match self { $(Self::$name(_) => Takes::$takes),* }
            }

            /// The answer, from what is known.
            ///
            /// # Errors
            /// The caller may not ask it, or there is no answer.
            pub fn answer(&self, basis: &Basis<'_>) -> Result<Reading, Refusal> {
                let answer = match self { $(Self::$name(asks) => Answer::$name(Box::new(asks.answer(basis)?))),* };
                let (as_of, at) = basis.at();
                Ok(Reading { as_of, at, answer })
            }
        }
    };
}

questions! {
    /// Counts and health.
    Overview(Counts) -> Overview, READERS, Rows: |at, _| {
        let (world, facts) = (at.world, at.facts);
        Ok(at.rows().overview(world, facts.site.clone(), at.now, facts.health.clone(), facts.demo))
    };
    /// A page of units, filtered and sorted.
    Units(Query) -> Page<UnitRow>, READERS, Rows: |at, query| Ok(at.rows().page(query, at.world.head, at.now));
    /// One unit, with what the caller may do with it.
    Unit(OneUnit) -> UnitDetail, READERS, AMoment: |at, OneUnit(id)| {
        unit(at.world, *id, at.caller, at.facts.netbox_away.as_ref(), at.now)
    };
    /// The unit that has exactly this serial or id.
    Find(Find) -> Option<UnitId>, READERS, AMoment: |at, Find(label)| Ok(find(at.world, label));
    /// A page of dead letters, oldest first.
    DeadLetters(LetterQuery) -> Page<DeadLetter>, READERS, ALook: |at, LetterQuery(cut)| {
        Ok(letters(at.world, *cut, at.now))
    };
    /// A page of events, newest first.
    Journal(JournalQuery) -> Page<EventRow>, READERS, Events: |at, query| {
        Ok(journal::page(at.world, at.facts.events, query, at.now))
    };
    /// A page of the work at hand, in the order to walk it.
    Work(WorkQuery) -> Page<WorkRow>, READERS, ALook: |at, query| Ok(work(at.world, query, at.now));
    /// A page of what servers wait for, what has been awaited longest first.
    Waits(WaitQuery) -> Page<Awaited>, READERS, ALook: |at, query| {
        Ok(awaited(at.world, query, at.facts.netbox_away.as_ref(), at.now))
    };
    /// How rows of a manifest stand; `None` for a serial nobody has.
    Imported(Imported) -> Vec<Option<Standing>>, READERS, AMoment: |at, serials| {
        Ok(imported(at.world, serials, at.facts.netbox_away.as_ref()))
    };
    /// A page of what the daemon's copy of NetBox and the journal disagree about.
    NetboxDiff(DiffQuery) -> NetboxDiff, READERS, ALook: |at, DiffQuery(cut)| {
        diff(at.world, at.facts.copy, at.facts.policy, *cut, at.now)
    };
    /// A page of the BMCs that were seen. While NetBox is away, each says which device it probably is.
    Sightings(SightingQuery) -> Sightings, READERS, ALook: |at, SightingQuery(cut)| {
        let away = at.facts.netbox_away.is_some();
        Ok(sightings(at.world, at.now, *cut, |mac| if away { at.facts.copy.guess(mac) } else { None }))
    };
    /// A page of racks.
    Racks(RackQuery) -> Page<RackRow>, READERS, Racks: |at, query| Ok(rack::page(&at.racks(), query, at.at()));
    /// One rack with what is in it.
    Rack(OneRack) -> Option<RackView>, READERS, Racks: |at, one| Ok(rack::rack(&at.racks(), one));
    /// The rack a unit stands in: its site and name.
    RackOf(RackOf) -> Option<(SiteId, Text)>, READERS, Racks: |at, RackOf(unit)| Ok(rack::rack_of(&at.racks(), *unit));
    /// What a site's dock expects, and what came in.
    Receiving(Dock) -> Receiving, READERS, ALook: |at, Dock(site)| Ok(receiving(at.world, site, at.now));
    /// A page of orders, those first that a person must act on; a tenant's own, where a tenant asks.
    Orders(OrderQuery) -> Page<OrderRow>, TENANTS, ALook: |at, query| {
        Ok(orders(at.world, &seen_by(query, at.caller), at.now))
    };
    /// An order with its servers, offers and what the caller may do with it.
    Order(OneOrder) -> OrderDetail, READERS, ALook: |at, OneOrder(id)| {
        order(at.world, at.facts.policy, *id, at.caller, at.now)
    };
    /// What of a specification is in stock.
    Stock(StockQuery) -> Stock, READERS, ALook: |at, query| Ok(stock(at.world, query.site.as_ref(), &query.spec));
    /// How many free servers would serve; which they are is not told.
    Fits(FitQuery) -> Fits, TENANTS, ALook: |at, query| Ok(fits(at.world, query));
    /// The purchase order that stands for an order, as a paper.
    PurchaseDocument(PurchaseDocument) -> Document, READERS, AMoment: |at, PurchaseDocument(id)| {
        purchase_document(at.world, *id)
    };
    /// The work order for servers of one site that have a place kept for them.
    WorkOrder(WorkOrder) -> Document, READERS, ALook: |at, WorkOrder(units)| work_order(at.world, units, at.now);
    /// The serials of a plan to take servers over.
    PlannedServers(PlannedServers) -> Vec<Text>, READERS, AMoment: |at, PlannedServers(plan)| {
        planned_servers(at.world, *plan)
    };
}

#[cfg(test)]
mod tests;
