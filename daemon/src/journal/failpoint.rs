//! For tests: the process kills itself, or its journal hangs, at a chosen event: inside the open transaction or right
//! after its commit.

use std::ops::RangeInclusive;

use rackhand_core::event::Seq;

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
        let before = Failpoint::parse("before:5").unwrap_or_else(|| unreachable!());
        let after = Failpoint::parse("after:5").unwrap_or_else(|| unreachable!());
        assert_eq!((4..7).filter(|seq| before.is_before(*seq)).collect::<Vec<_>>(), [5]);
        assert!((4..7).all(|seq| !after.is_before(seq)));
        for (committed, ends) in [(3..=4, false), (4..=5, true), (5..=8, true), (6..=8, false)] {
            assert_eq!((after.is_after(&committed), before.is_after(&committed)), (ends, false), "{committed:?}");
        }
        assert!(Failpoint::parse("before:0").is_none() && Failpoint::parse("on:3").is_none());
    }
}
