//! For tests: the process kills itself, or its journal hangs, right before or after a chosen event is on the disk.

use rackhand_core::event::{Draft, Seq};

use super::error::JournalError;
use super::store::Store;

/// Where the process ends.
pub(super) struct Failpoint {
    /// The event.
    seq: Seq,
    /// Whether it is on the disk by then.
    after: bool,
    /// Whether only the journal's thread stops there, for good, and the process lives on.
    hangs: bool,
}

impl Failpoint {
    /// What `RACKHAND_CRASH_AT` or `RACKHAND_HANG_AT` says, `before:N` or `after:N`; `None` for anything else. The number
    /// is a sequence number.
    pub(super) fn from_env() -> Option<Self> {
        if let Ok(crash) = std::env::var("RACKHAND_CRASH_AT") {
            return Self::parse(&crash);
        }
        let hang = Self::parse(&std::env::var("RACKHAND_HANG_AT").ok()?)?;
        Some(Self { hangs: true, ..hang })
    }

    fn parse(text: &str) -> Option<Self> {
        let (word, seq) = text.split_once(':')?;
        let after = match word {
            "before" => false,
            "after" => true,
            _ => return None,
        };
        Some(Self { seq: seq.parse().ok().filter(|n| *n > 0)?, after, hangs: false })
    }

    /// How many of `count` events after `head` are recorded before the process ends; `None` if it does not end in them.
    fn cut(&self, head: Seq, count: usize) -> Option<usize> {
        let before = usize::try_from(self.seq.checked_sub(head + 1)?).ok()?;
        (before < count).then_some(before + usize::from(self.after))
    }

    /// Ends the process if the event is among `drafts`, after recording what comes before it.
    pub(super) fn pass(&self, store: &mut Store, drafts: &[Draft]) -> Result<(), JournalError> {
        let Some(cut) = self.cut(store.head(), drafts.len()) else { return Ok(()) };
        store.append(&drafts[..cut])?;
        if !self.hangs {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
        // The signal is on its way; nothing may be recorded any more.
        loop {
            std::thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_right_before_or_after_the_named_event() {
        let cut = |text, head, count| Failpoint::parse(text).and_then(|f| f.cut(head, count));
        assert_eq!(cut("before:5", 4, 1), Some(0));
        assert_eq!(cut("after:5", 4, 1), Some(1));
        assert_eq!(cut("before:5", 2, 4), Some(2));
        assert_eq!(cut("after:5", 2, 4), Some(3));
        assert_eq!(cut("after:5", 5, 4), None);
        assert_eq!(cut("before:5", 0, 4), None);
        assert!(Failpoint::parse("before:0").is_none() && Failpoint::parse("on:3").is_none());
    }
}
