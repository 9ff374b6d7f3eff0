//! One test for each trap, then random bytes, mutations, and another decoder's opinion.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use dhcproto::v4::{self, DhcpOption, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::compose::{self, Envelope, Lease};
use super::*;

const MAC: Mac = Mac([0x94, 0x40, 0xC9, 1, 2, 3]);
/// Ethernet, IPv4 without options and UDP.
const HEADERS: usize = 42;

fn lease() -> Lease<'static> {
    Lease {
        hostname: Some("ILOCZ12345678"),
        vendor_class: Some("CPQRIB3"),
        ..Lease::new(MAC, [10, 0, 4, 23].into(), [10, 0, 4, 1].into())
    }
}

/// A server's message whose option field, `file` and `sname` are these.
fn reply(options: &[u8], file: &[u8], sname: &[u8]) -> Result<Message, Reject> {
    let mut payload = lease().ack()[HEADERS..HEADERS + FIXED].to_vec();
    payload[108..108 + file.len()].copy_from_slice(file);
    payload[44..44 + sname.len()].copy_from_slice(sname);
    payload.extend(options);
    parse(&wrap(&payload))
}

fn wrap(payload: &[u8]) -> Vec<u8> {
    let (from, to) = (([10, 0, 4, 1].into(), 67), ([10, 0, 4, 23].into(), 68));
    compose::frame(Envelope { to_mac: MAC, from_mac: MAC, vlan: None, from, to }, payload)
}

fn options(options: &[u8]) -> Result<Message, Reject> {
    reply(options, &[], &[])
}

/// The ACK with these octets put in the place of its first ones at `at`.
fn patched(at: usize, octets: &[u8]) -> Result<Message, Reject> {
    let mut frame = lease().ack();
    frame[at..at + octets.len()].copy_from_slice(octets);
    parse(&frame)
}

#[test]
fn an_exchange_reads_as_it_was_composed() {
    let ack = parse(&lease().ack()).unwrap();
    assert_eq!((ack.kind, ack.mac, ack.xid), (MessageType::Ack, MAC, 1));
    assert_eq!((ack.yours, ack.client), ([10, 0, 4, 23].into(), Ipv4Addr::UNSPECIFIED));
    assert_eq!((ack.lease_secs, ack.server, ack.vlan), (Some(600), Some([10, 0, 4, 1].into()), None));
    let request = parse(&lease().request()).unwrap();
    assert_eq!((request.kind, request.hostname.as_deref()), (MessageType::Request, Some("ILOCZ12345678")));
    assert_eq!(request.vendor_class.as_deref(), Some("CPQRIB3"));
    assert_eq!(parse(&lease().discover()).unwrap().kind, MessageType::Discover);
    assert_eq!(parse(&lease().nak()).unwrap().kind, MessageType::Nak);
    let relayed = Lease { relay: Some([10, 30, 0, 1].into()), renewal: true, ..lease() };
    let ack = parse(&relayed.ack()).unwrap();
    assert_eq!((ack.relay, ack.client), ([10, 30, 0, 1].into(), [10, 0, 4, 23].into()));
    assert_eq!(parse(&relayed.request()).unwrap().mac, MAC, "the client's, not the relay's");
}

#[test]
fn up_to_two_tags_are_taken_off_and_the_inner_vlan_counts() {
    let tagged = |tags: &[u8]| {
        let mut frame = lease().ack();
        frame.splice(12..12, tags.iter().copied());
        parse(&frame).map(|m| m.vlan)
    };
    assert_eq!(parse(&Lease { vlan: Some(20), ..lease() }.ack()).unwrap().vlan, Some(20));
    assert_eq!(tagged(&[0x81, 0, 0xE0, 20]), Ok(Some(20)), "a priority is no part of the number");
    assert_eq!(tagged(&[0x88, 0xA8, 0, 100, 0x81, 0, 0, 20]), Ok(Some(20)));
    assert_eq!(tagged(&[0x81, 0, 0, 100, 0x81, 0, 0, 20]), Ok(Some(20)));
    assert_eq!(tagged(&[0x81, 0, 0xE0, 0]), Ok(None), "a priority tag");
    assert_eq!(tagged(&[0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3]), Err(Reject::TooManyTags));
}

#[test]
fn what_is_not_dhcp_over_udp_over_ipv4_is_refused() {
    assert_eq!(patched(12, &[0x86, 0xDD]), Err(Reject::NotIpv4));
    assert_eq!(patched(14, &[0x65]), Err(Reject::NotIpv4));
    assert_eq!(patched(14, &[0x44]), Err(Reject::NotIpv4), "a header of 16 octets");
    assert_eq!(patched(23, &[6]), Err(Reject::NotUdp));
    assert_eq!(patched(36, &[0, 53]), Err(Reject::OtherPort));
    assert_eq!(patched(HEADERS + 236, &[0]), Err(Reject::NoCookie));
    assert_eq!(parse(&vec![0; MAX_FRAME + 1]), Err(Reject::TooLong));
}

#[test]
fn fragments_are_refused_and_do_not_fragment_is_not_one() {
    assert_eq!(patched(20, &[0x20, 0]), Err(Reject::Fragment), "more follow");
    assert_eq!(patched(20, &[0, 1]), Err(Reject::Fragment), "not the first");
    assert!(patched(20, &[0x40, 0]).is_ok());
}

#[test]
fn ip_options_are_stepped_over_and_padding_is_not_read() {
    let mut frame = lease().ack();
    frame[14] = 0x46;
    let total = u16::from_be_bytes([frame[16], frame[17]]) + 4;
    frame[16..18].copy_from_slice(&total.to_be_bytes());
    frame.splice(34..34, [1, 1, 1, 0]);
    frame.extend([12, 4, b'l', b'i', b'a', b'r']);
    assert_eq!(parse(&frame).unwrap().hostname, None);
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    assert_eq!(patched(16, &[0xFF, 0xFF]), Err(Reject::Truncated), "IP longer than the frame");
    assert_eq!(patched(16, &[0, 19]), Err(Reject::Truncated), "IP shorter than its header");
    assert_eq!(patched(38, &[0xFF, 0xFF]), Err(Reject::Truncated), "UDP longer than IP");
    assert_eq!(patched(38, &[0, 0]), Err(Reject::Truncated), "UDP shorter than its header");
}

#[test]
fn checksums_are_not_looked_at() {
    assert!(patched(40, &[0x16, 0x71]).is_ok());
    assert!(patched(24, &[0, 0]).is_ok());
}

#[test]
fn only_ethernet_unicast_clients_count() {
    for (at, octet) in [(1, 6), (2, 16), (2, 0), (28, 0x95)] {
        assert_eq!(patched(HEADERS + at, &[octet]), Err(Reject::NotEthernet));
    }
    assert_eq!(patched(HEADERS + 28, &[0; 6]), Err(Reject::NotEthernet));
}

#[test]
fn a_client_that_plays_server_is_refused() {
    assert_eq!(patched(HEADERS, &[1]), Err(Reject::WrongDirection), "an ACK from a client");
    assert_eq!(options(&[53, 1, 3, 255]), Err(Reject::WrongDirection), "a REQUEST from a server");
    let mut request = lease().request();
    request[37] = 68;
    assert_eq!(parse(&request), Err(Reject::WrongDirection), "a REQUEST to a client");
}

#[test]
fn options_are_whole_and_of_their_length() {
    assert_eq!(options(&[255]), Err(Reject::NoMessageType));
    assert_eq!(options(&[0, 0]), Err(Reject::NoMessageType));
    assert_eq!(options(&[53, 1, 99, 255]), Err(Reject::BadOption(53)));
    for bad in [53, 51, 54, 52] {
        assert_eq!(options(&[53, 1, 5, bad, 0, 255]), Err(Reject::BadOption(bad)));
    }
    assert_eq!(options(&[53, 1, 5, 93, 3, 0, 7, 0, 255]), Err(Reject::BadOption(93)));
    assert_eq!(options(&[53, 1, 5, 12]), Err(Reject::BadOption(12)), "no length");
    assert_eq!(options(&[53, 1, 5, 12, 4, b'a']), Err(Reject::BadOption(12)), "longer than the field");
    assert!(options(&[53, 1, 5]).is_ok(), "no end");
    assert_eq!(options(&[53, 1, 5, 255, 51, 9]).unwrap().lease_secs, None, "after the end");
}

#[test]
fn a_second_different_value_of_a_number_is_refused() {
    assert_eq!(options(&[53, 1, 5, 53, 1, 6, 255]), Err(Reject::BadOption(53)));
    assert_eq!(options(&[53, 1, 5, 54, 4, 1, 2, 3, 4, 54, 4, 1, 2, 3, 5, 255]), Err(Reject::BadOption(54)));
    assert!(options(&[53, 1, 5, 53, 1, 5, 255]).is_ok());
}

#[test]
fn text_in_parts_is_joined_cleaned_and_bounded() {
    let name = |o: &[u8]| options(&[&[53, 1, 5], o].concat()).map(|m| m.hostname.map(|n| n.to_string()));
    assert_eq!(name(&[12, 2, b'i', b'l', 0, 12, 2, b'o', 0]), Ok(Some("ilo".into())));
    assert_eq!(name(&[12, 0]), Ok(None));
    assert_eq!(name(&[12, 3, 0, 0, 0]), Ok(None));
    assert_eq!(name(&[12, 3, 0x1B, b'[', 0xFF]), Ok(Some("\u{FFFD}[\u{FFFD}".into())));
    assert_eq!(name(&[12, 1, b'a'].repeat(4)), Ok(Some("aaaa".into())));
    assert_eq!(name(&[12, 1, b'a'].repeat(5)), Err(Reject::BadOption(12)));
    let long = [&[12, 255][..], &[b'a'; 255]].concat();
    assert_eq!(name(&long.repeat(3)).unwrap().unwrap().len(), 255);
}

#[test]
fn options_overflow_into_the_boot_file_then_the_server_name() {
    let file = [12, 1, b'b', 255];
    let sname = [12, 1, b'c', 255];
    let name = |overload| {
        reply(&[53, 1, 5, 12, 1, b'a', 52, 1, overload, 255], &file, &sname).map(|m| m.hostname.map(|n| n.to_string()))
    };
    assert_eq!(name(1), Ok(Some("ab".into())));
    assert_eq!(name(2), Ok(Some("ac".into())));
    assert_eq!(name(3), Ok(Some("abc".into())));
    assert_eq!(name(4), Err(Reject::BadOption(52)));
    let again = reply(&[53, 1, 5, 52, 1, 1, 255], &[52, 1, 2, 255], &[12, 200]);
    assert_eq!(again.unwrap().hostname, None, "an overflow does not name another");
    assert_eq!(reply(&[53, 1, 5, 52, 1, 1], &[12, 200], &[]), Err(Reject::BadOption(12)), "longer than its field");
}

#[test]
fn no_prefix_of_a_frame_is_taken_for_the_frame() {
    for frame in [lease().ack(), Lease { vlan: Some(20), ..lease() }.request()] {
        for len in 0..frame.len() {
            assert_eq!(parse(&frame[..len]), Err(Reject::Truncated), "{len} of {}", frame.len());
        }
    }
}

prop_compose! {
    fn any_lease()(
        octets in any::<[u8; 6]>().prop_filter("unicast", |m| m[0] & 1 == 0 && *m != [0; 6]),
        (address, server, xid, lease_secs) in any::<([u8; 4], [u8; 4], u32, u32)>(),
        hostname in option::of("[ -~]{1,80}"),
        vendor_class in option::of("[ -~]{1,80}"),
        relay in option::of(any::<[u8; 4]>()),
        vlan in option::of(1..4095_u16),
        renewal in any::<bool>(),
    ) -> (Lease<'static>, Option<String>, Option<String>) {
        let relay = relay.map(Ipv4Addr::from);
        let bare = Lease::new(Mac(octets), address.into(), server.into());
        (Lease { xid, lease_secs, relay, vlan, renewal, ..bare }, hostname, vendor_class)
    }
}

fn frames(lease: &Lease<'_>) -> [Vec<u8>; 4] {
    [lease.discover(), lease.request(), lease.ack(), lease.nak()]
}

/// The same fields as another decoder reads them.
fn opinion(payload: &[u8]) -> Message {
    as_ours(&v4::Message::decode(&mut Decoder::new(payload)).unwrap())
}

fn as_ours(m: &v4::Message) -> Message {
    let text = |code| match m.opts().get(code) {
        Some(DhcpOption::Hostname(name)) => Some(Text::new(name)),
        Some(DhcpOption::ClassIdentifier(class)) => Some(Text::new(&String::from_utf8_lossy(class))),
        _ => None,
    };
    Message {
        kind: MessageType::from_code(u8::from(m.opts().msg_type().unwrap())).unwrap(),
        xid: m.xid(),
        mac: Mac(m.chaddr().try_into().unwrap()),
        client: m.ciaddr(),
        yours: m.yiaddr(),
        relay: m.giaddr(),
        vlan: None,
        lease_secs: match m.opts().get(OptionCode::AddressLeaseTime) {
            Some(DhcpOption::AddressLeaseTime(secs)) => Some(*secs),
            _ => None,
        },
        server: match m.opts().get(OptionCode::ServerIdentifier) {
            Some(DhcpOption::ServerIdentifier(server)) => Some(*server),
            _ => None,
        },
        hostname: text(OptionCode::Hostname),
        vendor_class: text(OptionCode::ClassIdentifier),
        arch: match m.opts().get(OptionCode::ClientSystemArchitecture) {
            Some(DhcpOption::ClientSystemArchitecture(arch)) => Some(u16::from(*arch)),
            _ => None,
        },
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..700)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn random_options_never_panic(field in vec(any::<u8>(), 0..400), file in vec(any::<u8>(), 128), sname in vec(any::<u8>(), 64), overload in 0..4_u8) {
        let field = [&[53, 1, 5, 52, 1, overload], &*field].concat();
        if let Ok(message) = reply(&field, &file, &sname) {
            prop_assert!(message.hostname.is_none_or(|n| n.chars().count() <= 255));
        }
    }

    #[test]
    fn mutated_frames_never_panic(
        (lease, hostname, vendor_class) in any_lease(),
        which in 0..4_usize,
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in option::of(any::<prop::sample::Index>()),
    ) {
        let lease = Lease { hostname: hostname.as_deref(), vendor_class: vendor_class.as_deref(), ..lease };
        let mut frame = frames(&lease)[which].clone();
        for (at, octet) in edits {
            let at = at.index(frame.len());
            frame[at] = octet;
        }
        if let Some(cut) = cut {
            frame.truncate(cut.index(frame.len()));
        }
        let _ = parse(&frame);
    }

    #[test]
    fn another_decoder_agrees_on_mutations_that_both_take(
        (lease, hostname, vendor_class) in any_lease(),
        which in 0..4_usize,
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let lease = Lease { hostname: hostname.as_deref(), vendor_class: vendor_class.as_deref(), vlan: None, ..lease };
        let mut frame = frames(&lease)[which].clone();
        for (at, octet) in edits {
            // What follows the headers and is not among the 192 octets of names, where both look only if told to.
            let at = HEADERS + at.index(frame.len() - HEADERS - 192);
            let at = if at >= HEADERS + 44 { at + 192 } else { at };
            frame[at] = octet;
        }
        let Ok(ours) = parse(&frame) else { return Ok(()) };
        // It panics at options we do not read, in debug builds.
        let payload = frame[HEADERS..].to_vec();
        let theirs = std::panic::catch_unwind(|| v4::Message::decode(&mut Decoder::new(&payload)));
        let Ok(Ok(theirs)) = theirs else { return Ok(()) };
        // Who, what and where. What it makes of options with a wrong length is its own affair: it drops what follows.
        let bare = |m: Message| Message { hostname: None, vendor_class: None, lease_secs: None, server: None, arch: None, ..m };
        prop_assert_eq!(bare(ours), bare(as_ours(&theirs)));
    }

    #[test]
    fn another_decoder_agrees_on_what_we_compose((lease, hostname, vendor_class) in any_lease()) {
        let lease = Lease { hostname: hostname.as_deref(), vendor_class: vendor_class.as_deref(), ..lease };
        let headers = HEADERS + if lease.vlan.is_some() { 4 } else { 0 };
        for frame in frames(&lease) {
            let ours = parse(&frame).unwrap();
            prop_assert_eq!(ours.vlan, lease.vlan);
            prop_assert_eq!(Message { vlan: None, ..ours }, opinion(&frame[headers..]));
        }
    }

    #[test]
    fn we_agree_on_what_another_encoder_composes(
        (lease, hostname, vendor_class) in any_lease(),
        kind in prop::sample::select(vec![2_u8, 5, 6]),
        arch in option::of(0..12_u16),
    ) {
        let mut m = v4::Message::default();
        m.set_opcode(v4::Opcode::BootReply).set_xid(lease.xid).set_chaddr(&lease.mac.0).set_yiaddr(lease.address);
        let opts = m.opts_mut();
        opts.insert(DhcpOption::MessageType(v4::MessageType::from(kind)));
        opts.insert(DhcpOption::AddressLeaseTime(lease.lease_secs));
        opts.insert(DhcpOption::ServerIdentifier(lease.server));
        opts.insert(DhcpOption::DomainNameServer(vec![lease.server; 3]));
        hostname.map(|name| opts.insert(DhcpOption::Hostname(name)));
        vendor_class.map(|class| opts.insert(DhcpOption::ClassIdentifier(class.into_bytes())));
        arch.map(|arch| opts.insert(DhcpOption::ClientSystemArchitecture(arch.into())));
        let mut payload = Vec::new();
        m.encode(&mut Encoder::new(&mut payload)).unwrap();
        prop_assert_eq!(parse(&wrap(&payload)).unwrap(), opinion(&payload));
    }
}
