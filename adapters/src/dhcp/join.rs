//! Joins what a client said of itself with the address a server gave it.
//!
//! Host name and vendor class are in DISCOVER and REQUEST, hardly ever in the ACK. Mirrors and servers repeat
//! messages, and anyone can send any number of them, so both memories are bounded and forget the oldest.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::frame::{Message, MessageType};

/// How many clients' words are kept until their ACK comes.
pub const MAX_CLIENTS: usize = 4_096;
/// How many ACKs are remembered.
pub const MAX_ACKS: usize = 4_096;
/// The same ACK within this time is a copy. Clients ask again after 4 s at the earliest (RFC 2131 4.1).
pub const COPY_WINDOW: Duration = Duration::from_secs(2);

/// A server gave a client an address, or renewed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseAck {
    /// The client.
    pub mac: Mac,
    /// Its address.
    pub address: Ipv4Addr,
    /// What the client calls itself, else the name the server gave it.
    pub hostname: Option<Text>,
    /// The client's vendor class.
    pub vendor_class: Option<Text>,
    /// The relay it came through.
    pub relay: Option<Ipv4Addr>,
    /// The innermost VLAN.
    pub vlan: Option<u16>,
    /// Lease in seconds; `u32::MAX` is for ever.
    pub lease_secs: Option<u32>,
    /// Whether the client used the address before (RFC 2131, `ciaddr`): it has not just started.
    pub renewal: bool,
    /// When the ACK was seen.
    pub at: Timestamp,
}

#[derive(Debug, Default)]
struct Said {
    hostname: Option<Text>,
    vendor_class: Option<Text>,
}

/// Turns messages in the order they were seen into leases.
#[derive(Debug)]
pub struct Joiner {
    clients: Bounded<(Mac, u32), Said>,
    acks: Bounded<(Mac, u32, Ipv4Addr, Ipv4Addr), Timestamp>,
}

impl Default for Joiner {
    fn default() -> Self {
        Self { clients: Bounded::new(MAX_CLIENTS), acks: Bounded::new(MAX_ACKS) }
    }
}

impl Joiner {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message seen at `at`. Gives a lease for an ACK with an address that was not just seen; renewals count.
    pub fn take(&mut self, message: &Message, at: Timestamp) -> Option<LeaseAck> {
        let client = (message.mac, message.xid);
        match message.kind {
            MessageType::Discover | MessageType::Request => {
                // Clients may reuse a transaction number. A DISCOVER starts afresh; a REQUEST may leave out what the
                // DISCOVER said.
                let mut said = Said { hostname: message.hostname.clone(), vendor_class: message.vendor_class.clone() };
                if message.kind == MessageType::Request
                    && let Some(before) = self.clients.get(&client)
                {
                    said.hostname = said.hostname.or_else(|| before.hostname.clone());
                    said.vendor_class = said.vendor_class.or_else(|| before.vendor_class.clone());
                }
                if said.hostname.is_some() || said.vendor_class.is_some() || self.clients.get(&client).is_some() {
                    self.clients.put(client, said);
                }
                None
            }
            MessageType::Ack => {
                let address = message.yours;
                // An answer to INFORM gives no address. The others cannot be a host's. Which networks may be spoken
                // to, loopback among them, is the dialler's rule.
                if address.is_unspecified()
                    || address.is_multicast()
                    || address.is_broadcast()
                    || self.is_copy(message, at)
                {
                    return None;
                }
                let said = self.clients.get(&client);
                Some(LeaseAck {
                    mac: message.mac,
                    address,
                    hostname: said.and_then(|s| s.hostname.clone()).or_else(|| message.hostname.clone()),
                    vendor_class: said.and_then(|s| s.vendor_class.clone()),
                    relay: Some(message.relay).filter(|r| !r.is_unspecified()),
                    vlan: message.vlan,
                    lease_secs: message.lease_secs,
                    renewal: !message.client.is_unspecified(),
                    at,
                })
            }
            _ => None,
        }
    }

    fn is_copy(&mut self, ack: &Message, at: Timestamp) -> bool {
        // `ciaddr` tells a renewal from the first ACK where the client keeps its transaction number.
        let key = (ack.mac, ack.xid, ack.yours, ack.client);
        // Either order: a clock may be set back.
        let is_copy =
            self.acks.get(&key).is_some_and(|&last| at.since(last) < COPY_WINDOW && last.since(at) < COPY_WINDOW);
        if !is_copy {
            self.acks.put(key, at);
        }
        is_copy
    }
}

/// A map that forgets what was put first.
#[derive(Debug)]
struct Bounded<K, V> {
    map: BTreeMap<K, V>,
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Ord + Copy, V> Bounded<K, V> {
    const fn new(capacity: usize) -> Self {
        Self { map: BTreeMap::new(), order: VecDeque::new(), capacity }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    fn put(&mut self, key: K, value: V) {
        if self.map.insert(key, value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.capacity {
            if let Some(oldest) = self.order.pop_front() {
                self.map.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::compose::Lease;
    use super::super::frame::parse;
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn message(frame: &[u8]) -> Message {
        parse(frame).unwrap()
    }

    fn lease() -> Lease<'static> {
        Lease {
            hostname: Some("ILOCZ12345678"),
            vendor_class: Some("CPQRIB3"),
            ..Lease::new(Mac([0x94, 0x40, 0xC9, 1, 2, 3]), [10, 0, 4, 23].into(), [10, 0, 4, 1].into())
        }
    }

    #[test]
    fn an_ack_carries_what_its_client_said() {
        let mut joiner = Joiner::new();
        assert_eq!(joiner.take(&message(&lease().discover()), AT), None);
        // A REQUEST that says less does not make us forget.
        let terse = Lease { vendor_class: None, ..lease() };
        assert_eq!(joiner.take(&message(&terse.request()), AT), None);
        let ack = joiner.take(&message(&lease().ack()), AT).unwrap();
        assert_eq!(ack.hostname.as_deref(), Some("ILOCZ12345678"));
        assert_eq!(ack.vendor_class.as_deref(), Some("CPQRIB3"));
        assert_eq!((ack.address, ack.lease_secs, ack.relay), ([10, 0, 4, 23].into(), Some(600), None));
    }

    #[test]
    fn a_discover_that_reuses_a_transaction_starts_afresh() {
        let mut joiner = Joiner::new();
        let booting = Lease { vendor_class: Some("PXEClient:Arch:00007"), ..lease() };
        joiner.take(&message(&booting.discover()), AT);
        joiner.take(&message(&Lease { vendor_class: None, ..lease() }.discover()), AT);
        assert_eq!(joiner.take(&message(&lease().ack()), AT).unwrap().vendor_class, None);
    }

    #[test]
    fn copies_of_an_ack_count_once_and_renewals_count() {
        let mut joiner = Joiner::new();
        let ack = message(&lease().ack());
        let renewal = message(&Lease { renewal: true, ..lease() }.ack());
        assert!(joiner.take(&ack, AT).is_some());
        assert!(joiner.take(&ack, AT + Duration::from_millis(1)).is_none());
        assert!(joiner.take(&ack, AT - Duration::from_millis(1)).is_none());
        assert!(joiner.take(&renewal, AT + Duration::from_millis(2)).is_some());
        assert!(joiner.take(&renewal, AT + Duration::from_mins(5)).is_some());
        assert!(joiner.take(&renewal, AT - Duration::from_mins(5)).is_some(), "the clock was set back");
    }

    #[test]
    fn refusals_and_answers_without_an_address_are_no_leases() {
        let mut joiner = Joiner::new();
        assert!(joiner.take(&message(&lease().nak()), AT).is_none());
        for address in [[0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255]] {
            let ack = Lease { address: address.into(), ..lease() }.ack();
            assert!(joiner.take(&message(&ack), AT).is_none(), "{address:?}");
        }
    }

    #[test]
    fn a_flood_of_strangers_is_forgotten_from_its_oldest_end() {
        let mut joiner = Joiner::new();
        joiner.take(&message(&lease().request()), AT);
        for n in 0..3 * MAX_CLIENTS {
            let [.., a, b, c] = n.to_be_bytes();
            let stranger = Lease { mac: Mac([2, 0, 0, a, b, c]), ..lease() };
            joiner.take(&message(&stranger.request()), AT);
            assert!(joiner.take(&message(&stranger.ack()), AT).is_some());
        }
        assert_eq!((joiner.clients.map.len(), joiner.clients.order.len()), (MAX_CLIENTS, MAX_CLIENTS));
        assert_eq!((joiner.acks.map.len(), joiner.acks.order.len()), (MAX_ACKS, MAX_ACKS));
        assert_eq!(joiner.take(&message(&lease().ack()), AT).unwrap().vendor_class, None);
    }
}
