//! What one person's word does not lift: a server that a tenant had, and one that is said to be ready without proof.

use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::time::Timestamp;

/// Why two people are needed. A proof of erasure would do in place of the second one, but no event tells of one yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A tenant gave it back: nothing proves that its disks are erased and its credentials rotated.
    AfterTenant,
    /// It was entered as `ready`: nothing proves that it was validated and hardened.
    IntoReady,
}

impl Cause {
    /// What is not proven, as the beginning of a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::AfterTenant => "a tenant had it, and nothing proves that its disks are erased",
            Self::IntoReady => "it was entered as ready, and nothing proves that it is",
        }
    }
}

/// Two different people must release it, each with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Why.
    pub cause: Cause,
    /// The first person's word, once it is given.
    pub first: Option<Word>,
}

/// One person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The user name of who gave it.
    pub by: Text,
    /// When it was given.
    pub at: Timestamp,
    /// The reason they gave.
    pub reason: Text,
}
