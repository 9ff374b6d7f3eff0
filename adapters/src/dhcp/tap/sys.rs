//! The four calls for which neither socket2 nor pnet has a safe form: three socket options, and a receive with control
//! data. All of the tap's `unsafe` is here; what was received is read elsewhere, by safe code.
#![allow(unsafe_code)] // see each SAFETY

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// Room for control data, aligned as `cmsghdr` asks for.
#[repr(C, align(8))]
pub(super) struct Control(pub(super) [u8; 64]);

/// Asks for [`libc::PACKET_AUXDATA`] with each frame (packet(7)).
pub(super) fn want_auxdata(socket: BorrowedFd<'_>) -> io::Result<()> {
    let on: libc::c_int = 1;
    let (value, len) = (ptr::from_ref(&on).cast(), size_of_val(&on) as libc::socklen_t);
    // SAFETY: `value` points to `len` readable octets that live through the call; the descriptor is borrowed, so open.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_AUXDATA, value, len) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Gives the socket so much room, whatever the system's limit is; it takes CAP_NET_ADMIN (socket(7), SO_RCVBUFFORCE).
pub(super) fn force_room(socket: BorrowedFd<'_>, octets: usize) -> io::Result<()> {
    let octets = libc::c_int::try_from(octets).unwrap_or(libc::c_int::MAX);
    let (value, len) = (ptr::from_ref(&octets).cast(), size_of_val(&octets) as libc::socklen_t);
    // SAFETY: `value` points to `len` readable octets that live through the call; the descriptor is borrowed, so open.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, value, len) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Frames that the filter took and frames of these that found no room, since the last call (packet(7)).
pub(super) fn statistics(socket: BorrowedFd<'_>) -> io::Result<(u32, u32)> {
    let mut counts = [0_u32; 2];
    let mut len = size_of_val(&counts) as libc::socklen_t;
    let value = counts.as_mut_ptr().cast();
    // SAFETY: `value` points to `len` writable octets that live through the call, and any octets make valid integers:
    // `tpacket_stats` is two of them. The descriptor is borrowed, so open.
    let done =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_STATISTICS, value, &raw mut len) };
    if done == 0 { Ok((counts[0], counts[1])) } else { Err(io::Error::last_os_error()) }
}

/// Receives one frame: how many octets of `frame` and of `control` were filled. Waits as the socket does.
pub(super) fn receive(socket: BorrowedFd<'_>, frame: &mut [u8], control: &mut Control) -> io::Result<(usize, usize)> {
    let mut part = libc::iovec { iov_base: frame.as_mut_ptr().cast(), iov_len: frame.len() };
    // SAFETY: `msghdr` is integers and pointers, for all of which zero is a value: no name, no parts, no control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len() as _;
    // SAFETY: `message` names one buffer for data and one for control data, each borrowed mutably through the call and
    // as long as told; the kernel fills no more than that, and any octets are valid in both.
    let filled = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) };
    let filled = usize::try_from(filled).map_err(|_| io::Error::last_os_error())?;
    Ok((filled.min(frame.len()), (message.msg_controllen as usize).min(control.0.len())))
}
