//! What happens to the journal itself, and beside all subjects.

use serde::{Deserialize, Serialize};

use crate::spine::event::{Seq, events};
use crate::spine::fingerprint::Fingerprint;
use crate::stream::Origin;
use crate::text::Text;

events! {
    /// What happens to the journal itself, and beside all subjects.
    JournalEvent:

    /// Sequence numbers from here on belong to this epoch. Numbers that leave the house hold it.
    EpochBegun {
        /// Its number; no journal of this site had it before.
        epoch: u32,
        /// Why it began. After anything but the first, effects are held back.
        origin: Origin,
    } = "epoch_begun",
    /// A person has looked: what has an effect goes out again.
    EffectsResumed {
        /// What the person found.
        reason: Text,
    } = "effects_resumed",
    /// A snapshot is kept beside the chain. One that no such event names is not believed.
    SnapshotKept {
        /// The last event in it.
        at: Seq,
        /// The version of the fold it was computed by.
        fold: u32,
        /// SHA-256 over that event's hash, its place, the version, and the snapshot.
        sum: Fingerprint,
    } = "snapshot_kept",
    /// A person had things made in NetBox: fields, choices, the staging tenant.
    NetboxPrepared {
        /// What was made or changed.
        made: Vec<Text>,
    } = "netbox_prepared",
}

impl JournalEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::EpochBegun { epoch, origin } => match origin {
                Origin::First => format!("epoch {epoch} of the journal begins"),
                Origin::Restored => format!("restored from a backup: epoch {epoch} begins, effects are on hold"),
                Origin::Lost => format!("begun empty where there was a journal: epoch {epoch}, effects are on hold"),
            },
            Self::EffectsResumed { reason } => format!("effects go out again: {reason}"),
            Self::SnapshotKept { at, .. } => format!("snapshot kept of all up to event {at}"),
            Self::NetboxPrepared { made } => {
                let made: Vec<&str> = made.iter().map(Text::as_str).collect();
                format!("made in NetBox: {}", made.join(", "))
            }
        }
    }
}
