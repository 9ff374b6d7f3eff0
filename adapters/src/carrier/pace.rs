//! What carriers are remembered by: tokens, how long one asks to be left alone, and how often DHL was asked.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::paper::Carrier;
use rackhand_core::secret::Secret;
use rackhand_core::time::Timestamp;

use super::{Carriers, when};

/// Where a carrier says that it is too much and not for how long.
const REST: Duration = Duration::from_mins(15);
/// What DHL's budget counts by. Whenever its own day begins, any 24 h hold no more than it allows in one.
const DAY: Duration = Duration::from_hours(24);
/// Between two questions to DHL, by its rule for accounts of the first level.
const APART: Duration = Duration::from_secs(5);

/// What the clones of [`Carriers`] share.
#[derive(Default)]
pub(super) struct Memory {
    /// Tokens, and until when each is used.
    tokens: BTreeMap<Carrier, (Secret, Timestamp)>,
    /// Before this, a carrier is not asked.
    rests: BTreeMap<Carrier, Timestamp>,
    /// When DHL was, or is going to be, asked.
    asked: VecDeque<Timestamp>,
    /// Questions so far, to tell them apart.
    questions: u64,
}

impl Memory {
    /// The tokens, to keep them out of texts.
    pub fn tokens(&self) -> impl Iterator<Item = String> {
        self.tokens.values().map(|(token, _)| token.reveal().to_owned())
    }

    pub fn token(&self, carrier: Carrier, now: Timestamp) -> Option<Secret> {
        self.tokens.get(&carrier).filter(|(_, until)| *until > now).map(|(token, _)| token.clone())
    }

    pub fn keep(&mut self, carrier: Carrier, token: Secret, until: Timestamp) {
        self.tokens.insert(carrier, (token, until));
    }
}

impl Carriers {
    /// That the carrier may be asked now.
    pub(super) fn awake(&self, carrier: Carrier) -> Result<(), Fault> {
        match self.memory().rests.get(&carrier) {
            Some(until) if *until > self.client.clock.now() => {
                Err(self.fault(Kind::Transient, format!("{carrier}: it asks to be left alone until {until}")))
            }
            _ => Ok(()),
        }
    }

    /// Notes that the carrier wants to be left alone, by what its `Retry-After` says.
    pub(super) fn rest(&self, carrier: Carrier, status: u16, asked: Option<&str>) -> Fault {
        let now = self.client.clock.now();
        let until = asked.and_then(|asked| when::retry_after(asked, now)).unwrap_or(now + REST);
        self.memory().rests.insert(carrier, until);
        self.fault(Kind::Transient, format!("{carrier}: {status}: it asks to be left alone until {until}"))
    }

    /// A word that no other question has: letters, digits and dashes, at most 32.
    pub(super) fn question(&self) -> String {
        let mut memory = self.memory();
        memory.questions += 1;
        format!("rh-{:x}-{}", self.client.clock.now().as_micros(), memory.questions % 1_000_000)
    }

    /// The next moment that DHL may be asked at, taken for the caller; none while the budget is used up.
    pub(super) fn slot(&self, daily: u32) -> Result<Timestamp, Fault> {
        let (now, asked) = (self.client.clock.now(), &mut self.memory().asked);
        let at = asked.back().map_or(now, |last| now.max(*last + APART));
        while asked.front().is_some_and(|old| *old + DAY <= at) {
            asked.pop_front();
        }
        if asked.len() >= daily as usize {
            let next = asked.front().map_or(now, |at| *at + DAY);
            let what = format!("DHL: the {daily} questions of a day are used up; the next is at {next}");
            let advice = "ask DHL for more and raise daily under [carriers.dhl], or ask less often";
            return Err(self.fault(Kind::Transient, what).advise(advice));
        }
        asked.push_back(at);
        Ok(at)
    }
}
