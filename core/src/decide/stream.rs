//! What is decided about the journal itself.

use super::need_reason;
use super::{Answer, Deciding, Refusal, Why};
use crate::event::JournalEvent;
use crate::id::Subject;
use crate::spine::event::Seq;
use crate::spine::fingerprint::Fingerprint;
use crate::text::Text;

impl Deciding<'_> {
    /// Vouches in the chain for a snapshot that is about to be kept beside it.
    pub(crate) fn snapshot(&mut self, at: Seq, fold: u32, sum: Fingerprint) -> Answer {
        self.emit(Subject::Journal, JournalEvent::SnapshotKept { at, fold, sum });
        Answer::Done
    }

    /// Journals what a person had made in NetBox; nothing where there was nothing to make.
    pub(crate) fn netbox_prepared(&mut self, made: &[Text]) -> Answer {
        if made.is_empty() {
            return Answer::Already;
        }
        self.emit(Subject::Journal, JournalEvent::NetboxPrepared { made: made.to_vec() });
        Answer::Done
    }

    /// Lets effects go out again, on a person's word.
    pub(crate) fn resume(&mut self, reason: &Text) -> Result<Answer, Refusal> {
        need_reason(reason)?;
        if self.world.stream.held.is_none() {
            return Ok(Answer::Already);
        }
        self.emit(Subject::Journal, JournalEvent::EffectsResumed { reason: reason.clone() });
        Ok(Answer::Done)
    }

    /// Refuses what would have an effect while effects are on hold.
    pub(crate) fn not_held(&self) -> Result<(), Refusal> {
        match &self.world.stream.held {
            None => Ok(()),
            Some(held) => Err(Refusal::new(Why::Conflict, held.text())),
        }
    }
}
