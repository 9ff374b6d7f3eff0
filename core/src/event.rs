//! Everything that can have happened. The journal holds these in one order; all state is computed from them.

use std::fmt;

use serde::de::{self, EnumAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{Actor, Subject};
use crate::spine::tagged::Tagged;
use crate::text::Text;
use crate::time::Timestamp;

pub use crate::bmc::credential::CredentialEvent;
pub use crate::bmc::locator::LocatorEvent;
pub use crate::bmc::restart::RestartEvent;
pub use crate::boot::event::BootEvent;
pub use crate::discovery::event::DiscoveryEvent;
pub use crate::entry::event::EntryEvent;
pub use crate::flow::event::StepEvent;
pub use crate::lifecycle::event::LifeEvent;
pub use crate::order::event::OrderEvent;
pub use crate::placement::event::PlacementEvent;
pub use crate::purchase::deal::event::DealEvent;
pub use crate::receiving::event::ReceivingEvent;
pub use crate::spine::event::{Seq, Stamp, TokenHash};
pub use crate::stream::event::JournalEvent;
pub use crate::takeover::event::TakeOverEvent;

/// An event before it has its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// When it was decided.
    pub at: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// Who did it.
    pub actor: Actor,
    /// The event that led to it, in the same stream.
    pub cause: Option<Seq>,
    /// What happened.
    pub event: Event,
}

impl Draft {
    /// What a fold knows of it beside what happened, once it has its place.
    pub const fn stamp(&self, seq: Seq) -> Stamp<'_> {
        Stamp { seq, at: self.at, actor: &self.actor }
    }
}

/// An event in its place, on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place.
    pub seq: Seq,
    /// What was recorded.
    #[serde(flatten)]
    pub draft: Draft,
}

/// The sum of all capabilities' events. On disk it does not show: an event is written as its capability writes it, by its
/// kind.
macro_rules! sum {
    ($($(#[$doc:meta])* $variant:ident($events:ident)),* $(,)?) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event { $($(#[$doc])* $variant($events)),* }

        $(impl From<$events> for Event {
            fn from(event: $events) -> Self {
                Self::$variant(event)
            }
        })*

        impl Event {
            /// The words of all kinds.
            pub const KINDS: &'static [&'static str] = &{
                const COUNT: usize = 0 $(+ $events::KINDS.len())*;
                let mut all = [""; COUNT];
                let mut n = 0;
                $({
                    let mut of = 0;
                    while of < $events::KINDS.len() {
                        all[n] = $events::KINDS[of];
                        (n, of) = (n + 1, of + 1);
                    }
                })*
                all
            };

            /// Its kind, as the journal's column and the CloudEvents type carry it.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant(event) => event.kind()),* }
            }

            /// What happened, in one line.
            pub fn sentence(&self) -> Text {
                match self { $(Self::$variant(event) => event.sentence().into()),* }
            }
        }

        impl Serialize for Event {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(event) => event.serialize(serializer)),* }
            }
        }

        impl<'de> Deserialize<'de> for Event {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                /// Whose an event is, and its kind.
                enum Kind { $($variant(&'static str)),* }

                impl<'de> Deserialize<'de> for Kind {
                    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        deserializer.deserialize_identifier(KindVisitor)
                    }
                }

                struct KindVisitor;

                impl Visitor<'_> for KindVisitor {
                    type Value = Kind;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("the kind of an event")
                    }

                    fn visit_str<E: de::Error>(self, told: &str) -> Result<Kind, E> {
                        $(if let Some(kind) = $events::KINDS.iter().find(|kind| **kind == told) {
                            return Ok(Kind::$variant(kind));
                        })*
                        Err(E::unknown_variant(told, Event::KINDS))
                    }
                }

                struct EventVisitor;

                impl<'de> Visitor<'de> for EventVisitor {
                    type Value = Event;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an event")
                    }

                    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Event, A::Error> {
                        let (kind, content) = data.variant()?;
                        match kind {
                            $(Kind::$variant(tag) => $events::deserialize(Tagged { tag, content }).map(Event::$variant)),*
                        }
                    }
                }

                deserializer.deserialize_enum("Event", Event::KINDS, EventVisitor)
            }
        }
    };
}

sum! {
    /// What becomes of a step.
    Step(StepEvent),
    /// How a unit goes through its life, and stands in it.
    Life(LifeEvent),
    /// How a unit came to be known, and what it is said to be.
    Entry(EntryEvent),
    /// What was seen at the dock.
    Receiving(ReceivingEvent),
    /// Where a unit is to stand.
    Placement(PlacementEvent),
    /// How a machine boots the validation image, and what it finds.
    Boot(BootEvent),
    /// By what a BMC and Rackhand know each other.
    Credential(CredentialEvent),
    /// What a person wants of a server's locator LED.
    Locator(LocatorEvent),
    /// The restart of a BMC itself.
    Restart(RestartEvent),
    /// How running servers are taken over.
    TakeOver(TakeOverEvent),
    /// What becomes of an order.
    Order(OrderEvent),
    /// What goes on with a vendor about an order.
    Deal(DealEvent),
    /// What happens to the journal itself, and beside all subjects.
    Journal(JournalEvent),
    /// What is heard of a BMC, and what its lease means to a unit.
    Discovery(DiscoveryEvent),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Event;

    #[test]
    fn no_two_events_have_the_same_kind() {
        let mut kinds = Event::KINDS.to_vec();
        kinds.sort_unstable();
        let all = kinds.len();
        kinds.dedup();
        assert_eq!((kinds.len(), kinds.contains(&"")), (all, false));
    }

    #[test]
    fn an_event_is_read_by_its_kind_alone_and_what_is_no_event_is_told() {
        let read = |json: &str| serde_json::from_str::<Event>(json);
        assert_eq!(read(r#"{"quote_overdue":{}}"#).unwrap().kind(), "quote_overdue");
        let unknown = read(r#"{"quote_lost":{}}"#).unwrap_err().to_string();
        assert!(unknown.starts_with("unknown variant `quote_lost`, expected one of `"), "{unknown}");
        let missing = read(r#"{"task_closed":{"task":1}}"#).unwrap_err().to_string();
        assert!(missing.starts_with("missing field `note`"), "{missing}");
        assert!(read(r#"{"quote_overdue":{},"deal_ended":{"reason":""}}"#).is_err());
    }
}
