//! What all events have in common: their place, their stamp, and how a capability declares its own.

use super::fingerprint::Fingerprint;
use super::id::Actor;
use super::text::Text;
use super::time::Timestamp;

/// Place of an event in its site's stream, from 1 without gaps.
pub type Seq = u64;

/// SHA-256 of a boot token. The token itself is never kept.
pub type TokenHash = Fingerprint;

/// What a fold knows of an event beside what happened.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Its place.
    pub seq: Seq,
    /// When it was decided.
    pub at: Timestamp,
    /// Who did it.
    pub actor: &'a Actor,
}

impl Stamp<'_> {
    /// Who did it, in words.
    pub fn by(&self) -> Text {
        self.actor.to_string().into()
    }
}

/// The events of one capability. Fields are only ever added, with a default; a kind is never renamed, and no two
/// capabilities have the same.
macro_rules! events {
    ($(#[$about:meta])* $name:ident: $($(#[$doc:meta])* $variant:ident $fields:tt = $kind:literal),* $(,)?) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $kind)] $variant $fields),* }

        impl $name {
            /// The words of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// Its kind, as the journal's column and the CloudEvents type carry it.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $kind),* }
            }
        }
    };
}
pub(crate) use events;
