//! State of the dock: what was scanned here, and how far each scan is.

use rackhand_core::id::SiteId;
use rackhand_core::receiving::commands::{Finding, Scan, serial_in};
use rackhand_core::receiving::questions::Receiving as Dock;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::CallId;
use crate::input::line::Line;

/// State of the receiving screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receiving {
    /// Whose dock.
    pub site: Option<SiteId>,
    /// The scan field.
    pub line: Line,
    /// What is expected, as last told.
    pub dock: Option<Dock>,
    /// This console's scans, the last one last.
    pub scans: Vec<Entry>,
    /// How many of the last scans are below the screen.
    pub scroll: usize,
    /// Whether seconds of grace are being counted.
    pub ticking: bool,
    /// Whether the user was told that scans wait, and quits all the same.
    pub warned: bool,
}

/// One scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its request id, for as often as it is sent.
    pub request: String,
    /// The dock.
    pub site: SiteId,
    /// When it was scanned, by the daemon's clock as last told; from its answer on, when it was judged.
    pub at: Timestamp,
    /// The serial.
    pub serial: Text,
    /// What is damaged of it.
    pub damaged: Option<Text>,
    /// Where a photo of that is.
    #[serde(default)]
    pub photo: Option<Text>,
    /// How far it is.
    pub state: State,
    /// The daemon's start in which it was sent first.
    pub epoch: Option<u64>,
    /// Seconds left to take it back.
    pub grace: u8,
}

/// What is damaged of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is seen.
    pub note: Text,
    /// Where a photo of it is.
    pub photo: Option<Text>,
}

/// How far a scan is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// It waits to be sent.
    Waiting,
    /// It was sent.
    Sent(CallId),
    /// What it is.
    Judged(Box<Scan>),
    /// The daemon does not take it, and why.
    Refused(Text),
    /// It is to be taken back, and is sent where a number stands.
    Undoing(Box<Scan>, Option<CallId>),
    /// It was taken back; `None` where it had not been sent.
    Undone(Option<Box<Scan>>),
}

impl Entry {
    /// Whether it must still be sent.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::Sent(_) | State::Undoing(..))
    }

    /// A scan of an earlier session: it is to be sent.
    #[must_use]
    pub fn taken_up(mut self) -> Self {
        self.state = match self.state {
            State::Sent(_) => State::Waiting,
            State::Undoing(scan, _) => State::Undoing(scan, None),
            other => other,
        };
        self
    }

    /// Whether the server came in by it, and it stands.
    pub fn is_receipt(&self) -> bool {
        matches!(&self.state, State::Judged(scan) if scan.finding.is_receipt())
    }
}

impl Receiving {
    /// Scans that are not answered yet.
    pub fn open(&self) -> usize {
        self.scans.iter().filter(|e| e.is_open()).count()
    }

    /// The last scan that can be taken back: one that waits, or a receipt within its grace.
    pub fn undoable(&self) -> Option<usize> {
        let last = |e: &Entry| e.state == State::Waiting || (e.is_receipt() && e.grace > 0);
        self.scans.iter().rposition(last)
    }

    /// What F2 is about: the serial in the field, else the last that was received.
    pub fn damageable(&self) -> Option<Text> {
        let typed = self.line.text().trim();
        if !typed.is_empty() {
            return serial_in(typed);
        }
        let last = |e: &&Entry| matches!(&e.state, State::Judged(s) if s.finding == Finding::Received);
        self.scans.iter().rev().find(last).map(|e| e.serial.clone())
    }
}
