//! Ethernet frames to DHCP messages: RFC 2131 and 2132 over IPv4, with up to two VLAN tags.
//!
//! Everything here comes from a network anyone can send to. Lengths are checked before bytes are looked at, work is
//! linear in a bounded frame, and nothing is allocated before a frame is known to be a whole DHCP message.
//! Checksums are not verified: on a sending host they are not filled in yet when the tap sees the frame.

use std::fmt;
use std::net::Ipv4Addr;

use rackhand_core::mac::Mac;
use rackhand_core::text::Text;

use super::options::Options;

/// Frames longer than this are refused: a jumbo frame with its tags.
pub const MAX_FRAME: usize = 9_216;

const IPV4: [u8; 2] = [0x08, 0x00];
const CUSTOMER_TAG: [u8; 2] = [0x81, 0x00];
const SERVICE_TAG: [u8; 2] = [0x88, 0xA8];
const UDP: u8 = 17;
const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
/// Fixed BOOTP fields (RFC 951) and the magic cookie after them (RFC 2131 3).
const FIXED: usize = 240;
const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];

/// Option 53 (RFC 2132 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client takes an offer, or renews.
    Request,
    /// A client found its address in use.
    Decline,
    /// A server gave the address.
    Ack,
    /// A server refused it.
    Nak,
    /// A client gives its address back.
    Release,
    /// A client that has an address asks for options only.
    Inform,
}

impl MessageType {
    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            _ => return None,
        })
    }

    /// Whether only servers send it.
    pub const fn is_reply(self) -> bool {
        matches!(self, Self::Offer | Self::Ack | Self::Nak)
    }
}

/// One DHCP message between a client with an Ethernet address and a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is (option 53).
    pub kind: MessageType,
    /// Transaction, chosen by the client; some clients keep it for renewals.
    pub xid: u32,
    /// The client (`chaddr`). The Ethernet addresses may be a relay's.
    pub mac: Mac,
    /// The address the client already uses (`ciaddr`), or 0.0.0.0.
    pub client: Ipv4Addr,
    /// The address it is given (`yiaddr`), or 0.0.0.0.
    pub yours: Ipv4Addr,
    /// The relay (`giaddr`), or 0.0.0.0.
    pub relay: Ipv4Addr,
    /// The innermost VLAN, 1 to 4094. The kernel takes a frame's outer tag off; the tap puts it back.
    pub vlan: Option<u16>,
    /// Lease in seconds (option 51); `u32::MAX` is for ever.
    pub lease_secs: Option<u32>,
    /// The server (option 54).
    pub server: Option<Ipv4Addr>,
    /// Host name (option 12). From a client, the one it calls itself.
    pub hostname: Option<Text>,
    /// Vendor class (option 60). Only clients send it.
    pub vendor_class: Option<Text>,
    /// Client architecture (option 93, RFC 4578); only network boot sends it.
    pub arch: Option<u16>,
}

/// Why a frame is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// Longer than [`MAX_FRAME`].
    TooLong,
    /// Shorter than its own headers say.
    Truncated,
    /// More than two VLAN tags.
    TooManyTags,
    /// Not IPv4.
    NotIpv4,
    /// Part of a fragmented packet.
    Fragment,
    /// Not UDP.
    NotUdp,
    /// Neither to port 67 nor to 68.
    OtherPort,
    /// Plain BOOTP, or anything else without DHCP's magic cookie.
    NoCookie,
    /// The client's address is not a 6-octet Ethernet unicast address.
    NotEthernet,
    /// This option has a length or value it cannot have, or contradicts itself.
    BadOption(u8),
    /// No option 53.
    NoMessageType,
    /// The operation, the message type and the port do not fit together.
    WrongDirection,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "frame too long",
            Self::Truncated => "frame cut short",
            Self::TooManyTags => "more than two VLAN tags",
            Self::NotIpv4 => "not IPv4",
            Self::Fragment => "IP fragment",
            Self::NotUdp => "not UDP",
            Self::OtherPort => "not a DHCP port",
            Self::NoCookie => "no DHCP cookie",
            Self::NotEthernet => "client has no Ethernet address",
            Self::BadOption(code) => return write!(f, "bad option {code}"),
            Self::NoMessageType => "no message type",
            Self::WrongDirection => "operation, type and port contradict each other",
        })
    }
}

impl std::error::Error for Reject {}

/// Reads one frame, from its Ethernet header on.
pub fn parse(frame: &[u8]) -> Result<Message, Reject> {
    if frame.len() > MAX_FRAME {
        return Err(Reject::TooLong);
    }
    let (vlan, packet) = ethernet(frame)?;
    let (port, payload) = udp(ipv4(packet)?)?;
    bootp(vlan, port, payload)
}

fn ethernet(frame: &[u8]) -> Result<(Option<u16>, &[u8]), Reject> {
    let (_, mut rest) = frame.split_first_chunk::<12>().ok_or(Reject::Truncated)?;
    let mut vlan = None;
    for _ in 0..=2 {
        let (ethertype, payload) = rest.split_first_chunk::<2>().ok_or(Reject::Truncated)?;
        match *ethertype {
            IPV4 => return Ok((vlan, payload)),
            CUSTOMER_TAG | SERVICE_TAG => {
                let (tci, inner) = payload.split_first_chunk::<2>().ok_or(Reject::Truncated)?;
                // VLAN 0 only carries a priority, and 4095 is reserved (IEEE 802.1Q 9.6).
                let id = u16::from_be_bytes(*tci) & 0x0FFF;
                if (1..4095).contains(&id) {
                    vlan = Some(id);
                }
                rest = inner;
            }
            _ => return Err(Reject::NotIpv4),
        }
    }
    Err(Reject::TooManyTags)
}

/// The payload of an unfragmented UDP packet, without what Ethernet padded it with.
fn ipv4(packet: &[u8]) -> Result<&[u8], Reject> {
    let header = packet.first_chunk::<20>().ok_or(Reject::Truncated)?;
    if header[0] >> 4 != 4 {
        return Err(Reject::NotIpv4);
    }
    if header[9] != UDP {
        return Err(Reject::NotUdp);
    }
    if u16::from_be_bytes([header[6], header[7]]) & 0x3FFF != 0 {
        return Err(Reject::Fragment);
    }
    let header_len = usize::from(header[0] & 0x0F) * 4;
    let total_len = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header_len < header.len() {
        return Err(Reject::NotIpv4);
    }
    packet.get(header_len..total_len).ok_or(Reject::Truncated)
}

fn udp(segment: &[u8]) -> Result<(u16, &[u8]), Reject> {
    let header = segment.first_chunk::<8>().ok_or(Reject::Truncated)?;
    let port = u16::from_be_bytes([header[2], header[3]]);
    if !matches!(port, SERVER_PORT | CLIENT_PORT) {
        return Err(Reject::OtherPort);
    }
    let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
    Ok((port, segment.get(header.len()..len).ok_or(Reject::Truncated)?))
}

fn bootp(vlan: Option<u16>, port: u16, payload: &[u8]) -> Result<Message, Reject> {
    let (fixed, trailer) = payload.split_first_chunk::<FIXED>().ok_or(Reject::Truncated)?;
    if fixed[236..] != COOKIE {
        return Err(Reject::NoCookie);
    }
    let mac = [fixed[28], fixed[29], fixed[30], fixed[31], fixed[32], fixed[33]];
    if fixed[1] != 1 || fixed[2] != 6 || mac[0] & 1 != 0 || mac == [0; 6] {
        return Err(Reject::NotEthernet);
    }
    let options = Options::read(trailer, &fixed[108..236], &fixed[44..108])?;
    let code = options.message_type.ok_or(Reject::NoMessageType)?;
    let kind = MessageType::from_code(code).ok_or(Reject::BadOption(53))?;
    match (fixed[0], kind.is_reply(), port) {
        (1, false, SERVER_PORT) | (2, true, SERVER_PORT | CLIENT_PORT) => {}
        _ => return Err(Reject::WrongDirection),
    }
    let address = |at: usize| Ipv4Addr::new(fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]);
    Ok(Message {
        kind,
        xid: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        mac: Mac(mac),
        client: address(12),
        yours: address(16),
        relay: address(24),
        vlan,
        lease_secs: options.lease_secs,
        server: options.server,
        hostname: options.hostname.text(),
        vendor_class: options.vendor_class.text(),
        arch: options.arch,
    })
}

#[cfg(test)]
mod tests;
