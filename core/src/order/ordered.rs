//! What became of an order that was placed: the answer to who placed it.

use serde::{Deserialize, Serialize};

use crate::id::{OrderId, SiteId};
use crate::order::spec::Unclear;
use crate::text::Text;

/// What became of an order that was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Its number.
    pub order: OrderId,
    /// Its lines.
    pub lines: Vec<OrderedLine>,
    /// Where it goes; `None` where an older daemon answers.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Why there, where any site would do.
    #[serde(default)]
    pub routed: Option<Text>,
    /// What could not be looked at.
    #[serde(default)]
    pub unproven: Option<Text>,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderedLine {
    /// As it was understood.
    pub understood: Text,
    /// What was not, and was left out.
    pub unclear: Vec<Unclear>,
    /// Servers of the pool that are kept for it now.
    pub reserved: Vec<Text>,
    /// Servers to be bought.
    pub to_buy: u32,
    /// Servers that would have served but are another's, with whose.
    pub taken: Vec<Text>,
}
