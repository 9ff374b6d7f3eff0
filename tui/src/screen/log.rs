//! A run of events, newest first, that grows at both ends.

use rackhand_core::event::Seq;
use rackhand_core::view::EventRow;
use rackhand_rpc::JournalQuery;
use serde::{Deserialize, Serialize};

use super::Screens;
use super::list::Rows;
use crate::app::effect::Effect;
use crate::app::fetch::{Slot, clock};
use crate::app::model::{Model, Mood};
use crate::app::update::toast;
use crate::event::{Ask, Data};

/// Events asked for at once.
pub const PAGE: usize = 64;
/// Events held at the most.
pub const HELD: usize = 2_048;

/// A run of events without a gap, as far as the filter goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Log {
    /// The events, newest first.
    pub rows: Vec<EventRow>,
    /// Whether the oldest is held.
    pub ended: bool,
    /// Whether anything was answered yet.
    pub loaded: bool,
    /// Whether there are newer ones that do not join on to these.
    pub newer: bool,
    /// Place of the cursor.
    pub cursor: usize,
    /// First row on screen.
    pub top: usize,
}

impl Log {
    /// Takes the newest page.
    pub fn newest(&mut self, page: Vec<EventRow>, height: usize) {
        let full = page.len() >= PAGE;
        let ours = self.rows.first().map(|r| r.seq);
        let joins = match (ours, page.last()) {
            (Some(ours), Some(last)) => !full || last.seq <= ours,
            _ => false,
        };
        if joins {
            let fresh: Vec<EventRow> = page.into_iter().take_while(|r| Some(r.seq) > ours).collect();
            let count = fresh.len();
            self.rows.splice(0..0, fresh);
            if self.cursor > 0 {
                self.cursor += count;
                self.top += count;
            }
            self.rows.truncate(HELD.max(self.top + height));
        } else if self.cursor == 0 || ours.is_none() {
            self.rows = page;
            self.ended = !full;
        } else {
            self.newer = true;
        }
        self.loaded = true;
        self.settle(height);
    }

    /// Takes a page of events older than those held.
    pub fn older(&mut self, page: Vec<EventRow>, height: usize) {
        self.ended = page.len() < PAGE;
        let oldest = self.rows.last().map(|r| r.seq);
        self.rows.extend(page.into_iter().filter(|r| oldest.is_none_or(|o| r.seq < o)));
        self.settle(height);
    }

    /// Before which event to ask on, where the end of what is held comes near.
    pub fn wants_older(&self, height: usize) -> Option<Seq> {
        let near = self.top + 2 * height.max(1) >= self.rows.len();
        (self.loaded && near && !self.ended && self.rows.len() < HELD).then(|| self.rows.last().map(|r| r.seq))?
    }

    /// The event under the cursor.
    pub fn current(&self) -> Option<&EventRow> {
        self.rows.get(self.cursor)
    }
}

impl Rows for Log {
    fn total(&self) -> Option<usize> {
        Some(self.rows.len())
    }
    fn top(&self) -> usize {
        self.top
    }
    fn cursor(&self) -> usize {
        self.cursor
    }
    fn go(&mut self, place: usize, height: usize) {
        self.cursor = place;
        self.settle(height);
    }
    fn settle(&mut self, height: usize) {
        let (total, height) = (self.rows.len(), height.max(1));
        self.cursor = self.cursor.min(total.saturating_sub(1));
        self.top =
            self.top.clamp((self.cursor + 1).saturating_sub(height), self.cursor).min(total.saturating_sub(height));
    }
    fn restart(&mut self) {
        *self = Self::default();
    }
    fn json(&self) -> Option<String> {
        serde_json::to_string(self.current()?).ok()
    }
    fn lacks_newer(&self) -> bool {
        self.newer
    }
}

/// Takes a page of events: the newest, or older ones.
pub fn take(
    model: &mut Model,
    ask: &Ask,
    data: Data,
    log: fn(&mut Screens) -> &mut Log,
    height: usize,
    out: &mut Vec<Effect>,
) {
    match (ask, data) {
        (Ask::Journal(query), Data::Journal(Ok(page))) => {
            clock(model, page.now);
            let log = log(&mut model.screens);
            if query.before.is_some() { log.older(page.rows, height) } else { log.newest(page.rows, height) }
        }
        (_, Data::Journal(Err(refusal))) => toast(model, refusal.text, Mood::Bad, out),
        _ => {}
    }
}

/// The question for events older than those held, where the end of them comes near and none is on its way.
pub fn older(model: &Model, slot: Slot, log: &Log, height: usize, query: Option<JournalQuery>) -> Option<Ask> {
    let before = log.wants_older(height).filter(|_| !model.asked.contains_key(&slot))?;
    Some(Ask::Journal(JournalQuery { before: Some(before), ..query? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rackhand_core::id::Subject;
    use rackhand_core::mac::Mac;
    use rackhand_core::time::Timestamp;

    fn rows(seqs: impl Iterator<Item = Seq>) -> Vec<EventRow> {
        let row = |seq| EventRow {
            seq,
            at: Timestamp::from_secs(0),
            subject: Subject::Bmc(Mac([0; 6])),
            label: "x".into(),
            kind: "k".into(),
            actor: "a".into(),
            text: "t".into(),
        };
        seqs.map(row).collect()
    }

    #[test]
    fn new_events_push_a_reader_who_scrolled_down_nowhere() {
        let mut log = Log::default();
        log.newest(rows((37..=100).rev()), 10);
        log.go(20, 10);
        let seen = log.current().map(|r| r.seq);
        log.newest(rows((43..=106).rev()), 10);
        assert_eq!(log.current().map(|r| r.seq), seen);
        assert_eq!(log.rows.first().map(|r| r.seq), Some(106));
        assert!(log.rows.windows(2).all(|w| w[0].seq == w[1].seq + 1));
    }

    #[test]
    fn a_gap_is_told_and_not_papered_over() {
        let mut log = Log::default();
        log.newest(rows((37..=100).rev()), 10);
        log.go(5, 10);
        log.newest(rows((437..=500).rev()), 10);
        assert!(log.newer);
        assert_eq!(log.rows.first().map(|r| r.seq), Some(100));
        let mut at_top = Log::default();
        at_top.newest(rows((37..=100).rev()), 10);
        at_top.newest(rows((437..=500).rev()), 10);
        assert_eq!((at_top.newer, at_top.rows.first().map(|r| r.seq)), (false, Some(500)));
    }

    #[test]
    fn older_events_are_asked_for_until_there_are_none() {
        let mut log = Log::default();
        log.newest(rows((37..=100).rev()), 40);
        assert_eq!(log.wants_older(40), Some(37));
        log.older(rows((1..=36).rev()), 40);
        assert!(log.ended);
        assert_eq!(log.wants_older(40), None);
        assert_eq!(log.rows.len(), 100);
    }
}
