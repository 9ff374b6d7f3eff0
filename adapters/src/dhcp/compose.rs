//! Composes DHCP frames with valid checksums, for the lab and for measurements. Nothing here is ever sent by the daemon.

use std::net::Ipv4Addr;

use rackhand_core::mac::Mac;

/// One client's lease, and how its messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<'a> {
    /// The client.
    pub mac: Mac,
    /// The address it is given.
    pub address: Ipv4Addr,
    /// The server.
    pub server: Ipv4Addr,
    /// Transaction.
    pub xid: u32,
    /// Lease in seconds.
    pub lease_secs: u32,
    /// What the client calls itself; at most 255 octets are sent.
    pub hostname: Option<&'a str>,
    /// The client's vendor class; at most 255 octets are sent.
    pub vendor_class: Option<&'a str>,
    /// The relay between them.
    pub relay: Option<Ipv4Addr>,
    /// The 802.1Q tag.
    pub vlan: Option<u16>,
    /// Whether the client already has the address.
    pub renewal: bool,
}

impl Lease<'_> {
    /// A first lease of 600 s in transaction 1: no relay, no VLAN, a client that says nothing of itself.
    pub const fn new(mac: Mac, address: Ipv4Addr, server: Ipv4Addr) -> Self {
        Self {
            mac,
            address,
            server,
            xid: 1,
            lease_secs: 600,
            hostname: None,
            vendor_class: None,
            relay: None,
            vlan: None,
            renewal: false,
        }
    }

    /// The client looks for a server.
    pub fn discover(&self) -> Vec<u8> {
        let options = Options::of(1).said(self);
        self.sent_by_client(&options.0, false)
    }

    /// The client asks for the address, or for more time.
    pub fn request(&self) -> Vec<u8> {
        let mut options = Options::of(3);
        if !self.renewal {
            options = options.put(50, &self.address.octets()).put(54, &self.server.octets());
        }
        self.sent_by_client(&options.said(self).0, self.renewal)
    }

    /// The server gives the address.
    pub fn ack(&self) -> Vec<u8> {
        let options = Options::of(5)
            .put(54, &self.server.octets())
            .put(51, &self.lease_secs.to_be_bytes())
            .put(1, &[255, 255, 255, 0]);
        self.sent_by_server(&options.0, self.address)
    }

    /// The server refuses.
    pub fn nak(&self) -> Vec<u8> {
        self.sent_by_server(&Options::of(6).put(54, &self.server.octets()).0, Ipv4Addr::UNSPECIFIED)
    }

    fn sent_by_client(&self, options: &[u8], has_address: bool) -> Vec<u8> {
        let client = if has_address { self.address } else { Ipv4Addr::UNSPECIFIED };
        let (to_mac, to) = match self.relay {
            Some(_) => (station(self.server), self.server),
            None if has_address => (station(self.server), self.server),
            None => (Mac([0xFF; 6]), Ipv4Addr::BROADCAST),
        };
        let (from_mac, from, port) = match self.relay {
            Some(relay) => (station(relay), relay, 67),
            None => (self.mac, client, 68),
        };
        let payload = self.bootp(1, client, Ipv4Addr::UNSPECIFIED, options);
        frame(Envelope { to_mac, from_mac, vlan: self.vlan, from: (from, port), to: (to, 67) }, &payload)
    }

    fn sent_by_server(&self, options: &[u8], yours: Ipv4Addr) -> Vec<u8> {
        let client = if self.renewal { self.address } else { Ipv4Addr::UNSPECIFIED };
        let (to_mac, to) = match self.relay {
            Some(relay) => (station(relay), (relay, 67)),
            None => (self.mac, (self.address, 68)),
        };
        let payload = self.bootp(2, client, yours, options);
        let from_mac = station(self.server);
        frame(Envelope { to_mac, from_mac, vlan: self.vlan, from: (self.server, 67), to }, &payload)
    }

    fn bootp(&self, op: u8, client: Ipv4Addr, yours: Ipv4Addr, options: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(300);
        out.extend([op, 1, 6, u8::from(self.relay.is_some())]);
        out.extend(self.xid.to_be_bytes());
        out.extend([0; 4]);
        for address in [client, yours, Ipv4Addr::UNSPECIFIED, self.relay.unwrap_or(Ipv4Addr::UNSPECIFIED)] {
            out.extend(address.octets());
        }
        out.extend(self.mac.0);
        out.resize(236, 0);
        out.extend([0x63, 0x82, 0x53, 0x63]);
        out.extend(options);
        out.push(255);
        // RFC 1542 2.1: a BOOTP message is at least 300 octets long.
        out.resize(out.len().max(300), 0);
        out
    }
}

struct Options(Vec<u8>);

impl Options {
    fn of(message_type: u8) -> Self {
        Self(vec![53, 1, message_type])
    }

    fn put(mut self, code: u8, value: &[u8]) -> Self {
        let len = u8::try_from(value.len()).unwrap_or(u8::MAX);
        self.0.extend([code, len]);
        self.0.extend(value.iter().take(usize::from(len)));
        self
    }

    fn said(mut self, lease: &Lease<'_>) -> Self {
        for (code, value) in [(12, lease.hostname), (60, lease.vendor_class)] {
            if let Some(value) = value {
                self = self.put(code, value.as_bytes());
            }
        }
        self
    }
}

/// A locally administered MAC for whoever has this address.
fn station(address: Ipv4Addr) -> Mac {
    let [a, b, c, d] = address.octets();
    Mac([2, 0, a, b, c, d])
}

/// Who sends a datagram to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) to_mac: Mac,
    pub(crate) from_mac: Mac,
    pub(crate) vlan: Option<u16>,
    pub(crate) from: (Ipv4Addr, u16),
    pub(crate) to: (Ipv4Addr, u16),
}

/// `payload` in UDP, IPv4 and Ethernet.
pub(crate) fn frame(envelope: Envelope, payload: &[u8]) -> Vec<u8> {
    let Envelope { to_mac, from_mac, vlan, from, to } = envelope;
    let udp_len = u16::try_from(payload.len() + 8).unwrap_or(u16::MAX);
    let mut out = Vec::with_capacity(payload.len() + 46);
    out.extend(to_mac.0);
    out.extend(from_mac.0);
    if let Some(id) = vlan {
        out.extend([0x81, 0x00]);
        out.extend((id & 0x0FFF).to_be_bytes());
    }
    out.extend([0x08, 0x00]);

    let mut ip = [0; 20];
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&udp_len.saturating_add(20).to_be_bytes());
    ip[8] = 64;
    ip[9] = 17;
    ip[12..16].copy_from_slice(&from.0.octets());
    ip[16..20].copy_from_slice(&to.0.octets());
    let sum = checksum(&[&ip]);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    out.extend(ip);

    let mut udp = [0; 8];
    udp[0..2].copy_from_slice(&from.1.to_be_bytes());
    udp[2..4].copy_from_slice(&to.1.to_be_bytes());
    udp[4..6].copy_from_slice(&udp_len.to_be_bytes());
    let protocol = [0, 17];
    let sum = match checksum(&[&ip[12..20], &protocol, &udp_len.to_be_bytes(), &udp, payload]) {
        // RFC 768: zero on the wire means that there is none.
        0 => 0xFFFF,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());
    out.extend(udp);
    out.extend(payload);
    out
}

/// RFC 1071 over parts that, but for the last, have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        let high = pair.first().copied().unwrap_or(0);
        let low = pair.get(1).copied().unwrap_or(0);
        sum += u32::from(u16::from_be_bytes([high, low]));
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_composed_frames_add_up() {
        let lease = Lease {
            vendor_class: Some("CPQRIB3"),
            ..Lease::new(Mac([0x94, 0x40, 0xC9, 1, 2, 3]), [10, 0, 4, 23].into(), [10, 0, 4, 1].into())
        };
        for frame in [lease.discover(), lease.request(), lease.ack(), lease.nak()] {
            let (ip, udp) = frame[14..].split_at(20);
            assert_eq!(checksum(&[ip]), 0);
            assert_eq!(checksum(&[&ip[12..20], &[0, 17], &udp[4..6], udp]), 0);
        }
    }
}
