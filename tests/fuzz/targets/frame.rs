//! Ethernet frames: parsed, joined to leases, and, where another decoder takes the message too, compared with its view.
#![no_main]

use dhcproto::v4::{self, DhcpOption, OptionCode};
use dhcproto::{Decodable, Decoder};
use libfuzzer_sys::fuzz_target;
use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::dhcp::frame::{self, Message, MessageType};
use rackhand_adapters::dhcp::join::Joiner;
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use rackhand_fuzz::plant;

/// Ethernet, IPv4 without options and UDP; the fixed part of BOOTP with its cookie.
const HEADERS: usize = 42;
const FIXED: usize = 240;

fuzz_target!(
    init: plant(seeds()),
    |data: &[u8]| {
        // Several frames in one input, so that what a client said meets its answer.
        let mut joiner = Joiner::new();
        for (n, part) in data.split(|b| *b == b'\n').enumerate().take(4) {
            take(&mut joiner, part, n);
        }
        take(&mut joiner, data, 5);
    }
);

fn take(joiner: &mut Joiner, bytes: &[u8], n: usize) {
    let Ok(message) = frame::parse(bytes) else { return };
    assert!(bytes.len() <= frame::MAX_FRAME);
    compare(&message, bytes);
    let at = Timestamp::from_secs(1_795_000_000 + n as i64);
    if let Some(lease) = joiner.take(&message, at) {
        assert_eq!(message.kind, MessageType::Ack);
        assert_eq!((lease.mac, lease.at), (message.mac, at));
        assert!(!lease.address.is_unspecified());
    }
}

/// Where each option stands once and none is elsewhere, both decoders must see the same in it.
fn compare(ours: &Message, bytes: &[u8]) {
    let plain = bytes.get(12..14) == Some(&[8, 0]) && bytes.get(14).is_some_and(|b| b & 0x0F == 5);
    let length = bytes.get(38..40).map_or(0, |l| usize::from(u16::from_be_bytes([l[0], l[1]])));
    let Some(payload) = bytes.get(HEADERS..HEADERS - 8 + length).filter(|p| plain && p.len() > FIXED) else { return };
    if !each_once(&payload[FIXED..]) {
        return;
    }
    let Ok(theirs) = v4::Message::decode(&mut Decoder::new(payload)) else { return };
    assert_eq!((ours.xid, &ours.mac.0[..]), (theirs.xid(), theirs.chaddr()));
    assert_eq!((ours.client, ours.yours, ours.relay), (theirs.ciaddr(), theirs.yiaddr(), theirs.giaddr()));
    let printable = |text: &[u8]| !text.is_empty() && text.iter().all(|b| (0x21..0x7F).contains(b));
    for (code, option) in theirs.opts().iter() {
        match option {
            DhcpOption::AddressLeaseTime(secs) => assert_eq!(ours.lease_secs, Some(*secs)),
            DhcpOption::ServerIdentifier(server) => assert_eq!(ours.server, Some(*server)),
            DhcpOption::Hostname(name) if printable(name.as_bytes()) => {
                assert_eq!(ours.hostname.as_deref(), Some(name.as_str()));
            }
            DhcpOption::ClassIdentifier(class) if printable(class) => {
                assert_eq!(ours.vendor_class.as_deref().map(str::as_bytes), Some(class.as_slice()));
            }
            DhcpOption::MessageType(kind) => {
                assert_eq!(u8::from(*kind), ours.kind as u8 + 1, "{code:?} of {:?}", OptionCode::MessageType);
            }
            _ => {}
        }
    }
}

fn each_once(mut field: &[u8]) -> bool {
    let mut seen = [false; 256];
    while let Some((&code, rest)) = field.split_first() {
        match code {
            0 => field = rest,
            // What stands behind the end is nobody's.
            255 => return rest.iter().all(|b| *b == 0),
            // File and server name hold options too.
            52 => return false,
            _ => {
                let Some((&length, rest)) = rest.split_first() else { return false };
                if std::mem::replace(&mut seen[usize::from(code)], true) || rest.len() < usize::from(length) {
                    return false;
                }
                field = &rest[usize::from(length)..];
            }
        }
    }
    false
}

fn seeds() -> Vec<Vec<u8>> {
    let (mac, address, server) = (Mac([0x94, 0x40, 0xC9, 1, 2, 3]), [10, 0, 4, 23].into(), [10, 0, 4, 1].into());
    let plain =
        Lease { hostname: Some("ILOCZ12345678"), vendor_class: Some("CPQRIB3"), ..Lease::new(mac, address, server) };
    let leases = [
        Lease { vendor_class: Some("PXEClient:Arch:00007"), hostname: None, ..plain },
        Lease { relay: Some([10, 0, 8, 1].into()), ..plain },
        Lease { vlan: Some(100), ..plain },
        Lease { renewal: true, hostname: None, ..plain },
        Lease { lease_secs: u32::MAX, ..plain },
        plain,
    ];
    let mut all = Vec::new();
    for lease in &leases {
        let (discover, request, ack, nak) = (lease.discover(), lease.request(), lease.ack(), lease.nak());
        all.push([&*discover, b"\n", &request, b"\n", &ack].concat());
        all.extend([discover, request, ack, nak]);
    }
    all
}
