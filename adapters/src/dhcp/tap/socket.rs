//! One packet socket on one interface, for as long as the interface is there.

use std::io;
use std::os::fd::{AsFd, IntoRawFd};
use std::time::Duration;

use pnet::datalink::{self, NetworkInterface};
use socket2::{Domain, Socket, Type};

use super::filter;
use super::sys::{self, Control};

/// How long one wait for a frame lasts.
pub(super) const WAIT: Duration = Duration::from_secs(1);
/// Octets that the socket holds of frames nobody has taken yet; the kernel counts each twice its size and more. It is
/// room for some 15,000 ACKs: a site that comes back after a power cut, in the second in which we are not scheduled.
/// Without CAP_NET_ADMIN the system's own limit applies, `net.core.rmem_max`.
const ROOM: usize = 16 << 20;
/// Octets of an 802.1Q tag.
const TAG: usize = 4;
const SNAPLEN: usize = filter::SNAPLEN as usize;

/// Why nothing can be heard.
#[derive(Debug)]
pub(super) enum Deaf {
    /// No interface has this name.
    NoSuchInterface,
    /// The interface is set down, or its cable leads nowhere.
    LinkDown,
    /// The process may not open packet sockets.
    NotPermitted,
    /// The system refuses for another reason.
    Failed(io::Error),
}

impl From<io::Error> for Deaf {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::PermissionDenied { Self::NotPermitted } else { Self::Failed(error) }
    }
}

/// An interface's flags and number now. One name may be another interface a moment later.
pub(super) fn describe(name: &str) -> Result<NetworkInterface, Deaf> {
    let all = datalink::interfaces();
    if all.is_empty() {
        // Every network has a loopback interface; pnet says nothing where it could not ask.
        return Err(Deaf::Failed(io::Error::other("the system does not tell what interfaces there are")));
    }
    all.into_iter().find(|i| i.name == name).ok_or(Deaf::NoSuchInterface)
}

/// A socket that hears DHCP on one interface.
pub(super) struct Listening {
    socket: Socket,
    /// The interface's number; an interface that comes back under its name has another.
    pub(super) index: u32,
    /// Whether its cable led somewhere when it was opened.
    pub(super) had_carrier: bool,
    buffer: Box<[u8; TAG + SNAPLEN]>,
    control: Control,
}

impl Listening {
    /// Opens a socket on the interface of this name; `promiscuous` for as long as it is open.
    pub(super) fn open(name: &str, promiscuous: bool) -> Result<Self, Deaf> {
        // First, so that a missing privilege is told of whatever the interface does.
        // With protocol 0 it hears nothing before it is bound, hence nothing that the filter has not seen.
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
        let interface = describe(name)?;
        if !interface.is_up() {
            return Err(Deaf::LinkDown);
        }
        socket.attach_filter(&filter::dhcp())?;
        if sys::force_room(socket.as_fd(), ROOM).is_err() {
            // As much as it gives; what finds no room is counted and told.
            socket.set_recv_buffer_size(ROOM)?;
        }
        sys::want_auxdata(socket.as_fd())?;
        // pnet binds, to all protocols, so that sent frames are seen as well: they are the server's answers where the
        // tap runs beside it. Its channel is let go at once: it would drop what is beside the bytes, and it closes only
        // its own descriptor.
        let config = datalink::Config {
            promiscuous,
            socket_fd: Some(socket.try_clone()?.into_raw_fd()),
            ..datalink::Config::default()
        };
        drop(datalink::channel(&interface, config)?);
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(WAIT))?;
        Ok(Self {
            socket,
            index: interface.index,
            had_carrier: interface.is_running(),
            buffer: Box::new([0; TAG + SNAPLEN]),
            control: Control([0; 64]),
        })
    }

    /// Waits for the next frame, with its tag where the sender had put it; `None` where none came for a while.
    pub(super) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let (len, controls) = match sys::receive(self.socket.as_fd(), &mut self.buffer[TAG..], &mut self.control) {
            Ok(filled) => filled,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => return Ok(None),
            Err(e) => return Err(e),
        };
        let tag = self.control.0.get(..controls).and_then(stripped_tag);
        Ok(Some(whole(&mut self.buffer[..], len, tag)))
    }

    /// Frames that found no room in the socket since the last call.
    pub(super) fn missed(&self) -> u64 {
        sys::statistics(self.socket.as_fd()).map_or(0, |(_, missed)| missed.into())
    }
}

/// The frame of `len` octets that begins after room for a tag, with this tag put back into it.
fn whole(buffer: &mut [u8], len: usize, tag: Option<[u8; TAG]>) -> &[u8] {
    const MACS: usize = 12;
    match tag {
        Some(tag) if len >= MACS => {
            buffer.copy_within(TAG..TAG + MACS, 0);
            buffer[MACS..MACS + TAG].copy_from_slice(&tag);
            &buffer[..TAG + len]
        }
        _ => &buffer[TAG..TAG + len],
    }
}

/// The tag that the kernel has taken off, from a `cmsghdr` with a `tpacket_auxdata` (packet(7), linux/if_packet.h).
fn stripped_tag(control: &[u8]) -> Option<[u8; TAG]> {
    /// The first element: its length in a word, then its level and type, then its data.
    const WORD: usize = size_of::<usize>();
    const HEADER: usize = WORD + 8;
    let integer = |at: usize| control.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
    let short = |at: usize| control.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes);
    if integer(WORD)? != libc::SOL_PACKET as u32 || integer(WORD + 4)? != libc::PACKET_AUXDATA as u32 {
        return None;
    }
    // status, len, snaplen: four octets each; mac, net, TCI, TPID: two each.
    let status = integer(HEADER)?;
    if status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let tci = short(HEADER + 16)?;
    let tpid = if status & libc::TP_STATUS_VLAN_TPID_VALID == 0 { 0x8100 } else { short(HEADER + 18)? };
    let ([a, b], [c, d]) = (tpid.to_be_bytes(), tci.to_be_bytes());
    Some([a, b, c, d])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::print_stdout)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_burst_of_five_thousand_frames_waits_in_the_socket_and_none_is_lost() {
        const BURST: u64 = 5_000;
        let mut listening = match Listening::open("lo", false) {
            Ok(listening) => listening,
            Err(why) => return println!("NOT RUN: packet sockets take CAP_NET_RAW: {why:?}"),
        };
        // From whatever port to the clients' own; the filter asks for no more.
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let frame = [0x55; 300];
        for _ in 0..BURST {
            // Nobody listens at the port, which the sender is told at its next call.
            while sender.send_to(&frame, "127.0.0.1:68").is_err() {}
        }
        // The loopback shows each frame as it is sent and as it comes in.
        let mut heard = 0;
        while heard < 2 * BURST && listening.next().unwrap().is_some() {
            heard += 1;
        }
        assert_eq!((heard, listening.missed()), (2 * BURST, 0));
    }
}
