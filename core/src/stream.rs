//! The journal's own state: its epochs, and whether effects are held back until a person has looked.

#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod event;

use serde::{Deserialize, Serialize};

use crate::flow::wait::Wait;
use crate::id::{Role, SiteId};
use crate::spine::event::Seq;
use crate::stream::event::JournalEvent;
use crate::text::Text;
use crate::time::Timestamp;

/// Why an epoch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The journal had none: it is new, or a version that knew none wrote it.
    First,
    /// The journal was put back from a backup. What happened after that backup is not in it.
    Restored,
    /// The journal is empty where there had been one.
    Lost,
}

/// An epoch: sequence numbers are unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number; no journal of this site had it before.
    pub number: u32,
    /// The event it began with.
    pub since: Seq,
}

/// Effects are held back since then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub origin: Origin,
}

/// What the journal's events say of the journal itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Its epochs, oldest first; none where a version that knew none wrote it.
    pub epochs: Vec<Epoch>,
    /// Whether effects are held back.
    pub held: Option<Held>,
    /// The event that vouches for the last snapshot; 0 for none.
    pub vouched: Seq,
}

impl Held {
    /// What has happened, and what to do.
    pub fn text(&self) -> Text {
        let why = match self.origin {
            Origin::Restored => "the journal was restored from a backup and lacks what happened after it",
            Origin::Lost | Origin::First => "the journal is new although there was one before",
        };
        format!(
            "effects are on hold since {}: {why}. Check what was ordered, written and reset since, then `rackhand resume --reason TEXT`",
            self.since
        )
        .into()
    }
}

impl Stream {
    /// Applies one event about the journal.
    pub(crate) fn apply(&mut self, seq: Seq, at: Timestamp, event: &JournalEvent) {
        match *event {
            JournalEvent::EpochBegun { epoch, origin } => {
                self.epochs.push(Epoch { number: epoch, since: seq });
                self.held = (origin != Origin::First).then_some(Held { since: at, origin });
            }
            JournalEvent::EffectsResumed { .. } => self.held = None,
            JournalEvent::SnapshotKept { .. } => self.vouched = seq,
            // What NetBox was given is NetBox's to show.
            JournalEvent::NetboxPrepared { .. } => {}
        }
    }

    /// The epoch that events have now; 0 where there is none.
    pub fn epoch(&self) -> u32 {
        self.epochs.last().map_or(0, |e| e.number)
    }

    /// The epoch of an event; 0 for one that was recorded before there were epochs.
    pub fn epoch_of(&self, seq: Seq) -> u32 {
        self.epochs.iter().rev().find(|e| e.since <= seq).map_or(0, |e| e.number)
    }

    /// What names event `seq` outside this journal: `fra1/324/17`, and `fra1/17` from before there were epochs.
    pub fn event_name(&self, site: &SiteId, seq: Seq) -> String {
        match self.epoch_of(seq) {
            0 => format!("{site}/{seq}"),
            epoch => format!("{site}/{epoch}/{seq}"),
        }
    }

    /// What stands in numbers that leave the house, so that no other journal gives the same: `FRA1-324-`. Nothing where
    /// there is no epoch.
    pub fn prefix(&self, site: &SiteId) -> String {
        match self.epoch() {
            0 => String::new(),
            epoch => format!("{}-{epoch}-", site.as_str().to_ascii_uppercase()),
        }
    }
}

impl Held {
    /// What waits for a person.
    pub fn wait(&self) -> Wait {
        let (who, resolve) = (Some(Role::Operator), vec!["resume".into()]);
        Wait { who, resolve, ..Wait::system(self.text(), self.since) }
    }
}
