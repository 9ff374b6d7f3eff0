//! What a scan at the dock turned out to be.

use serde::{Deserialize, Serialize};

use crate::id::{SiteId, UnitId};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::sentence::with_photo;
use crate::text::Text;
use crate::time::Timestamp;

/// What a scanned serial turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// When it was judged.
    pub at: Timestamp,
    /// The serial as it was read, upper case.
    pub serial: Text,
    /// The unit, where one has this serial.
    pub unit: Option<UnitId>,
    /// Its model, where known.
    pub model: Option<Text>,
    /// Its stage now, after the scan.
    pub stage: Option<Stage>,
    /// Rack and unit, where known.
    pub place: Option<Text>,
    /// What it is.
    pub finding: Finding,
}

/// What a scanned serial is at this dock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Expected here: it is received now.
    Received,
    /// It is received, and held for its damage.
    Damaged {
        /// What was seen of it.
        note: Text,
        /// Where a photo of it is.
        #[serde(default)]
        photo: Option<Text>,
    },
    /// It was here before.
    Already {
        /// When it was scanned; `None` where it came in without a scan.
        at: Option<Timestamp>,
        /// By whom.
        by: Option<Text>,
    },
    /// It belongs to another site.
    WrongSite {
        /// Which.
        site: SiteId,
    },
    /// Nobody knows it.
    Unknown,
    /// It is not to come in, or not to be touched.
    Held {
        /// How it stands.
        disposition: Disposition,
        /// Why.
        reason: Option<Text>,
    },
    /// It is on order, but by the book it was not sent yet.
    NotSent,
}

impl Finding {
    /// Its word, for every table.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Received => "ok",
            Self::Damaged { .. } => "DAMAGED",
            Self::Already { .. } => "DUP",
            Self::WrongSite { .. } => "WRONG SITE",
            Self::Unknown => "UNKNOWN",
            Self::Held { .. } => "HELD",
            Self::NotSent => "NOT SENT",
        }
    }

    /// Its letter, beside the word: no two are alike, with or without colour.
    pub const fn letter(&self) -> char {
        match self {
            Self::Received => 'O',
            Self::Damaged { .. } => 'B',
            Self::Already { .. } => 'D',
            Self::WrongSite { .. } => 'W',
            Self::Unknown => 'U',
            Self::Held { .. } => 'H',
            Self::NotSent => 'N',
        }
    }

    /// Whether the server came in by this scan.
    pub const fn is_receipt(&self) -> bool {
        matches!(self, Self::Received | Self::Damaged { .. })
    }
}

impl Scan {
    /// What it is, and what to do where something is, as one sentence. May be empty where the word says all.
    pub fn told(&self) -> Text {
        let stage = self.stage.map_or("unknown", Stage::word);
        let place = self.place.as_ref().map_or_else(String::new, |p| format!(" at {p}"));
        match &self.finding {
            Finding::Received => Text::new(""),
            Finding::Damaged { note, photo } => {
                format!("received and held: {}", with_photo(note, photo.as_ref())).into()
            }
            Finding::Already { at: Some(at), by } => {
                let by = by.as_ref().map_or_else(String::new, |b| format!(" by {b}"));
                format!("received {at}{by}, now {stage}{place}").into()
            }
            Finding::Already { at: None, .. } => {
                format!("was never scanned here, but is {stage} already{place}").into()
            }
            Finding::WrongSite { site } => format!("belongs to {site}, where it is {stage}; not counted here").into(),
            Finding::Unknown => "nobody knows this serial: put it aside and tell an operator".into(),
            Finding::Held { disposition, reason } => {
                let why = reason.as_deref().unwrap_or("no reason given");
                format!("is {disposition}: {why}; not received").into()
            }
            Finding::NotSent => format!("is {stage} by the book: an operator confirms the order first").into(),
        }
    }
}
