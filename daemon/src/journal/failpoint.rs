//! For tests: the process kills itself, or its journal hangs, at a chosen event: inside the open transaction or right
//! after its commit.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use rackhand_core::event::Seq;

/// The process's own, for all journals on disk. The shipped daemon has none and no way to one: only the program that the
/// tests kill sets it.
static SET: OnceLock<Failpoint> = OnceLock::new();

/// Where the process ends.
pub struct Failpoint {
    /// The event.
    seq: Seq,
    /// Whether it is on the disk by then.
    after: bool,
    /// Whether only the journal's thread stops there, for good, and the process lives on.
    hangs: bool,
}

impl Failpoint {
    /// What the process ends at, before it opens its journal. The first one counts.
    pub fn set(self) {
        let _ = SET.set(self);
    }

    pub(super) fn get() -> Option<&'static Self> {
        SET.get()
    }

    /// Reads `before:N` or `after:N`, where N is a sequence number; `None` for anything else. One that `hangs` stops the
    /// journal's thread and leaves the process alive.
    pub fn parse(text: &str, hangs: bool) -> Option<Self> {
        let (word, seq) = text.split_once(':')?;
        let after = match word {
            "before" => false,
            "after" => true,
            _ => return None,
        };
        Some(Self { seq: seq.parse().ok().filter(|n| *n > 0)?, after, hangs })
    }

    /// Ends the process if event `seq` is the one: its transaction is open, and what it holds so far is lost with it.
    pub(super) fn before(&self, seq: Seq) {
        if self.is_before(seq) {
            self.stop();
        }
    }

    /// Ends the process if the event is among those just committed, before anybody is told of them.
    pub(super) fn after(&self, committed: RangeInclusive<Seq>) {
        if self.is_after(&committed) {
            self.stop();
        }
    }

    fn stop(&self) -> ! {
        if !self.hangs {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
        // The signal is on its way; nothing may be recorded any more.
        loop {
            std::thread::park();
        }
    }

    fn is_before(&self, seq: Seq) -> bool {
        !self.after && self.seq == seq
    }

    fn is_after(&self, committed: &RangeInclusive<Seq>) -> bool {
        self.after && committed.contains(&self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_before_the_named_event_or_after_the_commit_that_holds_it_and_nowhere_else() {
        let before = Failpoint::parse("before:5", false).unwrap_or_else(|| unreachable!());
        let after = Failpoint::parse("after:5", false).unwrap_or_else(|| unreachable!());
        assert_eq!((4..7).filter(|seq| before.is_before(*seq)).collect::<Vec<_>>(), [5]);
        assert!((4..7).all(|seq| !after.is_before(seq)));
        for (committed, ends) in [(3..=4, false), (4..=5, true), (5..=8, true), (6..=8, false)] {
            assert_eq!((after.is_after(&committed), before.is_after(&committed)), (ends, false), "{committed:?}");
        }
        assert!(Failpoint::parse("before:0", false).is_none() && Failpoint::parse("on:3", true).is_none());
    }
}
