//! What was told of each address, so that a list that is read again and again tells only what is new.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;

/// What was told is told again after this, as a renewal would be.
const TELL_AGAIN: Duration = Duration::from_secs(3_600);

/// Leases that were told.
#[derive(Default)]
pub struct Told {
    rows: BTreeMap<IpAddr, (Mac, Option<Timestamp>)>,
    since: Option<Timestamp>,
}

impl Told {
    /// Whether this is news. What a source holds no more is dropped with the rest within [`TELL_AGAIN`].
    pub fn is_new(&mut self, address: IpAddr, mac: Mac, until: Option<Timestamp>, now: Timestamp) -> bool {
        if self.since.is_none_or(|since| now.since(since) >= TELL_AGAIN) {
            self.rows.clear();
            self.since = Some(now);
        }
        self.rows.insert(address, (mac, until)) != Some((mac, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_079_700);

    #[test]
    fn what_was_told_an_hour_ago_is_told_again() {
        let mut told = Told::default();
        let (address, mac) = ([10, 0, 4, 1].into(), Mac([0x94, 0x40, 0xC9, 1, 2, 3]));
        assert!(told.is_new(address, mac, None, NOW) && !told.is_new(address, mac, None, NOW));
        assert!(told.is_new(address, Mac([0x94, 0x40, 0xC9, 1, 2, 4]), None, NOW), "another client");
        assert!(told.is_new(address, mac, None, NOW) && told.is_new(address, mac, None, NOW + TELL_AGAIN));
    }
}
