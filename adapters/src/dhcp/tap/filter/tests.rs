//! The kernel itself runs the filter: on datagrams between two Unix sockets, which takes no privilege. What it should
//! have done is told by pnet's decoder.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use pnet::packet::Packet;
use pnet::packet::ethernet::{EtherTypes, EthernetPacket, MutableEthernetPacket};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{Ipv4Packet, MutableIpv4Packet};
use pnet::packet::udp::{MutableUdpPacket, UdpPacket};
use pnet::packet::vlan::VlanPacket;
use pnet::util::MacAddr;
use proptest::collection::vec;
use proptest::prelude::*;
use socket2::{Domain, Socket, Type};

use crate::dhcp::frame::{Reject, parse};

/// A pair of sockets with the filter between them.
struct Sieve(Socket, Socket);

impl Sieve {
    fn new() -> Self {
        let (from, to) = Socket::pair(Domain::UNIX, Type::DGRAM, None).unwrap();
        to.attach_filter(&super::dhcp()).unwrap();
        to.set_nonblocking(true).unwrap();
        Self(from, to)
    }

    /// How many octets of the frame come through; `None` where it does not.
    fn lets(&self, frame: &[u8]) -> Option<usize> {
        use std::io::Read;
        self.0.send(frame).unwrap();
        (&self.1).read(&mut [0; 9_000]).ok()
    }
}

/// A frame as the tests want one.
#[derive(Clone, Debug)]
struct Plan {
    tags: Vec<u16>,
    words: u8,
    protocol: u8,
    fragment: u16,
    ports: (u16, u16),
    payload: Vec<u8>,
}

impl Plan {
    fn new() -> Self {
        Self { tags: Vec::new(), words: 5, protocol: 17, fragment: 0, ports: (67, 68), payload: vec![0; 300] }
    }

    /// Built by pnet, not by us.
    fn frame(&self) -> Vec<u8> {
        let mut udp = vec![0; 8 + self.payload.len()];
        let len = udp.len() as u16;
        let mut packet = MutableUdpPacket::new(&mut udp).unwrap();
        packet.set_source(self.ports.0);
        packet.set_destination(self.ports.1);
        packet.set_length(len);
        packet.set_payload(&self.payload);
        let header = usize::from(self.words) * 4;
        let mut ip = vec![0; header.max(20) + udp.len()];
        let len = ip.len() as u16;
        let mut packet = MutableIpv4Packet::new(&mut ip).unwrap();
        packet.set_version(4);
        packet.set_header_length(self.words);
        packet.set_total_length(len);
        packet.set_next_level_protocol(pnet::packet::ip::IpNextHeaderProtocol(self.protocol));
        packet.set_flags((self.fragment >> 13) as u8);
        packet.set_fragment_offset(self.fragment & 0x1FFF);
        ip[header..header + udp.len()].copy_from_slice(&udp);
        let mut frame = vec![0; 14];
        let mut packet = MutableEthernetPacket::new(&mut frame).unwrap();
        packet.set_source(MacAddr::new(0x94, 0x40, 0xC9, 1, 2, 3));
        packet.set_ethertype(EtherTypes::Ipv4);
        let inner = frame.split_off(12);
        for tpid in &self.tags {
            frame.extend(tpid.to_be_bytes());
            frame.extend([0, 20]);
        }
        [frame, inner, ip].concat()
    }
}

/// Whether pnet finds DHCP's ports in it, behind two tags at the most.
fn is_dhcp(frame: &[u8]) -> bool {
    let Some(outer) = EthernetPacket::new(frame) else { return false };
    let (mut kind, mut rest) = (outer.get_ethertype(), outer.payload().to_vec());
    for _ in 0..2 {
        if kind != EtherTypes::Vlan && kind != EtherTypes::PBridge {
            break;
        }
        let Some(tag) = VlanPacket::new(&rest) else { return false };
        kind = tag.get_ethertype();
        rest = tag.payload().to_vec();
    }
    let Some(ip) = Ipv4Packet::new(&rest).filter(|_| kind == EtherTypes::Ipv4) else { return false };
    let is_whole = ip.get_flags() & 1 == 0 && ip.get_fragment_offset() == 0;
    if ip.get_next_level_protocol() != IpNextHeaderProtocols::Udp || !is_whole {
        return false;
    }
    let Some(udp) = rest.get(usize::from(ip.get_header_length()) * 4..) else { return false };
    match UdpPacket::new(udp) {
        Some(udp) => [udp.get_source(), udp.get_destination()].iter().any(|port| [67, 68].contains(port)),
        // Cut off in its header: the ports that are still there count.
        None => udp.chunks_exact(2).take(2).any(|port| [67, 68].contains(&u16::from_be_bytes([port[0], port[1]]))),
    }
}

#[test]
fn dhcp_comes_through_with_up_to_two_tags_and_ip_options() {
    let sieve = Sieve::new();
    for tags in [vec![], vec![0x8100], vec![0x88A8], vec![0x88A8, 0x8100], vec![0x8100, 0x8100]] {
        for words in [5, 6, 15] {
            for ports in [(67, 68), (68, 67), (67, 67), (1_024, 67), (67, 1_024)] {
                let plan = Plan { tags: tags.clone(), words, ports, ..Plan::new() };
                let frame = plan.frame();
                assert!(is_dhcp(&frame), "{plan:?}");
                assert_eq!(sieve.lets(&frame), Some(frame.len()), "{plan:?}");
            }
        }
    }
}

#[test]
fn everything_else_stays_out() {
    let sieve = Sieve::new();
    let plan = Plan::new();
    let mut arp = plan.frame();
    arp[12..14].copy_from_slice(&[0x08, 0x06]);
    let mut v6 = plan.frame();
    v6[12..14].copy_from_slice(&[0x86, 0xDD]);
    for frame in [
        arp,
        v6,
        Plan { protocol: 6, ..plan.clone() }.frame(),
        Plan { ports: (53, 1_068), ..plan.clone() }.frame(),
        Plan { ports: (69, 66), ..plan.clone() }.frame(),
        Plan { fragment: 0x2000, ..plan.clone() }.frame(),
        Plan { fragment: 185, ..plan.clone() }.frame(),
        // A port's number in another place is no port.
        Plan { fragment: 68, ..plan.clone() }.frame(),
        Plan { protocol: 68, ..plan.clone() }.frame(),
        Plan { tags: vec![68], ..plan.clone() }.frame(),
        Plan { tags: vec![0x8100, 68], ..plan.clone() }.frame(),
        Plan { tags: vec![0x8100; 3], ..plan.clone() }.frame(),
        Plan { tags: vec![0x9100], ..plan.clone() }.frame(),
        plan.frame()[..33].to_vec(),
        vec![0],
    ] {
        assert!(!is_dhcp(&frame));
        assert_eq!(sieve.lets(&frame), None, "{frame:02x?}");
    }
    assert!(sieve.lets(&Plan { fragment: 0x4000, ..plan }.frame()).is_some(), "do not fragment is no fragment");
}

#[test]
fn what_is_longer_than_any_client_takes_is_cut() {
    let frame = Plan { payload: vec![0; 5_000], ..Plan::new() }.frame();
    assert_eq!(Sieve::new().lets(&frame), Some(super::SNAPLEN as usize));
}

proptest! {
    #[test]
    fn the_kernel_lets_through_what_another_decoder_takes_for_dhcp_and_all_that_we_can_read(
        tags in vec(prop::sample::select(vec![0x8100_u16, 0x88A8]), 0..4),
        words in 5..=15_u8,
        protocol in prop::sample::select(vec![17_u8, 17, 17, 6, 1]),
        fragment in prop::sample::select(vec![0_u16, 0, 0, 0x4000, 0x2000, 1]),
        ports in (64..72_u16, 64..72_u16),
        payload in vec(any::<u8>(), 0..300),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut frame = Plan { tags, words, protocol, fragment, ports, payload }.frame();
        for (at, octet) in edits {
            let at = at.index(frame.len());
            frame[at] = octet;
        }
        if let Some(cut) = cut {
            frame.truncate(cut.index(frame.len() - 1) + 1);
        }
        let is_let = Sieve::new().lets(&frame).is_some();
        prop_assert_eq!(is_let, is_dhcp(&frame), "{:02x?}", frame);
        let early = [Reject::TooManyTags, Reject::NotIpv4, Reject::Fragment, Reject::NotUdp, Reject::OtherPort, Reject::Truncated];
        prop_assert!(is_let || parse(&frame).is_err_and(|why| early.contains(&why)));
    }
}
