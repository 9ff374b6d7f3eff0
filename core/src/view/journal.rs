//! Events, as a reader sees them.

use serde::{Deserialize, Serialize};

use super::page::Page;
use crate::event::{Recorded, Seq};
use crate::id::Subject;
use crate::lifecycle::unit::Unit;
use crate::text::Text;
use crate::time::Timestamp;
use crate::world::World;

/// Rows in one page of events at the most.
pub const MAX_EVENTS: usize = 256;

/// What a journal page shall hold. All given parts must match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalQuery {
    /// About this subject.
    pub subject: Option<Subject>,
    /// Of this kind.
    pub kind: Option<String>,
    /// By whom: `rackhand`, `wire`, or a user's name.
    pub actor: Option<String>,
    /// Holding this text.
    pub text: Option<String>,
    /// Before this event; `None` is from the newest.
    pub before: Option<Seq>,
    /// Rows; at most [`MAX_EVENTS`].
    pub limit: usize,
}

/// A page of what the journal gave for a query, newest first. How many there are in all is not counted: `total` is one more
/// than the rows where there are older ones.
pub fn page(world: &World, events: &[Recorded], query: &JournalQuery, now: Timestamp) -> Page<EventRow> {
    let limit = query.limit.min(MAX_EVENTS);
    // What the world does not know yet is a later page's.
    let known = || events.iter().filter(|event| event.seq <= world.head);
    let rows: Vec<EventRow> = known().take(limit).map(|event| event_row(event, world)).collect();
    Page { head: world.head, now, total: known().take(limit + 1).count(), offset: 0, rows }
}

/// One event as a reader sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its place.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// About what.
    pub subject: Subject,
    /// The serial, where it is a unit's.
    pub label: Text,
    /// Its kind.
    pub kind: Text,
    /// Who.
    pub actor: Text,
    /// One line.
    pub text: Text,
}

/// An event as one line.
pub fn event_row(recorded: &Recorded, world: &World) -> EventRow {
    let draft = &recorded.draft;
    let label = match draft.subject {
        Subject::Unit(id) => world.unit(id).map_or_else(|| id.to_string(), Unit::label),
        Subject::Bmc(mac) => mac.to_string(),
        Subject::Order(_) | Subject::Deal(_) | Subject::Plan(_) | Subject::Journal => draft.subject.to_string(),
    };
    EventRow {
        seq: recorded.seq,
        at: draft.at,
        subject: draft.subject,
        label: label.into(),
        kind: draft.event.kind().into(),
        actor: draft.actor.to_string().into(),
        text: draft.event.sentence(),
    }
}
