//! Why something is not done.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{Actor, Role};
use crate::text::Text;

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind.
    pub why: Why,
    /// The sentence: what, and what to do.
    pub text: Text,
}

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is no such thing.
    NotFound,
    /// Not with this role, or not with this token.
    NotAllowed,
    /// Not in this state.
    Conflict,
    /// It makes no sense.
    Invalid,
    /// Our own disk does not take it now. Try again.
    Unavailable,
}

impl Refusal {
    /// A refusal.
    pub fn new(why: Why, text: impl Into<Text>) -> Self {
        Self { why, text: text.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// Refuses whoever is no person of this role or above.
///
/// # Errors
/// Which role it takes, and which the person has.
pub fn demand(actor: &Actor, least: Role) -> Result<(), Refusal> {
    match actor {
        Actor::Person { role, .. } => role.demand(least).map_err(|why| Refusal::new(Why::NotAllowed, why)),
        Actor::Rackhand | Actor::Wire | Actor::Tenant { .. } => {
            Err(Refusal::new(Why::NotAllowed, "only a person may command"))
        }
    }
}

/// Refuses a change without a reason.
pub(crate) fn need_reason(reason: &Text) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::new(Why::Invalid, "give a reason; it goes into the journal"));
    }
    Ok(())
}
