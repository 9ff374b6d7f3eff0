//! What was seen at the dock.

use serde::{Deserialize, Serialize};

use crate::sentence::with_photo;
use crate::spine::event::events;
use crate::text::Text;

events! {
    /// What was seen at the dock.
    ReceivingEvent:

    /// Damage was seen while it stood at the dock. That it is held for it is an event of its own.
    DamageNoted {
        /// What is damaged.
        note: Text,
        /// Where a photo of it is, as the person named it.
        #[serde(default)]
        photo: Option<Text>,
    } = "damage_noted",
}

impl ReceivingEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::DamageNoted { note, photo } => format!("damaged: {}", with_photo(note, photo.as_ref())),
        }
    }
}
