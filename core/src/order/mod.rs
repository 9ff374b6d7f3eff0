//! An order: what a tenant wants, how much of it the pool serves, what is bought for the rest, and who allowed it.

pub mod candidate;
pub mod commands;
pub(crate) mod event;
pub mod ordered;
pub mod questions;
mod quota;
pub mod route;
pub mod spec;
mod state;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{Actor, OrderId, SellerId, SiteId, UnitId};
use crate::order::spec::{Spec, Unclear};
use crate::purchase::deal::{Deal, Offer};
use crate::purchase::money::Money;
use crate::spine::event::{Seq, Stamp};
use crate::spine::fingerprint::Fingerprint;
use crate::text::Text;
use crate::time::Timestamp;

/// Lines of an order at most.
pub const MAX_LINES: usize = 20;
/// Servers of one line at most.
pub const MAX_QUANTITY: u32 = 500;

/// What is wanted, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// For whom: the tenant's slug in NetBox.
    pub tenant: Text,
    /// Where to, or `any`.
    pub site: SiteId,
    /// Why there, where it was chosen before it came here; for `any` the reason is found here.
    #[serde(default)]
    pub routed: Option<Text>,
    /// What.
    pub lines: Vec<Wish>,
    /// By when.
    #[serde(default)]
    pub needed_by: Option<Timestamp>,
    /// The orderer's own number or words.
    #[serde(default)]
    pub note: Option<Text>,
    /// Vendors to be asked; all that are configured, where there are none.
    #[serde(default)]
    pub sellers: Vec<SellerId>,
    /// Whether to leave the pool alone and buy all.
    #[serde(default)]
    pub all_new: bool,
    /// Whether to order what was understood, where not all was.
    #[serde(default)]
    pub as_understood: bool,
    /// The orderer's key for this request: the same again is the same order.
    #[serde(default)]
    pub key: Option<RequestKey>,
}

impl OrderRequest {
    /// A request that says nothing but for whom, where to and what.
    pub fn new(tenant: impl Into<Text>, site: SiteId, lines: Vec<Wish>) -> Self {
        Self {
            tenant: tenant.into(),
            site,
            routed: None,
            lines,
            needed_by: None,
            note: None,
            sellers: Vec::new(),
            all_new: false,
            as_understood: false,
            key: None,
        }
    }
}

/// What tells a request that is sent again from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestKey {
    /// The orderer's own word for it.
    pub word: Text,
    /// SHA-256 of what was asked.
    pub body: Fingerprint,
}

/// One line as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// How many servers.
    pub quantity: u32,
    /// What each shall be, in the business's words.
    pub spec: Text,
    /// The model, where it must be one, as NetBox's device type has it (slug).
    #[serde(default)]
    pub model: Option<Text>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// For whom.
    pub tenant: Text,
    /// Where to.
    pub site: SiteId,
    /// Why there, where any site would do.
    pub routed: Option<Text>,
    /// Who ordered. May never approve it.
    pub requester: Actor,
    /// When.
    pub placed: Timestamp,
    /// By when it is needed.
    pub needed_by: Option<Timestamp>,
    /// The orderer's own number or words.
    pub note: Option<Text>,
    /// The orderer's key for the request.
    pub key: Option<RequestKey>,
    /// What its tenant calls it: a number among the tenant's own, which tells nothing of others' orders.
    pub reference: Text,
    /// Its lines; line 1 is the first.
    pub lines: Vec<Line>,
    /// The vendors that were asked, in order.
    pub sellers: Vec<SellerId>,
    /// Approvals of the offer that is being decided.
    pub approvals: Vec<Approval>,
    /// The purchase that stands.
    pub purchase: Option<Purchase>,
    /// Purchases that came to nothing.
    pub failed: Vec<FailedPurchase>,
    /// How it ended, where it did before all was delivered.
    pub end: Option<End>,
    /// The last event about it.
    pub revision: Seq,
}

/// A purchase order that its vendor did not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPurchase {
    /// Its number.
    pub number: Text,
    /// Whose offer it was by.
    pub seller: SellerId,
    /// Which revision of it.
    pub revision: u32,
    /// Why not.
    pub reason: Text,
    /// When that was told.
    pub at: Timestamp,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// As it was written.
    pub words: Text,
    /// As it was understood.
    pub spec: Spec,
    /// What was not understood, and was ordered all the same.
    pub unclear: Vec<Unclear>,
    /// How many servers.
    pub quantity: u32,
    /// The model, where it must be one.
    pub model: Option<Text>,
    /// The servers to be bought: a unit each from now on.
    pub units: Vec<UnitId>,
    /// What the pool serves.
    pub stock: Vec<Reservation>,
}

/// A server of the pool that is kept for this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Which.
    pub unit: UnitId,
    /// Who reserved it.
    pub by: Text,
    /// When.
    pub at: Timestamp,
    /// Until when; then it is free again.
    pub until: Timestamp,
    /// Whether it was given to the tenant; then nothing runs out.
    pub assigned: bool,
}

/// One person's word for an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: Text,
    /// When.
    pub at: Timestamp,
    /// Whose offer.
    pub seller: SellerId,
    /// Which revision of it.
    pub revision: u32,
    /// What it costs.
    pub total: Money,
    /// What was seen when it was approved.
    pub saw: Text,
}

impl From<&Approval> for crate::purchase::approval::Approval {
    fn from(given: &Approval) -> Self {
        let Approval { by, seller, revision, total, .. } = given;
        Self { by: by.clone(), seller: *seller, revision: *revision, total: *total }
    }
}

/// A purchase that was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Its number, in sequence without gaps.
    pub number: u32,
    /// The same as papers have it.
    pub name: Text,
    /// From whom.
    pub seller: SellerId,
    /// Which revision of the offer.
    pub revision: u32,
    /// What it costs.
    pub total: Money,
    /// When it was approved.
    pub at: Timestamp,
}

/// The purchase order's number as papers have it: `PO-FRA1-324-000012`. `prefix` is [`crate::stream::Stream::prefix`].
pub fn purchase_number(prefix: &str, number: u32) -> Text {
    format!("PO-{prefix}{number:06}").into()
}

/// The number as it was recorded: `name`, or what stood for it before events held one.
pub fn recorded_number(number: u32, name: Option<&Text>) -> Text {
    name.cloned().unwrap_or_else(|| purchase_number("", number))
}

/// How an order ended before all was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Whether an approver said no; else it was cancelled.
    pub rejected: bool,
    /// Why.
    pub reason: Text,
    /// Who.
    pub by: Text,
    /// When.
    pub at: Timestamp,
}

/// What is recorded when an order is placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// For whom.
    pub tenant: Text,
    /// Where to.
    pub site: SiteId,
    /// Why there.
    pub routed: Option<Text>,
    /// By when it is needed.
    pub needed_by: Option<Timestamp>,
    /// The orderer's own number or words.
    pub note: Option<Text>,
    /// The orderer's key for the request, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<RequestKey>,
    /// What its tenant calls it; `None` in events from before that was another number than ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text>,
    /// Its lines.
    pub lines: Vec<PlacedLine>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedLine {
    /// As it was written.
    pub words: Text,
    /// As it was understood.
    pub spec: Spec,
    /// What was not understood.
    pub unclear: Vec<Unclear>,
    /// How many servers.
    pub quantity: u32,
    /// The model, where it must be one.
    pub model: Option<Text>,
}

/// Where an order is, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Offers are awaited.
    Quoting,
    /// There is an offer to be decided.
    Deciding,
    /// It was approved; the vendor has not confirmed it yet.
    Buying,
    /// It was confirmed; servers are on their way.
    Shipping,
    /// All that was bought for it is here.
    Delivered,
    /// The pool served all of it, and it was assigned. Nothing was handed over yet.
    Assigned,
    /// The pool serves all of it, and it waits to be assigned.
    Reserved,
    /// Cancelled.
    Cancelled,
    /// Rejected by an approver.
    Rejected,
}

impl OrderState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Quoting,
        Self::Deciding,
        Self::Buying,
        Self::Shipping,
        Self::Delivered,
        Self::Assigned,
        Self::Reserved,
        Self::Cancelled,
        Self::Rejected,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quoting => "quoting",
            Self::Deciding => "deciding",
            Self::Buying => "buying",
            Self::Shipping => "shipping",
            Self::Delivered => "delivered",
            Self::Assigned => "assigned",
            Self::Reserved => "reserved",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }

    /// Whether nothing is left to be done for it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::Assigned | Self::Cancelled | Self::Rejected)
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Order {
    /// The order as it was placed.
    pub fn new(id: OrderId, placed: &Placed, stamp: Stamp<'_>) -> Self {
        let line = |l: &PlacedLine| Line {
            words: l.words.clone(),
            spec: l.spec.clone(),
            unclear: l.unclear.clone(),
            quantity: l.quantity,
            model: l.model.clone(),
            units: Vec::new(),
            stock: Vec::new(),
        };
        Self {
            id,
            tenant: placed.tenant.clone(),
            site: placed.site.clone(),
            routed: placed.routed.clone(),
            requester: stamp.actor.clone(),
            placed: stamp.at,
            needed_by: placed.needed_by,
            note: placed.note.clone(),
            key: placed.key.clone(),
            reference: placed.reference.clone().unwrap_or_else(|| id.to_string().into()),
            lines: placed.lines.iter().map(line).collect(),
            sellers: Vec::new(),
            approvals: Vec::new(),
            purchase: None,
            failed: Vec::new(),
            end: None,
            revision: 0,
        }
    }

    /// Why this revision of a vendor's offer cannot be bought by: the vendor did not take an order by it.
    pub fn refused(&self, seller: SellerId, revision: u32) -> Option<&Text> {
        let by = |f: &&FailedPurchase| f.seller == seller && f.revision == revision;
        self.failed.iter().rev().find(by).map(|f| &f.reason)
    }

    /// A vendor's offer, unless it did not take an order by it.
    pub fn standing<'a>(&self, deal: &'a Deal) -> Option<&'a Offer> {
        deal.offer().filter(|offer| self.refused(deal.id.seller, offer.revision).is_none())
    }

    /// A line by its number, from 1.
    pub fn line(&self, number: u16) -> Option<&Line> {
        self.lines.get(usize::from(number).checked_sub(1)?)
    }

    pub(crate) fn line_mut(&mut self, number: u16) -> Option<&mut Line> {
        self.lines.get_mut(usize::from(number).checked_sub(1)?)
    }

    /// Its lines with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u16, &Line)> {
        (1..).zip(&self.lines)
    }

    /// All servers it is to buy, or has bought.
    pub fn bought(&self) -> impl Iterator<Item = UnitId> {
        self.lines.iter().flat_map(|l| l.units.iter().copied())
    }

    /// Servers of the pool that are kept for it, with their lines.
    pub fn kept(&self) -> impl Iterator<Item = (u16, &Reservation)> {
        self.numbered().flat_map(|(n, l)| l.stock.iter().map(move |r| (n, r)))
    }

    /// Of those, the ones that nobody has assigned: they run out.
    pub fn unassigned(&self) -> impl Iterator<Item = (u16, &Reservation)> {
        self.kept().filter(|(_, r)| !r.assigned)
    }

    /// When the first of its reservations runs out.
    pub fn runs_out(&self) -> Option<Timestamp> {
        self.unassigned().map(|(_, r)| r.until).min()
    }
}

impl Line {
    /// Servers that neither the pool serves nor a purchase will bring.
    pub fn short(&self) -> u32 {
        self.quantity.saturating_sub((self.units.len() + self.stock.len()) as u32)
    }
}
