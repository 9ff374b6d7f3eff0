//! What the kernel lets through to the tap: DHCP over IPv4, with up to two VLAN tags in the bytes. Nothing else wakes
//! the thread, however busy the segment is.

#[cfg(test)]
mod tests;

use socket2::SockFilter;

/// Octets of a frame that are kept. No DHCP client offers to take messages longer than a plain Ethernet frame.
pub(super) const SNAPLEN: u32 = 2_048;

// Classic BPF (linux/filter.h): what is done, on what size, addressed how.
const LOAD_HALF: u16 = 0x28;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_BYTE_AT_X: u16 = 0x50;
const LOAD_X: u16 = 0x01;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const ADD_X: u16 = 0x0C;
const TO_X: u16 = 0x07;
const IF_EQUAL: u16 = 0x15;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

const IPV4: u32 = 0x0800;
const CUSTOMER_TAG: u32 = 0x8100;
const SERVICE_TAG: u32 = 0x88A8;

/// The program. Offsets in X are relative to where the Ethernet header would end without tags; jumps count the
/// instructions that are left out.
pub(super) fn dhcp() -> Vec<SockFilter> {
    let step = |code, k| SockFilter::new(code, 0, 0, k);
    let jump = |code, k, yes, no| SockFilter::new(code, yes, no, k);
    vec![
        // 0: the outer tag of a received frame is not in the bytes any more; of a sent one it may be.
        step(LOAD_X, 0),
        step(LOAD_HALF, 12),
        jump(IF_EQUAL, IPV4, 10, 0),
        jump(IF_EQUAL, CUSTOMER_TAG, 1, 0),
        jump(IF_EQUAL, SERVICE_TAG, 0, 24),
        // 5: one tag.
        step(LOAD_X, 4),
        step(LOAD_HALF, 16),
        jump(IF_EQUAL, IPV4, 5, 0),
        jump(IF_EQUAL, CUSTOMER_TAG, 1, 0),
        jump(IF_EQUAL, SERVICE_TAG, 0, 19),
        // 10: two tags.
        step(LOAD_X, 8),
        step(LOAD_HALF, 20),
        jump(IF_EQUAL, IPV4, 0, 16),
        // 13: UDP, and no part of a fragmented packet.
        step(LOAD_BYTE_AT_X, 14 + 9),
        jump(IF_EQUAL, 17, 0, 14),
        step(LOAD_HALF_AT_X, 14 + 6),
        jump(IF_ANY_BIT, 0x3FFF, 12, 0),
        // 17: the IP header's length, in words of four octets.
        step(LOAD_BYTE_AT_X, 14),
        step(AND, 0x0F),
        step(SHIFT_LEFT, 2),
        step(ADD_X, 0),
        step(TO_X, 0),
        // 22: server or client port, on either side.
        step(LOAD_HALF_AT_X, 14),
        jump(IF_EQUAL, 67, 4, 0),
        jump(IF_EQUAL, 68, 3, 0),
        step(LOAD_HALF_AT_X, 14 + 2),
        jump(IF_EQUAL, 67, 1, 0),
        jump(IF_EQUAL, 68, 0, 1),
        step(RETURN, SNAPLEN),
        // 29: a load beyond the frame's end ends here too.
        step(RETURN, 0),
    ]
}
