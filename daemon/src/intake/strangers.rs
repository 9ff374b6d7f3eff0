//! Who is kept outside, and for how long: leases of MACs nobody is known to have. Anyone on the wire can make any number
//! of them, so all of it is bounded, and none of it is in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;

use super::Seen;

/// Leases of strangers that are remembered, the oldest forgotten first.
const STRANGERS: usize = 4_096;

/// New MACs from a BMC vendor's blocks that are taken in at once: more than a site has BMCs, so that a whole site can
/// come up in one minute. What is taken in is journaled and asked of NetBox one by one.
const AT_ONCE: u32 = 8_192;

/// Beyond those, one in this time. A flood that goes on for a year adds 1 million, and as many are forgotten.
const ONE_EACH: Duration = Duration::from_secs(30);

/// NetBox is asked for all its MACs again after this at the earliest.
const LIST_AGAIN: Duration = Duration::from_secs(300);

/// A word in the journal that MACs are kept outside, at most this often.
const TELL_AGAIN: Duration = Duration::from_secs(3_600);

/// The leases of strangers seen last, the oldest forgotten first.
#[derive(Default)]
pub(super) struct Strangers {
    rows: BTreeMap<Mac, (u64, Seen)>,
    order: BTreeMap<u64, Mac>,
    next: u64,
}

impl Strangers {
    pub fn put(&mut self, lease: Seen) {
        self.take(lease.mac);
        if self.rows.len() >= STRANGERS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.rows.remove(&oldest);
        }
        self.order.insert(self.next, lease.mac);
        self.rows.insert(lease.mac, (self.next, lease));
        self.next += 1;
    }

    pub fn take(&mut self, mac: Mac) -> Option<Seen> {
        let (place, lease) = self.rows.remove(&mac)?;
        self.order.remove(&place);
        Some(lease)
    }

    /// All of them, by MAC.
    pub fn seen(&self) -> impl Iterator<Item = (Mac, Timestamp)> {
        self.rows.iter().map(|(mac, (_, lease))| (*mac, lease.at))
    }
}

/// Lets new MACs in while there is room, and later those that NetBox lists.
pub(super) struct Doorman {
    room: u32,
    since: Option<Timestamp>,
    listed: BTreeSet<Mac>,
    listed_at: Option<Timestamp>,
    listing: bool,
    kept_out: u64,
    told: Option<Timestamp>,
}

impl Default for Doorman {
    fn default() -> Self {
        let (listed, listed_at, listing, kept_out, told) = (BTreeSet::new(), None, false, 0, None);
        Self { room: AT_ONCE, since: None, listed, listed_at, listing, kept_out, told }
    }
}

impl Doorman {
    /// Whether a MAC that is neither a unit's nor journaled comes in.
    pub fn admits(&mut self, mac: Mac, now: Timestamp) -> bool {
        if self.listed.contains(&mac) {
            return true;
        }
        let since = *self.since.get_or_insert(now);
        let more = u32::try_from(now.since(since).as_micros() / ONE_EACH.as_micros()).unwrap_or(u32::MAX);
        if more > 0 {
            self.room = self.room.saturating_add(more).min(AT_ONCE);
            self.since = Some(since + ONE_EACH.saturating_mul(more));
        }
        let admitted = self.room > 0;
        self.room -= u32::from(admitted);
        self.kept_out += u64::from(!admitted);
        admitted
    }

    /// Whether NetBox is to be asked for its MACs now. Who is told so answers with [`Self::list`].
    pub fn is_time_to_list(&mut self, now: Timestamp) -> bool {
        let due = !self.listing && self.listed_at.is_none_or(|at| now.since(at) >= LIST_AGAIN);
        self.listing |= due;
        due
    }

    /// Takes NetBox's MACs; `None` where it did not answer, and what it said before stands.
    pub fn list(&mut self, macs: Option<BTreeSet<Mac>>, now: Timestamp) {
        self.listed_at = Some(now);
        self.listing = false;
        if let Some(macs) = macs {
            self.listed = macs;
        }
    }

    /// Those of these that NetBox lists.
    pub fn listed(&self, macs: impl Iterator<Item = Mac>) -> Vec<Mac> {
        macs.filter(|mac| self.listed.contains(mac)).collect()
    }

    /// How many leases were kept out since the last word about them, when it is time for one.
    pub fn is_time_to_tell(&mut self, now: Timestamp) -> Option<u64> {
        if self.kept_out == 0 || self.told.is_some_and(|at| now.since(at) < TELL_AGAIN) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.kept_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn mac(n: u32) -> Mac {
        let mut octets = [0x94, 0x40, 0, 0, 0, 0];
        octets[2..].copy_from_slice(&n.to_be_bytes());
        Mac(octets)
    }

    #[test]
    fn the_oldest_stranger_is_forgotten_first_and_who_comes_again_is_no_longer_the_oldest() {
        let mut strangers = Strangers::default();
        let seen = |n| Seen {
            mac: mac(n),
            address: [10, 0, 0, 1].into(),
            hostname: None,
            vendor_class: None,
            fresh: true,
            at: NOW,
        };
        for n in 0..STRANGERS as u32 {
            strangers.put(seen(n));
        }
        strangers.put(seen(0));
        strangers.put(seen(1_000_000));
        let is_there = |strangers: &Strangers, n| strangers.seen().any(|(m, _)| m == mac(n));
        assert!(is_there(&strangers, 0) && !is_there(&strangers, 1) && is_there(&strangers, 1_000_000));
        assert_eq!((strangers.rows.len(), strangers.order.len()), (STRANGERS, STRANGERS));
        assert_eq!(strangers.take(mac(0)).map(|l| l.mac), Some(mac(0)));
        assert_eq!(strangers.order.len(), STRANGERS - 1);
    }

    #[test]
    fn a_whole_site_comes_in_at_once_and_then_one_in_each_half_minute() {
        let mut doorman = Doorman::default();
        let admitted = (0..10_000).filter(|n| doorman.admits(mac(*n), NOW)).count();
        assert_eq!(admitted, AT_ONCE as usize);
        let hour = NOW + Duration::from_secs(3_600);
        assert_eq!((0..10_000).filter(|n| doorman.admits(mac(*n), hour)).count(), 120);
        assert_eq!(doorman.is_time_to_tell(hour), Some(20_000 - 8_192 - 120));
        assert_eq!(doorman.is_time_to_tell(hour), None);
    }

    #[test]
    fn whom_netbox_lists_comes_in_whatever_else_is_at_the_door() {
        let mut doorman = Doorman::default();
        for n in 0..10_000 {
            doorman.admits(mac(n), NOW);
        }
        assert!(doorman.is_time_to_list(NOW) && !doorman.is_time_to_list(NOW), "once at a time");
        doorman.list(Some([mac(77_777)].into()), NOW);
        assert!(doorman.admits(mac(77_777), NOW) && !doorman.admits(mac(77_778), NOW));
        assert!(!doorman.is_time_to_list(NOW));
        assert!(doorman.is_time_to_list(NOW + LIST_AGAIN));
        doorman.list(None, NOW + LIST_AGAIN);
        assert!(doorman.admits(mac(77_777), NOW), "what it said before stands");
    }
}
