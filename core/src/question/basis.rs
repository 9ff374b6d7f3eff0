//! What a question is answered from: the world, what else is known, who asks, and the time.

use std::borrow::Cow;

use crate::decide::{Refusal, demand};
use crate::event::{Recorded, Seq};
use crate::id::{Actor, Role, SiteId};
use crate::inventory::questions::NetboxCopy;
use crate::placement::questions::{RackView, racks};
use crate::policy::Policy;
use crate::text::Text;
use crate::time::Timestamp;
use crate::view::{Health, Rows};
use crate::world::World;

/// What a question needs beside the world.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The daemon's site.
    pub site: &'a SiteId,
    /// The business's rules.
    pub policy: &'a Policy,
    /// Whether this is a demo.
    pub demo: bool,
    /// How the daemon itself does.
    pub health: Health,
    /// Why NetBox does not answer; `None` where it does.
    pub netbox_away: Option<Text>,
    /// The daemon's own copy of NetBox.
    pub copy: NetboxCopy<'a>,
    /// Rows of all units as they are now, where they are kept; else they are worked out.
    pub rows: Option<&'a Rows>,
    /// All racks as they are now, where they are kept; else they are worked out.
    pub racks: Option<&'a [RackView]>,
    /// What the journal gave for the question, newest first.
    pub events: &'a [Recorded],
}

impl<'a> Facts<'a> {
    /// Nothing but the world is known.
    pub fn new(site: &'a SiteId, policy: &'a Policy) -> Self {
        Self {
            site,
            policy,
            demo: false,
            health: Health::default(),
            netbox_away: None,
            copy: NetboxCopy::default(),
            rows: None,
            racks: None,
            events: &[],
        }
    }
}

/// What a question is answered from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The world.
    pub world: &'a World,
    /// What else is known.
    pub facts: &'a Facts<'a>,
    /// Who asks.
    pub caller: &'a Actor,
    /// Now, by the daemon's clock.
    pub now: Timestamp,
}

impl Basis<'_> {
    /// The event and moment it is of.
    pub fn at(&self) -> (Seq, Timestamp) {
        (self.world.head, self.now)
    }

    /// Rows of all units.
    pub fn rows(&self) -> Cow<'_, Rows> {
        self.facts.rows.map_or_else(|| Cow::Owned(Rows::of(self.world, self.now)), Cow::Borrowed)
    }

    /// All racks.
    pub fn racks(&self) -> Cow<'_, [RackView]> {
        let anew = || racks(self.world, &self.rows(), self.facts.copy.racks);
        self.facts.racks.map_or_else(|| Cow::Owned(anew()), Cow::Borrowed)
    }
}

/// What answering a question takes, so that who asks for a page waits in turn and who asks for a word does not, and
/// what is kept from one question to the next is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A moment.
    AMoment,
    /// A look through the world.
    ALook,
    /// That, with the rows of all units.
    Rows,
    /// That, with all racks.
    Racks,
    /// Events from the journal.
    Events,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Persons of this role or above.
    From(Role),
    /// Also tenants, who are answered of what is theirs.
    TenantsToo(Role),
}

impl Who {
    /// Refuses whoever may not ask.
    ///
    /// # Errors
    /// Which role it takes.
    pub fn demand(self, caller: &Actor) -> Result<(), Refusal> {
        match (self, caller) {
            (Self::TenantsToo(_), Actor::Tenant { .. }) => Ok(()),
            (Self::From(least) | Self::TenantsToo(least), _) => demand(caller, least),
        }
    }
}
